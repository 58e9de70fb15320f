//! The width and depth of a Parquet file's schema, read from its footer before anything is built
//! from it.
//!
//! Readers build a tree of the schema by recursion, as deep as the file declares, and a footer of a
//! few megabytes can declare a million levels. Here the footer is only walked. Reports only
//! exceeded limits; a damaged footer is left to the reader to report, unless the two might
//! interpret it differently.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::files::MAX_COLUMNS;

/// Longest footer, in bytes. 10,000 columns in 30 row groups have 64 MB; the parsed form takes
/// several times as much memory.
const MAX_FOOTER_BYTES: usize = 64 << 20;
/// Deepest nesting of a schema's groups. Each array takes two, and BigQuery allows 15 levels of
/// RECORD.
const MAX_LEVELS: usize = 50;
/// Maximum number of groups and leaves of a schema: an array column has three.
const MAX_ELEMENTS: usize = 10 * MAX_COLUMNS;
/// Maximum nesting of Thrift structures; a footer has fewer than ten.
const MAX_NESTING: usize = 32;

pub(super) const DAMAGED: &str = "this is not a Parquet file, or it is damaged or truncated";

/// The bytes of the footer, if its schema is within the limits.
pub(super) fn read(file: &mut File) -> Result<Vec<u8>, String> {
    let damaged = |_| DAMAGED.to_owned();
    let mut end = [0; 8];
    let length = file.seek(SeekFrom::End(-8)).map_err(damaged)?;
    file.read_exact(&mut end).map_err(damaged)?;
    let [a, b, c, d, magic @ ..] = end;
    match &magic {
        b"PAR1" => {}
        b"PARE" => return Err("the file is encrypted".into()),
        _ => return Err(DAMAGED.into()),
    }
    let size = u32::from_le_bytes([a, b, c, d]) as usize;
    if size > MAX_FOOTER_BYTES {
        return Err(format!(
            "its footer is longer than {} MiB: write fewer columns or larger row groups",
            MAX_FOOTER_BYTES >> 20
        ));
    }
    let start = length.checked_sub(size as u64).ok_or(DAMAGED)?;
    file.seek(SeekFrom::Start(start)).map_err(damaged)?;
    let mut footer = vec![0; size];
    file.read_exact(&mut footer).map_err(damaged)?;
    check(&footer)?;
    Ok(footer)
}

fn check(footer: &[u8]) -> Result<(), String> {
    let mut thrift = Thrift { rest: footer };
    let mut schema = Schema::default();
    let mut id = 0i16;
    while let Some(kind) = thrift.field(&mut id)? {
        expect(FILE_METADATA, id, kind)?;
        // A second schema would replace the first.
        match id {
            SCHEMA => thrift.schema(&mut schema)?,
            _ => thrift.skip(kind, MAX_NESTING)?,
        }
    }
    Ok(())
}

/// Readers go by a field's number and ignore the declared type.
fn expect(types: &[u8], id: i16, kind: u8) -> Result<(), String> {
    let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1)).ok_or(DAMAGED)?;
    if types.get(index).is_some_and(|known| *known != kind) { Err(DAMAGED.into()) } else { Ok(()) }
}

/// The groups around the next element, each with the number of its remaining elements.
#[derive(Default)]
struct Schema {
    open: Vec<u32>,
    elements: usize,
}

impl Schema {
    fn push(&mut self, children: i64) -> Result<(), String> {
        let children = i32::try_from(children).ok().and_then(|children| u32::try_from(children).ok()).ok_or(DAMAGED)?;
        if self.elements == 0 && children as usize > MAX_COLUMNS {
            return Err(super::files::too_many_columns());
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(format!("its columns have more than {MAX_ELEMENTS} fields"));
        }
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
        if let Some(siblings) = self.open.last_mut() {
            *siblings -= 1;
        }
        if children > 0 {
            self.open.push(children);
        }
        // The schema itself is the outermost group.
        if self.open.len() > MAX_LEVELS + 1 {
            return Err(format!("its columns are nested more than {MAX_LEVELS} levels deep"));
        }
        Ok(())
    }
}

// Thrift's compact protocol:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

// Types of fields from 1 on:
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const FILE_METADATA: &[u8] = &[I32, LIST, I64, LIST, LIST, BINARY, LIST, STRUCT, BINARY];
const SCHEMA: i16 = 2;
const SCHEMA_ELEMENT: &[u8] = &[I32, I32, I32, BINARY, I32, I32, I32, I32, I32, STRUCT];
const NUM_CHILDREN: i16 = 5;

struct Thrift<'a> {
    rest: &'a [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Result<u8, String> {
        let (first, rest) = self.rest.split_first().ok_or(DAMAGED)?;
        self.rest = rest;
        Ok(*first)
    }

    fn bytes(&mut self, count: u64) -> Result<(), String> {
        let count = usize::try_from(count).map_err(|_| DAMAGED)?;
        self.rest = self.rest.get(count..).ok_or(DAMAGED)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DAMAGED.into())
    }

    fn zigzag(&mut self) -> Result<i64, String> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The type of the next field, whose id is written to `id`; `None` at the end of the structure.
    fn field(&mut self, id: &mut i16) -> Result<Option<u8>, String> {
        let head = self.byte()?;
        if head & 0x0F == 0 {
            return Ok(None);
        }
        *id = match head >> 4 {
            0 => i16::try_from(self.zigzag()?).map_err(|_| DAMAGED)?,
            step => id.checked_add(step.into()).ok_or(DAMAGED)?,
        };
        Ok(Some(head & 0x0F))
    }

    fn list(&mut self) -> Result<(u8, u64), String> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.varint()?,
            size => u64::from(size),
        };
        Ok((head & 0x0F, size))
    }

    fn skip(&mut self, kind: u8, nesting: usize) -> Result<(), String> {
        let inner = nesting.checked_sub(1).ok_or(DAMAGED)?;
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.bytes(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.bytes(8),
            BINARY => {
                let length = self.varint()?;
                self.bytes(length)
            }
            LIST => {
                let (of, size) = self.list()?;
                // No footer has lists of these, and readers differ in the bytes of their items: for
                // some none, however many items there are.
                if matches!(of, TRUE | FALSE) {
                    return Err(DAMAGED.into());
                }
                (0..size).try_for_each(|_| self.skip(of, inner))
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, inner)?;
                }
                Ok(())
            }
            // Sets, maps and UUIDs: no footer has them.
            _ => Err(DAMAGED.into()),
        }
    }

    fn schema(&mut self, schema: &mut Schema) -> Result<(), String> {
        let (of, size) = self.list()?;
        if of != STRUCT {
            return Err(DAMAGED.into());
        }
        for _ in 0..size {
            let (mut id, mut children) = (0, 0);
            while let Some(kind) = self.field(&mut id)? {
                expect(SCHEMA_ELEMENT, id, kind)?;
                match id {
                    NUM_CHILDREN => children = self.zigzag()?,
                    _ => self.skip(kind, MAX_NESTING)?,
                }
            }
            schema.push(children)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of only a schema, whose elements have these numbers of children.
    fn footer(children: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0x15, 0x02, 0x19, 0xFC];
        varint(&mut bytes, children.len() as u64);
        for children in children {
            // A name, and the number of children.
            bytes.extend([0x48, 0x01, b'a', 0x15]);
            varint(&mut bytes, children << 1);
            bytes.push(0);
        }
        bytes.push(0);
        bytes
    }

    fn varint(bytes: &mut Vec<u8>, mut value: u64) {
        while value > 0x7F {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }

    /// One column of nested groups.
    fn nested(levels: usize) -> Vec<u8> {
        footer(&[vec![1; levels + 1], vec![0]].concat())
    }

    fn wide(columns: usize) -> Vec<u8> {
        footer(&[vec![columns as u64], vec![0; columns]].concat())
    }

    #[test]
    fn depth_and_width_of_a_schema_have_limits() {
        assert_eq!(check(&nested(MAX_LEVELS)), Ok(()));
        for levels in [MAX_LEVELS + 1, 1_500, 100 * MAX_LEVELS, 2_000_000] {
            assert!(check(&nested(levels)).is_err_and(|reason| reason.contains("nested")), "{levels}");
        }
        assert_eq!(check(&wide(MAX_COLUMNS)), Ok(()));
        for columns in [MAX_COLUMNS + 1, 100 * MAX_COLUMNS] {
            assert_eq!(check(&wide(columns)), Err(super::super::files::too_many_columns()));
        }
        let fields = footer(&[vec![1, MAX_ELEMENTS as u64], vec![0; MAX_ELEMENTS]].concat());
        assert!(check(&fields).is_err_and(|reason| reason.contains("fields")));
    }

    #[test]
    fn a_second_schema_has_the_same_limits() {
        let (first, second) = (wide(1), nested(10_000));
        // Without its end and the other's version; the field's number is written out.
        let both = [&first[..first.len() - 1], &[0x09, 0x04], &second[3..]].concat();
        assert!(check(&both).is_err_and(|reason| reason.contains("nested")));
    }

    #[test]
    fn an_invalid_footer_is_reported_as_damaged() {
        let whole = wide(3);
        for cut in 0..whole.len() {
            assert_eq!(check(&whole[..cut]), Err(DAMAGED.into()), "{cut}");
        }
        // A list of 2^60 booleans, which take no bytes for some readers; endlessly nested
        // structures.
        for bytes in [vec![0x19, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], vec![0x1C; 1_000_000]] {
            assert_eq!(check(&bytes), Err(DAMAGED.into()));
        }
    }
}
