//! Keyboard shortcuts: inactive while a field has the focus or a dialog is open.

use leptos::ev;
use leptos::prelude::*;

use super::dialog::Dialog;
use super::texts::keys as texts;

/// Whether the list of shortcuts is shown.
#[derive(Clone, Copy)]
struct KeysShown(RwSignal<bool>);

pub fn provide() {
    provide_context(KeysShown(RwSignal::new(false)));
}

/// Runs an action when a key is pressed, for as long as the component exists.
pub fn on_key(key: &'static str, act: Callback<()>) {
    // There is no keyboard on the server.
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if event.key() == key && !event.ctrl_key() && !event.meta_key() && !event.alt_key() && is_free() {
                event.prevent_default();
                act.run(());
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// No field has the focus, and no dialog is open.
fn is_free() -> bool {
    let typing = document().active_element().is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
    let dialog = document().query_selector("dialog[open]").is_ok_and(|found| found.is_some());
    !typing && !dialog
}

/// Opens the list of shortcuts.
#[component]
pub fn KeysButton() -> impl IntoView {
    let KeysShown(shown) = expect_context();
    view! {
        <button type="button" class="icon-button keys-button" aria-label=texts::TITLE title=texts::TITLE on:click=move |_| shown.set(true)>
            <kbd aria-hidden="true">"?"</kbd>
        </button>
    }
}

/// The list of shortcuts, opened by `?` and its button.
#[component]
pub fn Keys() -> impl IntoView {
    let KeysShown(shown) = expect_context();
    on_key("?", Callback::new(move |()| shown.set(true)));
    move || {
        shown.get().then(|| {
            let lines = texts::ALL
                .into_iter()
                .map(|(keys, does)| {
                    let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
                    view! {
                        <dt>{keys}</dt>
                        <dd>{does}</dd>
                    }
                })
                .collect_view();
            view! {
                <Dialog title=texts::TITLE on_close=Callback::new(move |()| shown.set(false)) class="modal-small">
                    <div class="modal-body">
                        <dl class="keys-list">{lines}</dl>
                    </div>
                </Dialog>
            }
        })
    }
}
