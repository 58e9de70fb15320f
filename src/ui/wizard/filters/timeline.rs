//! Charts of the split. By time: the rows of each day in the colour of their part, over the parts
//! to scale, with their days and rows. The parts follow each keystroke; the days are those that
//! were counted last.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use leptos::prelude::*;

use super::impact::Impact;
use super::split::held_out;
use crate::domain::analysis::{DayRows, Part};
use crate::domain::dataset::SplitConfig;
use crate::domain::format::{integer, percent};
use crate::domain::impact::{Window, windows};
use crate::ui::texts::filters as t;

/// Maximum number of bars in a chart by days; more days share bars.
const MOST_BARS: u64 = 120;
const WIDTH: f64 = 600.0;
const BARS: f64 = 90.0;
const BAND: (f64, f64) = (94.0, 12.0);

/// A part, its days, and the rows that were counted in them.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    part: Part,
    days: Option<(NaiveDate, NaiveDate)>,
    rows: u64,
}

/// Rows by day, in any part.
fn by_day(days: &[DayRows]) -> (BTreeMap<NaiveDate, u64>, u64) {
    let (mut all, mut without) = (BTreeMap::new(), 0);
    for day in days {
        match day.day {
            Some(date) => *all.entry(date).or_default() += day.rows,
            None => without += day.rows,
        }
    }
    (all, without)
}

/// Parts with the rows of their days. Rows without a day are train's.
fn by_windows(windows: &[Window], days: &BTreeMap<NaiveDate, u64>, without: u64) -> Vec<Line> {
    let line = |window: &Window| {
        let within = |day: &NaiveDate| window.first.is_none_or(|first| *day >= first) && *day <= window.last;
        let rows: u64 = days.iter().filter(|(day, _)| within(day)).map(|(_, rows)| rows).sum();
        let first = window.first.or_else(|| days.keys().next().copied().filter(|first| *first <= window.last));
        let rows = if window.part == Part::Train { rows + without } else { rows };
        Line { part: window.part, days: first.map(|first| (first, window.last)), rows }
    };
    windows.iter().map(line).collect()
}

/// Parts as they were counted.
fn by_part(days: &[DayRows]) -> Vec<Line> {
    let line = |part: Part| {
        let of_part = || days.iter().filter(move |day| day.part == part);
        let dated = || of_part().filter_map(|day| day.day);
        let days = dated().min().zip(dated().max());
        of_part().next().map(|_| Line { part, days, rows: of_part().map(|day| day.rows).sum() })
    };
    Part::ALL.into_iter().filter_map(line).collect()
}

fn part_of(day: NaiveDate, windows: &[Window]) -> Part {
    let within = |window: &&Window| window.first.is_none_or(|first| day >= first) && day <= window.last;
    windows.iter().find(within).map_or(Part::Full, |window| window.part)
}

/// The days of a split by time, or of a dataset without one.
#[component]
pub fn Timeline(impact: Impact, split: Memo<SplitConfig>) -> impl IntoView {
    // Computed once per result, not at each keystroke.
    let counted = Memo::new(move |_| {
        impact.found.with(|found| found.as_ref().map(|found| (by_day(&found.impact.days), found.impact.as_of)))
    });
    let stale = move || !impact.fits.get().all;
    move || {
        let Some(((days, without), as_of)) = counted.get() else {
            return view! { <p class="note">{t::DAYS_WAIT}</p> }.into_any();
        };
        let as_of = as_of.or_else(|| days.keys().next_back().copied());
        let parts = as_of.map(|as_of| windows(&split.get(), as_of)).unwrap_or_default();
        let lines = match parts.is_empty() {
            true => vec![Line {
                part: Part::Full,
                days: days.keys().next().copied().zip(days.keys().next_back().copied()),
                rows: days.values().sum::<u64>() + without,
            }],
            false => by_windows(&parts, &days, without),
        };
        view! {
            <figure class="picture timeline" class:stale=stale>
                <figcaption class="note">{t::ROWS_A_DAY}</figcaption>
                {drawn(&days, &parts)}
                {too_short(&days, &parts).map(|text| view! { <p class="info-box warning" role="status">{text}</p> })}
                {table_of(lines, without)}
            </figure>
        }
        .into_any()
    }
}

/// The message if the held-out parts leave no day for train.
fn too_short(days: &BTreeMap<NaiveDate, u64>, parts: &[Window]) -> Option<String> {
    let train = parts.first()?.last;
    let last = parts.last()?.last;
    let there = (last - *days.keys().next()?).num_days() + 1;
    let held_out = (last - train).num_days();
    (held_out >= there).then(|| t::fewer_days(held_out, there))
}

/// Bars by days, and the parts below them to the same scale.
fn drawn(days: &BTreeMap<NaiveDate, u64>, parts: &[Window]) -> AnyView {
    // From the first row, or the first held-out day, to the last of both.
    let held_out = parts.iter().filter_map(|window| window.first).min();
    let first = days.keys().next().copied().into_iter().chain(held_out).min();
    let last = days.keys().next_back().copied().into_iter().chain(parts.last().map(|window| window.last)).max();
    let Some((first, last)) = first.zip(last) else { return ().into_any() };
    let span = (last - first).num_days().unsigned_abs() + 1;
    let width = WIDTH / span as f64;
    let left = |day: NaiveDate| (day - first).num_days().max(0) as f64 * width;
    // Days that share a bar belong to one part.
    let shared = span.div_ceil(MOST_BARS).max(1);
    let mut bars: BTreeMap<(u64, Part), (NaiveDate, NaiveDate, u64)> = BTreeMap::new();
    for (day, rows) in days {
        let bar =
            bars.entry(((*day - first).num_days().unsigned_abs() / shared, part_of(*day, parts))).or_insert((*day, *day, 0));
        bar.1 = *day;
        bar.2 += rows;
    }
    // Rows per day, so that bars of fewer days are not lower.
    let height = |from: NaiveDate, to: NaiveDate, rows: u64| rows as f64 / ((to - from).num_days() + 1) as f64;
    let most = bars.values().map(|(from, to, rows)| height(*from, *to, *rows)).fold(1.0, f64::max);
    let bars = bars
        .into_iter()
        .map(|((_, part), (from, to, rows))| {
            let tall = (height(from, to, rows) / most * BARS).max(0.6);
            let wide = ((to - from).num_days() + 1) as f64 * width;
            let days = if from == to { from.to_string() } else { format!("{from} – {to}") };
            view! {
                <rect
                    class=format!("part-{}", part.as_str())
                    x=format!("{:.2}", left(from))
                    y=format!("{:.2}", BARS - tall)
                    width=format!("{:.2}", (wide - 0.4).max(0.4))
                    height=format!("{tall:.2}")
                >
                    <title>{format!("{days}: {}", integer(rows))}</title>
                </rect>
            }
        })
        .collect_view();
    let band = parts
        .iter()
        .filter(|window| window.last >= first)
        .map(|window| {
            let from = window.first.unwrap_or(first).max(first);
            let end = left(window.last.checked_add_days(Days::new(1)).unwrap_or(window.last));
            view! {
                <rect
                    class=format!("part-{}", window.part.as_str())
                    x=format!("{:.2}", left(from))
                    y=BAND.0.to_string()
                    width=format!("{:.2}", (end - left(from)).max(0.5))
                    height=BAND.1.to_string()
                >
                    <title>{window.part.as_str()}</title>
                </rect>
            }
        })
        .collect_view();
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {}", BAND.0 + BAND.1) preserveAspectRatio="none" aria-hidden="true">
            {bars}
            {band}
        </svg>
        <p class="day-ends"><span>{first.to_string()}</span><span>{last.to_string()}</span></p>
    }
    .into_any()
}

/// Parts, days and rows: the content of the chart, for screen readers.
fn table_of(lines: Vec<Line>, without: u64) -> AnyView {
    let all = lines.iter().map(|line| line.rows).sum::<u64>().max(1) as f64;
    let lines = lines
        .into_iter()
        .map(|Line { part, days, rows }| {
            let day = |day: Option<NaiveDate>| day.map_or("–".to_owned(), |day| day.to_string());
            let span = days.map_or("–".to_owned(), |(first, last)| integer(((last - first).num_days() + 1).max(0) as u64));
            view! {
                <tr>
                    <th scope="row"><span class=format!("swatch part-{}", part.as_str()) aria-hidden="true"></span>{part.as_str()}</th>
                    <td>{day(days.map(|days| days.0))}</td>
                    <td>{day(days.map(|days| days.1))}</td>
                    <td class="number">{span}</td>
                    <td class="number">{integer(rows)}</td>
                    <td class="number">{percent(rows as f64 / all * 100.0)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=t::PARTS>
            <table class="rows counts-table" aria-label=t::PARTS>
                <thead>
                    <tr>
                        <th scope="col">{t::PART}</th>
                        <th scope="col">{t::FIRST}</th>
                        <th scope="col">{t::LAST}</th>
                        <th scope="col" class="number">{t::SPAN}</th>
                        <th scope="col" class="number">{t::ROWS}</th>
                        <th scope="col" class="number">{t::OF_ALL}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {(without > 0).then(|| view! { <p class="note">{format!("{} {}", integer(without), t::NO_DAY)}</p> })}
    }
    .into_any()
}

/// The shares of a split by percents: as configured, and once counted, as they turned out.
#[component]
pub fn Shares(impact: Impact, split: Memo<SplitConfig>) -> impl IntoView {
    let counted = counted_parts(impact);
    let band = move || {
        let Some(percents) = split.with(SplitConfig::percents) else { return ().into_any() };
        let mut left = 0;
        let pieces = percents
            .into_iter()
            .map(|(split, percent)| {
                let x = left;
                left += percent.min(100);
                view! { <rect class=format!("part-{}", split.as_str()) x=x.to_string() width=percent.min(100).to_string() height="10" /> }
            })
            .collect_view();
        view! { <svg class="share-band" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{pieces}</svg> }
            .into_any()
    };
    let stale = move || !impact.fits.get().all;
    view! {
        <figure class="picture" class:stale=stale>
            {band}
            {move || (!counted.with(Vec::is_empty)).then(|| table_of(counted.get(), 0))}
        </figure>
    }
}

/// Rows of three users in order of time, the last of them held out.
#[component]
pub fn LastRows(impact: Impact, split: Memo<SplitConfig>) -> impl IntoView {
    const ROWS: [usize; 3] = [9, 5, 7];
    let counted = counted_parts(impact);
    let held_out = Memo::new(move |_| held_out(&mut split.get()).map_or(0, |n| *n as usize));
    let dots = move || {
        let n = held_out.get();
        ROWS.into_iter()
            .enumerate()
            .map(|(user, rows)| {
                let dots = (0..rows)
                    .map(|i| {
                        let part = if i + n >= rows { Part::Eval } else { Part::Train };
                        view! { <circle class=format!("part-{}", part.as_str()) cx=(58 + i * 16).to_string() cy=(10 + user * 18).to_string() r="5" /> }
                    })
                    .collect_view();
                view! {
                    <text x="0" y=(14 + user * 18).to_string()>{t::a_user(user + 1)}</text>
                    {dots}
                }
            })
            .collect_view()
    };
    let stale = move || !impact.fits.get().all;
    view! {
        <figure class="picture" class:stale=stale>
            <svg class="last-rows ticks" viewBox="0 0 200 56" aria-hidden="true">{dots}</svg>
            {move || (!counted.with(Vec::is_empty)).then(|| table_of(counted.get(), 0))}
        </figure>
    }
}

fn counted_parts(impact: Impact) -> Memo<Vec<Line>> {
    Memo::new(move |_| impact.found.with(|found| found.as_ref().map(|found| by_part(&found.impact.days)).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_assigned_to_the_parts_of_the_current_split() {
        // Parts must have exactly the configured days, and leave some for train.
        let day = |n: u32| NaiveDate::from_ymd_opt(2024, 1, n).unwrap();
        let rows = |n: u32, part| DayRows { day: Some(day(n)), part, rows: 10 };
        let mut counted: Vec<DayRows> = (1..=10).map(|n| rows(n, Part::Train)).collect();
        counted.push(DayRows { day: None, part: Part::Train, rows: 3 });
        let (days, without) = by_day(&counted);
        let split = SplitConfig::TimeBased { eval_days: 2, test_days: 1, gap_days: 1, as_of: None };
        let lines = by_windows(&windows(&split, day(10)), &days, without);
        let lines: Vec<_> = lines.iter().map(|line| (line.part, line.days.unwrap(), line.rows)).collect();
        assert_eq!(
            lines,
            [
                (Part::Train, (day(1), day(6)), 63),
                (Part::Gap, (day(7), day(7)), 10),
                (Part::Eval, (day(8), day(9)), 20),
                (Part::Test, (day(10), day(10)), 10),
            ]
        );
        assert_eq!(too_short(&days, &windows(&split, day(10))), None);
        let long = SplitConfig::TimeBased { eval_days: 8, test_days: 1, gap_days: 1, as_of: None };
        assert_eq!(
            too_short(&days, &windows(&long, day(10))).unwrap(),
            "The rows span 10 days, but eval, test and gap take 10 days."
        );
        assert_eq!(by_part(&counted), [Line { part: Part::Train, days: Some((day(1), day(10))), rows: 103 }]);
    }
}
