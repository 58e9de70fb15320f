//! What the filters do, asked of the warehouse while they are chosen: by itself, 500 ms after the last change, where reading is free; where it is
//! billed, the price first, and the run by a click. An answer to an older question is dropped, and what runs for it is stopped (G-85).

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::{IntervalHandle, TimeoutHandle};
use leptos::prelude::*;
use leptos::reactive::actions::ActionAbortHandle;

use super::super::State;
use crate::domain::dataset::DatasetConfig;
use crate::domain::effect::{EffectAnswer, FilterEffect, same_as_of, same_for_customers, same_for_products};
use crate::error::Failure;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::filters as t;

const PAUSE: Duration = Duration::from_millis(500);

/// What was found, and of which config.
#[derive(Clone)]
pub struct Found {
    pub config: Arc<DatasetConfig>,
    pub effect: Arc<FilterEffect>,
    said: Arc<str>,
}

/// How far what was found last is true of the config as it stands.
#[derive(Clone, Copy, PartialEq, Default)]
pub struct Fits {
    pub as_of: bool,
    pub products: bool,
    pub customers: bool,
    pub all: bool,
}

#[derive(Clone, Copy)]
pub struct Asking {
    /// The last answer, which may be of an older config: see [`Asking::fits`].
    pub found: RwSignal<Option<Found>>,
    pub fits: Memo<Fits>,
    /// Every field is right.
    pub sound: Memo<bool>,
    config: Memo<DatasetConfig>,
    /// What counting costs, said.
    price: RwSignal<Option<String>>,
    failure: RwSignal<Option<Failure>>,
    stopped: RwSignal<bool>,
    action: Action<(DatasetConfig, bool), ()>,
    running: StoredValue<Option<ActionAbortHandle>>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Asking {
    /// Asks from now on, for as long as the step is shown.
    pub fn start(state: State) -> Self {
        let config = Memo::new(move |_| state.draft().with(|draft| draft.config.clone()));
        let sound =
            Memo::new(move |_| state.is_loaded() && state.faults().with(|faults| faults.iter().all(|f| f.path == "name")));
        let found = RwSignal::new(None::<Found>);
        let fits = Memo::new(move |_| {
            config.with(|config| {
                found.with(|found| match found {
                    Some(found) => Fits {
                        as_of: same_as_of(&found.config, config),
                        products: same_for_products(&found.config, config),
                        customers: same_for_customers(&found.config, config),
                        all: *found.config == *config,
                    },
                    None => Fits::default(),
                })
            })
        });
        let price = RwSignal::new(None::<String>);
        let failure = RwSignal::new(None);
        let stopped = RwSignal::new(false);
        let action = Action::new(move |(config, agreed): &(DatasetConfig, bool)| {
            let (config, agreed) = (config.clone(), *agreed);
            async move {
                let answer = rpc::filter_effect(state.model_id, config.clone(), agreed).await;
                // The step may be left by now.
                match answer {
                    Ok(EffectAnswer::Found { effect, cached, bytes, price_usd, .. }) => {
                        let said = said(&effect, cached, bytes, price_usd);
                        price.try_set(None);
                        found.try_set(Some(Found { config: config.into(), effect: effect.into(), said }));
                    }
                    Ok(EffectAnswer::Asks { bytes, price_usd, upper_bound }) => {
                        price.try_set(Some(t::asks(bytes, price_usd, upper_bound)));
                    }
                    Err(error) => {
                        failure.try_set(Some(error));
                    }
                }
            }
        });
        let running = StoredValue::new(None);
        let timer = StoredValue::new(None);
        let asking = Self { found, fits, sound, config, price, failure, stopped, action, running, timer };
        Effect::new(move |_| {
            // Whatever changes: what was asked before is not wanted any more.
            config.track();
            asking.stop();
            stopped.set(false);
            failure.set(None);
            price.set(None);
            if sound.get() && !fits.get_untracked().all {
                timer.set_value(set_timeout_with_handle(move || asking.ask(false), PAUSE).ok());
            }
        });
        on_cleanup(move || asking.stop());
        asking
    }

    /// Asks now. `agreed`: whatever it costs.
    fn ask(self, agreed: bool) {
        self.stop();
        self.stopped.set(false);
        self.failure.set(None);
        let Some(config) = self.config.try_get_untracked() else { return };
        self.running.set_value(Some(self.action.dispatch((config, agreed))));
    }

    /// Drops what is waited for; the server stops its query when nobody waits.
    fn stop(self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
        if let Some(Some(running)) = self.running.try_update_value(Option::take) {
            running.abort();
        }
    }

    /// What was found, where what stands before the filter on products is as it was; and so on.
    pub fn fitting(self, part: fn(&Fits) -> bool) -> Signal<bool> {
        Signal::derive(move || self.fits.with(part))
    }
}

/// How much is left, and how that was found.
fn said(effect: &FilterEffect, cached: bool, bytes: Option<u64>, price_usd: Option<f64>) -> Arc<str> {
    let how = t::counted_how(cached, bytes, price_usd);
    match (effect.stages.first(), effect.stages.last()) {
        (Some(source), Some(left)) => format!("{} · {how}", t::rows_left(left.rows, source.rows)).into(),
        _ => how.into(),
    }
}

/// What is going on, and the buttons that start and stop it.
pub fn status(asking: Asking) -> AnyView {
    let pending = asking.action.pending();
    let seconds = RwSignal::new(0u32);
    count_seconds(pending.into(), seconds);
    let said = move || {
        if !asking.sound.get() {
            return view! { <span class="note">{t::NOT_SOUND}</span> }.into_any();
        }
        if pending.get() {
            return view! {
                <span class="spinner" aria-hidden="true"></span>
                <span>{t::COUNTING}</span>
                <button
                    type="button"
                    class="button small"
                    on:click=move |_| {
                        asking.stop();
                        asking.stopped.set(true);
                    }
                >
                    {t::STOP}
                </button>
                // Behind the button, which a longer number does not move.
                {move || (seconds.get() >= 2).then(|| view! { <span class="note">{t::seconds(seconds.get())}</span> })}
            }
            .into_any();
        }
        if let Some(costs) = asking.price.get() {
            return view! {
                <span>{costs}</span>
                <button type="button" class="button small primary" on:click=move |_| asking.ask(true)>
                    {t::COUNT}
                </button>
            }
            .into_any();
        }
        if asking.stopped.get() || asking.failure.with(Option::is_some) {
            return view! {
                <span class="note">{move || asking.stopped.get().then_some(t::STOPPED)}</span>
                <button type="button" class="button small" on:click=move |_| asking.ask(false)>
                    {t::COUNT_AGAIN}
                </button>
            }
            .into_any();
        }
        let said = move || asking.found.with(|found| found.as_ref().map(|found| found.said.to_string()));
        view! { <span class="note">{said}</span> }.into_any()
    };
    let failure = asking.failure;
    view! {
        <div class="effect-status">
            <div class="effect-said" role="status">
                {said}
            </div>
            <Problem failure />
        </div>
    }
    .into_any()
}

fn count_seconds(pending: Signal<bool>, seconds: RwSignal<u32>) {
    let timer = StoredValue::new(None::<IntervalHandle>);
    let stop = move || {
        if let Some(Some(timer)) = timer.try_update_value(Option::take) {
            timer.clear();
        }
    };
    Effect::new(move |_| {
        stop();
        seconds.set(0);
        if pending.get() {
            let tick = move || {
                seconds.try_update(|seconds| *seconds += 1);
            };
            timer.set_value(set_interval_with_handle(tick, Duration::from_secs(1)).ok());
        }
    });
    on_cleanup(stop);
}
