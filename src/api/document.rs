//! The API's document, OpenAPI 3.1: completed from the handlers' own types.
//!
//! utoipa gives each operation with its parameters, body and responses. What is the same for all is
//! added here, once: the slash at the end of paths, the status of the envelope, the errors that any
//! request can get, links and examples.

use serde_json::{Map, Value, json};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::refusals::{BadRequest, DatabaseUnavailable, Forbidden, Internal, Invalid, TooLarge};
use super::{examples, links, refusals};
use crate::domain::document::{Format, write};
use crate::domain::dto::DatasetInput;

/// The tags, in the order of the page.
const TAGS: [(&str, &str); 9] = [
    ("models", "ML projects with their datasets, each connected to a warehouse."),
    ("tables", "The tables of a model, and statistics of their columns."),
    ("datasets", "Definitions of training data: create, update, clone, activate, delete."),
    ("configs", "Unsaved configs, and configs as files."),
    ("queries", "The SQL of a dataset, its rows and its export."),
    ("analysis", "Analysis, summary and comparison of datasets."),
    ("versions", "Frozen versions: compare and restore them."),
    ("suggestions", "Suggested joins and roles."),
    ("server", "Health of the server, and this document."),
];

/// What holds for the whole API.
const DESCRIPTION: &str = "\
Define, check, version and export training datasets for recommenders.

Bodies are JSON objects; an unknown field or parameter is rejected. Every response is a JSON object: `{\"status\": \"success\", …}` with status 200, \
or `{\"status\": \"error\", \"code\", \"message\", \"errors\"?}` with another one. `code` is stable, for programs; `message` is human-readable; `errors` has each \
wrong field by its path, as in `join_config[1].on[0].right`: at most a hundred, with the number of further errors under `config`. Lists and \
strings of a config have the limits that the schemas state; a config beyond them is rejected before any other validation.

Paths end with a slash, which is optional. Otherwise a path has one spelling: single slashes, no `.` or `..`, and no unnecessary \
percent-encoding. An unsupported method returns 405 with code `method_not_allowed`, an unknown path 404.

A dataset's `ETag` is its revision. Send it back as `If-Match` with an update: if someone else saved first, the response is 409 with both states, and nothing is lost.

There is no login: by default the server listens on this machine only, and it rejects requests from other sites. Under another host name or \
address over plain HTTP, browsers do not send the site that a request comes from: programs must then send the header `x-trainset-client` with any value, or the \
response is 403 with code `header_required`.";

/// An empty document with the API's general information.
pub fn start() -> OpenApi {
    let info = InfoBuilder::new().title("Trainset").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION)).build();
    let tags = TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    // Only error responses use this one, and those are not the handlers' own.
    let mut schemas = vec![(DatasetInput::name().into(), DatasetInput::schema())];
    DatasetInput::schemas(&mut schemas);
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
    OpenApiBuilder::new().info(info).tags(Some(tags)).components(Some(components)).build()
}

/// The document as it is served.
pub fn finish(openapi: &OpenApi) -> Value {
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    if let Some(license) = document["info"].as_object_mut() {
        license.shift_remove("license");
    }
    speak_json(&mut document);
    let mut schemas = std::mem::take(&mut document["components"]["schemas"]);
    merge_all(&mut schemas);
    for (name, response) in refusals::components() {
        document["components"]["responses"][name] = response;
    }
    let paths = match document["paths"].take() {
        Value::Object(paths) => paths,
        _ => Map::new(),
    };
    let mut paths: Map<String, Value> = paths.into_iter().map(|(path, item)| (with_slash(path), item)).collect();
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        answer_in_envelope(operation, &schemas);
        can_be_refused(operation);
        if let Some(example) = operation["operationId"].as_str().and_then(examples::body) {
            let body = &mut operation["requestBody"];
            if body["content"].get("application/yaml").is_some() {
                body["content"]["application/yaml"]["example"] = write(&example, Format::Yaml).into();
            } else {
                // No body is the same as the empty object; a file must not be missing.
                body["required"] = false.into();
            }
            body["content"]["application/json"]["example"] = example;
        }
    }
    links::add(&mut paths);
    document["paths"] = Value::Object(paths);
    close_bodies(&document["paths"], &mut schemas);
    document["components"]["schemas"] = schemas;
    drop_unused(&mut document);
    document
}

/// Paths as the API specifies them. Files and paths outside the API have no slash.
fn with_slash(path: String) -> String {
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.') || last == "docs");
    if is_file || !path.starts_with("/api/") { path } else { path + "/" }
}

/// Descriptions are Rust doc comments: JSON has `null` where they say `None`.
fn speak_json(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value) {
                    ("description" | "summary", Value::String(text)) => {
                        *text = text.replace("`None`", "`null`").replace("[`THRESHOLD`]", "`threshold`");
                    }
                    (_, value) => speak_json(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(speak_json),
        _ => {}
    }
}

const SCHEMAS: &str = "#/components/schemas/";

/// The schema itself, if this is a reference to it.
fn resolve<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS)) {
        Some(name) => resolve(&schemas[name], schemas),
        None => schema,
    }
}

/// Merges objects that are written beside each other (`flatten`) into one: easier to read, and the
/// list of fields is complete.
fn merge_all(schemas: &mut Value) {
    let Some(names) = schemas.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()) else { return };
    for name in names {
        let merged = merged(&schemas[&name], schemas);
        schemas[&name] = merged;
    }
}

fn merged(schema: &Value, schemas: &Value) -> Value {
    let Some(parts) = schema["allOf"].as_array() else { return schema.clone() };
    let mut whole = json!({"type": "object"});
    if let Some(text) = schema.get("description") {
        whole["description"] = text.clone();
    }
    let mut required = vec![];
    let mut properties = Map::new();
    for part in parts {
        let part = merged(resolve(part, schemas), schemas);
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    whole["required"] = Value::Array(required);
    whole["properties"] = Value::Object(properties);
    whole
}

/// Adds the envelope's status before the fields of a successful response.
fn answer_in_envelope(operation: &mut Value, schemas: &Value) {
    // A file has no envelope.
    if operation.pointer("/responses/200/content/application~1yaml").is_some() {
        return;
    }
    let Some(schema) = operation.pointer_mut("/responses/200/content/application~1json/schema") else { return };
    let body = resolve(schema, schemas);
    // Nor has a document.
    if body["type"] != "object" {
        return;
    }
    let mut properties = Map::new();
    properties.insert("status".into(), json!({"type": "string", "enum": ["success"]}));
    properties.extend(body["properties"].as_object().cloned().unwrap_or_default());
    let mut required = vec![json!("status")];
    required.extend(body["required"].as_array().cloned().unwrap_or_default());
    *schema = json!({"type": "object", "required": required, "properties": properties});
}

/// The errors that any request can get, and those of any body and any parameter, in the order of
/// their statuses.
fn can_be_refused(operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    let is_of_server = operation["tags"] == json!(["server"]);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    refuse::<Forbidden>(responses);
    if !is_of_server {
        refuse::<BadRequest>(responses);
        refuse::<Internal>(responses);
        refuse::<DatabaseUnavailable>(responses);
    }
    if has_body {
        refuse::<TooLarge>(responses);
        refuse::<Invalid>(responses);
    }
    responses.sort_keys();
}

fn refuse<R: IntoResponses>(responses: &mut Map<String, Value>) {
    for (status, response) in R::responses() {
        responses.entry(status).or_insert(json!(response));
    }
}

/// Bodies and everything in them refuse unknown fields, but utoipa does not write that for an
/// enum's variants.
fn close_bodies(paths: &Value, schemas: &mut Value) {
    let mut open = vec![];
    for operation in paths.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::values) {
        references(&operation["requestBody"], &mut open);
    }
    let mut seen: Vec<String> = vec![];
    while let Some(name) = open.pop() {
        if seen.contains(&name) {
            continue;
        }
        references(&schemas[&name], &mut open);
        close(&mut schemas[&name]);
        seen.push(name);
    }
}

fn close(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) && map.get("type").is_some_and(Value::is_string) {
                map.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The names of all schemas that a value refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(SCHEMAS)).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Schemas that only wrapped a response or were merged into others are of no use to a reader.
fn drop_unused(document: &mut Value) {
    let mut open = vec![];
    references(&document["paths"], &mut open);
    references(&document["components"]["responses"], &mut open);
    let mut used: Vec<String> = vec![];
    while let Some(name) = open.pop() {
        if !used.contains(&name) {
            references(&document["components"]["schemas"][&name], &mut open);
            used.push(name);
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
        schemas.sort_keys();
    }
}
