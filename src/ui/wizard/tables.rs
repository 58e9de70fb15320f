//! Step 2: the primary table, and those that are joined to it.

use leptos::prelude::*;

use super::joins::JoinEditor;
use super::options::SearchField;
use super::suggestions::VerifyJoins;
use super::{FieldErrors, State};
use crate::domain::name::fold;
use crate::domain::schema::TableInfo;
use crate::rpc;
use crate::ui::format::{bytes, instant, integer, short};
use crate::ui::layout::Problem;

#[component]
pub fn Tables(state: State) -> impl IntoView {
    let tables = Resource::new(|| (), move |()| rpc::tables(state.model_id));
    let search = RwSignal::new(String::new());
    let list = move || {
        Suspend::new(async move {
            match tables.await {
                Ok(all) if all.is_empty() => view! {
                    <div class="empty">
                        <h3>"The warehouse has no tables"</h3>
                        <p>"Put Parquet or CSV files into its folder, one table a file, and reload."</p>
                    </div>
                }
                .into_any(),
                Ok(all) => view! { <TableList state all search /> }.into_any(),
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    let secondaries = Memo::new(move |_| {
        state.draft.with(|d| d.config.secondary_tables.iter().map(|s| (s.name(), s.table.clone())).collect::<Vec<_>>())
    });
    view! {
        <div class="two-sides">
            <section class="table-picker" aria-label="Tables of the warehouse">
                <SearchField label="Search tables" text=search />
                <Suspense fallback=|| view! { <p class="waiting"><span class="spinner" aria-hidden="true"></span>"Listing tables…"</p> }>
                    {list}
                </Suspense>
            </section>
            <section class="join-list" aria-label="Tables of the dataset">
                <div class="faults"><FieldErrors state path="primary_table" /></div>
                {move || match state.draft.with(|d| d.config.primary_table.clone()) {
                    Some(primary) => view! {
                        <div class="join-card">
                            <p class="join-title">
                                <strong>{primary.table().to_owned()}</strong>
                                <span class="chip">"primary"</span>
                            </p>
                        </div>
                    }
                    .into_any(),
                    None => view! { <p class="note">"Choose the table whose rows are the interactions: orders, events, ratings."</p> }.into_any(),
                }}
                <VerifyJoins state />
                <For each=move || secondaries.get() key=|(name, _)| name.clone() let((name, table))>
                    <JoinEditor state name table />
                </For>
                <div class="faults"><FieldErrors state path="secondary_tables" /></div>
            </section>
        </div>
    }
}

#[component]
fn TableList(state: State, all: Vec<TableInfo>, search: RwSignal<String>) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let wanted = fold(search.get().trim());
        all.iter().filter(|t| fold(t.name.table()).contains(&wanted)).cloned().collect::<Vec<_>>()
    });
    view! {
        <ul class="table-list">
            <For each=move || shown.get() key=|t| t.name.clone() let:info>
                <TableLine state info />
            </For>
        </ul>
        {move || shown.with(Vec::is_empty).then(|| view! { <p class="note">"No table is called so."</p> })}
    }
}

#[component]
fn TableLine(state: State, info: TableInfo) -> impl IntoView {
    let table = info.name.clone();
    let is_primary = {
        let table = table.clone();
        Memo::new(move |_| state.draft.with(|d| d.config.primary_table.as_ref() == Some(&table)))
    };
    let joined = {
        let table = table.clone();
        Memo::new(move |_| state.draft.with(|d| d.config.secondary_tables.iter().filter(|s| s.table == table).count()))
    };
    let has_primary = Memo::new(move |_| state.draft.with(|d| d.config.primary_table.is_some()));
    let set_primary = {
        let table = table.clone();
        move |_| {
            let table = table.clone();
            state.edit(|draft| draft.set_primary(table));
        }
    };
    let add = {
        let table = table.clone();
        move |_| {
            let table = table.clone();
            state.edit(|draft| draft.add_secondary(table));
        }
    };
    let facts: Vec<String> = [
        info.rows.map(|n| format!("{} rows", short(n))),
        info.rows.is_none().then(|| "a view".to_owned()),
        info.partition.as_ref().map(|by| match by.filter_required {
            true => format!("partitioned by {}, a filter is required", by.column),
            false => format!("partitioned by {}", by.column),
        }),
        info.bytes.map(bytes),
        info.columns.map(|n| format!("{n} columns")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let hover = format!(
        "{}{}",
        info.rows.map(|n| format!("{} rows", integer(n))).unwrap_or_default(),
        info.last_modified.map(|at| format!(", changed {}", instant(at))).unwrap_or_default()
    );
    let broken = info.problem.is_some();
    let name = info.name.table().to_owned();
    view! {
        <li class="table-line" class:table-chosen=move || is_primary.get() || joined.get().gt(&0)>
            <div class="table-facts" title=hover>
                <strong>{name.clone()}</strong>
                <span class="note">{facts.join(" · ")}</span>
                {info.problem.map(|problem| view! { <span class="field-error">{problem}</span> })}
            </div>
            <div class="table-buttons">
                <button
                    type="button"
                    class="button small"
                    aria-label=format!("Use {name} as primary table")
                    aria-pressed=move || is_primary.get().to_string()
                    disabled=broken
                    on:click=set_primary
                >
                    "Primary"
                </button>
                <button
                    type="button"
                    class="button small"
                    aria-label=format!("Join {name}")
                    disabled=move || broken || !has_primary.get()
                    on:click=add
                >
                    {move || if joined.get() > 0 || is_primary.get() { "Join again" } else { "Join" }}
                </button>
            </div>
        </li>
    }
}
