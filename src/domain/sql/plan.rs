//! From a valid config to a plan: every reference resolved to a table or column, every name
//! decided. The pipeline works on positions in the plan and looks up nothing.

use chrono::NaiveDate;

use super::Request;
use super::expr::{Day, Expr, Ident, Moment};
use super::reading;
use crate::domain::catalog::{Catalog, CatalogTable};
use crate::domain::dataset::*;
use crate::domain::field_error::FieldError;
use crate::domain::name::{ColumnName, SourceName, TableName, fold, same};
use crate::domain::output::{self, Taken};
use crate::domain::schema::{Column, ColumnType, Mode, TableSchema};

pub(super) struct Plan<'a> {
    pub config: &'a DatasetConfig,
    pub project: Option<&'a str>,
    /// The primary first, then the secondaries in the order of joining.
    pub sources: Vec<PlannedSource<'a>>,
    /// The columns of the CTE `source`: all that the config uses, whichever query is compiled, so
    /// that every query of a dataset joins the same rows.
    pub columns: Vec<PlannedColumn<'a>>,
    /// Positions in `columns` and output names, in the order of selection.
    pub selected: Vec<(usize, String)>,
    pub roles: Vec<(Role, usize)>,
    pub row_filters: Vec<(usize, &'a RowFilter)>,
    pub as_of: AsOfPlan,
    /// The time zone of calendar days.
    pub zone: TimeZone,
    /// Upper bound of the latest event: the end of a fixed date range.
    pub latest: Option<NaiveDate>,
}

pub(super) struct PlannedSource<'a> {
    pub name: SourceName,
    pub ident: Ident,
    pub table: &'a TableName,
    /// `None` for the primary.
    pub join: Option<PlannedJoin<'a>>,
    /// The column that every query of the table has to filter by, and its type.
    pub must_filter: Option<(Ident, ColumnType)>,
}

pub(super) struct PlannedJoin<'a> {
    pub join: &'a Join,
    /// Left source and column, right column; in the tables' own spelling.
    pub keys: Vec<(usize, String, String)>,
    /// What `one_row` orders by, and whether the greatest comes first: its configured order, then
    /// all other columns that the query needs of the table.
    pub order: Vec<(&'a Column, bool)>,
}

pub(super) struct PlannedColumn<'a> {
    pub source: usize,
    /// In the table's own spelling.
    pub name: &'a ColumnName,
    /// The column's name from the CTE `source` on.
    pub ident: Ident,
    /// From the CTE `source` on: after conversion, if it is converted.
    pub column_type: ColumnType,
    pub mode: Mode,
    /// Set for the rows' timestamp if it is converted from a text or a number.
    pub read_as: Option<(TimestampFormat, ColumnType)>,
}

impl PlannedColumn<'_> {
    pub fn expr(&self) -> Expr {
        Expr::column(&self.ident)
    }

    /// Its days are those of `zone`.
    pub fn moment<'z>(&self, zone: &'z TimeZone) -> Moment<'z> {
        Moment { value: self.expr(), column_type: self.column_type, zone }
    }

    /// The table's column, or what is converted from it.
    pub fn of_source(&self, source: &Ident) -> Expr {
        // Most columns keep their names, whose text is shared then.
        let own = self.name.as_str();
        let column = Expr::of(source, if self.ident.as_str() == own { self.ident.clone() } else { own.into() });
        match self.read_as {
            Some((format, from)) => reading::read(column, format, from),
            None => column,
        }
    }
}

/// The dataset's reference date.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum AsOfPlan {
    /// The config has no relative dates.
    NotNeeded,
    Known(NaiveDate),
    /// The query finds it, in the CTE `bounds`.
    Latest,
    Today,
}

impl AsOfPlan {
    pub fn day(self) -> Option<Day> {
        match self {
            Self::NotNeeded => None,
            Self::Known(day) => Some(Day::On(day)),
            Self::Latest | Self::Today => Some(Day::Bound { column: "as_of" }),
        }
    }

    pub fn is_computed(self) -> bool {
        matches!(self, Self::Latest | Self::Today)
    }
}

/// The rows' timestamp if it is converted from a text or a number.
const READ_TIMESTAMP: &str = "event_time";

/// Names that the pipeline adds to rows; a column with such a name gets its table's before it.
const OWN_NAMES: [&str; 4] = ["split", "bucket", "as_of", "row_count"];

impl<'a> Plan<'a> {
    /// For a valid config.
    pub fn new(config: &'a DatasetConfig, catalog: &'a Catalog, request: &Request) -> Result<Self, FieldError> {
        let sources = sources(config, catalog)?;
        let mut columns = Columns { sources: &sources, found: vec![] };
        let selected: Vec<usize> =
            config.selected_columns.iter().map(|s| columns.position(&s.table, &s.column)).collect::<Result<_, _>>()?;
        let roles: Vec<(Role, usize)> = config
            .column_mapping
            .roles()
            .map(|(role, r)| {
                let format = config.column_mapping.timestamp_format.filter(|_| role == Role::Timestamp);
                Ok((role, columns.read_position(&r.table, &r.column, format)?))
            })
            .collect::<Result<_, FieldError>>()?;
        let row_filters: Vec<(usize, &RowFilter)> = config
            .filters
            .rows
            .iter()
            .map(|filter| Ok((columns.position(&filter.table, &filter.column)?, filter)))
            .collect::<Result<_, FieldError>>()?;
        let columns = columns.named();
        let names = output_names(config, request.for_analysis, &selected, &roles);
        let joined = planned_joins(config, &sources, &columns)?;
        let idents = source_idents(&sources);
        let sources = sources
            .into_iter()
            .zip(joined)
            .zip(idents)
            .map(|(((name, table, known), join), ident)| PlannedSource {
                ident,
                name,
                table,
                join,
                must_filter: must_filter(&known.schema),
            })
            .collect();

        Ok(Self {
            config,
            project: catalog.project(),
            sources,
            columns,
            selected: names,
            roles,
            row_filters,
            as_of: as_of(config, request.as_of),
            zone: config.column_mapping.time_zone.clone().unwrap_or_default(),
            latest: config.filters.date_range.as_ref().and_then(DateRange::fixed_end),
        })
    }

    pub fn role(&self, role: Role) -> Option<&PlannedColumn<'a>> {
        self.roles.iter().find(|(r, _)| *r == role).map(|(_, i)| &self.columns[*i])
    }

    /// The role of a column, also if the role has what is converted from it.
    pub fn role_of(&self, position: usize) -> Option<Role> {
        let column = &self.columns[position];
        let same = |other: &PlannedColumn| other.source == column.source && other.name == column.name;
        self.roles.iter().find(|(_, i)| same(&self.columns[*i])).map(|(role, _)| *role)
    }

    /// A column as the config refers to it.
    pub fn reference(&self, column: &PlannedColumn) -> ColumnRef {
        ColumnRef { table: self.sources[column.source].name.clone(), column: column.name.clone() }
    }

    /// The columns that identify a row in a hash: user, product and timestamp if rows are events;
    /// otherwise all selected columns that have one text on every engine, with the mapped ids.
    pub fn identity(&self) -> Vec<&PlannedColumn<'a>> {
        let roles = [Role::UserId, Role::ProductId, Role::Timestamp];
        let mapped: Vec<&PlannedColumn<'a>> = roles.into_iter().filter_map(|role| self.role(role)).collect();
        if self.role(Role::Timestamp).is_some() && mapped.len() > 1 {
            return mapped;
        }
        let selected = self.selected.iter().map(|(i, _)| &self.columns[*i]).filter(|c| hashable_type(c.column_type, c.mode));
        let mut all = mapped;
        for column in selected {
            // Same plan, so the same column has the same address.
            if !all.iter().any(|c| std::ptr::eq(*c, column)) {
                all.push(column);
            }
        }
        all
    }
}

type Sources<'a> = Vec<(SourceName, &'a TableName, &'a CatalogTable)>;

fn sources<'a>(config: &'a DatasetConfig, catalog: &'a Catalog) -> Result<Sources<'a>, FieldError> {
    config
        .sources()
        .into_iter()
        .map(|(name, table)| match catalog.table(table) {
            Some(known) => Ok((name, table, known)),
            None => Err(FieldError::new("primary_table", format!("Table {table} not found."))),
        })
        .collect()
}

/// Collects the columns that a config uses, each once.
struct Columns<'s, 'a> {
    sources: &'s Sources<'a>,
    found: Vec<(usize, &'a Column, Option<TimestampFormat>)>,
}

impl<'a> Columns<'_, 'a> {
    fn position(&mut self, table: &SourceName, name: &ColumnName) -> Result<usize, FieldError> {
        self.read_position(table, name, None)
    }

    /// A converted column stands beside the original, which may be selected or filtered as it is.
    fn read_position(
        &mut self,
        table: &SourceName,
        name: &ColumnName,
        format: Option<TimestampFormat>,
    ) -> Result<usize, FieldError> {
        let (source, column) = find(self.sources, table, name)?;
        if let Some(i) = self.found.iter().position(|(s, c, f)| *s == source && std::ptr::eq(*c, column) && *f == format) {
            return Ok(i);
        }
        self.found.push((source, column, format));
        Ok(self.found.len() - 1)
    }

    /// Names each column: its own name if that is free, else with its table's before it.
    fn named(self) -> Vec<PlannedColumn<'a>> {
        let mut taken = Taken::new(OWN_NAMES.into_iter(), OWN_NAMES.len() + self.found.len());
        let mut idents: Vec<Option<String>> = self
            .found
            .iter()
            .map(|(_, column, format)| {
                if format.is_some() {
                    return taken.take(READ_TIMESTAMP).then(|| READ_TIMESTAMP.to_owned());
                }
                let own = crate::domain::name::OutputName::nearest(column.name.as_str());
                taken.take(own.as_str()).then(|| own.to_string())
            })
            .collect();
        for (ident, (source, column, _)) in idents.iter_mut().zip(&self.found) {
            ident.get_or_insert_with(|| taken.derive(&format!("{}_{}", self.sources[*source].0, column.name)).to_string());
        }
        self.found
            .into_iter()
            .zip(idents.into_iter().flatten())
            .map(|((source, column, format), ident)| PlannedColumn {
                source,
                name: &column.name,
                ident: ident.into(),
                column_type: format.map_or(column.column_type, TimestampFormat::gives),
                // Values that do not convert are NULL.
                mode: if format.is_some() { Mode::Nullable } else { column.mode },
                read_as: format.map(|format| (format, column.column_type)),
            })
            .collect()
    }
}

/// What the sources are called in SQL: as in the dataset, but a wildcard table without its
/// asterisk, which only belongs in a table's path.
fn source_idents(sources: &Sources) -> Vec<Ident> {
    let is_taken = |ident: &str| sources.iter().any(|(name, ..)| same(name.as_str(), ident));
    let ident = |name: &SourceName| match name.as_str().strip_suffix('*').map(|prefix| prefix.trim_end_matches('_')) {
        Some(prefix) if !prefix.is_empty() && !is_taken(prefix) => prefix.into(),
        _ => name.as_str().into(),
    };
    sources.iter().map(|(name, ..)| ident(name)).collect()
}

/// The column that a query of the table has to filter by, if BigQuery requires one.
pub(super) fn must_filter(schema: &TableSchema) -> Option<(Ident, ColumnType)> {
    let partition = schema.partition.as_ref().filter(|partition| partition.filter_required)?;
    let column = schema.columns.iter().find(|c| same(c.name.as_str(), &partition.column));
    // A pseudo-column is a TIMESTAMP and in no schema.
    Some((partition.column.as_str().into(), column.map_or(ColumnType::Timestamp, |column| column.column_type)))
}

fn find<'a>(sources: &Sources<'a>, table: &SourceName, name: &ColumnName) -> Result<(usize, &'a Column), FieldError> {
    let unknown = || FieldError::new("selected_columns", format!("{table} has no column {name}."));
    let exact = sources.iter().position(|(source, ..)| source == table);
    let source = exact.or_else(|| sources.iter().position(|(source, ..)| source.same_as(table))).ok_or_else(unknown)?;
    let column = sources[source].2.column(name).ok_or_else(unknown)?;
    Ok((source, column))
}

fn output_names(config: &DatasetConfig, for_analysis: bool, selected: &[usize], roles: &[(Role, usize)]) -> Vec<(usize, String)> {
    if !for_analysis {
        return selected.iter().copied().zip(output::resolve(config, &[]).into_iter().map(String::from)).collect();
    }
    // Roles first: their names are theirs, and a mapped column has no other, selected or not.
    let words: Vec<&str> = roles.iter().map(|(role, _)| role.as_str()).collect();
    let mut names: Vec<(usize, String)> = roles.iter().map(|(role, i)| (*i, role.as_str().to_owned())).collect();
    let mut unmapped = config.clone();
    let mut positions = selected.iter();
    unmapped.selected_columns.retain(|_| positions.next().is_some_and(|i| !roles.iter().any(|(_, mapped)| mapped == i)));
    // An alias that equals a role's name gives way, as any other name does.
    for column in &mut unmapped.selected_columns {
        if column.alias.as_ref().is_some_and(|alias| words.contains(&fold(alias.as_str()).as_str())) {
            column.alias = None;
        }
    }
    let rest = selected.iter().copied().filter(|i| !roles.iter().any(|(_, mapped)| mapped == i));
    names.extend(rest.zip(output::resolve(&unmapped, &words).into_iter().map(String::from)));
    names
}

fn planned_joins<'a>(
    config: &'a DatasetConfig,
    sources: &Sources<'a>,
    columns: &[PlannedColumn<'a>],
) -> Result<Vec<Option<PlannedJoin<'a>>>, FieldError> {
    let mut joins = vec![None];
    // The left columns of the joins, of any table.
    let mut matched: Vec<(usize, &Column)> = vec![];
    for (position, (name, ..)) in sources.iter().enumerate().skip(1) {
        let join = config
            .join_of(name)
            .ok_or_else(|| FieldError::new(format!("secondary_tables[{}]", position - 1), format!("{name} has no join.")))?;
        let mut keys = vec![];
        for key in &join.on {
            let (left, left_column) = find(sources, &key.left.table, &key.left.column)?;
            let (_, right_column) = find(sources, name, &key.right)?;
            matched.push((left, left_column));
            keys.push((left, left_column.name.to_string(), right_column.name.to_string()));
        }
        let stated = join.order.iter().map(|key| Ok((find(sources, name, &key.column)?.1, key.descending)));
        joins.push(Some(PlannedJoin { join, keys, order: stated.collect::<Result<_, FieldError>>()? }));
    }
    // Rows that tie by the configured order but differ in a column that the query needs, such as a
    // later join's key, must not be chosen by the engine: train and eval are separate queries.
    for (position, planned) in joins.iter_mut().enumerate() {
        let Some(PlannedJoin { order, .. }) = planned else { continue };
        let known = sources[position].2;
        let used = columns.iter().filter(|c| c.source == position).filter_map(|c| known.column(c.name));
        let matched = matched.iter().filter(|(left, _)| *left == position).map(|(_, column)| *column);
        for column in used.chain(matched) {
            if !order.iter().any(|(known, _)| std::ptr::eq(*known, column)) {
                order.push((column, false));
            }
        }
    }
    Ok(joins)
}

fn as_of(config: &DatasetConfig, frozen: Option<NaiveDate>) -> AsOfPlan {
    let of_range = config.filters.date_range.as_ref().and_then(DateRange::as_of);
    let of_rows = config.filters.rows.iter().any(|filter| filter.predicate.counts_back()).then_some(None);
    let Some(stated) =
        config.split_config.as_of().into_iter().chain(of_range).chain(of_rows).reduce(|first, next| first.or(next))
    else {
        return AsOfPlan::NotNeeded;
    };
    match (frozen, stated.unwrap_or_default()) {
        (Some(day), _) | (None, AsOf::On(day)) => AsOfPlan::Known(day),
        (None, AsOf::LatestEvent) => AsOfPlan::Latest,
        (None, AsOf::Today) => AsOfPlan::Today,
    }
}

/// Whether a config's dates count back from a day that only a query can find.
pub fn seeks_as_of(config: &DatasetConfig) -> bool {
    as_of(config, None).is_computed()
}

/// Whether a config's dates count back from the day on which the query runs.
pub fn counts_from_today(config: &DatasetConfig) -> bool {
    as_of(config, None) == AsOfPlan::Today
}

/// Whether a column has one text on every engine and so can be hashed.
pub fn hashable(column: &Column) -> bool {
    hashable_type(column.column_type, column.mode)
}

fn hashable_type(t: ColumnType, mode: Mode) -> bool {
    use ColumnType::*;
    mode != Mode::Repeated && matches!(t, String | Int64 | Numeric | BigNumeric | Bool | Date | Datetime | Timestamp)
}
