//! The input of TFX's BigQueryExampleGen: an Input with one whole query per split, an explicit
//! Output, project and location, and a Python snippet that wires them.
//!
//! The messages are `tfx.components.example_gen.Input` and `Output` as proto3 JSON
//! (tfx/proto/example_gen.proto). Its executor reads the schema with `SELECT * FROM (query) LIMIT
//! 0`, so a query has no semicolon and no duplicate column names. Vocabularies are to be built from
//! train alone: that is the consumer's task, and the snippet says so.

use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::dataset::{DatasetConfig, Split};
use super::field_error::FieldError;
use super::sql::{OutputColumn, QueryKind, Request, Title, compile};

/// The input of TFX and how to use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TfxArtefact {
    pub input_config: TfxInput,
    pub output_config: TfxOutput,
    pub project_id: Option<String>,
    /// The location of the data; the job must run there.
    pub location: Option<String>,
    /// Python code that creates the component.
    pub snippet: String,
    /// The version; `None` if it is not frozen.
    pub version: Option<u32>,
}

impl TfxArtefact {
    /// With a comment above each split's query; its splits are named by the artefact's own.
    pub fn titled(mut self, title: &Title) -> Self {
        for TfxSplit { name, pattern } in &mut self.input_config.splits {
            let split = Split::ALL.into_iter().find(|split| split.as_str() == name);
            *pattern = Title { split, ..*title }.above(pattern);
        }
        self
    }
}

/// `example_gen_pb2.Input`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TfxInput {
    pub splits: Vec<TfxSplit>,
}

/// `example_gen_pb2.Input.Split`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TfxSplit {
    pub name: String,
    /// The SQL of the split.
    pub pattern: String,
}

/// `example_gen_pb2.Output`: empty, since the input's splits are the output's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TfxOutput {}

/// The artefact of a config, without a version. Without a split there is one, `train`, with all
/// rows.
pub fn artefact(
    config: &DatasetConfig,
    catalog: &Catalog,
    as_of: Option<chrono::NaiveDate>,
    location: Option<&str>,
) -> Result<(TfxArtefact, Vec<OutputColumn>), Vec<FieldError>> {
    let mut columns = vec![];
    let mut splits = vec![];
    let mut query = |split: Option<Split>| {
        let compiled = compile(config, catalog, &Request { split, kind: QueryKind::Tfx, as_of, ..Request::default() })?;
        columns = compiled.columns;
        let name = split.unwrap_or(Split::Train).as_str();
        splits.push(TfxSplit { name: name.into(), pattern: compiled.sql });
        Ok::<_, Vec<FieldError>>(())
    };
    match config.split_config.splits() {
        [] => query(None)?,
        parts => parts.iter().try_for_each(|split| query(Some(*split)))?,
    }
    let artefact = TfxArtefact {
        input_config: TfxInput { splits },
        output_config: TfxOutput {},
        project_id: catalog.project().map(str::to_owned),
        location: location.map(str::to_owned),
        snippet: SNIPPET.to_owned(),
        version: None,
    };
    Ok((artefact, columns))
}

/// Reads the artefact from a file, so that no query needs quoting in Python.
const SNIPPET: &str = r#"import json

from google.protobuf import json_format
from tfx.extensions.google_cloud_big_query.example_gen.component import BigQueryExampleGen
from tfx.proto import example_gen_pb2

with open("trainset.tfx.json") as file:
    artefact = json.load(file)

example_gen = BigQueryExampleGen(
    input_config=json_format.ParseDict(artefact["input_config"], example_gen_pb2.Input()),
    output_config=json_format.ParseDict(artefact["output_config"], example_gen_pb2.Output()),
)
# Transform, where no splits_config says otherwise, builds vocabularies from train alone and applies them to every split.
# Leave it so: a vocabulary that has seen eval makes the evaluation better than what will be served.
# For Beam: the project that pays, in the data's own location.
beam_pipeline_args = [
    f"--project={artefact['project_id']}",
    f"--region={artefact['location']}",
]
"#;
