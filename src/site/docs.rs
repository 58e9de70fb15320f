//! The documents in `docs/` as pages, so that each server has those of its own version, offline.
//! They are plain HTML without scripts, rendered per request in less than a millisecond.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::markdown::{Contents, render};
use crate::api::{Fixed, PAGE_POLICY, escape};
use crate::ui::texts::{common, docs as texts};
use crate::ui::theme;

mod markdown;

/// In the binary in a release build, read from the disk in a debug build.
#[derive(rust_embed::Embed)]
#[folder = "docs"]
struct Docs;

/// Documents beside `docs/` that its pages link to.
const BESIDE: [(&str, &str); 3] = [
    ("CHANGELOG.md", include_str!("../../CHANGELOG.md")),
    ("CONTRIBUTING.md", include_str!("../../CONTRIBUTING.md")),
    ("SECURITY.md", include_str!("../../SECURITY.md")),
];

/// The values of the site's own style, then the style of these pages.
const STYLE: &str = concat!(include_str!("../../style/tokens.css"), include_str!("docs/docs.css"));

pub fn routes() -> Router {
    Router::new().route("/docs", get(document)).route("/docs/{*document}", get(document)).route("/docs/style.css", get(style))
}

async fn style(headers: HeaderMap) -> Response {
    Fixed::new(STYLE, "text/css; charset=utf-8").answer(&headers)
}

async fn document(request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let theme = theme::of_headers(headers);
    let mut response = match files().find(|file| address_of(file).trim_end_matches('/') == path) {
        None => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], not_found(theme)).into_response(),
        Some(file) if file.ends_with(".md") => Fixed::new(page(&file, theme), HTML).answer(headers),
        Some(file) if file.ends_with(".png") => Fixed::new(content(&file), "image/png").answer(headers),
        // An example.
        Some(file) => Fixed::new(content(&file), "text/plain; charset=utf-8").answer(headers),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

const HTML: &str = "text/html; charset=utf-8";

/// The files that are served, by their paths in the repository.
fn files() -> impl Iterator<Item = String> {
    let beside = BESIDE.iter().map(|(file, _)| (*file).to_owned());
    Docs::iter().map(|file| format!("docs/{file}")).chain(beside)
}

fn content(file: &str) -> Vec<u8> {
    let beside = BESIDE.iter().find(|(name, _)| *name == file).map(|(_, text)| text.as_bytes().to_vec());
    let within = || Docs::get(file.strip_prefix("docs/")?).map(|file| file.data.into_owned());
    beside.or_else(within).unwrap_or_default()
}

/// The path of a file's page: `docs/config.md` is `/docs/config/`, a README is that of its folder.
fn address_of(file: &str) -> String {
    let name = file.strip_prefix("docs/").map_or_else(|| file.to_lowercase(), str::to_owned);
    match name.strip_suffix(".md") {
        None => format!("/docs/{name}"),
        Some(page) => match page.strip_suffix("README") {
            Some(folder) => format!("/docs/{folder}"),
            None => format!("/docs/{page}/"),
        },
    }
}

/// Where a link of a file leads; `None` to what only the repository has.
fn resolve(file: &str, target: &str) -> Option<String> {
    if target.starts_with('#') || target.starts_with("https://") {
        return Some(target.to_owned());
    }
    let (path, anchor) = match target.find('#') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let wanted = parts.join("/");
    files().find(|file| *file == wanted).map(|file| format!("{}{anchor}", address_of(&file)))
}

fn page(file: &str, theme: Option<&str>) -> String {
    let source = content(file);
    let document = render(&String::from_utf8_lossy(&source), |target| resolve(file, target));
    frame(&document.title, theme, &contents(&document.contents), &document.html)
}

fn not_found(theme: Option<&str>) -> String {
    let body = format!("<h1>{}</h1><p><a href=\"/docs/\">{}</a></p>", common::NO_SUCH_PAGE, texts::ALL);
    frame(common::NOT_FOUND, theme, "", &body)
}

/// The sections of a page, if they are so many that one looks for them.
fn contents(sections: &[Contents]) -> String {
    if sections.len() < 3 {
        return String::new();
    }
    let link = |section: &Contents| format!("<li><a href=\"#{}\">{}</a></li>", escape(&section.id), escape(&section.title));
    let links: String = sections.iter().map(link).collect();
    format!("<nav aria-label=\"{}\"><ul>{links}</ul></nav>", texts::CONTENTS)
}

fn frame(title: &str, theme: Option<&str>, contents: &str, body: &str) -> String {
    let theme = theme.map(|theme| format!(" data-theme=\"{theme}\"")).unwrap_or_default();
    format!(
        "<!DOCTYPE html><html lang=\"en\"{theme}><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><link rel=\"icon\" href=\"/favicon.svg\">\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><a class=\"skip\" href=\"#content\">{skip}</a>\
         <header><a class=\"brand\" href=\"/\">{product}</a><a href=\"/docs/\">{docs}</a><a href=\"/api/docs\">{api}</a></header>\
         <div class=\"page\">{contents}<main id=\"content\">{body}</main></div></body></html>",
        title = escape(&common::page_title(title)),
        skip = common::SKIP,
        product = common::PRODUCT,
        docs = texts::TITLE,
        api = common::API,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_addresses_that_links_lead_to() {
        assert_eq!(address_of("docs/README.md"), "/docs/");
        assert_eq!(address_of("docs/config.md"), "/docs/config/");
        assert_eq!(address_of("docs/decisions/README.md"), "/docs/decisions/");
        assert_eq!(address_of("docs/images/wizard.png"), "/docs/images/wizard.png");
        assert_eq!(address_of("SECURITY.md"), "/docs/security/");
        let from = |target| resolve("docs/sql.md", target);
        assert_eq!(from("config.md#reference-date").as_deref(), Some("/docs/config/#reference-date"));
        assert_eq!(from("decisions/0004-sqlite.md").as_deref(), Some("/docs/decisions/0004-sqlite/"));
        assert_eq!(from("../SECURITY.md#limits").as_deref(), Some("/docs/security/#limits"));
        assert_eq!(from("#1-joins").as_deref(), Some("#1-joins"));
        assert_eq!(from("https://keepachangelog.com").as_deref(), Some("https://keepachangelog.com"));
        assert_eq!(resolve("docs/decisions/README.md", "../config.md").as_deref(), Some("/docs/config/"));
        assert_eq!(resolve("SECURITY.md", "docs/operating.md").as_deref(), Some("/docs/operating/"));
        // Only the repository has them, or nobody.
        for target in
            ["../tests/goldens/68-everything.sql", "nope.md", "../../config.md", "javascript:alert(1)", "//evil.example"]
        {
            assert_eq!(from(target), None, "{target}");
        }
    }
}
