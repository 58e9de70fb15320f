//! The files of an open database: they have to stay where they are.
//!
//! SQLite goes on writing to a file that was deleted or replaced, and those writes are lost at the
//! next start. So each write checks whether the names still lead to the files that were opened. The
//! database's own file is opened once and stays open: closing it would release SQLite's locks on
//! it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Unavailable;

/// The database's file, and the log and its index (`-wal`, `-shm`), which an open database always
/// has.
#[derive(Debug, Clone)]
pub(super) struct Files {
    all: Arc<[Opened]>,
    database: Arc<File>,
}

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    identity: (u64, u64),
}

impl Files {
    /// Those of a database that is open now, and stays open as long as they are checked.
    pub fn of(database: &Path) -> io::Result<Self> {
        // SQLite puts the others beside the target of a symbolic link.
        let behind_links = fs::canonicalize(database)?;
        let beside = |ending: &str| {
            let mut path = behind_links.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        let opened = |path: PathBuf| Ok(Opened { identity: identity(&fs::metadata(&path)?), path });
        let files = [database.to_owned(), beside("-wal"), beside("-shm")];
        let all = files.into_iter().map(opened).collect::<io::Result<_>>()?;
        Ok(Self { all, database: Arc::new(File::open(database)?) })
    }

    /// Whether all are where they were.
    pub async fn in_place(&self) -> Result<(), Unavailable> {
        self.look(Self::all_in_place).await
    }

    /// Whether all are where they were, and their disk accepts writes.
    pub async fn writable(&self) -> Result<(), Unavailable> {
        self.look(|files| {
            files.all_in_place()?;
            files.log_is_writable()
        })
        .await
    }

    /// Off the async threads: a disk can be slow.
    async fn look(&self, look: impl FnOnce(&Self) -> Result<(), Unavailable> + Send + 'static) -> Result<(), Unavailable> {
        let files = self.clone();
        tokio::task::spawn_blocking(move || look(&files)).await.unwrap_or(Err(Unavailable::Silent))
    }

    fn all_in_place(&self) -> Result<(), Unavailable> {
        let (database, others) = self.all.split_first().ok_or(Unavailable::Missing)?;
        match fs::metadata(&database.path) {
            Ok(found) if identity(&found) == database.identity => {}
            Ok(_) => return Err(Unavailable::Replaced),
            Err(error) => return Err(why_not_found(&error)),
        }
        for other in others {
            match fs::metadata(&other.path) {
                Ok(found) if identity(&found) == other.identity => {}
                _ => return Err(Unavailable::LogMissing),
            }
        }
        begins_as_ours(&self.database)
    }

    /// SQLite reports a file system that became read-only as an error of the disk. Its log has no
    /// locks that closing it could release.
    fn log_is_writable(&self) -> Result<(), Unavailable> {
        let Some(log) = self.all.get(1) else { return Ok(()) };
        match OpenOptions::new().append(true).open(&log.path) {
            Err(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => {
                Err(Unavailable::ReadOnly)
            }
            // The write itself reports other errors.
            _ => Ok(()),
        }
    }

    /// Whether the log no longer exists: then no other program has begun a log of its own.
    pub fn log_is_gone(&self) -> bool {
        self.all.get(1).is_some_and(|log| matches!(fs::metadata(&log.path), Err(error) if error.kind() == ErrorKind::NotFound))
    }
}

fn why_not_found(error: &io::Error) -> Unavailable {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Unavailable::Missing,
        ErrorKind::PermissionDenied => Unavailable::NoAccess,
        _ => Unavailable::DiskFailing,
    }
}

/// Whether a file still has the header of a database with a log: it may have been emptied, or
/// overwritten by another one, such as a backup.
#[cfg(unix)]
fn begins_as_ours(database: &File) -> Result<(), Unavailable> {
    use std::os::unix::fs::FileExt;
    let mut head = [0; 20];
    match database.read_exact_at(&mut head, 0) {
        // The versions that read and write it: 2 means with a log.
        Ok(()) if head.starts_with(b"SQLite format 3\0") && head.ends_with(&[2, 2]) => Ok(()),
        Ok(()) => Err(Unavailable::Replaced),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Unavailable::Replaced),
        Err(_) => Err(Unavailable::DiskFailing),
    }
}

#[cfg(not(unix))]
fn begins_as_ours(_: &File) -> Result<(), Unavailable> {
    Ok(())
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// On systems where open files can be neither deleted nor replaced.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
