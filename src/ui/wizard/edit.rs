//! The edit of a dataset as one value: its base, the draft, and the server's responses so far.
//! Named transitions change it; what is shown, blocked or saved derives from it.

use std::sync::Arc;

use super::draft::{self, Draft, Schemas, Step};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::{Join, JoinKey, OnDuplicates};
use crate::domain::dto::{Dataset, NameCheck};
use crate::domain::field_error::FieldError;
use crate::domain::joins::JoinStatistics;
use crate::domain::name::{SourceName, TableName};
use crate::domain::schema::TableSchema;
use crate::error::ApiError;
use crate::ui::texts::wizard as texts;

/// The stored dataset that a save overwrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub id: i64,
    /// The revision that the draft is based on.
    pub revision: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// `None`: a save creates a dataset.
    target: Option<Target>,
    /// The dataset as it was opened, and its revision; empty for a new one.
    base: Draft,
    base_revision: Option<i64>,
    draft: Draft,
    /// The draft's validation errors: the domain's, and after a refused save the server's.
    errors: Vec<FieldError>,
    refused: Vec<FieldError>,
    /// The tables that have been read, and the same for the validation.
    schemas: Arc<Schemas>,
    catalog: Catalog,
    /// Why tables could not be read.
    unread: Option<ApiError>,
    /// Whether the draft's name is free; `None` until the server has responded.
    name_check: Option<Result<NameCheck, ApiError>>,
    /// Statistics of joins, each for the keys that it names.
    join_statistics: Vec<JoinStatistics>,
    /// Joins whose fan-out a person has accepted.
    accepted: Vec<(SourceName, Vec<JoinKey>)>,
    /// What someone else saved meanwhile, until the conflict is resolved.
    theirs: Option<Dataset>,
}

/// The transitions.
impl Edit {
    /// Opens a new dataset, or a stored one.
    pub fn begin(dataset: Option<&Dataset>, tables: Result<Vec<TableSchema>, ApiError>) -> Self {
        let mut edit = Self::default();
        if let Some(dataset) = dataset {
            edit.start_from(dataset);
        }
        edit.tables_read(tables);
        edit
    }

    fn start_from(&mut self, dataset: &Dataset) {
        self.target = Some(Target { id: dataset.summary.id, revision: dataset.revision });
        self.base_revision = Some(dataset.revision);
        self.base = dataset.input();
        self.replace(self.base.clone());
    }

    fn replace(&mut self, draft: Draft) {
        self.change(|now| *now = draft);
        self.pass_own_name();
    }

    /// Changes the draft. A refusal by the server was about the previous one.
    pub fn change(&mut self, change: impl FnOnce(&mut Draft)) {
        let name = self.draft.name.trim().to_owned();
        change(&mut self.draft);
        if self.draft.name.trim() != name {
            self.name_check = None;
            self.pass_own_name();
        }
        self.refused.clear();
        self.validate();
    }

    /// A dataset may keep its name.
    fn pass_own_name(&mut self) {
        if self.target.is_some() && self.draft.name.trim() == self.base.name.trim() {
            self.name_check = Some(Ok(NameCheck { available: true, message: String::new() }));
        }
    }

    fn validate(&mut self) {
        self.errors = draft::errors(&self.draft, &self.catalog);
        for error in &self.refused {
            if !self.errors.contains(error) {
                self.errors.push(error.clone());
            }
        }
    }

    /// The server has returned tables, or an error.
    pub fn tables_read(&mut self, answer: Result<Vec<TableSchema>, ApiError>) {
        match answer {
            Ok(read) => {
                self.unread = None;
                let schemas = Arc::make_mut(&mut self.schemas);
                schemas.extend(read.into_iter().map(|schema| (schema.table.clone(), schema)));
                self.catalog = Catalog::new(None, schemas.values().cloned());
                self.validate();
            }
            Err(error) => self.unread = Some(error),
        }
    }

    /// The server has returned whether a name is free. The response for an older name is dropped,
    /// since responses can arrive out of order.
    pub fn name_checked(&mut self, name: &str, answer: Result<NameCheck, ApiError>) {
        if self.draft.name.trim() == name {
            self.name_check = Some(answer);
        }
    }

    /// Checks a name again whose check failed.
    pub fn recheck_name(&mut self) {
        if matches!(self.name_check, Some(Err(_))) {
            self.name_check = None;
        }
    }

    /// The server has verified joins. Dropped, with `false`, if the draft has other joins by now.
    pub fn joins_verified(&mut self, joins: &[Join], found: Vec<JoinStatistics>) -> bool {
        let current = self.draft.config.join_config == joins;
        if current {
            self.join_statistics = found;
        }
        current
    }

    /// A person accepts a join although it multiplies rows.
    pub fn accept_fan_out(&mut self, name: &SourceName) {
        if let Some(join) = self.draft.config.join_of(name) {
            self.accepted.push((join.table.clone(), join.on.clone()));
        }
    }

    /// The server has refused a save for these fields. Returns the first step that has one of them.
    pub fn save_refused(&mut self, refused: Vec<FieldError>) -> Option<Step> {
        self.refused = refused;
        self.validate();
        self.refused.iter().map(|error| Step::of_path(&error.path)).min()
    }

    /// The dataset was deleted, but what was typed was not: the next save creates a new one.
    pub fn deleted_meanwhile(&mut self) {
        self.target = None;
        self.name_check = None;
    }

    /// Someone else has saved the dataset.
    pub fn saved_meanwhile(&mut self, theirs: Dataset) {
        self.theirs = Some(theirs);
    }

    /// The person resolves the conflict later.
    pub fn decide_later(&mut self) {
        self.theirs = None;
    }

    /// The person keeps their own draft. Returns the revision that it overwrites.
    pub fn keep_mine(&mut self) -> Option<i64> {
        self.theirs.take().map(|theirs| theirs.revision)
    }

    /// The person drops their draft and continues with what someone else saved.
    pub fn take_theirs(&mut self) {
        if let Some(theirs) = self.theirs.take() {
            self.start_from(&theirs);
        }
    }

    /// Continues a draft that was left behind, with its old revision: if someone has saved since,
    /// saving is a conflict.
    pub fn continue_draft(&mut self, revision: Option<i64>, draft: Draft) {
        if let (Some(target), Some(from)) = (&mut self.target, revision) {
            target.revision = from;
        }
        self.replace(draft);
    }
}

/// What derives from it.
impl Edit {
    pub fn target(&self) -> Option<Target> {
        self.target
    }

    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    pub fn base(&self) -> &Draft {
        &self.base
    }

    /// The base of the draft, if it is known: a draft that was left behind may be older than the
    /// dataset that was opened.
    pub fn known_base(&self) -> Option<&Draft> {
        (self.target.map(|target| target.revision) == self.base_revision).then_some(&self.base)
    }

    pub fn schemas(&self) -> &Arc<Schemas> {
        &self.schemas
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub fn theirs(&self) -> Option<&Dataset> {
        self.theirs.as_ref()
    }

    /// The draft differs from the base.
    pub fn is_changed(&self) -> bool {
        self.draft != self.base
    }

    /// The tables that have not been read yet, each once.
    pub fn missing_tables(&self) -> Vec<TableName> {
        let sources = self.draft.config.sources();
        let missing = sources.into_iter().map(|(_, table)| table).filter(|table| !self.schemas.contains_key(*table));
        let mut missing: Vec<TableName> = missing.cloned().collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// All of the draft's tables have been read.
    pub fn is_loaded(&self) -> bool {
        self.draft.config.sources().iter().all(|(_, table)| self.schemas.contains_key(*table))
    }

    /// Why the draft's tables are missing.
    pub fn unread(&self) -> Option<&ApiError> {
        self.unread.as_ref().filter(|_| !self.is_loaded())
    }

    /// The name that is to be checked by the server.
    pub fn unchecked_name(&self) -> Option<String> {
        let name = self.draft.name.trim();
        (!name.is_empty() && self.name_check.is_none()).then(|| name.to_owned())
    }

    /// The message about the name, and whether the name is free.
    pub fn name_status(&self) -> Option<(bool, String)> {
        if self.draft.name.trim().is_empty() {
            return None;
        }
        match &self.name_check {
            None => Some((true, texts::CHECKING_NAME.to_owned())),
            Some(Ok(check)) if check.message.is_empty() => None,
            Some(Ok(check)) => Some((check.available, check.message.clone())),
            Some(Err(error)) => Some((false, error.message.clone())),
        }
    }

    /// What a step waits for before it can be validated.
    pub fn waits_for(&self, step: Step) -> Option<&'static str> {
        match step {
            Step::Basics => self.unchecked_name().map(|_| texts::CHECKING_NAME),
            _ => (!self.is_loaded()).then_some(texts::READING_COLUMNS),
        }
    }

    /// What a step waits for, or its first validation error, in words.
    pub fn blocked(&self, step: Step) -> Option<String> {
        if let Some(waiting) = self.waits_for(step) {
            return Some(waiting.into());
        }
        if step == Step::Basics
            && let Some((false, message)) = self.name_status()
        {
            return Some(message);
        }
        let error = self.errors.iter().find(|error| Step::of_path(&error.path) == step).map(|error| error.message.clone());
        error.or_else(|| (step == Step::Tables).then(|| self.open_fan_out()).flatten())
    }

    /// The first blocked step, and why.
    pub fn first_blocked(&self) -> Option<(Step, String)> {
        Step::ALL.iter().copied().find_map(|step| Some((step, self.blocked(step)?)))
    }

    /// A join that multiplies rows, which nobody has accepted.
    fn open_fan_out(&self) -> Option<String> {
        let mut joins = self.draft.config.join_config.iter();
        joins.find_map(|join| Some(texts::fan_out_open(join.table.as_str(), self.fan_out_of(join)?)))
    }

    fn statistics_of(&self, join: &Join) -> Option<&JoinStatistics> {
        self.join_statistics.iter().find(|known| known.table.same_as(&join.table) && known.on == join.on)
    }

    fn fan_out_of(&self, join: &Join) -> Option<u64> {
        if join.on_duplicates == OnDuplicates::OneRow {
            return None;
        }
        let most = self.statistics_of(join)?.shares?.largest_fan_out;
        let accepted = || self.accepted.iter().any(|(name, on)| name.same_as(&join.table) && *on == join.on);
        // A saved join was accepted when it was saved.
        let saved = || self.base.config.join_of(&join.table) == Some(join);
        (most > 1 && !accepted() && !saved()).then_some(most)
    }

    /// The statistics of a join with its current keys.
    pub fn join_statistics(&self, name: &SourceName) -> Option<&JoinStatistics> {
        self.statistics_of(self.draft.config.join_of(name)?)
    }

    /// The most rows per key of a join, if they multiply and nobody has accepted it.
    pub fn fan_out(&self, name: &SourceName) -> Option<u64> {
        self.fan_out_of(self.draft.config.join_of(name)?)
    }

    /// The joins that can be verified: those that have keys, without validation errors.
    pub fn verifiable_joins(&self) -> Vec<(SourceName, Vec<JoinKey>)> {
        let is_wrong = |error: &FieldError| error.path.starts_with("join_config") && !error.path.ends_with("].on");
        if !self.is_loaded() || self.errors.iter().any(is_wrong) {
            return vec![];
        }
        let joins = self.draft.config.join_config.iter().filter(|join| !join.on.is_empty());
        joins.map(|join| (join.table.clone(), join.on.clone())).collect()
    }

    /// Whether the statistics of all these joins are there.
    pub fn is_verified(&self, joins: &[(SourceName, Vec<JoinKey>)]) -> bool {
        let is_there = |(name, on): &(SourceName, Vec<JoinKey>)| {
            self.join_statistics.iter().any(|known| known.table == *name && known.on == *on && known.shares.is_some())
        };
        joins.iter().all(is_there)
    }

    /// Joins without keys.
    pub fn has_open_joins(&self) -> bool {
        self.draft.config.join_config.iter().any(|join| join.on.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(table: &str) -> TableSchema {
        let columns: Vec<_> = ["id", "buyer", "at"].iter().map(|name| json!({"name": name, "type": "INT64"})).collect();
        serde_json::from_value(json!({"table": format!("raw_data.{table}"), "columns": columns})).unwrap()
    }

    fn draft(name: &str) -> Draft {
        let mut draft = Draft { name: name.into(), ..Draft::default() };
        draft.set_primary("raw_data.orders".parse().unwrap());
        draft.add_secondary("raw_data.users".parse().unwrap());
        let column = |table: &str, column: &str| crate::domain::dataset::ColumnRef {
            table: table.parse().unwrap(),
            column: column.parse().unwrap(),
        };
        draft.connect(&column("orders", "buyer"), &column("users", "id"));
        draft.select(&column("orders", "id"), true);
        draft
    }

    fn dataset(name: &str, revision: i64) -> Dataset {
        let at = "2026-01-01T00:00:00Z";
        let json = json!({
            "id": 7, "name": name, "description": "", "status": "draft", "primary_table": "raw_data.orders", "secondary_tables": [],
            "table_count": 2, "column_count": 1, "row_count_estimate": null, "unique_users_estimate": null,
            "unique_products_estimate": null, "created_at": at, "updated_at": at, "last_used_at": null, "version_count": 0,
            "active_version": null, "quality": null, "config": draft(name).config, "config_hash": "", "revision": revision,
            "model_id": 1, "model_name": "shop", "versions": [], "analysis": null,
        });
        serde_json::from_value(json).unwrap()
    }

    fn tables() -> Result<Vec<TableSchema>, ApiError> {
        Ok(vec![schema("orders"), schema("users")])
    }

    fn free() -> Result<NameCheck, ApiError> {
        Ok(NameCheck { available: true, message: "This name is available.".into() })
    }

    fn opened() -> Edit {
        Edit::begin(Some(&dataset("Orders", 3)), tables())
    }

    #[test]
    fn a_stored_dataset_opens_unchanged_and_unblocked() {
        let edit = opened();
        assert!(!edit.is_changed());
        assert_eq!(edit.target(), Some(Target { id: 7, revision: 3 }));
        assert_eq!(edit.unchecked_name(), None, "it may keep its name");
        assert_eq!(edit.first_blocked(), None);
    }

    #[test]
    fn a_new_dataset_is_blocked_step_by_step() {
        let mut edit = Edit::begin(None, Ok(vec![]));
        assert_eq!(edit.first_blocked(), Some((Step::Basics, texts::NAME_MISSING.into())));
        edit.change(|draft| draft.name = "Orders".into());
        assert_eq!(edit.waits_for(Step::Basics), Some(texts::CHECKING_NAME));
        edit.name_checked("Orders", free());
        assert!(matches!(edit.first_blocked(), Some((Step::Tables, _))));
        edit.change(|now| *now = draft("Orders"));
        assert_eq!(edit.first_blocked(), Some((Step::Tables, texts::READING_COLUMNS.into())));
        assert_eq!(edit.missing_tables().len(), 2);
        edit.tables_read(tables());
        assert_eq!(edit.first_blocked(), None);
    }

    #[test]
    fn the_response_for_an_older_name_is_dropped() {
        // A slow response for an older name must not count for the new one.
        let mut edit = opened();
        edit.change(|draft| draft.name = "Ord".into());
        edit.change(|draft| draft.name = "Order".into());
        edit.name_checked("Ord", free());
        assert_eq!(edit.unchecked_name(), Some("Order".into()));
        edit.name_checked("Order", Ok(NameCheck { available: false, message: "Taken.".into() }));
        assert_eq!(edit.blocked(Step::Basics), Some("Taken.".into()));
        edit.change(|draft| draft.name = " Order ".into());
        assert_eq!(edit.blocked(Step::Basics), Some("Taken.".into()), "spaces around it make no other name");
        edit.change(|draft| draft.name = "Orders".into());
        assert_eq!(edit.blocked(Step::Basics), None, "its own name is free");
    }

    #[test]
    fn an_unchecked_name_blocks_until_it_is_checked() {
        let mut edit = Edit::begin(None, Ok(vec![]));
        edit.change(|draft| draft.name = "Orders".into());
        let error = ApiError::unreachable();
        edit.name_checked("Orders", Err(error.clone()));
        assert_eq!(edit.blocked(Step::Basics), Some(error.message));
        edit.recheck_name();
        assert_eq!(edit.unchecked_name(), Some("Orders".into()));
        edit.name_checked("Orders", free());
        edit.recheck_name();
        assert_eq!(edit.unchecked_name(), None, "what is known is not asked again");
    }

    #[test]
    fn unread_tables_show_their_error_until_they_are_read() {
        let mut edit = Edit::begin(Some(&dataset("Orders", 3)), Err(ApiError::unreachable()));
        assert_eq!(edit.unread(), Some(&ApiError::unreachable()));
        assert_eq!(edit.waits_for(Step::Filters), Some(texts::READING_COLUMNS));
        edit.tables_read(tables());
        assert_eq!(edit.unread(), None);
        assert!(edit.is_loaded());
    }

    #[test]
    fn errors_of_the_server_stay_until_the_draft_changes() {
        let mut edit = opened();
        let refused = |path: &str| FieldError::new(path, "The column no longer exists.");
        let first = edit.save_refused(vec![refused("filters.rows[0]"), refused("join_config[0].on[0].right")]);
        assert_eq!(first, Some(Step::Tables));
        assert_eq!(edit.blocked(Step::Filters), Some("The column no longer exists.".into()));
        edit.change(|draft| draft.description = "x".into());
        assert_eq!(edit.first_blocked(), None);
    }

    #[test]
    fn a_conflict_is_resolved_by_either_version() {
        let mut edit = opened();
        edit.change(|draft| draft.description = "mine".into());
        edit.saved_meanwhile(dataset("Theirs", 5));
        let mut mine = edit.clone();
        assert_eq!(mine.known_base(), Some(&draft("Orders")));
        assert_eq!(mine.keep_mine(), Some(5));
        assert_eq!((mine.theirs(), mine.draft().description.as_str()), (None, "mine"));
        edit.take_theirs();
        assert_eq!(edit.target(), Some(Target { id: 7, revision: 5 }));
        assert_eq!((edit.is_changed(), edit.unchecked_name()), (false, None));
        assert_eq!(edit.draft().name, "Theirs");
    }

    #[test]
    fn a_deleted_dataset_is_saved_as_a_new_one() {
        let mut edit = opened();
        edit.deleted_meanwhile();
        assert_eq!(edit.target(), None);
        assert_eq!(edit.unchecked_name(), Some("Orders".into()), "another may have taken it");
    }

    #[test]
    fn a_continued_draft_keeps_its_revision() {
        let mut edit = opened();
        edit.continue_draft(Some(2), draft("Orders, again"));
        assert_eq!(edit.target(), Some(Target { id: 7, revision: 2 }));
        assert_eq!(edit.known_base(), None);
        assert!(edit.is_changed());
        assert_eq!(edit.unchecked_name(), Some("Orders, again".into()));
    }

    #[test]
    fn a_join_that_multiplies_rows_needs_a_decision() {
        let statistics = |edit: &Edit| {
            let (table, on) = edit.verifiable_joins().remove(0);
            let shares = json!({
                "left_rows": 9, "left_rows_with_key": 9, "left_keys": 3, "left_keys_found": 3, "right_rows": 9, "right_keys": 3,
                "right_null_rows": 0, "largest_fan_out": 4, "inclusion": 1.0, "uniqueness": 0.3, "matched_rows": 1.0, "rows_after": 27,
            });
            vec![JoinStatistics { table, on, shares: serde_json::from_value(shares).unwrap(), error: None }]
        };
        let users: SourceName = "users".parse().unwrap();
        let mut edit = Edit::begin(None, tables());
        edit.change(|now| *now = draft("Orders"));
        let joins = edit.draft().config.join_config.clone();
        assert!(!edit.joins_verified(&[], statistics(&edit)), "the answer about other joins is dropped");
        assert!(edit.joins_verified(&joins, statistics(&edit)));
        assert!(edit.is_verified(&edit.verifiable_joins()));
        assert_eq!(edit.fan_out(&users), Some(4));
        assert!(edit.blocked(Step::Tables).is_some());
        let mut one_row = edit.clone();
        one_row.change(|draft| draft.edit_join(&users, |join| join.on_duplicates = OnDuplicates::OneRow));
        assert_eq!(one_row.fan_out(&users), None);
        edit.accept_fan_out(&users);
        assert_eq!(edit.blocked(Step::Tables), None);

        // A saved join was accepted when it was saved.
        let mut stored = opened();
        stored.joins_verified(&joins, statistics(&stored));
        assert_eq!(stored.fan_out(&users), None);
    }
}
