//! The frozen versions of a dataset: their content, their differences from each other or from the
//! current dataset, and restoring them.

use leptos::prelude::*;

use super::problem::Problem;
use super::query_panel::SqlBlock;
use super::texts::{common, versions as texts};
use super::toast::{Toaster, use_toaster};
use super::when::When;
use super::work::{Loader, Work};
use crate::domain::diff::Difference;
use crate::domain::drift::{Drift, Renaming};
use crate::domain::dto::{Dataset, Version, VersionDiff, VersionSummary};
use crate::domain::format::integer;
use crate::error::ApiError;
use crate::rpc;

/// What is shown of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// What differs from another version, or from the current dataset.
    Diff,
    Sql,
}

/// Shared by the lines.
#[derive(Clone, Copy)]
struct Lines {
    dataset: RwSignal<Dataset>,
    open: RwSignal<Option<(u32, Shown)>>,
    error: RwSignal<Option<ApiError>>,
    work: Work,
    toaster: Toaster,
    on_changed: Callback<()>,
}

#[component]
pub fn Versions(dataset: RwSignal<Dataset>, on_changed: Callback<()>) -> impl IntoView {
    let id = dataset.with_untracked(|dataset| dataset.summary.id);
    let error = RwSignal::new(None::<ApiError>);
    let lines = Lines { dataset, open: RwSignal::new(None), error, work: Work::new(), toaster: use_toaster(), on_changed };
    let stale = move || error.with(|error| error.as_ref().is_some_and(|error| error.code == "stale"));
    let look_again = move |_| {
        lines.work.start(async move {
            match rpc::dataset(id).await {
                Ok(now) => {
                    error.set(None);
                    dataset.set(now);
                }
                Err(reason) => error.set(Some(reason)),
            }
        });
    };
    let list = move || {
        let (versions, active, hash) = dataset.with(|d| (d.versions.clone(), d.summary.active_version, d.config_hash.clone()));
        if versions.is_empty() {
            return view! { <p class="note">{texts::NONE}</p> }.into_any();
        }
        let items = versions.into_iter().map(|version| lines.line(version, active, &hash)).collect_view();
        view! { <ul class="versions">{items}</ul> }.into_any()
    };
    view! {
        <DriftNote id />
        <Problem error />
        {move || {
            stale()
                .then(|| {
                    view! {
                        <p class="problem-actions">
                            <button type="button" class="button small" on:click=look_again>
                                {texts::LOOK_AGAIN}
                            </button>
                        </p>
                    }
                })
        }}
        {list}
    }
}

impl Lines {
    fn line(self, version: VersionSummary, active: Option<u32>, hash: &str) -> AnyView {
        let VersionSummary { number, config_hash, reason, author, as_of, rows, created_at } = version;
        let same = config_hash == hash;
        let mut details = vec![reason];
        details.extend(Some(author).filter(|author| !author.is_empty()).map(|author| texts::by(&author)));
        details.extend(as_of.map(|day| texts::as_of(&day.to_string())));
        details.extend(rows.map(|rows| texts::rows(&integer(rows))));
        let short = config_hash[..config_hash.len().min(12)].to_owned();
        view! {
            <li class="version">
                <div class="version-head">
                    <strong>{texts::version(number)}</strong>
                    {(active == Some(number)).then(|| view! { <span class="chip chip-good">{texts::ACTIVE}</span> })}
                    {same.then(|| view! { <span class="chip">{texts::SAME}</span> })}
                    <span class="note">
                        <When at=created_at />
                        {common::DOT}
                        {details.join(common::DOT)}
                    </span>
                    <code class="note" title=config_hash>
                        {short}
                    </code>
                </div>
                <div class="version-buttons">
                    {self.toggle(number, Shown::Sql, texts::SQL, texts::sql_of(number))}
                    {self.toggle(number, Shown::Diff, texts::DIFFERENCES, texts::differences_from(number))}
                    {(!same).then(|| self.restore_button(number))}
                </div>
                {move || match self.open.get() {
                    Some((shown, Shown::Diff)) if shown == number => view! { <Diff dataset=self.dataset number /> }.into_any(),
                    Some((shown, Shown::Sql)) if shown == number => frozen_sql(self.id(), number).into_any(),
                    _ => ().into_any(),
                }}
            </li>
        }
        .into_any()
    }

    fn id(self) -> i64 {
        self.dataset.with_untracked(|dataset| dataset.summary.id)
    }

    fn toggle(self, number: u32, shown: Shown, text: &'static str, label: String) -> impl IntoView {
        let this = Some((number, shown));
        view! {
            <button
                type="button"
                class="button small"
                aria-label=label
                aria-pressed=move || (self.open.get() == this).to_string()
                on:click=move |_| self.open.update(|open| *open = if *open == this { None } else { this })
            >
                {text}
            </button>
        }
    }

    fn restore_button(self, number: u32) -> impl IntoView {
        view! {
            <button
                type="button"
                class="button small"
                aria-label=texts::restore(number)
                disabled=move || self.work.running()
                on:click=move |_| self.restore(number)
            >
                {texts::RESTORE}
            </button>
        }
    }

    fn restore(self, number: u32) {
        self.error.set(None);
        let before = self.dataset.get_untracked();
        self.work.start(async move {
            match rpc::restore_version(before.summary.id, number, before.revision).await {
                Ok(restored) => {
                    let revision = restored.revision;
                    self.toaster.undoable(texts::restored(number), move || self.put_back(before.clone(), revision));
                    self.open.set(None);
                    self.dataset.set(restored);
                    self.on_changed.run(());
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    /// Undo of a restore, in the toast. No [`Work`]: the dialog may no longer exist by then.
    /// `revision` is the restored one's, so that a later save is not overwritten.
    fn put_back(self, before: Dataset, revision: i64) {
        leptos::task::spawn_local(async move {
            let id = before.summary.id;
            match rpc::update_dataset(id, revision, before.input()).await {
                Ok(dataset) => {
                    self.toaster.good(texts::UNDONE);
                    self.dataset.try_set(dataset);
                }
                Err(error) => self.toaster.failed(&error),
            }
            self.on_changed.try_run(());
        });
    }
}

/// Whether the tables have changed since. Requested in the browser only: the page does not wait for
/// a warehouse.
#[component]
fn DriftNote(id: i64) -> impl IntoView {
    let drift = Loader::new();
    Effect::new(move |_| drift.load(rpc::drift(id)));
    move || {
        drift.with(|answer| {
            let report = answer?.as_ref().ok()?;
            let number = report.version?;
            let tables = (!report.changes.is_empty()).then(|| changes_of(texts::tables_changed(number), &report.changes));
            let columns = (!report.renamed.is_empty()).then(|| renamed(texts::columns_renamed(number), &report.renamed));
            Some(view! { {tables} {columns} })
        })
    }
}

fn changes_of(heading: String, changes: &[Drift]) -> AnyView {
    let used = changes.iter().any(|change| change.used);
    let lines =
        changes.iter().map(|change| view! { <li class:bad=change.used>{change.text.clone()}</li> }.into_any()).collect_view();
    drift(heading, used, lines)
}

fn renamed(heading: String, columns: &[Renaming]) -> AnyView {
    let lines = columns.iter().map(|column| view! { <li>{column.text.clone()}</li> }.into_any()).collect_view();
    drift(heading, true, lines)
}

fn drift(heading: String, warning: bool, lines: Vec<AnyView>) -> AnyView {
    view! {
        <div class="info-box drift" class:warning=warning>
            <p>{heading}</p>
            <ul>{lines}</ul>
        </div>
    }
    .into_any()
}

#[component]
fn Diff(dataset: RwSignal<Dataset>, number: u32) -> impl IntoView {
    let (id, others) = dataset.with_untracked(|dataset| {
        let numbers = dataset.versions.iter().map(|version| version.number).filter(|other| *other != number);
        (dataset.summary.id, numbers.collect::<Vec<_>>())
    });
    // `None`: the current dataset.
    let with = RwSignal::new(None::<u32>);
    let diff = Loader::new();
    let fetch = Callback::new(move |()| diff.load(rpc::version_diff(id, number, with.get_untracked())));
    Effect::new(move |_| {
        with.track();
        fetch.run(());
    });
    let options =
        others.into_iter().map(|other| view! { <option value=other.to_string()>{texts::version(other)}</option> }).collect_view();
    view! {
        <label class="diff-with">
            <span>{texts::WITH}</span>
            <select on:change:target=move |e| with.set(e.target().value().parse().ok())>
                <option value="">{texts::NOW}</option>
                {options}
            </select>
        </label>
        {diff.show(texts::COMPARING, fetch, diff_of)}
    }
}

fn diff_of(diff: &VersionDiff) -> AnyView {
    let second = diff.to.map_or(texts::NOW.to_owned(), texts::version);
    let tables = (!diff.tables.is_empty()).then(|| changes_of(texts::tables_changed(diff.from), &diff.tables));
    if diff.differences.is_empty() {
        return view! {
            <p class="note">{texts::NO_DIFFERENCE}</p>
            {tables}
        }
        .into_any();
    }
    let label = texts::differences_from(diff.from);
    let lines = diff.differences.iter().map(difference_line).collect_view();
    view! {
        <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label=label>
            <table class="compare">
                <thead>
                    <tr>
                        <th scope="col">{texts::PATH}</th>
                        <th scope="col">{texts::version(diff.from)}</th>
                        <th scope="col">{second}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {tables}
    }
    .into_any()
}

/// A path and its value on each side.
pub fn difference_line(difference: &Difference) -> AnyView {
    let text = |value: &Option<serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => common::DASH.to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let path = difference.path.trim_start_matches("config.").to_owned();
    let cells = difference.values.iter().map(|value| view! { <td><code>{text(value)}</code></td> }).collect_view();
    view! {
        <tr>
            <th scope="row">
                <code>{path}</code>
            </th>
            {cells}
        </tr>
    }
    .into_any()
}

fn frozen_sql(id: i64, number: u32) -> impl IntoView {
    let version = Loader::new();
    let fetch = Callback::new(move |()| version.load(rpc::version(id, number)));
    Effect::new(move |_| fetch.run(()));
    version.show(common::LOADING, fetch, sql_of)
}

fn sql_of(version: &Version) -> AnyView {
    let number = version.summary.number;
    let parts = version
        .sql
        .iter()
        .map(|(part, sql)| {
            view! {
                <details open=part == "full">
                    <summary>{part.clone()}</summary>
                    <SqlBlock sql=sql.clone() file_name=format!("version-{number}-{part}.sql") />
                </details>
            }
        })
        .collect_view();
    view! { <div class="frozen-sql">{parts}</div> }.into_any()
}
