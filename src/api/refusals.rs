//! Error responses in the document: a component for each reason, which operations refer to.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{Ref, RefOr, Response};

/// Each reason is a type, so that an operation can only name one that exists. `more` are fields
/// that only this response has.
macro_rules! refusals {
    ($($name:ident: $status:literal [$($code:literal),+] $text:literal $(, more $more:expr)?;)*) => {
        $(
            #[doc = $text]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([($status.to_string(), RefOr::Ref(Ref::from_response_name(stringify!($name))))])
                }
            }
        )*

        /// All reasons, by their names: the document's `components/responses`.
        pub fn components() -> Vec<(&'static str, Value)> {
            vec![$((stringify!($name), response($text, &[$($code),+], refusals!(@more $($more)?)))),*]
        }
    };
    (@more) => { json!({}) };
    (@more $more:expr) => { $more };
}

refusals! {
    BadRequest: 400 ["bad_json", "bad_parameter", "bad_request"] "The body is not JSON, or a parameter cannot be read; `errors` names the parameter. Or the path is not written as paths are here.";
    Forbidden: 403 ["unknown_host", "foreign_origin", "header_required"] "The server does not go by the name in `Host`; a page of another site asks; or, under a name that is not of this machine and without `Sec-Fetch-Site`, the header `x-trainset-client` is missing.";
    Missing: 404 ["not_found"] "What the path names is not there.";
    MissingTable: 404 ["not_found", "no_dataset"] "The model, the table or column is not there; or BigQuery has no such dataset in the project.";
    NameTaken: 409 ["name_taken"] "There is one of that name already. Names are compared without regard to case and outer blanks.";
    HasDatasets: 409 ["has_datasets"] "The model still has datasets.", more json!({"dataset_count": {"type": "integer", "minimum": 1}});
    HasVersions: 409 ["has_versions"] "The dataset has frozen versions, which would go with it. Send `force`.", more json!({
        "has_versions": {"type": "boolean"}, "version_count": {"type": "integer", "minimum": 1}
    });
    Stale: 409 ["stale"] "Someone else saved first. Both states are told.", more both();
    TakenOrStale: 409 ["name_taken", "stale"] "The name is taken; or someone else saved first, and then both states are told.", more both();
    ActiveOrStale: 409 ["already_active", "stale"] "The dataset is active already; or it was changed while it was checked, and then its state is told.", more both();
    Cancelled: 409 ["cancelled"] "Someone stopped the analysis while it ran.";
    TooLarge: 413 ["too_large"] "The body is larger than 1 MB.";
    Invalid: 422 ["invalid"] "Fields are wrong: `errors` has each one's path and reason.";
    Busy: 429 ["busy"] "Too many queries are running, and none ended in time.";
    Internal: 500 ["internal"] "Something went wrong in the server. Its log has the details.";
    WarehouseRefused: 502 ["no_permission", "unreadable", "warehouse", "resources", "unreachable"] "The warehouse said no, in its own words, or did not answer.";
    NotReady: 503 ["not_ready"] "The database or the warehouse does not answer: `errors` says which.";
    DatabaseUnavailable: 503 [
        "database_disk_full", "database_disk_failing", "database_read_only", "database_locked", "database_damaged", "database_missing",
        "database_replaced", "database_log_missing", "database_no_access", "database_no_memory", "database_silent"
    ] "The database cannot be read or written now: `message` says why and what to do.";
    WarehouseTimeout: 504 ["timeout"] "The warehouse took too long.";
}

/// Both states of a stale edit.
fn both() -> Value {
    let nullable = |name: &str, text: &str| json!({"description": text, "oneOf": [{"type": "null"}, {"$ref": format!("#/components/schemas/{name}")}]});
    json!({
        "current": {"description": "What is stored now.", "$ref": "#/components/schemas/Dataset"},
        "yours": nullable("DatasetInput", "What your change would have made of it; `null` where it would have changed no field.")
    })
}

fn response(text: &str, codes: &[&str], more: Value) -> Value {
    let mut properties = json!({
        "status": {"type": "string", "enum": ["error"]},
        "code": {"type": "string", "description": "Stable, for programs.", "enum": codes},
        "message": {"type": "string", "description": "For people."},
        "errors": {"type": "object", "description": "Path of a field or parameter to what is wrong with it.", "additionalProperties": {"type": "string"}}
    });
    if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
        properties.extend(more);
    }
    let schema = json!({"type": "object", "required": ["status", "code", "message"], "properties": properties});
    json!({"description": text, "content": {"application/json": {"schema": schema}}})
}
