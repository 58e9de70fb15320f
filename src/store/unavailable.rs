//! Why the database cannot do an operation, in plain words.

/// A state of the database, its files or their disk that does not allow an operation. Most of them
/// pass, and the next try works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    #[error("The disk of the database is full: nothing can be saved. Free some space and try again.")]
    DiskFull,
    #[error("The disk of the database reports errors, or a quota on it is used up. Check the disk and try again.")]
    DiskFailing,
    #[error("The database is read-only: nothing can be saved. Make its file, its folder and their disk writable and try again.")]
    ReadOnly,
    #[error("Another program keeps the database locked. Try again in a moment; if it persists, stop that program.")]
    Locked,
    /// Includes a disk that cannot be read, which SQLite reports as damage.
    #[error(
        "The database is damaged, or its disk cannot be read. Check the disk; if it is healthy, stop Trainset and restore a backup."
    )]
    Damaged,
    #[error(
        "The database file was deleted or moved while Trainset was running: nothing can be saved. Move it back, or stop Trainset and \
         restore a backup."
    )]
    Missing,
    #[error(
        "The database file was replaced or overwritten while Trainset was running: nothing can be saved. Stop Trainset, put the right \
         file in its place, and start it again."
    )]
    Replaced,
    #[error(
        "A file that belongs to the database, its -wal or -shm, was deleted while Trainset was running: nothing can be saved. Stop Trainset \
         and start it again."
    )]
    LogMissing,
    #[error("The database file cannot be opened. Check that it exists, and check the permissions of the file and its folder.")]
    NoAccess,
    #[error("The server has no memory left for the database. Try again in a moment.")]
    NoMemory,
    #[error(
        "The database does not respond in time: its disk is slow, or another program keeps it locked. Try again in a moment."
    )]
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
}
