//! The one query behind the charts of the filters and the split: what each stage leaves, how
//! revenue and rows are distributed among products and customers where their filters apply, and the
//! rows of each day. Rows of one form, as in an analysis; read by [`crate::domain::effect`].
//!
//! Few rows, however large the data: entities are counted in steps whose edges are the numbers of
//! two or three digits, so that such a number as a threshold has its exact count. Estimates from a
//! sample would differ from what the filter keeps.

use super::OutputColumn;
use super::answer::{as_of_expr, computed};
use super::expr::{Expr, Ident, Moment, count_if};
use super::members;
use super::pipeline::Pipeline;
use super::query::{Body, From, Item, Select};
use crate::domain::dataset::Role;
use crate::domain::schema::ColumnType;

/// Revenue is counted in millionths of its unit.
pub const MILLION: i64 = 1_000_000;
/// Revenue from here on is one step. A million times as much still fits INT64.
pub const MOST_REVENUE: i64 = 1_000_000_000_000;
/// Digits of the numbers that steps begin at.
pub const ROW_DIGITS: u32 = 3;
pub const REVENUE_DIGITS: u32 = 2;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectSection {
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

impl EffectSection {
    pub const fn word(self) -> &'static str {
        match self {
            Self::AsOf => "as_of",
            Self::Stage => "stage",
            Self::Days => "days",
            Self::Curve => "curve",
            Self::Rows => "rows",
            Self::Revenue => "revenue",
        }
    }
}

pub(super) fn report(pipeline: &mut Pipeline) -> (Body, Vec<OutputColumn>) {
    let as_of = as_of_expr(pipeline);
    let mut rows = vec![row(EffectSection::AsOf, None, Some(as_of), vec![], None, From::Nothing)];
    rows.extend(pipeline.stages.iter().map(|(stage, cte)| of_stage(pipeline, stage, cte)));
    rows.push(of_days(pipeline));
    for (member, totals) in std::mem::take(&mut pipeline.totals) {
        of_members(pipeline, member, &totals, &mut rows);
    }
    let columns = [
        ("section", ColumnType::String),
        ("item", ColumnType::String),
        ("day", ColumnType::Date),
        ("n1", ColumnType::Int64),
        ("n2", ColumnType::Int64),
        ("n3", ColumnType::Int64),
        ("amount", ColumnType::Float64),
    ];
    (Body::UnionAll(rows), computed(&columns))
}

/// Continues with only the columns that are used: many parts of the result read these rows, so an
/// engine may materialise them.
pub(super) fn narrow(pipeline: &mut Pipeline) {
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

/// A row of the result, or many if the caller groups it.
fn row(
    section: EffectSection,
    item: Option<Expr>,
    day: Option<Expr>,
    numbers: Vec<Expr>,
    amount: Option<Expr>,
    from: From,
) -> Select {
    let mut items = vec![
        Item::named(Expr::text(section.word()), "section"),
        Item::named(item.unwrap_or(Expr::null(ColumnType::String)), "item"),
        Item::named(day.unwrap_or(Expr::null(ColumnType::Date)), "day"),
    ];
    let padding = std::iter::repeat_with(|| Expr::null(ColumnType::Int64));
    let numbers = numbers.into_iter().chain(padding).take(3);
    items.extend(numbers.enumerate().map(|(i, number)| Item::named(number, format!("n{}", i + 1))));
    items.push(Item::named(amount.unwrap_or(Expr::null(ColumnType::Float64)), "amount"));
    Select::new(items, from)
}

fn of_stage(pipeline: &Pipeline, stage: &'static str, cte: &str) -> Select {
    let plan = pipeline.plan;
    let distinct = |role| match plan.role(role) {
        Some(id) => Expr::of(cte, &id.ident).count_distinct(),
        None => Expr::null(ColumnType::Int64),
    };
    let numbers = vec![Expr::CountRows, distinct(Role::UserId), distinct(Role::ProductId)];
    let revenue =
        plan.role(Role::Revenue).map(|c| members::total(Expr::of(cte, &c.ident), c.column_type).cast(ColumnType::Float64));
    row(EffectSection::Stage, Some(Expr::text(stage)), None, numbers, revenue, From::cte(cte))
}

fn of_days(pipeline: &Pipeline) -> Select {
    let cte = pipeline.current.as_str();
    let day = pipeline.timestamp().map(|time| {
        let moment = Moment { value: Expr::of(cte, &time.ident), column_type: time.column_type, zone: &pipeline.plan.zone };
        moment.day()
    });
    let part = if pipeline.labelled { Expr::of(cte, "split") } else { Expr::text("full") };
    let mut days = row(EffectSection::Days, Some(part), day, vec![Expr::CountRows], None, From::cte(cte));
    // By position: item and day.
    days.group_by = vec![Expr::int(2), Expr::int(3)];
    days
}

/// `totals` has `id`, `row_count` and, if it is mapped, `revenue` of each entity.
fn of_members(pipeline: &mut Pipeline, member: &'static str, totals: &str, rows: &mut Vec<Select>) {
    let item = || Some(Expr::text(member));
    let has_revenue = pipeline.plan.role(Role::Revenue).is_some();
    let count = || Expr::column("row_count");
    let mut steps = vec![Item::named(leading_digits(count, ROW_DIGITS, 12), "row_step"), Item::named(count(), "row_count")];
    if has_revenue {
        let millionths = Expr::call("FLOOR", [Expr::column("revenue").binary("*", Expr::int(MILLION))]).cast(ColumnType::Int64);
        let limited = Expr::Case {
            branches: vec![
                (Expr::column("revenue").binary("<", Expr::int(0)), Expr::int(-1)),
                (Expr::column("revenue").binary(">=", Expr::int(MOST_REVENUE)), Expr::int(MOST_REVENUE * MILLION)),
            ],
            otherwise: Some(Box::new(millionths)),
        };
        let sizes = vec![Item::All(None), Item::named(limited, "millionths")];
        let sizes = pipeline.add(format!("{member}_sizes"), Select::new(sizes, From::cte(totals)));
        let millionths = || Expr::column("millionths");
        steps.push(Item::named(leading_digits(millionths, REVENUE_DIGITS, 18), "revenue_step"));
        let counted = Expr::All(vec![
            Expr::column("revenue").binary(">=", Expr::int(0)),
            Expr::column("revenue").binary("<", Expr::int(MOST_REVENUE)),
        ]);
        let exact = Expr::column("revenue").binary("*", Expr::int(MILLION));
        steps.push(Item::named(Expr::Case { branches: vec![(counted, exact)], otherwise: None }, "exact_millionths"));
        let steps = pipeline.add(format!("{member}_steps"), Select::new(steps, From::cte(sizes)));
        rows.push(in_steps(EffectSection::Rows, item(), &steps, "row_step", "row_count"));
        rows.push(in_steps(EffectSection::Revenue, item(), &steps, "revenue_step", "exact_millionths"));
        rows.push(of_curve(pipeline, member, totals, item()));
    } else {
        let steps = pipeline.add(format!("{member}_steps"), Select::new(steps, From::cte(totals)));
        rows.push(in_steps(EffectSection::Rows, item(), &steps, "row_step", "row_count"));
    }
}

/// Entities by the step that they are in.
fn in_steps(section: EffectSection, item: Option<Expr>, steps: &str, step: &'static str, value: &'static str) -> Select {
    let at_edge = count_if(Expr::of(steps, value).binary("=", Expr::of(steps, step)));
    let numbers = vec![Expr::of(steps, step), Expr::CountRows, at_edge];
    let mut select = row(section, item, None, numbers, None, From::cte(steps));
    // By position: the step.
    select.group_by = vec![Expr::int(4)];
    select
}

/// Entities by the smallest whole percent at which the filter keeps them: one that starts below the
/// threshold stays. The SQL of the filter decides in the same way, so the chart's counts equal the
/// filter's.
fn of_curve(pipeline: &mut Pipeline, member: &'static str, totals: &str, item: Option<Expr>) -> Select {
    let ranks = members::ranked(pipeline, member, totals);
    // Approximate: the products below decide.
    let float = |name: &'static str| Expr::column(name).cast(ColumnType::Float64);
    let near = float("revenue_before").binary("*", Expr::int(100)).binary("/", float("revenue_of_all"));
    let near = Expr::call("FLOOR", [near]).cast(ColumnType::Int64);
    let shares = Select::new(vec![Item::All(None), Item::named(near, "near_percent")], From::cte(ranks));
    let shares = pipeline.add(format!("{member}_shares"), shares);
    let percent = |more: i64| match more {
        0 => Expr::column("near_percent"),
        more => Expr::column("near_percent").binary("+", Expr::int(more)),
    };
    let before = Expr::column("revenue_before").binary("*", Expr::int(100));
    let starts_below = |percent: Expr| before.clone().binary("<", Expr::column("revenue_of_all").binary("*", percent));
    let level = Expr::Case {
        branches: (0..2).map(|more| (starts_below(percent(more)), percent(more))).collect(),
        otherwise: Some(Box::new(percent(2))),
    };
    let kept = |name: &'static str| Item::Expr { value: Expr::column(name), name: None };
    let levels = Select::new(vec![Item::named(level, "percent"), kept("row_count"), kept("revenue")], From::cte(shares));
    let levels = pipeline.add(format!("{member}_levels"), levels);
    let of = |name: &'static str| Expr::of(levels.as_str(), name);
    let numbers = vec![of("percent"), Expr::CountRows, Expr::call("SUM", [of("row_count")])];
    let revenue = Expr::call("SUM", [of("revenue")]).cast(ColumnType::Float64);
    let mut curve = row(EffectSection::Curve, item, None, numbers, Some(revenue), From::cte(levels.as_str()));
    curve.group_by = vec![Expr::int(4)];
    curve
}

/// A whole number cut to its first digits, the others 0: 12345 to 12300. Up to 10^`longest`.
fn leading_digits(number: impl Fn() -> Expr, digits: u32, longest: u32) -> Expr {
    let cut = |zeros: u32| match zeros {
        0 => number(),
        zeros => number().binary("-", Expr::call("MOD", [number(), Expr::int(10i64.pow(zeros))])),
    };
    let branches = (digits..longest).map(|length| (number().binary("<", Expr::int(10i64.pow(length))), cut(length - digits)));
    Expr::Case { branches: branches.collect(), otherwise: Some(Box::new(cut(longest - digits))) }
}
