//! Models: the ML projects that datasets belong to.

use super::{App, RequestContext, ServiceError};
use crate::domain::fault::FieldError;
use crate::domain::record::{Model, ModelInput};
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
        StoreError::NotFound => ServiceError::NotFound("There is no such model.".into()),
        StoreError::NameTaken => ServiceError::NameTaken("model"),
        other => other.into(),
    }
}

fn checked_model(input: &ModelInput) -> Result<ModelInput, ServiceError> {
    let mut faults = vec![];
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let checked = ModelInput {
        name: checked_name(&input.name, &mut faults),
        description: checked_description(&input.description, &mut faults),
        gcp_project_id: given(&input.gcp_project_id),
        location: given(&input.location),
    };
    if checked.gcp_project_id.as_deref().is_some_and(|id| !is_project_id(id)) {
        faults.push(FieldError::new(
            "gcp_project_id",
            "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter; it is not the project's name.",
        ));
    }
    match &checked.location {
        Some(location) if !is_location(location) => {
            faults.push(FieldError::new("location", "A location is written as BigQuery does: EU, US, europe-west3."));
        }
        Some(_) if checked.gcp_project_id.is_none() => {
            faults.push(FieldError::new("location", "A location belongs to a project: name one, or leave this empty."));
        }
        _ => {}
    }
    if faults.is_empty() { Ok(checked) } else { Err(ServiceError::Invalid(faults)) }
}

/// <https://cloud.google.com/resource-manager/docs/creating-managing-projects>; older ids may have a domain before a colon.
fn is_project_id(id: &str) -> bool {
    let (domain, id) = id.rsplit_once(':').unwrap_or(("", id));
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (6..=30).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.chars().all(known)
        && domain.chars().all(|c| known(c) || c == '.')
        && domain.len() <= 253
}

fn is_location(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The name without outer blanks; what is wrong with it goes to `faults`.
pub(super) fn checked_name(name: &str, faults: &mut Vec<FieldError>) -> String {
    let name = name.trim();
    if let Some(fault) = name_fault(name) {
        faults.push(FieldError::new("name", fault));
    }
    name.to_owned()
}

/// What is wrong with a trimmed name.
pub(super) fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("Give it a name.".into())
    } else if name.chars().count() > MAX_NAME_CHARS {
        Some(format!("A name has at most {MAX_NAME_CHARS} characters."))
    } else if name.chars().any(char::is_control) {
        Some("A name is one line, without control characters.".into())
    } else {
        None
    }
}

pub(super) fn checked_description(description: &str, faults: &mut Vec<FieldError>) -> String {
    let description = description.trim();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        faults.push(FieldError::new("description", "A description has at most 2,000 characters."));
    }
    description.to_owned()
}
