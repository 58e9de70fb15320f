//! Which columns could have which role: by name, type, position, and by the data if it was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dataset::Role;
use super::joins::{Confidence, propose};
use super::name::{ColumnName, TableName};
use super::naming::{KeyName, Mark, Vocabulary};
use super::schema::{Column, TableSchema};
use super::statistics::{ColumnStatistics, TableStatistics};
use super::validate::fits_role;

/// Columns below this score are not suggested.
pub const THRESHOLD: f64 = 0.5;
/// Maximum number of alternatives.
const ALTERNATIVES: usize = 5;

/// A column for a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Choice {
    pub table: TableName,
    pub column: ColumnName,
    /// 0 to 1.
    pub score: f64,
    pub confidence: Confidence,
    /// As a sentence.
    pub reason: String,
}

/// The best column for a role, and alternatives, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleSuggestion {
    #[serde(flatten)]
    pub choice: Choice,
    pub alternatives: Vec<Choice>,
}

/// By role; a role that no column fits is absent.
pub type RoleSuggestions = BTreeMap<Role, RoleSuggestion>;

/// Columns for the roles of a dataset over these tables, the first of which is the primary.
pub fn suggest(schemas: &[TableSchema], statistics: &TableStatistics) -> RoleSuggestions {
    let vocabulary = Vocabulary::of(schemas);
    let joins = propose(schemas, statistics);
    let sure = || joins.iter().filter(|join| join.score >= super::joins::THRESHOLD && !join.last_resort);
    let mut choices: BTreeMap<Role, Vec<Choice>> = BTreeMap::new();
    for (position, schema) in schemas.iter().enumerate() {
        let refers = sure().any(|join| join.left == schema.table && join.right != schema.table);
        let is_referred = sure().any(|join| join.right == schema.table && join.left != schema.table);
        // Events refer to users and products; a table that is only referred to describes them.
        let describes = is_referred && !refers;
        let place = if position == 0 { 1.0 } else { 0.95 } * if describes { 0.8 } else { 1.0 };
        for column in &schema.columns {
            for role in Role::ALL {
                let known = statistics.of(&schema.table, &column.name);
                let Some((score, reason)) = score(role, schema, column, &vocabulary, known) else { continue };
                let score = (score * place * 100.0).round() / 100.0;
                if score >= THRESHOLD {
                    let confidence = Confidence::of(score);
                    let choice = Choice { table: schema.table.clone(), column: column.name.clone(), score, confidence, reason };
                    choices.entry(role).or_default().push(choice);
                }
            }
        }
    }
    let best = |(role, mut choices): (Role, Vec<Choice>)| {
        // Ties stay in the order of tables and columns.
        choices.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut choices = choices.into_iter();
        let choice = choices.next()?;
        Some((role, RoleSuggestion { choice, alternatives: choices.take(ALTERNATIVES).collect() }))
    };
    choices.into_iter().filter_map(best).collect()
}

/// The role that each column of a table looks like, if it does.
pub fn suggested_roles(schema: &TableSchema) -> Vec<Option<Role>> {
    let vocabulary = Vocabulary::of([schema]);
    let role_of = |column: &Column| {
        let scored = Role::ALL.into_iter().filter_map(|role| Some((role, score(role, schema, column, &vocabulary, None)?.0)));
        let best = scored.reduce(|best, one| if one.1 > best.1 { one } else { best });
        best.filter(|(_, score)| *score >= THRESHOLD).map(|(role, _)| role)
    };
    schema.columns.iter().map(role_of).collect()
}

fn score(
    role: Role,
    schema: &TableSchema,
    column: &Column,
    vocabulary: &Vocabulary,
    statistics: Option<ColumnStatistics>,
) -> Option<(f64, String)> {
    fits_role(role, column).ok()?;
    if statistics.is_some_and(|statistics| contradicts(role, statistics)) {
        return None;
    }
    let words = vocabulary.words(column.name.as_str());
    let name = KeyName::of(&words);
    let plural = Vocabulary::is_plural(column.name.as_str());
    match role {
        Role::UserId => id(&USERS, "people", &name, plural, &vocabulary.words(schema.table.table())),
        Role::ProductId => id(&PRODUCTS, "items that are sold or shown", &name, plural, &vocabulary.words(schema.table.table())),
        Role::Timestamp => timestamp(&words),
        Role::Revenue => revenue(&words, name.mark),
    }
}

/// Whether the data rule out a role for a column.
fn contradicts(role: Role, statistics: ColumnStatistics) -> bool {
    let has_values = statistics.filled() > 1;
    match role {
        // Users repeat: an id that is unique in every row is the row's.
        Role::UserId => has_values && (statistics.distinct <= 1 || statistics.is_unique() == Some(true)),
        Role::ProductId | Role::Timestamp | Role::Revenue => has_values && statistics.distinct <= 1,
    }
}

type Words = [(&'static str, f64)];

const USERS: [(&str, f64); 26] = [
    ("customer", 1.0),
    ("user", 1.0),
    ("client", 0.97),
    ("buyer", 0.97),
    ("shopper", 0.97),
    ("member", 0.95),
    ("subscriber", 0.95),
    ("visitor", 0.95),
    ("consumer", 0.95),
    ("household", 0.93),
    ("patron", 0.93),
    ("purchaser", 0.93),
    ("guest", 0.9),
    ("viewer", 0.9),
    ("listener", 0.9),
    ("reader", 0.9),
    ("player", 0.9),
    ("passenger", 0.9),
    ("patient", 0.9),
    ("student", 0.9),
    ("borrower", 0.9),
    ("person", 0.85),
    ("account", 0.8),
    ("cardholder", 0.9),
    ("profile", 0.7),
    ("device", 0.6),
];

const PRODUCTS: [(&str, f64); 32] = [
    ("product", 1.0),
    ("item", 0.97),
    ("sku", 0.97),
    ("article", 0.95),
    ("good", 0.9),
    ("merchandise", 0.93),
    ("asin", 0.95),
    ("ean", 0.93),
    ("upc", 0.93),
    ("gtin", 0.93),
    ("isbn", 0.93),
    ("movie", 0.93),
    ("film", 0.93),
    ("book", 0.9),
    ("song", 0.93),
    ("track", 0.9),
    ("video", 0.93),
    ("game", 0.9),
    ("show", 0.85),
    ("recipe", 0.9),
    ("course", 0.85),
    ("content", 0.85),
    ("listing", 0.88),
    ("stock", 0.85),
    ("part", 0.85),
    ("material", 0.85),
    ("variant", 0.8),
    ("style", 0.75),
    ("title", 0.7),
    ("offer", 0.7),
    ("artist", 0.7),
    ("post", 0.65),
];

/// Words for which of several ids of one entity it is.
const WHICH: [&str; 12] =
    ["anonymous", "external", "full", "global", "hash", "hashed", "internal", "master", "original", "pseudo", "source", "unique"];

/// Words before `item` that make it a line of a document, not a product.
const LINES: [&str; 9] = ["basket", "cart", "detail", "invoice", "line", "order", "purchase", "receipt", "transaction"];

fn id(words: &Words, what: &str, name: &KeyName, plural: bool, table: &[String]) -> Option<(f64, String)> {
    let find = |word: &String| words.iter().find(|(known, _)| known == word).map(|(_, weight)| *weight);
    let stem: Vec<&String> = name.stem.iter().filter(|word| !WHICH.contains(&word.as_str())).collect();
    let by_mark = match name.mark {
        Mark::Id | Mark::Key => 0.97,
        Mark::Code | Mark::Number => 0.92,
        Mark::None if plural => return None,
        Mark::None => 0.72,
    };
    let Some((last, before)) = stem.split_last() else {
        // `id` of users.
        let weight = table.last().and_then(find).filter(|_| name.mark != Mark::None && table.len() == 1)?;
        return Some((weight * 0.85, format!("It is the key of a table of {what}.")));
    };
    let weight = find(last)?;
    let before = match before {
        [] => 1.0,
        before if before.iter().any(|word| LINES.contains(&word.as_str())) => 0.4,
        // One of several in a row, such as the payer and the recipient.
        _ if name.mark == Mark::None => 0.6,
        _ => 0.9,
    };
    Some((weight * by_mark * before, format!("{last} means {what}.")))
}

/// What happens to users and products.
const EVENTS: [&str; 36] = [
    "event",
    "order",
    "ordered",
    "purchase",
    "purchased",
    "transaction",
    "sale",
    "sold",
    "invoice",
    "bought",
    "visit",
    "visited",
    "view",
    "viewed",
    "click",
    "clicked",
    "rating",
    "rated",
    "review",
    "reviewed",
    "checkout",
    "booking",
    "booked",
    "trip",
    "play",
    "played",
    "watched",
    "listened",
    "interaction",
    "session",
    "occurred",
    "happened",
    "seen",
    "paid",
    "rental",
    "request",
];

/// Attributes of a row, not of the event.
const STORED_AT: [(&str, f64); 29] = [
    ("created", 0.6),
    ("creation", 0.6),
    ("added", 0.7),
    ("inserted", 0.45),
    ("updated", 0.3),
    ("modified", 0.3),
    ("changed", 0.3),
    ("deleted", 0.2),
    ("loaded", 0.2),
    ("ingested", 0.2),
    ("synced", 0.2),
    ("extracted", 0.2),
    ("birth", 0.1),
    ("expiry", 0.1),
    ("expire", 0.1),
    ("expiration", 0.1),
    ("due", 0.2),
    ("required", 0.2),
    ("estimated", 0.2),
    ("delivered", 0.4),
    ("delivery", 0.4),
    ("shipped", 0.4),
    ("approved", 0.4),
    ("limit", 0.2),
    ("valid", 0.2),
    ("end", 0.3),
    ("hire", 0.1),
    ("launched", 0.3),
    ("joined", 0.3),
];

fn timestamp(words: &[String]) -> Option<(f64, String)> {
    const TIMES: [&str; 8] = ["at", "date", "datetime", "day", "on", "time", "timestamp", "utc"];
    let kept = words.iter().filter_map(|word| STORED_AT.iter().find(|(known, _)| known == word).map(|(_, weight)| *weight));
    if let Some(weight) = kept.reduce(f64::min) {
        return Some((weight, "It records when the row was stored or changed.".into()));
    }
    if words.iter().any(|word| EVENTS.contains(&word.as_str())) {
        return Some((0.95, "It records when an event happened.".into()));
    }
    match words {
        [only] if TIMES.contains(&only.as_str()) => Some((0.85, "It is a date or time of the row.".into())),
        words if words.iter().all(|word| TIMES.contains(&word.as_str())) => {
            Some((0.85, "It is a date or time of the row.".into()))
        }
        _ => Some((0.55, "It is a date or time.".into())),
    }
}

/// Words for the full amount of a sale.
const TAKEN: [(&str, f64); 16] = [
    ("revenue", 1.0),
    ("turnover", 0.95),
    ("gmv", 0.95),
    ("sale", 0.95),
    ("amount", 0.9),
    ("total", 0.87),
    ("subtotal", 0.85),
    ("spend", 0.85),
    ("spent", 0.85),
    ("spending", 0.85),
    ("paid", 0.83),
    ("payment", 0.78),
    ("extended", 0.85),
    ("price", 0.7),
    ("value", 0.62),
    ("fare", 0.8),
];

/// Numbers that are no revenue, whatever other words the name has.
const NOT_TAKEN: [&str; 40] = [
    "age",
    "balance",
    "budget",
    "charge",
    "commission",
    "cost",
    "count",
    "coupon",
    "credit",
    "day",
    "debit",
    "deposit",
    "discount",
    "fee",
    "freight",
    "index",
    "installment",
    "latitude",
    "level",
    "limit",
    "line",
    "longitude",
    "loss",
    "margin",
    "percent",
    "percentage",
    "point",
    "profit",
    "quantity",
    "rank",
    "rate",
    "rating",
    "ratio",
    "refund",
    "score",
    "shipping",
    "tax",
    "tip",
    "weight",
    "year",
];

/// Per unit, not for the whole sale.
const EACH: [&str; 10] = ["average", "avg", "base", "each", "list", "max", "min", "per", "unit", "wholesale"];

fn revenue(words: &[String], mark: Mark) -> Option<(f64, String)> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let weights = words.iter().filter_map(|word| TAKEN.iter().find(|(known, _)| known == word).map(|(_, weight)| *weight));
    let count = weights.clone().count();
    let weight = weights.reduce(f64::max)?;
    // `line_total` is the revenue of a line; `line` alone is its number.
    let line = words.first().is_some_and(|first| first == "line") && count > 0;
    if mark != Mark::None
        || (has(&NOT_TAKEN) && !line)
        || words.last().is_some_and(|last| matches!(last.as_str(), "date" | "type"))
    {
        return None;
    }
    let more = if count > 1 || line { 0.04 } else { 0.0 };
    let (each, reason) = match has(&EACH) {
        true => (0.8, "It is the price of one item."),
        false => (1.0, "It is the amount of a sale."),
    };
    Some((((weight + more) * each).min(1.0), reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::{ColumnType, Mode};

    fn table(name: &str, columns: &[(&str, ColumnType)]) -> TableSchema {
        let column = |(name, column_type): &(&str, ColumnType)| Column {
            name: name.parse().unwrap(),
            column_type: *column_type,
            mode: Mode::Nullable,
            description: None,
        };
        TableSchema {
            table: TableName::new("raw_data", name).unwrap(),
            columns: columns.iter().map(column).collect(),
            unusable: vec![],
            partition: None,
        }
    }

    fn role(name: &str, t: ColumnType) -> Option<Role> {
        let schema = table("facts", &[(name, t)]);
        suggested_roles(&schema)[0]
    }

    fn columns(schemas: &[TableSchema], statistics: &TableStatistics) -> Vec<String> {
        let text = |(role, one): (&Role, &RoleSuggestion)| {
            format!("{} {}.{}", role.as_str(), one.choice.table.table(), one.choice.column)
        };
        suggest(schemas, statistics).iter().map(text).collect()
    }

    #[test]
    fn g64_roles_by_name_and_type() {
        use ColumnType::*;
        for name in [
            "customer_id",
            "CustomerID",
            "userId",
            "client_no",
            "buyer",
            "member_key",
            "household_id",
            "cust_id",
            "customer_unique_id",
        ] {
            assert_eq!(role(name, Int64), Some(Role::UserId), "{name}");
        }
        for name in ["product_id", "itemId", "SKU", "article_code", "prod_id", "movieId", "stock_code"] {
            assert_eq!(role(name, String), Some(Role::ProductId), "{name}");
        }
        for name in ["ordered_at", "eventTime", "transaction_date", "timestamp", "date", "created_at"] {
            assert_eq!(role(name, Timestamp), Some(Role::Timestamp), "{name}");
            assert_eq!(role(name, Int64), None, "{name} is no time by its type");
        }
        for name in ["revenue", "amount", "net_sales", "totalPrice", "sales_value", "order_total", "unit_price", "line_total"] {
            assert_eq!(role(name, Numeric), Some(Role::Revenue), "{name}");
            assert_eq!(role(name, String), None, "{name} is no number by its type");
        }
        for name in
            ["order_id", "quantity", "tax_amount", "discount", "users", "order_item_id", "total_count", "shipping_cost", "type"]
        {
            assert_eq!(role(name, Int64), None, "{name}");
        }
        assert_eq!(role("user_id", Float64), None);
        // Parquet's UUIDs.
        assert_eq!((role("user_uuid", Bytes), role("item_id", Bytes)), (Some(Role::UserId), Some(Role::ProductId)));
        assert_eq!(role("user_uuid", String), Some(Role::UserId));
        assert_eq!(role("updated_at", Timestamp), None);
        assert_eq!(role("birth_date", Date), None);
    }

    #[test]
    fn the_events_table_comes_before_those_it_refers_to() {
        use ColumnType::*;
        let users = table("users", &[("id", Int64), ("name", String), ("created_at", Timestamp), ("total_spent", Float64)]);
        let events = table(
            "events",
            &[
                ("event_id", Int64),
                ("user_id", Int64),
                ("item", String),
                ("occurred_at", Timestamp),
                ("unit_price", Float64),
                ("line_total", Float64),
            ],
        );
        let expected =
            ["user_id events.user_id", "product_id events.item", "timestamp events.occurred_at", "revenue events.line_total"];
        assert_eq!(columns(&[events.clone(), users.clone()], &TableStatistics::default()), expected);
        assert_eq!(columns(&[users, events], &TableStatistics::default()), expected, "also where it is not the primary");
    }

    #[test]
    fn statistics_rule_out_impossible_roles() {
        use ColumnType::*;
        let schema = table(
            "events",
            &[("user_id", Int64), ("customer_key", Int64), ("at", Timestamp), ("day", Date), ("revenue", Float64)],
        );
        let mut statistics = TableStatistics::default();
        let mut add = |name: &str, distinct| {
            statistics.add(schema.table.clone(), name.parse().unwrap(), ColumnStatistics { rows: 1000, nulls: 0, distinct });
        };
        add("user_id", 1000);
        add("customer_key", 120);
        add("at", 1);
        add("day", 90);
        add("revenue", 1);
        assert_eq!(columns(&[schema], &statistics), ["user_id events.customer_key", "timestamp events.day"]);
    }
}
