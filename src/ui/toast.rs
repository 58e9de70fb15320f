//! Short messages, top right, that go away by themselves and are read out.

use std::time::Duration;

use leptos::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
}

#[derive(Clone, PartialEq, Eq)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
}

/// Says things. Copy it where it is needed: `let toaster = toast::use_toaster()`.
#[derive(Clone, Copy)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

pub fn provide() {
    provide_context(Toaster { toasts: RwSignal::new(vec![]), next: StoredValue::new(0) });
}

pub fn use_toaster() -> Toaster {
    expect_context()
}

impl Toaster {
    pub fn good(self, text: impl Into<String>) {
        self.say(Tone::Good, text.into());
    }

    pub fn bad(self, text: impl Into<String>) {
        self.say(Tone::Bad, text.into());
    }

    fn say(self, tone: Tone, text: String) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.toasts.update(|toasts| toasts.push(Toast { id, tone, text }));
        let seconds = if tone == Tone::Bad { 12 } else { 5 };
        set_timeout(move || self.dismiss(id), Duration::from_secs(seconds));
    }

    fn dismiss(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

#[component]
pub fn Toasts() -> impl IntoView {
    let toaster = use_toaster();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toaster.toasts.get() key=|toast| toast.id let:toast>
                <div class="toast" class:toast-bad=toast.tone == Tone::Bad>
                    <span>{toast.text}</span>
                    <button type="button" class="icon-button" aria-label="Dismiss" on:click=move |_| toaster.dismiss(toast.id)>
                        "×"
                    </button>
                </div>
            </For>
        </div>
    }
}
