//! The one query of an analysis: counts, days, entities, the funnel, the proof of the split and the
//! statistics of joins, as [sections](super::sections). [`Measure`] names the numbers, for what is
//! written here and for what reads the answer.

use strum::IntoStaticStr;

use super::joined;
use super::rows::as_of_expr;
use super::sections::{DAY, ITEM, SectionRow, union};
use crate::domain::dataset::*;
use crate::domain::schema::{ColumnType, Mode};
use crate::domain::sql::OutputColumn;
use crate::domain::sql::expr::{Expr, Ident, Literal, count_if, sum, sum_if};
use crate::domain::sql::keywords::{BinaryOp, Function, JoinKind};
use crate::domain::sql::pipeline::Pipeline;
use crate::domain::sql::plan::{Plan, PlannedColumn};
use crate::domain::sql::query::{Body, From, Item, JoinClause, Select};

/// What the rows of an analysis tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Section {
    /// One row: the reference date as `day`, the type of the timestamp as `item`.
    Dataset,
    /// One row per day and part (`item`); `day` is NULL where there is no timestamp.
    Days,
    /// One row each: distinct users, products, pairs of both, events (user, product, instant) and
    /// baskets (user, instant).
    Users,
    Products,
    Pairs,
    Events,
    Baskets,
    /// One row per stage (`item`) of the funnel.
    Funnel,
    /// Train rows later than the first eval row.
    Late,
    /// Rows of eval and test that the entity filters looked at.
    Seen,
    /// One row per temporal column (`item`) that is selected or filtered beside the timestamp.
    Newer,
    /// The label's name as `item`.
    LabelColumn,
    /// Its values in the joined source and in each part (`item`).
    Label,
    /// The keys of the products' table.
    Catalogue,
    /// One row with the [`JoinMeasure`]s of each join.
    Joins,
}

impl Section {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The numbers of an analysis: columns of its answer. Which of them a section has, its writer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Measure {
    RowCount,
    UserCount,
    ProductCount,
    NullUsers,
    NullProducts,
    /// The earliest and the latest timestamp, in microseconds since 1970.
    FirstMicros,
    LastMicros,
    /// Distinct entities: users, products, pairs, events or baskets.
    EntityCount,
    /// Those with one row.
    SingleCount,
    /// Those with a row in the part.
    TrainCount,
    EvalCount,
    TestCount,
    GapCount,
    /// Those of eval, or test, that train lacks, and their rows.
    ColdEvalCount,
    ColdEvalRows,
    ColdTestCount,
    ColdTestRows,
    /// Those in more than one of train, eval and test.
    SharedCount,
    /// Rows whose attribute is later than the event.
    NewerRows,
    PositiveRows,
    NegativeRows,
    /// Rows whose label follows from the revenue.
    ImpliedByRevenue,
    KeyCount,
    /// Keys that an interaction has.
    UsedKeys,
}

impl Measure {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl std::convert::From<Measure> for Ident {
    fn from(measure: Measure) -> Self {
        measure.as_str().into()
    }
}

/// What each join does to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum JoinMeasure {
    RowsBefore,
    MatchedRows,
    RowsAfter,
    LargestFanOut,
}

impl JoinMeasure {
    /// The column of the join at a position in the order of joining, from 0.
    pub fn column(self, join: usize) -> String {
        format!("join{}_{}", join + 1, self.into_str())
    }
}

/// The rows of an analysis under construction.
struct Report<'q, 'p> {
    pipeline: &'q mut Pipeline<'p>,
    rows: Vec<SectionRow>,
}

pub(in crate::domain::sql) fn report(pipeline: &mut Pipeline) -> (Body, Vec<OutputColumn>) {
    narrow(pipeline);
    let mut report = Report { pipeline, rows: vec![] };
    report.dataset();
    report.days();
    report.entities();
    report.funnel();
    report.late();
    report.seen();
    report.newer();
    report.label();
    report.catalogue();
    report.joins();
    union(report.rows)
}

/// Continues with only the columns that are used: all sections read these rows, so an engine may
/// materialise them.
fn narrow(pipeline: &mut Pipeline) {
    let plan = pipeline.plan;
    let mut positions: Vec<usize> = plan.roles.iter().map(|(_, position)| *position).collect();
    positions.extend(attributes(plan));
    positions.extend(label(plan));
    positions.sort_unstable();
    positions.dedup();
    let of_rows = |name: &Ident| Item::Expr { value: Expr::of(pipeline.current.as_str(), name), name: None };
    let mut items: Vec<Item> = positions.into_iter().map(|position| of_rows(&plan.columns[position].ident)).collect();
    items.extend(pipeline.labelled.then(|| of_rows(&"split".into())));
    if !items.is_empty() {
        let select = Select::new(items, From::cte(pipeline.current.as_str()));
        pipeline.current = pipeline.add("analyzed", select);
    }
}

/// Temporal columns beside the timestamp that are selected or filtered.
fn attributes(plan: &Plan) -> Vec<usize> {
    let Some(time) = plan.role(Role::Timestamp) else { return vec![] };
    let selected = plan.selected.iter().map(|(position, _)| *position);
    let mut positions: Vec<usize> = selected.chain(plan.row_filters.iter().map(|(position, _)| *position)).collect();
    positions.sort_unstable();
    positions.dedup();
    positions.retain(|position| {
        let column = &plan.columns[*position];
        let own = column.source == time.source && column.name == time.name;
        !own && column.mode != Mode::Repeated && column.column_type.is_temporal()
    });
    positions
}

/// The first selected column that is a label.
fn label(plan: &Plan) -> Option<usize> {
    plan.selected.iter().map(|(position, _)| *position).find(|position| is_label(&plan.columns[*position]))
}

impl<'p> Report<'_, 'p> {
    fn row(&self, section: Section, from: From) -> SectionRow {
        SectionRow::new(section.as_str(), from)
    }

    fn rows_left(&self) -> From {
        From::cte(self.pipeline.current.as_str())
    }

    /// A column of the remaining rows. Qualified, since a column of the data may have any name.
    fn of(&self, column: &PlannedColumn) -> Expr {
        Expr::of(self.pipeline.current.as_str(), &column.ident)
    }

    fn split(&self) -> Expr {
        Expr::of(self.pipeline.current.as_str(), "split")
    }

    fn dataset(&mut self) {
        let t = self.pipeline.timestamp().map(|t| Expr::text(t.column_type.sql_name()));
        let as_of = as_of_expr(self.pipeline);
        let row = self.row(Section::Dataset, From::Nothing).day(Some(as_of));
        self.rows.push(match t {
            Some(t) => row.item(t),
            None => row,
        });
    }

    fn days(&mut self) {
        let role = |role| match self.pipeline.plan.role(role) {
            Some(id) => count_if(self.of(id).null_test()),
            None => Expr::null(ColumnType::Int64),
        };
        let edge = |function| match self.pipeline.timestamp() {
            Some(time) => micros(Expr::call(function, [self.of(time)]), time.column_type),
            None => Expr::null(ColumnType::Int64),
        };
        let part = if self.pipeline.labelled { self.split() } else { Expr::text("full") };
        let day = self.pipeline.moment().map(|moment| moment.day());
        let numbers = [
            (Measure::RowCount, Expr::CountRows),
            (Measure::NullUsers, role(Role::UserId)),
            (Measure::NullProducts, role(Role::ProductId)),
            (Measure::FirstMicros, edge(Function::Min)),
            (Measure::LastMicros, edge(Function::Max)),
        ];
        let row = self.row(Section::Days, self.rows_left()).item(part).day(day).numbers(numbers);
        self.rows.push(row.group_by([Expr::int(ITEM), Expr::int(DAY)]));
    }

    fn entities(&mut self) {
        let [user, product] = [Role::UserId, Role::ProductId].map(|role| self.pipeline.plan.role(role).map(|c| self.of(c)));
        let time = self.pipeline.timestamp().map(|c| self.of(c));
        let kinds = [
            (Section::Users, vec![&user]),
            (Section::Products, vec![&product]),
            (Section::Pairs, vec![&user, &product]),
            (Section::Events, vec![&user, &product, &time]),
            (Section::Baskets, vec![&user, &time]),
        ];
        for (section, keys) in kinds {
            // A role that is not mapped leaves out what needs it.
            if let Some(keys) = keys.into_iter().cloned().collect::<Option<Vec<Expr>>>() {
                self.entities_of(section, keys);
            }
        }
    }

    /// Rows of each entity, counted by part; then entities, counted. NULL is no entity.
    fn entities_of(&mut self, section: Section, keys: Vec<Expr>) {
        let splits = self.pipeline.plan.config.split_config.splits();
        let labels: Vec<&str> = match self.pipeline.labelled {
            true => splits.iter().map(|split| split.as_str()).chain(["gap"]).collect(),
            false => vec![],
        };
        let mut items = vec![Item::named(Expr::CountRows, "row_count")];
        for label in &labels {
            items.push(Item::named(count_if(self.split().binary(BinaryOp::Equal, Expr::text(*label))), rows_of(label).as_str()));
        }
        let mut of_entities = Select::new(items, self.rows_left());
        of_entities.filter = keys.iter().cloned().map(Expr::not_null_test).collect();
        of_entities.group_by = keys;
        let name = self.pipeline.add(format!("rows_of_{}", section.as_str()), of_entities);

        let rows = |label: &str| Expr::column(rows_of(label));
        let some = |label: &str| rows(label).binary(BinaryOp::Greater, Expr::int(0));
        let none = |label: &str| rows(label).binary(BinaryOp::Equal, Expr::int(0));
        let has = |label: &str| labels.contains(&label);
        let null = || Expr::null(ColumnType::Int64);
        let count = |label: &str| if has(label) { count_if(some(label)) } else { null() };
        let cold = |label: &str| if has(label) { count_if(Expr::All(vec![some(label), none("train")])) } else { null() };
        let cold_rows = |label: &str| match has(label) {
            true => sum_if(none("train"), rows(label)),
            false => null(),
        };
        let two = |a: &str, b: &str| Expr::All(vec![some(a), some(b)]);
        let shared = match (has("eval"), has("test")) {
            (true, true) => count_if(Expr::Any(vec![two("train", "eval"), two("train", "test"), two("eval", "test")])),
            (true, false) => count_if(two("train", "eval")),
            _ => null(),
        };
        let numbers = [
            (Measure::RowCount, sum(Expr::column("row_count"))),
            (Measure::EntityCount, Expr::CountRows),
            (Measure::SingleCount, count_if(Expr::column("row_count").binary(BinaryOp::Equal, Expr::int(1)))),
            (Measure::TrainCount, count("train")),
            (Measure::EvalCount, count("eval")),
            (Measure::TestCount, count("test")),
            (Measure::GapCount, count("gap")),
            (Measure::ColdEvalCount, cold("eval")),
            (Measure::ColdEvalRows, cold_rows("eval")),
            (Measure::ColdTestCount, cold("test")),
            (Measure::ColdTestRows, cold_rows("test")),
            (Measure::SharedCount, shared),
        ];
        self.rows.push(self.row(section, From::cte(name)).numbers(numbers));
    }

    /// After each stage. For the last one only the rows, without their parts: the other sections
    /// have its users and products.
    fn funnel(&mut self) {
        let stages = self.pipeline.stages.clone();
        for (i, (stage, cte)) in stages.iter().enumerate() {
            let cte = if i + 1 < stages.len() { cte } else { &self.pipeline.current };
            let distinct = |role| match self.pipeline.plan.role(role) {
                Some(id) if i + 1 < stages.len() => Expr::of(cte.as_str(), &id.ident).count_distinct(),
                _ => Expr::null(ColumnType::Int64),
            };
            let numbers = [
                (Measure::RowCount, Expr::CountRows),
                (Measure::UserCount, distinct(Role::UserId)),
                (Measure::ProductCount, distinct(Role::ProductId)),
            ];
            let row = self.row(Section::Funnel, From::cte(cte.as_str())).item(Expr::text(*stage));
            self.rows.push(row.numbers(numbers));
        }
    }

    /// A split by time has none by definition: its days show that.
    fn late(&mut self) {
        let by_time = self.pipeline.plan.config.split_config.is_by_time();
        let Some(time) = self.pipeline.timestamp().filter(|_| self.pipeline.labelled && !by_time) else { return };
        let time = self.of(time);
        let is = |split: Split| self.split().binary(BinaryOp::Equal, Expr::text(split.as_str()));
        let mut first = Select::new(vec![Item::named(Expr::call(Function::Min, [time.clone()]), "first_at")], self.rows_left());
        first.filter.push(is(Split::Eval));
        let filter = vec![is(Split::Train), time.binary(BinaryOp::Greater, Expr::of("first_eval", "first_at"))];
        let name = self.pipeline.add("first_eval", first);
        let mut late = self.row(Section::Late, self.rows_left()).numbers([(Measure::RowCount, Expr::CountRows)]);
        late.select.joins.push(JoinClause { kind: JoinKind::Cross, to: From::cte(name), on: vec![] });
        late.select.filter = filter;
        self.rows.push(late);
    }

    /// Entity filters that look at all rows of a split by time leak the eval window into training.
    fn seen(&mut self) {
        let config = self.pipeline.plan.config;
        let sees =
            config.split_config.is_by_time() && config.filters.has_entity_filter() && config.filters.scope == Some(Scope::All);
        let Some(before) = self.pipeline.unpruned.clone().filter(|_| sees) else { return };
        let held_out = [Split::Eval, Split::Test].map(|split| Expr::text(split.as_str()));
        let rows = From::cte(before.as_str());
        let mut seen = self.row(Section::Seen, rows).numbers([(Measure::RowCount, Expr::CountRows)]);
        let label = Expr::of(before.as_str(), "split");
        seen.select.filter.push(Expr::InList { value: Box::new(label), list: held_out.into(), negated: false });
        self.rows.push(seen);
    }

    /// Times other than the event's own: later ones were not known when it happened.
    fn newer(&mut self) {
        let plan = self.pipeline.plan;
        let Some(time) = plan.role(Role::Timestamp) else { return };
        for column in attributes(plan).into_iter().map(|position| &plan.columns[position]) {
            let later = if column.column_type == time.column_type {
                self.of(column).binary(BinaryOp::Greater, self.of(time))
            } else {
                column.moment(&plan.zone).day().binary(BinaryOp::Greater, time.moment(&plan.zone).day())
            };
            let both = Expr::All(vec![self.of(column).not_null_test(), self.of(time).not_null_test()]);
            let name = Expr::text(plan.reference(column).to_string());
            let numbers = [(Measure::RowCount, count_if(both)), (Measure::NewerRows, count_if(later))];
            self.rows.push(self.row(Section::Newer, self.rows_left()).item(name).numbers(numbers));
        }
    }

    /// The distribution of a label's two values before and after the filters, which can remove most
    /// of one class, and whether the revenue gives the label away.
    fn label(&mut self) {
        let plan = self.pipeline.plan;
        let Some(label) = label(plan).map(|position| &plan.columns[position]) else { return };
        let selected =
            |column: &&PlannedColumn| plan.selected.iter().any(|(position, _)| plan.columns[*position].ident == column.ident);
        let revenue = plan.role(Role::Revenue).filter(selected).filter(|revenue| revenue.ident != label.ident);
        let numbers = |cte: &str| {
            let of = |column: &PlannedColumn| Expr::of(cte, &column.ident);
            let is = |positive: bool| match label.column_type {
                ColumnType::Bool => of(label).binary(BinaryOp::Equal, Expr::Literal(Literal::Bool(positive))),
                _ => of(label).binary(BinaryOp::Equal, Expr::int(i64::from(positive))),
            };
            let implied = match revenue {
                Some(revenue) => {
                    let earned = || of(revenue).binary(BinaryOp::NotEqual, Expr::int(0));
                    let nothing = of(revenue).null_test().or(of(revenue).binary(BinaryOp::Equal, Expr::int(0)));
                    count_if(Expr::Any(vec![Expr::All(vec![is(true), earned()]), Expr::All(vec![is(false), nothing])]))
                }
                None => Expr::null(ColumnType::Int64),
            };
            [
                (Measure::RowCount, Expr::CountRows),
                (Measure::PositiveRows, count_if(is(true))),
                (Measure::NegativeRows, count_if(is(false))),
                (Measure::ImpliedByRevenue, implied),
            ]
        };
        let name = Expr::text(plan.reference(label).to_string());
        let column = self.row(Section::LabelColumn, From::Nothing).item(name);
        let before = self.row(Section::Label, From::cte("source")).item(Expr::text("source")).numbers(numbers("source"));
        let part = if self.pipeline.labelled { self.split() } else { Expr::text("full") };
        let parts = self.row(Section::Label, self.rows_left()).item(part).numbers(numbers(&self.pipeline.current));
        let parts = parts.group_by([Expr::int(ITEM)]);
        self.rows.extend([column, before, parts]);
    }

    /// If the products' table is joined: how many of its keys have an interaction.
    fn catalogue(&mut self) {
        let plan = self.pipeline.plan;
        let Some(product) = plan.role(Role::ProductId) else { return };
        let is_product = |source: usize, name: &str| source == product.source && name == product.name.as_str();
        let keyed = plan.sources.iter().enumerate().find_map(|(position, source)| match source.join.as_ref()?.keys.as_slice() {
            [(left, left_column, right)] if is_product(*left, left_column) || is_product(position, right) => {
                Some((position, right))
            }
            _ => None,
        });
        let Some((position, key)) = keyed else { return };
        let ids = |id: Expr, from: From| {
            let mut select = Select::new(vec![Item::named(id.clone(), "id")], from);
            select.filter.push(id.clone().not_null_test());
            select.group_by.push(id);
            select
        };
        let catalogue = ids(Expr::of(&plan.sources[position].ident, key.as_str()), self.pipeline.tables[position].clone());
        let used = ids(self.of(product), self.rows_left());
        let (catalogue, used) = (self.pipeline.add("catalogue", catalogue), self.pipeline.add("used_products", used));
        let id = |cte: &str| Expr::of(cte, "id");
        let numbers = [(Measure::KeyCount, Expr::CountRows), (Measure::UsedKeys, Expr::call(Function::Count, [id(&used)]))];
        let mut row = self.row(Section::Catalogue, From::cte(catalogue.as_str())).numbers(numbers);
        let on = vec![id(&catalogue).binary(BinaryOp::Equal, id(&used))];
        row.select.joins.push(JoinClause { kind: JoinKind::Left, to: From::cte(used.as_str()), on });
        self.rows.push(row);
    }

    fn joins(&mut self) {
        if let Some((numbers, select)) = joined::statistics(self.pipeline) {
            let mut row = self.row(Section::Joins, select.from).numbers(numbers);
            row.select.joins = select.joins;
            self.rows.push(row);
        }
    }
}

/// A boolean that is learned: recognised by its name, since most booleans are attributes.
fn is_label(column: &PlannedColumn) -> bool {
    const WORDS: [&str; 9] = ["label", "target", "clicked", "click", "bought", "purchased", "converted", "conversion", "liked"];
    let name = crate::domain::name::fold(column.name.as_str());
    let named = name.split(|c: char| !c.is_alphanumeric()).any(|part| WORDS.contains(&part));
    named && column.mode != Mode::Repeated && matches!(column.column_type, ColumnType::Bool | ColumnType::Int64)
}

fn rows_of(label: &str) -> String {
    format!("{label}_rows")
}

/// An instant as microseconds since 1970; a time without a zone is read as UTC.
fn micros(value: Expr, t: ColumnType) -> Expr {
    let instant = if t == ColumnType::Timestamp { value } else { Expr::call(Function::Timestamp, [value]) };
    Expr::call(Function::UnixMicros, [instant])
}
