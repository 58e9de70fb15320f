//! Connectivity: whether the server can be reached.

use leptos::prelude::*;

use crate::error::ApiError;

#[derive(Clone, Copy)]
pub struct Reach {
    gone: RwSignal<bool>,
    /// Incremented when the server is back: what depends on it fetches again.
    back: RwSignal<u32>,
}

pub fn provide() {
    provide_context(Reach { gone: RwSignal::new(false), back: RwSignal::new(0) });
}

pub fn use_reach() -> Reach {
    expect_context()
}

/// Whether an error means that there was no response.
pub fn is_unreachable(error: &ApiError) -> bool {
    error.status == 0 && error.code == "unreachable"
}

impl Reach {
    /// Checks an error that is shown.
    pub fn noticed(self, error: &ApiError) {
        if is_unreachable(error) && !self.gone.get_untracked() {
            self.gone.set(true);
        }
    }

    /// How many times the server came back.
    pub fn back(self) -> u32 {
        self.back.get()
    }

    /// Whether the last request got no response.
    pub fn gone(self) -> bool {
        self.gone.get()
    }

    /// The server responds. Returns whether it was offline.
    pub fn found(self) -> bool {
        let was_gone = self.gone.get_untracked();
        if was_gone {
            self.gone.set(false);
            self.back.update(|times| *times += 1);
        }
        was_gone
    }
}
