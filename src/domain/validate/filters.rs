//! Validation errors of filters and splits.

use chrono::NaiveDate;

use super::*;
use crate::domain::format::{capital, counted, with_article};
use crate::domain::sql::hashable;

impl Check<'_> {
    pub(super) fn filters(&mut self) {
        let filters = &self.config.filters;
        if let Some(range) = &filters.date_range {
            self.date_range(range);
        }
        for (i, filter) in filters.rows.iter().enumerate() {
            self.row_filter(&format!("filters.rows[{i}]"), filter);
        }
        if let Some(filter) = &filters.product_filter {
            self.entity_filter("filters.product_filter", Role::ProductId, filter);
        }
        if let Some(filter) = &filters.customer_filter {
            self.entity_filter("filters.customer_filter", Role::UserId, filter);
        }
        if let Some(core) = &filters.min_interactions {
            let path = "filters.min_interactions";
            self.needs_role(Role::UserId, path, "A minimum number of interactions");
            self.needs_role(Role::ProductId, path, "A minimum number of interactions");
            self.within(format!("{path}.user"), core.user, 1, 1_000_000);
            self.within(format!("{path}.product"), core.product, 1, 1_000_000);
            self.within(format!("{path}.rounds"), core.rounds, 1, KCore::MAX_ROUNDS);
        }
        if let Some(sample) = &filters.sample {
            self.within("filters.sample.percent", sample.percent, 1, 99);
            self.unit("filters.sample", sample.unit);
            self.seed("filters.sample.seed", &sample.seed);
        }
        let has_train = !self.config.split_config.splits().is_empty();
        if filters.scope == Some(Scope::Train) && !has_train {
            self.error("filters.scope", "There is no train split: choose a split first.");
        }
        if filters.apply_to == ApplyTo::Train && !has_train {
            self.error("filters.apply_to", "There is no train split: choose a split first.");
        }
    }

    fn date_range(&mut self, range: &DateRange) {
        self.needs_role(Role::Timestamp, "filters.date_range", "A date range");
        match range {
            DateRange::Rolling { days, months, as_of } => {
                match (days, months) {
                    (Some(days), None) => {
                        self.within("filters.date_range.days", *days, 1, MAX_DAYS);
                    }
                    (None, Some(months)) => {
                        self.within("filters.date_range.months", *months, 1, MAX_DAYS / 30);
                    }
                    _ => self.error("filters.date_range", "Set either days or months."),
                }
                self.as_of("filters.date_range.as_of", *as_of);
            }
            DateRange::Fixed { start, end } => {
                self.day_range("filters.date_range", *start, *end);
            }
        }
    }

    fn day_range(&mut self, path: &str, start: Option<NaiveDate>, end: Option<NaiveDate>) {
        self.date(format!("{path}.start"), start);
        self.date(format!("{path}.end"), end);
        match (start, end) {
            (None, None) => self.error(path, "Set a start, an end, or both."),
            (Some(start), Some(end)) if start > end => {
                self.error(format!("{path}.end"), format!("The end {end} is before the start {start}."));
            }
            _ => {}
        }
    }

    fn as_of(&mut self, path: &str, as_of: Option<AsOf>) {
        if let Some(AsOf::On(day)) = as_of {
            self.date(path, Some(day));
        }
    }

    fn row_filter(&mut self, path: &str, filter: &RowFilter) {
        let Some(column) = self.referenced(path, &filter.table, &filter.column) else { return };
        let at = format!("{path}.where");
        let null_test = matches!(filter.predicate, Predicate::IsNull | Predicate::NotNull);
        if null_test && filter.nulls != NullPolicy::Exclude {
            self.error(format!("{path}.nulls"), "A NULL test takes no nulls policy.");
        }
        if column.mode == Mode::Repeated || (column.column_type.unsupported().is_some() && !null_test) {
            self.error(
                format!("{path}.column"),
                format!("{} is {} and cannot be filtered.", filter.reference(), column.type_label()),
            );
            return;
        }
        let t = column.column_type;
        match filter.predicate.operands() {
            Operands::Nothing => {}
            Operands::List(values) => {
                if values.is_empty() {
                    self.error(format!("{at}.values"), "Choose at least one value.");
                }
                for (j, value) in values.iter().enumerate() {
                    self.scalar(format_args!("{at}.values[{j}]"), value, t);
                }
            }
            Operands::Value(value) => self.scalar(format_args!("{at}.value"), value, t),
            Operands::Range { min, max } => {
                self.scalar(format_args!("{at}.min"), min, t);
                self.scalar(format_args!("{at}.max"), max, t);
            }
            Operands::Days { start, end } => {
                self.temporal(&at, filter, t);
                self.day_range(&at, start, end);
            }
            Operands::LastDays(days) => {
                self.temporal(&at, filter, t);
                self.within(format!("{at}.days"), days, 1, MAX_DAYS);
                self.needs_role(Role::Timestamp, &at, "The last N days");
            }
            Operands::Text(text) => {
                if t != ColumnType::String {
                    self.error(&at, format!("{} is {t}: contains needs a STRING column.", filter.reference()));
                }
                if text.is_empty() {
                    self.error(format!("{at}.text"), "Enter the text to search for.");
                }
                self.text(format_args!("{at}.text"), text);
            }
        }
    }

    fn temporal(&mut self, path: &str, filter: &RowFilter, t: ColumnType) {
        if !t.is_temporal() {
            self.error(
                path,
                format!("{} is {t}: a date condition needs a DATE, DATETIME or TIMESTAMP column.", filter.reference()),
            );
        }
    }

    /// A value that the column's type takes.
    fn scalar(&mut self, path: fmt::Arguments, value: &Scalar, t: ColumnType) {
        let fits = match (t, value) {
            (ColumnType::String, Scalar::Text(text)) => {
                self.text(path, text);
                true
            }
            (ColumnType::Int64, Scalar::Int(_)) | (ColumnType::Bool, Scalar::Bool(_)) => true,
            (ColumnType::Float64, Scalar::Int(_)) => true,
            (ColumnType::Float64, Scalar::Float(number)) => number.is_finite(),
            (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Int(_)) => true,
            (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Float(number)) => number.abs() < BEYOND_NUMERIC,
            (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Text(text)) => is_decimal(text),
            (ColumnType::Date | ColumnType::Datetime | ColumnType::Timestamp, Scalar::Text(text)) => {
                matches!(text.parse::<NaiveDate>(), Ok(day) if (1..=9999).contains(&day.year()))
            }
            _ => false,
        };
        if !fits {
            let wanted = match t {
                ColumnType::String => "a string",
                ColumnType::Int64 => "a whole number",
                ColumnType::Float64 => "a number",
                ColumnType::Numeric | ColumnType::BigNumeric => "a decimal number",
                ColumnType::Bool => "true or false",
                ColumnType::Date | ColumnType::Datetime | ColumnType::Timestamp => "a date such as 2024-01-31",
                _ => "only a NULL test",
            };
            self.error(path.to_string(), format!("{} column takes {wanted}.", capital(&with_article(t.sql_name()))));
        }
    }

    /// GoogleSQL has no way to write NUL that every engine reads.
    fn text(&mut self, path: impl Display, text: &str) {
        if text.contains('\0') {
            self.error(path.to_string(), "A string cannot contain the NUL character.");
        }
    }

    fn entity_filter(&mut self, path: &str, role: Role, filter: &EntityFilter) {
        let what = if role == Role::ProductId { "A product filter" } else { "A customer filter" };
        self.needs_role(role, path, what);
        if filter.top_revenue_percent.is_none() && filter.transactions.is_none() && filter.revenue.is_none() {
            self.error(path, "Set a share of revenue, a number of transactions or an amount of revenue.");
        }
        if let Some(percent) = filter.top_revenue_percent {
            let path = format!("{path}.top_revenue_percent");
            self.within(&path, percent, 1, 99);
            self.needs_role(Role::Revenue, &path, "A share of revenue");
        }
        if let Some(CountRange { min, max }) = filter.transactions {
            self.ends(&format!("{path}.transactions"), min, max);
        }
        if let Some(AmountRange { min, max }) = filter.revenue {
            let path = format!("{path}.revenue");
            self.needs_role(Role::Revenue, &path, "An amount of revenue");
            if min.into_iter().chain(max).any(|amount| !amount.is_finite() || amount.abs() > MAX_AMOUNT) {
                self.error(&path, "Enter an amount below a quadrillion.");
            }
            self.ends(&path, min, max);
        }
    }

    fn ends<T: PartialOrd + std::fmt::Display>(&mut self, path: &str, min: Option<T>, max: Option<T>) {
        match (min, max) {
            (None, None) => self.error(path, "Set a minimum, a maximum, or both."),
            (Some(min), Some(max)) if min > max => {
                self.error(format!("{path}.max"), format!("The maximum {max} is below the minimum {min}."));
            }
            _ => {}
        }
    }

    fn unit(&mut self, path: &str, unit: Unit) {
        let path = format!("{path}.unit");
        match unit {
            Unit::User => {
                self.needs_role(Role::UserId, &path, "Sampling or splitting by user");
            }
            Unit::Product => {
                self.needs_role(Role::ProductId, &path, "Sampling or splitting by product");
            }
            Unit::Row => {
                let config = self.config;
                let found = |selected: &SelectedColumn| {
                    let (_, _, known) = &self.sources[self.position_of(&selected.table)?];
                    (*known)?.column(&selected.column)
                };
                let any = config.column_mapping.roles().any(|(role, _)| role != Role::Revenue)
                    || config.selected_columns.iter().any(|selected| found(selected).is_some_and(hashable));
                // An empty selection has its own validation error.
                if !any && !config.selected_columns.is_empty() {
                    self.error(
                        path,
                        "Sampling or splitting by row needs values that identify a row: select an id, a string, a whole number or a date, or use user.",
                    );
                }
            }
        }
    }

    fn seed(&mut self, path: &str, seed: &Seed) {
        self.text(path, &seed.0);
        if seed.0.chars().count() > limits::MAX_SEED_CHARS {
            self.error(path, "A seed has at most 100 characters.");
        }
    }

    pub(super) fn split(&mut self) {
        let path = "split_config";
        match &self.config.split_config {
            SplitConfig::None => {}
            SplitConfig::TimeBased { eval_days, test_days, gap_days, as_of } => {
                self.needs_role(Role::Timestamp, path, "A split by time");
                self.within(format!("{path}.eval_days"), *eval_days, 1, MAX_DAYS);
                self.within(format!("{path}.test_days"), *test_days, 0, MAX_DAYS);
                self.within(format!("{path}.gap_days"), *gap_days, 0, MAX_DAYS);
                self.as_of(&format!("{path}.as_of"), *as_of);
                self.one_as_of(*as_of);
                self.windows_fit(u64::from(*eval_days) + u64::from(*test_days) + u64::from(*gap_days));
            }
            SplitConfig::Random { train_percent, test_percent, unit, seed } => {
                self.within(format!("{path}.train_percent"), *train_percent, 1, 99);
                self.within(format!("{path}.test_percent"), *test_percent, 0, 98);
                if u64::from(*train_percent) + u64::from(*test_percent) > 99 && *train_percent <= 99 {
                    self.error(format!("{path}.test_percent"), "Train and test leave no rows for eval.");
                }
                self.unit(path, *unit);
                self.seed(&format!("{path}.seed"), seed);
            }
            SplitConfig::LeaveLast { n } => {
                self.needs_role(Role::UserId, path, "Holding out the last rows of each user");
                self.needs_role(Role::Timestamp, path, "Holding out the last rows of each user");
                self.within(format!("{path}.n"), *n, 1, 1_000);
            }
        }
    }

    /// A dataset has one reference date: if both parts have the key, they must agree.
    fn one_as_of(&mut self, of_split: Option<AsOf>) {
        if let (Some(split), Some(DateRange::Rolling { as_of: Some(range), .. })) = (of_split, &self.config.filters.date_range)
            && split != *range
        {
            self.error(
                "split_config.as_of",
                format!("The date range has the reference date {}: set the same here, or remove this.", String::from(*range)),
            );
        }
    }

    /// The held-out days must leave days for train, or training gets no rows.
    fn windows_fit(&mut self, held_out: u64) {
        let span = match &self.config.filters.date_range {
            Some(DateRange::Rolling { days: Some(days), .. }) => Some(u64::from(*days)),
            Some(DateRange::Rolling { months: Some(months), .. }) => Some(u64::from(*months) * 31),
            Some(DateRange::Fixed { start: Some(start), end: Some(end) }) if start <= end => {
                u64::try_from((*end - *start).num_days() + 1).ok()
            }
            _ => None,
        };
        if let Some(span) = span
            && held_out >= span
        {
            self.error(
                "split_config",
                format!(
                    "Eval, test and gap take {} of a window of {span}: no days are left for train.",
                    counted(held_out, "day", "days")
                ),
            );
        }
        let as_of = match &self.config.split_config {
            SplitConfig::TimeBased { as_of: Some(AsOf::On(day)), .. } => Some(*day),
            _ => None,
        };
        if let (Some(as_of), Some(DateRange::Fixed { start: Some(start), .. })) = (as_of, &self.config.filters.date_range)
            && as_of < *start
        {
            self.error("split_config.as_of", format!("{as_of} is before the start of the date range."));
        }
    }
}

const MAX_AMOUNT: f64 = 1e15;
/// NUMERIC has 29 digits before its point.
const BEYOND_NUMERIC: f64 = 1e29;

/// Digits with an optional sign and one point, within NUMERIC's 29 and 9.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && whole.len() <= 29 && fraction.len() <= 9
}
