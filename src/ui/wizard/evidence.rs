//! What the data say of the joins as they stand: match rate, uniqueness, the largest fan-out. Asked by itself where that is free, else when the price is
//! agreed to. A join that multiplies rows waits for a person's word.

use std::time::Duration;

use leptos::prelude::*;

use super::State;
use crate::domain::dataset::{DatasetConfig, Join, JoinKey, OnDuplicates};
use crate::domain::joins::{JoinFacts, Shares, VerifyEstimate};
use crate::domain::name::SourceName;
use crate::error::Failure;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::wizard as texts;

/// What is known of the joins.
#[derive(Clone, Copy, Default)]
pub struct Weighing {
    pub facts: RwSignal<Vec<JoinFacts>>,
    /// What finding out the rest would take; `None` where all is known or free.
    pub open: RwSignal<Option<VerifyEstimate>>,
    pub pending: RwSignal<bool>,
    pub failure: RwSignal<Option<Failure>>,
    /// Joins whose fan-out a person wants as it is.
    pub agreed: RwSignal<Vec<(SourceName, Vec<JoinKey>)>>,
}

impl Weighing {
    /// What the data say of a join with just these keys.
    pub fn of(&self, join: &Join) -> Option<JoinFacts> {
        self.facts.with(|facts| facts.iter().find(|known| known.table.same_as(&join.table) && known.on == join.on).cloned())
    }

    /// The most rows that one key of a join finds, where they multiply and nobody has said that they may.
    fn fan_out(&self, state: State, join: &Join) -> Option<u64> {
        if join.on_duplicates == OnDuplicates::OneRow {
            return None;
        }
        let most = self.of(join)?.shares?.largest_fan_out;
        let agreed = || self.agreed.with(|agreed| agreed.iter().any(|(name, on)| name.same_as(&join.table) && *on == join.on));
        // What was saved so has been wanted so.
        let saved = || state.before.with_value(|before| before.config.join_of(&join.table) == Some(join));
        (most > 1 && !agreed() && !saved()).then_some(most)
    }

    /// Joins that multiply rows without a person's word.
    pub fn fan_outs(&self, state: State) -> Vec<(SourceName, u64)> {
        state.draft.with(|draft| {
            let joins = draft.config.join_config.iter();
            joins.filter_map(|join| Some((join.table.clone(), self.fan_out(state, join)?))).collect()
        })
    }
}

/// The joins that can be asked about: those that have keys, where nothing is wrong with any.
fn asked(state: State) -> Vec<(SourceName, Vec<JoinKey>)> {
    let sound = state.is_loaded()
        && state
            .faults
            .with(|faults| !faults.iter().any(|fault| fault.path.starts_with("join_config") && !fault.path.ends_with("].on")));
    if !sound {
        return vec![];
    }
    state.draft.with(|draft| {
        let joins = draft.config.join_config.iter().filter(|join| !join.on.is_empty());
        joins.map(|join| (join.table.clone(), join.on.clone())).collect()
    })
}

/// Asks whenever other keys are chosen, where that costs nothing; else it learns the price. An answer about other keys is dropped.
pub fn keep_weighed(state: State) {
    let joins = Memo::new(move |_| asked(state));
    let Weighing { facts, open, .. } = state.weighing;
    Effect::new(move |_| {
        state.again.track();
        let mine = joins.get();
        open.set(None);
        let all_known = facts.with_untracked(|facts| {
            mine.iter()
                .all(|(name, on)| facts.iter().any(|known| known.table == *name && known.on == *on && known.shares.is_some()))
        });
        if mine.is_empty() || all_known {
            return;
        }
        set_timeout(
            move || {
                if joins.try_get_untracked().as_ref() == Some(&mine) {
                    leptos::task::spawn_local(weigh(state, false));
                }
            },
            Duration::from_millis(500),
        );
    });
}

/// Asks the data about the joins as they stand.
async fn weigh(state: State, agreed: bool) {
    let weighing = state.weighing;
    let Some(config) = state.draft.try_with_untracked(|draft| draft.config.clone()) else { return };
    weighing.pending.set(true);
    let answer = rpc::weigh_joins(state.model_id, config.clone(), agreed).await;
    // The wizard may be closed by now, or the keys others.
    if weighing.pending.try_set(false).is_some()
        || state.draft.try_with_untracked(|draft| draft.config.join_config == config.join_config) != Some(true)
    {
        return;
    }
    match answer {
        Ok(found) => {
            weighing.failure.set(None);
            weighing.open.set(found.open.price_usd.filter(|usd| *usd > 0.0).map(|_| found.open));
            weighing.facts.set(found.joins);
        }
        Err(failure) => {
            state.heard(&failure);
            // Nobody asked: what cannot be weighed is no fault of the person's.
            if agreed {
                weighing.failure.set(Some(failure));
            }
        }
    }
}

/// Asks the data about all joins, those that are only suggested among them; the price first, where there is one.
#[component]
pub fn VerifyJoins(state: State) -> impl IntoView {
    let weighing = state.weighing;
    let price = RwSignal::new(None::<VerifyEstimate>);
    let is_open = move || state.draft.with_untracked(|draft| draft.config.join_config.iter().any(|join| join.on.is_empty()));
    let verify = Action::new(move |agreed: &bool| {
        let agreed = *agreed;
        let tables = state.draft.with_untracked(|draft| table_names(&draft.config));
        async move {
            weighing.failure.set(None);
            if !agreed {
                let mut total = weighing.open.get_untracked().unwrap_or_default();
                if is_open() {
                    match rpc::estimate_joins(state.model_id, tables.clone()).await {
                        Ok(estimate) => total = sum(total, estimate),
                        Err(failure) => return weighing.failure.set(Some(failure)),
                    }
                }
                if total.price_usd.is_some_and(|usd| usd > 0.0) {
                    return price.set(Some(total));
                }
            }
            price.set(None);
            if is_open() {
                match rpc::detect_joins(state.model_id, tables.clone(), true).await {
                    Ok(found) if state.draft.with_untracked(|draft| table_names(&draft.config)) == tables => {
                        state.suggestions.joins.set(Some(found));
                    }
                    Ok(_) => {}
                    Err(failure) => {
                        state.heard(&failure);
                        return weighing.failure.set(Some(failure));
                    }
                }
            }
            weigh(state, true).await;
        }
    });
    let words = move || match (verify.pending().get(), price.get().or(weighing.open.get())) {
        (true, _) => texts::LOOKING_AT_KEYS.to_owned(),
        (false, Some(estimate)) => texts::run_for(estimate.bytes, estimate.upper_bound, estimate.price_usd.unwrap_or_default()),
        (false, None) => texts::VERIFY.to_owned(),
    };
    view! {
        <button
            type="button"
            class="button small"
            aria-label=move || format!("{}: {}", texts::VERIFY, words())
            disabled=move || verify.pending().get() || weighing.pending.get()
            on:click=move |_| {
                // A price that stands on the button is agreed to by pressing it.
                verify.dispatch(price.with_untracked(Option::is_some) || (!is_open() && weighing.open.with_untracked(Option::is_some)));
            }
        >
            {words}
        </button>
        <Problem failure=weighing.failure />
    }
}

fn sum(one: VerifyEstimate, other: VerifyEstimate) -> VerifyEstimate {
    let add = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(a + b.unwrap_or_default()));
    VerifyEstimate {
        pairs: one.pairs + other.pairs,
        queries: one.queries + other.queries,
        bytes: one.bytes.map_or(other.bytes, |a| Some(a.saturating_add(other.bytes.unwrap_or_default()))),
        price_usd: add(one.price_usd, other.price_usd),
        upper_bound: one.upper_bound || other.upper_bound,
    }
}

/// What the data say of a join, where it stands.
#[component]
pub fn JoinEvidence(state: State, name: StoredValue<SourceName>) -> impl IntoView {
    let weighing = state.weighing;
    let join = Memo::new(move |_| state.draft.with(|d| name.with_value(|name| d.config.join_of(name).cloned())));
    let facts = Memo::new(move |_| join.get().and_then(|join| weighing.of(&join)));
    let fan_out = Memo::new(move |_| join.get().and_then(|join| weighing.fan_out(state, &join)));
    let one_row = move |_| {
        state.edit(|draft| name.with_value(|name| draft.edit_join(name, |join| join.on_duplicates = OnDuplicates::OneRow)))
    };
    let keep = move |_| {
        if let Some(join) = join.get_untracked() {
            weighing.agreed.update(|agreed| agreed.push((join.table, join.on)));
        }
    };
    let said = move || match facts.get() {
        Some(JoinFacts { shares: Some(shares), .. }) => view! { <p class="evidence">{said(&shares)}</p> }.into_any(),
        Some(JoinFacts { error: Some(reason), .. }) => view! { <p class="note">{reason}</p> }.into_any(),
        _ => ().into_any(),
    };
    let asked = move || {
        let most = fan_out.get()?;
        let shares = facts.get()?.shares?;
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
    view! { {said} {asked} }
}

/// `99.7 % of rows find a partner · all 38,021 keys found · the key is unique · at most 1 partner a row`.
pub fn said(shares: &Shares) -> String {
    let mut parts = vec![];
    parts.extend(shares.matched_rows.map(texts::rows_match));
    parts.push(texts::keys_found(shares.left_keys_found, shares.left_keys));
    parts.push(texts::uniqueness(shares.uniqueness));
    parts.push(texts::partners(shares.largest_fan_out));
    parts.push(texts::rows_become(shares.left_rows, shares.rows_after));
    parts.join(" · ")
}

/// The names of the dataset's tables, as the server is asked about them.
pub fn table_names(config: &DatasetConfig) -> Vec<String> {
    config.tables().into_iter().map(ToString::to_string).collect()
}
