//! What differs among JSON values, by path: `filters.date_range.days`,
//! `selected_columns[orders.id].alias`.
//!
//! Symmetric in the values, and empty exactly if they are equal. Lists whose items have a name (a
//! config's tables, columns and joins) are aligned by it, so that one more column is one
//! difference; all others are aligned by position. If the order differs among the items that all
//! lists have, that is a difference of the list itself.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A path at which the values differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Difference {
    pub path: String,
    /// The values, in the given order; `None` if absent.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<Value>))]
    pub values: Vec<Option<Value>>,
}

/// What differs among two or more values.
pub fn differences(values: &[Value]) -> Vec<Difference> {
    let mut found = vec![];
    let values: Vec<Option<&Value>> = values.iter().map(Some).collect();
    compare("", &values, &mut found);
    found
}

fn compare(path: &str, values: &[Option<&Value>], found: &mut Vec<Difference>) {
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return;
    }
    let all = |test: fn(&Value) -> bool| values.iter().all(|value| value.is_some_and(test));
    if all(Value::is_object) {
        let maps: Vec<&Map<String, Value>> = values.iter().filter_map(|value| value.and_then(Value::as_object)).collect();
        for key in union(maps.iter().map(|map| map.keys().cloned().collect())) {
            let inner: Vec<Option<&Value>> = maps.iter().map(|map| map.get(&key)).collect();
            compare(&joined(path, &key), &inner, found);
        }
        return;
    }
    if all(Value::is_array) {
        let lists: Vec<&Vec<Value>> = values.iter().filter_map(|value| value.and_then(Value::as_array)).collect();
        return compare_lists(path, &lists, found);
    }
    found.push(Difference { path: path.into(), values: values.iter().map(|value| value.cloned()).collect() });
}

fn compare_lists(path: &str, lists: &[&Vec<Value>], found: &mut Vec<Difference>) {
    let named: Option<Vec<Vec<String>>> = lists.iter().map(|list| names(path, list)).collect();
    let Some(named) = named else {
        // Without names, by position.
        let longest = lists.iter().map(|list| list.len()).max().unwrap_or_default();
        for i in 0..longest {
            let inner: Vec<Option<&Value>> = lists.iter().map(|list| list.get(i)).collect();
            compare(&format!("{path}[{i}]"), &inner, found);
        }
        return;
    };
    let places: Vec<HashMap<&String, usize>> =
        named.iter().map(|names| names.iter().enumerate().map(|(place, name)| (name, place)).collect()).collect();
    let common = |names: &Vec<String>| -> Vec<String> {
        names.iter().filter(|name| places.iter().all(|other| other.contains_key(name))).cloned().collect()
    };
    let orders: Vec<Vec<String>> = named.iter().map(common).collect();
    if orders.windows(2).any(|pair| pair[0] != pair[1]) {
        let whole = |names: &Vec<String>| Some(Value::from(names.clone()));
        found.push(Difference { path: path.into(), values: named.iter().map(whole).collect() });
    }
    for name in union(named.iter().cloned()) {
        let inner: Vec<Option<&Value>> = lists.iter().zip(&places).map(|(list, at)| at.get(&name).map(|i| &list[*i])).collect();
        compare(&format!("{path}[{name}]"), &inner, found);
    }
}

/// The names of a list's items; `None` where the list's items have none, or two have the same.
fn names(path: &str, list: &[Value]) -> Option<Vec<String>> {
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = |item: &Value| match path.rsplit('.').next()? {
        "selected_columns" => Some(format!("{}.{}", text(item, "table")?, text(item, "column")?)),
        "join_config" => text(item, "table"),
        "secondary_tables" => match item {
            Value::String(table) => table.split_once('.').map(|(_, short)| short.to_owned()),
            named => text(named, "as").or_else(|| text(named, "table")),
        },
        _ => None,
    };
    let mut seen = HashSet::new();
    list.iter().map(|item| name(item).filter(|name| seen.insert(name.clone()))).collect()
}

/// All keys, in the order of the first that has them.
fn union(lists: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    lists.flatten().filter(|key| seen.insert(key.clone())).collect()
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn paths(values: &[Value]) -> Vec<String> {
        differences(values).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn one_more_column_is_one_difference() {
        let column = |name: &str| json!({"table": "orders", "column": name});
        let config = |columns: Vec<Value>| json!({"selected_columns": columns, "filters": {}});
        let short = config(vec![column("id"), column("at")]);
        let long = config(vec![column("id"), column("buyer"), column("at")]);
        let found = differences(&[short.clone(), long.clone()]);
        assert_eq!(
            found,
            [Difference { path: "selected_columns[orders.buyer]".into(), values: vec![None, Some(column("buyer"))] }]
        );
        // Another order is a difference of the list, whatever else differs.
        let turned = config(vec![column("at"), column("id")]);
        assert_eq!(paths(&[short, turned.clone()]), ["selected_columns"]);
        assert_eq!(paths(&[long, turned]), ["selected_columns", "selected_columns[orders.buyer]"]);
    }

    #[test]
    fn tables_and_joins_are_named_and_filters_counted() {
        let a = json!({
            "secondary_tables": ["raw_data.users", {"table": "raw_data.places", "as": "ship"}],
            "join_config": [{"table": "users", "type": "left"}, {"table": "ship", "type": "left"}],
            "filters": {"rows": [{"table": "users", "column": "age", "where": {"op": ">", "value": 3}}]}
        });
        let b = json!({
            "secondary_tables": [{"table": "raw_data.places", "as": "ship"}],
            "join_config": [{"table": "ship", "type": "inner"}],
            "filters": {"rows": [{"table": "users", "column": "age", "where": {"op": ">", "value": 4}}, {"table": "users"}], "scope": "all"}
        });
        let wanted = [
            "secondary_tables[users]",
            "join_config[users]",
            "join_config[ship].type",
            "filters.rows[0].where.value",
            "filters.rows[1]",
            "filters.scope",
        ];
        assert_eq!(paths(&[a.clone(), b.clone()]), wanted);
        // If one of several differs, those that agree are listed as well.
        let three = differences(&[a.clone(), a.clone(), b]);
        assert_eq!(three[2].values, [Some(json!("left")), Some(json!("left")), Some(json!("inner"))]);
        assert_eq!(paths(&[a.clone(), a.clone(), a]), [""; 0]);
    }

    #[test]
    fn the_same_column_twice_is_compared_by_position() {
        let twice = json!({"selected_columns": [{"table": "a", "column": "b"}, {"table": "a", "column": "b", "alias": "c"}]});
        let once = json!({"selected_columns": [{"table": "a", "column": "b"}]});
        assert_eq!(paths(&[twice, once]), ["selected_columns[1]"]);
    }

    /// Trees such as configs are, with few names so that names collide.
    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3i64).prop_map(Value::from)];
        let column = ("[ab]", "[xyz]", 0..2i64).prop_map(|(t, c, n)| json!({"table": t, "column": c, "default": n}));
        let columns = proptest::collection::vec(column, 0..4).prop_map(|items| json!({"selected_columns": items}));
        let leaf = prop_oneof![leaf, columns];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_exactly_where_all_is_equal(a in tree(), b in tree()) {
            prop_assert_eq!(differences(&[a.clone(), a.clone()]), vec![]);
            prop_assert_eq!(differences(&[a.clone(), b.clone()]).is_empty(), a == b);
        }

        #[test]
        fn the_order_of_the_two_sides_does_not_matter(a in tree(), b in tree()) {
            let turned = |mut found: Vec<Difference>| {
                found.iter_mut().for_each(|difference| difference.values.reverse());
                found.sort_by(|a, b| a.path.cmp(&b.path));
                found
            };
            let mut there = differences(&[a.clone(), b.clone()]);
            there.sort_by(|a, b| a.path.cmp(&b.path));
            prop_assert_eq!(there, turned(differences(&[b, a])));
        }

        #[test]
        fn a_difference_between_two_of_three_is_a_difference_among_all(a in tree(), b in tree(), c in tree()) {
            let three = differences(&[a.clone(), b.clone(), c]);
            prop_assert!(a == b || !three.is_empty());
            prop_assert!(three.iter().all(|difference| difference.values.len() == 3));
            prop_assert!(three.iter().all(|difference| difference.values.windows(2).any(|pair| pair[0] != pair[1])));
        }
    }
}
