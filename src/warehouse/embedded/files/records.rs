//! Text files as records: unpacks them, finds their separator, and reads rows of limited length.

use std::fs::File;
use std::io::{self, BufReader, Read};

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::{TableFile, io_reason};

/// Longest row, in bytes: 10,000 names of 300 characters fit. An open quote makes one row of
/// everything that follows, and readers hold a row in memory.
const MAX_ROW_BYTES: u64 = 16 << 20;
/// Bytes at the beginning that show what a file is and how it separates values.
const SAMPLE_BYTES: u64 = 64 << 10;
/// Rows of the sample that have to agree on the separator.
const SAMPLE_ROWS: usize = 50;
/// What a packed file may unpack to: this many times its size, and [`MIN_UNPACKED`] more. Gzip
/// cannot do more; other packings can, from a small file that means harm.
const MAX_EXPANSION: u64 = 1_100;
const MIN_UNPACKED: u64 = 64 << 20;
const MARK: &str = "\u{FEFF}";

/// How a file is packed, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// How a text file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Dialect {
    pub separator: u8,
    pub quote: u8,
    /// Whether the first row has the columns' names.
    pub has_header: bool,
    /// Texts that are NULL, beside the empty one.
    pub null_words: Vec<String>,
}

impl Dialect {
    /// Whether a text of a file is NULL.
    pub fn is_null(&self, text: &str) -> bool {
        text.is_empty() || self.null_words.iter().any(|word| word == text)
    }
}

/// What is stated about a file, rather than found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Stated {
    pub separator: Option<u8>,
    pub quote: Option<u8>,
    pub has_header: Option<bool>,
    pub null_words: Vec<String>,
}

/// A text file whose dialect is known.
#[derive(Debug, Clone)]
pub(in super::super) struct TextFile {
    pub file: TableFile,
    pub dialect: Dialect,
}

impl TextFile {
    /// Looks at the beginning of the file.
    pub fn look(file: &TableFile, stated: &Stated) -> Result<Self, String> {
        if file.bytes == 0 {
            return Err("the file is empty; a CSV file needs a header line with column names".into());
        }
        let mut sample = vec![];
        unpacked(file)?.take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(|error| read_reason(&error))?;
        let is_whole = (sample.len() as u64) < SAMPLE_BYTES;
        refuse_other_kinds(&sample)?;
        let quote = stated.quote.unwrap_or(b'"');
        let separator = stated.separator.unwrap_or_else(|| separator(file, &sample, is_whole, quote));
        let dialect =
            Dialect { separator, quote, has_header: stated.has_header.unwrap_or(true), null_words: stated.null_words.clone() };
        Ok(Self { file: file.clone(), dialect })
    }

    /// Reads the rows from the beginning, a header too.
    pub fn records(&self) -> Result<Records, String> {
        let rows = RowLimit { file: unpacked(&self.file)?, of_row: 0 };
        Ok(Records { reader: reader(rows, self.dialect.separator, self.dialect.quote), record: StringRecord::new() })
    }

    /// The line of the row that begins at this byte, counted from 1. Reads the file again, which
    /// only an error is worth: readers count rows, and a row may have several lines.
    pub fn line(&self, start: u64) -> Option<u64> {
        let mut bytes = BufReader::with_capacity(64 << 10, unpacked(&self.file).ok()?).bytes();
        let (mut line, mut at) = (1, 0u64);
        let mut before = 0;
        loop {
            let byte = bytes.next().and_then(Result::ok);
            let is_break = matches!(byte, Some(b'\n' | b'\r'));
            // Breaks at its beginning end the rows before it.
            if byte.is_none() || (at >= start && !is_break) {
                return Some(line);
            }
            // CR LF is one.
            if is_break && !(before == b'\r' && byte == Some(b'\n')) {
                line += 1;
            }
            before = byte.unwrap_or_default();
            at += 1;
        }
    }

    /// A reason with the line that it is about.
    pub fn on_line(&self, start: Option<u64>, reason: &str) -> String {
        match start.and_then(|start| self.line(start)) {
            Some(line) => format!("line {line} {reason}"),
            None => format!("a line {reason}"),
        }
    }
}

/// The rows of a file.
pub(in super::super) struct Records {
    reader: Reader<RowLimit>,
    record: StringRecord,
}

impl Records {
    /// The next row; `None` after the last.
    pub fn next(&mut self, of: &TextFile) -> Result<Option<&StringRecord>, String> {
        let read = self.reader.read_record(&mut self.record);
        self.reader.get_mut().of_row = 0;
        match read {
            Ok(true) => Ok(Some(&self.record)),
            Ok(false) => Ok(None),
            Err(error) => Err(match error.into_kind() {
                ErrorKind::Io(error) => read_reason(&error),
                ErrorKind::Utf8 { pos, .. } => {
                    of.on_line(pos.map(|pos| pos.byte()), "is not UTF-8; save the file in that encoding")
                }
                _ => "this is not a CSV file".into(),
            }),
        }
    }
}

fn reader<R: Read>(from: R, separator: u8, quote: u8) -> Reader<R> {
    // Callers say which row has too many values; the reader would count lines otherwise.
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).quote(quote).buffer_capacity(64 << 10);
    builder.from_reader(from)
}

/// A file's content, limited.
fn unpacked(file: &TableFile) -> Result<Box<dyn Read + Send>, String> {
    let opened = File::open(&file.path).map_err(|error| io_reason(&error))?;
    let most = file.bytes.saturating_mul(MAX_EXPANSION).saturating_add(MIN_UNPACKED);
    Ok(match file.packing {
        Packing::Plain => Box::new(opened),
        Packing::Gzip => Box::new(Unpacked { from: flate2::read::MultiGzDecoder::new(BufReader::new(opened)), left: most }),
        Packing::Zstd => {
            let from = zstd::stream::read::Decoder::new(opened).map_err(|error| read_reason(&error))?;
            Box::new(Unpacked { from, left: most })
        }
    })
}

/// A reader whose errors say that a packed file is damaged, and that ends after too many bytes.
struct Unpacked<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self
            .from
            .read(buffer)
            .map_err(|_| io::Error::other(Refused("the file is damaged or truncated: it cannot be unpacked")))?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(Refused("the file unpacks to more than 1,100 times its size; write it with less of a difference"))
        })?;
        Ok(count)
    }
}

/// Fails when a row is too long. The caller resets the count after each row.
struct RowLimit {
    file: Box<dyn Read + Send>,
    of_row: u64,
}

impl Read for RowLimit {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.of_row += count as u64;
        if self.of_row > MAX_ROW_BYTES {
            return Err(io::Error::other(Refused("a row is longer than 16 MiB, perhaps because of an unclosed quote")));
        }
        Ok(count)
    }
}

/// A reason of ours inside an error of a reader.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

fn read_reason(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        Some(refused) => refused.to_string(),
        None => io_reason(error),
    }
}

/// Refuses what people name `.csv` without it being one, in words that say what to do.
fn refuse_other_kinds(sample: &[u8]) -> Result<(), String> {
    let other = match sample {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "the file is UTF-16; save it as UTF-8",
        [b'P', b'K', 3, 4, ..] => "this is a ZIP archive or an Excel workbook; unpack it, or export the sheet as CSV",
        [b'P', b'A', b'R', b'1', ..] => "this is a Parquet file; let its name end in .parquet",
        [0x1F, 0x8B, ..] => "this is a file that gzip packed; let its name end in .gz",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "this is a file that zstd packed; let its name end in .zst",
        [b'%', b'P', b'D', b'F', ..] => "this is a PDF document; export the table as CSV",
        _ if sample.contains(&0) => "this is not a text file; export the table as CSV or Parquet",
        _ => {
            let text = String::from_utf8_lossy(sample.get(..1024).unwrap_or(sample));
            let start = text.trim_start_matches(MARK).trim_start().to_ascii_lowercase();
            if start.is_empty() && sample.len() < 1024 {
                "the file has no header line; write the columns' names into its first line"
            } else if start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml") {
                "this is an HTML or XML page; download the file itself"
            } else if start.starts_with("{\"") || start.starts_with("[{") {
                "this is JSON; write it as CSV or Parquet"
            } else {
                return Ok(());
            }
        }
    };
    Err(other.into())
}

/// The separator of a file: the one by which its first rows have the same number of values.
fn separator(file: &TableFile, sample: &[u8], is_whole: bool, quote: u8) -> u8 {
    let usual = if file.is_tab_separated() { b'\t' } else { b',' };
    // Values of the first row by each separator, and whether the other rows have as many.
    let by = |separator: u8| {
        let mut rows = reader(sample, separator, quote);
        let mut counts = vec![];
        let mut record = csv::ByteRecord::new();
        while counts.len() < SAMPLE_ROWS && matches!(rows.read_byte_record(&mut record), Ok(true)) {
            counts.push(record.len());
        }
        // The last row may be cut.
        if !is_whole && counts.len() > 1 && counts.len() < SAMPLE_ROWS {
            counts.pop();
        }
        let first = counts.first().copied().unwrap_or_default();
        (first, counts.iter().all(|count| *count == first))
    };
    let (width, agree) = by(usual);
    if width > 1 && agree {
        return usual;
    }
    let others = [b',', b'\t', b';', b'|'].into_iter().filter(|other| *other != usual);
    let found: Vec<(u8, usize, bool)> = others
        .map(|other| {
            let (width, agree) = by(other);
            (other, width, agree)
        })
        .filter(|(_, width, _)| *width > 1)
        .collect();
    let best = found.iter().filter(|(.., agree)| *agree).max_by_key(|(_, width, _)| *width);
    match best {
        Some((other, ..)) => *other,
        None => usual,
    }
}
