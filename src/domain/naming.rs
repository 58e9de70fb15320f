//! Words of names: in the singular, abbreviations written out, the key mark split off. `custIDs`,
//! `CUST_ID` and `customer_id` are the same two words.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::schema::TableSchema;

/// Known words beside those of the tables at hand: what may stand before a glued `id`, as in
/// `userid`.
const NOUNS: [&str; 40] = [
    "account",
    "address",
    "author",
    "branch",
    "brand",
    "campaign",
    "category",
    "city",
    "client",
    "company",
    "contact",
    "country",
    "coupon",
    "customer",
    "department",
    "device",
    "employee",
    "event",
    "group",
    "household",
    "invoice",
    "item",
    "location",
    "member",
    "order",
    "parent",
    "payment",
    "person",
    "product",
    "project",
    "promotion",
    "region",
    "seller",
    "session",
    "shop",
    "store",
    "supplier",
    "transaction",
    "user",
    "vendor",
];

const ABBREVIATIONS: [(&str, &str); 46] = [
    ("acct", "account"),
    ("addr", "address"),
    ("amt", "amount"),
    ("cat", "category"),
    ("catg", "category"),
    ("cd", "code"),
    ("cntry", "country"),
    ("ctry", "country"),
    ("cust", "customer"),
    ("dept", "department"),
    ("desc", "description"),
    ("dt", "date"),
    ("emp", "employee"),
    ("grp", "group"),
    ("hh", "household"),
    ("hshd", "household"),
    ("identifier", "id"),
    ("loc", "location"),
    ("mfr", "manufacturer"),
    ("mgr", "manager"),
    ("nbr", "number"),
    ("nr", "number"),
    ("num", "number"),
    ("ord", "order"),
    ("org", "organization"),
    ("organisation", "organization"),
    ("pmt", "payment"),
    ("prd", "product"),
    ("prod", "product"),
    ("proj", "project"),
    ("promo", "promotion"),
    ("qty", "quantity"),
    ("ref", "reference"),
    ("rep", "representative"),
    ("subcat", "subcategory"),
    ("supp", "supplier"),
    ("tm", "time"),
    ("trans", "transaction"),
    ("trx", "transaction"),
    ("ts", "timestamp"),
    ("txn", "transaction"),
    ("usr", "user"),
    ("vend", "vendor"),
    ("wh", "warehouse"),
    ("whse", "warehouse"),
    ("guid", "uuid"),
];

/// Plurals that no rule forms, and words that only look like plurals.
const IRREGULAR: [(&str, &str); 34] = [
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("mice", "mouse"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("indices", "index"),
    ("matrices", "matrix"),
    ("vertices", "vertex"),
    ("criteria", "criterion"),
    ("leaves", "leaf"),
    ("knives", "knife"),
    ("shelves", "shelf"),
    ("halves", "half"),
    ("lives", "life"),
    ("wolves", "wolf"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("calories", "calorie"),
    ("rookies", "rookie"),
    ("caches", "cache"),
    ("shoes", "shoe"),
    ("quizzes", "quiz"),
    ("aliases", "alias"),
    ("canvases", "canvas"),
    ("lenses", "lens"),
    ("gases", "gas"),
    ("axes", "axis"),
    ("menus", "menu"),
    ("series", "series"),
    ("species", "species"),
    ("news", "news"),
    ("sales", "sale"),
];

/// Nouns in -us whose plural is in -uses.
const LATIN: [&str; 11] = ["apparatu", "bonu", "bu", "campu", "censu", "corpu", "focu", "radiu", "statu", "surplu", "viru"];

/// The singular of a lower-case English word; other words unchanged.
pub fn singular(word: &str) -> String {
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    let cut = |n: usize, end: &str| format!("{}{end}", &word[..word.len() - n]);
    let ends = |end: &str| word.len() > end.len() && word.ends_with(end);
    if word.len() < 3 || !word.ends_with('s') || word == "gps" || word == "sms" || word == "gas" {
        return word.to_owned();
    }
    if ends("ies") {
        return if word.len() > 4 { cut(3, "y") } else { cut(1, "") };
    }
    // analyses, diagnoses, crises
    if ends("lyses") || ends("gnoses") || ends("theses") || word == "crises" || word == "synopses" {
        return cut(2, "is");
    }
    if ends("sses") || ends("xes") || ends("ches") || ends("shes") || ends("zzes") || (ends("oes") && word.len() > 5) {
        return cut(2, "");
    }
    if ends("ses") && LATIN.contains(&&word[..word.len() - 3]) {
        return cut(2, "");
    }
    if ends("ss") || ends("us") || ends("is") {
        return word.to_owned();
    }
    cut(1, "")
}

/// Longest word that is split into several, in bytes: each position in it is tried.
const MOST_GLUED: usize = 40;

/// The words of the tables at hand, by which glued words are split.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: HashSet<String>,
    /// Parts of names that are split already: the same few occur in most names.
    seen: RefCell<HashMap<String, Vec<String>>>,
}

impl Vocabulary {
    pub fn of<'a>(schemas: impl IntoIterator<Item = &'a TableSchema>) -> Self {
        let mut words: HashSet<String> = NOUNS.iter().map(|word| (*word).to_owned()).collect();
        for schema in schemas {
            for token in tokens(schema.table.table()) {
                words.insert(canonical(&token));
            }
        }
        Self { words, seen: RefCell::default() }
    }

    /// The words of a name: split at case, digits and all that is not a letter; in the singular;
    /// abbreviations written out.
    pub fn words(&self, name: &str) -> Vec<String> {
        let mut words = vec![];
        for token in tokens(name) {
            let seen = self.seen.borrow().get(&token).cloned();
            let apart = seen.unwrap_or_else(|| {
                let mut apart = vec![];
                self.unglue(&token, &mut apart);
                self.seen.borrow_mut().insert(token, apart.clone());
                apart
            });
            words.extend(apart);
        }
        // `order_no`: alone, or in front, it is the word no.
        if words.len() > 1
            && let Some(last) = words.last_mut()
            && last == "no"
        {
            *last = "number".into();
        }
        words
    }

    /// Whether a name ends in a plural, which is no reference to one row.
    pub fn is_plural(name: &str) -> bool {
        tokens(name).last().is_some_and(|last| last.len() > 3 && singular(last) != *last)
    }

    fn unglue(&self, token: &str, words: &mut Vec<String>) {
        let word = canonical(token);
        if !token.is_ascii() || token.len() > MOST_GLUED || self.words.contains(&word) {
            return words.push(word);
        }
        // The short marks end many words: they are cut off only if the rest is a word of the
        // tables.
        const MARKS: [(&str, &str, bool); 7] = [
            ("key", "key", false),
            ("code", "code", false),
            ("number", "number", false),
            ("uuid", "uuid", false),
            ("guid", "uuid", false),
            ("num", "number", true),
            ("id", "id", true),
        ];
        for (end, mark, known) in MARKS {
            let Some(stem) = token.strip_suffix(end).filter(|stem| stem.len() >= if known { 2 } else { 3 }) else { continue };
            if known && !self.knows(stem) {
                continue;
            }
            self.unglue(stem, words);
            return words.push(mark.into());
        }
        match self.seam(token) {
            Some(at) => words.extend([canonical(&token[..at]), canonical(&token[at..])]),
            None => words.push(word),
        }
    }

    fn knows(&self, token: &str) -> bool {
        let known = |text: &str| self.words.contains(&canonical(text));
        // Or two words glued together, as in `customeraddress`.
        known(token) || self.seam(token).is_some()
    }

    /// The position at which two words of the tables meet.
    fn seam(&self, token: &str) -> Option<usize> {
        let known = |text: &str| self.words.contains(&canonical(text));
        (4..token.len().saturating_sub(3)).find(|at| known(&token[..*at]) && known(&token[*at..]))
    }
}

/// One word: singular, abbreviation written out.
fn canonical(token: &str) -> String {
    let written_out = |word: &str| ABBREVIATIONS.iter().find(|(short, _)| *short == word).map(|(_, long)| (*long).to_owned());
    if let Some(long) = written_out(token) {
        return long;
    }
    let one = singular(token);
    written_out(&one).unwrap_or(one)
}

/// The parts of a name in lower case, split at anything but letters and digits, at a change of
/// case, and between letters and digits.
fn tokens(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut tokens = vec![];
    let mut token = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            tokens.push(std::mem::take(&mut token));
            continue;
        }
        if i > 0 && begins(&chars, i) {
            tokens.push(std::mem::take(&mut token));
        }
        token.extend(c.to_lowercase());
    }
    tokens.push(token);
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Whether a word begins here, inside a run of letters and digits.
fn begins(chars: &[char], i: usize) -> bool {
    let (before, c) = (chars[i - 1], chars[i]);
    if before.is_numeric() != c.is_numeric() {
        return true;
    }
    if !c.is_uppercase() {
        return false;
    }
    if before.is_lowercase() {
        return true;
    }
    // HTTPCode: the last capital belongs to the next word; but the s of IDs is a plural.
    let plural = chars.get(i + 1) == Some(&'s') && !chars.get(i + 2).is_some_and(|c| c.is_lowercase());
    before.is_uppercase() && chars.get(i + 1).is_some_and(|c| c.is_lowercase()) && !plural
}

/// Names of the column with the number of each row that pandas, Polars, R and spreadsheets write:
/// without the numbers at the end, in one word.
const ROW_NUMBERS: [&str; 18] = [
    "idx",
    "index",
    "indexlevel",
    "rn",
    "row",
    "rowid",
    "rowidx",
    "rowindex",
    "rowkey",
    "rowname",
    "rownames",
    "rowno",
    "rownr",
    "rownum",
    "rownumber",
    "slno",
    "sno",
    "srno",
];

/// Whether a column's name says that it holds the number of each row. Such numbers are equal in all
/// tables and mean nothing, so the column is no key.
pub fn is_row_number(name: &str, vocabulary: &Vocabulary) -> bool {
    let mut words = tokens(name);
    let all = words.len();
    words.truncate(words.iter().rposition(|word| !word.chars().all(char::is_numeric)).map_or(0, |at| at + 1));
    let is_numbered = words.len() < all;
    // BigQuery's own name of a column without a name: `int64_field_0`.
    words.retain(|word| !word.chars().all(char::is_numeric));
    // A table of rows, or of indices, has a key of that name.
    let is_of_table = words.first().is_some_and(|word| vocabulary.words.contains(&canonical(word)));
    match words.concat().as_str() {
        "level" | "intfield" | "unnamed" => is_numbered,
        word => !is_of_table && ROW_NUMBERS.contains(&word),
    }
}

/// How a column's name marks it as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Not at all.
    None,
    /// `number`, `no`.
    Number,
    /// `code`, `sku`, `upc` …
    Code,
    /// `key`, `sk`, `pk`, `fk`.
    Key,
    /// `id`, `uuid`.
    Id,
}

impl Mark {
    fn of(word: &str) -> Self {
        match word {
            "id" | "uuid" | "oid" => Self::Id,
            "key" | "sk" | "pk" | "fk" => Self::Key,
            "code" | "sku" | "upc" | "ean" | "gtin" | "isbn" | "asin" => Self::Code,
            "number" => Self::Number,
            _ => Self::None,
        }
    }
}

/// What a column's name is the key of, and how it is marked as a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// `billing address` of `billing_address_id`; empty for `id`.
    pub stem: Vec<String>,
    pub mark: Mark,
}

impl KeyName {
    /// Of a name's words.
    pub fn of(words: &[String]) -> Self {
        let own = |stem: &[String], mark| Self { stem: without_numbers(stem).to_vec(), mark };
        // `address_id_2`
        let Some((last, before)) = without_numbers(words).split_last() else { return own(&[], Mark::None) };
        let mark = Mark::of(last);
        // `product_id_fk`
        if mark == Mark::Key && before.last().is_some_and(|word| Mark::of(word) >= Mark::Key) {
            return Self::of(before);
        }
        if mark != Mark::None {
            // `fk_customer_id`; and a product's code alone is its own stem.
            return match before {
                [first, rest @ ..] if matches!(first.as_str(), "fk" | "pk") && !rest.is_empty() => own(rest, mark),
                [] if mark == Mark::Code && last != "code" => own(words, mark),
                before => own(before, mark),
            };
        }
        // `id_customer`
        match words.split_first() {
            Some((first, rest)) if matches!(Mark::of(first), Mark::Id | Mark::Key) && !rest.is_empty() => {
                own(rest, Mark::of(first))
            }
            _ => own(words, Mark::None),
        }
    }
}

/// Without the numbers at the end, unless there is nothing else.
fn without_numbers(words: &[String]) -> &[String] {
    let until = words.iter().rposition(|word| !word.chars().all(char::is_numeric)).map_or(words.len(), |at| at + 1);
    &words[..until]
}

/// Whether a word consists of beginnings of all the others in their order, as `cdemo` of customer
/// demographics or `bu` of business unit.
pub fn abbreviates(short: &str, words: &[String]) -> bool {
    if words.len() > short.len() {
        return false;
    }
    // Whether so many bytes of it consist of the words so far. Trying all ways to split it would
    // take forever for words that begin alike.
    let mut made = vec![false; short.len() + 1];
    made[0] = true;
    for word in words {
        let mut next = vec![false; short.len() + 1];
        for from in (0..short.len()).filter(|from| made[*from]) {
            let common = short.bytes().skip(from).zip(word.bytes()).take_while(|(a, b)| a == b).count();
            for n in (1..=common).filter(|n| short.is_char_boundary(from + n)) {
                next[from + n] = true;
            }
        }
        made = next;
    }
    made[short.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_numbers_are_known_by_their_names() {
        let vocabulary = Vocabulary::default();
        for name in [
            "Unnamed: 0",
            "unnamed_0_1",
            "index",
            "__index_level_0__",
            "level_0",
            "row_number",
            "RowNumber",
            "rownum",
            "row_nr",
            "rowid",
            "_rowid_",
            "row_id",
            "idx",
            "int64_field_0",
            "row_names",
            "S No",
        ] {
            assert!(is_row_number(name, &vocabulary), "{name}");
        }
        for name in [
            "id",
            "item_id",
            "unnamed",
            "level",
            "index_id",
            "stock_index",
            "row_count",
            "order_row",
            "number",
            "line_number",
            "indexed_at",
            "0",
            "",
            "arrow_id",
            "field_0",
        ] {
            assert!(!is_row_number(name, &vocabulary), "{name}");
        }
    }

    #[test]
    fn g64_words_are_singular() {
        for (many, one) in [
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("people", "person"),
            ("analyses", "analysis"),
            ("children", "child"),
            ("statuses", "status"),
            ("status", "status"),
            ("houses", "house"),
            ("warehouses", "warehouse"),
            ("purchases", "purchase"),
            ("batches", "batch"),
            ("movies", "movie"),
            ("companies", "company"),
            ("ties", "tie"),
            ("buses", "bus"),
            ("heroes", "hero"),
            ("indices", "index"),
            ("series", "series"),
            ("address", "address"),
            ("days", "day"),
            ("is", "is"),
        ] {
            assert_eq!(singular(many), one);
            assert_eq!(singular(one), one, "a singular stays");
        }
    }

    #[test]
    fn one_name_in_many_spellings_is_the_same_words() {
        let words = Vocabulary::of([]);
        for name in [
            "customer_id",
            "customerId",
            "CustomerID",
            "CUSTOMER_ID",
            "cust_id",
            "customerid",
            "CUSTOMERID",
            "Customer Id",
            "custIDs",
        ] {
            assert_eq!(words.words(name), ["customer", "id"], "{name}");
        }
        assert_eq!(words.words("HTTPStatusCode2"), ["http", "status", "code", "2"]);
        assert_eq!(words.words("orderkey"), ["order", "key"]);
        assert_eq!(words.words("order_no"), ["order", "number"]);
        assert_eq!(words.words("größe_id"), ["größe", "id"]);
        // Words that only end like a key.
        for plain in ["paid", "valid", "grid", "void", "hybrid", "no", "id"] {
            assert_eq!(words.words(plain), [plain], "{plain}");
        }
        assert_eq!(words.words("___"), Vec::<String>::new());
    }

    /// Each of these words can be split at each of its positions, and each piece again.
    #[test]
    fn long_names_are_split_quickly() {
        let words = Vocabulary::of([]);
        for i in 0..200 {
            let marks = format!("{}{i}", ["id", "key", "num", "code", "uuid", "number"].concat().repeat(13));
            assert!(!words.words(&marks).is_empty());
            assert!(!words.words(&format!("{i}{}id", "ab".repeat(140))).is_empty());
        }
    }

    #[test]
    fn a_key_names_what_it_is_the_key_of() {
        let words = Vocabulary::of([]);
        let of = |name: &str| KeyName::of(&words.words(name));
        let key = |stem: &str, mark| KeyName { stem: stem.split_whitespace().map(str::to_owned).collect(), mark };
        assert_eq!(of("billing_address_id"), key("billing address", Mark::Id));
        assert_eq!(of("fk_customer_id"), key("customer", Mark::Id));
        assert_eq!(of("customer_id_fk"), key("customer", Mark::Id));
        assert_eq!(of("id_customer"), key("customer", Mark::Id));
        assert_eq!(of("sold_date_sk"), key("sold date", Mark::Key));
        assert_eq!(of("sku"), key("sku", Mark::Code));
        assert_eq!(of("Product2Id"), key("product", Mark::Id));
        assert_eq!(of("address_id_2"), key("address", Mark::Id));
        assert_eq!(of("product_sku"), key("product", Mark::Code));
        assert_eq!(of("id"), key("", Mark::Id));
        assert_eq!(of("name"), key("name", Mark::None));
    }

    #[test]
    fn beginnings_of_words_are_their_abbreviation() {
        let noun = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(abbreviates("cdemo", &noun("customer demographic")));
        assert!(abbreviates("hdemo", &noun("household demographic")));
        assert!(!abbreviates("hdemo", &noun("customer demographic")));
        assert!(abbreviates("bu", &noun("business unit")));
        assert!(!abbreviates("cdemox", &noun("customer demographic")));
        assert!(abbreviates("", &[]) && !abbreviates("", &noun("a")) && !abbreviates("a", &[]));
        // There are too many ways to split this to try them all.
        let alike = noun(&["aaaaaaaa"; 40].join(" "));
        assert!(!abbreviates(&format!("{}b", "a".repeat(160)), &alike));
        assert!(abbreviates(&"a".repeat(160), &alike));
    }
}
