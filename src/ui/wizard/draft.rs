//! The value that the wizard edits, and the changes that a person can make to it. Pure, without the
//! interface.

use std::collections::{BTreeMap, HashMap};

use strum::VariantArray;

use crate::domain::catalog::Catalog;
use crate::domain::dataset::*;
use crate::domain::dto::DatasetInput;
use crate::domain::field_error::FieldError;
use crate::domain::name::{OutputName, SourceName, TableName, fold, same};
use crate::domain::output;
use crate::domain::schema::{Column, TableSchema};
use crate::domain::validate::validate;
use crate::ui::texts::wizard as texts;

/// The dataset's input so far.
pub type Draft = DatasetInput;

pub type Schemas = BTreeMap<TableName, TableSchema>;

/// The wizard's steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Step {
    Basics,
    Tables,
    Columns,
    Filters,
}

impl Step {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn title(self) -> &'static str {
        match self {
            Self::Basics => texts::BASICS,
            Self::Tables => texts::TABLES,
            Self::Columns => texts::COLUMNS,
            Self::Filters => texts::FILTERS,
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
        Self::ALL.iter().copied().find(|step| *step > self)
    }

    pub fn previous(self) -> Option<Self> {
        Self::ALL.iter().copied().rev().find(|step| *step < self)
    }
}

/// Validation errors of a path and of all below it.
pub fn at<'a>(errors: &'a [FieldError], path: &'a str) -> impl Iterator<Item = &'a FieldError> {
    errors.iter().filter(move |error| is_below(&error.path, path))
}

/// Whether a path equals another, or is a part of it.
pub fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

/// Validation errors of the domain, including the name's.
pub fn errors(draft: &Draft, catalog: &Catalog) -> Vec<FieldError> {
    let name = draft.name.trim();
    let mut errors = vec![];
    if name.is_empty() {
        errors.push(FieldError::new("name", texts::NAME_MISSING));
    } else if name.chars().count() > 255 {
        errors.push(FieldError::new("name", texts::NAME_TOO_LONG));
    }
    errors.extend(validate(&draft.config, catalog));
    errors
}

impl Draft {
    /// Sets another primary. References to the previous one are removed.
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

    /// Adds a secondary, under its own name or the first free `name_2`, `name_3` …, with a join
    /// that has no keys yet.
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

    /// Removes a secondary with everything that refers to it: what stays behind would make the
    /// config invalid in steps that no longer show it.
    pub fn remove_secondary(&mut self, name: &SourceName) {
        self.config.secondary_tables.retain(|s| !s.name().same_as(name));
        self.config.join_config.retain(|j| !j.table.same_as(name));
        self.purge();
    }

    /// Drops references to missing tables.
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
            if config.split_config.needs_timestamp() {
                config.split_config = SplitConfig::None;
            }
        }
    }

    /// Renames a secondary, with all references to it. `false` if the text is no name, or another
    /// table has it.
    pub fn rename_secondary(&mut self, name: &SourceName, text: &str) -> bool {
        let Ok(new) = text.trim().parse::<SourceName>() else { return false };
        if self.config.sources().iter().any(|(other, _)| other.same_as(&new) && !other.same_as(name)) {
            return false;
        }
        let config = &mut self.config;
        let Some(secondary) = config.secondary_tables.iter_mut().find(|s| s.name().same_as(name)) else { return false };
        secondary.alias = Some(new.clone()).filter(|new| *new != SourceName::from(&secondary.table));
        let rename = |table: &mut SourceName| {
            if table.same_as(name) {
                *table = new.clone();
            }
        };
        for join in &mut config.join_config {
            rename(&mut join.table);
            join.on.iter_mut().for_each(|key| rename(&mut key.left.table));
        }
        config.selected_columns.iter_mut().for_each(|column| rename(&mut column.table));
        config.filters.rows.iter_mut().for_each(|filter| rename(&mut filter.table));
        for role in Role::ALL {
            if let Some(mut column) = config.column_mapping.get(role).cloned() {
                rename(&mut column.table);
                config.column_mapping.set(role, Some(column));
            }
        }
        true
    }

    /// Makes two columns a pair of keys, in either order. The later table is joined to the other;
    /// one without keys, to one with keys. Returns the joined table's name, or `None` if both
    /// columns are in one table.
    pub fn connect(&mut self, one: &ColumnRef, other: &ColumnRef) -> Option<SourceName> {
        let sources: Vec<SourceName> = self.config.sources().into_iter().map(|(name, _)| name).collect();
        let place = |column: &ColumnRef| sources.iter().position(|name| name.same_as(&column.table));
        let (a, b) = (place(one)?, place(other)?);
        if a == b {
            return None;
        }
        let (mut left, mut right) = if a < b { (one, other) } else { (other, one) };
        let is_open = |column: &ColumnRef| self.config.join_of(&column.table).is_some_and(|join| join.on.is_empty());
        if is_open(left) && !is_open(right) && !self.leads_to(&right.table, &left.table) {
            (left, right) = (right, left);
        }
        let key = JoinKey { left: left.clone(), right: right.column.clone() };
        self.edit_join(&right.table, |join| {
            // A column is compared with one other: a new connection replaces the previous one.
            match join.on.iter_mut().find(|known| same(known.right.as_str(), key.right.as_str())) {
                Some(known) => *known = key,
                None => join.on.push(key),
            }
        });
        self.restore_join_order();
        Some(right.table.clone())
    }

    /// Sets the keys of a join, and orders the tables so that each stands after those it is joined
    /// to.
    pub fn set_keys(&mut self, name: &SourceName, on: Vec<JoinKey>) {
        self.edit_join(name, |join| join.on = on);
        self.restore_join_order();
    }

    /// Whether a table's keys refer to another, directly or through tables between.
    fn leads_to(&self, from: &SourceName, to: &SourceName) -> bool {
        let mut open = vec![from.clone()];
        let mut seen: Vec<SourceName> = vec![];
        while let Some(name) = open.pop() {
            if name.same_as(to) {
                return true;
            }
            if seen.contains(&name) {
                continue;
            }
            open.extend(self.config.join_of(&name).into_iter().flat_map(|join| &join.on).map(|key| key.left.table.clone()));
            seen.push(name);
        }
        false
    }

    /// Reorders the tables with as few changes as possible, so that joins refer only to earlier
    /// ones. A cycle stays as it is: validation reports it.
    fn restore_join_order(&mut self) {
        let mut waiting = std::mem::take(&mut self.config.secondary_tables);
        let mut placed: Vec<SourceName> = self.config.primary_table.iter().map(SourceName::from).collect();
        while !waiting.is_empty() {
            let is_there = |key: &JoinKey| placed.iter().any(|name| name.same_as(&key.left.table));
            let ready =
                waiting.iter().position(|s| self.config.join_of(&s.name()).is_none_or(|join| join.on.iter().all(is_there)));
            let next = waiting.remove(ready.unwrap_or_default());
            placed.push(next.name());
            self.config.secondary_tables.push(next);
        }
    }

    pub fn edit_join(&mut self, name: &SourceName, edit: impl FnOnce(&mut Join)) {
        if let Some(join) = self.config.join_config.iter_mut().find(|j| j.table.same_as(name)) {
            edit(join);
        }
    }

    fn position(&self, column: &ColumnRef) -> Option<usize> {
        self.config
            .selected_columns
            .iter()
            .position(|c| c.table.same_as(&column.table) && same(c.column.as_str(), column.column.as_str()))
    }

    /// Selects or deselects a column. The mapping stays: a role needs no selection.
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

    /// Selects or deselects columns of a table.
    pub fn select_all(&mut self, columns: &[ColumnRef], selected: bool) {
        let all: std::collections::HashSet<(String, String)> = columns.iter().map(folded).collect();
        if selected {
            let known: std::collections::HashSet<(String, String)> =
                self.config.selected_columns.iter().map(|column| folded(&column.reference())).collect();
            let new = columns.iter().filter(|column| !known.contains(&folded(column)));
            self.config.selected_columns.extend(new.map(|column| SelectedColumn {
                table: column.table.clone(),
                column: column.column.clone(),
                alias: None,
                default: None,
            }));
        } else {
            self.config.selected_columns.retain(|column| !all.contains(&folded(&column.reference())));
        }
    }

    /// Names a selected column; an empty text restores its own name. `false` if the text is no
    /// name.
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

    /// Gives a role to a column, and selects it: a column with a role is wanted in most cases.
    pub fn map(&mut self, role: Role, column: Option<ColumnRef>) {
        if let Some(column) = &column {
            self.select(column, true);
        }
        if role == Role::Timestamp && self.config.column_mapping.timestamp != column {
            // The format belongs to the previous column.
            self.config.column_mapping.timestamp_format = None;
        }
        self.config.column_mapping.set(role, column);
    }
}

/// A column in the form in which references are compared.
pub fn folded(column: &ColumnRef) -> (String, String) {
    (fold(column.table.as_str()), fold(column.column.as_str()))
}

/// What is shown of a column beside its type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark {
    /// Its output name; `None` while it is not selected.
    pub output: Option<String>,
    /// A person chose that name.
    pub named: bool,
    /// It does not get the name it wants, which is another column's.
    pub gives_way: bool,
    pub role: Option<Role>,
}

/// The marks of the columns that are selected or have a role, by [`folded`] reference.
pub fn marks(config: &DatasetConfig) -> HashMap<(String, String), Mark> {
    let mut marks: HashMap<(String, String), Mark> = HashMap::with_capacity(config.selected_columns.len());
    for (column, output) in config.selected_columns.iter().zip(output::resolve(config, &[])) {
        let own = OutputName::nearest(column.column.as_str());
        let gives_way = column.alias.is_none() && !same(own.as_str(), output.as_str());
        let mark = Mark { output: Some(output.into()), named: column.alias.is_some(), gives_way, role: None };
        // If a column is selected twice, its line shows the first; validation reports the other.
        marks.entry(folded(&column.reference())).or_insert(mark);
    }
    for (role, column) in config.column_mapping.roles() {
        marks.entry(folded(column)).or_default().role = Some(role);
    }
    marks
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
    fn removing_a_table_removes_all_references_to_it() {
        // References to a removed table would leave an invalid config.
        let mut draft = draft();
        draft.remove_secondary(&"orders".parse().unwrap());
        assert_eq!(draft.config.sources().len(), 2);
        assert_eq!(draft.config.join_config.len(), 1);
        assert!(draft.config.join_config[0].on.is_empty(), "the chain's key went with the table");
        assert_eq!(draft.config.selected_columns.len(), 1);
        assert_eq!(draft.config.column_mapping.timestamp, None);
        assert_eq!(draft.config.filters.date_range, None);
        assert_eq!(draft.config.split_config, SplitConfig::None);
        assert!(draft.config.column_mapping.product_id.is_some());
    }

    #[test]
    fn changing_the_primary_table_keeps_valid_parts() {
        let mut draft = draft();
        draft.set_primary("raw_data.orders".parse().unwrap());
        assert_eq!(draft.config.secondary_tables.len(), 1);
        assert_eq!(draft.config.column_mapping.timestamp, Some(reference("orders", "at")));
        assert_eq!(draft.config.column_mapping.product_id, None);
        assert_eq!(draft.config.selected_columns.len(), 1);
    }

    #[test]
    fn a_table_used_twice_has_two_names() {
        let mut draft = draft();
        draft.add_secondary("raw_data.users".parse().unwrap());
        assert_eq!(draft.config.secondary_tables[2].name().as_str(), "users_2");
        assert_eq!(draft.config.join_config[2].table.as_str(), "users_2");
    }

    fn keys(draft: &Draft, name: &str) -> Vec<String> {
        let join = draft.config.join_of(&name.parse().unwrap()).unwrap();
        join.on.iter().map(|key| format!("{} = {}", key.left, key.right)).collect()
    }

    fn order(draft: &Draft) -> Vec<String> {
        draft.config.secondary_tables.iter().map(|s| s.name().to_string()).collect()
    }

    #[test]
    fn two_columns_can_be_connected_in_either_order() {
        let mut draft = draft();
        draft.set_keys(&"orders".parse().unwrap(), vec![]);
        let name = draft.connect(&reference("orders", "id"), &reference("lines", "order"));
        assert_eq!(name, Some("orders".parse().unwrap()));
        assert_eq!(keys(&draft, "orders"), ["lines.order = id"]);
        // Another left column for the same right one replaces it; another right one makes a
        // composite key.
        draft.connect(&reference("lines", "order_id"), &reference("orders", "id"));
        draft.connect(&reference("lines", "shop"), &reference("orders", "shop"));
        assert_eq!(keys(&draft, "orders"), ["lines.order_id = id", "lines.shop = shop"]);
        assert_eq!(draft.connect(&reference("orders", "id"), &reference("orders", "shop")), None);
    }

    #[test]
    fn joining_to_a_later_table_reorders_the_joins() {
        let mut draft = Draft::default();
        draft.set_primary("raw_data.lines".parse().unwrap());
        draft.add_secondary("raw_data.users".parse().unwrap());
        draft.add_secondary("raw_data.orders".parse().unwrap());
        draft.connect(&reference("lines", "order"), &reference("orders", "id"));
        assert_eq!(draft.connect(&reference("orders", "buyer"), &reference("users", "id")), Some("users".parse().unwrap()));
        assert_eq!(order(&draft), ["orders", "users"], "a join looks back only");
        assert_eq!(keys(&draft, "users"), ["orders.buyer = id"]);
    }

    #[test]
    fn a_secondary_is_renamed_wherever_it_is_referred_to() {
        let mut draft = draft();
        let orders = "orders".parse().unwrap();
        assert!(!draft.rename_secondary(&orders, "Lines"), "another table has that name");
        assert!(!draft.rename_secondary(&orders, " "));
        assert!(draft.rename_secondary(&orders, "bought"));
        assert_eq!(keys(&draft, "users"), ["bought.buyer = id"]);
        assert_eq!(draft.config.column_mapping.timestamp, Some(reference("bought", "at")));
        assert!(serde_json::to_string(&draft.config).unwrap().matches("\"orders\"").count() == 0);
        // Its own name takes the short form: equal configs are equal.
        assert!(draft.rename_secondary(&"bought".parse().unwrap(), "orders"));
        assert_eq!(draft, self::draft());
    }

    #[test]
    fn selecting_all_or_none_affects_one_table_only() {
        let mut draft = draft();
        let columns = [reference("users", "id"), reference("users", "name")];
        draft.select_all(&columns, true);
        draft.select_all(&columns, true);
        assert_eq!(draft.config.selected_columns.len(), 4);
        draft.select_all(&columns, false);
        assert_eq!(draft.config.selected_columns.len(), 2);
    }

    #[test]
    fn column_marks_show_output_names_and_renamed_columns() {
        // A later column of the same name gives way.
        let mut draft = draft();
        draft.select_all(&[reference("lines", "id"), reference("orders", "id")], true);
        let marks = marks(&draft.config);
        let of = |table, column| marks[&folded(&reference(table, column))].clone();
        assert_eq!(of("lines", "id"), Mark { output: Some("id".into()), ..Mark::default() });
        assert_eq!(of("orders", "id"), Mark { output: Some("orders_id".into()), gives_way: true, ..Mark::default() });
        assert_eq!(of("orders", "at").role, Some(Role::Timestamp));
    }

    #[test]
    fn validation_errors_find_their_step() {
        assert_eq!(Step::of_path("join_config[1].on[0].right"), Step::Tables);
        assert_eq!(Step::of_path("split_config.eval_days"), Step::Filters);
        assert_eq!(Step::of_path("name"), Step::Basics);
        let errors = [FieldError::new("join_config[1].on", "x"), FieldError::new("join_config[10]", "y")];
        assert_eq!(at(&errors, "join_config[1]").count(), 1);
    }
}
