//! What a query returns from the pipeline's rows: the dataset itself, or counts of it.

use crate::domain::dataset::{Role, Split};
use crate::domain::schema::{ColumnType, Mode};
use crate::domain::sql::OutputColumn;
use crate::domain::sql::expr::{Expr, Moment, OrderKey};
use crate::domain::sql::keywords::{BinaryOp, Function};
use crate::domain::sql::pipeline::Pipeline;
use crate::domain::sql::plan::AsOfPlan;
use crate::domain::sql::query::{Body, From, Item, Select};

/// The dataset's rows, projected to its output names.
pub(in crate::domain::sql) fn rows(pipeline: &Pipeline, split: Option<Split>, limit: Option<u32>) -> (Body, Vec<OutputColumn>) {
    let plan = pipeline.plan;
    let mut items = vec![];
    let mut columns = vec![];
    for (position, name) in &plan.selected {
        let column = &plan.columns[*position];
        let shown = if column.ident.as_str() == name { column.ident.clone() } else { name.as_str().into() };
        items.push(Item::named(column.expr(), shown));
        columns.push(OutputColumn {
            name: name.clone(),
            column_type: column.column_type,
            mode: column.mode,
            role: plan.role_of(*position),
        });
    }
    let mut select = of_split(pipeline, items, split);
    select.limit = limit;
    (Body::Select(Box::new(select)), columns)
}

/// The rows of a split, or all of them.
pub(super) fn of_split(pipeline: &Pipeline, items: Vec<Item>, split: Option<Split>) -> Select {
    let mut select = Select::new(items, From::cte(pipeline.current.as_str()));
    // Qualified: an output column may be called split as well.
    let label = || Expr::of(pipeline.current.as_str(), "split");
    select.filter.extend(split.map(|split| label().binary(BinaryOp::Equal, Expr::text(split.as_str()))));
    select
}

/// Rows, users, products and days of the whole and of each part.
pub(in crate::domain::sql) fn counts(pipeline: &Pipeline) -> (Body, Vec<OutputColumn>) {
    let day = pipeline.moment().map(Moment::day);
    let edge = |function| match &day {
        Some(day) => Expr::call(function, [day.clone()]),
        None => Expr::null(ColumnType::Date),
    };
    let as_of = as_of_expr(pipeline);
    let part = |part: Expr| {
        let mut items = vec![Item::named(part, "part")];
        items.extend(sizes(pipeline));
        items.push(Item::named(edge(Function::Min), "first_day"));
        items.push(Item::named(edge(Function::Max), "last_day"));
        items.push(Item::named(as_of.clone(), "as_of"));
        Select::new(items, From::cte(pipeline.current.as_str()))
    };
    let mut parts = vec![part(Expr::text("full"))];
    if pipeline.labelled {
        let mut by_split = part(Expr::column("split"));
        by_split.group_by.push(Expr::column("split"));
        parts.push(by_split);
    }
    let columns = [
        ("part", ColumnType::String),
        ("row_count", ColumnType::Int64),
        ("user_count", ColumnType::Int64),
        ("product_count", ColumnType::Int64),
        ("first_day", ColumnType::Date),
        ("last_day", ColumnType::Date),
        ("as_of", ColumnType::Date),
    ];
    (Body::UnionAll(parts), computed(&columns))
}

/// The reference date, a DATE.
pub(super) fn as_of_expr(pipeline: &Pipeline) -> Expr {
    match pipeline.plan.as_of {
        AsOfPlan::NotNeeded => Expr::null(ColumnType::Date),
        AsOfPlan::Known(day) => Expr::date(day),
        AsOfPlan::Latest | AsOfPlan::Today => Expr::Scalar { column: "as_of".into(), cte: "bounds".into() },
    }
}

/// The as-of and nothing else.
pub(in crate::domain::sql) fn as_of(pipeline: &Pipeline) -> (Body, Vec<OutputColumn>) {
    let mut one = Select::new(vec![Item::named(as_of_expr(pipeline), "as_of")], From::Nothing);
    if pipeline.plan.as_of.is_computed() {
        one = Select::new(vec![Item::Expr { value: Expr::column("as_of"), name: None }], From::cte("bounds"));
    }
    (Body::Select(Box::new(one)), computed(&[("as_of", ColumnType::Date)]))
}

/// Rows, users and products after each stage.
pub(in crate::domain::sql) fn funnel(pipeline: &Pipeline) -> (Body, Vec<OutputColumn>) {
    let stage = |(stage, cte): &(&'static str, String)| {
        let mut items = vec![Item::named(Expr::text(*stage), "stage")];
        items.extend(sizes(pipeline));
        Select::new(items, From::cte(cte.as_str()))
    };
    let columns = [
        ("stage", ColumnType::String),
        ("row_count", ColumnType::Int64),
        ("user_count", ColumnType::Int64),
        ("product_count", ColumnType::Int64),
    ];
    (Body::UnionAll(pipeline.stages.iter().map(stage).collect()), computed(&columns))
}

/// Rows a day and part.
pub(in crate::domain::sql) fn per_day(pipeline: &Pipeline) -> (Body, Vec<OutputColumn>) {
    let day = pipeline.moment().map_or(Expr::null(ColumnType::Date), Moment::day);
    let part = if pipeline.labelled { Expr::column("split") } else { Expr::text("full") };
    let items = vec![Item::named(day, "day"), Item::named(part, "part"), Item::named(Expr::CountRows, "row_count")];
    let mut select = Select::new(items, From::cte(pipeline.current.as_str()));
    // By position: the expressions above, not a column of the data with the same name.
    select.group_by = vec![Expr::int(1), Expr::int(2)];
    select.order_by = vec![OrderKey::ascending(Expr::int(1)), OrderKey::ascending(Expr::int(2))];
    let columns = [("day", ColumnType::Date), ("part", ColumnType::String), ("row_count", ColumnType::Int64)];
    (Body::Select(Box::new(select)), computed(&columns))
}

fn sizes(pipeline: &Pipeline) -> [Item; 3] {
    let distinct = |role| match pipeline.plan.role(role) {
        Some(id) => id.expr().count_distinct(),
        None => Expr::null(ColumnType::Int64),
    };
    [
        Item::named(Expr::CountRows, "row_count"),
        Item::named(distinct(Role::UserId), "user_count"),
        Item::named(distinct(Role::ProductId), "product_count"),
    ]
}

pub(super) fn computed(columns: &[(&str, ColumnType)]) -> Vec<OutputColumn> {
    let column = |(name, column_type): &(&str, ColumnType)| OutputColumn {
        name: (*name).to_owned(),
        column_type: *column_type,
        mode: Mode::Nullable,
        role: None,
    };
    columns.iter().map(column).collect()
}
