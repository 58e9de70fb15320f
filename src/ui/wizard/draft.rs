//! What the wizard edits, and the changes that a person can make to it. Pure: the same state, whoever shows it.

use std::collections::BTreeMap;

use crate::domain::catalog::Catalog;
use crate::domain::dataset::*;
use crate::domain::fault::FieldError;
use crate::domain::name::{OutputName, SourceName, TableName, same};
use crate::domain::schema::{Column, TableSchema};
use crate::domain::validate::validate;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    pub name: String,
    pub description: String,
    pub config: DatasetConfig,
}

pub type Schemas = BTreeMap<TableName, TableSchema>;

/// The wizard's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Basics,
    Tables,
    Columns,
    Filters,
}

impl Step {
    pub const ALL: [Step; 4] = [Self::Basics, Self::Tables, Self::Columns, Self::Filters];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Basics => "Basic info",
            Self::Tables => "Source tables",
            Self::Columns => "Columns and mapping",
            Self::Filters => "Filters and split",
        }
    }

    /// The step where a field is edited.
    pub fn of_path(path: &str) -> Self {
        match path.split(['.', '[']).next() {
            Some("primary_table" | "secondary_tables" | "join_config") => Self::Tables,
            Some("selected_columns" | "column_mapping") => Self::Columns,
            Some("filters" | "split_config" | "split") => Self::Filters,
            _ => Self::Basics,
        }
    }

    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self)
    }

    pub fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|step| *step < self)
    }
}

/// Faults of a path and of all below it.
pub fn at<'a>(faults: &'a [FieldError], path: &'a str) -> impl Iterator<Item = &'a FieldError> {
    faults.iter().filter(move |fault| is_below(&fault.path, path))
}

/// Whether a path is another, or a part of it.
pub fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

/// Faults that the domain finds, the name's included.
pub fn faults(draft: &Draft, catalog: &Catalog) -> Vec<FieldError> {
    let name = draft.name.trim();
    let mut faults = vec![];
    if name.is_empty() {
        faults.push(FieldError::new("name", "Give the dataset a name."));
    } else if name.chars().count() > 255 {
        faults.push(FieldError::new("name", "A name has at most 255 characters."));
    }
    faults.extend(validate(&draft.config, catalog));
    faults
}

impl Draft {
    pub fn tables(&self) -> Vec<TableName> {
        let mut tables: Vec<TableName> = self.config.sources().into_iter().map(|(_, table)| table.clone()).collect();
        tables.sort();
        tables.dedup();
        tables
    }

    /// Another primary. What referred to the one before goes with it.
    pub fn set_primary(&mut self, table: TableName) {
        let before = self.config.primary_table.replace(table.clone());
        if before.as_ref() == Some(&table) {
            return;
        }
        let name = SourceName::from(&table);
        // It cannot be joined to itself under its own name.
        self.config.secondary_tables.retain(|s| !s.name().same_as(&name));
        self.config.join_config.retain(|j| !j.table.same_as(&name));
        self.purge();
    }

    /// One more secondary, under its own name or the first free `name_2`, `name_3` …, and with a join that has no keys yet.
    pub fn add_secondary(&mut self, table: TableName) {
        let taken = |name: &SourceName| self.config.sources().iter().any(|(other, _)| other.same_as(name));
        let own = SourceName::from(&table);
        let mut alias = None;
        let mut number = 2;
        while taken(alias.as_ref().unwrap_or(&own)) {
            alias = format!("{own}_{number}").parse().ok();
            number += 1;
        }
        let secondary = SecondaryTable { table, alias };
        self.config.join_config.push(Join {
            table: secondary.name(),
            join_type: JoinType::Left,
            on: vec![],
            on_duplicates: OnDuplicates::Keep,
            order: vec![],
        });
        self.config.secondary_tables.push(secondary);
    }

    /// Takes a secondary away, with all that refers to it (G-62).
    pub fn remove_secondary(&mut self, name: &SourceName) {
        self.config.secondary_tables.retain(|s| !s.name().same_as(name));
        self.config.join_config.retain(|j| !j.table.same_as(name));
        self.purge();
    }

    /// Drops what refers to tables that are not there.
    fn purge(&mut self) {
        let sources: Vec<SourceName> = self.config.sources().into_iter().map(|(name, _)| name).collect();
        let is_there = |name: &SourceName| sources.iter().any(|s| s.same_as(name));
        let config = &mut self.config;
        for join in &mut config.join_config {
            join.on.retain(|key| is_there(&key.left.table));
        }
        config.selected_columns.retain(|c| is_there(&c.table));
        for role in Role::ALL {
            if config.column_mapping.get(role).is_some_and(|c| !is_there(&c.table)) {
                config.column_mapping.set(role, None);
            }
        }
        config.filters.rows.retain(|f| is_there(&f.table));
        if config.column_mapping.timestamp.is_none() {
            config.column_mapping.timestamp_format = None;
            config.filters.date_range = None;
            if matches!(config.split_config, SplitConfig::TimeBased { .. } | SplitConfig::LeaveLast { .. }) {
                config.split_config = SplitConfig::None;
            }
        }
    }

    pub fn edit_join(&mut self, name: &SourceName, edit: impl FnOnce(&mut Join)) {
        if let Some(join) = self.config.join_config.iter_mut().find(|j| j.table.same_as(name)) {
            edit(join);
        }
    }

    pub fn is_selected(&self, column: &ColumnRef) -> bool {
        self.position(column).is_some()
    }

    fn position(&self, column: &ColumnRef) -> Option<usize> {
        self.config
            .selected_columns
            .iter()
            .position(|c| c.table.same_as(&column.table) && same(c.column.as_str(), column.column.as_str()))
    }

    /// Selects a column, or takes it out of the selection. The mapping stays: a role needs no selection.
    pub fn select(&mut self, column: &ColumnRef, selected: bool) {
        match (self.position(column), selected) {
            (None, true) => self.config.selected_columns.push(SelectedColumn {
                table: column.table.clone(),
                column: column.column.clone(),
                alias: None,
                default: None,
            }),
            (Some(i), false) => drop(self.config.selected_columns.remove(i)),
            _ => {}
        }
    }

    /// Names a selected column; an empty text gives it its own name back. `false` where the text is no name.
    pub fn rename(&mut self, column: &ColumnRef, alias: &str) -> bool {
        let alias: Option<OutputName> = match alias.trim() {
            "" => None,
            text => match text.parse() {
                Ok(name) => Some(name),
                Err(_) => return false,
            },
        };
        if let Some(i) = self.position(column) {
            self.config.selected_columns[i].alias = alias;
        }
        true
    }

    /// Gives a role to a column, and selects it: what has a role is wanted.
    pub fn map(&mut self, role: Role, column: Option<ColumnRef>) {
        if let Some(column) = &column {
            self.select(column, true);
        }
        if role == Role::Timestamp && self.config.column_mapping.timestamp != column {
            // Another column is read in another way.
            self.config.column_mapping.timestamp_format = None;
        }
        self.config.column_mapping.set(role, column);
    }
}

/// The columns of a source that can be selected.
pub fn selectable(schema: &TableSchema) -> impl Iterator<Item = &Column> {
    schema.columns.iter().filter(|c| c.column_type.unsupported().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(table: &str, column: &str) -> ColumnRef {
        ColumnRef { table: table.parse().unwrap(), column: column.parse().unwrap() }
    }

    fn draft() -> Draft {
        let mut draft = Draft::default();
        draft.set_primary("raw_data.lines".parse().unwrap());
        draft.add_secondary("raw_data.orders".parse().unwrap());
        draft.add_secondary("raw_data.users".parse().unwrap());
        let key = |left: ColumnRef, right: &str| JoinKey { left, right: right.parse().unwrap() };
        draft.edit_join(&"orders".parse().unwrap(), |j| j.on.push(key(reference("lines", "order"), "id")));
        draft.edit_join(&"users".parse().unwrap(), |j| j.on.push(key(reference("orders", "buyer"), "id")));
        draft.select(&reference("lines", "sku"), true);
        draft.map(Role::Timestamp, Some(reference("orders", "at")));
        draft.map(Role::ProductId, Some(reference("lines", "sku")));
        draft.config.filters.date_range = Some(DateRange::Rolling { days: Some(30), months: None, as_of: None });
        draft.config.split_config = SplitConfig::TimeBased { eval_days: 7, test_days: 0, gap_days: 0, as_of: None };
        draft
    }

    #[test]
    fn a_table_takes_all_that_refers_to_it_along() {
        // G-62
        let mut draft = draft();
        draft.remove_secondary(&"orders".parse().unwrap());
        assert_eq!(draft.tables().len(), 2);
        assert_eq!(draft.config.join_config.len(), 1);
        assert!(draft.config.join_config[0].on.is_empty(), "the chain's key went with the table");
        assert_eq!(draft.config.selected_columns.len(), 1);
        assert_eq!(draft.config.column_mapping.timestamp, None);
        assert_eq!(draft.config.filters.date_range, None);
        assert_eq!(draft.config.split_config, SplitConfig::None);
        assert!(draft.config.column_mapping.product_id.is_some());
    }

    #[test]
    fn another_primary_keeps_what_still_fits() {
        let mut draft = draft();
        draft.set_primary("raw_data.orders".parse().unwrap());
        assert_eq!(draft.config.secondary_tables.len(), 1);
        assert_eq!(draft.config.column_mapping.timestamp, Some(reference("orders", "at")));
        assert_eq!(draft.config.column_mapping.product_id, None);
        assert_eq!(draft.config.selected_columns.len(), 1);
    }

    #[test]
    fn a_table_twice_has_two_names() {
        let mut draft = draft();
        draft.add_secondary("raw_data.users".parse().unwrap());
        assert_eq!(draft.config.secondary_tables[2].name().as_str(), "users_2");
        assert_eq!(draft.config.join_config[2].table.as_str(), "users_2");
    }

    #[test]
    fn faults_find_their_step() {
        assert_eq!(Step::of_path("join_config[1].on[0].right"), Step::Tables);
        assert_eq!(Step::of_path("split_config.eval_days"), Step::Filters);
        assert_eq!(Step::of_path("name"), Step::Basics);
        let faults = [FieldError::new("join_config[1].on", "x"), FieldError::new("join_config[10]", "y")];
        assert_eq!(at(&faults, "join_config[1]").count(), 1);
    }
}
