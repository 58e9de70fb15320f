//! A crash at any moment: after the next start every answered write is there, and what was not answered is there whole or not at all.
//!
//! Four writers create, change, activate and delete datasets while the program is killed, 200 times. `TRAINSET_CRASH_ROUNDS` and `TRAINSET_CRASH_SEED`
//! choose others.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Client, Dice, Program, Reply, events_config, number, write_events};

const WRITERS: u64 = 4;
/// More are not made: each is looked at after each crash.
const DATASETS: usize = 4;

/// A dataset as its last answered write left it, and the write that was not answered.
#[derive(Debug, Clone)]
struct Known {
    dataset: Value,
    pending: Option<Write>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Write {
    Describe(u64),
    Split(u64),
    Activate,
    Delete,
}

struct Writer {
    number: u64,
    dice: Dice,
    /// How many writes were begun, for names and descriptions that are never used twice.
    begun: u64,
    known: Vec<Known>,
    /// The name of a dataset whose creation was not answered.
    creating: Option<String>,
    answered: u64,
}

fn id(dataset: &Value) -> i64 {
    dataset["id"].as_i64().expect("an id")
}

impl Writer {
    fn new(number: u64, seed: u64) -> Self {
        Self { number, dice: Dice(seed * 1000 + number), begun: 0, known: vec![], creating: None, answered: 0 }
    }

    /// Writes until the program is gone.
    async fn write(&mut self, client: &Client) {
        while self.one(client).await.is_ok() {
            self.answered += 1;
        }
    }

    /// One write. What was answered is what is known.
    async fn one(&mut self, client: &Client) -> Result<(), reqwest::Error> {
        self.begun += 1;
        let chosen = self.dice.roll(10);
        if self.known.is_empty() || (self.known.len() < DATASETS && chosen == 0) {
            let name = format!("w{} {}", self.number, self.begun);
            self.creating = Some(name.clone());
            let config = events_config(1 + self.dice.roll(20) as u32);
            let reply = client.post("/api/models/1/datasets/create/", json!({"name": name, "config": config})).await?;
            self.creating = None;
            self.known.push(Known { dataset: ok(reply)["dataset"].clone(), pending: None });
            return Ok(());
        }
        let at = self.dice.roll(self.known.len() as u64) as usize;
        let write = match chosen {
            0..=3 => Write::Describe(self.begun),
            4..=5 => Write::Split(1 + self.dice.roll(20)),
            6..=8 => Write::Activate,
            _ => Write::Delete,
        };
        let (path, body) = match write {
            Write::Describe(n) => ("update", json!({"description": format!("{n}")})),
            Write::Split(days) => ("update", json!({"split_config": {"type": "time_based", "eval_days": days}})),
            Write::Activate => ("activate", json!({})),
            Write::Delete => ("delete", json!({"force": true})),
        };
        self.known[at].pending = Some(write);
        let reply = client.post(&format!("/api/datasets/{}/{path}/", id(&self.known[at].dataset)), body).await?;
        self.known[at].pending = None;
        match write {
            Write::Delete => {
                ok(reply);
                self.known.remove(at);
            }
            // Active already: nothing was written.
            Write::Activate if reply.status == 409 => assert_eq!(reply.body["code"], "already_active", "{}", reply.text),
            _ => self.known[at].dataset = ok(reply)["dataset"].clone(),
        }
        Ok(())
    }

    /// Holds what is there against what is known, and takes over what became of the write that was not answered.
    async fn check(&mut self, client: &Client) {
        let mut kept = vec![];
        for known in std::mem::take(&mut self.known) {
            let reply = client.get(&format!("/api/datasets/{}/", id(&known.dataset))).await.expect("an answer");
            if known.pending == Some(Write::Delete) && reply.status == 404 {
                continue;
            }
            let now = ok(reply)["dataset"].clone();
            let may_be = known.pending.is_some_and(|write| is_after(&known.dataset, write, &now));
            assert!(now == known.dataset || may_be, "pending {:?}\nwas {:#}\nis {now:#}", known.pending, known.dataset);
            whole(client, &now).await;
            kept.push(Known { dataset: now, pending: None });
        }
        self.known = kept;
        if let Some(name) = self.creating.take() {
            let list =
                ok(client.get(&format!("/api/models/1/datasets/?search={}", name.replace(' ', "%20"))).await.expect("an answer"));
            // The search finds "w1 23" for "w1 2" too.
            let found = list["datasets"].as_array().expect("a list").iter().find(|dataset| dataset["name"] == name.as_str());
            if let Some(found) = found {
                let dataset =
                    ok(client.get(&format!("/api/datasets/{}/", id(found))).await.expect("an answer"))["dataset"].clone();
                assert_eq!((&dataset["revision"], &dataset["status"]), (&json!(1), &json!("draft")));
                self.known.push(Known { dataset, pending: None });
            }
        }
    }
}

/// Whether a dataset is what a write makes of another.
fn is_after(before: &Value, write: Write, now: &Value) -> bool {
    let next = before["revision"].as_i64().expect("a revision") + 1;
    let same = |fields: &[&str]| fields.iter().all(|field| before[*field] == now[*field]);
    now["revision"] == next
        && match write {
            Write::Describe(n) => {
                now["description"].as_str() == Some(n.to_string().as_str()) && same(&["name", "config", "status", "versions"])
            }
            Write::Split(days) => {
                now["config"]["split_config"]["eval_days"] == days
                    && now["status"] == "draft"
                    && same(&["name", "description", "versions"])
            }
            Write::Activate => {
                now["status"] == "active" && same(&["name", "description", "config"]) && now["active_version"].is_u64()
            }
            Write::Delete => false,
        }
}

/// No half version: each that is listed can be read, with all its parts, and the active one is one of them.
async fn whole(client: &Client, dataset: &Value) {
    let versions = dataset["versions"].as_array().expect("versions");
    assert_eq!(dataset["version_count"], versions.len());
    let numbers: Vec<&Value> = versions.iter().map(|version| &version["number"]).collect();
    assert!(dataset["active_version"].is_null() || numbers.contains(&&dataset["active_version"]), "{dataset:#}");
    assert!(dataset["status"] == "draft" || dataset["active_version"].is_u64(), "{dataset:#}");
    // The newest is the one that a crash could have cut.
    let Some(newest) = numbers.first() else { return };
    let version = ok(client.get(&format!("/api/datasets/{}/versions/{newest}/", id(dataset))).await.expect("an answer"));
    let version = &version["version"];
    for part in ["full", "train", "eval"] {
        assert!(
            version["sql"][part].as_str().is_some_and(|sql| sql.starts_with("WITH") || sql.starts_with("SELECT")),
            "{version:#}"
        );
    }
    assert!(version["schemas"][0]["columns"].as_array().is_some_and(|columns| columns.len() == 5), "{version:#}");
    assert!(version["counts"]["full"]["rows"].as_u64().is_some_and(|rows| rows > 0), "{version:#}");
    assert!(version["config"]["primary_table"].is_string(), "{version:#}");
}

#[track_caller]
fn ok(reply: Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body
}

async fn check_file(file: &Path) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    let dangling: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM pragma_foreign_key_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!((whole.as_str(), dangling), ("ok", 0));
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_crash_loses_what_was_answered() {
    let (rounds, seed) = (number("TRAINSET_CRASH_ROUNDS", 200), number("TRAINSET_CRASH_SEED", 1));
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    let mut moments = Dice(seed);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    let (start, mut starting, mut cut) = (Instant::now(), Duration::ZERO, 0);
    for round in 0..=rounds {
        let begun = Instant::now();
        let mut program = Program::start(folder.path());
        starting += begun.elapsed();
        let client = program.client();
        for writer in &mut writers {
            writer.check(&client).await;
        }
        if round == rounds {
            break;
        }
        let life = Duration::from_micros(1000 * moments.roll(120) + moments.roll(1000));
        let writing = writers.into_iter().map(|mut writer| {
            let client = client.clone();
            tokio::spawn(async move {
                writer.write(&client).await;
                writer
            })
        });
        let writing: Vec<_> = writing.collect();
        tokio::time::sleep(life).await;
        program.kill();
        writers = vec![];
        for writer in writing {
            writers.push(writer.await.unwrap());
        }
        let is_cut = |writer: &&Writer| writer.creating.is_some() || writer.known.iter().any(|known| known.pending.is_some());
        cut += writers.iter().filter(is_cut).count();
        check_file(&folder.path().join("trainset.db")).await;
    }
    let answered: u64 = writers.iter().map(|writer| writer.answered).sum();
    println!(
        "{rounds} crashes in {:.1} s: {answered} writes answered, {cut} cut, {:.0} ms a start",
        start.elapsed().as_secs_f64(),
        starting.as_secs_f64() * 1000.0 / (rounds + 1) as f64
    );
    // The test is worth something only where crashes met writes.
    assert!(answered >= rounds * 2 && cut as u64 >= rounds / 2, "{answered} answered, {cut} cut");
}
