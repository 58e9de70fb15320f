//! Datasets and versions stored before there were limits: they are shown and can be repaired, and
//! are refused by the compiler.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::dto::DatasetInput;
use trainset::store::NewVersion;

use crate::wide::{Site, beyond, config, schema};

/// A dataset with such a config, and a frozen version of it.
async fn stored(site: &Site, name: &str, config: &Value) -> i64 {
    let config: DatasetConfig = serde_json::from_value(config.clone()).unwrap();
    let input = DatasetInput { name: name.into(), config: config.clone(), ..DatasetInput::default() };
    let id = site.store.insert_dataset(1, &input).await.unwrap();
    let version = NewVersion {
        config,
        reason: "activated".into(),
        author: String::new(),
        as_of: None,
        sql: BTreeMap::from([("full".to_owned(), "SELECT 'frozen'".to_owned())]),
        schemas: vec![schema("orders"), schema("products"), schema("wide_1")],
        counts: None,
    };
    site.store.activate(id, 1, &version).await.unwrap();
    site.store.deactivate(id).await.unwrap();
    id
}

#[tokio::test]
async fn stored_configs_beyond_the_limits_are_shown_but_not_compiled() {
    let site = Site::new().await;
    let good = site.post("/api/models/1/datasets/create/", &json!({"name": "Good", "config": config()})).await;
    let good = good.body["dataset_id"].as_i64().unwrap();
    for (i, (path, config)) in beyond().into_iter().enumerate() {
        let id = stored(&site, &format!("Old {i}"), &config).await;
        let at = |rest: &str| format!("/api/datasets/{id}/{rest}");
        for shown in [
            "",
            "summary/",
            "versions/",
            "versions/1/",
            "versions/diff/?from=1",
            "versions/diff/?from=1&to=1",
            "drift/",
            "export/",
        ] {
            let reply = site.get(&at(shown)).await;
            assert_eq!(reply.status, 200, "{path} {shown} {:.500}", reply.text);
        }
        let frozen = site.get(&at("query/?version=1")).await;
        let sql = frozen.body["query"].as_str().unwrap();
        assert!(frozen.status == 200 && sql.ends_with("version 1, all rows\nSELECT 'frozen'"), "{path}: {sql}");
        let compared = site.post("/api/models/1/datasets/compare/", &json!({"dataset_ids": [id, good]})).await;
        assert_eq!(compared.status, 200, "{path} {:.500}", compared.text);

        let none = json!({});
        for refused in [
            site.get(&at("query/")).await,
            site.get(&at("query/?for_analysis=true")).await,
            site.get(&at("query/tfx/?version=1")).await,
            site.get(&at("preview/")).await,
            site.get(&at("analyze/estimate/")).await,
            site.post(&at("validate-query/"), &none).await,
            site.post(&at("count/"), &none).await,
            site.post(&at("analyze/"), &none).await,
            site.post(&at("activate/"), &none).await,
            site.post("/_fn/queries", &json!({"id": id})).await,
            site.post("/_fn/export-tfx", &json!({"id": id})).await,
            site.post(&at("update/"), &json!({"split_config": {"type": "random", "train_percent": 80}})).await,
        ] {
            assert_eq!((refused.status, refused.paths()), (422, vec![path]), "{:.500}", refused.text);
        }
        // Its name and description can be changed, and its config replaced by one within the
        // limits; a version of it cannot be restored.
        let renamed = site.post(&at("update/"), &json!({"name": format!("Renamed {i}"), "description": "old"})).await;
        assert_eq!(renamed.status, 200, "{path} {:.500}", renamed.text);
        let mended = site.post(&at("update/"), &json!({"config": crate::wide::config()})).await;
        assert_eq!(mended.status, 200, "{path} {:.500}", mended.text);
        let back = site.post(&at("versions/1/restore/"), &none).await;
        assert_eq!((back.status, back.paths()), (422, vec![path]), "{:.500}", back.text);
    }
}
