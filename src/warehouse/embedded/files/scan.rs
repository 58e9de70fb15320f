//! Queries over text files: reads their rows into columns of the types that were found for them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Decimal256Builder, Float64Builder, Int64Builder,
    RecordBatch, RecordBatchOptions, StringViewBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{Field, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::records::{Records, TextFile};
use super::values::{Reading, Scalar, bytes};
use crate::domain::schema::ColumnType;

/// Bytes of text after which a batch of rows ends, however few rows it has.
const BATCH_BYTES: usize = 4 << 20;

/// A file of a table of text files.
#[derive(Debug)]
pub(super) struct Part {
    pub file: TextFile,
    /// For each column of the file's own, its place among the file's values.
    pub places: Vec<usize>,
    /// The number of values of each row.
    pub width: usize,
    /// The values of the columns that come from the names of its folders.
    pub partition: Vec<ScalarValue>,
}

/// A table of text files. Its columns are those of the files, then those of partition folders.
#[derive(Debug)]
pub(super) struct TextTable {
    pub schema: SchemaRef,
    /// How each of the files' columns is read.
    pub readings: Vec<Reading>,
    pub parts: Vec<Arc<Part>>,
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.schema.fields().len()).collect();
        let projection: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let schema = Arc::new(self.schema.project(&projection)?);
        let readings: Arc<[Option<Reading>]> = projection.iter().map(|at| self.readings.get(*at).copied()).collect();
        let groups = state.config().target_partitions().clamp(1, self.parts.len().max(1));
        let of_group = |group: usize| {
            let parts = self.parts.iter().skip(group).step_by(groups).cloned().collect();
            let columns = Columns { schema: schema.clone(), readings: readings.clone(), places: projection.clone().into() };
            Arc::new(Group { columns, own: self.readings.len(), parts }) as Arc<dyn PartitionStream>
        };
        let groups = (0..groups).map(of_group).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema.clone(), groups, None, [], false, limit)?))
    }
}

/// The columns to be read.
#[derive(Debug, Clone)]
struct Columns {
    schema: SchemaRef,
    /// `None` for the columns of partition folders.
    readings: Arc<[Option<Reading>]>,
    /// Their places in the table.
    places: Arc<[usize]>,
}

/// Files that are read one after the other.
#[derive(Debug)]
struct Group {
    columns: Columns,
    /// The number of columns that are in the files.
    own: usize,
    parts: Vec<Arc<Part>>,
}

impl PartitionStream for Group {
    fn schema(&self) -> &SchemaRef {
        &self.columns.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = Batches {
            columns: self.columns.clone(),
            own: self.own,
            parts: self.parts.clone().into_iter(),
            open: None,
            rows: context.session_config().batch_size(),
        };
        Box::pin(RecordBatchStreamAdapter::new(self.columns.schema.clone(), futures::stream::iter(batches)))
    }
}

/// Reads batch after batch, each from one file.
struct Batches {
    columns: Columns,
    own: usize,
    parts: std::vec::IntoIter<Arc<Part>>,
    open: Option<(Arc<Part>, Records)>,
    rows: usize,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (part, mut records) = match self.open.take() {
                Some(open) => open,
                None => {
                    let part = self.parts.next()?;
                    match open(&part) {
                        Ok(records) => (part, records),
                        Err(reason) => return Some(Err(failed(&part, &reason))),
                    }
                }
            };
            match self.batch(&part, &mut records) {
                Ok(batch) if batch.num_rows() == 0 => {}
                Ok(batch) => {
                    self.open = Some((part, records));
                    return Some(Ok(batch));
                }
                Err(error) => {
                    self.parts = vec![].into_iter();
                    return Some(Err(error));
                }
            }
        }
    }
}

fn open(part: &Part) -> std::result::Result<Records, String> {
    let mut records = part.file.records()?;
    if part.file.dialect.has_header {
        records.next(&part.file)?;
    }
    Ok(records)
}

/// All values were read when the table was listed, so something else is in the file now.
fn failed(part: &Part, reason: &str) -> DataFusionError {
    DataFusionError::Execution(format!("{}: {reason}. Was the file changed while the query ran?", part.file.file.shown_name()))
}

impl Batches {
    fn batch(&self, part: &Part, records: &mut Records) -> Result<RecordBatch> {
        let wanted = self.columns.schema.fields().iter().zip(self.columns.readings.iter());
        let mut builders = wanted.map(|(field, reading)| Builder::new(field, *reading)).collect::<Result<Vec<_>>>()?;
        let places: Vec<Option<usize>> = self.columns.places.iter().map(|place| part.places.get(*place).copied()).collect();
        let (mut rows, mut size) = (0, 0);
        while rows < self.rows && size < BATCH_BYTES {
            let Some(record) = records.next(&part.file).map_err(|reason| failed(part, &reason))? else { break };
            let start = record.position().map(|position| position.byte());
            if record.len() != part.width {
                return Err(failed(part, &part.file.on_line(start, &format!("has {} values", record.len()))));
            }
            for (builder, place) in builders.iter_mut().zip(&places) {
                let Some(text) = place.and_then(|place| record.get(place)) else { continue };
                size += text.len();
                let text = (!part.file.dialect.is_null(text)).then_some(text);
                if builder.push(text).is_none() {
                    return Err(failed(part, &part.file.on_line(start, "has a value of another type")));
                }
            }
            rows += 1;
        }
        let columns = builders.into_iter().zip(self.columns.places.iter()).map(|(builder, place)| match builder.reading {
            None => match place.checked_sub(self.own).and_then(|key| part.partition.get(key)) {
                Some(value) => value.to_array_of_size(rows),
                None => exec_err!("a column has no values"),
            },
            Some(_) => Ok(builder.finish()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new_with_options(self.columns.schema.clone(), columns, &options)?)
    }
}

/// Collects the values of a column.
struct Builder {
    /// `None` for a column that has one value for the whole file.
    reading: Option<Reading>,
    values: Values,
}

enum Values {
    Bool(BooleanBuilder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Numeric(Decimal128Builder),
    BigNumeric(Decimal256Builder),
    Date(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Time(Time64MicrosecondBuilder),
    Text(StringViewBuilder),
    Bytes(BinaryBuilder),
}

impl Builder {
    fn new(field: &Field, reading: Option<Reading>) -> Result<Self> {
        let to = field.data_type().clone();
        let values = match reading.map_or(ColumnType::String, |reading| reading.of) {
            ColumnType::Bool => Values::Bool(BooleanBuilder::new()),
            ColumnType::Int64 => Values::Int64(Int64Builder::new()),
            ColumnType::Float64 => Values::Float64(Float64Builder::new()),
            ColumnType::Numeric => Values::Numeric(Decimal128Builder::new().with_data_type(to)),
            ColumnType::BigNumeric => Values::BigNumeric(Decimal256Builder::new().with_data_type(to)),
            ColumnType::Date => Values::Date(Date32Builder::new()),
            ColumnType::Datetime | ColumnType::Timestamp => {
                Values::Instant(TimestampMicrosecondBuilder::new().with_data_type(to))
            }
            ColumnType::Time => Values::Time(Time64MicrosecondBuilder::new()),
            ColumnType::String => Values::Text(StringViewBuilder::new()),
            ColumnType::Bytes => Values::Bytes(BinaryBuilder::new()),
            other => return exec_err!("text files have no {other}"),
        };
        Ok(Self { reading, values })
    }

    /// Adds a value; `None` if the text is none of the column's type.
    fn push(&mut self, text: Option<&str>) -> Option<()> {
        let value = match (&mut self.values, text) {
            (Values::Text(values), text) => {
                values.append_option(text);
                return Some(());
            }
            (Values::Bytes(values), text) => {
                let value = text.map(bytes);
                values.append_option(value.as_ref().map(Option::as_ref).unwrap_or_default());
                return if value == Some(None) { None } else { Some(()) };
            }
            (_, Some(text)) => Some(self.reading?.scalar(text)?),
            (_, None) => None,
        };
        match (&mut self.values, value) {
            (Values::Bool(values), Some(Scalar::Bool(value))) => values.append_value(value),
            (Values::Int64(values), Some(Scalar::Int64(value))) => values.append_value(value),
            (Values::Float64(values), Some(Scalar::Float64(value))) => values.append_value(value),
            (Values::Numeric(values), Some(Scalar::Numeric(value))) => values.append_value(value),
            (Values::BigNumeric(values), Some(Scalar::BigNumeric(value))) => values.append_value(value),
            (Values::Date(values), Some(Scalar::Date(value))) => values.append_value(value),
            (Values::Instant(values), Some(Scalar::Micros(value))) => values.append_value(value),
            (Values::Time(values), Some(Scalar::Micros(value))) => values.append_value(value),
            (_, Some(_)) => return None,
            (Values::Bool(values), None) => values.append_null(),
            (Values::Int64(values), None) => values.append_null(),
            (Values::Float64(values), None) => values.append_null(),
            (Values::Numeric(values), None) => values.append_null(),
            (Values::BigNumeric(values), None) => values.append_null(),
            (Values::Date(values), None) => values.append_null(),
            (Values::Instant(values), None) => values.append_null(),
            (Values::Time(values), None) => values.append_null(),
            (Values::Text(_) | Values::Bytes(_), None) => {}
        }
        Some(())
    }

    fn finish(self) -> ArrayRef {
        match self.values {
            Values::Bool(mut values) => Arc::new(values.finish()),
            Values::Int64(mut values) => Arc::new(values.finish()),
            Values::Float64(mut values) => Arc::new(values.finish()),
            Values::Numeric(mut values) => Arc::new(values.finish()),
            Values::BigNumeric(mut values) => Arc::new(values.finish()),
            Values::Date(mut values) => Arc::new(values.finish()),
            Values::Instant(mut values) => Arc::new(values.finish()),
            Values::Time(mut values) => Arc::new(values.finish()),
            Values::Text(mut values) => Arc::new(values.finish()),
            Values::Bytes(mut values) => Arc::new(values.finish()),
        }
    }
}
