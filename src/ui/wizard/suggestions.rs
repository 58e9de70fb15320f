//! Suggestions: keys for joins, columns for roles. Offered with reasons, accepted by a click;
//! nothing enters a dataset without a person's choice.

use leptos::prelude::*;

use super::State;
use super::verification::{formatted, table_names};
use crate::domain::dataset::{ColumnRef, DatasetConfig, JoinKey, Role};
use crate::domain::joins::{Confidence, DetectedJoin, JoinDetection, KeyPair, Shares};
use crate::domain::name::{SourceName, TableName};
use crate::domain::roles::RoleSuggestions;
use crate::rpc;
use crate::ui::texts::wizard as texts;
use crate::ui::work::Work;

/// A join of one of the dataset's tables to one before it.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedJoin {
    pub on: Vec<JoinKey>,
    pub confidence: Confidence,
    pub reasons: Vec<String>,
    /// The joined table is the referring one: its rows multiply those before it.
    pub multiplies: bool,
    pub statistics: Option<Shares>,
    pub error: Option<String>,
}

/// The suggestions for a dataset's secondaries. Those that have keys stay as they are, with their
/// statistics; the others are connected to them one by one, a join of the tree first, then the
/// best.
pub fn suggest(config: &DatasetConfig, found: &[DetectedJoin]) -> Vec<(SourceName, SuggestedJoin)> {
    let is_joined = |name: &SourceName| config.join_of(name).is_none_or(|join| !join.on.is_empty());
    let (mut placed, mut open): (Vec<_>, Vec<_>) = config.sources().into_iter().partition(|(name, _)| is_joined(name));
    let mut suggested = vec![];
    for (name, table) in &placed {
        let Some(join) = config.join_of(name) else { continue };
        let others: Vec<(SourceName, &TableName)> = placed.iter().filter(|(other, _)| other != name).cloned().collect();
        let known = found.iter().filter_map(|found| read(&others, table, found)).find(|known| known.on == join.on);
        suggested.extend(known.map(|known| (name.clone(), known)));
    }
    while !open.is_empty() {
        let mut best: Option<(bool, f64, usize, SuggestedJoin)> = None;
        for (i, (_, table)) in open.iter().enumerate() {
            for join in found {
                let better =
                    best.as_ref().is_none_or(|(in_tree, score, ..)| (join.in_tree, join.join.score) > (*in_tree, *score));
                if better && let Some(read) = read(&placed, table, join) {
                    best = Some((join.in_tree, join.join.score, i, read));
                }
            }
        }
        let Some((.., i, join)) = best else { break };
        let (name, table) = open.remove(i);
        suggested.push((name.clone(), join));
        placed.push((name, table));
    }
    suggested
}

/// A detected join as one from a table to a source.
fn read(sources: &[(SourceName, &TableName)], table: &TableName, found: &DetectedJoin) -> Option<SuggestedJoin> {
    let (other, multiplies) = partner(sources, table, found)?;
    let key = |pair: &KeyPair| {
        let (left, right) = if multiplies { (&pair.right, &pair.left) } else { (&pair.left, &pair.right) };
        JoinKey { left: ColumnRef { table: other.clone(), column: left.clone() }, right: right.clone() }
    };
    Some(SuggestedJoin {
        on: found.join.on.iter().map(key).collect(),
        confidence: found.confidence,
        reasons: found.join.reasons.clone(),
        multiplies,
        statistics: found.statistics,
        error: found.error.clone(),
    })
}

/// The source that a detected join connects the table to, and whether the table is its referring
/// side.
fn partner(sources: &[(SourceName, &TableName)], table: &TableName, join: &DetectedJoin) -> Option<(SourceName, bool)> {
    let find = |wanted: &TableName| sources.iter().find(|(_, table)| *table == wanted).map(|(name, _)| name.clone());
    if join.join.right == *table
        && let Some(left) = find(&join.join.left)
    {
        return Some((left, false));
    }
    (join.join.left == *table).then(|| find(&join.join.right)).flatten().map(|right| (right, true))
}

/// What is suggested for the dataset's tables.
#[derive(Clone, Copy)]
pub struct Suggestions {
    /// `None`: not requested, or failed.
    joins: RwSignal<Option<JoinDetection>>,
    roles: RwSignal<RoleSuggestions>,
}

impl Suggestions {
    pub fn new() -> Self {
        Self { joins: RwSignal::new(None), roles: RwSignal::default() }
    }

    pub fn joins_found(self, found: JoinDetection) {
        self.joins.set(Some(found));
    }
}

/// Requests suggestions whenever the tables change: by names and types alone, which costs nothing.
pub fn keep_suggested(state: State) {
    let Suggestions { joins, roles } = state.suggestions();
    let work = Work::new();
    let tables = Memo::new(move |_| state.draft().with(|draft| table_names(&draft.config)));
    Effect::new(move |_| {
        state.track_retries();
        let tables = tables.get();
        if tables.is_empty() {
            return work.stop();
        }
        work.start(async move {
            let found_joins = rpc::detect_joins(state.model_id, tables.clone(), false).await;
            let found_roles = rpc::suggest_columns(state.model_id, tables).await;
            // Without suggestions, people choose by hand: a broken table is reported where it is
            // chosen.
            joins.set(found_joins.ok());
            roles.set(found_roles.unwrap_or_default());
        });
    });
}

/// The suggestions for each secondary of the current dataset.
pub fn suggested(state: State) -> Memo<Vec<(SourceName, SuggestedJoin)>> {
    let joins = Memo::new(move |_| {
        let part = |draft: &super::draft::Draft| DatasetConfig {
            primary_table: draft.config.primary_table.clone(),
            secondary_tables: draft.config.secondary_tables.clone(),
            join_config: draft.config.join_config.clone(),
            ..DatasetConfig::default()
        };
        state.draft().with(part)
    });
    Memo::new(move |_| {
        let found = state.suggestions().joins;
        joins.with(|config| {
            found.with(|found| found.as_ref().map(|found| suggest(config, &found.resolved.joins)).unwrap_or_default())
        })
    })
}

/// Accepts all suggestions for joins that have no keys, at once.
#[component]
pub fn AutoDetect(state: State, suggested: Memo<Vec<(SourceName, SuggestedJoin)>>) -> impl IntoView {
    let open = Memo::new(move |_| {
        let is_open = |name: &SourceName| state.draft().with(|d| d.config.join_of(name).is_some_and(|join| join.on.is_empty()));
        suggested.with(|all| all.iter().filter(|(name, _)| is_open(name)).cloned().collect::<Vec<_>>())
    });
    let use_all = move |_| {
        let all = open.get_untracked();
        state.edit(|draft| all.into_iter().for_each(|(name, join)| draft.set_keys(&name, join.on)));
    };
    move || {
        let n = open.with(Vec::len);
        (n > 0).then(|| {
            view! {
                <button type="button" class="button small primary" on:click=use_all>
                    {texts::use_suggestions(n)}
                </button>
            }
        })
    }
}

/// The suggestion for a join, with its statistics.
#[component]
pub fn JoinSuggestion(
    state: State,
    name: StoredValue<SourceName>,
    suggested: Memo<Vec<(SourceName, SuggestedJoin)>>,
) -> impl IntoView {
    let own = Memo::new(move |_| {
        suggested
            .with(|all| all.iter().find(|(known, _)| name.with_value(|name| known.same_as(name))).map(|(_, join)| join.clone()))
    });
    let is_open = Memo::new(move |_| {
        state.draft().with(|d| name.with_value(|name| d.config.join_of(name).is_some_and(|join| join.on.is_empty())))
    });
    let take = move |_| {
        if let Some(join) = own.get_untracked() {
            state.edit(|draft| name.with_value(|name| draft.set_keys(name, join.on)));
        }
    };
    move || {
        let open = is_open.get();
        let Some(SuggestedJoin { on, confidence, reasons, multiplies, statistics, error }) = own.get() else {
            // Only if there was a search that found nothing.
            let looked = open && state.suggestions().joins.with(Option::is_some);
            return looked.then(|| view! { <p class="note">{texts::NOTHING_SUGGESTED}</p> }.into_any());
        };
        let pairs: Vec<String> = on.iter().map(|key| format!("{} = {}.{}", key.left, name.get_value(), key.right)).collect();
        // The statistics have their own line below.
        let reasons = reasons.into_iter().take(if statistics.is_some() { 1 } else { usize::MAX }).collect::<Vec<_>>().join(" ");
        let multiplied = multiplies.then_some(texts::ROWS_MULTIPLY);
        // For chosen keys, the statistics below are shown.
        let statistics = statistics.filter(|_| open).map(|shares| view! { <p class="evidence">{formatted(&shares)}</p> });
        let button = open.then(|| {
            view! {
                <code>{pairs.join(texts::AND)}</code>
                <button
                    type="button"
                    class="button small"
                    aria-label=texts::use_keys_of(name.get_value().as_str())
                    on:click=take
                >
                    {texts::USE}
                </button>
            }
        });
        let view = view! {
            <div class="suggestion" class:suggestion-open=open>
                <p>
                    <span class=format!("chip confidence-{}", confidence.as_str())>{texts::confidence(confidence)}</span>
                    {button}
                </p>
                <p class="note">{reasons} {multiplied.map(|text| format!(" {text}"))}</p>
                {statistics}
                {error.map(|error| view! { <p class="field-error">{error}</p> })}
            </div>
        };
        Some(view.into_any())
    }
}

/// The suggested column for a role without one.
#[component]
pub fn RoleSuggestion(state: State, role: Role) -> impl IntoView {
    let offered = Memo::new(move |_| {
        state.draft().with(|draft| {
            if draft.config.column_mapping.get(role).is_some() {
                return None;
            }
            let choice = state.suggestions().roles.with(|roles| roles.get(&role).map(|suggested| suggested.choice.clone()))?;
            // Suggestions only fill empty fields, so that they never overwrite a choice.
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
                    {texts::SUGGESTED}
                    <code>{shown}</code>
                    <span class="for-readers">{texts::for_role(role)}</span>
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
            join("lines", ("order", "id"), "orders", 0.9, true),
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

    fn text(config: &DatasetConfig) -> Vec<String> {
        let line = |(name, s): &(SourceName, SuggestedJoin)| {
            format!("{} = {name}.{}{}", s.on[0].left, s.on[0].right, if s.multiplies { ", multiplied" } else { "" })
        };
        suggest(config, &found()).iter().map(line).collect()
    }

    #[test]
    fn a_join_of_the_tree_is_suggested_before_a_better_one() {
        assert_eq!(text(&config("orders", &["users"])), ["orders.buyer = users.id"]);
    }

    #[test]
    fn a_join_in_the_other_direction_multiplies_rows() {
        assert_eq!(text(&config("users", &["orders"])), ["users.id = orders.buyer, multiplied"]);
    }

    #[test]
    fn a_table_joined_again_is_joined_by_its_own_reference() {
        assert_eq!(text(&config("users", &["users"])), ["users.parent = users_2.id"]);
    }

    #[test]
    fn a_chain_is_found_whatever_the_order_of_the_tables() {
        assert_eq!(text(&config("lines", &["users", "orders"])), ["lines.order = orders.id", "orders.buyer = users.id"]);
        // On its own, nothing leads to users.
        assert_eq!(text(&config("lines", &["users"])), Vec::<String>::new());
    }

    #[test]
    fn chosen_keys_show_their_own_suggestion() {
        let mut draft = super::super::draft::Draft { config: config("orders", &["users"]), ..Default::default() };
        let name = "users".parse().unwrap();
        let on = |column: &str| {
            vec![JoinKey {
                left: ColumnRef { table: "orders".parse().unwrap(), column: column.parse().unwrap() },
                right: "id".parse().unwrap(),
            }]
        };
        draft.set_keys(&name, on("seller"));
        assert_eq!(text(&draft.config), ["orders.seller = users.id"]);
        draft.set_keys(&name, on("number"));
        assert_eq!(text(&draft.config), Vec::<String>::new());
    }
}
