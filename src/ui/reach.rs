//! Whether the server can be reached. While it cannot, a quiet banner says so and asks again by itself; the page stays as it is, and with it what was typed.

use std::time::Duration;

use leptos::prelude::*;

use super::texts::common;
use super::toast::use_toaster;
use super::work::Work;
use crate::error::Failure;
use crate::rpc;

const ASK_AGAIN: Duration = Duration::from_secs(3);

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

    fn found(self) {
        self.gone.set(false);
        self.back.update(|times| *times += 1);
    }
}

/// The banner.
#[component]
pub fn Gone() -> impl IntoView {
    let reach = use_reach();
    let toaster = use_toaster();
    let work = Work::new();
    let ask = move || {
        work.start(async move {
            if rpc::ping().await.is_ok() {
                reach.found();
                toaster.good(common::BACK);
            }
        });
    };
    Effect::new(move |_| {
        if reach.gone.get()
            && let Ok(timer) = set_interval_with_handle(ask, ASK_AGAIN)
        {
            on_cleanup(move || timer.clear());
        }
    });
    let banner = move || {
        reach.gone.get().then(|| {
            view! {
                <div class="gone">
                    <span>{common::GONE}</span>
                    <button type="button" class="button small" aria-busy=move || work.running().to_string() on:click=move |_| ask()>
                        {move || if work.running() { common::GONE_TRYING } else { common::TRY_AGAIN }}
                    </button>
                </div>
            }
        })
    };
    // The region is there before its words are, or nobody would hear them.
    view! { <div role="status">{banner}</div> }
}
