//! Saving: what is sent, and how errors are handled.

use leptos::prelude::*;

use super::State;
use super::conflict::Choice;
use super::draft::Step;
use super::edit::{Edit, Target};
use super::picture::places;
use super::saved_draft::DraftStore;
use crate::domain::dto::Dataset;
use crate::domain::field_error::FieldError;
use crate::error::ApiError;
use crate::rpc;
use crate::ui::connectivity::{is_unreachable, use_connectivity};
use crate::ui::offline::use_reconnect;
use crate::ui::texts::wizard as texts;
use crate::ui::toast::{Toaster, use_toaster};

/// The state of a save.
#[derive(Clone, Copy)]
pub struct Saving {
    state: State,
    draft_store: DraftStore,
    toaster: Toaster,
    running: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    on_close: Callback<()>,
    on_saved: Callback<()>,
    /// Receives the first step with a validation error of the server.
    on_refused: Callback<Step>,
}

impl Saving {
    pub fn new(
        state: State,
        draft_store: DraftStore,
        on_close: Callback<()>,
        on_saved: Callback<()>,
        on_refused: Callback<Step>,
    ) -> Self {
        let error = RwSignal::new(None::<ApiError>);
        let connectivity = use_connectivity();
        // When the server is back, the message that it was offline is out of date.
        Effect::new(move |_| {
            connectivity.reconnects();
            if error.with_untracked(|error| error.as_ref().is_some_and(is_unreachable)) {
                error.set(None);
            }
        });
        let running = RwSignal::new(false);
        Self { state, draft_store, toaster: use_toaster(), running, error, on_close, on_saved, on_refused }
    }

    pub fn running(self) -> Signal<bool> {
        self.running.into()
    }

    /// Why the last save failed.
    pub fn error(self) -> Signal<Option<ApiError>> {
        self.error.into()
    }

    /// Saves the draft over the revision that it is based on.
    pub fn save(self) {
        self.save_over(self.state.target().map(|target| target.revision));
    }

    /// Saves the draft over a revision, or as a new dataset if there is none to overwrite.
    fn save_over(self, revision: Option<i64>) {
        if self.running.get_untracked() {
            return;
        }
        self.error.set(None);
        let Saving { state, draft_store, toaster, .. } = self;
        let target = state.target();
        let is_same = target.map(|target| target.revision) == revision && !state.peek(Edit::is_changed);
        if target.is_some() && is_same {
            // Sends nothing if nothing has changed, so that opening and saving leaves no trace.
            draft_store.discard();
            toaster.good(texts::NOTHING_CHANGED);
            return self.on_close.run(());
        }
        let input = state.peek(|edit| edit.draft().clone());
        self.running.set(true);
        // Not a `Work`: leaving the wizard during a save does not cancel it.
        leptos::task::spawn_local(async move {
            let saved = match (target, revision) {
                (Some(Target { id, .. }), Some(revision)) => rpc::update_dataset(id, revision, input).await,
                _ => rpc::create_dataset(state.model_id, input).await,
            };
            match saved {
                Ok(dataset) => self.saved(target, &dataset),
                Err(error) => self.failed(target, error).await,
            }
            self.running.try_set(false);
        });
    }

    fn saved(self, target: Option<Target>, dataset: &Dataset) {
        self.draft_store.discard();
        if target.is_none() {
            places::move_to(self.state.model_id, dataset.summary.id);
        }
        self.toaster.good(texts::saved(&dataset.summary.name));
        // The user may have left the wizard by now.
        self.on_saved.try_run(());
    }

    async fn failed(self, target: Option<Target>, error: ApiError) {
        let shown = match (error.code.as_str(), target) {
            ("stale", Some(Target { id, .. })) => match rpc::dataset(id).await {
                Ok(theirs) => {
                    self.state.apply(|edit| edit.saved_meanwhile(theirs));
                    return;
                }
                Err(error) => error,
            },
            ("not_found", Some(_)) => {
                self.state.apply(Edit::deleted_meanwhile);
                ApiError { message: texts::DELETED_MEANWHILE.into(), ..error }
            }
            _ => {
                let refused = error.errors.iter().map(|(path, text)| FieldError::new(path, text)).collect();
                if let Some(Some(first)) = self.state.apply(|edit| edit.save_refused(refused)) {
                    self.on_refused.try_run(first);
                }
                error
            }
        };
        self.error.try_set(Some(shown));
    }

    /// Resolves a conflict with someone else's save.
    pub fn choose(self, choice: Choice) {
        match choice {
            Choice::Later => {
                self.state.apply(Edit::decide_later);
            }
            Choice::Mine => {
                if let Some(Some(revision)) = self.state.apply(Edit::keep_mine) {
                    self.save_over(Some(revision));
                }
            }
            Choice::Theirs => {
                self.state.apply(Edit::take_theirs);
            }
        }
    }
}

/// While the server is offline: a note that the draft is safe, and a button to retry now.
#[component]
pub fn ServerOffline() -> impl IntoView {
    let connectivity = use_connectivity();
    let (work, ping) = use_reconnect();
    move || {
        connectivity.is_offline().then(|| {
            view! {
                <div class="server-gone" role="alert">
                    <p>{texts::SERVER_OFFLINE}</p>
                    <button type="button" class="button small" disabled=move || work.running() on:click=move |_| ping()>
                        {texts::TRY_AGAIN}
                    </button>
                </div>
            }
        })
    }
}
