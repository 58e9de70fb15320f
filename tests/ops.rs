//! The program in operation: its log and what must never be in it, its metrics, its health, how it
//! ends, which callers it admits.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Client, Program, command, events_config, write_events};

/// A key without any access, made for these tests.
const KEY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDMI+qdSbvyRUNDBe4m8gjla4FhQ+7N+L9hKM2K04hZjOgCtUOnYMkdLhMUxNuhLkzmg78igTsqMtogqBpOrXioOzvGXgn/s1ORZ8RXnF4DpznoLv7DL0Scqa9Q8jaAe0khSmWoyT9cNCiYoAYIiwXlaQIWOjFdOA+TZYKy0twvvitfjRTPCeEtQN+8MKaqEfrrATCSgK6ygm4iC2R8HnCzRUFDuvtsgK04FRJygrSgeMaBFQLT1O3RKS1tz4NSyZVuYU0YyeRQe6LsXSy7LQDO/EijLOZdTSj3YYlyAZ7YUG2tXYeEFehZv+8AbisFLEzoHYbdtwJl63D0ZYFv9sWDAgMBAAECggEAQbvC/VjT00RoTzmmoRXItY8zfw1v5RUXEwMfhHdu7V8JCm4x1cC9oc7HSCXHjxQooQWFU2gHlCQBxwg6SGFle85vBgYb9CFbZHPkbk2knEqJw/D2CgW7czLUiB0mXaLVPooFSB9dbqRA+jx1FOUnReLVUDD22kyF/3Ftb4Wkbx6axvNtkNZ5nMrNjZ3EnZIatWJ0XwP/UbUQQltwmN6KogV21GkeCSPj+7RuIUjSGrQ/UWQejNDepD4d3JNRygL1Jk/PYuk19Try2voOy0eq+jNUoMI8kLO4k60usVtSJbOhd9pvVVE7l/VrQii0JxFGm7PTj70qwCYnRoJPLNvDqQKBgQDxs9g8r87IFyDQPQPXMVv3Ir1RY56fg1WMM0rfaG8t9Ny/kwfnlCz06LGIS6uMiexRmzn3RnvwmvzzM6GxlidhaPNMiqfin95/7MFtn4BDDSb+pMsCOcFhe45/hJd2dG9bY77YBmR72AWmuYwYNPMy299BfuM33t2+pVgjbO9ihwKBgQDYN0I5eEiqxrX4kGvgZvqZlO/eJXPrCZz5IlMQBXcmG5v+Bapfy0AwBgQCnaPD2weiYZxN7wJOx2hiOhFOm+57F+S+a6Y8X8xixZx6JssT44FIuyFA3mh5hnQ7ED4XijpXWwE2BspdwM7/2RLu66uV8Ra+u+ZCusTefnDbcbA4JQKBgHsKRF/QV4GAVJHtHZFkbR6HrrxJ7CvjnZ77VXgZH8/TQLS9Ul7PDXu3IPjzHGc0pvp7/KwmU12OaIodlIhkmbN6y7ABPameHJQen/EAKzj27wzeMwH1CL5pOYcspjYE29M4GaS6zFhHBclz1x9ThSI0z5f10hFVAKjWXuHZyJrtAoGASUpZ6W8rerAG6O3Tk2p00fCZanzZkTdd/Vk0PL8Nh15efzneacBUzrKLU3OqGm65ZMKfoA8/ggK4EGvMiA/1Q8ZypFWLMPXsKyL/Cqzxs5kvrr634+xAD8mSxp6X3ZTed9QCUhT1Ldh4kmM7tr8uF5J0ekzpHX9/0keb69bau/0CgYEAsyhwwp9+UrtFmmUm1pInlQwVZM++tPIB7tCQ92xLibt9JJmCenn6v28Oy+G5x39/dFEyMEXqAyWrA9KrNJAUUuxuhWzF0uhrR/wO1bYPrxskUFxrT+QtoOiWD1l9xrPoKUAD1xdEBUxGSxPmPT27o0BHf5gKSQlzBfitHbYscas=";
const TOKEN: &str = "ya29.a-token-that-nobody-may-see";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    folder
}

async fn dataset(client: &Client, name: &str) -> i64 {
    let made = client.post("/api/models/1/datasets/create/", json!({"name": name, "config": events_config(7)})).await.unwrap();
    made.body["dataset_id"].as_i64().unwrap_or_else(|| panic!("{}", made.text))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_a_line_per_request_with_its_id() {
    let folder = folder();
    let mut program = Program::start_with(folder.path(), |command| command.args(["--log-format", "json"]));
    let client = program.client();
    let by_id = |id: &'static str| {
        let request = client.request(reqwest::Method::GET, "/api/models/7/").header("x-request-id", id);
        client.send(request)
    };
    let mine = by_id("build-42.a_b").await.unwrap();
    assert_eq!((mine.status, mine.headers["x-request-id"].to_str().unwrap()), (404, "build-42.a_b"));
    // An id that is unsafe for a log is replaced.
    for bad in ["a b", "x\"y", &"z".repeat(65)] {
        let request = client.request(reqwest::Method::GET, "/api/models/").header("x-request-id", bad);
        let given = client.send(request).await.unwrap().headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(given != bad && given.len() == 36, "{given}");
    }
    client.get("/healthz").await.unwrap();
    assert_eq!(program.stop(), Some(0));
    let log = program.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let line = lines.iter().find(|line| line["span"]["request_id"] == "build-42.a_b").unwrap_or_else(|| panic!("{log}"));
    assert_eq!(
        (&line["level"], &line["fields"]["status"], &line["fields"]["route"]),
        (&json!("INFO"), &json!(404), &json!("/api/models/{id}"))
    );
    assert_eq!((&line["span"]["method"], &line["span"]["path"]), (&json!("GET"), &json!("/api/models/7/")));
    assert!(line["timestamp"].is_string() && line["fields"]["ms"].is_number());
    assert!(!log.contains("/healthz"), "{log}");
    assert!(log.contains("stopping"), "{log}");
}

/// A log that nobody reads blocks nothing, and shutdown does not wait for it; lost lines are
/// counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_does_not_block_the_server() {
    let folder = folder();
    // About 2 MB of lines; a pipe holds 64 kB.
    let path = format!("/api/{}", "x".repeat(4000));
    let ask = async |client: &Client| {
        for _ in 0..500 {
            assert_eq!(client.get(&path).await.unwrap().status, 404);
        }
    };
    let (mut unread, mut stderr) = Program::start_unread(folder.path());
    let client = unread.client();
    ask(&client).await;
    let since = Instant::now();
    assert_eq!(unread.stop(), Some(0));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    assert!(log.contains("answered"), "{log}");

    // Someone begins to read late.
    let (mut late, mut stderr) = Program::start_unread(folder.path());
    let client = late.client();
    ask(&client).await;
    let reader = std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    });
    for _ in 0..50 {
        client.get("/api/last").await.unwrap();
    }
    assert_eq!(late.stop(), Some(0));
    let log = reader.join().unwrap();
    assert!(log.contains("lines of the log were lost"), "{} bytes", log.len());
    assert!(log.contains("/api/last") && log.contains("stopping"), "{} bytes", log.len());
}

/// A closed stderr is not an error.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_does_not_block_the_server() {
    let folder = folder();
    let (mut program, stderr) = Program::start_unread(folder.path());
    drop(stderr);
    let client = program.client();
    for _ in 0..20 {
        assert_eq!(client.get("/api/nowhere").await.unwrap().status, 404);
    }
    assert_eq!(program.stop(), Some(0));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn names_from_outside_add_no_log_lines() {
    let folder = folder();
    let forged = "2024-01-01T00:00:00.000000Z  INFO request: forged";
    for name in
        [format!("a\n{forged}.csv"), format!("b\r{forged}.csv"), "c\u{1b}[31m\u{85}.csv".into(), "d\u{202e}vsc.csv".into()]
    {
        fs::write(folder.path().join("tables").join(name), "id\n1\n").unwrap();
    }
    let mut program = Program::start(folder.path());
    let client = program.client();
    for path in [format!("/api/a%0A{forged}"), format!("/api/models/?search=%0D%0A{forged}"), "/%1B[31m%0A".into()] {
        client.get(&path.replace(' ', "%20")).await.unwrap();
    }
    program.stop();
    let log = program.log();
    assert!(log.contains("forged"), "{log}");
    for line in log.lines() {
        let is_own = line.starts_with("20") || line.starts_with("warning: the table raw_data.");
        assert!(is_own && !line.starts_with(forged), "{line:?}");
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route() {
    let folder = folder();
    let mut program = Program::start(folder.path());
    let client = program.client();
    let id = dataset(&client, "Orders").await;
    for _ in 0..3 {
        client.get(&format!("/api/datasets/{id}/")).await.unwrap();
    }
    client.get("/api/datasets/999/").await.unwrap();
    client.get("/api/made/up").await.unwrap();
    client.get("/made/up").await.unwrap();
    client.get("/").await.unwrap();
    client.post("/_fn/models", json!({})).await.unwrap();
    client.send(client.request(reqwest::Method::GET, "/api/models/").header("origin", "http://evil.example")).await.unwrap();
    client.post(&format!("/api/datasets/{id}/count/"), json!({})).await.unwrap();
    for _ in 0..2 {
        client.get("/api/models/1/bq-tables/events/stats/").await.unwrap();
    }
    client.post(&format!("/api/datasets/{id}/analyze/"), json!({})).await.unwrap();
    client.post(&format!("/api/datasets/{id}/analyze/"), json!({})).await.unwrap();
    let reply = client.get("/metrics").await.unwrap();
    assert!(reply.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let value = |line: &str| -> Option<f64> {
        let found = reply.text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map(|text| text.parse().unwrap())
    };
    for (line, expected) in [
        ("trainset_http_requests_total{method=\"GET\",route=\"/api/datasets/{id}\",status=\"200\"}", 3.0),
        ("trainset_http_requests_total{method=\"GET\",route=\"/api/datasets/{id}\",status=\"404\"}", 1.0),
        ("trainset_http_requests_total{method=\"GET\",route=\"/\",status=\"200\"}", 1.0),
        ("trainset_http_requests_total{method=\"POST\",route=\"/_fn/models\",status=\"200\"}", 1.0),
        ("trainset_http_requests_total{method=\"GET\",route=\"other\",status=\"403\"}", 1.0),
        ("trainset_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}", 1.0),
        ("trainset_kept_answers_total{kind=\"profile\",result=\"miss\"}", 1.0),
        ("trainset_kept_answers_total{kind=\"profile\",result=\"hit\"}", 1.0),
        ("trainset_kept_answers_total{kind=\"analysis\",result=\"miss\"}", 1.0),
        ("trainset_kept_answers_total{kind=\"analysis\",result=\"hit\"}", 1.0),
        ("trainset_scans_running", 0.0),
        ("trainset_scans_waiting", 0.0),
    ] {
        assert_eq!(value(line), Some(expected), "{line} in\n{}", reply.text);
    }
    assert!(
        value("trainset_http_request_seconds_count{method=\"GET\",route=\"/api/datasets/{id}\"}") == Some(4.0),
        "{}",
        reply.text
    );
    assert!(
        value("trainset_warehouse_queries_total{warehouse=\"embedded\",kind=\"run\",outcome=\"ok\"}") >= Some(4.0),
        "{}",
        reply.text
    );
    assert!(value("trainset_warehouse_query_seconds_sum{warehouse=\"embedded\"}") > Some(0.0), "{}", reply.text);
    // No made-up path becomes a route.
    assert!(!reply.text.contains("made/up"), "{}", reply.text);
    assert_eq!(program.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_what_is_missing() {
    let folder = folder();
    let program = Program::start(folder.path());
    let client = program.client();
    assert_eq!(client.get("/readyz").await.unwrap().status, 200);
    fs::rename(folder.path().join("tables"), folder.path().join("away")).unwrap();
    let reply = client.get("/readyz").await.unwrap();
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("not_ready")), "{}", reply.text);
    assert!(reply.body["errors"]["warehouse"].is_string() && reply.body["errors"]["database"].is_null(), "{}", reply.text);
    // Without the path: that is for the log.
    for path in ["/readyz", "/api/models/1/bq-tables/", "/api/models/1/bq-tables/events/schema/"] {
        let reply = client.get(path).await.unwrap();
        assert!(reply.status >= 400 && !reply.text.contains(folder.path().to_str().unwrap()), "{path}: {}", reply.text);
    }
    // It is alive all the same.
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
    fs::rename(folder.path().join("away"), folder.path().join("tables")).unwrap();
    assert_eq!(client.get("/readyz").await.unwrap().status, 200);
}

/// A request of which only a part has arrived.
fn begin(addr: &str, part: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head =
        "POST /api/models/create/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n";
    stream.write_all(format!("{head}{part}").as_bytes()).unwrap();
    stream
}

#[test]
fn on_shutdown_running_requests_finish_and_no_new_ones_start() {
    let folder = folder();
    let mut program = Program::start(folder.path());
    let mut half = begin(&program.addr, "{\"name\":");
    std::thread::sleep(Duration::from_millis(300));
    program.tell("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(&program.addr).is_err(), "it takes new connections");
    half.write_all(b"\"late\"}").unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(program.wait(), Some(0));
    // Acknowledged writes are there.
    let names = trainset_export_models(folder.path());
    assert!(names.contains("\"late\""), "{names}");
}

/// The models' names, as the program's error lists them.
fn trainset_export_models(folder: &Path) -> String {
    let database = folder.join("trainset.db");
    let output = command(folder).args(["export", "x", "--model", "none of them", "--database"]).arg(database).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn shutdown_does_not_wait_for_requests_beyond_the_grace_time() {
    let folder = folder();
    let mut program = Program::start_with(folder.path(), |command| command.env("TRAINSET_GRACE", "1"));
    let _half = begin(&program.addr, "{");
    std::thread::sleep(Duration::from_millis(300));
    let since = Instant::now();
    assert_eq!(program.stop(), Some(0));
    let took = since.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert!(program.log().contains("dropped"), "{}", program.log());
}

#[test]
fn other_machines_are_served_only_with_allow_remote() {
    let folder = folder();
    let run = |more: &[&str]| {
        let mut command = command(folder.path());
        command.args(["serve", "--addr", "0.0.0.0:0", "--warehouse"]).arg(folder.path().join("tables"));
        command.arg("--database").arg(folder.path().join("remote.db")).args(more);
        command
    };
    let refused = run(&[]).output().unwrap();
    let log = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{log}");
    assert!(log.contains("no login") && log.contains("--allow-remote"), "{log}");
    assert!(refused.stdout.is_empty() && !folder.path().join("remote.db").exists());

    let mut child = run(&["--allow-remote"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut warned = [0; 200];
    child.stderr.as_mut().unwrap().read_exact(&mut warned).unwrap();
    let warned = String::from_utf8_lossy(&warned).into_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(warned.starts_with("warning: other machines can connect to 0.0.0.0:") && warned.contains("no login"), "{warned}");
}

/// Google, as far as these tests need it: returns the token, and an empty dataset. Records its
/// requests.
fn google() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(String::new()));
    let writer = received.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let writer = writer.clone();
            std::thread::spawn(move || answer(stream, &writer));
        }
    });
    (address, received)
}

fn answer(mut stream: TcpStream, writer: &Mutex<String>) {
    let mut request = vec![];
    let mut buffer = [0; 8192];
    // The head, and as much of a body as it announces.
    loop {
        let n = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if n == 0 {
                return;
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if n == 0 || body.len() >= length.unwrap_or(0) {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let body = match request.starts_with("POST /token") {
        true => json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}),
        false => json!({"location": "EU", "totalItems": 0}),
    };
    writer.lock().unwrap().push_str(&request);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok();
}

/// Lists BigQuery's tables with credentials of a kind, at the most detailed log level. Returns the
/// log, and the requests to Google.
async fn log_of(credentials: Value, endpoint: &str, filter: &str) -> String {
    let folder = folder();
    let file = folder.path().join("credentials.json");
    fs::write(&file, credentials.to_string()).unwrap();
    let mut program = Program::start_with(folder.path(), |command| {
        command.env("TRAINSET_LOG", filter).arg("--bigquery-credentials").arg(&file).args(["--bigquery-endpoint", endpoint])
    });
    let client = program.client();
    let made = client.post("/api/models/create/", json!({"name": "Google", "gcp_project_id": "my-project"})).await.unwrap();
    let id = made.body["model_id"].as_i64().unwrap();
    let reply = client.get(&format!("/api/models/{id}/bq-tables/")).await.unwrap();
    assert!(!reply.text.contains("SECRET") && !reply.text.contains(TOKEN), "{}", reply.text);
    program.stop();
    program.log()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_never_logged() {
    let (google, received) = google();
    let pem = |body: &str| format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n", kind = "PRIVATE KEY");
    let key = pem(&KEY.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n"));
    let account = json!({
        "type": "service_account", "private_key": key, "private_key_id": "SECRET-KEY-ID", "client_email": "robot@my-project.example",
        "token_uri": format!("{google}/token"), "project_id": "my-project"
    });
    let person = json!({"type": "authorized_user", "client_id": "me", "client_secret": "SECRET-CLIENT", "refresh_token": "SECRET-REFRESH"});
    let endpoint = format!("{google}/bigquery/v2");
    for filter in ["trace", "trace,yup_oauth2::service_account=trace,hyper=trace,reqwest=trace"] {
        let log = log_of(account.clone(), &endpoint, filter).await;
        // The most detailed log, of a call with that very token.
        assert!(log.contains("TRACE"), "{log}");
        assert!(received.lock().unwrap().contains(&format!("Bearer {TOKEN}")), "Google was not asked: {log}");
        for secret in [TOKEN, "PRIVATE KEY", "SECRET", &KEY[..40], &KEY[200..240]] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
    }
    let log = log_of(person, &endpoint, "trace").await;
    for secret in ["SECRET-CLIENT", "SECRET-REFRESH"] {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None, "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_sends_retry_after() {
    // One query runs, none may wait.
    let folder = folder();
    let big = folder.path().join("tables").join("big.csv");
    let mut text = "id,user_id,item,amount,seen_on\n".to_owned();
    for i in 0..300_000 {
        text.push_str(&format!("{i},{},{},1.5,2024-01-{:02}\n", i % 5000, i % 999, i % 28 + 1));
    }
    fs::write(big, text).unwrap();
    let program = Program::start_with(folder.path(), |command| command.args(["--scans", "1", "--queue", "0"]));
    let client = program.client();
    let mut config = events_config(7).to_string();
    config = config.replace("raw_data.events", "raw_data.big").replace("\"events\"", "\"big\"");
    let made = client.post(
        "/api/models/1/datasets/create/",
        json!({"name": "Big", "config": serde_json::from_str::<Value>(&config).unwrap()}),
    );
    let id = made.await.unwrap().body["dataset_id"].as_i64().unwrap();
    let counts = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.post(&format!("/api/datasets/{id}/count/"), json!({})).await.unwrap() })
    });
    let counts: Vec<_> = futures::future::join_all(counts).await.into_iter().map(Result::unwrap).collect();
    let refused: Vec<_> = counts.iter().filter(|reply| reply.status != 200).collect();
    assert!(!refused.is_empty() && refused.len() < 8, "{} of 8 were refused", refused.len());
    for reply in refused {
        assert_eq!((reply.status, &reply.body["code"]), (429, &json!("busy")), "{}", reply.text);
        assert_eq!(reply.headers["retry-after"], "5");
    }
    // Listing datasets needs no permit.
    assert_eq!(client.get("/api/models/1/datasets/").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_its_security_headers() {
    let folder = folder();
    let program = Program::start(folder.path());
    let client = program.client();
    for path in ["/", "/api/models/", "/api/nope", "/nope", "/healthz", "/metrics", "/favicon.svg", "/pkg/nope.js"] {
        let reply = client.get(path).await.unwrap();
        let header = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src '"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(name), value, "{path}");
        }
        assert!(header("permissions-policy").contains("camera=()"), "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
    }
    // Error responses have them too.
    let refused = client.send(client.request(reqwest::Method::GET, "/").header("host", "evil.example")).await.unwrap();
    assert_eq!((refused.status, refused.headers["x-content-type-options"].to_str().unwrap()), (403, "nosniff"));
}
