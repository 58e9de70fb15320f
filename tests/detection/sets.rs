//! Schemas whose foreign keys are known, written from published descriptions, and small data for
//! each: surrogate keys of all tables begin at 1, so that they contain each other by chance, as in
//! real warehouses.
//!
//! A line `table rows`, then one line per column: `name type[?] [key|unique|line:column|group:n]
//! [-> table.column]`; `?` has NULLs, `line` counts the rows of each value of a column, `group`
//! makes numbers of about n rows each. `(a, b) -> table(x, y)` is a composite key, `distinct(a, b)`
//! a junction table's own.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::Path;

/// Left table and columns, right table and columns.
pub type Link = (String, Vec<String>, String, Vec<String>);

pub struct Set {
    pub name: &'static str,
    /// Written before the rules were run on it, to test them on schemas that they were not made
    /// for. Its first failures have since been analyzed: new schemas are a stronger test.
    pub held_out: bool,
    tables: Vec<Table>,
}

struct Table {
    name: String,
    rows: usize,
    columns: Vec<Field>,
    composites: Vec<(Vec<String>, String, Vec<String>)>,
    distinct: Vec<String>,
}

struct Field {
    name: String,
    kind: String,
    nulls: bool,
    how: String,
    to: Option<(String, String)>,
}

pub fn all() -> Vec<Set> {
    let set = |name, held_out, text: &str| Set { name, held_out, tables: parse(text) };
    vec![
        set("tpch", false, include_str!("sets/tpch.txt")),
        set("tpcds", false, include_str!("sets/tpcds.txt")),
        set("northwind", false, include_str!("sets/northwind.txt")),
        set("chinook", false, include_str!("sets/chinook.txt")),
        set("hostile", false, include_str!("sets/hostile.txt")),
        set("adventureworks", true, include_str!("sets/adventureworks.txt")),
        set("musicbrainz", true, include_str!("sets/musicbrainz.txt")),
        set("stackoverflow", true, include_str!("sets/stackoverflow.txt")),
        set("olist", true, include_str!("sets/olist.txt")),
        set("imdb", true, include_str!("sets/imdb.txt")),
        set("sakila", true, include_str!("sets/sakila.txt")),
        set("instacart", true, include_str!("sets/instacart.txt")),
        set("movielens", true, include_str!("sets/movielens.txt")),
        set("retailer", true, include_str!("sets/retailer.txt")),
        set("thelook", true, include_str!("sets/thelook.txt")),
        set("berka", true, include_str!("sets/berka.txt")),
        set("ergast", true, include_str!("sets/ergast.txt")),
        set("foodmart", true, include_str!("sets/foodmart.txt")),
        set("hm", true, include_str!("sets/hm.txt")),
        set("retailrocket", true, include_str!("sets/retailrocket.txt")),
        set("yelp", true, include_str!("sets/yelp.txt")),
    ]
}

fn list(text: &str) -> Vec<String> {
    text.trim().trim_end_matches(')').split(',').map(|name| name.trim().to_owned()).collect()
}

fn parse(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = vec![];
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if !line.starts_with(' ') {
            let (name, rows) = line.rsplit_once(' ').unwrap();
            let rows = rows.parse().unwrap();
            // An apostrophe is for columns: table names cannot have one.
            tables.push(Table { name: name.replace('\'', ""), rows, columns: vec![], composites: vec![], distinct: vec![] });
            continue;
        }
        let table = tables.last_mut().unwrap();
        let line = line.trim();
        if let Some(names) = line.strip_prefix("distinct(") {
            table.distinct = list(names);
        } else if let Some(key) = line.strip_prefix('(') {
            let (left, right) = key.split_once(") -> ").unwrap();
            let (to, columns) = right.split_once('(').unwrap();
            table.composites.push((list(left), to.to_owned(), list(columns)));
        } else {
            let (column, to) = line.split_once(" -> ").map_or((line, None), |(column, to)| (column, to.split_once('.')));
            let mut words: Vec<&str> = column.split(' ').collect();
            let known = |word: &str| ["key", "unique"].contains(&word) || word.starts_with("line:") || word.starts_with("group:");
            let how = if known(words[words.len() - 1]) { words.pop().unwrap().to_owned() } else { String::new() };
            let kind = words.pop().unwrap();
            table.columns.push(Field {
                name: words.join(" "),
                kind: kind.trim_end_matches('?').to_owned(),
                nulls: kind.ends_with('?'),
                how,
                to: to.map(|(table, column)| (table.to_owned(), column.to_owned())),
            });
        }
    }
    tables
}

/// A generator of numbers that is the same on every machine (SplitMix64, Steele et al. 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

impl Set {
    /// The foreign keys.
    pub fn links(&self) -> Vec<Link> {
        let mut links = vec![];
        for table in &self.tables {
            for field in &table.columns {
                if let Some((to, column)) = &field.to {
                    links.push((table.name.clone(), vec![field.name.clone()], to.clone(), vec![column.clone()]));
                }
            }
            for (left, to, right) in &table.composites {
                links.push((table.name.clone(), left.clone(), to.clone(), right.clone()));
            }
        }
        links
    }

    /// Writes one CSV file per table.
    pub fn write(&self, folder: &Path) {
        let values = self.values();
        for table in &self.tables {
            let columns: Vec<&Vec<String>> =
                table.columns.iter().map(|field| &values[&(table.name.clone(), field.name.clone())]).collect();
            let mut text = table.columns.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(",") + "\n";
            for row in 0..table.rows {
                let cells: Vec<&str> = columns.iter().map(|column| column[row].as_str()).collect();
                writeln!(text, "{}", cells.join(",")).unwrap();
            }
            std::fs::write(folder.join(format!("{}.csv", table.name)), text).unwrap();
        }
    }

    /// All columns' values, starting with those that others refer to.
    fn values(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut numbers = Numbers(self.name.len() as u64);
        let mut values = BTreeMap::new();
        let mut waiting: Vec<&Table> = self.tables.iter().collect();
        for table in &self.tables {
            for field in table.columns.iter().filter(|field| field.how == "key" && field.to.is_none()) {
                let keys = (1..=table.rows)
                    .map(|n| if field.kind == "int" { n.to_string() } else { format!("{}{n:06}", prefix(&field.name)) });
                values.insert((table.name.clone(), field.name.clone()), keys.collect());
            }
        }
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|table| !fill(table, &mut values, &mut numbers));
            assert!(
                waiting.len() < before,
                "{}: {:?} wait for each other",
                self.name,
                waiting.iter().map(|t| &t.name).collect::<Vec<_>>()
            );
        }
        values
    }
}

/// Text keys of one meaning have the same form in all tables.
fn prefix(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).take(2).collect::<String>().to_uppercase()
}

/// Generates a table's columns, unless it refers to one that does not exist yet.
fn fill(table: &Table, values: &mut BTreeMap<(String, String), Vec<String>>, numbers: &mut Numbers) -> bool {
    let place = |name: &String| (table.name.clone(), name.clone());
    let single = table.columns.iter().filter_map(|field| field.to.clone());
    let several = table.composites.iter().flat_map(|(_, to, columns)| columns.iter().map(|column| (to.clone(), column.clone())));
    let mut needed = single.chain(several);
    if needed.any(|key| !values.contains_key(&key)) {
        return false;
    }
    for (left, to, right) in &table.composites {
        let rows: Vec<usize> = (0..table.rows).map(|_| numbers.below(values[&(to.clone(), right[0].clone())].len())).collect();
        for (l, r) in left.iter().zip(right) {
            let from = &values[&(to.clone(), r.clone())];
            let column = rows.iter().map(|row| from[*row].clone()).collect();
            values.insert(place(l), column);
        }
    }
    for field in &table.columns {
        if values.contains_key(&place(&field.name)) {
            continue;
        }
        let column: Vec<String> = match &field.to {
            Some(to) if field.how == "key" => sample(&values[to], table.rows, numbers),
            Some(to) => {
                let from = values[to].clone();
                (0..table.rows)
                    .map(|_| {
                        if field.nulls && numbers.below(8) == 0 { String::new() } else { from[numbers.below(from.len())].clone() }
                    })
                    .collect()
            }
            None => match field.how.split_once(':') {
                Some(("line", of)) => count(&values[&(table.name.clone(), of.to_owned())]),
                Some(("group", n)) => (0..table.rows).map(|row| (row / n.parse::<usize>().unwrap() + 1).to_string()).collect(),
                _ => (0..table.rows).map(|row| plain(field, row, numbers)).collect(),
            },
        };
        values.insert(place(&field.name), column);
    }
    make_distinct(table, values, numbers);
    true
}

/// This many distinct values, in random order.
fn sample(from: &[String], rows: usize, numbers: &mut Numbers) -> Vec<String> {
    let mut left = from.to_vec();
    (0..rows).map(|_| left.swap_remove(numbers.below(left.len()))).collect()
}

fn count(of: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    let next = |value| {
        let n = counts.entry(value).or_default();
        *n += 1;
        n.to_string()
    };
    of.iter().map(next).collect()
}

fn plain(field: &Field, row: usize, numbers: &mut Numbers) -> String {
    if field.how == "unique" {
        return format!("AAAA{row:08}");
    }
    let n = numbers.below(40);
    if field.nulls && n.is_multiple_of(8) {
        return String::new();
    }
    match field.kind.as_str() {
        "int" => (n + 1).to_string(),
        "text" => format!("{} {n}", prefix(&field.name)),
        "float" => format!("{}.25", n * 3),
        "bool" => n.is_multiple_of(2).to_string(),
        "date" => format!("2024-{:02}-{:02}", n % 12 + 1, n % 28 + 1),
        _ => format!("2024-{:02}-{:02}T10:{:02}:00", n % 12 + 1, n % 28 + 1, n),
    }
}

/// Replaces the values of rows whose key exists already.
fn make_distinct(table: &Table, values: &mut BTreeMap<(String, String), Vec<String>>, numbers: &mut Numbers) {
    let Some(first) = table.distinct.first() else { return };
    let pool = values[&(table.name.clone(), first.clone())].clone();
    let mut seen = HashSet::new();
    for row in 0..table.rows {
        for attempt in 0.. {
            let key: Vec<String> =
                table.distinct.iter().map(|name| values[&(table.name.clone(), name.clone())][row].clone()).collect();
            if seen.insert(key) {
                break;
            }
            assert!(attempt < 10_000, "{}: not enough keys", table.name);
            for name in &table.distinct[..if attempt > 50 { table.distinct.len() } else { 1 }] {
                let from = if name == first { pool.clone() } else { values[&(table.name.clone(), name.clone())].clone() };
                let value = from[numbers.below(from.len())].clone();
                values.get_mut(&(table.name.clone(), name.clone())).unwrap()[row] = value;
            }
        }
    }
}
