//! The filter impact: what filters and split do to a dataset that may not be saved yet. What each
//! stage leaves, how rows and revenue are distributed among products and customers where their
//! filters apply, and the rows of each day. Read from the rows of one query; the charts are drawn
//! from it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::analysis::{DayRows, Part};
use super::cost::{Cost, Estimate};
use super::dataset::{AmountRange, CountRange, DatasetConfig, DateRange, Role};
use super::sql::{ImpactMeasure, ImpactSection, MILLION, REVENUE_DIGITS, ROW_DIGITS};
use super::value::{Rows, Value};

mod steps;
#[cfg(test)]
mod tests;
mod windows;

pub use steps::{Bar, SizeStep, Stay, bars, quantile};
pub use windows::{Window, date_window, windows};

/// What filters and split do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FilterImpact {
    /// The reference date of relative dates, if the config has any.
    pub as_of: Option<NaiveDate>,
    /// What is left after each stage, in the order of the stages.
    pub stages: Vec<StageImpact>,
    /// By day and part, after all filters; `day` is `None` without a timestamp.
    pub days: Vec<DayRows>,
    /// `None` where the role is not mapped.
    pub products: Option<EntitySizes>,
    pub customers: Option<EntitySizes>,
}

/// What is left after a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageImpact {
    /// `source`, `filtered`, `product_filter`, `customer_filter` or `min_interactions`.
    pub stage: String,
    pub rows: u64,
    /// Distinct; `None` without the role.
    pub users: Option<u64>,
    pub products: Option<u64>,
    pub revenue: Option<f64>,
}

/// How many rows, and how much revenue, the products or the customers have, over the rows that
/// their filter looks at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EntitySizes {
    /// Ascending by percent, each with the entities that a smaller percent does not keep. Only
    /// positive totals take part.
    pub curve: Vec<Level>,
    /// Ascending.
    pub by_rows: Vec<SizeStep>,
    /// In millionths, ascending; empty without a revenue. Everything below 0 begins at -1.
    pub by_revenue: Vec<SizeStep>,
    /// Entities none of whose rows has a revenue.
    pub without_revenue: u64,
}

/// Entities that a share of revenue keeps from this whole percent on; 100 is beyond what a filter
/// can be set to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub percent: u32,
    #[serde(rename = "members")]
    pub entities: u64,
    pub rows: u64,
    pub revenue: f64,
}

/// The entities that make the top N percent of revenue.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Crossing {
    pub entities: u64,
    pub rows: u64,
    /// Their share of the revenue, 0 to 1. The entity that crosses the threshold stays, so it is at
    /// least what was requested.
    pub share: f64,
}

impl EntitySizes {
    /// All entities, including those without revenue.
    pub fn entities(&self) -> u64 {
        self.by_rows.iter().map(|step| step.entities).sum()
    }

    /// Entities with a positive revenue: only they have a rank.
    pub fn ranked(&self) -> u64 {
        self.curve.iter().map(|level| level.entities).sum()
    }

    /// What the filter keeps at this percent, 1 to 99: the same number as the SQL's.
    pub fn top(&self, percent: u32) -> Crossing {
        let all: f64 = self.curve.iter().map(|level| level.revenue).sum();
        let mut crossing = Crossing::default();
        for level in self.curve.iter().filter(|level| level.percent <= percent) {
            crossing.entities += level.entities;
            crossing.rows += level.rows;
            crossing.share += level.revenue;
        }
        crossing.share = if all > 0.0 { (crossing.share / all).min(1.0) } else { 0.0 };
        crossing
    }

    /// How many a filter on their number of rows keeps.
    pub fn with_rows(&self, range: CountRange) -> Stay {
        steps::between(&self.by_rows, range.min.map(f64::from), range.max.map(f64::from), ROW_DIGITS)
    }

    /// How many a filter on their revenue keeps.
    pub fn with_revenue(&self, range: AmountRange) -> Stay {
        if range == AmountRange::default() {
            // The range has no bounds.
            return Stay { entities: self.entities(), exact: true };
        }
        // Amounts are typed as decimals, which binary fractions only approximate.
        let millionths = |amount: f64| {
            let exact = amount * MILLION as f64;
            if (exact - exact.round()).abs() < 1e-3 { exact.round() } else { exact }
        };
        steps::between(&self.by_revenue, range.min.map(millionths), range.max.map(millionths), REVENUE_DIGITS)
    }
}

/// Whether the products' chart, made for one config, also holds for another: everything before
/// their filter is the same.
pub fn same_for_products(a: &DatasetConfig, b: &DatasetConfig) -> bool {
    let (x, y) = (&a.filters, &b.filters);
    a.primary_table == b.primary_table
        && a.secondary_tables == b.secondary_tables
        && a.join_config == b.join_config
        && a.selected_columns == b.selected_columns
        && a.column_mapping == b.column_mapping
        && a.split_config == b.split_config
        && (&x.date_range, &x.rows, &x.sample, x.scope) == (&y.date_range, &y.rows, &y.sample, y.scope)
}

/// The same for customers, whose filter comes after that of products.
pub fn same_for_customers(a: &DatasetConfig, b: &DatasetConfig) -> bool {
    same_for_products(a, b)
        && a.filters.product_filter == b.filters.product_filter
        && (a.filters.apply_to == b.filters.apply_to || a.filters.product_filter.is_none())
}

/// Whether dates count back from the same day in both.
pub fn same_as_of(a: &DatasetConfig, b: &DatasetConfig) -> bool {
    let stated = |config: &DatasetConfig| {
        let range = config.filters.date_range.as_ref();
        let of_range = range.and_then(DateRange::as_of).flatten();
        let of_split = config.split_config.as_of().flatten();
        (of_split.or(of_range).unwrap_or_default(), range.and_then(DateRange::fixed_end))
    };
    a.primary_table == b.primary_table
        && a.secondary_tables == b.secondary_tables
        && a.join_config == b.join_config
        && a.column_mapping == b.column_mapping
        && stated(a) == stated(b)
}

/// The response to a request for a config's filter impact: the result, or the estimate of its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum ImpactAnswer {
    Found {
        #[serde(rename = "effect")]
        impact: Box<FilterImpact>,
        /// Read from the cache: nothing was run.
        cached: bool,
        at: DateTime<Utc>,
        #[serde(flatten)]
        cost: Cost,
    },
    /// Nothing was run: reading is metered, and nobody has agreed to the cost yet. Without a price
    /// the warehouse cannot estimate it in advance.
    #[serde(rename = "asks")]
    NeedsConsent(Estimate),
}

/// The stages in their order.
const STAGES: [&str; 5] = ["source", "filtered", "product_filter", "customer_filter", "min_interactions"];

/// Reads the rows of the query for a config's filter impact.
pub fn read(config: &DatasetConfig, rows: &Rows) -> FilterImpact {
    let mapped = |role| config.column_mapping.get(role).map(|_| EntitySizes::default());
    let (products, customers) = (mapped(Role::ProductId), mapped(Role::UserId));
    let mut impact = FilterImpact { products, customers, ..FilterImpact::default() };
    for row in (0..rows.rows.len()).map(|row| Row { rows, row }) {
        let section = row.text("section");
        let is = |of: ImpactSection| section == Some(of.as_str());
        if is(ImpactSection::AsOf) {
            impact.as_of = row.day();
        } else if is(ImpactSection::Stage) {
            let Some(stage) = row.text("item") else { continue };
            impact.stages.push(StageImpact {
                stage: stage.into(),
                rows: row.count(ImpactMeasure::RowCount).unwrap_or_default(),
                users: row.count(ImpactMeasure::UserCount),
                products: row.count(ImpactMeasure::ProductCount),
                revenue: row.amount(),
            });
        } else if is(ImpactSection::Days) {
            let part = Part::ALL.into_iter().find(|part| Some(part.as_str()) == row.text("item"));
            if let (Some(part), Some(rows)) = (part, row.count(ImpactMeasure::RowCount)) {
                impact.days.push(DayRows { day: row.day(), part, rows });
            }
        } else {
            let entities = match row.text("item") {
                Some("product") => &mut impact.products,
                Some("customer") => &mut impact.customers,
                _ => continue,
            };
            if let Some(entities) = entities {
                read_entity(entities, &row, section);
            }
        }
    }
    // A query's rows come in any order.
    impact.stages.sort_by_key(|stage| STAGES.iter().position(|name| *name == stage.stage));
    impact.days.sort_by_key(|day| (day.day.is_none(), day.day, day.part));
    for entities in impact.products.iter_mut().chain(impact.customers.iter_mut()) {
        entities.curve.sort_by_key(|level| level.percent);
        entities.by_rows.sort_by_key(|step| step.from);
        entities.by_revenue.sort_by_key(|step| step.from);
    }
    impact
}

fn read_entity(entities: &mut EntitySizes, row: &Row, section: Option<&str>) {
    let count = |measure| row.count(measure).unwrap_or_default();
    let step = |from| SizeStep { from, entities: count(ImpactMeasure::EntityCount), at_edge: count(ImpactMeasure::AtBound) };
    if section == Some(ImpactSection::Curve.as_str()) {
        let percent = u32::try_from(count(ImpactMeasure::LowerBound)).unwrap_or(u32::MAX);
        let revenue = row.amount().unwrap_or_default();
        entities.curve.push(Level {
            percent,
            entities: count(ImpactMeasure::EntityCount),
            rows: count(ImpactMeasure::RowCount),
            revenue,
        });
    } else if section == Some(ImpactSection::Rows.as_str()) {
        entities.by_rows.extend(row.number(ImpactMeasure::LowerBound).map(step));
    } else if section == Some(ImpactSection::Revenue.as_str()) {
        match row.number(ImpactMeasure::LowerBound) {
            Some(from) => entities.by_revenue.push(step(from)),
            None => entities.without_revenue += count(ImpactMeasure::EntityCount),
        }
    }
}

struct Row<'a> {
    rows: &'a Rows,
    row: usize,
}

impl Row<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.rows.get(self.row, name).and_then(Value::as_str)
    }

    fn day(&self) -> Option<NaiveDate> {
        self.text("day").and_then(|day| day.parse().ok())
    }

    fn number(&self, measure: ImpactMeasure) -> Option<i64> {
        self.rows.get(self.row, measure.as_str()).and_then(Value::as_i64)
    }

    fn count(&self, measure: ImpactMeasure) -> Option<u64> {
        self.number(measure).and_then(|number| u64::try_from(number).ok())
    }

    fn amount(&self) -> Option<f64> {
        match self.rows.get(self.row, ImpactMeasure::Revenue.as_str()) {
            Some(Value::Float(amount)) => Some(*amount),
            Some(Value::Int(amount)) => Some(*amount as f64),
            _ => None,
        }
    }
}
