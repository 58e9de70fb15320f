//! The one query behind the charts of the filters and the split: what each stage leaves, how
//! revenue and rows are distributed among products and customers where their filters apply, and the
//! rows of each day. Rows of one form, as in an analysis; read by [`crate::domain::impact`].
//!
//! Few rows, however large the data: entities are counted in steps whose edges are the numbers of
//! two or three digits, so that such a number as a threshold has its exact count. Estimates from a
//! sample would differ from what the filter keeps.

use strum::IntoStaticStr;

use super::rows::as_of_expr;
use super::sections::{DAY, ITEM, SectionRow, union};
use crate::domain::dataset::Role;
use crate::domain::schema::ColumnType;
use crate::domain::sql::OutputColumn;
use crate::domain::sql::entities;
use crate::domain::sql::expr::{Expr, Ident, Moment, count_if};
use crate::domain::sql::keywords::{BinaryOp, Function};
use crate::domain::sql::pipeline::Pipeline;
use crate::domain::sql::query::{Body, From, Item, Select};

/// Revenue is counted in millionths of its unit.
pub const MILLION: i64 = 1_000_000;
/// Revenue from here on is one step. A million times as much still fits INT64.
pub const MOST_REVENUE: i64 = 1_000_000_000_000;
/// Digits of the numbers that steps begin at.
pub const ROW_DIGITS: u32 = 3;
pub const REVENUE_DIGITS: u32 = 2;

/// What a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum ImpactSection {
    /// The reference date as `day`.
    AsOf,
    /// Of the stage `item`: rows, users, products; revenue as `amount`.
    Stage,
    /// Of the part `item` and `day`: rows.
    Days,
    /// For the kind of entity `item`: from which percent on, how many entities, their rows; their
    /// revenue as `amount`.
    Curve,
    /// For the kind of entity `item`: rows per entity from, entities, those with exactly so many.
    Rows,
    /// For the kind of entity `item`: revenue in millionths from, entities, those with exactly so
    /// much. -1 is all below 0, NULL none at all.
    Revenue,
}

impl ImpactSection {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The numbers of the answer, columns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum ImpactMeasure {
    RowCount,
    UserCount,
    ProductCount,
    /// FLOAT64.
    Revenue,
    /// What the entities of a step have at least: rows, revenue in millionths, or a percent.
    LowerBound,
    EntityCount,
    /// Those at the lower bound itself.
    AtBound,
}

impl ImpactMeasure {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl std::convert::From<ImpactMeasure> for Ident {
    fn from(measure: ImpactMeasure) -> Self {
        measure.as_str().into()
    }
}

pub(in crate::domain::sql) fn report(pipeline: &mut Pipeline) -> (Body, Vec<OutputColumn>) {
    let mut rows = vec![row(ImpactSection::AsOf, From::Nothing).day(Some(as_of_expr(pipeline)))];
    rows.extend(pipeline.stages.iter().map(|(stage, cte)| of_stage(pipeline, stage, cte)));
    rows.push(of_days(pipeline));
    for (entity, totals) in std::mem::take(&mut pipeline.totals) {
        of_entities(pipeline, entity, &totals, &mut rows);
    }
    union(rows)
}

fn row(section: ImpactSection, from: From) -> SectionRow {
    SectionRow::new(section.as_str(), from)
}

/// Goes on with the columns alone that are looked at: many parts of the answer read these rows, so
/// an engine may keep them.
pub(in crate::domain::sql) fn narrow(pipeline: &mut Pipeline) {
    let plan = pipeline.plan;
    let mut positions: Vec<usize> = plan.roles.iter().map(|(_, position)| *position).collect();
    positions.sort_unstable();
    positions.dedup();
    let of_rows = |name: &Ident| Item::Expr { value: Expr::of(pipeline.current.as_str(), name), name: None };
    let mut items: Vec<Item> = positions.into_iter().map(|position| of_rows(&plan.columns[position].ident)).collect();
    items.extend(pipeline.labelled.then(|| of_rows(&"split".into())));
    if items.is_empty() {
        return;
    }
    let select = Select::new(items, From::cte(pipeline.current.as_str()));
    pipeline.current = pipeline.add("looked_at", select);
    // The stage that ended here is counted from the same rows.
    if let Some((_, cte)) = pipeline.stages.last_mut().filter(|(stage, _)| *stage != "source") {
        cte.clone_from(&pipeline.current);
    }
}

fn of_stage(pipeline: &Pipeline, stage: &'static str, cte: &str) -> SectionRow {
    let plan = pipeline.plan;
    let distinct = |role| match plan.role(role) {
        Some(id) => Expr::of(cte, &id.ident).count_distinct(),
        None => Expr::null(ColumnType::Int64),
    };
    let numbers = [
        (ImpactMeasure::RowCount, Expr::CountRows),
        (ImpactMeasure::UserCount, distinct(Role::UserId)),
        (ImpactMeasure::ProductCount, distinct(Role::ProductId)),
    ];
    let row = row(ImpactSection::Stage, From::cte(cte)).item(Expr::text(stage)).numbers(numbers);
    match plan.role(Role::Revenue) {
        Some(revenue) => {
            let total = entities::total(Expr::of(cte, &revenue.ident), revenue.column_type);
            row.amount(ImpactMeasure::Revenue, total.cast(ColumnType::Float64))
        }
        None => row,
    }
}

fn of_days(pipeline: &Pipeline) -> SectionRow {
    let cte = pipeline.current.as_str();
    let day = pipeline.timestamp().map(|time| {
        let moment = Moment { value: Expr::of(cte, &time.ident), column_type: time.column_type, zone: &pipeline.plan.zone };
        moment.day()
    });
    let part = if pipeline.labelled { Expr::of(cte, "split") } else { Expr::text("full") };
    let numbers = [(ImpactMeasure::RowCount, Expr::CountRows)];
    let row = row(ImpactSection::Days, From::cte(cte)).item(part).day(day).numbers(numbers);
    row.group_by([Expr::int(ITEM), Expr::int(DAY)])
}

/// `totals` has `id`, `row_count` and, where it is mapped, `revenue` of each entity.
fn of_entities(pipeline: &mut Pipeline, entity: &'static str, totals: &str, rows: &mut Vec<SectionRow>) {
    let item = || Expr::text(entity);
    let has_revenue = pipeline.plan.role(Role::Revenue).is_some();
    let count = || Expr::column("row_count");
    let mut steps = vec![Item::named(leading_digits(count, ROW_DIGITS, 12), "row_step"), Item::named(count(), "row_count")];
    if has_revenue {
        let millionths = Expr::call(Function::Floor, [Expr::column("revenue").binary(BinaryOp::Multiply, Expr::int(MILLION))])
            .cast(ColumnType::Int64);
        let limited = Expr::Case {
            branches: vec![
                (Expr::column("revenue").binary(BinaryOp::Less, Expr::int(0)), Expr::int(-1)),
                (
                    Expr::column("revenue").binary(BinaryOp::GreaterOrEqual, Expr::int(MOST_REVENUE)),
                    Expr::int(MOST_REVENUE * MILLION),
                ),
            ],
            otherwise: Some(Box::new(millionths)),
        };
        let sizes = vec![Item::All(None), Item::named(limited, "millionths")];
        let sizes = pipeline.add(format!("{entity}_sizes"), Select::new(sizes, From::cte(totals)));
        let millionths = || Expr::column("millionths");
        steps.push(Item::named(leading_digits(millionths, REVENUE_DIGITS, 18), "revenue_step"));
        let counted = Expr::All(vec![
            Expr::column("revenue").binary(BinaryOp::GreaterOrEqual, Expr::int(0)),
            Expr::column("revenue").binary(BinaryOp::Less, Expr::int(MOST_REVENUE)),
        ]);
        let exact = Expr::column("revenue").binary(BinaryOp::Multiply, Expr::int(MILLION));
        steps.push(Item::named(Expr::Case { branches: vec![(counted, exact)], otherwise: None }, "exact_millionths"));
        let steps = pipeline.add(format!("{entity}_steps"), Select::new(steps, From::cte(sizes)));
        rows.push(in_steps(ImpactSection::Rows, item(), &steps, "row_step", "row_count"));
        rows.push(in_steps(ImpactSection::Revenue, item(), &steps, "revenue_step", "exact_millionths"));
        rows.push(of_curve(pipeline, entity, totals, item()));
    } else {
        let steps = pipeline.add(format!("{entity}_steps"), Select::new(steps, From::cte(totals)));
        rows.push(in_steps(ImpactSection::Rows, item(), &steps, "row_step", "row_count"));
    }
}

/// Entities by the step that they are in.
fn in_steps(section: ImpactSection, item: Expr, steps: &str, step: &'static str, value: &'static str) -> SectionRow {
    let lower_bound = || Expr::of(steps, step);
    let numbers = [
        (ImpactMeasure::LowerBound, lower_bound()),
        (ImpactMeasure::EntityCount, Expr::CountRows),
        (ImpactMeasure::AtBound, count_if(Expr::of(steps, value).binary(BinaryOp::Equal, lower_bound()))),
    ];
    row(section, From::cte(steps)).item(item).numbers(numbers).group_by([lower_bound()])
}

/// Entities by the smallest whole percent at which the filter keeps them: one that starts below
/// the threshold stays, so that the number at each percent is the filter's own.
fn of_curve(pipeline: &mut Pipeline, entity: &'static str, totals: &str, item: Expr) -> SectionRow {
    let ranks = entities::ranked(pipeline, entity, totals);
    // Approximate: the products below decide.
    let float = |name: &'static str| Expr::column(name).cast(ColumnType::Float64);
    let near =
        float("revenue_before").binary(BinaryOp::Multiply, Expr::int(100)).binary(BinaryOp::Divide, float("revenue_of_all"));
    let near = Expr::call(Function::Floor, [near]).cast(ColumnType::Int64);
    let shares = Select::new(vec![Item::All(None), Item::named(near, "near_percent")], From::cte(ranks));
    let shares = pipeline.add(format!("{entity}_shares"), shares);
    let percent = |more: i64| match more {
        0 => Expr::column("near_percent"),
        more => Expr::column("near_percent").binary(BinaryOp::Add, Expr::int(more)),
    };
    let before = Expr::column("revenue_before").binary(BinaryOp::Multiply, Expr::int(100));
    let starts_below =
        |percent: Expr| before.clone().binary(BinaryOp::Less, Expr::column("revenue_of_all").binary(BinaryOp::Multiply, percent));
    let level = Expr::Case {
        branches: (0..2).map(|more| (starts_below(percent(more)), percent(more))).collect(),
        otherwise: Some(Box::new(percent(2))),
    };
    let kept = |name: &'static str| Item::Expr { value: Expr::column(name), name: None };
    let levels = Select::new(vec![Item::named(level, "percent"), kept("row_count"), kept("revenue")], From::cte(shares));
    let levels = pipeline.add(format!("{entity}_levels"), levels);
    let of = |name: &'static str| Expr::of(levels.as_str(), name);
    let numbers = [
        (ImpactMeasure::LowerBound, of("percent")),
        (ImpactMeasure::EntityCount, Expr::CountRows),
        (ImpactMeasure::RowCount, Expr::call(Function::Sum, [of("row_count")])),
    ];
    let revenue = Expr::call(Function::Sum, [of("revenue")]).cast(ColumnType::Float64);
    let row = row(ImpactSection::Curve, From::cte(levels.as_str())).item(item).numbers(numbers);
    row.amount(ImpactMeasure::Revenue, revenue).group_by([of("percent")])
}

/// A whole number cut to its first digits, the others 0: 12345 to 12300. Up to 10^`longest`.
fn leading_digits(number: impl Fn() -> Expr, digits: u32, longest: u32) -> Expr {
    let cut = |zeros: u32| match zeros {
        0 => number(),
        zeros => number().binary(BinaryOp::Subtract, Expr::call(Function::Mod, [number(), Expr::int(10i64.pow(zeros))])),
    };
    let branches =
        (digits..longest).map(|length| (number().binary(BinaryOp::Less, Expr::int(10i64.pow(length))), cut(length - digits)));
    Expr::Case { branches: branches.collect(), otherwise: Some(Box::new(cut(longest - digits))) }
}
