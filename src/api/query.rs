//! The query string of a URL, parsed as a type requires.
//!
//! axum splits it; parsing the values is our own. `serde_html_form`, which `axum-extra` has too,
//! knows neither lists between commas nor `1` for true, and for an invalid or repeated number its
//! messages are `invalid digit found in string` and `unsupported value`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use super::answer::ErrorResponse;
use crate::domain::unreadable::explain;

/// The query's parameters. Unknown names are refused; an empty value counts as missing. Of several
/// values of one name the last counts, while lists take all of them, each a list separated by
/// commas.
pub struct Query<T>(pub T);

/// No parameter at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ErrorResponse> {
        match axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(pairs)) => read(pairs).map(Self),
            Err(_) => Err(ErrorResponse::bad_request("bad_parameter", None, "The query string cannot be read.")),
        }
    }
}

fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, ErrorResponse> {
    let mut named: Vec<(String, Values)> = vec![];
    for (name, value) in pairs {
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.0.push(value),
            None => named.push((name, Values(vec![value]))),
        }
    }
    serde_path_to_error::deserialize(MapDeserializer::new(named.into_iter())).map_err(|error| {
        let name = error.path().to_string();
        let reason = error.into_inner().to_string();
        let message = match reason.starts_with("unknown field") {
            true => format!("Unknown parameter {name}."),
            false => format!("{name}: {}", explain(&reason)),
        };
        ErrorResponse::bad_request("bad_parameter", Some(&name), message)
    })
}

/// The values of one name.
struct Values(Vec<String>);

impl Values {
    fn last(self) -> String {
        self.0.into_iter().next_back().unwrap_or_default()
    }

    fn whole<T: std::str::FromStr>(self) -> Result<T, Error> {
        self.last().parse().map_err(|_| Error::custom("not a whole number in range"))
    }
}

impl IntoDeserializer<'_, Error> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Values {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.last())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.iter().all(String::is_empty) {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.last().as_str() {
            "true" | "1" => visitor.visit_bool(true),
            "false" | "0" => visitor.visit_bool(false),
            _ => Err(Error::custom("neither true nor false")),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u32(self.whole()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items: Vec<String> = self
            .0
            .iter()
            .flat_map(|value| value.split(','))
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect();
        visitor.visit_seq(SeqDeserializer::new(items.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.last().into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dataset::Split;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct All {
        limit: Option<u32>,
        split: Option<Split>,
        exact: Option<bool>,
        columns: Option<Vec<String>>,
        search: Option<String>,
    }

    fn of(pairs: &[(&str, &str)]) -> Result<All, ErrorResponse> {
        read(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn parameters_are_read_by_their_types() {
        let read =
            of(&[("limit", "7"), ("split", "eval"), ("exact", "1"), ("columns", "a, b"), ("columns", "c,"), ("search", "7")]);
        let list = ["a", "b", "c"].map(String::from).to_vec();
        let all =
            All { limit: Some(7), split: Some(Split::Eval), exact: Some(true), columns: Some(list), search: Some("7".into()) };
        assert_eq!(read.unwrap(), all);
        // Empty parameters count as missing.
        assert_eq!(of(&[("limit", ""), ("columns", ""), ("search", "")]).unwrap(), All::default());
        assert_eq!(of(&[("limit", "1"), ("limit", "2")]).unwrap().limit, Some(2));
        for pair in
            [("limit", "-1"), ("limit", "1.0"), ("limit", "4294967296"), ("split", "half"), ("exact", "yes"), ("colour", "")]
        {
            assert!(of(&[pair]).is_err(), "{pair:?}");
        }
    }
}
