//! The size and depth of a statement, checked before anything else is done with it.
//!
//! A planner walks, copies and drops a statement by recursion, and expands the plan of a view or
//! CTE wherever it is named. So the expanded size is computed first, from the tokens and the tree,
//! by arithmetic: a view that names another twice, twenty levels deep, is a million views. What is
//! within the limits fits the stacks of the engine's threads ([`super::STACK_BYTES`]); a test goes
//! to each limit.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, Visit,
    Visitor, WindowType,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::files::MAX_COLUMNS;

/// Longest statement, in bytes; BigQuery takes 1 MB.
pub(super) const MAX_SQL_BYTES: usize = 2 << 20;
/// Longest run of words and signs without a comma or parenthesis: operators nest within such a run,
/// one level each.
const MAX_RUN: usize = 50_000;
/// Deepest nesting of types, as in ARRAY<STRUCT<…>>; BigQuery takes 15.
const MAX_NESTED_TYPES: usize = 50;
/// Deepest nesting of parentheses that begin with another where a table is named: the parser reads
/// each in two ways.
const MAX_NESTED_JOINS: usize = 8;
/// Deepest nesting of parentheses, functions and subqueries as written.
pub(super) const MAX_NESTING: usize = 200;
/// Deepest plan: nested operators, operands, joins, subqueries, CTEs and views.
pub(super) const MAX_DEPTH: u64 = 1_000;
/// Largest plan of a view: expressions, and columns of each SELECT and join, with every CTE and
/// view expanded wherever it is named.
pub(super) const MAX_VIEW_SIZE: u64 = 400_000;
/// Largest plan of a query. Those of a dataset grow with the number and width of its tables, and a
/// test has the largest; views in them have their own limit.
pub(super) const MAX_QUERY_SIZE: u64 = 5_000_000;

/// Maximum depth of operators that one SELECT usually becomes.
const LEVELS_OF_SELECT: u64 = 4;
/// A SELECT and a table in FROM become operators with schemas of their own, each of which takes as
/// much memory and time as this many expressions.
const SIZE_OF_SELECT: u64 = 20;
const SIZE_OF_SOURCE: u64 = 10;
/// Each optimizer rule that meets a subquery among expressions plans it again, with those nested in
/// it.
const LEVELS_OF_SUBQUERY: u64 = 40;
/// A window's operator repeats each column that it passes through this many times.
const SIZE_OF_CARRIED: u64 = 4;
/// DataFusion compares each column of a SELECT with each: this many comparisons take about as long
/// as one expression.
const COMPARISONS: u64 = 500;

/// The statement cannot be read in the time and space that a statement may take.
pub(super) const TOO_NESTED: &str = "The SQL is nested too deeply. Move parts of it to views or a WITH clause.";
const TOO_LONG_RUN: &str = "The SQL has too many operators in a row without a comma or parentheses. Split it.";

/// Refuses tokens for which a parser would need too much stack or time.
pub(super) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), String> {
    let mut levels = vec![Level::default()];
    let (mut types, mut joins) = (0usize, 0);
    let mut before = &Token::EOF;
    for token in tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_))) {
        let is_nested = levels.len() > 1;
        let Some(level) = levels.last_mut() else { break };
        level.run += 1;
        if level.run > MAX_RUN {
            return Err(TOO_LONG_RUN.into());
        }
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                let twice = matches!((before, token), (Token::LParen, Token::LParen));
                if twice && level.is_table && !level.is_doubled {
                    level.is_doubled = true;
                    joins += 1;
                    if joins > MAX_NESTED_JOINS {
                        return Err(TOO_NESTED.into());
                    }
                }
                let is_table = match before {
                    Token::Word(word) => matches!(word.keyword, Keyword::FROM | Keyword::JOIN),
                    Token::Comma => true,
                    _ => twice && level.is_table,
                };
                levels.push(Level { is_table, ..Level::default() });
            }
            Token::RParen | Token::RBracket | Token::RBrace if is_nested => {
                joins -= usize::from(levels.pop().is_some_and(|closed| closed.is_doubled));
            }
            Token::Comma => level.run = 0,
            Token::Lt if matches!(before, Token::Word(word) if matches!(word.keyword, Keyword::ARRAY | Keyword::STRUCT)) => {
                types += 1;
                if types > MAX_NESTED_TYPES {
                    return Err(TOO_NESTED.into());
                }
            }
            Token::Gt => types = types.saturating_sub(1),
            Token::ShiftRight => types = types.saturating_sub(2),
            _ => {}
        }
        before = token;
    }
    Ok(())
}

/// The content between a parenthesis and its partner.
#[derive(Default)]
struct Level {
    run: usize,
    is_table: bool,
    /// Begins with a parenthesis, in a position where a table is named.
    is_doubled: bool,
}

/// The size of a statement, view or table after expanding everything that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    /// Expressions, and columns of each SELECT and join.
    pub size: u64,
    pub depth: u64,
    /// Maximum number of columns of its result.
    pub columns: u64,
}

impl Extent {
    /// A table of files.
    pub fn of_table(columns: usize) -> Self {
        let columns = columns as u64;
        Self { size: columns + 1, depth: 1, columns }
    }

    /// Whether it may be planned within this size; the error says why not.
    pub fn check(&self, most: u64) -> Result<(), String> {
        if self.depth > MAX_DEPTH {
            return Err(format!("The SQL, with the views it uses, is more than {MAX_DEPTH} levels deep. Split it."));
        }
        // An upper bound: some of the counted columns are left out or merged.
        if self.columns > 2 * MAX_COLUMNS as u64 {
            return Err(format!("The SQL returns more than {MAX_COLUMNS} columns, the limit of BigQuery."));
        }
        if self.size > most {
            return Err(format!("The SQL expands to more than {most} columns and expressions. Use fewer tables and views."));
        }
        Ok(())
    }
}

/// The size of a statement. `tables` are those that it may name, by their ids.
pub(super) fn measure(statement: &Statement, tables: &HashMap<String, Extent>) -> Result<Extent, String> {
    let mut measure =
        Measure { tables, ctes: vec![], queries: vec![], selects: vec![], here: 0, closed: Extent::default(), in_windows: 0 };
    match Visit::visit(statement, &mut measure) {
        ControlFlow::Continue(()) => Ok(measure.closed),
        ControlFlow::Break(()) => Err(TOO_NESTED.into()),
    }
}

struct Measure<'a> {
    tables: &'a HashMap<String, Extent>,
    /// The CTEs in scope, the nearest last.
    ctes: Vec<(String, Extent)>,
    /// The queries around the current node, outermost first.
    queries: Vec<OpenQuery>,
    selects: Vec<OpenSelect>,
    /// The depth of the walk.
    here: u64,
    /// The query that was left last.
    closed: Extent,
    /// The number of window functions around the current node.
    in_windows: usize,
}

struct OpenQuery {
    /// Names of its CTEs by the memory addresses of their queries, which identify a CTE's query.
    ctes: HashMap<usize, String>,
    ctes_in_sight: usize,
    selects_around: usize,
    starts_at: u64,
    deepest: u64,
    size: u64,
    /// The largest of its CTEs: each is planned, named or not.
    largest_cte: u64,
    columns: u64,
    /// Its distinct windows, as written: each is an operator on top of the others, and passes their
    /// columns through.
    windows: HashSet<String>,
    /// The largest number of input columns of one of its windows.
    widest: u64,
}

#[derive(Default)]
struct OpenSelect {
    /// What FROM names, with its columns.
    from: Vec<(Option<String>, u64)>,
    levels: u64,
}

impl Measure<'_> {
    fn enter(&mut self, levels: u64) -> ControlFlow<()> {
        self.here = self.here.saturating_add(levels);
        if let Some(query) = self.queries.last_mut() {
            query.deepest = query.deepest.max(self.here);
            query.size = query.size.saturating_add(1);
        }
        // Far beyond the limit: further counting changes nothing.
        if self.here > 2 * MAX_DEPTH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn leave(&mut self, levels: u64) -> ControlFlow<()> {
        self.here = self.here.saturating_sub(levels);
        ControlFlow::Continue(())
    }

    fn add(&mut self, size: u64) {
        if let Some(query) = self.queries.last_mut() {
            query.size = query.size.saturating_add(size);
        }
    }

    fn named(&self, name: &[&str]) -> Extent {
        let cte = match name {
            [one] => self.ctes.iter().rev().find(|(cte, _)| cte == one).map(|(_, extent)| *extent),
            _ => None,
        };
        let table = || name.last().and_then(|id| self.tables.get(*id)).copied();
        cte.or_else(table).unwrap_or(Extent { size: 1, depth: 1, columns: 1 })
    }
}

impl Visitor for Measure<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let operators = set_operations(&query.body) + query.pipe_operators.len() as u64;
        let levels = LEVELS_OF_SELECT + operators;
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.queries.push(OpenQuery {
            ctes: ctes.map(|cte| (std::ptr::from_ref::<Query>(&cte.query).addr(), cte.alias.name.value.clone())).collect(),
            ctes_in_sight: self.ctes.len(),
            selects_around: self.selects.len(),
            starts_at: self.here,
            deepest: self.here,
            size: operators,
            largest_cte: 0,
            columns: 0,
            windows: HashSet::new(),
            widest: 0,
        });
        self.enter(levels)
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let Some(open) = self.queries.pop() else { return ControlFlow::Continue(()) };
        self.here = open.starts_at;
        self.ctes.truncate(open.ctes_in_sight);
        self.selects.truncate(open.selects_around);
        let windows = open.windows.len() as u64;
        let of_windows = windows.saturating_mul(open.widest.saturating_add(windows)).saturating_mul(SIZE_OF_CARRIED);
        let size = open.size.saturating_add(of_windows).max(open.largest_cte);
        let deepest = open.deepest.saturating_add(windows);
        let extent = Extent { size, depth: deepest - open.starts_at, columns: open.columns };
        self.closed = extent;
        let Some(outer) = self.queries.last_mut() else { return ControlFlow::Continue(()) };
        match outer.ctes.get(&std::ptr::from_ref(query).addr()) {
            // Counted where it is named.
            Some(name) => {
                self.ctes.push((name.clone(), extent));
                outer.largest_cte = outer.largest_cte.max(extent.size);
                outer.deepest = outer.deepest.max(deepest);
            }
            None => {
                outer.size = outer.size.saturating_add(extent.size);
                outer.deepest = outer.deepest.max(deepest);
                // A query in parentheses, as part of a UNION.
                let in_select = self.selects.len() > outer.selects_around;
                if !in_select {
                    outer.columns = outer.columns.max(extent.columns);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        // Joins are planned on top of each other.
        let joins = select.from.iter().map(|from| 1 + from.joins.len() as u64).sum::<u64>();
        self.selects.push(OpenSelect { levels: joins, ..OpenSelect::default() });
        self.add(SIZE_OF_SELECT);
        self.enter(joins)
    }

    fn post_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let Some(open) = self.selects.pop() else { return ControlFlow::Continue(()) };
        // Each join passes through the columns of all before it.
        let (mut all, mut joined) = (0u64, 0u64);
        for (_, columns) in &open.from {
            all = all.saturating_add(*columns);
            joined = joined.saturating_add(all);
        }
        let given = select.projection.iter().map(|item| match item {
            SelectItem::Wildcard(_) => all,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.as_str());
                let of_name = open.from.iter().filter(|(of, _)| of.as_deref() == name).map(|(_, columns)| *columns).max();
                of_name.unwrap_or(all)
            }
            SelectItem::ExprWithAliases { aliases, .. } => aliases.len() as u64,
            SelectItem::QualifiedWildcard(..) | SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => 1,
        });
        let given = given.fold(0u64, u64::saturating_add);
        // Each grouping set is an aggregation of its own.
        let sets = grouping_sets(&select.group_by);
        self.add(if sets > 1 { sets.saturating_mul(SIZE_OF_SELECT) } else { 0 });
        self.add(joined.saturating_add(given).saturating_add(given.saturating_mul(given) / COMPARISONS));
        if let Some(query) = self.queries.last_mut() {
            query.columns = query.columns.max(given);
            query.widest = query.widest.max(all);
        }
        self.leave(open.levels)
    }

    fn pre_visit_table_factor(&mut self, _: &TableFactor) -> ControlFlow<()> {
        self.add(SIZE_OF_SOURCE);
        self.enter(1)
    }

    fn post_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let (alias, columns) = match factor {
            TableFactor::Table { name, alias, .. } => {
                let parts: Vec<&str> =
                    name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
                let extent = self.named(&parts);
                self.add(extent.size);
                let deepest = self.here.saturating_add(extent.depth);
                if let Some(query) = self.queries.last_mut() {
                    query.deepest = query.deepest.max(deepest);
                }
                (alias.as_ref().map(|alias| alias.name.value.as_str()).or(parts.last().copied()), extent.columns)
            }
            TableFactor::Derived { alias, .. } => (alias.as_ref().map(|alias| alias.name.value.as_str()), self.closed.columns),
            // The joins inside are counted.
            TableFactor::NestedJoin { .. } => return self.leave(1),
            _ => (None, 1),
        };
        if let Some(select) = self.selects.last_mut() {
            select.from.push((alias.map(str::to_owned), columns));
        }
        self.leave(1)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(window) = window(expr) {
            // Windows cannot be nested: such queries are refused later, so no distinction is
            // needed.
            if let (0, Some(query)) = (self.in_windows, self.queries.last_mut()) {
                query.windows.insert(window.to_string());
            }
            self.in_windows += 1;
        }
        self.enter(levels(expr))
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.in_windows -= usize::from(window(expr).is_some());
        self.leave(levels(expr))
    }
}

/// How many times CUBE, ROLLUP and GROUPING SETS group the rows.
fn grouping_sets(group_by: &GroupByExpr) -> u64 {
    let GroupByExpr::Expressions(expressions, _) = group_by else { return 1 };
    let sets = |expression: &Expr| match expression {
        Expr::Cube(parts) => 2u64.saturating_pow(u32::try_from(parts.len()).unwrap_or(u32::MAX)),
        Expr::Rollup(parts) => parts.len() as u64 + 1,
        Expr::GroupingSets(parts) => parts.len() as u64,
        _ => 1,
    };
    expressions.iter().map(sets).fold(1, u64::saturating_mul)
}

/// Levels that an expression adds on top of its parts.
fn levels(expr: &Expr) -> u64 {
    match expr {
        Expr::CompoundIdentifier(names) => names.len() as u64,
        Expr::CompoundFieldAccess { access_chain, .. } => 1 + access_chain.len() as u64,
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => LEVELS_OF_SUBQUERY,
        _ => 1,
    }
}

/// The OVER clause of a function.
fn window(expr: &Expr) -> Option<&WindowType> {
    match expr {
        Expr::Function(function) => function.over.as_ref(),
        _ => None,
    }
}

/// The set operations of one query; those in parentheses are queries of their own.
fn set_operations(body: &SetExpr) -> u64 {
    let (mut rest, mut found) = (vec![body], 0);
    while let Some(body) = rest.pop() {
        if let SetExpr::SetOperation { left, right, .. } = body {
            found += 1;
            rest.extend([left.as_ref(), right.as_ref()]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{STACK_BYTES, dialect};
    use super::*;
    use crate::domain::catalog::Catalog;
    use crate::domain::limits::MAX_ROW_FILTERS;
    use crate::domain::parse::config_from_json;
    use crate::domain::schema::{Column, ColumnType, Mode, TableSchema};
    use crate::domain::sql::{QueryKind, Request, compile};

    /// The size of a statement over a table of 10 columns; on a stack as large as the engine's.
    fn extent(sql: impl Into<String>) -> Result<Extent, String> {
        let sql = sql.into();
        let on_stack = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let tables = HashMap::from([("t".to_owned(), Extent::of_table(10))]);
            dialect::parse(&sql).and_then(|statement| dialect::extent(&statement, &tables))
        });
        on_stack.unwrap().join().unwrap()
    }

    fn is_planned(sql: impl Into<String>) -> bool {
        extent(sql).and_then(|extent| extent.check(MAX_VIEW_SIZE)).is_ok()
    }

    fn times(n: usize, text: &str) -> String {
        text.repeat(n)
    }

    fn columns(sql: &str) -> u64 {
        extent(sql).unwrap().columns
    }

    #[test]
    fn columns_are_counted_as_they_are_expanded() {
        assert_eq!(columns("SELECT 1, 2"), 2);
        assert_eq!(columns("SELECT *, 1 FROM raw.t"), 11);
        assert_eq!(columns("SELECT * FROM raw.t AS x JOIN raw.t AS y ON TRUE"), 20);
        assert_eq!(columns("SELECT x.*, 1 AS n FROM raw.t AS x JOIN (SELECT * FROM raw.t) AS y ON TRUE"), 11);
        assert_eq!(columns("WITH a AS (SELECT * FROM raw.t), b AS (SELECT *, 1 AS n FROM a) SELECT * FROM b, a"), 21);
        assert_eq!(columns("SELECT a FROM raw.t UNION ALL SELECT b FROM raw.t"), 1);
        assert_eq!(columns("(SELECT * FROM raw.t) UNION ALL (SELECT * FROM raw.t)"), 10);
        assert_eq!(columns("SELECT (SELECT MAX(a) FROM raw.t) AS m FROM (raw.t AS x JOIN raw.t AS y ON TRUE)"), 1);
        // A name means the nearest CTE in scope.
        assert_eq!(columns("WITH t AS (SELECT 1 AS a) SELECT * FROM (WITH t AS (SELECT 1, 2) SELECT * FROM t) AS s, t"), 3);
        assert_eq!(columns("WITH t AS (SELECT * FROM t) SELECT * FROM t"), 10);
    }

    #[test]
    fn ctes_count_each_time_they_are_named() {
        let size = |sql: &str| extent(sql).unwrap().size;
        let once = size("WITH a AS (SELECT * FROM t) SELECT x.a FROM a AS x");
        let one = size("SELECT * FROM t");
        let four = size("WITH a AS (SELECT * FROM t) SELECT x.a FROM a AS x, a AS y, a AS z, a AS w");
        assert!(four >= once + 3 * one, "{once} {four}");
        let chain = |n: usize, each: &str| {
            let ctes = (1..=n).map(|i| format!(", c{i} AS ({})", each.replace('@', &format!("c{}", i - 1))));
            format!("WITH c0 AS (SELECT a FROM t){} SELECT a FROM c{n}", ctes.collect::<String>())
        };
        let twice = "SELECT x.a FROM @ AS x JOIN @ AS y ON TRUE";
        assert!(is_planned(chain(8, twice)));
        for n in [22, 64, 150] {
            assert!(!is_planned(chain(n, twice)), "{n}");
        }
        // A chain in which each CTE is named once does not grow.
        assert!(size(&chain(100, "SELECT a FROM @")) < 100 * 50);
        // A large CTE is planned even if nothing names it.
        assert!(!is_planned(chain(30, twice).replace("SELECT a FROM c30", "SELECT 1 AS a")));
    }

    #[test]
    fn windows_count_once_each_and_with_their_input() {
        let size = |sql: &str| extent(sql).unwrap().size;
        let of = |windows: &[&str], from: &str| {
            let functions: Vec<_> = windows.iter().map(|window| format!("SUM(a) OVER ({window})")).collect();
            size(&format!("SELECT {} FROM {from}", functions.join(", ")))
        };
        let (same, two) = (of(&["ORDER BY a", "ORDER BY a"], "t"), of(&["ORDER BY a", "ORDER BY b"], "t"));
        // Two windows over ten columns and over each other, instead of one.
        assert_eq!(two - same, SIZE_OF_CARRIED * (2 * (10 + 2) - (10 + 1)));
        let wide = of(&["ORDER BY a", "ORDER BY b"], "t AS x, t AS y");
        assert!(wide > two + 2 * 10, "{two} {wide}");
        // In ORDER BY and QUALIFY too, and in a query of its own.
        let plain = size("SELECT a FROM t ORDER BY SUM(a)");
        assert!(size("SELECT a FROM t ORDER BY SUM(a) OVER (ORDER BY a)") > plain + 10);
        // A nested one is not expanded again.
        let within =
            |n: usize| extent(format!("SELECT {}a{} FROM t", times(n, "SUM("), times(n, ") OVER (ORDER BY a)"))).unwrap().size;
        assert_eq!(within(3) - within(2), within(2) - within(1));
    }

    #[test]
    fn sizes_that_overflow_exceed_the_limit() {
        let most = Extent { size: u64::MAX, depth: u64::MAX, columns: u64::MAX };
        let sql = "SELECT x.*, * FROM t AS x JOIN t AS y ON TRUE";
        let statement = dialect::parse(sql).unwrap();
        let extent = dialect::extent(&statement, &HashMap::from([("t".to_owned(), most)])).unwrap();
        assert_eq!(extent, most);
        assert!(extent.check(u64::MAX).is_err());
    }

    #[test]
    fn statements_at_each_limit_are_planned_and_those_beyond_refused() {
        // A query, its SELECT, its column, and the operands.
        let sum = |operands: usize| format!("SELECT a{} FROM t", times(operands - 1, " + a"));
        let at_depth = (1..=MAX_DEPTH as usize).rev().find(|operands| is_planned(sum(*operands))).unwrap();
        assert!(at_depth as u64 > MAX_DEPTH - 20);
        let list = |n: usize| format!("SELECT a FROM t WHERE a IN (1{})", times(n - 1, ", 1"));
        let nested =
            |n: usize, open: &str, inner: &str, close: &str| format!("SELECT {}{inner}{}", times(n, open), times(n, close));
        let types = |n: usize| format!("SELECT CAST(NULL AS {}INT64{})", times(n, "ARRAY<"), times(n, ">"));
        let joins = |n: usize| format!("SELECT * FROM {}(SELECT 1){}", times(n, "("), times(n, " AS s JOIN t ON TRUE)"));
        let run = |n: usize| format!("SELECT {}a", times(n, "- "));
        let cube = |n: usize| format!("SELECT COUNT(*) FROM t GROUP BY CUBE(a{})", times(n - 1, ", a"));
        let windows = |n: usize| {
            let each = (0..n).map(|i| format!("SUM(a) OVER (ORDER BY a + {i})"));
            format!("SELECT {} FROM t", each.collect::<Vec<_>>().join(", "))
        };
        let subqueries = |n: usize| nested(n, "(SELECT MAX(", "a", ") FROM t)") + " FROM t";
        for (name, at, beyond) in [
            ("depth", sum(at_depth), [sum(at_depth + 1), sum(100 * at_depth)]),
            ("size", list(MAX_VIEW_SIZE as usize - 100), [list(MAX_VIEW_SIZE as usize + 1), list(2 * MAX_VIEW_SIZE as usize)]),
            // Each function takes some of the parser's levels, and the query takes some.
            (
                "nesting",
                nested(90, "ABS(", "a", ")"),
                [nested(MAX_NESTING, "ABS(", "a", ")"), nested(100 * MAX_NESTING, "ABS(", "a", ")")],
            ),
            ("windows", windows(305), [windows(320), windows(3_000)]),
            ("subqueries", subqueries(20), [subqueries(26), subqueries(200)]),
            ("grouping sets", cube(14), [cube(15), cube(100)]),
            ("types", types(MAX_NESTED_TYPES), [types(MAX_NESTED_TYPES + 1), types(100 * MAX_NESTED_TYPES)]),
            ("joins", joins(MAX_NESTED_JOINS), [joins(MAX_NESTED_JOINS + 2), joins(100 * MAX_NESTED_JOINS)]),
            (
                "bytes",
                format!("SELECT 1{}", times(MAX_SQL_BYTES - 8, " ")),
                [format!("SELECT 1{}", times(MAX_SQL_BYTES - 7, " ")), format!("SELECT 1{}", times(10 * MAX_SQL_BYTES, " "))],
            ),
        ] {
            assert!(is_planned(at.clone()), "{name}: {:?}", extent(at));
            for sql in beyond {
                assert!(!is_planned(sql), "{name}");
            }
        }
        // The longest run that is parsed is deeper than what is planned; it is refused, rather than
        // parsed to the end of the stack.
        for (n, reason) in [(MAX_RUN - 10, TOO_NESTED), (MAX_RUN + 1, TOO_LONG_RUN), (10 * MAX_RUN, TOO_LONG_RUN)] {
            assert_eq!(extent(run(n)), Err(reason.into()), "{n}");
        }
        assert_eq!(extent(sum(MAX_RUN / 2 - 10)), Err(TOO_NESTED.into()));
    }

    /// The largest datasets: twenty tables joined by long keys, a thousand columns, the maximum
    /// number of filters, lists of 20,000 values, ten rounds of filters.
    fn largest() -> Vec<serde_json::Value> {
        let name = |i: usize| if i == 0 { "facts".to_owned() } else { format!("f{i}") };
        let key =
            |i: usize, k: usize| json!({"left": {"table": name(i - 1), "column": format!("c{k}")}, "right": format!("c{k}")});
        let join = |i: usize, kind: &str| {
            let order: Vec<_> = (0..16).map(|k| json!({"column": format!("c{k}")})).collect();
            json!({"table": name(i), "type": "left", "on": (0..16).map(|k| key(i, k)).collect::<Vec<_>>(), "on_duplicates": kind,
                   "order": if kind == "one_row" { order } else { vec![] }})
        };
        let filter = |i: usize| json!({"table": "facts", "column": format!("c{}", i % 58), "where": {"op": "between", "min": -5, "max": i}, "nulls": "include"});
        let list = |from: usize| json!({"table": "facts", "column": "c1", "where": {"op": "not_in", "values": (from..from + 10_000).collect::<Vec<_>>()}});
        let members = json!({"top_revenue_percent": 99, "transactions": {"min": 1}, "revenue": {"min": 0}});
        let with = |kind: &str, rows: Vec<serde_json::Value>| {
            json!({
                "primary_table": "raw_data.facts",
                "secondary_tables": (1..20).map(|i| json!({"table": "raw_data.facts", "as": name(i)})).collect::<Vec<_>>(),
                "join_config": (1..20).map(|i| join(i, kind)).collect::<Vec<_>>(),
                "selected_columns": (0..1_000).map(|i| json!({"table": name(i % 20), "column": format!("c{}", i / 20)})).collect::<Vec<_>>(),
                "column_mapping": {
                    "user_id": {"table": "facts", "column": "c1"}, "product_id": {"table": "facts", "column": "c2"},
                    "timestamp": {"table": "facts", "column": "at"}, "revenue": {"table": "facts", "column": "c3"}
                },
                "filters": {"rows": rows, "product_filter": members, "customer_filter": members,
                            "min_interactions": {"user": 1, "product": 1, "rounds": 10}, "sample": {"percent": 99}},
                "split_config": {"type": "time_based", "eval_days": 3}
            })
        };
        let filters = || (0..MAX_ROW_FILTERS).map(filter).collect::<Vec<_>>();
        vec![with("keep", filters()), with("one_row", filters()), with("keep", vec![list(0), list(100_000)])]
    }

    #[test]
    fn every_query_of_the_largest_datasets_is_within_the_limits() {
        use ColumnType::{Int64, Timestamp};
        let column = |name: String, column_type| Column {
            name: name.parse().unwrap(),
            column_type,
            mode: Mode::Nullable,
            description: None,
        };
        let numbers = (0..58).map(|i| column(format!("c{i}"), Int64));
        let columns: Vec<Column> = numbers.chain([column("id".into(), Int64), column("at".into(), Timestamp)]).collect();
        let table = TableSchema { table: "raw_data.facts".parse().unwrap(), columns, unusable: vec![], partition: None };
        let catalog = Catalog::new(None, [table]);
        let kinds = [
            QueryKind::Rows,
            QueryKind::Tfx,
            QueryKind::Counts,
            QueryKind::Funnel,
            QueryKind::AsOf,
            QueryKind::PerDay,
            QueryKind::FilterImpact,
            QueryKind::Analysis,
        ];
        for (i, config) in largest().into_iter().enumerate() {
            let config = config_from_json(config).unwrap();
            for kind in kinds {
                let query = compile(&config, &catalog, &Request { kind, ..Request::default() }).unwrap();
                let tables = HashMap::from([("facts".to_owned(), Extent::of_table(60))]);
                let statement = dialect::parse(&query.sql).unwrap_or_else(|reason| panic!("{i} {kind:?}: {reason}"));
                let extent = dialect::extent(&statement, &tables).unwrap();
                extent.check(MAX_QUERY_SIZE).unwrap_or_else(|reason| panic!("{i} {kind:?}: {reason}"));
            }
        }
    }

    #[test]
    fn comparisons_are_not_counted_as_types_nor_parentheses_as_joins() {
        assert!(is_planned(format!("SELECT {}1", "a < 1 AND b > 2 OR ".repeat(200))));
        assert!(is_planned(format!("SELECT {}a{} FROM t", "((".repeat(30), "))".repeat(30))));
        assert!(is_planned("SELECT CAST(NULL AS ARRAY<STRUCT<a INT64, b ARRAY<INT64>>>) AS x"));
    }
}
