//! Why the database cannot do what it is asked, in a person's words.

/// A state of the database, its files or their disk in which it cannot answer. Most of them pass,
/// and the next try works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    #[error("The disk of the database is full: nothing can be saved. Free some space and try again.")]
    DiskFull,
    #[error("The disk of the database reports errors, or a quota on it is used up. Check the disk and try again.")]
    DiskFailing,
    #[error("The database is read-only: nothing can be saved. Make its file, its folder and their disk writable and try again.")]
    ReadOnly,
    #[error("Another program keeps the database locked. Try again in a moment; if it lasts, end that program.")]
    Locked,
    /// SQLite reports a disk that cannot be read as damage too.
    #[error(
        "The database is damaged, or its disk cannot be read. Check the disk; if it is well, stop Trainset and restore a backup."
    )]
    Damaged,
    #[error(
        "The file of the database was deleted or moved while Trainset runs: nothing can be saved. Move it back, or stop Trainset and \
         restore a backup."
    )]
    Missing,
    #[error(
        "The file of the database was replaced or overwritten while Trainset runs: nothing can be saved. Stop Trainset, put the right \
         file in its place, and start it again."
    )]
    Replaced,
    #[error(
        "A file that belongs to the database, its -wal or -shm, was deleted while Trainset runs: nothing can be saved. Stop Trainset \
         and start it again."
    )]
    LogMissing,
    #[error("The file of the database cannot be opened. Check that it is there, and the permissions of the file and its folder.")]
    NoAccess,
    #[error("The server has no memory left for the database. Try again in a moment.")]
    NoMemory,
    #[error("The database does not answer in time: its disk is slow, or another program keeps it locked. Try again in a moment.")]
    Silent,
}

impl Unavailable {
    /// For programs, and stable.
    pub fn code(self) -> &'static str {
        match self {
            Self::DiskFull => "database_disk_full",
            Self::DiskFailing => "database_disk_failing",
            Self::ReadOnly => "database_read_only",
            Self::Locked => "database_locked",
            Self::Damaged => "database_damaged",
            Self::Missing => "database_missing",
            Self::Replaced => "database_replaced",
            Self::LogMissing => "database_log_missing",
            Self::NoAccess => "database_no_access",
            Self::NoMemory => "database_no_memory",
            Self::Silent => "database_silent",
        }
    }

    /// What an error means, where it is no fault of this program.
    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
        use sqlx::Error::{BeginFailed, InvalidSavePointStatement, Io, PoolTimedOut, WorkerCrashed};
        match error {
            sqlx::Error::Database(cause) => Self::of_code(cause.code()?.parse().ok()?),
            PoolTimedOut | WorkerCrashed | BeginFailed | InvalidSavePointStatement | Io(_) => Some(Self::Silent),
            _ => None,
        }
    }

    /// By SQLite's result codes: the primary one is the lowest byte.
    /// <https://www.sqlite.org/rescode.html>
    fn of_code(extended: u32) -> Option<Self> {
        Some(match (extended & 0xff, extended >> 8) {
            // IOERR_NOMEM, IOERR_SHMSIZE (the index of the log could not grow), IOERR_DATA (a
            // checksum is wrong)
            (10, 12) => Self::NoMemory,
            (10, 19) => Self::DiskFull,
            (10, 32) => Self::Damaged,
            // READONLY_DBMOVED
            (8, 4) => Self::Missing,
            // PERM, CANTOPEN, AUTH
            (3 | 14 | 23, _) => Self::NoAccess,
            // BUSY, LOCKED, PROTOCOL
            (5 | 6 | 15, _) => Self::Locked,
            (7, _) => Self::NoMemory,
            (8, _) => Self::ReadOnly,
            (10, _) => Self::DiskFailing,
            // CORRUPT, FORMAT, NOTADB
            (11 | 24 | 26, _) => Self::Damaged,
            // FULL, NOLFS (the file cannot be that large)
            (13 | 22, _) => Self::DiskFull,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_a_person_can_meet_have_their_reason() {
        let reasons = [
            (3, "database_no_access"),
            (5, "database_locked"),
            (261, "database_locked"),
            (517, "database_locked"),
            (6, "database_locked"),
            (262, "database_locked"),
            (7, "database_no_memory"),
            (3082, "database_no_memory"),
            (8, "database_read_only"),
            (264, "database_read_only"),
            (776, "database_read_only"),
            (1032, "database_missing"),
            (10, "database_disk_failing"),
            (266, "database_disk_failing"),
            (778, "database_disk_failing"),
            (1034, "database_disk_failing"),
            (4874, "database_disk_full"),
            (8202, "database_damaged"),
            // CORRUPTFS: what a disk answers that cannot be read.
            (8458, "database_disk_failing"),
            (11, "database_damaged"),
            (13, "database_disk_full"),
            (14, "database_no_access"),
            (15, "database_locked"),
            (26, "database_damaged"),
        ];
        for (code, expected) in reasons {
            assert_eq!(Unavailable::of_code(code).map(Unavailable::code), Some(expected), "{code}");
        }
        // ERROR, CONSTRAINT, MISUSE: this program's own.
        for code in [1, 19, 2067, 21] {
            assert_eq!(Unavailable::of_code(code), None, "{code}");
        }
    }
}
