//! Timeouts of connections: those that send too slowly, do not read, or are idle are closed.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trainset::site::listener::{ConnectionLimits, bind, serve};

use crate::helpers::{TestApp, counts};

/// A server on a free port, until it is stopped.
struct Server {
    addr: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Short timeouts, so that the tests are quick.
fn limits() -> ConnectionLimits {
    let soon = Duration::from_millis(300);
    ConnectionLimits { connections: 8, head: soon, body: soon, write: soon }
}

async fn start(site: Router, limits: ConnectionLimits) -> Server {
    let listener = bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(listener, site, limits, async { drop(stopped.await) }));
    Server { addr, stop, served }
}

impl Server {
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.addr).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(&self, request: &str) -> String {
        to_end(self.send(request).await).await
    }
}

/// Everything up to the end of the connection, which does not take long.
async fn to_end(mut stream: TcpStream) -> String {
    let mut bytes = vec![];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    drop(read.expect("the connection was left open"));
    String::from_utf8(bytes).unwrap()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn heads_and_idle_connections_have_a_timeout() {
    let app = TestApp::new().await;
    let server = start(app.router, limits()).await;
    for part in ["", "GET ", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        assert_eq!(server.answer(part).await, "", "{part:?}");
    }
    // One byte at a time is not enough progress.
    let mut slow = server.send("GET / HTTP/1.1\r\nx: ").await;
    let begun = Instant::now();
    while slow.write_all(b"y").await.is_ok() && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // A second request may follow the first, but not at any time.
    let mut used = server.send(HEALTH).await;
    used.write_all(HEALTH.as_bytes()).await.unwrap();
    assert_eq!(to_end(used).await.matches("HTTP/1.1 200").count(), 2);
}

#[tokio::test]
async fn bodies_have_a_timeout_and_a_size_limit() {
    let app = TestApp::new().await;
    let server = start(app.router, limits()).await;
    for (path, kind) in [("/api/models/create/", "application/json"), ("/_fn/models", "application/json"), ("/", "text/plain")] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n");
        let late = server.answer(&format!("{head}Content-Length: 15\r\n\r\n{{\"name\":")).await;
        assert!(late.starts_with("HTTP/1.1 408") && late.contains("did not arrive in time"), "{path}: {late}");
        let chunk = format!("{:x}\r\n{}\r\n", 600_000, " ".repeat(600_000));
        let large = server.answer(&format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n")).await;
        assert!(large.is_empty() || large.starts_with("HTTP/1.1 413"), "{path}: {large}");
        // The error has the same headers as every response.
        assert!(late.contains("x-request-id") && late.contains("x-content-type-options"), "{path}: {late}");
    }
}

/// The bytes of a response; its channel closes when nothing holds them any more.
struct Alive(#[expect(dead_code, reason = "it is only dropped")] oneshot::Sender<()>);

impl AsRef<[u8]> for Alive {
    fn as_ref(&self) -> &[u8] {
        const LARGE: &[u8] = &[b'x'; 16 << 20];
        LARGE
    }
}

/// A site with one large response, which signals when nothing holds it any more.
fn large_answer() -> (Router, tokio::sync::mpsc::UnboundedReceiver<oneshot::Receiver<()>>) {
    let (sender, answers) = tokio::sync::mpsc::unbounded_channel();
    let answer = async move || {
        let (alive, dropped) = oneshot::channel();
        sender.send(dropped).unwrap();
        Body::from(axum::body::Bytes::from_owner(Alive(alive)))
    };
    (Router::new().route("/", get(answer)), answers)
}

const LARGE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_response_that_is_not_read_is_dropped() {
    let (site, mut answers) = large_answer();
    let server = start(site, limits()).await;
    // Not at all; and a few bytes now and then.
    for pause in [None, Some(Duration::from_millis(20))] {
        let mut reader = server.send(LARGE).await;
        let dropped = answers.recv().await.unwrap();
        let read = async {
            while let Some(pause) = pause {
                tokio::time::sleep(pause).await;
                if !matches!(reader.read(&mut [0; 100]).await, Ok(1..)) {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            gone = tokio::time::timeout(Duration::from_secs(10), dropped) => assert!(gone.expect("it is still held").is_err()),
            () = read => {}
        }
    }
    // A reader gets all of it, even with a shorter pause.
    let mut reader = server.send(LARGE).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut bytes = vec![];
    reader.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.len() > 16 << 20, "{}", bytes.len());
}

#[tokio::test]
async fn a_full_server_closes_the_longest_idle_connection_only() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 9)]));
    *app.fake.run_delay.lock().unwrap() = Duration::from_secs(4);
    let patient = Duration::from_secs(60);
    let server = start(app.router, ConnectionLimits { head: patient, body: patient, write: patient, ..limits() }).await;
    // The oldest connection, which is busy for longer than the others wait.
    let count = format!("POST /api/datasets/{id}/count/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    let mut working = server.send(&count).await;
    let mut idle: Vec<TcpStream> = vec![];
    // With it, the maximum number of connections; then three more, each of which replaces another.
    for _ in 0..10 {
        let mut stream = server.send(HEALTH).await;
        let mut answer = [0; 12];
        tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut answer)).await.expect("it is served").unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        idle.push(stream);
    }
    for (position, stream) in idle.iter_mut().enumerate() {
        let ended = tokio::time::timeout(Duration::from_millis(100), stream.read_to_end(&mut vec![])).await.is_ok();
        assert_eq!(ended, position < 3, "{position}");
    }
    let mut answer = [0; 12];
    working.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn running_requests_are_finished_on_shutdown() {
    let (started, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let slow = async move || {
        started.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        "done"
    };
    let server = start(Router::new().route("/", get(slow)), limits()).await;
    let idle = server.send("").await;
    let running = server.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    begun.recv().await.unwrap();
    server.stop.send(()).unwrap();
    assert!(to_end(running).await.ends_with("done"));
    assert_eq!(to_end(idle).await, "");
    tokio::time::timeout(Duration::from_secs(10), server.served).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(&server.addr).await.is_err());
}
