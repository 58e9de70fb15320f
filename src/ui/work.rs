//! Asynchronous work: the one way in which pages wait for something. One task runs at a time, is
//! visible, and can be stopped: dropping its request also cancels its work on the server and in the
//! warehouse. Debouncing of typing uses Leptos's own `debounce`.

use std::time::Duration;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

use super::problem::Problem;
use super::texts::common;
use crate::error::ApiError;

/// From this many seconds on, the time is shown, and a button to stop.
const LONG: u64 = 2;

/// A slot for one running task. It is stopped when its component is removed, and when the next task
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

    /// Whether a task is running.
    pub fn running(self) -> bool {
        self.running.get()
    }

    /// Starts a task, in the browser; the one that runs here already is stopped.
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

    /// Stops the task.
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

/// A request to the server and its response.
pub struct Loader<T: 'static> {
    answer: RwSignal<Option<Result<T, ApiError>>>,
    work: Work,
}

impl<T> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loader<T> {}

impl<T: Send + Sync + 'static> Loader<T> {
    pub fn new() -> Self {
        Self { answer: RwSignal::new(None), work: Work::new() }
    }

    /// Sends a request, and drops the previous response.
    pub fn load(self, request: impl Future<Output = Result<T, ApiError>> + 'static) {
        self.answer.set(None);
        self.renew(request);
    }

    /// Sends a request, and keeps the previous response until the next one arrives.
    pub fn renew(self, request: impl Future<Output = Result<T, ApiError>> + 'static) {
        self.work.start(async move {
            let answer = request.await;
            self.answer.try_set(Some(answer));
        });
    }

    /// Cancels the request, and drops the response.
    pub fn forget(self) {
        self.work.stop();
        self.answer.set(None);
    }

    /// Whether a request is in flight.
    pub fn running(self) -> bool {
        self.work.running()
    }

    /// Reads the response, if there is one.
    pub fn with<R>(self, look: impl FnOnce(Option<&Result<T, ApiError>>) -> R) -> R {
        self.answer.with(|answer| look(answer.as_ref()))
    }

    /// The response, the error, the waiting state, or that it was stopped.
    pub fn show(self, what: &'static str, again: Callback<()>, view: fn(&T) -> AnyView) -> impl IntoView {
        self.show_with(what, again, view)
    }

    /// The same, for a view that needs more than the response.
    pub fn show_with(
        self,
        what: &'static str,
        again: Callback<()>,
        view: impl Fn(&T) -> AnyView + Send + 'static,
    ) -> impl IntoView {
        let work = self.work;
        // On the server nothing was requested: it shows the waiting state, as the browser does at
        // first.
        let is_mounted = RwSignal::new(false);
        Effect::new(move |_| is_mounted.set(true));
        move || {
            self.answer.with(|answer| match answer {
                Some(Ok(found)) => view(found),
                Some(Err(error)) => failed(error.clone(), again),
                None if work.running() || !is_mounted.get() => {
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

fn failed(error: ApiError, again: Callback<()>) -> AnyView {
    view! {
        <Problem error=Some(error) />
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

/// The waiting state; after a while with the time, and a button to stop.
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

/// The waiting state of a dialog: a sign in the middle of the page, after a while.
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

/// Ticks until the effect around it runs again, or its component is removed.
pub fn every(period: Duration, tick: impl Fn() + 'static) {
    if let Ok(timer) = set_interval_with_handle(tick, period) {
        on_cleanup(move || timer.clear());
    }
}
