//! Charts: SVG, drawn by the page itself, each with a table behind it for screen readers. Each is a
//! few rectangles and lines: a chart library would add to what a browser loads, and draws no table.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use leptos::prelude::*;

use super::texts::common;
use super::texts::pictures as texts;
use crate::domain::analysis::{DayRows, Part, Stage};
use crate::domain::format::{integer, percent};
use crate::domain::profile::Bin;

/// Maximum number of bars in a chart by days; more days share bars.
const MOST_BARS: u64 = 120;

/// A column's values by size.
#[component]
pub fn Histogram(name: String, bins: Vec<Bin>) -> impl IntoView {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or_default().max(1) as f64;
    let width = 100.0 / bins.len().max(1) as f64;
    let bars = bins
        .iter()
        .enumerate()
        .map(|(i, bin)| {
            // A value above 0 stays visible, however small.
            let height = if bin.count == 0 { 0.0 } else { (bin.count as f64 / most * 30.0).max(0.8) };
            view! {
                <rect x=format!("{:.3}", i as f64 * width + 0.4) y=format!("{:.3}", 30.0 - height) width=format!("{:.3}", (width - 0.8).max(0.2)) height=format!("{height:.3}")>
                    <title>{texts::bin(&bin.from.to_string(), &bin.to.to_string(), &integer(bin.count))}</title>
                </rect>
            }
        })
        .collect_view();
    let lines = bins
        .iter()
        .map(|bin| view! { <tr><td>{bin.from.to_string()}</td><td>{bin.to.to_string()}</td><td>{integer(bin.count)}</td></tr> })
        .collect_view();
    view! {
        <div class="histogram">
            <svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
                {bars}
            </svg>
            <table class="for-readers">
                <caption>{texts::histogram(&name)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{texts::FROM}</th>
                        <th scope="col">{texts::TO}</th>
                        <th scope="col">{texts::ROWS}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

/// Rows of one or more days, by part.
struct DayBar {
    first: NaiveDate,
    last: NaiveDate,
    rows: BTreeMap<Part, u64>,
}

/// Bars of equally many days, from the first day to the last, including days without rows.
fn day_bars(days: &[DayRows]) -> Vec<DayBar> {
    let dated = || days.iter().filter_map(|day| Some((day.day?, day.part, day.rows)));
    let (Some(first), Some(last)) = (dated().map(|(day, ..)| day).min(), dated().map(|(day, ..)| day).max()) else {
        return vec![];
    };
    let span = (last - first).num_days().unsigned_abs() + 1;
    let width = span.div_ceil(MOST_BARS).max(1);
    let bar = |i: u64| {
        let from = first.checked_add_days(Days::new(i * width)).unwrap_or(last);
        let to = from.checked_add_days(Days::new(width - 1)).unwrap_or(last).min(last);
        DayBar { first: from, last: to, rows: BTreeMap::new() }
    };
    let mut bars: Vec<DayBar> = (0..span.div_ceil(width)).map(bar).collect();
    for (day, part, rows) in dated() {
        let place = ((day - first).num_days().unsigned_abs() / width) as usize;
        if let Some(bar) = bars.get_mut(place) {
            *bar.rows.entry(part).or_default() += rows;
        }
    }
    bars
}

/// How many rows each day has, and which part they are in.
#[component]
pub fn DayChart(days: Vec<DayRows>) -> impl IntoView {
    let bars = day_bars(&days);
    let most = bars.iter().map(|bar| bar.rows.values().sum::<u64>()).max().unwrap_or_default().max(1) as f64;
    let parts: Vec<Part> = Part::ALL.into_iter().filter(|part| bars.iter().any(|bar| bar.rows.contains_key(part))).collect();
    let width = 600.0 / bars.len().max(1) as f64;
    let named = |bar: &DayBar| texts::days(&bar.first.to_string(), &bar.last.to_string());
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| {
            let mut top = 100.0;
            let pieces = bar
                .rows
                .iter()
                .map(|(part, rows)| {
                    let height = *rows as f64 / most * 100.0;
                    top -= height;
                    view! {
                        <rect
                            class=format!("part-{}", part.as_str())
                            x=format!("{:.2}", i as f64 * width)
                            y=format!("{top:.2}")
                            width=format!("{:.2}", (width * 0.86).max(0.3))
                            height=format!("{height:.2}")
                        >
                            <title>{texts::rows_of_days(&named(bar), &integer(*rows), part.as_str())}</title>
                        </rect>
                    }
                })
                .collect_view();
            view! { <g>{pieces}</g> }
        })
        .collect_view();
    let legend = parts
        .iter()
        .map(|part| view! { <li><span class=format!("swatch part-{}", part.as_str()) aria-hidden="true"></span>{part.as_str()}</li> })
        .collect_view();
    let heads = parts.iter().map(|part| view! { <th scope="col">{part.as_str()}</th> }).collect_view();
    let lines = bars
        .iter()
        .map(|bar| {
            let cells = parts.iter().map(|part| view! { <td>{integer(bar.rows.get(part).copied().unwrap_or_default())}</td> });
            view! { <tr><th scope="row">{named(bar)}</th>{cells.collect_view()}</tr> }
        })
        .collect_view();
    let ends = bars.first().zip(bars.last()).map(|(first, last)| (first.first.to_string(), last.last.to_string()));
    view! {
        <div class="day-chart">
            <svg viewBox="0 0 600 100" preserveAspectRatio="none" aria-hidden="true">
                {drawn}
            </svg>
            {ends.map(|(first, last)| view! { <p class="day-ends"><span>{first}</span><span>{last}</span></p> })}
            <ul class="legend">{legend}</ul>
            <table class="for-readers">
                <caption>{texts::ROWS_A_DAY}</caption>
                <thead>
                    <tr>
                        <th scope="col">{texts::DAYS}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

/// What is left after each stage.
#[component]
pub fn Funnel(stages: Vec<Stage>) -> impl IntoView {
    let most = stages.iter().map(|stage| stage.rows).max().unwrap_or_default().max(1) as f64;
    let optional = |number: Option<u64>| number.map_or(common::DASH.into(), integer);
    let lines = stages
        .iter()
        .map(|stage| {
            let share = stage.rows as f64 / most * 100.0;
            view! {
                <tr>
                    <th scope="row">{texts::stage(&stage.stage)}</th>
                    <td class="funnel-bar">
                        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                            <rect width=format!("{share:.2}") height="10" />
                        </svg>
                    </td>
                    <td class="number">{integer(stage.rows)}</td>
                    <td class="number">{percent(share)}</td>
                    <td class="number">{optional(stage.users)}</td>
                    <td class="number">{optional(stage.products)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll">
            <table class="rows counts-table">
                <thead>
                    <tr>
                        <th scope="col">{texts::AFTER}</th>
                        <td class="funnel-bar"></td>
                        <th scope="col" class="number">{texts::ROWS}</th>
                        <th scope="col" class="number">{texts::OF_THE_MOST}</th>
                        <th scope="col" class="number">{texts::USERS}</th>
                        <th scope="col" class="number">{texts::PRODUCTS}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_rows_are_drawn_and_many_days_share_bars() {
        let day = |text: &str, part, rows| DayRows { day: text.parse().ok(), part, rows };
        let bars = day_bars(&[day("2024-01-01", Part::Train, 5), day("2024-01-04", Part::Eval, 2), day("x", Part::Train, 9)]);
        assert_eq!(bars.len(), 4);
        assert_eq!((bars[0].rows[&Part::Train], bars[1].rows.len(), bars[3].rows[&Part::Eval]), (5, 0, 2));
        let bars = day_bars(&[day("2020-01-01", Part::Full, 1), day("2024-01-01", Part::Full, 1)]);
        assert!(bars.len() as u64 <= MOST_BARS && bars.iter().map(|bar| bar.rows.values().sum::<u64>()).sum::<u64>() == 2);
        assert_eq!(bars.last().map(|bar| bar.last), NaiveDate::from_ymd_opt(2024, 1, 1));
        assert!(day_bars(&[]).is_empty());
    }
}
