//! Entity tags of responses that rarely change: a client that has one already gets 304.
//!
//! A dataset's tag is its revision, and a change names the revision that it started from: `extract`
//! reads that, since `headers::IfMatch` does not expose its tags. It can only compare with a stored
//! tag, which is known inside the store's transaction, and it refuses the weak form, which
//! compressing proxies turn ours into.

use axum::http::HeaderMap;
use data_encoding::HEXLOWER;
use headers::{ETag, HeaderMapExt, IfNoneMatch};

/// The tag for content with this hash.
pub fn of_hash(hash: &[u8]) -> ETag {
    // Hexadecimal digits in quotes are a valid tag.
    format!("\"{}\"", HEXLOWER.encode(hash)).parse().expect("a hash is a tag")
}

/// Whether the client has the content with this tag already.
pub fn is_known(headers: &HeaderMap, tag: &ETag) -> bool {
    headers.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(tag))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn an_etag_matches_its_own_value_weak_or_strong() {
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
