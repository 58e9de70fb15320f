//! Links between operations: from each that creates a resource to all that take its id. Lists have
//! none: they may be empty.

use serde_json::{Map, Value, json};

/// A field of a response, the operations that have it, and the paths that take it, with their other
/// parameters.
struct Lead {
    from: &'static [&'static str],
    to: &'static str,
    parameters: &'static [(&'static str, &'static str)],
}

const DATASET: &str = "/api/datasets/{id}/";
const LEADS: [Lead; 5] = [
    Lead { from: &["create_dataset", "clone_dataset"], to: DATASET, parameters: &[("id", "$response.body#/dataset_id")] },
    Lead { from: &["update_dataset", "get_dataset"], to: DATASET, parameters: &[("id", "$request.path.id")] },
    Lead { from: &["create_model"], to: "/api/models/{id}/", parameters: &[("id", "$response.body#/model_id")] },
    Lead {
        from: &["list_tables"],
        to: "/api/models/{id}/bq-tables/{table}/",
        parameters: &[("id", "$request.path.id"), ("table", "$response.body#/tables/0/table_id")],
    },
    Lead {
        from: &["activate_dataset"],
        to: "/api/datasets/{id}/versions/{number}/",
        parameters: &[("id", "$request.path.id"), ("number", "$response.body#/dataset/active_version")],
    },
];

/// Adds the links to the responses.
pub fn add(paths: &mut Map<String, Value>) {
    for lead in &LEADS {
        let links: Map<String, Value> = operations(paths)
            .filter(|(path, operation)| {
                path.starts_with(lead.to) && !lead.from.contains(&id(operation)) && is_complete(path, lead)
            })
            .map(|(_, operation)| (id(operation).to_owned(), link(id(operation), lead)))
            .collect();
        for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            if lead.from.contains(&id(operation)) {
                operation["responses"]["200"]["links"] = Value::Object(links.clone());
            }
        }
    }
}

fn operations(paths: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    paths.iter().flat_map(|(path, item)| {
        item.as_object().into_iter().flat_map(Map::values).map(move |operation| (path.as_str(), operation))
    })
}

fn id(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap_or_default()
}

/// The lead provides all parameters of the path.
fn is_complete(path: &str, lead: &Lead) -> bool {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .all(|name| lead.parameters.iter().any(|(known, _)| *known == name))
}

fn link(operation: &str, lead: &Lead) -> Value {
    let parameters: Map<String, Value> = lead.parameters.iter().map(|(name, from)| ((*name).to_owned(), json!(from))).collect();
    json!({"operationId": operation, "parameters": parameters})
}
