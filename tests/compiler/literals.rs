//! Texts survive unchanged: through the engine and back, and no text becomes SQL.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::sql::sqlparser::ast::{Expr, Value as SqlValue, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::BigQueryDialect;
use datafusion::sql::sqlparser::parser::Parser;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use trainset::domain::catalog::Catalog;
use trainset::domain::parse::config_from_json;
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::{Request, compile};

use crate::engine::Engine;

const TEXTS: [&str; 14] = [
    "O'Brien",
    "\"quoted\"",
    "back\\slash",
    "ends with \\",
    "new\nline",
    "\r\n\t",
    "`tick`",
    "größe 🦀 \u{202e}",
    "' OR 1=1 --",
    "'; DROP TABLE x; --",
    "\\' OR TRUE --",
    "/* comment */ -- #",
    "{{param}} @name ?",
    "%_",
];

/// A filter on a text finds that text and no other, whatever characters it has.
#[test]
fn texts_survive_the_round_trip() {
    let mut runner = TestRunner::deterministic();
    let any = "[^\\x00]{1,12}";
    let mut texts: BTreeSet<String> = TEXTS.into_iter().map(String::from).collect();
    while texts.len() < 150 {
        texts.insert(any.new_tree(&mut runner).unwrap().current());
    }
    let texts: Vec<String> = texts.into_iter().collect();
    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..texts.len() as i64))),
        ("text", Arc::new(StringArray::from_iter_values(&texts))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(folder.path().join("texts.parquet")).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let engine = Engine::open(folder.path());
    for (i, text) in texts.iter().enumerate() {
        for predicate in [json!({"op": "=", "value": text}), json!({"op": "in", "values": [text, "no such text"]})] {
            let config = config_from_json(json!({
                "primary_table": "raw_data.texts",
                "selected_columns": [{"table": "texts", "column": "id"}, {"table": "texts", "column": "text"}],
                "filters": {"rows": [{"table": "texts", "column": "text", "where": predicate}]},
            }));
            let query = compile(&config.unwrap(), &engine.catalog, &Request::default()).unwrap();
            let rows = engine.run(&query.sql).rows;
            assert_eq!(serde_json::to_value(&rows).unwrap(), json!([[i, text]]), "{text:?}\n{}", query.sql);
        }
    }
}

/// The texts of a statement, as its literals are read.
struct Literals(BTreeSet<String>);

impl Visitor for Literals {
    type Break = ();
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expr
            && let SqlValue::SingleQuotedString(text) = &value.value
        {
            self.0.insert(text.clone());
        }
        ControlFlow::Continue(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// Names, texts and seeds of any kind stay what they are: one statement, whose literals are the
    /// given ones. What SQL cannot express is refused before.
    #[test]
    fn no_text_becomes_sql(table in "\\PC{1,12}", column in "\\PC{1,12}", other in "[a-z]{1,6}", value in "\\PC{0,20}", seed in "\\PC{1,12}", alias in "\\PC{1,12}") {
        let schema = json!({"table": format!("raw_data.{table}"), "columns": [
            {"name": column, "type": "STRING", "mode": "NULLABLE"}, {"name": format!("{other}_1"), "type": "STRING", "mode": "NULLABLE"},
        ]});
        let Ok(schema) = serde_json::from_value::<TableSchema>(schema) else { return Ok(()) };
        let catalog = Catalog::new(Some("my-project".into()), [schema]);
        let config = |alias: Option<&str>| config_from_json(json!({
            "primary_table": format!("raw_data.{table}"),
            "selected_columns": [{"table": table, "column": column, "alias": alias}],
            "column_mapping": {"user_id": {"table": table, "column": column}},
            "filters": {"rows": [{"table": table, "column": format!("{other}_1"), "where": {"op": "!=", "value": value}}]},
            "split_config": {"type": "random", "train_percent": 80, "unit": "user", "seed": seed},
        }));
        // An alias is an output name or an error, never a piece of SQL.
        let config = match config(Some(&alias)) {
            Ok(config) => config,
            Err(_) => match config(None) { Ok(config) => config, Err(_) => return Ok(()) },
        };
        let Ok(query) = compile(&config, &catalog, &Request::default()) else { return Ok(()) };
        let statements = Parser::parse_sql(&BigQueryDialect {}, &query.sql);
        prop_assert!(statements.is_ok(), "{:?}\n{}", statements, query.sql);
        let statements = statements.unwrap();
        prop_assert_eq!(statements.len(), 1);
        let mut literals = Literals(BTreeSet::new());
        let _ = statements.visit(&mut literals);
        let given: BTreeSet<String> = [value, seed, "split".into(), "train".into(), "eval".into()].into();
        prop_assert_eq!(literals.0, given, "{}", query.sql);
    }
}
