//! Configs and their documents: mutated valid ones and raw bytes.

use std::fs;

use serde_json::{Value, json};
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::describe;
use trainset::domain::diff::differences;
use trainset::domain::document::{Format, MAX_BYTES, write};
use trainset::domain::drift::{drift, renamed};
use trainset::domain::field_error::{FieldError, MAX_FIELD_ERRORS};
use trainset::domain::limits::exceeded;
use trainset::domain::parse::config_from_json;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::validate::validate;
use trainset::service::{DatasetChange, ReadFile, ServiceError};

use crate::driver::{self, Choices, Fuzz, LONGEST, alone, odd_text};

#[path = "../support/goldens.rs"]
#[allow(dead_code)]
mod goldens;

#[path = "../support/clock.rs"]
mod clock;

use clock::thread_time;

const KINDS: [QueryKind; 10] = [
    QueryKind::Rows,
    QueryKind::Preview { limit: 10 },
    QueryKind::Tfx,
    QueryKind::Counts,
    QueryKind::Funnel,
    QueryKind::AsOf,
    QueryKind::PerDay,
    QueryKind::Analysis,
    QueryKind::FilterImpact,
    QueryKind::Preview { limit: u32::MAX },
];

struct Bench {
    catalog: Catalog,
    configs: Vec<Value>,
    /// Texts of files, and their formats.
    documents: Vec<(String, Format)>,
}

impl Bench {
    fn new() -> Self {
        let configs: Vec<Value> = goldens::goldens().iter().map(|golden| serde_json::to_value(&golden.config).unwrap()).collect();
        let file = |config: &Value| json!({"name": "Orders", "description": "All of them", "config": config});
        let documents = configs.iter().flat_map(|config| Format::ALL.map(|format| (write(&file(config), format), format)));
        let kept = corpus().into_iter().map(|(_, text, format)| (text, format));
        Self { catalog: catalog(), documents: documents.chain(kept).collect(), configs }
    }

    /// Runs what the bytes encode.
    fn run(&self, bytes: &[u8]) {
        let mut choices = Choices(bytes);
        let kind = KINDS[choices.below(KINDS.len())];
        let request = Request { kind, for_analysis: choices.below(2) == 1, ..Request::default() };
        match choices.below(8) {
            0 => self.document(&String::from_utf8_lossy(choices.0), Format::Yaml, &request),
            1 => self.document(&String::from_utf8_lossy(choices.0), Format::Json, &request),
            2..=4 => {
                let (text, format) = &self.documents[choices.below(self.documents.len())];
                self.document(&mutated_text(&mut choices, text), *format, &request);
            }
            kind => {
                let mut config = self.configs[choices.below(self.configs.len())].clone();
                for _ in 0..=choices.below(6) {
                    self.mutate(&mut choices, &mut config);
                }
                match kind {
                    5 => self.json(config, &request),
                    6 => self.document(&write(&config, Format::Yaml), Format::Yaml, &request),
                    // As from the store and server functions: no limit was checked yet.
                    _ => {
                        if let Ok(config) = serde_json::from_value(config) {
                            self.config(&config, &request);
                        }
                    }
                }
            }
        }
    }

    fn document(&self, text: &str, format: Format, request: &Request) {
        match ReadFile::read(text, format) {
            Ok(file) => {
                let found = validate(&file.input.config, &self.catalog);
                if let ServiceError::Invalid(placed) = file.placed(ServiceError::Invalid(found)) {
                    few(&placed);
                }
                self.read(&file.input.config, request);
            }
            Err(ServiceError::Invalid(errors)) => few(&errors),
            Err(error) => assert!(error.to_string().len() < 100_000),
        }
    }

    fn json(&self, config: Value, request: &Request) {
        if let Value::Object(fields) = json!({"name": "x", "config": config}) {
            let _ = DatasetChange::from_json(fields).and_then(DatasetChange::into_new);
        }
        match config_from_json(config) {
            Ok(config) => self.read(&config, request),
            Err(errors) => few(&errors),
        }
    }

    /// Uses a config that was read.
    fn read(&self, config: &DatasetConfig, request: &Request) {
        let again = config_from_json(serde_json::to_value(config).unwrap());
        assert_eq!(again.as_ref(), Ok(config), "what was read is read again");
        self.config(config, request);
    }

    fn config(&self, config: &DatasetConfig, request: &Request) {
        // What is displayed of any config, including a stored one that exceeds the limits.
        let _ = (describe::tables(config), describe::columns(config), describe::filters(&config.filters, &config.split_config));
        let json = serde_json::to_value(config).unwrap();
        let other = &self.configs[0];
        differences(&[json.clone(), other.clone()]);
        renamed(config, &DatasetConfig::default());
        drift(config, &[], &[]);
        let errors = validate(config, &self.catalog);
        few(&errors);
        if !exceeded(config).is_empty() {
            assert_eq!(errors, exceeded(config), "the limits come first");
        }
        match compile(config, &self.catalog, request) {
            Ok(query) => {
                assert!(errors.is_empty() && query.sql.len() < 50_000_000, "{}", query.sql.len())
            }
            Err(refused) => few(&refused),
        }
    }

    /// One change somewhere in a config.
    fn mutate(&self, choices: &mut Choices, config: &mut Value) {
        let mut at = config;
        for _ in 0..choices.below(9) {
            let next = match &*at {
                Value::Object(map) => map.len(),
                Value::Array(items) => items.len(),
                _ => 0,
            };
            if next == 0 {
                break;
            }
            let i = choices.below(next);
            at = match at {
                Value::Object(map) => map.values_mut().nth(i).unwrap(),
                Value::Array(items) => &mut items[i],
                _ => unreachable!("it has items"),
            };
        }
        match choices.below(5) {
            0 => *at = odd_value(choices),
            1 => {
                // A part of another config.
                let other = &self.configs[choices.below(self.configs.len())];
                let parts: Vec<&Value> = other.as_object().unwrap().values().collect();
                *at = parts[choices.below(parts.len())].clone();
            }
            2 => {
                if let Value::Array(items) = at
                    && let Some(one) = items.first().cloned()
                {
                    let times = [2, 17, 21, 101, 1_001][choices.below(5)];
                    // Copies of copies would be gigabytes, which no request and no file can have.
                    if one.to_string().len() * times < MAX_BYTES / 4 {
                        items.extend(vec![one; times]);
                    }
                }
            }
            3 => {
                if let Value::Object(map) = at {
                    let key = map.keys().nth(choices.below(map.len().max(1))).cloned().unwrap_or_default();
                    map.shift_remove(&key);
                    map.insert(odd_text(choices), odd_value(choices));
                }
            }
            _ => {
                if let Value::String(text) = at {
                    *text = mutated_text(choices, text);
                }
            }
        }
    }
}

fn odd_value(choices: &mut Choices) -> Value {
    match choices.below(12) {
        0 => Value::Null,
        1 => true.into(),
        2 => i64::MIN.into(),
        3 => u64::MAX.into(),
        4 => 1e308.into(),
        5 => (-1).into(),
        6 => (0..choices.below(140)).fold(json!(0), |inner, _| json!([inner])),
        7 => (0..choices.below(140)).fold(json!(0), |inner, _| json!({"config": inner})),
        8 => Value::from(vec![0; choices.below(11_000)]),
        9 => (0..choices.below(300)).map(|i| (format!("k{i}"), Value::from(i))).collect::<serde_json::Map<_, _>>().into(),
        10 => json!({"table": odd_text(choices), "column": odd_text(choices)}),
        _ => odd_text(choices).into(),
    }
}

/// A text with some changes.
fn mutated_text(choices: &mut Choices, text: &str) -> String {
    const TOKENS: [&str; 30] = [
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "!x ",
        "? ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "\n  ",
        "\t",
        "#",
        "|\n",
        ">\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\"",
        "'",
        "\\u0000",
        "\\ud800",
        "0x",
        "1e400",
        "~",
        ",",
        "\r",
    ];
    driver::mutated_text(choices, text, &TOKENS)
}

#[track_caller]
fn few(errors: &[FieldError]) {
    assert!(errors.len() <= MAX_FIELD_ERRORS + 1, "{} faults", errors.len());
    let bytes: usize = errors.iter().map(|error| error.path.len() + error.message.len()).sum();
    assert!(bytes < 1_000_000, "{bytes} bytes of faults");
}

fn catalog() -> Catalog {
    let text = fs::read(goldens::folder().join("catalog.json")).unwrap();
    let schemas: Vec<trainset::domain::schema::TableSchema> = serde_json::from_slice(&text).unwrap();
    Catalog::new(None, schemas)
}

/// The documents of the corpus by their names.
fn corpus() -> Vec<(String, String, Format)> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let format = Format::of_file(&name).unwrap_or_else(|| panic!("{name} is no document"));
        (name, String::from_utf8_lossy(&bytes).into_owned(), format)
    };
    driver::corpus("configs").into_iter().map(read).collect()
}

#[test]
fn inputs_that_were_found_once_do_no_harm() {
    let _alone = alone();
    let bench = Bench::new();
    for (name, text, format) in corpus() {
        for kind in KINDS {
            let start = thread_time();
            bench.document(&text, format, &Request { kind, ..Request::default() });
            let took = thread_time() - start;
            assert!(took < LONGEST, "{name}: {took:?}");
        }
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let _alone = alone();
    let bench = Bench::new();
    let run = |bytes: &[u8]| {
        let start = thread_time();
        bench.run(bytes);
        Ok(thread_time() - start)
    };
    Fuzz { seconds: 60, bytes: 400, shrinks: 2_000 }.run(run, |bytes| bytes.escape_ascii().to_string());
}
