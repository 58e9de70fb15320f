//! Clients that hold connections: they send nothing, half a request, or do not read. The program
//! stays small, and others are served.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Client, Program, events_config, write_events};

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    folder
}

/// A table of texts: 40 kB in each of 1,000 rows.
fn write_texts(folder: &Path) {
    let text = "0123456789".repeat(4000);
    let mut csv = "id,user_id,body\n".to_owned();
    for id in 0..1000 {
        csv.push_str(&format!("{id},{},{id} {text}\n", id % 10));
    }
    fs::write(folder.join("tables").join("texts.csv"), csv).unwrap();
}

async fn dataset(client: &Client, config: Value) -> i64 {
    let made = client.post("/api/models/1/datasets/create/", json!({"name": "Data", "config": config})).await.unwrap();
    made.body["dataset_id"].as_i64().unwrap_or_else(|| panic!("{}", made.text))
}

async fn texts(client: &Client) -> i64 {
    let column = |name: &str| json!({"table": "texts", "column": name});
    dataset(client, json!({"primary_table": "raw_data.texts", "selected_columns": [column("id"), column("body")]})).await
}

/// A connection with a request, or part of one.
fn send(addr: &str, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(request).unwrap();
    stream
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Memory of the program, in MB.
fn resident(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Waits until the first byte of a response has arrived, and leaves it unread.
fn wait_for_answer(stream: &TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptors_that_others_hold_do_not_stop_the_server() {
    let folder = folder();
    let program = Program::start_with_descriptors(folder.path(), 64);
    let client = program.client();
    let id = dataset(&client, events_config(7)).await;
    let silent = || TcpStream::connect(&program.addr).unwrap();
    let half = || send(&program.addr, b"GET / HTTP/1.1\r\nHost: loc");
    let idle = || {
        let stream = send(&program.addr, get("/healthz").as_bytes());
        wait_for_answer(&stream);
        stream
    };
    for hold in [&silent as &dyn Fn() -> TcpStream, &half, &idle] {
        let held: Vec<_> = (0..100).map(|_| hold()).collect();
        let begun = Instant::now();
        assert_eq!(program.client().get("/healthz").await.unwrap().status, 200);
        // It still opens its own files.
        let counted = program.client().post(&format!("/api/datasets/{id}/count/"), json!({})).await.unwrap();
        assert_eq!((counted.status, &counted.body["counts"]["full"]["rows"]), (200, &json!(2000)), "{}", counted.text);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        drop(held);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_run_are_not_closed_for_new_connections() {
    let folder = folder();
    let program = Program::start_with_descriptors(folder.path(), 64);
    let client = program.client();
    let id = dataset(&client, events_config(7)).await;
    // Many more than the limit, each on a connection of its own.
    let counts = (0..60).map(|_| {
        let client = program.client();
        tokio::spawn(async move { client.post(&format!("/api/datasets/{id}/count/"), json!({})).await })
    });
    for count in futures::future::join_all(counts).await {
        let reply = count.unwrap().unwrap();
        assert!(matches!(reply.status, 200 | 429), "{}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_that_nobody_reads_use_little_memory() {
    let folder = folder();
    write_texts(folder.path());
    let program = Program::start_with(folder.path(), |command| command.args(["--queue", "100"]));
    let client = program.client();
    let id = texts(&client).await;
    let path = format!("/api/datasets/{id}/preview/?limit=1000");
    // Once before, so that the engine's caches are filled.
    let whole = client.get(&path).await.unwrap();
    assert!(whole.status == 200 && whole.text.len() < 3_000_000, "{} bytes", whole.text.len());
    let before = resident(&program);
    let slow: Vec<_> = (0..60).map(|_| send(&program.addr, get(&path).as_bytes())).collect();
    slow.iter().for_each(wait_for_answer);
    let grown = resident(&program).saturating_sub(before);
    // A few MB for each, and what 60 reads of a file of 40 MB leave.
    assert!(grown < 400, "{grown} MB");
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
    assert_eq!(client.get(&path).await.unwrap().status, 200);
}

/// A frame of HTTP/2. <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

/// HTTP/2 with windows of size 0, and the maximum number of requests on a connection: no response
/// can be sent.
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_cannot_request_hundreds_of_responses() {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    const END: u8 = 0x1 | 0x4;
    let folder = folder();
    write_texts(folder.path());
    let program = Program::start_with(folder.path(), |command| command.args(["--queue", "1000"]));
    let client = program.client();
    let id = texts(&client).await;
    let path = format!("/api/datasets/{id}/preview/?limit=1000");
    client.get(&path).await.unwrap();
    let before = resident(&program);
    let literal = |index: u8, text: &str| [&[index, text.len() as u8], text.as_bytes()].concat();
    // :method GET, :scheme http, then :path and :authority with values of their own.
    let head = [vec![0x82, 0x86], literal(0x04, &path), literal(0x01, "localhost")].concat();
    let mut requests = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS_INITIAL_WINDOW_SIZE = 0
    requests.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for stream in 0..190 {
        requests.extend(frame(HEADERS, END, stream * 2 + 1, &head));
    }
    let attacks: Vec<_> = (0..3).map(|_| send(&program.addr, &requests)).collect();
    for mut attack in attacks {
        attack.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The connection ends, instead of holding the responses.
        let ended = attack.read_to_end(&mut vec![]);
        assert!(
            !matches!(&ended, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)),
            "{ended:?}"
        );
    }
    let grown = resident(&program).saturating_sub(before);
    assert!(grown < 50, "{grown} MB");
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
}

/// Endless heads are bounded in size too.
#[test]
fn heads_are_bounded() {
    let folder = folder();
    let program = Program::start(folder.path());
    let before = resident(&program);
    let half: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = send(&program.addr, b"GET / HTTP/1.1\r\nHost: localhost\r\nx: ");
            // The server may have closed it by then.
            stream.write_all(&vec![b'x'; 300_000]).ok();
            stream
        })
        .collect();
    for mut stream in half {
        let mut answer = String::new();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.read_to_string(&mut answer).ok();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let grown = resident(&program).saturating_sub(before);
    assert!(grown < 60, "{grown} MB");
}
