//! The documents as pages: every one is there, links lead to pages and headings, and nothing runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::header;
use trainset::ui::texts::help;

use crate::helpers::{Reply, TestApp, request};

/// The values of an attribute in a page.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    html.split(begin.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// All pages that links lead to from the list, by their paths.
async fn pages(app: &TestApp) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut open = vec!["/docs/".to_owned()];
    while let Some(path) = open.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let reply = app.get(&path).await;
        assert_eq!(reply.status, 200, "{path}");
        if kind(&reply) == "text/html; charset=utf-8" {
            let links = values(&reply.text, "href").into_iter().map(|link| link.split('#').next().unwrap().to_owned());
            open.extend(links.filter(|link| link.starts_with("/docs/")));
        }
        pages.insert(path, reply.text);
    }
    pages
}

fn kind(reply: &Reply) -> &str {
    reply.headers[header::CONTENT_TYPE].to_str().unwrap()
}

/// The files of `docs/` with an ending, by their paths in it.
fn files(ending: &str) -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut folders = vec![docs.clone()];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == ending) {
                found.push(path.strip_prefix(&docs).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn the_list_leads_to_every_document_and_links_to_their_headings() {
    let app = TestApp::new().await;
    let pages = pages(&app).await;
    let documents = files("md");
    assert!(documents.len() >= 13, "{documents:?}");
    for file in documents {
        let path = format!("/docs/{}/", file.trim_end_matches(".md"));
        let path = path.replace("README/", "");
        assert!(pages.contains_key(&path), "{path} is not linked");
    }
    for (path, html) in &pages {
        let links = values(html, "href").into_iter().filter_map(|link| link.split_once('#'));
        for (to, anchor) in links {
            let target = if to.is_empty() { html } else { &pages[to] };
            assert!(values(target, "id").contains(&anchor), "{path} links to {to}#{anchor}");
        }
    }
}

#[tokio::test]
async fn every_link_and_image_of_a_page_is_there() {
    let app = TestApp::new().await;
    let mut checked = BTreeSet::new();
    for (path, html) in pages(&app).await {
        for link in values(&html, "href").into_iter().chain(values(&html, "src")) {
            let to = link.split('#').next().unwrap();
            // The site's own files are those of its build.
            if to.is_empty() || to.starts_with("https://") || to == "/favicon.svg" || !checked.insert(to.to_owned()) {
                continue;
            }
            assert!(to.starts_with('/'), "{path} links to {link}");
            assert_eq!(app.get(to).await.status, 200, "{path} links to {link}");
        }
    }
    assert!(checked.contains("/docs/style.css") && checked.contains("/api/docs"), "{checked:?}");
}

#[tokio::test]
async fn a_page_is_in_the_readers_theme_and_runs_nothing() {
    let app = TestApp::new().await;
    for (path, html) in pages(&app).await.into_iter().filter(|(_, text)| text.starts_with("<!DOCTYPE html>")) {
        assert!(!html.contains("<script") && !html.contains(" style="), "{path}");
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
    }
    let page = app.get("/docs/config").await;
    assert!(page.text.contains("<title>Config reference · Trainset</title>"), "{}", page.text);
    assert!(!page.text.contains("data-theme"));
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'"), "{policy}");
    assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-cache");
    let send = async |name, value: &str| {
        app.send(request("GET", "/docs/config/").header(name, value).body(Body::empty()).unwrap()).await
    };
    let dark = send(header::COOKIE, "trainset-theme=dark").await;
    assert!(dark.text.contains("<html lang=\"en\" data-theme=\"dark\">"));
    let known = send(header::IF_NONE_MATCH, page.headers[header::ETAG].to_str().unwrap()).await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    // The dark page is another one.
    assert_ne!(dark.headers[header::ETAG], page.headers[header::ETAG]);
}

#[tokio::test]
async fn files_of_the_documents_are_there_and_unknown_pages_say_so() {
    let app = TestApp::new().await;
    for file in files("png") {
        assert_eq!(kind(&app.get(&format!("/docs/{file}")).await), "image/png", "{file}");
    }
    let example = app.get("/docs/examples/order_lines.yaml").await;
    assert_eq!(kind(&example), "text/plain; charset=utf-8");
    assert!(example.text.starts_with("name: "), "{}", example.text);
    for path in ["/docs/nope/", "/docs/config/more/", "/docs/config.md", "/docs/README/", "/docs/Cargo.toml", "/docs/images/"] {
        let page = app.get(path).await;
        assert_eq!((page.status, kind(&page)), (404, "text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains("This page does not exist") && page.text.contains("href=\"/docs/\""), "{path}");
        assert!(page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'; style-src"));
    }
}

#[tokio::test]
async fn explained_terms_have_a_section_to_read_more() {
    let app = TestApp::new().await;
    let mut ids = BTreeSet::new();
    for term in help::ALL {
        assert!(ids.insert(term.id), "{}", term.id);
        let (path, anchor) = term.address.split_once('#').unwrap();
        let page = app.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(values(&page.text, "id").contains(&anchor), "{}", term.address);
        assert!(term.question.starts_with("What is ") && term.question.ends_with('?'), "{}", term.question);
        assert!(term.answer.len() < 200, "{}", term.answer);
    }
}
