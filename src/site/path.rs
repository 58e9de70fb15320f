//! The one spelling of a path that this server accepts.
//!
//! Everyone who reads a path has to read the same: a proxy before the server, the rules about
//! callers, and the router. So paths are not normalised here: one that could be read in two ways is
//! refused, and all others go on as they are. Only one slash at the end is optional.
//!
//! Nothing is decoded here, so no library helps: `percent-encoding` takes `%zz` for three letters,
//! and its result does not show whether a character had to be encoded.

/// Whether a path has one reading: parts between single slashes, none of them `.` or `..`, no
/// backslash, and no unnecessary percent-encoding. So a word of a route has one spelling, while a
/// table's or column's name may be encoded as its characters require. An encoded slash is refused
/// too: no name has one.
pub fn is_canonical(path: &str) -> bool {
    let Some(parts) = path.strip_prefix('/') else { return false };
    parts.is_empty() || parts.strip_suffix('/').unwrap_or(parts).split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    if matches!(part, "" | "." | "..") {
        return false;
    }
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => encoded(bytes.next(), bytes.next()).is_some_and(needs_encoding),
            b'\\' => false,
            _ => !byte.is_ascii_control(),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// The byte of two hexadecimal digits.
fn encoded(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high?)? * 16 + digit(low?)?).ok()
}

/// RFC 3986 calls the others unreserved: encoded or not, they mean the same.
fn needs_encoding(byte: u8) -> bool {
    let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    !is_unreserved && !byte.is_ascii_control() && !matches!(byte, b'/' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_and_encoded_names_are_canonical() {
        for path in [
            "/",
            "/models/1/dataset",
            "/models/1/dataset/",
            "/pkg/trainset.0123456789abcdef.js",
            "/api/models/1/bq-tables/raw_data.order%20lines/columns/caf%C3%A9/samples/",
            "/api/models/1/bq-tables/caf%c3%a9/schema",
            "/api/models/1/bq-tables/a~b/columns/50%25/samples",
            "/api/models/1/bq-tables/größe/schema",
            // These are other words than `api`, not other spellings of it.
            "/API/models",
            "/api;version=1/models",
        ] {
            assert!(is_canonical(path), "{path}");
        }
    }

    #[test]
    fn ambiguous_paths_are_not_canonical() {
        for path in [
            "",
            "*",
            "api/models",
            "//",
            "//api/models",
            "/api//models",
            "/api/models//",
            "/./api/models",
            "/x/../api/models",
            "/api/models/.",
            "/api/models/..",
            "/%61pi/models",
            "/ap%69/models",
            "/api/%2e/models",
            "/x/%2E%2e/api/models",
            "/x/.%2e/api/models",
            "/api%2Fmodels",
            "/api%2fmodels",
            "/api%5Cmodels",
            "/api\\models",
            "/\\api/models",
            "/api/mod%00els",
            "/api/models%0d%0aX:1",
            "/api/models%7F",
            "/api/models/%",
            "/api/models/%4",
            "/api/models/%zz",
            "/api/models/%+1",
            "/api/models/%u0061",
        ] {
            assert!(!is_canonical(path), "{path}");
        }
    }
}
