//! From GoogleSQL's text to a statement that DataFusion plans: literals with their escapes, and
//! functions that DataFusion has under another spelling. Knows no types: what depends on them is in
//! [`super::semantics`].

use std::any::TypeId;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement as PlannedStatement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Query, SetExpr, Statement, Value, Visit, VisitMut, Visitor,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::{BigQueryDialect, Dialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::bounds::{self, Extent, MAX_NESTING, MAX_QUERY_SIZE, MAX_SQL_BYTES, MAX_VIEW_SIZE};

/// Parses one SELECT or WITH. Anything else is refused, with a message for people.
pub(super) fn parse(sql: &str) -> Result<PlannedStatement, String> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(format!("The SQL is longer than {} MiB. Split it into views.", MAX_SQL_BYTES >> 20));
    }
    let mut tokens = Tokenizer::new(&BigQueryDialect, sql)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|error| format!("The SQL cannot be read: {error}"))?;
    for token in &mut tokens {
        unescape_token(&mut token.token)?;
    }
    bounds::check_tokens(&tokens)?;
    let dialect = BoundedDialect::with(&tokens);
    let mut statements = DFParserBuilder::new(tokens)
        .with_dialect(&dialect)
        .with_recursion_limit(MAX_NESTING)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| match error.find_root() {
            DataFusionError::SQL(parser, _) if matches!(**parser, ParserError::RecursionLimitExceeded) => {
                bounds::TOO_NESTED.to_owned()
            }
            _ => super::errors::text(&error),
        })?;
    let only = statements.pop_front().ok_or("There is no SQL to run. Write a SELECT.")?;
    if !statements.is_empty() {
        return Err("Only one statement runs at a time. Remove all but one.".into());
    }
    let PlannedStatement::Statement(mut statement) = only else { return Err(ONLY_SELECT.into()) };
    if !matches!(statement.as_ref(), Statement::Query(_)) {
        return Err(ONLY_SELECT.into());
    }
    // Rewriting copies, which takes stack, so the limits are checked first.
    bounds::measure(&statement, &HashMap::new())?.check(MAX_QUERY_SIZE)?;
    let mut rewriter = Rewriter { written: 0 };
    match VisitMut::visit(statement.as_mut(), &mut rewriter) {
        ControlFlow::Continue(()) => Ok(PlannedStatement::Statement(statement)),
        ControlFlow::Break(reason) => Err(reason),
    }
}

/// The tables that a parsed statement names, without CTEs.
pub(super) fn names(statement: &PlannedStatement) -> Result<Vec<TableReference>, String> {
    // Names are compared exactly.
    let (tables, _) = resolve_table_references(statement, false).map_err(|error| super::errors::text(&error))?;
    Ok(tables)
}

/// The size of a parsed statement, with the tables that it may name.
pub(super) fn extent(statement: &PlannedStatement, tables: &HashMap<String, Extent>) -> Result<Extent, String> {
    match statement {
        PlannedStatement::Statement(statement) => bounds::measure(statement, tables),
        _ => Err(ONLY_SELECT.into()),
    }
}

/// GoogleSQL, within a number of parsed expressions. Where the parser does not understand an
/// expression, it reads it again in another way, including its parts: an error nested in forty
/// casts would be read a million million times.
#[derive(Debug)]
struct BoundedDialect {
    /// Expressions that may still be parsed.
    left: Cell<usize>,
}

impl BoundedDialect {
    fn with<T>(tokens: &[T]) -> Self {
        Self { left: Cell::new(1000 + 8 * tokens.len()) }
    }
}

impl Dialect for BoundedDialect {
    fn parse_prefix(&self, _parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                None
            }
            // The only error after which the parser does not try again.
            None => Some(Err(ParserError::RecursionLimitExceeded)),
        }
    }

    // Everything else is BigQuery's.

    fn dialect(&self) -> TypeId {
        TypeId::of::<BigQueryDialect>()
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        BigQueryDialect.parse_statement(parser)
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        BigQueryDialect.is_delimited_identifier_start(c)
    }

    fn is_identifier_start(&self, c: char) -> bool {
        BigQueryDialect.is_identifier_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        BigQueryDialect.is_identifier_part(c)
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        BigQueryDialect.is_column_alias(keyword, parser)
    }

    fn supports_projection_trailing_commas(&self) -> bool {
        BigQueryDialect.supports_projection_trailing_commas()
    }

    fn supports_column_definition_trailing_commas(&self) -> bool {
        BigQueryDialect.supports_column_definition_trailing_commas()
    }

    fn supports_triple_quoted_string(&self) -> bool {
        BigQueryDialect.supports_triple_quoted_string()
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        BigQueryDialect.supports_window_function_null_treatment_arg()
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        BigQueryDialect.supports_string_literal_backslash_escape()
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        BigQueryDialect.supports_window_clause_named_window_reference()
    }

    fn supports_parenthesized_set_variables(&self) -> bool {
        BigQueryDialect.supports_parenthesized_set_variables()
    }

    fn supports_select_wildcard_except(&self) -> bool {
        BigQueryDialect.supports_select_wildcard_except()
    }

    fn require_interval_qualifier(&self) -> bool {
        BigQueryDialect.require_interval_qualifier()
    }

    fn supports_struct_literal(&self) -> bool {
        BigQueryDialect.supports_struct_literal()
    }

    fn supports_select_expr_star(&self) -> bool {
        BigQueryDialect.supports_select_expr_star()
    }

    fn supports_execute_immediate(&self) -> bool {
        BigQueryDialect.supports_execute_immediate()
    }

    fn supports_table_versioning(&self) -> bool {
        BigQueryDialect.supports_table_versioning()
    }

    fn supports_group_by_expr(&self) -> bool {
        BigQueryDialect.supports_group_by_expr()
    }

    fn supports_pipe_operator(&self) -> bool {
        BigQueryDialect.supports_pipe_operator()
    }

    fn supports_create_table_multi_schema_info_sources(&self) -> bool {
        BigQueryDialect.supports_create_table_multi_schema_info_sources()
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        BigQueryDialect.supports_select_wildcard_replace()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        BigQueryDialect.supports_comma_separated_trim()
    }
}

const ONLY_SELECT: &str = "Only SELECT statements are allowed: tables are read-only.";

/// Converts any spelling of a string to a plain one.
fn unescape_token(token: &mut Token) -> Result<(), String> {
    let plain = match token {
        Token::SingleQuotedString(text) => unescape(text, Some('\''))?,
        Token::DoubleQuotedString(text) => unescape(text, Some('"'))?,
        Token::TripleSingleQuotedString(text) | Token::TripleDoubleQuotedString(text) => unescape(text, None)?,
        Token::SingleQuotedRawStringLiteral(text)
        | Token::DoubleQuotedRawStringLiteral(text)
        | Token::TripleSingleQuotedRawStringLiteral(text)
        | Token::TripleDoubleQuotedRawStringLiteral(text) => std::mem::take(text),
        _ => return Ok(()),
    };
    *token = Token::SingleQuotedString(plain);
    Ok(())
}

/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences>
fn unescape(text: &str, quote: Option<char>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if Some(c) == quote {
            return Err(format!("A quote inside a string must be written \\{c}, not doubled."));
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = rest.next().ok_or("A string ends with a lone backslash. Write it twice.")?;
        let mut code = |digits: usize, radix: u32, first: Option<char>| {
            let text: String = rest.by_ref().take(digits).collect();
            let complete = text.len() == digits && text.chars().all(|c| c.is_digit(radix));
            let code = first.into_iter().chain(text.chars()).collect::<String>();
            u32::from_str_radix(&code, radix).ok().filter(|_| complete).and_then(char::from_u32)
        };
        let plain = match escape {
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            '\\' | '?' | '"' | '\'' | '`' => Some(escape),
            'x' | 'X' => code(2, 16, None),
            'u' => code(4, 16, None),
            'U' => code(8, 16, None),
            '0'..='3' => code(2, 8, Some(escape)),
            _ => None,
        };
        out.push(plain.ok_or_else(|| format!("\\{escape} is not an escape that GoogleSQL knows, or is not complete."))?);
    }
    Ok(out)
}

struct Rewriter {
    /// Expressions that were copied or substituted.
    written: u64,
}

impl Rewriter {
    fn count(&mut self, expr: &Expr) -> ControlFlow<String> {
        struct Count<'a>(&'a mut u64);
        impl Visitor for Count<'_> {
            type Break = String;
            fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<String> {
                *self.0 += 1;
                if *self.0 > MAX_VIEW_SIZE { ControlFlow::Break(bounds::TOO_NESTED.into()) } else { ControlFlow::Continue(()) }
            }
        }
        Visit::visit(expr, &mut Count(&mut self.written))
    }
}

impl VisitorMut for Rewriter {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        match only_reads(&query.body) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(ONLY_SELECT.into()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        // Arguments are copied, some several times: their content is counted each time.
        if matches!(expr, Expr::Function(function) if is_rewritten(function)) {
            self.count(expr)?;
        }
        let replaced = match expr {
            Expr::Function(function) if is_rewritten(function) => rewrite_function(function),
            Expr::Extract { field, expr: value, .. } => rewrite_extract(field, value),
            _ => Ok(None),
        };
        match replaced {
            Ok(Some(new)) => {
                self.count(&new)?;
                *expr = new;
            }
            Ok(None) => {}
            Err(reason) => return ControlFlow::Break(reason),
        }
        ControlFlow::Continue(())
    }
}

fn only_reads(body: &SetExpr) -> bool {
    // UNIONs are nested as deep as they are many.
    let mut rest = vec![body];
    while let Some(body) = rest.pop() {
        let reads = match body {
            SetExpr::Select(select) => select.into.is_none(),
            SetExpr::SetOperation { left, right, .. } => {
                rest.extend([left.as_ref(), right.as_ref()]);
                true
            }
            SetExpr::Query(_) | SetExpr::Values(_) => true,
            _ => false,
        };
        if !reads {
            return false;
        }
    }
    true
}

/// Functions by name and number of arguments, in terms of DataFusion's. `_1` is the first argument.
const TEMPLATES: &[(&str, usize, &str)] = &[
    ("IF", 3, "CASE WHEN _1 THEN _2 ELSE _3 END"),
    ("SAFE_DIVIDE", 2, "_1 / NULLIF(_2, 0)"),
    ("MOD", 2, "_1 % _2"),
    ("DATE", 1, "CAST(_1 AS DATE)"),
    ("DATE", 3, "make_date(_1, _2, _3)"),
    ("DATETIME", 1, "CAST(_1 AS DATETIME)"),
    ("TIMESTAMP", 1, "CAST(_1 AS TIMESTAMP)"),
    ("CURRENT_TIMESTAMP", 0, "CAST(now() AS TIMESTAMP)"),
    ("CURRENT_DATETIME", 0, "CAST(CAST(now() AS TIMESTAMP) AS DATETIME)"),
    ("DATE_ADD", 2, "CAST(CAST(_1 AS DATE) + _2 AS DATE)"),
    ("DATE_SUB", 2, "CAST(CAST(_1 AS DATE) - _2 AS DATE)"),
    ("DATETIME_ADD", 2, "CAST(_1 AS DATETIME) + _2"),
    ("DATETIME_SUB", 2, "CAST(_1 AS DATETIME) - _2"),
    ("TIMESTAMP_ADD", 2, "CAST(_1 AS TIMESTAMP) + _2"),
    ("TIMESTAMP_SUB", 2, "CAST(_1 AS TIMESTAMP) - _2"),
    ("UNIX_DATE", 1, "CAST(CAST(_1 AS DATE) AS INT64)"),
    ("DATE_FROM_UNIX_DATE", 1, "CAST(CAST(_1 AS INT) AS DATE)"),
    ("UNIX_MICROS", 1, "CAST(CAST(_1 AS TIMESTAMP) AS INT64)"),
    (
        "UNIX_MILLIS",
        1,
        "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - ((CAST(CAST(_1 AS TIMESTAMP) AS INT64) % 1000 + 1000) % 1000), 1000)",
    ),
    // Rounds down, also before 1970.
    (
        "UNIX_SECONDS",
        1,
        "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - ((CAST(CAST(_1 AS TIMESTAMP) AS INT64) % 1000000 + 1000000) % 1000000), 1000000)",
    ),
    ("TIMESTAMP_SECONDS", 1, "CAST(_1 * 1000000 AS TIMESTAMP)"),
    ("TIMESTAMP_MILLIS", 1, "CAST(_1 * 1000 AS TIMESTAMP)"),
    ("TIMESTAMP_MICROS", 1, "CAST(_1 AS TIMESTAMP)"),
    ("CONTAINS_SUBSTR", 2, "contains(lower(CAST(_1 AS STRING)), lower(_2))"),
    ("REGEXP_CONTAINS", 2, "regexp_like(_1, _2)"),
    ("LENGTH", 1, "CAST(character_length(_1) AS INT64)"),
    ("CHAR_LENGTH", 1, "CAST(character_length(_1) AS INT64)"),
    ("CHARACTER_LENGTH", 1, "CAST(character_length(_1) AS INT64)"),
    ("ARRAY_LENGTH", 1, "CASE WHEN _1 IS NULL THEN NULL ELSE COALESCE(CAST(array_length(_1) AS INT64), 0) END"),
    ("IS_NAN", 1, "isnan(_1)"),
    ("IS_INF", 1, "abs(_1) = CAST('inf' AS FLOAT64)"),
    ("DATE_DIFF DAY", 2, "CAST(CAST(_1 AS DATE) AS INT64) - CAST(CAST(_2 AS DATE) AS INT64)"),
    (
        "DATE_DIFF MONTH",
        2,
        "CAST((date_part('year', _1) - date_part('year', _2)) * 12 + date_part('month', _1) - date_part('month', _2) AS INT64)",
    ),
    ("DATE_DIFF YEAR", 2, "CAST(date_part('year', _1) - date_part('year', _2) AS INT64)"),
    ("TIMESTAMP_DIFF MICROSECOND", 2, "CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64)"),
    ("TIMESTAMP_DIFF MILLISECOND", 2, "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64), 1000)"),
    ("TIMESTAMP_DIFF SECOND", 2, "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64), 1000000)"),
    ("TIMESTAMP_DIFF MINUTE", 2, "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64), 60000000)"),
    ("TIMESTAMP_DIFF HOUR", 2, "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64), 3600000000)"),
    ("TIMESTAMP_DIFF DAY", 2, "div(CAST(CAST(_1 AS TIMESTAMP) AS INT64) - CAST(CAST(_2 AS TIMESTAMP) AS INT64), 86400000000)"),
    ("DATE_TRUNC DAY", 1, "CAST(_1 AS DATE)"),
    ("DATE_TRUNC ISOWEEK", 1, "CAST(date_trunc('week', _1) AS DATE)"),
    ("DATE_TRUNC MONTH", 1, "CAST(date_trunc('month', _1) AS DATE)"),
    ("DATE_TRUNC QUARTER", 1, "CAST(date_trunc('quarter', _1) AS DATE)"),
    ("DATE_TRUNC YEAR", 1, "CAST(date_trunc('year', _1) AS DATE)"),
    ("TIMESTAMP_TRUNC SECOND", 1, "CAST(date_trunc('second', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC MINUTE", 1, "CAST(date_trunc('minute', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC HOUR", 1, "CAST(date_trunc('hour', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC DAY", 1, "CAST(date_trunc('day', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC ISOWEEK", 1, "CAST(date_trunc('week', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC MONTH", 1, "CAST(date_trunc('month', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
    ("TIMESTAMP_TRUNC YEAR", 1, "CAST(date_trunc('year', CAST(_1 AS TIMESTAMP)) AS TIMESTAMP)"),
];

/// Functions that take a date part as their last argument, and the functions that compute them.
const WITH_PART: &[(&str, &str)] = &[
    ("DATE_DIFF", "DATE_DIFF"),
    ("TIMESTAMP_DIFF", "TIMESTAMP_DIFF"),
    ("DATE_TRUNC", "DATE_TRUNC"),
    ("TIMESTAMP_TRUNC", "TIMESTAMP_TRUNC"),
];

/// Functions that return INT64 in BigQuery and another integer in DataFusion, and their names here.
const COUNTING: &[(&str, &str)] = &[
    ("ROW_NUMBER", "row_number"),
    ("RANK", "rank"),
    ("DENSE_RANK", "dense_rank"),
    ("NTILE", "ntile"),
    ("APPROX_COUNT_DISTINCT", "approx_distinct"),
    ("STRPOS", "strpos"),
];

/// The same function under another name.
const RENAMED: &[(&str, &str)] = &[
    ("LOGICAL_AND", "bool_and"),
    ("LOGICAL_OR", "bool_or"),
    ("ANY_VALUE", "first_value"),
    ("VARIANCE", "var_samp"),
    ("POW", "power"),
    ("CEILING", "ceil"),
];

static PARSED: LazyLock<HashMap<(&str, usize), Expr>> = LazyLock::new(|| {
    let parsed = |(name, count, text): &(&'static str, usize, &str)| {
        let expr = Parser::new(&BigQueryDialect).try_with_sql(text).and_then(|mut parser| parser.parse_expr());
        // A test parses each of them.
        Some(((*name, *count), expr.ok()?))
    };
    TEMPLATES.iter().filter_map(parsed).collect()
});

/// Functions that are rewritten without a template.
const OTHERS: &[&str] = &[
    "COUNTIF",
    "DATE",
    "DATETIME",
    "TIMESTAMP",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_DATETIME",
    "CONCAT",
    "GREATEST",
    "LEAST",
];

/// Names of functions that [`rewrite_function`] handles.
static REWRITTEN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let renamed = [WITH_PART, COUNTING, RENAMED].into_iter().flatten().map(|(google, _)| *google);
    TEMPLATES.iter().map(|(name, ..)| *name).chain(renamed).chain(OTHERS.iter().copied()).collect()
});

fn name_of(function: &Function) -> Option<String> {
    let [part] = function.name.0.as_slice() else { return None };
    part.as_ident().map(|ident| ident.value.to_ascii_uppercase())
}

fn is_rewritten(function: &Function) -> bool {
    name_of(function).is_some_and(|name| REWRITTEN.contains(name.as_str()))
}

fn rewrite_function(function: &mut Function) -> Result<Option<Expr>, String> {
    let Some(name) = name_of(function) else { return Ok(None) };
    let Some(args) = plain_args(function) else { return Ok(None) };
    let is = |table: &'static [(&str, &'static str)]| table.iter().find(|(google, _)| *google == name).map(|(_, other)| *other);

    if name == "COUNTIF" && args.len() == 1 {
        let condition = CaseWhen { condition: args[0].clone(), result: number("1") };
        set_args(function, vec![case(vec![condition], None)]);
        rename(function, "count");
        return Ok(None);
    }
    if let Some(other) = is(RENAMED) {
        rename(function, other);
        return Ok(None);
    }
    if let Some(other) = is(COUNTING) {
        rename(function, other);
        return Ok(Some(cast_to_int64(Expr::Function(function.clone()))));
    }
    if function.over.is_some() {
        return Ok(None);
    }
    if let Some(base) = is(WITH_PART) {
        let Some((Expr::Identifier(part), values)) = args.split_last() else { return Ok(None) };
        let key = format!("{base} {}", part.value.to_ascii_uppercase());
        return match PARSED.iter().find(|((known, count), _)| *known == key && *count == values.len()) {
            Some((_, template)) => Ok(Some(filled(template, values))),
            None => Err(format!("{name} does not take the part {} here.", part.value)),
        };
    }
    match (name.as_str(), args.as_slice()) {
        ("DATE" | "DATETIME" | "TIMESTAMP", [value, zone]) => {
            let zone = known_zone(&name, zone)?;
            Ok(Some(if is_utc(zone) {
                of_template(&name, std::slice::from_ref(value))
            } else if name == "TIMESTAMP" {
                call(super::functions::FROM_ZONE, vec![of_template("DATETIME", std::slice::from_ref(value)), text(zone)])
            } else {
                in_zone(&name, of_template("TIMESTAMP", std::slice::from_ref(value)), zone)
            }))
        }
        // An instant has no zone.
        ("CURRENT_TIMESTAMP", [_]) => Err("CURRENT_TIMESTAMP takes no time zone.".into()),
        ("CURRENT_DATE" | "CURRENT_DATETIME", [zone]) => {
            let zone = known_zone(&name, zone)?;
            Ok(Some(in_zone(name.trim_start_matches("CURRENT_"), of_template("CURRENT_TIMESTAMP", &[]), zone)))
        }
        // NULL if any argument is; DataFusion's own skips NULL.
        ("CONCAT", [first, rest @ ..]) => {
            let concat = |left, right: &Expr| binary(left, BinaryOperator::StringConcat, right.clone());
            Ok(Some(Expr::Nested(Box::new(rest.iter().fold(first.clone(), concat)))))
        }
        ("GREATEST" | "LEAST", [first, rest @ ..]) => {
            let is_null = |value: &Expr| Expr::IsNull(Box::new(value.clone()));
            let any = rest.iter().fold(is_null(first), |any, value| binary(any, BinaryOperator::Or, is_null(value)));
            let null = CaseWhen { condition: any, result: Expr::Value(Value::Null.into()) };
            Ok(Some(case(vec![null], Some(Expr::Function(function.clone())))))
        }
        (name, values) => {
            Ok(PARSED.iter().find(|((known, count), _)| *known == name && *count == values.len()).map(|(_, t)| filled(t, values)))
        }
    }
}

/// A function of [`TEMPLATES`] with its arguments.
fn of_template(name: &str, args: &[Expr]) -> Expr {
    let template = PARSED.iter().find(|((known, count), _)| *known == name && *count == args.len());
    template.map_or(Expr::Value(Value::Null.into()), |(_, template)| filled(template, args))
}

/// DATE or DATETIME of an instant in a time zone.
fn in_zone(name: &str, instant: Expr, zone: &str) -> Expr {
    of_template(name, &[call(super::functions::IN_ZONE, vec![instant, text(zone)])])
}

/// The zone that an argument names; the error says why it is none.
fn known_zone<'e>(function: &str, zone: &'e Expr) -> Result<&'e str, String> {
    let zone = text_of(zone).ok_or_else(|| format!("{function} takes a time zone as a string literal."))?;
    match is_utc(zone) || zone.parse::<chrono_tz::Tz>().is_ok() {
        true => Ok(zone),
        false => Err(format!("Unknown time zone {zone:?}. Use one of the IANA database, such as Europe/Berlin.")),
    }
}

fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "Z", "+00", "+00:00"].contains(&zone)
}

fn rewrite_extract(field: &DateTimeField, value: &Expr) -> Result<Option<Expr>, String> {
    let extract = |field| Expr::Extract {
        field,
        syntax: datafusion::sql::sqlparser::ast::ExtractSyntax::From,
        expr: Box::new(value.clone()),
    };
    Ok(Some(match field {
        DateTimeField::Date => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(value.clone()),
            data_type: DataType::Date,
            array: false,
            format: None,
        },
        // Sunday is 1.
        DateTimeField::DayOfWeek => {
            Expr::Nested(Box::new(binary(cast_to_int64(extract(DateTimeField::Dow)), BinaryOperator::Plus, number("1"))))
        }
        DateTimeField::DayOfYear => cast_to_int64(extract(DateTimeField::Doy)),
        DateTimeField::IsoWeek => cast_to_int64(extract(DateTimeField::Week(None))),
        DateTimeField::Week(_) => return Err("EXTRACT takes ISOWEEK here, not WEEK.".into()),
        other => cast_to_int64(extract(other.clone())),
    }))
}

/// The arguments if they are a plain list.
fn plain_args(function: &Function) -> Option<Vec<Expr>> {
    match &function.args {
        FunctionArguments::None => Some(vec![]),
        FunctionArguments::Subquery(_) => None,
        FunctionArguments::List(list) => list
            .args
            .iter()
            .map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            })
            .collect(),
    }
}

fn set_args(function: &mut Function, args: Vec<Expr>) {
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    }
}

fn rename(function: &mut Function, name: &str) {
    function.name = ObjectName::from(vec![Ident::new(name)]);
}

fn filled(template: &Expr, args: &[Expr]) -> Expr {
    struct Fill<'a>(&'a [Expr]);
    impl VisitorMut for Fill<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expr
                && let Some(place) = ident.value.strip_prefix('_').and_then(|place| place.parse::<usize>().ok())
                && let Some(arg) = self.0.get(place - 1)
            {
                *expr = arg.clone();
            }
            ControlFlow::Continue(())
        }
    }
    let mut expr = template.clone();
    let _ = VisitMut::visit(&mut expr, &mut Fill(args));
    expr
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: vec![] }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.into()).into())
}

fn number(text: &str) -> Expr {
    Expr::Value(Value::Number(text.into(), false).into())
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn cast_to_int64(value: Expr) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(value), data_type: DataType::Int64, array: false, format: None }
}

fn case(conditions: Vec<CaseWhen>, otherwise: Option<Expr>) -> Expr {
    use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: otherwise.map(Box::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        assert_eq!(PARSED.len(), TEMPLATES.len());
    }

    #[test]
    fn strings_are_unescaped_as_googlesql_does() {
        for (text, plain) in [
            (r"O\'Brien", "O'Brien"),
            (r"\\", "\\"),
            (r"a\nb\t\r", "a\nb\t\r"),
            (r"\u00e9\x41\U0001F600\101", "éA😀A"),
            (r#"\"\`\?"#, "\"`?"),
        ] {
            assert_eq!(unescape(text, Some('\'')).as_deref(), Ok(plain));
        }
        for bad in [r"\", r"\q", r"\x4", r"\uD800", "a''b"] {
            assert!(unescape(bad, Some('\'')).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_select_runs() {
        // An unknown zone is an error, not UTC.
        assert!(parse("SELECT DATE(x, 'Europe/Berlim') FROM t").is_err_and(|e| e.contains("Unknown time zone")));
        for bad in [
            "",
            "CREATE TABLE t (a INT64)",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'x'",
            "COPY t TO 'x.csv'",
            "INSERT INTO t VALUES (1)",
            "DELETE FROM t WHERE TRUE",
            "DROP TABLE t",
            "SET x = 1",
            "SHOW TABLES",
            "EXPLAIN SELECT 1",
            "SELECT 1; SELECT 2",
            "SELECT 1 INTO t",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("SELECT 1;").is_ok());
        assert!(parse("WITH a AS (SELECT 1 AS x) SELECT * FROM a").is_ok());
    }
}
