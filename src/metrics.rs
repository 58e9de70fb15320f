//! The metrics of the running program, in Prometheus's format. Below all layers: they count with
//! it, it knows none of them.
//!
//! Labels have few values: routes by their template, never by their path, and never what people
//! typed.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The content type. <https://prometheus.io/docs/specs/om/open_metrics_spec/>
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueryLabels {
    warehouse: &'static str,
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WarehouseLabels {
    warehouse: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    kind: &'static str,
    result: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// All counters. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histograms<RouteLabels>,
    queries: Family<QueryLabels, Counter>,
    query_seconds: Histograms<WarehouseLabels>,
    query_bytes: Family<WarehouseLabels, Counter>,
    cache_lookups: Family<CacheLabels, Counter>,
    running: Gauge,
    waiting: Gauge,
}

/// From a file of the site to a page that waits for the store.
fn quick() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0])
}

/// From a small table's preview to the longest query allowed.
fn slow() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 240.0])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("trainset"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(quick),
            queries: Family::default(),
            query_seconds: Family::new_with_constructor(slow),
            query_bytes: Family::default(),
            cache_lookups: Family::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
        };
        let registry = &mut inner.registry;
        registry.register("http_requests", "HTTP responses, by route and status", inner.requests.clone());
        registry.register_with_unit("http_request", "Response time", Unit::Seconds, inner.request_seconds.clone());
        registry.register("warehouse_queries", "Queries by outcome", inner.queries.clone());
        registry.register_with_unit("warehouse_query", "Query run time", Unit::Seconds, inner.query_seconds.clone());
        registry.register_with_unit("warehouse_read", "Bytes that queries read", Unit::Bytes, inner.query_bytes.clone());
        registry.register("kept_answers", "Cache lookups for results about tables, by hit or miss", inner.cache_lookups.clone());
        registry.register("scans_running", "Running queries", inner.running.clone());
        registry.register("scans_waiting", "Queued queries", inner.waiting.clone());
        Self(Arc::new(inner))
    }
}

impl Metrics {
    /// A finished request. `route` is a template.
    pub fn request_finished(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.into(), route: route.into(), status };
        self.0.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { method: method.into(), route: route.into() };
        self.0.request_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A query and its outcome: `ok`, `failed` or `cancelled`.
    pub fn query_finished(&self, warehouse: &'static str, kind: &'static str, outcome: &'static str, took: Duration) {
        self.0.queries.get_or_create(&QueryLabels { warehouse, kind, outcome }).inc();
        self.0.query_seconds.get_or_create(&WarehouseLabels { warehouse }).observe(took.as_secs_f64());
    }

    /// Bytes that a query read.
    pub fn read(&self, warehouse: &'static str, bytes: u64) {
        self.0.query_bytes.get_or_create(&WarehouseLabels { warehouse }).inc_by(bytes);
    }

    /// A lookup in the cache, which found a result (a hit) or not.
    pub fn cache_lookup(&self, kind: &'static str, hit: bool) {
        let result = if hit { "hit" } else { "miss" };
        self.0.cache_lookups.get_or_create(&CacheLabels { kind, result }).inc();
    }

    /// A query that runs for as long as this is held.
    pub fn running(&self) -> Held {
        Held::new(&self.0.running)
    }

    /// A query that waits for as long as this is held.
    pub fn waiting(&self) -> Held {
        Held::new(&self.0.waiting)
    }

    /// All metrics, in OpenMetrics' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        encode(&mut text, &self.0.registry).ok();
        text
    }
}

/// One more on a gauge, until it is dropped.
pub struct Held(Gauge);

impl Held {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_exported() {
        let metrics = Metrics::default();
        metrics.request_finished("GET", "/api/datasets/{id}", 200, Duration::from_millis(3));
        metrics.request_finished("GET", "/api/datasets/{id}", 200, Duration::from_millis(30));
        metrics.query_finished("embedded", "run", "ok", Duration::from_millis(80));
        metrics.read("embedded", 4096);
        metrics.cache_lookup("profile", true);
        let held = metrics.running();
        let text = metrics.text();
        for line in [
            "trainset_http_requests_total{method=\"GET\",route=\"/api/datasets/{id}\",status=\"200\"} 2",
            "trainset_http_request_seconds_bucket{le=\"0.005\",method=\"GET\",route=\"/api/datasets/{id}\"} 1",
            "trainset_http_request_seconds_count{method=\"GET\",route=\"/api/datasets/{id}\"} 2",
            "trainset_warehouse_queries_total{warehouse=\"embedded\",kind=\"run\",outcome=\"ok\"} 1",
            "trainset_warehouse_query_seconds_count{warehouse=\"embedded\"} 1",
            "trainset_warehouse_read_bytes_total{warehouse=\"embedded\"} 4096",
            "trainset_kept_answers_total{kind=\"profile\",result=\"hit\"} 1",
            "trainset_scans_running 1",
            "trainset_scans_waiting 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        drop(held);
        assert!(metrics.text().contains("trainset_scans_running 0"));
    }
}
