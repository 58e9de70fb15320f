//! What is known of a dataset: the analysis that is kept, and a new one where someone wants it.

use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;

use super::dialog::Dialog;
use super::dialogs::Waiting;
use super::format::{bytes, dollars, instant, integer};
use super::layout::Problem;
use super::pictures::{DayChart, Funnel};
use crate::domain::analysis::{
    Analysis, AnalysisEstimate, Check, Cold, JoinFacts, Outcome, Part, PartFacts, Proof, Severity, SplitEstimate,
};
use crate::domain::record::{KeptAnalysis, Progress};
use crate::error::Failure;
use crate::rpc;

/// How often a run is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(400);

#[component]
pub fn AnalysisDialog(id: i64, on_close: Callback<()>, on_changed: Callback<()>) -> impl IntoView {
    let overview = Resource::new(|| (), move |()| rpc::summary(id));
    let title = Signal::derive(move || match overview.get() {
        Some(Ok(overview)) => format!("Analysis of {}", overview.summary.name),
        _ => "Analysis".into(),
    });
    let body = move || {
        Suspend::new(async move {
            match overview.await {
                Ok(overview) => view! { <Panel id kept=overview.analysis on_changed /> }.into_any(),
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            }
        })
    };
    view! {
        <Dialog title on_close class="modal-wide">
            <div class="modal-body">
                <Suspense fallback=|| view! { <Waiting what="Loading…" /> }>{body}</Suspense>
            </div>
        </Dialog>
    }
}

#[component]
fn Panel(id: i64, kept: Option<KeptAnalysis>, on_changed: Callback<()>) -> impl IntoView {
    let kept = RwSignal::new(kept);
    let failure = RwSignal::new(None::<Failure>);
    let note = RwSignal::new(None::<&'static str>);
    let progress = RwSignal::new(None::<Progress>);
    let estimate = Resource::new(|| (), move |()| rpc::estimate_analysis(id));
    let run = Action::new(move |refresh: &bool| {
        let refresh = *refresh;
        async move {
            failure.set(None);
            note.set(None);
            progress.set(None);
            match rpc::analyze(id, refresh).await {
                Ok(found) => {
                    note.set(found.cached.then_some("Nothing has changed since: this is what was found then. Nothing was run."));
                    kept.set(Some(KeptAnalysis { stale: false, analysis: found.analysis }));
                    on_changed.run(());
                }
                Err(stopped) if stopped.code == "cancelled" => note.set(Some("The analysis was stopped.")),
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let cancel = Action::new(move |(): &()| rpc::cancel_analysis(id));
    watch_progress(id, run.pending(), progress);
    let words = move || if kept.with(Option::is_none) { "Analyze" } else { "Analyze again" };
    // One that no longer holds is made anew by itself; one that does only where someone insists.
    let insist = move || kept.with(|kept| kept.as_ref().is_some_and(|kept| !kept.stale));
    view! {
        <div class="analysis-head">
            <button
                type="button"
                class="button primary"
                disabled=run.pending()
                on:click=move |_| {
                    run.dispatch(insist());
                }
            >
                {words}
            </button>
            <Transition>{move || Suspend::new(async move { estimate.await.ok().map(estimated) })}</Transition>
        </div>
        {move || {
            run.pending()
                .get()
                .then(|| {
                    view! {
                        <div class="progress" role="status">
                            <span class="spinner" aria-hidden="true"></span>
                            <span>{move || progress.get().map_or("Starting…".into(), |at| said(&at))}</span>
                            <button
                                type="button"
                                class="button small"
                                on:click=move |_| {
                                    cancel.dispatch(());
                                }
                            >
                                "Stop"
                            </button>
                        </div>
                    }
                })
        }}
        {move || note.get().map(|note| view! { <p class="note" role="status">{note}</p> })}
        <Problem failure />
        {move || {
            kept.get()
                .map(|KeptAnalysis { stale, analysis }| {
                    view! {
                        {stale
                            .then(|| {
                                view! {
                                    <p class="info-box warning" role="status">
                                        "The config was changed after this analysis: what follows is of the dataset as it was."
                                    </p>
                                }
                            })}
                        <Report analysis />
                    }
                })
        }}
    }
}

/// Asks how far the run is, for as long as it runs.
fn watch_progress(id: i64, running: Memo<bool>, progress: RwSignal<Option<Progress>>) {
    let timer = StoredValue::new(None::<IntervalHandle>);
    let stop = move || {
        if let Some(Some(timer)) = timer.try_update_value(Option::take) {
            timer.clear();
        }
    };
    Effect::new(move |_| {
        stop();
        if running.get() {
            let ask = move || {
                leptos::task::spawn_local(async move {
                    if let Ok(Some(at)) = rpc::analysis_progress(id).await {
                        // The dialog may be closed by now.
                        progress.try_set(Some(at));
                    }
                });
            };
            timer.set_value(set_interval_with_handle(ask, ASK_EVERY).ok());
        }
    });
    on_cleanup(stop);
}

fn said(at: &Progress) -> String {
    format!("{} of {}: {} · {:.0} s", at.step, at.steps, at.what, at.seconds)
}

fn estimated(estimate: AnalysisEstimate) -> impl IntoView {
    let most = if estimate.upper_bound { "at most " } else { "" };
    let size = estimate.bytes.map(|read| format!("reads {most}{}", bytes(read)));
    let price = estimate.price_usd.map(|usd| format!("costs {most}{}", dollars(usd)));
    let said: Vec<String> = size.into_iter().chain(price).collect();
    view! { <span class="note">{said.join(" · ")}</span> }
}

#[component]
fn Report(analysis: Analysis) -> impl IntoView {
    let quality = analysis.quality_metrics;
    let facts = analysis.facts;
    let grade = quality.grade.word();
    let mut made = vec![instant(analysis.made_at), format!("{:.1} s", analysis.seconds)];
    made.extend(analysis.bytes.map(|read| format!("read {}", bytes(read))));
    made.extend(analysis.price_usd.map(dollars));
    made.extend(facts.as_of.map(|day| format!("as of {day}")));
    let leaks = analysis.leaks.iter().filter(|check| check.outcome == Outcome::Failed).count();
    let leak_words = match leaks {
        0 => "no leak found".to_owned(),
        1 => "1 leak".to_owned(),
        n => format!("{n} leaks"),
    };
    view! {
        <div class="score-line">
            <p class=format!("score score-{grade}")>
                <strong>{quality.score}</strong>
                <span>"of 100, "{grade}</span>
            </p>
            <p class="score" class:score-poor=move || { leaks > 0 } class:score-excellent=move || { leaks == 0 }>
                <strong>{integer(facts.part(Part::Full).map_or(0, |full| full.rows))}</strong>
                <span>"rows, "{leak_words}</span>
            </p>
            <p class="note">{made.join(" · ")}</p>
        </div>
        <section class="report">
            <h3>"Parts"</h3>
            <PartsTable counts=facts.counts.clone() estimates=analysis.split_estimates proof=analysis.split_proof />
        </section>
        <section class="report">
            <h3>"Leakage audit"</h3>
            <Checks checks=analysis.leaks />
        </section>
        <section class="report">
            <h3>"Quality"</h3>
            <Checks checks=quality.checks />
        </section>
        <section class="report">
            <h3>"Funnel"</h3>
            <Funnel stages=facts.funnel />
        </section>
        {(!facts.per_day.is_empty() && facts.timestamp_type.is_some())
            .then(|| {
                view! {
                    <section class="report">
                        <h3>"Rows a day"</h3>
                        <DayChart days=facts.per_day />
                    </section>
                }
            })}
        {(!facts.joins.is_empty())
            .then(|| {
                view! {
                    <section class="report">
                        <h3>"Joins"</h3>
                        <JoinsTable joins=facts.joins />
                    </section>
                }
            })}
        <section class="report">
            <h3>
                {if analysis.readiness.ready { "Ready for " } else { "Not ready for " }}
                {analysis.readiness.target}
            </h3>
            <Checks checks=analysis.readiness.checks />
        </section>
    }
}

#[component]
fn PartsTable(counts: Vec<PartFacts>, estimates: Vec<SplitEstimate>, proof: Option<Proof>) -> impl IntoView {
    let optional = |number: Option<u64>| number.map_or("–".into(), integer);
    let cold =
        |cold: Option<Cold>| cold.map_or("–".into(), |cold| format!("{} ({:.1} %)", integer(cold.count), 100.0 * cold.share));
    let lines = counts
        .iter()
        .map(|part| {
            let percent = estimates.iter().find(|e| Part::from(e.split) == part.part).map(|e| format!("{:.1} %", e.percent));
            let proven = proof.as_ref().and_then(|proof| proof.parts.iter().find(|p| Part::from(p.split) == part.part));
            let at = |at: Option<chrono::NaiveDateTime>| at.map_or("–".into(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string());
            view! {
                <tr>
                    <th scope="row">{part.part.word()}</th>
                    <td class="number">{integer(part.rows)}</td>
                    <td class="number">{percent}</td>
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
        let mut said = vec![
            format!("{} rows in two splits", integer(proof.rows_in_two_splits)),
            format!("{} in none", integer(proof.rows_in_no_split)),
        ];
        said.extend(
            proof.train_rows_after_first_eval.map(|rows| format!("{} of train later than the first of eval", integer(rows))),
        );
        view! { <p class="note">{said.join(" · ")}</p> }
    });
    view! {
        <div class="table-scroll">
            <table class="rows counts-table">
                <thead>
                    <tr>
                        <th scope="col">"Part"</th>
                        <th scope="col" class="number">"Rows"</th>
                        <th scope="col" class="number">"Share"</th>
                        <th scope="col" class="number">"Users"</th>
                        <th scope="col" class="number">"Products"</th>
                        <th scope="col">"First"</th>
                        <th scope="col">"Last"</th>
                        <th scope="col" class="number" title="Not of train; in brackets their share of the part's rows">"Cold users"</th>
                        <th scope="col" class="number" title="Not of train; in brackets their share of the part's rows">"Cold products"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {proven}
    }
}

#[component]
fn JoinsTable(joins: Vec<JoinFacts>) -> impl IntoView {
    let lines = joins
        .iter()
        .map(|join| {
            view! {
                <tr>
                    <th scope="row">{join.table.to_string()}</th>
                    <td>{join.join_type.word()}</td>
                    <td class="number">{format!("{:.1} %", 100.0 * join.match_rate())}</td>
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
                        <th scope="col">"Table"</th>
                        <th scope="col">"Join"</th>
                        <th scope="col" class="number">"Rows matched"</th>
                        <th scope="col" class="number">"Most matches a row"</th>
                        <th scope="col" class="number">"Rows before"</th>
                        <th scope="col" class="number">"Rows after"</th>
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
    let mut said = vec![format!("{passed} passed")];
    if skipped > 0 {
        said.push(format!("{skipped} not applicable"));
    }
    view! {
        <ul class="checks">{failed.into_iter().map(line_of).collect_view()}</ul>
        {(!others.is_empty())
            .then(|| {
                view! {
                    <details class="checks-rest">
                        <summary>{said.join(", ")}</summary>
                        <ul class="checks">{others.into_iter().map(line_of).collect_view()}</ul>
                    </details>
                }
            })}
    }
}

fn line_of(check: Check) -> impl IntoView {
    let (class, word) = match (check.outcome, check.severity) {
        (Outcome::Passed, _) => ("passed", "passed"),
        (Outcome::NotApplicable, _) => ("skipped", "not applicable"),
        (Outcome::Failed, Some(Severity::Error)) => ("error", "error"),
        (Outcome::Failed, Some(Severity::Notice) | None) => ("notice", "notice"),
        (Outcome::Failed, Some(Severity::Warning)) => ("warning", "warning"),
    };
    view! {
        <li class=format!("check-line check-{class}")>
            <span class="check-word">{word}</span>
            <div>
                <p>
                    <strong>{check.title}</strong>
                    {check.about.map(|about| view! { " " <code>{about}</code> })}
                    {(check.points > 0).then(|| view! { <span class="chip">{format!("−{}", check.points)}</span> })}
                </p>
                <p>{check.reason}</p>
                {check.advice.map(|advice| view! { <p class="note">{advice}</p> })}
            </div>
        </li>
    }
}
