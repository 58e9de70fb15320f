//! From the rows of an analysis to its figures.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::*;
use crate::domain::dataset::{Role, SplitConfig};
use crate::domain::sql::{JoinMeasure, Measure, Section};
use crate::domain::value::{Rows, Value};

/// The stages of the funnel in their order.
const STAGES: [&str; 5] = ["source", "filtered", "product_filter", "customer_filter", "min_interactions"];

/// Reads the result of a config's analysis query. Metrics without a row stay empty.
pub fn read(config: &DatasetConfig, rows: &Rows) -> AnalysisMetrics {
    let answer = SectionRows { rows };
    let mut metrics = AnalysisMetrics { as_of: None, ..AnalysisMetrics::default() };
    if let Some(row) = answer.rows_of(Section::Dataset).next() {
        metrics.as_of = row.day();
        metrics.timestamp_type = row.item().and_then(ColumnType::parse);
    }
    metrics.users = answer.entities(Section::Users);
    metrics.products = answer.entities(Section::Products);
    metrics.pairs = answer.entities(Section::Pairs);
    metrics.events = answer.entities(Section::Events);
    metrics.baskets = answer.entities(Section::Baskets);
    days(config, &answer, &mut metrics);
    metrics.funnel = funnel(&answer, &metrics);
    metrics.late_train_rows = answer.rows_of(Section::Late).next().and_then(|row| row.count(Measure::RowCount));
    metrics.held_out_rows_seen = answer.rows_of(Section::Seen).next().and_then(|row| row.count(Measure::RowCount));
    let attribute = |row: Row| {
        Some(AttributeTime {
            column: row.item()?.into(),
            rows: row.count(Measure::RowCount)?,
            newer: row.count(Measure::NewerRows)?,
        })
    };
    metrics.attributes = answer.rows_of(Section::Newer).filter_map(attribute).collect();
    metrics.attributes.sort_by(|a, b| a.column.cmp(&b.column));
    metrics.label = label(&answer);
    let catalogue = |row: Row| Some(Catalogue { items: row.count(Measure::KeyCount)?, used: row.count(Measure::UsedKeys)? });
    metrics.catalogue = answer.rows_of(Section::Catalogue).next().and_then(catalogue);
    metrics.joins = joins(config, &answer);
    metrics
}

/// The counts of each part and the rows of each day.
fn days(config: &DatasetConfig, answer: &SectionRows, metrics: &mut AnalysisMetrics) {
    let mapped = |role: Role| config.column_mapping.get(role).map(|_| 0);
    let (mut users, mut products) = (mapped(Role::UserId), mapped(Role::ProductId));
    let mut parts: BTreeMap<Part, PartMetrics> = BTreeMap::new();
    let gap = matches!(config.split_config, SplitConfig::TimeBased { gap_days: 1.., .. });
    let splits = config.split_config.splits().iter().map(|split| Part::from(*split));
    for part in [Part::Full].into_iter().chain(splits).chain(gap.then_some(Part::Gap)) {
        let entities = |entities: Option<&DistinctCounts>| entities.map(|m| m.of(part).unwrap_or_default());
        let empty = PartMetrics {
            part,
            rows: 0,
            users: entities(metrics.users.as_ref()),
            products: entities(metrics.products.as_ref()),
            first_day: None,
            last_day: None,
            first_at: None,
            last_at: None,
        };
        parts.insert(part, empty);
    }
    for row in answer.rows_of(Section::Days) {
        let (Some(part), Some(rows)) = (row.part(), row.count(Measure::RowCount)) else { continue };
        metrics.per_day.push(DayRows { day: row.day(), part, rows });
        let add = |to: &mut Option<u64>, measure: Measure| *to = to.map(|sum| sum + row.count(measure).unwrap_or_default());
        add(&mut users, Measure::NullUsers);
        add(&mut products, Measure::NullProducts);
        for part in [Part::Full].into_iter().chain((part != Part::Full).then_some(part)) {
            let Some(counts) = parts.get_mut(&part) else { continue };
            counts.rows += rows;
            counts.first_day = earlier(counts.first_day, row.day());
            counts.last_day = counts.last_day.max(row.day());
            counts.first_at = earlier(counts.first_at, row.instant(Measure::FirstMicros));
            counts.last_at = counts.last_at.max(row.instant(Measure::LastMicros));
        }
    }
    metrics.per_day.sort_by_key(|day| (day.day.is_none(), day.day, day.part));
    (metrics.null_users, metrics.null_products) = (users, products);
    let undated = metrics.per_day.iter().filter(|day| day.day.is_none()).map(|day| day.rows).sum();
    metrics.null_timestamps = mapped(Role::Timestamp).map(|_: u64| undated);
    metrics.counts = parts.into_values().collect();
}

/// The smaller of the values that are present.
fn earlier<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn funnel(answer: &SectionRows, metrics: &AnalysisMetrics) -> Vec<Stage> {
    let stage = |row: Row| {
        let (users, products) = (row.count(Measure::UserCount), row.count(Measure::ProductCount));
        Some(Stage { stage: row.item()?.into(), rows: row.count(Measure::RowCount)?, users, products })
    };
    let mut funnel: Vec<Stage> = answer.rows_of(Section::Funnel).filter_map(stage).collect();
    funnel.sort_by_key(|stage| STAGES.iter().position(|name| *name == stage.stage));
    // The last stage's users and products are the dataset's.
    if let Some(last) = funnel.last_mut() {
        last.users = metrics.users.as_ref().map(|entities| entities.all);
        last.products = metrics.products.as_ref().map(|entities| entities.all);
    }
    funnel
}

fn label(answer: &SectionRows) -> Option<Label> {
    let column = answer.rows_of(Section::LabelColumn).next()?.item()?.to_owned();
    let balance = |row: &Row| {
        let number = |measure| row.count(measure).unwrap_or_default();
        Balance {
            rows: number(Measure::RowCount),
            positive: number(Measure::PositiveRows),
            negative: number(Measure::NegativeRows),
        }
    };
    let mut label = Label { column, before: Balance::default(), parts: vec![], told_by_revenue: None };
    for row in answer.rows_of(Section::Label) {
        match row.part() {
            Some(part) => {
                label.parts.push(PartBalance { part, balance: balance(&row) });
                if let Some(implied) = row.count(Measure::ImpliedByRevenue) {
                    *label.told_by_revenue.get_or_insert(0) += implied;
                }
            }
            None => label.before = balance(&row),
        }
    }
    label.parts.sort_by_key(|part| part.part);
    Some(label)
}

fn joins(config: &DatasetConfig, answer: &SectionRows) -> Vec<JoinMetrics> {
    let Some(row) = answer.rows_of(Section::Joins).next() else { return vec![] };
    let join_metrics = |(i, (table, _)): (usize, (SourceName, _))| {
        let number = |measure: JoinMeasure| row.number(&measure.column(i));
        Some(JoinMetrics {
            join_type: config.join_of(&table)?.join_type,
            table,
            rows_before: number(JoinMeasure::RowsBefore)?,
            matched_rows: number(JoinMeasure::MatchedRows)?,
            rows_after: number(JoinMeasure::RowsAfter)?,
            largest_fan_out: number(JoinMeasure::LargestFanOut)?,
        })
    };
    config.sources().into_iter().skip(1).enumerate().filter_map(join_metrics).collect()
}

impl DistinctCounts {
    fn of(&self, part: Part) -> Option<u64> {
        match part {
            Part::Full => Some(self.all),
            Part::Train => self.train,
            Part::Eval => self.eval,
            Part::Test => self.test,
            Part::Gap => self.gap,
        }
    }
}

struct SectionRows<'a> {
    rows: &'a Rows,
}

impl<'a> SectionRows<'a> {
    fn rows_of(&self, section: Section) -> impl Iterator<Item = Row<'a>> {
        let rows = self.rows;
        let is = move |row: &usize| rows.get(*row, "section").and_then(Value::as_str) == Some(section.as_str());
        (0..rows.rows.len()).filter(is).map(move |row| Row { rows, row })
    }

    fn entities(&self, section: Section) -> Option<DistinctCounts> {
        let row = self.rows_of(section).next()?;
        Some(DistinctCounts {
            rows: row.count(Measure::RowCount)?,
            all: row.count(Measure::EntityCount)?,
            once: row.count(Measure::SingleCount)?,
            train: row.count(Measure::TrainCount),
            eval: row.count(Measure::EvalCount),
            test: row.count(Measure::TestCount),
            gap: row.count(Measure::GapCount),
            cold_eval: row.count(Measure::ColdEvalCount),
            cold_eval_rows: row.count(Measure::ColdEvalRows),
            cold_test: row.count(Measure::ColdTestCount),
            cold_test_rows: row.count(Measure::ColdTestRows),
            shared: row.count(Measure::SharedCount),
        })
    }
}

/// A row of one section.
struct Row<'a> {
    rows: &'a Rows,
    row: usize,
}

impl<'a> Row<'a> {
    fn cell(&self, name: &str) -> Option<&'a Value> {
        self.rows.get(self.row, name)
    }

    fn item(&self) -> Option<&'a str> {
        self.cell("item").and_then(Value::as_str)
    }

    fn part(&self) -> Option<Part> {
        let item = self.item()?;
        Part::ALL.into_iter().find(|part| part.as_str() == item)
    }

    fn day(&self) -> Option<NaiveDate> {
        self.cell("day").and_then(Value::as_str).and_then(|day| day.parse().ok())
    }

    fn number(&self, column: &str) -> Option<u64> {
        self.cell(column).and_then(Value::as_i64).and_then(|number| u64::try_from(number).ok())
    }

    fn count(&self, measure: Measure) -> Option<u64> {
        self.number(measure.as_str())
    }

    /// Microseconds since 1970, which may be before it.
    fn instant(&self, measure: Measure) -> Option<NaiveDateTime> {
        let micros = self.cell(measure.as_str()).and_then(Value::as_i64)?;
        Some(DateTime::from_timestamp_micros(micros)?.naive_utc())
    }
}
