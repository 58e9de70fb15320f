//! Filters on products and customers: which of them stay, with all their rows.
//!
//! Totals are computed once per entity, over the rows that the stage before left (train's alone
//! with scope train), and ranked if a share of revenue is requested; the rows of the entities that
//! stay go on. NULL is no entity: rows without the id are dropped.

use super::expr::{Expr, Literal, OrderKey};
use super::keywords::{BinaryOp, Frame, Function, JoinKind};
use super::pipeline::Pipeline;
use super::plan::PlannedColumn;
use super::query::{From, Item, JoinClause, Select};
use crate::domain::dataset::*;
use crate::domain::schema::ColumnType;

pub(super) fn products(pipeline: &mut Pipeline) {
    let filter = pipeline.plan.config.filters.product_filter.as_ref();
    entities(pipeline, "product", "products", "product_filter", Role::ProductId, filter);
}

pub(super) fn customers(pipeline: &mut Pipeline) {
    let filter = pipeline.plan.config.filters.customer_filter.as_ref();
    entities(pipeline, "customer", "customers", "customer_filter", Role::UserId, filter);
}

fn entities(
    pipeline: &mut Pipeline,
    one: &'static str,
    many: &str,
    stage: &'static str,
    role: Role,
    filter: Option<&EntityFilter>,
) {
    if filter.is_none() && !pipeline.shows_entities {
        return;
    }
    let plan = pipeline.plan;
    // Validation requires the role.
    let Some(id) = plan.role(role) else { return };
    let from_train = from_train(pipeline);

    // Qualified, so that no column of the data is mistaken for one of the names defined here.
    let of_rows = |column: &PlannedColumn| Expr::of(pipeline.current.as_str(), column.ident.as_str());
    let mut items = vec![Item::named(of_rows(id), "id"), Item::named(Expr::CountRows, "row_count")];
    if let Some(revenue) = plan.role(Role::Revenue) {
        items.push(Item::named(total(of_rows(revenue), revenue.column_type), "revenue"));
    }
    let mut totals = Select::new(items, From::cte(pipeline.current.as_str()));
    totals.filter.push(of_rows(id).not_null_test());
    if from_train {
        totals.filter.push(is_train());
    }
    totals.group_by.push(of_rows(id));
    let mut kept_from = pipeline.add(format!("{one}_totals"), totals);
    if pipeline.shows_entities {
        pipeline.totals.push((one, kept_from.clone()));
    }
    let Some(filter) = filter else { return };

    let mut keep = vec![];
    if let Some(percent) = filter.top_revenue_percent {
        kept_from = ranked(pipeline, one, &kept_from);
        // The entity that crosses the threshold starts below it.
        let before = Expr::column("revenue_before").binary(BinaryOp::Multiply, Expr::int(100));
        let threshold = Expr::column("revenue_of_all").binary(BinaryOp::Multiply, Expr::int(percent));
        keep.push(before.binary(BinaryOp::Less, threshold));
    }
    if let Some(CountRange { min, max }) = filter.transactions {
        keep.extend(min.map(|n| Expr::column("row_count").binary(BinaryOp::GreaterOrEqual, Expr::int(n))));
        keep.extend(max.map(|n| Expr::column("row_count").binary(BinaryOp::LessOrEqual, Expr::int(n))));
    }
    if let Some(AmountRange { min, max }) = filter.revenue {
        keep.extend(min.map(|n| Expr::column("revenue").binary(BinaryOp::GreaterOrEqual, decimal(n))));
        keep.extend(max.map(|n| Expr::column("revenue").binary(BinaryOp::LessOrEqual, decimal(n))));
    }
    let mut kept = Select::new(vec![Item::Expr { value: Expr::column("id"), name: None }], From::cte(kept_from));
    kept.filter = keep;
    let kept = pipeline.add(format!("kept_{many}"), kept);

    let mut rows = Select::new(vec![Item::All(Some(pipeline.current.as_str().into()))], From::cte(pipeline.current.as_str()));
    let is_kept = Expr::of(pipeline.current.as_str(), id.ident.as_str()).binary(BinaryOp::Equal, Expr::of(kept.as_str(), "id"));
    let kind = if only_train(pipeline) { JoinKind::Left } else { JoinKind::Inner };
    rows.joins.push(JoinClause { kind, to: From::cte(kept.as_str()), on: vec![is_kept] });
    if only_train(pipeline) {
        rows.filter.push(is_train_or_else(Expr::of(kept.as_str(), "id").not_null_test()));
    }
    pipeline.advance(stage, format!("of_kept_{many}"), rows);
}

/// The CTE of a kind of entity that [`ranks`] its totals; added once and shared.
pub(super) fn ranked(pipeline: &mut Pipeline, one: &str, totals: &str) -> String {
    let name = format!("{one}_ranks");
    match pipeline.ctes.iter().any(|cte| cte.name.as_str() == name) {
        true => name,
        false => pipeline.add(name, ranks(totals)),
    }
}

/// Running revenue before each entity, the largest first, ties by id; only positive totals take
/// part.
fn ranks(totals: &str) -> Select {
    let revenue = || Expr::call(Function::Sum, [Expr::column("revenue")]);
    let order = vec![OrderKey::descending(Expr::column("revenue")), OrderKey::ascending(Expr::column("id"))];
    let before = revenue().over(vec![], order, Some(Frame::RowsBefore));
    let mut ranks = Select::new(
        vec![
            Item::All(None),
            Item::named(Expr::call(Function::Coalesce, [before, Expr::int(0)]), "revenue_before"),
            Item::named(revenue().over(vec![], vec![], None), "revenue_of_all"),
        ],
        From::cte(totals),
    );
    ranks.filter.push(Expr::column("revenue").binary(BinaryOp::Greater, Expr::int(0)));
    ranks
}

pub(super) fn min_interactions(pipeline: &mut Pipeline) {
    let plan = pipeline.plan;
    let Some(core) = plan.config.filters.min_interactions else { return };
    let (Some(user), Some(product)) = (plan.role(Role::UserId), plan.role(Role::ProductId)) else { return };
    let count = if from_train(pipeline) {
        Expr::call(Function::Count, [Expr::Case { branches: vec![(is_train(), Expr::int(1))], otherwise: None }])
    } else {
        Expr::CountRows
    };
    for round in 1..=core.rounds {
        let often =
            |id: Expr, least: u32| count.clone().over(vec![id], vec![], None).binary(BinaryOp::GreaterOrEqual, Expr::int(least));
        let stays = Expr::All(vec![
            user.expr().not_null_test(),
            product.expr().not_null_test(),
            often(user.expr(), core.user),
            often(product.expr(), core.product),
        ]);
        let mut rows = Select::new(vec![Item::All(None)], From::cte(pipeline.current.as_str()));
        rows.filter.push(Expr::Literal(Literal::Bool(true)));
        rows.qualify = Some(if only_train(pipeline) { is_train_or_else(stays) } else { stays });
        let name = format!("core_{round}");
        if round == core.rounds {
            pipeline.advance("min_interactions", name, rows);
        } else {
            pipeline.current = pipeline.add(name, rows);
        }
    }
}

/// Exact decimals for any column type: a sum of FLOAT64 depends on the order of adding, and with it
/// which entity crosses a threshold.
pub(super) fn total(revenue: Expr, t: ColumnType) -> Expr {
    let value = match t {
        ColumnType::Float64 => revenue.safe_cast(ColumnType::Numeric),
        ColumnType::Int64 => revenue.cast(ColumnType::Numeric),
        _ => revenue,
    };
    Expr::call(Function::Sum, [value])
}

fn decimal(amount: f64) -> Expr {
    Expr::Literal(Literal::Decimal(ColumnType::Numeric, format!("{amount}")))
}

/// The filter looks at train alone, since looking at the eval window would leak it into training.
fn from_train(pipeline: &Pipeline) -> bool {
    let config = pipeline.plan.config;
    config.filters.scope_with(&config.split_config) == Scope::Train && pipeline.labelled
}

fn only_train(pipeline: &Pipeline) -> bool {
    pipeline.plan.config.filters.apply_to == ApplyTo::Train && pipeline.labelled
}

fn is_train() -> Expr {
    Expr::column("split").binary(BinaryOp::Equal, Expr::text(Split::Train.as_str()))
}

fn is_train_or_else(stays: Expr) -> Expr {
    Expr::column("split").binary(BinaryOp::NotEqual, Expr::text(Split::Train.as_str())).or(stays)
}
