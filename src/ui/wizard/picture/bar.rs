//! The bar below the join diagram: the selected line, the last event, the button for the automatic
//! layout.

use leptos::prelude::*;

use super::*;

#[component]
pub fn PictureBar(picture: Picture) -> impl IntoView {
    let state = picture.state;
    let chosen = Memo::new(move |_| {
        let (name, pair) = picture.chosen.get()?;
        picture.lines.with(|lines| lines.iter().find(|line| line.pair == pair && line.join.same_as(&name)).cloned())
    });
    let line = move || {
        let Line { join, pair, left, right, join_type, .. } = chosen.get()?;
        let name = StoredValue::new(join);
        let types = JoinType::ALL
            .into_iter()
            .map(|t| view! { <option value=t.as_str() prop:selected=t == join_type>{t.as_str().to_ascii_uppercase()}</option> })
            .collect_view();
        Some(view! {
            <div class="join-chosen">
                <code>{format!("{left} = {right}")}</code>
                <select
                    aria-label=texts::type_of_line(name.get_value().as_str())
                    on:change:target=move |e| {
                        let word = e.target().value();
                        if let Some(t) = JoinType::ALL.into_iter().find(|t| t.as_str() == word) {
                            state.edit(|draft| name.with_value(|name| draft.edit_join(name, |join| join.join_type = t)));
                        }
                    }
                >
                    {types}
                </select>
                <button type="button" class="button small" on:click=move |_| name.with_value(|name| picture.remove_line(name, pair))>
                    {texts::REMOVE_LINE}
                </button>
            </div>
        })
    };
    // Undo would also revert later changes: then it is no longer offered.
    let undone = Memo::new(move |_| {
        let (before, after) = picture.undo.get()?;
        state.draft().with(|draft| *draft == after).then_some(before)
    });
    let undo = move || {
        undone.get().map(|before| {
            view! {
                <button
                    type="button"
                    class="button small"
                    on:click=move |_| {
                        let before = before.clone();
                        state.edit(|draft| *draft = before);
                        picture.undo.set(None);
                        picture.announcement.set(String::new());
                    }
                >
                    {texts::UNDO}
                </button>
            }
        })
    };
    let arrange = move |_| {
        picture.places.set(Places::new());
        picture.keep_places();
    };
    // The hint disappears when something is selected: there is little space.
    let status = move || match (picture.announcement.with(String::is_empty), chosen.with(Option::is_some)) {
        (false, false) => picture.announcement.get(),
        (true, false) => texts::PICTURE_HINT.to_owned(),
        (_, true) => String::new(),
    };
    view! {
        <div class="picture-bar">
            {line}
            <p class="note" role="status">{status}</p>
            {undo}
            <button
                type="button"
                class="button small"
                disabled=move || picture.places.with(Places::is_empty)
                on:click=arrange
            >
                {texts::ARRANGE}
            </button>
        </div>
    }
}
