//! 64 clients on one dataset: no change is lost, each is in the history exactly once, nothing waits
//! forever, nothing fails internally.
//!
//! For 30 s; `TRAINSET_LOAD_SECONDS` chooses another time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::RwLock;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Client, Dice, Program, events_config, number, write_events};

const CLIENTS: u64 = 64;

/// A change with the response 200.
#[derive(Debug)]
struct Saved {
    /// The revision that it started from; `None` for an activation, which takes the current one.
    from: Option<i64>,
    dataset: Value,
}

#[derive(Default)]
struct Seen {
    saved: Vec<Saved>,
    statuses: BTreeMap<u16, u64>,
    longest: Duration,
}

impl Seen {
    async fn post(&mut self, client: &Client, path: &str, body: Value) -> program::Reply {
        let start = Instant::now();
        let reply = client.post(path, body).await.expect("an answer");
        self.note(start, &reply);
        reply
    }

    async fn get(&mut self, client: &Client, path: &str) -> program::Reply {
        let start = Instant::now();
        let reply = client.get(path).await.expect("an answer");
        self.note(start, &reply);
        reply
    }

    fn note(&mut self, start: Instant, reply: &program::Reply) {
        self.longest = self.longest.max(start.elapsed());
        *self.statuses.entry(reply.status).or_default() += 1;
        assert!(matches!(reply.status, 200 | 409 | 429), "{}", reply.text);
        if reply.status == 409 {
            assert!(matches!(reply.body["code"].as_str(), Some("stale" | "already_active")), "{}", reply.text);
        }
    }
}

/// An activation is refused when anyone saves during its checks, which here always happens: now and
/// then the first client's runs alone.
const ALONE_EVERY: u64 = 8;

async fn work(client: Client, number: u64, id: i64, until: Instant, alone: Arc<RwLock<()>>) -> Seen {
    let (mut seen, mut dice, mut round) = (Seen::default(), Dice(number), 0);
    let dataset = format!("/api/datasets/{id}");
    while Instant::now() < until {
        round += 1;
        let is_alone = number == 0 && round % ALONE_EVERY == 0;
        let _alone = if is_alone { Some(alone.write().await) } else { None };
        let _beside = if is_alone { None } else { Some(alone.read().await) };
        // A few activate; two of three read and change; the others read.
        let role = if number < 4 { 2 } else { dice.roll(3) };
        match role {
            0 | 1 => {
                let read = seen.get(&client, &format!("{dataset}/")).await.body["dataset"].clone();
                let from = read["revision"].as_i64().expect("a revision");
                let mut change = json!({"description": format!("{number} {round}"), "revision": from});
                if dice.roll(2) == 0 {
                    change["split_config"] = json!({"type": "time_based", "eval_days": 1 + dice.roll(15)});
                }
                let reply = seen.post(&client, &format!("{dataset}/update/"), change).await;
                if reply.status == 200 {
                    let saved = reply.body["dataset"].clone();
                    assert_eq!(saved["description"], format!("{number} {round}"), "the answer shows another's change");
                    seen.saved.push(Saved { from: Some(from), dataset: saved });
                } else {
                    // The second editor gets the current state.
                    assert!(reply.body["current"]["revision"].as_i64().expect("a revision") > from, "{}", reply.text);
                }
            }
            _ if number < 4 => {
                let reply = seen.post(&client, &format!("{dataset}/activate/"), json!({})).await;
                if reply.status == 200 {
                    seen.saved.push(Saved { from: None, dataset: reply.body["dataset"].clone() });
                }
            }
            _ => {
                let path = match dice.roll(3) {
                    0 => "/api/models/1/datasets/?search=shared".to_owned(),
                    1 => format!("{dataset}/versions/"),
                    _ => format!("{dataset}/summary/"),
                };
                seen.get(&client, &path).await;
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_among_64_clients() {
    let seconds = number("TRAINSET_LOAD_SECONDS", 30);
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    let mut program = Program::start(folder.path());
    let client = program.client();
    let made =
        client.post("/api/models/1/datasets/create/", json!({"name": "Shared", "config": events_config(7)})).await.unwrap();
    let id = made.body["dataset_id"].as_i64().unwrap_or_else(|| panic!("{}", made.text));

    let until = Instant::now() + Duration::from_secs(seconds);
    let alone = Arc::new(RwLock::new(()));
    let clients = (0..CLIENTS).map(|number| tokio::spawn(work(client.clone(), number, id, until, alone.clone())));
    // Distinguishes clients that hang from slow ones.
    let all = tokio::time::timeout(Duration::from_secs(seconds + 60), futures::future::join_all(clients)).await;
    let all: Vec<Seen> = all.expect("a client waits for ever").into_iter().map(Result::unwrap).collect();

    let (mut saved, mut statuses, mut longest) = (vec![], BTreeMap::new(), Duration::ZERO);
    for seen in all {
        saved.extend(seen.saved);
        seen.statuses.into_iter().for_each(|(status, n)| *statuses.entry(status).or_insert(0) += n);
        longest = longest.max(seen.longest);
    }
    let changes = saved.len();
    println!("{changes} changes in {seconds} s; answers by status {statuses:?}; the longest took {longest:?}");
    assert!(changes > 50, "{changes} changes are no test");

    // Each 200 has a revision of its own, and together they are all revisions.
    saved.sort_by_key(|saved| saved.dataset["revision"].as_i64());
    for (expected, saved) in (2..).zip(&saved) {
        assert_eq!(saved.dataset["revision"], expected);
        assert!(saved.from.is_none_or(|from| from + 1 == expected), "{saved:?}");
    }
    let last = client.get(&format!("/api/datasets/{id}/")).await.unwrap().body["dataset"].clone();
    assert_eq!(last, saved.last().unwrap().dataset);

    // Each activation froze the current state, once.
    let versions: Arc<[Value]> = last["versions"].as_array().unwrap().clone().into();
    let numbers: Vec<usize> = versions.iter().rev().map(|version| version["number"].as_u64().unwrap() as usize).collect();
    assert_eq!(numbers, (1..=versions.len()).collect::<Vec<_>>());
    let mut activations = 0;
    for Saved { dataset, .. } in saved.iter().filter(|saved| saved.from.is_none()) {
        let version = versions.iter().find(|version| version["number"] == dataset["active_version"]).unwrap();
        assert_eq!(version["config_hash"], dataset["config_hash"]);
        activations += 1;
    }
    let contents: std::collections::BTreeSet<_> = versions.iter().map(|version| version["config_hash"].to_string()).collect();
    assert_eq!(contents.len(), versions.len());
    println!("{activations} activations, {} versions", versions.len());
    assert!(seconds < 10 || activations > 0);
    assert_eq!(program.stop(), Some(0));
}
