//! The log: on stderr, so that stdout has only results. Lines wait for their reader, nothing waits
//! for lines.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Libraries that log Google's tokens, or the bytes of connections, at a detailed level.
const TELL_SECRETS: [&str; 9] =
    ["yup_oauth2", "gcp_bigquery_client", "reqwest", "hyper", "hyper_util", "hyper_rustls", "h2", "rustls", "tokio_rustls"];

/// Bytes of lines that wait to be written: a few thousand lines. Later lines are dropped while it
/// is full, and counted.
const MAX_WAITING: usize = 1 << 20;
/// How long the end of the program waits for its last lines to be read.
const LAST_LINES: Duration = Duration::from_secs(1);

/// All lines go through here, those of the log and the messages for the terminal.
static STDERR: Stderr = Stderr { state: Mutex::new(Waiting::new()), changed: Condvar::new() };

/// Starts the log.
pub fn start(options: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| format!("--log {}: {error}.", options.log))?;
    // At any configured level.
    let quiet = filter_fn(|event| !tells_secrets(event));
    let ansi = io::stderr().is_terminal();
    let lines = layer().with_writer(Lines { ansi }).log_internal_errors(false);
    let log = tracing_subscriber::registry().with(filter).with(quiet);
    // Only a second start could fail, and there is none.
    match options.log_format {
        LogFormat::Text => log.with(lines.with_ansi(ansi)).try_init().ok(),
        LogFormat::Json => log.with(lines.json().with_current_span(true).with_span_list(false)).try_init().ok(),
    };
    // A panic is a line of the log too.
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(tracing::field::display);
        match trainset::warehouse::embedded::is_contained() {
            true => tracing::debug!(message, place, "a panic that became an error of a table or a query"),
            false => tracing::error!(message, place, "a panic"),
        }
    }));
    Ok(())
}

fn tells_secrets(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() > Level::INFO && TELL_SECRETS.contains(&library)
}

/// A message for the terminal; a text of several lines stays together.
pub fn talk(text: &str) {
    let lines: Vec<String> = text.lines().map(|line| one_line(line, false)).collect();
    STDERR.write_line(lines.join("\n") + "\n");
}

/// Waits a moment for the last lines to be read.
pub fn finish() {
    let state = STDERR.lock();
    let unfinished = |state: &mut Waiting| state.writing || !state.lines.is_empty();
    drop(STDERR.changed.wait_timeout_while(state, LAST_LINES, unfinished));
}

/// Stderr, with a thread that writes to it: a pipe that nobody reads would block the writer.
struct Stderr {
    state: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    lines: VecDeque<String>,
    bytes: usize,
    lost: u64,
    /// The thread was started.
    started: bool,
    /// The thread is writing lines that it took.
    writing: bool,
}

impl Waiting {
    const fn new() -> Self {
        Self { lines: VecDeque::new(), bytes: 0, lost: 0, started: false, writing: false }
    }
}

impl Stderr {
    fn write_line(&'static self, line: String) {
        let mut state = self.lock();
        if state.bytes + line.len() > MAX_WAITING {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line);
        if !state.started {
            // Without a thread there is no log: that is no reason to stop.
            state.started = std::thread::Builder::new().name("log".into()).spawn(|| self.write_for_ever()).is_ok();
        }
        self.changed.notify_all();
    }

    fn write_for_ever(&self) {
        loop {
            let state = self.lock();
            let mut state =
                self.changed.wait_while(state, |state| state.lines.is_empty()).unwrap_or_else(PoisonError::into_inner);
            let (lines, lost) = (std::mem::take(&mut state.lines), std::mem::take(&mut state.lost));
            state.bytes = 0;
            state.writing = true;
            drop(state);
            for line in lines {
                // A closed stderr is no reason to stop, and messages about it have nowhere to go.
                io::stderr().write_all(line.as_bytes()).ok();
            }
            if lost > 0 {
                tracing::warn!(lines = lost, "lines of the log were lost: nobody read them in time");
            }
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // The value is never left partly written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer of the log.
struct Lines {
    /// Use colours.
    ansi: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { ansi: self.ansi }
    }
}

/// One line, written as a whole.
struct Line {
    ansi: bool,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        STDERR.write_line(one_line(text.strip_suffix('\n').unwrap_or(&text), self.ansi) + "\n");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text on one line: a name with a line break must not look like a line of the log, nor change
/// the writing direction of a terminal. Colours are the log's own: it escapes those of others.
fn one_line(text: &str, ansi: bool) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        let is_colour = ansi && c == '\u{1b}';
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match breaks && !is_colour {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_stays_one_line() {
        for (text, line) in [
            ("a\nINFO forged", "a\\nINFO forged"),
            ("a\r\nb", "a\\r\\nb"),
            ("a\u{85}b\u{2028}c", "a\\u{85}b\\u{2028}c"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("abc\u{202e}txt", "abc\\u{202e}txt"),
            ("Größe 商品 😀", "Größe 商品 😀"),
        ] {
            assert_eq!(one_line(text, false), line);
        }
        assert_eq!(one_line("\u{1b}[31mred\u{1b}[0m\n", true), "\u{1b}[31mred\u{1b}[0m\\n");
    }
}
