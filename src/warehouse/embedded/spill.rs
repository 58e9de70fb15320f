//! What does not fit into memory: files in a folder of our own, up to a limit.
//!
//! The files have no name: the system frees them when the process ends, however it ends. So nothing
//! is ever left behind, and programs that share a folder cannot take each other's files.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::{Stream, StreamExt, stream};

/// Bytes per read.
const CHUNK: usize = 256 << 10;
/// Bytes of the disk that are left to others, above all to the database: spilling must not make its
/// writes fail.
const LEFT_FREE: u64 = 256 << 20;
/// The disk is checked again whenever a file has grown by this many bytes.
const LOOK_EVERY: u64 = 8 << 20;

/// Why spilling failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpillError {
    #[error("all files of the spill folder together may take {0} bytes")]
    Limit(u64),
    #[error("the disk of the spill folder is nearly full")]
    Full,
    #[error("the spill folder: {0}")]
    Io(io::Error),
}

impl SpillError {
    /// The spill error within an error that came through Arrow and DataFusion, if there is one.
    pub fn within(error: &DataFusionError) -> Option<&SpillError> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            // An I/O error's source is the source of what it wraps, not what it wraps.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(held) => Some(held),
                None => error.source(),
            };
        }
        None
    }
}

impl From<io::Error> for SpillError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl From<SpillError> for io::Error {
    fn from(error: SpillError) -> Self {
        io::Error::other(error)
    }
}

impl From<SpillError> for DataFusionError {
    fn from(error: SpillError) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// The folder; created when first needed, and again if somebody has removed it.
#[derive(Debug)]
pub(super) struct SpillFolder(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    limit: u64,
    used: AtomicU64,
}

impl SpillFolder {
    pub fn new(path: &Path, limit: u64) -> Self {
        Self(Arc::new(Folder { path: path.into(), limit, used: AtomicU64::new(0) }))
    }
}

impl TempFileFactory for SpillFolder {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        let made = std::fs::create_dir_all(&self.0.path).and_then(|()| tempfile::tempfile_in(&self.0.path));
        let file = made.map_err(SpillError::from)?;
        let contents = Contents { file: Mutex::new(file), bytes: AtomicU64::new(0), folder: self.0.clone() };
        Ok(Arc::new(Spilled(Arc::new(contents))))
    }
}

impl Folder {
    /// Counts bytes before they are written.
    fn take(&self, bytes: u64) -> Result<(), SpillError> {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map(drop).map_err(|_| SpillError::Limit(self.limit))
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A file without a name; its bytes count until it is dropped.
struct Contents {
    file: Mutex<File>,
    /// Bytes written.
    bytes: AtomicU64,
    folder: Arc<Folder>,
}

impl Contents {
    fn append(&self, buffer: &[u8]) -> Result<(), SpillError> {
        let (more, at) = (buffer.len() as u64, self.bytes.load(Ordering::Acquire));
        self.folder.take(more)?;
        let written = self.write_at(buffer, at);
        match written {
            Ok(()) => {
                self.bytes.fetch_add(more, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                self.folder.give_back(more);
                Err(error)
            }
        }
    }

    fn write_at(&self, buffer: &[u8], at: u64) -> Result<(), SpillError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let next = at + buffer.len() as u64;
        if (at == 0 || at / LOOK_EVERY != next / LOOK_EVERY) && free(&file).is_some_and(|free| free < LEFT_FREE) {
            return Err(SpillError::Full);
        }
        file.seek(SeekFrom::Start(at))?;
        Ok(file.write_all(buffer)?)
    }

    /// The next bytes from there; none at the end of what was written so far.
    fn read(&self, at: u64) -> Result<Bytes, SpillError> {
        let left = self.bytes.load(Ordering::Acquire).saturating_sub(at);
        let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut chunk)?;
        Ok(Bytes::from(chunk))
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.folder.give_back(*self.bytes.get_mut());
    }
}

/// Free bytes on the file's disk, if the system reports them.
#[cfg(unix)]
fn free(file: &File) -> Option<u64> {
    let disk = rustix::fs::fstatvfs(file).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_file: &File) -> Option<u64> {
    None
}

struct Spilled(Arc<Contents>);

impl SpillFile for Spilled {
    fn size(&self) -> Option<u64> {
        Some(self.0.bytes.load(Ordering::Relaxed))
    }

    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let contents = self.0.clone();
        let chunks = stream::try_unfold(0, move |at| {
            let contents = contents.clone();
            async move {
                let read = tokio::task::spawn_blocking(move || contents.read(at)).await;
                let chunk = read.map_err(|error| DataFusionError::External(Box::new(error)))??;
                let next = at + chunk.len() as u64;
                Ok((!chunk.is_empty()).then_some((chunk, next)))
            }
        });
        Ok(chunks.boxed())
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Appending(self.0.clone())))
    }
}

struct Appending(Arc<Contents>);

impl Write for Appending {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.append(buffer)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Appending {
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::error::ArrowError;
    use futures::TryStreamExt;

    async fn all(file: &dyn SpillFile) -> Vec<u8> {
        let chunks: Vec<Bytes> = file.read_stream().unwrap().try_collect().await.unwrap();
        chunks.concat()
    }

    #[tokio::test]
    async fn spilled_data_is_read_back_and_counted_until_dropped() {
        let root = tempfile::tempdir().unwrap();
        let folder = SpillFolder::new(&root.path().join("made/when/needed"), 3_000_000);
        let (one, two) = (folder.create_temp_file("").unwrap(), folder.create_temp_file("").unwrap());
        let text: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
        let mut writer = one.open_writer().unwrap();
        writer.write_all(&text[..400_000]).unwrap();
        // Reads while the file is still being written.
        assert_eq!(all(one.as_ref()).await, text[..400_000]);
        writer.write_all(&text[400_000..]).unwrap();
        two.open_writer().unwrap().write_all(b"other").unwrap();
        assert_eq!((all(one.as_ref()).await, all(two.as_ref()).await), (text, b"other".to_vec()));
        assert_eq!(folder.0.used.load(Ordering::Relaxed), 1_000_005);
        drop((one, two, writer));
        assert_eq!(folder.0.used.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn no_file_has_a_name_that_could_be_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let file = SpillFolder::new(root.path(), 1_000).create_temp_file("").unwrap();
        file.open_writer().unwrap().write_all(b"secret").unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        assert_eq!(all(file.as_ref()).await, b"secret");
    }

    #[test]
    fn a_folder_that_was_removed_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("spill");
        let folder = SpillFolder::new(&path, 1_000);
        for _ in 0..2 {
            folder.create_temp_file("").unwrap().open_writer().unwrap().write_all(b"rows").unwrap();
            std::fs::remove_dir_all(&path).unwrap();
        }
    }

    #[test]
    fn the_limit_holds_over_all_files_and_is_found_in_the_engines_error() {
        let root = tempfile::tempdir().unwrap();
        let folder = SpillFolder::new(root.path(), 1_000);
        let (one, two) = (folder.create_temp_file("").unwrap(), folder.create_temp_file("").unwrap());
        one.open_writer().unwrap().write_all(&[1; 600]).unwrap();
        let error = two.open_writer().unwrap().write_all(&[1; 600]).unwrap_err();
        let error = DataFusionError::from(ArrowError::from(error)).context("spilling");
        assert!(matches!(SpillError::within(&error), Some(SpillError::Limit(1_000))), "{error:?}");
        // Refused bytes are not counted, and dropped files free theirs.
        drop(one);
        two.open_writer().unwrap().write_all(&[1; 1_000]).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let Err(error) = SpillFolder::new(&file.join("spill"), 1_000).create_temp_file("") else { panic!("made") };
        assert!(matches!(SpillError::within(&error), Some(SpillError::Io(_))), "{error:?}");
    }
}
