//! What a table's columns hold, shown where they are chosen: found out when someone asks, and not before the price is known where there is one.

use leptos::prelude::*;

use super::State;
use crate::domain::name::TableName;
use crate::domain::profile::{ColumnProfile, ProfileEstimate};
use crate::domain::schema::Column;
use crate::domain::value::Value;
use crate::rpc;
use crate::ui::format::{bytes, dollars, integer, short};
use crate::ui::layout::Problem;
use crate::ui::pictures::Histogram;

/// Most columns that are asked for at a time; the server takes no more.
const AT_A_TIME: usize = 100;

/// The button that finds out what the shown columns hold.
#[component]
pub fn StatisticsButton(state: State, table: TableName, shown: Memo<Vec<Column>>) -> impl IntoView {
    let table = StoredValue::new(table);
    let missing = Memo::new(move |_| {
        state.profiles.with(|profiles| {
            let known = profiles.get(&table.get_value());
            let is_missing = |column: &&Column| !known.is_some_and(|known| known.contains_key(column.name.as_str()));
            shown.with(|all| all.iter().filter(is_missing).take(AT_A_TIME).map(|c| c.name.to_string()).collect::<Vec<_>>())
        })
    });
    let failure = RwSignal::new(None);
    // What it would cost, where it costs something: then it is asked for a second time.
    let price = RwSignal::new(None::<ProfileEstimate>);
    let find = Action::new(move |agreed: &bool| {
        let agreed = *agreed;
        let (table, columns) = (table.get_value(), missing.get_untracked());
        async move {
            failure.set(None);
            if !agreed {
                match rpc::estimate_profile(state.model_id, table.to_string(), Some(columns.clone())).await {
                    Ok(estimate) if estimate.price_usd.is_some() && estimate.columns > 0 => return price.set(Some(estimate)),
                    Ok(_) => {}
                    Err(error) => return failure.set(Some(error)),
                }
            }
            price.set(None);
            match rpc::profile(state.model_id, table.to_string(), Some(columns)).await {
                Ok(found) => state.profiles.update(|profiles| {
                    let known = profiles.entry(table).or_default();
                    known.extend(found.columns.into_iter().map(|column| (column.name.clone(), column)));
                }),
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let asks = move |agreed| {
        find.dispatch(agreed);
    };
    let words = move || match (find.pending().get(), price.get()) {
        (true, _) => "Looking…".to_owned(),
        (false, Some(estimate)) => {
            let most = if estimate.upper_bound { "at most " } else { "" };
            let read = estimate.bytes.map(|read| format!("reads {most}{}, ", bytes(read))).unwrap_or_default();
            format!("Run: {read}{most}{}", dollars(estimate.price_usd.unwrap_or_default()))
        }
        (false, None) => "Statistics".to_owned(),
    };
    view! {
        {move || {
            (!missing.with(Vec::is_empty))
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button small"
                            aria-label=move || format!("{} of {}", words(), table.get_value().table())
                            disabled=find.pending()
                            on:click=move |_| asks(price.with_untracked(Option::is_some))
                        >
                            {words}
                        </button>
                    }
                })
        }}
        <Problem failure />
    }
}

/// What is known of a column, in its line.
#[component]
pub fn ColumnStatistics(profile: ColumnProfile) -> impl IntoView {
    if let Some(reason) = &profile.unsupported {
        return view! { <p class="column-stats note">{format!("It is {reason}.")}</p> }.into_any();
    }
    let name = profile.name.clone();
    let top = profile.top_values.clone();
    let unique = profile.uniqueness == Some(1.0);
    let figures = figures(&profile);
    let histogram = profile.histogram.clone();
    let values = top
        .into_iter()
        .filter(|_| !unique)
        .map(|top| {
            let text = match &top.value {
                Value::Text(text) if text.is_empty() => "(empty)".to_owned(),
                value => value.to_string(),
            };
            view! {
                <li>
                    <span class="top-value">{text}</span>
                    <span class="number">{integer(top.count)}</span>
                    <span class="number note">{format!("{:.1} %", top.percent)}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="column-stats">
            <summary>{in_brief(&profile)}</summary>
            <div class="column-figures">
                {(!histogram.is_empty()).then(|| view! { <Histogram name bins=histogram /> })}
                <dl class="figures">{figures}</dl>
                <ol class="top-values" aria-label="Most frequent values">
                    {values}
                </ol>
            </div>
        </details>
    }
    .into_any()
}

/// `1.2 % NULL · 5.1K distinct · 1 to 904974`.
fn in_brief(profile: &ColumnProfile) -> String {
    let mut parts = vec![];
    if profile.null_count > 0 {
        parts.push(format!("{:.1} % NULL", profile.null_percent));
    }
    match (profile.cardinality, profile.uniqueness) {
        (Some(_), Some(1.0)) if profile.cardinality_is_exact => parts.push("all distinct".into()),
        (Some(distinct), _) => {
            parts.push(format!("{}{} distinct", if profile.cardinality_is_exact { "" } else { "about " }, short(distinct)));
        }
        _ => {}
    }
    if let (Some(min), Some(max)) = (&profile.min, &profile.max) {
        parts.push(format!("{} to {}", brief(min), brief(max)));
    }
    parts.extend(profile.true_percent.map(|percent| format!("{percent:.1} % true")));
    parts.extend(profile.array_lengths.map(|lengths| format!("{} to {} items", lengths.min, lengths.max)));
    if parts.is_empty() {
        parts.push("no values".into());
    }
    parts.join(" · ")
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn figures(profile: &ColumnProfile) -> impl IntoView {
    let decimal =
        |number: f64| if number.abs() >= 1e6 || number == 0.0 { format!("{number:.0}") } else { format!("{number:.4}") };
    let mut all: Vec<(&str, String)> = vec![];
    if profile.null_count > 0 {
        all.push(("NULL", integer(profile.null_count)));
    }
    all.extend(profile.cardinality.map(|distinct| ("distinct", integer(distinct))));
    all.extend(profile.mean.map(|mean| ("mean", decimal(mean))));
    all.extend(profile.stddev.map(|stddev| ("deviation", decimal(stddev))));
    for (share, word) in [(0.05, "5 %"), (0.25, "25 %"), (0.5, "median"), (0.75, "75 %"), (0.95, "95 %")] {
        all.extend(profile.quantiles.iter().find(|q| q.share == share).map(|q| (word, brief(&q.value))));
    }
    let some = |number: Option<u64>| number.filter(|number| *number > 0).map(integer);
    all.extend(some(profile.zero_count).map(|n| ("zeros", n)));
    all.extend(some(profile.negative_count).map(|n| ("negative", n)));
    all.extend(some(profile.not_finite_count).map(|n| ("NaN, infinite", n)));
    all.extend(profile.range_days.map(|days| ("days", days.to_string())));
    for lengths in profile.lengths.iter().chain(&profile.array_lengths) {
        all.push(("length", format!("{} to {}, mean {:.1}", lengths.min, lengths.max, lengths.mean)));
        all.extend(some(Some(lengths.empty)).map(|n| ("empty", n)));
    }
    all.into_iter().map(|(name, text)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> }).collect_view()
}
