//! A time: absolute on the server and until WASM arrives, then relative with the exact time in the
//! tooltip.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::texts::common;
use super::work::every;
use crate::domain::format::{instant, instant_for_programs};

const LOOK_AGAIN: Duration = Duration::from_secs(30);

#[component]
pub fn When(at: DateTime<Utc>) -> impl IntoView {
    // Set by an effect, so that the hydrated content equals the server's.
    let relative = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let look = move || {
            let now = DateTime::from_timestamp_millis(js_sys::Date::now() as i64);
            relative.set(now.map(|now| ago(at, now)));
        };
        look();
        every(LOOK_AGAIN, look);
    });
    view! {
        <time datetime=instant_for_programs(at) title=instant(at)>
            {move || relative.get().unwrap_or_else(|| instant(at))}
        </time>
    }
}

/// `3 hours ago`, seen from `now`.
fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // A clock slightly behind the server's must not show a future time.
    common::ago(u64::try_from((now - at).num_seconds()).unwrap_or_default())
}
