//! Profiles of columns, computed in parts: planning a query takes longer with each of its columns
//! than with the one before, and a column that cannot be read must not hide the others.
//!
//! A part that fails is tried again in smaller ones until the columns at fault are alone. Columns
//! are first divided by what the warehouse and the error say about them, then in halves. A query
//! that fails is not billed, so each column is paid for once, however the parts are divided; the
//! number of queries is bounded as well.
//! <https://cloud.google.com/bigquery/pricing#on_demand_pricing>

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use tokio::time::Instant;

use super::cpu::compute;
use super::queries::run_within;
use super::{ServiceError, price_in};
use crate::domain::cost::{Cost, Estimate, Price};
use crate::domain::name::fold;
use crate::domain::profile::{ColumnProfile, read, unreadable};
use crate::domain::schema::{Column, TableKind};
use crate::domain::sql::profile::{ProfileQuery, profile};
use crate::domain::value::Rows;
use crate::warehouse::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};

/// Columns of a query if each query is paid for, since a table is billed with at least 10 MB per
/// query, or if reading takes longer than planning.
const LARGE_PART: usize = 100;
/// Columns of any other query: planning 100 takes ten times as long as planning 25.
const SMALL_PART: usize = 25;
/// From this size on, reading a table takes longer than planning.
const LARGE_BYTES: u64 = 64 << 20;
/// Maximum number of queries for each hundred columns that are run to find columns at fault.
const MAX_SEARCHES: usize = 100;
/// The same if the queries that succeed are paid for.
const MAX_BILLED_SEARCHES: usize = 24;
/// Distinct values are counted, not estimated, up to this many rows, and this many cells in all.
const EXACT_ROWS: u64 = 1_000_000;
const EXACT_CELLS: u64 = 10_000_000;
/// From this many columns on, results are parsed off the async threads: each column has a hundred
/// numbers and texts.
const HEAVY_COLUMNS: usize = 10;

/// Newly computed columns of a table.
pub struct FoundProfile {
    pub rows: u64,
    /// In the order requested.
    pub columns: Vec<ColumnProfile>,
    /// Those of them that could not be read, and say why.
    pub failed: BTreeSet<String>,
    pub cost: Cost,
}

/// Computes column profiles. Without a store, for the command line too.
pub async fn find_profile(
    warehouse: &dyn Warehouse,
    live: &LiveTable,
    columns: &[&Column],
    limits: &Limits,
    price: Price,
) -> Result<FoundProfile, ServiceError> {
    let price = price_in(warehouse, price);
    let mut search = Search::new(warehouse, live, columns, limits);
    let mut estimates: HashMap<Part, DryRun> = HashMap::new();
    let done = match warehouse.is_metered() {
        true => {
            // Before anything is paid for: plans that fail show columns at fault free of charge.
            let planned = search.run(Step::Plan, search.parts()).await?;
            search.left = MAX_BILLED_SEARCHES * hundreds(columns);
            let parts = planned.iter().map(|part| part.columns.clone()).collect();
            estimates.extend(planned.into_iter().filter_map(|part| Some((part.columns, part.dry?))));
            search.run(Step::Run, parts).await?
        }
        false => search.run(Step::Both, search.parts()).await?,
    };
    let mut cost = Cost::nothing(price);
    let mut found: BTreeMap<usize, ColumnProfile> = BTreeMap::new();
    let mut rows = None;
    for Done { columns: part, query, dry, answer } in done {
        let estimate = dry.as_ref().or_else(|| estimates.get(&part));
        let bytes = answer.bytes_processed.or_else(|| estimate.and_then(|dry| dry.bytes));
        cost = cost + Cost::of(bytes, 1, price);
        let of: Vec<Column> = part.iter().filter_map(|at| columns.get(*at).copied().cloned()).collect();
        let exact = search.exact;
        let reading = move || read(&of.iter().collect::<Vec<_>>(), &query.statistics, exact, &answer);
        let (counted, profiles) = compute(part.len() >= HEAVY_COLUMNS, reading).await;
        rows.get_or_insert(counted);
        found.extend(part.into_iter().zip(profiles));
    }
    let failed = search.failed()?;
    let names = failed.iter().map(|(_, profile)| profile.name.clone()).collect();
    found.extend(failed);
    let rows = rows.or(live.info.rows).unwrap_or_default();
    Ok(FoundProfile { rows, columns: found.into_values().collect(), failed: names, cost })
}

/// What a profile of these columns would read, by dry runs, and how many of them can be read.
pub(super) async fn estimate_profile(
    warehouse: &dyn Warehouse,
    live: &LiveTable,
    columns: &[&Column],
    limits: &Limits,
    price: Price,
) -> Result<(usize, Estimate), ServiceError> {
    let price = price_in(warehouse, price);
    let mut search = Search::new(warehouse, live, columns, limits);
    let planned = search.run(Step::Plan, search.parts()).await?;
    search.failed()?;
    let estimates = planned.iter().filter_map(|part| Some((part.columns.len(), part.dry.as_ref()?.estimate(1, price))));
    let sum = estimates.reduce(|(columns, sum), (more, estimate)| (columns + more, sum + estimate));
    Ok(sum.unwrap_or((0, Estimate { bytes: Some(0), price_usd: None, upper_bound: false })))
}

/// Whether distinct values are counted: that is done in memory, so not for a large table.
fn is_exact(live: &LiveTable, columns: usize) -> bool {
    live.info.rows.is_some_and(|rows| rows <= EXACT_ROWS && rows.saturating_mul(columns as u64) <= EXACT_CELLS)
}

fn hundreds(columns: &[&Column]) -> usize {
    columns.len().div_ceil(LARGE_PART).max(1)
}

/// What is done with a part.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Plan,
    Run,
    Both,
}

/// The positions of columns among those requested.
type Part = Vec<usize>;

/// A part that was done: `answer` is empty if it was only planned.
struct Done {
    columns: Part,
    query: ProfileQuery,
    dry: Option<DryRun>,
    answer: Rows,
}

/// The parts of a profile, and the columns found to be at fault.
struct Search<'a> {
    warehouse: &'a dyn Warehouse,
    live: &'a LiveTable,
    columns: &'a [&'a Column],
    limits: &'a Limits,
    exact: bool,
    deadline: Instant,
    /// How many parts may still be divided.
    left: usize,
    /// Whether the table itself can be read; unknown until a part fails.
    is_readable: Option<bool>,
    errors: BTreeMap<usize, WarehouseError>,
}

impl<'a> Search<'a> {
    fn new(warehouse: &'a dyn Warehouse, live: &'a LiveTable, columns: &'a [&'a Column], limits: &'a Limits) -> Self {
        let hundreds = hundreds(columns);
        Self {
            warehouse,
            live,
            columns,
            limits,
            exact: is_exact(live, columns.len().min(LARGE_PART)),
            deadline: Instant::now() + limits.timeout.saturating_mul(u32::try_from(hundreds).unwrap_or(u32::MAX)),
            left: MAX_SEARCHES * hundreds,
            is_readable: None,
            errors: BTreeMap::new(),
        }
    }

    fn parts(&self) -> VecDeque<Part> {
        let is_large = self.live.info.kind != TableKind::Table || self.live.info.bytes.is_none_or(|bytes| bytes >= LARGE_BYTES);
        let size = if self.warehouse.is_metered() || is_large { LARGE_PART } else { SMALL_PART };
        let all: Part = (0..self.columns.len()).collect();
        // Without a column the rows alone are counted.
        if all.is_empty() { [all].into() } else { all.chunks(size).map(<[usize]>::to_vec).collect() }
    }

    /// Does a step for all columns that it works for.
    async fn run(&mut self, step: Step, mut todo: VecDeque<Part>) -> Result<Vec<Done>, ServiceError> {
        let mut done = vec![];
        while let Some(part) = todo.pop_front() {
            match self.attempt(step, part.clone()).await {
                Ok(one) => done.push(one),
                Err(ServiceError::Warehouse(error)) => {
                    if part.is_empty() || !self.is_of_a_column(&error) || !self.is_readable(step).await {
                        return Err(error.into());
                    }
                    if self.is_at_fault(&part, &error) {
                        self.errors.extend(part.into_iter().map(|at| (at, error.clone())));
                        continue;
                    }
                    self.left -= 1;
                    let (first, second) = self.divided(part, &error);
                    todo.push_front(second);
                    todo.push_front(first);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(done)
    }

    async fn attempt(&self, step: Step, part: Part) -> Result<Done, ServiceError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(WarehouseError::Timeout(self.limits.timeout.as_secs()).into());
        }
        let columns: Vec<&Column> = part.iter().filter_map(|at| self.columns.get(*at).copied()).collect();
        let query = profile(self.warehouse.project(), &self.live.schema, &columns, self.exact);
        let dry = if step == Step::Run { None } else { Some(self.warehouse.dry_run(&query.sql).await?) };
        let limits = Limits { timeout: left.min(self.limits.timeout), ..self.limits.clone() };
        let answer = if step == Step::Plan { Rows::default() } else { run_within(self.warehouse, &query.sql, &limits).await? };
        Ok(Done { columns: part, query, dry, answer })
    }

    /// Whether an error may be that of one column.
    fn is_of_a_column(&self, error: &WarehouseError) -> bool {
        match error {
            WarehouseError::Query(_) | WarehouseError::NoPermission(_) => true,
            // Fewer columns need less memory. A limit of what may be billed is not to be avoided.
            WarehouseError::Resources(_) => !self.warehouse.is_metered(),
            WarehouseError::NoTable(_)
            | WarehouseError::Unreadable { .. }
            | WarehouseError::NoDataset(_)
            | WarehouseError::Timeout(_)
            | WarehouseError::Unreachable(_) => false,
        }
    }

    /// Whether the table can be read without any of its columns. If not, none is at fault.
    async fn is_readable(&mut self, step: Step) -> bool {
        if self.is_readable.is_none() {
            let step = if self.warehouse.is_metered() { Step::Plan } else { step };
            self.is_readable = Some(self.attempt(step, vec![]).await.is_ok());
        }
        self.is_readable == Some(true)
    }

    /// Whether all columns of a part that failed are at fault: there is one, or they are protected
    /// alike, or it would take too many queries to know.
    fn is_at_fault(&self, part: &[usize], error: &WarehouseError) -> bool {
        let tags: BTreeSet<Option<&str>> = part.iter().map(|at| self.tag(*at)).collect();
        let is_alike = tags.len() == 1 && !tags.contains(&None) && matches!(error, WarehouseError::NoPermission(_));
        part.len() == 1 || is_alike || self.left == 0
    }

    /// A part in two: those that are likely to be at fault come last.
    fn divided(&self, part: Part, error: &WarehouseError) -> (Part, Part) {
        let message = fold(&error.to_string());
        let by = |at_fault: &dyn Fn(usize) -> bool| {
            let (second, first): (Part, Part) = part.iter().partition(|at| at_fault(**at));
            (!first.is_empty() && !second.is_empty()).then_some((first, second))
        };
        let first_tag = part.iter().find_map(|at| self.tag(*at));
        by(&|at| self.tag(at).is_some())
            .or_else(|| by(&|at| self.tag(at) != first_tag))
            .or_else(|| by(&|at| self.columns.get(at).is_some_and(|column| names(&message, &fold(column.name.as_str())))))
            .unwrap_or_else(|| {
                let (first, second) = part.split_at(part.len() / 2);
                (first.to_vec(), second.to_vec())
            })
    }

    fn tag(&self, at: usize) -> Option<&str> {
        let name = self.columns.get(at)?.name.as_str();
        self.live.policy_tags.get(name).map(String::as_str)
    }

    /// The columns at fault, each with its reason. An error if all are, in the same way: then it is
    /// the table's.
    fn failed(&mut self) -> Result<Vec<(usize, ColumnProfile)>, WarehouseError> {
        let errors = std::mem::take(&mut self.errors);
        let all = errors.len() == self.columns.len() && self.columns.len() > 1;
        if let Some(first) = errors
            .values()
            .next()
            .filter(|first| all && errors.iter().all(|(at, error)| error == *first && self.tag(*at).is_none()))
        {
            return Err(first.clone());
        }
        let failed = errors.into_iter().filter_map(|(at, error)| {
            let reason = match (self.tag(at), &error) {
                (Some(tag), WarehouseError::NoPermission(_)) => format!(
                    "it is protected: to read it, the server's account needs the role Fine-Grained Reader on the policy tag {tag}"
                ),
                _ => format!("it cannot be read: {}", error.to_string().trim_end_matches('.')),
            };
            Some((at, unreadable(self.columns.get(at)?, &reason)))
        });
        Ok(failed.collect())
    }
}

/// Whether a text contains a name as a whole word.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_whole_words() {
        let text = "get data protected by policy tag \"pii : email\" on column p.raw_data.tagged.email, größe.";
        for (name, is_named) in
            [("email", true), ("größe", true), ("mail", false), ("größ", false), ("tagged", true), ("x", false)]
        {
            assert_eq!(names(text, name), is_named, "{name}");
        }
    }
}
