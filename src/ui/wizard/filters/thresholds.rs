//! How many rows, or how much revenue, the entities have, with the thresholds drawn in.

use std::sync::Arc;

use leptos::prelude::*;

use crate::domain::format::{integer, short};
use crate::domain::impact::{Bar, SizeStep, Stay, bars, quantile};
use crate::domain::sql::MILLION;
use crate::ui::texts::filters as t;

/// Maximum number of bars; more would be hairlines.
const MOST_BARS: usize = 40;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 84.0;
/// Height below the bars, for the numbers.
const FOOT: f64 = 16.0;

/// What is drawn.
#[derive(Clone)]
pub struct Distribution {
    pub nouns: &'static t::Nouns,
    /// Of rows, or of revenue in millionths.
    pub steps: Arc<[SizeStep]>,
    pub of_revenue: bool,
    /// Entities without a revenue, which are in no step.
    pub others: u64,
}

impl Distribution {
    fn title(&self) -> String {
        if self.of_revenue { t::revenue_of_each(self.nouns) } else { t::rows_of_each(self.nouns) }
    }

    /// A step's number, formatted.
    fn formatted(&self, number: i64) -> String {
        match (self.of_revenue, number) {
            (false, number) => short(number.unsigned_abs()),
            (true, ..0) => "< 0".into(),
            (true, number) if number >= 1000 * MILLION => short((number / MILLION).unsigned_abs()),
            (true, number) => format!("{}", number as f64 / MILLION as f64),
        }
    }

    fn unit(&self) -> f64 {
        if self.of_revenue { MILLION as f64 } else { 1.0 }
    }
}

/// The position of a number among the bars, which are all equally wide: 0 to their count. Entities
/// below 0 have a bar of their own.
fn place(bars: &[Bar], number: f64) -> f64 {
    for (i, bar) in bars.iter().enumerate() {
        let (from, to) = (bar.from as f64, bar.to as f64);
        if number < from {
            return i as f64;
        }
        if number < to {
            return i as f64 + (number - from) / (to - from);
        }
    }
    bars.len() as f64
}

/// The chart, and a line with the number of entities that stay.
#[component]
pub fn DistributionPicture(
    of: Distribution,
    /// The thresholds in the unit of the field, both included.
    ends: Signal<(Option<f64>, Option<f64>)>,
    stay: Signal<Stay>,
) -> impl IntoView {
    let drawn: Arc<[Bar]> = bars(&of.steps, MOST_BARS).into();
    let all = of.steps.iter().map(|step| step.entities).sum::<u64>() + of.others;
    let nouns = of.nouns;
    if drawn.is_empty() {
        return ().into_any();
    }
    let most = drawn.iter().map(|bar| bar.entities).max().unwrap_or_default().max(1) as f64;
    let width = WIDTH / drawn.len() as f64;
    let rects = drawn
        .iter()
        .enumerate()
        .map(|(i, bar)| {
            // A value above 0 stays visible, however small.
            let height = if bar.entities == 0 { 0.0 } else { (bar.entities as f64 / most * HEIGHT).max(1.0) };
            view! {
                <rect
                    x=format!("{:.2}", i as f64 * width + 0.5)
                    y=format!("{:.2}", HEIGHT - height)
                    width=format!("{:.2}", (width - 1.0).max(0.5))
                    height=format!("{height:.2}")
                >
                    <title>{format!("{} – {}: {}", of.formatted(bar.from), of.formatted(bar.to), integer(bar.entities))}</title>
                </rect>
            }
        })
        .collect_view();
    // This many numbers fit below.
    let every = drawn.len().div_ceil(6).max(1);
    let ticks = drawn
        .iter()
        .enumerate()
        .step_by(every)
        .map(|(i, bar)| {
            let anchor = if i == 0 { "start" } else { "middle" };
            let left = if i == 0 { 0.0 } else { i as f64 * width };
            view! { <text x=format!("{left:.2}") y=format!("{:.2}", HEIGHT + 12.0) text-anchor=anchor>{of.formatted(bar.from)}</text> }
        })
        .collect_view();
    let lines = drawn
        .iter()
        .map(|bar| {
            view! { <tr><th scope="row">{of.formatted(bar.from)}</th><td>{of.formatted(bar.to)}</td><td>{integer(bar.entities)}</td></tr> }
        })
        .collect_view();
    let unit = of.unit();
    let left = {
        let drawn = drawn.clone();
        Signal::derive(move || ends.get().0.map(|min| place(&drawn, min * unit) * width))
    };
    let right = {
        let drawn = drawn.clone();
        // The upper threshold includes its whole number.
        let whole = if of.of_revenue { 0.0 } else { 1.0 };
        Signal::derive(move || ends.get().1.map(|max| place(&drawn, max * unit + whole) * width))
    };
    let figure = |share| quantile(&of.steps, share).map_or("–".into(), |number| of.formatted(number));
    let quantiles = t::quantiles(of.of_revenue, &figure(0.5), &figure(0.9));
    let caption = move || {
        let Stay { entities, exact } = stay.get();
        t::stay(entities, all, exact, nouns)
    };
    let title = of.title();
    let number = |value: f64| format!("{value:.2}");
    view! {
        <figure class="picture distribution">
            <figcaption>
                <strong>{title.clone()}</strong>
                <span class="note">{quantiles}</span>
            </figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {}", HEIGHT + FOOT) aria-hidden="true">
                <g class="bars">{rects}</g>
                <path class="axis" d=format!("M0 {HEIGHT}H{WIDTH}") />
                {move || {
                    let left = left.get()?;
                    Some(
                        view! {
                            <rect class="out" x="0" y="0" width=number(left.max(0.0)) height=number(HEIGHT) />
                            <path class="cut" d=format!("M{left:.2} 0V{HEIGHT}") />
                        },
                    )
                }}
                {move || {
                    let right = right.get()?;
                    Some(
                        view! {
                            <rect class="out" x=number(right) y="0" width=number((WIDTH - right).max(0.0)) height=number(HEIGHT) />
                            <path class="cut" d=format!("M{right:.2} 0V{HEIGHT}") />
                        },
                    )
                }}
                <g class="ticks">{ticks}</g>
            </svg>
            <p class="stays" role="status">{caption}</p>
            <table class="for-readers">
                <caption>{title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t::FROM}</th>
                        <th scope="col">{t::TO}</th>
                        <th scope="col">{nouns.many}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_drawn_between_the_bars_that_it_separates() {
        let bar = |from, to| Bar { from, to, entities: 1 };
        let bars = [bar(-1, 0), bar(0, 10), bar(10, 20), bar(20, 40)];
        assert_eq!([-5.0, 0.0, 5.0, 10.0, 30.0, 99.0].map(|n| place(&bars, n)), [0.0, 1.0, 1.5, 2.0, 3.5, 4.0]);
    }
}
