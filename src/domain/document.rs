//! Datasets as files: YAML or JSON, one form. Reading remembers positions, so that a validation
//! error of a field can give its line and column.
//!
//! Files are untrusted: text, nodes, depth, aliases and documents are bounded before anything is
//! built from them, and only plain YAML is read (no custom tags, no merge keys). The limits are
//! enforced by the reader (`serde-saphyr`); the tree of nodes is ours, since neither it nor
//! `serde_json::Value` keeps positions.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{MergeKeyPolicy, MessageFormatter, NonFiniteFloatPolicy, Spanned, UserMessageFormatter};
use strum::{EnumCount, IntoStaticStr};

use super::field_error::FieldError;
use super::json;

/// Maximum size of a file: the same as that of a request.
pub const MAX_BYTES: usize = 1_000_000;
/// Deeper than a config can be.
const MAX_DEPTH: usize = 32;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, IntoStaticStr, EnumCount)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[strum(const_into_str, serialize_all = "lowercase")]
pub enum Format {
    #[default]
    Yaml,
    Json,
}

impl Format {
    pub const ALL: [Self; Self::COUNT] = [Self::Yaml, Self::Json];

    /// As in `?format=yaml`; also the ending of a file's name.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// As HTTP calls it. <https://www.rfc-editor.org/rfc/rfc9512>
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Yaml => "application/yaml",
            Self::Json => "application/json",
        }
    }

    /// By the file extension; `None` if there is no known one.
    pub fn of_file(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Why a text is not a document: a sentence, with the line and column if they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// A text that was read.
#[derive(Debug)]
pub struct Document {
    pub value: Value,
    /// The positions of all nodes; `None` if only the JSON reader could read the text.
    places: Option<Node>,
}

impl Document {
    /// Reads a text. An empty one is `null`.
    pub fn read(text: &str, format: Format) -> Result<Self, Unreadable> {
        if text.len() > MAX_BYTES {
            return Err(Unreadable(format!("It is larger than {MAX_BYTES} bytes.")));
        }
        let text = json::without_mark(text);
        match format {
            Format::Yaml => {
                let places = read_yaml(text)?;
                Ok(Self { value: places.value(), places: Some(places) })
            }
            Format::Json if text.trim().is_empty() => Ok(Self { value: Value::Null, places: None }),
            Format::Json => {
                let value = json::read(text).map_err(Unreadable)?;
                // JSON is YAML, except for rare escapes and layouts; for those the positions are
                // unknown.
                Ok(Self { value, places: read_yaml(text).ok() })
            }
        }
    }

    /// Adds to each validation error the position of its field, or of the nearest node around it.
    /// Paths are those of a config; in the document it may stand below `config`.
    pub fn placed(&self, errors: Vec<FieldError>) -> Vec<FieldError> {
        let place = |error: FieldError| match self.places.as_ref().and_then(|root| root.place(&error.path)) {
            None => error,
            Some((line, column)) => {
                let message = error.message.trim_end_matches('.');
                FieldError::new(error.path, format!("{message} (line {line}, column {column})."))
            }
        };
        errors.into_iter().map(place).collect()
    }
}

/// Writes a value. Equal values give equal text.
pub fn write(value: &Value, format: Format) -> String {
    // A JSON value has a form in both: its keys are texts, its numbers finite.
    match format {
        Format::Yaml => serde_saphyr::to_string(value).expect("a JSON value has a YAML form"),
        Format::Json => format!("{value:#}\n"),
    }
}

fn read_yaml(text: &str) -> Result<Node, Unreadable> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            // A config of a hundred tables repeats nothing a thousand times.
            max_aliases: 1000,
            max_anchors: 1000,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: MAX_BYTES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
            // One-line JSON, read as YAML: only the length of a key bounds how far it is from its
            // colon.
            simple_key_max_lookahead: 4096,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        // YAML 1.2: `on`, `no` and `0123` are texts.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Option<Node>>(text, options).map(Option::unwrap_or_default).map_err(|error| {
        let reason = UserMessageFormatter.format_message(error.without_snippet()).into_owned();
        let place = error.location().filter(|place| place.line() > 0);
        let place = place.map(|place| format!(" (line {}, column {})", place.line(), place.column())).unwrap_or_default();
        Unreadable(format!("The YAML cannot be read: {reason}{place}."))
    })
}

/// A node of a document, and its position.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Line and column, from 1.
    at: (u64, u64),
    tree: Tree,
}

#[derive(Debug, Clone)]
enum Tree {
    Leaf(Value),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Default for Tree {
    fn default() -> Self {
        Self::Leaf(Value::Null)
    }
}

impl Node {
    fn value(&self) -> Value {
        match &self.tree {
            Tree::Leaf(value) => value.clone(),
            Tree::List(items) => items.iter().map(Self::value).collect(),
            Tree::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.value.clone(), node.value())).collect::<Map<_, _>>())
            }
        }
    }

    /// The position of a field; if it does not exist, of the nearest node around it that does.
    /// `None` if not even its first key exists.
    fn place(&self, path: &str) -> Option<(u64, u64)> {
        let steps = steps(path);
        let below = self.entry("config").map(|(_, node)| node);
        // A field of the dataset beside the config, or one inside the config.
        below.and_then(|config| config.follow(&steps)).or_else(|| self.follow(&steps))
    }

    fn follow(&self, steps: &[PathStep]) -> Option<(u64, u64)> {
        let (mut node, mut found) = (self, None);
        for step in steps {
            let (place, next) = match (step, &node.tree) {
                (PathStep::Key(key), Tree::Map(_)) => match node.entry(key) {
                    Some(entry) => entry,
                    None => break,
                },
                (PathStep::Index(i), Tree::List(items)) => match items.get(*i) {
                    Some(item) => (item.at, item),
                    None => break,
                },
                _ => break,
            };
            (node, found) = (next, Some(place));
        }
        found
    }

    /// An entry of a map: the position of its key, and its value.
    fn entry(&self, key: &str) -> Option<((u64, u64), &Node)> {
        let Tree::Map(entries) = &self.tree else { return None };
        let (key, node) = entries.iter().find(|(name, _)| name.value == key)?;
        Some(((key.referenced.line(), key.referenced.column()), node))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathStep {
    Key(String),
    Index(usize),
}

/// `join_config[1].on[0].right`, step by step.
fn steps(path: &str) -> Vec<PathStep> {
    let mut steps = vec![];
    for part in path.split('.') {
        let (key, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if !key.is_empty() {
            steps.push(PathStep::Key(key.into()));
        }
        while let Some((index, more)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let Ok(index) = index.parse() else { break };
            steps.push(PathStep::Index(index));
            rest = more;
        }
    }
    steps
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self { at: (referenced.line(), referenced.column()), tree: value })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false, null, a list or a mapping")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Tree, E> {
        Err(E::custom("the number is too large; put it in quotes if it is a string"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Tree, E> {
        Err(E::custom("the number is too large; put it in quotes if it is a string"))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Tree, E> {
        let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("the number is not finite"))?;
        Ok(Tree::Leaf(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = vec![];
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map: Vec<(Spanned<String>, Node)> = vec![];
        while let Some((key, node)) = entries.next_entry::<Spanned<String>, Node>()? {
            if map.len() > 10_000 {
                return Err(A::Error::custom("a mapping has too many keys"));
            }
            map.push((key, node));
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests;
