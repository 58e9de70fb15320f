//! Who may talk to the server: no page of another site, under whatever name it reached us. And the headers that tell a
//! browser what our own pages may do.
//!
//! The server has no log-in: whoever reaches it may use it. On a loopback address that is the person at the machine, and
//! the two ways in from outside are a page that sends requests (refused by `Sec-Fetch-Site` and `Origin`) and a name that
//! is made to point at this machine (refused by `Host`). A foreign page may not even read the API: it could not see the
//! answer, but some answers cost a scan of a table, and one freezes a version. It may link to our pages.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::api::failure_response;

/// Answers that are no page need nothing.
const NO_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What no page of ours asks a browser for. The clipboard is not among them.
const NO_FEATURES: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=()";

/// Seconds after which a query may find its turn.
const RETRY_AFTER: &str = "5";

/// The names under which the server is known.
pub struct Gate {
    /// Bound to more than loopback: any address of the machine is a right one, any name is not.
    open: bool,
    bound: IpAddr,
    hosts: Vec<String>,
}

impl Gate {
    pub fn new(addr: SocketAddr, hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect();
        Self { open: !addr.ip().is_loopback(), bound: addr.ip(), hosts }
    }

    fn knows(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        if name == "localhost" || self.hosts.contains(&name) {
            return true;
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => self.open || address.is_loopback() || address == self.bound,
            Err(_) => false,
        }
    }

    /// Why a request is refused: a code and a sentence.
    fn refusal(
        &self,
        method: &Method,
        path: &str,
        host: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<(&'static str, &'static str)> {
        let Some(host) = host.filter(|host| self.knows(host)) else {
            return Some(("unknown_host", "This server does not go by that name. Name it with --host if it should."));
        };
        let only_looks = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        // No browser sends it with a link, only with what a script does: a socket, a call across sites. `null` is foreign too.
        let foreign_script = text(header::ORIGIN)
            .is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host)));
        // Without either header it is no browser: a program may do what its person may.
        let foreign_site =
            text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| !matches!(site, "same-origin" | "none"));
        let foreign = foreign_script || (foreign_site && !(only_looks && is_page(path)));
        foreign.then_some(("foreign_origin", "A page of another site may not do anything here."))
    }
}

/// What a person looks at, and other sites may link to.
fn is_page(path: &str) -> bool {
    let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_below("/api/docs") || !["/api", "/_fn", "/metrics", "/healthz", "/readyz"].into_iter().any(is_below)
}

/// `localhost:3000` without the port; an IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

/// Refuses foreign requests, and sets the headers of every answer.
pub async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    // Two of them are a trick: one for us, one for what stands before us.
    let mut hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().ok());
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => request.uri().authority().map(|authority| authority.as_str()),
        (Some(host), None) => host,
        (Some(_), Some(_)) => None,
    };
    let mut response = match gate.refusal(request.method(), request.uri().path(), host, headers) {
        Some((code, message)) => failure_response(403, code, message),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static(NO_FEATURES));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// The policy of a page: its own files, and those inline scripts that carry this answer's nonce.
pub fn page_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    // `make dev` tells the page over a socket of its own that it was built anew.
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
    use super::*;

    fn gate(addr: &str, hosts: &[&str]) -> Gate {
        Gate::new(addr.parse().unwrap(), &hosts.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_our_own_names() {
        let local = gate("127.0.0.1:3000", &["train.example"]);
        for good in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "train.example:80"] {
            assert!(local.knows(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:3000", "localhost.evil.example:3000", ""] {
            assert!(!local.knows(bad), "{bad}");
        }
        assert!(gate("0.0.0.0:3000", &[]).knows("10.0.0.1:3000"));
        assert!(!gate("0.0.0.0:3000", &[]).knows("evil.example"));
    }

    #[test]
    fn pages_of_other_sites_do_nothing() {
        let gate = gate("127.0.0.1:3000", &[]);
        let refused = |method: Method, path: &str, pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), HeaderValue::from_static(v))).collect();
            gate.refusal(&method, path, Some("localhost:3000"), &headers).is_some()
        };
        let api = "/api/datasets/1/query/tfx/";
        let foreign: [&[(&str, &str)]; 7] = [
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
            // Another port is another site.
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:4000")],
        ];
        for pairs in foreign {
            // Reading is refused too: some answers cost a scan, and a preview is nobody else's.
            for method in [Method::POST, Method::GET, Method::HEAD] {
                assert!(refused(method.clone(), api, pairs), "{method} {pairs:?}");
            }
            assert!(refused(Method::POST, "/", pairs), "{pairs:?}");
        }
        for pairs in
            [&[("origin", "http://localhost:3000")][..], &[("sec-fetch-site", "same-origin")], &[("sec-fetch-site", "none")], &[]]
        {
            assert!(!refused(Method::POST, api, pairs), "{pairs:?}");
            assert!(!refused(Method::GET, api, pairs), "{pairs:?}");
        }
        // Links to pages are good; scripts that fetch them, and sockets, are not.
        for page in ["/", "/models/1/dataset/", "/api/docs", "/api/docs/"] {
            assert!(!refused(Method::GET, page, &[("sec-fetch-site", "cross-site")]), "{page}");
            assert!(refused(Method::GET, page, &[("upgrade", "websocket"), ("origin", "http://evil.example")]), "{page}");
        }
        assert!(refused(Method::GET, "/_fn/models", &[("sec-fetch-site", "cross-site")]));
        assert!(refused(Method::GET, "/metrics", &[("sec-fetch-site", "cross-site")]));
    }
}
