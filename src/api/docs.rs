//! The document as a page: plain HTML, no script, nothing from elsewhere. Collapsible parts are the
//! browser's own `<details>`.
//!
//! No viewer does that: each is a program of 218 kB (RapiDoc) to 989 kB (Scalar) when compressed,
//! with OpenAPI Explorer, Redoc and Swagger UI between. All need scripts, and all but Swagger UI
//! inline styles: this page's policy allows neither, and without scripts they show nothing.

use serde_json::Value;

mod html;
mod schema;

pub use html::escape;
use html::{code, prose};

/// The whole page.
pub fn page(document: &Value) -> String {
    let mut out = String::new();
    let title = text(&document["info"]["title"]);
    out.push_str(&format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{0} API</title><link rel=\"icon\" href=\"/favicon.svg\">\
         <link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><a class=\"skip\" href=\"#content\">Skip to the content</a>\
         <header class=\"top\"><a class=\"brand\" href=\"/\">{0}</a><span class=\"version\">API {1}</span><span class=\"files\">\
         <a href=\"/api/openapi.json\">openapi.json</a><a href=\"/api/config-schema.json\">config-schema.json</a></span></header><div class=\"page\">",
        escape(title),
        escape(text(&document["info"]["version"])),
    ));
    contents(document, &mut out);
    out.push_str("<main id=\"content\"><section class=\"intro\"><h1>The API</h1>");
    out.push_str(&prose(text(&document["info"]["description"])));
    out.push_str("</section>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        let operations = of_tag(document, name);
        if operations.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "<section><h2 id=\"{0}\">{1}</h2>{2}",
            escape(name),
            escape(&capital(name)),
            prose(text(&tag["description"]))
        ));
        for operation in operations {
            article(&operation, &mut out);
        }
        out.push_str("</section>");
    }
    refusals(document, &mut out);
    schemas(document, &mut out);
    out.push_str("</main></div></body></html>");
    out
}

/// An operation with its path and method.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    spec: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        text(&self.spec["operationId"])
    }
}

fn of_tag<'a>(document: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, spec)| Operation { method, path, spec })
    });
    all.filter(|operation| operation.spec["tags"][0] == tag).collect()
}

/// The table of contents; the style collapses it on a narrow screen.
fn contents(document: &Value, out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\"><details open><summary>Contents</summary>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        let operations = of_tag(document, name);
        if operations.is_empty() {
            continue;
        }
        out.push_str(&format!("<a class=\"group\" href=\"#{}\">{}</a><ul>", escape(name), escape(&capital(name))));
        for operation in operations {
            out.push_str(&format!(
                "<li><a href=\"#{}\">{}<span>{}</span></a></li>",
                escape(operation.id()),
                badge(operation.method),
                escape(text(&operation.spec["summary"])),
            ));
        }
        out.push_str("</ul>");
    }
    out.push_str(
        "<a class=\"group\" href=\"#refusals\">Errors</a><a class=\"group\" href=\"#schemas\">Schemas</a></details></nav>",
    );
}

fn badge(method: &str) -> String {
    format!("<b class=\"method {0}\">{1}</b>", escape(method), escape(&method.to_uppercase()))
}

fn article(operation: &Operation, out: &mut String) {
    let spec = operation.spec;
    out.push_str(&format!(
        "<article id=\"{id}\"><h3><a class=\"anchor\" href=\"#{id}\">{summary}</a></h3><p class=\"route\">{badge}{path}</p>",
        id = escape(operation.id()),
        summary = escape(text(&spec["summary"])),
        badge = badge(operation.method),
        path = placeholders(operation.path),
    ));
    out.push_str(&prose(text(&spec["description"])));
    parameters(spec, out);
    let body = &spec["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let required = if spec["requestBody"]["required"] == true { "" } else { ", optional" };
        out.push_str(&format!("<h4>Body: {}{required}</h4>", schema::kind(body)));
        schema::fields(body, out);
    }
    out.push_str("<details><summary>Try it with curl</summary><pre><code>");
    out.push_str(&escape(&curl(operation)));
    out.push_str("</code></pre></details><h4>Answers</h4>");
    responses(spec, out);
    out.push_str("</article>");
}

/// A path with its placeholders marked up, which may break after each slash.
fn placeholders(path: &str) -> String {
    let parts = path.split_inclusive('/').map(|part| match part.starts_with('{') {
        true => format!("<i>{}</i><wbr>", escape(part)),
        false => format!("{}<wbr>", escape(part)),
    });
    format!("<code>{}</code>", parts.collect::<String>())
}

fn parameters(spec: &Value, out: &mut String) {
    let Some(parameters) = spec["parameters"].as_array().filter(|all| !all.is_empty()) else { return };
    out.push_str("<h4>Parameters</h4><dl class=\"fields\">");
    for parameter in parameters {
        let required = if parameter["required"] == true { " <em>required</em>" } else { "" };
        out.push_str(&format!(
            "<dt>{} <span class=\"kind\">{}, in the {}</span>{required}</dt><dd>{}</dd>",
            code(text(&parameter["name"])),
            schema::kind(&parameter["schema"]),
            escape(text(&parameter["in"])),
            prose(text(&parameter["description"])),
        ));
    }
    out.push_str("</dl>");
}

fn responses(spec: &Value, out: &mut String) {
    let mut refused = vec![];
    for (status, response) in spec["responses"].as_object().into_iter().flatten() {
        if let Some(name) = response["$ref"].as_str().and_then(|text| text.rsplit('/').next()) {
            refused.push(format!("<a href=\"#refusal-{0}\">{1} {0}</a>", escape(name), escape(status)));
            continue;
        }
        let inside = &response["content"]["application/json"]["schema"];
        let summary = format!("<b class=\"status\">{}</b> {}", escape(status), escape(text(&response["description"])));
        if inside["properties"].is_object() {
            out.push_str(&format!("<details><summary>{summary}</summary>"));
            schema::fields(inside, out);
            out.push_str("</details>");
        } else {
            out.push_str(&format!("<p class=\"answer\">{summary}</p>"));
        }
    }
    if !refused.is_empty() {
        out.push_str(&format!("<p class=\"refused\">Errors: {}</p>", refused.join(", ")));
    }
}

/// A command for the example, against a server at its default address.
fn curl(operation: &Operation) -> String {
    let spec = operation.spec;
    let mut path = operation.path.to_owned();
    for parameter in spec["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path") {
        let example = match &parameter["example"] {
            Value::String(example) => example.clone(),
            other => other.to_string(),
        };
        path = path.replace(&format!("{{{}}}", text(&parameter["name"])), &example);
    }
    let mut required: Vec<&str> = vec![];
    for parameter in spec["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" && parameter["required"] == true {
            required.push(text(&parameter["name"]));
        }
    }
    if !required.is_empty() {
        path.push_str(&format!("?{}", required.iter().map(|name| format!("{name}=1")).collect::<Vec<_>>().join("&")));
    }
    let address = format!("'http://127.0.0.1:3000{path}'");
    let example = &spec["requestBody"]["content"]["application/json"]["example"];
    match operation.method {
        "get" => format!("curl {address}"),
        _ if example.is_null() => format!("curl -X POST {address}"),
        _ => {
            let body = serde_json::to_string_pretty(example).unwrap_or_default().replace('\'', "'\\''");
            format!("curl {address} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'")
        }
    }
}

fn refusals(document: &Value, out: &mut String) {
    out.push_str("<section><h2 id=\"refusals\">Errors</h2>");
    out.push_str(&prose("Every error response has a stable `code` and a human-readable `message`."));
    let mut all: Vec<(&String, &Value)> = document["components"]["responses"].as_object().into_iter().flatten().collect();
    let codes = |response: &Value| response["content"]["application/json"]["schema"]["properties"]["code"]["enum"].clone();
    all.sort_by_key(|(name, _)| (status_of(document, name), (*name).clone()));
    for (name, response) in all {
        let codes = codes(response);
        let codes: Vec<String> = codes.as_array().into_iter().flatten().filter_map(Value::as_str).map(code).collect();
        out.push_str(&format!(
            "<article id=\"refusal-{0}\"><h3><a class=\"anchor\" href=\"#refusal-{0}\">{1} {0}</a></h3>{2}<p>Code: {3}</p>\
             <details><summary>Fields</summary>",
            escape(name),
            escape(&status_of(document, name)),
            prose(text(&response["description"])),
            codes.join(", "),
        ));
        schema::fields(&response["content"]["application/json"]["schema"], out);
        out.push_str("</details></article>");
    }
    out.push_str("</section>");
}

/// The HTTP status with which operations use an error component.
fn status_of(document: &Value, name: &str) -> String {
    let reference = format!("#/components/responses/{name}");
    let operations =
        document["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let mut named = operations.flat_map(|(_, operation)| operation["responses"].as_object().into_iter().flatten());
    named.find(|(_, response)| response["$ref"] == *reference).map(|(status, _)| status.clone()).unwrap_or_default()
}

fn schemas(document: &Value, out: &mut String) {
    out.push_str("<section><h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        out.push_str(&format!(
            "<article class=\"schema\" id=\"schema-{0}\"><h3><a class=\"anchor\" href=\"#schema-{0}\">{0}</a></h3>{1}",
            escape(name),
            prose(text(&schema["description"])),
        ));
        schema::whole(schema, out);
        out.push_str("</article>");
    }
    out.push_str("</section>");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
