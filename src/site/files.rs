//! The site's files: the browser's program, the style sheet, icons. In the binary in a release
//! build, read from the disk in a debug build.
//!
//! Pages link to the program and the style sheet in a folder whose name is a hash of its content,
//! so browsers cache them forever: a later deployment is in another folder. The folder is not on
//! the disk, so any build of the site works. The folder is hashed rather than the files, because
//! the parts of the program refer to each other by their plain names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use headers::HeaderMapExt;
use sha2::{Digest, Sha256};

use crate::api::etag;

/// Relative to the package. Files that are missing when the server is built are not served: the
/// pages then do not hydrate.
#[derive(rust_embed::Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Files;

/// Compressed forms that may exist beside a file, the best first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

/// The folder of the program and the style sheet.
const PACKAGE: &str = "pkg/";
/// Hexadecimal digits of a hash: 64 bits, enough that two builds of one program never share one.
const HASH_LENGTH: usize = 16;

/// How long the hash of the package is cached.
const MOMENT: Duration = Duration::from_secs(2);

/// Browsers revalidate each time, and usually get 304.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// A year means forever, by HTTP's convention.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The folder of a page's files, as the site is now. `make dev` changes files in open pages, which
/// it finds by their plain paths.
pub fn package() -> String {
    let watched = std::env::var_os("LEPTOS_WATCH").is_some();
    match (watched, package_hash()) {
        (false, Some(hash)) => format!("{PACKAGE}{hash}"),
        _ => PACKAGE.trim_end_matches('/').to_owned(),
    }
}

/// Of the current package, or that of a moment ago: a debug build hashes the files on the disk each
/// time, and a page requests several at once.
fn package_hash() -> Option<String> {
    static LAST: Mutex<Option<(Instant, Option<String>)>> = Mutex::new(None);
    // The value is never left partly written.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((at, hash)) if at.elapsed() < MOMENT => hash.clone(),
        _ => {
            let hash = hash_package();
            *last = Some((Instant::now(), hash.clone()));
            hash
        }
    }
}

/// Of the names and the content of all files of the package; `None` if it does not exist.
fn hash_package() -> Option<String> {
    let is_compressed = |path: &str| ENCODINGS.iter().any(|(ending, _)| path.ends_with(&format!(".{ending}")));
    let mut paths: Vec<_> = Files::iter().filter(|path| path.starts_with(PACKAGE) && !is_compressed(path)).collect();
    paths.sort_unstable();
    let mut all = Sha256::new();
    for path in &paths {
        all.update(path.as_bytes());
        all.update(Files::get(path)?.metadata.sha256_hash());
    }
    (!paths.is_empty()).then(|| HEXLOWER.encode(&all.finalize()[..HASH_LENGTH / 2]))
}

/// A path in a hashed folder, as the file's own path and the hash.
fn hashed(path: &str) -> Option<(String, &str)> {
    let (hash, file) = path.strip_prefix(PACKAGE)?.split_once('/')?;
    let is_hash = hash.len() == HASH_LENGTH && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hash && !file.contains('/')).then(|| (format!("{PACKAGE}{file}"), hash))
}

/// The file at a path, or `None`; also for a path with the hash of another build.
pub fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.strip_prefix('/').filter(|path| !path.is_empty())?;
    let (path, keeping) = match hashed(path) {
        None => (path.to_owned(), ASK),
        Some((plain, wanted)) => {
            package_hash().filter(|hash| hash == wanted)?;
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
    let hash = file.metadata.sha256_hash();
    let etag = etag::of_hash(&hash[..HASH_LENGTH / 2]);
    let common = [(header::VARY, HeaderValue::from_static("accept-encoding")), (header::CACHE_CONTROL, keeping)];
    let mut response = match etag::is_known(headers, &etag) {
        true => (StatusCode::NOT_MODIFIED, common).into_response(),
        false => {
            let encoding = encoding.map(|encoding| [(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))]);
            (common, [(header::CONTENT_TYPE, kind)], encoding, shared(path, file.data, hash)).into_response()
        }
    };
    response.headers_mut().typed_insert(etag);
    Some(response)
}

/// The bytes of a file, shared by all responses: one that a client does not read holds no copy.
fn shared(path: String, content: Cow<'static, [u8]>, hash: [u8; 32]) -> Bytes {
    /// By path, with its hash.
    type Read = HashMap<String, ([u8; 32], Bytes)>;
    /// Files read from the disk.
    static READ: LazyLock<Mutex<Read>> = LazyLock::new(Default::default);
    let read = match content {
        Cow::Borrowed(bytes) => return Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes,
    };
    // The value is never left partly written.
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

/// Whether an Accept-Encoding header accepts an encoding: named, and not with a weight of 0.
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
    fn the_hash_is_removed_from_a_path() {
        let plain = |path: &str| hashed(path).map(|(plain, _)| plain);
        assert_eq!(plain("pkg/0123456789abcdef/trainset.js").as_deref(), Some("pkg/trainset.js"));
        assert_eq!(hashed("pkg/0123456789abcdef/wizard.wasm"), Some(("pkg/wizard.wasm".into(), "0123456789abcdef")));
        for other in [
            "pkg/trainset.js",
            "pkg/0123/trainset.js",
            "pkg/0123456789ABCDEF/trainset.js",
            "pkg/0123456789abcdef",
            "pkg/0123456789abcdef/../x",
            "pkg/0123456789abcdef/x/y.js",
            "other/0123456789abcdef/trainset.js",
            "favicon.svg",
        ] {
            assert_eq!(plain(other), None, "{other}");
        }
    }

    #[test]
    fn responses_share_the_bytes_of_a_file() {
        // As in a debug build, where each request reads the file again.
        let read = |hash: u8, content: &str| shared("a/file".into(), Cow::Owned(content.as_bytes().to_vec()), [hash; 32]);
        let (first, second) = (read(1, "the same"), read(1, "the same"));
        assert_eq!(first.as_ptr(), second.as_ptr());
        let changed = read(2, "another");
        assert_eq!((&changed[..], &first[..]), (&b"another"[..], &b"the same"[..]));
    }

    #[test]
    fn files_of_another_build_are_not_found() {
        assert!(answer("/pkg/0000000000000000/trainset.js", &HeaderMap::new()).is_none());
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in
            ["/../Cargo.toml", "/pkg/../../Cargo.toml", "//etc/passwd", "/", "/pkg", "/pkg/0123456789abcdef/../../Cargo.toml"]
        {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
