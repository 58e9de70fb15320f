//! The start page.

use crate::domain::format::counted;
use crate::domain::warehouse::WarehouseKind;

pub const TITLE: &str = "Models";
pub const LEAD: &str = "A model is an ML project with its training datasets. Each model reads tables from one warehouse.";
pub const ADD: &str = "Add model";
pub const EDIT_TITLE: &str = "Edit model";
pub const EDIT: &str = "Edit";
pub const OPEN: &str = "Open datasets";
pub const NONE_TITLE: &str = "No models yet";
pub const NONE_ADVICE: &str =
    "Add your first model: give it a name and a Google Cloud project, or leave the project empty to use tables on this machine.";

pub const NAME: &str = "Name";
pub const DESCRIPTION: &str = "Description";
pub const PROJECT: &str = "Google Cloud project";
pub const PROJECT_HINT: &str = "Leave empty to use tables on this machine.";
pub const LOCATION: &str = "Location";
pub const LOCATION_HINT: &str = "Leave empty to use the location of the BigQuery dataset.";

pub fn warehouse(kind: &WarehouseKind) -> String {
    match kind {
        WarehouseKind::Embedded => "Tables on this machine".to_owned(),
        WarehouseKind::BigQuery { project, .. } => format!("BigQuery · {project}"),
    }
}

pub fn datasets(n: u32) -> String {
    counted(n.into(), "dataset", "datasets")
}

pub fn edit(name: &str) -> String {
    format!("Edit {name}")
}

pub fn open(name: &str) -> String {
    format!("Open datasets of {name}")
}

pub fn saved(name: &str) -> String {
    format!("{name} saved.")
}
