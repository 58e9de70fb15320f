//! The program itself over a folder of its own, and a client that speaks HTTP to it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// A command of the program that does not see the user's own settings and files.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainset"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAINSET_"));
    for name in ours {
        command.env_remove(name);
    }
    command.env("XDG_DATA_HOME", folder.join("data")).env_remove("GOOGLE_APPLICATION_CREDENTIALS");
    command
}

/// A table for a dataset: 40 days of 50 events by 10 users.
pub fn write_events(folder: &Path) -> PathBuf {
    let tables = folder.join("tables");
    fs::create_dir_all(&tables).unwrap();
    let mut text = "id,user_id,item,amount,seen_on\n".to_owned();
    for i in 0..2000 {
        let (month, day) = if i / 50 < 31 { (1, i / 50 + 1) } else { (2, i / 50 - 30) };
        text.push_str(&format!("{i},{},{},{}.5,2024-{month:02}-{day:02}\n", i % 10, i % 37, i % 13));
    }
    fs::write(tables.join("events.csv"), text).unwrap();
    tables
}

/// A config over those events.
pub fn events_config(eval_days: u32) -> Value {
    serde_json::json!({
        "primary_table": "raw_data.events",
        "selected_columns": [{"table": "events", "column": "user_id"}, {"table": "events", "column": "item"}],
        "column_mapping": {
            "user_id": {"table": "events", "column": "user_id"},
            "timestamp": {"table": "events", "column": "seen_on"}
        },
        "split_config": {"type": "time_based", "eval_days": eval_days}
    })
}

/// A running server.
pub struct Program {
    child: Child,
    pub addr: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Serves the folder's `trainset.db` over its `tables`, on a free port.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, |command| command)
    }

    pub fn start_with(folder: &Path, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::run(folder, command(folder), more)
    }

    /// With a limit on descriptors: for files, connections and everything else.
    pub fn start_with_descriptors(folder: &Path, descriptors: u32) -> Self {
        let plain = command(folder);
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"")]).arg(plain.get_program());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        Self::run(folder, limited, |command| command)
    }

    /// Its log is not read, unless the caller does.
    pub fn start_unread(folder: &Path) -> (Self, ChildStderr) {
        let mut program = Self::spawn(folder, command(folder), |command| command);
        let stderr = program.child.stderr.take().unwrap();
        program.await_address();
        (program, stderr)
    }

    fn run(folder: &Path, command: Command, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut program = Self::spawn(folder, command, more);
        let (mut stderr, kept) = (program.child.stderr.take().unwrap(), program.log.clone());
        program.reader = Some(std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = stderr.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        }));
        program.await_address();
        program
    }

    fn spawn(folder: &Path, mut command: Command, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        command.args(["serve", "--addr", "127.0.0.1:0"]);
        command.arg("--database").arg(folder.join("trainset.db")).arg("--warehouse").arg(folder.join("tables"));
        more(&mut command);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { child, addr: String::new(), log: Default::default(), reader: None }
    }

    fn await_address(&mut self) {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(addr) = line.trim().strip_prefix("listening on http://").map(str::to_owned) else {
            self.child.wait().unwrap();
            panic!("it did not start: {}", self.log());
        };
        self.addr = addr;
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Like a power cut, without a signal that it could handle.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager stops it. Returns the exit status.
    pub fn stop(&mut self) -> Option<i32> {
        self.tell("-TERM");
        self.child.wait().unwrap().code()
    }

    pub fn tell(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap().success());
    }

    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Its output on stderr, up to the end if it has ended.
    pub fn log(&mut self) -> String {
        if matches!(self.child.try_wait(), Ok(Some(_)))
            && let Some(reader) = self.reader.take()
        {
            reader.join().unwrap();
        }
        self.log.lock().unwrap().clone()
    }

    pub fn client(&self) -> Client {
        let inner = reqwest::Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().unwrap();
        Client { inner, base: format!("http://{}", self.addr) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// An HTTP client; an error is a connection without a response.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    base: String,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Client {
    pub async fn get(&self, path: &str) -> Result<Reply, reqwest::Error> {
        self.send(self.inner.get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Reply, reqwest::Error> {
        let request = self.inner.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.inner.request(method, format!("{}{path}", self.base))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { status, body, headers, text })
    }
}

/// Numbers determined by a seed alone (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// From 0, below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

/// A number, which an environment variable can set.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
