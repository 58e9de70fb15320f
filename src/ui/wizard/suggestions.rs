//! What is suggested: keys for joins, columns for roles. Offered with reasons, taken by a click; nothing is put into a dataset that nobody chose.

use std::collections::HashSet;

use leptos::prelude::*;

use super::State;
use crate::domain::dataset::{ColumnRef, DatasetConfig, JoinKey, Role};
use crate::domain::joins::{Confidence, DetectedJoin, JoinDetection, Shares, VerifyEstimate};
use crate::domain::name::{SourceName, TableName};
use crate::domain::roles::RoleSuggestions;
use crate::error::Failure;
use crate::rpc;
use crate::ui::format::{bytes, count, dollars, integer};
use crate::ui::layout::Problem;

/// A join of one of the dataset's tables to one before it.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedJoin {
    pub on: Vec<JoinKey>,
    pub confidence: Confidence,
    pub reasons: Vec<String>,
    /// The joined table is the one that refers: its rows multiply those before it.
    pub multiplies: bool,
    pub evidence: Option<Shares>,
    pub error: Option<String>,
}

/// The best join of a secondary to the tables before it: one of the tree first, then by score.
pub fn suggestion_for(config: &DatasetConfig, found: &[DetectedJoin], name: &SourceName) -> Option<SuggestedJoin> {
    let sources = config.sources();
    let own = sources.iter().position(|(source, _)| source.same_as(name))?;
    let table = sources[own].1;
    let mut best: Option<(bool, f64, SuggestedJoin)> = None;
    for join in found {
        let Some((other, multiplies)) = partner(&sources[..own], table, join) else { continue };
        let key = |pair: &crate::domain::joins::KeyPair| {
            let (left, right) = if multiplies { (&pair.right, &pair.left) } else { (&pair.left, &pair.right) };
            JoinKey { left: ColumnRef { table: other.clone(), column: left.clone() }, right: right.clone() }
        };
        let suggested = SuggestedJoin {
            on: join.join.on.iter().map(key).collect(),
            confidence: join.confidence,
            reasons: join.join.reasons.clone(),
            multiplies,
            evidence: join.evidence,
            error: join.error.clone(),
        };
        let better = best.as_ref().is_none_or(|(in_tree, score, _)| (join.in_tree, join.join.score) > (*in_tree, *score));
        if better {
            best = Some((join.in_tree, join.join.score, suggested));
        }
    }
    best.map(|(.., suggested)| suggested)
}

/// The source before that a detected join connects the table to, and whether the table is its referring side.
fn partner(before: &[(SourceName, &TableName)], table: &TableName, join: &DetectedJoin) -> Option<(SourceName, bool)> {
    let find = |wanted: &TableName| before.iter().find(|(_, table)| *table == wanted).map(|(name, _)| name.clone());
    if join.join.right == *table
        && let Some(left) = find(&join.join.left)
    {
        return Some((left, false));
    }
    (join.join.left == *table).then(|| find(&join.join.right)).flatten().map(|right| (right, true))
}

/// What the wizard knows of its tables' joins and roles.
#[derive(Clone, Copy, Default)]
pub struct Suggestions {
    pub joins: RwSignal<Option<JoinDetection>>,
    pub roles: RwSignal<RoleSuggestions>,
    pub failure: RwSignal<Option<Failure>>,
}

/// The dataset's tables, the primary first, each once.
fn tables_of(config: &DatasetConfig) -> Vec<String> {
    let mut seen = HashSet::new();
    config.sources().into_iter().filter(|(_, table)| seen.insert(*table)).map(|(_, table)| table.to_string()).collect()
}

/// Asks again whenever other tables are chosen: names and types alone, which costs nothing. An answer about other tables is dropped.
pub fn keep_suggested(state: State) {
    let tables = Memo::new(move |_| state.draft.with(|draft| tables_of(&draft.config)));
    Effect::new(move |_| {
        let asked = tables.get();
        if asked.is_empty() {
            return;
        }
        leptos::task::spawn_local(async move {
            let joins = rpc::detect_joins(state.model_id, asked.clone(), false).await;
            let roles = rpc::suggest_columns(state.model_id, asked.clone()).await;
            if tables.try_get_untracked().as_ref() != Some(&asked) {
                return;
            }
            // What could not be suggested is chosen by hand: a table that is broken says so where it is chosen.
            state.suggestions.joins.set(joins.ok());
            state.suggestions.roles.set(roles.unwrap_or_default());
        });
    });
}

/// Asks the data about the joins; the price first, where there is one.
#[component]
pub fn VerifyJoins(state: State) -> impl IntoView {
    let price = RwSignal::new(None::<VerifyEstimate>);
    let failure = state.suggestions.failure;
    let verify = Action::new(move |agreed: &bool| {
        let agreed = *agreed;
        let tables = state.draft.with_untracked(|draft| tables_of(&draft.config));
        async move {
            failure.set(None);
            if !agreed {
                match rpc::estimate_joins(state.model_id, tables.clone()).await {
                    Ok(estimate) if estimate.price_usd.is_some_and(|usd| usd > 0.0) => return price.set(Some(estimate)),
                    Ok(_) => {}
                    Err(error) => return failure.set(Some(error)),
                }
            }
            price.set(None);
            match rpc::detect_joins(state.model_id, tables.clone(), true).await {
                Ok(found) if state.draft.with_untracked(|draft| tables_of(&draft.config)) == tables => {
                    state.suggestions.joins.set(Some(found));
                }
                Ok(_) => {}
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let several = Memo::new(move |_| state.draft.with(|draft| !draft.config.secondary_tables.is_empty()));
    let words = move || match (verify.pending().get(), price.get()) {
        (true, _) => "Looking at the keys…".to_owned(),
        (false, Some(estimate)) => {
            let most = if estimate.upper_bound { "at most " } else { "" };
            let read = estimate.bytes.map(|read| format!("reads {most}{}, ", bytes(read))).unwrap_or_default();
            format!("Run: {read}{most}{}", dollars(estimate.price_usd.unwrap_or_default()))
        }
        (false, None) => "Verify with data".to_owned(),
    };
    let open = Memo::new(move |_| {
        let found = state.suggestions.joins.get();
        state.draft.with(|draft| {
            let empty = draft.config.join_config.iter().filter(|join| join.on.is_empty());
            let joins = found.as_ref().map(|found| found.settled.joins.as_slice()).unwrap_or_default();
            empty
                .filter_map(|join| Some((join.table.clone(), suggestion_for(&draft.config, joins, &join.table)?.on)))
                .collect::<Vec<_>>()
        })
    });
    let use_all = move |_| {
        let all = open.get_untracked();
        state.edit(|draft| all.into_iter().for_each(|(name, on)| draft.edit_join(&name, |join| join.on = on)));
    };
    view! {
        {move || {
            several
                .get()
                .then(|| {
                    view! {
                        <div class="suggest-bar">
                            {move || {
                                (open.with(Vec::len) > 1)
                                    .then(|| {
                                        view! {
                                            <button type="button" class="button small" on:click=use_all>
                                                {format!("Use all {} suggestions", open.with(Vec::len))}
                                            </button>
                                        }
                                    })
                            }}
                            <button
                                type="button"
                                class="button small"
                                disabled=verify.pending()
                                on:click=move |_| {
                                    verify.dispatch(price.with_untracked(Option::is_some));
                                }
                            >
                                {words}
                            </button>
                        </div>
                    }
                })
        }}
        <Problem failure />
    }
}

/// What is suggested for a join, and what the data say of it.
#[component]
pub fn JoinSuggestion(state: State, name: StoredValue<SourceName>) -> impl IntoView {
    let suggested = Memo::new(move |_| {
        let found = state.suggestions.joins.get()?;
        state.draft.with(|draft| name.with_value(|name| suggestion_for(&draft.config, &found.settled.joins, name)))
    });
    let on = Memo::new(move |_| {
        state.draft.with(|d| name.with_value(|name| d.config.join_of(name).map(|join| join.on.clone()))).unwrap_or_default()
    });
    let take = move |_| {
        if let Some(suggested) = suggested.get_untracked() {
            state.edit(|draft| name.with_value(|name| draft.edit_join(name, |join| join.on = suggested.on)));
        }
    };
    move || {
        let SuggestedJoin { on: keys, confidence, reasons, multiplies, evidence, error } = suggested.get()?;
        let is_used = on.with(|on| *on == keys);
        let is_open = on.with(Vec::is_empty);
        // A person who chose other keys is not told again.
        if !is_used && !is_open {
            return None;
        }
        let pairs: Vec<String> = keys.iter().map(|key| format!("{} = {}.{}", key.left, name.get_value(), key.right)).collect();
        // What the data say stands below in their own words.
        let reasons = reasons.into_iter().take(if evidence.is_some() { 1 } else { usize::MAX }).collect::<Vec<_>>().join(" ");
        let multiplied = multiplies.then_some("Each row before can find several: rows multiply.");
        Some(view! {
            <div class="suggestion" class:suggestion-open=is_open>
                <p>
                    <span class=format!("chip confidence-{}", confidence.word())>{format!("{} confidence", confidence.word())}</span>
                    {is_open
                        .then(|| {
                            view! {
                                <code>{pairs.join(" and ")}</code>
                                <button
                                    type="button"
                                    class="button small"
                                    aria-label=format!("Use the suggested keys of {}", name.get_value())
                                    on:click=take
                                >
                                    "Use"
                                </button>
                            }
                        })}
                </p>
                <p class="note">{reasons} {multiplied.map(|text| format!(" {text}"))}</p>
                {evidence.map(|shares| view! { <p class="evidence">{said(&shares)}</p> })}
                {error.map(|error| view! { <p class="field-error">{error}</p> })}
            </div>
        })
    }
}

/// `99.7 % of rows find a partner · all 38,021 keys found · the key is unique · at most 1 partner a row`.
fn said(shares: &Shares) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut parts = vec![];
    parts.extend(shares.matched_rows.map(|share| format!("{} of rows find a partner", percent(share))));
    parts.push(format!("{} of {} keys found", integer(shares.left_keys_found), integer(shares.left_keys)));
    parts.push(match shares.uniqueness {
        Some(1.0) => "unique on the other side".to_owned(),
        Some(share) => format!("not unique on the other side ({})", percent(share)),
        None => "no keys on the other side".to_owned(),
    });
    parts.push(format!("at most {} a row", count(shares.largest_fan_out as usize, "partner")));
    parts.push(format!("{} rows become {}", integer(shares.left_rows), integer(shares.rows_after)));
    parts.join(" · ")
}

/// The column that is suggested for a role that has none.
#[component]
pub fn RoleSuggestion(state: State, role: Role) -> impl IntoView {
    let offered = Memo::new(move |_| {
        state.draft.with(|draft| {
            if draft.config.column_mapping.get(role).is_some() {
                return None;
            }
            let choice = state.suggestions.roles.with(|roles| roles.get(&role).map(|suggested| suggested.choice.clone()))?;
            let source = draft.config.sources().into_iter().find(|(_, table)| **table == choice.table).map(|(name, _)| name)?;
            Some((ColumnRef { table: source, column: choice.column }, choice.reason))
        })
    });
    move || {
        offered.get().map(|(column, reason)| {
            let shown = column.to_string();
            view! {
                <button
                    type="button"
                    class="role-suggestion"
                    title=reason
                    on:click=move |_| state.edit(|draft| draft.map(role, Some(column.clone())))
                >
                    "Suggested: "
                    <code>{shown}</code>
                    <span class="for-readers">{format!(" for {}", role.word())}</span>
                </button>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found() -> Vec<DetectedJoin> {
        let join = |left: &str, on: (&str, &str), right: &str, score: f64, in_tree: bool| {
            json!({"left": format!("raw_data.{left}"), "right": format!("raw_data.{right}"), "on": [{"left": on.0, "right": on.1}],
                "score": score, "reasons": ["Named alike."], "type": "left", "confidence": "high", "in_tree": in_tree})
        };
        let all = [
            join("orders", ("buyer", "id"), "users", 0.7, true),
            join("orders", ("seller", "id"), "users", 0.8, false),
            join("users", ("parent", "id"), "users", 0.6, false),
        ];
        all.into_iter().map(|json| serde_json::from_value(json).unwrap()).collect()
    }

    fn config(primary: &str, secondaries: &[&str]) -> DatasetConfig {
        let mut draft = super::super::draft::Draft::default();
        draft.set_primary(format!("raw_data.{primary}").parse().unwrap());
        for table in secondaries {
            draft.add_secondary(format!("raw_data.{table}").parse().unwrap());
        }
        draft.config
    }

    fn text(suggested: Option<SuggestedJoin>) -> Option<(String, bool)> {
        suggested.map(|s| (format!("{} = {}", s.on[0].left, s.on[0].right), s.multiplies))
    }

    #[test]
    fn a_join_of_the_tree_is_suggested_before_a_better_one() {
        let config = config("orders", &["users"]);
        let name = "users".parse().unwrap();
        assert_eq!(text(suggestion_for(&config, &found(), &name)), Some(("orders.buyer = id".into(), false)));
    }

    #[test]
    fn from_the_other_side_the_rows_multiply() {
        let config = config("users", &["orders"]);
        let name = "orders".parse().unwrap();
        assert_eq!(text(suggestion_for(&config, &found(), &name)), Some(("users.id = buyer".into(), true)));
    }

    #[test]
    fn a_table_joined_again_is_joined_by_its_own_reference() {
        let config = config("users", &["users"]);
        let name = "users_2".parse().unwrap();
        assert_eq!(text(suggestion_for(&config, &found(), &name)), Some(("users.parent = id".into(), false)));
        // Only tables before it can be joined to.
        assert_eq!(suggestion_for(&config, &found(), &"users".parse().unwrap()), None);
    }
}
