//! While the server is offline, a quiet banner says so and retries by itself; the page stays as it
//! is, and with it what was typed.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use super::connectivity::use_connectivity;
use super::texts::common;
use super::toast::use_toaster;
use super::work::{Work, every};
use crate::rpc;

const RETRY_EVERY: Duration = Duration::from_secs(3);

/// Checks whether the server is back, and reports it once.
pub fn use_reconnect() -> (Work, impl Fn() + Copy + Send + Sync + 'static) {
    let connectivity = use_connectivity();
    let toaster = use_toaster();
    let work = Work::new();
    let ping = move || {
        work.start(async move {
            if rpc::ping().await.is_ok() && connectivity.came_back() {
                toaster.good(common::BACK);
            }
        });
    };
    (work, ping)
}

#[component]
pub fn OfflineBanner() -> impl IntoView {
    let connectivity = use_connectivity();
    let (work, ping) = use_reconnect();
    Effect::new(move |_| {
        if connectivity.is_offline() {
            every(RETRY_EVERY, ping);
            let online = window_event_listener(ev::online, move |_| ping());
            on_cleanup(move || online.remove());
        }
    });
    let banner = move || {
        connectivity.is_offline().then(|| {
            view! {
                <div class="gone">
                    <span>{common::OFFLINE}</span>
                    <button type="button" class="button small" aria-busy=move || work.running().to_string() on:click=move |_| ping()>
                        {move || if work.running() { common::RECONNECTING } else { common::TRY_AGAIN }}
                    </button>
                </div>
            }
        })
    };
    // The live region exists before its text, or screen readers would not announce it.
    view! { <div role="status">{banner}</div> }
}
