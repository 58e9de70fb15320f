//! Which requests the server accepts: none by pages of other sites, under any host name. And the
//! headers that restrict what our own pages may do in a browser.
//!
//! The server has no log-in: whoever can reach it may use it. On a loopback address that is the
//! person at the machine, and the two ways in from outside are a page that sends requests and a
//! name that is made to resolve to this machine. A request is checked in this order:
//!
//! 1. `Host` is a name of the server, sent once, and the same as in the request line or as HTTP/2's
//!    own.
//! 2. Its path has one reading (`path`).
//! 3. Its caller may use its route (`access`, which lists each route's cost). This is checked after
//!    the router matched it:
//!    - `Origin` names another site, or none (`null`): a script or a form of another site, which
//!      may do nothing, not even read: it could not see the response, but some responses cost a
//!      scan of a table.
//!    - `Sec-Fetch-Site` names another site: only a link that a person follows, to a page.
//!    - Neither is present. Browsers send `Sec-Fetch-Site` over HTTPS and to loopback names. Under
//!      those names it is then a program, which may do what its person may. Under other names over
//!      plain HTTP it may be an image or a form of any page, so everything but pages, files and
//!      health requires an `Origin` of our own, or a header that a page of another site cannot send
//!      without a preflight, which is never granted: [`CLIENT`].
//!
//! `Referer` proves nothing, since a page can leave it out. A browser that sends no
//! `Sec-Fetch-Site` to loopback names either (all before 2023) cannot be distinguished from a
//! program.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::access::{Caller, Class, Denied, check, class_of};
use super::path::is_canonical;
use crate::api::error_response;

/// The header by which a program proves that it is not a page of another site; any value does.
pub const CLIENT: &str = "x-trainset-client";

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Responses other than pages need no permission.
const NO_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Browser features that no page of ours uses. The clipboard is not among them.
const NO_FEATURES: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=()";

/// Seconds after which a query may get a permit.
const RETRY_AFTER: &str = "5";

/// The names of the server.
pub struct AllowedHosts {
    /// Bound to more than loopback: any address of the machine is accepted, but not any name.
    open: bool,
    bound: IpAddr,
    hosts: Vec<String>,
}

/// Why a request is refused. The response never depends on what is behind the route: this is
/// decided before any route runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    UnknownHost,
    Denied(Denied),
    Path,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::UnknownHost => error_response(403, "unknown_host", "Unknown host name. Add it with --host to allow it."),
            Self::Denied(Denied::Foreign) => error_response(403, "foreign_origin", "Requests from other sites are not allowed."),
            Self::Denied(Denied::Unproven) => error_response(
                403,
                "header_required",
                "Over plain HTTP under this host name, browsers do not send the site that a request comes from. Send the header x-trainset-client with any value.",
            ),
            Self::Path => error_response(
                400,
                "bad_request",
                "Use a path with single slashes, without . and .. segments, and with only the necessary percent-encoding, never of a slash.",
            ),
        }
    }
}

impl AllowedHosts {
    pub fn new(addr: SocketAddr, hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect();
        Self { open: !addr.ip().is_loopback(), bound: addr.ip(), hosts }
    }

    fn knows(&self, host: &Authority) -> bool {
        let is_address_here = |address: IpAddr| self.open || address.is_loopback() || address == self.bound;
        host.is_localhost()
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host.name))
            || host.address().is_some_and(is_address_here)
    }

    /// The sender of a request that may go on to the router.
    fn caller_of(&self, request: &Request) -> Result<Caller, Refusal> {
        let host = named(request.uri(), request.headers()).and_then(Authority::parse);
        let host = host.filter(|host| self.knows(host)).ok_or(Refusal::UnknownHost)?;
        let caller = caller(&host, request.method(), request.headers());
        match (is_canonical(request.uri().path()), caller) {
            (true, caller) => Ok(caller),
            (false, Caller::Link | Caller::Foreign) => Err(Refusal::Denied(Denied::Foreign)),
            (false, Caller::Own | Caller::Unproven) => Err(Refusal::Path),
        }
    }
}

/// The host that a request names. If two parts name one they have to agree, or it is none: one
/// would be meant for us, the other for the proxy before us.
fn named<'a>(target: &'a uri::Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let in_target = target.authority().map(uri::Authority::as_str);
    match (in_target, only(headers, &header::HOST)) {
        (Some(target), Some(host)) => target.eq_ignore_ascii_case(host).then_some(host),
        (target, host) => target.or(host),
    }
}

/// A header's value. No browser sends it twice, and nothing equals a repeated one.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    Some(if values.next().is_some() { "" } else { first.to_str().unwrap_or_default() })
}

/// A host and its port, as `Host` and `Origin` have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Authority<'a> {
    /// An IPv6 address has its brackets.
    name: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let name_length = match text.starts_with('[') {
            true => text.find(']')? + 1,
            false => text.find(':').unwrap_or(text.len()),
        };
        let (name, rest) = text.split_at(name_length);
        let port = match rest.strip_prefix(':') {
            // RFC 3986: the colon may stand alone.
            None | Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
        };
        (!name.is_empty() && (rest.is_empty() || rest.starts_with(':'))).then_some(Self { name, port })
    }

    fn is_localhost(&self) -> bool {
        self.name.eq_ignore_ascii_case("localhost")
    }

    fn address(&self) -> Option<IpAddr> {
        match self.name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => self.name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// Browsers send `Sec-Fetch-Site` to it over plain HTTP too, and it reaches no other machine.
    /// They need not agree about IPv4-mapped IPv6 addresses.
    fn is_loopback(&self) -> bool {
        self.is_localhost() || self.address().is_some_and(|address| address.is_loopback())
    }

    /// Whether an `Origin` is of this host. Only a proxy before the server knows whether it was
    /// reached by HTTPS.
    fn is_of(&self, origin: &str) -> bool {
        let (default_port, authority) = match origin.split_once("://") {
            Some(("http", authority)) => (80, authority),
            Some(("https", authority)) => (443, authority),
            Some(_) | None => return false,
        };
        Authority::parse(authority).is_some_and(|from| {
            from.name.eq_ignore_ascii_case(self.name) && from.port.unwrap_or(default_port) == self.port.unwrap_or(default_port)
        })
    }
}

/// The sender of a request to this host.
fn caller(host: &Authority, method: &Method, headers: &HeaderMap) -> Caller {
    let origin = only(headers, &header::ORIGIN).map(|origin| host.is_of(origin));
    match (origin, only(headers, &SITE)) {
        // No browser sends it with a link, only for scripts and forms.
        (Some(false), _) => Caller::Foreign,
        (_, Some("same-origin" | "none")) => Caller::Own,
        (_, Some(_)) if is_followed(method, headers) => Caller::Link,
        (_, Some(_)) => Caller::Foreign,
        (Some(true), None) => Caller::Own,
        (None, None) if host.is_loopback() || headers.contains_key(CLIENT) => Caller::Own,
        (None, None) => Caller::Unproven,
    }
}

/// Whether a person navigates here, rather than a frame, image or script of a page.
fn is_followed(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && only(headers, &MODE).is_none_or(|mode| mode == "navigate")
        && only(headers, &DEST).is_none_or(|destination| destination == "document")
}

/// The outermost layer: refuses what no route may answer, and sets the headers of every response.
pub async fn guard(State(allowed): State<Arc<AllowedHosts>>, mut request: Request, next: Next) -> Response {
    let mut response = match allowed.caller_of(&request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static(NO_FEATURES));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if response.status() == StatusCode::FORBIDDEN {
        // The router adds a route's methods even to what was refused before the route.
        response.headers_mut().remove(header::ALLOW);
    }
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// Inside the router, before any route: refuses a caller that may not use the matched route.
pub async fn admit(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let class: Class = class_of(request.method(), template);
    // A request that bypassed the guard has no known caller.
    let caller = request.extensions().get::<Caller>().copied().unwrap_or(Caller::Foreign);
    match check(caller, class) {
        Ok(()) => next.run(request).await,
        Err(denied) => Refusal::Denied(denied).into_response(),
    }
}

/// The policy of a page: its own files, and inline scripts that have this response's nonce.
pub fn page_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    // `make dev` tells the page over a socket of its own that there is a new build.
    let reload = if std::env::var_os("LEPTOS_WATCH").is_some() { " ws://127.0.0.1:3001 ws://localhost:3001" } else { "" };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'{reload}; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn allowed(addr: &str, hosts: &[&str]) -> AllowedHosts {
        AllowedHosts::new(addr.parse().unwrap(), &hosts.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>())
    }

    fn knows(allowed: &AllowedHosts, host: &str) -> bool {
        Authority::parse(host).is_some_and(|host| allowed.knows(&host))
    }

    /// The result for a request for the route of a template.
    fn outcome(allowed: &AllowedHosts, method: &str, template: &str, pairs: &[(&str, &str)]) -> Result<(), Refusal> {
        let path = template.replace("{id}", "1").replace("{*file}", "x.js").replace("{function}", "models");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let caller = allowed.caller_of(&request)?;
        check(caller, class_of(request.method(), Some(template))).map_err(Refusal::Denied)
    }

    const FOREIGN: Result<(), Refusal> = Err(Refusal::Denied(Denied::Foreign));
    const UNPROVEN: Result<(), Refusal> = Err(Refusal::Denied(Denied::Unproven));
    const TFX: &str = "/api/datasets/{id}/query/tfx";

    #[test]
    fn only_names_of_the_server_are_accepted() {
        let local = allowed("127.0.0.1:3000", &["train.example"]);
        for good in [
            "localhost",
            "LOCALHOST:3000",
            "localhost:",
            "127.0.0.1:3000",
            "127.0.0.2",
            "[::1]:3000",
            "train.example:80",
            "Train.Example",
        ] {
            assert!(knows(&local, good), "{good}");
        }
        for bad in [
            "evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:3000",
            "0.0.0.0:3000",
            "localhost.evil.example:3000",
            "",
            ":3000",
            // Names that some would take for ours.
            "localhost.",
            "localhost.:3000",
            "train.example.",
            "foo.localhost",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "::1",
            "[::1",
            "[[::1]]",
            "[127.0.0.1]",
            "[::1]3000",
            "[::1%25lo]",
            "[::ffff:127.0.0.1]",
            // Ports and user names that hide another name.
            "localhost:3000:80",
            "localhost:x",
            "localhost:+80",
            "localhost:65536",
            "localhost:3000@evil.example",
            "evil.example@localhost",
            "evil.example:80@localhost:3000",
            "localhost, evil.example",
            "localhost evil.example",
            "localhost/",
            "localhost#",
            "localhost\\.evil.example",
        ] {
            assert!(!knows(&local, bad), "{bad}");
        }
        assert!(knows(&allowed("0.0.0.0:3000", &[]), "10.0.0.1:3000"));
        assert!(knows(&allowed("[::]:3000", &[]), "[fd00::1]:3000"));
        assert!(!knows(&allowed("0.0.0.0:3000", &[]), "evil.example"));
    }

    #[test]
    fn a_request_that_names_two_hosts_is_refused() {
        let allowed = allowed("127.0.0.1:3000", &["train.example"]);
        let ask = |target: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(target);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            allowed.caller_of(&request.body(Body::empty()).unwrap())
        };
        // HTTP/1.1, a proxy's form of it, HTTP/2.
        assert_eq!(ask("/", &["localhost:3000"]), Ok(Caller::Own));
        assert_eq!(ask("http://LocalHost:3000/", &["localhost:3000"]), Ok(Caller::Own));
        assert_eq!(ask("http://localhost:3000/", &[]), Ok(Caller::Own));
        for (target, hosts) in [
            ("/", &[][..]),
            ("/", &["localhost", "localhost"]),
            ("/", &["localhost", "evil.example"]),
            ("http://evil.example/", &["localhost"]),
            ("http://localhost/", &["evil.example"]),
            ("http://localhost/", &["train.example"]),
            ("http://localhost:3000/", &["localhost:4000"]),
            ("http://localhost@evil.example/", &[]),
            ("http://evil.example@localhost/", &[]),
        ] {
            assert_eq!(ask(target, hosts), Err(Refusal::UnknownHost), "{target} {hosts:?}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let allowed = allowed("127.0.0.1:3000", &[]);
        let ask = |method: &str, template: &str, pairs: &[(&str, &str)]| {
            outcome(&allowed, method, template, &[&[("host", "localhost:3000")], pairs].concat())
        };
        let foreign: [&[(&str, &str)]; 13] = [
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "chrome-extension://localhost:3000")],
            &[("origin", "http://localhost:3000"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "")],
            // A link may lead to a page and to nothing else.
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            // The proof of a program does not override the browser's headers.
            &[("sec-fetch-site", "cross-site"), (CLIENT, "1")],
            // Another port is another site.
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:4000")],
        ];
        for pairs in foreign {
            // Reading is refused too: some responses cost a scan, and a preview is private.
            for method in ["POST", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"] {
                assert_eq!(ask(method, TFX, pairs), FOREIGN, "{method} {pairs:?}");
            }
            assert_eq!(ask("POST", "/", pairs), FOREIGN, "{pairs:?}");
            for template in ["/_fn/{function}", "/metrics", "/healthz", "/pkg/{*file}", "/api/openapi.json", "/api", "/nope"] {
                assert_eq!(ask("GET", template, pairs), FOREIGN, "{template} {pairs:?}");
            }
        }
        for pairs in
            [&[("origin", "http://localhost:3000")][..], &[("sec-fetch-site", "same-origin")], &[("sec-fetch-site", "none")], &[]]
        {
            assert_eq!(ask("POST", TFX, pairs), Ok(()), "{pairs:?}");
            assert_eq!(ask("GET", TFX, pairs), Ok(()), "{pairs:?}");
        }
        // Links to pages are fine; scripts that fetch them, and sockets, are not.
        let by = |mode, to| [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", to)];
        for page in ["/", "/models/{id}/dataset", "/api/docs"] {
            assert_eq!(ask("GET", page, &[("sec-fetch-site", "cross-site")]), Ok(()), "{page}");
            assert_eq!(ask("GET", page, &by("navigate", "document")), Ok(()), "{page}");
            for (mode, to) in [
                ("no-cors", "image"),
                ("no-cors", "script"),
                ("no-cors", "empty"),
                ("cors", "empty"),
                ("navigate", "iframe"),
                ("navigate", "object"),
                ("websocket", "websocket"),
            ] {
                assert_eq!(ask("GET", page, &by(mode, to)), FOREIGN, "{page} {mode} {to}");
            }
            assert_eq!(ask("POST", page, &by("navigate", "document")), FOREIGN, "{page}");
            let socket = [("upgrade", "websocket"), ("origin", "http://evil.example")];
            assert_eq!(ask("GET", page, &socket), FOREIGN, "{page}");
        }
    }

    #[test]
    fn another_spelling_of_a_path_does_not_admit_a_foreign_page() {
        let allowed = allowed("127.0.0.1:3000", &["train.example"]);
        let ask = |path: &str, pairs: &[(&str, &str)]| {
            let mut request = Request::builder().uri(path);
            for (name, value) in pairs {
                request = request.header(*name, *value);
            }
            allowed.caller_of(&request.body(Body::empty()).unwrap())
        };
        for path in ["//api/datasets/2/query/tfx/", "/%61pi/models", "/models/..%2fapi", "/api//models", "*"] {
            let from = |host, site| ask(path, &[("host", host), ("sec-fetch-site", site)]);
            assert_eq!(from("localhost", "cross-site"), Err(Refusal::Denied(Denied::Foreign)), "{path}");
            assert_eq!(from("localhost", "same-origin"), Err(Refusal::Path), "{path}");
            assert_eq!(ask(path, &[("host", "localhost")]), Err(Refusal::Path), "{path}");
            assert_eq!(ask(path, &[("host", "train.example")]), Err(Refusal::Path), "{path}");
            assert_eq!(ask(path, &[("host", "evil.example")]), Err(Refusal::UnknownHost), "{path}");
        }
    }

    #[test]
    fn an_origin_is_ours_by_name_and_port() {
        let of = |host, origin| Authority::parse(host).unwrap().is_of(origin);
        for (host, origin) in [
            ("localhost:3000", "http://localhost:3000"),
            ("Train.Example", "https://train.example"),
            ("train.example", "http://train.example"),
            ("train.example:80", "http://train.example"),
            ("train.example:443", "https://train.example"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert!(of(host, origin), "{host} {origin}");
        }
        for (host, origin) in [
            ("train.example", "http://train.example:8080"),
            ("train.example:8080", "http://train.example"),
            ("train.example", "http://train.example."),
            ("train.example", "http://train.example.evil.example"),
            ("train.example", "http://evil.example/train.example"),
            ("train.example", "http://evil.example@train.example"),
            ("train.example", "ftp://train.example"),
            ("train.example", "train.example"),
            ("train.example", "http://"),
        ] {
            assert!(!of(host, origin), "{host} {origin}");
        }
    }

    /// If a browser sends no `Sec-Fetch-Site`, an image or a form of any page looks like a program.
    #[test]
    fn names_that_browsers_do_not_trust_require_a_header() {
        let allowed = allowed("0.0.0.0:3000", &["train.example"]);
        let sent = |host: &'static str, method: &str, template: &str, pairs: &[(&str, &str)]| {
            outcome(&allowed, method, template, &[&[("host", host)], pairs].concat())
        };
        let plain: [&[(&str, &str)]; 4] = [
            &[],
            &[("referer", "http://train.example/")],
            &[("sec-fetch-mode", "same-origin")],
            &[("content-type", "application/json"), ("x-http-method-override", "GET")],
        ];
        for host in ["train.example", "train.example:3000", "10.0.0.1:3000", "0.0.0.0:3000", "[fd00::1]", "[::ffff:127.0.0.1]"] {
            for pairs in plain {
                for (method, template) in [("GET", TFX), ("HEAD", TFX), ("POST", TFX), ("POST", "/_fn/{function}"), ("POST", "/")]
                {
                    assert_eq!(sent(host, method, template, pairs), UNPROVEN, "{host} {method} {template} {pairs:?}");
                }
                for template in ["/metrics", "/api/models", "/api/datasets/{id}/export", "/api", "/nope"] {
                    assert_eq!(sent(host, "GET", template, pairs), UNPROVEN, "{host} {template} {pairs:?}");
                }
                for template in ["/", "/models/{id}/dataset", "/api/docs", "/api/docs.css", "/pkg/{*file}", "/healthz", "/readyz"]
                {
                    assert_eq!(sent(host, "GET", template, pairs), Ok(()), "{host} {template} {pairs:?}");
                }
            }
            for header in [CLIENT, "Sec-Fetch-Site"] {
                let pairs = [(header, "same-origin")];
                assert_eq!(sent(host, "GET", TFX, &pairs), Ok(()), "{host} {header}");
                // It does not make a page of another site one of ours.
                let with = |name, value| [pairs[0], (name, value)];
                assert_eq!(sent(host, "POST", TFX, &with("origin", "http://evil.example")), FOREIGN, "{host} {header}");
                assert_eq!(sent(host, "POST", TFX, &with("origin", "null")), FOREIGN, "{host} {header}");
            }
        }
        // What old browsers send for our own pages.
        assert_eq!(sent("train.example", "POST", "/_fn/{function}", &[("origin", "http://train.example")]), Ok(()));
        assert_eq!(sent("10.0.0.1:3000", "POST", TFX, &[("origin", "http://10.0.0.1:8080")]), FOREIGN);
        // All browsers mark requests to loopback names, so programs need no proof.
        for host in ["localhost:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"] {
            assert_eq!(sent(host, "POST", TFX, &[]), Ok(()), "{host}");
        }
    }
}
