//! The site's files: the browser's half of the program, the style sheet, icons. In the binary in a release build, read from
//! the disk in a debug build.
//!
//! A page asks for the program, its script and the style sheet by names that carry a hash of their content, which browsers keep for ever: what is
//! deployed later has other names. The hash is no part of the files' names, so any build of the site serves.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// Relative to the package. What is missing when the server is built is not served: the pages then do not hydrate.
#[derive(rust_embed::Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Files;

/// Compressed forms that may lie beside a file, the best first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

/// What the names of the three files have in common, without their endings.
const STEM: &str = "pkg/trainset";
/// The script and the program that it loads are of one build, so they share one hash.
const CODE: [&str; 2] = ["js", "wasm"];
const STYLE: [&str; 1] = ["css"];
/// Hexadecimal digits of a hash: 64 bits, by which no two builds of one program are ever mistaken for each other.
const HASH_LENGTH: usize = 16;

/// Browsers ask each time, and mostly hear that nothing changed.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// A year is for ever, by HTTP's custom.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What a page calls its files: names below `/pkg/`, without their endings.
pub struct Names {
    /// Of the script and the program.
    pub code: String,
    pub style: String,
}

/// The names of the site as it is now. `make dev` changes files in open pages, which it knows by their plain names.
pub fn names() -> Names {
    let watched = std::env::var_os("LEPTOS_WATCH").is_some();
    let named = |endings: &[&str]| match hash(endings).filter(|_| !watched) {
        Some(hash) => format!("trainset.{hash}"),
        None => "trainset".to_owned(),
    };
    Names { code: named(&CODE), style: named(&STYLE) }
}

/// Of the content of the files with these endings; `None` where one is missing.
fn hash(endings: &[&str]) -> Option<String> {
    let mut all = Sha256::new();
    for ending in endings {
        all.update(Files::get(&format!("{STEM}.{ending}"))?.metadata.sha256_hash());
    }
    Some(hex(&all.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(HASH_LENGTH / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// A path with a hash in it, as the file's own path and the hash.
fn hashed(path: &str) -> Option<(String, &str)> {
    let (hash, ending) = path.strip_prefix(STEM)?.strip_prefix('.')?.split_once('.')?;
    let is_hash = hash.len() == HASH_LENGTH && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hash && CODE.iter().chain(&STYLE).any(|known| *known == ending)).then(|| (format!("{STEM}.{ending}"), hash))
}

/// The file at a path, or `None`; also where the path carries the hash of another build.
pub fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.strip_prefix('/').filter(|path| !path.is_empty())?;
    let (path, keeping) = match hashed(path) {
        None => (path.to_owned(), ASK),
        Some((plain, wanted)) => {
            let endings: &[&str] = if plain.ends_with(".css") { &STYLE } else { &CODE };
            hash(endings).filter(|hash| hash == wanted)?;
            (plain, KEEP)
        }
    };
    let plain = Files::get(&path)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compressed = ENCODINGS.into_iter().filter(|(_, name)| accepts(accepted, name)).find_map(|(ending, name)| {
        let path = format!("{path}.{ending}");
        let file = Files::get(&path)?;
        Some((path, file, name))
    });
    let kind = plain.metadata.mimetype().to_owned();
    let (path, file, encoding) = match compressed {
        Some((path, file, encoding)) => (path, file, Some(encoding)),
        None => (path, plain, None),
    };
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag);
    let common = [(header::ETAG, etag), (header::VARY, "accept-encoding".into())];
    let keeping = [(header::CACHE_CONTROL, keeping)];
    if is_known {
        return Some((StatusCode::NOT_MODIFIED, common, keeping).into_response());
    }
    let mut response =
        (common, keeping, [(header::CONTENT_TYPE, kind)], shared(path, file.data, file.metadata.sha256_hash())).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// The bytes of a file, once for all answers: an answer that nobody reads holds none of its own.
fn shared(path: String, content: Cow<'static, [u8]>, hash: [u8; 32]) -> Bytes {
    /// By path, with its hash.
    type Read = HashMap<String, ([u8; 32], Bytes)>;
    /// What was read from the disk.
    static READ: LazyLock<Mutex<Read>> = LazyLock::new(Default::default);
    let read = match content {
        Cow::Borrowed(bytes) => return Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes,
    };
    // What is inside is never left half written.
    let mut all = READ.lock().unwrap_or_else(PoisonError::into_inner);
    match all.get(&path) {
        Some((known, bytes)) if *known == hash => bytes.clone(),
        _ => {
            let bytes = Bytes::from(read);
            all.insert(path, (hash, bytes.clone()));
            bytes
        }
    }
}

/// Whether an Accept-Encoding header takes an encoding: named, and not with a weight of nothing.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            weight == Some(0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_by_name_and_weight() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("gzip", "br"));
        assert!(!accepts("", "br"));
    }

    #[test]
    fn a_hash_is_taken_out_of_a_name() {
        let plain = |path: &str| hashed(path).map(|(plain, _)| plain);
        assert_eq!(plain("pkg/trainset.0123456789abcdef.js").as_deref(), Some("pkg/trainset.js"));
        assert_eq!(hashed("pkg/trainset.0123456789abcdef.wasm"), Some(("pkg/trainset.wasm".into(), "0123456789abcdef")));
        for other in [
            "pkg/trainset.js",
            "pkg/trainset.wasm.br",
            "pkg/trainset.0123.js",
            "pkg/trainset.0123456789ABCDEF.js",
            "pkg/trainset.0123456789abcdef.js.br",
            "pkg/trainset.0123456789abcdef./../x",
            "pkg/other.0123456789abcdef.js",
            "favicon.svg",
        ] {
            assert_eq!(plain(other), None, "{other}");
        }
    }

    #[test]
    fn answers_share_the_bytes_of_a_file() {
        // As a debug build has it: each request reads the file anew.
        let read = |hash: u8, content: &str| shared("a/file".into(), Cow::Owned(content.as_bytes().to_vec()), [hash; 32]);
        let (first, second) = (read(1, "the same"), read(1, "the same"));
        assert_eq!(first.as_ptr(), second.as_ptr());
        let changed = read(2, "another");
        assert_eq!((&changed[..], &first[..]), (&b"another"[..], &b"the same"[..]));
    }

    #[test]
    fn the_name_of_another_build_is_not_there() {
        assert!(answer("/pkg/trainset.0000000000000000.js", &HeaderMap::new()).is_none());
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in [
            "/../Cargo.toml",
            "/pkg/../../Cargo.toml",
            "//etc/passwd",
            "/",
            "/pkg",
            "/pkg/trainset.0123456789abcdef./../../Cargo.toml",
        ] {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
