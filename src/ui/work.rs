//! Asynchronous work: the one way in which the pages wait for something. One task runs at a time,
//! says that it does, and can be stopped: its request is dropped, and with it what the server and
//! the warehouse do for it. What waits for a pause in typing uses Leptos's own `debounce`.

use std::time::Duration;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

use super::problem::Problem;
use super::texts::common;
use crate::error::Failure;

/// From so many seconds on, the time is shown, and a way to stop.
const LONG: u64 = 2;

/// A place for one running thing. It is stopped when its component goes, and when the next thing
/// starts.
#[derive(Clone, Copy)]
pub struct Work {
    running: RwSignal<bool>,
    home: StoredValue<Owner>,
    current: StoredValue<Option<Owner>>,
}

impl Work {
    pub fn new() -> Self {
        let home = Owner::current().unwrap_or_default();
        Self { running: RwSignal::new(false), home: StoredValue::new(home), current: StoredValue::new(None) }
    }

    /// Whether something runs.
    pub fn running(self) -> bool {
        self.running.get()
    }

    /// Starts something, in the browser; what runs here already is stopped.
    pub fn start(self, work: impl Future<Output = ()> + 'static) {
        self.drop_current();
        let Some(owner) = self.home.try_get_value().map(|home| home.child()) else { return };
        self.running.set(true);
        owner.with(|| {
            spawn_local_scoped_with_cancellation(async move {
                work.await;
                self.running.try_set(false);
            });
        });
        self.current.set_value(Some(owner));
    }

    /// Stops what runs.
    pub fn stop(self) {
        self.drop_current();
        self.running.try_set(false);
    }

    fn drop_current(self) {
        if let Some(Some(owner)) = self.current.try_update_value(Option::take) {
            owner.cleanup();
        }
    }
}

/// A question to the server and its answer.
pub struct Asked<T: 'static> {
    answer: RwSignal<Option<Result<T, Failure>>>,
    work: Work,
}

impl<T> Clone for Asked<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Asked<T> {}

impl<T: Send + Sync + 'static> Asked<T> {
    pub fn new() -> Self {
        Self { answer: RwSignal::new(None), work: Work::new() }
    }

    /// Asks, and forgets the answer to what was asked before.
    pub fn ask(self, question: impl Future<Output = Result<T, Failure>> + 'static) {
        self.answer.set(None);
        self.renew(question);
    }

    /// Asks again, and keeps the last answer until the next one comes.
    pub fn renew(self, question: impl Future<Output = Result<T, Failure>> + 'static) {
        self.work.start(async move {
            let answer = question.await;
            self.answer.try_set(Some(answer));
        });
    }

    /// Stops asking, and forgets the answer.
    pub fn forget(self) {
        self.work.stop();
        self.answer.set(None);
    }

    /// Whether an answer is waited for.
    pub fn running(self) -> bool {
        self.work.running()
    }

    /// Looks at the answer, if there is one.
    pub fn with<R>(self, look: impl FnOnce(Option<&Result<T, Failure>>) -> R) -> R {
        self.answer.with(|answer| look(answer.as_ref()))
    }

    /// The answer, the failure, what waits, or that it was stopped.
    pub fn show(self, what: &'static str, again: Callback<()>, view: fn(&T) -> AnyView) -> impl IntoView {
        self.show_with(what, again, view)
    }

    /// The same, for a view that needs more than the answer.
    pub fn show_with(
        self,
        what: &'static str,
        again: Callback<()>,
        view: impl Fn(&T) -> AnyView + Send + 'static,
    ) -> impl IntoView {
        let work = self.work;
        // On the server nothing has been asked: it waits, as the browser does at first.
        let asked = RwSignal::new(false);
        Effect::new(move |_| asked.set(true));
        move || {
            self.answer.with(|answer| match answer {
                Some(Ok(found)) => view(found),
                Some(Err(failure)) => failed(failure.clone(), again),
                None if work.running() || !asked.get() => {
                    view! { <Waiting what on_stop=Callback::new(move |()| work.stop()) /> }.into_any()
                }
                None => stopped(again),
            })
        }
    }
}

fn again_button(again: Callback<()>) -> impl IntoView {
    view! {
        <p class="problem-actions">
            <button type="button" class="button small" on:click=move |_| again.run(())>
                {common::TRY_AGAIN}
            </button>
        </p>
    }
}

fn failed(failure: Failure, again: Callback<()>) -> AnyView {
    view! {
        <Problem failure=Some(failure) />
        {again_button(again)}
    }
    .into_any()
}

fn stopped(again: Callback<()>) -> AnyView {
    view! {
        <p class="note" role="status">
            {common::STOPPED}
        </p>
        {again_button(again)}
    }
    .into_any()
}

/// What waits says so; when it lasts, for how long, and how to stop it.
#[component]
pub fn Waiting(#[prop(into)] what: Signal<String>, #[prop(optional)] on_stop: Option<Callback<()>>) -> impl IntoView {
    let seconds = seconds_since_now();
    let long = Memo::new(move |_| seconds.get() >= LONG);
    view! {
        <div class="waiting">
            <span class="spinner" aria-hidden="true"></span>
            <span role="status">{move || what.get()}</span>
            {move || {
                long.get()
                    .then(|| {
                        view! {
                            <span class="note">{move || common::running_for(seconds.get())}</span>
                            {on_stop
                                .map(|stop| {
                                    view! {
                                        <button type="button" class="button small" on:click=move |_| stop.run(())>
                                            {common::STOP}
                                        </button>
                                    }
                                })}
                        }
                    })
            }}
        </div>
    }
}

/// What waits for a dialog's content: a sign in the middle of the page, if it lasts.
#[component]
pub fn Opening(on_close: Callback<()>) -> impl IntoView {
    view! {
        <div class="opening">
            <Waiting what=common::LOADING on_stop=on_close />
        </div>
    }
}

/// Counts the seconds from now on, in the browser.
pub fn seconds_since_now() -> RwSignal<u64> {
    let seconds = RwSignal::new(0u64);
    Effect::new(move |_| every(Duration::from_secs(1), move || seconds.update(|seconds| *seconds += 1)));
    seconds
}

/// Ticks until the effect that it is called in runs again, or its component goes.
pub fn every(period: Duration, tick: impl Fn() + 'static) {
    if let Ok(timer) = set_interval_with_handle(tick, period) {
        on_cleanup(move || timer.clear());
    }
}
