//! The analysis of a dataset: the stored one, and a new run on request.

use std::time::Duration;

use leptos::prelude::*;

use super::dialog::Dialog;
use super::help::Help;
use super::pictures::{DayChart, Funnel};
use super::problem::Problem;
use super::query_panel::size_and_price;
use super::texts::{analysis as texts, common, help};
use super::work::{Loader, Opening, Work, every};
use crate::domain::analysis::{Analysis, Check, Cold, JoinMetrics, Outcome, Part, PartMetrics, Proof, Severity, SplitEstimate};
use crate::domain::dto::{Progress, StoredAnalysis};
use crate::domain::format::{bytes, dollars, instant, integer, percent, second};
use crate::error::ApiError;
use crate::rpc;

/// Interval between requests for the progress of a run.
const POLL_EVERY: Duration = Duration::from_millis(400);

#[component]
pub fn AnalysisDialog(
    id: i64,
    /// The URL of the page without the dialog.
    closed: String,
    on_close: Callback<()>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let overview = Resource::new(|| (), move |()| rpc::summary(id));
    let dialog = move || {
        let closed = closed.clone();
        Suspend::new(async move {
            let (title, body) = match overview.await {
                Ok(overview) => {
                    let title = texts::title(&overview.summary.name);
                    (title, view! { <Panel id stored=overview.analysis on_changed /> }.into_any())
                }
                Err(error) => (texts::TITLE.to_owned(), view! { <Problem error=Some(error) /> }.into_any()),
            };
            view! {
                <Dialog title on_close served=closed class="modal-wide">
                    <div class="modal-body">{body}</div>
                </Dialog>
            }
        })
    };
    view! { <Suspense fallback=move || view! { <Opening on_close /> }>{dialog}</Suspense> }
}

#[component]
fn Panel(id: i64, stored: Option<StoredAnalysis>, on_changed: Callback<()>) -> impl IntoView {
    let stored = RwSignal::new(stored);
    let error = RwSignal::new(None::<ApiError>);
    let note = RwSignal::new(None::<&'static str>);
    // In the browser only: the page does not wait for a warehouse.
    let estimate = Loader::new();
    Effect::new(move |_| estimate.load(rpc::estimate_analysis(id)));
    let estimated = move || estimate.with(|answer| Some(size_and_price(answer?.as_ref().ok()?)));
    let running = RwSignal::new(false);
    let run = move |refresh: bool| {
        error.set(None);
        note.set(None);
        running.set(true);
        // No `Work`: the run outlives its dialog. What it reads is paid for, and its result is
        // stored with the dataset.
        leptos::task::spawn_local(async move {
            let answer = rpc::analyze(id, refresh).await;
            running.try_set(false);
            match answer {
                Ok(found) => {
                    note.try_set(found.cached.then_some(texts::CACHED));
                    stored.try_set(Some(StoredAnalysis { stale: false, analysis: found.analysis }));
                    // The user may have left the page by now.
                    on_changed.try_run(());
                }
                Err(stopped) if stopped.code == "cancelled" => {
                    note.try_set(Some(texts::STOPPED));
                }
                Err(reason) => {
                    error.try_set(Some(reason));
                }
            }
        });
    };
    let words = move || if stored.with(Option::is_none) { texts::ANALYZE } else { texts::AGAIN };
    // An analysis that is out of date is replaced by itself; one that is up to date only on
    // request.
    let insist = move || stored.with(|stored| stored.as_ref().is_some_and(|stored| !stored.stale));
    view! {
        <div class="analysis-head">
            <button
                type="button"
                class="button primary"
                disabled=move || running.get()
                on:click=move |_| run(untrack(insist))
            >
                {words}
            </button>
            <span class="note">{estimated}</span>
        </div>
        {move || running.get().then(|| view! { <Running id /> })}
        {move || note.get().map(|note| view! { <p class="note" role="status">{note}</p> })}
        <Problem error />
        {move || (stored.with(Option::is_none) && !running.get()).then(|| view! { <p>{texts::NOT_YET}</p> })}
        {move || stored.get().map(|StoredAnalysis { stale, analysis }| view! { <Report analysis stale /> })}
    }
}

/// The progress of the run, and a button to stop it.
#[component]
fn Running(id: i64) -> impl IntoView {
    let progress = RwSignal::new(None::<Progress>);
    let look = Work::new();
    Effect::new(move |_| {
        every(POLL_EVERY, move || {
            // A slow server gets no second request before its response.
            if !untrack(|| look.running()) {
                look.start(async move {
                    if let Ok(Some(at)) = rpc::analysis_progress(id).await {
                        progress.set(Some(at));
                    }
                });
            }
        });
    });
    let cancel = Work::new();
    let stop = move |_| {
        cancel.start(async move {
            // If it cannot be stopped, it goes on and reports so itself.
            let _ = rpc::cancel_analysis(id).await;
        });
    };
    let progress_text =
        move || progress.get().map_or(texts::STARTING.into(), |at| texts::step(at.step, at.steps, &at.what, at.seconds));
    view! {
        <div class="progress" role="status">
            <span class="spinner" aria-hidden="true"></span>
            <span>{progress_text}</span>
            <button type="button" class="button small" on:click=stop>
                {common::STOP}
            </button>
        </div>
    }
}

/// The result of an analysis; `stale` if the config has changed since.
#[component]
pub fn Report(analysis: Analysis, stale: bool) -> impl IntoView {
    let quality = analysis.quality_metrics;
    let metrics = analysis.metrics;
    let mut made = vec![instant(analysis.made_at), texts::seconds(analysis.seconds)];
    made.extend(analysis.bytes.map(|read| texts::read(&bytes(read))));
    made.extend(analysis.price_usd.map(dollars));
    made.extend(metrics.as_of.map(|day| texts::as_of(&day.to_string())));
    let leaks = analysis.leaks.iter().filter(|check| check.outcome == Outcome::Failed).count();
    let tone = if leaks > 0 { "open" } else { quality.grade.as_str() };
    view! {
        {stale
            .then(|| {
                view! {
                    <p class="info-box warning" role="status">
                        {texts::STALE}
                    </p>
                }
            })}
        <div class="score-line">
            <p class=format!("score score-{tone}")>
                <strong>{quality.score}</strong>
                <span>{texts::of_hundred(texts::verdict(quality.grade, leaks > 0))}</span>
            </p>
            <p class="score" class:score-poor=move || { leaks > 0 } class:score-excellent=move || { leaks == 0 }>
                <strong>{integer(metrics.part(Part::Full).map_or(0, |full| full.rows))}</strong>
                <span>{texts::rows_and_leaks(leaks)}</span>
            </p>
            <p class="note">
                {made.join(common::DOT)} " " {metrics.as_of.map(|_| view! { <Help term=&help::REFERENCE_DATE /> })}
            </p>
        </div>
        <section class="report">
            <h3>{texts::PARTS}</h3>
            <PartsTable counts=metrics.counts.clone() estimates=analysis.split_estimates proof=analysis.split_proof />
        </section>
        <section class="report">
            <h3>{texts::LEAKAGE}</h3>
            <Checks checks=analysis.leaks />
        </section>
        <section class="report">
            <h3>{texts::QUALITY}</h3>
            <Checks checks=quality.checks />
        </section>
        <section class="report">
            <h3>{texts::FUNNEL}</h3>
            <Funnel stages=metrics.funnel />
        </section>
        {(!metrics.per_day.is_empty() && metrics.timestamp_type.is_some())
            .then(|| {
                view! {
                    <section class="report">
                        <h3>{texts::PER_DAY}</h3>
                        <DayChart days=metrics.per_day />
                    </section>
                }
            })}
        {(!metrics.joins.is_empty())
            .then(|| {
                view! {
                    <section class="report">
                        <h3>{texts::JOINS}</h3>
                        <JoinsTable joins=metrics.joins />
                    </section>
                }
            })}
        <section class="report">
            <h3>
                {texts::ready_for(&analysis.readiness.target, analysis.readiness.ready)}
            </h3>
            <Checks checks=analysis.readiness.checks />
        </section>
    }
}

#[component]
fn PartsTable(counts: Vec<PartMetrics>, estimates: Vec<SplitEstimate>, proof: Option<Proof>) -> impl IntoView {
    let optional = |number: Option<u64>| number.map_or(common::DASH.into(), integer);
    let cold =
        |cold: Option<Cold>| cold.map_or(common::DASH.into(), |cold| texts::cold(&integer(cold.count), 100.0 * cold.share));
    let lines = counts
        .iter()
        .map(|part| {
            let share = estimates.iter().find(|e| Part::from(e.split) == part.part).map(|e| percent(e.percent));
            let proven = proof.as_ref().and_then(|proof| proof.parts.iter().find(|p| Part::from(p.split) == part.part));
            let at = |at: Option<chrono::NaiveDateTime>| at.map_or(common::DASH.into(), second);
            view! {
                <tr>
                    <th scope="row">{part.part.as_str()}</th>
                    <td class="number">{integer(part.rows)}</td>
                    <td class="number">{share}</td>
                    <td class="number">{optional(part.users)}</td>
                    <td class="number">{optional(part.products)}</td>
                    <td>{at(part.first_at)}</td>
                    <td>{at(part.last_at)}</td>
                    <td class="number">{cold(proven.and_then(|p| p.cold_users))}</td>
                    <td class="number">{cold(proven.and_then(|p| p.cold_products))}</td>
                </tr>
            }
        })
        .collect_view();
    let proven = proof.map(|proof| {
        let mut notes =
            vec![texts::in_two_splits(&integer(proof.rows_in_two_splits)), texts::in_no_split(&integer(proof.rows_in_no_split))];
        notes.extend(proof.train_rows_after_first_eval.map(|rows| texts::late_train(&integer(rows))));
        view! { <p class="note">{notes.join(common::DOT)}</p> }
    });
    view! {
        <div class="table-scroll">
            <table class="rows counts-table">
                <thead>
                    <tr>
                        <th scope="col">{texts::PART}</th>
                        <th scope="col" class="number">{texts::ROWS}</th>
                        <th scope="col" class="number">{texts::SHARE}</th>
                        <th scope="col" class="number">{texts::USERS}</th>
                        <th scope="col" class="number">{texts::PRODUCTS}</th>
                        <th scope="col">{texts::FIRST}</th>
                        <th scope="col">{texts::LAST}</th>
                        <th scope="col" class="number" title=texts::COLD_WHY>
                            {texts::COLD_USERS} " " <Help term=&help::COLD_START />
                        </th>
                        <th scope="col" class="number" title=texts::COLD_WHY>{texts::COLD_PRODUCTS}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {proven}
    }
}

#[component]
fn JoinsTable(joins: Vec<JoinMetrics>) -> impl IntoView {
    let lines = joins
        .iter()
        .map(|join| {
            view! {
                <tr>
                    <th scope="row">{join.table.to_string()}</th>
                    <td>{join.join_type.as_str()}</td>
                    <td class="number">{percent(100.0 * join.match_rate())}</td>
                    <td class="number">{integer(join.largest_fan_out)}</td>
                    <td class="number">{integer(join.rows_before)}</td>
                    <td class="number">{integer(join.rows_after)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll">
            <table class="rows counts-table">
                <thead>
                    <tr>
                        <th scope="col">{texts::TABLE}</th>
                        <th scope="col">{texts::JOIN}</th>
                        <th scope="col" class="number">{texts::MATCHED}</th>
                        <th scope="col" class="number">
                            {texts::MOST_MATCHES} " " <Help term=&help::FAN_OUT />
                        </th>
                        <th scope="col" class="number">{texts::BEFORE}</th>
                        <th scope="col" class="number">{texts::AFTER}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

/// The checks that failed, worst first, with what to do; the others on demand.
#[component]
fn Checks(checks: Vec<Check>) -> impl IntoView {
    let (mut failed, others): (Vec<Check>, Vec<Check>) = checks.into_iter().partition(|check| check.outcome == Outcome::Failed);
    failed.sort_by_key(|check| std::cmp::Reverse(check.severity));
    let passed = others.iter().filter(|check| check.outcome == Outcome::Passed).count();
    let skipped = others.len() - passed;
    view! {
        <ul class="checks">{failed.into_iter().map(line_of).collect_view()}</ul>
        {(!others.is_empty())
            .then(|| {
                view! {
                    <details class="checks-rest">
                        <summary>{texts::others(passed, skipped)}</summary>
                        <ul class="checks">{others.into_iter().map(line_of).collect_view()}</ul>
                    </details>
                }
            })}
    }
}

fn line_of(check: Check) -> impl IntoView {
    let (class, word) = match (check.outcome, check.severity) {
        (Outcome::Passed, _) => ("passed", texts::PASSED),
        (Outcome::NotApplicable, _) => ("skipped", texts::NOT_APPLICABLE),
        (Outcome::Failed, Some(Severity::Error)) => ("error", texts::ERROR),
        (Outcome::Failed, Some(Severity::Notice) | None) => ("notice", texts::NOTICE),
        (Outcome::Failed, Some(Severity::Warning)) => ("warning", texts::WARNING),
    };
    view! {
        <li class=format!("check-line check-{class}")>
            <span class="check-word">{word}</span>
            <div>
                <p>
                    <strong>{check.title}</strong>
                    {check.about.map(|about| view! { " " <code>{about}</code> })}
                    {(check.points > 0).then(|| view! { <span class="chip">{texts::points(check.points)}</span> })}
                </p>
                <p>{check.reason}</p>
                {check.advice.map(|advice| view! { <p class="note">{advice}</p> })}
            </div>
        </li>
    }
}
