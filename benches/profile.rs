//! How long a profile of a large table takes on the embedded engine, and its memory: 20.9 million
//! promotions, all five columns, one scan. `make bench`.
//!
//! The peer in the same run is DuckDB's SUMMARIZE of the same file, which computes less: it has no
//! most frequent values, and three quantiles. Both take as many threads as there are processors,
//! and alternate.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use trainset::domain::sql::profile::profile;
use trainset::warehouse::embedded::{Embedded, Options};
use trainset::warehouse::{Limits, Warehouse};

const ROUNDS: usize = 5;
const MEMORY: usize = 1 << 30;

/// Summarizes the file once for each line that it reads, and prints the seconds that it took.
const PEER: &str = r#"
import sys, time, duckdb
duckdb.sql("SET enable_progress_bar = false")
for _ in sys.stdin:
    start = time.perf_counter()
    rows = duckdb.sql(f"SUMMARIZE SELECT * FROM read_parquet('{sys.argv[1]}')").fetchall()
    assert len(rows) == 5, rows
    print(time.perf_counter() - start, flush=True)
"#;

fn main() {
    let (Some(folder), Some(python)) = (variable("TRAINSET_COMPLETE_JOURNEY"), variable("TRAINSET_PYTHON")) else {
        println!("profile: skipped, since TRAINSET_COMPLETE_JOURNEY or TRAINSET_PYTHON is not set; `make bench` sets both");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = Options { memory_bytes: MEMORY, ..Options::default() };
    let engine = runtime.block_on(Embedded::open_with(&folder, "raw_data", options)).expect("the folder opens");
    let table = "raw_data.promotions".parse().expect("a table's name");
    let schema = runtime.block_on(engine.schema(&table)).expect("the table is there");
    let query = profile(None, &schema, &schema.columns.iter().collect::<Vec<_>>(), false);

    let mut peer = Command::new(python)
        .args(["-c", PEER])
        .arg(folder.join("promotions.parquet"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let (mut ask, answer) = (peer.stdin.take().expect("piped"), peer.stdout.take().expect("piped"));
    let mut answers = BufReader::new(answer).lines();

    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let rows = runtime.block_on(engine.run(&query.sql, &Limits::default())).expect("the profile is found out");
        ours.push(start.elapsed());
        assert!(rows.rows[0][0].as_i64().is_some_and(|rows| rows > 20_000_000), "{:?}", rows.rows[0][0]);
        writeln!(ask).expect("Python reads");
        let seconds = answers.next().expect("Python answers").expect("a line");
        theirs.push(Duration::from_secs_f64(seconds.parse().expect("seconds")));
    }
    drop(ask);
    peer.wait().expect("Python ends");

    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "profile of promotions, 5 columns, median of {ROUNDS}: {ours:.2?}; DuckDB SUMMARIZE: {theirs:.2?}; ratio {ratio:.2}"
    );
    let peak = peak_bytes();
    println!("most memory: {} MiB, of {} MiB that it may take", peak >> 20, MEMORY >> 20);
    assert!(peak < MEMORY as u64, "the profile took more than 1 GiB");
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from).filter(|path| Path::exists(path))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The peak memory of this process, as Linux reports it.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() << 10
}
