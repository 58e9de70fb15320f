//! Queries to text: GoogleSQL, one clause per line. The only module that quotes identifiers and
//! encodes literals.

use std::fmt::Write;

use super::expr::{Expr, Ident, Literal, OrderKey};
use super::lexical;
use super::query::{Body, From, Item, Query, Select};

/// The text of a query, without a semicolon at its end.
pub(super) fn render(query: &Query) -> String {
    let mut out = Out { text: String::with_capacity(16_384), indent: 0 };
    for (i, cte) in query.with.iter().enumerate() {
        out.push_str(if i == 0 { "WITH\n" } else { ",\n" });
        ident(&mut out, &cte.name);
        out.push_str(" AS (\n");
        select(&mut out, &cte.select, 2);
        out.push_str("\n)");
    }
    if !query.with.is_empty() {
        out.push('\n');
    }
    match &query.body {
        Body::Select(body) => select(&mut out, body, 0),
        Body::UnionAll(parts) => {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push_str("\nUNION ALL\n");
                }
                select(&mut out, part, 0);
            }
        }
    }
    out.text
}

/// The text so far, and the indentation of the current SELECT.
struct Out {
    text: String,
    indent: usize,
}

impl Out {
    fn push(&mut self, c: char) {
        self.text.push(c);
    }

    fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

impl Write for Out {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.text.write_str(text)
    }
}

fn select(out: &mut Out, select: &Select, indent: usize) {
    let pad = " ".repeat(indent);
    out.indent = indent;
    out.push_str(&pad);
    out.push_str("SELECT");
    for (i, item) in select.items.iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&pad);
        out.push_str("  ");
        match item {
            Item::All(None) => out.push('*'),
            Item::All(Some(table)) => {
                ident(out, table);
                out.push_str(".*");
            }
            Item::Expr { value, name } => {
                expr(out, value, Outer::Loose);
                // A column has its own name anyway.
                let own = matches!((value, name), (Expr::Column { column, .. }, Some(name)) if column == name);
                if let Some(name) = name.as_ref().filter(|_| !own) {
                    out.push_str(" AS ");
                    ident(out, name);
                }
            }
        }
    }
    if select.from != From::Nothing {
        line(out, &pad, "FROM ");
        from(out, &select.from);
    }
    for join in &select.joins {
        line(out, &pad, join.kind.into_str());
        out.push(' ');
        from(out, &join.to);
        for (i, on) in join.on.iter().enumerate() {
            line(out, &pad, if i == 0 { "  ON " } else { "  AND " });
            expr(out, on, Outer::And);
        }
    }
    for (i, filter) in select.filter.iter().enumerate() {
        line(out, &pad, if i == 0 { "WHERE " } else { "  AND " });
        expr(out, filter, Outer::And);
    }
    if !select.group_by.is_empty() {
        line(out, &pad, "GROUP BY ");
        list(out, &select.group_by);
    }
    if let Some(qualify) = &select.qualify {
        line(out, &pad, "QUALIFY ");
        expr(out, qualify, Outer::Loose);
    }
    if !select.order_by.is_empty() {
        line(out, &pad, "ORDER BY ");
        order(out, &select.order_by);
    }
    if let Some(limit) = select.limit {
        line(out, &pad, "LIMIT ");
        // Writing to a String cannot fail.
        let _ = write!(out, "{limit}");
    }
}

fn line(out: &mut Out, pad: &str, start: &str) {
    out.push('\n');
    out.push_str(pad);
    out.push_str(start);
}

fn from(out: &mut Out, from: &From) {
    let (own, alias) = match from {
        From::Cte { name, alias } => {
            ident(out, name);
            (Some(name.as_str()), alias)
        }
        From::Table { path, alias } => (table(out, path), alias),
        From::Nothing => return,
    };
    if let Some(alias) = alias.as_ref().filter(|alias| own != Some(alias.as_str())) {
        out.push_str(" AS ");
        ident(out, alias);
    }
}

/// A table's path, quoted whole where a part needs it. Returns the name that the table has without
/// an alias: the last part of a bare path.
fn table<'q>(out: &mut Out, path: &'q Ident) -> Option<&'q str> {
    if path.as_str().split('.').all(lexical::is_bare) {
        out.push_str(path.as_str());
        return path.as_str().rsplit('.').next();
    }
    quoted(out, path.as_str());
    None
}

/// The context of an expression, which decides whether it needs parentheses.
#[derive(Clone, Copy, PartialEq)]
enum Outer {
    /// No operator around it.
    Loose,
    /// An AND.
    And,
    /// An operator: anything composite needs parentheses.
    Tight,
}

fn expr(out: &mut Out, e: &Expr, outer: Outer) {
    match e {
        Expr::Column { table, column } => {
            if let Some(table) = table {
                ident(out, table);
                out.push('.');
            }
            ident(out, column);
        }
        Expr::Literal(value) => literal(out, value),
        Expr::Call { function, args } => {
            out.push_str(function.into_str());
            out.push('(');
            list(out, args);
            out.push(')');
        }
        Expr::CountRows => out.push_str("COUNT(*)"),
        Expr::CountDistinct(value) => {
            out.push_str("COUNT(DISTINCT ");
            expr(out, value, Outer::Loose);
            out.push(')');
        }
        Expr::Cast { value, to, safe } => {
            out.push_str(if *safe { "SAFE_CAST(" } else { "CAST(" });
            expr(out, value, Outer::Loose);
            out.push_str(" AS ");
            out.push_str(to.sql_name());
            out.push(')');
        }
        Expr::Binary { left, op, right } => parenthesised(out, outer == Outer::Tight, |out| {
            expr(out, left, Outer::Tight);
            out.push(' ');
            out.push_str(op.into_str());
            out.push(' ');
            expr(out, right, Outer::Tight);
        }),
        Expr::All(parts) => chain(out, parts, " AND ", "TRUE", outer == Outer::Tight, Outer::And),
        Expr::Any(parts) => chain(out, parts, " OR ", "FALSE", outer != Outer::Loose, Outer::Tight),
        Expr::IsNull { value, negated } => parenthesised(out, outer == Outer::Tight, |out| {
            expr(out, value, Outer::Tight);
            out.push_str(if *negated { " IS NOT NULL" } else { " IS NULL" });
        }),
        Expr::InList { value, list: values, negated } => parenthesised(out, outer == Outer::Tight, |out| {
            expr(out, value, Outer::Tight);
            out.push_str(if *negated { " NOT IN (" } else { " IN (" });
            list(out, values);
            out.push(')');
        }),
        Expr::Case { branches, otherwise } => {
            // One branch stays on its line, several get one line each.
            let pad = " ".repeat(out.indent + 4);
            let branch = |out: &mut Out, word: &str| match branches.len() {
                1 => write!(out, " {word} "),
                _ => write!(out, "\n{pad}{word} "),
            };
            out.push_str("CASE");
            for (condition, value) in branches {
                let _ = branch(out, "WHEN");
                expr(out, condition, Outer::Loose);
                out.push_str(" THEN ");
                expr(out, value, Outer::Loose);
            }
            if let Some(value) = otherwise {
                let _ = branch(out, "ELSE");
                expr(out, value, Outer::Loose);
            }
            if branches.len() > 1 {
                line(out, &pad[2..], "");
                out.push_str("END");
            } else {
                out.push_str(" END");
            }
        }
        Expr::Interval { count, unit } => {
            let _ = write!(out, "INTERVAL {count} {}", unit.into_str());
        }
        Expr::Struct(fields) => {
            out.push_str("STRUCT(");
            for (i, (value, name)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                expr(out, value, Outer::Loose);
                out.push_str(" AS ");
                ident(out, &Ident::from(name.as_str()));
            }
            out.push(')');
        }
        Expr::Window { call, partition, order: keys, frame } => {
            expr(out, call, Outer::Tight);
            out.push_str(" OVER (");
            let mut space = "";
            if !partition.is_empty() {
                out.push_str("PARTITION BY ");
                list(out, partition);
                space = " ";
            }
            if !keys.is_empty() {
                out.push_str(space);
                out.push_str("ORDER BY ");
                order(out, keys);
                space = " ";
            }
            if let Some(frame) = frame {
                out.push_str(space);
                out.push_str(frame.into_str());
            }
            out.push(')');
        }
        Expr::Scalar { column, cte } => {
            out.push_str("(SELECT ");
            ident(out, column);
            out.push_str(" FROM ");
            ident(out, cte);
            out.push(')');
        }
    }
}

fn parenthesised(out: &mut Out, needed: bool, inner: impl FnOnce(&mut Out)) {
    if needed {
        out.push('(');
    }
    inner(out);
    if needed {
        out.push(')');
    }
}

fn chain(out: &mut Out, parts: &[Expr], word: &str, empty: &str, needed: bool, within: Outer) {
    match parts {
        [] => out.push_str(empty),
        [only] => expr(out, only, if needed { Outer::Tight } else { within }),
        parts => parenthesised(out, needed, |out| {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push_str(word);
                }
                expr(out, part, within_chain(part, within));
            }
        }),
    }
}

/// Comparisons bind closer than AND and OR: they stand bare in a chain, nested chains do not.
fn within_chain(part: &Expr, within: Outer) -> Outer {
    match part {
        Expr::All(_) | Expr::Any(_) => within,
        _ => Outer::And,
    }
}

fn list(out: &mut Out, items: &[Expr]) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        expr(out, item, Outer::Loose);
    }
}

fn order(out: &mut Out, keys: &[OrderKey]) {
    for (i, key) in keys.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        expr(out, &key.value, Outer::Loose);
        out.push_str(if key.descending { " DESC NULLS LAST" } else { " ASC NULLS FIRST" });
    }
}

/// An identifier, in backticks where GoogleSQL would not read it as one without them.
fn ident(out: &mut Out, name: &Ident) {
    if lexical::is_bare(name.as_str()) {
        out.push_str(name.as_str());
    } else {
        quoted(out, name.as_str());
    }
}

/// A name in backticks, backtick and backslash escaped as GoogleSQL does.
fn quoted(out: &mut Out, name: &str) {
    out.push('`');
    let mut rest = name;
    while let Some(at) = rest.find(['`', '\\']) {
        out.push_str(&rest[..at]);
        out.push('\\');
        out.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('`');
}

fn literal(out: &mut Out, value: &Literal) {
    // Writing to a String cannot fail.
    let _ = match value {
        Literal::Null(of) => write!(out, "CAST(NULL AS {of})"),
        Literal::Bool(value) => write!(out, "{}", if *value { "TRUE" } else { "FALSE" }),
        // The smallest INT64 has no positive counterpart to negate.
        Literal::Int(i64::MIN) => write!(out, "(-9223372036854775807 - 1)"),
        Literal::Int(value) => write!(out, "{value}"),
        Literal::Float(value) => write!(out, "{value:?}"),
        Literal::Text(text) => {
            string(out, text);
            Ok(())
        }
        Literal::Decimal(of, digits) => {
            out.push_str("CAST(");
            string(out, digits);
            write!(out, " AS {of})")
        }
        Literal::Date(day) => write!(out, "DATE '{}'", Iso(*day)),
        Literal::DatetimeStart(day) => write!(out, "DATETIME '{} 00:00:00'", Iso(*day)),
        Literal::TimestampStart(day) => write!(out, "TIMESTAMP '{} 00:00:00+00:00'", Iso(*day)),
    };
}

/// `YYYY-MM-DD`.
struct Iso(chrono::NaiveDate);

impl std::fmt::Display for Iso {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use chrono::Datelike;
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

/// A string literal with GoogleSQL's backslash escapes; a doubled quote is not an escape there.
/// https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences
fn string(out: &mut Out, text: &str) {
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::super::keywords::BinaryOp;
    use super::*;

    fn text(e: &Expr) -> String {
        let mut out = Out { text: String::new(), indent: 0 };
        expr(&mut out, e, Outer::Loose);
        out.text
    }

    #[test]
    fn strings_and_names_cannot_end_early() {
        // GoogleSQL escapes by backslash; an unescaped quote would end the literal and allow
        // injection.
        assert_eq!(text(&Expr::text("O'Brien")), r"'O\'Brien'");
        assert_eq!(text(&Expr::text("' OR 1=1 --")), r"'\' OR 1=1 --'");
        assert_eq!(text(&Expr::text("a\\'\n`é")), r"'a\\\'\n`é'");
        assert_eq!(text(&Expr::column("a`b\\")), r"`a\`b\\`");
    }

    #[test]
    fn parentheses_stand_where_they_are_needed() {
        let a = || Expr::column("a").binary(BinaryOp::Equal, Expr::int(1));
        assert_eq!(text(&Expr::All(vec![a(), a().or(a())])), "a = 1 AND (a = 1 OR a = 1)");
        assert_eq!(text(&Expr::All(vec![a(), a()]).or(a())), "(a = 1 AND a = 1) OR a = 1");
        assert_eq!(text(&Expr::column("a").binary(BinaryOp::Multiply, a())), "a * (a = 1)");
    }
}
