//! Names: parsed once at the boundary, valid from then on.
//!
//! Four types, because BigQuery has four rules: tables, columns, the names that a query gives to
//! its sources, and the names of a dataset's output columns. None of them can hold a backtick, a
//! backslash or a control character, so a quoted name can never end early.
//! [`crate::domain::sql::render`] is still the only module that quotes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Why a text is not a name, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

impl NameError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Longest column name that BigQuery takes, in characters.
pub const MAX_COLUMN_CHARS: usize = 300;
/// Longest table id that BigQuery takes, in UTF-8 bytes.
pub const MAX_TABLE_BYTES: usize = 1024;

/// A table of the warehouse: `raw_data.orders`. The project belongs to the model, not to the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    dataset: String,
    table: String,
}

impl TableName {
    /// From the two parts; the rules are those of [`TableName::from_str`].
    pub fn new(dataset: &str, table: &str) -> Result<Self, NameError> {
        let dataset_ok = !dataset.is_empty()
            && dataset.len() <= MAX_TABLE_BYTES
            && dataset.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !dataset_ok {
            return Err(NameError::new("the dataset part takes letters, digits and underscores, as in raw_data.orders"));
        }
        check_table_id(table)?;
        Ok(Self { dataset: dataset.into(), table: table.into() })
    }

    /// The BigQuery dataset: `raw_data`.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The table id without its dataset: `orders`.
    pub fn table(&self) -> &str {
        &self.table
    }
}

impl FromStr for TableName {
    type Err = NameError;

    /// Parses `dataset.table`. The table id takes letters, marks, digits, connectors, dashes and
    /// inner blanks, at most 1,024 bytes. With an asterisk at its end it is a wildcard: all tables
    /// of this dataset whose ids begin so and end in a date.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (dataset, table) =
            text.split_once('.').ok_or_else(|| NameError::new("write a table as dataset.table, as in raw_data.orders"))?;
        Self::new(dataset, table)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.table)
    }
}

/// BigQuery: "Unicode characters in category L, M, N, Pc (connector), Pd (dash), Zs (space)";
/// blanks at the ends are refused here because nobody means them.
fn check_table_id(table: &str) -> Result<(), NameError> {
    if table.is_empty() {
        return Err(NameError::new("the table part is empty"));
    }
    if table.len() > MAX_TABLE_BYTES {
        return Err(NameError::new("a table name has at most 1,024 bytes"));
    }
    let id = table.strip_suffix('*').unwrap_or(table);
    if id.is_empty() || table.trim() != table || !id.chars().all(fits_table_id) {
        return Err(NameError::new("a table name takes letters, digits, underscores, dashes and inner spaces"));
    }
    Ok(())
}

/// <https://cloud.google.com/bigquery/docs/tables#table_naming>
fn fits_table_id(c: char) -> bool {
    use GeneralCategory::{ConnectorPunctuation, DashPunctuation, SpaceSeparator};
    use GeneralCategoryGroup::{Letter, Mark, Number};
    matches!(c.general_category_group(), Letter | Mark | Number)
        || matches!(c.general_category(), ConnectorPunctuation | DashPunctuation | SpaceSeparator)
}

/// A column of a table, as the warehouse spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ColumnName(String);

impl ColumnName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ColumnName {
    type Err = NameError;

    /// BigQuery's rule for flexible column names: any character but the few that it reserves, at
    /// most 300.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::new("the column name is empty"));
        }
        if text.chars().count() > MAX_COLUMN_CHARS {
            return Err(NameError::new("a column name has at most 300 characters"));
        }
        const RESERVED: &str = "!\"$()*,./;?@[\\]^`{}~";
        if let Some(c) = text.chars().find(|c| c.is_control() || RESERVED.contains(*c)) {
            return Err(NameError::new(format!("a column name cannot contain {c:?}")));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a table within the dataset: the table's short name, or another if a table occurs
/// twice. Compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

impl SourceName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal without regard to case, as both engines compare table aliases.
    pub fn same_as(&self, other: &SourceName) -> bool {
        same(&self.0, &other.0)
    }
}

impl From<&TableName> for SourceName {
    fn from(table: &TableName) -> Self {
        Self(table.table.clone())
    }
}

impl FromStr for SourceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_table_id(text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An output column of the dataset: letters, digits and underscores, not starting with a digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutputName(String);

/// BigQuery refuses output columns that start so (compared without regard to case).
const RESERVED_PREFIXES: [&str; 6] = ["_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier"];

impl OutputName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest output name to any text: disallowed characters become underscores; a digit at
    /// the start gets an underscore before it, a reserved prefix an `x`.
    pub fn nearest(text: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut name: String = match text.len() <= MAX_COLUMN_CHARS - 2 && text.bytes().all(|b| fits(b.into())) {
            true => text.into(),
            false => text.chars().map(|c| if fits(c) { c } else { '_' }).take(MAX_COLUMN_CHARS - 2).collect(),
        };
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            name.insert(0, '_');
        }
        if has_reserved_prefix(&name) {
            name.insert(0, 'x');
        }
        Self(name)
    }
}

fn has_reserved_prefix(name: &str) -> bool {
    RESERVED_PREFIXES.iter().any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

impl FromStr for OutputName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut chars = text.chars();
        let starts_well = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(NameError::new(
                "a column name starts with a letter or underscore and takes letters, digits and underscores",
            ));
        }
        if text.len() > MAX_COLUMN_CHARS {
            return Err(NameError::new("a column name has at most 300 characters"));
        }
        if has_reserved_prefix(text) {
            return Err(NameError::new("BigQuery reserves names with this prefix"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The form in which names are compared: both engines, and people, take `Id` and `id` for one
/// column.
pub fn fold(name: &str) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.to_lowercase() }
}

/// Whether two names fold to the same, in most cases without folding them.
pub fn same(a: &str, b: &str) -> bool {
    a == b || a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && fold(a) == fold(b))
}

macro_rules! text_form {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.to_string()
            }
        }
    )*};
}
text_form!(TableName, ColumnName, SourceName, OutputName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_dataset_dot_table() {
        let name: TableName = "raw_data.order lines-2024".parse().unwrap();
        assert_eq!((name.dataset(), name.table()), ("raw_data", "order lines-2024"));
        for good in ["orders – 2024", "a\u{a0}b", "x‿y", "ตาราง", "तालिका", "e\u{301}", "Ⅻ", "a〜b", "events_*", "My Table"]
        {
            let name = TableName::new("raw_data", good).unwrap();
            assert_eq!((name.table(), name.to_string().parse().as_ref()), (good, Ok(&name)));
            assert!(good.parse::<SourceName>().is_ok(), "{good}");
        }
        for bad in [
            "raw_data.*",
            "raw_data.a*b",
            "raw_data.a**",
            "raw_data.a\u{200b}b",
            "raw_data.a\u{202e}b",
            "raw_data.a+b",
            "raw_data.💾",
            "raw_data.a\u{a0}",
            "orders",
            "raw_data.",
            ".orders",
            "raw_data.a.b",
            "raw-data.x",
            "raw_data.a`b",
            "raw_data.../etc",
            "raw_data. x",
            "raw_data.a\\b",
            "p.raw_data.x",
        ] {
            assert!(bad.parse::<TableName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn columns_may_be_ugly_but_never_end_a_quote() {
        // Identifiers are always quoted, so reserved words and spaces are allowed.
        for good in ["group", "order", "order date", "größe", "a-b", "100%", "x'y"] {
            assert!(good.parse::<ColumnName>().is_ok(), "{good}");
        }
        for bad in ["", "a`b", "a\\b", "a\nb", "a.b", "a;b", &"x".repeat(301)] {
            assert!(bad.parse::<ColumnName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn output_names_are_what_bigquery_takes() {
        // BigQuery refuses these, or a backtick would end the quoted name.
        for bad in ["", "1a", "a b", "a-b", "größe", "a`", "_PARTITIONTIME", "_table_suffix", &"x".repeat(301)] {
            assert!(bad.parse::<OutputName>().is_err(), "{bad}");
        }
        assert_eq!(OutputName::nearest("order date").as_str(), "order_date");
        assert_eq!(OutputName::nearest("1st").as_str(), "_1st");
        for ugly in ["", "größe", "_TABLE_x", "9", &"é".repeat(400)] {
            let near = OutputName::nearest(ugly);
            assert_eq!(near.as_str().parse::<OutputName>().as_ref(), Ok(&near), "{ugly}");
        }
    }
}
