//! Markdown as HTML, with the ids and links of a page. HTML in the source stays text.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::api::escape;

/// A rendered document.
pub struct Document {
    /// Its first heading.
    pub title: String,
    /// Its sections: the headings of the second level.
    pub contents: Vec<Contents>,
    pub html: String,
}

pub struct Contents {
    pub id: String,
    pub title: String,
}

/// Renders a document. A link or image for which `resolve` has no address is its text alone.
pub fn render(source: &str, resolve: impl Fn(&str) -> Option<String>) -> Document {
    let events: Vec<Event> = Parser::new_ext(source, Options::ENABLE_TABLES).collect();
    let headings = headings(&events);
    let mut coming = headings.iter();
    let mut out: Vec<Event> = Vec::with_capacity(events.len());
    // Whether the current link, or image within it, is left out.
    let mut left_out: Vec<bool> = vec![];
    for event in events {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                let Some(heading) = coming.next() else { continue };
                let id = escape(&heading.id);
                out.push(raw(format!("<{0} id=\"{id}\"><a class=\"anchor\" href=\"#{id}\">", heading.level)));
            }
            Event::End(TagEnd::Heading(level)) => out.push(raw(format!("</a></{level}>"))),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let address = resolve(&dest_url);
                left_out.push(address.is_none());
                out.extend(address.map(|to| Event::Start(Tag::Link { link_type, dest_url: to.into(), title, id })));
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let address = resolve(&dest_url);
                left_out.push(address.is_none());
                out.extend(address.map(|to| Event::Start(Tag::Image { link_type, dest_url: to.into(), title, id })));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if left_out.pop() == Some(false) {
                    out.push(event);
                }
            }
            // What is wider than the page scrolls by itself, also from the keyboard.
            Event::Start(Tag::CodeBlock(_)) => out.push(raw("<pre tabindex=\"0\"><code>")),
            Event::End(TagEnd::CodeBlock) => out.push(raw("</code></pre>")),
            Event::Start(Tag::Table(_)) => out.extend([raw("<div class=\"wide\" tabindex=\"0\">"), event]),
            Event::End(TagEnd::Table) => out.extend([event, raw("</div>")]),
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text)),
            event => out.push(event),
        }
    }
    let mut html = String::with_capacity(source.len() * 2);
    html::push_html(&mut html, out.into_iter());
    let title = headings.first().map(|heading| heading.title.clone()).unwrap_or_default();
    let sections = headings.into_iter().filter(|heading| heading.level == HeadingLevel::H2);
    Document { title, contents: sections.map(|Heading { id, title, .. }| Contents { id, title }).collect(), html }
}

fn raw<'a>(html: impl Into<CowStr<'a>>) -> Event<'a> {
    Event::InlineHtml(html.into())
}

struct Heading {
    level: HeadingLevel,
    title: String,
    id: String,
}

/// The headings with the ids that GitHub gives them, so that one link fits both.
fn headings(events: &[Event]) -> Vec<Heading> {
    let mut headings: Vec<Heading> = vec![];
    let mut open = false;
    let mut uses: HashMap<String, usize> = HashMap::new();
    for event in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                open = true;
                headings.push(Heading { level: *level, title: String::new(), id: String::new() });
            }
            Event::Text(text) | Event::Code(text) if open => {
                if let Some(heading) = headings.last_mut() {
                    heading.title.push_str(text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                open = false;
                let Some(heading) = headings.last_mut() else { continue };
                let slug = slug(&heading.title);
                let before = uses.entry(slug.clone()).or_default();
                heading.id = if *before == 0 { slug } else { format!("{slug}-{before}") };
                *before += 1;
            }
            _ => {}
        }
    }
    headings
}

fn slug(title: &str) -> String {
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    title.to_lowercase().chars().filter(fits).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        render(source, |target| target.starts_with("good").then(|| format!("/{target}"))).html
    }

    #[test]
    fn headings_have_the_ids_that_github_gives_them() {
        let document = render("# Terms\n\n## `min_interactions`\n\n## 1. Joins & keys\n\n### Files\n\n## Files\n", |_| None);
        assert_eq!(document.title, "Terms");
        let ids: Vec<&str> = document.contents.iter().map(|section| section.id.as_str()).collect();
        assert_eq!(ids, ["min_interactions", "1-joins--keys", "files-1"]);
        assert!(
            document.html.contains("<h3 id=\"files\"><a class=\"anchor\" href=\"#files\">Files</a></h3>"),
            "{}",
            document.html
        );
    }

    #[test]
    fn links_lead_to_pages_or_are_text() {
        assert_eq!(html("[a `b`](good.md)").trim(), "<p><a href=\"/good.md\">a <code>b</code></a></p>");
        assert_eq!(html("[a `b`](javascript:alert(1))").trim(), "<p>a <code>b</code></p>");
        assert_eq!(html("![a](bad.png) ![b](good.png)").trim(), "<p>a <img src=\"/good.png\" alt=\"b\" /></p>");
        assert_eq!(html("[![a](bad.png)](good.md)").trim(), "<p><a href=\"/good.md\">a</a></p>");
    }

    #[test]
    fn html_stays_text() {
        assert_eq!(html("a <b onclick=\"x\">c</b>").trim(), "<p>a &lt;b onclick=\"x\"&gt;c&lt;/b&gt;</p>");
        let block = html("<script>alert(1)</script>\n\nafter\n");
        assert!(!block.contains("<script") && block.contains("&lt;script&gt;"), "{block}");
        assert_eq!(html("```html\n<b>\n```").trim(), "<pre tabindex=\"0\"><code>&lt;b&gt;\n</code></pre>");
    }
}
