//! Schemas in words: the kind of value, its bounds, its fields.

use serde_json::Value;

use super::html::{code, escape, inline, prose};
use super::text;

/// The kind of value in a few words.
pub fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            return joined(choices.iter().map(kind));
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return joined(values.iter().map(|value| code(value.as_str().unwrap_or(&value.to_string()))));
    }
    let bounds = bounds(schema);
    match &schema["type"] {
        Value::String(name) => one(name, schema) + &bounds,
        // `null` comes last.
        Value::Array(names) => {
            let (null, some): (Vec<_>, Vec<_>) = names.iter().filter_map(Value::as_str).partition(|name| *name == "null");
            joined(some.into_iter().chain(null).map(|name| one(name, schema))) + &bounds
        }
        _ => "any value".into(),
    }
}

fn one(name: &str, schema: &Value) -> String {
    match name {
        "array" if schema["items"].is_object() => format!("list of {}", kind(&schema["items"])),
        "array" if schema["prefixItems"].is_array() => {
            format!(
                "list of {}",
                schema["prefixItems"].as_array().into_iter().flatten().map(kind).collect::<Vec<_>>().join(" and ")
            )
        }
        "array" => "list".into(),
        "object" if schema["additionalProperties"].is_object() => format!("object of {}", kind(&schema["additionalProperties"])),
        "string" if schema["format"] == "date" => "date".into(),
        "string" if schema["format"] == "date-time" => "time (RFC 3339)".into(),
        other => escape(other),
    }
}

fn joined(choices: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = choices.collect();
    all.join(" or ")
}

fn bounds(schema: &Value) -> String {
    let number = |key: &str| schema[key].as_f64();
    let mut parts = vec![];
    for (low, high, unit) in
        [("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items")]
    {
        match (number(low), number(high)) {
            (Some(low), Some(high)) => parts.push(format!("{low} to {high}{unit}")),
            // At least 0 holds for every count.
            (Some(0.0), None) | (None, None) => {}
            (Some(low), None) => parts.push(format!("at least {low}{unit}")),
            (None, Some(high)) => parts.push(format!("at most {high}{unit}")),
        }
    }
    if !schema["default"].is_null() {
        let default = schema["default"].as_str().map_or_else(|| schema["default"].to_string(), str::to_owned);
        parts.push(format!("{} by default", code(&default)));
    }
    parts.into_iter().map(|text| format!(", {text}")).collect()
}

/// The fields, if it is an object.
pub fn fields(schema: &Value, out: &mut String) {
    let Some(properties) = schema["properties"].as_object().filter(|fields| !fields.is_empty()) else { return };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("<dl class=\"fields\">");
    for (name, field) in properties {
        let required = if required.contains(&name.as_str()) { " <em>required</em>" } else { "" };
        let described = if inner(field).is_some() { &Value::Null } else { &field["description"] };
        out.push_str(&format!(
            "<dt>{} <span class=\"kind\">{}</span>{required}</dt><dd>{}",
            code(name),
            kind(field),
            prose(text(described)),
        ));
        if let Some(inner) = inner(field) {
            out.push_str(&format!("<details><summary>{}</summary>", inline(text(&field["description"]).trim_end_matches('.'))));
            fields(inner, out);
            out.push_str("</details>");
        }
        out.push_str("</dd>");
    }
    out.push_str("</dl>");
}

/// An object that is defined inline.
fn inner(field: &Value) -> Option<&Value> {
    let is_object = field["properties"].as_object().is_some_and(|fields| !fields.is_empty());
    (is_object && field["description"].is_string()).then_some(field)
}

/// A schema with all that it can contain.
pub fn whole(schema: &Value, out: &mut String) {
    let choices = ["oneOf", "anyOf"].iter().find_map(|key| schema[key].as_array());
    let Some(choices) = choices else {
        let is_object = schema["properties"].as_object().is_some_and(|fields| !fields.is_empty());
        if !is_object {
            out.push_str(&format!("<p class=\"kind\">{}</p>", kind(schema)));
        }
        if let Some(example) = schema["examples"][0].as_str() {
            out.push_str(&format!("<p>Such as {}.</p>", code(example)));
        }
        return fields(schema, out);
    };
    out.push_str("<p class=\"kind\">One of these:</p><ul class=\"choices\">");
    for choice in choices {
        out.push_str("<li>");
        if choice["properties"].is_object() {
            out.push_str(&prose(text(&choice["description"])));
            fields(choice, out);
        } else {
            out.push_str(&kind(choice));
            out.push_str(&prose(text(&choice["description"])));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}
