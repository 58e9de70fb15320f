//! Connectivity: whether the server can be reached.

use leptos::prelude::*;

use crate::error::ApiError;

#[derive(Clone, Copy)]
pub struct Connectivity {
    offline: RwSignal<bool>,
    /// Incremented when the server is back: what depends on it fetches again.
    reconnects: RwSignal<u32>,
}

pub fn provide() {
    provide_context(Connectivity { offline: RwSignal::new(false), reconnects: RwSignal::new(0) });
}

pub fn use_connectivity() -> Connectivity {
    expect_context()
}

/// Whether an error means that there was no response.
pub fn is_unreachable(error: &ApiError) -> bool {
    error.status == 0 && error.code == "unreachable"
}

impl Connectivity {
    /// Checks an error that is shown.
    pub fn report(self, error: &ApiError) {
        if is_unreachable(error) && !self.offline.get_untracked() {
            self.offline.set(true);
        }
    }

    /// How many times the server came back.
    pub fn reconnects(self) -> u32 {
        self.reconnects.get()
    }

    /// Whether the last request got no response.
    pub fn is_offline(self) -> bool {
        self.offline.get()
    }

    /// The server responds. Returns whether it was offline.
    pub fn came_back(self) -> bool {
        let was_offline = self.offline.get_untracked();
        if was_offline {
            self.offline.set(false);
            self.reconnects.update(|times| *times += 1);
        }
        was_offline
    }
}
