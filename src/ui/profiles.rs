//! The column profiles of a dataset, one table each. Cached profiles are shown at once; for the
//! others, what they read and cost is shown first.

use leptos::prelude::*;

use super::query_panel::size_and_price;
use super::texts::{common, dialogs as texts, profiles as words};
use super::work::Loader;
use crate::domain::dto::Dataset;
use crate::domain::format::{integer, percent, short};
use crate::domain::profile::{ColumnProfile, ProfileEstimate, TableProfile};
use crate::domain::value::Value;
use crate::rpc;

/// Maximum number of columns per request, which the server enforces.
const AT_A_TIME: usize = 100;
/// Characters of a value that are shown.
const SHOWN: usize = 28;

#[component]
pub fn Profiles(dataset: RwSignal<Dataset>) -> impl IntoView {
    move || {
        dataset.with(|dataset| {
            let config = &dataset.config;
            let model_id = dataset.model_id;
            config
                .sources()
                .into_iter()
                .filter_map(|(name, table)| {
                    let of_table = config.selected_columns.iter().filter(|column| column.table == name);
                    let columns: Vec<String> = of_table.map(|column| column.column.to_string()).collect();
                    (!columns.is_empty()).then(|| of_table_view(model_id, name.to_string(), table.to_string(), columns))
                })
                .collect_view()
        })
    }
}

/// The columns of one table.
fn of_table_view(model_id: i64, name: String, table: String, columns: Vec<String>) -> impl IntoView {
    let estimate = Loader::new();
    let profile = Loader::new();
    let wanted = RwSignal::new(false);
    let what = StoredValue::new((table, columns));
    let fetch_estimate = Callback::new(move |()| {
        let (table, columns) = what.get_value();
        estimate.load(async move {
            // The first columns stand for all: one query computes them together.
            let first = columns.into_iter().take(AT_A_TIME).collect();
            rpc::estimate_profile(model_id, table, Some(first)).await
        });
    });
    let fetch_profile = Callback::new(move |()| {
        let (table, columns) = what.get_value();
        wanted.set(true);
        profile.load(async move {
            let mut all: Option<TableProfile> = None;
            for some in columns.chunks(AT_A_TIME) {
                let found = rpc::profile(model_id, table.clone(), Some(some.to_vec())).await?;
                match &mut all {
                    Some(all) => all.columns.extend(found.columns),
                    None => all = Some(found),
                }
            }
            // There is at least one column, or this table would not be listed.
            all.ok_or_else(|| crate::error::ApiError::new(0, "outdated", texts::NO_STATISTICS))
        });
    });
    Effect::new(move |_| fetch_estimate.run(()));
    // Nothing would be run: it is loaded without a click.
    Effect::new(move |_| {
        let known = estimate.with(|answer| matches!(answer, Some(Ok(ProfileEstimate { columns: 0, .. }))));
        if known {
            fetch_profile.run(());
        }
    });
    let offer = move |ProfileEstimate { columns, estimate }: &ProfileEstimate| {
        if *columns == 0 {
            return ().into_any();
        }
        let cost = size_and_price(estimate);
        view! {
            <p>
                <button type="button" class="button small" on:click=move |_| fetch_profile.run(())>
                    {texts::find_out(*columns, &cost)}
                </button>
            </p>
        }
        .into_any()
    };
    view! {
        <section class="report">
            <h3>{texts::columns_of(&name)}</h3>
            {move || {
                if wanted.get() {
                    profile.show(texts::LOOKING, fetch_profile, table_of).into_any()
                } else {
                    estimate.show_with(texts::LOOKING, fetch_estimate, offer).into_any()
                }
            }}
        </section>
    }
}

fn table_of(profile: &TableProfile) -> AnyView {
    let lines = profile.columns.iter().map(line_of).collect_view();
    let head = |text: &'static str, number: bool| view! { <th scope="col" class:number=number>{text}</th> };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts::STATISTICS_TITLE>
            <table class="rows">
                <thead>
                    <tr>
                        {head(words::COLUMN, false)} {head(words::TYPE, false)} {head(words::NULLS, true)}
                        {head(words::DISTINCT, true)} {head(words::SMALLEST, false)} {head(words::LARGEST, false)}
                        {head(words::MEAN, true)} {head(words::MOST_FREQUENT, false)}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line_of(column: &ColumnProfile) -> impl IntoView {
    let shown = |value: &Option<Value>| value.as_ref().map_or(common::DASH.to_owned(), cut);
    let distinct = column.cardinality.map(|n| match column.cardinality_is_exact {
        true => (short(n), integer(n)),
        false => (words::about(&short(n)), words::about(&integer(n))),
    });
    let (distinct, exact) = distinct.unwrap_or((common::DASH.into(), String::new()));
    // If each value occurs once, the most frequent one is meaningless.
    let top = column.top_values.first().filter(|_| column.uniqueness != Some(1.0));
    let top = match top {
        Some(top) => words::top(&cut(&top.value), &percent(top.percent)),
        None => column.unsupported.clone().unwrap_or_else(|| common::DASH.into()),
    };
    view! {
        <tr>
            <th scope="row">
                <code>{column.name.clone()}</code>
            </th>
            <td>{column.column_type.map(|of| of.to_string())}</td>
            <td class="number">{percent(column.null_percent)}</td>
            <td class="number" title=exact>
                {distinct}
            </td>
            <td>{shown(&column.min)}</td>
            <td>{shown(&column.max)}</td>
            <td class="number">{column.mean.map_or(common::DASH.into(), crate::domain::format::decimal)}</td>
            <td>{top}</td>
        </tr>
    }
}

fn cut(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => words::cut(&text[..at]),
        None if text.is_empty() => words::EMPTY.to_owned(),
        None => text,
    }
}
