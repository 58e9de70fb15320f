//! Example bodies, over the demo shop. A test sends each one.

use serde_json::{Value, json};

/// An example of an operation's body.
pub fn body(operation: &str) -> Option<Value> {
    Some(match operation {
        "create_model" => json!({"name": "Baskets", "description": "What is bought together"}),
        "update_model" => json!({"description": "What is bought together, in the shop and on the web"}),
        "create_dataset" => {
            json!({"name": "Repeat buyers", "description": "Order lines of the last three months", "config": config()})
        }
        "import_dataset" => {
            json!({"name": "Repeat buyers, reviewed", "description": "As it was agreed on", "config": config()})
        }
        "check_dataset_name" => json!({"name": "Repeat buyers"}),
        "update_dataset" => json!({"revision": 1, "split_config": {"type": "time_based", "eval_days": 7}}),
        "delete_dataset" => json!({"force": true}),
        "clone_dataset" => json!({"name": "Repeat buyers, the year"}),
        "validate_query" => json!({"split": "train"}),
        "compile_config" => json!({"config": config(), "split": "train"}),
        "validate_config" => json!({"config": config()}),
        "detect_joins" => json!({"tables": ["order_lines", "orders", "products"], "verify": true}),
        "estimate_joins" | "suggest_columns" => json!({"tables": ["order_lines", "orders", "products"]}),
        "analyze_dataset" => json!({"refresh": true}),
        "compare_datasets" => json!({"dataset_ids": [1, 2]}),
        "restore_version" => json!({"revision": 3}),
        "delete_model" | "undelete_dataset" | "activate_dataset" | "deactivate_dataset" | "count_dataset" | "cancel_analysis"
        | "export_tfx" => json!({}),
        _ => return None,
    })
}

fn config() -> Value {
    let of = |table: &str, column: &str| json!({"table": table, "column": column});
    json!({
        "primary_table": "raw_data.order_lines",
        "secondary_tables": ["raw_data.orders", "raw_data.products"],
        "join_config": [
            {"table": "orders", "type": "left", "on": [{"left": of("order_lines", "order"), "right": "id"}]},
            {"table": "products", "type": "left", "on": [{"left": of("order_lines", "sku"), "right": "product_code"}]},
        ],
        "selected_columns": [
            of("orders", "buyer_id"), of("order_lines", "sku"), of("orders", "ordered_at"), of("order_lines", "amount"),
            {"table": "products", "column": "title", "alias": "product_title"},
        ],
        "column_mapping": {
            "user_id": of("orders", "buyer_id"), "product_id": of("order_lines", "sku"),
            "timestamp": of("orders", "ordered_at"), "revenue": of("order_lines", "amount"),
        },
        "filters": {
            "date_range": {"type": "rolling", "months": 3},
            "rows": [{"table": "orders", "column": "status", "where": {"op": "not_in", "values": ["cancelled"]}}],
            "customer_filter": {"transactions": {"min": 2}},
        },
        "split_config": {"type": "time_based", "eval_days": 14},
    })
}
