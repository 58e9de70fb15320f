//! Step 3: which columns to select, under which names, and the roles of four of them.
//!
//! There may be hundreds of lines. Each looks up one entry of one table that is built once per
//! change, and a search hides lines instead of rebuilding them.

use std::collections::HashMap;

use leptos::prelude::*;

use super::draft::{Mark, folded, marks, selectable};
use super::options::{SearchField, shown_name};
use super::roles::Roles;
use super::statistics::{ColumnStatistics, StatisticsButton};
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnMapping, ColumnRef, DatasetConfig};
use crate::domain::name::{SourceName, TableName, fold};
use crate::domain::schema::Column;
use crate::ui::texts::wizard as texts;

/// Lines that are rendered at a time: the rest follow, frame by frame.
const AT_A_TIME: usize = 40;

type Marks = Memo<HashMap<(String, String), Mark>>;

#[component]
pub fn Columns(state: State) -> impl IntoView {
    let search = RwSignal::new(String::new());
    let wanted = Memo::new(move |_| fold(search.get().trim()));
    // What the marks depend on, so that other changes of the draft do not recompute them.
    let part = Memo::new(move |_| {
        state.draft().with(|draft| DatasetConfig {
            primary_table: draft.config.primary_table.clone(),
            secondary_tables: draft.config.secondary_tables.clone(),
            selected_columns: draft.config.selected_columns.clone(),
            column_mapping: ColumnMapping { timestamp_format: None, time_zone: None, ..draft.config.column_mapping.clone() },
            ..DatasetConfig::default()
        })
    });
    let all: Marks = Memo::new(move |_| part.with(marks));
    let selected = Memo::new(move |_| part.with(|part| part.selected_columns.len()));
    view! {
        <Roles state />
        <div class="columns-head">
            <SearchField label=texts::SEARCH_COLUMNS text=search />
            <span class="note">{move || texts::selected(selected.get())}</span>
            <div class="faults"><FieldErrors state path="selected_columns" /></div>
        </div>
        <For each=move || state.sources().get() key=|(name, _)| name.clone() let((name, table))>
            <SourceColumns state name table wanted marks=all />
        </For>
    }
}

#[component]
fn SourceColumns(state: State, name: SourceName, table: TableName, wanted: Memo<String>, marks: Marks) -> impl IntoView {
    let title = shown_name(&name, &table);
    let own = fold(name.as_str());
    let (name, table) = (StoredValue::new(name), StoredValue::new(table));
    let columns = Memo::new(move |_| {
        state.schemas().with(|schemas| {
            let schema = table.with_value(|table| schemas.get(table));
            schema.map(|schema| selectable(schema).cloned().collect::<Vec<Column>>()).unwrap_or_default()
        })
    });
    let unusable = move || {
        state.schemas().with(|schemas| {
            let schema = table.with_value(|table| schemas.get(table));
            let all: Vec<String> = schema
                .map(|schema| {
                    let unsupported = schema.columns.iter().filter_map(|c| Some((c.name.as_str(), c.column_type.unsupported()?)));
                    let unreadable = schema.unusable.iter().map(|(name, why)| (name.as_str(), why.as_str()));
                    unsupported.chain(unreadable).map(|(name, why)| format!("{name}: {why}")).collect()
                })
                .unwrap_or_default();
            (!all.is_empty()).then(|| {
                let lines = all.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
                view! {
                    <details class="note unusable">
                        <summary>{texts::unusable(all.len())}</summary>
                        <ul>{lines}</ul>
                    </details>
                }
            })
        })
    };
    let fits = |column: &Column, wanted: &str| wanted.is_empty() || fold(column.name.as_str()).contains(wanted);
    let shown = Memo::new(move |_| {
        columns.with(|all| wanted.with(|wanted| all.iter().filter(|c| fits(c, wanted)).cloned().collect::<Vec<_>>()))
    });
    let selected =
        Memo::new(move |_| marks.with(|marks| marks.iter().filter(|((t, _), mark)| *t == own && mark.output.is_some()).count()));
    let reference = move |column: &Column| ColumnRef { table: name.get_value(), column: column.name.clone() };
    // All or none of those that match the search.
    let choose = move |on: bool| {
        let all: Vec<ColumnRef> = shown.with_untracked(|shown| shown.iter().map(reference).collect());
        state.edit(|draft| draft.select_all(&all, on));
    };
    let made = RwSignal::new(AT_A_TIME);
    let total = Memo::new(move |_| columns.with(Vec::len));
    Effect::new(move |_| {
        if made.get() < total.get() {
            request_animation_frame(move || {
                // The step may have been left by then.
                let _ = made.try_update(|made| *made += AT_A_TIME);
            });
        }
    });
    let lines = Memo::new(move |_| columns.with(|all| all.iter().take(made.get()).cloned().collect::<Vec<_>>()));
    view! {
        <fieldset class="source-columns">
            <legend>
                <strong>{title}</strong>
                <span class="note">{move || texts::some_of(selected.get(), total.get())}</span>
                <button type="button" class="button small" aria-label=texts::select_all_of(name.get_value().as_str()) on:click=move |_| choose(true)>
                    {texts::ALL}
                </button>
                <button type="button" class="button small" aria-label=texts::select_none_of(name.get_value().as_str()) on:click=move |_| choose(false)>
                    {texts::NONE}
                </button>
                <StatisticsButton state table=table.get_value() shown />
            </legend>
            <ul class="column-list">
                <For each=move || lines.get() key=|column| column.name.clone() let:column>
                    <ColumnLine state table=table.get_value() reference=reference(&column) column wanted marks />
                </For>
            </ul>
            {move || shown.with(Vec::is_empty).then(|| view! { <p class="note">{texts::NO_COLUMN_CALLED_SO}</p> })}
            {unusable}
        </fieldset>
    }
}

#[component]
fn ColumnLine(
    state: State,
    table: TableName,
    reference: ColumnRef,
    column: Column,
    wanted: Memo<String>,
    marks: Marks,
) -> impl IntoView {
    let own = column.name.to_string();
    let search = fold(&own);
    let hidden = Memo::new(move |_| wanted.with(|wanted| !wanted.is_empty() && !search.contains(wanted.as_str())));
    let profile = {
        let own = own.clone();
        Memo::new(move |_| state.statistics().of(&table, &own))
    };
    let key = folded(&reference);
    let reference = StoredValue::new(reference);
    let mark = Memo::new(move |_| marks.with(|marks| marks.get(&key).cloned()).unwrap_or_default());
    let selected = Memo::new(move |_| mark.with(|mark| mark.output.is_some()));
    let chip = move || mark.with(|mark| mark.role).map(|role| view! { <span class="chip">{role.as_str()}</span> });
    view! {
        <li class="column-line" hidden=move || hidden.get()>
            <label class="check">
                <input
                    prop:checked=move || selected.get()
                    type="checkbox"
                    on:change:target=move |e| {
                        let on = e.target().checked();
                        state.edit(|draft| reference.with_value(|r| draft.select(r, on)));
                    }
                />
                <span class="column-name" title=column.description.clone()>{own}</span>
            </label>
            <span class="column-type">{column.type_label()}</span>
            {chip}
            {move || selected.get().then(|| view! { <OutputName state reference mark /> })}
            {move || profile.get().map(|profile| view! { <ColumnStatistics profile /> })}
        </li>
    }
}

/// The output name of a selected column: if another column has the typed name, it shows the name
/// that is given instead.
#[component]
fn OutputName(state: State, reference: StoredValue<ColumnRef>, mark: Memo<Mark>) -> impl IntoView {
    // During typing the field shows the typed text; its meaning is in the draft at once.
    let typed = RwSignal::new(None::<String>);
    let bad = Memo::new(move |_| {
        typed.with(|typed| {
            typed
                .as_ref()
                .is_some_and(|text| !text.trim().is_empty() && text.trim().parse::<crate::domain::name::OutputName>().is_err())
        })
    });
    let shown = move || typed.get().unwrap_or_else(|| mark.with(|mark| mark.output.clone()).unwrap_or_default());
    let note = move || match (bad.get(), mark.with(|mark| (mark.gives_way, mark.output.clone()))) {
        (true, _) => Some(view! { <span class="field-error">{texts::BAD_OUTPUT_NAME}</span> }),
        (false, (true, Some(output))) => {
            let own = reference.with_value(|r| r.column.to_string());
            Some(view! { <span class="note gives-way">{texts::gives_way(&own, &output)}</span> })
        }
        _ => None,
    };
    view! {
        <input
            type="text"
            class="column-alias"
            maxlength="300"
            aria-label=texts::output_name_of(&reference.with_value(ToString::to_string))
            aria-invalid=move || bad.get().to_string()
            prop:value=shown
            on:input:target=move |e| {
                let text = e.target().value();
                let own = reference.with_value(|r| r.column.to_string());
                let alias = if text.trim() == own { String::new() } else { text.clone() };
                typed.set(Some(text));
                // A text that is no name changes nothing yet.
                state.edit(|draft| {
                    reference.with_value(|r| draft.rename(r, &alias));
                });
            }
            on:change=move |_| {
                if !bad.get_untracked() {
                    typed.set(None);
                }
            }
        />
        {note}
    }
}
