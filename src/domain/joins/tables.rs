//! The names of the tables and columns, analyzed once: each table's noun, each column's stem, and
//! which columns are keys.

use std::collections::HashMap;

use super::{Candidate, KeyPair, THRESHOLD, can_be_key, joinable};
use crate::domain::naming::{KeyName, Mark, Vocabulary, abbreviates, is_row_number};
use crate::domain::schema::{Column, ColumnType, Mode, TableSchema};
use crate::domain::statistics::TableStatistics;

/// Words at the ends of a table's name for how it was made, not for what it holds.
const LAYERS: [&str; 24] = [
    "raw",
    "stg",
    "staging",
    "src",
    "dim",
    "dimension",
    "fact",
    "fct",
    "tbl",
    "tb",
    "table",
    "vw",
    "view",
    "v",
    "ods",
    "dw",
    "dwh",
    "lkp",
    "bronze",
    "silver",
    "gold",
    "tmp",
    "temp",
    "dataset",
];

/// Words after a table's noun that mark the table as the one that holds the entity itself.
const CENTRAL: [&str; 18] = [
    "entity",
    "record",
    "basic",
    "base",
    "master",
    "main",
    "core",
    "header",
    "info",
    "information",
    "description",
    "profile",
    "lookup",
    "reference",
    "list",
    "catalog",
    "directory",
    "registry",
];

/// Amounts: numbers that are never keys, unless their names mark them as keys.
const MEASURES: [&str; 34] = [
    "amount", "average", "balance", "cost", "count", "days", "discount", "duration", "fee", "height", "hour", "length", "level",
    "margin", "minute", "month", "percent", "price", "profit", "quantity", "rank", "rate", "rating", "ratio", "revenue", "sale",
    "score", "size", "tax", "total", "value", "weight", "width", "year",
];

/// Words before what is counted: `units_on_order`, `number_of_children`.
const COUNTS: [&str; 9] = ["average", "avg", "count", "max", "maximum", "min", "minimum", "number", "unit"];

/// Words of columns that every table has and that identify nothing.
const COMMON: [&str; 32] = [
    "active",
    "age",
    "city",
    "class",
    "color",
    "comment",
    "country",
    "currency",
    "date",
    "day",
    "description",
    "email",
    "flag",
    "gender",
    "kind",
    "language",
    "latitude",
    "longitude",
    "name",
    "note",
    "phone",
    "region",
    "sequence",
    "source",
    "state",
    "status",
    "text",
    "time",
    "timestamp",
    "title",
    "type",
    "week",
];

/// Words for another row of the same table.
pub const ANOTHER_ROW: [&str; 13] = [
    "ancestor",
    "boss",
    "manager",
    "next",
    "original",
    "parent",
    "predecessor",
    "previous",
    "reply",
    "root",
    "successor",
    "superior",
    "supervisor",
];

/// Words for a position within a document.
pub const PLACES: [&str; 6] = ["line", "ordinal", "ordering", "position", "sequence", "sequential"];

/// A name by which a table can be referred to, and its certainty, 0 to 1.
pub struct Alias {
    pub table: usize,
    pub weight: f64,
    pub kind: AliasKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasKind {
    /// The table's whole name, or its key.
    Own,
    /// Some of the words of its name.
    Part,
    /// A key that no table is named after, and that belongs to this one.
    Homeless,
}

pub struct Field<'a> {
    pub column: &'a Column,
    pub name: KeyName,
    /// Of a type that can be a key, and neither an amount nor the number of the row.
    pub keyable: bool,
    /// The number of the row: the table is read as if it were not there.
    pub row_number: bool,
    /// A plural name.
    pub plural: bool,
}

impl Field<'_> {
    pub fn is_marked(&self) -> bool {
        self.keyable && self.name.mark != Mark::None
    }
}

/// A column that is probably the table's key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub field: usize,
    /// 0 to 1.
    pub certainty: f64,
}

pub struct Table<'a> {
    pub schema: &'a TableSchema,
    pub noun: Vec<String>,
    /// The noun, including what most tables' names begin or end with.
    pub whole: Vec<String>,
    /// The common prefix of all columns, which is removed from their names.
    pub sign: Option<String>,
    pub fields: Vec<Field<'a>>,
    /// The most certain first.
    pub keys: Vec<Key>,
}

impl Table<'_> {
    /// The certain key of one column, if there is one.
    pub fn sure_key(&self) -> Option<Key> {
        self.keys.first().copied().filter(|key| key.certainty >= 0.7)
    }

    pub fn key_of(&self, field: usize) -> f64 {
        self.keys.iter().find(|key| key.field == field).map_or(0.0, |key| key.certainty)
    }

    /// Whether a key is named after its table, or just `id`.
    fn names_itself(&self) -> bool {
        let own = |field: &Field| field.is_marked() && self.noun.ends_with(&field.name.stem);
        !self.is_bridge() && self.fields.iter().any(own)
    }

    /// The positions of the columns that say something, in their order.
    pub fn telling(&self) -> impl Iterator<Item = usize> {
        (0..self.fields.len()).filter(|i| !self.fields[*i].row_number)
    }

    /// Nothing but keys: a junction table.
    fn is_bridge(&self) -> bool {
        let refers = |field: &Field| field.name.stem.last().is_some_and(|word| !ANOTHER_ROW.contains(&word.as_str()));
        let mut fields = self.telling().map(|i| &self.fields[i]);
        self.telling().nth(1).is_some() && fields.all(|field| field.is_marked() && refers(field))
    }
}

pub struct TableIndex<'a> {
    pub all: Vec<Table<'a>>,
    /// By their short names in lower case.
    pub by_name: HashMap<String, Vec<usize>>,
    /// Sequences of words to the tables that they name, the best first.
    pub aliases: HashMap<String, Vec<Alias>>,
}

impl<'a> TableIndex<'a> {
    pub fn read(schemas: &'a [TableSchema], statistics: &TableStatistics) -> Self {
        let vocabulary = Vocabulary::of(schemas);
        let nouns = nouns(schemas, &vocabulary);
        let mut all: Vec<Table> =
            schemas.iter().zip(nouns).map(|(schema, (noun, whole))| read_table(schema, noun, whole, &vocabulary)).collect();
        let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, table) in all.iter().enumerate().filter(|(_, table)| table.names_itself()) {
            exact.entry(phrase(&table.noun)).or_default().push(i);
        }
        for (i, table) in all.iter_mut().enumerate() {
            table.keys = keys(i, table, &exact, statistics);
        }
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (t, table) in all.iter().enumerate() {
            by_name.entry(table.schema.table.table().to_lowercase()).or_default().push(t);
        }
        let aliases = aliases(&all);
        Self { all, by_name, aliases }
    }

    pub fn named(&self, words: &[String]) -> &[Alias] {
        self.aliases.get(&phrase(words)).map_or(&[], Vec::as_slice)
    }

    /// Whether a table with a key has these words as its own name.
    pub fn has_owner(&self, words: &[String]) -> bool {
        self.named(words).iter().any(|alias| alias.weight >= OWNER && self.all[alias.table].sure_key().is_some())
    }

    /// Pairs of tables that share a key which no table owns: the last resort if nothing better
    /// connects them.
    pub fn shared_without_owner(&self) -> Vec<Candidate> {
        let mut places: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (t, table) in self.all.iter().enumerate() {
            for (f, field) in table.fields.iter().enumerate() {
                if field.is_marked() && !field.name.stem.is_empty() && table.key_of(f) < 0.7 && !self.refers(&field.name.stem) {
                    places.entry(phrase(&field.name.stem)).or_default().push((t, f));
                }
            }
        }
        let reason = "Both tables have this key, and it may be unique in neither: the join can multiply rows.";
        let mut found = vec![];
        for sharing in places.values() {
            // One per table is enough to connect them: the first with which the key can be
            // compared. Entries are sorted by table, so it is another table's, or there is none.
            let mut first: Vec<(usize, usize)> = vec![];
            for (table, f) in sharing {
                let of = |t: usize, f: usize| self.all[t].fields[f].column.column_type;
                match first.iter().find(|(other, o)| joinable(of(*other, *o), of(*table, *f))) {
                    None => first.push((*table, *f)),
                    Some((other, _)) if other == table => {}
                    Some((other, o)) => {
                        let candidate = self.candidate((*other, &[*o]), (*table, &[*f]), THRESHOLD, vec![reason.into()]);
                        found.push(Candidate { last_resort: true, ..candidate });
                    }
                }
            }
        }
        found
    }

    /// Whether the end of these words names a table that has a key.
    fn refers(&self, stem: &[String]) -> bool {
        (0..stem.len()).any(|from| self.has_owner(&stem[from..]))
    }

    pub fn candidate(&self, left: (usize, &[usize]), right: (usize, &[usize]), score: f64, reasons: Vec<String>) -> Candidate {
        let (l, r) = (&self.all[left.0], &self.all[right.0]);
        let pair = |(a, b): (&usize, &usize)| KeyPair {
            left: l.fields[*a].column.name.clone(),
            right: r.fields[*b].column.name.clone(),
        };
        Candidate {
            left: l.schema.table.clone(),
            right: r.schema.table.clone(),
            on: left.1.iter().zip(right.1).map(pair).collect(),
            score: (score.clamp(0.0, 1.0) * 100.0).round() / 100.0,
            reasons,
            last_resort: false,
        }
    }
}

/// Maximum number of keys considered per table: every reference is compared with all of them.
const MOST_KEYS: usize = 32;

/// Maximum number of columns that are named because they are FLOAT64.
const MOST_FLOAT_KEYS: usize = 20;

/// Maximum number of tables that one name can mean, as events_2023 and events_2024 are both events.
const MOST_MEANT: usize = 6;

/// From this weight on an alias is a table's own name.
pub const OWNER: f64 = 0.95;

pub fn phrase(words: &[String]) -> String {
    words.join(" ")
}

fn words_of(phrase: &str) -> Vec<String> {
    phrase.split(' ').map(str::to_owned).collect()
}

/// What each table holds: its name without layers; and the same without what most of the tables'
/// names begin or end with.
fn nouns(schemas: &[TableSchema], vocabulary: &Vocabulary) -> Vec<(Vec<String>, Vec<String>)> {
    let whole: Vec<Vec<String>> = schemas.iter().map(|schema| without_layers(vocabulary.words(schema.table.table()))).collect();
    let mut nouns = whole.clone();
    if nouns.len() < 3 {
        return nouns.into_iter().zip(whole).collect();
    }
    let common = |nouns: &[Vec<String>], of: fn(&Vec<String>) -> Option<&String>| -> Option<String> {
        let mut counts: HashMap<&String, usize> = HashMap::new();
        for noun in nouns.iter().filter(|noun| noun.len() > 1) {
            *counts.entry(of(noun)?).or_default() += 1;
        }
        let (word, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        // If a table has exactly this name, the word means the table.
        let meant = nouns.iter().any(|noun| noun.len() == 1 && of(noun) == Some(word));
        (count * 10 >= nouns.len() * 7 && !meant).then(|| word.clone())
    };
    if let Some(first) = common(&nouns, |noun| noun.first()) {
        nouns.iter_mut().filter(|noun| noun.len() > 1 && noun[0] == first).for_each(|noun| drop(noun.remove(0)));
    }
    if let Some(last) = common(&nouns, |noun| noun.last()) {
        nouns.iter_mut().filter(|noun| noun.len() > 1 && noun.last() == Some(&last)).for_each(|noun| drop(noun.pop()));
    }
    nouns.into_iter().zip(whole).collect()
}

fn without_layers(words: Vec<String>) -> Vec<String> {
    let says_nothing = |word: &String| LAYERS.contains(&word.as_str()) || word.chars().all(char::is_numeric);
    let from = words.iter().take_while(|word| says_nothing(word)).count();
    let until = words.len() - words[from..].iter().rev().take_while(|word| says_nothing(word)).count();
    if from < until { words[from..until].to_vec() } else { words }
}

fn read_table<'a>(schema: &'a TableSchema, noun: Vec<String>, whole: Vec<String>, vocabulary: &Vocabulary) -> Table<'a> {
    let mut words: Vec<Vec<String>> = schema.columns.iter().map(|column| vocabulary.words(column.name.as_str())).collect();
    // TPC-H's l_orderkey: a prefix of all columns is the table's sign, unless it is a word of the
    // table's name.
    let row_numbers: Vec<bool> = schema.columns.iter().map(|column| numbers_rows(column, vocabulary)).collect();
    let telling = || words.iter().zip(&row_numbers).filter(|(_, row_number)| !**row_number).map(|(words, _)| words);
    let sign = telling().next().and_then(|first| first.first()).cloned();
    let shared = |sign: &String| telling().all(|words| words.len() > 1 && words.first() == Some(sign));
    let sign = sign.filter(|sign| telling().nth(1).is_some() && !noun.contains(sign) && shared(sign));
    if sign.is_some() {
        let telling = words.iter_mut().zip(&row_numbers).filter(|(_, row_number)| !**row_number);
        telling.for_each(|(words, _)| drop(words.remove(0)));
    }
    let field = |((column, words), row_number): ((&'a Column, &Vec<String>), bool)| {
        let name = KeyName::of(words);
        let keyable = !row_number && keyable(column, &name);
        Field { column, keyable, row_number, plural: Vocabulary::is_plural(column.name.as_str()), name }
    };
    let fields = schema.columns.iter().zip(&words).zip(row_numbers).map(field).collect();
    Table { schema, noun, whole, sign, fields, keys: vec![] }
}

/// Whether a column holds the number of each row. A text is the name of something.
fn numbers_rows(column: &Column, vocabulary: &Vocabulary) -> bool {
    column.column_type.is_numeric() && is_row_number(column.name.as_str(), vocabulary)
}

/// Columns that are marked as keys but hold FLOAT64, which is no key: pandas writes whole numbers
/// so where some are missing. In words, for people.
pub fn float_keys(schemas: &[TableSchema]) -> Vec<String> {
    let vocabulary = Vocabulary::of(schemas);
    let is_float = |column: &&Column| column.mode != Mode::Repeated && column.column_type == ColumnType::Float64;
    let is_key = |column: &&Column| {
        let name = KeyName::of(&vocabulary.words(column.name.as_str()));
        matches!(name.mark, Mark::Id | Mark::Key) && !numbers_rows(column, &vocabulary)
    };
    let found = schemas.iter().flat_map(|schema| {
        schema.columns.iter().filter(is_float).filter(is_key).map(|column| (schema.table.table(), &column.name))
    });
    let sentence = |(table, column)| {
        format!(
            "{table}.{column} is FLOAT64 and cannot be a key. If it holds whole numbers, as pandas writes ids of which some are missing, convert it in a view: CAST({column} AS INT64)."
        )
    };
    found.take(MOST_FLOAT_KEYS).map(sentence).collect()
}

fn keyable(column: &Column, name: &KeyName) -> bool {
    let is = |word: Option<&String>, words: &[&str]| word.is_some_and(|word| words.contains(&word.as_str()));
    let amount = || is(name.stem.last(), &MEASURES) || is(name.stem.first(), &COUNTS);
    column.mode != Mode::Repeated && can_be_key(column.column_type) && (name.mark != Mark::None || !amount())
}

pub fn potential_keys(vocabulary: &Vocabulary, schema: &TableSchema) -> Vec<bool> {
    let noun = without_layers(vocabulary.words(schema.table.table()));
    read_table(schema, noun.clone(), noun, vocabulary).fields.iter().map(Field::is_marked).collect()
}

/// The columns that can be a table's key alone, the most certain first.
fn keys(position: usize, table: &Table, exact: &HashMap<String, Vec<usize>>, statistics: &TableStatistics) -> Vec<Key> {
    let marked = table.fields.iter().filter(|field| field.is_marked()).count();
    // The place of each column among those that say something.
    let places: Vec<usize> = table
        .fields
        .iter()
        .scan(0, |next, field| {
            let place = *next;
            *next += usize::from(!field.row_number);
            Some(place)
        })
        .collect();
    let first_marked = table.fields.iter().position(Field::is_marked).and_then(|i| places.get(i).copied());
    let timed = table.fields.iter().any(is_period);
    let described = table.fields.iter().any(|field| !field.is_marked() && field.column.column_type == ColumnType::String);
    let is_key = |field: &Field| field.is_marked() && field.name.mark >= Mark::Key;
    let begins_with_keys = table.telling().take_while(|i| is_key(&table.fields[*i])).nth(1).is_some();
    let is_bridge = table.is_bridge();
    let another = |stem: &[String]| exact.get(&phrase(stem)).is_some_and(|tables| tables.iter().any(|t| *t != position));
    let certainty = |i: usize, field: &Field| -> f64 {
        let KeyName { stem, mark } = &field.name;
        let noun = &table.noun;
        let by_name: f64 = match mark {
            Mark::None if *stem == *noun && i == 0 => 0.7,
            Mark::None if i == 0 && noun.starts_with(stem) && !another(stem) => 0.7,
            Mark::None if i == 0 && !is_common(stem) => 0.35,
            Mark::None => 0.0,
            Mark::Number if stem.is_empty() => 0.6,
            Mark::Code if stem.is_empty() => 0.85,
            Mark::Number | Mark::Code if *stem == *noun => 0.9,
            Mark::Number if stem.last().is_some_and(|word| PLACES.contains(&word.as_str())) => 0.0,
            _ if stem.is_empty() || *stem == *noun => 1.0,
            _ if another(stem) => 0.0,
            _ if noun.ends_with(stem) || shortens(stem, noun) => 0.9,
            _ if Some(i) == first_marked && noun.starts_with(stem) => 0.75,
            _ if i == 0 && stem.starts_with(noun) => 0.8,
            // The rows of a day or period repeat for the same entity, and so do those of tables
            // that begin with several keys.
            _ if i == 0 && begins_with_keys => 0.3,
            _ if i == 0 && timed => 0.35,
            _ if i == 0 && marked == 1 => 0.75,
            _ if i == 0 && described => 0.7,
            _ if i == 0 => 0.5,
            _ => 0.0,
        };
        let by_name = if is_bridge && !stem.is_empty() { by_name * 0.35 } else { by_name };
        let required = if field.column.mode == Mode::Required && by_name > 0.0 { 0.05 } else { 0.0 };
        match statistics.of(&table.schema.table, &field.column.name).map(|statistics| (statistics.is_unique(), statistics)) {
            Some((Some(true), _)) if by_name > 0.0 || field.name.mark != Mark::None => by_name.max(0.9),
            Some((Some(false), statistics)) if statistics.distinct * 10 < statistics.filled() * 9 => 0.0,
            _ => (by_name + required).min(1.0),
        }
    };
    let fields = table.fields.iter().enumerate().filter(|(_, field)| field.keyable);
    let mut keys: Vec<Key> = fields.map(|(field, f)| Key { field, certainty: certainty(places[field], f) }).collect();
    keys.retain(|key| key.certainty >= 0.3);
    let rank = |key: &Key| (key.certainty, table.fields[key.field].name.mark);
    keys.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal));
    keys.truncate(MOST_KEYS);
    keys
}

/// Whether a time is when something happened or the row holds, as `date`, `seen_at` and
/// `valid_from` are; not an attribute of the entity itself.
fn is_period(field: &Field) -> bool {
    const STORED_AT: [&str; 17] = [
        "birth",
        "changed",
        "created",
        "creation",
        "deleted",
        "hire",
        "hired",
        "inserted",
        "joined",
        "launched",
        "last",
        "modified",
        "opened",
        "registered",
        "registration",
        "signup",
        "updated",
    ];
    let kept = |word: &String| STORED_AT.contains(&word.as_str());
    field.column.column_type.is_temporal() && !field.name.stem.iter().any(kept)
}

fn is_common(stem: &[String]) -> bool {
    stem.last().is_none_or(|word| COMMON.contains(&word.as_str()) || word.chars().all(char::is_numeric) || word.len() < 3)
}

/// Whether one word is short for a table's noun, or for its last word.
fn shortens(stem: &[String], noun: &[String]) -> bool {
    let ([short], Some(last)) = (stem, noun.last()) else { return false };
    short.len() >= 3 && (last.starts_with(short.as_str()) || (noun.len() > 1 && abbreviates(short, noun)))
}

/// All words by which tables are referred to.
fn aliases(tables: &[Table]) -> HashMap<String, Vec<Alias>> {
    let mut aliases = Aliases::default();
    // Keys named after no table: one of the tables that have such a key owns it.
    let mut homeless: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    // Keys named after a part of their table's noun, and the length of the noun.
    let mut claims: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for (t, table) in tables.iter().enumerate() {
        let Some(key) = table.keys.first() else { continue };
        let stem = &table.fields[key.field].name.stem;
        for noun in [&table.noun, &table.whole] {
            aliases.add(noun, t, 1.0, AliasKind::Own);
            for from in 1..noun.len() {
                aliases.add(&noun[from..], t, 0.72, AliasKind::Part);
            }
            // A key with the whole name is not referred to by half of it.
            for until in 1..if stem == noun { 1 } else { noun.len() } {
                let central = noun[until..].iter().all(|word| CENTRAL.contains(&word.as_str()));
                aliases.add(&noun[..until], t, if central { 0.88 } else { 0.5 }, AliasKind::Part);
            }
        }
        let noun = &table.noun;
        // pub_id of publishers, whose columns all begin with pub.
        if let Some(sign) = table.sign.as_ref().filter(|_| stem.is_empty()) {
            aliases.add(std::slice::from_ref(sign), t, 0.97, AliasKind::Own);
        }
        if stem.is_empty() || stem == noun {
            continue;
        }
        if noun.ends_with(stem) || shortens(stem, noun) {
            claims.entry(phrase(stem)).or_default().push((t, noun.last().map_or(0, String::len)));
        } else {
            let central = table.whole.iter().any(|word| CENTRAL.contains(&word.as_str()));
            let certainty = key.certainty + if central { 0.1 } else { 0.0 };
            homeless.entry(phrase(stem)).or_default().push((t, certainty));
        }
    }
    aliases.doubt_shared_parts();
    for (stem, claims) in &claims {
        // The shortest noun is nearest to it. A key name that several tables share, such as
        // entity_id, is no hint.
        let shortest = claims.iter().map(|(_, length)| *length).min();
        if let [(table, _)] = claims.iter().filter(|(_, length)| Some(*length) == shortest).collect::<Vec<_>>().as_slice() {
            aliases.add(&words_of(stem), *table, 1.0, AliasKind::Own);
        }
    }
    homeless.retain(|stem, _| !claims.contains_key(stem));
    for (stem, mut places) in homeless {
        let named = aliases.0.get(&stem).map_or(&[][..], Vec::as_slice);
        if named.iter().any(|alias| alias.weight >= OWNER && tables[alias.table].sure_key().is_some()) {
            continue;
        }
        // Of equals the widest table: it is the entity itself, others add to it.
        places
            .sort_by(|(a, x), (b, y)| y.total_cmp(x).then(tables[*b].fields.len().cmp(&tables[*a].fields.len())).then(a.cmp(b)));
        let words = words_of(&stem);
        for (rank, (table, certainty)) in places.into_iter().enumerate() {
            let weight = match certainty {
                sure if rank == 0 && sure >= 0.45 => 0.94,
                open if rank == 0 && open > 0.3 => {
                    if tables[table].telling().next().is_some_and(|i| tables[table].fields[i].is_marked()) { 0.7 } else { 0.94 }
                }
                _ => 0.5,
            };
            aliases.add(&words, table, weight, AliasKind::Homeless);
        }
    }
    let mut aliases = aliases.0;
    for named in aliases.values_mut() {
        named.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.table.cmp(&b.table)));
        named.truncate(MOST_MEANT);
    }
    aliases
}

/// Aliases as they are gathered.
#[derive(Default)]
struct Aliases(HashMap<String, Vec<Alias>>);

impl Aliases {
    /// Of two aliases for one table the better one stays.
    fn add(&mut self, words: &[String], table: usize, weight: f64, kind: AliasKind) {
        let named = self.0.entry(phrase(words)).or_default();
        match named.iter_mut().find(|alias| alias.table == table) {
            Some(alias) if alias.weight < weight => (alias.weight, alias.kind) = (weight, kind),
            Some(_) => {}
            None => named.push(Alias { table, weight, kind }),
        }
    }

    /// `type` is a part of area_type and of artist_type: it names neither.
    fn doubt_shared_parts(&mut self) {
        for named in self.0.values_mut() {
            let best = named.iter().filter(|alias| alias.kind == AliasKind::Part).map(|alias| alias.weight).fold(0.0, f64::max);
            if named.iter().filter(|alias| alias.kind == AliasKind::Part && alias.weight == best).count() > 1 {
                named.iter_mut().filter(|alias| alias.kind == AliasKind::Part).for_each(|alias| alias.weight *= 0.6);
            }
        }
    }
}

/// Whether a column is a plain name or number that could refer to a row of another table although
/// its name does not mark it as a key.
pub fn can_name(field: &Field) -> bool {
    let typed = matches!(field.column.column_type, ColumnType::Int64 | ColumnType::String);
    field.keyable && typed && !field.plural && !field.name.stem.is_empty()
}
