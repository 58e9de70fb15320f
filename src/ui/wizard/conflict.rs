//! Edit conflicts: two people, or two tabs, had the same dataset open. The second to save is shown
//! both states.

use leptos::prelude::*;
use serde_json::Value;

use super::draft::Draft;
use super::saved_draft::as_json;
use crate::domain::diff::differences;
use crate::domain::dto::Dataset;
use crate::domain::format::instant;
use crate::ui::dialog::Dialog;
use crate::ui::texts::wizard as texts;

/// How the person resolves it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Save mine, overwrite theirs.
    Mine,
    /// Drop mine, continue with theirs.
    Theirs,
    /// Decide later.
    Later,
}

/// A draft in the form for comparison.
fn compared(draft: &Draft) -> Value {
    let mut fields = as_json(draft);
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            *text = text.trim().to_owned();
        }
    }
    Value::Object(fields)
}

fn text(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Shows the base of the edit, theirs and mine, wherever they differ.
#[component]
pub fn Conflict(
    /// The base of the edit, if it is known.
    before: Option<Draft>,
    theirs: Dataset,
    mine: Draft,
    saving: Signal<bool>,
    on_choice: Callback<Choice>,
) -> impl IntoView {
    let at = instant(theirs.summary.updated_at);
    let mut sides: Vec<Value> = before.iter().map(compared).collect();
    sides.extend([compared(&theirs.input()), compared(&mine)]);
    let found = differences(&sides);
    let both_same = compared(&theirs.input()) == compared(&mine);
    let lines = found
        .into_iter()
        .map(|difference| {
            let path = difference.path.trim_start_matches("config.").to_owned();
            let cells = difference.values.into_iter().map(|value| view! { <td><code>{text(value)}</code></td> }).collect_view();
            view! { <tr><th scope="row"><code>{path}</code></th>{cells}</tr> }
        })
        .collect_view();
    let heads = before.is_some().then_some(texts::AS_OPENED).into_iter().chain([texts::THEIRS, texts::MINE]);
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    let choose = move |choice: Choice| move |_: leptos::ev::MouseEvent| on_choice.run(choice);
    view! {
        <Dialog title=texts::CONFLICT on_close=Callback::new(move |()| on_choice.run(Choice::Later)) class="modal-wide modal-conflict">
            <div class="modal-body">
                <p>{texts::saved_meanwhile(&at)} {both_same.then_some(texts::SAME_AS_MINE)}</p>
                <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label=texts::BOTH_STATES>
                    <table class="compare">
                        <thead>
                            <tr>
                                <th scope="col">{texts::FIELD}</th>
                                {heads}
                            </tr>
                        </thead>
                        <tbody>{lines}</tbody>
                    </table>
                </div>
                <div class="modal-footer">
                    <button type="button" class="button" autofocus on:click=choose(Choice::Later)>{texts::CONTINUE_EDITING}</button>
                    <button type="button" class="button" disabled=move || saving.get() on:click=choose(Choice::Theirs)>{texts::TAKE_THEIRS}</button>
                    <button type="button" class="button danger" disabled=move || saving.get() on:click=choose(Choice::Mine)>{texts::KEEP_MINE}</button>
                </div>
            </div>
        </Dialog>
    }
}
