//! Config as code: a dataset as a file, and back. The file holds what is entered for a dataset
//! (name, description, config) and nothing of the installation, so that it can be committed to a
//! repository, reviewed, and applied elsewhere.

use serde_json::{Value, json};

use super::cpu::{HEAVY_BYTES, HEAVY_PARTS, compute, is_heavy};
use super::{App, DatasetChange, RequestContext, ServiceError};
use crate::domain::diff::{Difference, differences};
use crate::domain::document::{Document, Format, write};
use crate::domain::dto::{Dataset, DatasetInput};
use crate::domain::limits::parts;
use crate::domain::parse::without_empty;

/// A dataset's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetFile {
    /// Valid on every file system and in headers: only letters, digits, `-`, `_` and `.`.
    pub name: String,
    pub format: Format,
    pub text: String,
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    Created,
    Updated,
    Unchanged,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPlan {
    pub input: DatasetInput,
    /// The dataset that has the name now.
    pub existing: Option<Dataset>,
    /// From the current dataset to the file's, by path; for a new dataset, all of its content.
    pub differences: Vec<Difference>,
}

impl ImportPlan {
    pub fn outcome(&self) -> ImportOutcome {
        match &self.existing {
            None => ImportOutcome::Created,
            Some(_) if self.differences.is_empty() => ImportOutcome::Unchanged,
            Some(_) => ImportOutcome::Updated,
        }
    }
}

/// A file that was read, with positions.
pub struct ReadFile {
    pub input: DatasetInput,
    document: Document,
}

impl ReadFile {
    /// Reads a file: name, description and config, or a config alone.
    pub fn read(text: &str, format: Format) -> Result<Self, ServiceError> {
        let document = Document::read(text, format).map_err(|error| ServiceError::BadRequest(error.to_string()))?;
        let change = match document.value.clone() {
            Value::Object(fields) => DatasetChange::from_json(fields),
            Value::Null => Ok(DatasetChange::default()),
            _ => return Err(ServiceError::BadRequest("A dataset's file has name, description and config.".into())),
        };
        match change.and_then(DatasetChange::into_new) {
            Ok(input) => Ok(Self { input, document }),
            Err(errors) => Err(ServiceError::Invalid(document.placed(errors))),
        }
    }

    /// Reads a file; a large one off the async threads.
    async fn read_beside(text: &str, format: Format) -> Result<Self, ServiceError> {
        let text = text.to_owned();
        compute(text.len() >= HEAVY_BYTES, move || Self::read(&text, format)).await
    }

    /// Adds the positions in the file to the validation errors.
    pub fn placed(&self, error: ServiceError) -> ServiceError {
        match error {
            ServiceError::Invalid(errors) => ServiceError::Invalid(self.document.placed(errors)),
            other => other,
        }
    }
}

impl App {
    /// A dataset as a file. Equal datasets give equal text.
    pub async fn export_dataset(&self, ctx: &RequestContext, id: i64, format: Format) -> Result<DatasetFile, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        Ok(compute(parts(&dataset.config) >= HEAVY_PARTS, move || dataset_file(&dataset, format)).await)
    }

    /// Creates the dataset of a file, as [`App::put_dataset`] does; validation errors have their
    /// positions in the file.
    pub async fn import_dataset(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        text: &str,
        format: Format,
        update: bool,
    ) -> Result<(Dataset, ImportOutcome), ServiceError> {
        let file = ReadFile::read_beside(text, format).await?;
        self.put_dataset(ctx, model_id, &file.input, update).await.map_err(|error| file.placed(error))
    }

    /// Creates or replaces a dataset. If its name is taken, that dataset is replaced if the caller
    /// allows it (`NameTaken` otherwise), and nothing happens if it is equal already.
    pub async fn put_dataset(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        input: &DatasetInput,
        update: bool,
    ) -> Result<(Dataset, ImportOutcome), ServiceError> {
        let Some(existing) = self.dataset_named(ctx, model_id, &input.name).await? else {
            return Ok((self.create_dataset(ctx, model_id, input).await?, ImportOutcome::Created));
        };
        if !update {
            return Err(ServiceError::NameTaken("dataset"));
        }
        // Of two concurrent applies, the second gets the error that it came too late.
        let saved = self.replace_dataset(ctx, existing.summary.id, Some(existing.revision), input).await?;
        let outcome = if saved.revision == existing.revision { ImportOutcome::Unchanged } else { ImportOutcome::Updated };
        Ok((saved, outcome))
    }

    /// What [`App::put_dataset`] would change, for a dataset that fits the current tables.
    pub async fn plan(&self, ctx: &RequestContext, model_id: i64, input: &DatasetInput) -> Result<ImportPlan, ServiceError> {
        let existing = self.dataset_named(ctx, model_id, &input.name).await?;
        self.check_input(ctx, model_id, input).await?;
        let before = existing.as_ref().map_or_else(|| json!({}), |dataset| contents(&dataset.input()));
        let (heavy, after) = (is_heavy(&before), contents(input));
        let differences = compute(heavy || is_heavy(&after), move || differences(&[before, after])).await;
        Ok(ImportPlan { differences, input: input.clone(), existing })
    }

    /// `NotFound` if the model does not exist.
    async fn dataset_named(&self, ctx: &RequestContext, model_id: i64, name: &str) -> Result<Option<Dataset>, ServiceError> {
        self.model(ctx, model_id).await?;
        Ok(match self.store().dataset_named(model_id, name).await? {
            None => None,
            Some(id) => Some(self.dataset(ctx, id).await?),
        })
    }
}

/// A dataset as a file.
pub fn dataset_file(dataset: &Dataset, format: Format) -> DatasetFile {
    let text = write(&contents(&dataset.input()), format);
    DatasetFile { name: file_name(&dataset.summary.name, dataset.summary.id, format), format, text }
}

/// The content of a file: without empty fields, in the order of the types' fields.
fn contents(input: &DatasetInput) -> Value {
    let mut contents = json!(input);
    for field in contents.as_object_mut().into_iter().flatten() {
        if let (_, Value::String(text)) = field {
            *text = text.trim().to_owned();
        }
    }
    without_empty(contents)
}

/// A dataset's name as a file name: no separators, no leading dot, nothing that a header would need
/// to quote.
fn file_name(name: &str, id: i64, format: Format) -> String {
    let mut stem = String::new();
    for c in name.chars().take(100) {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') => stem.push(c.to_ascii_lowercase()),
            // One dash for each run of other characters.
            _ if !stem.ends_with('-') => stem.push('-'),
            _ => {}
        }
    }
    let stem = stem.trim_matches(|c| matches!(c, '-' | '.'));
    match stem.is_empty() {
        true => format!("dataset-{id}.{}", format.as_str()),
        false => format!("{stem}.{}", format.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe() {
        for (name, file) in [
            ("Orders of 2024", "orders-of-2024.yaml"),
            ("../../etc/passwd", "etc-passwd.yaml"),
            ("a\"b;c\\d", "a-b-c-d.yaml"),
            ("Käufe", "k-ufe.yaml"),
            ("订单", "dataset-7.yaml"),
            (".hidden", "hidden.yaml"),
        ] {
            assert_eq!(file_name(name, 7, Format::Yaml), file);
        }
        assert!(file_name(&"x".repeat(255), 7, Format::Json).len() <= 105);
    }

    #[test]
    fn a_file_holds_a_dataset_or_a_config_alone() {
        let whole = "name: Orders\ndescription: null\nconfig:\n  primary_table: raw_data.orders\n";
        let read = ReadFile::read(whole, Format::Yaml).unwrap().input;
        assert_eq!((read.name.as_str(), read.description.as_str()), ("Orders", ""));
        let alone = ReadFile::read("primary_table: raw_data.orders\n", Format::Yaml).unwrap().input;
        assert_eq!(alone.config, read.config);
        // Unknown keys are refused, wherever they stand: a misspelled key that is ignored changes
        // the dataset silently.
        for (text, path) in [("nmae: x\n", "nmae"), ("config: {primary_table: raw_data.a, colour: 1}\n", "colour")] {
            let Err(ServiceError::Invalid(errors)) = ReadFile::read(text, Format::Yaml) else { panic!("{text}") };
            assert_eq!(errors[0].path, path);
        }
        assert!(matches!(ReadFile::read("- 1\n", Format::Yaml), Err(ServiceError::BadRequest(_))));
        // A written file can be read again, and gives the same text.
        for format in Format::ALL {
            let text = write(&contents(&read), format);
            let again = ReadFile::read(&text, format).unwrap().input;
            assert_eq!(again, read);
            assert_eq!(write(&contents(&again), format), text);
        }
    }
}
