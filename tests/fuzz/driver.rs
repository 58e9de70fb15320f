//! Shared by all fuzzing: bytes as choices, odd texts, mutations, and the limits.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Maximum processor time of one input, without optimisation.
pub const LONGEST: Duration = Duration::from_secs(2);
/// Maximum growth of the process in bytes: while one input is handled, and by all of them.
pub const GROWTH: u64 = 200_000_000;
/// Inputs between two checks of the clock.
const ROUND: u32 = 32;
/// The lines of the process's status with the memory that it holds and with the most it held.
const HELD: &str = "VmRSS:";
const PEAK: &str = "VmHWM:";

/// Only one test of this program runs at a time, since the time and memory of the process are
/// measured.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The settings of a fuzz run.
pub struct Fuzz {
    /// The duration, unless `TRAINSET_FUZZ_SECONDS` is set.
    pub seconds: u64,
    /// Maximum size of an input in bytes.
    pub bytes: usize,
    /// Attempts to shrink a failing input.
    pub shrinks: u32,
}

impl Fuzz {
    /// Runs inputs until the time is over. `run` returns the processor time of its input.
    /// `show` writes an input that needed too much memory.
    pub fn run(&self, run: impl Fn(&[u8]) -> Result<Duration, TestCaseError>, show: impl Fn(&[u8]) -> String) {
        let seconds =
            std::env::var("TRAINSET_FUZZ_SECONDS").ok().map_or(self.seconds, |text| text.parse().expect("a number of seconds"));
        let before = memory(HELD);
        let (start, mut inputs) = (Instant::now(), 0);
        let (longest, highest) = (Cell::new(Duration::ZERO), Cell::new(0));
        while start.elapsed() < Duration::from_secs(seconds) {
            let config = Config { cases: ROUND, failure_persistence: None, max_shrink_iters: self.shrinks, ..Config::default() };
            let ran = TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 0..self.bytes), |bytes| {
                reset_peak_memory();
                let held = memory(HELD);
                let took = run(&bytes)?;
                let rise = growth(held, memory(PEAK));
                longest.set(longest.get().max(took));
                highest.set(highest.get().max(rise));
                prop_assert!(took < LONGEST, "it took {took:?}");
                prop_assert!(rise < GROWTH, "it needed {rise} bytes: {}", show(&bytes));
                Ok(())
            });
            ran.unwrap_or_else(|failure| panic!("{failure}"));
            inputs += ROUND;
        }
        let grown = growth(before, memory(HELD));
        println!(
            "{inputs} inputs in {:?}, longest {:?}, largest {} bytes, grown by {grown} bytes",
            start.elapsed(),
            longest.get(),
            highest.get()
        );
        assert!(grown < GROWTH, "{grown} bytes");
    }
}

/// Bytes, read as choices; all zeros at the end.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    pub fn below(&mut self, sides: usize) -> usize {
        (self.byte() << 8 | self.byte()) % sides.max(1)
    }

    /// One of a small number, for one byte.
    pub fn few(&mut self, sides: usize) -> usize {
        self.byte() % sides.max(1)
    }
}

pub fn odd_text(choices: &mut Choices) -> String {
    const ODD: [&str; 24] = [
        "",
        "\0",
        "`",
        "\\",
        "'",
        "\"",
        "'; DROP TABLE x; --",
        "\u{202e}",
        "ẞ",
        "İ",
        "e\u{301}",
        "\u{feff}",
        "a.b[3].c",
        "[",
        "]]]",
        ".",
        "latest_event",
        "9999-12-31",
        "0000-00-00",
        "1e999",
        "-0",
        "raw_data.orders",
        "orders",
        "id",
    ];
    match choices.below(ODD.len() + 2) {
        0 => "x".repeat(choices.below(12_000)),
        1 => "ö`".repeat(choices.below(700)),
        i => ODD[i - 2].to_owned(),
    }
}

/// A text with some changes, some of them to tokens of its language.
pub fn mutated_text(choices: &mut Choices, text: &str, tokens: &[&str]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=choices.below(8) {
        let at = choices.below(chars.len() + 1);
        let until = (at + choices.below(40)).min(chars.len());
        match choices.below(5) {
            0 => drop(chars.drain(at..until)),
            1 => {
                let piece: Vec<char> = chars[at..until].to_vec();
                let times = choices.below(60);
                chars.splice(at..at, piece.iter().copied().cycle().take(piece.len() * times));
            }
            2 => drop(chars.splice(at..at, tokens[choices.below(tokens.len())].chars())),
            3 => drop(chars.splice(at..until, odd_text(choices).chars().collect::<Vec<_>>())),
            _ => drop(
                chars.splice(at..at, tokens[choices.below(tokens.len())].repeat(choices.below(300)).chars().collect::<Vec<_>>()),
            ),
        }
    }
    chars.into_iter().collect()
}

/// The files of a folder of the corpus by their names.
pub fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.is_file());
    files.sort();
    let read = |file: PathBuf| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap());
    files.into_iter().map(read).collect()
}

/// The peak memory of the process in bytes; `None` if the system does not report it.
pub fn peak_memory() -> Option<u64> {
    memory(PEAK)
}

/// Lowers the peak memory to what is held now, where the system allows it.
fn reset_peak_memory() {
    // 5: see proc_pid_clear_refs(5).
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// How much more the second number is; 0 if it is less, or unknown.
fn growth(before: Option<u64>, after: Option<u64>) -> u64 {
    before.zip(after).map_or(0, |(before, after)| after.saturating_sub(before))
}

/// A line of the process's status in bytes; `None` if the system does not report it.
fn memory(line: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|of| of.strip_prefix(line))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
