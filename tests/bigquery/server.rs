//! A scripted HTTP server that records its requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A response.
#[derive(Clone, Debug)]
pub enum Reply {
    Json(u16, Value),
    /// With additional headers.
    With(u16, &'static str, Value),
    /// Text other than JSON.
    Text(u16, &'static str),
    /// The head of a response and a piece of its body; then the connection is closed.
    Cut,
    /// A body that never ends.
    Endless,
    /// A body of this many bytes.
    Huge(usize),
    /// A body that comes byte by byte at this interval.
    Drip(Duration),
    /// A redirect.
    Elsewhere(u16, String),
    /// No response at all.
    Silence,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub body: Value,
}

impl Received {
    /// The path alone, followed by a question mark for its end.
    fn matched(&self) -> String {
        format!("{}?", self.path.split('?').next().unwrap())
    }
}

type Rule = (&'static str, &'static str, VecDeque<Reply>);

#[derive(Clone)]
pub struct Server {
    pub endpoint: String,
    received: Arc<Mutex<Vec<Received>>>,
    rules: Arc<Mutex<Vec<Rule>>>,
    /// Open connections now, and their maximum.
    open: Arc<Mutex<(usize, usize)>>,
    slow: Arc<Mutex<Duration>>,
}

pub fn error(status: u16, reason: &str, message: &str) -> Reply {
    Reply::Json(
        status,
        json!({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}),
    )
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/bigquery/v2", listener.local_addr().unwrap());
        let server = Self {
            endpoint,
            received: Default::default(),
            rules: Default::default(),
            open: Default::default(),
            slow: Default::default(),
        };
        let running = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let server = running.clone();
                tokio::spawn(async move { server.answer(stream).await });
            }
        });
        server
    }

    /// A dataset in the EU, which every job reads first.
    pub async fn with_dataset() -> Self {
        let server = Self::start().await;
        server.on(
            "GET",
            "/datasets/raw_data?",
            [Reply::Json(200, json!({"location": "EU", "datasetReference": {"datasetId": "raw_data"}, "access": []}))],
        );
        server
    }

    /// Responses to requests of a method whose path contains a text; the last one repeats. Later
    /// rules take precedence.
    pub fn on(&self, method: &'static str, path: &'static str, replies: impl IntoIterator<Item = Reply>) {
        self.rules.lock().unwrap().insert(0, (method, path, replies.into_iter().collect()));
    }

    /// The same under another address.
    pub fn at(&self, endpoint: &str) -> Self {
        Self { endpoint: endpoint.into(), ..self.clone() }
    }

    pub fn slowly(&self, pause: Duration) {
        *self.slow.lock().unwrap() = pause;
    }

    /// The requests of a method whose path contains a text, matched as rules are.
    pub fn received(&self, method: &str, path: &str) -> Vec<Received> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|received| received.method == method && received.matched().contains(path)).cloned().collect()
    }

    pub fn most_at_once(&self) -> usize {
        self.open.lock().unwrap().1
    }

    async fn answer(&self, mut stream: TcpStream) {
        let Some(received) = read(&mut stream).await else { return };
        {
            let mut open = self.open.lock().unwrap();
            open.0 += 1;
            open.1 = open.1.max(open.0);
        }
        self.received.lock().unwrap().push(received.clone());
        let reply = {
            let mut rules = self.rules.lock().unwrap();
            let path = received.matched();
            let rule = rules.iter_mut().find(|(method, part, _)| *method == received.method && path.contains(part));
            rule.map(|(_, _, replies)| if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() })
        };
        let pause = *self.slow.lock().unwrap();
        tokio::time::sleep(pause).await;
        let reply =
            reply.unwrap_or_else(|| error(404, "notFound", &format!("no rule for {} {}", received.method, received.path)));
        let _ = say(&mut stream, reply).await;
        self.open.lock().unwrap().0 -= 1;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = vec![];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse::<usize>().unwrap()));
    let mut body = bytes[head + 4..].to_vec();
    while body.len() < length.unwrap_or(0) {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => body.extend_from_slice(&chunk[..n]),
        }
    }
    let mut words = text.lines().next()?.split(' ');
    Some(Received {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

async fn say(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    let whole = |status: u16, more: &str, body: &str| {
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len())
    };
    match reply {
        Reply::Json(status, body) => stream.write_all(whole(status, "", &body.to_string()).as_bytes()).await?,
        Reply::With(status, header, body) => {
            stream.write_all(whole(status, &format!("{header}\r\n"), &body.to_string()).as_bytes()).await?;
        }
        Reply::Text(status, body) => stream.write_all(whole(status, "", body).as_bytes()).await?,
        Reply::Cut => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"jobComplete\":").await?,
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"rows\": [").await?;
            loop {
                stream.write_all(&[b' '; 65536]).await?;
            }
        }
        Reply::Huge(bytes) => {
            let body = format!("{{\"kind\": \"{}\"}}", "x".repeat(bytes));
            stream.write_all(whole(200, "", &body).as_bytes()).await?;
        }
        Reply::Drip(pause) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"rows\": [").await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Elsewhere(status, place) => {
            stream.write_all(whole(status, &format!("location: {place}\r\n"), "").as_bytes()).await?;
        }
        Reply::Silence => tokio::time::sleep(Duration::from_secs(600)).await,
    }
    stream.shutdown().await
}
