//! The frame around the steps: progress, Previous, Next and Save, leaving, and everything that can
//! happen to a draft.

use leptos::ev;
use leptos::prelude::*;

use super::conflict::Conflict;
use super::draft::Step;
use super::edit::Edit;
use super::save::{Saving, ServerOffline};
use super::saved_draft::{DraftStore, SavedDrafts, autosave};
use super::state::{State, check_name, read_tables};
use super::{basics, columns, filters, focus_step, show_first_error, side, suggestions, tables, verification};
use crate::ui::dialog::Dialog;
use crate::ui::problem::Problem;
use crate::ui::texts::wizard as texts;

/// The position in the wizard.
#[derive(Clone, Copy)]
struct Walk {
    state: State,
    step: RwSignal<Step>,
    /// Whether the person tried to continue: only then a step that is merely unfinished is shown as
    /// wrong.
    tried: RwSignal<Option<Step>>,
    /// The person clicked Next while a step was waiting: it continues as soon as it can.
    going: RwSignal<Option<Step>>,
}

impl Walk {
    fn open(self, step: Step) {
        self.tried.set(None);
        self.going.set(None);
        self.step.set(step);
        focus_step(step);
    }

    /// Shows the validation errors of a step.
    fn show_wrong(self, step: Step) {
        self.step.set(step);
        self.tried.set(Some(step));
        show_first_error();
    }

    fn next(self) {
        let step = self.step.get_untracked();
        let Some(next) = step.next() else { return };
        if untrack(|| self.state.waits_for(step)).is_some() {
            self.going.set(Some(step));
        } else if untrack(|| self.state.blocked(step)).is_some() {
            self.show_wrong(step);
        } else {
            self.open(next);
        }
    }
}

#[component]
pub fn Steps(model_id: i64, edit: Edit, on_close: Callback<()>, on_saved: Callback<()>) -> impl IntoView {
    let title = if edit.target().is_some() { texts::EDIT_DATASET } else { texts::NEW_DATASET };
    let state = State::new(model_id, edit);
    let draft_store = DraftStore::new(state);
    let walk = Walk { state, step: RwSignal::new(Step::Basics), tried: RwSignal::new(None), going: RwSignal::new(None) };
    let Walk { step, tried, going, .. } = walk;
    let large = RwSignal::new(false);
    let leaving = RwSignal::new(false);

    read_tables(state);
    check_name(state);
    suggestions::keep_suggested(state);
    verification::keep_verified(state);
    autosave(state, draft_store);

    let on_refused = Callback::new(move |first| walk.show_wrong(first));
    let saving = Saving::new(state, draft_store, on_close, on_saved, on_refused);
    let close = Callback::new(move |()| if state.peek(Edit::is_changed) { leaving.set(true) } else { on_close.run(()) });
    // After a change of the draft, an earlier click on Next no longer counts.
    Effect::new(move |_| {
        state.draft().track();
        going.set(None);
    });
    Effect::new(move |_| {
        if let Some(step) = going.get()
            && state.waits_for(step).is_none()
        {
            going.set(None);
            walk.next();
        }
    });

    let blocked = Memo::new(move |_| state.blocked(step.get()));
    let unfinished = Memo::new(move |_| state.read(Edit::first_blocked));
    let save = move || match unfinished.get_untracked() {
        Some((step, _)) => walk.show_wrong(step),
        None => saving.save(),
    };
    let is_last = move || step.get().next().is_none();
    // Enter continues in every field except those of several lines. It does not save: people also
    // end a number with it, long before they are done.
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        walk.next();
    };
    let enter_on_step = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.default_prevented() && event.target() == event.current_target() {
            event.prevent_default();
            if step.get_untracked().next().is_some() { walk.next() } else { save() }
        }
    };
    let class = Signal::derive(move || if large.get() { "modal-container-wizard modal-large" } else { "modal-container-wizard" });
    let enlarge = move || {
        view! {
            <button
                type="button"
                class="icon-button enlarge"
                aria-label=texts::ENLARGE
                title=texts::ENLARGE
                aria-pressed=move || large.get().to_string()
                on:click=move |_| large.update(|large| *large = !*large)
            >
                <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" class="icon-lines">
                    <path d=move || if large.get() { "M8 3v5H3M12 17v-5h5M8 8 3 3M12 12l5 5" } else { "M12 3h5v5M8 17H3v-5M17 3l-6 6M3 17l6-6" } />
                </svg>
            </button>
        }
    };
    let body = move || match step.get() {
        Step::Basics => view! { <basics::Basics state /> }.into_any(),
        Step::Tables => view! { <tables::TablesStep state large /> }.into_any(),
        Step::Columns => view! { <columns::Columns state /> }.into_any(),
        Step::Filters => view! { <filters::Filters state /> }.into_any(),
    };
    let reason = move || match going.get() {
        Some(step) => state.waits_for(step).map(str::to_owned),
        None => tried.get().filter(|tried| *tried == step.get()).and_then(|_| blocked.get()),
    };
    let next_or_save = move || {
        let edits = state.target().is_some();
        let saves = move || if saving.running().get() { texts::SAVING } else { texts::SAVE };
        let why = move || unfinished.get().map(|(step, why)| format!("{}: {why}", step.title()));
        let cannot = move || saving.running().get() || unfinished.get().is_some();
        let save_button = move || {
            view! { <button type="button" class="button success" disabled=cannot title=why on:click=move |_| save()>{saves}</button> }
        };
        if is_last() {
            save_button().into_any()
        } else {
            // Editing allows saving from any step.
            view! {
                <button type="submit" class="button primary">{texts::NEXT}</button>
                {edits.then(save_button)}
            }
            .into_any()
        }
    };
    let theirs = Memo::new(move |_| state.read(|edit| edit.theirs().cloned()));
    let conflict = move || {
        theirs.get().map(|theirs| {
            let (before, mine) = state.peek(|edit| (edit.known_base().cloned(), edit.draft().clone()));
            let on_choice = Callback::new(move |choice| saving.choose(choice));
            view! { <Conflict before theirs mine saving=saving.running() on_choice /> }
        })
    };
    view! {
        <Dialog title on_close=close class tools=enlarge>
            <Progress walk />
            <form class="wizard-form" novalidate on:submit=submit>
                <ServerOffline />
                <div
                    class="wizard-body"
                    class:show-errors=move || tried.get() == Some(step.get())
                    tabindex="-1"
                    role="group"
                    aria-label=move || step.get().title()
                    on:keydown=enter_on_step
                >
                    <SavedDrafts state draft_store />
                    <Problem error=saving.error() />
                    {move || {
                        (step.get() != Step::Basics).then(|| view! { <Unread state /> })
                    }}
                    {body}
                </div>
                <side::SidePanel state />
                <footer class="wizard-footer">
                    <span class="wizard-reason" role="status">{reason}</span>
                    <button
                        type="button"
                        class="button"
                        disabled=move || step.get().previous().is_none()
                        on:click=move |_| {
                            if let Some(previous) = step.get().previous() {
                                walk.open(previous);
                            }
                        }
                    >
                        {texts::PREVIOUS}
                    </button>
                    {next_or_save}
                </footer>
            </form>
            {move || leaving.get().then(|| view! { <Leave draft_store leaving on_close /> })}
            {conflict}
        </Dialog>
    }
}

/// The steps by name; each that can be opened is a button.
#[component]
fn Progress(walk: Walk) -> impl IntoView {
    let Walk { state, step, .. } = walk;
    // The first step with a validation error: none after it can be opened.
    let first_wrong = Memo::new(move |_| state.read(Edit::first_blocked).map(|(step, _)| step));
    let can_open = move |target: Step| target <= step.get() || first_wrong.get().is_none_or(|wrong| target <= wrong);
    let lines = Step::ALL
        .iter()
        .copied()
        .enumerate()
        .map(|(i, this)| {
            view! {
                <li class="wizard-step" class:wizard-step-done=move || this < step.get()>
                    <button
                        type="button"
                        aria-current=move || (step.get() == this).then_some("step")
                        disabled=move || !can_open(this)
                        on:click=move |_| walk.open(this)
                    >
                        <span class="wizard-number">{i + 1}</span>
                        {this.title()}
                    </button>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="wizard-steps" aria-label=texts::STEPS>{lines}</ol> }
}

/// Why the columns of the selected tables are missing.
#[component]
fn Unread(state: State) -> impl IntoView {
    let unread_error = move || state.read(|edit| edit.unread().cloned());
    let again = move || {
        unread_error().map(|_| {
            view! {
                <p class="problem-actions">
                    <button type="button" class="button small" on:click=move |_| state.retry()>{texts::TRY_AGAIN}</button>
                </p>
            }
        })
    };
    view! {
        <Problem error=Signal::derive(unread_error) />
        {again}
    }
}

/// Confirms before typed input is lost.
#[component]
fn Leave(draft_store: DraftStore, leaving: RwSignal<bool>, on_close: Callback<()>) -> impl IntoView {
    view! {
        <Dialog title=texts::LEAVE_TITLE on_close=Callback::new(move |()| leaving.set(false)) class="modal-small">
            <div class="modal-body">
                <p>{texts::LEAVE_TEXT}</p>
                <div class="modal-footer">
                    <button type="button" class="button" autofocus on:click=move |_| leaving.set(false)>{texts::STAY}</button>
                    <button type="button" class="button" on:click=move |_| on_close.run(())>{texts::KEEP_FOR_LATER}</button>
                    <button
                        type="button"
                        class="button danger"
                        on:click=move |_| {
                            draft_store.discard();
                            on_close.run(());
                        }
                    >
                        {texts::LEAVE}
                    </button>
                </div>
            </div>
        </Dialog>
    }
}
