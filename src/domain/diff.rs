//! What differs among JSON values, by path: `filters.date_range.days`, `selected_columns[orders.id].alias`.
//!
//! Symmetric in the values, and empty exactly where they are equal. Lists of things that have a name (a config's tables, columns and joins) are aligned by it, so
//! that one more column is one difference; all others by position. An order that differs among what is in all lists is a difference of the list itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A place at which not all values are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub path: String,
    /// What each has there, in the order given; `None` where it has nothing.
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
    let common = |names: &Vec<String>| -> Vec<String> {
        names.iter().filter(|name| named.iter().all(|other| other.contains(name))).cloned().collect()
    };
    let orders: Vec<Vec<String>> = named.iter().map(common).collect();
    if orders.windows(2).any(|pair| pair[0] != pair[1]) {
        let whole = |names: &Vec<String>| Some(Value::from(names.clone()));
        found.push(Difference { path: path.into(), values: named.iter().map(whole).collect() });
    }
    for name in union(named.iter().cloned()) {
        let of = |(list, names): (&&Vec<Value>, &Vec<String>)| names.iter().position(|n| *n == name).map(|i| list[i].clone());
        let inner: Vec<Option<Value>> = lists.iter().zip(&named).map(of).collect();
        let inner: Vec<Option<&Value>> = inner.iter().map(Option::as_ref).collect();
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
    let mut names: Vec<String> = vec![];
    for item in list {
        let name = name(item)?;
        if names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

/// All keys, in the order of the first that has them.
fn union(lists: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    for key in lists.flatten() {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}
