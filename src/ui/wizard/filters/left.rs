//! What is left after each stage, and how much of the revenue that is.

use leptos::prelude::*;

use super::impact::Impact;
use crate::domain::format::{integer, percent};
use crate::domain::impact::{FilterImpact, StageImpact};
use crate::ui::texts::filters as t;

#[component]
pub fn Left(impact: Impact) -> impl IntoView {
    let stale = move || !impact.fits.get().all;
    move || {
        impact.found.get().map(|found| {
            view! {
                <section class="group left" class:stale=stale>
                    <h3>{t::LEFT} {move || stale().then(|| view! { <span class="chip chip-plain">{t::STALE}</span> })}</h3>
                    {funnel(&found.impact)}
                </section>
            }
        })
    }
}

fn funnel(impact: &FilterImpact) -> AnyView {
    let most = impact.stages.iter().map(|stage| stage.rows).max().unwrap_or_default().max(1) as f64;
    let has_revenue = impact.stages.iter().any(|stage| stage.revenue.is_some());
    let source = impact.stages.first().and_then(|stage| stage.revenue).filter(|revenue| *revenue > 0.0);
    let optional = |number: Option<u64>| number.map_or("–".into(), integer);
    let lines = impact
        .stages
        .iter()
        .map(|stage| {
            let share = stage.rows as f64 / most * 100.0;
            let revenue = source.zip(stage.revenue).map(|(all, revenue)| percent(revenue / all * 100.0));
            view! {
                <tr>
                    <th scope="row">{t::stage(&stage.stage)}</th>
                    <td class="funnel-bar">
                        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                            <rect width=format!("{share:.2}") height="10" />
                        </svg>
                    </td>
                    <td class="number">{integer(stage.rows)}</td>
                    <td class="number">{percent(share)}</td>
                    <td class="number">{optional(stage.users)}</td>
                    <td class="number">{optional(stage.products)}</td>
                    {has_revenue.then(|| view! { <td class="number">{revenue.unwrap_or("–".into())}</td> })}
                </tr>
            }
        })
        .collect_view();
    let nothing = impact.stages.last().is_some_and(|stage| stage.rows == 0);
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=t::LEFT>
            <table class="rows counts-table" aria-label=t::LEFT>
                <thead>
                    <tr>
                        <th scope="col">{t::AFTER}</th>
                        <th scope="col"><span class="for-readers">{t::BAR}</span></th>
                        <th scope="col" class="number">{t::ROWS}</th>
                        <th scope="col" class="number">{t::OF_ALL}</th>
                        <th scope="col" class="number">{t::USERS}</th>
                        <th scope="col" class="number">{t::PRODUCTS}</th>
                        {has_revenue.then(|| view! { <th scope="col" class="number">{t::REVENUE}</th> })}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {nothing.then(|| view! { <p class="info-box warning" role="status">{t::NOTHING_LEFT}</p> })}
        {coverage(&impact.stages).map(|text| view! { <p class="note coverage">{text}</p> })}
    }
    .into_any()
}

/// What the filters on products and customers together leave of the rows that they saw, which
/// neither threshold tells alone; nothing without such filters.
fn coverage(stages: &[StageImpact]) -> Option<String> {
    let before = stages.iter().rfind(|stage| matches!(stage.stage.as_str(), "source" | "filtered"))?;
    let after = stages.last().filter(|after| after.stage != before.stage && before.rows > 0)?;
    let revenue = before.revenue.zip(after.revenue).filter(|(all, _)| *all > 0.0).map(|(all, left)| left / all);
    Some(t::coverage(after.rows as f64 / before.rows as f64, revenue))
}
