//! The structure of a query: flat CTEs, then one body. Only [`super::render`] turns it into text.

use super::expr::{Expr, Ident, OrderKey};
use super::keywords::JoinKind;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub with: Vec<Cte>,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cte {
    pub name: Ident,
    pub select: Select,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Select(Box<Select>),
    UnionAll(Vec<Select>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub items: Vec<Item>,
    pub from: From,
    pub joins: Vec<JoinClause>,
    /// Joined by AND, one per line.
    pub filter: Vec<Expr>,
    pub group_by: Vec<Expr>,
    pub qualify: Option<Expr>,
    pub order_by: Vec<OrderKey>,
    pub limit: Option<u32>,
}

impl Select {
    pub fn new(items: Vec<Item>, from: From) -> Self {
        Self { items, from, joins: vec![], filter: vec![], group_by: vec![], qualify: None, order_by: vec![], limit: None }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `table.*`, or `*`.
    All(Option<Ident>),
    Expr {
        value: Expr,
        name: Option<Ident>,
    },
}

impl Item {
    pub fn named(value: Expr, name: impl Into<Ident>) -> Self {
        Self::Expr { value, name: Some(name.into()) }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum From {
    /// A CTE of this query.
    Cte { name: Ident, alias: Option<Ident> },
    /// A table of the warehouse; its path is quoted whole: `` `project.raw_data.orders` ``.
    Table { path: Ident, alias: Option<Ident> },
    /// One row of the items alone.
    Nothing,
}

impl From {
    pub fn cte(name: impl Into<Ident>) -> Self {
        Self::Cte { name: name.into(), alias: None }
    }

    pub fn without_alias(mut self) -> Self {
        if let Self::Cte { alias, .. } | Self::Table { alias, .. } = &mut self {
            *alias = None;
        }
        self
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct JoinClause {
    pub kind: JoinKind,
    pub to: From,
    /// Joined by AND; empty for a cross join.
    pub on: Vec<Expr>,
}
