//! Config as code from the command line: a file becomes a dataset, a dataset becomes a file. Both
//! work while a server has the database open.

use serde_json::Value;
use trainset::domain::diff::Difference;
use trainset::domain::document::Format;
use trainset::domain::dto::Model;
use trainset::service::{App, ImportOutcome, ImportPlan, RequestContext, dataset_file};
use trainset::store::{Store, StoreError};

use crate::config::{Apply, Export, FormatArg};
use crate::installation::{self, store_to_read};
use crate::offline::{Output, no, read_file, validation_errors_of, yes};

/// Exit status 1 if the file does not fit the tables; with `--exit-code`, also if something would
/// change.
pub async fn apply(options: &Apply) -> Result<Output, String> {
    let file = match read_file(&options.file)? {
        Ok(file) => file,
        Err(errors) => return Ok(no(&errors)),
    };
    let app = installation::app(&options.installation).await?;
    let ctx = installation::context(&options.installation);
    let model = model_named(app.models(&ctx).await.map_err(|error| error.to_string())?, &options.model)?;
    let done = match options.dry_run {
        true => app
            .plan(&ctx, model.id, &file.input)
            .await
            .map(|plan| Output { text: described(&plan), yes: !options.exit_code || plan.outcome() == ImportOutcome::Unchanged }),
        false => applied(&app, &ctx, &model, &file.input).await.map(yes),
    };
    match done {
        Ok(answer) => Ok(answer),
        Err(error) => validation_errors_of(file.placed(error)).map(|errors| no(&errors)),
    }
}

async fn applied(
    app: &App,
    ctx: &RequestContext,
    model: &Model,
    input: &trainset::domain::dto::DatasetInput,
) -> Result<String, trainset::service::ServiceError> {
    let (dataset, outcome) = app.put_dataset(ctx, model.id, input, true).await?;
    let word = match outcome {
        ImportOutcome::Created => "created",
        ImportOutcome::Updated => "updated",
        ImportOutcome::Unchanged => "unchanged",
    };
    Ok(format!("{word}: dataset {} ({}), revision {}\n", dataset.summary.id, dataset.summary.name, dataset.revision))
}

/// What would happen, one line per difference.
fn described(plan: &ImportPlan) -> String {
    let mut text = match (plan.outcome(), &plan.existing) {
        (ImportOutcome::Unchanged, Some(dataset)) => {
            format!("unchanged: dataset {} ({})\n", dataset.summary.id, dataset.summary.name)
        }
        (_, Some(dataset)) => format!("would update dataset {} ({})\n", dataset.summary.id, dataset.summary.name),
        (_, None) => format!("would create {}\n", plan.input.name.trim()),
    };
    for Difference { path, values } in &plan.differences {
        let shown = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
        let (before, after) = (shown(&values[0]), shown(&values[1]));
        text.push_str(&match (&values[0], &values[1]) {
            (None, _) => format!("+ {path}: {after}\n"),
            (_, None) => format!("- {path}: {before}\n"),
            _ => format!("~ {path}: {before} -> {after}\n"),
        });
    }
    text
}

pub async fn export(options: &Export) -> Result<Output, String> {
    let store = store_to_read(options.database.as_ref()).await?;
    let exported = exported(&store, options).await;
    store.close().await;
    exported
}

async fn exported(store: &Store, options: &Export) -> Result<Output, String> {
    let model = model_named(store.models().await.map_err(|error| error.to_string())?, &options.model)?;
    let id = find(store, &model, &options.which).await?;
    let dataset = store.dataset(id).await.map_err(|error| error.to_string())?;
    let format = match options.format {
        FormatArg::Yaml => Format::Yaml,
        FormatArg::Json => Format::Json,
    };
    Ok(yes(dataset_file(&dataset, format).text))
}

/// A dataset of the model by its name, otherwise by its id: a name may be a number.
async fn find(store: &Store, model: &Model, which: &str) -> Result<i64, String> {
    if let Some(id) = store.dataset_named(model.id, which).await.map_err(|error| error.to_string())? {
        return Ok(id);
    }
    let nothing = || format!("The model {} has no dataset {which:?}.", model.name);
    let id: i64 = which.trim().parse().map_err(|_| nothing())?;
    match store.dataset(id).await {
        Ok(dataset) if dataset.model_id == model.id => Ok(id),
        Ok(_) | Err(StoreError::NotFound) => Err(nothing()),
        Err(error) => Err(error.to_string()),
    }
}

/// A model by its name, compared as the database compares them.
fn model_named(models: Vec<Model>, name: &str) -> Result<Model, String> {
    let key = |name: &str| name.trim().to_lowercase();
    let names: Vec<String> = models.iter().map(|model| format!("{:?}", model.name)).collect();
    let found = models.into_iter().find(|model| key(&model.name) == key(name));
    found.ok_or_else(|| format!("There is no model {name:?}. Models: {}.", names.join(", ")))
}
