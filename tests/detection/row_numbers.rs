//! Columns with the number of each row are no keys: what pandas and others write beside the real
//! ones.

use std::fmt::Write as _;
use std::path::Path;

use trainset::domain::joins::JoinDetection;
use trainset::service::find_joins;
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse};

fn write(folder: &Path, table: &str, head: &str, rows: usize, row: impl Fn(usize) -> String) {
    let mut text = format!("{head}\n");
    (0..rows).for_each(|i| writeln!(text, "{}", row(i)).unwrap());
    std::fs::write(folder.join(format!("{table}.csv")), text).unwrap();
}

/// The joins of two tables, without and with their data.
async fn found(folder: &Path, tables: [&str; 2]) -> [JoinDetection; 2] {
    let warehouse = Embedded::open(folder, "raw_data").await.unwrap();
    let mut schemas = vec![];
    for table in tables {
        schemas.push(warehouse.schema(&format!("raw_data.{table}").parse().unwrap()).await.unwrap());
    }
    let find = async |verify| find_joins(&warehouse, &schemas, verify, &Limits::default()).await.unwrap();
    [find(false).await, find(true).await]
}

#[tokio::test]
async fn row_numbers_are_no_keys_and_do_not_hide_the_real_ones() {
    for number in ["Unnamed: 0", "index", "__index_level_0__", "level_0", "row_number", "rowid", "row_nr", "int64_field_0"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, "interactions", &format!("{number},user_id,item_id"), 200, |i| format!("{i},{},{}", i % 40, i % 30));
        write(folder, "metadata", &format!("{number},item_id,title"), 30, |i| format!("{i},{i},t{i}"));
        write(folder, "sales", &format!("{number},customer,article,qty"), 200, |i| format!("{i},{},a{},3", i % 40, (i * 7) % 30));
        write(folder, "assortment", &format!("{number},article,title"), 30, |i| format!("{i},a{i},t{i}"));
        for (tables, right) in [
            (["interactions", "metadata"], "interactions.item_id = metadata.item_id"),
            (["sales", "assortment"], "sales.article = assortment.article"),
        ] {
            for (what, detection) in ["by names", "with data"].iter().zip(found(folder, tables).await) {
                let joins: Vec<String> = detection.resolved.joins.iter().map(|join| join.join.text()).collect();
                assert_eq!(joins, [right], "{number} {what}");
                assert!(detection.resolved.joins[0].in_tree && detection.notes.is_empty(), "{number} {what}");
            }
        }
    }
}

#[tokio::test]
async fn float_ids_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "orders", "order_id,user_id,amount", 50, |i| {
        format!("{i},{},1.5", if i % 7 == 0 { String::new() } else { format!("{}.0", i % 9) })
    });
    write(folder, "users", "user_id,score_id", 9, |i| format!("{i},{i}.5"));
    let [detection, _] = found(folder, ["orders", "users"]).await;
    assert_eq!(detection.resolved.joins.len(), 0);
    assert_eq!(detection.notes.len(), 2, "{:?}", detection.notes);
    assert!(detection.notes[0].starts_with("orders.user_id is FLOAT64") && detection.notes[0].contains("CAST(user_id AS INT64)"));
}
