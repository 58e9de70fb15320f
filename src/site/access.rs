//! What each route costs and changes, in one table, and which caller may have it.
//!
//! A route is looked up by the template that the router itself matched, so that the two cannot
//! interpret one path differently. Routes that are not in the table are closed: a new route has to
//! be added here before anyone outside can use it.

use axum::http::Method;

/// What a request for a route can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A page for people, made from stored data: other sites may link to it.
    Page,
    /// The same for everyone, and free: the files of pages, and the API's description of itself.
    File,
    /// Whether the server is alive and ready.
    Health,
    /// No route: a file of the site, or nothing.
    Absent,
    /// Reads stored data, or the warehouse's tables and dry runs.
    Read,
    /// May run a query, which takes time and may cost money. Stores at most its result in the
    /// cache.
    Scan,
    /// May change stored data. Routes that are not in the table count as this.
    Change,
}

/// All GET routes. The others take POST and are [`Class::Change`], even if they only read.
const ROUTES: [(Class, &[&str]); 5] = [
    (Class::Page, &["/", "/models/{id}/dataset", "/models/{id}/dataset/compare", "/api/docs", "/docs", "/docs/{*document}"]),
    (Class::File, &["/pkg/{*file}", "/api/docs.css", "/docs/style.css", "/api/openapi.json", "/api/config-schema.json"]),
    (Class::Health, &["/healthz", "/readyz"]),
    (
        Class::Read,
        &[
            "/metrics",
            "/api/models",
            "/api/models/{id}",
            "/api/models/{id}/bq-tables",
            "/api/models/{id}/bq-tables/{table}/schema",
            "/api/models/{id}/bq-tables/{table}/stats/estimate",
            "/api/models/{id}/datasets",
            "/api/models/{id}/datasets/names",
            "/api/datasets/{id}",
            "/api/datasets/{id}/analyze/estimate",
            "/api/datasets/{id}/analyze/progress",
            "/api/datasets/{id}/drift",
            "/api/datasets/{id}/export",
            "/api/datasets/{id}/query",
            "/api/datasets/{id}/query/split",
            "/api/datasets/{id}/summary",
            "/api/datasets/{id}/versions",
            "/api/datasets/{id}/versions/diff",
            "/api/datasets/{id}/versions/{number}",
        ],
    ),
    (
        Class::Scan,
        &[
            "/api/models/{id}/bq-tables/{table}/stats",
            "/api/models/{id}/bq-tables/{table}/columns/{column}/samples",
            "/api/datasets/{id}/preview",
            // If no version of the config is frozen yet, this looks up its reference date.
            "/api/datasets/{id}/query/tfx",
        ],
    ),
];

/// The class of a request, by the template that its path matched.
pub fn class_of(method: &Method, template: Option<&str>) -> Class {
    let Some(template) = template else { return Class::Absent };
    // HEAD runs what GET runs.
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Class::Change;
    }
    let found = ROUTES.iter().find(|(_, templates)| templates.contains(&template));
    found.map_or(Class::Change, |(class, _)| *class)
}

/// The sender of a request, as far as its headers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A page of this server, or a program.
    Own,
    /// A person who follows a link on another site.
    Link,
    /// A page of another site, by any other means.
    Foreign,
    /// A program, or a browser that does not send where the request comes from.
    Unproven,
}

/// Why a caller may not have a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// A page of another site may not use it.
    Foreign,
    /// It requires a header that no page of another site can send.
    Unproven,
}

/// Whether a caller may use a route of a class.
pub fn check(caller: Caller, class: Class) -> Result<(), Denied> {
    use Class::{Absent, Change, File, Health, Page, Read, Scan};
    match (caller, class) {
        (Caller::Own, _) | (Caller::Link, Page) | (Caller::Unproven, Page | File | Health | Absent) => Ok(()),
        (Caller::Link, File | Health | Absent | Read | Scan | Change) | (Caller::Foreign, _) => Err(Denied::Foreign),
        (Caller::Unproven, Read | Scan | Change) => Err(Denied::Unproven),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_are_not_listed_are_closed() {
        assert_eq!(class_of(&Method::GET, Some("/")), Class::Page);
        assert_eq!(class_of(&Method::HEAD, Some("/api/datasets/{id}/preview")), Class::Scan);
        assert_eq!(class_of(&Method::GET, None), Class::Absent);
        for (method, template) in [
            (Method::POST, "/"),
            (Method::OPTIONS, "/"),
            (Method::from_bytes(b"get").unwrap(), "/"),
            (Method::GET, "/api"),
            (Method::GET, "/api/{*rest}"),
            (Method::GET, "/_fn/{*function}"),
            (Method::GET, "/models/{id}"),
            (Method::GET, ""),
        ] {
            assert_eq!(class_of(&method, Some(template)), Class::Change, "{method} {template}");
        }
    }

    #[test]
    fn each_route_has_one_class() {
        let mut all: Vec<&str> = ROUTES.iter().flat_map(|(_, templates)| templates.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn other_sites_may_link_to_pages_and_nothing_else() {
        use Class::{Absent, Change, File, Health, Page, Read, Scan};
        for class in [Page, File, Health, Absent, Read, Scan, Change] {
            assert_eq!(check(Caller::Own, class), Ok(()));
            assert_eq!(check(Caller::Foreign, class), Err(Denied::Foreign), "{class:?}");
            assert_eq!(check(Caller::Link, class).is_ok(), class == Page, "{class:?}");
            let is_harmless = matches!(class, Page | File | Health | Absent);
            assert_eq!(check(Caller::Unproven, class).is_ok(), is_harmless, "{class:?}");
        }
    }
}
