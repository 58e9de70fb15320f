//! What the steps share: the draft, what is known of its tables, and what is wrong with it. All that is shown, blocked or saved is derived from here.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;

use super::draft::{self, Draft, Schemas, Step, faults};
use super::evidence::Weighing;
use super::suggestions::Suggestions;
use crate::domain::catalog::Catalog;
use crate::domain::dataset::DatasetConfig;
use crate::domain::fault::FieldError;
use crate::domain::name::{SourceName, TableName};
use crate::domain::profile::ColumnProfile;
use crate::domain::record::{Dataset, NameCheck};
use crate::error::Failure;
use crate::rpc;
use crate::ui::texts::wizard as texts;

/// What the steps share.
#[derive(Clone, Copy)]
pub struct State {
    pub model_id: i64,
    /// The dataset that is edited, with the revision that the edit started from.
    pub editing: StoredValue<Option<(i64, i64)>>,
    /// What the edit started from, and its revision.
    pub before: StoredValue<Draft>,
    pub start: StoredValue<Option<i64>>,
    pub draft: RwSignal<Draft>,
    /// The dataset's tables in their order, by the names they have in it.
    pub sources: Memo<Vec<(SourceName, TableName)>>,
    pub schemas: RwSignal<Schemas>,
    pub catalog: Memo<Catalog>,
    /// The domain's faults and, after a save that was refused, the server's.
    pub faults: Memo<Vec<FieldError>>,
    pub refused: RwSignal<Vec<FieldError>>,
    /// What the server says of the name as it stands; `None` while it is asked.
    pub name_check: RwSignal<Option<NameCheck>>,
    /// What is known of the tables' columns, by their names.
    pub profiles: RwSignal<Profiles>,
    pub suggestions: Suggestions,
    pub weighing: Weighing,
    /// Why the tables' columns could not be read.
    pub unread: RwSignal<Option<Failure>>,
    /// The server does not answer.
    pub gone: RwSignal<bool>,
    /// Goes up when what failed is to be asked again.
    pub again: RwSignal<u32>,
}

pub type Profiles = BTreeMap<TableName, BTreeMap<String, ColumnProfile>>;

impl State {
    pub fn new(model_id: i64, dataset: Option<&Dataset>, schemas: Schemas) -> Self {
        let before = dataset.map_or_else(Draft::default, Draft::of);
        let draft = RwSignal::new(before.clone());
        let schemas = RwSignal::new(schemas);
        let refused = RwSignal::new(vec![]);
        let sources = Memo::new(move |_| draft.with(|draft| sources_of(&draft.config)));
        let catalog = Memo::new(move |_| Catalog::new(None, schemas.get().into_values()));
        let faults = Memo::new(move |_| {
            let mut all = draft.with(|draft| catalog.with(|catalog| faults(draft, catalog)));
            for fault in refused.get() {
                if !all.contains(&fault) {
                    all.push(fault);
                }
            }
            all
        });
        Self {
            model_id,
            editing: StoredValue::new(dataset.map(|d| (d.summary.id, d.revision))),
            before: StoredValue::new(before),
            start: StoredValue::new(dataset.map(|d| d.revision)),
            draft,
            sources,
            schemas,
            catalog,
            faults,
            refused,
            name_check: RwSignal::new(None),
            profiles: RwSignal::default(),
            suggestions: Suggestions::default(),
            weighing: Weighing::default(),
            unread: RwSignal::new(None),
            gone: RwSignal::new(false),
            again: RwSignal::new(0),
        }
    }

    /// Changes the draft. What the server refused is another draft then.
    pub fn edit(&self, change: impl FnOnce(&mut Draft)) {
        if !self.refused.with_untracked(Vec::is_empty) {
            self.refused.set(vec![]);
        }
        self.draft.update(change);
    }

    /// The draft is another than the edit started from.
    pub fn is_changed(&self) -> bool {
        self.before.with_value(|before| self.draft.with_untracked(|draft| draft != before))
    }

    /// Takes notice of a failure: of a server that is gone, all of the wizard hears.
    pub fn heard(&self, failure: &Failure) {
        if is_gone(failure) {
            self.gone.set(true);
        }
    }

    /// All chosen tables have their schemas.
    pub fn is_loaded(&self) -> bool {
        self.sources.with(|sources| self.schemas.with(|schemas| sources.iter().all(|(_, table)| schemas.contains_key(table))))
    }

    /// What a step waits for before it can be judged.
    pub fn waits_for(&self, step: Step) -> Option<&'static str> {
        match step {
            Step::Basics => {
                let named = !self.draft.with(|d| d.name.trim().is_empty());
                (named && self.name_check.with(Option::is_none)).then_some(texts::CHECKING_NAME)
            }
            _ => (!self.is_loaded()).then_some(texts::READING_COLUMNS),
        }
    }

    /// What a step waits for, or its first fault, in words.
    pub fn blocked(&self, step: Step) -> Option<String> {
        if let Some(waiting) = self.waits_for(step) {
            return Some(waiting.into());
        }
        if let (Step::Basics, Some(NameCheck { available: false, message })) = (step, self.name_check.get()) {
            return Some(message);
        }
        let fault = self.faults.with(|faults| faults.iter().find(|f| Step::of_path(&f.path) == step).map(|f| f.message.clone()));
        fault.or_else(|| (step == Step::Tables).then(|| self.unread_fan_out()).flatten())
    }

    /// A join that multiplies rows, which nobody has answered for.
    fn unread_fan_out(&self) -> Option<String> {
        self.weighing.fan_outs(*self).into_iter().next().map(|(name, most)| texts::fan_out_open(name.as_str(), most))
    }
}

/// A failure that no server has spoken of.
pub fn is_gone(failure: &Failure) -> bool {
    failure.status == 0 && failure.code == "unreachable"
}

fn sources_of(config: &DatasetConfig) -> Vec<(SourceName, TableName)> {
    config.sources().into_iter().map(|(name, table)| (name, table.clone())).collect()
}

/// Messages at a field and below it.
#[component]
pub fn FieldErrors(state: State, #[prop(into)] path: Signal<String>) -> impl IntoView {
    let messages = Memo::new(move |_| {
        let path = path.get();
        state.faults.with(|faults| draft::at(faults, &path).map(|fault| fault.message.clone()).collect::<Vec<_>>())
    });
    move || messages.get().into_iter().map(|message| view! { <p class="field-error">{message}</p> }).collect_view().into_any()
}

/// Asks for the schemas that are not there yet, whenever another table is chosen.
pub fn load_schemas(state: State) {
    let load = Action::new(move |tables: &Vec<TableName>| {
        let names = tables.iter().map(ToString::to_string).collect();
        async move {
            match rpc::table_schemas(state.model_id, names).await {
                Ok(loaded) => {
                    state.unread.set(None);
                    state.schemas.update(|schemas| schemas.extend(loaded.into_iter().map(|s| (s.table.clone(), s))));
                }
                Err(failure) => {
                    state.heard(&failure);
                    state.unread.set(Some(failure));
                }
            }
        }
    });
    Effect::new(move |_| {
        state.again.track();
        let mut missing: Vec<TableName> = state.sources.get().into_iter().map(|(_, table)| table).collect();
        state.schemas.with_untracked(|schemas| missing.retain(|table| !schemas.contains_key(table)));
        missing.sort();
        missing.dedup();
        if !missing.is_empty() {
            load.dispatch(missing);
        }
    });
}

/// Asks whether the name is free, 300 ms after the last letter; the answer to an older name is dropped (G-84).
pub fn check_name(state: State) {
    let name = Memo::new(move |_| state.draft.with(|d| d.name.trim().to_owned()));
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        state.again.track();
        let asked = name.get();
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        state.name_check.set(None);
        if asked.is_empty() {
            return;
        }
        let own = state.before.with_value(|before| before.name.trim() == asked);
        if state.editing.get_value().is_some() && own {
            state.name_check.set(Some(NameCheck { available: true, message: String::new() }));
            return;
        }
        set_timeout(
            move || {
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let id = state.editing.try_get_value().flatten().map(|(id, _)| id);
                    let answer = rpc::check_name(state.model_id, asked, id).await;
                    if turn.try_get_value() != Some(mine) {
                        return;
                    }
                    let check = answer.unwrap_or_else(|failure| {
                        state.heard(&failure);
                        NameCheck { available: false, message: failure.message }
                    });
                    state.name_check.set(Some(check));
                });
            },
            Duration::from_millis(300),
        );
    });
}
