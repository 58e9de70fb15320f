//! Saving: what goes out, and what becomes of a refusal.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use super::conflict::Choice;
use super::draft::{Draft, Step};
use super::kept::Keeper;
use super::picture::places;
use super::state::{State, is_gone};
use crate::domain::fault::FieldError;
use crate::domain::record::{Dataset, DatasetInput};
use crate::error::Failure;
use crate::rpc;
use crate::ui::texts::wizard as texts;
use crate::ui::toast::use_toaster;

/// How a save goes.
#[derive(Clone, Copy)]
pub struct Saving {
    /// Saves the draft, over the revision that the edit started from or over another.
    pub run: Action<Option<i64>, ()>,
    pub failure: RwSignal<Option<Failure>>,
    /// What someone else saved meanwhile.
    pub theirs: RwSignal<Option<Dataset>>,
}

/// `on_refused` hears the first step that the server finds a fault in.
pub fn saving(
    state: State,
    keeper: Keeper,
    on_close: Callback<()>,
    on_saved: Callback<()>,
    on_refused: Callback<Step>,
) -> Saving {
    let toaster = use_toaster();
    let failure = RwSignal::new(None::<Failure>);
    let theirs = RwSignal::new(None::<Dataset>);
    let run = Action::new(move |over: &Option<i64>| {
        let over = *over;
        let Draft { name, description, config } = state.draft.get_untracked();
        let editing = state.editing.get_value();
        let changed = state.is_changed();
        async move {
            failure.set(None);
            if editing.is_some() && !changed && over.is_none() {
                // G-80: nothing goes out that changes nothing.
                keeper.forget();
                toaster.good(texts::NOTHING_CHANGED);
                return on_close.run(());
            }
            let input = DatasetInput { name, description, config };
            let saved = match editing {
                Some((id, revision)) => rpc::update_dataset(id, over.unwrap_or(revision), input).await,
                None => rpc::create_dataset(state.model_id, input).await,
            };
            let error = match saved {
                Ok(dataset) => {
                    keeper.forget();
                    if editing.is_none() {
                        places::move_to(state.model_id, dataset.summary.id);
                    }
                    toaster.good(texts::saved(&dataset.summary.name));
                    // The wizard may have been left meanwhile.
                    on_saved.try_run(());
                    return;
                }
                Err(error) => error,
            };
            state.heard(&error);
            match (error.code.as_str(), editing) {
                ("stale", Some((id, _))) => match rpc::dataset(id).await {
                    Ok(newer) => theirs.set(Some(newer)),
                    Err(error) => failure.set(Some(error)),
                },
                ("not_found", Some(_)) => {
                    // The dataset is gone, what was typed is not: the next save makes it anew.
                    state.editing.set_value(None);
                    state.again.update(|n| *n += 1);
                    failure.set(Some(Failure { message: texts::DELETED_MEANWHILE.into(), ..error }));
                }
                _ => {
                    let refused: Vec<FieldError> = error.errors.iter().map(|(path, text)| FieldError::new(path, text)).collect();
                    let first = refused.iter().map(|fault| Step::of_path(&fault.path)).min();
                    state.refused.set(refused);
                    failure.set(Some(error));
                    if let Some(first) = first {
                        on_refused.try_run(first);
                    }
                }
            }
        }
    });
    Saving { run, failure, theirs }
}

impl Saving {
    /// What a person does about someone else's save.
    pub fn choose(self, state: State, choice: Choice) {
        let Some(theirs) = self.theirs.get_untracked() else { return };
        match choice {
            Choice::Later => self.theirs.set(None),
            Choice::Mine => {
                self.theirs.set(None);
                self.run.dispatch(Some(theirs.revision));
            }
            Choice::Theirs => {
                self.theirs.set(None);
                state.editing.set_value(Some((theirs.summary.id, theirs.revision)));
                state.before.set_value(Draft::of(&theirs));
                state.start.set_value(Some(theirs.revision));
                state.edit(|draft| *draft = Draft::of(&theirs));
            }
        }
    }
}

/// While the server is gone it is asked for every few seconds, and at a click; when it is back, what failed is asked again.
#[component]
pub fn ServerGone(state: State, saving: Saving) -> impl IntoView {
    let toaster = use_toaster();
    let ask = Action::new(move |(): &()| async move {
        if !rpc::model(state.model_id).await.is_err_and(|failure| is_gone(&failure)) {
            state.gone.set(false);
            if saving.failure.with_untracked(|failure| failure.as_ref().is_some_and(is_gone)) {
                saving.failure.set(None);
            }
            state.again.update(|n| *n += 1);
            toaster.good(texts::SERVER_IS_BACK);
        }
    });
    // Each round of waiting is one value: an effect that ran for an older one does not ask.
    let round = RwSignal::new(0u32);
    Effect::new(move |_| {
        let mine = round.get();
        if !state.gone.get() {
            return;
        }
        set_timeout(
            move || {
                if state.gone.try_get_untracked() == Some(true) && round.try_get_untracked() == Some(mine) {
                    ask.dispatch(());
                    round.set(mine + 1);
                }
            },
            Duration::from_secs(4),
        );
    });
    let online = window_event_listener(ev::online, move |_| {
        if state.gone.get_untracked() {
            ask.dispatch(());
        }
    });
    on_cleanup(move || online.remove());
    move || {
        state.gone.get().then(|| {
            view! {
                <div class="server-gone" role="alert">
                    <p>{texts::SERVER_GONE}</p>
                    <button type="button" class="button small" disabled=ask.pending() on:click=move |_| { ask.dispatch(()); }>
                        {texts::TRY_AGAIN}
                    </button>
                </div>
            }
        })
    }
}
