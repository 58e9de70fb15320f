//! Entity tags of what stays as it is: who has it already is not sent it again.
//!
//! A dataset's tag is its revision, and a change names the one that it started from: that is read
//! in `extract`, since `headers::IfMatch` gives no tags out. It can be held against a stored tag
//! alone, which is known inside the store's transaction, and it refuses the weak form, which is
//! what a proxy that compresses makes of ours.

use axum::http::HeaderMap;
use data_encoding::HEXLOWER;
use headers::{ETag, HeaderMapExt, IfNoneMatch};

/// The tag of a content with this hash.
pub fn of_hash(hash: &[u8]) -> ETag {
    // Hexadecimal digits in quotes are a tag.
    format!("\"{}\"", HEXLOWER.encode(hash)).parse().expect("a hash is a tag")
}

/// Whether a request says that it has what has this tag.
pub fn is_known(headers: &HeaderMap, tag: &ETag) -> bool {
    headers.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(tag))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn a_tag_is_known_by_its_own_name_weak_or_not() {
        let tag = of_hash(&[0, 0xab]);
        let knows = |values: &[&'static str]| {
            let values = values.iter().map(|value| (header::IF_NONE_MATCH, HeaderValue::from_static(value)));
            is_known(&HeaderMap::from_iter(values), &tag)
        };
        for known in
            [&["\"00ab\""][..], &["W/\"00ab\""], &["\"1\", \"00ab\""], &["\"1\",W/\"00ab\""], &["*"], &["\"1\"", "\"00ab\""]]
        {
            assert!(knows(known), "{known:?}");
        }
        for other in [&[][..], &[""], &["\"00AB\""], &["00ab"], &["\"1\", \"2\""], &["\"1, 00ab\""]] {
            assert!(!knows(other), "{other:?}");
        }
    }
}
