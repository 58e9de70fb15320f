//! Step 3: which columns come out, under which names, and what four of them mean.

use std::collections::HashMap;

use leptos::prelude::*;

use super::draft::selectable;
use super::options::{SearchField, column_options, read_option, shown_name};
use super::statistics::{ColumnStatistics, StatisticsButton};
use super::suggestions::RoleSuggestion;
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnRef, Role, TimeZone, TimestampFormat};
use crate::domain::name::{SourceName, TableName, fold};
use crate::domain::output;
use crate::domain::schema::{Column, ColumnType};
use crate::domain::validate::{can_be_read, fits_role};
use crate::domain::words;

#[component]
pub fn Columns(state: State) -> impl IntoView {
    let sources =
        Memo::new(move |_| state.draft.with(|d| d.config.sources().into_iter().map(|(n, t)| (n, t.clone())).collect::<Vec<_>>()));
    let search = RwSignal::new(String::new());
    // What each selected column will be called.
    let names = Memo::new(move |_| {
        state.draft.with(|draft| {
            let names = output::resolve(&draft.config, &[]);
            let columns = draft.config.selected_columns.iter().map(|c| c.reference());
            columns.zip(names.into_iter().map(String::from)).collect::<HashMap<ColumnRef, String>>()
        })
    });
    view! {
        <div class="roles">
            {Role::ALL.into_iter().map(|role| view! { <RoleSelect state role /> }).collect_view()}
            <TimeReading state />
        </div>
        <div class="columns-head">
            <SearchField label="Search columns" text=search />
            <span class="note">{move || format!("{} selected", state.draft.with(|d| d.config.selected_columns.len()))}</span>
            <div class="faults"><FieldErrors state path="selected_columns" /></div>
        </div>
        <For each=move || sources.get() key=|(name, _)| name.clone() let((name, table))>
            <SourceColumns state name table search names />
        </For>
    }
}

/// How the timestamp is read: its format where its type does not say, and the zone whose days are counted where it is an instant.
#[component]
fn TimeReading(state: State) -> impl IntoView {
    let mapping = Memo::new(move |_| state.draft.with(|d| d.config.column_mapping.clone()));
    let column = Memo::new(move |_| {
        let timestamp = mapping.get().timestamp?;
        state.draft.with(|draft| state.catalog.with(|catalog| catalog.column(&draft.config, &timestamp).cloned()))
    });
    let formats = move || {
        let t = column.get().filter(can_be_read)?.column_type;
        let options = TimestampFormat::ALL.into_iter().filter(|format| format.reads(t)).map(|format| {
            let selected = move || mapping.get().timestamp_format == Some(format);
            view! { <option value=format.word() selected=selected>{words::timestamp_format(format)}</option> }
        });
        Some(view! {
            <label class="field">
                <span>"timestamp is written as"</span>
                <select
                    aria-label="timestamp is written as"
                    on:change:target=move |e| {
                        let word = e.target().value();
                        let format = TimestampFormat::ALL.into_iter().find(|format| format.word() == word);
                        state.edit(|draft| draft.config.column_mapping.timestamp_format = format);
                    }
                >
                    <option value="" selected=move || mapping.get().timestamp_format.is_none()>
                        "choose"
                    </option>
                    {options.collect_view()}
                </select>
                <div class="faults faults-always"><FieldErrors state path="column_mapping.timestamp_format" /></div>
            </label>
        })
    };
    let is_instant = Memo::new(move |_| match (column.get(), mapping.get().timestamp_format) {
        (Some(column), None) => column.column_type == ColumnType::Timestamp,
        (Some(_), Some(format)) => !matches!(format, TimestampFormat::IsoDate | TimestampFormat::CompactDate),
        (None, _) => false,
    });
    let refused = RwSignal::new(None::<String>);
    let zone = move || {
        is_instant.get().then(|| {
            view! {
                <label class="field">
                    <span>"days begin at midnight in"</span>
                    <input
                        placeholder="UTC"
                        aria-label="time zone"
                        prop:value=move || mapping.get().time_zone.map(String::from).unwrap_or_default()
                        on:change:target=move |e| {
                            let text = e.target().value();
                            let parsed = (!text.trim().is_empty()).then(|| text.trim().parse::<TimeZone>()).transpose();
                            match parsed {
                                Ok(zone) => {
                                    refused.set(None);
                                    state.edit(|draft| draft.config.column_mapping.time_zone = zone);
                                }
                                Err(reason) => refused.set(Some(reason)),
                            }
                        }
                    />
                    <div class="faults faults-always">
                        {move || refused.get().map(|reason| view! { <p class="field-error">{reason}</p> })}
                        <FieldErrors state path="column_mapping.time_zone" />
                    </div>
                </label>
            }
        })
    };
    view! {
        {formats}
        {zone}
    }
}

#[component]
fn RoleSelect(state: State, role: Role) -> impl IntoView {
    let chosen = Memo::new(move |_| state.draft.with(|d| d.config.column_mapping.get(role).cloned()));
    let fits = move |column: &Column| fits_role(role, column).is_ok() || (role == Role::Timestamp && can_be_read(column));
    let options = move || column_options(state, None, chosen.get(), fits);
    view! {
        <div class="role">
        <label class="field">
            <span>{role.word()}</span>
            <select
                aria-label=role.word()
                on:change:target=move |e| {
                    let column = read_option(&e.target().value());
                    state.edit(|draft| draft.map(role, column));
                }
            >
                <option value="" selected=move || chosen.get().is_none()>
                    "not mapped"
                </option>
                {options}
            </select>
            <div class="faults faults-always"><FieldErrors state path=format!("column_mapping.{}", role.word()) /></div>
        </label>
        <RoleSuggestion state role />
        </div>
    }
}

#[component]
fn SourceColumns(
    state: State,
    name: SourceName,
    table: TableName,
    search: RwSignal<String>,
    names: Memo<HashMap<ColumnRef, String>>,
) -> impl IntoView {
    let title = shown_name(&name, &table);
    let (name, table) = (StoredValue::new(name), StoredValue::new(table));
    let columns = Memo::new(move |_| {
        state.schemas.with(|s| {
            table
                .with_value(|table| s.get(table))
                .map(|schema| selectable(schema).cloned().collect::<Vec<Column>>())
                .unwrap_or_default()
        })
    });
    let shown = Memo::new(move |_| {
        let wanted = fold(search.get().trim());
        columns.with(|all| all.iter().filter(|c| fold(c.name.as_str()).contains(&wanted)).cloned().collect::<Vec<_>>())
    });
    let reference = move |column: &Column| ColumnRef { table: name.get_value(), column: column.name.clone() };
    let selected = move || columns.with(|all| state.draft.with(|d| all.iter().filter(|c| d.is_selected(&reference(c))).count()));
    // All or none of those that the search shows.
    let choose = move |on: bool| {
        let all = shown.get_untracked();
        state.edit(|draft| all.iter().for_each(|c| draft.select(&reference(c), on)));
    };
    view! {
        <fieldset class="source-columns">
            <legend>
                <strong>{title}</strong>
                <span class="note">{move || format!("{} of {}", selected(), columns.with(Vec::len))}</span>
                <button type="button" class="button small" aria-label=format!("Select all of {}", name.get_value()) on:click=move |_| choose(true)>
                    "All"
                </button>
                <button type="button" class="button small" aria-label=format!("Select none of {}", name.get_value()) on:click=move |_| choose(false)>
                    "None"
                </button>
                <StatisticsButton state table=table.get_value() shown />
            </legend>
            <ul class="column-list">
                <For each=move || shown.get() key=|c| c.name.clone() let:column>
                    <ColumnLine state table=table.get_value() reference=reference(&column) column names />
                </For>
            </ul>
        </fieldset>
    }
}

#[component]
fn ColumnLine(
    state: State,
    table: TableName,
    reference: ColumnRef,
    column: Column,
    names: Memo<HashMap<ColumnRef, String>>,
) -> impl IntoView {
    let own = column.name.to_string();
    let profile = Memo::new(move |_| state.profiles.with(|all| all.get(&table).and_then(|known| known.get(&own)).cloned()));
    let full = reference.to_string();
    let reference = StoredValue::new(reference);
    let selected = Memo::new(move |_| state.draft.with(|d| reference.with_value(|r| d.is_selected(r))));
    let role = move || {
        state.draft.with(|d| {
            d.config.column_mapping.roles().find(|(_, r)| reference.with_value(|own| *r == own)).map(|(role, _)| role.word())
        })
    };
    let output = Memo::new(move |_| names.with(|names| reference.with_value(|r| names.get(r).cloned())).unwrap_or_default());
    let bad_name = RwSignal::new(false);
    view! {
        <li class="column-line">
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=selected
                    on:change:target=move |e| {
                        let on = e.target().checked();
                        state.edit(|draft| reference.with_value(|r| draft.select(r, on)));
                    }
                />
                <span class="column-name">{column.name.to_string()}</span>
            </label>
            <span class="column-type">{column.type_label()}</span>
            {move || role().map(|role| view! { <span class="chip">{role}</span> })}
            {move || {
                selected
                    .get()
                    .then(|| {
                        view! {
                            <input
                                type="text"
                                class="column-alias"
                                maxlength="300"
                                aria-label=format!("Output name of {full}")
                                aria-invalid=move || bad_name.get().to_string()
                                prop:value=output
                                on:change:target=move |e| {
                                    let own = reference.with_value(|r| r.column.to_string());
                                    let text = e.target().value();
                                    let alias = if text.trim() == own { String::new() } else { text };
                                    let mut good = true;
                                    state.edit(|draft| good = reference.with_value(|r| draft.rename(r, &alias)));
                                    bad_name.set(!good);
                                }
                            />
                        }
                    })
            }}
            {move || {
                bad_name
                    .get()
                    .then(|| view! { <span class="field-error">"Letters, digits and underscores, not starting with a digit."</span> })
            }}
            {move || profile.get().map(|profile| view! { <ColumnStatistics profile /> })}
        </li>
    }
}
