//! SQL as spans: keywords, strings, names, numbers and comments each have a class. Parses only what
//! the compiler writes, but accepts any text.

use leptos::prelude::*;

use super::texts::query as texts;
use crate::domain::sql::is_reserved;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Keyword,
    Function,
    Name,
    Text,
    Number,
    Comment,
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Keyword => "sql-keyword",
            Self::Function => "sql-function",
            Self::Name => "sql-name",
            Self::Text => "sql-text",
            Self::Number => "sql-number",
            Self::Comment => "sql-comment",
        }
    }
}

/// Words that the compiler writes and GoogleSQL does not reserve: types, units and orders.
const OTHER_KEYWORDS: [&str; 17] = [
    "BIGNUMERIC",
    "BOOL",
    "BYTES",
    "DATE",
    "DATETIME",
    "DAY",
    "FIRST",
    "FLOAT64",
    "GEOGRAPHY",
    "INT64",
    "JSON",
    "LAST",
    "MONTH",
    "NUMERIC",
    "STRING",
    "TIME",
    "TIMESTAMP",
];

/// Splits SQL into pieces; concatenated they are the text.
fn pieces(sql: &str) -> Vec<(Kind, &str)> {
    let mut out = vec![];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '`' => (Kind::Name, quoted(rest, '`')),
            '\'' => (Kind::Text, quoted(rest, '\'')),
            '-' if rest.starts_with("--") => (Kind::Comment, while_(rest, |c| c != '\n')),
            c if c.is_ascii_digit() => (Kind::Number, while_(rest, |c| c.is_ascii_digit() || c == '.')),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = while_(rest, |c| c.is_ascii_alphanumeric() || c == '_');
                let word = &rest[..length];
                let kind = match is_reserved(word) {
                    true => Kind::Keyword,
                    false if rest[length..].starts_with('(') => Kind::Function,
                    false if OTHER_KEYWORDS.contains(&word) => Kind::Keyword,
                    false => Kind::Name,
                };
                (kind, length)
            }
            _ => (Kind::Plain, other(rest)),
        };
        out.push((kind, &rest[..length]));
        rest = &rest[length..];
    }
    out
}

fn while_(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|c| !holds(c)).unwrap_or(text.len())
}

/// The length up to the next piece that has a class. A lone minus is none.
fn other(text: &str) -> usize {
    let starts = |(i, c): (usize, char)| {
        c.is_ascii_alphanumeric() || matches!(c, '`' | '\'' | '_') || (i > 0 && text[i..].starts_with("--"))
    };
    text.char_indices().find(|at| starts(*at)).map_or(text.len(), |(i, _)| i)
}

/// The length of a quoted piece with its quotes; the rest of the text if it has no end.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return i + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The pieces as HTML. Set as one text: rendering each span as a view would be slow for a long
/// query.
fn html(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 3);
    for (kind, piece) in pieces(sql) {
        let class = kind.class();
        if !class.is_empty() {
            out.push_str("<span class=\"");
            out.push_str(class);
            out.push_str("\">");
        }
        for c in piece.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                c => out.push(c),
            }
        }
        if !class.is_empty() {
            out.push_str("</span>");
        }
    }
    out
}

/// Highlighted SQL in a scrollable block.
#[component]
pub fn Sql(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! {
        <pre class="sql" tabindex="0" aria-label=texts::SQL>
            <code inner_html=move || text.with(|text| html(text))></code>
        </pre>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_joined_are_the_text() {
        let sql = "-- Trainset: ü, 1\nSELECT\n  `a\\`b` AS x_1, 'it\\'s', 12.5 - 1, COUNT(*)\nFROM t.u -- ü\nWHERE DATE '2025-01-01' < 'open";
        let cut = pieces(sql);
        assert_eq!(cut.iter().map(|(_, piece)| *piece).collect::<String>(), sql);
        for (kind, piece) in [
            (Kind::Comment, "-- Trainset: ü, 1"),
            (Kind::Comment, "-- ü"),
            (Kind::Keyword, "SELECT"),
            (Kind::Keyword, "DATE"),
            (Kind::Name, "x_1"),
            (Kind::Name, "u"),
            (Kind::Name, "`a\\`b`"),
            (Kind::Text, "'it\\'s'"),
            (Kind::Function, "COUNT"),
            (Kind::Number, "12.5"),
        ] {
            assert!(cut.contains(&(kind, piece)), "{piece}");
        }
    }

    #[test]
    fn text_is_escaped() {
        let made = html("SELECT '<img src=x>' AS `a&b`, 1 < 2");
        assert!(!made.contains("<img") && made.contains("&lt;img src=x&gt;") && made.contains("a&amp;b"), "{made}");
        assert_eq!(made.matches("<span").count(), made.matches("</span>").count());
    }
}
