//! Which warehouse a model's tables are in.

use serde::{Deserialize, Serialize};

use super::field_error::FieldError;

/// A kind of warehouse, with what distinguishes two of one kind. A new kind is a variant here and
/// an engine in `crate::warehouse`; the matches that miss it then do not compile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum WarehouseKind {
    /// Files on the server's own machine.
    #[default]
    Embedded,
    BigQuery {
        /// Owns the tables and pays for the queries.
        project: String,
        /// Where its jobs run; `None` uses the dataset's location.
        location: Option<String>,
    },
}

/// A kind as flat fields of a model: as the API, files and the store have it. Whoever takes them
/// apart names each, so that another field does not compile before it has its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WarehouseFields {
    pub gcp_project_id: Option<String>,
    pub location: Option<String>,
}

impl From<WarehouseFields> for WarehouseKind {
    /// Of fields that were checked.
    fn from(WarehouseFields { gcp_project_id, location }: WarehouseFields) -> Self {
        match gcp_project_id {
            Some(project) => Self::BigQuery { project, location },
            None => Self::Embedded,
        }
    }
}

impl From<WarehouseKind> for WarehouseFields {
    fn from(kind: WarehouseKind) -> Self {
        match kind {
            WarehouseKind::Embedded => Self::default(),
            WarehouseKind::BigQuery { project, location } => Self { gcp_project_id: Some(project), location },
        }
    }
}

impl WarehouseKind {
    /// From a model's flat fields, as people, the API and files name them: a model with a project
    /// uses BigQuery. Otherwise what is wrong with them.
    pub fn parse(gcp_project_id: Option<&str>, location: Option<&str>) -> Result<Self, Vec<FieldError>> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (project, location) = (given(gcp_project_id), given(location));
        let mut errors = vec![];
        if project.as_deref().is_some_and(|id| !is_project_id(id)) {
            errors.push(FieldError::new(
                "gcp_project_id",
                "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter; it is not the project's name.",
            ));
        }
        match &location {
            Some(location) if !is_location(location) => {
                errors.push(FieldError::new("location", "Enter a BigQuery location, such as EU, US or europe-west3."));
            }
            Some(_) if project.is_none() => {
                errors.push(FieldError::new("location", "A location needs a project: enter one, or leave this empty."));
            }
            Some(_) | None => {}
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(WarehouseFields { gcp_project_id: project, location }.into())
    }

    /// For the metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::BigQuery { .. } => "bigquery",
        }
    }

    /// Whether reading costs money.
    pub fn is_metered(&self) -> bool {
        match self {
            Self::Embedded => false,
            Self::BigQuery { .. } => true,
        }
    }
}

/// <https://cloud.google.com/resource-manager/docs/creating-managing-projects>; older ids may have
/// a domain before a colon.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_selects_bigquery() {
        let bigquery = |project: &str, location: Option<&str>| WarehouseKind::BigQuery {
            project: project.into(),
            location: location.map(str::to_owned),
        };
        for (project, location, kind) in [
            (None, None, WarehouseKind::Embedded),
            (Some("  "), Some(""), WarehouseKind::Embedded),
            (Some(" my-project "), None, bigquery("my-project", None)),
            (Some("example.com:my-project"), Some("EU"), bigquery("example.com:my-project", Some("EU"))),
        ] {
            assert_eq!(WarehouseKind::parse(project, location), Ok(kind.clone()));
            assert_eq!(WarehouseKind::from(WarehouseFields::from(kind.clone())), kind);
        }
    }

    #[test]
    fn each_invalid_field_has_its_own_error() {
        for (project, location, paths) in [
            (Some("My Project"), None, &["gcp_project_id"][..]),
            (Some("p"), Some("here!"), &["gcp_project_id", "location"]),
            (Some("my-project"), Some("1"), &["location"]),
            // A location needs a project.
            (None, Some("EU"), &["location"]),
        ] {
            let errors = WarehouseKind::parse(project, location).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(), paths);
        }
    }

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        let bigquery = WarehouseKind::BigQuery { project: "my-project".into(), location: None };
        for (kind, json) in [
            (WarehouseKind::Embedded, r#"{"kind":"embedded"}"#),
            (bigquery, r#"{"kind":"bigquery","project":"my-project","location":null}"#),
        ] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
            assert_eq!(serde_json::from_str::<WarehouseKind>(json).unwrap(), kind);
        }
    }
}
