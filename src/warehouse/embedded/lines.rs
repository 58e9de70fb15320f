//! Bounded reading of a CSV file for inspection: whole rows, each of limited length.
//!
//! An open quote makes one row of everything that follows, and readers hold a row in memory.

use std::io::{self, Read};

/// Longest row of a CSV file that is inspected, in bytes: 10,000 names of 300 characters fit.
const MAX_ROW_BYTES: u64 = 16 << 20;

/// Reads to the end of the file, or to the end of a row after this many bytes.
pub(super) struct Lines<R> {
    file: R,
    most: u64,
    read: u64,
    of_row: u64,
    place: QuoteState,
    ended: bool,
}

/// The state after the last byte: quotes count if a value begins with one.
#[derive(Clone, Copy, PartialEq)]
enum QuoteState {
    Start,
    Plain,
    Quoted,
    /// A quote within quotes: their end, unless another quote follows.
    Quote,
}

impl<R: Read> Lines<R> {
    pub fn new(file: R, most: u64) -> Self {
        Self { file, most, read: 0, of_row: 0, place: QuoteState::Start, ended: false }
    }

    /// Whether the end of the file was reached.
    pub fn ended(&self) -> bool {
        self.ended
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Everything after the row's end stays unread.
        let is_enough = self.read >= self.most && self.of_row == 0;
        let count = if is_enough { 0 } else { self.file.read(buffer)? };
        self.ended |= count == 0 && !is_enough && !buffer.is_empty();
        for (i, byte) in buffer[..count].iter().enumerate() {
            self.read += 1;
            self.of_row += 1;
            self.place = match (self.place, byte) {
                (QuoteState::Start | QuoteState::Quote, b'"') => QuoteState::Quoted,
                (QuoteState::Quoted, b'"') => QuoteState::Quote,
                (QuoteState::Quoted, _) => QuoteState::Quoted,
                (_, b',' | b'\n' | b'\r') => QuoteState::Start,
                _ => QuoteState::Plain,
            };
            if self.place == QuoteState::Start && matches!(byte, b'\n' | b'\r') {
                self.of_row = 0;
                if self.read >= self.most {
                    return Ok(i + 1);
                }
            }
            if self.of_row > MAX_ROW_BYTES {
                let most = MAX_ROW_BYTES >> 20;
                return Err(io::Error::other(format!("a row longer than {most} MiB, perhaps because of an unclosed quote")));
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], most: u64) -> (String, bool) {
        let mut lines = Lines::new(text, most);
        let mut out = String::new();
        lines.read_to_string(&mut out).unwrap();
        (out, lines.ended())
    }

    #[test]
    fn only_whole_rows_are_read() {
        let text = b"a,b\n1,\"x\n\"\"y\n\"\n2,5\" wide\n3,z\n";
        assert_eq!(read(text, u64::MAX), (String::from_utf8(text.to_vec()).unwrap(), true));
        assert_eq!(read(text, 1), ("a,b\n".into(), false));
        assert_eq!(read(text, 5), ("a,b\n1,\"x\n\"\"y\n\"\n".into(), false));
        assert_eq!(read(text, 17), ("a,b\n1,\"x\n\"\"y\n\"\n2,5\" wide\n".into(), false));
    }

    #[test]
    fn a_row_without_an_end_is_refused() {
        for start in ["a,b\n1,\"", "a,b\n1,", "a,\"\"\"", ""] {
            let endless = start.as_bytes().chain(io::repeat(b'x'));
            assert!(Lines::new(endless, u64::MAX).read_to_end(&mut vec![]).is_err(), "{start}");
        }
        // Line breaks within quotes do not end a row.
        let endless = b"a,b\n1,\"".chain(io::repeat(b'\n'));
        assert!(Lines::new(endless, 10).read_to_end(&mut vec![]).is_err());
    }
}
