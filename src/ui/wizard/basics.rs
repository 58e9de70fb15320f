//! Step 1: name and description.

use leptos::prelude::*;

use super::{FieldErrors, State};

#[component]
pub fn Basics(state: State) -> impl IntoView {
    let said = move || {
        let empty = state.draft.with(|d| d.name.trim().is_empty());
        match state.name_check.get() {
            _ if empty => None,
            Some(check) if check.message.is_empty() => None,
            Some(check) => Some((check.available, check.message)),
            None => Some((true, "Checking…".to_owned())),
        }
    };
    view! {
        <div class="form">
            <label class="field">
                <span>"Name"</span>
                <input
                    type="text"
                    maxlength="255"
                    autofocus
                    autocomplete="off"
                    prop:value=move || state.draft.with(|d| d.name.clone())
                    on:input:target=move |e| {
                        let name = e.target().value();
                        state.edit(|draft| draft.name = name);
                    }
                />
            </label>
            <p class="name-check" role="status" class:field-error=move || said().is_some_and(|(good, _)| !good)>
                {move || said().map(|(_, text)| text)}
            </p>
            <div class="faults"><FieldErrors state path="name" /></div>
            <label class="field">
                <span>"Description"</span>
                <textarea
                    rows="5"
                    maxlength="2000"
                    prop:value=move || state.draft.with(|d| d.description.clone())
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
