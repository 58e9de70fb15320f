//! Who may talk to the server: no page of another site, under whatever name it reached us. And the headers that tell a
//! browser what our own pages may do.
//!
//! The server has no log-in: whoever reaches it may use it. On a loopback address that is the person at the machine, and
//! the two ways in from outside are a page that sends requests (refused by `Sec-Fetch-Site` and `Origin`) and a name that
//! is made to point at this machine (refused by `Host`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::api::failure_response;

/// Answers that are no page need nothing.
const NO_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

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
    fn refusal(&self, method: &Method, host: Option<&str>, headers: &HeaderMap) -> Option<(&'static str, &'static str)> {
        let Some(host) = host.filter(|host| self.knows(host)) else {
            return Some(("unknown_host", "This server does not go by that name. Name it with --host if it should."));
        };
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return None;
        }
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        let foreign = match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
            (Some(site), _) => !matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host)),
            // No browser: a program may do what its person may.
            (None, None) => false,
        };
        foreign.then_some(("foreign_origin", "A page of another site may not change anything here."))
    }
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
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().authority().map(|a| a.as_str()));
    let mut response = match gate.refusal(request.method(), host, headers) {
        Some((code, message)) => failure_response(403, code, message),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
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
    fn pages_of_other_sites_change_nothing() {
        let gate = gate("127.0.0.1:3000", &[]);
        let refused = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), HeaderValue::from_static(v))).collect();
            gate.refusal(&method, Some("localhost:3000"), &headers).is_some()
        };
        assert!(refused(Method::POST, &[("origin", "http://evil.example")]));
        assert!(refused(Method::POST, &[("origin", "null")]));
        assert!(refused(Method::POST, &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")]));
        // Another port is another site.
        assert!(refused(Method::POST, &[("sec-fetch-site", "same-site")]));
        assert!(refused(Method::POST, &[("origin", "http://localhost:4000")]));
        assert!(!refused(Method::POST, &[("origin", "http://localhost:3000")]));
        assert!(!refused(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!refused(Method::POST, &[]));
        assert!(!refused(Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
