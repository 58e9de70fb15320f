//! Filter impact of an unsaved config: computed once, cached, and if reading is metered not before
//! somebody agrees.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use trainset::domain::cost::Estimate;
use trainset::domain::dataset::{AsOf, DatasetConfig, DateRange, SplitConfig};
use trainset::domain::impact::{FilterImpact, ImpactAnswer};
use trainset::domain::parse::config_from_json;
use trainset::domain::schema::{ColumnType, Mode};
use trainset::domain::sql::ImpactMeasure;
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::service::{App, RequestContext, ServiceError, Settings};
use trainset::warehouse::WarehouseError;

use crate::helpers::{TestApp, config};

/// One stage of this many rows, and the rows of one day.
fn answer(rows: i64) -> Rows {
    use ColumnType::{Date, Int64, String as Text};
    let columns = [("section", Text), ("item", Text), ("day", Date), (ImpactMeasure::RowCount.as_str(), Int64)];
    let column = |(name, column_type): (&str, ColumnType)| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    let row = |section: &str, item: &str, day: Value| {
        let text = |text: &str| Value::Text(text.into());
        vec![text(section), text(item), day, Value::Int(rows)]
    };
    Rows {
        columns: columns.map(column).into(),
        rows: vec![row("stage", "source", Value::Null), row("days", "train", Value::Text("2024-03-31".into()))],
        bytes_processed: Some(5_000_000),
        ..Rows::default()
    }
}

struct Shop {
    test: TestApp,
    app: App,
}

impl Shop {
    async fn open(is_metered: bool) -> Self {
        let test = TestApp::new().await;
        test.fake.is_metered.store(is_metered, Ordering::SeqCst);
        test.fake.answer(answer(120));
        let app = App::new(test.store.clone(), test.fake.clone(), Settings::default());
        Self { test, app }
    }

    fn ran(&self) -> usize {
        self.test.fake.ran.load(Ordering::SeqCst)
    }

    async fn ask(&self, config: &DatasetConfig, agreed: bool) -> Result<ImpactAnswer, ServiceError> {
        self.app.filter_impact(&RequestContext::new("", "test"), 1, config, agreed).await
    }

    /// The result, whether it was cached, and what it cost.
    async fn found(&self, config: &DatasetConfig, agreed: bool) -> (FilterImpact, bool, Option<f64>) {
        match self.ask(config, agreed).await.unwrap() {
            ImpactAnswer::Found { impact, cached, cost, .. } => {
                assert_eq!(cost.bytes, Some(5_000_000));
                (*impact, cached, cost.price_usd)
            }
            ImpactAnswer::NeedsConsent(_) => panic!("it asks"),
        }
    }
}

fn filtered() -> DatasetConfig {
    let mut config = config();
    config["filters"] = json!({"customer_filter": {"transactions": {"min": 2}}});
    config_from_json(config).unwrap()
}

#[tokio::test]
async fn a_repeated_request_runs_no_query() {
    let shop = Shop::open(false).await;
    let config = filtered();
    let (impact, cached, price) = shop.found(&config, false).await;
    assert_eq!((impact.stages[0].rows, impact.days[0].rows, cached, price), (120, 120, false, None));
    let ran = shop.ran();
    assert_eq!(ran, 1, "reading is free: it is one query");
    let sql = shop.test.fake.sql.lock().unwrap().last().cloned().unwrap();
    assert!(sql.contains("customer_totals") && sql.contains("'stage'"), "{sql}");

    shop.test.fake.answer(answer(7));
    assert_eq!(shop.found(&config, false).await, (impact.clone(), true, None));
    assert_eq!(shop.ran(), ran);

    // Another config has another cache key; the same tables have one after a change.
    let mut other = config.clone();
    other.filters.customer_filter = None;
    assert_eq!(shop.found(&other, false).await.0.stages[0].rows, 7);
    assert_eq!(shop.ran(), ran + 1);
    *shop.test.fake.state.lock().unwrap() = "2".into();
    let (impact, cached, _) = shop.found(&config, false).await;
    assert_eq!((impact.stages[0].rows, cached, shop.ran()), (7, false, ran + 2));
}

#[tokio::test]
async fn metered_reading_needs_consent_and_runs_nothing_before() {
    // Metered scans run only after the price was agreed to.
    let shop = Shop::open(true).await;
    let config = filtered();
    let ImpactAnswer::NeedsConsent(Estimate { bytes, price_usd, upper_bound }) = shop.ask(&config, false).await.unwrap() else {
        panic!("it was run");
    };
    // The reference date and the impact, over two tables each, each billed at the minimum; the
    // second may read less once the day is known.
    assert_eq!((bytes, upper_bound), (Some(2 * 4096), true));
    let price_usd = price_usd.expect("a price");
    assert!((price_usd - 4.0 * 10.0 / 1_048_576.0 * 6.25).abs() < 1e-12, "{price_usd}");
    assert_eq!(shop.ran(), 0);

    // With a fixed day there is only one query to price.
    let mut on_a_day = config.clone();
    if let SplitConfig::TimeBased { as_of, .. } = &mut on_a_day.split_config {
        *as_of = Some(AsOf::On("2024-03-31".parse().unwrap()));
    }
    let ImpactAnswer::NeedsConsent(Estimate { bytes, upper_bound, .. }) = shop.ask(&on_a_day, false).await.unwrap() else {
        panic!("it was run");
    };
    assert_eq!((bytes, upper_bound, shop.ran()), (Some(4096), false, 0));

    let (impact, cached, price) = shop.found(&config, true).await;
    assert_eq!((impact.stages[0].rows, cached, shop.ran()), (120, false, 2));
    assert!(price.is_some_and(|price| price > 0.0));
    // The impact query has the day that the first one found.
    assert!(shop.test.fake.sql.lock().unwrap()[1].contains("2024-03-31"));
    // A paid result is cached for everyone, without another confirmation.
    assert_eq!(shop.found(&config, false).await, (impact, true, price));
    assert_eq!(shop.ran(), 2);
}

#[tokio::test]
async fn errors_are_returned_and_not_cached() {
    let shop = Shop::open(false).await;
    let mut config = filtered();
    config.filters.date_range = Some(DateRange::Rolling { days: Some(0), months: None, as_of: None });
    let Err(ServiceError::Invalid(errors)) = shop.ask(&config, false).await else { panic!("no days are no range") };
    assert_eq!((errors[0].path.as_str(), shop.ran()), ("filters.date_range.days", 0));

    shop.test.fake.break_with(WarehouseError::Query("No such function".into()));
    assert!(matches!(shop.ask(&filtered(), false).await, Err(ServiceError::Warehouse(_))));
    shop.test.fake.answer(answer(120));
    assert!(!shop.found(&filtered(), false).await.1);
}

/// A caller that goes away stops the query: its numbers would be of an older config. Nothing of it
/// is cached.
#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_request_cancels_the_query() {
    let shop = Shop::open(false).await;
    *shop.test.fake.run_delay.lock().unwrap() = Duration::from_secs(60);
    let config = filtered();
    tokio::time::timeout(Duration::from_millis(300), shop.ask(&config, false)).await.expect_err("it still runs");
    *shop.test.fake.run_delay.lock().unwrap() = Duration::ZERO;
    let (_, cached, _) = tokio::time::timeout(Duration::from_secs(5), shop.found(&config, false)).await.expect("nobody holds it");
    assert!(!cached);
    assert_eq!(shop.ran(), 2);
}
