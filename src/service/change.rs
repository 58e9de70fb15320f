//! A partial update of a dataset: any of name, description and config, the config whole or by its
//! parts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::cpu::{HEAVY_PARTS, compute, is_heavy};
use crate::domain::dataset::DatasetConfig;
use crate::domain::dto::{Dataset, DatasetInput};
use crate::domain::field_error::{FieldError, FieldErrors};
use crate::domain::limits::parts;
use crate::domain::parse::config_from_json;

/// The parts of a config, as they may stand beside the name.
const PARTS: [&str; 7] =
    ["primary_table", "secondary_tables", "join_config", "selected_columns", "column_mapping", "filters", "split_config"];

/// A change that was parsed, but not yet checked against a dataset. Absent fields stay as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetChange {
    /// Text fields, by their names.
    texts: BTreeMap<String, String>,
    /// The whole config.
    config: Option<Value>,
    /// Parts of it. A part of `null` is emptied.
    parts: Map<String, Value>,
}

impl DatasetChange {
    /// Takes a change out of a JSON object. `null` for name, description or config is the same as
    /// absent.
    pub fn from_json(body: Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut change = Self::default();
        let mut errors = FieldErrors::default();
        let mut known = DatasetInput::default();
        for (key, value) in body {
            let is_text = known.text_mut(&key).is_some();
            match (key.as_str(), value) {
                ("config", Value::Null) => {}
                ("config", value) => change.config = Some(value),
                (_, Value::Null) if is_text => {}
                (_, Value::String(text)) if is_text => drop(change.texts.insert(key, text)),
                _ if is_text => errors.add(key, "This must be a string."),
                (part, value) if PARTS.contains(&part) => drop(change.parts.insert(key, value)),
                _ => errors.add(key.as_str(), format!("Unknown field {key}.")),
            }
        }
        if change.config.is_some() && !change.parts.is_empty() {
            errors.add("config", "Send the config as a whole or by its parts, not both.");
        }
        if errors.is_empty() { Ok(change) } else { Err(errors.into_list()) }
    }

    /// Takes a change out of a JSON object; a large one off the async threads.
    pub async fn read(body: Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let body = Value::Object(body);
        let read = |body| match body {
            Value::Object(body) => Self::from_json(body),
            _ => Ok(Self::default()),
        };
        compute(is_heavy(&body), move || read(body)).await
    }

    /// A new dataset from the change; a large one is parsed off the async threads.
    pub async fn new_dataset(self) -> Result<DatasetInput, Vec<FieldError>> {
        compute(self.is_heavy(), move || self.into_new()).await
    }

    fn is_heavy(&self) -> bool {
        self.config.iter().chain(self.parts.values()).any(is_heavy)
    }

    /// The dataset, and the input with the change applied; a large one is parsed off the async
    /// threads.
    pub(super) async fn made_to(self, dataset: Dataset) -> (Dataset, Result<DatasetInput, Vec<FieldError>>) {
        let heavy = self.is_heavy() || parts(&dataset.config) >= HEAVY_PARTS;
        let apply = move || {
            let changed = self.applied_to(&dataset);
            (dataset, changed)
        };
        compute(heavy, apply).await
    }

    /// A new dataset from the change.
    pub fn into_new(self) -> Result<DatasetInput, Vec<FieldError>> {
        let mut input = DatasetInput::default();
        self.write_texts(&mut input);
        input.config = config_from_json(self.config.unwrap_or(Value::Object(self.parts)))?;
        Ok(input)
    }

    /// The dataset's input with the change applied.
    pub fn applied_to(&self, dataset: &Dataset) -> Result<DatasetInput, Vec<FieldError>> {
        let mut input = DatasetInput { config: self.config_over(&dataset.config)?, ..dataset.input() };
        self.write_texts(&mut input);
        Ok(input)
    }

    fn write_texts(&self, input: &mut DatasetInput) {
        for (field, text) in &self.texts {
            if let Some(place) = input.text_mut(field) {
                place.clone_from(text);
            }
        }
    }

    fn config_over(&self, stored: &DatasetConfig) -> Result<DatasetConfig, Vec<FieldError>> {
        if let Some(config) = &self.config {
            return config_from_json(config.clone());
        }
        if self.parts.is_empty() {
            return Ok(stored.clone());
        }
        // A config always has a JSON form (see the store's hash); an empty one would only drop what
        // the parts do not name.
        let Ok(Value::Object(mut config)) = serde_json::to_value(stored) else {
            return Err(vec![FieldError::new("config", "The stored config cannot be read.")]);
        };
        config.extend(self.parts.clone());
        config_from_json(Value::Object(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<DatasetChange, Vec<FieldError>> {
        let Value::Object(body) = body else { panic!("an object") };
        DatasetChange::from_json(body)
    }

    #[test]
    fn parts_change_only_themselves() {
        let stored: DatasetConfig = serde_json::from_value(json!({
            "primary_table": "raw_data.orders",
            "selected_columns": [{"table": "orders", "column": "id"}],
            "split_config": {"type": "leave_last", "n": 2}
        }))
        .unwrap();
        let change = read(json!({"split_config": null, "primary_table": "raw_data.visits"})).unwrap();
        let changed = change.config_over(&stored).unwrap();
        assert_eq!(changed.selected_columns, stored.selected_columns);
        assert_eq!(changed.split_config, Default::default());
        assert_eq!(changed.primary_table.unwrap().to_string(), "raw_data.visits");
        assert_eq!(read(json!({"name": null})).unwrap().config_over(&stored).unwrap(), stored);
    }

    #[test]
    fn unknown_fields_are_named() {
        // Unknown fields are refused: a misspelled filter that is ignored gives wrong training
        // data.
        let errors = read(json!({"nmae": "x", "name": 3, "config": {}, "filters": {}})).unwrap_err();
        assert_eq!(errors.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["nmae", "name", "config"]);
    }
}
