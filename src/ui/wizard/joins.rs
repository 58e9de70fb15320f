//! One join: its type, its pairs of keys, and what to do if keys repeat.

use leptos::prelude::*;

use super::options::{other_columns, read_option, shown_name};
use super::suggestions::{JoinSuggestion, SuggestedJoin};
use super::verification::JoinStatisticsView;
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnRef, Join, JoinKey, JoinType, OnDuplicates, RowOrder};
use crate::domain::name::{ColumnName, SourceName, TableName};
use crate::domain::schema::Column;
use crate::ui::texts::wizard as texts;

/// A join being edited, by the name of its table.
#[derive(Clone, Copy)]
struct Edited {
    state: State,
    name: StoredValue<SourceName>,
    join: Memo<Option<Join>>,
}

impl Edited {
    fn edit(self, change: impl FnOnce(&mut Join)) {
        self.state.edit(|draft| self.name.with_value(|name| draft.edit_join(name, change)));
    }

    /// Changes the keys, and orders the tables accordingly.
    fn edit_keys(self, change: impl FnOnce(&mut Vec<JoinKey>)) {
        let mut on = self.join.get_untracked().map(|join| join.on).unwrap_or_default();
        change(&mut on);
        self.state.edit(|draft| self.name.with_value(|name| draft.set_keys(name, on)));
    }

    fn keys(self) -> usize {
        self.join.with(|join| join.as_ref().map(|join| join.on.len()).unwrap_or_default())
    }

    fn is_one_row(self) -> bool {
        self.join.with(|join| join.as_ref().is_some_and(|join| join.on_duplicates == OnDuplicates::OneRow))
    }
}

#[component]
pub fn JoinEditor(
    state: State,
    name: SourceName,
    table: TableName,
    suggested: Memo<Vec<(SourceName, SuggestedJoin)>>,
) -> impl IntoView {
    let title = shown_name(&name, &table);
    let name = StoredValue::new(name);
    let join = Memo::new(move |_| state.draft().with(|d| name.with_value(|name| d.config.join_of(name).cloned())));
    let edited = Edited { state, name, join };
    let path = Signal::derive(move || {
        let position =
            state.draft().with(|d| name.with_value(|name| d.config.join_config.iter().position(|j| j.table.same_as(name))));
        format!("join_config[{}]", position.unwrap_or(usize::MAX))
    });
    let keys = Memo::new(move |_| edited.keys());
    // An incomplete pair: it is added to the others when both sides are chosen.
    let (left, right) = (RwSignal::new(None::<ColumnRef>), RwSignal::new(None::<ColumnName>));
    let more = RwSignal::new(false);
    let complete = move || {
        if let (Some(left_column), Some(right_column)) = (left.get_untracked(), right.get_untracked()) {
            edited.edit_keys(move |on| on.push(JoinKey { left: left_column, right: right_column }));
            left.set(None);
            right.set(None);
            more.set(false);
        }
    };
    let types = JoinType::ALL
        .into_iter()
        .map(|t| {
            let selected = move || join.with(|join| join.as_ref().is_some_and(|join| join.join_type == t));
            view! { <option value=t.as_str() prop:selected=selected>{t.as_str().to_ascii_uppercase()}</option> }
        })
        .collect_view();
    let pair = move |i: usize| {
        let key = move || join.with(|join| join.as_ref().and_then(|join| join.on.get(i).cloned()));
        let chosen_left = Memo::new(move |_| key().map(|k| k.left));
        let chosen_right = Memo::new(move |_| key().map(|k| k.right));
        let on_left = Callback::new(move |column: ColumnRef| edited.edit_keys(move |on| on[i].left = column));
        let on_right = Callback::new(move |column: ColumnName| edited.edit_keys(move |on| on[i].right = column));
        view! {
            <div class="join-keys">
                <LeftKey state name chosen=chosen_left on_choose=on_left />
                <span aria-hidden="true">"="</span>
                <RightKey state name chosen=chosen_right on_choose=on_right />
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts::remove_pair(i + 1, name.get_value().as_str())
                    on:click=move |_| edited.edit_keys(move |on| drop(on.remove(i)))
                >
                    "×"
                </button>
            </div>
        }
    };
    let new_pair = move || {
        (more.get() || keys.get() == 0).then(|| {
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
    };
    view! {
        <div class="join-card">
            <p class="join-title">
                <select
                    aria-label=texts::join_type_of(name.get_value().as_str())
                    on:change:target=move |e| {
                        let word = e.target().value();
                        if let Some(t) = JoinType::ALL.into_iter().find(|t| t.as_str() == word) {
                            edited.edit(move |join| join.join_type = t);
                        }
                    }
                >
                    {types}
                </select>
                <strong>{title}</strong>
                <Renamed edited table />
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts::remove_table(name.get_value().as_str())
                    on:click=move |_| state.edit(|draft| name.with_value(|name| draft.remove_secondary(name)))
                >
                    "×"
                </button>
            </p>
            <JoinSuggestion state name suggested />
            {move || (0..keys.get()).map(pair).collect_view()}
            {new_pair}
            <p class="join-options">
                <button type="button" class="button small" disabled=move || more.get() || keys.get() == 0 on:click=move |_| more.set(true)>
                    {texts::ADD_PAIR}
                </button>
                <label class="check">
                    <input
                        prop:checked=move || edited.is_one_row()
                        type="checkbox"
                        on:change:target=move |e| {
                            let one = e.target().checked();
                            edited.edit(move |join| {
                                join.on_duplicates = if one { OnDuplicates::OneRow } else { OnDuplicates::Keep };
                                if !one {
                                    join.order.clear();
                                }
                            });
                        }
                    />
                    {texts::ONE_ROW}
                </label>
            </p>
            <OrderOfRows edited />
            <JoinStatisticsView state name />
            <div class="faults"><FieldErrors state path /></div>
        </div>
    }
}

/// The name of a table in the dataset, if it occurs twice and needs one.
#[component]
fn Renamed(edited: Edited, table: TableName) -> impl IntoView {
    let Edited { state, name, .. } = edited;
    let own = SourceName::from(&table);
    let twice = {
        let table = table.clone();
        Memo::new(move |_| state.sources().with(|sources| sources.iter().filter(|(_, other)| *other == table).count() > 1))
    };
    let bad = RwSignal::new(false);
    let field = move || {
        (twice.get() && name.get_value() != own).then(|| {
            view! {
                <input
                    type="text"
                    class="source-name"
                    aria-label=texts::name_of(name.get_value().as_str())
                    aria-invalid=move || bad.get().to_string()
                    prop:value=name.get_value().to_string()
                    on:change:target=move |e| {
                        let text = e.target().value();
                        // The card is replaced when the name changes, so the name is checked
                        // before.
                        let good = state.draft().with_untracked(|draft| name.with_value(|name| draft.clone().rename_secondary(name, &text)));
                        bad.set(!good);
                        if good {
                            state.edit(|draft| {
                                name.with_value(|name| draft.rename_secondary(name, &text));
                            });
                        }
                    }
                />
            }
        })
    };
    view! {
        {field}
        {move || bad.get().then(|| view! { <span class="field-error">{texts::BAD_SOURCE_NAME}</span> })}
    }
}

/// Which row to take of those that share a key.
#[component]
fn OrderOfRows(edited: Edited) -> impl IntoView {
    let Edited { state, name, join } = edited;
    let order = Memo::new(move |_| join.with(|join| join.as_ref().map(|join| join.order.clone()).unwrap_or_default()));
    let line = move |(i, by): (usize, RowOrder)| {
        view! {
            <span class="row-order">
                <code>{by.column.to_string()}</code>
                <select
                    aria-label=texts::direction_of(by.column.as_str())
                    on:change:target=move |e| {
                        let descending = e.target().value() == "last";
                        edited.edit(move |join| join.order[i].descending = descending);
                    }
                >
                    <option value="first" prop:selected=!by.descending>{texts::SMALLEST_FIRST}</option>
                    <option value="last" prop:selected=by.descending>{texts::LARGEST_FIRST}</option>
                </select>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts::remove_order(by.column.as_str())
                    on:click=move |_| edited.edit(move |join| drop(join.order.remove(i)))
                >
                    "×"
                </button>
            </span>
        }
    };
    let add = move |text: String| {
        if let Ok(column) = text.parse::<ColumnName>() {
            // The newest is the usual choice.
            edited.edit(move |join| join.order.push(RowOrder { column, descending: true }));
        }
    };
    move || {
        edited.is_one_row().then(|| {
            let lines = order.get().into_iter().enumerate().map(line).collect_view();
            view! {
                <div class="row-orders">
                    <span class="note">{texts::TAKES_ROW}</span>
                    {lines}
                    <select
                        aria-label=texts::order_of(name.get_value().as_str())
                        on:change:target=move |e| {
                            add(e.target().value());
                            e.target().set_value("");
                        }
                    >
                        <option value="">{texts::BY_COLUMN}</option>
                        {own_columns(state, name, None)}
                    </select>
                </div>
            }
        })
    }
}

/// `<option>`s of the scalar columns of one source.
fn own_columns(state: State, name: StoredValue<SourceName>, chosen: Option<ColumnName>) -> impl IntoView + use<> {
    let table = state.sources().with(|sources| {
        name.with_value(|name| sources.iter().find(|(source, _)| source.same_as(name)).map(|(_, table)| table.clone()))
    });
    let option = |c: &Column| {
        let selected = chosen.as_ref() == Some(&c.name);
        view! { <option value=c.name.to_string() prop:selected=selected>{format!("{} ({})", c.name, c.column_type)}</option> }
    };
    state.schemas().with(|schemas| {
        let columns = table.and_then(|table| schemas.get(&table)).map(|schema| schema.columns.as_slice()).unwrap_or_default();
        columns.iter().filter(|c| c.is_scalar()).map(option).collect_view()
    })
}

/// A column of any other table; the tables are ordered accordingly.
#[component]
fn LeftKey(
    state: State,
    name: StoredValue<SourceName>,
    #[prop(into)] chosen: Signal<Option<ColumnRef>>,
    on_choose: Callback<ColumnRef>,
) -> impl IntoView {
    view! {
        <select
            aria-label=texts::left_key_for(name.get_value().as_str())
            on:change:target=move |e| {
                if let Some(column) = read_option(&e.target().value()) {
                    on_choose.run(column);
                }
            }
        >
            <option value="" prop:selected=move || chosen.with(Option::is_none) disabled=true>
                {texts::CHOOSE_COLUMN}
            </option>
            {move || name.with_value(|name| other_columns(state, name, chosen.get()))}
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
    view! {
        <select
            aria-label=texts::right_key_of(name.get_value().as_str())
            on:change:target=move |e| {
                if let Ok(column) = e.target().value().parse() {
                    on_choose.run(column);
                }
            }
        >
            <option value="" prop:selected=move || chosen.with(Option::is_none) disabled=true>
                {texts::CHOOSE_COLUMN}
            </option>
            {move || own_columns(state, name, chosen.get())}
        </select>
    }
}
