//! An answer in sections: many small results as rows of one form, so that one query finds them all.
//! BigQuery bills a table once per query, and all figures are of one state of the tables.
//!
//! Each row has the name of its section, an item, a day, and numbers in columns of their own names.
//! What a section does not have is NULL.

use super::rows::computed;
use crate::domain::schema::ColumnType;
use crate::domain::sql::OutputColumn;
use crate::domain::sql::expr::{Expr, Ident};
use crate::domain::sql::query::{Body, From, Item, Select};

/// The positions of `item` and `day`, for a GROUP BY of the expressions that stand there.
pub(super) const ITEM: i64 = 2;
pub(super) const DAY: i64 = 3;

/// A row of the answer, or several where `select` groups.
pub(super) struct SectionRow {
    section: &'static str,
    item: Option<Expr>,
    day: Option<Expr>,
    numbers: Vec<(Ident, ColumnType, Expr)>,
    /// Where the numbers are taken from; has no items of its own.
    pub select: Select,
}

impl SectionRow {
    pub fn new(section: impl Into<&'static str>, from: From) -> Self {
        Self { section: section.into(), item: None, day: None, numbers: vec![], select: Select::new(vec![], from) }
    }

    /// A STRING that says what the row is about.
    pub fn item(mut self, item: Expr) -> Self {
        self.item = Some(item);
        self
    }

    pub fn day(mut self, day: Option<Expr>) -> Self {
        self.day = day;
        self
    }

    /// INT64 columns and their values.
    pub fn numbers<N: Into<Ident>>(mut self, numbers: impl IntoIterator<Item = (N, Expr)>) -> Self {
        self.numbers.extend(numbers.into_iter().map(|(name, value)| (name.into(), ColumnType::Int64, value)));
        self
    }

    /// A FLOAT64 column and its value.
    pub fn amount(mut self, name: impl Into<Ident>, value: Expr) -> Self {
        self.numbers.push((name.into(), ColumnType::Float64, value));
        self
    }

    fn select(mut self, numbers: &[(Ident, ColumnType)]) -> Select {
        let mut items = vec![
            Item::named(Expr::text(self.section), "section"),
            Item::named(self.item.unwrap_or(Expr::null(ColumnType::String)), "item"),
            Item::named(self.day.unwrap_or(Expr::null(ColumnType::Date)), "day"),
        ];
        for (name, column_type) in numbers {
            let own = self.numbers.iter().position(|(own, ..)| own == name);
            let value = own.map_or(Expr::null(*column_type), |own| self.numbers.swap_remove(own).2);
            items.push(Item::named(value, name));
        }
        Select { items, ..self.select }
    }

    pub fn group_by(mut self, keys: impl Into<Vec<Expr>>) -> Self {
        self.select.group_by = keys.into();
        self
    }
}

/// All rows as one answer. It has the numbers that any row has, in the order of their first use.
pub(super) fn union(rows: Vec<SectionRow>) -> (Body, Vec<OutputColumn>) {
    let mut numbers: Vec<(Ident, ColumnType)> = vec![];
    for (name, column_type, _) in rows.iter().flat_map(|row| &row.numbers) {
        if !numbers.iter().any(|(known, _)| known == name) {
            numbers.push((name.clone(), *column_type));
        }
    }
    let mut columns = vec![("section", ColumnType::String), ("item", ColumnType::String), ("day", ColumnType::Date)];
    columns.extend(numbers.iter().map(|(name, column_type)| (name.as_str(), *column_type)));
    let columns = computed(&columns);
    (Body::UnionAll(rows.into_iter().map(|row| row.select(&numbers)).collect()), columns)
}
