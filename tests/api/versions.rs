//! Versions: their content, when one is made, their differences, restoring; and tables that changed
//! under a dataset.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use trainset::domain::schema::{ColumnType, Mode};

use crate::helpers::{AUTHOR, TestApp, counts};

async fn activated() -> (TestApp, i64) {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    (app, id)
}

async fn edit(app: &TestApp, id: i64, body: Value) -> Value {
    app.post(&format!("/api/datasets/{id}/update/"), body).await.ok()["dataset"].clone()
}

#[tokio::test]
async fn a_version_holds_all_that_was_frozen() {
    let (app, id) = activated().await;
    let version = app.get(&format!("/api/datasets/{id}/versions/1/")).await.ok()["version"].clone();
    assert_eq!(
        (&version["number"], &version["reason"], &version["as_of"]),
        (&json!(1), &json!("activated"), &json!("2024-03-31"))
    );
    assert_eq!((&version["rows"], &version["counts"]["full"]["rows"]), (&json!(10), &json!(10)));
    assert_eq!(version["config"]["primary_table"], "raw_data.orders");
    let parts: Vec<&String> = version["sql"].as_object().unwrap().keys().collect();
    assert_eq!(parts, ["eval", "full", "train"]);
    // The day is written into the SQL, since a later reference date would change the rows.
    assert!(
        version["sql"]["train"].as_str().unwrap().contains("DATE '2024-03-")
            || version["sql"]["train"].as_str().unwrap().contains("2024-03-25")
    );
    assert_eq!(version["schemas"].as_array().unwrap().len(), 2);
    let listed = app.get(&format!("/api/datasets/{id}/versions/")).await.ok();
    assert_eq!(listed["versions"].as_array().unwrap().len(), 1);
    app.get(&format!("/api/datasets/{id}/versions/2/")).await.refused(404, "not_found");
    app.get("/api/datasets/99/versions/1/").await.refused(404, "not_found");
    assert_eq!(app.get(&format!("/api/datasets/{id}/versions/one/")).await.status, 400);
}

#[tokio::test]
async fn a_version_names_its_author() {
    let (app, id) = activated().await;
    let exported = app.dataset("Exported").await;
    assert_eq!(app.post("/_fn/export-tfx", json!({"id": exported})).await.status, 200);
    for id in [id, exported] {
        let listed = app.get(&format!("/api/datasets/{id}/versions/")).await.ok();
        assert_eq!(listed["versions"][0]["author"], AUTHOR, "{listed}");
    }
}

#[tokio::test]
async fn the_active_version_stays_while_a_draft_is_edited() {
    let (app, id) = activated().await;
    let edited = edit(&app, id, json!({"split_config": {"type": "time_based", "eval_days": 3}})).await;
    assert_eq!((&edited["status"], &edited["active_version"]), (&json!("draft"), &json!(1)));
    // Training still reads the SQL of version 1.
    let frozen = app.get(&format!("/api/datasets/{id}/query/?version=1&split=eval")).await.ok();
    let now = app.get(&format!("/api/datasets/{id}/query/?split=eval")).await.ok();
    assert_ne!(frozen["query"], now["query"]);
    let stored = app.get(&format!("/api/datasets/{id}/versions/1/")).await.ok()["version"]["sql"]["eval"].clone();
    let title = "-- Trainset: Orders, version 1, eval split, reference date 2024-03-31";
    assert_eq!(frozen["query"], format!("{title}\n{}", stored.as_str().unwrap()));
    assert_eq!(frozen["validation"]["valid"], json!(true));
    assert_eq!(app.get(&format!("/api/datasets/{id}/query/?version=1&split=test")).await.invalid_fields(), ["split"]);
    app.get(&format!("/api/datasets/{id}/query/?version=7")).await.refused(404, "not_found");
    app.get(&format!("/api/datasets/{id}/query/?version=1&for_analysis=true")).await.refused(400, "bad_parameter");

    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["active_version"], json!(2));
    let draft = app.post(&format!("/api/datasets/{id}/deactivate/"), json!({})).await.ok();
    assert_eq!(draft["dataset"]["active_version"], Value::Null);
}

#[tokio::test]
async fn versions_differ_by_path_and_can_be_restored() {
    let (app, id) = activated().await;
    let edited = edit(&app, id, json!({"split_config": {"type": "time_based", "eval_days": 3}})).await;
    let diff = app.get(&format!("/api/datasets/{id}/versions/diff/?from=1")).await.ok()["diff"].clone();
    assert_eq!(diff["differences"], json!([{"path": "config.split_config.eval_days", "values": [7, 3]}]));
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    let between = app.get(&format!("/api/datasets/{id}/versions/diff/?from=2&to=1")).await.ok();
    assert_eq!(between["diff"]["differences"][0]["values"], json!([3, 7]));
    let same = app.get(&format!("/api/datasets/{id}/versions/diff/?from=2&to=current")).await.ok();
    assert_eq!(same["diff"]["differences"], json!([]));
    for bad in ["", "?from=x", "?from=1&to=y", "?from=1&too=2"] {
        app.get(&format!("/api/datasets/{id}/versions/diff/{bad}")).await.refused(400, "bad_parameter");
    }

    let restore = format!("/api/datasets/{id}/versions/1/restore/");
    app.post(&restore, json!({"revision": edited["revision"]})).await.refused(409, "stale");
    let restored = app.post(&restore, json!({})).await.ok()["dataset"].clone();
    assert_eq!((&restored["config"]["split_config"]["eval_days"], &restored["name"]), (&json!(7), &json!("Orders")));
    assert_eq!((&restored["status"], &restored["active_version"]), (&json!("draft"), &json!(2)));
    // Content-addressed: the same content is not frozen again.
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    let now = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"].clone();
    assert_eq!((&now["version_count"], &now["active_version"]), (&json!(2), &json!(1)));
    // A config that no longer fits the tables is not restored.
    edit(&app, id, json!({"split_config": null, "selected_columns": [{"table": "orders", "column": "id"}]})).await;
    app.fake.drop_table("raw_data.products");
    assert!(app.post(&restore, json!({})).await.invalid_fields().contains(&"secondary_tables[0]".to_owned()));
}

#[tokio::test]
async fn an_export_for_tfx_is_frozen_once() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let export = format!("/api/datasets/{id}/query/tfx/");
    let first = app.post(&export, json!({})).await.ok();
    assert_eq!(app.post(&export, json!({})).await.ok(), first);
    assert_eq!(first["tfx"]["version"], 1);
    let dataset = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"].clone();
    assert_eq!((&dataset["version_count"], &dataset["versions"][0]["reason"]), (&json!(1), &json!("exported for TFX")));
    assert_eq!((&dataset["status"], &dataset["active_version"]), (&json!("draft"), &Value::Null));
    // An export counts as a use, so that unused datasets can be recognised.
    assert!(dataset["last_used_at"].is_string());
    // A later request gives the same, whatever changed in the dataset.
    edit(&app, id, json!({"split_config": {"type": "time_based", "eval_days": 3}})).await;
    assert_eq!(app.get(&format!("{export}?version=1")).await.ok()["tfx"], first["tfx"]);
    app.get(&format!("{export}?version=9")).await.refused(404, "not_found");
}

/// Reading can be repeated at no cost: it freezes nothing, does not count as a use, and runs a
/// query only if this config is not frozen yet.
#[tokio::test]
async fn reading_the_tfx_artefact_changes_nothing() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let export = format!("/api/datasets/{id}/query/tfx/");
    let ran = || app.fake.ran.load(Ordering::SeqCst);
    let dataset = async || app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"].clone();
    let read = async || app.get(&export).await.ok()["tfx"].clone();
    let pattern = |tfx: &Value| tfx["input_config"]["splits"][0]["pattern"].as_str().unwrap().to_owned();
    let untouched = dataset().await;

    let now = read().await;
    assert_eq!(now["version"], Value::Null);
    assert!(pattern(&now).contains("2024-04-01"), "resolved, as an export would have it: {now}");
    assert_eq!(dataset().await, untouched);
    assert_eq!((&untouched["version_count"], &untouched["last_used_at"]), (&json!(0), &Value::Null));

    let frozen = app.post(&export, json!({})).await.ok()["tfx"].clone();
    let used = dataset().await;
    assert!(used["last_used_at"].is_string());
    let before = ran();
    assert_eq!(read().await, frozen);
    // Changes of the tables do not matter: it is the version's.
    app.fake.drop_table("raw_data.products");
    assert_eq!(read().await, frozen);
    assert_eq!((ran(), dataset().await), (before, used), "from what is stored, and nothing is stored");
}

/// Activating freezes too, and an older version of the same config is found again by its config.
#[tokio::test]
async fn the_tfx_artefact_is_of_the_newest_version_of_the_current_config() {
    let (app, id) = activated().await;
    let export = format!("/api/datasets/{id}/query/tfx/");
    let version = async || app.get(&export).await.ok()["tfx"]["version"].clone();
    assert_eq!(version().await, 1);
    edit(&app, id, json!({"split_config": {"type": "time_based", "eval_days": 3}})).await;
    assert_eq!(version().await, Value::Null);
    assert_eq!(app.post(&export, json!({})).await.ok()["tfx"]["version"], 2);
    assert_eq!(version().await, 2);
    edit(&app, id, json!({"split_config": {"type": "time_based", "eval_days": 7}})).await;
    assert_eq!(version().await, 1);
    // A changed table makes another version of the same config.
    {
        let mut schemas = app.fake.schemas.lock().unwrap();
        let products = schemas.get_mut(&"raw_data.products".parse().unwrap()).unwrap().as_mut().unwrap();
        products.columns[1].column_type = ColumnType::Int64;
    }
    assert_eq!(app.post(&export, json!({})).await.ok()["tfx"]["version"], 3);
    assert_eq!(version().await, 3);
    // Both are still available.
    assert_eq!(app.get(&format!("{export}?version=2")).await.ok()["tfx"]["version"], 2);
}

#[tokio::test]
async fn changed_tables_are_reported() {
    let (app, id) = activated().await;
    let drift = async || app.get(&format!("/api/datasets/{id}/drift/")).await.ok()["drift"].clone();
    assert_eq!(drift().await, json!({"version": 1, "changes": [], "renamed": []}));
    {
        let mut schemas = app.fake.schemas.lock().unwrap();
        let orders = schemas.get_mut(&"raw_data.orders".parse().unwrap()).unwrap().as_mut().unwrap();
        orders.columns.retain(|column| column.name.as_str() != "id");
        orders.columns[0].column_type = ColumnType::String;
        orders.columns[1].mode = Mode::Repeated;
    }
    app.fake.drop_table("raw_data.products");
    let changes = drift().await["changes"].clone();
    let reported: Vec<(&Value, &Value)> = changes.as_array().unwrap().iter().map(|c| (&c["change"], &c["used"])).collect();
    let expected = [("type_changed", true), ("type_changed", true), ("table_gone", true), ("column_gone", false)];
    assert_eq!(
        reported,
        expected.map(|(change, used)| (json!(change), json!(used))).iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
    let fresh = app.post("/api/models/1/datasets/create/", json!({"name": "New", "config": {"primary_table": "raw_data.visits", "selected_columns": [{"table": "visits", "column": "user_id"}]}})).await.ok();
    let id = fresh["dataset_id"].as_i64().unwrap();
    assert_eq!(
        app.get(&format!("/api/datasets/{id}/drift/")).await.ok()["drift"],
        json!({"version": null, "changes": [], "renamed": []})
    );
}

/// Output names stay as training reads them until the next activation, since readers by name would
/// fail; the draft lists what would be renamed then.
#[tokio::test]
async fn renamed_columns_are_reported_before_the_next_activation() {
    let (app, id) = activated().await;
    let mut columns = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["config"]["selected_columns"].clone();
    columns[1]["alias"] = json!("paid");
    columns.as_array_mut().unwrap().remove(2);
    edit(&app, id, json!({"selected_columns": columns})).await;
    let drift = app.get(&format!("/api/datasets/{id}/drift/")).await.ok()["drift"].clone();
    let reported: Vec<(&Value, &Value, &Value)> =
        drift["renamed"].as_array().unwrap().iter().map(|r| (&r["column"]["column"], &r["from"], &r["to"])).collect();
    assert_eq!(
        reported,
        [(&json!("amount"), &json!("amount"), &json!("paid")), (&json!("category"), &json!("category"), &Value::Null)]
    );
    assert_eq!((&drift["version"], &drift["changes"]), (&json!(1), &json!([])));
    // Training still reads the old name.
    let read = app.get(&format!("/api/datasets/{id}/query/?version=1")).await.ok()["query"].clone();
    assert!(read.as_str().unwrap().contains("orders.amount,"), "{read}");
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    assert_eq!(
        app.get(&format!("/api/datasets/{id}/drift/")).await.ok()["drift"],
        json!({"version": 2, "changes": [], "renamed": []})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_among_64_clients() {
    // Each client changes the description from the revision that it read; the late ones read again.
    // Every 200 has a revision of its own.
    let app = std::sync::Arc::new(TestApp::new().await);
    let id = app.dataset("Shared").await;
    let update = format!("/api/datasets/{id}/update/");
    let clients = (0..64).map(|client| {
        let (app, update) = (app.clone(), update.clone());
        tokio::spawn(async move {
            let (mut saved, mut refused) = (vec![], 0);
            for round in 0..4 {
                loop {
                    let now = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["revision"].clone();
                    let reply = app.post(&update, json!({"description": format!("{client} {round}"), "revision": now})).await;
                    match reply.status {
                        200 => {
                            let dataset = &reply.body["dataset"];
                            saved.push((dataset["revision"].as_i64().unwrap(), now.as_i64().unwrap()));
                            break;
                        }
                        409 => refused += 1,
                        other => panic!("{other}: {}", reply.text),
                    }
                }
            }
            (saved, refused)
        })
    });
    let mut revisions = vec![];
    for done in futures::future::join_all(clients).await {
        let (saved, _) = done.unwrap();
        // The response may already show a later change, never an earlier one.
        assert!(saved.iter().all(|(shown, from)| shown > from), "{saved:?}");
        revisions.extend(saved.into_iter().map(|(_, from)| from));
    }
    revisions.sort_unstable();
    // 256 changes, each from another revision: none overwrote another.
    assert_eq!(revisions, (1..=256).collect::<Vec<i64>>());
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["revision"], json!(257));
}
