//! Single columns that refer to a table's key: by the table's name with qualifying words before it,
//! by a synonym, or by a description.

use std::collections::{BTreeMap, HashMap};

use super::tables::{ANOTHER_ROW, AliasKind, Field, Key, OWNER, Table, TableIndex, can_name, phrase};
use super::{Candidate, joinable};
use crate::domain::naming::{KeyName, Mark, abbreviates};
use crate::domain::schema::ColumnType;

/// A name that fits without a doubt.
const CERTAIN: f64 = 0.95;

/// From this weight on, a part of a name refers to the table that holds the entity itself.
const CENTRAL_PART: f64 = 0.85;

/// Synonyms: tables may name the same entity differently.
const SYNONYMS: [&[&str]; 5] = [
    &["buyer", "client", "consumer", "customer", "member", "patron", "purchaser", "shopper", "subscriber", "user", "visitor"],
    &["article", "asin", "ean", "good", "gtin", "isbn", "item", "merchandise", "product", "sku", "upc"],
    &["merchant", "seller", "supplier", "vendor"],
    &["employee", "staff", "worker"],
    &["order", "purchase"],
];

/// What a person does to a row, if a table of people exists.
const AGENTS: [&str; 24] = [
    "agent",
    "approver",
    "assignee",
    "author",
    "boss",
    "clerk",
    "contact",
    "creator",
    "editor",
    "follower",
    "lead",
    "manager",
    "mentor",
    "moderator",
    "owner",
    "recipient",
    "reporter",
    "representative",
    "reviewer",
    "salesperson",
    "sender",
    "supervisor",
    "uploader",
    "superior",
];

/// Tables of people; first those that act on rows.
const PEOPLE: [&str; 9] = ["user", "employee", "staff", "worker", "person", "member", "account", "contact", "profile"];

pub fn find(tables: &TableIndex) -> Vec<Candidate> {
    let mut found = vec![];
    for (t, table) in tables.all.iter().enumerate() {
        for (f, field) in table.fields.iter().enumerate() {
            // A plural is a count or a list, not a reference.
            if field.keyable && !(field.plural && field.name.mark == Mark::None) {
                Search { tables, at: (t, f), table, field, found: &mut found }.run();
            }
        }
    }
    found
}

/// A column that may refer to a table.
struct Search<'t, 'a, 'f> {
    tables: &'t TableIndex<'a>,
    at: (usize, usize),
    table: &'t Table<'a>,
    field: &'t Field<'a>,
    found: &'f mut Vec<Candidate>,
}

impl Search<'_, '_, '_> {
    fn run(&mut self) {
        self.by_description();
        if self.is_own_key() {
            return;
        }
        let before = self.found.len();
        self.by_name();
        self.by_own_noun();
        self.by_another_row();
        if self.found[before..].iter().all(|candidate| candidate.score < super::MEDIUM) {
            self.by_abbreviation();
            self.by_synonym();
            self.by_agent();
        }
    }

    /// `id`, or `customer_id` of customers: not a reference.
    fn is_own_key(&self) -> bool {
        let stem = &self.field.name.stem;
        let owns = || self.tables.named(stem).iter().any(|alias| alias.table == self.at.0 && alias.weight >= OWNER);
        let called_so = *stem == self.table.noun && self.table.key_of(self.at.1) >= 0.5;
        stem.is_empty() || called_so || (self.is_sure_key() && owns())
    }

    fn is_sure_key(&self) -> bool {
        self.table.key_of(self.at.1) >= 0.7
    }

    /// The end of the name is a table's name: the whole of it, or what follows qualifying words.
    fn by_name(&mut self) {
        let stem = &self.field.name.stem;
        let mut weaker = 1.0;
        for from in 0..stem.len() {
            let (role, words) = stem.split_at(from);
            let mut own = false;
            let tables = self.tables;
            for alias in tables.named(words) {
                // A reference to the column's own table needs one more word: `parent_category_id`.
                if alias.table == self.at.0 && role.is_empty() {
                    own |= alias.weight >= OWNER;
                    continue;
                }
                // A key refers to a table with the same key, not to one whose name it only shares
                // in part.
                let central = alias.weight >= CENTRAL_PART;
                if alias.kind == AliasKind::Part && ((self.is_sure_key() && !central) || self.field.name.mark == Mark::None) {
                    continue;
                }
                // `display_order` is a position, not an order.
                if self.field.name.mark == Mark::None && !role.is_empty() && words.last().is_some_and(|last| last == "order") {
                    continue;
                }
                let Some(key) = self.key_in(alias.table, words) else { continue };
                let target = &tables.all[alias.table];
                let score = CERTAIN * alias.weight * weaker * self.clarity(target, key, role) * role_weight(tables, role);
                let mut reasons = vec![self.names(target, key)];
                if !role.is_empty() {
                    reasons.push(format!("The prefix ({}) says which one.", phrase(role)));
                }
                self.add(alias.table, key, score, reasons);
            }
            if own {
                return;
            }
            if tables.has_owner(words) {
                weaker *= 0.6;
            }
        }
    }

    /// `artist.type` of artist_type, `orders.status_id` of order_statuses.
    fn by_own_noun(&mut self) {
        let words = [self.table.noun.as_slice(), &self.field.name.stem].concat();
        let tables = self.tables;
        let own = self.at.0;
        for alias in tables.named(&words).iter().filter(|alias| alias.weight >= OWNER && alias.table != own) {
            let Some(key) = self.key_in(alias.table, &words) else { continue };
            let target = &tables.all[alias.table];
            let score = 0.85 * self.clarity(target, key, &[]);
            let (name, what) = (target.schema.table.table(), phrase(&self.field.name.stem));
            self.add(alias.table, key, score, vec![format!("{name} has the {what} of this table.")]);
        }
    }

    /// `parent_id`, `reports_to`, a manager among employees.
    fn by_another_row(&mut self) {
        let stem = &self.field.name.stem;
        let reports = matches!(stem.as_slice(), [verb, .., to] if matches!(verb.as_str(), "report" | "reply") && to == "to");
        let another_row = matches!(stem.as_slice(), [only] if ANOTHER_ROW.contains(&only.as_str())) || reports;
        // A manager is a row of the same table if that holds people.
        let of_people = self.table.noun.last().is_some_and(|noun| PEOPLE.contains(&noun.as_str()));
        let person = stem.last().is_some_and(|last| AGENTS.contains(&last.as_str()));
        if !another_row || (person && !of_people) || self.tables.has_owner(stem) {
            return;
        }
        let Some(key) = self.table.sure_key().filter(|key| key.field != self.at.1) else { return };
        let is_named =
            self.field.name.mark != Mark::None || reports || (another_row && self.field.column.column_type == ColumnType::Int64);
        if is_named && self.fits(self.table, key) {
            let reason = format!("{} refers to another row of the same table.", phrase(stem));
            self.add(self.at.0, key, if self.field.name.mark == Mark::None { 0.72 } else { 0.8 }, vec![reason]);
        }
    }

    /// `cdemo` of customer_demographics.
    fn by_abbreviation(&mut self) {
        let Some(short) = self.field.name.stem.last().filter(|_| self.field.name.mark != Mark::None) else { return };
        let tables = self.tables;
        for (t, target) in tables.all.iter().enumerate() {
            let begins = target.noun.first().is_some_and(|word| word.as_bytes().first() == short.as_bytes().first());
            if !begins || t == self.at.0 || !abbreviates(short, &target.noun) {
                continue;
            }
            let weight = match (target.noun.len(), short.len()) {
                (2.., 4..) => 0.85,
                (2.., 2..) => 0.5,
                (1, 4..) => 0.5,
                _ => continue,
            };
            let Some(key) = self.key_in(t, &target.noun) else { continue };
            let score = CERTAIN * weight * self.clarity(target, key, &[]);
            let reason =
                format!("{short} is short for {}, whose key is {}.", phrase(&target.noun), target.fields[key.field].column.name);
            self.add(t, key, score, vec![reason]);
        }
    }

    fn by_synonym(&mut self) {
        let Some(word) = self.field.name.stem.last() else { return };
        let Some(group) = SYNONYMS.iter().find(|group| group.contains(&word.as_str())) else { return };
        let targets: Vec<usize> = self.targets(|noun| noun.len() == 1 && noun[0] != *word && group.contains(&noun[0].as_str()));
        let sure = if targets.len() == 1 { 0.72 } else { 0.4 };
        self.point_at(&targets, sure, |target| format!("{word} is another word for {}.", phrase(&target.noun)));
    }

    /// `owner_id`, `created_by`: a person, if there is exactly one table of people.
    fn by_agent(&mut self) {
        let stem = &self.field.name.stem;
        let by = stem.len() >= 2 && stem.last().is_some_and(|last| last == "by") && stem[stem.len() - 2].ends_with("ed");
        let agent = stem.last().is_some_and(|last| AGENTS.contains(&last.as_str()));
        let is_named = by || (agent && self.field.name.mark != Mark::None);
        if !is_named {
            return;
        }
        let rank = |t: &usize| PEOPLE.iter().position(|word| *word == self.tables.all[*t].noun[0]);
        let mut targets = self.targets(|noun| noun.len() == 1 && PEOPLE.contains(&noun[0].as_str()));
        targets.sort_by_key(rank);
        targets.truncate(1);
        self.point_at(&targets, 0.72, |target| {
            format!("{} names a person, and {} holds people.", phrase(stem), target.schema.table.table())
        });
    }

    fn targets(&self, fits: impl Fn(&[String]) -> bool) -> Vec<usize> {
        (0..self.tables.all.len()).filter(|t| *t != self.at.0 && fits(&self.tables.all[*t].noun)).collect()
    }

    fn point_at(&mut self, targets: &[usize], weight: f64, reason: impl Fn(&Table) -> String) {
        let tables = self.tables;
        for &t in targets {
            let target = &tables.all[t];
            let Some(key) = self.key_in(t, &target.noun) else { continue };
            let score = CERTAIN * weight * self.clarity(target, key, &[]);
            self.add(t, key, score, vec![reason(target)]);
        }
    }

    /// "references customers.id" in the column's description.
    fn by_description(&mut self) {
        let Some(text) = self.field.column.description.as_deref() else { return };
        let tables = self.tables;
        for (t, column) in referred(text, &tables.by_name) {
            let target = &tables.all[t];
            let by_column = target.fields.iter().position(|field| column.as_deref() == Some(field.column.name.as_str()));
            let key = match by_column {
                Some(field) => Some(Key { field, certainty: 1.0 }),
                None => self.key_in(t, &target.noun),
            };
            let Some(key) = key.filter(|key| (t, key.field) != self.at && self.fits(target, *key)) else { continue };
            self.add(t, key, CERTAIN, vec![format!("Its description mentions {}.", target.schema.table.table())]);
        }
    }

    /// The key of a table that this column can be compared with; the likeliest if there are
    /// several.
    fn key_in(&self, table: usize, words: &[String]) -> Option<Key> {
        let target = &self.tables.all[table];
        let named = |key: &&Key| {
            let KeyName { stem, mark } = &target.fields[key.field].name;
            // A table whose key has another name owns that key only by its position, so the key
            // must be certain.
            let first = key.field == target.keys[0].field && (key.certainty >= 0.7 || *mark == Mark::None);
            stem.is_empty() || words.ends_with(stem) || first
        };
        let fit = target.keys.iter().filter(named).filter(|key| (table, key.field) != self.at && self.fits(target, **key));
        let rank = |key: &Key| key.certainty * self.marks(target, *key);
        fit.copied().reduce(|best, key| if rank(&key) > rank(&best) { key } else { best })
    }

    fn fits(&self, target: &Table, key: Key) -> bool {
        joinable(self.field.column.column_type, target.fields[key.field].column.column_type)
    }

    /// How clearly the two are keys of one kind, up to 1.
    fn marks(&self, target: &Table, key: Key) -> f64 {
        let (mine, theirs) = (self.field.name.mark, target.fields[key.field].name.mark);
        match (mine, theirs) {
            (a, b) if a == b => 1.0,
            (Mark::Id, Mark::Key) | (Mark::Key, Mark::Id) => 0.98,
            (Mark::None, _) => 1.0,
            (_, Mark::None) => 0.95,
            _ => 0.9,
        }
    }

    /// The score lost if the column does not show that it is a key, or of what kind.
    fn clarity(&self, target: &Table, key: Key, role: &[String]) -> f64 {
        let other = &target.fields[key.field];
        let same_name = self.field.name.stem == other.name.stem && self.field.name.mark == other.name.mark;
        let name_clarity = match (self.field.name.mark, self.field.column.column_type) {
            (Mark::None, _) if same_name => 0.9,
            (Mark::None, _) if other.name.mark == Mark::None => 0.85,
            (Mark::None, ColumnType::Int64) if can_name(self.field) => 0.85,
            (Mark::None, ColumnType::String) if can_name(self.field) => {
                if role.is_empty() {
                    0.72
                } else {
                    0.5
                }
            }
            (Mark::None, _) => 0.4,
            _ => 1.0,
        };
        let types = if self.field.column.column_type == other.column.column_type { 1.0 } else { 0.95 };
        name_clarity * types * self.marks(target, key) * (0.6 + 0.4 * key.certainty)
    }

    fn names(&self, target: &Table, key: Key) -> String {
        let (mine, theirs) = (&self.field.column.name, &target.fields[key.field].column.name);
        let table = target.schema.table.table();
        if self.field.name.stem == target.fields[key.field].name.stem && !self.field.name.stem.is_empty() {
            format!("{mine} and {theirs}, the key of {table}, have the same name.")
        } else {
            format!("{mine} contains the name of {table}, whose key is {theirs}.")
        }
    }

    fn add(&mut self, table: usize, key: Key, score: f64, reasons: Vec<String>) {
        if (table, key.field) != self.at && score >= super::PLAUSIBLE {
            self.found.push(self.tables.candidate((self.at.0, &[self.at.1]), (table, &[key.field]), score, reasons));
        }
    }
}

/// The weight of words before a table's name: 1 without any, less if they name a table themselves
/// (`product_group` is not a group of users).
fn role_weight(tables: &TableIndex, role: &[String]) -> f64 {
    match role {
        [] => 1.0,
        role if tables.has_owner(role) => 0.78,
        _ => 0.9,
    }
}

/// Maximum number of characters of a description that are read: as long as BigQuery's are.
const MAX_DESCRIPTION: usize = 1024;

/// The tables that a text names as referenced, in their order, each with its column if the text
/// names one.
fn referred(text: &str, tables: &HashMap<String, Vec<usize>>) -> BTreeMap<usize, Option<String>> {
    const VERBS: [&str; 9] = ["reference", "refer", "foreign key", "fk", "->", "→", "join", "link", "points to"];
    let lower = text.chars().take(MAX_DESCRIPTION).collect::<String>().to_lowercase();
    let mut found = BTreeMap::new();
    let Some(after) = VERBS.iter().filter_map(|verb| lower.find(verb).map(|at| at + verb.len())).min() else { return found };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    for name in lower[after..].split(|c| !is_name(c)).filter(|name| !name.is_empty()) {
        let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
        for (at, part) in parts.iter().enumerate() {
            for t in tables.get(*part).into_iter().flatten() {
                // The first mention counts.
                found.entry(*t).or_insert_with(|| parts.get(at + 1).map(|column| (*column).to_owned()));
            }
        }
    }
    found
}
