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

/// Opens a dialog as soon as it is in the page: what a Suspense makes is there a moment before. One
/// that was dropped meanwhile is given up after so many frames.
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
    // Fails only for a dialog that is open or not in the page.
    let _ = dialog.show_modal();
}

/// Who had the focus before the dialog: it gets it back. After a reload of the list another element
/// may stand in its place, under the same id.
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
        // Without one, the keyboard goes on from the content.
        if let Some(target) = opener.and_then(still).or_else(|| named("content")) {
            // Focus fails only for an element that is gone.
            let _ = target.focus();
        }
    }
}

/// A modal dialog, open as long as it is rendered. Escape and the cross call `on_close`; whoever
/// owns the dialog then takes it away, or asks first.
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
    /// The server renders it too, with the page: it can be read before WASM arrives. The cross is a
    /// link then, to the page without it.
    #[prop(optional, into)]
    served: Option<String>,
    children: Children,
) -> impl IntoView {
    let toaster = use_toaster();
    let node = NodeRef::<html::Dialog>::new();
    let number = RwSignal::new(None::<u32>);
    // Empty on the server, where it is dropped on whatever thread: a stored value that is bound to
    // one would panic there.
    let opener = StoredValue::new(SendOption::<Opener>::new_local(None));
    // Only what came with the page: what is opened later slides in.
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
    // Chromium closes a dialog at the second Escape, cancelled or not; so Escape is ours.
    let on_keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
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

/// WASM has taken the page over. On the server it never has.
pub fn is_hydrated() -> bool {
    !cfg!(feature = "ssr") && document().document_element().is_some_and(|root| root.has_attribute("data-hydrated"))
}
