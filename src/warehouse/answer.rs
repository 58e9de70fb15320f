//! Rows as an engine reads them: no more than the caller's limits allow, each cell no longer.

use super::{Limits, WarehouseError};
use crate::domain::value::{CutCell, ResultColumn, Rows, Value, beginning, json_size};

/// A cell that was read.
#[derive(Debug, PartialEq)]
pub struct Cell {
    pub value: Value,
    /// Characters of the whole text, or items of the whole array, if `value` is only its beginning.
    pub whole: Option<u64>,
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self { value, whole: None }
    }
}

impl Cell {
    /// A text, truncated to `most` characters.
    pub fn text(text: &str, most: Option<usize>) -> Self {
        match most.and_then(|most| beginning(text, most)) {
            Some((beginning, whole)) => Self { value: Value::Text(beginning), whole: Some(whole) },
            None => Value::Text(text.to_owned()).into(),
        }
    }

    /// An array, truncated to the items that fit `most` characters.
    pub fn array<E>(items: impl ExactSizeIterator<Item = Result<Cell, E>>, most: Option<usize>) -> Result<Self, E> {
        let all = items.len();
        let mut size = 0;
        let mut read = vec![];
        for item in items {
            let Cell { value, whole } = item?;
            size += json_size(&value);
            read.push(value);
            let full = most.is_some_and(|most| size > most);
            if (full && read.len() < all) || whole.is_some() {
                return Ok(Self { value: Value::Array(read), whole: Some(all as u64) });
            }
        }
        Ok(Value::Array(read).into())
    }
}

/// The rows of a result that were read so far.
#[derive(Debug)]
pub struct Answer {
    rows: Rows,
    /// The size of the rows as JSON.
    bytes: usize,
    limits: Limits,
}

impl Answer {
    pub fn new(columns: Vec<ResultColumn>, bytes_processed: Option<u64>, limits: &Limits) -> Self {
        Self { rows: Rows { columns, bytes_processed, ..Rows::default() }, bytes: 0, limits: limits.clone() }
    }

    pub fn columns(&self) -> &[ResultColumn] {
        &self.rows.columns
    }

    pub fn len(&self) -> usize {
        self.rows.rows.len()
    }

    /// Adds a row, which is as long as there are columns. Returns whether more may come.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<bool, WarehouseError> {
        let Limits { max_rows, max_bytes, max_cell, .. } = self.limits;
        self.bytes += row.iter().map(|cell| json_size(&cell.value) + 1).sum::<usize>();
        let is_shown = max_cell.is_some();
        if self.bytes > max_bytes && !is_shown {
            return Err(WarehouseError::Resources(format!(
                "The result is larger than the limit of {} MiB. Select fewer columns or rows.",
                max_bytes >> 20
            )));
        }
        // The first row is always returned: its cells have their own limit.
        let full = self.bytes > max_bytes && self.len() > 0;
        if full || self.len() >= max_rows {
            self.rows.truncated = true;
            return Ok(false);
        }
        let position = self.len() as u32;
        let columns = &self.rows.columns;
        let cut = row
            .iter()
            .zip(columns)
            .filter_map(|(cell, column)| Some(CutCell { row: position, column: column.name.clone(), length: cell.whole? }));
        self.rows.cut_cells.extend(cut);
        self.rows.rows.push(row.into_iter().map(|cell| cell.value).collect());
        Ok(true)
    }

    /// The rows that were read.
    pub fn take(&mut self) -> Rows {
        std::mem::take(&mut self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::{ColumnType, Mode};

    fn answer(limits: Limits) -> Answer {
        let column = |name: &str| ResultColumn { name: name.into(), column_type: ColumnType::String, mode: Mode::Nullable };
        Answer::new(vec![column("a"), column("b")], None, &limits)
    }

    fn row(text: &str, most: Option<usize>) -> Vec<Cell> {
        vec![Value::Null.into(), Cell::text(text, most)]
    }

    #[test]
    fn long_cells_are_cut_and_their_length_is_reported() {
        let most = Some(3);
        let mut answer = answer(Limits { max_cell: most, ..Limits::default() });
        for text in ["abc", "abcd", "größer"] {
            assert!(answer.push(row(text, most)).unwrap());
        }
        let rows = answer.take();
        let texts: Vec<_> = rows.rows.iter().map(|row| row[1].as_str().unwrap()).collect();
        assert_eq!(texts, ["abc", "abc…", "grö…"]);
        let cut: Vec<_> = rows.cut_cells.iter().map(|cut| (cut.row, cut.column.as_str(), cut.length)).collect();
        assert_eq!(cut, [(1, "b", 4), (2, "b", 6)]);
    }

    #[test]
    fn arrays_are_cut_by_the_size_of_their_items() {
        let numbers =
            |n: i64, most| Cell::array((0..n as usize).map(|n| Ok::<_, ()>(Value::Int(n as i64).into())), most).unwrap();
        assert_eq!(numbers(3, Some(100)).whole, None);
        let Cell { value: Value::Array(read), whole } = numbers(1_000_000, Some(100)) else { panic!("an array") };
        assert!(read.len() < 100 && whole == Some(1_000_000), "{}", read.len());
        assert_eq!(numbers(1000, None).whole, None);
        // A truncated item ends the array.
        let texts = ["a", "abcdef", "b"].into_iter().map(|text| Ok::<_, ()>(Cell::text(text, Some(3))));
        assert_eq!(Cell::array(texts, Some(100)).unwrap().whole, Some(3));
    }

    #[test]
    fn previews_end_at_the_size_limit_and_computed_results_fail() {
        let text = "x".repeat(100);
        let mut shown = answer(Limits { max_bytes: 350, max_cell: Some(1000), ..Limits::default() });
        let taken = (0..10).take_while(|_| shown.push(row(&text, Some(1000))).unwrap()).count();
        let rows = shown.take();
        assert_eq!((taken, rows.rows.len(), rows.truncated), (3, 3, true));
        // A row that exceeds the whole limit is better than none.
        let mut wide = answer(Limits { max_bytes: 10, max_cell: Some(1000), ..Limits::default() });
        assert!(wide.push(row(&text, Some(1000))).unwrap() && !wide.push(row(&text, Some(1000))).unwrap());

        let mut whole = answer(Limits { max_bytes: 350, ..Limits::default() });
        let error = (0..10).find_map(|_| whole.push(row(&text, None)).err());
        assert!(matches!(error, Some(WarehouseError::Resources(_))), "{error:?}");
    }
}
