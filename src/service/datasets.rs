//! Datasets: create, change, copy, delete, activate.

use futures::future::try_join_all;

use super::models::{checked_description, checked_name, model_error, name_error};
use super::versions::new_version;
use super::{App, DatasetChange, RequestContext, ServiceError};
use crate::domain::dataset::Status;
use crate::domain::dto::{Counts, Dataset, DatasetInput, DatasetName, DatasetPage, ListQuery, NameCheck, Pagination};
use crate::domain::field_error::FieldError;
use crate::store::StoreError;

/// Longest search text for datasets, in characters: longer than a name, and each dataset is
/// searched.
const MAX_SEARCH_CHARS: usize = 1000;

impl App {
    /// A page of a model's datasets, latest change first.
    pub async fn datasets(&self, _ctx: &RequestContext, model_id: i64, query: &ListQuery) -> Result<DatasetPage, ServiceError> {
        if !(1..=ListQuery::MAX_PAGE).contains(&query.page) {
            return Err(ServiceError::BadRequest(format!("page must be a number from 1 to {}.", ListQuery::MAX_PAGE)));
        }
        if !(1..=ListQuery::MAX_PER_PAGE).contains(&query.per_page) {
            return Err(ServiceError::BadRequest(format!("per_page must be a number from 1 to {}.", ListQuery::MAX_PER_PAGE)));
        }
        if query.search.chars().count() > MAX_SEARCH_CHARS {
            return Err(ServiceError::BadRequest(format!("search must have at most {MAX_SEARCH_CHARS} characters.")));
        }
        let (datasets, total) = self.store().datasets(model_id, query).await.map_err(model_error)?;
        Ok(DatasetPage { datasets, pagination: Pagination::new(total, query.page, query.per_page) })
    }

    /// The names of all datasets of a model, for a selection list.
    pub async fn dataset_names(&self, _ctx: &RequestContext, model_id: i64) -> Result<Vec<DatasetName>, ServiceError> {
        self.store().dataset_names(model_id).await.map_err(model_error)
    }

    /// Whether a name is free in its model; `exclude_id` is the dataset that may have it.
    pub async fn check_name(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        name: &str,
        exclude_id: Option<i64>,
    ) -> Result<NameCheck, ServiceError> {
        self.model(ctx, model_id).await?;
        let name = name.trim();
        if let Some(message) = name_error(name) {
            return Ok(NameCheck { available: false, message });
        }
        let taken = self.store().name_is_taken(model_id, name, exclude_id).await?;
        let message = if taken { "A dataset with this name already exists." } else { "This name is available." };
        Ok(NameCheck { available: !taken, message: message.into() })
    }

    pub async fn dataset(&self, _ctx: &RequestContext, id: i64) -> Result<Dataset, ServiceError> {
        Ok(self.store().dataset(id).await?)
    }

    /// Creates a draft whose config fits the current tables.
    pub async fn create_dataset(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        input: &DatasetInput,
    ) -> Result<Dataset, ServiceError> {
        let checked = self.check_input(ctx, model_id, input).await?;
        let id = self.store().insert_dataset(model_id, &checked).await.map_err(|error| match error {
            StoreError::NotFound => model_error(StoreError::NotFound),
            other => other.into(),
        })?;
        self.dataset(ctx, id).await
    }

    /// A dataset's input, trimmed, if it fits the current tables; otherwise all validation errors
    /// at once.
    pub(super) async fn check_input(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        input: &DatasetInput,
    ) -> Result<DatasetInput, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let mut errors = vec![];
        let checked = checked_input(input, &mut errors);
        let config = self.checked_catalog(&model, &checked.config).await;
        refuse(errors, config.map(drop))?;
        Ok(checked)
    }

    /// Replaces the input of a dataset, if its revision is the one that the edit started from;
    /// `None` takes the current one. Saving the same input changes nothing, so that opening and
    /// saving an edit leaves no trace; another config makes an active dataset a draft again.
    pub async fn replace_dataset(
        &self,
        ctx: &RequestContext,
        id: i64,
        revision: Option<i64>,
        input: &DatasetInput,
    ) -> Result<Dataset, ServiceError> {
        let stored = self.dataset(ctx, id).await?;
        self.save(ctx, stored, revision, input).await
    }

    /// Changes the fields given, and leaves the rest as it is.
    pub async fn change_dataset(
        &self,
        ctx: &RequestContext,
        id: i64,
        revision: Option<i64>,
        change: DatasetChange,
    ) -> Result<Dataset, ServiceError> {
        let (stored, input) = change.made_to(self.dataset(ctx, id).await?).await;
        let input = input.map_err(ServiceError::Invalid)?;
        // Even without a revision the change applies only to the state that was just read.
        let revision = revision.or(Some(stored.revision));
        self.save(ctx, stored, revision, &input).await
    }

    async fn save(
        &self,
        ctx: &RequestContext,
        stored: Dataset,
        revision: Option<i64>,
        input: &DatasetInput,
    ) -> Result<Dataset, ServiceError> {
        let id = stored.summary.id;
        let mut errors = vec![];
        let checked = checked_input(input, &mut errors);
        let same_config = checked.config == stored.config;
        if same_config && errors.is_empty() && checked == stored.input() {
            return Ok(stored);
        }
        if revision.is_some_and(|revision| revision != stored.revision) {
            return Err(ServiceError::Stale { current: Box::new(stored), yours: Some(Box::new(checked)) });
        }
        // A name can be changed even while a table is missing.
        let config = if same_config {
            Ok(())
        } else {
            let model = self.model(ctx, stored.model_id).await?;
            self.checked_catalog(&model, &checked.config).await.map(drop)
        };
        refuse(errors, config)?;
        match self.store().update_dataset(id, revision, &checked).await {
            Err(StoreError::Stale) => Err(self.stale(ctx, id, Some(checked)).await?),
            done => Ok(done?),
        }
    }

    /// Deletes a dataset; one with versions only with `force`. It can be restored for a month.
    pub async fn delete_dataset(&self, _ctx: &RequestContext, id: i64, force: bool) -> Result<(), ServiceError> {
        Ok(self.store().delete_dataset(id, force).await?)
    }

    /// Restores a deleted dataset, with its versions; one that is not deleted stays as it is.
    /// `NameTaken` if its name is in use by now.
    pub async fn undelete_dataset(&self, ctx: &RequestContext, id: i64) -> Result<Dataset, ServiceError> {
        self.store().undelete_dataset(id).await?;
        self.dataset(ctx, id).await
    }

    /// A draft with the same config; the default name is "… (Copy)", then "… (Copy 2)".
    pub async fn clone_dataset(&self, ctx: &RequestContext, id: i64, name: Option<&str>) -> Result<Dataset, ServiceError> {
        let mut errors = vec![];
        let name = name.map(|name| checked_name(name, &mut errors));
        refuse(errors, Ok(()))?;
        let copy = self.store().clone_dataset(id, name.as_deref()).await?;
        self.dataset(ctx, copy).await
    }

    /// Active: checks the dataset against the live tables, refuses an empty part, freezes a
    /// version. Draft: changes only the status.
    pub async fn set_status(&self, ctx: &RequestContext, id: i64, status: Status) -> Result<Dataset, ServiceError> {
        match status {
            Status::Draft => Ok(self.store().deactivate(id).await?),
            Status::Active => self.activate(ctx, id).await,
        }
    }

    async fn activate(&self, ctx: &RequestContext, id: i64) -> Result<Dataset, ServiceError> {
        let stored = self.dataset(ctx, id).await?;
        if stored.summary.status == Status::Active {
            return Err(ServiceError::AlreadyActive);
        }
        let model = self.model(ctx, stored.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let catalog = self.checked_catalog(&model, &stored.config).await?;
        let counts = self.counts_of(&model, &stored.config, &catalog).await?;
        let empty = empty_parts(&counts);
        if !empty.is_empty() {
            return Err(ServiceError::Invalid(empty));
        }
        // The frozen form: relative dates count back from the day of the count.
        let as_of = counts.as_of;
        let version = new_version(ctx, &stored.config, &catalog, as_of, "activated", Some(counts)).await?;
        try_join_all(version.sql.values().map(|sql| warehouse.dry_run(sql))).await?;
        match self.store().activate(id, stored.revision, &version).await {
            Err(StoreError::Stale) => Err(self.stale(ctx, id, None).await?),
            done => Ok(done?),
        }
    }

    async fn stale(&self, ctx: &RequestContext, id: i64, yours: Option<DatasetInput>) -> Result<ServiceError, ServiceError> {
        Ok(ServiceError::Stale { current: Box::new(self.dataset(ctx, id).await?), yours: yours.map(Box::new) })
    }
}

fn checked_input(input: &DatasetInput, errors: &mut Vec<FieldError>) -> DatasetInput {
    DatasetInput {
        name: checked_name(&input.name, errors),
        description: checked_description(&input.description, errors),
        config: input.config.clone(),
    }
}

/// All validation errors at once: first those of the name, then those of the config.
fn refuse(mut errors: Vec<FieldError>, config: Result<(), ServiceError>) -> Result<(), ServiceError> {
    match config {
        Ok(()) => {}
        Err(ServiceError::Invalid(more)) => errors.extend(more),
        Err(other) => return Err(other),
    }
    if errors.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(errors)) }
}

/// No model can be trained or evaluated on no rows.
fn empty_parts(counts: &Counts) -> Vec<FieldError> {
    if counts.full.rows == 0 {
        return vec![FieldError::new("filters", "The dataset has no rows: its filters or joins remove them all.")];
    }
    let empty = counts.splits.iter().filter(|(_, part)| part.rows == 0);
    empty.map(|(split, _)| FieldError::new("split_config", format!("The {} split has no rows.", split.as_str()))).collect()
}
