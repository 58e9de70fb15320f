//! The site's files: the browser's half of the program, the style sheet, icons. In the binary in a release build, read from
//! the disk in a debug build.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Relative to the package. What is missing when the server is built is not served: the pages then do not hydrate.
#[derive(rust_embed::Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Files;

/// Compressed forms that may lie beside a file, the best first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

/// The file at a path, or `None`. The names stay the same from build to build, so browsers ask each time and mostly hear
/// that nothing changed.
pub fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.strip_prefix('/').filter(|path| !path.is_empty())?;
    let plain = Files::get(path)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compressed = ENCODINGS
        .into_iter()
        .filter(|(_, name)| accepts(accepted, name))
        .find_map(|(ending, name)| Some((Files::get(&format!("{path}.{ending}"))?, name)));
    let kind = plain.metadata.mimetype().to_owned();
    let (file, encoding) = match compressed {
        Some((file, encoding)) => (file, Some(encoding)),
        None => (plain, None),
    };
    let hash: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let common =
        [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".into()), (header::VARY, "accept-encoding".into())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag) {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let mut response = (common, [(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(encoding));
    }
    Some(response)
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
    fn nothing_outside_the_folder_is_served() {
        for path in ["/../Cargo.toml", "/pkg/../../Cargo.toml", "//etc/passwd", "/", "/pkg"] {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
