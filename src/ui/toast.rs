//! Toasts: short messages, top right, that disappear by themselves and are announced to screen
//! readers. They offer undo where possible.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use super::connectivity::{self, Connectivity};
use super::icon;
use super::texts::common;
use crate::error::ApiError;

/// How long a toast stays, in seconds.
const STAYS: u64 = 5;
/// For an error, or an offer to undo.
const STAYS_LONGER: u64 = 12;
/// A toast that is hovered or focused stays for this long again.
const STAYS_ON: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Good,
    Bad,
}

/// An undo action. It outlives the component that created it.
type Undo = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
    undo: Option<Undo>,
}

/// Shows toasts. Copy it where it is needed: `let toaster = toast::use_toaster()`.
#[derive(Clone, Copy)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
    /// The open dialogs, the topmost last: only its content is visible and announced, so toasts are
    /// shown there.
    dialogs: RwSignal<Vec<u32>>,
    connectivity: Connectivity,
}

pub fn provide() {
    connectivity::provide();
    provide_context(Toaster {
        toasts: RwSignal::new(vec![]),
        next: StoredValue::new(1),
        dialogs: RwSignal::new(vec![]),
        connectivity: connectivity::use_connectivity(),
    });
}

pub fn use_toaster() -> Toaster {
    expect_context()
}

impl Toaster {
    pub fn good(self, text: impl Into<String>) {
        self.say(Tone::Good, text.into(), None);
    }

    /// A toast with undo.
    pub fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        self.say(Tone::Good, text.into(), Some(Arc::new(undo)));
    }

    pub fn bad(self, text: impl Into<String>) {
        self.say(Tone::Bad, text.into(), None);
    }

    /// An error that is not shown elsewhere. The banner already reports that the server is offline.
    pub fn failed(self, error: &ApiError) {
        if connectivity::is_unreachable(error) {
            self.connectivity.report(error);
        } else {
            self.bad(error.message.clone());
        }
    }

    /// A dialog opens; returns the key to close it with.
    pub fn dialog_opens(self) -> u32 {
        let id = self.number();
        self.dialogs.update(|open| open.push(id));
        id
    }

    pub fn dialog_closes(self, id: u32) {
        self.dialogs.try_update(|open| open.retain(|other| *other != id));
    }

    fn number(self) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        id
    }

    fn say(self, tone: Tone, text: String, undo: Option<Undo>) {
        let id = self.number();
        let seconds = if tone == Tone::Bad || undo.is_some() { STAYS_LONGER } else { STAYS };
        self.toasts.update(|toasts| toasts.push(Toast { id, tone, text, undo }));
        self.leaves_after(id, Duration::from_secs(seconds));
    }

    fn leaves_after(self, id: u32, time: Duration) {
        let leave = move || {
            let wanted = format!("#toast-{id}:is(:hover, :focus-within)");
            if document().query_selector(&wanted).is_ok_and(|found| found.is_some()) {
                self.leaves_after(id, STAYS_ON);
            } else {
                self.dismiss(id);
            }
        };
        set_timeout(leave, time);
    }

    fn dismiss(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Shows the toasts where they are visible: in the topmost dialog, or on the page if none is open.
#[component]
pub fn Toasts(
    /// The dialog around this.
    #[prop(optional, into)]
    dialog: Signal<Option<u32>>,
) -> impl IntoView {
    let toaster = use_toaster();
    let shown = move || {
        let topmost = toaster.dialogs.with(|open| open.last().copied());
        // A closing dialog notifies its own toasts as well, which may no longer exist by then.
        if dialog.try_get() == Some(topmost) { toaster.toasts.get() } else { vec![] }
    };
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=shown key=|toast| toast.id let:toast>
                {one(toaster, toast)}
            </For>
        </div>
    }
}

fn one(toaster: Toaster, toast: Toast) -> AnyView {
    let id = toast.id;
    view! {
        <div class="toast" id=format!("toast-{id}") class:toast-bad=toast.tone == Tone::Bad>
            <span>{toast.text}</span>
            {toast
                .undo
                .map(|undo| {
                    let click = move |_| {
                        toaster.dismiss(id);
                        undo();
                    };
                    view! {
                        <button type="button" class="button small" on:click=click>
                            {common::UNDO}
                        </button>
                    }
                })}
            <button type="button" class="icon-button" aria-label=common::DISMISS on:click=move |_| toaster.dismiss(id)>
                {icon::cross()}
            </button>
        </div>
    }
    .into_any()
}
