//! Which names GoogleSQL reads without backticks.

/// The reserved keywords of GoogleSQL.
/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords>
const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CONTAINS",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GRAPH_TABLE",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
];

/// Names that GoogleSQL calls as functions without parentheses, and words that the parser of the
/// embedded engine reads as something else.
const READ_OTHERWISE: &[&str] =
    &["CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "TOP", "TRIM"];

/// Whether GoogleSQL reserves a word, in any case: it is never a name without backticks.
pub fn is_reserved(word: &str) -> bool {
    is_listed(RESERVED, word)
}

fn is_listed(words: &[&str], name: &str) -> bool {
    let upper = || name.bytes().map(|b| b.to_ascii_uppercase());
    words.binary_search_by(|word| word.bytes().cmp(upper())).is_ok()
}

/// Whether a name is an identifier without backticks, wherever one may stand.
pub(super) fn is_bare(name: &str) -> bool {
    let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && is_word && !is_reserved(name) && !is_listed(READ_OTHERWISE, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(RESERVED.is_sorted() && READ_OTHERWISE.is_sorted());
    }

    #[test]
    fn only_plain_words_without_another_meaning_are_unquoted() {
        for name in ["id", "user_id", "_PARTITIONTIME", "UserId", "a1", "date", "timestamp", "user", "value"] {
            assert!(is_bare(name), "{name}");
        }
        for name in ["", "1a", "order", "Order", "a b", "a-b", "a.b", "größe", "a`b", "current_date", "rows", "all"] {
            assert!(!is_bare(name), "{name}");
        }
    }
}
