//! Step 2: the primary table, and those joined to it.

use leptos::prelude::*;

use super::joins::JoinEditor;
use super::options::SearchField;
use super::picture::JoinPicture;
use super::suggestions::{AutoDetect, suggested};
use super::verification::VerifyJoins;
use super::{FieldErrors, State};
use crate::domain::format::{bytes, instant, integer, short};
use crate::domain::name::fold;
use crate::domain::schema::{TableInfo, TableKind};
use crate::rpc;
use crate::ui::help::Help;
use crate::ui::problem::Problem;
use crate::ui::texts::{help, wizard as texts};
use crate::ui::work::{Loader, Waiting};

#[component]
pub fn TablesStep(state: State, large: RwSignal<bool>) -> impl IntoView {
    let suggested = suggested(state);
    let shows_picture = RwSignal::new(false);
    let has_joins = Memo::new(move |_| state.sources().with(|sources| sources.len() > 1));
    let secondaries = Memo::new(move |_| state.sources().with(|sources| sources.iter().skip(1).cloned().collect::<Vec<_>>()));
    let tab = move |picture: bool, text: &'static str| {
        view! {
            <button
                type="button"
                class="button small"
                aria-pressed=move || (shows_picture.get() == picture).to_string()
                on:click=move |_| {
                    shows_picture.set(picture);
                    if picture {
                        show_picture();
                    }
                }
            >
                {text}
            </button>
        }
    };
    let left = move || {
        if shows_picture.get() {
            view! { <JoinPicture state suggested large /> }.into_any()
        } else {
            view! { <TablePicker state /> }.into_any()
        }
    };
    let primary = Memo::new(move |_| state.draft().with(|d| d.config.primary_table.clone()));
    let primary_card = move || match primary.get() {
        Some(primary) => view! {
            <div class="join-card">
                <p class="join-title">
                    <strong>{primary.table().to_owned()}</strong>
                    <span class="chip">{texts::PRIMARY_CHIP}</span>
                </p>
            </div>
        }
        .into_any(),
        None => view! { <p class="note">{texts::CHOOSE_PRIMARY}</p> }.into_any(),
    };
    view! {
        <div class="side-switch">
            {tab(false, texts::SHOW_TABLES)} {tab(true, texts::SHOW_PICTURE)}
        </div>
        <div class="two-sides" class:with-picture=move || shows_picture.get()>
            <section class="table-picker" aria-label=move || if shows_picture.get() { texts::JOIN_PICTURE } else { texts::TABLES_OF_WAREHOUSE }>
                {left}
            </section>
            <section class="join-list" aria-label=texts::TABLES_OF_DATASET>
                <div class="faults"><FieldErrors state path="primary_table" /></div>
                {primary_card}
                {move || {
                    has_joins
                        .get()
                        .then(|| {
                            view! {
                                <div class="suggest-bar">
                                    <AutoDetect state suggested />
                                    <VerifyJoins state />
                                    <Help term=&help::FAN_OUT />
                                </div>
                            }
                        })
                }}
                <For each=move || secondaries.get() key=|(name, _)| name.clone() let((name, table))>
                    <JoinEditor state name table suggested />
                </For>
                <div class="faults"><FieldErrors state path="secondary_tables" /></div>
            </section>
        </div>
    }
}

/// On a narrow page the diagram is below the form: the button scrolls to it.
fn show_picture() {
    request_animation_frame(|| {
        if let Some(picture) = document().query_selector(".join-picture").ok().flatten() {
            picture.scroll_into_view();
        }
    });
}

/// The warehouse's tables, or why there are none.
#[component]
fn TablePicker(state: State) -> impl IntoView {
    let answer = Loader::<Vec<TableInfo>>::new();
    let search = RwSignal::new(String::new());
    let fetch = move || answer.load(rpc::tables(state.model_id));
    // Requested again only after an error: the list does not change during use.
    Effect::new(move |_| {
        state.track_retries();
        if !untrack(|| answer.with(|answer| matches!(answer, Some(Ok(_))))) {
            fetch();
        }
    });
    let empty = move |title: &'static str, advice: String| {
        view! {
            <div class="empty">
                <h3>{title}</h3>
                <p>{advice}</p>
                <button type="button" class="button small" on:click=move |_| fetch()>{texts::TRY_AGAIN}</button>
            </div>
        }
        .into_any()
    };
    let list = move || {
        answer.with(|answer| match answer {
            None => view! { <Waiting what=texts::LISTING /> }.into_any(),
            // Three different cases: no dataset, no permission, no tables.
            Some(Ok(all)) if all.is_empty() => empty(texts::NO_TABLES, texts::NO_TABLES_ADVICE.into()),
            Some(Err(error)) if error.code == "no_dataset" => empty(texts::NO_DATASET, error.message.clone()),
            Some(Err(error)) if error.code == "no_permission" => empty(texts::NO_PERMISSION, error.message.clone()),
            Some(Ok(all)) => view! { <TableList state all=all.clone() search /> }.into_any(),
            Some(Err(error)) => view! {
                <Problem error=Some(error.clone()) />
                <p class="problem-actions">
                    <button type="button" class="button small" on:click=move |_| fetch()>{texts::TRY_AGAIN}</button>
                </p>
            }
            .into_any(),
        })
    };
    view! {
        <SearchField label=texts::SEARCH_TABLES text=search />
        {list}
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
            <For each=move || shown.get() key=|table| table.name.clone() let:info>
                <TableLine state info />
            </For>
        </ul>
        {move || shown.with(Vec::is_empty).then(|| view! { <p class="note">{texts::NO_TABLE_CALLED_SO}</p> })}
    }
}

#[component]
fn TableLine(state: State, info: TableInfo) -> impl IntoView {
    let table = StoredValue::new(info.name.clone());
    let is_primary =
        Memo::new(move |_| state.draft().with(|d| table.with_value(|table| d.config.primary_table.as_ref() == Some(table))));
    let joined = Memo::new(move |_| {
        state
            .sources()
            .with(|sources| table.with_value(|table| sources.iter().skip(1).filter(|(_, other)| other == table).count()))
    });
    let has_primary = Memo::new(move |_| state.sources().with(|sources| !sources.is_empty()));
    let unknown_rows = info.rows.is_none();
    let details: Vec<String> = [
        (info.kind != TableKind::Table).then(|| texts::table_kind(info.kind).to_owned()),
        info.rows.map(|n| texts::rows_short(short(n))),
        unknown_rows.then(|| texts::ROWS_UNKNOWN.to_owned()),
        info.bytes.map(bytes),
        info.columns.map(texts::columns),
        info.partition.as_ref().map(|by| texts::partitioned(&by.column, by.filter_required)),
        info.last_modified.map(|at| texts::changed(&at.date_naive().to_string())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let last = details.len().saturating_sub(1);
    let details = details
        .into_iter()
        .enumerate()
        .map(|(i, detail)| view! { <span class="table-fact">{detail}</span> {(i < last).then_some(" · ")} })
        .collect_view();
    let exact = info.rows.map(|n| texts::rows_short(integer(n)));
    let hover: Vec<String> = exact.into_iter().chain(info.last_modified.map(|at| texts::changed(&instant(at)))).collect();
    let broken = info.problem.is_some();
    let name = info.name.table().to_owned();
    let again = move || joined.get() > 0 || is_primary.get();
    let join_label = {
        let name = name.clone();
        move || if again() { texts::join_again(&name) } else { texts::join_table(&name) }
    };
    view! {
        <li class="table-line" class:table-chosen=move || is_primary.get() || joined.get().gt(&0)>
            <div class="table-facts" title=hover.join(", ")>
                <strong>{name.clone()}</strong>
                <span class="note">{details}</span>
                {info.problem.map(|problem| view! { <span class="field-error">{problem}</span> })}
            </div>
            <div class="table-buttons">
                <button
                    type="button"
                    class="button small"
                    aria-label=texts::use_as_primary(&name)
                    aria-pressed=move || is_primary.get().to_string()
                    disabled=broken
                    on:click=move |_| state.edit(|draft| draft.set_primary(table.get_value()))
                >
                    {texts::PRIMARY}
                </button>
                <button
                    type="button"
                    class="button small"
                    aria-label=join_label
                    disabled=move || broken || !has_primary.get()
                    on:click=move |_| state.edit(|draft| draft.add_secondary(table.get_value()))
                >
                    {move || if again() { texts::JOIN_AGAIN } else { texts::JOIN }}
                </button>
            </div>
        </li>
    }
}
