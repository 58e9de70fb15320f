//! How long a page of a model with 10,000 datasets takes, over HTTP, with a search that changes
//! each time. `make bench`.
//!
//! The peer in the same run is a response that reads nothing (`/healthz`), over the same
//! connection: the difference is the list's own time.

use std::time::{Duration, Instant};

use tempfile::TempDir;

#[path = "../tests/support/many.rs"]
mod many;
#[path = "../tests/support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Client, Dice, Program, write_events};

const ROUNDS: usize = 2000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let folder = TempDir::new().expect("a folder");
    write_events(folder.path());
    let program = Program::start(folder.path());
    let client = program.client();
    many::fill(&client, folder.path()).await;
    let mut dice = Dice(1);
    let (mut lists, mut peers) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let status = ["", "&status=draft", "&status=active"][dice.roll(3) as usize];
        let search = match dice.roll(4) {
            0 => String::new(),
            1 => format!("week%20{}", dice.roll(53)),
            2 => format!("dataset%20{}", dice.roll(10_000)),
            _ => format!("nothing%20is%20called%20{}", dice.roll(100)),
        };
        let page = 1 + dice.roll(20);
        lists.push(time(&client, &format!("/api/models/1/datasets/?search={search}&page={page}{status}")).await);
        peers.push(time(&client, "/healthz").await);
    }
    let (list, peer) = (spread(lists), spread(peers));
    println!(
        "list of {} datasets, {ROUNDS} requests: median {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        many::DATASETS,
        list[0],
        list[1],
        list[2]
    );
    println!("an answer without a query: median {:.2} ms, p99 {:.2} ms", peer[0], peer[1]);
    println!("ratio of the medians {:.2}, of the p99 {:.2}", list[0] / peer[0], list[1] / peer[1]);
}

async fn time(client: &Client, path: &str) -> Duration {
    let start = Instant::now();
    let reply = client.get(path).await.expect("an answer");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    start.elapsed()
}

/// Median, p99 and the longest, in ms.
fn spread(mut all: Vec<Duration>) -> [f64; 3] {
    all.sort_unstable();
    [all.len() / 2, all.len() * 99 / 100, all.len() - 1].map(|i| all[i].as_secs_f64() * 1000.0)
}
