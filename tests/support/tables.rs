//! Small tables with every type, ugly names, NULLs, duplicates and orphans, written as Parquet:
//! input for generated configs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use datafusion::parquet::arrow::ArrowWriter;

/// A generator of numbers that is the same on every machine (SplitMix64, Steele et al. 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to n - 1; one in ten is NULL.
    fn below(&mut self, n: u64) -> Option<i64> {
        let number = self.next();
        (!number.is_multiple_of(10)).then_some(((number / 10) % n) as i64)
    }

    fn column<T>(&mut self, rows: usize, n: u64, value: impl Fn(i64) -> T) -> Vec<Option<T>> {
        (0..rows).map(|_| self.below(n).map(&value)).collect()
    }
}

const FIRST_DAY: i64 = 20_000; // 2024-10-04
const DAY: i64 = 86_400_000_000;
const TEXTS: [&str; 7] = ["O'Brien", "back\\slash", "new\nline", "`tick`", "größe 🦀", "' OR 1=1 --", ""];

/// Writes `odd-lines`, `users` and `items` into the folder.
pub fn write(folder: &Path) {
    let mut numbers = Numbers(7);
    let n = 150;
    let text = |i: i64| TEXTS[i as usize % TEXTS.len()].to_owned();
    let product = |i: i64| format!("p'{i}");
    let instants = |numbers: &mut Numbers| numbers.column(n, 40 * 24, |hour| FIRST_DAY * DAY + hour * DAY / 24 + 123);
    let at = instants(&mut numbers);
    let made = instants(&mut numbers);
    let tags = lists(n, "tag");
    // Times as texts and numbers, some of which cannot be read.
    let seconds = numbers.column(n, 40 * 24, |hour| (FIRST_DAY * 24 + hour) * 3_600);
    let written = numbers.column(n, 42, |i| match i {
        40 => "soon".to_owned(),
        41 => String::new(),
        i => chrono::DateTime::from_timestamp((FIRST_DAY + i) * 86_400 + i * 1_000, 0)
            .unwrap()
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string(),
    });
    let compact = written.iter().map(|text| text.as_ref().map(|text| text.get(..10).unwrap_or(text).replace('-', "")));
    let compact: Vec<Option<String>> = compact.collect();
    let decimals: Vec<Option<i128>> = numbers.column(n, 4_000, |i| i128::from(i - 1_000) * 12_500_000);
    table(
        folder,
        "odd-lines",
        vec![
            ("user id", Arc::new(Int64Array::from(numbers.column(n, 9, |i| i))) as ArrayRef),
            ("größe", Arc::new(StringArray::from(numbers.column(n, 12, product)))),
            ("when", Arc::new(TimestampMicrosecondArray::from(at).with_timezone("UTC"))),
            ("made", Arc::new(TimestampMicrosecondArray::from(made))),
            ("day", Arc::new(Date32Array::from(numbers.column(n, 40, |i| (FIRST_DAY + i) as i32)))),
            ("group", Arc::new(BooleanArray::from(numbers.column(n, 2, |i| i == 1)))),
            ("amount", Arc::new(Float64Array::from(numbers.column(n, 500, |i| (i - 100) as f64 / 4.0)))),
            ("price", Arc::new(Decimal128Array::from(decimals).with_precision_and_scale(38, 9).unwrap())),
            ("select", Arc::new(StringArray::from(numbers.column(n, 7, text)))),
            ("tags", tags),
            ("split", Arc::new(StringArray::from(numbers.column(n, 3, |i| ["train", "eval", "x"][i as usize].to_owned())))),
            ("as_of", Arc::new(Int64Array::from(numbers.column(n, 5, |i| i)))),
            ("seconds", Arc::new(Int64Array::from(seconds))),
            ("written", Arc::new(StringArray::from(written))),
            ("compact", Arc::new(StringArray::from(compact))),
        ],
    );
    let n = 14;
    table(
        folder,
        "users",
        vec![
            // The same ids twice: the join multiplies rows.
            ("id", Arc::new(Int64Array::from(numbers.column(n, 10, |i| i))) as ArrayRef),
            ("select", Arc::new(StringArray::from(numbers.column(n, 7, text)))),
            ("joined", Arc::new(Date32Array::from(numbers.column(n, 60, |i| (FIRST_DAY + i) as i32)))),
            ("labels", lists(n, "label")),
        ],
    );
    table(
        folder,
        "items",
        vec![
            ("code", Arc::new(StringArray::from((0..10).map(product).collect::<Vec<_>>())) as ArrayRef),
            ("group", Arc::new(StringArray::from(numbers.column(10, 3, text)))),
            ("rank", Arc::new(Int64Array::from(numbers.column(10, 5, |i| i)))),
            ("owner", Arc::new(Int64Array::from(numbers.column(10, 10, |i| i)))),
        ],
    );
}

/// Lists of zero, one and two texts, alternating.
fn lists(rows: usize, word: &str) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..rows {
        lists.append_value((0..row % 3).map(|i| Some(format!("{word}{i}"))));
    }
    Arc::new(lists.finish())
}

fn table(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = File::create(folder.join(format!("{name}.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
