//! Tables and their schemas: one paged list, and each table's metadata. Both are free of charge.
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables>

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::stream::{self, StreamExt};
use gcp_bigquery_client::model::table_list::TableList;
use serde::Deserialize;

use super::BigQuery;
use super::errors::is_not_found;
use super::rest::{Call, Refusal};
use super::sharded::{self, Shards, grouped, prefix_of, suffix_column, together, wildcard_prefix};
use crate::domain::format::integer;
use crate::domain::name::{ColumnName, MAX_COLUMN_CHARS, TableName};
use crate::domain::schema::{Column, ColumnType, Mode, Partition, TableInfo, TableKind, TableSchema};
use crate::domain::value::beginning;
use crate::warehouse::{LiveTable, WarehouseError};

/// Maximum number of tables per page.
const PAGE: &str = "1000";
/// Maximum number of pages of the list: 100,000 tables.
const MAX_PAGES: usize = 100;
/// Concurrent metadata requests.
const AT_ONCE: usize = 16;
/// Maximum number of columns of a table, BigQuery's own limit.
const MAX_COLUMNS: usize = 10_000;
/// Maximum length of a column's description in characters, BigQuery's own limit.
const MAX_DESCRIPTION: usize = 1024;
/// Maximum size of a page token in bytes. It becomes part of a URL; BigQuery's have some hundred.
const MAX_TOKEN: usize = 4096;

/// The fields read of a table's resource. `gcp-bigquery-client`'s own type fails for a table
/// without a schema and for types that it does not know.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    schema: Option<Schema>,
    #[serde(default)]
    num_rows: Option<String>,
    #[serde(default)]
    num_bytes: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default)]
    last_modified_time: Option<String>,
    #[serde(default)]
    time_partitioning: Option<TimePartitioning>,
    #[serde(default)]
    range_partitioning: Option<RangePartitioning>,
    #[serde(default)]
    require_partition_filter: Option<bool>,
    #[serde(default)]
    clustering: Option<Clustering>,
    /// Of an external table.
    #[serde(default)]
    external_data_configuration: Option<ExternalData>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalData {
    hive_partitioning_options: Option<HivePartitioning>,
}

/// Files in folders such as `dt=2024-01-31`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HivePartitioning {
    require_partition_filter: Option<bool>,
    /// The folders' keys, the outermost first.
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct TimePartitioning {
    /// Absent if the table is partitioned by ingestion time.
    field: Option<String>,
    #[serde(rename = "requirePartitionFilter")]
    require_partition_filter: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct RangePartitioning {
    field: String,
}

#[derive(Debug, Deserialize)]
struct Clustering {
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Schema {
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// A column in the API's form, with its spelling of types.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub field_type: String,
    pub mode: Option<String>,
    pub description: Option<String>,
    policy_tags: Option<PolicyTags>,
    /// Those of a RECORD.
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Deserialize)]
struct PolicyTags {
    #[serde(default)]
    names: Vec<String>,
}

impl Field {
    /// The policy tag that protects the column or one of its fields.
    fn policy_tag(&self) -> Option<&str> {
        let own = self.policy_tags.as_ref().and_then(|tags| tags.names.first()).map(String::as_str);
        own.or_else(|| self.fields.iter().find_map(Field::policy_tag))
    }

    /// `None` for an unknown type.
    pub fn column_type(&self) -> Option<ColumnType> {
        ColumnType::parse(&self.field_type)
    }

    pub fn mode(&self) -> Mode {
        match self.mode.as_deref() {
            Some("REPEATED") => Mode::Repeated,
            Some("REQUIRED") => Mode::Required,
            _ => Mode::Nullable,
        }
    }
}

impl BigQuery {
    fn dataset_path(&self) -> String {
        format!("projects/{}/datasets/{}", self.project, self.dataset)
    }

    /// The ids of all tables.
    async fn table_ids(&self) -> Result<Vec<String>, WarehouseError> {
        let mut ids = vec![];
        let mut pages = Pages::new(MAX_PAGES);
        let mut token: Option<String> = None;
        loop {
            let mut call = Call::get(format!("{}/tables", self.dataset_path())).query("maxResults", PAGE);
            if let Some(token) = token.take() {
                call = call.query("pageToken", token);
            }
            let page: TableList = self.rest.call(&call).await.map_err(|refusal| self.explain(refusal))?;
            ids.extend(page.tables.into_iter().flatten().map(|table| table.table_reference.table_id));
            match pages.after(page.next_page_token)? {
                Some(next) => token = Some(next),
                None => return Ok(ids),
            }
        }
    }

    pub(super) async fn list_tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        let mut infos = grouped(self.infos(self.table_ids().await?).await?);
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }

    async fn infos(&self, ids: Vec<String>) -> Result<Vec<TableInfo>, WarehouseError> {
        // Leaves out tables whose old names BigQuery would not accept today.
        let named = ids.into_iter().filter_map(|id| TableName::new(&self.dataset, &id).ok());
        let infos = stream::iter(named).map(|name| self.table_info(name)).buffer_unordered(AT_ONCE);
        infos.filter_map(async |info| info.transpose()).collect::<Vec<_>>().await.into_iter().collect()
    }

    /// The shards of a wildcard table.
    async fn shards(&self, prefix: &str) -> Result<Shards, WarehouseError> {
        if let Some(known) = self.known_shards.get(prefix) {
            return Ok(known);
        }
        let mut ids = self.table_ids().await?;
        ids.retain(|id| prefix_of(id) == Some(prefix));
        let mut shards = self.infos(ids).await?;
        shards.retain(|shard| shard.kind == TableKind::Table);
        let shards = Arc::new(shards);
        self.known_shards.insert(prefix, shards.clone());
        Ok(shards)
    }

    /// A wildcard table: the newest of its shards, with the rows of all.
    async fn wildcard_table(&self, name: &TableName, prefix: &str) -> Result<LiveTable, WarehouseError> {
        let shards = self.shards(prefix).await?;
        let newest = shards.iter().map(|shard| &shard.name).max();
        let (Some(newest), Some(info)) = (newest, together(name.clone(), &shards)) else {
            return Err(WarehouseError::NoTable(name.clone()));
        };
        let LiveTable { mut schema, policy_tags, .. } = self.single_table(newest).await?;
        schema.table = name.clone();
        schema.partition = info.partition.clone();
        schema.columns.extend(suffix_column());
        Ok(LiveTable { info, schema, state: sharded::state(&shards), policy_tags })
    }

    /// `None` for a table that was deleted meanwhile. A table whose metadata cannot be read is
    /// listed with the reason.
    async fn table_info(&self, name: TableName) -> Result<Option<TableInfo>, WarehouseError> {
        let unknown = |name: TableName, problem: String| TableInfo {
            name,
            kind: TableKind::Table,
            rows: None,
            bytes: None,
            columns: None,
            last_modified: None,
            partition: None,
            problem: Some(problem),
        };
        let table = match self.table(&name).await {
            Ok(table) => table,
            Err(refusal) if is_not_found(&refusal) => return Ok(None),
            Err(Refusal::Api(error)) if error.status == 403 => {
                return Ok(Some(unknown(name, self.explain(Refusal::Api(error)).to_string())));
            }
            Err(refusal) => return Err(self.explain(refusal)),
        };
        Ok(Some(table.info(name)))
    }

    async fn table(&self, name: &TableName) -> Result<Table, Refusal> {
        self.rest.call(&Call::get(format!("{}/tables/{}", self.dataset_path(), encoded(name.table())))).await
    }

    pub(super) async fn live_table(&self, name: &TableName) -> Result<LiveTable, WarehouseError> {
        if name.dataset() != self.dataset {
            return Err(WarehouseError::NoTable(name.clone()));
        }
        match wildcard_prefix(name.table()) {
            Some(prefix) => self.wildcard_table(name, prefix).await,
            None => self.single_table(name).await,
        }
    }

    async fn single_table(&self, name: &TableName) -> Result<LiveTable, WarehouseError> {
        let table = match self.table(name).await {
            Ok(table) => table,
            Err(refusal) if is_not_found(&refusal) => return Err(WarehouseError::NoTable(name.clone())),
            Err(refusal) => return Err(self.explain(refusal)),
        };
        let info = table.info(name.clone());
        // A view's last modification is that of its SQL.
        let version = table.last_modified_time;
        let state = version.clone().filter(|_| info.kind == TableKind::Table);
        let fields = table.schema.unwrap_or_default().fields;
        if fields.is_empty() {
            return Err(WarehouseError::Unreadable { table: name.clone(), reason: "it has no columns.".into() });
        }
        if fields.len() > MAX_COLUMNS {
            let reason = format!("it has more than the {} columns that BigQuery allows.", integer(MAX_COLUMNS as u64));
            return Err(WarehouseError::Unreadable { table: name.clone(), reason });
        }
        let partition = info.partition.clone();
        let mut schema = TableSchema { table: name.clone(), columns: vec![], unusable: vec![], partition };
        let mut policy_tags = BTreeMap::new();
        for field in fields {
            match (field.name.parse::<ColumnName>(), field.column_type()) {
                (Ok(name), Some(column_type)) => {
                    policy_tags.extend(field.policy_tag().map(|tag| (name.to_string(), at_most(tag, MAX_DESCRIPTION))));
                    let description = field.description.as_deref().filter(|text| !text.is_empty());
                    let description = description.map(|text| at_most(text, MAX_DESCRIPTION));
                    schema.columns.push(Column { name, column_type, mode: field.mode(), description });
                }
                (Err(reason), _) => schema.unusable.push((at_most(&field.name, MAX_COLUMN_CHARS), reason.to_string())),
                (_, None) => {
                    let reason = format!("its type {} is not supported", at_most(&field.field_type, MAX_COLUMN_CHARS));
                    schema.unusable.push((at_most(&field.name, MAX_COLUMN_CHARS), reason));
                }
            }
        }
        if let Some(required) = self.filter_of_view(&schema, info.kind, version.as_deref()).await {
            schema.partition = Some(required);
        }
        Ok(LiveTable { info, schema, state, policy_tags })
    }
}

impl Table {
    fn kind(&self) -> TableKind {
        match self.kind.as_str() {
            "VIEW" => TableKind::View,
            "MATERIALIZED_VIEW" => TableKind::MaterializedView,
            "EXTERNAL" => TableKind::External,
            _ => TableKind::Table,
        }
    }

    fn is_stored(&self) -> bool {
        matches!(self.kind(), TableKind::Table | TableKind::MaterializedView)
    }

    fn info(&self, name: TableName) -> TableInfo {
        // A view's rows can only be counted by reading it: unknown, not 0.
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok()).filter(|_| self.is_stored());
        TableInfo {
            name,
            kind: self.kind(),
            rows: number(&self.num_rows),
            bytes: number(&self.num_bytes),
            columns: self.schema.as_ref().and_then(|schema| u32::try_from(schema.fields.len()).ok()),
            last_modified: self.last_modified(),
            partition: self.partition(),
            problem: self.schema.as_ref().is_none_or(|s| s.fields.is_empty()).then(|| "it has no columns".to_owned()),
        }
    }

    fn last_modified(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.last_modified_time.as_deref()?.parse().ok()?)
    }

    fn partition(&self) -> Option<Partition> {
        self.own_partition().or_else(|| self.hive_partition())
    }

    /// The files' folders. A filter on one of the keys is enough, and the outermost excludes most.
    fn hive_partition(&self) -> Option<Partition> {
        let hive = self.external_data_configuration.as_ref()?.hive_partitioning_options.as_ref()?;
        let filter_required = hive.require_partition_filter.or(self.require_partition_filter).unwrap_or(false);
        Some(Partition { column: hive.fields.first()?.clone(), filter_required, clustered: false })
    }

    fn own_partition(&self) -> Option<Partition> {
        let by_time = self.time_partitioning.as_ref().map(|by| by.field.clone().unwrap_or_else(|| "_PARTITIONTIME".into()));
        let column = by_time.or_else(|| self.range_partitioning.as_ref().map(|by| by.field.clone()))?;
        let of_time = self.time_partitioning.as_ref().and_then(|by| by.require_partition_filter);
        Some(Partition {
            column,
            filter_required: self.require_partition_filter.or(of_time).unwrap_or(false),
            clustered: self.clustering.as_ref().is_some_and(|by| !by.fields.is_empty()),
        })
    }
}

/// Text from outside, truncated.
pub(super) fn at_most(text: &str, characters: usize) -> String {
    beginning(text, characters).map_or_else(|| text.to_owned(), |(beginning, _)| beginning)
}

/// Pages of a result, which have to end.
pub(super) struct Pages {
    left: usize,
    seen: HashSet<String>,
}

impl Pages {
    pub fn new(most: usize) -> Self {
        Self { left: most, seen: HashSet::new() }
    }

    /// The token of the page that follows; `None` after the last.
    pub fn after(&mut self, token: Option<String>) -> Result<Option<String>, WarehouseError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || token.len() > MAX_TOKEN {
            return Err(WarehouseError::Unreachable("BigQuery's list of pages does not end. Try again later.".into()));
        }
        match self.seen.insert(token.clone()) {
            true => Ok(Some(token)),
            false => Err(WarehouseError::Unreachable("BigQuery returns the same page again and again. Try again later.".into())),
        }
    }
}

/// A path segment, URL-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
