//! Step 1: name and description.

use leptos::prelude::*;

use super::edit::Edit;
use super::{FieldErrors, State};
use crate::ui::texts::wizard as texts;

#[component]
pub fn Basics(state: State) -> impl IntoView {
    let name_status = Memo::new(move |_| state.read(Edit::name_status));
    let is_bad = move || name_status.get().is_some_and(|(good, _)| !good);
    view! {
        <div class="form">
            <label class="field">
                <span>{texts::NAME}</span>
                <input
                    autofocus
                    type="text"
                    maxlength="255"
                    autocomplete="off"
                    aria-describedby="wizard-name-said"
                    aria-invalid=move || is_bad().to_string()
                    prop:value=move || state.draft().with(|d| d.name.clone())
                    on:input:target=move |e| {
                        let name = e.target().value();
                        state.edit(|draft| draft.name = name);
                    }
                />
            </label>
            <p class="name-check" id="wizard-name-said" role="status" class:field-error=is_bad>
                {move || name_status.get().map(|(_, text)| text)}
            </p>
            <div class="faults"><FieldErrors state path="name" /></div>
            <label class="field">
                <span>{texts::DESCRIPTION}</span>
                <textarea
                    prop:value=move || state.draft().with(|d| d.description.clone())
                    rows="5"
                    maxlength="2000"
                    placeholder=texts::DESCRIPTION_HINT
                    on:input:target=move |e| {
                        let description = e.target().value();
                        state.edit(|draft| draft.description = description);
                    }
                ></textarea>
            </label>
            <div class="faults"><FieldErrors state path="description" /></div>
        </div>
    }
}
