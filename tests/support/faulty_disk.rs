//! A disk that fails on a test's command, for a program that the test starts. Linux only.
//!
//! `faulty_disk.c` is compiled and preloaded into the program; a control file, read at each call,
//! lists what fails.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A failure of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is full: existing files can be opened, but nothing more is written.
    Full,
    /// It takes half of a write, then it is full.
    Short,
    /// The user's quota is used up.
    Quota,
    /// Writing and syncing fail.
    Broken,
    /// Only syncing fails.
    NoSync,
    /// It was remounted read-only.
    ReadOnly,
    /// Reading fails.
    Unreadable,
}

impl Fault {
    /// The calls that fail, and how, in the library's format.
    fn line(self) -> &'static str {
        match self {
            Self::Full => "w ENOSPC",
            Self::Short => "w SHORT",
            Self::Quota => "w EDQUOT",
            Self::Broken => "wst EIO",
            Self::NoSync => "s EIO",
            Self::ReadOnly => "wtocn EROFS",
            Self::Unreadable => "r EIO",
        }
    }
}

/// The disk under the files whose path contains a text, as one program sees it.
pub struct FaultyDisk {
    folder: TempDir,
    part: String,
    /// Number of commands so far, so that no line equals the one before.
    commands: AtomicU32,
}

impl FaultyDisk {
    /// A disk that works, until a command lets it fail.
    pub fn under(part: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/faulty_disk.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.path().join("faulty_disk.so")).args([source, "-ldl"]);
        let built = compiler.output().unwrap_or_else(|error| panic!("there is no C compiler: {error}"));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { folder, part: part.into(), commands: AtomicU32::new(0) }
    }

    /// The environment of a program on this disk.
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("LD_PRELOAD", self.folder.path().join("faulty_disk.so")),
            ("FAULTY_DISK_PATH", self.part.clone().into()),
            ("FAULTY_DISK_CONTROL", self.control()),
        ]
    }

    pub fn fail(&self, fault: Fault) {
        self.fail_after(fault, 0);
    }

    /// Fails after this many successful calls.
    pub fn fail_after(&self, fault: Fault, calls: u32) {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        self.tell(&format!("{} {calls} {number}", fault.line()));
    }

    /// Everything works again.
    pub fn heal(&self) {
        self.tell("");
    }

    /// The program sees a whole line or nothing of it.
    fn tell(&self, line: &str) {
        let unfinished = self.folder.path().join("control.unfinished");
        fs::write(&unfinished, line).unwrap();
        fs::rename(&unfinished, self.control()).unwrap();
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}
