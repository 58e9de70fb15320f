//! Views: `.sql` files in a folder of tables. Each is listed, and read if possible; whatever its
//! content, it is that view's problem, with a message for people, and the other tables work as
//! before.
//!
//! A step takes at most 2 s of the processor, and the process grows by at most 200 MB. The views of
//! `tests/corpus/views/at_the_limits` go as deep and wide as the limits of `bounds.rs` let them:
//! they have 10 s, as long as a view may be planned, and 400 MB, much of it the stacks of the
//! threads that plan. They come first: the memory that they leave in the allocator is there when
//! the growth is measured.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::parquet::arrow::ArrowWriter;
use proptest::test_runner::TestCaseError;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use trainset::domain::catalog::Catalog;
use trainset::domain::parse::config_from_json;
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::profile::profile;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::value::Value;
use trainset::warehouse::embedded::{Embedded, Options};
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

use crate::driver::{Choices, Fuzz, LONGEST, alone, corpus, mutated_text, odd_text, peak_memory};

mod grammar;

use grammar::{TOKENS, view};

/// The timeout of one query.
const QUERY: Duration = Duration::from_secs(1);
/// No step waits longer than this, on a machine under any load.
const HANG: Duration = Duration::from_secs(60);
/// Memory of queries, in bytes: a part of what the process may grow by.
const MEMORY: usize = 32 << 20;
/// A step of a view at the limits, which is as long as a view may be planned.
const AT_LIMITS: Duration = Duration::from_secs(10);
/// Maximum growth of the process by views at the limits, in bytes.
const GROWTH_AT_LIMITS: u64 = 400_000_000;
/// Inputs between two queries of a table without errors.
const CHECKED: usize = 16;
/// Maximum number of views per input.
const VIEWS: usize = 4;

/// Panic messages and their locations.
static PANICS: Mutex<Vec<(String, String)>> = Mutex::new(vec![]);

/// Records panics of the engine's threads instead of printing them.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some("warehouse") {
                return print(panic);
            }
            let message = panic.payload_as_str().unwrap_or_default().to_owned();
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push((message, place));
        }));
    });
}

fn panics() -> Vec<(String, String)> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Processor time of this process.
fn process_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the program's name, which may contain anything: the 12th and 13th field, in hundredths
    // of a second.
    let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let ticks: u64 = after.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Tables like the demo's, with a column of each type.
fn write_tables(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("good.csv", "a,b\n1,4\n2,5\n3,6\n");
    write("customers.csv", "customer_id,name,country,since\n1,Ann,DE,2023-05-01\n2,Bob,,2024-01-31\n3,Ünal,TR,2022-12-31\n");
    let orders: Vec<String> =
        (0..40).map(|i| format!("{i},{},{},2024-02-{:02}T10:00:00Z,{}.5", i % 4, i % 7, i % 28 + 1, i * 3 % 11)).collect();
    write("orders.csv", &format!("order_id,customer_id,product_id,ordered_at,amount\n{}\n", orders.join("\n")));
    let lists = [Some(vec![Some(1), None]), None, Some(vec![])];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("product_id", Arc::new(Int64Array::from(vec![Some(1), Some(2), None]))),
        ("title", Arc::new(StringArray::from(vec![Some("a'b"), Some(""), None]))),
        (
            "price",
            Arc::new(Decimal128Array::from(vec![Some(1_500_000_000), Some(-1), None]).with_precision_and_scale(38, 9).unwrap()),
        ),
        ("weight", Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(f64::INFINITY), None]))),
        ("code", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\xff"), Some(b""), None]))),
        ("listed", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("day", Arc::new(Date32Array::from(vec![Some(i32::MAX), Some(0), None]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![Some(i64::MIN), Some(0), None]).with_timezone("UTC"))),
        ("tags", Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(folder.join("products.parquet")).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The tables without errors.
const TABLES: [&str; 4] = ["good", "customers", "orders", "products"];

struct Bench {
    /// After an aborted run it has the views that caused it.
    folder: TempDir,
    runtime: Runtime,
    warehouse: Embedded,
    corpus: Vec<(String, Vec<u8>)>,
    inputs: Cell<usize>,
    /// Number of views, of those that were read, of their queries, of stopped ones, and of panics.
    counts: RefCell<[usize; 5]>,
    /// Why the last view was not read.
    problem: RefCell<Option<String>>,
    longest: Cell<Duration>,
    /// Maximum duration of a step.
    most: Cell<Duration>,
}

impl Bench {
    fn new() -> Self {
        keep_panics();
        let folder = tempfile::Builder::new().prefix("trainset-views-").tempdir().unwrap();
        write_tables(folder.path());
        let runtime = Runtime::new().unwrap();
        let options = Options {
            memory_bytes: MEMORY,
            threads: 2,
            queries: 2,
            spill_folder: folder.path().join(".spill"),
            spill_bytes: 64 << 20,
        };
        let warehouse = runtime.block_on(Embedded::open_with(folder.path(), "raw_data", options)).unwrap();
        let bench = Self {
            folder,
            runtime,
            warehouse,
            corpus: corpus("views"),
            inputs: Cell::new(0),
            counts: RefCell::default(),
            problem: RefCell::default(),
            longest: Cell::default(),
            most: Cell::new(LONGEST),
        };
        bench.good_is_read().unwrap();
        bench
    }

    /// The views that the bytes encode, by their names.
    fn views(&self, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut choices = Choices(bytes);
        let number = self.inputs.get();
        let names: Vec<String> = (0..=choices.few(VIEWS)).map(|i| format!("v{number}_{i}")).collect();
        let text = |choices: &mut Choices| -> Vec<u8> {
            match choices.few(16) {
                0 => choices.0.to_vec(),
                1..=3 if !self.corpus.is_empty() => {
                    let (_, text) = &self.corpus[choices.below(self.corpus.len())];
                    mutated_text(choices, &String::from_utf8_lossy(text), &TOKENS).into()
                }
                4..=5 => {
                    let text = view(choices, &names);
                    mutated_text(choices, &text, &TOKENS).into()
                }
                6 => {
                    let mut text = view(choices, &names).into_bytes();
                    let at = choices.below(text.len() + 1);
                    text.insert(at, [0xff, 0xc3, 0x80, 0xed][choices.few(4)]);
                    text
                }
                7 => format!("SELECT '{}' AS v", odd_text(choices)).into(),
                _ => view(choices, &names).into(),
            }
        };
        names.iter().map(|name| (name.clone(), text(&mut choices))).collect()
    }

    /// Runs one step: its processor time until nothing works on it any more.
    fn step<T>(&self, what: &str, step: impl Future<Output = T>) -> Result<(T, Duration), String> {
        let start = process_time();
        let done = self.runtime.block_on(async { tokio::time::timeout(HANG, step).await });
        let done = done.map_err(|_| format!("{what}: it hangs"))?;
        // Stopped work ends soon, and so does planning.
        loop {
            let before = process_time();
            if before - start > 2 * self.most.get() {
                break;
            }
            let is_quiet = self.warehouse_is_quiet();
            if is_quiet {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            if process_time() - before < Duration::from_millis(20) {
                break;
            }
        }
        let took = process_time() - start;
        self.longest.set(self.longest.get().max(took));
        if took > self.most.get() {
            return Err(format!("{what}: it took {took:?} of the processor"));
        }
        Ok((done, took))
    }

    /// Waits until stopped work has ended, so that the next step is measured alone.
    fn wait_until_quiet(&self) {
        let start = process_time();
        loop {
            let before = process_time();
            std::thread::sleep(Duration::from_millis(100));
            if process_time() - before < Duration::from_millis(20) || process_time() - start > 10 * LONGEST {
                break;
            }
        }
    }

    /// Runs the views at the limits with these queries, and returns the peak of memory after them.
    /// All are read: a refused one would be beyond the limit that it tests.
    fn warm_up(&self, kinds: &[usize]) -> Option<u64> {
        let before = peak_memory();
        self.most.set(AT_LIMITS);
        for (file, text) in corpus("views/at_the_limits") {
            for kind in kinds {
                let took =
                    self.run(&[(file.replace(".sql", ""), text.clone())], *kind).unwrap_or_else(|reason| panic!("{reason}"));
                println!("{file}: {took:?} of the processor");
                assert_eq!(*self.problem.borrow(), None, "{file} is not read");
            }
        }
        self.most.set(LONGEST);
        let peak = peak_memory();
        let growth = peak.zip(before).map_or(0, |(after, before)| after - before);
        println!("at the limits: grown by {growth} bytes");
        assert!(growth < GROWTH_AT_LIMITS, "{growth} bytes");
        peak
    }

    /// Whether all threads of the engine are idle.
    fn warehouse_is_quiet(&self) -> bool {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let runs = |stat: String| {
            let state = stat.rsplit_once(") ").and_then(|(_, after)| after.chars().next());
            stat.contains("(warehouse)") && state == Some('R')
        };
        !tasks.into_iter().any(|task| fs::read_to_string(task.path().join("stat")).is_ok_and(runs))
    }

    fn good_is_read(&self) -> Result<(), String> {
        let limits = Limits::default();
        let query = self.warehouse.run("SELECT SUM(a) AS s FROM `raw_data.good`", &limits);
        let (rows, _) = self.step("a good table", query)?;
        match rows {
            Ok(rows) if rows.rows == [[Value::Int(6)]] => Ok(()),
            other => Err(format!("a good table: {other:?}")),
        }
    }

    /// Messages for people contain nothing of a panic.
    fn check_words(&self, name: &str, words: &str) -> Result<(), String> {
        let panics = panics();
        self.counts.borrow_mut()[4] += panics.len();
        if words.len() > 100_000 {
            return Err(format!("{name}: {} bytes of words", words.len()));
        }
        if words.contains("panicked") || words.contains("unwrap()") {
            return Err(format!("{name}: {words}"));
        }
        for (message, place) in panics {
            if message.len() > 8 && words.contains(&message) {
                return Err(format!("{name}: the words of a panic: {words}"));
            }
            if place.starts_with("src/") {
                return Err(format!("{name}: a panic of our own at {place}: {message}"));
            }
            if std::env::var_os("TRAINSET_FUZZ_PANICS").is_some() {
                println!("{name}: {place}: {message}");
            }
        }
        Ok(())
    }

    /// Writes, lists and reads the views. Returns the processor time of the longest step.
    fn run(&self, views: &[(String, Vec<u8>)], kind: usize) -> Result<Duration, String> {
        let path = |name: &str| self.folder.path().join(format!("{name}.sql"));
        for (name, text) in views {
            fs::write(path(name), text).unwrap();
        }
        let ran = self.read(views, kind);
        for (name, _) in views {
            fs::remove_file(path(name)).unwrap();
        }
        self.inputs.set(self.inputs.get() + 1);
        if self.inputs.get().is_multiple_of(CHECKED) {
            self.good_is_read()?;
        }
        ran
    }

    fn read(&self, views: &[(String, Vec<u8>)], kind: usize) -> Result<Duration, String> {
        let (tables, mut longest) = self.step("the list", self.warehouse.tables())?;
        let tables = tables.map_err(|error| format!("the list: {error}"))?;
        for table in &tables {
            let name = table.name.table();
            if TABLES.contains(&name) && table.problem.is_some() {
                return Err(format!("{name}: {:?}", table.problem));
            }
        }
        for (name, _) in views {
            let info = tables.iter().find(|table| table.name.table() == name).ok_or(format!("{name} is not listed"))?;
            self.counts.borrow_mut()[0] += 1;
            *self.problem.borrow_mut() = info.problem.clone();
            if let Some(problem) = &info.problem {
                self.check_words(name, problem)?;
                continue;
            }
            self.counts.borrow_mut()[1] += 1;
            let (schema, took) = self.step(&format!("{name}'s schema"), self.warehouse.schema(&info.name))?;
            longest = longest.max(took);
            let schema = schema.map_err(|error| format!("{name} was listed: {error}"))?;
            let Some(sql) = query(&schema, kind) else { continue };
            let limits = Limits { max_rows: 11, max_bytes: 2 << 20, max_cell: Some(1_000), timeout: QUERY, ..Limits::default() };
            let (rows, took) = self.step(&format!("{name}'s rows"), self.warehouse.run(&sql, &limits))?;
            longest = longest.max(took);
            self.counts.borrow_mut()[2] += 1;
            match rows {
                Ok(_) => self.check_words(name, "")?,
                Err(error) => {
                    self.counts.borrow_mut()[3] += usize::from(matches!(error, WarehouseError::Timeout(_)));
                    self.check_words(name, &error.to_string())?;
                    if matches!(error, WarehouseError::Timeout(_)) {
                        self.good_is_read()?;
                    }
                }
            }
        }
        Ok(longest)
    }
}

/// What the product runs on a table: a preview, or now and then a profile.
fn query(schema: &TableSchema, kind: usize) -> Option<String> {
    if kind == 0 {
        let columns: Vec<_> = schema.columns.iter().take(20).collect();
        return Some(profile(None, schema, &columns, false).sql);
    }
    let columns = schema.columns.iter().take(50);
    let columns: Vec<_> = columns.map(|column| json!({"table": schema.table.table(), "column": column.name.as_str()})).collect();
    let config = json!({"primary_table": schema.table.to_string(), "selected_columns": columns});
    let config = config_from_json(config).ok()?;
    let request = Request { kind: QueryKind::Preview { limit: 11 }, ..Request::default() };
    Some(compile(&config, &Catalog::new(None, [schema.clone()]), &request).ok()?.sql)
}

/// The views of an input in the form for the corpus.
fn shown(views: &[(String, Vec<u8>)]) -> String {
    views.iter().map(|(name, text)| format!("\n-- {name}\n{}", text.escape_ascii())).collect()
}

#[test]
fn views_that_were_found_once_do_no_harm() {
    let _alone = alone();
    let bench = Bench::new();
    let before = bench.warm_up(&[0, 1]);
    let growth = || peak_memory().zip(before).map_or(0, |(after, before)| after - before);
    let mut wrong = vec![];
    for (file, text) in &bench.corpus {
        let name = file.strip_suffix(".sql").unwrap_or_else(|| panic!("{file} is no view"));
        for kind in [0, 1] {
            let start = Instant::now();
            match bench.run(&[(name.to_owned(), text.clone())], kind) {
                Ok(took) => {
                    println!("{file}: {took:?} of the processor, {:?}, grown by {} bytes", start.elapsed(), growth());
                }
                Err(reason) => {
                    println!("{file}: WRONG: {reason}");
                    wrong.push(format!("{file}: {reason}"));
                    bench.wait_until_quiet();
                }
            }
        }
    }
    println!("one by one: grown by {} bytes", growth());
    assert!(growth() < crate::driver::GROWTH, "{} bytes", growth());
    // All together: some name one another, including those at the limits.
    let limits = corpus("views/at_the_limits");
    let all: Vec<_> =
        bench.corpus.iter().chain(&limits).map(|(file, text)| (file.trim_end_matches(".sql").to_owned(), text.clone())).collect();
    for (name, text) in &all {
        fs::write(bench.folder.path().join(format!("{name}.sql")), text).unwrap();
    }
    let tables = bench.runtime.block_on(bench.warehouse.tables()).unwrap();
    assert_eq!(tables.len(), all.len() + TABLES.len());
    bench.good_is_read().unwrap();
    println!("all together: grown by {} bytes", growth());
    assert!(growth() < GROWTH_AT_LIMITS, "{} bytes", growth());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn random_views_do_no_harm() {
    let _alone = alone();
    let bench = Bench::new();
    bench.warm_up(&[1]);
    let run = |bytes: &[u8]| {
        let views = bench.views(bytes);
        bench.run(&views, bytes.last().map_or(1, |byte| usize::from(*byte) % 4)).map_err(|reason| {
            // Each try has the next names. Printed at once: shrinking takes a while.
            println!("{reason}{}", shown(&views));
            TestCaseError::fail(format!("{reason}{}", shown(&views)))
        })
    };
    Fuzz { seconds: 10, bytes: 600, shrinks: 50 }.run(run, |bytes| shown(&bench.views(bytes)));
    let [views, read, queries, stopped, panics] = *bench.counts.borrow();
    println!("{views} views, {read} of them read; {queries} queries, {stopped} stopped in time; {panics} panics of the engine");
    assert!(read > 0 && queries > 0, "nothing was read");
}
