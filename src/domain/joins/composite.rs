//! Keys of several columns: junction tables, and documents with their lines.

use super::tables::{Field, PLACES, Table, TableIndex, phrase};
use super::{Candidate, joinable};
use crate::domain::naming::{Mark, abbreviates};
use crate::domain::schema::ColumnType;

/// Words for events of something that exists already: such a table refers to the other, not the
/// reverse.
const LATER: [&str; 18] = [
    "adjustment",
    "allocation",
    "cancellation",
    "change",
    "claim",
    "delivery",
    "discount",
    "event",
    "history",
    "log",
    "note",
    "payment",
    "redemption",
    "refund",
    "return",
    "review",
    "shipment",
    "status",
];

/// Maximum number of columns of a composite key.
const MOST: usize = 3;

/// A key of several columns, and its score.
struct Composite {
    fields: Vec<usize>,
    certainty: f64,
    /// Recognised by a shared number, which is less certain between tables that share nothing else.
    by_number: bool,
}

pub fn find(tables: &TableIndex) -> Vec<Candidate> {
    let keys: Vec<Vec<Composite>> = tables.all.iter().map(|table| composites(tables, table)).collect();
    let mut found = vec![];
    for (right, composites) in keys.iter().enumerate() {
        for composite in composites {
            for left in (0..tables.all.len()).filter(|left| *left != right) {
                found.extend(candidate(tables, &keys, left, right, composite));
            }
        }
    }
    found
}

fn candidate(
    tables: &TableIndex,
    keys: &[Vec<Composite>],
    left: usize,
    right: usize,
    composite: &Composite,
) -> Option<Candidate> {
    let (l, r) = (&tables.all[left], &tables.all[right]);
    let fields: Vec<usize> = composite.fields.iter().map(|field| same_named(l, &r.fields[*field])).collect::<Option<_>>()?;
    let mut score = composite.certainty;
    let later = |table: &Table| table.noun.iter().any(|word| LATER.contains(&word.as_str()));
    match (later(l), later(r)) {
        (true, false) => score += 0.05,
        (false, true) => score -= 0.3,
        _ => {}
    }
    // Both could refer to the other: the one with fewer further keys is referred to.
    let stems = |table: &Table, fields: &[usize]| {
        let mut stems: Vec<String> = fields.iter().map(|field| phrase(&table.fields[*field].name.stem)).collect();
        stems.sort_unstable();
        stems
    };
    let mutual = keys[left].iter().any(|own| stems(l, &own.fields) == stems(r, &composite.fields));
    if mutual && later(l) == later(r) {
        let marked = |table: &Table| table.fields.iter().filter(|field| field.is_marked()).count();
        score -= if marked(l) > marked(r) { 0.1 } else { 0.35 };
    }
    let shared = l.noun.iter().any(|word| r.noun.contains(word) && !LATER.contains(&word.as_str()));
    if composite.by_number {
        score += if shared { 0.05 } else { -0.2 };
    }
    let names: Vec<String> = composite.fields.iter().map(|field| r.fields[*field].column.name.to_string()).collect();
    let reason =
        format!("{} together are a key of {}, and both tables have these columns.", names.join(" and "), r.schema.table.table());
    Some(tables.candidate((left, &fields), (right, &composite.fields), score, vec![reason]))
}

/// The column of a table that has the same name and a comparable type.
fn same_named(table: &Table, of: &Field) -> Option<usize> {
    let same = |field: &Field| {
        field.keyable
            && field.name.stem == of.name.stem
            && !field.name.stem.is_empty()
            && joinable(field.column.column_type, of.column.column_type)
    };
    let marked = |field: &Field| same(field) && field.name.mark == of.name.mark;
    table.fields.iter().position(marked).or_else(|| table.fields.iter().position(same))
}

/// The possible composite keys of a table.
fn composites(tables: &TableIndex, table: &Table) -> Vec<Composite> {
    if table.sure_key().is_some() {
        return vec![];
    }
    let mut found = vec![];
    let fields = &table.fields;
    // partsupp, playlist_track: the table begins with the keys of others.
    let run: Vec<usize> = table.telling().take_while(|i| fields[*i].is_marked() && !is_place(&fields[*i])).collect();
    if (2..=MOST).contains(&run.len()) {
        // A table named after its keys, or with nothing else in it, is keyed by them; another table
        // may have many rows per key, as laps have per race and driver.
        let stems: Vec<String> = run.iter().flat_map(|i| fields[*i].name.stem.iter().cloned()).collect();
        let glued = matches!(table.noun.as_slice(), [only] if abbreviates(only, &stems));
        let named = glued || run.iter().all(|i| fields[*i].name.stem.iter().any(|word| table.noun.contains(word)));
        let certainty = if named || run.len() == table.telling().count() { 0.8 } else { 0.42 };
        found.push(Composite { fields: run, certainty, by_number: false });
    }
    // A document's number, and the line or the product in it.
    let document = |i: &usize| fields[*i].is_marked() && !fields[*i].name.stem.is_empty() && !is_place(&fields[*i]);
    let its_own = |i: &usize| document(i) && (table.noun.starts_with(&fields[*i].name.stem) || says_number(&fields[*i]));
    if let Some(place) = (0..fields.len()).find(|i| is_place(&fields[*i]))
        && let Some(number) = (0..fields.len()).find(its_own)
    {
        found.push(Composite { fields: vec![number, place], certainty: 0.8, by_number: false });
        return found;
    }
    let owned = |i: usize| (0..fields[i].name.stem.len()).any(|from| tables.has_owner(&fields[i].name.stem[from..]));
    let numbers: Vec<usize> = (0..fields.len()).filter(document).filter(|i| !owned(*i) && says_number(&fields[*i])).collect();
    let products: Vec<usize> = (0..fields.len()).filter(|i| fields[*i].is_marked() && is_product(&fields[*i])).collect();
    if let ([number], [product]) = (numbers.as_slice(), products.as_slice()) {
        let mut key = vec![*product, *number];
        key.sort_unstable();
        found.push(Composite { fields: key, certainty: 0.7, by_number: true });
    }
    found
}

fn is_place(field: &Field) -> bool {
    let plain = matches!(field.name.mark, Mark::None | Mark::Number | Mark::Id);
    let place = field.name.stem.last().is_some_and(|word| PLACES.contains(&word.as_str()));
    plain && place && field.keyable && field.column.column_type == ColumnType::Int64
}

fn says_number(field: &Field) -> bool {
    const DOCUMENTS: [&str; 8] = ["basket", "invoice", "order", "purchase", "receipt", "ticket", "transaction", "shipment"];
    // The number of a week does not identify a document.
    let period = |word: &String| matches!(word.as_str(), "day" | "month" | "period" | "quarter" | "week" | "year");
    let numbered = field.name.mark == Mark::Number && !field.name.stem.iter().any(period);
    numbered || matches!(field.name.stem.as_slice(), [only] if DOCUMENTS.contains(&only.as_str()))
}

fn is_product(field: &Field) -> bool {
    matches!(field.name.stem.as_slice(), [only] if matches!(only.as_str(), "article" | "item" | "part" | "product" | "sku" | "upc"))
}
