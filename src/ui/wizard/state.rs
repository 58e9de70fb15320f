//! Shared by the steps: the edit as a signal, and parts of it that many read, each of which changes
//! only with itself, so that a keystroke in one field does not render the others again.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use super::draft::{self, Draft, Schemas, Step};
use super::edit::{Edit, Target};
use super::statistics::Statistics;
use super::suggestions::Suggestions;
use super::verification::Verification;
use crate::domain::catalog::Catalog;
use crate::domain::field_error::FieldError;
use crate::domain::name::{SourceName, TableName};
use crate::error::ApiError;
use crate::rpc;
use crate::ui::connectivity::{Connectivity, use_connectivity};
use crate::ui::work::Work;

/// Shared by the steps.
#[derive(Clone, Copy)]
pub struct State {
    pub model_id: i64,
    edit: RwSignal<Edit>,
    draft: Memo<Draft>,
    sources: Memo<Vec<(SourceName, TableName)>>,
    schemas: Memo<Arc<Schemas>>,
    catalog: Memo<Catalog>,
    errors: Memo<Vec<FieldError>>,
    suggestions: Suggestions,
    verification: Verification,
    statistics: Statistics,
    connectivity: Connectivity,
    /// Incremented when a person retries what failed.
    retries: RwSignal<u32>,
}

impl State {
    pub fn new(model_id: i64, edit: Edit) -> Self {
        let edit = RwSignal::new(edit);
        let draft = Memo::new(move |_| edit.with(|edit| edit.draft().clone()));
        let sources = Memo::new(move |_| {
            draft.with(|draft| draft.config.sources().into_iter().map(|(name, table)| (name, table.clone())).collect())
        });
        Self {
            model_id,
            edit,
            draft,
            sources,
            schemas: Memo::new(move |_| edit.with(|edit| edit.schemas().clone())),
            catalog: Memo::new(move |_| edit.with(|edit| edit.catalog().clone())),
            errors: Memo::new(move |_| edit.with(|edit| edit.errors().to_vec())),
            suggestions: Suggestions::new(),
            verification: Verification::new(),
            statistics: Statistics::new(),
            connectivity: use_connectivity(),
            retries: RwSignal::new(0),
        }
    }

    /// Changes the draft.
    pub fn edit(&self, change: impl FnOnce(&mut Draft)) {
        self.apply(|edit| edit.change(change));
    }

    /// Runs a transition of the edit; `None` if the wizard is closed.
    pub fn apply<R>(&self, transition: impl FnOnce(&mut Edit) -> R) -> Option<R> {
        self.edit.try_update(transition)
    }

    /// Reads the edit, and tracks its changes.
    pub fn read<R>(&self, read: impl FnOnce(&Edit) -> R) -> R {
        self.edit.with(read)
    }

    /// Reads the edit without tracking.
    pub fn peek<R>(&self, read: impl FnOnce(&Edit) -> R) -> R {
        self.edit.with_untracked(read)
    }

    /// The same for code that may outlive the wizard: `None` if it is closed.
    pub fn try_peek<R>(&self, read: impl FnOnce(&Edit) -> R) -> Option<R> {
        self.edit.try_with_untracked(read)
    }

    pub fn draft(&self) -> Memo<Draft> {
        self.draft
    }

    /// The dataset's tables in their order, by their names in it.
    pub fn sources(&self) -> Memo<Vec<(SourceName, TableName)>> {
        self.sources
    }

    pub fn schemas(&self) -> Memo<Arc<Schemas>> {
        self.schemas
    }

    pub fn catalog(&self) -> Memo<Catalog> {
        self.catalog
    }

    /// The domain's validation errors and, after a refused save, the server's.
    pub fn errors(&self) -> Memo<Vec<FieldError>> {
        self.errors
    }

    pub fn suggestions(&self) -> Suggestions {
        self.suggestions
    }

    pub fn verification(&self) -> Verification {
        self.verification
    }

    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// The stored dataset that a save overwrites, untracked.
    pub fn target(&self) -> Option<Target> {
        self.peek(Edit::target)
    }

    /// All of the draft's tables have been read.
    pub fn is_loaded(&self) -> bool {
        self.read(Edit::is_loaded)
    }

    /// What a step waits for before it can be validated.
    pub fn waits_for(&self, step: Step) -> Option<&'static str> {
        self.read(|edit| edit.waits_for(step))
    }

    /// What a step waits for, or its first validation error, in words.
    pub fn blocked(&self, step: Step) -> Option<String> {
        self.read(|edit| edit.blocked(step))
    }

    /// Handles an error that is not shown where it happened.
    pub fn report(&self, error: &ApiError) {
        self.connectivity.report(error);
    }

    /// Retries what failed.
    pub fn retry(&self) {
        self.retries.update(|times| *times += 1);
    }

    /// Tracks retries: the server is back, or a person requested one.
    pub fn track_retries(&self) {
        self.retries.track();
        self.connectivity.reconnects();
    }
}

/// Messages at a field and below it.
#[component]
pub fn FieldErrors(state: State, #[prop(into)] path: Signal<String>) -> impl IntoView {
    let messages = Memo::new(move |_| {
        let path = path.get();
        state.errors().with(|errors| draft::at(errors, &path).map(|error| error.message.clone()).collect::<Vec<_>>())
    });
    move || messages.get().into_iter().map(|message| view! { <p class="field-error">{message}</p> }).collect_view()
}

/// Reads the missing tables, whenever another is chosen.
pub fn read_tables(state: State) {
    let work = Work::new();
    let missing = Memo::new(move |_| state.read(Edit::missing_tables));
    Effect::new(move |_| {
        state.track_retries();
        let names: Vec<String> = missing.with(|missing| missing.iter().map(ToString::to_string).collect());
        if names.is_empty() {
            return work.stop();
        }
        work.start(async move {
            let answer = rpc::table_schemas(state.model_id, names).await;
            if let Err(error) = &answer {
                state.report(error);
            }
            state.apply(|edit| edit.tables_read(answer));
        });
    });
}

/// Checks whether the name is free, 300 ms after the last keystroke.
pub fn check_name(state: State) {
    let work = Work::new();
    let mut check_soon = debounce(Duration::from_millis(300), move |name: String| {
        let own = state.target().map(|target| target.id);
        work.start(async move {
            let answer = rpc::check_name(state.model_id, name.clone(), own).await;
            if let Err(error) = &answer {
                state.report(error);
            }
            state.apply(|edit| edit.name_checked(&name, answer));
        });
    });
    let unchecked = Memo::new(move |_| state.read(Edit::unchecked_name));
    Effect::new(move |_| {
        if let Some(name) = unchecked.get() {
            check_soon(name);
        }
    });
    Effect::new(move |_| {
        state.track_retries();
        state.apply(Edit::recheck_name);
    });
}
