//! Names without backticks: whatever word the embedded engine's parser knows, it reads it as the
//! name that it is.

use datafusion::sql::sqlparser::dialect::BigQueryDialect;
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Tokenizer;
use serde_json::json;
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::{DatasetConfig, Split};
use trainset::domain::schema::{Column, ColumnType, Mode, TableSchema};
use trainset::domain::sql::{Request, compile};

/// A query in which a word is a table, columns and their aliases.
fn query(word: &str) -> String {
    let column =
        |name: &str, column_type| Column { name: name.parse().unwrap(), column_type, mode: Mode::Nullable, description: None };
    let schema = |table: &str, columns| TableSchema {
        table: format!("raw_data.{table}").parse().unwrap(),
        columns,
        unusable: vec![],
        partition: None,
    };
    let at = column("happened_at", ColumnType::Timestamp);
    let events = schema("events_of_all", vec![column(word, ColumnType::Int64), at]);
    let items = schema(word, vec![column(word, ColumnType::Int64), column("title_of_it", ColumnType::String)]);
    let of = |table: &str, name: &str| json!({"table": table, "column": name});
    let config: DatasetConfig = serde_json::from_value(json!({
        "primary_table": "raw_data.events_of_all",
        "secondary_tables": [format!("raw_data.{word}")],
        "join_config": [{"table": word, "on": [{"left": of("events_of_all", word), "right": word}]}],
        "selected_columns": [of("events_of_all", word), of(word, word), of(word, "title_of_it")],
        "column_mapping": {
            "user_id": of("events_of_all", word),
            "product_id": of(word, word),
            "timestamp": of("events_of_all", "happened_at"),
        },
        "filters": {
            "rows": [{"table": word, "column": word, "where": {"op": "between", "min": 1, "max": 9}}],
            "customer_filter": {"transactions": {"min": 2}},
        },
        "split_config": {"type": "leave_last", "n": 1},
    }))
    .unwrap();
    let request = Request { split: Some(Split::Train), ..Request::default() };
    compile(&config, &Catalog::new(None, [events, items]), &request).unwrap_or_else(|errors| panic!("{word}: {errors:?}")).sql
}

/// A query as the parser has understood it: its tree, since some functions are written as names
/// are.
fn understood(sql: &str) -> Result<String, String> {
    let tokens = Tokenizer::new(&BigQueryDialect {}, sql).tokenize().map_err(|error| error.to_string())?;
    let statement = Parser::new(&BigQueryDialect {}).with_tokens(tokens).parse_statement().map_err(|error| error.to_string())?;
    Ok(format!("{statement:?}"))
}

#[test]
fn every_keyword_of_the_parser_can_be_a_name() {
    const NO_KEYWORD: &str = "qqzz";
    let plain = understood(&query(NO_KEYWORD)).unwrap();
    // Three are columns of the pipeline, and a hyphen is in no bare name.
    let words = ALL_KEYWORDS.iter().filter(|word| !["BUCKET", "END-EXEC", "ID", "SPLIT"].contains(word));
    let sqls = words.map(|keyword| keyword.to_ascii_lowercase()).map(|word| (query(&word), word));
    let (in_backticks, bare): (Vec<_>, Vec<_>) = sqls.partition(|(sql, _)| sql.contains('`'));
    let misread = |(sql, word): &&(String, String)| understood(sql) != Ok(plain.replace(NO_KEYWORD, word));
    let misread: Vec<&str> = bare.iter().filter(misread).map(|(_, word)| word.as_str()).collect();
    assert_eq!(misread, [""; 0]);
    assert!(in_backticks.len() < 110, "{} words stand in backticks", in_backticks.len());
}
