//! Whether the server can be reached.

use leptos::prelude::*;

use crate::error::Failure;

#[derive(Clone, Copy)]
pub struct Reach {
    gone: RwSignal<bool>,
    /// Goes up when the server is back: what depends on it fetches again.
    back: RwSignal<u32>,
}

pub fn provide() {
    provide_context(Reach { gone: RwSignal::new(false), back: RwSignal::new(0) });
}

pub fn use_reach() -> Reach {
    expect_context()
}

/// Whether a failure means that nobody answered.
pub fn is_unreachable(failure: &Failure) -> bool {
    failure.status == 0 && failure.code == "unreachable"
}

impl Reach {
    /// Looks at a failure that is shown.
    pub fn noticed(self, failure: &Failure) {
        if is_unreachable(failure) && !self.gone.get_untracked() {
            self.gone.set(true);
        }
    }

    /// How often the server came back.
    pub fn back(self) -> u32 {
        self.back.get()
    }

    /// Whether nobody answered the last time.
    pub fn gone(self) -> bool {
        self.gone.get()
    }

    /// The server answers. Whether it was gone.
    pub fn found(self) -> bool {
        let was_gone = self.gone.get_untracked();
        if was_gone {
            self.gone.set(false);
            self.back.update(|times| *times += 1);
        }
        was_gone
    }
}
