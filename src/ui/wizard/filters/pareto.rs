//! The Pareto curve: how few products make most of the revenue, and where the filter cuts. The
//! threshold is dragged in the chart or moved by keys, and the numbers shown are those of the
//! query, not of an approximation.

use std::fmt::Write;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use crate::domain::format::integer;
use crate::domain::impact::EntitySizes;
use crate::ui::texts::filters as t;

/// The chart's size, and the margins of the curve, in units of the chart.
const SIZE: (f64, f64) = (320.0, 190.0);
const EDGES: (f64, f64, f64, f64) = (34.0, 6.0, 8.0, 26.0); // left, top, right, bottom

fn x(share: f64) -> f64 {
    EDGES.0 + share * (SIZE.0 - EDGES.0 - EDGES.2)
}

fn y(share: f64) -> f64 {
    SIZE.1 - EDGES.3 - share * (SIZE.1 - EDGES.1 - EDGES.3)
}

/// A point of the curve: what a percent keeps.
#[derive(Clone, Copy)]
struct Point {
    percent: u32,
    /// Among those that have a rank.
    entities: f64,
    share: f64,
}

fn points(sizes: &EntitySizes) -> Vec<Point> {
    let ranked = sizes.ranked().max(1) as f64;
    let of = |percent: u32| {
        let crossing = sizes.top(percent);
        Point { percent, entities: crossing.entities as f64 / ranked, share: crossing.share }
    };
    (1..=100).map(of).collect()
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = format!("M{:.1} {:.1}", x(0.0), y(0.0));
    for (entities, share) in points {
        // Writing to a String cannot fail.
        let _ = write!(path, "L{:.1} {:.1}", x(entities), y(share));
    }
    path
}

/// The percent whose point is nearest to a position in the chart.
fn nearest(points: &[Point], at: (f64, f64)) -> u32 {
    let distance = |point: &Point| (x(point.entities) - at.0).powi(2) + (y(point.share) - at.1).powi(2);
    let nearest = points.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or(100, |point| point.percent)
}

/// The curve of one kind of entity. 100 percent is no threshold.
#[component]
pub fn Pareto(
    sizes: Arc<EntitySizes>,
    nouns: &'static t::Nouns,
    percent: Signal<Option<u32>>,
    set: Callback<Option<u32>>,
) -> impl IntoView {
    let ranked = sizes.ranked();
    if ranked == 0 {
        return view! { <p class="note">{t::NO_REVENUE}</p> }.into_any();
    }
    let curve = Arc::new(points(&sizes));
    let line = path(curve.iter().map(|point| (point.entities, point.share)));
    let lines = {
        // Percents that keep the same entities share a line.
        let mut before = 0.0;
        let new = curve.iter().filter(|point| point.percent < 100).filter(|point| {
            let new = point.entities > before;
            before = point.entities;
            new
        });
        let cells = |point: &Point| {
            let kept = sizes.top(point.percent);
            view! {
                <tr>
                    <th scope="row">{point.percent}</th>
                    <td>{integer(kept.entities)}</td>
                    <td>{integer(kept.rows)}</td>
                    <td>{format!("{:.2} %", kept.share * 100.0)}</td>
                </tr>
            }
        };
        new.map(cells).collect_view()
    };
    let caption = {
        let sizes = sizes.clone();
        Signal::derive(move || match percent.get().filter(|percent| (1..100).contains(percent)) {
            Some(percent) => {
                let kept = sizes.top(percent);
                t::top_is(kept.entities, ranked, kept.rows, kept.share, nouns)
            }
            None => t::no_threshold(ranked, nouns),
        })
    };
    let now = Signal::derive(move || percent.get().unwrap_or(100).clamp(1, 100));
    let plot = NodeRef::<html::Div>::new();
    let dragging = RwSignal::new(false);
    let choose = move |percent: u32| {
        if percent != now.get_untracked() {
            set.run((percent < 100).then_some(percent.max(1)));
        }
    };
    let at_pointer = {
        let curve = curve.clone();
        move |left: i32, top: i32| {
            let Some(plot) = plot.get_untracked() else { return };
            let scale = SIZE.0 / f64::from(plot.client_width().max(1));
            choose(nearest(&curve, (f64::from(left) * scale, f64::from(top) * scale)));
        }
    };
    let at_pointer = Arc::new(at_pointer);
    let (moved, tapped) = (at_pointer.clone(), at_pointer.clone());
    let by_key = move |e: leptos::ev::KeyboardEvent| {
        let now = i64::from(now.get_untracked());
        let to = match e.key().as_str() {
            "ArrowUp" | "ArrowRight" => now + 1,
            "ArrowDown" | "ArrowLeft" => now - 1,
            "PageUp" => now + 10,
            "PageDown" => now - 10,
            "Home" => 1,
            "End" => 100,
            _ => return,
        };
        e.prevent_default();
        choose(to.clamp(1, 100) as u32);
    };
    let place = {
        let curve = curve.clone();
        Signal::derive(move || curve[now.get() as usize - 1])
    };
    let kept_area = {
        let curve = curve.clone();
        move || {
            let end = now.get();
            let kept = curve.iter().filter(|point| point.percent <= end).map(|point| (point.entities, point.share));
            format!("{}L{:.1} {:.1}Z", path(kept), x(place.get().entities), y(0.0))
        }
    };
    let number = |value: f64| format!("{value:.1}");
    view! {
        <figure class="picture pareto">
            <div
                class="pareto-plot"
                node_ref=plot
                role="slider"
                tabindex="0"
                aria-label=t::curve_label(nouns)
                aria-valuemin="1"
                aria-valuemax="100"
                aria-valuenow=move || now.get().to_string()
                aria-valuetext=move || caption.get()
                on:keydown=by_key
                on:pointerdown=move |e| {
                    e.prevent_default();
                    if let Some(plot) = plot.get_untracked() {
                        // Without it a drag ends at the chart's edge.
                        let _ = plot.set_pointer_capture(e.pointer_id());
                        let _ = plot.focus();
                    }
                    dragging.set(true);
                    // A touch may be the start of scrolling.
                    if e.pointer_type() != "touch" {
                        at_pointer(e.offset_x(), e.offset_y());
                    }
                }
                on:pointermove=move |e| {
                    if dragging.get_untracked() {
                        moved(e.offset_x(), e.offset_y());
                    }
                }
                on:pointerup=move |e| {
                    if dragging.get_untracked() {
                        tapped(e.offset_x(), e.offset_y());
                    }
                    dragging.set(false);
                }
                on:pointercancel=move |_| dragging.set(false)
            >
                <svg viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) aria-hidden="true">
                    <path class="axis" d=format!("M{:.1} {:.1}V{:.1}H{:.1}", x(0.0), y(1.0), y(0.0), x(1.0)) />
                    <path class="grid" d=format!("M{:.1} {:.1}H{:.1}M{:.1} {:.1}H{:.1}", x(0.0), y(0.5), x(1.0), x(0.0), y(1.0), x(1.0)) />
                    <g class="ticks">
                        <text x=number(x(0.0) - 4.0) y=number(y(1.0) + 8.0) text-anchor="end">"100 %"</text>
                        <text x=number(x(0.0) - 4.0) y=number(y(0.5) + 3.0) text-anchor="end">"50 %"</text>
                        <text x=number(x(0.0) - 4.0) y=number(y(0.0)) text-anchor="end">"0"</text>
                        <text x=number(x(1.0)) y=number(y(0.0) + 12.0) text-anchor="end">{integer(ranked)}</text>
                        <text x=number(x(0.0)) y=number(y(0.0) + 12.0)>{t::by_revenue(nouns)}</text>
                    </g>
                    <path class="kept" d=kept_area />
                    <path class="curve" d=line />
                    <g class="threshold" class:off=move || now.get() == 100>
                        <path d=move || {
                            let Point { entities, share, .. } = place.get();
                            format!("M{:.1} {:.1}H{:.1}V{:.1}", x(0.0), y(share), x(entities), y(0.0))
                        } />
                        <circle r="5" cx=move || number(x(place.get().entities)) cy=move || number(y(place.get().share)) />
                    </g>
                </svg>
            </div>
            <figcaption class="note">{move || caption.get()}</figcaption>
            <table class="for-readers">
                <caption>{t::curve_label(nouns)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t::PERCENT}</th>
                        <th scope="col">{nouns.many}</th>
                        <th scope="col">{t::ROWS}</th>
                        <th scope="col">{t::SHARE_KEPT}</th>
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
    use crate::domain::impact::Level;

    #[test]
    fn the_pointer_selects_the_nearest_percent() {
        let level = |percent, entities, revenue| Level { percent, entities, rows: entities, revenue };
        let sizes =
            EntitySizes { curve: vec![level(1, 1, 60.0), level(61, 1, 30.0), level(91, 8, 10.0)], ..EntitySizes::default() };
        let points = points(&sizes);
        assert_eq!(points.len(), 100);
        assert!((points[60].share - 0.9).abs() < 1e-9 && (points[99].entities - 1.0).abs() < 1e-9);
        // All of 1 to 60 keep the same.
        assert_eq!(nearest(&points, (x(0.1), y(0.6))), 1);
        assert_eq!(nearest(&points, (x(0.2), y(0.9))), 61);
        assert_eq!(nearest(&points, (x(1.0), y(1.0))), 91);
    }
}
