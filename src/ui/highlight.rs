//! SQL as spans: keywords, strings, names, numbers and comments each have a class. Reads only what the compiler writes, but no text can break it.

use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Keyword,
    Function,
    Name,
    Text,
    Number,
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
        }
    }
}

/// Cuts SQL into pieces; together they are the text.
fn pieces(sql: &str) -> Vec<(Kind, &str)> {
    let mut out = vec![];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '`' => (Kind::Name, quoted(rest, '`')),
            '\'' => (Kind::Text, quoted(rest, '\'')),
            c if c.is_ascii_digit() => (Kind::Number, while_(rest, |c| c.is_ascii_digit() || c == '.')),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = while_(rest, |c| c.is_ascii_alphanumeric() || c == '_');
                let call = rest[length..].starts_with('(') && !matches!(&rest[..length], "IN" | "OVER");
                (if call { Kind::Function } else { Kind::Keyword }, length)
            }
            _ => (Kind::Plain, while_(rest, |c| !(c.is_ascii_alphanumeric() || matches!(c, '`' | '\'' | '_')))),
        };
        out.push((kind, &rest[..length]));
        rest = &rest[length..];
    }
    out
}

fn while_(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|c| !holds(c)).unwrap_or(text.len())
}

/// The length of a quoted piece, its quotes included; all of the text where it does not end.
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

/// Highlighted SQL in a scrollable block.
#[component]
pub fn Sql(#[prop(into)] text: Signal<String>) -> impl IntoView {
    let spans = move || {
        text.with(|text| {
            pieces(text)
                .into_iter()
                .map(|(kind, piece)| view! { <span class=kind.class()>{piece.to_owned()}</span> })
                .collect_view()
        })
    };
    view! { <pre class="sql" tabindex="0" aria-label="SQL"><code>{spans}</code></pre> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_text_again() {
        let sql = "SELECT\n  `a\\`b` AS `x`, 'it\\'s', 12.5, COUNT(*)\nFROM `t` -- ü\nWHERE 'open";
        let cut = pieces(sql);
        assert_eq!(cut.iter().map(|(_, piece)| *piece).collect::<String>(), sql);
        for (kind, piece) in [
            (Kind::Keyword, "SELECT"),
            (Kind::Name, "`a\\`b`"),
            (Kind::Text, "'it\\'s'"),
            (Kind::Function, "COUNT"),
            (Kind::Number, "12.5"),
        ] {
            assert!(cut.contains(&(kind, piece)), "{piece}");
        }
    }
}
