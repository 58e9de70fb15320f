//! The frozen versions of a dataset: what is in each, how it differs from the dataset as it is, and the way back to it.

use leptos::prelude::*;

use super::dialogs::Waiting;
use super::format::{instant, integer};
use super::layout::Problem;
use super::query_panel::SqlBlock;
use super::toast::use_toaster;
use crate::domain::diff::Difference;
use crate::domain::record::{Dataset, VersionDiff, VersionSummary};
use crate::error::Failure;
use crate::rpc;

/// What is shown of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Diff,
    Sql,
}

#[component]
pub fn Versions(dataset: StoredValue<Dataset>, on_restored: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let (id, revision) = dataset.with_value(|d| (d.summary.id, d.revision));
    let (versions, active, hash) = dataset.with_value(|d| (d.versions.clone(), d.summary.active_version, d.config_hash.clone()));
    let open = RwSignal::new(None::<(u32, Shown)>);
    let failure = RwSignal::new(None::<Failure>);
    let restore = Action::new(move |number: &u32| {
        let number = *number;
        async move {
            match rpc::restore_version(id, number, revision).await {
                Ok(_) => {
                    toaster.good(format!("Version {number} is the dataset's config again."));
                    on_restored.run(());
                }
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    if versions.is_empty() {
        return view! { <p class="note">"None yet: activating the dataset, or exporting it for TFX, freezes one."</p> }
            .into_any();
    }
    let lines = versions
        .into_iter()
        .map(|version| {
            let VersionSummary { number, config_hash, reason, author, as_of, rows, created_at } = version;
            let same = config_hash == hash;
            let mut said = vec![instant(created_at), reason];
            said.extend(Some(author).filter(|author| !author.is_empty()).map(|author| format!("by {author}")));
            said.extend(as_of.map(|day| format!("as of {day}")));
            said.extend(rows.map(|rows| format!("{} rows", integer(rows))));
            let toggle =
                move |shown: Shown| open.update(|open| *open = (*open != Some((number, shown))).then_some((number, shown)));
            let pressed = move |shown: Shown| (open.get() == Some((number, shown))).to_string();
            view! {
                <li class="version">
                    <div class="version-head">
                        <strong>{format!("Version {number}")}</strong>
                        {(active == Some(number)).then(|| view! { <span class="chip confidence-high">"active"</span> })}
                        {same.then(|| view! { <span class="chip">"as the dataset is"</span> })}
                        <span class="note">{said.join(" · ")}</span>
                        <code class="note" title=config_hash.clone()>{config_hash[..config_hash.len().min(12)].to_owned()}</code>
                    </div>
                    <div class="version-buttons">
                        <button
                            type="button"
                            class="button small"
                            aria-label=format!("SQL of version {number}")
                            aria-pressed=move || pressed(Shown::Sql)
                            on:click=move |_| toggle(Shown::Sql)
                        >
                            "SQL"
                        </button>
                        {(!same)
                            .then(|| {
                                view! {
                                    <button
                                        type="button"
                                        class="button small"
                                        aria-label=format!("Differences from version {number}")
                                        aria-pressed=move || pressed(Shown::Diff)
                                        on:click=move |_| toggle(Shown::Diff)
                                    >
                                        "Differences"
                                    </button>
                                    <button
                                        type="button"
                                        class="button small"
                                        aria-label=format!("Restore version {number}")
                                        disabled=restore.pending()
                                        on:click=move |_| {
                                            failure.set(None);
                                            restore.dispatch(number);
                                        }
                                    >
                                        "Restore"
                                    </button>
                                }
                            })}
                    </div>
                    {move || {
                        match open.get() {
                            Some((shown, Shown::Diff)) if shown == number => view! { <Diff id number /> }.into_any(),
                            Some((shown, Shown::Sql)) if shown == number => view! { <FrozenSql id number /> }.into_any(),
                            _ => ().into_any(),
                        }
                    }}
                </li>
            }
        })
        .collect_view();
    view! {
        <DriftNote id />
        <Problem failure />
        <ul class="versions">{lines}</ul>
    }
    .into_any()
}

/// Whether the tables are still what they were.
#[component]
fn DriftNote(id: i64) -> impl IntoView {
    let drift = Resource::new(|| (), move |()| rpc::drift(id));
    let said = move || {
        Suspend::new(async move {
            let report = drift.await.ok().filter(|report| !report.changes.is_empty())?;
            let used = report.changes.iter().any(|change| change.used);
            let lines =
                report.changes.into_iter().map(|change| view! { <li class:bad=change.used>{change.text}</li> }).collect_view();
            Some(view! {
                <div class="info-box drift" class:warning=used>
                    <p>{format!("The tables have changed since version {}:", report.version.unwrap_or_default())}</p>
                    <ul>{lines}</ul>
                </div>
            })
        })
    };
    view! { <Transition>{said}</Transition> }
}

#[component]
fn Diff(id: i64, number: u32) -> impl IntoView {
    let diff = Resource::new(|| (), move |()| rpc::version_diff(id, number, None));
    let body = move || {
        Suspend::new(async move {
            match diff.await {
                Ok(VersionDiff { differences, .. }) => view! { <Differences number differences /> }.into_any(),
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| view! { <Waiting what="Comparing…" /> }>{body}</Suspense> }
}

#[component]
fn Differences(number: u32, differences: Vec<Difference>) -> impl IntoView {
    let text = |value: Option<serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "–".to_owned(),
        Some(serde_json::Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let lines = differences
        .into_iter()
        .map(|difference| {
            let path = difference.path.trim_start_matches("config.").to_owned();
            let cells = difference.values.into_iter().map(|value| view! { <td><code>{text(value)}</code></td> }).collect_view();
            view! { <tr><th scope="row"><code>{path}</code></th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label=format!("Differences from version {number}")>
            <table class="compare">
                <thead>
                    <tr>
                        <th scope="col">"Path"</th>
                        <th scope="col">{format!("Version {number}")}</th>
                        <th scope="col">"Now"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

#[component]
fn FrozenSql(id: i64, number: u32) -> impl IntoView {
    let version = Resource::new(|| (), move |()| rpc::version(id, number));
    let body = move || {
        Suspend::new(async move {
            match version.await {
                Ok(version) => {
                    let parts = version
                        .sql
                        .into_iter()
                        .map(|(part, sql)| {
                            let file_name = format!("version-{number}-{part}.sql");
                            let open = part == "full";
                            view! {
                                <details open=open>
                                    <summary>{part}</summary>
                                    <SqlBlock sql file_name />
                                </details>
                            }
                        })
                        .collect_view();
                    view! { <div class="frozen-sql">{parts}</div> }.into_any()
                }
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| view! { <Waiting what="Loading…" /> }>{body}</Suspense> }
}
