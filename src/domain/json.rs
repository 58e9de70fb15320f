//! JSON as people write it: a byte order mark is no part of it, and a key that stands twice is an
//! error with its path. `serde_json::Value` would keep the last one without a word.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::unreadable::not_json;
use super::value::beginning;

/// Maximum number of characters of a path in a message.
const SHOWN: usize = 200;

/// Reads a text. The error is a sentence.
pub fn read(text: &str) -> Result<Value, String> {
    let twice = RefCell::new(None);
    let path = RefCell::new(String::new());
    let mut deserializer = serde_json::Deserializer::from_str(without_mark(text));
    let read = Strict { path: &path, twice: &twice }.deserialize(&mut deserializer);
    read.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| match twice.take() {
        Some(path) => {
            let path = beginning(&path, SHOWN).map_or_else(|| path.clone(), |(beginning, _)| beginning);
            format!("{path} occurs twice: keep one of them (line {}, column {}).", error.line(), error.column())
        }
        None => not_json(&error),
    })
}

/// A text without the byte order mark that some editors begin it with.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads a value below `path`; `twice` becomes the path of a key that stands twice.
#[derive(Clone, Copy)]
struct Strict<'p> {
    path: &'p RefCell<String>,
    twice: &'p RefCell<Option<String>>,
}

impl Strict<'_> {
    /// Reads what is at one more step.
    fn below<T>(self, step: fmt::Arguments<'_>, read: impl FnOnce(Self) -> T) -> T {
        let length = self.path.borrow().len();
        self.path.borrow_mut().push_str(&step.to_string());
        let done = read(self);
        self.path.borrow_mut().truncate(length);
        done
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while let Some(item) = self.below(format_args!("[{}]", list.len()), |below| items.next_element_seed(below))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let point = if self.path.borrow().is_empty() { "" } else { "." };
            let is_new = !map.contains_key(&key);
            let value = self.below(format_args!("{point}{key}"), |below| {
                if !is_new {
                    *self.twice.borrow_mut() = Some(self.path.borrow().clone());
                    return Err(A::Error::custom("a key occurs twice"));
                }
                entries.next_value_seed(below)
            })?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_that_stands_twice_has_its_path() {
        for (text, path) in [
            (r#"{"a": 1, "b": 2, "a": 3}"#, "a"),
            (r#"{"a": {"b": [1, {"c": 1, "c": 1}]}}"#, "a.b[1].c"),
            (r#"[{"x": 1}, {"x": 1, "x": {"x": 2}}]"#, "[1].x"),
            (r#"{"": 1, "a": 0, "a": {}}"#, "a"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(&format!("{path} occurs twice: keep one of them (line 1, column ")), "{error}");
        }
        let error = read("{\"selected\": 1,\n \"selected\": 2}").unwrap_err();
        assert_eq!(error, "selected occurs twice: keep one of them (line 2, column 11).");
        assert!(read(&format!("{{\"{0}\":1,\"{0}\":1}}", "k".repeat(100_000))).unwrap_err().len() < 1000);
    }

    #[test]
    fn everything_else_is_read_as_before() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5e300",
            "\"\\u00e9\\\"\"",
            "[]",
            "{}",
            r#"{"a":[1,{"b":null}],"c":{"a":1}}"#,
        ] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        assert_eq!(read("\u{feff}{\"a\": 1}").unwrap(), json!({"a": 1}));
        for bad in ["", "{", "{\"a\":\n 1,}", "1 2", "\u{feff}\u{feff}1", "nul"] {
            assert!(read(bad).unwrap_err().starts_with("It is not JSON"), "{bad:?}");
        }
        // No deeper than before.
        assert!(read(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))).unwrap_err().contains("nested too deeply"));
    }
}
