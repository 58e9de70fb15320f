//! Why JSON does not have the expected form, in plain words: serde speaks of structs, maps and
//! `u32`.

use super::value::beginning;

/// Maximum number of characters of a quoted value.
const SHOWN: usize = 100;

/// A serde message as a sentence. Messages of our own types are used as they are.
pub fn explain(words: &str) -> String {
    let sentence = wrong_value(words)
        .or_else(|| unknown_name(words))
        .or_else(|| {
            let name = words.strip_prefix("missing field `")?.strip_suffix('`')?;
            Some(format!("The field {name} is missing"))
        })
        .or_else(|| {
            let name = words.strip_prefix("duplicate field `")?.strip_suffix('`')?;
            Some(format!("The field {name} occurs twice"))
        })
        .or_else(|| words.starts_with("data did not match any variant").then(|| "It has an unsupported form".to_owned()))
        .unwrap_or_else(|| shown(words));
    let mut letters = sentence.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Why a text is not JSON.
pub fn not_json(error: &serde_json::Error) -> String {
    match error.line() {
        0 => "It is not JSON.".into(),
        line => format!("It is not JSON, or nested too deeply: see line {line}, column {}.", error.column()),
    }
}

/// `invalid type: string "yes", expected a boolean`, and the same of a value or a length.
fn wrong_value(words: &str) -> Option<String> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|prefix| words.strip_prefix(prefix))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let found = match found.split_once(' ') {
        _ if found == "map" => "an object".to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "null" || found == "unit value" || found == "Option value" => "null".to_owned(),
        Some(("string" | "character", text)) => shown(text),
        Some(("integer" | "boolean", number)) => shown(number.trim_matches('`')),
        Some(("floating", number)) => shown(number.trim_start_matches("point ").trim_matches('`')),
        _ => shown(found),
    };
    let expected = match expected {
        "a string" | "string" | "a borrowed string" | "identifier" | "variant identifier" => "a string",
        "a sequence" => "a list",
        "a map" | "map" => "an object",
        "a boolean" => "true or false",
        "f32" | "f64" => "a number",
        number if is_integer(number) => "a whole number in range",
        of_rust
            if ["struct ", "tuple struct ", "internally tagged enum ", "adjacently tagged enum "]
                .iter()
                .any(|kind| of_rust.starts_with(kind)) =>
        {
            "an object"
        }
        of_rust if of_rust.starts_with("enum ") || of_rust.contains("untagged enum ") => "one of the documented values",
        ours => ours,
    };
    Some(format!("Expected {expected}, got {found}"))
}

fn is_integer(name: &str) -> bool {
    name.strip_prefix(['i', 'u']).is_some_and(|size| matches!(size, "8" | "16" | "32" | "64" | "128" | "size"))
}

/// `unknown variant `x`, expected one of `a`, `b``, and the same of a field.
fn unknown_name(words: &str) -> Option<String> {
    let (what, rest) = ["variant", "field"]
        .iter()
        .find_map(|what| Some((*what, words.strip_prefix("unknown ")?.strip_prefix(what)?.strip_prefix(" `")?)))?;
    let (name, expected) = rest.split_once("`, ").unwrap_or((rest.trim_end_matches('`'), ""));
    let what = if what == "variant" { "value" } else { what };
    let others = expected.trim_start_matches("expected ").trim_start_matches("one of ").replace('`', "");
    Some(match others.is_empty() || others.starts_with("there are no") {
        true => format!("Unknown {what} {:?}", shown(name)),
        false => format!("Unknown {what} {:?}; expected one of: {others}", shown(name)),
    })
}

fn shown(text: &str) -> String {
    beginning(text, SHOWN).map_or_else(|| text.to_owned(), |(beginning, _)| beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_messages_become_sentences() {
        for (words, sentence) in [
            ("invalid type: string \"yes\", expected a boolean", "Expected true or false, got \"yes\"."),
            ("invalid type: map, expected a sequence", "Expected a list, got an object."),
            ("invalid type: null, expected struct DatasetConfig", "Expected an object, got null."),
            ("invalid value: integer `-1`, expected u32", "Expected a whole number in range, got -1."),
            ("invalid type: floating point `1.5`, expected i64", "Expected a whole number in range, got 1.5."),
            ("invalid type: sequence, expected internally tagged enum SplitConfig", "Expected an object, got a list."),
            (
                "unknown variant `half`, expected one of `train`, `eval`, `test`",
                "Unknown value \"half\"; expected one of: train, eval, test.",
            ),
            ("unknown variant `x`, expected `a` or `b`", "Unknown value \"x\"; expected one of: a or b."),
            ("unknown field `a`, there are no fields", "Unknown field \"a\"."),
            ("missing field `type`", "The field type is missing."),
            ("duplicate field `a`", "The field a occurs twice."),
            ("data did not match any variant of untagged enum Scalar", "It has an unsupported form."),
            ("the column name is empty", "The column name is empty."),
        ] {
            assert_eq!(explain(words), sentence);
        }
    }

    /// Real messages: no name of a Rust type is left, whatever the input.
    #[test]
    fn messages_do_not_mention_rust_types() {
        use crate::domain::parse::config_from_json;
        use serde_json::json;

        for value in
            [json!(null), json!(true), json!(-1), json!(1.5), json!("x".repeat(10_000)), json!([[]]), json!([3]), json!({"a": 1})]
        {
            for part in [
                "primary_table",
                "secondary_tables",
                "join_config",
                "selected_columns",
                "column_mapping",
                "filters",
                "split_config",
            ] {
                let Err(errors) = config_from_json(json!({part: value})) else { continue };
                for error in errors {
                    let text = &error.message;
                    for word in
                        ["struct ", "enum ", "variant", "sequence", " map", "u32", "i64", "usize", "invalid type", "identifier"]
                    {
                        assert!(!text.contains(word), "{part}: {text}");
                    }
                    assert!(text.len() < 1000 && text.ends_with('.'), "{part}: {text}");
                }
            }
        }
    }

    #[test]
    fn invalid_json_has_its_position() {
        let error = serde_json::from_str::<serde_json::Value>("{\"a\":\n 1,}").unwrap_err();
        assert_eq!(not_json(&error), "It is not JSON, or nested too deeply: see line 2, column 4.");
    }
}
