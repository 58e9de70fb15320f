//! The frame of every dialog: the browser's own `<dialog>`, which traps the focus and makes the
//! page behind inert.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::send_wrapper_ext::SendOption;
use wasm_bindgen::JsCast;

use super::icon;
use super::texts::common;
use super::toast::{Toasts, use_toaster};

/// Opens a dialog as soon as it is in the document: what a Suspense renders exists a moment before
/// that. Gives up after this many frames, since it may have been dropped meanwhile.
fn show_in_page(dialog: web_sys::HtmlDialogElement, frames: u32) {
    if !dialog.is_connected() {
        if frames > 0 {
            request_animation_frame(move || show_in_page(dialog, frames - 1));
        }
        return;
    }
    if dialog.matches(":modal").unwrap_or(true) {
        return;
    }
    // The server renders it open, but only a script can make it modal.
    if dialog.open() {
        dialog.close();
    }
    // Fails only for a dialog that is open or not in the document.
    let _ = dialog.show_modal();
}

/// The element that had the focus before the dialog, and gets it back. After a reload of the list,
/// another element may have replaced it under the same id.
#[derive(Clone)]
struct Opener {
    element: web_sys::HtmlElement,
    id: String,
}

impl Opener {
    fn find() -> Option<Self> {
        let element: web_sys::HtmlElement = document().active_element()?.dyn_into().ok()?;
        let id = element.id();
        (element.tag_name() != "BODY").then_some(Self { element, id })
    }

    fn give_back(opener: Option<Self>) {
        let named = |id: &str| document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        let still = |opener: Self| Some(opener.element).filter(|e| e.is_connected()).or_else(|| named(&opener.id));
        // Without one, the keyboard continues from the content.
        if let Some(target) = opener.and_then(still).or_else(|| named("content")) {
            // Fails only if the element no longer exists.
            let _ = target.focus();
        }
    }
}

/// A modal dialog, open as long as it is rendered. Escape and the close button call `on_close`; the
/// owner of the dialog then removes it, or confirms first.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    on_close: Callback<()>,
    /// Classes beside `modal`.
    #[prop(into, optional)]
    class: Signal<&'static str>,
    /// Buttons beside the close button.
    #[prop(optional, into)]
    tools: ViewFn,
    /// The server renders it too, with the page: it can be read before WASM arrives. The close
    /// button is then a link to the page without it.
    #[prop(optional, into)]
    served: Option<String>,
    children: Children,
) -> impl IntoView {
    let toaster = use_toaster();
    let node = NodeRef::<html::Dialog>::new();
    let number = RwSignal::new(None::<u32>);
    // Empty on the server, where it is dropped on any thread: a stored value that is bound to one
    // would panic there.
    let opener = StoredValue::new(SendOption::<Opener>::new_local(None));
    // Only dialogs that came with the page: later ones slide in.
    let came_with_page = served.is_some() && !is_hydrated();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            if number.get_untracked().is_none() {
                opener.set_value(SendOption::new_local(Opener::find()));
                number.set(Some(toaster.dialog_opens()));
            }
            show_in_page(dialog, 100);
        }
    });
    on_cleanup(move || {
        if let Some(Some(id)) = number.try_get_untracked() {
            toaster.dialog_closes(id);
            let opener = opener.try_update_value(|opener| (**opener).take()).flatten();
            request_animation_frame(move || Opener::give_back(opener));
        }
    });
    let on_cancel = move |event: ev::Event| {
        event.prevent_default();
        on_close.run(());
    };
    // Chromium closes a dialog at the second Escape, cancelled or not; so Escape is handled here.
    let on_keydown = move |event: ev::KeyboardEvent| {
        // The browser closes an open popover first.
        let has_popover = || document().query_selector(":popover-open").is_ok_and(|found| found.is_some());
        if event.key() == "Escape" && !has_popover() {
            event.prevent_default();
            event.stop_propagation();
            on_close.run(());
        }
    };
    let classes = move || {
        let served = if came_with_page { " modal-served" } else { "" };
        format!("modal {}{served}", class.get())
    };
    let cross = match served {
        Some(address) => view! {
            <a class="icon-button" href=address data-noscroll="" aria-label=common::CLOSE>
                {icon::cross()}
            </a>
        }
        .into_any(),
        None => view! {
            <button type="button" class="icon-button" aria-label=common::CLOSE on:click=move |_| on_close.run(())>
                {icon::cross()}
            </button>
        }
        .into_any(),
    };
    view! {
        <dialog
            node_ref=node
            class=classes
            open=came_with_page && cfg!(feature = "ssr")
            aria-label=move || title.get()
            on:cancel=on_cancel
            on:keydown=on_keydown
        >
            <header class="modal-header">
                <h2>{move || title.get()}</h2>
                <div class="modal-tools">{tools.run()} {cross}</div>
            </header>
            {children()}
            <Toasts dialog=number />
        </dialog>
    }
}

/// Whether WASM has hydrated the page. On the server always false.
pub fn is_hydrated() -> bool {
    !cfg!(feature = "ssr") && document().document_element().is_some_and(|root| root.has_attribute("data-hydrated"))
}
