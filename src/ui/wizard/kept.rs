//! Drafts that outlive the page: kept in the browser while one types, offered again when they were left behind by a closed tab, a reload or a crash.
//!
//! Each wizard keeps its own, so that two tabs overwrite nothing of each other. What lies there may have been written by anyone and any version: what
//! is no draft is passed over. Its config is read by the server, through the same door as all configs, when somebody continues with it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::ev;
use leptos::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::State;
use super::draft::Draft;
use crate::domain::dataset::DatasetConfig;
use crate::domain::format::instant;
use crate::rpc;
use crate::ui::reach;
use crate::ui::texts::wizard as texts;
use crate::ui::toast::use_toaster;
use crate::ui::work::Work;

/// Longer than any draft that a person makes.
const MOST_CHARS: usize = 1_000_000;
/// Drafts that are offered at a time.
const MOST: usize = 3;

/// A draft as it lies in the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Kept<Config> {
    /// Milliseconds since 1970.
    at: f64,
    /// The revision that the edit started from; `None` for a new dataset.
    revision: Option<i64>,
    name: String,
    description: String,
    config: Config,
}

/// As it was found: what its config says is not known yet.
type Found = Kept<Value>;

/// Where a wizard keeps its draft.
#[derive(Clone, Copy)]
pub struct Keeper {
    /// The part of the key that all drafts of this dataset share.
    place: StoredValue<String>,
    /// This wizard's own key.
    own: StoredValue<String>,
    /// Nothing is kept any more: it is saved, or was thrown away.
    done: StoredValue<bool>,
}

/// The browser's store, where it lets us have one.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn now() -> f64 {
    js_sys::Date::now()
}

impl Keeper {
    /// For the wizard of a dataset, or of a new one.
    pub fn new(state: State) -> Self {
        let dataset = state.editing.get_value().map_or("new".to_owned(), |(id, _)| id.to_string());
        let place = format!("trainset.draft.{}.{dataset}.", state.model_id);
        let own = format!("{place}{:.0}", now());
        Self { place: StoredValue::new(place), own: StoredValue::new(own), done: StoredValue::new(false) }
    }

    /// Writes the draft down, or takes it away where it says nothing new.
    pub fn keep(self, state: State) {
        // The wizard may be gone already: then what it said last has been written.
        let (Some(false), Some(own), Some(storage)) = (self.done.try_get_value(), self.own.try_get_value(), storage()) else {
            return;
        };
        // A full store keeps what it has; the wizard works without.
        if !state.is_changed() {
            let _ = storage.remove_item(&own);
            return;
        }
        let Draft { name, description, config } = state.draft.get_untracked();
        let revision = state.editing.get_value().map(|(_, revision)| revision);
        if let Ok(text) = serde_json::to_string(&Kept { at: now(), revision, name, description, config }) {
            let _ = storage.set_item(&own, &text);
        }
    }

    /// Takes the draft away for good; not where the wizard is gone, which has kept it when it went.
    pub fn forget(self) {
        self.done.set_value(true);
        if let Some(own) = self.own.try_get_value() {
            remove(&own);
        }
    }

    /// Drafts that other wizards of this dataset left behind, the newest first.
    fn left_behind(self) -> Vec<(String, Found)> {
        let Some(storage) = storage() else { return vec![] };
        let keys = (0..storage.length().unwrap_or_default()).filter_map(|i| storage.key(i).ok().flatten());
        let (place, own) = (self.place.get_value(), self.own.get_value());
        let mut found: Vec<(String, Found)> = keys
            .filter(|key| key.starts_with(&place) && *key != own)
            .filter_map(|key| {
                let kept = storage.get_item(&key).ok().flatten().and_then(|text| read(&text))?;
                Some((key, kept))
            })
            .collect();
        found.sort_by(|(_, a), (_, b)| b.at.total_cmp(&a.at));
        found.truncate(MOST);
        found
    }
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Fails only where nothing can be stored at all.
        let _ = storage.remove_item(key);
    }
}

/// A draft out of a text; `None` for all that is none.
fn read(text: &str) -> Option<Found> {
    if text.len() > MOST_CHARS {
        return None;
    }
    let mut kept: Value = serde_json::from_str(text).ok()?;
    let at = kept["at"].as_f64().filter(|at| when(*at).is_some())?;
    let revision = match &kept["revision"] {
        Value::Null => None,
        revision => Some(revision.as_i64()?),
    };
    let (name, description) = (kept["name"].as_str()?.to_owned(), kept["description"].as_str()?.to_owned());
    let config = kept.get_mut("config").filter(|config| config.is_object())?.take();
    Some(Kept { at, revision, name, description, config })
}

/// A config as it lies in the browser.
pub fn as_kept(config: &DatasetConfig) -> Value {
    // A config has a JSON form, always. By way of its text: that is how it is kept and sent, so this adds nothing to the program.
    serde_json::to_string(config).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn when(at: f64) -> Option<DateTime<Utc>> {
    // Years that nobody can mean fall out of its range.
    DateTime::from_timestamp_millis(at as i64)
}

/// Keeps the draft as it changes, and once more when the page or the wizard goes.
pub fn keep_draft(state: State, keeper: Keeper) {
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        state.draft.track();
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    keeper.keep(state);
                }
            },
            Duration::from_millis(400),
        );
    });
    let leaving = window_event_listener(ev::pagehide, move |_| keeper.keep(state));
    on_cleanup(move || {
        leaving.remove();
        keeper.keep(state);
    });
}

/// Offers what was left behind.
#[component]
pub fn LeftBehind(state: State, keeper: Keeper) -> impl IntoView {
    let mut found = keeper.left_behind();
    // What says nothing new is no draft: it was saved since.
    found.retain(|(key, kept)| {
        let is_new = state.before.with_value(|before| !says_the_same(kept, before));
        if !is_new {
            remove(key);
        }
        is_new
    });
    let offers = RwSignal::new(found);
    let toaster = use_toaster();
    // It ends with the wizard: what comes back later finds nothing to continue.
    let reading = Work::new();
    let take = move |key: String| {
        reading.start(async move {
            let found = offers.with_untracked(|all| all.iter().find(|(known, _)| *known == key).map(|(_, kept)| kept.clone()));
            let Some(kept) = found else { return };
            let config = match rpc::read_config(kept.config.to_string()).await {
                Ok(config) => config,
                Err(failure) if reach::is_unreachable(&failure) => return toaster.failed(&failure),
                Err(failure) => return toaster.bad(texts::not_read(&failure.message)),
            };
            // It is this wizard's draft from now on, and as old as it is: who saved meanwhile is not overwritten unseen.
            keeper.forget();
            keeper.own.set_value(key);
            keeper.done.set_value(false);
            state.editing.update_value(|editing| {
                if let (Some((_, revision)), Some(from)) = (editing.as_mut(), kept.revision) {
                    *revision = from;
                }
            });
            state.edit(|now| *now = Draft { name: kept.name, description: kept.description, config });
            offers.set(vec![]);
        });
    };
    let discard = move |key: String| {
        remove(&key);
        offers.update(|all| all.retain(|(known, _)| *known != key));
    };
    move || {
        let lines = offers.get().into_iter().map(|(key, kept)| {
            let older = state.editing.with_value(|editing| editing.is_some_and(|(_, revision)| kept.revision.is_some_and(|from| from < revision)));
            let at = when(kept.at).map(instant).unwrap_or_default();
            let other = key.clone();
            view! {
                <div class="left-behind" role="region" aria-label=texts::LEFT_BEHIND>
                    <p>
                        {texts::left_behind(&kept.name, &at)}
                        {older.then_some(texts::SAVED_SINCE)}
                    </p>
                    <button type="button" class="button small primary" disabled=move || reading.running() on:click=move |_| take(key.clone())>{texts::CONTINUE}</button>
                    <button type="button" class="button small" disabled=move || reading.running() on:click=move |_| discard(other.clone())>{texts::DISCARD}</button>
                </div>
            }
        });
        lines.collect_view().into_any()
    }
}

fn says_the_same(kept: &Found, draft: &Draft) -> bool {
    kept.name == draft.name && kept.description == draft.description && kept.config == as_kept(&draft.config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_draft_is_passed_over() {
        let good =
            r#"{"at":1764100000000,"revision":3,"name":"a","description":"","config":{"primary_table":"raw_data.orders"}}"#;
        assert_eq!(read(good).map(|kept| (kept.name, kept.revision)), Some(("a".into(), Some(3))));
        for bad in [
            "",
            "null",
            "[1]",
            "{",
            r#"{"at":"yesterday","revision":3,"name":"a","description":"","config":{}}"#,
            r#"{"at":1e300,"revision":3,"name":"a","description":"","config":{}}"#,
            r#"{"at":1,"revision":"3","name":"a","description":"","config":{}}"#,
            r#"{"at":1,"revision":3,"name":null,"description":"","config":{}}"#,
            r#"{"at":1,"revision":3,"name":"a","description":"","config":[]}"#,
            r#"{"at":1,"revision":3,"name":"a","description":""}"#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(read(&format!("{good}{}", " ".repeat(MOST_CHARS))).is_none());
    }

    #[test]
    fn a_draft_is_found_as_it_was_kept() {
        let config: DatasetConfig = serde_json::from_value(serde_json::json!({
            "primary_table": "raw_data.orders",
            "selected_columns": [{"table": "orders", "column": "id"}],
            "split_config": {"type": "leave_last", "n": 2}
        }))
        .unwrap();
        let draft = Draft { name: "a".into(), description: "\"b\"".into(), config };
        let Draft { name, description, config } = draft.clone();
        let text = serde_json::to_string(&Kept { at: 1.0, revision: None, name, description, config }).unwrap();
        let found = read(&text).unwrap();
        assert!(says_the_same(&found, &draft));
        assert!(!says_the_same(&found, &Draft { description: "b".into(), ..draft.clone() }));
        assert!(!says_the_same(&found, &Draft { config: DatasetConfig::default(), ..draft }));
    }
}
