//! The dialogs about one dataset: detail, query, preview, clone, delete.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::card::StatusBadge;
use super::dialog::Dialog;
use super::format::{count, instant, integer};
use super::layout::Problem;
use super::query_panel::{PartTabs, SqlBlock, Verdict};
use super::rows::RowsTable;
use super::toast::use_toaster;
use super::versions::Versions;
use crate::domain::dataset::Split;
use crate::domain::record::{Counts, Dataset, PartCounts};
use crate::domain::words;
use crate::error::Failure;
use crate::rpc;

/// What waits shows that it does.
#[component]
pub fn Waiting(what: &'static str) -> impl IntoView {
    view! {
        <p class="waiting" role="status">
            <span class="spinner" aria-hidden="true"></span>
            {what}
        </p>
    }
}

/// A list with a heading.
#[component]
fn Section(title: &'static str, lines: Vec<String>) -> impl IntoView {
    let lines = if lines.is_empty() { vec!["none".to_owned()] } else { lines };
    view! {
        <section class="detail-section">
            <h3>{title}</h3>
            <ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        </section>
    }
}

#[component]
pub fn DetailDialog(id: i64, on_close: Callback<()>, on_changed: Callback<()>) -> impl IntoView {
    let dataset = Resource::new(|| (), move |()| rpc::dataset(id));
    let on_restored = Callback::new(move |()| {
        dataset.refetch();
        on_changed.run(());
    });
    let title = Signal::derive(move || match dataset.get() {
        Some(Ok(dataset)) => dataset.summary.name,
        _ => "Dataset".into(),
    });
    let body = move || {
        Suspend::new(async move {
            match dataset.await {
                Ok(dataset) => view! { <Detail dataset on_restored /> }.into_any(),
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    view! {
        <Dialog title on_close>
            <div class="modal-body">
                <Suspense fallback=|| view! { <Waiting what="Loading…" /> }>{body}</Suspense>
            </div>
        </Dialog>
    }
}

#[component]
fn Detail(dataset: Dataset, on_restored: Callback<()>) -> impl IntoView {
    let whole = StoredValue::new(dataset.clone());
    let config = dataset.config;
    let columns = config
        .selected_columns
        .iter()
        .map(|c| match &c.alias {
            Some(alias) => format!("{} as {alias}", c.reference()),
            None => c.reference().to_string(),
        })
        .collect();
    let roles = words::roles(&config.column_mapping);
    let id = dataset.summary.id;
    let counts = Action::new(move |(): &()| rpc::count(id));
    view! {
        <p class="card-facts">
            <StatusBadge status=dataset.summary.status />
            <span>{format!("revision {}", dataset.revision)}</span>
            <span>"changed " {instant(dataset.summary.updated_at)}</span>
        </p>
        <p>{dataset.summary.description}</p>
        <div class="detail">
            <Section title="Tables" lines=words::tables(&config) />
            <Section title="Columns" lines=columns />
            <Section title="Roles" lines=roles />
            <Section title="Filters" lines=words::filters(&config.filters) />
            <Section title="Split" lines=vec![words::split(&config.split_config)] />
        </div>
        <section class="detail-section">
            <h3>"Versions"</h3>
            <Versions dataset=whole on_restored />
        </section>
        <CountsPanel counts />
    }
}

/// Counts the dataset when asked to, and shows what came out.
#[component]
pub fn CountsPanel(counts: Action<(), Result<Counts, Failure>>) -> impl IntoView {
    let answer = counts.value();
    view! {
        <div class="counts">
            <button
                type="button"
                class="button"
                disabled=move || counts.pending().get()
                on:click=move |_| {
                    counts.dispatch(());
                }
            >
                {move || if counts.pending().get() { "Counting…" } else { "Count rows, users and products" }}
            </button>
            {move || match answer.get() {
                Some(Ok(counts)) => view! { <CountsTable counts /> }.into_any(),
                Some(Err(failure)) => view! { <Problem failure=Some(failure) /> }.into_any(),
                None => ().into_any(),
            }}
        </div>
    }
}

#[component]
fn CountsTable(counts: Counts) -> impl IntoView {
    let mut parts: Vec<(&'static str, PartCounts)> = vec![("full", counts.full)];
    parts.extend(counts.splits.iter().map(|(split, part)| (split.word(), *part)));
    if counts.unassigned.rows > 0 {
        parts.push(("in no split", counts.unassigned));
    }
    let optional = |number: Option<u64>| number.map_or("–".into(), integer);
    let days = |part: &PartCounts| match (part.first_day, part.last_day) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "–".into(),
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
                        <th scope="col">"Part"</th>
                        <th scope="col">"Rows"</th>
                        <th scope="col">"Users"</th>
                        <th scope="col">"Products"</th>
                        <th scope="col">"Days"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {counts.as_of.map(|day| view! { <p class="note">"As of " {day.to_string()}</p> })}
    }
}

/// A dialog that shows one part of a dataset at a time.
#[component]
fn PartDialog(
    id: i64,
    title: &'static str,
    on_close: Callback<()>,
    /// What is shown, given the dataset's name and the part.
    of_part: Callback<(Signal<String>, RwSignal<Option<Split>>), AnyView>,
) -> impl IntoView {
    let dataset = Resource::new(|| (), move |()| rpc::dataset(id));
    let known = move || dataset.get().and_then(Result::ok);
    let splits = Signal::derive(move || known().map(|d| d.config.split_config.splits().to_vec()).unwrap_or_default());
    let name = Signal::derive(move || known().map(|d| d.summary.name).unwrap_or_default());
    let part = RwSignal::new(None::<Split>);
    view! {
        <Dialog title=Signal::derive(move || format!("{title} {}", name.get())) on_close class="modal-wide">
            <div class="modal-body">
                <PartTabs splits part />
                {of_part.run((name, part))}
            </div>
        </Dialog>
    }
}

#[component]
pub fn QueryDialog(id: i64, on_close: Callback<()>) -> impl IntoView {
    let of_part = Callback::new(move |(name, part): (Signal<String>, RwSignal<Option<Split>>)| {
        let query = Resource::new(move || part.get(), move |part| rpc::query(id, part));
        let file_name =
            Signal::derive(move || format!("{}-{}.sql", file_stem(&name.get()), part.get().map_or("full", Split::word)));
        let body = move || {
            Suspend::new(async move {
                match query.await {
                    Ok(query) => view! {
                        <Verdict validation=query.validation />
                        <SqlBlock sql=query.query file_name />
                    }
                    .into_any(),
                    Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
                }
            })
        };
        view! { <Transition fallback=|| view! { <Waiting what="Asking the warehouse…" /> }>{body}</Transition> }.into_any()
    });
    view! { <PartDialog id title="Query of" on_close of_part /> }
}

/// Letters, digits and dashes of a name, for a file.
fn file_stem(name: &str) -> String {
    let stem: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    if stem.is_empty() { "dataset".into() } else { stem }
}

#[component]
pub fn PreviewDialog(id: i64, on_close: Callback<()>) -> impl IntoView {
    let of_part = Callback::new(move |(_, part): (Signal<String>, RwSignal<Option<Split>>)| {
        let preview = Resource::new(move || part.get(), move |part| rpc::preview(id, part, 100));
        let body = move || {
            Suspend::new(async move {
                match preview.await {
                    Ok(preview) => view! { <RowsTable preview /> }.into_any(),
                    Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
                }
            })
        };
        view! { <Transition fallback=|| view! { <Waiting what="Running the query…" /> }>{body}</Transition> }.into_any()
    });
    view! { <PartDialog id title="Rows of" on_close of_part /> }
}

#[component]
pub fn CloneDialog(id: i64, on_close: Callback<()>, on_done: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let name = RwSignal::new(String::new());
    let failure = RwSignal::new(None::<Failure>);
    let clone = Action::new(move |name: &String| {
        let name = Some(name.trim().to_owned()).filter(|n| !n.is_empty());
        async move {
            match rpc::clone_dataset(id, name).await {
                Ok(dataset) => {
                    toaster.good(format!("{} is there.", dataset.summary.name));
                    on_done.run(());
                }
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        clone.dispatch(name.get());
    };
    view! {
        <Dialog title="Clone dataset" on_close class="modal-small">
            <form class="modal-body" on:submit=submit>
                <Problem failure />
                <label class="field">
                    <span>"Name of the copy"</span>
                    <input
                        type="text"
                        maxlength="255"
                        placeholder="the same name, with (Copy)"
                        autofocus
                        prop:value=name
                        on:input:target=move |e| name.set(e.target().value())
                    />
                </label>
                <div class="modal-footer">
                    <button type="button" class="button quiet" on:click=move |_| on_close.run(())>
                        "Cancel"
                    </button>
                    <button type="submit" class="button primary" disabled=move || clone.pending().get()>
                        "Clone"
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
pub fn DeleteDialog(id: i64, on_close: Callback<()>, on_done: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let dataset = Resource::new(|| (), move |()| rpc::dataset(id));
    let failure = RwSignal::new(None::<Failure>);
    let sure = RwSignal::new(false);
    let delete = Action::new(move |force: &bool| {
        let force = *force;
        async move {
            match rpc::delete_dataset(id, force).await {
                Ok(()) => {
                    toaster.good("The dataset is deleted.");
                    on_done.run(());
                }
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let body = move || {
        Suspend::new(async move {
            match dataset.await {
                Ok(dataset) => {
                    let versions = dataset.versions.len();
                    let blocked = move || delete.pending().get() || (versions > 0 && !sure.get());
                    view! {
                        <p>
                            "This deletes " <strong>{dataset.summary.name}</strong>
                            {if versions > 0 { format!(" and its {}.", count(versions, "version")) } else { ".".into() }}
                            " It cannot be undone."
                        </p>
                        {(versions > 0)
                            .then(|| {
                                view! {
                                    <label class="check">
                                        <input type="checkbox" prop:checked=sure on:change:target=move |e| sure.set(e.target().checked()) />
                                        "Delete the versions too: what was trained from them can no longer be told."
                                    </label>
                                }
                            })}
                        <div class="modal-footer">
                            <button type="button" class="button quiet" on:click=move |_| on_close.run(())>
                                "Cancel"
                            </button>
                            <button
                                type="button"
                                class="button danger"
                                disabled=blocked
                                on:click=move |_| {
                                    delete.dispatch(versions > 0 && sure.get_untracked());
                                }
                            >
                                "Delete"
                            </button>
                        </div>
                    }
                    .into_any()
                }
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    view! {
        <Dialog title="Delete dataset" on_close class="modal-small">
            <div class="modal-body">
                <Problem failure />
                <Suspense fallback=|| view! { <Waiting what="Loading…" /> }>{body}</Suspense>
            </div>
        </Dialog>
    }
}
