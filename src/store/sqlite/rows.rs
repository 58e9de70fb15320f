//! The rows of datasets: what a save writes, and what each query reads.
//!
//! A field of a dataset has its column in one of the lists of columns here, its position in the row
//! beside it, and its field in the domain's type. [`Card`] has what is entered and what a list
//! shows; its list is made from its fields.

use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row, Sqlite};

use super::read_json;
use super::values::Time;
use crate::domain::analysis::{AnalysisSummary, Grade};
use crate::domain::dataset::{DatasetConfig, Status};
use crate::domain::dto::{Dataset, DatasetInput, DatasetName, DatasetSummary, StoredAnalysis, VersionSummary};
use crate::store::{canonical, name_key};

/// A struct whose fields are columns. Their list and their values are made from it, so that no
/// value can come into another's column.
macro_rules! columns {
    ($(#[$attribute:meta])* $name:ident { $($visibility:vis $column:ident: $type:ty,)* }) => {
        $(#[$attribute])*
        pub(super) struct $name {
            $($visibility $column: $type,)*
        }

        impl $name {
            pub fn columns() -> String {
                [$(stringify!($column)),*].join(", ")
            }

            fn push_binds(self, values: &mut Values<'_>) {
                $(values.push_bind(self.$column);)*
            }
        }
    };
}

columns! {
    /// What a save writes and a list shows: the input, and what is displayed of a config, so that a
    /// list reads no configs.
    #[derive(Debug, PartialEq, FromRow)]
    Card {
        pub name: String,
        pub description: String,
        pub config_hash: String,
        primary_table: String,
        secondary_tables: Json<Vec<String>>,
        table_count: u32,
        column_count: u32,
    }
}

/// All that a save writes of a dataset's input.
#[derive(Debug)]
pub(super) struct Saved {
    pub card: Card,
    name_key: String,
    search_text: String,
    /// Canonical JSON.
    config: String,
}

/// A dataset in a list.
#[derive(Debug, FromRow)]
pub(super) struct SummaryRow {
    id: i64,
    status: Status,
    #[sqlx(flatten)]
    card: Card,
    row_estimate: Option<u64>,
    user_estimate: Option<u64>,
    product_estimate: Option<u64>,
    /// Of the config that was counted.
    estimate_hash: Option<String>,
    created_at: Time,
    updated_at: Time,
    last_used_at: Option<Time>,
    active_version: Option<u32>,
    version_count: u32,
    #[sqlx(flatten)]
    analyzed: AnalyzedRow,
}

/// The last analysis of a dataset in a list: empty before the first.
#[derive(Debug, FromRow)]
struct AnalyzedRow {
    score: Option<u32>,
    leaks: Option<u32>,
    made_at: Option<Time>,
    analyzed_hash: Option<String>,
}

/// A whole dataset, except for its versions.
#[derive(Debug, FromRow)]
pub(super) struct DatasetRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    #[sqlx(json)]
    config: DatasetConfig,
    revision: i64,
    model_id: i64,
    model_name: String,
    analysis: Option<String>,
}

/// A dataset in a selection list.
#[derive(Debug, FromRow)]
pub(super) struct NameRow {
    id: i64,
    name: String,
    status: Status,
}

/// The right side of a LEFT JOIN, which has an `id` if it exists.
#[derive(Debug)]
pub(super) struct Joined<T>(pub Option<T>);

impl<'r, T: FromRow<'r, SqliteRow>> FromRow<'r, SqliteRow> for Joined<T> {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let id: Option<i64> = row.try_get("id")?;
        id.map(|_| T::from_row(row)).transpose().map(Self)
    }
}

/// The values of a statement that writes.
type Values<'q> = Separated<'q, Sqlite, &'static str>;

impl Saved {
    pub fn columns() -> String {
        format!("{}, name_key, search_text, config", Card::columns())
    }

    /// In the order of the columns.
    pub fn push_binds(self, values: &mut Values<'_>) {
        self.card.push_binds(values);
        values.push_bind(self.name_key);
        values.push_bind(self.search_text);
        values.push_bind(self.config);
    }

    pub fn of(input: &DatasetInput) -> Self {
        let DatasetInput { name, description, config } = input;
        let (text, config_hash) = canonical(config);
        let secondary_tables: Vec<String> = config.secondary_tables.iter().map(|s| s.table.to_string()).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            name_key: name_key(name),
            search_text: format!("{name}\n{description}").to_lowercase(),
            config: text,
            card: Card {
                name: name.clone(),
                description: description.clone(),
                config_hash,
                primary_table: config.primary_table.as_ref().map(ToString::to_string).unwrap_or_default(),
                table_count: count(secondary_tables.len() + usize::from(config.primary_table.is_some())),
                secondary_tables: Json(secondary_tables),
                column_count: count(config.selected_columns.len()),
            },
        }
    }
}

impl SummaryRow {
    /// Columns of `d` and [`ANALYZED`].
    pub fn columns() -> String {
        format!(
            "d.id, status, {card}, row_estimate, user_estimate, product_estimate, estimate_hash, created_at, updated_at, \
             last_used_at, active_version, (SELECT COUNT(*) FROM versions v WHERE v.dataset_id = d.id) AS version_count, \
             score, leaks, made_at, analyzed_hash",
            card = Card::columns()
        )
    }
}

/// The last analysis of a dataset `d`, without a column name that the dataset has too.
pub(super) const ANALYZED: &str = "LEFT JOIN (SELECT dataset_id, score, leaks, made_at, config_hash AS analyzed_hash, analysis FROM analyses) a \
                                   ON a.dataset_id = d.id";

impl From<SummaryRow> for DatasetSummary {
    fn from(row: SummaryRow) -> Self {
        let quality = row.analyzed.summary(&row.card.config_hash);
        // A count of another config says nothing about this one.
        let is_counted = row.estimate_hash.is_some_and(|hash| hash == row.card.config_hash);
        Self {
            id: row.id,
            name: row.card.name,
            description: row.card.description,
            status: row.status,
            primary_table: row.card.primary_table,
            secondary_tables: row.card.secondary_tables.0,
            table_count: row.card.table_count,
            column_count: row.card.column_count,
            row_count_estimate: row.row_estimate.filter(|_| is_counted),
            unique_users_estimate: row.user_estimate.filter(|_| is_counted),
            unique_products_estimate: row.product_estimate.filter(|_| is_counted),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            last_used_at: row.last_used_at.map(|at| at.0),
            version_count: row.version_count,
            active_version: row.active_version,
            quality,
        }
    }
}

impl AnalyzedRow {
    fn summary(self, config_hash: &str) -> Option<AnalysisSummary> {
        let score = self.score?;
        Some(AnalysisSummary {
            score,
            grade: Grade::of(score),
            leaks: self.leaks?,
            made_at: self.made_at?.0,
            stale: self.analyzed_hash? != config_hash,
        })
    }
}

impl DatasetRow {
    pub fn with_versions(self, versions: Vec<VersionSummary>) -> Dataset {
        let config_hash = self.summary.card.config_hash.clone();
        let summary = DatasetSummary::from(self.summary);
        let stale = summary.quality.is_some_and(|summary| summary.stale);
        // `None` if another version of this program wrote it in another format.
        let analysis = self.analysis.and_then(|text| read_json("analysis", &text).ok());
        Dataset {
            summary,
            config: self.config,
            config_hash,
            revision: self.revision,
            model_id: self.model_id,
            model_name: self.model_name,
            versions,
            analysis: analysis.map(|analysis| StoredAnalysis { stale, analysis }),
        }
    }
}

impl From<NameRow> for DatasetName {
    fn from(row: NameRow) -> Self {
        Self { id: row.id, name: row.name, status: row.status }
    }
}
