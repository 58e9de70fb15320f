//! Drafts that outlive the page: stored in the browser during typing, and offered again after a
//! closed tab, a reload or a crash.
//!
//! Each wizard stores its own, so that two tabs do not overwrite each other. The content may have
//! been written by anyone and any version: what is not a draft is ignored. A config is parsed when
//! somebody continues with it, by the parser of all configs, which accepts older spellings.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::ev;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use serde_json::{Map, Value};

use super::State;
use super::draft::Draft;
use super::edit::Edit;
use crate::domain::format::instant;
use crate::domain::parse::without_empty;
use crate::domain::unreadable::explain;
use crate::ui::texts::wizard as texts;
use crate::ui::toast::use_toaster;

/// Longer than any real draft.
const MOST_CHARS: usize = 1_000_000;
/// Maximum number of drafts that are offered.
const MOST: usize = 3;

/// A draft as stored in the browser.
#[derive(Debug, Clone, PartialEq)]
struct StoredDraft {
    /// Milliseconds since 1970.
    at: f64,
    /// The revision that the edit started from; `None` for a new dataset.
    revision: Option<i64>,
    /// Its JSON, whose config is parsed only when somebody continues with the draft.
    draft: Map<String, Value>,
}

/// Where a wizard stores its draft.
#[derive(Clone, Copy)]
pub struct DraftStore {
    /// The prefix of the keys of all drafts of this dataset.
    prefix: StoredValue<String>,
    /// This wizard's own key.
    own: StoredValue<String>,
    /// Stops storing: the draft is saved, or was discarded.
    done: StoredValue<bool>,
}

/// The browser's storage, if it is available.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn now() -> f64 {
    js_sys::Date::now()
}

impl DraftStore {
    /// For the wizard of a dataset, or of a new one.
    pub fn new(state: State) -> Self {
        let dataset = state.target().map_or("new".to_owned(), |target| target.id.to_string());
        let prefix = format!("trainset.draft.{}.{dataset}.", state.model_id);
        let own = format!("{prefix}{:.0}", now());
        Self { prefix: StoredValue::new(prefix), own: StoredValue::new(own), done: StoredValue::new(false) }
    }

    /// Stores the draft, or removes it if it has no changes.
    pub fn save(self, state: State) {
        // The wizard may be closed already: then its last state has been stored.
        let (Some(false), Some(own), Some(storage)) = (self.done.try_get_value(), self.own.try_get_value(), storage()) else {
            return;
        };
        let saved = state.try_peek(|edit| edit.is_changed().then(|| StoredDraft::of(edit)));
        // A full storage keeps what it has; the wizard works without.
        match saved.map(|saved| saved.map(StoredDraft::into_text)) {
            Some(Some(text)) => drop(storage.set_item(&own, &text)),
            Some(None) => drop(storage.remove_item(&own)),
            None => {}
        }
    }

    /// Removes the draft for good; not if the wizard no longer exists, which stored it when it
    /// closed.
    pub fn discard(self) {
        self.done.set_value(true);
        if let Some(own) = self.own.try_get_value() {
            remove(&own);
        }
    }

    /// Drafts that other wizards of this dataset left behind, the newest first.
    fn other_drafts(self) -> Vec<(String, StoredDraft)> {
        let Some(storage) = storage() else { return vec![] };
        let keys = (0..storage.length().unwrap_or_default()).filter_map(|i| storage.key(i).ok().flatten());
        let (prefix, own) = (self.prefix.get_value(), self.own.get_value());
        let mut found: Vec<(String, StoredDraft)> = keys
            .filter(|key| key.starts_with(&prefix) && *key != own)
            .filter_map(|key| {
                let saved = storage.get_item(&key).ok().flatten().and_then(|text| read(&text))?;
                Some((key, saved))
            })
            .collect();
        found.sort_by(|(_, a), (_, b)| b.at.total_cmp(&a.at));
        found.truncate(MOST);
        found
    }
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Fails only if there is no storage at all.
        let _ = storage.remove_item(key);
    }
}

/// Parses a draft; `None` if it is none.
fn read(text: &str) -> Option<StoredDraft> {
    if text.len() > MOST_CHARS {
        return None;
    }
    let mut draft: Map<String, Value> = serde_json::from_slice(text.as_bytes()).ok()?;
    let at = draft.shift_remove("at")?.as_f64()?;
    let revision = match draft.shift_remove("revision") {
        None | Some(Value::Null) => None,
        Some(revision) => Some(revision.as_i64()?),
    };
    let is_field = |(field, value): (&String, &Value)| if field == "config" { value.is_object() } else { value.is_string() };
    let is_draft = ["name", "config"].iter().all(|field| draft.contains_key(*field)) && draft.iter().all(is_field);
    (is_draft && when(at).is_some()).then_some(StoredDraft { at, revision, draft })
}

impl StoredDraft {
    fn of(edit: &Edit) -> Self {
        Self { at: now(), revision: edit.target().map(|target| target.revision), draft: as_json(edit.draft()) }
    }

    fn name(&self) -> &str {
        self.draft.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    fn is_same_draft(&self, draft: &Draft) -> bool {
        self.draft == as_json(draft)
    }

    fn into_text(self) -> String {
        let mut all = self.draft;
        all.insert("at".into(), self.at.into());
        all.insert("revision".into(), self.revision.into());
        Value::Object(all).to_string()
    }

    /// The draft, or why its config cannot be parsed.
    fn into_draft(self) -> Result<Draft, String> {
        // From its text: the parser of the server's responses reads it, and the wizard's part needs
        // no second parser for all these types (a tenth of what is fetched).
        let text = without_empty(Value::Object(self.draft)).to_string();
        serde_json::from_slice(text.as_bytes()).map_err(|error| {
            let words = error.to_string();
            explain(words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words))
        })
    }
}

/// A draft as it is stored and compared.
pub fn as_json(draft: &Draft) -> Map<String, Value> {
    // It always has a JSON form.
    serde_json::to_vec(draft).and_then(|text| serde_json::from_slice(&text)).unwrap_or_default()
}

fn when(at: f64) -> Option<DateTime<Utc>> {
    // Implausible years fall out of its range.
    DateTime::from_timestamp_millis(at as i64)
}

/// Stores the draft as it changes, and once more when the page or the wizard closes.
pub fn autosave(state: State, draft_store: DraftStore) {
    let mut save_soon = debounce(Duration::from_millis(400), move |()| draft_store.save(state));
    Effect::new(move |_| {
        state.draft().track();
        save_soon(());
    });
    let leaving = window_event_listener(ev::pagehide, move |_| draft_store.save(state));
    on_cleanup(move || {
        leaving.remove();
        draft_store.save(state);
    });
}

/// Offers drafts that were left behind.
#[component]
pub fn SavedDrafts(state: State, draft_store: DraftStore) -> impl IntoView {
    let mut found = draft_store.other_drafts();
    // A draft without changes is none: it was saved since.
    found.retain(|(key, saved)| {
        let is_new = state.peek(|edit| !saved.is_same_draft(edit.base()));
        if !is_new {
            remove(key);
        }
        is_new
    });
    let offers = RwSignal::new(found);
    let toaster = use_toaster();
    let take = move |key: String| {
        let found =
            offers.with_untracked(|all| all.iter().find(|(other_key, _)| *other_key == key).map(|(_, saved)| saved.clone()));
        let Some(saved) = found else { return };
        let revision = saved.revision;
        match saved.into_draft() {
            Ok(draft) => {
                // It is this wizard's draft from now on.
                draft_store.discard();
                draft_store.own.set_value(key);
                draft_store.done.set_value(false);
                state.apply(|edit| edit.continue_draft(revision, draft));
                offers.set(vec![]);
            }
            // It stays in the storage: another version may be able to read it.
            Err(why) => toaster.bad(texts::not_read(&why)),
        }
    };
    let discard = move |key: String| {
        remove(&key);
        offers.update(|all| all.retain(|(other_key, _)| *other_key != key));
    };
    move || {
        let lines = offers.get().into_iter().map(|(key, saved)| {
            let older = state.target().is_some_and(|target| saved.revision.is_some_and(|from| from < target.revision));
            let at = when(saved.at).map(instant).unwrap_or_default();
            let other = key.clone();
            view! {
                <div class="left-behind" role="region" aria-label=texts::LEFT_BEHIND>
                    <p>
                        {texts::left_behind(saved.name(), &at)}
                        {older.then_some(texts::SAVED_SINCE)}
                    </p>
                    <button type="button" class="button small primary" on:click=move |_| take(key.clone())>{texts::CONTINUE}</button>
                    <button type="button" class="button small" on:click=move |_| discard(other.clone())>{texts::DISCARD}</button>
                </div>
            }
        });
        lines.collect_view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dataset::DatasetConfig;

    #[test]
    fn invalid_stored_drafts_are_ignored() {
        let good =
            r#"{"at":1764100000000,"revision":3,"name":"a","description":"","config":{"primary_table":"raw_data.orders"}}"#;
        assert_eq!(read(good).map(|saved| (saved.name().to_owned(), saved.revision)), Some(("a".into(), Some(3))));
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
    fn a_saved_draft_is_read_back() {
        let config: DatasetConfig = serde_json::from_value(serde_json::json!({
            "primary_table": "raw_data.orders",
            "selected_columns": [{"table": "orders", "column": "id"}],
            "split_config": {"type": "leave_last", "n": 2}
        }))
        .unwrap();
        let draft = Draft { name: "a".into(), description: "\"b\"".into(), config };
        let saved = StoredDraft { at: 1.0, revision: None, draft: as_json(&draft) };
        let found = read(&saved.clone().into_text()).unwrap();
        assert_eq!(found, saved);
        assert!(found.is_same_draft(&draft));
        assert!(!found.is_same_draft(&Draft { description: "b".into(), ..draft.clone() }));
        assert!(!found.is_same_draft(&Draft { config: DatasetConfig::default(), ..draft.clone() }));
        assert_eq!(found.into_draft(), Ok(draft));
    }

    #[test]
    fn an_unreadable_config_has_an_error_message() {
        let saved =
            |config: &str| read(&format!(r#"{{"at":1,"revision":null,"name":"a","description":"","config":{config}}}"#)).unwrap();
        for (config, why) in [
            (r#"{"split_config":{"type":"by_moon"}}"#, "by_moon"),
            (r#"{"of_tomorrow":[1]}"#, "of_tomorrow"),
            (r#"{"primary_table":7}"#, "7"),
        ] {
            let message = saved(config).into_draft().unwrap_err();
            assert!(message.contains(why) && !message.contains("line 1") && !message.contains('`'), "{message}");
        }
        // As an older version of the page wrote it: with empty keys.
        let older = saved(r#"{"primary_table":"raw_data.orders","filters":{"product_filter":null,"rows":[]}}"#).into_draft();
        assert!(older.is_ok(), "{older:?}");
    }
}
