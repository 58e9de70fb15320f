//! The stages that look at rows one by one: source, bounds, filtered, split label. Each is a CTE
//! over the one before, so each can be counted.

use std::collections::HashSet;

use super::expr::{DayExpr, Expr, FIRST_DAY, Ident, Literal, Moment, OrderKey};
use super::keywords::{BinaryOp, Function, JoinKind};
use super::plan::{AsOfPlan, Plan, PlannedColumn, PlannedSource};
use super::predicate;
use super::query::{Cte, From, Item, JoinClause, Select};
use crate::domain::dataset::*;
use crate::domain::schema::{ColumnType, Mode};

/// The CTEs of a dataset, and the CTE of its rows at the end.
pub(super) struct Pipeline<'p> {
    pub plan: &'p Plan<'p>,
    pub ctes: Vec<Cte>,
    /// The CTE of the remaining rows.
    pub current: String,
    /// The rows have the column `split`.
    pub labelled: bool,
    /// Stages of the funnel and the CTEs that end them.
    pub stages: Vec<(&'static str, String)>,
    /// The sources as they are joined, each by its name: tables, or CTEs over them.
    pub tables: Vec<From>,
    /// The CTE before the filters on products and customers.
    pub unpruned: Option<String>,
    /// Totals of products and customers are computed even without a filter: for the charts.
    pub shows_entities: bool,
    /// The names of those totals, and the CTEs that have them.
    pub totals: Vec<(&'static str, String)>,
}

impl<'p> Pipeline<'p> {
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self {
            plan,
            ctes: vec![],
            current: String::new(),
            labelled: false,
            stages: vec![],
            tables: vec![],
            unpruned: None,
            shows_entities: false,
            totals: vec![],
        }
    }

    /// Adds a CTE and returns its name.
    pub fn add(&mut self, name: impl Into<String>, select: Select) -> String {
        let name = name.into();
        self.ctes.push(Cte { name: name.clone().into(), select });
        name
    }

    /// Adds a CTE that the rows go on from and that ends a stage of the funnel.
    pub fn advance(&mut self, stage: &'static str, name: impl Into<String>, select: Select) {
        self.current = self.add(name, select);
        self.stages.push((stage, self.current.clone()));
    }

    pub fn source(&mut self) {
        let plan = self.plan;
        let path = |source: &PlannedSource| match plan.project {
            Some(project) => format!("{project}.{}", source.table),
            None => source.table.to_string(),
        };
        let items = plan.columns.iter().map(|c| Item::named(c.of_source(&plan.sources[c.source].ident), &c.ident)).collect();
        let primary = &plan.sources[0];
        let from = self.table(0, path(primary));
        self.tables.push(from.clone());
        let mut select = Select::new(items, from);
        for (position, source) in plan.sources.iter().enumerate() {
            let Some(planned) = &source.join else { continue };
            let table = self.table(position, path(source));
            let to = match planned.join.on_duplicates {
                OnDuplicates::Keep => table,
                OnDuplicates::OneRow => self.one_row(position, table),
            };
            self.tables.push(to.clone());
            let on = planned
                .keys
                .iter()
                .map(|(left, left_column, right_column)| {
                    let left = Expr::of(&plan.sources[*left].ident, left_column.as_str());
                    left.binary(BinaryOp::Equal, Expr::of(&source.ident, right_column.as_str()))
                })
                .collect();
            select.joins.push(JoinClause { kind: planned.join.join_type.into(), to, on });
        }
        self.advance("source", "source", select);
    }

    /// A table, called as the dataset calls it. BigQuery refuses to read some tables without a
    /// filter on their partitions: those get one that all rows pass, so that the dataset's rows do
    /// not depend on how its tables are stored.
    fn table(&mut self, position: usize, path: String) -> From {
        let source = &self.plan.sources[position];
        let alias = Some(source.ident.clone());
        let Some((column, column_type)) = &source.must_filter else { return From::Table { path: path.into(), alias } };
        let mut select = Select::new(self.columns_in_use(position), From::Table { path: path.into(), alias: None });
        select.filter.push(any_partition(column, *column_type));
        let name = self.add(format!("{}_partitions", source.name.as_str().replace('*', "")), select);
        From::Cte { name: name.into(), alias }
    }

    /// The columns of a source that are used, in its own spelling: keys, keys of the joins after
    /// it, and what goes on.
    fn columns_in_use(&self, position: usize) -> Vec<Item> {
        let plan = self.plan;
        let own = plan.sources[position].join.as_ref();
        let keys = own.into_iter().flat_map(|planned| &planned.keys).map(|(_, _, right)| right.as_str());
        // A secondary's columns can be keys of the joins after it.
        let later = plan.sources.iter().filter_map(|s| s.join.as_ref()).flat_map(|j| &j.keys);
        let later = later.filter(|(left, ..)| *left == position).map(|(_, column, _)| column.as_str());
        let used = plan.columns.iter().filter(|c| c.source == position).map(|c| c.name.as_str());
        let order = own.into_iter().flat_map(|planned| &planned.order).map(|(column, _)| column.name.as_str());
        let mut seen = HashSet::new();
        let once = keys.chain(later).chain(used).chain(order).filter(|name| seen.insert(*name));
        once.map(|name| Item::Expr { value: Expr::column(name), name: None }).collect()
    }

    /// One row per key. Rows whose key is NULL count as one key.
    fn one_row(&mut self, position: usize, table: From) -> From {
        let source = &self.plan.sources[position];
        let Some(planned) = &source.join else { return table };
        let mut select = Select::new(self.columns_in_use(position), table.without_alias());
        // BigQuery has required a WHERE beside QUALIFY.
        select.filter.push(Expr::Literal(Literal::Bool(true)));
        let keys: Vec<Expr> = planned.keys.iter().map(|(_, _, right)| Expr::column(right.as_str())).collect();
        let order = planned.order.iter().filter_map(|(column, descending)| {
            let value = in_order(Expr::column(column.name.as_str()), column.column_type, column.mode)?;
            Some(OrderKey { value, descending: *descending })
        });
        let order: Vec<OrderKey> = order.collect();
        let order = if order.is_empty() { keys.iter().cloned().map(OrderKey::ascending).collect() } else { order };
        select.qualify = Some(Expr::call(Function::RowNumber, []).over(keys, order, None).binary(BinaryOp::Equal, Expr::int(1)));
        let name = self.add(format!("{}_one_row", source.name), select);
        From::Cte { name: name.into(), alias: Some(source.ident.clone()) }
    }

    pub fn bounds(&mut self) {
        let as_of = match self.plan.as_of {
            AsOfPlan::NotNeeded | AsOfPlan::Known(_) => return,
            AsOfPlan::Today => Expr::call(Function::CurrentDate, [Expr::text(self.plan.zone.as_str())]),
            AsOfPlan::Latest => match self.moment() {
                Some(moment) => Expr::call(Function::Max, [moment.day()]),
                // Validation asks for the role.
                None => return,
            },
        };
        let from = if self.plan.as_of == AsOfPlan::Today { From::Nothing } else { From::cte("source") };
        let mut select = Select::new(vec![Item::named(as_of, "as_of")], from);
        if let (AsOfPlan::Latest, Some(end), Some(moment)) = (self.plan.as_of, self.plan.latest, self.moment()) {
            select.filter.push(moment.not_later_than(&DayExpr::On(end)));
        }
        self.add("bounds", select);
    }

    pub fn filter(&mut self) {
        let mut filter = vec![];
        self.date_range(&mut filter);
        self.cap_at_as_of(&mut filter);
        for (position, row_filter) in &self.plan.row_filters {
            filter.push(predicate::of(
                row_filter,
                &self.plan.columns[*position],
                &self.plan.zone,
                self.plan.as_of.day().as_ref(),
            ));
        }
        if let Some(sample) = &self.plan.config.filters.sample {
            filter.push(self.bucket("sample", sample.unit, &sample.seed).binary(BinaryOp::Less, Expr::int(sample.percent)));
        }
        if filter.is_empty() {
            return;
        }
        let mut select = self.over_current(vec![]);
        select.filter = filter;
        self.advance("filtered", "filtered", select);
    }

    fn date_range(&self, filter: &mut Vec<Expr>) {
        let (Some(range), Some(timestamp)) = (&self.plan.config.filters.date_range, self.timestamp()) else { return };
        let moment = || timestamp.moment(&self.plan.zone);
        match range {
            DateRange::Fixed { start, end } => {
                filter.extend(start.map(|start| moment().not_earlier_than(start)));
                filter.extend(end.map(|end| moment().not_later_than(&DayExpr::On(end))));
            }
            DateRange::Rolling { days, months, .. } => {
                let Some(as_of) = self.plan.as_of.day() else { return };
                let before = match (days, months) {
                    (Some(days), _) => as_of.minus_days(*days),
                    (None, months) => as_of.minus_months(months.unwrap_or_default()),
                };
                filter.push(moment().later_than(&before));
                filter.push(moment().not_later_than(&as_of.minus_days(0)));
            }
        }
    }

    /// A time split's window ends with the reference date, even if there are newer rows. A row
    /// without a timestamp stays.
    fn cap_at_as_of(&self, filter: &mut Vec<Expr>) {
        let config = self.plan.config;
        let rolling = config.filters.date_range.as_ref().is_some_and(|range| range.as_of().is_some());
        if !config.split_config.is_by_time() || rolling || self.plan.as_of == AsOfPlan::Latest {
            return;
        }
        if let (Some(as_of), Some(timestamp)) = (self.plan.as_of.day(), self.timestamp()) {
            let within = timestamp.moment(&self.plan.zone).not_later_than(&as_of.minus_days(0));
            filter.push(within.or(timestamp.expr().null_test()));
        }
    }

    /// Adds the column `split` to the rows.
    pub fn label(&mut self) {
        if let SplitConfig::Random { unit, seed, .. } = &self.plan.config.split_config {
            let bucket = Item::named(self.bucket("split", *unit, seed), "bucket");
            let rows = Item::All(Some(self.current.as_str().into()));
            let select = Select::new(vec![rows, bucket], From::cte(self.current.as_str()));
            self.current = self.add("bucketed", select);
        }
        let Some(label) = self.label_expr() else { return };
        self.labelled = true;
        let select = self.over_current(vec![Item::named(label, "split")]);
        self.current = self.add("labelled", select);
    }

    fn label_expr(&self) -> Option<Expr> {
        let word = |split: Split| Expr::text(split.as_str());
        match &self.plan.config.split_config {
            SplitConfig::None => None,
            SplitConfig::TimeBased { eval_days, test_days, gap_days, .. } => {
                let (timestamp, as_of) = (self.timestamp()?, self.plan.as_of.day()?);
                let after = |days: u32| timestamp.moment(&self.plan.zone).later_than(&as_of.minus_days(days));
                let mut branches = vec![];
                if *test_days > 0 {
                    branches.push((after(*test_days), word(Split::Test)));
                }
                branches.push((after(test_days + eval_days), word(Split::Eval)));
                if *gap_days > 0 {
                    branches.push((after(test_days + eval_days + gap_days), Expr::text("gap")));
                }
                Some(Expr::Case { branches, otherwise: Some(Box::new(word(Split::Train))) })
            }
            SplitConfig::Random { train_percent, test_percent, .. } => {
                let below = |percent: u32| Expr::column("bucket").binary(BinaryOp::Less, Expr::int(percent));
                let mut branches = vec![(below(*train_percent), word(Split::Train))];
                let last = if *test_percent > 0 {
                    branches.push((below(100 - test_percent), word(Split::Eval)));
                    Split::Test
                } else {
                    Split::Eval
                };
                Some(Expr::Case { branches, otherwise: Some(Box::new(word(last))) })
            }
            SplitConfig::LeaveLast { n } => {
                let user = self.plan.role(Role::UserId)?;
                let from_last = Expr::call(Function::RowNumber, []).over(vec![user.expr()], self.latest_first()?, None);
                let held_out =
                    Expr::All(vec![user.expr().not_null_test(), from_last.binary(BinaryOp::LessOrEqual, Expr::int(*n))]);
                Some(Expr::Case { branches: vec![(held_out, word(Split::Eval))], otherwise: Some(Box::new(word(Split::Train))) })
            }
        }
    }

    /// By time, the latest first, then by every other column: ties must not depend on the engine.
    fn latest_first(&self) -> Option<Vec<OrderKey>> {
        let timestamp = self.timestamp()?;
        let mut keys = vec![OrderKey::descending(timestamp.expr())];
        let others = self.plan.columns.iter().filter(|c| c.ident != timestamp.ident);
        keys.extend(others.filter_map(|c| in_order(c.expr(), c.column_type, c.mode)).map(OrderKey::ascending));
        Some(keys)
    }

    /// 0 to 99, by hash: FARM_FINGERPRINT over an encoding in which different keys differ. MOD
    /// comes first, since ABS of the smallest INT64 overflows. `purpose` separates a sample and a
    /// split with the same seed.
    fn bucket(&self, purpose: &str, unit: Unit, seed: &Seed) -> Expr {
        let keys = match unit {
            Unit::User => self.plan.role(Role::UserId).into_iter().collect(),
            Unit::Product => self.plan.role(Role::ProductId).into_iter().collect(),
            Unit::Row => self.plan.identity(),
        };
        let mut fields = vec![(Expr::text(purpose), "purpose".to_owned()), (Expr::text(seed.0.as_str()), "seed".to_owned())];
        fields.extend(keys.into_iter().enumerate().map(|(i, key)| (as_text(key), format!("key{}", i + 1))));
        let hash = Expr::call(Function::FarmFingerprint, [Expr::call(Function::ToJsonString, [Expr::Struct(fields)])]);
        Expr::call(Function::Abs, [Expr::call(Function::Mod, [hash, Expr::int(100)])])
    }

    /// All columns of the current CTE and more, with the bounds if the query computes them.
    fn over_current(&self, more: Vec<Item>) -> Select {
        let mut items = vec![Item::All(Some(self.current.as_str().into()))];
        items.extend(more);
        let mut select = Select::new(items, From::cte(self.current.as_str()));
        if self.plan.as_of.is_computed() {
            select.joins.push(JoinClause { kind: JoinKind::Cross, to: From::cte("bounds"), on: vec![] });
        }
        select
    }

    pub fn timestamp(&self) -> Option<&PlannedColumn<'p>> {
        self.plan.role(Role::Timestamp)
    }

    /// The rows' timestamp, by the dataset's zone.
    pub fn moment(&self) -> Option<Moment<'_>> {
        self.timestamp().map(|timestamp| timestamp.moment(&self.plan.zone))
    }
}

/// BigQuery's pseudo-column of a wildcard table: what the asterisk stands for.
const TABLE_SUFFIX: &str = "_TABLE_SUFFIX";

/// A condition that all rows of a table's partitions pass: a filter on the column that BigQuery
/// requires one on.
pub(super) fn any_partition(column: &Ident, column_type: ColumnType) -> Expr {
    let value = || Expr::column(column);
    let at_least = |first: &str| value().binary(BinaryOp::GreaterOrEqual, Expr::text(first));
    // Other tables' names may begin alike, as events_intraday_20240131 and events_20240131 do.
    if column.as_str() == TABLE_SUFFIX {
        return Expr::All(vec![at_least("00000000"), value().binary(BinaryOp::LessOrEqual, Expr::text("99999999"))]);
    }
    let first = match column_type {
        ColumnType::String => at_least(""),
        ColumnType::Int64 => value().binary(BinaryOp::GreaterOrEqual, Expr::int(i64::MIN + 1)),
        t => Moment { value: value(), column_type: t, zone: &TimeZone::default() }.not_earlier_than(FIRST_DAY),
    };
    first.or(value().null_test())
}

/// The expression that orders rows by a column: its values, or the JSON of arrays, which BigQuery
/// does not order. `None` for types that no dataset selects.
fn in_order(column: Expr, column_type: ColumnType, mode: Mode) -> Option<Expr> {
    match mode {
        _ if column_type.unsupported().is_some() => None,
        Mode::Repeated => Some(Expr::call(Function::ToJsonString, [column])),
        Mode::Nullable | Mode::Required => Some(column),
    }
}

/// A key as text, the same on every engine: instants as microseconds since 1970, all else as CAST
/// writes it.
fn as_text(column: &PlannedColumn) -> Expr {
    let value = column.expr();
    match column.column_type {
        ColumnType::String => value,
        ColumnType::Timestamp => Expr::call(Function::UnixMicros, [value]).cast(ColumnType::String),
        ColumnType::Datetime => {
            Expr::call(Function::UnixMicros, [Expr::call(Function::Timestamp, [value])]).cast(ColumnType::String)
        }
        // Not each is a text.
        ColumnType::Bytes => Expr::call(Function::ToJsonString, [value]),
        _ => value.cast(ColumnType::String),
    }
}
