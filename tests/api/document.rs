//! The API's document, against which the tests check responses. Strict: an operation, a status or a
//! field that is not described fails the test, and so does an unknown keyword of a schema, so that
//! nothing goes unchecked.

use serde_json::{Map, Value as Json, json};

use crate::helpers::Reply;

pub struct Document(pub Json);

/// An operation with its path and method.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub spec: &'a Json,
}

impl Operation<'_> {
    pub fn id(&self) -> &str {
        self.spec["operationId"].as_str().unwrap()
    }

    /// The schema of its body.
    pub fn body(&self) -> Option<&Json> {
        let schema = &self.spec["requestBody"]["content"]["application/json"]["schema"];
        (!schema.is_null()).then_some(schema)
    }
}

impl Document {
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let items = self.0["paths"].as_object().unwrap().iter();
        items
            .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, spec)| Operation { method, path, spec }))
    }

    /// The described path that matches a path; words take precedence over placeholders.
    fn place(&self, path: &str) -> Option<&Map<String, Json>> {
        let given: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let fits = |described: &str| {
            let parts: Vec<&str> = described.trim_end_matches('/').split('/').collect();
            parts.len() == given.len() && parts.iter().zip(&given).all(|(part, word)| part.starts_with('{') || part == word)
        };
        let all = self.0["paths"].as_object().unwrap().iter().filter(|(described, _)| fits(described));
        all.min_by_key(|(described, _)| described.matches('{').count()).and_then(|(_, item)| item.as_object())
    }

    /// Panics if the response does not match the document.
    #[track_caller]
    pub fn hold(&self, method: &str, path: &str, reply: &Reply) {
        let path = path.split('?').next().unwrap();
        // Refused callers never get to a route.
        let what = format!("{method} {path} gave {}: {}", reply.status, reply.text.chars().take(2000).collect::<String>());
        let Some(item) = self.place(path) else {
            assert!([403, 404].contains(&reply.status), "no such path is described: {what}");
            return self.hold_envelope(reply, &what);
        };
        let Some(operation) = item.get(&method.to_lowercase()) else {
            assert!([403, 405].contains(&reply.status), "no such method is described: {what}");
            return self.hold_envelope(reply, &what);
        };
        let response = &operation["responses"][reply.status.to_string()];
        assert!(!response.is_null(), "no such status is described: {what}");
        let response = self.resolve(response);
        let Some(content) = response["content"].as_object() else {
            assert!(reply.text.is_empty(), "no body is described: {what}");
            return;
        };
        let kind = reply.headers["content-type"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let described = content.get(&kind).unwrap_or_else(|| panic!("no body of type {kind} is described: {what}"));
        if kind == "application/json" {
            let mut errors = vec![];
            self.check(&described["schema"], &reply.body, "", &mut errors);
            assert!(errors.is_empty(), "{what}\n{}", errors.join("\n"));
        }
    }

    #[track_caller]
    fn hold_envelope(&self, reply: &Reply, what: &str) {
        let is_envelope = reply.body["status"] == "error" && reply.body["code"].is_string() && reply.body["message"].is_string();
        assert!(is_envelope, "not in the envelope: {what}");
    }

    fn resolve<'a>(&'a self, value: &'a Json) -> &'a Json {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let found = self.0.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        self.resolve(found)
    }

    /// The errors of a value, by its path.
    pub fn check(&self, schema: &Json, value: &Json, at: &str, errors: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let keywords = schema.as_object().unwrap_or_else(|| panic!("a schema at {at:?} is no object: {schema}"));
        for (keyword, rule) in keywords {
            if let Err(error) = self.check_keyword(keyword, rule, schema, value, at, errors) {
                errors.push(format!("{at}: {error}, by {keyword}: {rule}; it is {value}"));
            }
        }
    }

    fn check_keyword(
        &self,
        keyword: &str,
        rule: &Json,
        schema: &Json,
        value: &Json,
        at: &str,
        errors: &mut Vec<String>,
    ) -> Result<(), String> {
        let must = |holds: bool, text: &str| if holds { Ok(()) } else { Err(text.to_owned()) };
        let number = || rule.as_f64().unwrap();
        let at_most = |n: usize| must(n as f64 <= number(), "too long");
        let at_least = |n: usize| must(n as f64 >= number(), "too short");
        match keyword {
            "title" | "description" | "example" | "examples" | "default" | "deprecated" => Ok(()),
            "$schema" | "$defs" => Ok(()),
            "type" => {
                let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                must(names.iter().any(|name| is_of_type(value, name.as_str().unwrap())), "not of that type")
            }
            "enum" => must(rule.as_array().unwrap().contains(value), "none of these"),
            "minimum" => must(value.as_f64().is_none_or(|n| n >= number()), "too small"),
            "maximum" => must(value.as_f64().is_none_or(|n| n <= number()), "too large"),
            "minLength" => value.as_str().map_or(Ok(()), |text| at_least(text.chars().count())),
            "maxLength" => value.as_str().map_or(Ok(()), |text| at_most(text.chars().count())),
            "minItems" => value.as_array().map_or(Ok(()), |items| at_least(items.len())),
            "maxItems" => value.as_array().map_or(Ok(()), |items| at_most(items.len())),
            "format" => must(value.is_null() || has_format(value, rule.as_str().unwrap()), "not of that format"),
            "oneOf" | "anyOf" => {
                let fits = rule.as_array().unwrap().iter().filter(|choice| {
                    let mut errors = vec![];
                    self.check(choice, value, at, &mut errors);
                    errors.is_empty()
                });
                let count = fits.count();
                must(if keyword == "oneOf" { count == 1 } else { count > 0 }, &format!("{count} of the choices fit"))
            }
            "required" => {
                let Some(fields) = value.as_object() else { return Ok(()) };
                let missing: Vec<&Json> =
                    rule.as_array().unwrap().iter().filter(|name| !fields.contains_key(name.as_str().unwrap())).collect();
                must(missing.is_empty(), &format!("{missing:?} is missing"))
            }
            "properties" => {
                let described = rule.as_object().unwrap();
                for (name, field) in value.as_object().into_iter().flatten() {
                    match described.get(name) {
                        Some(schema) => self.check(schema, field, &format!("{at}.{name}"), errors),
                        // Open only if the document says so, and then only for what it allows.
                        None if schema["additionalProperties"].is_object() => {}
                        None => errors.push(format!("{at}.{name} is not described")),
                    }
                }
                Ok(())
            }
            "additionalProperties" if rule.is_object() => {
                let described = |name: &String| schema["properties"].get(name).is_some();
                for (name, field) in value.as_object().into_iter().flatten().filter(|(name, _)| !described(name)) {
                    self.check(rule, field, &format!("{at}.{name}"), errors);
                }
                Ok(())
            }
            "additionalProperties" => {
                let is_empty = value.as_object().is_none_or(|fields| schema["properties"].is_object() || fields.is_empty());
                must(*rule == json!(false) && is_empty, "closed, and there are fields")
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(Map::keys) {
                    self.check(rule, &json!(name), at, errors);
                }
                Ok(())
            }
            "items" if *rule == json!(false) => {
                let described = schema["prefixItems"].as_array().map_or(0, Vec::len);
                must(value.as_array().is_none_or(|items| items.len() <= described), "too many items")
            }
            "items" => {
                let described = schema["prefixItems"].as_array().map_or(0, Vec::len);
                for (i, item) in value.as_array().into_iter().flatten().enumerate().skip(described) {
                    self.check(rule, item, &format!("{at}[{i}]"), errors);
                }
                Ok(())
            }
            "prefixItems" => {
                for (i, (schema, item)) in rule.as_array().unwrap().iter().zip(value.as_array().into_iter().flatten()).enumerate()
                {
                    self.check(schema, item, &format!("{at}[{i}]"), errors);
                }
                Ok(())
            }
            other => panic!("the keyword {other} is not known here: {schema}"),
        }
    }
}

fn is_of_type(value: &Json, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}

fn has_format(value: &Json, name: &str) -> bool {
    match name {
        "int32" => value.as_i64().is_none_or(|n| u32::try_from(n).is_ok() || i32::try_from(n).is_ok()),
        "int64" | "double" => value.is_number(),
        "date" => value.as_str().is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok()),
        "date-time" => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        other => panic!("the format {other} is not known here"),
    }
}
