//! SQL from bytes: parts of GoogleSQL, combined without regard to types or meaning.

use crate::driver::{Choices, odd_text};

pub const TOKENS: [&str; 48] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ".",
    "*",
    "`",
    "'",
    "\"",
    "'''",
    "r'",
    "b'",
    "\\",
    "--",
    "/*",
    "*/",
    "#",
    "\n",
    "\0",
    "SELECT ",
    " FROM ",
    " WHERE ",
    " UNION ALL ",
    " JOIN ",
    " ON ",
    " CASE ",
    " END ",
    " AS ",
    " NOT ",
    " IN ",
    " OVER ",
    "CAST(",
    "ARRAY<",
    "STRUCT(",
    ">",
    " || ",
    "@@x",
    "@p",
    "?",
    "|>",
    "=>",
    "\u{feff}",
    "9223372036854775808",
    "0x",
];

/// Tables for FROM, with their columns.
const TABLES: [(&str, &[&str]); 4] = [
    ("good", &["a", "b"]),
    ("customers", &["customer_id", "name", "country", "since"]),
    ("orders", &["order_id", "customer_id", "product_id", "ordered_at", "amount"]),
    ("products", &["product_id", "title", "price", "weight", "code", "listed", "day", "at", "tags"]),
];

/// Numbers at which something overflows.
const NUMBERS: [&str; 18] = [
    "1",
    "0",
    "2",
    "-1",
    "3",
    "17",
    "1000",
    "100000",
    "2147483647",
    "2147483648",
    "2000000000",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "-0.0",
    "1.5",
    "0.000000000000000000001",
    "123456789012345678901234567890",
];

const LITERALS: [&str; 22] = [
    "NULL",
    "TRUE",
    "FALSE",
    "'x'",
    "''",
    "'ß'",
    "b'\\xff'",
    "r'\\d+'",
    "DATE '2024-02-29'",
    "DATE '0001-01-01'",
    "DATE '9999-12-31'",
    "TIMESTAMP '9999-12-31 23:59:59.999999+00'",
    "TIMESTAMP '1969-12-31 23:59:59.999999'",
    "DATETIME '2024-01-01 00:00:00'",
    "TIME '23:59:59'",
    "NUMERIC '99999999999999999999999999999.999999999'",
    "INTERVAL 1 DAY",
    "INTERVAL 100000000 YEAR",
    "INTERVAL -9223372036854775808 MICROSECOND",
    "[1, NULL]",
    "[]",
    "CAST('NaN' AS FLOAT64)",
];

const TYPES: [&str; 18] = [
    "INT64",
    "FLOAT64",
    "STRING",
    "BOOL",
    "DATE",
    "TIMESTAMP",
    "DATETIME",
    "TIME",
    "BYTES",
    "NUMERIC",
    "BIGNUMERIC",
    "NUMERIC(38, 38)",
    "STRING(3)",
    "ARRAY<INT64>",
    "STRUCT<a INT64, b STRING>",
    "ARRAY<ARRAY<STRUCT<a ARRAY<INT64>>>>",
    "JSON",
    "INT",
];

/// Functions, and their numbers of arguments.
const FUNCTIONS: [(&str, usize); 92] = [
    ("ABS", 1),
    ("CONCAT", 2),
    ("CONCAT", 3),
    ("REPEAT", 2),
    ("LPAD", 2),
    ("RPAD", 3),
    ("REPLACE", 3),
    ("SUBSTR", 3),
    ("SPLIT", 2),
    ("UPPER", 1),
    ("LOWER", 1),
    ("TRIM", 1),
    ("REVERSE", 1),
    ("LENGTH", 1),
    ("STRPOS", 2),
    ("STARTS_WITH", 2),
    ("REGEXP_CONTAINS", 2),
    ("REGEXP_REPLACE", 3),
    ("REGEXP_EXTRACT", 2),
    ("TO_JSON_STRING", 1),
    ("FARM_FINGERPRINT", 1),
    ("FORMAT", 2),
    ("TRANSLATE", 3),
    ("GREATEST", 2),
    ("LEAST", 3),
    ("COALESCE", 2),
    ("IFNULL", 2),
    ("NULLIF", 2),
    ("IF", 3),
    ("SAFE_DIVIDE", 2),
    ("DIV", 2),
    ("MOD", 2),
    ("POW", 2),
    ("EXP", 1),
    ("LN", 1),
    ("LOG", 2),
    ("SQRT", 1),
    ("ROUND", 2),
    ("TRUNC", 2),
    ("CEIL", 1),
    ("SIGN", 1),
    ("RAND", 0),
    ("DATE", 1),
    ("DATE", 3),
    ("DATE_ADD", 2),
    ("DATE_SUB", 2),
    ("TIMESTAMP_ADD", 2),
    ("TIMESTAMP_SECONDS", 1),
    ("UNIX_SECONDS", 1),
    ("UNIX_MILLIS", 1),
    ("DATE_FROM_UNIX_DATE", 1),
    ("UNIX_DATE", 1),
    ("TIMESTAMP_MILLIS", 1),
    ("CURRENT_TIMESTAMP", 0),
    ("CURRENT_DATE", 0),
    ("ARRAY_LENGTH", 1),
    ("ARRAY_CONCAT", 2),
    ("ARRAY_REVERSE", 1),
    ("ARRAY_TO_STRING", 2),
    ("GENERATE_ARRAY", 3),
    ("GENERATE_DATE_ARRAY", 2),
    ("IS_NAN", 1),
    ("IS_INF", 1),
    ("STRUCT", 2),
    ("COUNT", 1),
    ("SUM", 1),
    ("AVG", 1),
    ("MIN", 1),
    ("MAX", 1),
    ("ANY_VALUE", 1),
    ("ARRAY_AGG", 1),
    ("STRING_AGG", 2),
    ("APPROX_COUNT_DISTINCT", 1),
    ("APPROX_QUANTILES", 2),
    ("COUNTIF", 1),
    ("LOGICAL_AND", 1),
    ("STDDEV", 1),
    ("CORR", 2),
    ("GROUPING", 1),
    // DataFusion's own.
    ("array_repeat", 2),
    ("array_resize", 3),
    ("range", 2),
    ("generate_series", 3),
    ("make_array", 2),
    ("array_sort", 1),
    ("flatten", 1),
    ("string_to_array", 2),
    ("overlay", 3),
    ("concat_ws", 3),
    ("to_hex", 1),
    ("date_bin", 2),
    ("median", 1),
];

const OPERATORS: [&str; 20] = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "=",
    "!=",
    "<",
    ">=",
    " AND ",
    " OR ",
    " IS NOT DISTINCT FROM ",
    " LIKE ",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    "<>",
];

/// Numbers of repetitions: what most limits allow, and what they refuse. The corpus has cases just
/// within them.
const TIMES: [usize; 10] = [1, 2, 3, 8, 15, 30, 60, 120, 200, 3_000];

/// The text of a view; it may name those views.
pub fn view(choices: &mut Choices, views: &[String]) -> String {
    let mut sql = Sql { choices, views, ctes: vec![], columns: vec![], left: 60 };
    let text = match sql.choices.few(5) {
        0 => sql.built_up(),
        _ => sql.query(0),
    };
    match sql.choices.few(12) {
        0 => format!("-- {}\n{text};", odd_text(sql.choices)),
        1 => format!("/* {text} */ {text}"),
        2 => format!("{text};;{text}"),
        _ => text,
    }
}

struct Sql<'a, 'b> {
    choices: &'a mut Choices<'b>,
    views: &'a [String],
    /// CTEs in scope.
    ctes: Vec<String>,
    /// Columns in scope.
    columns: Vec<String>,
    /// Parts that may still have parts.
    left: usize,
}

impl Sql<'_, '_> {
    fn may(&mut self, one_in: usize) -> bool {
        self.left > 0 && self.choices.few(one_in) == 1
    }

    fn deeper(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// Parts that are large or deep by repetition, as generated SQL is.
    fn built_up(&mut self) -> String {
        let times = TIMES[self.choices.few(TIMES.len())];
        let part = self.expr(3);
        let repeated = |text: &str, between: &str| vec![text; times].join(between);
        let around = |before: &str, inner: &str, after: &str| [&before.repeat(times), inner, &after.repeat(times)].concat();
        let good = "SELECT a, b FROM `raw_data.good`";
        match self.choices.few(18) {
            0 => format!("SELECT a FROM `raw_data.good` WHERE {}", repeated(&format!("({part}) IS NULL"), " AND ")),
            1 => format!("SELECT {} FROM `raw_data.good`", repeated(&part, " || ")),
            2 => format!("SELECT {} AS v FROM `raw_data.good`", around("CASE WHEN a > 1 THEN b ELSE ", &part, " END")),
            3 => format!("SELECT {} AS v FROM `raw_data.good`", around("ABS(", &part, ")")),
            4 => format!("SELECT {} AS v FROM `raw_data.good`", around("COALESCE(NULL, ", &part, ")")),
            5 => around("SELECT * FROM (", good, ") AS t"),
            6 => repeated(
                good,
                [" UNION ALL ", " UNION DISTINCT ", " INTERSECT DISTINCT ", " EXCEPT DISTINCT "][self.choices.few(4)],
            ),
            7 => self.doubled(times.min(60), "SELECT x.a AS a, y.b AS b FROM @ AS x JOIN @ AS y ON x.a = y.a"),
            8 => self.doubled(times.min(60), "SELECT a, b FROM @ UNION ALL SELECT b, a FROM @"),
            9 => self.doubled(times.min(60), "SELECT CONCAT(CAST(a AS STRING), CAST(a AS STRING)) AS a, b FROM @"),
            10 => self.doubled(times.min(60), "SELECT [a, a] AS a, b FROM @"),
            11 => self.doubled(times.min(60), "SELECT a + a AS a, SUM(b) OVER (PARTITION BY a ORDER BY b) AS b FROM @"),
            12 => {
                let sets = ["CUBE", "ROLLUP"][self.choices.few(2)];
                format!("SELECT a, COUNT(*) AS n FROM `raw_data.good` GROUP BY {sets}({})", repeated("a, b", ", "))
            }
            13 => {
                let tables: Vec<String> = (0..times.min(120)).map(|i| format!("`raw_data.orders` AS t{i}")).collect();
                format!("SELECT COUNT(*) AS n, MAX({part}) AS m FROM {}", tables.join(", "))
            }
            14 => {
                let windows: Vec<String> =
                    (0..times).map(|i| format!("SUM(a) OVER (PARTITION BY b ORDER BY a + {i}) AS w{i}")).collect();
                format!("SELECT {} FROM `raw_data.good`", windows.join(", "))
            }
            15 => format!("SELECT * FROM `raw_data.good` WHERE a IN ({})", repeated(&part, ", ")),
            16 => format!("SELECT {} AS v FROM `raw_data.good`", around("(SELECT MAX(", &part, ") FROM `raw_data.good`)")),
            _ => {
                let number = NUMBERS[self.choices.few(NUMBERS.len())];
                format!(
                    "WITH RECURSIVE r AS (SELECT 1 AS n, 'x' AS t UNION ALL SELECT n + 1, t || t FROM r WHERE n < {number}) SELECT * FROM r"
                )
            }
        }
    }

    /// CTEs each of which uses the one before, `@`.
    fn doubled(&mut self, times: usize, each: &str) -> String {
        let ctes = (1..=times).map(|i| format!(", c{i} AS ({})", each.replace('@', &format!("c{}", i - 1))));
        let ctes: String = ctes.collect();
        format!("WITH c0 AS (SELECT a, b FROM `raw_data.good`){ctes} SELECT * FROM c{times}")
    }

    fn query(&mut self, depth: usize) -> String {
        let in_sight = self.ctes.len();
        let mut text = String::new();
        if depth < 4 && self.deeper() && self.may(3) {
            let recursive = if self.may(3) { "RECURSIVE " } else { "" };
            let mut ctes = vec![];
            for _ in 0..=self.choices.few(3) {
                let name = format!("c{}", self.ctes.len());
                // It may name itself.
                if !recursive.is_empty() {
                    self.ctes.push(name.clone());
                }
                let query = self.query(depth + 1);
                ctes.push(format!("{name} AS ({query})"));
                self.ctes.push(name);
            }
            text = format!("WITH {recursive}{} ", ctes.join(", "));
        }
        text += &self.select(depth);
        if self.may(4) {
            let with = ["UNION ALL", "UNION DISTINCT", "INTERSECT DISTINCT", "EXCEPT DISTINCT", "UNION"][self.choices.few(5)];
            text += &format!(" {with} {}", self.select(depth + 1));
        }
        if self.may(4) {
            text += &format!(" ORDER BY {} {}", self.expr(depth + 2), ["", "DESC", "NULLS LAST"][self.choices.few(3)]);
        }
        if self.may(4) {
            text += &format!(" LIMIT {}", self.number());
            if self.may(2) {
                text += &format!(" OFFSET {}", self.number());
            }
        }
        self.ctes.truncate(in_sight);
        text
    }

    fn select(&mut self, depth: usize) -> String {
        let around = std::mem::take(&mut self.columns);
        let from = if self.choices.few(10) == 1 { String::new() } else { format!(" FROM {}", self.from(depth)) };
        let mut items: Vec<String> = vec![];
        for i in 0..=self.choices.few(4) {
            items.push(match self.choices.few(8) {
                1 => "*".into(),
                2 => format!("* EXCEPT ({})", self.column()),
                3 => self.expr(depth + 1),
                _ => format!("{} AS x{i}", self.expr(depth + 1)),
            });
        }
        let distinct = if self.may(6) { "DISTINCT " } else { "" };
        let mut text = format!("SELECT {distinct}{}{from}", items.join(", "));
        if self.may(3) {
            text += &format!(" WHERE {}", self.expr(depth + 1));
        }
        if self.may(3) {
            let keys: Vec<String> = (0..=self.choices.few(3)).map(|_| self.expr(depth + 2)).collect();
            let keys = keys.join(", ");
            text += &match self.choices.few(6) {
                0 => format!(" GROUP BY CUBE({keys})"),
                1 => format!(" GROUP BY ROLLUP({keys})"),
                2 => format!(" GROUP BY GROUPING SETS(({keys}), (), ({keys}))"),
                3 => " GROUP BY ALL".into(),
                4 => " GROUP BY 1, 2".into(),
                _ => format!(" GROUP BY {keys}"),
            };
            if self.may(3) {
                text += &format!(" HAVING {}", self.expr(depth + 1));
            }
        }
        if self.may(6) {
            text += &format!(" QUALIFY {}", self.expr(depth + 1));
        }
        self.columns = around;
        text
    }

    fn from(&mut self, depth: usize) -> String {
        let mut text = self.source(depth);
        for _ in 0..self.choices.few(3) {
            let join = ["JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN", "CROSS JOIN", ","][self.choices.few(6)];
            text += &format!(" {join} {}", self.source(depth));
            if join.len() > 1 && join != "CROSS JOIN" {
                text += &match self.choices.few(4) {
                    0 => format!(" USING ({})", self.column()),
                    1 => format!(" ON {}", self.expr(depth + 1)),
                    _ => format!(" ON {} = {}", self.column(), self.column()),
                };
            }
        }
        text
    }

    fn source(&mut self, depth: usize) -> String {
        let alias = format!("t{}", self.columns.len());
        match self.choices.few(12) {
            1 if depth < 5 && self.deeper() => {
                let query = self.query(depth + 1);
                self.columns.push("x0".into());
                format!("({query}) AS {alias}")
            }
            2 => {
                self.columns.push(alias.clone());
                let array = self.expr(depth + 2);
                format!("UNNEST({array}) AS {alias} WITH OFFSET")
            }
            3 | 4 if !self.views.is_empty() => {
                self.columns.push("x0".into());
                format!("`raw_data.{}` AS {alias}", self.views[self.choices.few(self.views.len())])
            }
            5 | 6 if !self.ctes.is_empty() => {
                self.columns.push("x0".into());
                format!("{} AS {alias}", self.ctes[self.choices.few(self.ctes.len())])
            }
            7 => {
                let function = ["range", "generate_series"][self.choices.few(2)];
                self.columns.push("value".into());
                format!("{function}({}, {}) AS {alias}", self.number(), self.number())
            }
            8 => {
                let odd = [
                    "information_schema.tables",
                    "`raw_data.nothing`",
                    "`a.b.c`",
                    "'/etc/passwd'",
                    "`../good`",
                    "good",
                    "(VALUES (1, 2))",
                ];
                odd[self.choices.few(odd.len())].into()
            }
            _ => {
                let (table, columns) = TABLES[self.choices.few(TABLES.len())];
                let qualified = columns.iter().map(|column| format!("{alias}.{column}"));
                self.columns.extend(qualified);
                format!("`raw_data.{table}` AS {alias}")
            }
        }
    }

    fn column(&mut self) -> String {
        match self.columns.len() {
            0 => "a".into(),
            columns => self.columns[self.choices.few(columns)].clone(),
        }
    }

    fn number(&mut self) -> String {
        NUMBERS[self.choices.few(NUMBERS.len())].into()
    }

    fn leaf(&mut self) -> String {
        match self.choices.few(6) {
            0..=2 => self.column(),
            3 => self.number(),
            4 => LITERALS[self.choices.few(LITERALS.len())].into(),
            _ => match self.choices.few(20) {
                0 => format!("'{}'", odd_text(self.choices)),
                _ => LITERALS[self.choices.few(LITERALS.len())].into(),
            },
        }
    }

    fn expr(&mut self, depth: usize) -> String {
        if depth > 7 || !self.deeper() {
            return self.leaf();
        }
        let below = depth + 1;
        match self.choices.few(22) {
            0..=4 => self.leaf(),
            5..=7 => {
                let operator = OPERATORS[self.choices.few(OPERATORS.len())];
                format!("({}{operator}{})", self.expr(below), self.expr(below))
            }
            8..=12 => {
                let (name, arguments) = FUNCTIONS[self.choices.few(FUNCTIONS.len())];
                let arguments: Vec<String> = (0..arguments).map(|_| self.expr(below)).collect();
                format!("{name}({})", arguments.join(", "))
            }
            13 => {
                let cast = ["CAST", "SAFE_CAST"][self.choices.few(2)];
                format!("{cast}({} AS {})", self.expr(below), TYPES[self.choices.few(TYPES.len())])
            }
            14 => {
                let (name, arguments) =
                    [("SUM", 1), ("COUNT", 1), ("ROW_NUMBER", 0), ("LAG", 2), ("NTILE", 1), ("FIRST_VALUE", 1), ("ARRAY_AGG", 1)]
                        [self.choices.few(7)];
                let arguments: Vec<String> = (0..arguments).map(|_| self.expr(below)).collect();
                let frame = [
                    "",
                    "ROWS BETWEEN 1 PRECEDING AND 9223372036854775807 FOLLOWING",
                    "RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
                    "ROWS BETWEEN CURRENT ROW AND 1 PRECEDING",
                    "ROWS UNBOUNDED PRECEDING",
                ][self.choices.few(5)];
                format!(
                    "{name}({}) OVER (PARTITION BY {} ORDER BY {} {frame})",
                    arguments.join(", "),
                    self.expr(below),
                    self.expr(below)
                )
            }
            15 => format!("CASE WHEN {} THEN {} ELSE {} END", self.expr(below), self.expr(below), self.expr(below)),
            16 => {
                let subquery = self.query(below);
                match self.choices.few(4) {
                    0 => format!("EXISTS({subquery})"),
                    1 => format!("({} IN ({subquery}))", self.leaf()),
                    2 => format!("ARRAY({subquery})"),
                    _ => format!("({subquery})"),
                }
            }
            17 => {
                let items: Vec<String> = (0..self.choices.few(4)).map(|_| self.expr(below)).collect();
                format!("[{}]", items.join(", "))
            }
            18 => format!(
                "{}[{}({})]",
                self.expr(below),
                ["OFFSET", "ORDINAL", "SAFE_OFFSET", ""][self.choices.few(4)],
                self.expr(below)
            ),
            19 => {
                let part =
                    ["DAY", "WEEK", "ISOWEEK", "MONTH", "YEAR", "MICROSECOND", "DAYOFWEEK", "ISOYEAR"][self.choices.few(8)];
                match self.choices.few(4) {
                    0 => format!("EXTRACT({part} FROM {})", self.expr(below)),
                    1 => format!("DATE_TRUNC({}, {part})", self.expr(below)),
                    2 => format!("TIMESTAMP_DIFF({}, {}, {part})", self.expr(below), self.expr(below)),
                    _ => format!("({} + INTERVAL {} {part})", self.expr(below), self.number()),
                }
            }
            20 => format!("({} BETWEEN {} AND {})", self.expr(below), self.expr(below), self.expr(below)),
            _ => format!("STRUCT({} AS a, {} AS b).a", self.expr(below), self.expr(below)),
        }
    }
}
