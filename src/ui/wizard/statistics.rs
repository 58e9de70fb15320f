//! Column profiles in the wizard: computed on request, and if they cost something, only after the
//! price was shown.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::State;
use crate::domain::cost::Estimate;
use crate::domain::format::{integer, percent, short};
use crate::domain::name::TableName;
use crate::domain::profile::ColumnProfile;
use crate::domain::schema::Column;
use crate::domain::value::Value;
use crate::error::ApiError;
use crate::rpc;
use crate::ui::pictures::Histogram;
use crate::ui::problem::Problem;
use crate::ui::texts::wizard as texts;
use crate::ui::work::Work;

/// Maximum number of columns per request, which the server enforces.
const AT_A_TIME: usize = 100;

/// The profiles of the tables' columns, and the lookups in progress. It belongs to the wizard: what
/// was paid for continues when the step is left.
#[derive(Clone, Copy)]
pub struct Statistics {
    profiles: RwSignal<BTreeMap<TableName, BTreeMap<String, ColumnProfile>>>,
    lookups: StoredValue<BTreeMap<TableName, Lookup>>,
    owner: StoredValue<Owner>,
}

/// The profiles of a table's columns.
#[derive(Clone, Copy)]
struct Lookup {
    work: Work,
    error: RwSignal<Option<ApiError>>,
    /// Its price, if it is not free: then it takes a second click.
    price: RwSignal<Option<Estimate>>,
}

impl Statistics {
    pub fn new() -> Self {
        let owner = StoredValue::new(Owner::current().unwrap_or_default());
        Self { profiles: RwSignal::default(), lookups: StoredValue::default(), owner }
    }

    /// The profile of a column, if there is one.
    pub fn of(self, table: &TableName, column: &str) -> Option<ColumnProfile> {
        self.profiles.with(|all| all.get(table).and_then(|known| known.get(column)).cloned())
    }

    fn lookup(self, table: &TableName) -> Lookup {
        if let Some(known) = self.lookups.with_value(|lookups| lookups.get(table).copied()) {
            return known;
        }
        let new = || Lookup { work: Work::new(), error: RwSignal::new(None), price: RwSignal::new(None) };
        let lookup = self.owner.get_value().with(new);
        self.lookups.update_value(|lookups| {
            lookups.insert(table.clone(), lookup);
        });
        lookup
    }

    /// Computes column profiles; shows the price first, if there is one and it is not agreed to.
    async fn find(self, model_id: i64, table: TableName, columns: Vec<String>, agreed: bool) -> Result<(), ApiError> {
        let Lookup { price, .. } = self.lookup(&table);
        if !agreed {
            let found = rpc::estimate_profile(model_id, table.to_string(), Some(columns.clone())).await?;
            if found.estimate.price_usd.is_some() && found.columns > 0 {
                price.set(Some(found.estimate));
                return Ok(());
            }
        }
        price.set(None);
        let found = rpc::profile(model_id, table.to_string(), Some(columns)).await?;
        self.profiles.update(|profiles| {
            let known = profiles.entry(table).or_default();
            known.extend(found.columns.into_iter().map(|column| (column.name.clone(), column)));
        });
        Ok(())
    }
}

/// The button that profiles the shown columns.
#[component]
pub fn StatisticsButton(state: State, table: TableName, shown: Memo<Vec<Column>>) -> impl IntoView {
    let Lookup { work, error, price } = state.statistics().lookup(&table);
    let table = StoredValue::new(table);
    let missing = Memo::new(move |_| {
        state.statistics().profiles.with(|profiles| {
            let known = table.with_value(|table| profiles.get(table));
            let is_missing = |column: &&Column| !known.is_some_and(|known| known.contains_key(column.name.as_str()));
            shown.with(|all| all.iter().filter(is_missing).take(AT_A_TIME).map(|c| c.name.to_string()).collect::<Vec<_>>())
        })
    });
    let find = move |_| {
        // Clicking a button that shows a price agrees to it.
        let agreed = price.with_untracked(Option::is_some);
        let (table, columns) = (table.get_value(), missing.get_untracked());
        work.start(async move {
            error.set(None);
            if let Err(reason) = state.statistics().find(state.model_id, table, columns, agreed).await {
                error.set(Some(reason));
            }
        });
    };
    let words = move || match (work.running(), price.get()) {
        (true, _) => texts::LOOKING.to_owned(),
        (false, Some(estimate)) => texts::run_for(&estimate),
        (false, None) => texts::STATISTICS.to_owned(),
    };
    view! {
        {move || {
            (!missing.with(Vec::is_empty))
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button small"
                            aria-label=move || texts::words_of(&words(), table.get_value().table())
                            disabled=move || work.running()
                            on:click=find
                        >
                            {words}
                        </button>
                    }
                })
        }}
        <Problem error />
    }
}

/// The profile of a column, in its line.
#[component]
pub fn ColumnStatistics(profile: ColumnProfile) -> impl IntoView {
    if let Some(reason) = &profile.unsupported {
        return view! { <p class="column-stats note">{texts::it_is(reason)}</p> }.into_any();
    }
    let profile = StoredValue::new(profile);
    // Of a hundred columns few are opened: the content is rendered then.
    let opened = RwSignal::new(false);
    let inside = move || opened.get().then(|| profile.with_value(inside));
    view! {
        <details class="column-stats" on:toggle=move |_| opened.set(true)>
            <summary>{profile.with_value(profile_summary)}</summary>
            {inside}
        </details>
    }
    .into_any()
}

/// The histogram, the statistics, and the most frequent values; if all values are distinct, some of
/// them.
fn inside(profile: &ColumnProfile) -> impl IntoView + use<> {
    let unique = profile.uniqueness == Some(1.0);
    let values = profile
        .top_values
        .iter()
        .map(|top| {
            let text = match &top.value {
                Value::Text(text) if text.is_empty() => texts::EMPTY_TEXT.to_owned(),
                value => value.to_string(),
            };
            let counts = (!unique).then(|| {
                view! {
                    <span class="number">{integer(top.count)}</span>
                    <span class="number note">{percent(top.percent)}</span>
                }
            });
            view! {
                <li>
                    <span class="top-value">{text}</span>
                    {counts}
                </li>
            }
        })
        .collect_view();
    let bins = profile.histogram.clone();
    let name = profile.name.clone();
    view! {
        <div class="column-figures">
            {(!bins.is_empty()).then(|| view! { <Histogram name bins /> })}
            <dl class="figures">{figures(profile)}</dl>
            <ol class="top-values" aria-label=if unique { texts::SOME_VALUES } else { texts::TOP_VALUES }>
                {values}
            </ol>
        </div>
    }
}

/// `1.2 % NULL · 5.1K distinct · 1 to 904974`.
fn profile_summary(profile: &ColumnProfile) -> String {
    let mut parts = vec![];
    if profile.null_count > 0 {
        parts.push(texts::null_share(profile.null_percent));
    }
    match (profile.cardinality, profile.uniqueness) {
        (Some(_), Some(1.0)) if profile.cardinality_is_exact => parts.push(texts::ALL_DISTINCT.into()),
        (Some(distinct), _) => {
            parts.push(texts::distinct(&short(distinct), profile.cardinality_is_exact));
        }
        _ => {}
    }
    if let (Some(min), Some(max)) = (&profile.min, &profile.max) {
        parts.push(texts::from_to(&shortened(min), &shortened(max)));
    }
    parts.extend(profile.true_percent.map(texts::true_share));
    parts.extend(profile.array_lengths.map(|lengths| texts::items(&lengths.min.to_string(), &lengths.max.to_string())));
    if parts.is_empty() {
        parts.push(texts::NO_VALUES.into());
    }
    parts.join(" · ")
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn figures(profile: &ColumnProfile) -> impl IntoView + use<> {
    let decimal =
        |number: f64| if number.abs() >= 1e6 || number == 0.0 { format!("{number:.0}") } else { format!("{number:.4}") };
    let mut all: Vec<(&str, String)> = vec![];
    if profile.null_count > 0 {
        all.push((texts::NULL, integer(profile.null_count)));
    }
    all.extend(profile.cardinality.map(|distinct| (texts::DISTINCT, integer(distinct))));
    all.extend(profile.mean.map(|mean| (texts::MEAN, decimal(mean))));
    all.extend(profile.stddev.map(|stddev| (texts::DEVIATION, decimal(stddev))));
    for (share, word) in [(0.05, "5 %"), (0.25, "25 %"), (0.5, texts::MEDIAN), (0.75, "75 %"), (0.95, "95 %")] {
        all.extend(profile.quantiles.iter().find(|q| q.share == share).map(|q| (word, shortened(&q.value))));
    }
    let some = |number: Option<u64>| number.filter(|number| *number > 0).map(integer);
    all.extend(some(profile.zero_count).map(|n| (texts::ZEROS, n)));
    all.extend(some(profile.negative_count).map(|n| (texts::NEGATIVE, n)));
    all.extend(some(profile.not_finite_count).map(|n| (texts::NOT_FINITE, n)));
    all.extend(profile.range_days.map(|days| (texts::DAYS, days.to_string())));
    for lengths in profile.lengths.iter().chain(&profile.array_lengths) {
        all.push((texts::LENGTH, texts::lengths(&lengths.min.to_string(), &lengths.max.to_string(), lengths.mean)));
        all.extend(some(Some(lengths.empty)).map(|n| (texts::EMPTY, n)));
    }
    all.into_iter().map(|(name, text)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> }).collect_view()
}
