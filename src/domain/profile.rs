//! What a table's columns hold: counts, distinct values, quantiles, lengths, the most frequent
//! values.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::cost::Estimate;
use super::schema::{Column, ColumnType, Mode};
use super::sql::profile::{QUANTILES, Statistic, TOP_VALUES};
use super::value::{Rows, Value, shortest};

/// Maximum number of bins of a histogram, tails included.
const BINS: usize = 20;
/// Maximum number of characters of a text in a profile.
const SHOWN: usize = 200;
/// The quantiles that are shown, in hundredths.
const SHOWN_QUANTILES: [u32; 7] = [1, 5, 25, 50, 75, 95, 99];
const MICROS_A_DAY: f64 = 86_400e6;

/// A table's columns, by their names, and what reading them cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableProfile {
    /// In the order requested.
    pub columns: Vec<ColumnProfile>,
    pub meta: ProfileMeta,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProfileMeta {
    pub rows: u64,
    /// The whole result is cached, and the table has not changed since.
    pub cached: bool,
    /// When the oldest part of the result was computed.
    pub at: DateTime<Utc>,
    /// Bytes that were read; 0 if all was cached. `None` if the engine does not count them.
    pub bytes: Option<u64>,
    /// Cost in US dollars; `None` if reading is free.
    pub price_usd: Option<f64>,
    /// Duration in seconds.
    pub seconds: f64,
}

/// What reading the rest of a profile would cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProfileEstimate {
    /// Columns that are not cached yet.
    pub columns: usize,
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// Statistics of a column. Those that do not apply to its type are absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ColumnProfile {
    pub name: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub column_type: Option<ColumnType>,
    pub mode: Mode,
    /// Why the column has no statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
    pub null_count: u64,
    /// Percent of the table's rows, 0 to 100.
    pub null_percent: f64,
    /// Distinct values, without NULL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cardinality: Option<u64>,
    /// Whether it is exact; otherwise it is estimated to within a few percent.
    pub cardinality_is_exact: bool,
    /// Distinct values per non-NULL value: 1 if each occurs once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uniqueness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample standard deviation (n − 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stddev: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_count: Option<u64>,
    /// NaN and infinities, which only `cardinality` and `top_values` also include.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_finite_count: Option<u64>,
    /// Approximate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<Quantile>,
    /// Percent of the non-NULL values, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_percent: Option<f64>,
    /// Whole days from the earliest to the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_days: Option<i64>,
    /// Characters, or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Lengths>,
    /// Items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_lengths: Option<Lengths>,
    /// Most frequent first. With very many values, counts are approximate, but never too high.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub top_values: Vec<TopValue>,
    /// Approximate, from the quantiles. The first and last bins are wider if there are outliers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<Bin>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Quantile {
    /// 0 to 1: the share of values that are not larger.
    pub share: f64,
    pub value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Lengths {
    pub min: u64,
    pub max: u64,
    pub mean: f64,
    /// Values of length 0.
    pub empty: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TopValue {
    pub value: Value,
    pub count: u64,
    /// Percent of the table's rows, 0 to 100.
    pub percent: f64,
}

/// Values from `from`, inclusive, to `to`, exclusive; the last bin includes `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Bin {
    pub from: Value,
    pub to: Value,
    /// Approximate number of rows.
    pub count: u64,
}

/// The most frequent values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnValues {
    pub values: Vec<ValueCount>,
    /// There are no further values.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ValueCount {
    pub value: Value,
    pub count: u64,
    /// Length of the whole text in characters, if `value` is truncated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// A column that cannot be used at all, and why.
pub fn unusable(name: &str, reason: &str) -> ColumnProfile {
    ColumnProfile { name: name.into(), unsupported: Some(reason.into()), ..ColumnProfile::default() }
}

/// A column that could not be read this time, and why.
pub fn unreadable(column: &Column, reason: &str) -> ColumnProfile {
    ColumnProfile { column_type: Some(column.column_type), mode: column.mode, ..unusable(column.name.as_str(), reason) }
}

/// Reads the result of a profile's query: the table's rows, and the columns requested. `exact` as
/// requested.
pub fn read(columns: &[&Column], statistics: &[(usize, Statistic)], exact: bool, answer: &Rows) -> (u64, Vec<ColumnProfile>) {
    let mut cells = answer.rows.first().map(Vec::as_slice).unwrap_or_default().iter();
    let rows = cells.next().and_then(whole).unwrap_or_default();
    let mut found: Vec<BTreeMap<Statistic, &Value>> = vec![BTreeMap::new(); columns.len()];
    for ((position, statistic), cell) in statistics.iter().zip(cells) {
        found[*position].insert(*statistic, cell);
    }
    let profiles = columns.iter().zip(&found).map(|(column, found)| Found { column, rows, found }.profile(exact));
    (rows, profiles.collect())
}

/// The results for one column.
struct Found<'a> {
    column: &'a Column,
    rows: u64,
    found: &'a BTreeMap<Statistic, &'a Value>,
}

impl Found<'_> {
    fn profile(&self, exact: bool) -> ColumnProfile {
        let Self { column, rows, .. } = *self;
        let of = column.column_type;
        let repeated = column.mode == Mode::Repeated;
        // BigQuery's arrays are empty, never NULL.
        let count = self.whole(Statistic::Count).unwrap_or(rows);
        let quantiles = self.quantiles();
        let lengths = self.lengths();
        let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        // An estimate may exceed the number of values.
        let cardinality = self.whole(Statistic::Distinct).map(|distinct| distinct.min(count));
        ColumnProfile {
            name: column.name.to_string(),
            column_type: Some(of),
            mode: column.mode,
            unsupported: of.unsupported().filter(|_| !repeated).map(Into::into),
            null_count: rows.saturating_sub(count),
            null_percent: 100.0 * share(rows.saturating_sub(count), rows),
            cardinality,
            cardinality_is_exact: exact && cardinality.is_some(),
            uniqueness: cardinality.filter(|_| count > 0).map(|distinct| share(distinct, count)),
            min: self.value(Statistic::Min),
            max: self.value(Statistic::Max),
            mean: self.number(Statistic::Mean),
            stddev: self.number(Statistic::Stddev),
            zero_count: self.whole(Statistic::Zeros),
            negative_count: self.whole(Statistic::Negatives),
            not_finite_count: self.whole(Statistic::NotFinite),
            true_percent: self.whole(Statistic::True).filter(|_| count > 0).map(|part| 100.0 * share(part, count)),
            range_days: self.range_days(),
            lengths: lengths.filter(|_| !repeated),
            array_lengths: lengths.filter(|_| repeated),
            top_values: self.top_values(),
            histogram: self.histogram(&quantiles, count - self.whole(Statistic::NotFinite).unwrap_or_default().min(count)),
            quantiles: SHOWN_QUANTILES
                .iter()
                .filter_map(|at| Some(Quantile { share: f64::from(*at) / 100.0, value: quantiles.get(*at as usize)?.clone() }))
                .collect(),
        }
    }

    fn whole(&self, statistic: Statistic) -> Option<u64> {
        whole(self.found.get(&statistic)?)
    }

    fn number(&self, statistic: Statistic) -> Option<f64> {
        match self.found.get(&statistic)? {
            Value::Float(number) => Some(*number),
            Value::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    fn value(&self, statistic: Statistic) -> Option<Value> {
        match self.found.get(&statistic)? {
            Value::Null => None,
            value => Some(shown((*value).clone())),
        }
    }

    fn range_days(&self) -> Option<i64> {
        if !self.column.column_type.is_temporal() || self.column.mode == Mode::Repeated {
            return None;
        }
        let day = |statistic| match self.found.get(&statistic)? {
            Value::Text(text) => text.get(..10)?.parse::<NaiveDate>().ok(),
            _ => None,
        };
        Some((day(Statistic::Max)? - day(Statistic::Min)?).num_days())
    }

    fn lengths(&self) -> Option<Lengths> {
        Some(Lengths {
            min: self.whole(Statistic::Shortest)?,
            max: self.whole(Statistic::Longest)?,
            mean: self.number(Statistic::MeanLength)?,
            empty: self.whole(Statistic::Empty)?,
        })
    }

    /// All of them, or none.
    fn quantiles(&self) -> Vec<Value> {
        let mut quantiles = match self.found.get(&Statistic::Quantiles) {
            Some(Value::Array(values)) if values.len() == QUANTILES as usize + 1 => values.clone(),
            _ => return vec![],
        };
        // The minimum and maximum are exact.
        for (at, statistic) in [(0, Statistic::Min), (QUANTILES as usize, Statistic::Max)] {
            let end = self
                .found
                .get(&statistic)
                .and_then(|value| place(value, self.column.column_type))
                .and_then(|place| value_at(place, self.column.column_type));
            if let Some(end) = end {
                quantiles[at] = end;
            }
        }
        quantiles
    }

    fn top_values(&self) -> Vec<TopValue> {
        #[derive(Deserialize)]
        struct Top {
            value: serde_json::Value,
            count: serde_json::Value,
        }
        let Some(Value::Text(json)) = self.found.get(&Statistic::TopValues) else { return vec![] };
        let Ok(top) = serde_json::from_str::<Vec<Top>>(json) else { return vec![] };
        let read = |top: Top| {
            // Both engines write numbers that JSON cannot hold as text.
            let count = top.count.as_u64().or_else(|| top.count.as_str()?.parse().ok())?;
            let percent = if self.rows == 0 { 0.0 } else { 100.0 * count as f64 / self.rows as f64 };
            Some(TopValue { value: shown(of_json(top.value, self.column.column_type)?), count, percent })
        };
        top.into_iter().filter_map(read).take(TOP_VALUES).collect()
    }

    /// Bins of equal width, each with the share of the values that the quantiles give.
    fn histogram(&self, quantiles: &[Value], count: u64) -> Vec<Bin> {
        let of = self.column.column_type;
        let places: Vec<f64> = quantiles.iter().filter_map(|value| place(value, of)).collect();
        if places.len() != quantiles.len() || places.is_empty() || count == 0 {
            return vec![];
        }
        let edges = edges(&places, matches!(of, ColumnType::Int64 | ColumnType::Date));
        let shares = shares(&places, &edges);
        let bin = |(edge, share): (&[f64], f64)| {
            let (from, to) = (value_at(edge[0], of)?, value_at(edge[1], of)?);
            Some(Bin { from, to, count: (share * count as f64).round() as u64 })
        };
        edges.windows(2).zip(shares).filter_map(bin).collect()
    }
}

fn whole(value: &Value) -> Option<u64> {
    value.as_i64().and_then(|number| u64::try_from(number).ok())
}

/// Long texts are truncated.
fn shown(value: Value) -> Value {
    match value {
        Value::Text(text) => match text.char_indices().nth(SHOWN) {
            Some((at, _)) => Value::Text(format!("{}…", &text[..at])),
            None => Value::Text(text),
        },
        other => other,
    }
}

/// A value as TO_JSON_STRING writes it; `None` for NULL.
fn of_json(json: serde_json::Value, of: ColumnType) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => match (of, number.as_i64()) {
            (ColumnType::Int64, Some(whole)) => Value::Int(whole),
            (ColumnType::Float64, _) => Value::float(number.as_f64()?),
            _ => Value::Text(number.to_string()),
        },
        serde_json::Value::String(text) => match of {
            ColumnType::Int64 => Value::Int(text.parse().ok()?),
            ColumnType::Numeric | ColumnType::BigNumeric | ColumnType::Datetime | ColumnType::Time => {
                Value::Text(shortest(&text))
            }
            ColumnType::Timestamp => Value::Text(shortest(text.trim_end_matches('Z')) + "Z"),
            _ => Value::Text(text),
        },
        nested => Value::Text(nested.to_string()),
    })
}

/// A value's position on a line: numbers as they are, days since 1970, microseconds since 1970 or
/// midnight.
fn place(value: &Value, of: ColumnType) -> Option<f64> {
    match (value, of) {
        (Value::Int(number), _) => Some(*number as f64),
        (Value::Float(number), _) => Some(*number),
        (Value::Text(text), ColumnType::Date) => Some((text.parse::<NaiveDate>().ok()? - NaiveDate::default()).num_days() as f64),
        (Value::Text(text), ColumnType::Datetime | ColumnType::Timestamp) => {
            let at: NaiveDateTime = text.trim_end_matches('Z').parse().ok()?;
            Some(at.and_utc().timestamp_micros() as f64)
        }
        (Value::Text(text), ColumnType::Time) => {
            let at: NaiveTime = text.parse().ok()?;
            Some(f64::from(at.num_seconds_from_midnight()) * 1e6 + f64::from(at.nanosecond()) / 1e3)
        }
        _ => None,
    }
}

/// The value at a position; instants to the second.
fn value_at(place: f64, of: ColumnType) -> Option<Value> {
    let instant = || DateTime::from_timestamp((place / 1e6).round() as i64, 0);
    Some(match of {
        ColumnType::Int64 => Value::Int(place.round() as i64),
        ColumnType::Date => {
            let day = NaiveDate::default().checked_add_signed(TimeDelta::try_days(place.round() as i64)?)?;
            Value::Text(day.to_string())
        }
        ColumnType::Timestamp => Value::Text(instant()?.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ColumnType::Datetime => Value::Text(instant()?.format("%Y-%m-%dT%H:%M:%S").to_string()),
        // The end of a day is no TIME.
        ColumnType::Time => {
            Value::Text(DateTime::from_timestamp((place.min(MICROS_A_DAY - 1e6) / 1e6) as i64, 0)?.format("%H:%M:%S").to_string())
        }
        _ => Value::float(place),
    })
}

/// The edges of the bins, ascending. A few values far from the others get the first and the last
/// bin to themselves.
fn edges(places: &[f64], discrete: bool) -> Vec<f64> {
    let (first, last) = (places[0], places[places.len() - 1]);
    let (low, high) = (places[1], places[places.len() - 2]);
    let far = last - first > 4.0 * (high - low) && high > low;
    let (from, to) = if far { (low, high) } else { (first, last) };
    let bins = BINS - if far { 2 } else { 0 };
    let mut edges = vec![];
    if far && first < from {
        edges.push(first);
    }
    if discrete {
        // Equally many whole numbers per bin: a bin that can hold more of them would look more
        // frequent.
        let width = ((to - from + 1.0) / bins as f64).ceil().max(1.0);
        let count = ((to - from + 1.0) / width).ceil() as usize;
        edges.extend((0..=count).map(|bin| from + bin as f64 * width));
    } else if to > from {
        edges.extend((0..=bins).map(|bin| from + (to - from) * bin as f64 / bins as f64));
    } else {
        edges.extend([from, to]);
    }
    if far && last > edges[edges.len() - 1] {
        edges.push(last);
    }
    edges
}

/// The share of each bin. Values lie evenly between two quantiles; equal quantiles are one value
/// that frequent.
fn shares(places: &[f64], edges: &[f64]) -> Vec<f64> {
    let bins = edges.len() - 1;
    let mut shares = vec![0.0; bins];
    let part = 1.0 / (places.len() - 1) as f64;
    for pair in places.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from == to {
            let bin = edges.partition_point(|edge| *edge <= from).saturating_sub(1).min(bins - 1);
            shares[bin] += part;
            continue;
        }
        for (bin, edge) in edges.windows(2).enumerate() {
            let overlap = (to.min(edge[1]) - from.max(edge[0])).max(0.0);
            shares[bin] += part * overlap / (to - from);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::ColumnName;
    use crate::domain::sql::profile::statistics_of;

    fn column(column_type: ColumnType, mode: Mode) -> Column {
        Column { name: "x".parse::<ColumnName>().unwrap(), column_type, mode, description: None }
    }

    /// A column's profile from these results; all others are NULL.
    fn profile(of: ColumnType, mode: Mode, rows: i64, found: &[(Statistic, Value)]) -> ColumnProfile {
        let column = column(of, mode);
        let statistics: Vec<(usize, Statistic)> = statistics_of(&column).iter().map(|statistic| (0, *statistic)).collect();
        let cell =
            |statistic: &Statistic| found.iter().find(|(f, _)| f == statistic).map_or(Value::Null, |(_, value)| value.clone());
        let row = [Value::Int(rows)].into_iter().chain(statistics.iter().map(|(_, statistic)| cell(statistic))).collect();
        let answer = Rows { rows: vec![row], ..Rows::default() };
        let (count, mut columns) = read(&[&column], &statistics, true, &answer);
        assert_eq!(count, rows as u64);
        columns.remove(0)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn quantiles(at: impl Fn(u32) -> Value) -> Value {
        Value::Array((0..=QUANTILES).map(at).collect())
    }

    #[test]
    fn statistics_of_a_number_column() {
        let found = [
            (Statistic::Count, Value::Int(800)),
            (Statistic::Distinct, Value::Int(400)),
            (Statistic::Min, text("-1.5")),
            (Statistic::Max, text("98.5")),
            (Statistic::Mean, Value::Float(48.5)),
            (Statistic::Negatives, Value::Int(9)),
            (Statistic::Quantiles, quantiles(|at| Value::Float(f64::from(at) - 1.5))),
            (
                Statistic::TopValues,
                text(r#"[{"value":null,"count":200},{"value":3.25,"count":"50"},{"value":"1e40","count":7}]"#),
            ),
        ];
        let found = profile(ColumnType::Numeric, Mode::Nullable, 1000, &found);
        assert_eq!((found.null_count, found.null_percent), (200, 20.0));
        assert_eq!((found.cardinality, found.cardinality_is_exact, found.uniqueness), (Some(400), true, Some(0.5)));
        assert_eq!((found.min, found.mean, found.stddev, found.negative_count), (Some(text("-1.5")), Some(48.5), None, Some(9)));
        assert_eq!(found.quantiles[3], Quantile { share: 0.5, value: Value::Float(48.5) });
        let top: Vec<_> = found.top_values.iter().map(|top| (top.value.clone(), top.count, top.percent)).collect();
        assert_eq!(top, [(text("3.25"), 50, 5.0), (text("1e40"), 7, 0.7)]);
        assert_eq!(found.histogram.len(), BINS);
        assert!(found.histogram.iter().all(|bin| bin.count == 40), "{:?}", found.histogram);
        assert_eq!((&found.histogram[0].from, &found.histogram[BINS - 1].to), (&Value::Float(-1.5), &Value::Float(98.5)));
    }

    #[test]
    fn outliers_have_bins_of_their_own() {
        // 98 % from 0 to 97; one value at a million.
        let far = |at: u32| Value::Int(if at == 100 { 1_000_000 } else { i64::from(at) });
        let found = [(Statistic::Count, Value::Int(10_000)), (Statistic::Quantiles, quantiles(far))];
        let bins = profile(ColumnType::Int64, Mode::Nullable, 10_000, &found).histogram;
        let last = &bins[bins.len() - 1];
        assert_eq!(last.to, Value::Int(1_000_000));
        assert!(last.count <= 100, "{last:?}");
        assert!(bins.len() > 10 && bins.iter().map(|bin| bin.count).sum::<u64>().abs_diff(10_000) < 20, "{bins:?}");
    }

    #[test]
    fn bins_do_not_split_whole_numbers() {
        let ratings = |at: u32| Value::Int(i64::from(at / 25 + 1).min(4));
        let found = [(Statistic::Count, Value::Int(100)), (Statistic::Quantiles, quantiles(ratings))];
        let bins = profile(ColumnType::Int64, Mode::Nullable, 100, &found).histogram;
        let shown: Vec<_> = bins.iter().map(|bin| (bin.from.as_i64().unwrap(), bin.to.as_i64().unwrap(), bin.count)).collect();
        assert_eq!(shown, [(1, 2, 25), (2, 3, 25), (3, 4, 25), (4, 5, 25)]);
    }

    #[test]
    fn one_value_and_no_value() {
        let found = [(Statistic::Count, Value::Int(7)), (Statistic::Quantiles, quantiles(|_| text("2017-03-01")))];
        let bins = profile(ColumnType::Date, Mode::Nullable, 7, &found).histogram;
        assert_eq!(bins, [Bin { from: text("2017-03-01"), to: text("2017-03-02"), count: 7 }]);
        let found = [(Statistic::Count, Value::Int(7)), (Statistic::Quantiles, quantiles(|_| Value::Float(1.5)))];
        assert_eq!(profile(ColumnType::Float64, Mode::Nullable, 7, &found).histogram.len(), 1);

        let nothing = [
            (Statistic::Count, Value::Int(0)),
            (Statistic::Distinct, Value::Int(0)),
            (Statistic::Quantiles, Value::Array(vec![])),
        ];
        let found = profile(ColumnType::Float64, Mode::Nullable, 0, &nothing);
        assert_eq!((found.null_percent, found.uniqueness, found.min), (0.0, None, None));
        assert!(found.histogram.is_empty() && found.quantiles.is_empty() && found.top_values.is_empty());
    }

    #[test]
    fn dates_lengths_shares_and_arrays() {
        let found = [
            (Statistic::Count, Value::Int(1)),
            (Statistic::Min, text("2016-02-28T23:59:59Z")),
            (Statistic::Max, text("2016-03-01T00:00:00Z")),
        ];
        assert_eq!(profile(ColumnType::Timestamp, Mode::Nullable, 1, &found).range_days, Some(2));
        let lengths = [
            (Statistic::Shortest, Value::Int(0)),
            (Statistic::Longest, Value::Int(9)),
            (Statistic::MeanLength, Value::Float(4.5)),
            (Statistic::Empty, Value::Int(3)),
        ];
        let expected = Some(Lengths { min: 0, max: 9, mean: 4.5, empty: 3 });
        let arrays = profile(ColumnType::Struct, Mode::Repeated, 10, &lengths);
        assert_eq!((arrays.array_lengths, arrays.lengths, arrays.unsupported, arrays.null_count), (expected, None, None, 0));
        let mut texts = lengths.to_vec();
        texts.push((Statistic::Min, text(&"é".repeat(1000))));
        let texts = profile(ColumnType::String, Mode::Nullable, 10, &texts);
        assert_eq!((texts.lengths, texts.min), (expected, Some(text(&format!("{}…", "é".repeat(SHOWN))))));
        let truth =
            profile(ColumnType::Bool, Mode::Nullable, 10, &[(Statistic::Count, Value::Int(8)), (Statistic::True, Value::Int(2))]);
        assert_eq!(truth.true_percent, Some(25.0));
        assert!(profile(ColumnType::Json, Mode::Nullable, 10, &[]).unsupported.is_some_and(|reason| reason.contains("JSON")));
    }

    #[test]
    fn an_estimate_is_not_higher_than_there_are_values() {
        let found = [(Statistic::Count, Value::Int(100)), (Statistic::Distinct, Value::Int(103))];
        assert_eq!(profile(ColumnType::String, Mode::Nullable, 100, &found).uniqueness, Some(1.0));
    }
}
