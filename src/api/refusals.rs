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
    BadRequest: 400 ["bad_json", "bad_parameter", "bad_request"] "The body is not JSON, a parameter is invalid (`errors` names it), or the path is not in its canonical spelling.";
    Forbidden: 403 ["unknown_host", "foreign_origin", "header_required"] "The name in `Host` is unknown; the request comes from another site; or, under a host name of another machine and without `Sec-Fetch-Site`, the header `x-trainset-client` is missing.";
    Missing: 404 ["not_found"] "Not found.";
    MissingTable: 404 ["not_found", "no_dataset"] "The model, table or column does not exist, or the project has no such BigQuery dataset.";
    NameTaken: 409 ["name_taken"] "The name already exists. Names are compared without case and surrounding spaces.";
    HasDatasets: 409 ["has_datasets"] "The model still has datasets.", more json!({"dataset_count": {"type": "integer", "minimum": 1}});
    HasVersions: 409 ["has_versions"] "The dataset has frozen versions, which would be deleted too. Send `force`.", more json!({
        "has_versions": {"type": "boolean"}, "version_count": {"type": "integer", "minimum": 1}
    });
    Stale: 409 ["stale"] "Someone else saved first. The response has both states.", more both();
    TakenOrStale: 409 ["name_taken", "stale"] "The name already exists; or someone else saved first, and the response has both states.", more both();
    ActiveOrStale: 409 ["already_active", "stale"] "The dataset is already active; or it was changed during validation, and the response has its state.", more both();
    Cancelled: 409 ["cancelled"] "The analysis was cancelled.";
    TooLarge: 413 ["too_large"] "The body is larger than 1 MB.";
    Invalid: 422 ["invalid"] "Fields are invalid: `errors` has the reason for each field path.";
    Busy: 429 ["busy"] "Too many queries are running, and none finished in time.";
    Internal: 500 ["internal"] "Internal server error. See the server log for details.";
    WarehouseRefused: 502 ["no_permission", "unreadable", "warehouse", "resources", "unreachable"] "The warehouse rejected the request, with its own message, or did not respond.";
    NotReady: 503 ["not_ready"] "The database or the warehouse does not respond: `errors` says which.";
    DatabaseUnavailable: 503 [
        "database_disk_full", "database_disk_failing", "database_read_only", "database_locked", "database_damaged", "database_missing",
        "database_replaced", "database_log_missing", "database_no_access", "database_no_memory", "database_silent"
    ] "The database cannot be read or written at the moment: `message` says why and what to do.";
    WarehouseTimeout: 504 ["timeout"] "The warehouse took too long.";
}

/// Both states of a stale edit.
fn both() -> Value {
    let nullable = |name: &str, text: &str| json!({"description": text, "oneOf": [{"type": "null"}, {"$ref": format!("#/components/schemas/{name}")}]});
    json!({
        "current": {"description": "The stored dataset.", "$ref": "#/components/schemas/Dataset"},
        "yours": nullable("DatasetInput", "The dataset with your changes; `null` if they change no field.")
    })
}

fn response(text: &str, codes: &[&str], more: Value) -> Value {
    let mut properties = json!({
        "status": {"type": "string", "enum": ["error"]},
        "code": {"type": "string", "description": "Stable, for programs.", "enum": codes},
        "message": {"type": "string", "description": "Human-readable."},
        "errors": {"type": "object", "description": "Error messages by field path or parameter.", "additionalProperties": {"type": "string"}}
    });
    if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
        properties.extend(more);
    }
    let schema = json!({"type": "object", "required": ["status", "code", "message"], "properties": properties});
    json!({"description": text, "content": {"application/json": {"schema": schema}}})
}
