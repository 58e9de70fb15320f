//! The query dialog: parts, verdict, price.

pub const FULL: &str = "full";
pub const TFX: &str = "TFX";
pub const PARTS: &str = "Part of the dataset";
pub const COPY: &str = "Copy";
pub const COPIED: &str = "Copied.";
pub const CANNOT_COPY: &str = "The browser does not let this page copy. Select the text and copy it by hand.";
pub const DOWNLOAD: &str = "Download";
pub const SQL: &str = "SQL";
pub const VALID: &str = "Valid";
pub const NOT_VALID: &str = "Not valid: ";
pub const ASKING: &str = "Asking the warehouse…";
pub const NO_QUERY: &str = "There is no query yet: the config does not fit the tables.";

pub const TOTALS: &str = "What each part reads and costs";
pub const PART: &str = "Part";
pub const VERDICT: &str = "Verdict";
pub const READS: &str = "Reads";
pub const COSTS: &str = "Costs";
pub const SPLITS_TOTAL: &str = "all splits";
pub const FREE: &str = "free";
pub const UNKNOWN: &str = "not told";

pub const TFX_WHAT: &str = "What TFX’s BigQueryExampleGen takes: one whole query a split with types that TFX knows and no NULL, project and location. Exporting freezes a version, so that what was trained on can be told later.";
pub const TFX_EXPORT: &str = "Export for TFX";
pub const TFX_EXPORTING: &str = "Finding the day that dates count back from…";
pub const TFX_JSON: &str = "The input, as JSON";
pub const TFX_PYTHON: &str = "The component, in Python";

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
