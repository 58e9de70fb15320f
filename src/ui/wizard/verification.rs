//! Verification of the current joins with the data: match rate, uniqueness, the largest fan-out.
//! Runs by itself if that is free, otherwise when the price is agreed to. A join that multiplies
//! rows needs a person's confirmation.

use std::ops::Add;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use super::State;
use super::edit::Edit;
use crate::domain::cost::Estimate;
use crate::domain::dataset::{DatasetConfig, OnDuplicates};
use crate::domain::joins::{JoinStatistics, Shares};
use crate::domain::name::SourceName;
use crate::error::ApiError;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::wizard as texts;
use crate::ui::work::Work;

/// The verification of the joins. It belongs to the wizard: what was paid for continues when the
/// step is left.
#[derive(Clone, Copy)]
pub struct Verification {
    /// What runs by itself, because it is free.
    checking: Work,
    /// What runs on request.
    verifying: Work,
    /// What verifying the joins that have keys would cost; `None` if all are verified or it is
    /// free.
    open: RwSignal<Option<Estimate>>,
    /// The price of the request, until it is agreed to.
    price: RwSignal<Option<Estimate>>,
    error: RwSignal<Option<ApiError>>,
}

impl Verification {
    pub fn new() -> Self {
        Self {
            checking: Work::new(),
            verifying: Work::new(),
            open: RwSignal::new(None),
            price: RwSignal::new(None),
            error: RwSignal::new(None),
        }
    }

    /// Verifies the joins that have keys. Nothing that costs is run, unless it is agreed to.
    async fn verify_keys(self, state: State, agreed: bool) {
        let config = state.peek(|edit| edit.draft().config.clone());
        let answer = rpc::verify_joins(state.model_id, config.clone(), agreed).await;
        match answer {
            Ok(found) => {
                if state.apply(|edit| edit.joins_verified(&config.join_config, found.joins)) == Some(true) {
                    self.error.set(None);
                    self.open.set(Some(found.open.estimate).filter(is_paid));
                }
            }
            Err(error) => {
                state.report(&error);
                // This was not requested: a join that cannot be verified is not an error.
                if agreed {
                    self.error.set(Some(error));
                }
            }
        }
    }

    /// Verifies all joins, including suggested ones; shows the price first, if there is one.
    fn verify(self, state: State, agreed: bool) {
        self.verifying.start(async move {
            self.error.set(None);
            if let Err(error) = self.verify_all(state, agreed).await {
                state.report(&error);
                self.error.set(Some(error));
            }
        });
    }

    async fn verify_all(self, state: State, agreed: bool) -> Result<(), ApiError> {
        let tables = state.peek(|edit| table_names(&edit.draft().config));
        let has_open = state.peek(Edit::has_open_joins);
        if !agreed {
            let suggested = match has_open {
                true => Some(rpc::estimate_joins(state.model_id, tables.clone()).await?.estimate),
                false => None,
            };
            let parts = || self.open.get_untracked().into_iter().chain(suggested);
            if parts().any(|part| is_paid(&part)) {
                self.price.set(parts().reduce(Add::add));
                return Ok(());
            }
        }
        self.price.set(None);
        if has_open {
            let found = rpc::detect_joins(state.model_id, tables.clone(), true).await?;
            if state.peek(|edit| table_names(&edit.draft().config)) == tables {
                state.suggestions().joins_found(found);
            }
        }
        self.verify_keys(state, true).await;
        Ok(())
    }
}

/// Verifies whenever the keys change, if that costs nothing; otherwise requests the price. A
/// response for other keys is dropped.
pub fn keep_verified(state: State) {
    let verification = state.verification();
    let joins = Memo::new(move |_| state.read(Edit::verifiable_joins));
    let tables = Memo::new(move |_| state.draft().with(|draft| table_names(&draft.config)));
    let mut check = debounce(Duration::from_millis(500), move |()| {
        verification.checking.start(verification.verify_keys(state, false));
    });
    Effect::new(move |_| {
        state.track_retries();
        verification.open.set(None);
        let is_known = joins.with(|joins| state.peek(|edit| edit.is_verified(joins)));
        if !is_known {
            check(());
        }
    });
    // A price is for the joins that it was requested for.
    Effect::new(move |_| {
        joins.track();
        tables.track();
        verification.price.set(None);
    });
}

/// The button that verifies all joins.
#[component]
pub fn VerifyJoins(state: State) -> impl IntoView {
    let Verification { checking, verifying, open, price, error } = state.verification();
    let words = move || match (verifying.running(), price.get().or(open.get())) {
        (true, _) => texts::LOOKING_AT_KEYS.to_owned(),
        (false, Some(estimate)) => texts::run_for(&estimate),
        (false, None) => texts::VERIFY.to_owned(),
    };
    let verify = move |_| {
        // Clicking a button that shows a price agrees to it.
        let is_open = open.with_untracked(Option::is_some) && !state.peek(Edit::has_open_joins);
        state.verification().verify(state, price.with_untracked(Option::is_some) || is_open);
    };
    view! {
        <button
            type="button"
            class="button small"
            aria-label=move || format!("{}: {}", texts::VERIFY, words())
            disabled=move || verifying.running() || checking.running()
            on:click=verify
        >
            {words}
        </button>
        <Problem error />
    }
}

fn is_paid(estimate: &Estimate) -> bool {
    estimate.price_usd.is_some_and(|usd| usd > 0.0)
}

/// The statistics of a join, beside it.
#[component]
pub fn JoinStatisticsView(state: State, name: StoredValue<SourceName>) -> impl IntoView {
    let statistics = Memo::new(move |_| state.read(|edit| name.with_value(|name| edit.join_statistics(name).cloned())));
    let fan_out = Memo::new(move |_| state.read(|edit| name.with_value(|name| edit.fan_out(name))));
    let one_row = move |_| {
        state.edit(|draft| name.with_value(|name| draft.edit_join(name, |join| join.on_duplicates = OnDuplicates::OneRow)))
    };
    let keep = move |_| {
        state.apply(|edit| name.with_value(|name| edit.accept_fan_out(name)));
    };
    let summary = move || match statistics.get() {
        Some(JoinStatistics { shares: Some(shares), .. }) => view! { <p class="evidence">{formatted(&shares)}</p> }.into_any(),
        Some(JoinStatistics { error: Some(reason), .. }) => view! { <p class="note">{reason}</p> }.into_any(),
        _ => ().into_any(),
    };
    let fan_out_warning = move || {
        let most = fan_out.get()?;
        let shares = statistics.get()?.shares?;
        Some(view! {
            <div class="fan-out" role="alert">
                <p>{texts::fan_out(name.get_value().as_str(), most, shares.left_rows, shares.rows_after)}</p>
                <p class="problem-actions">
                    <button type="button" class="button small" on:click=one_row>{texts::ONE_ROW_A_KEY}</button>
                    <button type="button" class="button small" on:click=keep>{texts::KEEP_ALL_ROWS}</button>
                </p>
            </div>
        })
    };
    view! { {summary} {fan_out_warning} }
}

/// `99.7 % of rows find a partner · the key is unique · at most 1 partner a row`.
pub fn formatted(shares: &Shares) -> String {
    let mut parts = vec![];
    parts.extend(shares.matched_rows.map(texts::rows_match));
    parts.push(texts::keys_found(shares.left_keys_found, shares.left_keys));
    parts.push(texts::uniqueness(shares.uniqueness));
    parts.push(texts::partners(shares.largest_fan_out));
    parts.push(texts::rows_become(shares.left_rows, shares.rows_after));
    parts.join(" · ")
}

/// The names of the dataset's tables, as in requests to the server.
pub fn table_names(config: &DatasetConfig) -> Vec<String> {
    config.tables().into_iter().map(ToString::to_string).collect()
}
