//! What the metadata of BigQuery's tables say beyond names and types.

use serde_json::{Value as Json, json};
use trainset::domain::catalog::Catalog;
use trainset::domain::name::TableName;
use trainset::domain::parse::config_from_json;
use trainset::domain::schema::{Column, TableSchema};
use trainset::domain::sql::profile::profile;
use trainset::domain::sql::{Request, compile};
use trainset::warehouse::{Warehouse, WarehouseError};

use crate::faults::connect;
use crate::server::{Reply, Server, error};

const FIELDS: &str =
    r#"[{"name": "user", "type": "INTEGER"}, {"name": "item", "type": "STRING"}, {"name": "at", "type": "TIMESTAMP"}]"#;

/// A table's resource with these fields in addition.
fn table(more: Json, fields: Json) -> Reply {
    let mut all: Vec<Json> = serde_json::from_str(FIELDS).unwrap();
    all.extend(fields.as_array().unwrap().clone());
    let mut table = json!({"type": "TABLE", "numRows": "10", "numBytes": "1000", "lastModifiedTime": "1700000000000", "schema": {"fields": all}});
    table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Reply::Json(200, table)
}

fn list(ids: &[String]) -> Reply {
    let entry = |id: &String| json!({"tableReference": {"projectId": "some-project", "datasetId": "raw_data", "tableId": id}, "type": "TABLE"});
    Reply::Json(200, json!({"tables": ids.iter().map(entry).collect::<Vec<_>>()}))
}

fn planned() -> Reply {
    Reply::Json(200, json!({"statistics": {"totalBytesProcessed": "10", "query": {"schema": {"fields": []}}}}))
}

/// The profile's SQL for a table.
fn profile_sql(schema: &TableSchema) -> String {
    let columns: Vec<&Column> = schema.columns.iter().collect();
    profile(Some("some-project"), schema, &columns, true).sql
}

fn dataset_sql(schema: TableSchema, name: &str, columns: &[&str]) -> String {
    let selected: Vec<Json> = columns.iter().map(|column| json!({"table": name, "column": column})).collect();
    let config = config_from_json(json!({
        "primary_table": format!("raw_data.{name}"),
        "selected_columns": selected,
        "filters": {"rows": [{"table": name, "column": columns[0], "where": {"op": "not_null"}}]}
    }));
    compile(&config.unwrap(), &Catalog::new(Some("some-project".into()), [schema]), &Request::default()).unwrap().sql
}

#[tokio::test]
async fn names_of_every_category_that_bigquery_takes_are_listed_and_quoted() {
    let names = ["orders – 2024", "a\u{a0}b", "x‿y", "My Table", "order-lines", "ตาราง", "तालिका", "e\u{301}", "商品"];
    let server = Server::with_dataset().await;
    server.on("GET", "/tables/", [table(json!({}), json!([]))]);
    server.on("GET", "/tables?", [list(&names.map(str::to_owned))]);
    let bigquery = connect(&server).await;
    let mut listed: Vec<String> = bigquery.tables().await.unwrap().iter().map(|info| info.name.table().to_owned()).collect();
    listed.sort_unstable();
    let mut all = names.map(str::to_owned).to_vec();
    all.sort_unstable();
    assert_eq!(listed, all);
    for name in names {
        let schema = bigquery.schema(&TableName::new("raw_data", name).unwrap()).await.unwrap();
        let path = format!("FROM `some-project.raw_data.{name}`");
        assert!(profile_sql(&schema).contains(&path), "{name}");
        let sql = dataset_sql(schema, name, &["user"]);
        assert!(sql.contains(&format!("`some-project.raw_data.{name}`")), "{sql}");
    }
    // Its characters are encoded in the request.
    assert!(server.received("GET", "/tables/orders%20%E2%80%93%202024?").len() >= 2);
}

#[tokio::test]
async fn required_filters_on_hive_partitions_are_put() {
    for (of, filter) in [("DATE", "dt >= DATE '"), ("STRING", "dt >= ''"), ("INTEGER", "dt >= -"), ("TIMESTAMP", "dt >= ")] {
        let server = Server::with_dataset().await;
        let hive = |required: bool| {
            let options = json!({"mode": "AUTO", "sourceUriPrefix": "gs://b/t", "requirePartitionFilter": required, "fields": ["dt", "hour"]});
            let more = json!({"type": "EXTERNAL", "externalDataConfiguration": {"sourceFormat": "PARQUET", "hivePartitioningOptions": options}});
            table(more, json!([{"name": "dt", "type": of}, {"name": "hour", "type": "INTEGER"}]))
        };
        server.on("GET", "/tables/t?", [hive(true)]);
        server.on("GET", "/tables/free?", [hive(false)]);
        let bigquery = connect(&server).await;
        let schema = bigquery.schema(&"raw_data.t".parse().unwrap()).await.unwrap();
        let partition = schema.partition.clone().unwrap();
        assert_eq!((partition.column.as_str(), partition.filter_required), ("dt", true));
        for sql in [profile_sql(&schema), dataset_sql(schema, "t", &["user"])] {
            assert!(sql.contains(filter) && sql.contains("dt IS NULL"), "{of}: {sql}");
        }
        let free = bigquery.schema(&"raw_data.free".parse().unwrap()).await.unwrap();
        assert!(!free.partition.as_ref().unwrap().filter_required && !profile_sql(&free).contains("dt >= "));
    }
}

#[tokio::test]
async fn views_over_tables_that_need_a_filter_are_filtered_or_say_so() {
    let needs = |columns: &str| {
        error(
            400,
            "invalidQuery",
            &format!(
                "Cannot query over table 'p.raw_data.t' without a filter over column(s) {columns} that can be used for partition elimination"
            ),
        )
    };
    for (kind, columns, field, filter) in [
        ("VIEW", "'dt'", json!([{"name": "DT", "type": "DATE"}]), Some("DT >= DATE '")),
        (
            "MATERIALIZED_VIEW",
            "'_PARTITION_LOAD_TIME', '_PARTITIONDATE', 'day'",
            json!([{"name": "day", "type": "STRING"}]),
            Some("day >= ''"),
        ),
        ("VIEW", "'dt'", json!([{"name": "dt", "type": "DATE", "mode": "REPEATED"}]), None),
        ("VIEW", "'dt'", json!([]), None),
    ] {
        let server = Server::with_dataset().await;
        server.on("GET", "/tables/v?", [table(json!({"type": kind}), field)]);
        server.on("POST", "/jobs?", [needs(columns)]);
        let bigquery = connect(&server).await;
        let name = "raw_data.v".parse().unwrap();
        let schema = bigquery.schema(&name).await.unwrap();
        assert_eq!(schema.partition.is_some(), filter.is_some());
        match filter {
            Some(filter) => assert!(profile_sql(&schema).contains(filter), "{}", profile_sql(&schema)),
            None => {
                let refused = bigquery.dry_run(&profile_sql(&schema)).await.unwrap_err();
                assert!(
                    matches!(&refused, WarehouseError::Query(text) if text.contains("Filter by dt.") && text.contains("view")),
                    "{refused}"
                );
            }
        }
        // Known from then on.
        let before = server.received("POST", "/jobs?").len();
        bigquery.schema(&name).await.unwrap();
        assert_eq!(server.received("POST", "/jobs?").len(), before);
    }
    // A table's own metadata say it: nothing is planned.
    let server = Server::with_dataset().await;
    server.on("GET", "/tables/t?", [table(json!({}), json!([]))]);
    connect(&server).await.schema(&"raw_data.t".parse().unwrap()).await.unwrap();
    assert!(server.received("POST", "/jobs?").is_empty());
}

#[tokio::test]
async fn date_sharded_tables_are_one_wildcard_table() {
    let server = Server::with_dataset().await;
    let mut ids: Vec<String> =
        (0..400).map(|i| format!("events_{}{:02}{:02}", 2023 + i / 336, i / 28 % 12 + 1, i % 28 + 1)).collect();
    ids.extend(
        ["events_intraday_20240301", "logs_20240101", "logs_20240102", "backup_20240101", "events", "v_20240101", "v_20240102"]
            .map(String::from),
    );
    server.on("GET", "/tables/", [table(json!({}), json!([]))]);
    server.on(
        "GET",
        "/tables/events_intraday_20240301?",
        [table(json!({"numRows": "99"}), json!([{"name": "other", "type": "STRING"}]))],
    );
    server.on("GET", "/tables/v_", [table(json!({"type": "VIEW"}), json!([]))]);
    server.on(
        "GET",
        "/tables/events_20240308?",
        [table(json!({"lastModifiedTime": "1800000000000"}), json!([{"name": "newest", "type": "STRING"}]))],
    );
    server.on("GET", "/tables?", [list(&ids)]);
    server.on("POST", "/jobs?", [planned()]);
    let bigquery = connect(&server).await;
    let infos = bigquery.tables().await.unwrap();
    let listed: Vec<&str> = infos.iter().map(|info| info.name.table()).collect();
    assert_eq!(
        listed,
        ["backup_20240101", "events", "events_*", "events_intraday_20240301", "logs_*", "v_20240101", "v_20240102"]
    );
    let events = &infos[2];
    assert_eq!((events.rows, events.bytes, events.columns), (Some(4000), Some(400_000), Some(5)));
    assert_eq!(events.last_modified.unwrap().timestamp(), 1_800_000_000);
    assert_eq!((server.received("GET", "/tables?").len(), server.received("GET", "/tables/").len()), (1, ids.len()));

    let name: TableName = "raw_data.events_*".parse().unwrap();
    let live = bigquery.table(&name).await.unwrap();
    assert_eq!((live.info.rows, &live.schema.table), (Some(4000), &name));
    let columns: Vec<String> = live.schema.columns.iter().map(|column| column.name.to_string()).collect();
    assert_eq!(columns, ["user", "item", "at", "newest", "_TABLE_SUFFIX"]);
    assert!(live.state.is_some());
    // The shards are not read again for each page.
    let before = server.received("GET", "/tables").len();
    assert_eq!(bigquery.table(&name).await.unwrap(), live);
    assert!(server.received("GET", "/tables").len() <= before + 1);

    // Rows of events_intraday_20240301 have another suffix.
    let suffix = "_TABLE_SUFFIX >= '00000000' AND _TABLE_SUFFIX <= '99999999'";
    for sql in [profile_sql(&live.schema), dataset_sql(live.schema.clone(), "events_*", &["_TABLE_SUFFIX", "user"])] {
        assert!(sql.contains("FROM `some-project.raw_data.events_*`") && sql.contains(suffix), "{sql}");
        assert!(!sql.contains("`events_*`"), "{sql}");
    }
    assert!(matches!(bigquery.table(&"raw_data.nothing_*".parse().unwrap()).await, Err(WarehouseError::NoTable(_))));
    // A single day can still be read.
    assert_eq!(bigquery.table(&"raw_data.events_20230101".parse().unwrap()).await.unwrap().info.rows, Some(10));
}

#[tokio::test]
async fn policy_tags_are_read_and_explained() {
    let server = Server::with_dataset().await;
    let tags = |tag: &str| json!({"names": [format!("projects/p/locations/eu/taxonomies/1/policyTags/{tag}")]});
    let fields = json!([
        {"name": "email", "type": "STRING", "policyTags": tags("2")},
        {"name": "address", "type": "RECORD", "fields": [{"name": "city", "type": "STRING"}, {"name": "street", "type": "STRING", "policyTags": tags("3")}]},
        {"name": "free", "type": "STRING", "policyTags": {"names": []}}
    ]);
    server.on("GET", "/tables/t?", [table(json!({}), fields)]);
    server.on("POST", "/jobs?", [error(403, "accessDenied", "Access Denied: User has neither fine-grained reader nor masked get permission to get data protected by policy tag \"pii : email\" on column p.raw_data.t.email.")]);
    let bigquery = connect(&server).await;
    let live = bigquery.table(&"raw_data.t".parse().unwrap()).await.unwrap();
    let tags: Vec<_> = live.policy_tags.iter().map(|(name, tag)| (name.as_str(), tag.rsplit('/').next().unwrap())).collect();
    assert_eq!(tags, [("address", "3"), ("email", "2")]);
    let refused = bigquery.dry_run("SELECT email").await.unwrap_err().to_string();
    assert!(
        refused.contains("Fine-Grained Reader") && refused.contains("pii : email") && !refused.contains("Data Viewer"),
        "{refused}"
    );
}
