//! One join: its type, its pairs of keys, and what to do where keys repeat.

use leptos::prelude::*;

use super::options::{column_options, read_option, shown_name};
use super::suggestions::JoinSuggestion;
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnRef, Join, JoinKey, JoinType, OnDuplicates};
use crate::domain::name::{ColumnName, SourceName, TableName};
use crate::domain::schema::Column;

#[component]
pub fn JoinEditor(state: State, name: SourceName, table: TableName) -> impl IntoView {
    let title = shown_name(&name, &table);
    let name = StoredValue::new(name);
    let join = Memo::new(move |_| state.draft.with(|d| name.with_value(|name| d.config.join_of(name).cloned())));
    let path = Signal::derive(move || {
        let position =
            state.draft.with(|d| name.with_value(|name| d.config.join_config.iter().position(|j| j.table.same_as(name))));
        format!("join_config[{}]", position.unwrap_or(usize::MAX))
    });
    let keys = move || join.get().map(|j| j.on.len()).unwrap_or_default();
    let edit = move |change: Box<dyn FnOnce(&mut Join)>| {
        state.edit(|draft| name.with_value(|name| draft.edit_join(name, change)));
    };
    // A pair that is not whole yet: it joins the others when both sides are chosen.
    let (left, right) = (RwSignal::new(None::<ColumnRef>), RwSignal::new(None::<ColumnName>));
    let more = RwSignal::new(false);
    let complete = move || {
        if let (Some(left_column), Some(right_column)) = (left.get_untracked(), right.get_untracked()) {
            edit(Box::new(move |join| join.on.push(JoinKey { left: left_column, right: right_column })));
            left.set(None);
            right.set(None);
            more.set(false);
        }
    };
    let types = JoinType::ALL
        .into_iter()
        .map(|t| {
            view! {
                <option value=t.word() selected=move || join.get().is_some_and(|j| j.join_type == t)>
                    {t.word().to_uppercase()}
                </option>
            }
        })
        .collect_view();
    let pair = move |i: usize| {
        let key = move || join.get().and_then(|j| j.on.get(i).cloned());
        let chosen_left = Signal::derive(move || key().map(|k| k.left));
        let chosen_right = Signal::derive(move || key().map(|k| k.right));
        let on_left = Callback::new(move |column: ColumnRef| edit(Box::new(move |join| join.on[i].left = column)));
        let on_right = Callback::new(move |column: ColumnName| edit(Box::new(move |join| join.on[i].right = column)));
        view! {
            <div class="join-keys">
                <LeftKey state name chosen=chosen_left on_choose=on_left />
                <span aria-hidden="true">"="</span>
                <RightKey state name chosen=chosen_right on_choose=on_right />
                <button
                    type="button"
                    class="icon-button"
                    aria-label=format!("Remove key pair {} of {}", i + 1, name.get_value())
                    on:click=move |_| edit(Box::new(move |join| drop(join.on.remove(i))))
                >
                    "×"
                </button>
            </div>
        }
    };
    view! {
        <div class="join-card">
            <p class="join-title">
                <select
                    aria-label=format!("Join type of {}", name.get_value())
                    on:change:target=move |e| {
                        let word = e.target().value();
                        if let Some(t) = JoinType::ALL.into_iter().find(|t| t.word() == word) {
                            edit(Box::new(move |join| join.join_type = t));
                        }
                    }
                >
                    {types}
                </select>
                <strong>{title}</strong>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=format!("Remove {}", name.get_value())
                    on:click=move |_| state.edit(|draft| name.with_value(|name| draft.remove_secondary(name)))
                >
                    "×"
                </button>
            </p>
            <JoinSuggestion state name />
            {move || (0..keys()).map(pair).collect_view()}
            {move || {
                (more.get() || keys() == 0)
                    .then(|| {
                        let on_left = Callback::new(move |column| {
                            left.set(Some(column));
                            complete();
                        });
                        let on_right = Callback::new(move |column| {
                            right.set(Some(column));
                            complete();
                        });
                        view! {
                            <div class="join-keys">
                                <LeftKey state name chosen=left on_choose=on_left />
                                <span aria-hidden="true">"="</span>
                                <RightKey state name chosen=right on_choose=on_right />
                            </div>
                        }
                    })
            }}
            <p class="join-options">
                <button type="button" class="button small" disabled=move || more.get() || keys() == 0 on:click=move |_| more.set(true)>
                    "Add key pair"
                </button>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || join.get().is_some_and(|j| j.on_duplicates == OnDuplicates::OneRow)
                        on:change:target=move |e| {
                            let one = e.target().checked();
                            edit(Box::new(move |join| {
                                join.on_duplicates = if one { OnDuplicates::OneRow } else { OnDuplicates::Keep };
                                if !one {
                                    join.order.clear();
                                }
                            }));
                        }
                    />
                    "One row a key, so that rows cannot multiply"
                </label>
            </p>
            <div class="faults"><FieldErrors state path /></div>
        </div>
    }
}

/// A column of any table before this one.
#[component]
fn LeftKey(
    state: State,
    name: StoredValue<SourceName>,
    #[prop(into)] chosen: Signal<Option<ColumnRef>>,
    on_choose: Callback<ColumnRef>,
) -> impl IntoView {
    let groups = move || column_options(state, Some(name.get_value()), chosen.get(), Column::is_scalar);
    view! {
        <select
            aria-label=format!("Left key for {}", name.get_value())
            on:change:target=move |e| {
                if let Some(column) = read_option(&e.target().value()) {
                    on_choose.run(column);
                }
            }
        >
            <option value="" selected=move || chosen.get().is_none() disabled=true>
                "choose a column"
            </option>
            {groups}
        </select>
    }
}

/// A column of the joined table.
#[component]
fn RightKey(
    state: State,
    name: StoredValue<SourceName>,
    #[prop(into)] chosen: Signal<Option<ColumnName>>,
    on_choose: Callback<ColumnName>,
) -> impl IntoView {
    let options = move || {
        let table = state.draft.with(|d| {
            let found = d.config.sources().into_iter().find(|(source, _)| name.with_value(|name| source.same_as(name)));
            found.map(|(_, table)| table.clone())
        });
        state.schemas.with(|schemas| {
            let columns = table.and_then(|t| schemas.get(&t)).map(|s| s.columns.as_slice()).unwrap_or_default();
            columns
                .iter()
                .filter(|c| c.is_scalar())
                .map(|c| {
                    let selected = chosen.get().as_ref() == Some(&c.name);
                    view! {
                        <option value=c.name.to_string() selected=selected>
                            {format!("{} ({})", c.name, c.column_type)}
                        </option>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <select
            aria-label=format!("Right key of {}", name.get_value())
            on:change:target=move |e| {
                if let Ok(column) = e.target().value().parse() {
                    on_choose.run(column);
                }
            }
        >
            <option value="" selected=move || chosen.get().is_none() disabled=true>
                "choose a column"
            </option>
            {options}
        </select>
    }
}
