//! The frame of every dialog: the browser's own `<dialog>`, which traps the focus, makes the page behind inert and gives the focus back.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// Opens a dialog as soon as it is in the page: what a Suspense makes is there a moment before. One that was dropped meanwhile is given up
/// after so many frames.
fn show_in_page(dialog: web_sys::HtmlDialogElement, frames: u32) {
    if !dialog.is_connected() {
        if frames > 0 {
            request_animation_frame(move || show_in_page(dialog, frames - 1));
        }
    } else if !dialog.open() {
        // Fails only for a dialog that is open or not in the page.
        let _ = dialog.show_modal();
    }
}

/// A modal dialog, open as long as it is rendered. Escape and the cross call `on_close`; whoever owns the dialog then takes it away, or asks first.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    on_close: Callback<()>,
    /// Classes beside `modal`.
    #[prop(into, optional)]
    class: Signal<&'static str>,
    /// Buttons beside the cross.
    #[prop(optional, into)]
    tools: ViewFn,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            show_in_page(dialog, 100);
        }
    });
    let on_cancel = move |event: ev::Event| {
        event.prevent_default();
        on_close.run(());
    };
    // Chromium closes a dialog at the second Escape, cancelled or not; so Escape is ours.
    let on_keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            on_close.run(());
        }
    };
    view! {
        <dialog
            node_ref=node
            class=move || format!("modal {}", class.get())
            aria-label=move || title.get()
            on:cancel=on_cancel
            on:keydown=on_keydown
        >
            <header class="modal-header">
                <h2>{move || title.get()}</h2>
                <div class="modal-tools">
                    {tools.run()}
                    <button type="button" class="icon-button" aria-label="Close" on:click=move |_| on_close.run(())>
                        "×"
                    </button>
                </div>
            </header>
            {children()}
        </dialog>
    }
}
