//! While the server is offline, a quiet banner says so and retries by itself; the page stays as it
//! is, and with it what was typed.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use super::reach::use_reach;
use super::texts::common;
use super::toast::use_toaster;
use super::work::{Work, every};
use crate::rpc;

const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Checks whether the server is back, and reports it once.
pub fn asking() -> (Work, impl Fn() + Copy + Send + Sync + 'static) {
    let reach = use_reach();
    let toaster = use_toaster();
    let work = Work::new();
    let ask = move || {
        work.start(async move {
            if rpc::ping().await.is_ok() && reach.found() {
                toaster.good(common::BACK);
            }
        });
    };
    (work, ask)
}

#[component]
pub fn Gone() -> impl IntoView {
    let reach = use_reach();
    let (work, ask) = asking();
    Effect::new(move |_| {
        if reach.gone() {
            every(ASK_AGAIN, ask);
            let online = window_event_listener(ev::online, move |_| ask());
            on_cleanup(move || online.remove());
        }
    });
    let banner = move || {
        reach.gone().then(|| {
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
    // The live region exists before its text, or screen readers would not announce it.
    view! { <div role="status">{banner}</div> }
}
