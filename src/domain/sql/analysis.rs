//! The one query of an analysis: counts, days, entities, the funnel, the proof of the split and the
//! joins' statistics, as rows of one form. BigQuery charges for a table once per query, and all
//! metrics are of one state of the tables.
//!
//! Each row has a section, which defines its numbers `n1`, `n2` …: [`Section::measures`] is the one
//! list of them, for the SQL written here and for the code that reads the result. A number that a
//! section does not have is NULL.

use super::OutputColumn;
use super::answer::{as_of_expr, computed};
use super::expr::{Expr, Ident, Literal, count_if, sum, sum_if};
use super::joined;
use super::pipeline::Pipeline;
use super::plan::{Plan, PlannedColumn};
use super::query::{Body, From, Item, JoinClause, Select};
use crate::domain::dataset::*;
use crate::domain::schema::{ColumnType, Mode};

/// What a row of an analysis is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// One row: the reference date as `day`, the type of the timestamp as `item`.
    Dataset,
    /// One row per day and part (`item`); `day` is NULL without a timestamp.
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
    /// One row, four numbers per join, in the order of joining.
    Joins,
}

impl Section {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Days => "days",
            Self::Users => "users",
            Self::Products => "products",
            Self::Pairs => "pairs",
            Self::Events => "events",
            Self::Baskets => "baskets",
            Self::Funnel => "funnel",
            Self::Late => "late",
            Self::Seen => "seen",
            Self::Newer => "newer",
            Self::LabelColumn => "label_column",
            Self::Label => "label",
            Self::Catalogue => "catalogue",
            Self::Joins => "joins",
        }
    }

    /// The names of `n1`, `n2` …, in their order; for `Joins` they repeat for each join.
    pub const fn measures(self) -> &'static [&'static str] {
        match self {
            Self::Dataset | Self::LabelColumn => &[],
            Self::Days => &["rows", "null_users", "null_products", "first_at", "last_at"],
            Self::Users | Self::Products | Self::Pairs | Self::Events | Self::Baskets => &MEMBERS,
            Self::Funnel => &["rows", "users", "products"],
            Self::Late | Self::Seen => &["rows"],
            Self::Newer => &["rows", "newer"],
            Self::Label => &["rows", "positive", "negative", "told_by_revenue"],
            Self::Catalogue => &["items", "used"],
            Self::Joins => &["before", "matched", "after", "largest"],
        }
    }
}

/// For each kind of entity: how many there are, how many with one row alone, how many in each part;
/// those of eval and test that train lacks, and their rows; those in more than one of train, eval
/// and test.
const MEMBERS: [&str; 12] = [
    "rows",
    "all",
    "once",
    "train",
    "eval",
    "test",
    "gap",
    "cold_eval",
    "cold_eval_rows",
    "cold_test",
    "cold_test_rows",
    "shared",
];

/// The rows of an analysis under construction.
struct Report<'q, 'p> {
    pipeline: &'q mut Pipeline<'p>,
    rows: Vec<Select>,
    /// Numbers of the widest section.
    width: usize,
}

pub(super) fn report(pipeline: &mut Pipeline) -> (Body, Vec<OutputColumn>) {
    let joins = pipeline.plan.sources.len() - 1;
    let width = MEMBERS.len().max(joins * Section::Joins.measures().len());
    narrow(pipeline);
    let mut report = Report { pipeline, rows: vec![], width };
    report.dataset();
    report.days();
    report.members();
    report.funnel();
    report.late();
    report.seen();
    report.newer();
    report.label();
    report.catalogue();
    report.joins();
    let Report { rows, .. } = report;
    let numbers: Vec<String> = (1..=width).map(|n| format!("n{n}")).collect();
    let mut columns = vec![("section", ColumnType::String), ("item", ColumnType::String), ("day", ColumnType::Date)];
    columns.extend(numbers.iter().map(|name| (name.as_str(), ColumnType::Int64)));
    (Body::UnionAll(rows), computed(&columns))
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
    /// A row of the result, or many if the caller groups it.
    fn row(&self, section: Section, item: Option<Expr>, day: Option<Expr>, numbers: Vec<Expr>, from: From) -> Select {
        let mut items = vec![
            Item::named(Expr::text(section.word()), "section"),
            Item::named(item.unwrap_or(Expr::null(ColumnType::String)), "item"),
            Item::named(day.unwrap_or(Expr::null(ColumnType::Date)), "day"),
        ];
        let padding = std::iter::repeat_with(|| Expr::null(ColumnType::Int64));
        let numbers = numbers.into_iter().chain(padding).take(self.width);
        items.extend(numbers.enumerate().map(|(i, number)| Item::named(number, format!("n{}", i + 1))));
        Select::new(items, from)
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
        self.rows.push(self.row(Section::Dataset, t, Some(as_of), vec![], From::Nothing));
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
        let numbers = vec![Expr::CountRows, role(Role::UserId), role(Role::ProductId), edge("MIN"), edge("MAX")];
        let mut select = self.row(Section::Days, Some(part), day, numbers, self.rows_left());
        // By position: item and day.
        select.group_by = vec![Expr::int(2), Expr::int(3)];
        self.rows.push(select);
    }

    fn members(&mut self) {
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
                self.members_of(section, keys);
            }
        }
    }

    /// Rows of each entity, counted by part; then entities, counted. NULL is no entity.
    fn members_of(&mut self, section: Section, keys: Vec<Expr>) {
        let splits = self.pipeline.plan.config.split_config.splits();
        let labels: Vec<&str> = match self.pipeline.labelled {
            true => splits.iter().map(|split| split.word()).chain(["gap"]).collect(),
            false => vec![],
        };
        let mut items = vec![Item::named(Expr::CountRows, "row_count")];
        for label in &labels {
            items.push(Item::named(count_if(self.split().binary("=", Expr::text(*label))), rows_of(label).as_str()));
        }
        let mut of_members = Select::new(items, self.rows_left());
        of_members.filter = keys.iter().cloned().map(Expr::not_null_test).collect();
        of_members.group_by = keys;
        let name = self.pipeline.add(format!("rows_of_{}", section.word()), of_members);

        let rows = |label: &str| Expr::column(rows_of(label));
        let some = |label: &str| rows(label).binary(">", Expr::int(0));
        let none = |label: &str| rows(label).binary("=", Expr::int(0));
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
        let numbers = vec![
            sum(Expr::column("row_count")),
            Expr::CountRows,
            count_if(Expr::column("row_count").binary("=", Expr::int(1))),
            count("train"),
            count("eval"),
            count("test"),
            count("gap"),
            cold("eval"),
            cold_rows("eval"),
            cold("test"),
            cold_rows("test"),
            shared,
        ];
        let row = self.row(section, None, None, numbers, From::cte(name));
        self.rows.push(row);
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
            let numbers = vec![Expr::CountRows, distinct(Role::UserId), distinct(Role::ProductId)];
            self.rows.push(self.row(Section::Funnel, Some(Expr::text(*stage)), None, numbers, From::cte(cte.as_str())));
        }
    }

    /// A split by time has none by definition: its days show that.
    fn late(&mut self) {
        let by_time = matches!(self.pipeline.plan.config.split_config, SplitConfig::TimeBased { .. });
        let Some(time) = self.pipeline.timestamp().filter(|_| self.pipeline.labelled && !by_time) else { return };
        let time = self.of(time);
        let is = |split: Split| self.split().binary("=", Expr::text(split.word()));
        let mut first = Select::new(vec![Item::named(Expr::call("MIN", [time.clone()]), "first_at")], self.rows_left());
        first.filter.push(is(Split::Eval));
        let filter = vec![is(Split::Train), time.binary(">", Expr::of("first_eval", "first_at"))];
        let name = self.pipeline.add("first_eval", first);
        let mut late = self.row(Section::Late, None, None, vec![Expr::CountRows], self.rows_left());
        late.joins.push(JoinClause { kind: "CROSS JOIN", to: From::cte(name), on: vec![] });
        late.filter = filter;
        self.rows.push(late);
    }

    /// Entity filters that look at all rows of a split by time leak the eval window into training.
    fn seen(&mut self) {
        let config = self.pipeline.plan.config;
        let by_time = matches!(config.split_config, SplitConfig::TimeBased { .. });
        let sees = by_time && config.filters.has_membership() && config.filters.scope == Some(Scope::All);
        let Some(before) = self.pipeline.unpruned.clone().filter(|_| sees) else { return };
        let held_out = [Split::Eval, Split::Test].map(|split| Expr::text(split.word()));
        let mut seen = self.row(Section::Seen, None, None, vec![Expr::CountRows], From::cte(before.as_str()));
        let label = Expr::of(before.as_str(), "split");
        seen.filter.push(Expr::InList { value: Box::new(label), list: held_out.into(), negated: false });
        self.rows.push(seen);
    }

    /// Times other than the event's own: later ones were not known when it happened.
    fn newer(&mut self) {
        let plan = self.pipeline.plan;
        let Some(time) = plan.role(Role::Timestamp) else { return };
        for column in attributes(plan).into_iter().map(|position| &plan.columns[position]) {
            let later = if column.column_type == time.column_type {
                self.of(column).binary(">", self.of(time))
            } else {
                column.moment(&plan.zone).day().binary(">", time.moment(&plan.zone).day())
            };
            let both = Expr::All(vec![self.of(column).not_null_test(), self.of(time).not_null_test()]);
            let name = Expr::text(plan.reference(column).to_string());
            let numbers = vec![count_if(both), count_if(later)];
            self.rows.push(self.row(Section::Newer, Some(name), None, numbers, self.rows_left()));
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
                ColumnType::Bool => of(label).binary("=", Expr::Literal(Literal::Bool(positive))),
                _ => of(label).binary("=", Expr::int(i64::from(positive))),
            };
            let told = match revenue {
                Some(revenue) => {
                    let earned = || of(revenue).binary("!=", Expr::int(0));
                    let nothing = of(revenue).null_test().or(of(revenue).binary("=", Expr::int(0)));
                    count_if(Expr::Any(vec![Expr::All(vec![is(true), earned()]), Expr::All(vec![is(false), nothing])]))
                }
                None => Expr::null(ColumnType::Int64),
            };
            vec![Expr::CountRows, count_if(is(true)), count_if(is(false)), told]
        };
        let name = Expr::text(plan.reference(label).to_string());
        let before = self.row(Section::Label, Some(Expr::text("source")), None, numbers("source"), From::cte("source"));
        let part = if self.pipeline.labelled { self.split() } else { Expr::text("full") };
        let mut parts = self.row(Section::Label, Some(part), None, numbers(&self.pipeline.current), self.rows_left());
        parts.group_by.push(Expr::int(2));
        let column = self.row(Section::LabelColumn, Some(name), None, vec![], From::Nothing);
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
        let numbers = vec![Expr::CountRows, Expr::call("COUNT", [id(&used)])];
        let mut row = self.row(Section::Catalogue, None, None, numbers, From::cte(catalogue.as_str()));
        let on = vec![id(&catalogue).binary("=", id(&used))];
        row.joins.push(JoinClause { kind: "LEFT JOIN", to: From::cte(used.as_str()), on });
        self.rows.push(row);
    }

    fn joins(&mut self) {
        if let Some((numbers, select)) = joined::facts(self.pipeline) {
            let mut row = self.row(Section::Joins, None, None, numbers, select.from);
            row.joins = select.joins;
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
    let instant = if t == ColumnType::Timestamp { value } else { Expr::call("TIMESTAMP", [value]) };
    Expr::call("UNIX_MICROS", [instant])
}
