//! Datasets in words and side by side, from the store alone: no request to the warehouse.

use serde_json::{Value, json};

use super::cpu::{HEAVY_PARTS, compute};
use super::{App, RequestContext, ServiceError};
use crate::domain::analysis::Analysis;
use crate::domain::describe;
use crate::domain::diff::differences;
use crate::domain::dto::{Comparison, Dataset, Overview};
use crate::domain::limits::parts;

/// How many datasets can be compared.
const COMPARED: std::ops::RangeInclusive<usize> = 2..=5;

impl App {
    /// A dataset in words, with its stored analysis.
    pub async fn summary(&self, ctx: &RequestContext, id: i64) -> Result<Overview, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        Ok(compute(parts(&dataset.config) >= HEAVY_PARTS, move || overview(dataset)).await)
    }

    /// Two to five datasets of a model, in the order requested, and what differs among them.
    pub async fn compare(&self, ctx: &RequestContext, model_id: i64, ids: &[i64]) -> Result<Comparison, ServiceError> {
        self.model(ctx, model_id).await?;
        if !COMPARED.contains(&ids.len()) {
            return Err(ServiceError::field("dataset_ids", "Select two to five datasets."));
        }
        if let Some(twice) = ids.iter().enumerate().find_map(|(i, id)| ids[..i].contains(id).then_some(id)) {
            return Err(ServiceError::field("dataset_ids", format!("Dataset {twice} is selected twice.")));
        }
        let mut datasets = vec![];
        for id in ids {
            let unknown = || ServiceError::NotFound(format!("The model has no dataset {id}."));
            match self.dataset(ctx, *id).await {
                Ok(dataset) if dataset.model_id == model_id => datasets.push(dataset),
                Ok(_) | Err(ServiceError::NotFound(_)) => return Err(unknown()),
                Err(error) => return Err(error),
            }
        }
        let heavy = datasets.iter().map(|dataset| parts(&dataset.config)).sum::<usize>() >= HEAVY_PARTS;
        let compare = move || {
            let differences = differences(&datasets.iter().map(compared).collect::<Vec<_>>());
            Comparison { comparison: datasets.into_iter().map(overview).collect(), differences }
        };
        Ok(compute(heavy, compare).await)
    }
}

fn overview(dataset: Dataset) -> Overview {
    let config = &dataset.config;
    Overview {
        tables: describe::tables(config),
        columns: describe::columns(config),
        roles: describe::roles(&config.column_mapping),
        filters: describe::filters(&config.filters, &config.split_config),
        split: describe::split(&config.split_config),
        summary: dataset.summary,
        config_hash: dataset.config_hash,
        analysis: dataset.analysis,
    }
}

/// The compared fields of a dataset: all that is entered, and the metrics of its analysis, each
/// `null` before the first.
fn compared(dataset: &Dataset) -> Value {
    let analysis = dataset.analysis.as_ref().map(|stored| &stored.analysis);
    let mut compared = json!(dataset.input());
    // Short fields first, then the config.
    let config = compared["config"].take();
    if let Value::Object(fields) = &mut compared {
        fields.shift_remove("config");
    }
    compared["status"] = json!(dataset.summary.status);
    compared["config"] = config;
    compared["analysis"] = figures(analysis);
    compared
}

fn figures(analysis: Option<&Analysis>) -> Value {
    let of = |figure: fn(&Analysis) -> Value| analysis.map_or(Value::Null, figure);
    let part = |word: &str| {
        let part = analysis.and_then(|a| a.metrics.counts.iter().find(|counts| counts.part.as_str() == word));
        part.map_or(Value::Null, |part| json!(part.rows))
    };
    json!({
        "as_of": of(|a| json!(a.metrics.as_of)),
        "rows": part("full"),
        "train_rows": part("train"),
        "eval_rows": part("eval"),
        "test_rows": part("test"),
        "users": of(|a| json!(a.metrics.users.map(|entities| entities.all))),
        "products": of(|a| json!(a.metrics.products.map(|entities| entities.all))),
        "span_days": of(|a| json!(a.quality_metrics.span_days)),
        "sparsity": of(|a| json!(a.quality_metrics.sparsity)),
        "score": of(|a| json!(a.quality_metrics.score)),
        "leaks": of(|a| json!(a.summary().leaks)),
    })
}
