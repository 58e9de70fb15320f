//! What a config means, computed plainly over rows in memory: loops, maps and dates, no SQL. The
//! compiler's queries must give the same rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, Utc};
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::*;
use trainset::domain::name::{ColumnName, SourceName, TableName};
use trainset::domain::schema::{Column, ColumnType, Mode};
use trainset::domain::value::{Rows, Value};

/// The tables, each read whole.
pub type Tables = BTreeMap<TableName, Rows>;

/// A row of the dataset: its output values and its part.
#[derive(Debug, Clone)]
pub struct OutRow {
    pub values: Vec<Value>,
    /// `None` without a split.
    pub part: Option<&'static str>,
    pub user: Option<String>,
    pub product: Option<String>,
    pub day: Option<NaiveDate>,
    /// The row's time in microseconds since 1970.
    pub at: Option<i64>,
}

/// The dataset's rows, and the resolved reference date, if there is one.
pub struct Answer {
    pub rows: Vec<OutRow>,
    pub as_of: Option<NaiveDate>,
    /// Rows, users and products after each stage.
    pub funnel: Vec<(&'static str, [usize; 3])>,
    /// What each join did, in the order of joining.
    pub joins: Vec<JoinCounts>,
}

/// Rows before a join, those of them that found a partner, rows after it, and the most partners of
/// one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinCounts {
    pub before: usize,
    pub matched: usize,
    pub after: usize,
    pub largest: usize,
}

/// The dataset of a config: its rows in no order, with the given reference date or the one found.
pub fn answer(config: &DatasetConfig, catalog: &Catalog, tables: &Tables, frozen: Option<NaiveDate>) -> Answer {
    let zone = config.column_mapping.time_zone.as_ref().map_or(chrono_tz::UTC, |zone| zone.as_str().parse().expect("a zone"));
    let oracle = Oracle { config, catalog, tables, sources: config.sources(), zone };
    let (joined, joins) = oracle.join();
    let mut funnel = vec![("source", oracle.sizes(joined.iter()))];
    let as_of = frozen.filter(|_| oracle.counts_back()).or_else(|| oracle.as_of(&joined));
    let mut rows: Vec<Row> = joined.into_iter().filter(|row| oracle.stays(row, as_of)).map(|at| Row { at, part: None }).collect();

    let mut left = |stage, rows: &[Row]| funnel.push((stage, oracle.sizes(rows.iter().map(|row| &row.at))));
    left("filtered", &rows);
    let filters = &config.filters;
    let needs_label = filters.scope == Some(Scope::Train) || filters.apply_to == ApplyTo::Train;
    let late = matches!(config.split_config, SplitConfig::LeaveLast { .. }) && !(filters.has_entity_filter() && needs_label);
    if !late {
        oracle.label(&mut rows, as_of);
    }
    if let Some(filter) = &filters.product_filter {
        rows = oracle.entities(rows, Role::ProductId, filter);
        left("product_filter", &rows);
    }
    if let Some(filter) = &filters.customer_filter {
        rows = oracle.entities(rows, Role::UserId, filter);
        left("customer_filter", &rows);
    }
    if let Some(core) = &filters.min_interactions {
        for _ in 0..core.rounds {
            rows = oracle.core(rows, core);
        }
        left("min_interactions", &rows);
    }
    if late {
        oracle.label(&mut rows, as_of);
    }
    let selected: Vec<ColumnRef> = config.selected_columns.iter().map(SelectedColumn::reference).collect();
    let out = rows.into_iter().map(|row| OutRow {
        values: selected.iter().map(|c| oracle.output(&row.at, c)).collect(),
        part: row.part,
        user: key_text(oracle.role(&row.at, Role::UserId)),
        product: key_text(oracle.role(&row.at, Role::ProductId)),
        day: oracle.day(&row.at),
        at: {
            let (time, t) = oracle.time(&row.at);
            micros(&time, t)
        },
    });
    Answer { rows: out.collect(), as_of, funnel, joins }
}

/// How many rows the joins give.
pub fn joined_rows(config: &DatasetConfig, catalog: &Catalog, tables: &Tables) -> usize {
    Oracle { config, catalog, tables, sources: config.sources(), zone: chrono_tz::UTC }.join().0.len()
}

/// For each source the position of its row, or none where an outer join found none.
type Joined = Vec<Option<usize>>;

#[derive(Clone)]
struct Row {
    at: Joined,
    part: Option<&'static str>,
}

struct Oracle<'a> {
    config: &'a DatasetConfig,
    catalog: &'a Catalog,
    tables: &'a Tables,
    sources: Vec<(SourceName, &'a TableName)>,
    zone: chrono_tz::Tz,
}

impl Oracle<'_> {
    fn sizes<'r>(&self, rows: impl Iterator<Item = &'r Joined> + Clone) -> [usize; 3] {
        let distinct = |role| rows.clone().filter_map(|row| key_text(self.role(row, role))).collect::<HashSet<_>>().len();
        [rows.clone().count(), distinct(Role::UserId), distinct(Role::ProductId)]
    }

    fn join(&self) -> (Vec<Joined>, Vec<JoinCounts>) {
        let mut counts = vec![];
        let primary = &self.tables[self.sources[0].1];
        let mut left: Vec<Joined> = (0..primary.rows.len()).map(|i| vec![Some(i)]).collect();
        for (position, (name, table)) in self.sources.iter().enumerate().skip(1) {
            let join = self.config.join_of(name).expect("a join");
            let right = &self.tables[*table];
            let mut by_key: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
            // NULL equals nothing, but counts as one key if one row per key is taken.
            let mut without_key: HashMap<Vec<Option<String>>, Vec<usize>> = HashMap::new();
            for i in 0..right.rows.len() {
                let key: Vec<Option<String>> =
                    join.on.iter().map(|k| key_text(self.cell(position, i, k.right.as_str()))).collect();
                match key.iter().cloned().collect::<Option<Vec<String>>>() {
                    Some(key) => by_key.entry(key).or_default().push(i),
                    None => without_key.entry(key).or_default().push(i),
                }
            }
            if join.on_duplicates == OnDuplicates::OneRow {
                for rows in by_key.values_mut().chain(without_key.values_mut()) {
                    rows.sort_by(|a, b| self.row_order(position, join, *a, *b));
                    rows.truncate(1);
                }
            }
            let mut matched = HashSet::new();
            let mut out = vec![];
            let mut count = JoinCounts { before: left.len(), matched: 0, after: 0, largest: 0 };
            for row in left {
                let key: Option<Vec<String>> = join.on.iter().map(|k| key_text(self.value(&row, &k.left))).collect();
                let found = key.and_then(|key| by_key.get(&key));
                count.matched += usize::from(found.is_some());
                count.largest = count.largest.max(found.map_or(0, Vec::len));
                match found {
                    Some(rows) => out.extend(rows.iter().map(|i| {
                        matched.insert(*i);
                        row.iter().copied().chain([Some(*i)]).collect()
                    })),
                    None if matches!(join.join_type, JoinType::Left | JoinType::Full) => {
                        out.push(row.into_iter().chain([None]).collect());
                    }
                    None => {}
                }
            }
            if matches!(join.join_type, JoinType::Right | JoinType::Full) {
                let kept = by_key.values().chain(without_key.values()).flatten().copied();
                out.extend(kept.filter(|i| !matched.contains(i)).map(|i| (0..position).map(|_| None).chain([Some(i)]).collect()));
            }
            count.after = out.len();
            counts.push(count);
            left = out;
        }
        (left, counts)
    }

    /// The configured order, then every column that the config uses of the table, then those that
    /// later joins match.
    fn row_order(&self, source: usize, join: &Join, a: usize, b: usize) -> Ordering {
        for key in &join.order {
            let ordering = self.cell_order(source, &key.column, a, b, key.descending);
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        let matched = self.config.join_config.iter().flat_map(|join| &join.on).map(|key| key.left.clone());
        for reference in self.used().into_iter().chain(matched) {
            if reference.table.same_as(&self.sources[source].0) {
                let ordering = self.cell_order(source, &reference.column, a, b, false);
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
        }
        Ordering::Equal
    }

    fn cell_order(&self, source: usize, column: &ColumnName, a: usize, b: usize, descending: bool) -> Ordering {
        let known = self.known(&ColumnRef { table: self.sources[source].0.clone(), column: column.clone() });
        let cell = |row| self.cell(source, row, column.as_str());
        let ordering = compare_column(cell(a), cell(b), known);
        if descending { ordering.reverse() } else { ordering }
    }

    fn used(&self) -> Vec<ColumnRef> {
        let config = self.config;
        let mut used: Vec<ColumnRef> = config.selected_columns.iter().map(SelectedColumn::reference).collect();
        used.extend(config.column_mapping.roles().map(|(_, r)| r.clone()));
        used.extend(config.filters.rows.iter().map(RowFilter::reference));
        let mut seen = HashSet::new();
        used.retain(|r| seen.insert(r.clone()));
        used
    }

    fn source(&self, name: &SourceName) -> usize {
        self.sources.iter().position(|(source, _)| source.same_as(name)).expect("a source")
    }

    fn type_of(&self, source: usize, column: &str) -> ColumnType {
        let table = &self.tables[self.sources[source].1];
        table.columns[table.position(column).expect("a column")].column_type
    }

    fn cell(&self, source: usize, row: usize, column: &str) -> &Value {
        let table = &self.tables[self.sources[source].1];
        &table.rows[row][table.position(column).expect("a column")]
    }

    fn value(&self, row: &Joined, reference: &ColumnRef) -> &Value {
        let source = self.source(&reference.table);
        match row[source] {
            Some(i) => self.cell(source, i, reference.column.as_str()),
            None => &Value::Null,
        }
    }

    /// The value in a result: an array is never NULL.
    fn output(&self, row: &Joined, reference: &ColumnRef) -> Value {
        match (self.value(row, reference), self.known(reference).mode) {
            (Value::Null, Mode::Repeated) => Value::Array(vec![]),
            (value, _) => value.clone(),
        }
    }

    fn role(&self, row: &Joined, role: Role) -> &Value {
        self.config.column_mapping.get(role).map_or(&Value::Null, |r| self.value(row, r))
    }

    /// The row's timestamp after conversion, and its type then.
    fn time(&self, row: &Joined) -> (Value, ColumnType) {
        let mapping = &self.config.column_mapping;
        let Some(reference) = &mapping.timestamp else { return (Value::Null, ColumnType::Date) };
        let value = self.value(row, reference);
        let instant = |micros: i64| DateTime::from_timestamp_micros(micros).map(|at| at.to_rfc3339());
        let whole = |per_second: i64| value.as_i64().and_then(|n| n.checked_mul(1_000_000 / per_second)).and_then(instant);
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::Int(n) => n.to_string(),
            _ => String::new(),
        };
        let date = |text: Option<&str>, format: &str| {
            text.and_then(|text| NaiveDate::parse_from_str(text, format).ok()).map(|day| day.to_string())
        };
        let (read, t) = match mapping.timestamp_format {
            None => return (value.clone(), self.type_of(self.source(&reference.table), reference.column.as_str())),
            Some(TimestampFormat::UnixSeconds) => (whole(1), ColumnType::Timestamp),
            Some(TimestampFormat::UnixMillis) => (whole(1_000), ColumnType::Timestamp),
            Some(TimestampFormat::UnixMicros) => (whole(1_000_000), ColumnType::Timestamp),
            Some(TimestampFormat::IsoTimestamp) => {
                let zoneless = text.parse::<NaiveDateTime>().map(|at| at.and_utc()).ok();
                let at = zoneless.or_else(|| text.parse::<DateTime<Utc>>().ok());
                (at.map(|at| at.to_rfc3339()), ColumnType::Timestamp)
            }
            Some(TimestampFormat::IsoDate) => (date(text.get(..10), "%Y-%m-%d"), ColumnType::Date),
            Some(TimestampFormat::CompactDate) => (date(text.get(..8), "%Y%m%d"), ColumnType::Date),
        };
        (read.map_or(Value::Null, Value::Text), t)
    }

    fn day(&self, row: &Joined) -> Option<NaiveDate> {
        let (time, t) = self.time(row);
        self.day_of(&time, t)
    }

    /// The calendar day of a temporal value: an instant's in the zone of the dataset, any other's
    /// as it is written.
    fn day_of(&self, value: &Value, t: ColumnType) -> Option<NaiveDate> {
        let text = value.as_str()?;
        match t {
            ColumnType::Timestamp => text.parse::<DateTime<Utc>>().ok().map(|at| at.with_timezone(&self.zone).date_naive()),
            _ => text.get(..10)?.parse().ok(),
        }
    }

    fn counts_back(&self) -> bool {
        let filters = &self.config.filters;
        matches!(self.config.split_config, SplitConfig::TimeBased { .. })
            || matches!(filters.date_range, Some(DateRange::Rolling { .. }))
            || filters.rows.iter().any(|f| matches!(f.predicate, Predicate::LastDays { .. }))
    }

    fn as_of(&self, rows: &[Joined]) -> Option<NaiveDate> {
        if !self.counts_back() {
            return None;
        }
        let stated = match (&self.config.split_config, &self.config.filters.date_range) {
            (SplitConfig::TimeBased { as_of: Some(as_of), .. }, _) => *as_of,
            (_, Some(DateRange::Rolling { as_of: Some(as_of), .. })) => *as_of,
            _ => AsOf::LatestEvent,
        };
        match stated {
            AsOf::On(day) => Some(day),
            AsOf::Today => Some(Utc::now().with_timezone(&self.zone).date_naive()),
            AsOf::LatestEvent => {
                let end = match self.config.filters.date_range {
                    Some(DateRange::Fixed { end, .. }) => end,
                    _ => None,
                };
                rows.iter().filter_map(|r| self.day(r)).filter(|d| end.is_none_or(|end| *d <= end)).max()
            }
        }
    }

    fn stays(&self, row: &Joined, as_of: Option<NaiveDate>) -> bool {
        let filters = &self.config.filters;
        let in_range = match &filters.date_range {
            None => true,
            Some(DateRange::Fixed { start, end }) => {
                self.day(row).is_some_and(|d| start.is_none_or(|s| d >= s) && end.is_none_or(|e| d <= e))
            }
            Some(DateRange::Rolling { days, months, .. }) => self.day(row).zip(as_of).is_some_and(|(d, as_of)| {
                let before = match (days, months) {
                    (Some(days), _) => as_of - Days::new(u64::from(*days)),
                    (_, Some(months)) => as_of - Months::new(*months),
                    _ => unreachable!(),
                };
                before < d && d <= as_of
            }),
        };
        let in_window = match &self.config.split_config {
            SplitConfig::TimeBased { .. } => self.day(row).is_none_or(|d| as_of.is_some_and(|as_of| d <= as_of)),
            _ => true,
        };
        let sampled = filters.sample.as_ref().is_none_or(|s| self.bucket(row, "sample", s.unit, &s.seed) < u64::from(s.percent));
        in_range && in_window && sampled && filters.rows.iter().all(|f| self.passes(row, f, as_of))
    }

    fn passes(&self, row: &Joined, filter: &RowFilter, as_of: Option<NaiveDate>) -> bool {
        let value = self.value(row, &filter.reference());
        match filter.predicate {
            Predicate::IsNull => return *value == Value::Null,
            Predicate::NotNull => return *value != Value::Null,
            _ if *value == Value::Null => return filter.nulls == NullPolicy::Include,
            _ => {}
        }
        let t = self.known(&filter.reference()).column_type;
        let day = self.day_of(value, t).filter(|_| t.is_temporal());
        let against = |scalar: &Scalar| match day {
            Some(d) => d.cmp(&text(scalar).parse().expect("a day")),
            None => compare(value, &as_value(scalar), t),
        };
        match &filter.predicate {
            Predicate::In { values } => values.iter().any(|v| against(v) == Ordering::Equal),
            Predicate::NotIn { values } => !values.iter().any(|v| against(v) == Ordering::Equal),
            Predicate::Equal { value } => against(value) == Ordering::Equal,
            Predicate::NotEqual { value } => against(value) != Ordering::Equal,
            Predicate::Less { value } => against(value) == Ordering::Less,
            Predicate::LessOrEqual { value } => against(value) != Ordering::Greater,
            Predicate::Greater { value } => against(value) == Ordering::Greater,
            Predicate::GreaterOrEqual { value } => against(value) != Ordering::Less,
            Predicate::Between { min, max } => against(min) != Ordering::Less && against(max) != Ordering::Greater,
            Predicate::DateRange { start, end } => {
                day.is_some_and(|d| start.is_none_or(|s| d >= s) && end.is_none_or(|e| d <= e))
            }
            Predicate::LastDays { days } => {
                day.zip(as_of).is_some_and(|(d, as_of)| as_of - Days::new(u64::from(*days)) < d && d <= as_of)
            }
            Predicate::Contains { text } => value.as_str().is_some_and(|v| v.contains(text.as_str())),
            Predicate::IsNull | Predicate::NotNull => unreachable!(),
        }
    }

    fn bucket(&self, row: &Joined, purpose: &str, unit: Unit, seed: &Seed) -> u64 {
        let mapping = &self.config.column_mapping;
        let keys: Vec<&ColumnRef> = match unit {
            Unit::User => mapping.user_id.iter().collect(),
            Unit::Product => mapping.product_id.iter().collect(),
            Unit::Row => [&mapping.user_id, &mapping.product_id, &mapping.timestamp].into_iter().flatten().collect(),
        };
        let mut texts: Vec<Option<String>> = vec![];
        for key in &keys {
            texts.push(if mapping.timestamp.as_ref() == Some(*key) {
                let (time, t) = self.time(row);
                hash_text(&time, t)
            } else {
                hash_text(self.value(row, key), self.known(key).column_type)
            });
        }
        if unit == Unit::Row && (mapping.timestamp.is_none() || keys.len() < 2) {
            let mut seen = keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>();
            if mapping.timestamp_format.is_some() {
                seen.retain(|key| Some(key) != mapping.timestamp.as_ref());
            }
            for column in self.config.selected_columns.iter().map(SelectedColumn::reference) {
                if trainset::domain::sql::hashable(self.known(&column)) && !seen.contains(&column) {
                    texts.push(hash_text(self.value(row, &column), self.known(&column).column_type));
                    seen.push(column);
                }
            }
        }
        let mut json = serde_json::Map::new();
        json.insert("purpose".into(), purpose.into());
        json.insert("seed".into(), seed.0.clone().into());
        for (i, text) in texts.into_iter().enumerate() {
            json.insert(format!("key{}", i + 1), text.into());
        }
        let fingerprint = farmhash2::fingerprint64(serde_json::to_string(&json).expect("JSON").as_bytes()) as i64;
        (fingerprint % 100).unsigned_abs()
    }

    fn known(&self, reference: &ColumnRef) -> &Column {
        let schema = self.catalog.schema(self.sources[self.source(&reference.table)].1);
        schema.and_then(|schema| schema.column(&reference.column)).expect("a column")
    }

    fn label(&self, rows: &mut [Row], as_of: Option<NaiveDate>) {
        match &self.config.split_config {
            SplitConfig::None => {}
            SplitConfig::TimeBased { eval_days, test_days, gap_days, .. } => {
                for row in rows {
                    let age = self.day(&row.at).zip(as_of).map_or(i64::MAX, |(d, as_of)| (as_of - d).num_days());
                    let (test, eval, gap) = (i64::from(*test_days), i64::from(*eval_days), i64::from(*gap_days));
                    row.part = Some(match age {
                        age if age < test => "test",
                        age if age < test + eval => "eval",
                        age if age < test + eval + gap => "gap",
                        _ => "train",
                    });
                }
            }
            SplitConfig::Random { train_percent, test_percent, unit, seed } => {
                for row in rows {
                    let bucket = self.bucket(&row.at, "split", *unit, seed);
                    row.part = Some(match bucket {
                        b if b < u64::from(*train_percent) => "train",
                        b if b < u64::from(100 - test_percent) => "eval",
                        _ => "test",
                    });
                }
            }
            SplitConfig::LeaveLast { n } => {
                let mapping = &self.config.column_mapping;
                let timestamp = mapping.timestamp.clone().expect("a timestamp");
                // A converted timestamp is another value than its column, which may be used as
                // well.
                let used_raw = mapping.timestamp_format.is_some()
                    && (self.config.selected_columns.iter().any(|c| c.reference() == timestamp)
                        || self.config.filters.rows.iter().any(|f| f.reference() == timestamp));
                let ties: Vec<ColumnRef> = self.used().into_iter().filter(|r| *r != timestamp || used_raw).collect();
                let mut of_user: HashMap<String, Vec<usize>> = HashMap::new();
                for (i, row) in rows.iter_mut().enumerate() {
                    row.part = Some("train");
                    if let Some(user) = key_text(self.role(&row.at, Role::UserId)) {
                        of_user.entry(user).or_default().push(i);
                    }
                }
                for mut positions in of_user.into_values() {
                    let at = |i: &usize| {
                        let (time, t) = self.time(&rows[*i].at);
                        micros(&time, t)
                    };
                    let by_tie = |a: &usize, b: &usize, r: &ColumnRef| {
                        compare_column(self.value(&rows[*a].at, r), self.value(&rows[*b].at, r), self.known(r))
                    };
                    positions.sort_by(|a, b| ties.iter().fold(at(b).cmp(&at(a)), |o, r| o.then_with(|| by_tie(a, b, r))));
                    for i in positions.into_iter().take(*n as usize) {
                        rows[i].part = Some("eval");
                    }
                }
            }
        }
    }

    fn counts_train_only(&self) -> bool {
        match self.config.filters.scope {
            Some(scope) => scope == Scope::Train,
            None => matches!(self.config.split_config, SplitConfig::TimeBased { .. }),
        }
    }

    fn is_spared(&self, row: &Row) -> bool {
        self.config.filters.apply_to == ApplyTo::Train && row.part.is_some_and(|part| part != "train")
    }

    fn entities(&self, rows: Vec<Row>, role: Role, filter: &EntityFilter) -> Vec<Row> {
        #[derive(Default)]
        struct Entity {
            id: Option<Value>,
            rows: u64,
            /// In billionths; `None` without any revenue.
            revenue: Option<i128>,
        }
        let mut entities: HashMap<String, Entity> = HashMap::new();
        for row in rows.iter().filter(|r| !self.counts_train_only() || r.part == Some("train")) {
            let id = self.role(&row.at, role);
            let Some(key) = key_text(id) else { continue };
            let entity = entities.entry(key).or_default();
            entity.id = Some(id.clone());
            entity.rows += 1;
            if let Some(amount) = billionths(self.role(&row.at, Role::Revenue)) {
                *entity.revenue.get_or_insert(0) += amount;
            }
        }
        let mut top: HashSet<&String> = HashSet::new();
        if let Some(percent) = filter.top_revenue_percent {
            let mut positive: Vec<(&String, &Entity)> = entities.iter().filter(|(_, m)| m.revenue > Some(0)).collect();
            let of = |m: &Entity| m.revenue.unwrap_or(0);
            positive.sort_by(|(_, a), (_, b)| of(b).cmp(&of(a)).then_with(|| compare_any(&a.id, &b.id)));
            let all: i128 = positive.iter().map(|(_, m)| of(m)).sum();
            let mut before = 0;
            for (key, entity) in positive {
                if before * 100 < all * i128::from(percent) {
                    top.insert(key);
                }
                before += of(entity);
            }
        }
        let amount = |n: f64| billionths(&Value::Float(n)).expect("a number");
        let kept: HashSet<&String> = entities
            .iter()
            .filter(|(key, entity)| {
                let count = filter.transactions.unwrap_or_default();
                let sum = filter.revenue.unwrap_or_default();
                (filter.top_revenue_percent.is_none() || top.contains(key))
                    && count.min.is_none_or(|n| entity.rows >= u64::from(n))
                    && count.max.is_none_or(|n| entity.rows <= u64::from(n))
                    && sum.min.is_none_or(|n| entity.revenue.is_some_and(|r| r >= amount(n)))
                    && sum.max.is_none_or(|n| entity.revenue.is_some_and(|r| r <= amount(n)))
            })
            .map(|(key, _)| key)
            .collect();
        let stays = |row: &Row| self.is_spared(row) || key_text(self.role(&row.at, role)).is_some_and(|key| kept.contains(&key));
        rows.iter().filter(|row| stays(row)).cloned().collect()
    }

    fn core(&self, rows: Vec<Row>, core: &KCore) -> Vec<Row> {
        let key = |row: &Row, role| key_text(self.role(&row.at, role));
        let mut users: HashMap<Option<String>, u32> = HashMap::new();
        let mut products: HashMap<Option<String>, u32> = HashMap::new();
        for row in rows.iter().filter(|r| !self.counts_train_only() || r.part == Some("train")) {
            *users.entry(key(row, Role::UserId)).or_default() += 1;
            *products.entry(key(row, Role::ProductId)).or_default() += 1;
        }
        let often = |counts: &HashMap<Option<String>, u32>, key: Option<String>, least: u32| {
            key.is_some() && counts.get(&key).copied().unwrap_or(0) >= least
        };
        rows.into_iter()
            .filter(|row| {
                self.is_spared(row)
                    || (often(&users, key(row, Role::UserId), core.user)
                        && often(&products, key(row, Role::ProductId), core.product))
            })
            .collect()
    }
}

/// An instant, or a local time, in microseconds since 1970; a DATE is its midnight.
fn micros(value: &Value, t: ColumnType) -> Option<i64> {
    let text = value.as_str()?;
    let at = match t {
        ColumnType::Timestamp => text.parse::<DateTime<Utc>>().ok()?.naive_utc(),
        ColumnType::Datetime => text.parse::<NaiveDateTime>().ok()?,
        _ => text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?,
    };
    Some(at.and_utc().timestamp_micros())
}

fn text(scalar: &Scalar) -> &str {
    match scalar {
        Scalar::Text(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

fn as_value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(value) => Value::Int(*value),
        Scalar::Float(value) => Value::Float(*value),
        Scalar::Text(text) => Value::Text(text.clone()),
    }
}

/// A key's text for comparing; `None` for NULL, which equals nothing.
fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(n) => Some(n.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Bool(b) => Some(b.to_string()),
        other => panic!("{other:?} is no key"),
    }
}

/// NULL first, then by value.
fn compare(a: &Value, b: &Value, t: ColumnType) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Text(_), Value::Text(_)) if t.is_temporal() => micros(a, t).cmp(&micros(b, t)),
        (Value::Text(a), Value::Text(b)) if !t.is_numeric() => a.cmp(b),
        _ => billionths(a).cmp(&billionths(b)),
    }
}

/// By value; arrays by their JSON, a missing array as `null`.
fn compare_column(a: &Value, b: &Value, column: &Column) -> Ordering {
    match column.mode {
        Mode::Repeated => serde_json::to_string(a).expect("JSON").cmp(&serde_json::to_string(b).expect("JSON")),
        Mode::Nullable | Mode::Required => compare(a, b, column.column_type),
    }
}

fn compare_any(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    compare(a.as_ref().expect("an id"), b.as_ref().expect("an id"), ColumnType::String)
}

/// A number in billionths, rounded half away from zero, as in NUMERIC.
fn billionths(value: &Value) -> Option<i128> {
    let digits = match value {
        Value::Int(n) => return Some(i128::from(*n) * 1_000_000_000),
        Value::Float(n) => format!("{n:.12}"),
        Value::Text(text) => text.clone(),
        _ => return None,
    };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded: String = fraction.chars().chain(std::iter::repeat('0')).take(10).collect();
    let tenths: i128 = format!("{whole}{padded}").parse().ok()?;
    Some(sign * ((tenths + 5) / 10))
}

/// The text that goes into a hash: instants as microseconds since 1970.
fn hash_text(value: &Value, t: ColumnType) -> Option<String> {
    match (t, value) {
        (_, Value::Null) => None,
        (ColumnType::Timestamp | ColumnType::Datetime, Value::Text(_)) => Some(micros(value, t).expect("an instant").to_string()),
        (_, Value::Int(n)) => Some(n.to_string()),
        (_, Value::Bool(b)) => Some(b.to_string()),
        (_, Value::Text(text)) => Some(text.clone()),
        (_, other) => panic!("{other:?} is not hashed"),
    }
}
