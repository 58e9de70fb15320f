//! What SQLite's errors mean.

use std::path::Path;

use super::open::open_message;
use crate::store::{StoreError, Unavailable};

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::ColumnDecode { index, source } => Self::Unreadable { what: index.clone(), reason: source.to_string() },
            sqlx::Error::Database(cause) if cause.is_unique_violation() => Self::NameTaken,
            _ => match Unavailable::of(&error) {
                Some(reason) => Self::Unavailable { reason, source: Some(error) },
                None => Self::Database(error),
            },
        }
    }
}

impl StoreError {
    /// Adds the file that is being opened.
    pub(super) fn at_opening(self, file: &Path) -> Self {
        match self {
            Self::Unavailable { source: Some(error), .. } | Self::Database(error) => Self::Open(open_message(file, &error)),
            other => other,
        }
    }
}

impl Unavailable {
    /// The meaning of an error, unless it is a bug of this program.
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
    fn sqlite_error_codes_have_their_reason() {
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
            // CORRUPTFS: from a disk that cannot be read.
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
        // ERROR, CONSTRAINT, MISUSE: bugs of this program.
        for code in [1, 19, 2067, 21] {
            assert_eq!(Unavailable::of_code(code), None, "{code}");
        }
    }
}
