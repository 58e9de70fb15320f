//! The one resolver of output column names: the compiler, previews, TFX and the wizard all use it,
//! so that their names agree.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::dataset::DatasetConfig;
use super::name::{OutputName, fold};

/// The output names of `config.selected_columns`, in their order.
///
/// An alias is the name. Otherwise the column keeps its own name if it is the first to claim it, in
/// the order of the tables (primary first) and then of the selection; a later one is called
/// `table_column`, and if that is taken too, `table_column_2` and so on. Names are compared without
/// regard to case, and characters that BigQuery refuses in an output name become underscores.
/// `reserved` names are given to no column without an alias.
pub fn resolve(config: &DatasetConfig, reserved: &[&str]) -> Vec<OutputName> {
    let mut sources = HashMap::new();
    for (position, (name, _)) in config.sources().iter().enumerate() {
        sources.entry(fold(name.as_str())).or_insert(position);
    }

    let columns = &config.selected_columns;
    let mut names: Vec<Option<OutputName>> = columns.iter().map(|c| c.alias.clone()).collect();
    let mut unnamed: Vec<usize> = (0..columns.len()).filter(|i| names[*i].is_none()).collect();
    let ranks: Vec<usize> =
        columns.iter().map(|column| sources.get(&fold(column.table.as_str())).copied().unwrap_or(usize::MAX)).collect();
    unnamed.sort_by_key(|i| ranks[*i]);

    let mut taken = Taken::new(reserved.iter().copied().chain(names.iter().flatten().map(OutputName::as_str)), columns.len());
    // Own names first, so that no derived name takes one that a column owns.
    unnamed.retain(|&i| {
        let own = OutputName::nearest(columns[i].column.as_str());
        let free = taken.take(own.as_str());
        if free {
            names[i] = Some(own);
        }
        !free
    });
    for i in unnamed {
        names[i] = Some(taken.derive(&format!("{}_{}", columns[i].table, columns[i].column)));
    }
    names.into_iter().flatten().collect()
}

/// Names in use, compared without regard to case, each with the number of the next name derived
/// from it.
pub(super) struct Taken(HashMap<String, usize>);

impl Taken {
    /// With capacity for `more` names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, more: usize) -> Self {
        let mut taken = Self(HashMap::with_capacity(more));
        for name in names {
            taken.take(name);
        }
        taken
    }

    /// Takes a name; `false` if it is in use.
    pub fn take(&mut self, name: &str) -> bool {
        match self.0.entry(fold(name)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(2);
                true
            }
        }
    }

    /// Takes the nearest output name to a text, or the first of `text_2`, `text_3` … that is free.
    pub fn derive(&mut self, text: &str) -> OutputName {
        let plain = OutputName::nearest(text);
        let key = fold(plain.as_str());
        // The numbers below are in use: if a thousand columns want one name, each would try them
        // all again.
        let Some(mut number) = self.0.get(&key).copied() else {
            self.take(plain.as_str());
            return plain;
        };
        // A long name is cut so that its number fits.
        let stem: String = plain.as_str().chars().take(super::name::MAX_COLUMN_CHARS - 12).collect();
        loop {
            let numbered = OutputName::nearest(&format!("{stem}_{number}"));
            number += 1;
            if self.take(numbered.as_str()) {
                if let Some(next) = self.0.get_mut(&key) {
                    *next = number;
                }
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(columns: serde_json::Value) -> Vec<String> {
        let config = serde_json::from_value(json!({
            "primary_table": "raw_data.orders",
            "secondary_tables": ["raw_data.products", "raw_data.brands"],
            "selected_columns": columns,
        }))
        .unwrap();
        resolve(&config, &[]).into_iter().map(String::from).collect()
    }

    #[test]
    fn the_primary_keeps_its_name_whatever_the_order_of_selection() {
        // The first column keeps a shared name; a later one gets its table's name in front.
        let orders = json!({"table": "orders", "column": "id"});
        let products = json!({"table": "products", "column": "ID"});
        let brands = json!({"table": "brands", "column": "id"});
        assert_eq!(names(json!([orders, products, brands])), ["id", "products_ID", "brands_id"]);
        assert_eq!(names(json!([brands, products, orders])), ["brands_id", "products_ID", "id"]);
    }

    #[test]
    fn derived_names_give_way_to_columns_and_aliases() {
        // A derived name must not collide with an alias, or with a column of that name.
        assert_eq!(
            names(json!([
                {"table": "orders", "column": "id"},
                {"table": "products", "column": "id"},
                {"table": "brands", "column": "products_id"},
            ])),
            ["id", "products_id_2", "products_id"]
        );
        assert_eq!(
            names(json!([
                {"table": "orders", "column": "name"},
                {"table": "products", "column": "title", "alias": "Name"},
                {"table": "brands", "column": "order date"},
            ])),
            ["orders_name", "Name", "order_date"]
        );
    }
}
