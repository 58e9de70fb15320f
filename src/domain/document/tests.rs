use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::parse::config_from_json;

fn yaml(text: &str) -> Result<Value, String> {
    Document::read(text, Format::Yaml).map(|document| document.value).map_err(|error| error.to_string())
}

#[test]
fn yaml_is_read_as_version_1_2_has_it() {
    let text = "a: 1\nb: [no, on, yes, 'x', ~, true]\nc: {d: 0123, e: 1_000, f: -2.5, g: 2024-01-31}\nh:\n- \"1\"\ni: 12345678901234567\n";
    let expected = json!({
        "a": 1, "b": ["no", "on", "yes", "x", null, true], "c": {"d": "0123", "e": "1_000", "f": -2.5, "g": "2024-01-31"}, "h": ["1"],
        "i": 12345678901234567_u64
    });
    assert_eq!(yaml(text).unwrap(), expected);
    // The order of keys is preserved.
    assert_eq!(yaml("z: 1\na: 2\n").unwrap().as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(yaml("# nothing\n").unwrap(), Value::Null);
    assert_eq!(yaml("").unwrap(), Value::Null);
    // Beyond 64 bits it is a fraction, as in JSON: no column of whole numbers takes it.
    let beyond = "{\"a\": 99999999999999999999999}";
    assert_eq!(yaml(beyond).unwrap(), serde_json::from_str::<Value>(beyond).unwrap());
    // An alias is what it stands for.
    assert_eq!(yaml("a: &x {b: 1}\nc: *x\n").unwrap(), json!({"a": {"b": 1}, "c": {"b": 1}}));
}

#[test]
fn parse_errors_have_their_position() {
    for (text, line) in [
        ("a: 1\n b: 2\n", 2),
        // The position of the opening bracket: where it should close, nobody knows.
        ("a: [1, 2\n", 1),
        ("a: 1\na: 2\n", 2),
        ("a: *nowhere\n", 1),
        ("a: !mine x\n", 1),
        ("a: .nan\n", 1),
        ("a:\n  <<: {b: 1}\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
    ] {
        let error = yaml(text).unwrap_err();
        assert!(error.contains(&format!("(line {line}, ")), "{text:?}: {error}");
    }
    let error = Document::read("{\"a\": 1,\n}", Format::Json).unwrap_err().to_string();
    assert!(error.contains("line 2, column 1"), "{error}");
}

#[test]
fn a_hostile_text_ends_quickly() {
    let bomb = |width: usize| {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let mut text = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for pair in names.windows(2) {
            text.push_str(&format!("{}: &{} [{}]\n", pair[1], pair[1], vec![format!("*{}", pair[0]); width].join(", ")));
        }
        text
    };
    let hostile = [
        bomb(9),
        bomb(40),
        "[".repeat(50_000),
        "{a: ".repeat(50_000),
        (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "- ".repeat(40_000),
        "---\n".repeat(100_000),
        "a\n".repeat(450_000),
        "&a a: *a\n".into(),
        "a: &a [*a]\n".into(),
        format!("a: \"{}\"\n", "\\U0010FFFF".repeat(90_000)),
        (0..90_000).map(|i| format!("k{i}: 1\n")).collect(),
        (0..150_000).map(|_| "- 1\n").collect(),
        format!("{}1", "? ".repeat(10_000)),
        "#".repeat(900_000) + "\n",
        "x".repeat(MAX_BYTES + 1),
    ];
    for text in hostile {
        let start = Instant::now();
        let _ = Document::read(&text, Format::Yaml);
        let _ = Document::read(&text, Format::Json);
        let head: String = text.chars().take(40).collect();
        assert!(start.elapsed() < Duration::from_secs(10), "{head}: {:?}", start.elapsed());
    }
    assert!(yaml(&bomb(9)).is_err());
}

#[test]
fn validation_errors_have_the_position_of_their_field() {
    let text = "name: Orders\nconfig:\n  primary_table: raw_data.orders\n  join_config:\n    - table: products\n      type: left\n      \
                on:\n        - left: {table: orders, column: product_id}\n          right: 'a`b'\n";
    let document = Document::read(text, Format::Yaml).unwrap();
    let place = |path: &str| document.placed(vec![FieldError::new(path, "No.")]).remove(0).message;
    assert_eq!(place("join_config[0].on[0].right"), "No (line 9, column 11).");
    assert_eq!(place("join_config[0].on[0].left.column"), "No (line 8, column 33).");
    // A missing field has the position of what is around it.
    assert_eq!(place("join_config[0].on[3]"), "No (line 7, column 7).");
    assert_eq!(place("name"), "No (line 1, column 1).");
    assert_eq!(place("filters.date_range"), "No.");
    // With the path and message that the config's parser gives.
    let errors = document.placed(config_from_json(document.value["config"].clone()).unwrap_err());
    assert_eq!(errors[0].path, "join_config[0].on[0].right");
    assert!(errors[0].message.ends_with("(line 9, column 11)."), "{errors:?}");

    // A config alone, as JSON with tabs.
    let document = Document::read("{\n\t\"primary_table\": \"raw_data.orders\",\n\t\"bogus\": 1\n}", Format::Json).unwrap();
    assert_eq!(document.placed(vec![FieldError::new("bogus", "No.")])[0].message, "No (line 3, column 2).");
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[ -~\n\t]{0,40}",
        prop_oneof![
            "yes",
            "on",
            "~",
            "null",
            "0123",
            "0x1f",
            "1e3",
            "-",
            "- a",
            "a: b",
            "#x",
            "2024-01-31",
            ".nan",
            "=",
            "<<",
            "%a"
        ],
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_written_document_is_read_back(value in value()) {
        for format in Format::ALL {
            let text = write(&value, format);
            let read = Document::read(&text, format).map(|document| document.value).map_err(|error| error.to_string());
            prop_assert_eq!(read, Ok(value.clone()), "{}", text);
        }
    }
}
