//! The query dialog: parts, verdict, price.

pub const FULL: &str = "full";
pub const TFX: &str = "TFX";
pub const PARTS: &str = "Query kind";
pub const COPY: &str = "Copy";
pub const COPIED: &str = "Copied.";
pub const CANNOT_COPY: &str = "The browser blocked copying. Select the text and copy it manually.";
pub const DOWNLOAD: &str = "Download";
pub const SQL: &str = "SQL";
pub const VALID: &str = "Valid";
pub const NOT_VALID: &str = "Invalid: ";
pub const LOADING_QUERY: &str = "Running a dry run…";
pub const NO_QUERY: &str = "No query: the config does not match the tables.";

pub const TOTALS: &str = "Bytes and cost per split";
pub const PART: &str = "Split";
pub const VERDICT: &str = "Status";
pub const READS: &str = "Reads";
pub const COSTS: &str = "Cost";
pub const SPLITS_TOTAL: &str = "all splits";
pub const FREE: &str = "free";
pub const UNKNOWN: &str = "unknown";

pub const TFX_WHAT: &str = "Input for TFX’s BigQueryExampleGen: one query per split with TFX types and no NULLs, plus project and location. Exporting freezes a version, so that you can trace what a model was trained on.";
pub const TFX_EXPORT: &str = "Export for TFX";
pub const TFX_EXPORTING: &str = "Resolving the reference date…";
pub const TFX_JSON: &str = "Input (JSON)";
pub const TFX_PYTHON: &str = "Component (Python)";

pub fn title(name: &str) -> String {
    format!("Query of {name}")
}

pub fn reads(size: &str, at_most: bool) -> String {
    if at_most { format!("reads at most {size}") } else { format!("reads {size}") }
}

pub fn costs(price: &str, at_most: bool) -> String {
    if at_most { format!("costs at most {price}") } else { format!("costs about {price}") }
}

pub fn at_most(amount: &str) -> String {
    format!("at most {amount}")
}
