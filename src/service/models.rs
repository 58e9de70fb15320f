//! Models: the ML projects that datasets belong to.

use super::{App, RequestContext, ServiceError};
use crate::domain::dto::{CheckedModel, Model, ModelInput};
use crate::domain::field_error::FieldError;
use crate::domain::warehouse::WarehouseKind;
use crate::store::{MAX_NAME_CHARS, StoreError};

/// Longest description of a model or dataset, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 2000;

impl App {
    pub async fn models(&self, _ctx: &RequestContext) -> Result<Vec<Model>, ServiceError> {
        Ok(self.store().models().await?)
    }

    pub async fn model(&self, _ctx: &RequestContext, id: i64) -> Result<Model, ServiceError> {
        self.store().model(id).await.map_err(model_error)
    }

    pub async fn create_model(&self, ctx: &RequestContext, input: &ModelInput) -> Result<Model, ServiceError> {
        let id = self.store().insert_model(&checked_model(input)?).await.map_err(model_error)?;
        self.model(ctx, id).await
    }

    pub async fn update_model(&self, ctx: &RequestContext, id: i64, input: &ModelInput) -> Result<Model, ServiceError> {
        self.store().update_model(id, &checked_model(input)?).await.map_err(model_error)?;
        self.model(ctx, id).await
    }

    /// Deletes a model that has no datasets.
    pub async fn delete_model(&self, _ctx: &RequestContext, id: i64) -> Result<(), ServiceError> {
        self.store().delete_model(id).await.map_err(model_error)
    }
}

pub(super) fn model_error(error: StoreError) -> ServiceError {
    match error {
        StoreError::NotFound => ServiceError::NotFound("Model not found.".into()),
        StoreError::NameTaken => ServiceError::NameTaken("model"),
        other => other.into(),
    }
}

fn checked_model(input: &ModelInput) -> Result<CheckedModel, ServiceError> {
    let mut errors = vec![];
    let name = checked_name(&input.name, &mut errors);
    let description = checked_description(&input.description, &mut errors);
    match WarehouseKind::parse(input.gcp_project_id.as_deref(), input.location.as_deref()) {
        Ok(warehouse) if errors.is_empty() => Ok(CheckedModel { name, description, warehouse }),
        parsed => {
            errors.extend(parsed.err().into_iter().flatten());
            Err(ServiceError::Invalid(errors))
        }
    }
}

/// The trimmed name; validation errors are added to `errors`.
pub(super) fn checked_name(name: &str, errors: &mut Vec<FieldError>) -> String {
    let name = name.trim();
    if let Some(error) = name_error(name) {
        errors.push(FieldError::new("name", error));
    }
    name.to_owned()
}

/// The validation error of a trimmed name.
pub(super) fn name_error(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("Enter a name.".into())
    } else if name.chars().count() > MAX_NAME_CHARS {
        Some(format!("A name has at most {MAX_NAME_CHARS} characters."))
    } else if name.chars().any(char::is_control) {
        Some("A name must be one line without control characters.".into())
    } else {
        None
    }
}

pub(super) fn checked_description(description: &str, errors: &mut Vec<FieldError>) -> String {
    let description = description.trim();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        errors.push(FieldError::new("description", "A description has at most 2,000 characters."));
    }
    description.to_owned()
}
