//! Everything at once, for a while: reads, writes, analyses, slow and vanishing clients, a failing
//! disk, a program that is killed and restarted. At the end every acknowledged write is there,
//! memory is back where it began, and `/healthz` was always fast.
//!
//! Two minutes; `TRAINSET_SOAK_SECONDS=900` soaks for a quarter of an hour, as before a release.
//! `TRAINSET_SOAK_SEED` chooses other moments.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

#[path = "support/faulty_disk.rs"]
#[allow(dead_code)]
mod faulty_disk;
#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;
#[path = "support/writer.rs"]
#[allow(dead_code)]
mod writer;

use faulty_disk::{Fault, FaultyDisk};
use program::{Client, Dice, Program, events_config, number, write_events};
use writer::{Writer, check_file};

const WRITERS: u64 = 4;
const READERS: u64 = 3;
/// Maximum duration of `/healthz`, on a machine of two cores whose clients run beside the program.
const HEALTH: Duration = Duration::from_millis(100);
/// How long after the end of a disk failure the program may still refuse.
const RECOVERY: Duration = Duration::from_secs(10);
/// Failures of writes; another test covers reads.
const FAULTS: [Fault; 6] = [Fault::Full, Fault::Short, Fault::Quota, Fault::Broken, Fault::NoSync, Fault::ReadOnly];
/// Maximum growth of the program's memory from when it was warm to its end, in bytes: what
/// allocators retain.
const GROWTH: u64 = 64 << 20;

/// Requests `/healthz` fifty times a second, each time over a connection of its own, from a thread
/// of its own.
struct Prober {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Prober {
    fn start(addr: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (addr, stopped) = (addr.to_owned(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut took = vec![];
            while !stopped.load(Ordering::SeqCst) {
                let start = Instant::now();
                // A program that is killed meanwhile does not respond.
                match health(&addr) {
                    Ok(()) => took.push(start.elapsed()),
                    Err(error) => assert!(stopped.load(Ordering::SeqCst), "/healthz: {error}"),
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            took
        });
        Self { stop, thread }
    }

    /// Called before the program is stopped.
    fn stop(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("every /healthz is answered")
    }
}

fn health(addr: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 200") {
        true => Ok(()),
        false => Err(std::io::Error::other(answer)),
    }
}

/// Responses by status, of all clients.
type Statuses = BTreeMap<u16, u64>;

/// Reads datasets until the time is over.
async fn read(client: Client, number: u64, until: Instant) -> Statuses {
    let (mut statuses, mut dice) = (Statuses::new(), Dice(number));
    let mut ids: Vec<i64> = vec![];
    while Instant::now() < until {
        let id = ids.get(dice.roll(ids.len().max(1) as u64) as usize).copied().unwrap_or(1);
        let path = match dice.roll(6) {
            0 => "/api/models/1/datasets/?per_page=50".to_owned(),
            1 => format!("/api/datasets/{id}/"),
            2 => format!("/api/datasets/{id}/preview/?limit=50"),
            3 => format!("/api/datasets/{id}/query/"),
            4 => format!("/api/datasets/{id}/versions/"),
            _ => "/api/models/1/bq-tables/".to_owned(),
        };
        let Ok(reply) = client.get(&path).await else { break };
        *statuses.entry(reply.status).or_default() += 1;
        if let Some(datasets) = reply.body["datasets"].as_array() {
            ids = datasets.iter().filter_map(|dataset| dataset["id"].as_i64()).collect();
        }
    }
    statuses
}

/// Analyzes a dataset over and over, and changes it between, so that each analysis runs.
async fn analyze(client: Client, id: i64, until: Instant) -> Statuses {
    let mut statuses = Statuses::new();
    for days in (1..20).cycle() {
        if Instant::now() >= until {
            break;
        }
        let split = json!({"split_config": {"type": "time_based", "eval_days": days}});
        for (path, body) in [("update", split), ("analyze", json!({}))] {
            let Ok(reply) = client.post(&format!("/api/datasets/{id}/{path}/"), body).await else { return statuses };
            *statuses.entry(reply.status).or_default() += 1;
        }
    }
    statuses
}

/// Requests work and disconnects before it is done.
async fn vanish(client: Client, id: i64, number: u64, until: Instant) -> Statuses {
    let mut dice = Dice(number);
    while Instant::now() < until {
        let ask = async {
            match dice.roll(2) {
                0 => client.get(&format!("/api/datasets/{id}/preview/?limit=1000")).await,
                _ => client.post(&format!("/api/datasets/{id}/validate-query/"), json!({})).await,
            }
        };
        let patience = Duration::from_millis(1 + number % 40);
        tokio::time::timeout(patience, ask).await.ok();
        tokio::time::sleep(patience).await;
    }
    Statuses::new()
}

/// Connections of clients that never end their request, and of those that never read their
/// response. Open until they are dropped.
fn slow_clients(addr: &str, id: i64) -> Vec<TcpStream> {
    let half = "GET /api/models/1/datasets/ HTTP/1.1\r\nhost: localhost\r\nx-half: ".to_owned();
    let unread = format!("GET /api/datasets/{id}/preview/?limit=1000 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let connect = |text: &String| {
        let mut stream = TcpStream::connect(addr).expect("a connection");
        stream.write_all(text.as_bytes()).expect("a request");
        stream
    };
    std::iter::repeat_n(&half, 8).chain(std::iter::repeat_n(&unread, 8)).map(connect).collect()
}

/// Bytes of memory that a process holds.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Lets the disk fail for a while; the program has to report it and work again afterwards.
async fn fail_for_a_while(disk: &FaultyDisk, client: &Client, id: i64, fault: Fault, span: Duration) {
    /// A change without an effect is not written, so each has a text of its own.
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let path = format!("/api/datasets/{id}/update/");
    let write = || client.post(&path, json!({"description": format!("{}", WRITES.fetch_add(1, Ordering::SeqCst))}));
    disk.fail(fault);
    let end = Instant::now() + span;
    while Instant::now() < end {
        let reply = write().await.expect("an answer");
        assert_eq!(reply.status, 503, "{fault:?}: {}", reply.text);
        let ready = client.get("/readyz").await.expect("an answer");
        assert_eq!((ready.status, &ready.body["code"]), (503, &json!("not_ready")), "{fault:?}: {}", ready.text);
    }
    disk.heal();
    let healed = Instant::now();
    loop {
        let (reply, ready) = (write().await.expect("an answer"), client.get("/readyz").await.expect("an answer"));
        if (reply.status, ready.status) == (200, 200) {
            return;
        }
        assert!(healed.elapsed() < RECOVERY, "{fault:?}: {} {}", reply.text, ready.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Soak {
    folder: TempDir,
    disk: FaultyDisk,
    dice: Dice,
    writers: Vec<Writer>,
    statuses: Statuses,
    health: Vec<Duration>,
    /// Datasets for the analyses and for the disk failures alone.
    own: [i64; 2],
}

/// How a life of the program ends.
#[derive(Debug, PartialEq)]
enum End {
    Killed,
    Stopped,
}

impl Soak {
    fn start(&self) -> Program {
        let program = Program::start_with(self.folder.path(), |command| command.envs(self.disk.environment()));
        // The start itself is complete when the address is printed.
        health(&program.addr).expect("an answer");
        program
    }

    async fn new(seed: u64) -> Self {
        let folder = TempDir::new().unwrap();
        let tables = write_events(folder.path());
        // One unreadable table does not affect the others.
        std::fs::write(tables.join("broken.parquet"), "PAR1 and nothing else").unwrap();
        let disk = FaultyDisk::under("trainset.db");
        let writers = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
        let (dice, statuses, health, own) = (Dice(seed), Statuses::new(), vec![], [0; 2]);
        let mut soak = Self { folder, disk, dice, writers, statuses, health, own };
        let mut program = soak.start();
        for (own, name) in soak.own.iter_mut().zip(["Analyzed", "Written while the disk fails"]) {
            let body = json!({"name": name, "config": events_config(7)});
            let made = program.client().post("/api/models/1/datasets/create/", body).await.expect("an answer");
            *own = made.body["dataset_id"].as_i64().unwrap_or_else(|| panic!("{}", made.text));
        }
        assert_eq!(program.stop(), Some(0));
        soak
    }

    /// One life of the program, with all clients.
    async fn life(&mut self, span: Duration, end: End) {
        let mut program = self.start();
        let client = program.client();
        for writer in &mut self.writers {
            writer.check(&client).await;
        }
        let prober = Prober::start(&program.addr);
        let slow = slow_clients(&program.addr, self.own[0]);
        let until = Instant::now() + span;
        let mut clients = JoinSet::new();
        for number in 0..READERS {
            clients.spawn(read(client.clone(), number, until));
        }
        clients.spawn(analyze(client.clone(), self.own[0], until));
        clients.spawn(vanish(client.clone(), self.own[0], self.dice.roll(1000), until));
        let writing = std::mem::take(&mut self.writers).into_iter().map(|mut writer| {
            let client = client.clone();
            tokio::spawn(async move {
                while Instant::now() < until && writer.one(&client).await.is_ok() {}
                writer
            })
        });
        let writing: Vec<_> = writing.collect();

        let mut warm = None;
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(Duration::from_millis(500 + self.dice.roll(2500)))).await;
            warm =
                warm.or_else(|| (until.saturating_duration_since(Instant::now()) < span * 3 / 4).then(|| memory(program.id())));
            let fault = FAULTS[self.dice.roll(FAULTS.len() as u64) as usize];
            let span = Duration::from_millis(100 + self.dice.roll(1500));
            if until.saturating_duration_since(Instant::now()) > span + RECOVERY {
                fail_for_a_while(&self.disk, &client, self.own[1], fault, span).await;
            }
        }
        if end == End::Killed {
            self.health.extend(prober.stop());
            program.kill();
        } else {
            for statuses in join_within(RECOVERY * 3, clients).await {
                statuses.into_iter().for_each(|(status, n)| *self.statuses.entry(status).or_default() += n);
            }
            self.health.extend(prober.stop());
            drop(slow);
            let (warm, last) = (warm.expect("a life that is long enough"), memory(program.id()));
            println!("memory: {} MiB warm, {} MiB at the end of {span:?}", warm >> 20, last >> 20);
            assert!(last < warm + GROWTH, "{} MiB grew to {} MiB", warm >> 20, last >> 20);
        }
        for writer in writing {
            self.writers.push(writer.await.expect("a writer"));
        }
        if end == End::Stopped {
            assert_eq!(program.stop(), Some(0));
        }
        let log = program.log();
        assert!(!log.contains("panicked"), "{log}");
        check_file(&self.folder.path().join("trainset.db")).await;
    }
}

async fn join_within(limit: Duration, mut clients: JoinSet<Statuses>) -> Vec<Statuses> {
    let all = async {
        let mut all = vec![];
        while let Some(statuses) = clients.join_next().await {
            all.push(statuses.expect("a client"));
        }
        all
    };
    tokio::time::timeout(limit, all).await.expect("a client waits for ever")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_grows_while_all_goes_wrong() {
    let (seconds, seed) = (number("TRAINSET_SOAK_SECONDS", 120), number("TRAINSET_SOAK_SEED", 1));
    let mut soak = Soak::new(seed).await;
    let start = Instant::now();
    // Short lives that end by a kill, then one long one.
    let mut lives = 0;
    while start.elapsed() < Duration::from_secs(seconds / 2) {
        let span = Duration::from_millis(500 + soak.dice.roll(if lives % 4 == 3 { 20_000 } else { 4_000 }));
        soak.life(span, End::Killed).await;
        lives += 1;
    }
    soak.life(Duration::from_secs(seconds / 2), End::Stopped).await;

    // The last life's writes are there as well.
    let mut program = soak.start();
    for writer in &mut soak.writers {
        writer.check(&program.client()).await;
    }
    assert_eq!(program.stop(), Some(0));

    let (answered, refused) =
        soak.writers.iter().fold((0, 0), |(answered, refused), writer| (answered + writer.answered, refused + writer.refused));
    soak.health.sort_unstable();
    let at = |share: f64| soak.health[((soak.health.len() - 1) as f64 * share) as usize];
    println!(
        "{lives} kills; {answered} writes answered, {refused} refused; /healthz asked {} times: median {:?}, 99.9 % {:?}, longest {:?}; {:?}",
        soak.health.len(),
        at(0.5),
        at(0.999),
        at(1.0),
        soak.statuses
    );
    assert!(answered > seconds && refused > 0, "{answered} answered, {refused} refused");
    assert!(at(1.0) < HEALTH, "/healthz took {:?}", at(1.0));
    let expected = |status: &u16| matches!(status, 200 | 404 | 409 | 429 | 503);
    assert!(soak.statuses.keys().all(expected), "{:?}", soak.statuses);
}
