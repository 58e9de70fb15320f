//! Filter impact, computed during editing: by itself, 500 ms after the last change, if reading is
//! free; if it is metered, the price first, and the run by a click. A run for an older config is
//! stopped, so that the numbers shown belong to one config.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use super::super::State;
use crate::domain::cost::Cost;
use crate::domain::dataset::DatasetConfig;
use crate::domain::impact::{FilterImpact, ImpactAnswer, same_as_of, same_for_customers, same_for_products};
use crate::error::ApiError;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::filters as t;
use crate::ui::work::{Work, seconds_since_now};

const PAUSE: Duration = Duration::from_millis(500);

/// A result, with its config.
#[derive(Clone)]
pub struct Found {
    pub config: Arc<DatasetConfig>,
    pub impact: Arc<FilterImpact>,
    summary: Arc<str>,
}

/// Which parts of the last result are valid for the current config.
#[derive(Clone, Copy, PartialEq, Default)]
pub struct Fits {
    pub as_of: bool,
    pub products: bool,
    pub customers: bool,
    pub all: bool,
}

#[derive(Clone, Copy)]
pub struct Impact {
    model_id: i64,
    /// The last result, which may be for an older config: see [`Impact::fits`].
    pub found: RwSignal<Option<Found>>,
    pub fits: Memo<Fits>,
    /// Every field is valid.
    pub sound: Memo<bool>,
    config: Memo<DatasetConfig>,
    /// What counting costs, formatted.
    price: RwSignal<Option<String>>,
    error: RwSignal<Option<ApiError>>,
    stopped: RwSignal<bool>,
    work: Work,
}

impl Impact {
    /// Starts requesting, for as long as the step is shown.
    pub fn start(state: State) -> Self {
        let config = Memo::new(move |_| state.draft().with(|draft| draft.config.clone()));
        let sound =
            Memo::new(move |_| state.is_loaded() && state.errors().with(|errors| errors.iter().all(|f| f.path == "name")));
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
        let error = RwSignal::new(None);
        let stopped = RwSignal::new(false);
        let impact = Self { model_id: state.model_id, found, fits, sound, config, price, error, stopped, work: Work::new() };
        let wanted = move || sound.get() && !fits.get_untracked().all;
        let mut request_soon = debounce(PAUSE, move |()| {
            // The config may be invalid by now, or counted already.
            if untrack(wanted) {
                impact.request(false);
            }
        });
        Effect::new(move |_| {
            // After any change the previous request is obsolete.
            config.track();
            impact.work.stop();
            stopped.set(false);
            error.set(None);
            price.set(None);
            if wanted() {
                request_soon(());
            }
        });
        impact
    }

    /// Requests now. `agreed`: at any cost.
    fn request(self, agreed: bool) {
        self.stopped.set(false);
        self.error.set(None);
        let (model_id, config) = (self.model_id, self.config.get_untracked());
        self.work.start(async move {
            match rpc::filter_impact(model_id, config.clone(), agreed).await {
                Ok(ImpactAnswer::Found { impact, cached, cost, .. }) => {
                    let summary = summary(&impact, cached, cost);
                    self.price.set(None);
                    self.found.set(Some(Found { config: config.into(), impact: impact.into(), summary }));
                }
                Ok(ImpactAnswer::NeedsConsent(estimate)) => self.price.set(Some(t::count_cost(&estimate))),
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    fn stop(self) {
        self.work.stop();
        self.stopped.set(true);
    }

    /// Whether a part of the last result, such as the products' chart, fits the current config.
    pub fn fitting(self, part: fn(&Fits) -> bool) -> Signal<bool> {
        Signal::derive(move || self.fits.with(part))
    }
}

/// How much is left, and how that was computed.
fn summary(impact: &FilterImpact, cached: bool, cost: Cost) -> Arc<str> {
    let how = t::counted_how(cached, cost);
    match (impact.stages.first(), impact.stages.last()) {
        (Some(source), Some(left)) => format!("{} · {how}", t::rows_left(left.rows, source.rows)).into(),
        _ => how.into(),
    }
}

/// The current activity, and buttons to start and stop it.
#[component]
pub fn ImpactStatus(impact: Impact) -> impl IntoView {
    let content = move || {
        if !impact.sound.get() {
            return view! { <span class="note">{t::NOT_SOUND}</span> }.into_any();
        }
        if impact.work.running() {
            return view! { <Counting impact /> }.into_any();
        }
        if let Some(costs) = impact.price.get() {
            return view! {
                <span>{costs}</span>
                <button type="button" class="button small primary" on:click=move |_| impact.request(true)>
                    {t::COUNT}
                </button>
            }
            .into_any();
        }
        if impact.stopped.get() || impact.error.with(Option::is_some) {
            return view! {
                <span class="note">{move || impact.stopped.get().then_some(t::STOPPED)}</span>
                <button type="button" class="button small" on:click=move |_| impact.request(false)>
                    {t::COUNT_AGAIN}
                </button>
            }
            .into_any();
        }
        let summary = move || impact.found.with(|found| found.as_ref().map(|found| found.summary.to_string()));
        view! { <span class="note">{summary}</span> }.into_any()
    };
    view! {
        <div class="effect-status">
            <div class="effect-said" role="status">
                {content}
            </div>
            <Problem error=impact.error />
        </div>
    }
}

#[component]
fn Counting(impact: Impact) -> impl IntoView {
    let seconds = seconds_since_now();
    view! {
        <span class="spinner" aria-hidden="true"></span>
        <span>{t::COUNTING}</span>
        <button type="button" class="button small" on:click=move |_| impact.stop()>
            {t::STOP}
        </button>
        // Behind the button, so that a longer number does not move it.
        {move || (seconds.get() >= 2).then(|| view! { <span class="note">{t::seconds(seconds.get())}</span> })}
    }
}
