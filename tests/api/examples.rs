//! The document's examples over the demo shop: each body and each path in the document works.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use serde_json::json;
use tempfile::TempDir;
use trainset::service::Settings;
use trainset::warehouse::demo;
use trainset::warehouse::embedded::Embedded;

use crate::document::Operation;
use crate::helpers::{Fake, TestApp, request};

/// In an order in which each finds what it needs.
const STORY: [&str; 24] = [
    "create_model",
    "update_model",
    "check_dataset_name",
    "validate_config",
    "compile_config",
    "create_dataset",
    "import_dataset",
    "clone_dataset",
    "compare_datasets",
    "update_dataset",
    "detect_joins",
    "estimate_joins",
    "suggest_columns",
    "validate_query",
    "count_dataset",
    "export_tfx",
    "analyze_dataset",
    "cancel_analysis",
    "activate_dataset",
    "restore_version",
    "deactivate_dataset",
    "delete_dataset",
    "undelete_dataset",
    "delete_model",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_document_work() {
    let folder = TempDir::new().unwrap();
    let shop = folder.path().join("shop");
    demo::write(&shop, 1).unwrap();
    let warehouse = Arc::new(Embedded::open(&shop, "raw_data").await.unwrap());
    let app = TestApp::over(warehouse, Arc::new(Fake::new()), Settings::default()).await;
    let document = app.document().await;
    let with_body: Vec<Operation> = document.operations().filter(|operation| operation.body().is_some()).collect();
    let mut covered: Vec<&str> = with_body.iter().map(Operation::id).collect();
    covered.sort_unstable();
    let mut story = STORY;
    story.sort_unstable();
    assert_eq!(covered, story, "each body has an example, and each is sent");
    for id in STORY {
        let operation = with_body.iter().find(|operation| operation.id() == id).unwrap();
        let example = &operation.spec["requestBody"]["content"]["application/json"]["example"];
        let mut errors = vec![];
        document.check(operation.body().unwrap(), example, "", &mut errors);
        assert!(errors.is_empty(), "{id}: {}", errors.join("\n"));
        if id == "deactivate_dataset" {
            every_path(&app).await;
        }
        // The example's model can only be deleted without datasets, so it is the second.
        let number = if id == "delete_model" { "2" } else { "1" };
        let path = operation.path.replace("{id}", number).replace("{number}", "1");
        let body = app.post(&path, example.clone()).await.ok();
        match id {
            "validate_config" => assert_eq!((&body["valid"], &body["errors"]), (&json!(true), &json!({})), "{body}"),
            "compile_config" => assert_eq!(body["validation"]["valid"], true),
            "detect_joins" => assert!(body["detected_joins"].as_array().unwrap().len() >= 2, "{body}"),
            "import_dataset" => {
                // The file's other format gives the same dataset.
                let yaml = operation.spec["requestBody"]["content"]["application/yaml"]["example"].as_str().unwrap();
                let file = request("POST", &format!("{path}?update=true")).header(header::CONTENT_TYPE, "application/yaml");
                let again = app.send(file.body(Body::from(yaml.to_owned())).unwrap()).await.ok();
                assert_eq!((&body["outcome"], &again["outcome"]), (&json!("created"), &json!("unchanged")));
            }
            "analyze_dataset" => assert!(body["analysis"]["counts"][0]["rows"].as_u64().unwrap() > 1000),
            _ => {}
        }
    }
}

/// All read-only paths, as the page's commands request them.
async fn every_path(app: &TestApp) {
    for operation in app.document().await.operations().filter(|operation| operation.method == "get") {
        let mut path = operation.path.to_owned();
        for parameter in
            operation.spec["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path")
        {
            let example = parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned);
            path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &example);
        }
        if operation.id() == "diff_versions" {
            path.push_str("?from=1");
        }
        let reply = app.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    }
}
