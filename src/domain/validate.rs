//! A config checked against the tables: all validation errors at once, each by the path of its
//! field.

use std::collections::HashSet;
use std::fmt::{self, Display};

use chrono::{Datelike, NaiveDate};

use super::catalog::{Catalog, CatalogTable};
use super::dataset::*;
use super::field_error::{FieldError, FieldErrors};
use super::limits;
use super::name::{ColumnName, SourceName, TableName, same};
use super::output::Taken;
use super::schema::{Column, ColumnType, Mode};

mod filters;

/// Longest window, in days: a century.
pub const MAX_DAYS: u32 = 36_525;

/// The validation errors of a config, in the order of its parts; empty if it can be compiled. If a
/// config exceeds the limits, only those errors.
pub fn validate(config: &DatasetConfig, catalog: &Catalog) -> Vec<FieldError> {
    let exceeded = limits::exceeded(config);
    if !exceeded.is_empty() {
        return exceeded;
    }
    let known = |table| catalog.table(table);
    let sources = config.sources().into_iter().map(|(name, table)| (name, table, known(table))).collect();
    let mut check = Check { config, catalog, sources, errors: FieldErrors::default() };
    check.tables();
    check.joins();
    check.columns();
    check.mapping();
    check.filters();
    check.split();
    check.errors.into_list()
}

/// `list[3]`, formatted only if there is an error to report.
#[derive(Clone, Copy)]
struct Nth(&'static str, usize);

impl Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.0, self.1)
    }
}

struct Check<'a> {
    config: &'a DatasetConfig,
    catalog: &'a Catalog,
    /// The dataset's tables by their names in it, with their schemas if they are known.
    sources: Vec<(SourceName, &'a TableName, Option<&'a CatalogTable>)>,
    errors: FieldErrors,
}

impl<'a> Check<'a> {
    fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.add(path, message);
    }

    fn tables(&mut self) {
        let config = self.config;
        let Some(primary) = &config.primary_table else {
            self.error("primary_table", "Choose a primary table.");
            return;
        };
        if self.catalog.schema(primary).is_none() {
            self.error("primary_table", format!("Table {primary} not found."));
        }
        let mut seen = vec![SourceName::from(primary)];
        for (i, secondary) in config.secondary_tables.iter().enumerate() {
            let path = format!("secondary_tables[{i}]");
            if self.catalog.schema(&secondary.table).is_none() {
                self.error(&path, format!("Table {} not found.", secondary.table));
            }
            let name = secondary.name();
            if seen.iter().any(|s| s.same_as(&name)) {
                self.error(&path, format!("Another table is named {name}; rename this one with \"as\"."));
            }
            seen.push(name);
        }
    }

    fn joins(&mut self) {
        let config = self.config;
        let sources = config.sources();
        for (i, secondary) in config.secondary_tables.iter().enumerate() {
            // No default key: most tables have no common `id`.
            if config.join_of(&secondary.name()).is_none() {
                self.error(
                    format!("secondary_tables[{i}]"),
                    format!("{} has no join: choose how to join it to the tables before it.", secondary.name()),
                );
            }
        }
        for (i, join) in config.join_config.iter().enumerate() {
            let path = format!("join_config[{i}]");
            let Some(position) = sources.iter().skip(1).position(|(name, _)| name.same_as(&join.table)).map(|p| p + 1) else {
                self.error(format!("{path}.table"), format!("{} is not a secondary table.", join.table));
                continue;
            };
            if config.join_config[..i].iter().any(|other| other.table.same_as(&join.table)) {
                self.error(format!("{path}.table"), format!("{} is already joined; add the keys to that join.", join.table));
            }
            if join.on.is_empty() {
                self.error(format!("{path}.on"), "Choose at least one pair of key columns.");
            }
            let right_table = self.catalog.table(sources[position].1);
            for (j, key) in join.on.iter().enumerate() {
                self.join_key(&format!("{path}.on[{j}]"), &sources[..position], join, key, right_table);
            }
            self.row_order(&path, join, right_table);
        }
    }

    fn join_key(
        &mut self,
        path: &str,
        earlier: &[(SourceName, &TableName)],
        join: &Join,
        key: &JoinKey,
        right_table: Option<&CatalogTable>,
    ) {
        let left = match earlier.iter().find(|(name, _)| name.same_as(&key.left.table)) {
            Some((name, table)) => {
                let known = self.catalog.table(table);
                known.and_then(|s| self.key_column(format_args!("{path}.left.column"), name, s, &key.left.column))
            }
            None => {
                let message = if self.sources.iter().any(|(name, ..)| name.same_as(&key.left.table)) {
                    format!("{} does not come before {}: a join can only use earlier tables.", key.left.table, join.table)
                } else {
                    format!("The dataset has no table {}.", key.left.table)
                };
                self.error(format!("{path}.left.table"), message);
                None
            }
        };
        let right = right_table.and_then(|s| self.key_column(format_args!("{path}.right"), &join.table, s, &key.right));
        if let (Some(left), Some(right)) = (left, right)
            && !comparable(left.column_type, right.column_type)
        {
            // Types that differ are not cast: the query would fail, or match nothing.
            self.error(
                format!("{path}.right"),
                format!(
                    "{} is {} and {} is {}: these types cannot be joined. Cast one of them in a view.",
                    key.left, left.column_type, key.right, right.column_type
                ),
            );
        }
    }

    fn key_column<'s>(
        &mut self,
        path: impl Display,
        source: &SourceName,
        table: &'s CatalogTable,
        name: &ColumnName,
    ) -> Option<&'s Column> {
        let column = self.known(&path, source, table, name)?;
        if !column.is_scalar() {
            self.error(path.to_string(), format!("{source}.{name} is {} and cannot be a key.", column.type_label()));
            return None;
        }
        Some(column)
    }

    fn row_order(&mut self, path: &str, join: &Join, table: Option<&CatalogTable>) {
        if !join.order.is_empty() && join.on_duplicates != OnDuplicates::OneRow {
            self.error(format!("{path}.order"), "An order needs on_duplicates one_row.");
        }
        for (k, key) in join.order.iter().enumerate() {
            let path = format!("{path}.order[{k}].column");
            if let Some(column) = table.and_then(|t| self.known(&path, &join.table, t, &key.column))
                && !column.is_scalar()
            {
                self.error(path, format!("{} is {} and cannot be ordered by.", key.column, column.type_label()));
            }
        }
    }

    /// The column, or a validation error with the nearest name there is.
    fn known<'s>(
        &mut self,
        path: impl Display,
        source: &SourceName,
        table: &'s CatalogTable,
        name: &ColumnName,
    ) -> Option<&'s Column> {
        let column = table.column(name);
        if column.is_none() {
            let message = match table.unusable(name) {
                Some(reason) => format!("{source}.{name} cannot be used: {reason}."),
                None => format!("{source} has no column {name}."),
            };
            self.error(path.to_string(), message);
        }
        column
    }

    /// The column behind a reference, or a validation error at `<path>.table` or `<path>.column`.
    /// `None` without an error if the table itself is unknown: that is reported at the table.
    fn referenced(&mut self, path: impl Display, table: &SourceName, column: &ColumnName) -> Option<&'a Column> {
        let Some((_, _, known)) = self.position_of(table).map(|i| &self.sources[i]) else {
            self.error(format!("{path}.table"), format!("The dataset has no table {table}."));
            return None;
        };
        let known = (*known)?;
        self.known(format_args!("{path}.column"), table, known, column)
    }

    fn position_of(&self, table: &SourceName) -> Option<usize> {
        let exact = self.sources.iter().position(|(name, ..)| name == table);
        exact.or_else(|| self.sources.iter().position(|(name, ..)| name.same_as(table)))
    }

    fn columns(&mut self) {
        let config = self.config;
        if config.selected_columns.is_empty() {
            self.error("selected_columns", "Choose at least one column.");
        }
        // A column is one object in the catalog; the source distinguishes two uses of a table.
        let mut seen: HashSet<(Option<usize>, *const Column)> = HashSet::with_capacity(config.selected_columns.len());
        let mut aliases = Taken::new(std::iter::empty(), 0);
        for (i, selected) in config.selected_columns.iter().enumerate() {
            let path = Nth("selected_columns", i);
            let column = self.referenced(path, &selected.table, &selected.column);
            if let Some(reason) = column.and_then(|column| column.column_type.unsupported()) {
                self.error(format!("{path}.column"), format!("{} is {reason}.", selected.reference()));
            }
            if let Some(alias) = &selected.alias {
                if !aliases.take(alias.as_str()) {
                    // Two output columns of one name make the query invalid, and BigQuery
                    // compares names without regard to case.
                    self.error(format!("{path}.alias"), format!("Another column is already named {alias}."));
                }
            } else if column.is_some_and(|column| !seen.insert((self.position_of(&selected.table), column))) {
                self.error(path.to_string(), format!("{} is selected twice; rename one of them.", selected.reference()));
            }
        }
    }

    fn mapping(&mut self) {
        let config = self.config;
        let mut mapped: Vec<(Role, &ColumnRef)> = vec![];
        for (role, reference) in config.column_mapping.roles() {
            let path = format!("column_mapping.{}", role.as_str());
            let Some(column) = self.referenced(&path, &reference.table, &reference.column) else { continue };
            if role == Role::Timestamp && can_be_read(column) {
                self.timestamp_format(&path, column);
            } else if let Err(reason) = fits_role(role, column) {
                self.error(&path, format!("{reference} is {}: {reason}.", column.type_label()));
            }
            let same = |other: &ColumnRef| {
                other.table.same_as(&reference.table) && same(other.column.as_str(), reference.column.as_str())
            };
            if let Some((other, _)) = mapped.iter().find(|(_, other)| same(other)) {
                self.error(&path, format!("{reference} is already the {}.", other.as_str()));
            }
            mapped.push((role, reference));
        }
        if let Some(format) = config.column_mapping.timestamp_format {
            let path = "column_mapping.timestamp_format";
            match &config.column_mapping.timestamp {
                None => self.error(path, "No column is mapped to timestamp: map one, or remove this."),
                Some(timestamp) => {
                    if let Some(column) = self.catalog.column(config, timestamp)
                        && column.column_type.is_temporal()
                    {
                        let message = format!(
                            "{timestamp} is {} and takes no timestamp_format; remove {}.",
                            column.column_type,
                            format.as_str()
                        );
                        self.error(path, message);
                    }
                }
            }
        }
    }

    /// The timestamp's column is a text or a number and needs a format.
    fn timestamp_format(&mut self, path: &str, column: &Column) {
        let t = column.column_type;
        let fitting = || {
            let words = TimestampFormat::ALL.into_iter().filter(|f| f.reads(t)).map(TimestampFormat::as_str);
            words.collect::<Vec<_>>().join(", ")
        };
        match self.config.column_mapping.timestamp_format {
            Some(format) if format.reads(t) => {}
            Some(format) => {
                let message = format!("{} does not fit {t}: use {}.", format.as_str(), fitting());
                self.error("column_mapping.timestamp_format", message);
            }
            // A text or number has no calendar day until its format is known.
            None => self.error(path, format!("{} is {t}: set timestamp_format to one of: {}.", column.name, fitting())),
        }
    }

    /// Whether the role is mapped; if not, a validation error that names what needs it.
    fn needs_role(&mut self, role: Role, path: &str, what: &str) -> bool {
        let mapped = self.config.column_mapping.get(role).is_some();
        if !mapped {
            // Without the mapping, the SQL would name a column that does not exist.
            self.error(path, format!("{what} needs {}: map a column to it first.", role.as_str()));
        }
        mapped
    }

    /// A validation error unless `from..=to` has the value.
    fn within(&mut self, path: impl Into<String>, value: u32, from: u32, to: u32) -> bool {
        let fits = (from..=to).contains(&value);
        if !fits {
            self.error(path, format!("{value} is not between {from} and {to}."));
        }
        fits
    }

    /// A date within BigQuery's range.
    fn date(&mut self, path: impl Into<String>, day: Option<NaiveDate>) {
        if let Some(day) = day
            && !(1..=9999).contains(&day.year())
        {
            self.error(path, "Use a date between 0001-01-01 and 9999-12-31.");
        }
    }
}

/// Whether two columns can be compared as keys. Nothing is cast implicitly.
pub(crate) fn comparable(left: ColumnType, right: ColumnType) -> bool {
    left == right || (left.is_numeric() && right.is_numeric())
}

/// Whether a column can be the timestamp, given a [`TimestampFormat`].
pub fn can_be_read(column: &Column) -> bool {
    column.mode != Mode::Repeated && TimestampFormat::ALL.into_iter().any(|format| format.reads(column.column_type))
}

/// Whether a column can have a role as it is, or why not. Types only: people choose [`Role`]s.
pub fn fits_role(role: Role, column: &Column) -> Result<(), &'static str> {
    if column.mode == Mode::Repeated {
        return Err("a role needs a single value per row");
    }
    let t = column.column_type;
    match role {
        Role::UserId | Role::ProductId => match t {
            ColumnType::String | ColumnType::Bytes | ColumnType::Int64 | ColumnType::Numeric | ColumnType::BigNumeric => Ok(()),
            ColumnType::Float64 => {
                Err("an id must be STRING, BYTES, INT64 or NUMERIC; if it holds whole numbers, cast it to INT64 in a view")
            }
            _ => Err("an id must be STRING, BYTES, INT64 or NUMERIC"),
        },
        Role::Timestamp if t.is_temporal() => Ok(()),
        // Other types have no calendar day unless a format says how to read one.
        Role::Timestamp => Err("a timestamp must be DATE, DATETIME or TIMESTAMP, or STRING or INT64 with a timestamp_format"),
        Role::Revenue if t.is_numeric() => Ok(()),
        Role::Revenue => Err("revenue must be a number"),
    }
}
