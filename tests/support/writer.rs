//! A client that creates, changes, activates and deletes datasets of its own, and knows what must
//! be there: acknowledged writes, and unacknowledged ones completely or not at all.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::program::{Client, Dice, Reply, events_config};

/// No more than these: each is read after each crash.
const DATASETS: usize = 4;

/// A dataset as its last acknowledged write left it, and the writes since then that were not
/// acknowledged, or refused with 503: a commit whose sync failed may still be found by the next
/// start.
#[derive(Debug, Clone)]
struct Known {
    dataset: Value,
    pending: Vec<Write>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Write {
    Describe(u64),
    Split(u64),
    Activate,
    Delete,
}

pub struct Writer {
    number: u64,
    dice: Dice,
    /// Number of writes begun, for names and descriptions that are never reused.
    begun: u64,
    known: Vec<Known>,
    /// The names of datasets whose creation was not acknowledged.
    creating: Vec<String>,
    /// Writes that were answered with 200.
    pub answered: u64,
    /// Writes that were refused with 503.
    pub refused: u64,
}

fn id(dataset: &Value) -> i64 {
    dataset["id"].as_i64().expect("an id")
}

impl Writer {
    pub fn new(number: u64, seed: u64) -> Self {
        Self { number, dice: Dice(seed * 1000 + number), begun: 0, known: vec![], creating: vec![], answered: 0, refused: 0 }
    }

    /// Writes until the program has stopped.
    pub async fn write(&mut self, client: &Client) {
        while self.one(client).await.is_ok() {}
    }

    /// Whether the outcome of a write is unknown.
    pub fn is_cut(&self) -> bool {
        !self.creating.is_empty() || self.known.iter().any(|known| !known.pending.is_empty())
    }

    /// The datasets that it knows of.
    pub fn ids(&self) -> Vec<i64> {
        self.known.iter().map(|known| id(&known.dataset)).collect()
    }

    /// One write. Acknowledged state is known state.
    pub async fn one(&mut self, client: &Client) -> Result<(), reqwest::Error> {
        self.begun += 1;
        let chosen = self.dice.roll(10);
        if self.known.is_empty() || (self.known.len() < DATASETS && chosen == 0) {
            return self.create(client).await;
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
        self.known[at].pending.push(write);
        let reply = client.post(&format!("/api/datasets/{}/{path}/", id(&self.known[at].dataset)), body).await?;
        if self.is_refused(&reply) {
            return Ok(());
        }
        match write {
            // Active already, or no permit for its queries: nothing was written.
            Write::Activate if reply.status == 409 || reply.status == 429 => {
                assert!(matches!(reply.body["code"].as_str(), Some("already_active" | "busy")), "{}", reply.text);
                self.known[at].pending.retain(|pending| *pending != write);
                return Ok(());
            }
            Write::Delete => {
                ok(reply);
                self.known.remove(at);
            }
            _ => self.known[at] = Known { dataset: ok(reply)["dataset"].clone(), pending: vec![] },
        }
        self.answered += 1;
        Ok(())
    }

    async fn create(&mut self, client: &Client) -> Result<(), reqwest::Error> {
        let name = format!("w{} {}", self.number, self.begun);
        self.creating.push(name.clone());
        let config = events_config(1 + self.dice.roll(20) as u32);
        let reply = client.post("/api/models/1/datasets/create/", json!({"name": name, "config": config})).await?;
        if self.is_refused(&reply) {
            return Ok(());
        }
        self.creating.retain(|creating| *creating != name);
        self.known.push(Known { dataset: ok(reply)["dataset"].clone(), pending: vec![] });
        self.answered += 1;
        Ok(())
    }

    fn is_refused(&mut self, reply: &Reply) -> bool {
        let refused = reply.status == 503;
        self.refused += u64::from(refused);
        refused
    }

    /// Compares the stored state with the known one, and takes over the outcome of unacknowledged
    /// writes.
    pub async fn check(&mut self, client: &Client) {
        let mut kept = vec![];
        for Known { dataset, pending } in std::mem::take(&mut self.known) {
            let reply = client.get(&format!("/api/datasets/{}/", id(&dataset))).await.expect("an answer");
            if reply.status == 404 && pending.contains(&Write::Delete) {
                continue;
            }
            let now = ok(reply)["dataset"].clone();
            let may_be = pending.iter().any(|write| is_after(&dataset, *write, &now));
            assert!(now == dataset || may_be, "pending {pending:?}\nwas {dataset:#}\nis {now:#}");
            is_whole(client, &now).await;
            kept.push(Known { dataset: now, pending: vec![] });
        }
        self.known = kept;
        for name in std::mem::take(&mut self.creating) {
            let path = format!("/api/models/1/datasets/?per_page=50&search={}", name.replace(' ', "%20"));
            let list = ok(client.get(&path).await.expect("an answer"));
            // The search finds "w1 23" for "w1 2" too.
            let found = list["datasets"].as_array().expect("a list").iter().find(|dataset| dataset["name"] == name.as_str());
            if let Some(found) = found {
                let dataset =
                    ok(client.get(&format!("/api/datasets/{}/", id(found))).await.expect("an answer"))["dataset"].clone();
                assert_eq!((&dataset["revision"], &dataset["status"]), (&json!(1), &json!("draft")));
                self.known.push(Known { dataset, pending: vec![] });
            }
        }
    }
}

/// Whether a dataset is the result of a write to another.
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

/// No partial version: each listed one can be read, with all its parts, and the active one is among
/// them.
async fn is_whole(client: &Client, dataset: &Value) {
    let versions = dataset["versions"].as_array().expect("versions");
    assert_eq!(dataset["version_count"], versions.len());
    let numbers: Vec<&Value> = versions.iter().map(|version| &version["number"]).collect();
    assert!(dataset["active_version"].is_null() || numbers.contains(&&dataset["active_version"]), "{dataset:#}");
    assert!(dataset["status"] == "draft" || dataset["active_version"].is_u64(), "{dataset:#}");
    // A crash could only have cut the newest one.
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

/// SQLite's own check of the file, and no dangling references.
pub async fn check_file(file: &Path) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    let dangling: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM pragma_foreign_key_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!((whole.as_str(), dangling), ("ok", 0));
    connection.close().await.unwrap();
}
