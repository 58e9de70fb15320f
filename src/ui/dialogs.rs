//! The small dialogs about one dataset: rows, counts, clone, delete.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use super::dialog::Dialog;
use super::problem::Problem;
use super::query_panel::PartTabs;
use super::rows::RowsTable;
use super::texts::{common, dialogs as texts};
use super::toast::{Toaster, use_toaster};
use super::work::{Loader, Waiting, Work};
use crate::domain::dataset::{Split, Status};
use crate::domain::dto::{Counts, Dataset, NameCheck, PartCounts, Preview};
use crate::domain::format::integer;
use crate::error::ApiError;
use crate::rpc;

const QUIET: Duration = Duration::from_millis(300);

/// Counts the dataset on request, and shows the result.
#[component]
pub fn CountsPanel(id: i64) -> impl IntoView {
    // If it is stopped, the numbers of the previous count are shown again.
    let answer = RwSignal::new(None);
    let work = Work::new();
    let count = move |_| work.start(async move { answer.set(Some(rpc::count(id).await)) });
    let stop = Callback::new(move |()| work.stop());
    view! {
        <div class="counts">
            <button
                type="button"
                class="button small"
                disabled=move || work.running()
                on:click=count
            >
                {texts::COUNT}
            </button>
            {move || match (work.running(), answer.get()) {
                (true, _) => view! { <Waiting what=texts::COUNTING on_stop=stop /> }.into_any(),
                (false, Some(Ok(counts))) => counts_table(&counts),
                (false, Some(Err(error))) => view! { <Problem error=Some(error) /> }.into_any(),
                (false, None) => ().into_any(),
            }}
        </div>
    }
}

fn counts_table(counts: &Counts) -> AnyView {
    let mut parts: Vec<(&'static str, PartCounts)> = vec![(super::texts::query::FULL, counts.full)];
    parts.extend(counts.splits.iter().map(|(split, part)| (split.as_str(), *part)));
    if counts.unassigned.rows > 0 {
        parts.push((texts::NO_SPLIT, counts.unassigned));
    }
    let optional = |number: Option<u64>| number.map_or(common::DASH.into(), integer);
    let days = |part: &PartCounts| match (part.first_day, part.last_day) {
        (Some(first), Some(last)) => texts::days(&first.to_string(), &last.to_string()),
        _ => common::DASH.into(),
    };
    let lines = parts
        .iter()
        .map(|(name, part)| {
            view! {
                <tr>
                    <th scope="row">{*name}</th>
                    <td class="number">{integer(part.rows)}</td>
                    <td class="number">{optional(part.users)}</td>
                    <td class="number">{optional(part.products)}</td>
                    <td>{days(part)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll">
            <table class="rows counts-table">
                <thead>
                    <tr>
                        <th scope="col">{texts::PART}</th>
                        <th scope="col" class="number">
                            {texts::ROWS}
                        </th>
                        <th scope="col" class="number">
                            {texts::USERS}
                        </th>
                        <th scope="col" class="number">
                            {texts::PRODUCTS}
                        </th>
                        <th scope="col">{texts::DAYS}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {counts.as_of.map(|day| view! { <p class="note">{texts::as_of(&day.to_string())}</p> })}
    }
    .into_any()
}

/// The dataset of a dialog, requested in the browser when it opens.
pub fn load_dataset(id: i64) -> (Loader<Dataset>, Callback<()>) {
    let loaded = Loader::new();
    let fetch = Callback::new(move |()| loaded.load(rpc::dataset(id)));
    Effect::new(move |_| fetch.run(()));
    (loaded, fetch)
}

/// The name of a requested dataset; empty until it has arrived.
pub fn name_of(loaded: Loader<Dataset>) -> Signal<String> {
    Signal::derive(move || {
        loaded.with(|answer| match answer {
            Some(Ok(dataset)) => dataset.summary.name.clone(),
            _ => String::new(),
        })
    })
}

#[component]
pub fn PreviewDialog(id: i64, on_close: Callback<()>) -> impl IntoView {
    let (dataset, _) = load_dataset(id);
    let name = name_of(dataset);
    let splits = Signal::derive(move || {
        dataset.with(|answer| match answer {
            Some(Ok(dataset)) => dataset.config.split_config.splits().to_vec(),
            _ => vec![],
        })
    });
    let part = RwSignal::new(None::<Split>);
    let rows = Loader::new();
    let fetch = Callback::new(move |()| rows.load(rpc::preview(id, part.get_untracked(), 100)));
    Effect::new(move |_| {
        part.track();
        fetch.run(());
    });
    let shown = |preview: &Preview| view! { <RowsTable preview=preview.clone() /> }.into_any();
    view! {
        <Dialog title=Signal::derive(move || texts::rows_of(&name.get())) on_close class="modal-wide">
            <div class="modal-body">
                <PartTabs splits part />
                {rows.show(texts::RUNNING, fetch, shown)}
            </div>
        </Dialog>
    }
}

/// Checks whether a name is free, 300 ms after the last keystroke. The response for an older name
/// is dropped, since responses can arrive out of order. An empty name is not checked.
fn check_as_typed(model_id: i64, name: RwSignal<String>) -> RwSignal<Option<NameCheck>> {
    let check = RwSignal::new(None);
    let work = Work::new();
    let mut check_soon = debounce(QUIET, move |()| {
        let wanted = name.with_untracked(|name| name.trim().to_owned());
        if wanted.is_empty() {
            return;
        }
        work.start(async move {
            let answer = rpc::check_name(model_id, wanted, None).await;
            check.set(Some(answer.unwrap_or_else(|f| NameCheck { available: false, message: f.message })));
        });
    });
    Effect::new(move |_| {
        name.track();
        check.set(None);
        work.stop();
        check_soon(());
    });
    check
}

#[component]
pub fn CloneDialog(id: i64, model_id: i64, on_close: Callback<()>, on_done: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let name = RwSignal::new(String::new());
    let check = check_as_typed(model_id, name);
    let error = RwSignal::new(None::<ApiError>);
    let work = Work::new();
    let named = Memo::new(move |_| name.with(|name| !name.trim().is_empty()));
    let taken = Memo::new(move |_| check.with(|check| check.as_ref().is_some_and(|check| !check.available)));
    let blocked = move || work.running() || (named.get() && (check.with(Option::is_none) || taken.get()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if untrack(blocked) {
            return;
        }
        error.set(None);
        let given = name.with_untracked(|name| Some(name.trim().to_owned()).filter(|name| !name.is_empty()));
        work.start(async move {
            match rpc::clone_dataset(id, given).await {
                Ok(dataset) => {
                    toaster.good(texts::cloned(&dataset.summary.name));
                    on_done.run(());
                }
                Err(reason) => error.set(Some(reason)),
            }
        });
    };
    let hint = move || match check.get() {
        Some(check) => check.message,
        None if named.get() => texts::CHECKING.to_owned(),
        None => texts::COPY_HINT.to_owned(),
    };
    view! {
        <Dialog title=texts::CLONE_TITLE on_close class="modal-small">
            <form class="modal-body" on:submit=submit>
                <p>{texts::COPY_WHAT}</p>
                <Problem error />
                <label class="field">
                    <span>{texts::COPY_NAME}</span>
                    <input
                        autofocus
                        type="text"
                        maxlength="255"
                        autocomplete="off"
                        aria-describedby="copy-said"
                        aria-invalid=move || taken.get().to_string()
                        prop:value=move || name.get()
                        on:input:target=move |e| name.set(e.target().value())
                    />
                </label>
                <p id="copy-said" class="name-check" role="status" class:field-error=move || taken.get() class:note=move || !named.get()>
                    {hint}
                </p>
                <div class="modal-footer">
                    <button type="button" class="button" on:click=move |_| on_close.run(())>
                        {common::CANCEL}
                    </button>
                    <button
                        type="submit"
                        class="button primary"
                        aria-busy=move || work.running().to_string()
                        disabled=blocked
                    >
                        {move || if work.running() { texts::CLONING } else { texts::CLONE }}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
pub fn DeleteDialog(id: i64, on_close: Callback<()>, on_done: Callback<()>, reload: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let (dataset, again) = load_dataset(id);
    let error = RwSignal::new(None::<ApiError>);
    let work = Work::new();
    // The name of the deleted dataset, and whether deleting its versions was confirmed.
    let delete = Callback::new(move |(name, force): (String, bool)| {
        error.set(None);
        work.start(async move {
            match rpc::delete_dataset(id, force).await {
                Ok(()) => {
                    toaster.undoable(texts::deleted(&name), move || bring_back(id, toaster, reload));
                    on_done.run(());
                }
                Err(reason) => error.set(Some(reason)),
            }
        });
    });
    let what = move |dataset: &Dataset| what_goes(dataset, work, delete, on_close);
    view! {
        <Dialog title=texts::DELETE_TITLE on_close class="modal-small">
            <div class="modal-body">
                <Problem error />
                {dataset.show_with(common::LOADING, again, what)}
            </div>
        </Dialog>
    }
}

/// Undo in the toast. No [`Work`]: the dialog no longer exists by then.
fn bring_back(id: i64, toaster: Toaster, reload: Callback<()>) {
    leptos::task::spawn_local(async move {
        match rpc::undelete_dataset(id).await {
            Ok(dataset) => toaster.good(texts::restored(&dataset.summary.name)),
            Err(error) => toaster.failed(&error),
        }
        // The user may have left the page by now.
        reload.try_run(());
    });
}

/// Lists what will be deleted. Versions need a confirmation of their own: nothing would show
/// afterwards what was trained on them.
fn what_goes(dataset: &Dataset, work: Work, delete: Callback<(String, bool)>, on_close: Callback<()>) -> AnyView {
    let versions = dataset.versions.len();
    let sure = RwSignal::new(false);
    let name = dataset.summary.name.clone();
    let mut lines = vec![texts::GOES_CONFIG.to_owned()];
    if dataset.analysis.is_some() {
        lines.push(texts::GOES_ANALYSIS.to_owned());
    }
    if versions > 0 {
        let numbers: Vec<String> = dataset.versions.iter().map(|version| version.number.to_string()).collect();
        lines.push(texts::goes_versions(versions, &numbers.join(", ")));
    }
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let active = dataset.summary.status == Status::Active || dataset.summary.active_version.is_some();
    let (before, after) = texts::DELETES;
    view! {
        <p>{before} <strong>{name.clone()}</strong> {after}</p>
        {active.then(|| view! { <p class="info-box warning">{texts::GOES_ACTIVE}</p> })}
        <div>
            <p>{texts::GOES}</p>
            <ul class="going">{lines}</ul>
        </div>
        {(versions > 0)
            .then(|| {
                view! {
                    <label class="check">
                        <input prop:checked=move || sure.get() type="checkbox" on:change:target=move |e| sure.set(e.target().checked()) />
                        {texts::SURE}
                    </label>
                }
            })}
        <p class="note">{texts::STAYS}</p>
        <div class="modal-footer">
            <button type="button" class="button" autofocus on:click=move |_| on_close.run(())>
                {common::CANCEL}
            </button>
            <button
                type="button"
                class="button danger"
                aria-busy=move || work.running().to_string()
                disabled=move || work.running() || (versions > 0 && !sure.get())
                on:click=move |_| delete.run((name.clone(), versions > 0 && sure.get_untracked()))
            >
                {move || if work.running() { texts::DELETING } else { texts::DELETE }}
            </button>
        </div>
    }.into_any()
}
