//! The rules one by one; tests/detection measures how well they do together.

use super::*;
use crate::domain::schema::{Column, Mode};
use crate::domain::statistics::ColumnStatistics;

/// A table from one line: `orders: id INT64, user_id INT64`.
fn table(text: &str) -> TableSchema {
    let (name, columns) = text.split_once(": ").unwrap();
    let column = |text: &str| {
        let (name, t) = text.trim().rsplit_once(' ').unwrap();
        let (t, mode) = match t.strip_suffix('!') {
            Some(t) => (t, Mode::Required),
            None => (t.trim_end_matches('*'), if t.ends_with('*') { Mode::Repeated } else { Mode::Nullable }),
        };
        Column { name: name.parse().unwrap(), column_type: ColumnType::parse(t).unwrap(), mode, description: None }
    };
    TableSchema {
        table: TableName::new("raw_data", name).unwrap(),
        columns: columns.split(',').map(column).collect(),
        unusable: vec![],
        partition: None,
    }
}

fn found(tables: &[&str]) -> ResolvedJoins {
    let schemas: Vec<TableSchema> = tables.iter().map(|text| table(text)).collect();
    detect(&schemas, &TableStatistics::default())
}

fn texts(tables: &[&str]) -> Vec<String> {
    let mut texts: Vec<String> = found(tables).joins.iter().map(|join| join.join.text()).collect();
    texts.sort_unstable();
    texts
}

#[track_caller]
fn finds(tables: &[&str], expected: &[&str]) {
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(texts(tables), expected);
}

#[test]
fn g64_nothing_but_names_joins_and_never_times_floats_or_booleans() {
    let same = "id INT64, name STRING, type STRING, status STRING, value FLOAT64, created_at TIMESTAMP";
    finds(&[&format!("users: {same}"), &format!("shops: {same}"), &format!("settings: {same}")], &[]);
    for t in ["DATE", "DATETIME", "TIME", "TIMESTAMP", "FLOAT64", "BOOL", "JSON", "STRUCT", "GEOGRAPHY", "INT64*"] {
        finds(&[&format!("orders: id INT64, user_id {t}"), &format!("users: id {t}, name STRING")], &[]);
    }
    // An amount refers to nothing, whatever its name.
    finds(&["sales: id INT64, price INT64, quantity INT64", "prices: id INT64, price INT64", "quantities: id INT64"], &[]);
    finds(&["days: day DATE, orders INT64, users INT64", "orders: id INT64", "users: id INT64"], &[]);
}

#[test]
fn row_numbers_are_neither_keys_nor_first_columns() {
    finds(
        &["sales: index INT64, customer STRING, article STRING", "goods: index INT64, article STRING, title STRING"],
        &["sales.article = goods.article"],
    );
    // Without another join, too.
    finds(&["a: rowid INT64, x FLOAT64", "b: rowid INT64, y FLOAT64"], &[]);
    finds(&["a: row_number INT64, x FLOAT64", "b: row_number INT64, y FLOAT64"], &[]);
    // A table may be about rows or indices, and an index may be a name.
    finds(&["seats: seat_id INT64, row_id INT64", "rows: row_id INT64, name STRING"], &["seats.row_id = rows.row_id"]);
    let keys = potential_keys(&table("t: rowid INT64, user_id INT64, row_key STRING"));
    assert_eq!(keys, [false, true, true]);
}

#[test]
fn g64_singulars_families_and_abbreviations() {
    finds(&["orders: id INT64, user_id INT64", "users: id INT64"], &["orders.user_id = users.id"]);
    finds(&["films: film_id INT64, category_id INT64", "categories: id INT64"], &["films.category_id = categories.id"]);
    finds(&["parts: id INT64, box_key STRING", "boxes: box_key STRING"], &["parts.box_key = boxes.box_key"]);
    finds(&["pets: id INT64, person_id INT64", "people: id INT64"], &["pets.person_id = people.id"]);
    finds(&["staff: id INT64, dept_cd STRING", "departments: code STRING, name STRING"], &["staff.dept_cd = departments.code"]);
    finds(
        &["Orders: OrderID INT64, CustomerID INT64", "Customers: CustomerID INT64"],
        &["Orders.CustomerID = Customers.CustomerID"],
    );
    finds(
        &["orders: orderid INT64, customerid INT64", "customer: customerid INT64"],
        &["orders.customerid = customer.customerid"],
    );
    finds(&["raw_orders: id INT64, customer INT64", "dim_customer: id INT64"], &["raw_orders.customer = dim_customer.id"]);
    finds(
        &["l: l_orderkey INT64, l_tax FLOAT64", "orders: o_orderkey INT64, o_total FLOAT64"],
        &["l.l_orderkey = orders.o_orderkey"],
    );
}

#[test]
fn words_before_a_table_name_distinguish_references() {
    finds(
        &["orders: id INT64, billing_address_id INT64, ship_to_address_id INT64", "addresses: id INT64, city STRING"],
        &["orders.billing_address_id = addresses.id", "orders.ship_to_address_id = addresses.id"],
    );
    // The longest name wins.
    finds(
        &[
            "returns: id INT64, order_item_id INT64",
            "order_items: id INT64, order_id INT64",
            "items: id INT64",
            "orders: id INT64",
        ],
        &["order_items.order_id = orders.id", "returns.order_item_id = order_items.id"],
    );
}

#[test]
fn a_table_refers_to_itself() {
    finds(&["employees: employee_id INT64, manager_id INT64"], &["employees.manager_id = employees.employee_id"]);
    finds(&["categories: id INT64, parent_category_id INT64"], &["categories.parent_category_id = categories.id"]);
    finds(&["staff: id INT64, reports_to INT64"], &["staff.reports_to = staff.id"]);
}

#[test]
fn g65_chains_and_composite_keys() {
    finds(
        &[
            "order_lines: order_id INT64, line_number INT64, sku STRING",
            "shipments: shipment_id INT64, order_id INT64, line_number INT64",
            "orders: order_id INT64, customer_id INT64",
            "customers: customer_id INT64",
        ],
        &[
            "order_lines.order_id = orders.order_id",
            "orders.customer_id = customers.customer_id",
            "shipments.order_id = order_lines.order_id and shipments.line_number = order_lines.line_number",
            "shipments.order_id = orders.order_id",
        ],
    );
}

#[test]
fn two_tables_that_share_a_dimension_are_not_joined_directly() {
    let (orders, reviews) = ("orders: id INT64, customer_id INT64", "reviews: id INT64, customer_id INT64");
    finds(
        &[orders, reviews, "customers: id INT64"],
        &["orders.customer_id = customers.id", "reviews.customer_id = customers.id"],
    );
    // Without it they are joined, if nothing else connects them, at a low score.
    let resolved = found(&[orders, reviews]);
    assert_eq!(resolved.joins.len(), 1);
    assert_eq!((resolved.joins[0].confidence, resolved.joins[0].in_tree), (Confidence::Low, true));
}

#[test]
fn g63_types_that_cannot_be_compared_are_no_join() {
    finds(&["orders: id INT64, user_id STRING", "users: id INT64"], &[]);
    finds(&["orders: id INT64, user_id NUMERIC", "users: id INT64"], &["orders.user_id = users.id"]);
    // Of two keys the one that fits.
    finds(&["orders: id INT64, user_id STRING", "users: id INT64, user_code STRING"], &["orders.user_id = users.user_code"]);
}

#[test]
fn a_description_names_a_table() {
    let mut orders = table("orders: id INT64, who INT64");
    orders.columns[1].description = Some("Foreign key: references customers.id.".into());
    let resolved = detect(&[orders, table("customers: id INT64")], &TableStatistics::default());
    assert_eq!(resolved.joins[0].join.text(), "orders.who = customers.id");
    assert_eq!(resolved.joins[0].confidence, Confidence::High);
}

#[test]
fn statistics_decide_what_a_key_is() {
    let schemas = [table("sales: id INT64, shop_code STRING"), table("shops: shop_code STRING, name STRING")];
    let mut statistics = TableStatistics::default();
    let of = |name: &str| (schemas[1].table.clone(), name.parse().unwrap());
    let (table, column) = of("shop_code");
    statistics.add(table, column, ColumnStatistics { rows: 100, nulls: 0, distinct: 7 });
    // Shops have many rows per code: it is all that both share, and no more.
    assert_eq!(detect(&schemas, &statistics).joins[0].confidence, Confidence::Low);
    assert_eq!(detect(&schemas, &TableStatistics::default()).joins[0].confidence, Confidence::High);
}

#[test]
fn the_tree_reaches_all_tables_from_the_first_and_each_once() {
    let resolved = found(&[
        "lines: order_id INT64, product_id INT64, amount FLOAT64",
        "orders: id INT64, customer_id INT64, address_id INT64",
        "products: id INT64, category_id INT64",
        "categories: id INT64",
        "customers: id INT64, address_id INT64",
        "addresses: id INT64",
        "notes: text STRING",
    ]);
    assert_eq!(resolved.tree.len(), 5, "{resolved:?}");
    let mut reached = vec![resolved.joins[resolved.tree[0]].join.left.clone()];
    assert_eq!(reached[0].table(), "lines");
    for position in &resolved.tree {
        let join = &resolved.joins[*position];
        assert!(join.in_tree);
        let new = [&join.join.left, &join.join.right].into_iter().filter(|table| !reached.contains(table)).count();
        assert_eq!(new, 1, "{}", join.join.text());
        reached.extend([join.join.left.clone(), join.join.right.clone()]);
    }
    assert_eq!(resolved.joins.len(), 6);
    assert_eq!(resolved.unconnected.iter().map(TableName::table).collect::<Vec<_>>(), ["notes"]);
}

#[test]
fn scores_are_sorted_and_none_is_below_the_threshold() {
    let resolved = found(&["orders: id INT64, buyer INT64, product_id INT64", "users: id INT64", "products: id INT64"]);
    let scores: Vec<f64> = resolved.joins.iter().map(|join| join.join.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| (THRESHOLD..=1.0).contains(score)), "{scores:?}");
}

fn candidate(score: f64) -> Candidate {
    let on = vec![KeyPair { left: "user_id".parse().unwrap(), right: "id".parse().unwrap() }];
    let table = |name: &str| TableName::new("raw_data", name).unwrap();
    Candidate { left: table("orders"), right: table("users"), on, score, reasons: vec![], last_resort: false }
}

/// Rows, keys and matched rows of each side; keys in common.
fn statistics(left: [u64; 3], right: [u64; 3], common_keys: u64) -> KeyStatistics {
    let side = |[rows, keys, matched_rows]: [u64; 3]| KeySide {
        rows,
        rows_with_key: rows,
        keys,
        largest: rows.checked_div(keys).unwrap_or_default(),
        matched_rows,
    };
    KeyStatistics { left: side(left), right: side(right), common_keys, pairs: left[2] }
}

fn verified(prior: f64, statistics: KeyStatistics) -> f64 {
    verify_candidate(candidate(prior), statistics).candidate.score
}

#[test]
fn the_data_confirm_names_or_overrule_them() {
    let good = statistics([1000, 200, 1000], [300, 300, 500], 200);
    assert!(verified(0.7, good) > 0.8);
    // Keys that do not exist on the other side, and a key that repeats and would multiply rows.
    assert!(verified(0.95, statistics([1000, 200, 10], [300, 300, 2], 2)) < THRESHOLD);
    assert!(verified(0.95, statistics([1000, 200, 1000], [1000, 300, 700], 200)) < THRESHOLD);
    // A few orphans and one duplicate key are dirty data.
    assert!(verified(0.95, statistics([1000, 200, 990], [301, 300, 290], 195)) > 0.8);
    // Households of which only some have an age: the names are clear, and all that have one are
    // customers.
    assert!(verified(0.9, statistics([9000, 2469, 3000], [801, 801, 801], 801)) >= THRESHOLD);
    // An empty table proves nothing.
    assert_eq!(verified(0.9, statistics([0, 0, 0], [300, 300, 0], 0)), 0.9);
}

#[test]
fn numbers_that_are_included_by_chance_make_no_join() {
    let by_chance = statistics([5000, 40, 5000], [300, 300, 40], 40);
    assert!(verified(PLAUSIBLE - 0.05, by_chance) < THRESHOLD, "without a word in the names");
    // Data raise a score that the names leave open, but no higher than such data can justify.
    let risen = verified(0.4, by_chance);
    assert!((THRESHOLD..MEDIUM).contains(&risen), "{risen}");
    assert!(verified(0.4, statistics([5000, 2, 5000], [300, 300, 2], 2)) < THRESHOLD, "two keys tell nothing");
}

#[test]
fn the_sides_are_swapped_where_the_data_say_so() {
    let the_other_way = statistics([300, 300, 200], [1000, 200, 1000], 200);
    let turned = verify_candidate(candidate(0.8), the_other_way);
    assert_eq!((turned.candidate.left.table(), turned.candidate.right.table()), ("users", "orders"));
    assert_eq!(turned.candidate.on[0].left.as_str(), "id");
    assert!(turned.candidate.score >= THRESHOLD);
    assert_eq!(turned.statistics.unwrap().right.rows, 300);
    // Two unique sides keep the direction of the names.
    let both = verify_candidate(candidate(0.8), statistics([300, 300, 300], [300, 300, 300], 300));
    assert_eq!(both.candidate.left.table(), "orders");
}

#[test]
fn one_query_per_pair_of_tables_in_either_direction() {
    let order = [TableName::new("raw_data", "orders").unwrap(), TableName::new("raw_data", "users").unwrap()];
    let other = KeyPair { left: "last_user_id".parse().unwrap(), right: "id".parse().unwrap() };
    let candidates = [candidate(0.9), candidate(0.3).reversed(), Candidate { on: vec![other], ..candidate(0.8) }];
    let queries = pair_queries(&order, &candidates);
    assert_eq!(queries.len(), 1);
    assert_eq!(queries[0].on.len(), 2);
    assert_eq!(queries[0].candidates, [(0, 0, false), (1, 0, true), (2, 1, false)]);
}

#[test]
fn detection_over_sixty_wide_tables_is_fast() {
    // Each refers to 48 others; or all have the same name, as the monthly tables of one source do.
    let word = |i: usize| format!("thing{}", ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen"][i % 8]).repeat(i / 8 + 1);
    let columns = |i: usize| (1..49).map(|c| format!("some_{}_id INT64", word((i + c) % 60))).collect::<Vec<_>>().join(", ");
    let wide = |name: &dyn Fn(usize) -> String| -> Vec<TableSchema> {
        (0..MAX_TABLES).map(|i| table(&format!("{}: id INT64, name STRING, {}", name(i), columns(i)))).collect()
    };
    for schemas in [wide(&word), wide(&|i| format!("thing_{i}"))] {
        let start = std::time::Instant::now();
        let resolved = detect(&schemas, &TableStatistics::default());
        let took = start.elapsed();
        assert!(resolved.joins.len() <= 60 * 48);
        // Without optimisation, and on a machine under load.
        assert!(took.as_millis() < 1_000, "{took:?}");
        println!("{took:?} for {} joins", resolved.joins.len());
    }
}
