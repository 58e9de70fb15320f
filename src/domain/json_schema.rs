//! The config's JSON Schema, generated from its types: what a config file may contain.

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::dataset::{AsOf, DatasetConfig, Scalar, SecondaryTable, Seed, TimeZone};
use super::limits::{MAX_SEED_CHARS, MAX_TEXT_CHARS};
use super::name::{ColumnName, MAX_COLUMN_CHARS, MAX_TABLE_BYTES, OutputName, SourceName, TableName};
use super::schema::ColumnType;

/// JSON Schema 2020-12 of a config. The reader also accepts null wherever a key may be missing, and
/// older spellings; both are read into this form.
pub fn config_schema() -> Value {
    let mut found = vec![];
    DatasetConfig::schemas(&mut found);
    let defs: Map<String, Value> = found.iter().map(|(name, schema)| (name.clone(), as_json(schema))).collect();
    let mut schema = as_json(&DatasetConfig::schema());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Trainset dataset");
    schema["$defs"] = Value::Object(defs);
    schema
}

/// OpenAPI keeps its schemas elsewhere than a JSON Schema document does.
fn as_json(schema: &RefOr<Schema>) -> Value {
    let mut json = serde_json::to_value(schema).unwrap_or_default();
    adapt(&mut json);
    json
}

fn adapt(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", "#/$defs/");
            }
            // Unknown keys are refused everywhere, but utoipa does not write that for an enum's
            // variants.
            if map.contains_key("properties") {
                map.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            map.values_mut().for_each(adapt);
        }
        Value::Array(items) => items.iter_mut().for_each(adapt),
        _ => {}
    }
}

/// Types that JSON has as a text with a meaning of its own.
macro_rules! texts {
    ($($name:ty: $description:literal, $example:literal, $longest:expr;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                text.max_length(Some($longest)).description(Some($description)).examples([json!($example)]).build().into()
            }
        }
        impl ToSchema for $name {}
    )*};
}

texts! {
    TableName: "A table as dataset.table.", "raw_data.orders", 2 * MAX_TABLE_BYTES + 1;
    SourceName: "A table by its name within the dataset: what `as` says, else the table's own.", "orders", MAX_TABLE_BYTES;
    ColumnName: "A column as its table spells it.", "customer_id", MAX_COLUMN_CHARS;
    OutputName: "A column's name in the training data: a letter or underscore, then letters, digits and underscores.", "customer", MAX_COLUMN_CHARS;
    AsOf: "The reference date: `latest_event`, `today`, or a date.", "latest_event", "latest_event".len();
    TimeZone: "A time zone of the IANA database.", "Europe/Berlin", 64;
}

impl PartialSchema for ColumnType {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.map(Self::sql_name);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some("A BigQuery type."))
            .build()
            .into()
    }
}
impl ToSchema for ColumnType {}

impl PartialSchema for Seed {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::String, Type::Integer]);
        let seed = ObjectBuilder::new().schema_type(types).max_length(Some(MAX_SEED_CHARS));
        seed.description(Some("The seed of the random choice: the same seed gives the same choice.")).build().into()
    }
}
impl ToSchema for Seed {}

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]);
        let value = ObjectBuilder::new().schema_type(types).max_length(Some(MAX_TEXT_CHARS));
        value.description(Some("A value of the column's type.")).build().into()
    }
}
impl ToSchema for Scalar {}

impl PartialSchema for SecondaryTable {
    fn schema() -> RefOr<Schema> {
        let named = ObjectBuilder::new()
            .property("table", TableName::schema())
            .property("as", SourceName::schema())
            .required("table")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        RefOr::T(Schema::AnyOf(AnyOfBuilder::new().item(TableName::schema()).item(named).build()))
    }
}
impl ToSchema for SecondaryTable {}

#[cfg(test)]
mod tests {
    use super::super::limits::*;
    use super::*;

    #[test]
    fn the_schema_states_the_limits() {
        let schema = config_schema();
        let most = |pointer: &str| schema.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer}"));
        for (pointer, limit) in [
            ("/properties/secondary_tables/maxItems", MAX_TABLES - 1),
            ("/properties/join_config/maxItems", MAX_TABLES),
            ("/properties/selected_columns/maxItems", MAX_COLUMNS),
            ("/$defs/Join/properties/on/maxItems", MAX_JOIN_KEYS),
            ("/$defs/Join/properties/order/maxItems", MAX_ORDER_KEYS),
            ("/$defs/Filters/properties/rows/maxItems", MAX_ROW_FILTERS),
            ("/$defs/Scalar/maxLength", MAX_TEXT_CHARS),
            ("/$defs/Seed/maxLength", MAX_SEED_CHARS),
            ("/$defs/ColumnName/maxLength", MAX_COLUMN_CHARS),
            ("/$defs/SourceName/maxLength", MAX_TABLE_BYTES),
        ] {
            assert_eq!(most(pointer), limit as u64, "{pointer}");
        }
        let text = schema["$defs"]["Predicate"].to_string();
        assert_eq!(text.matches(&format!("\"maxItems\":{MAX_VALUES}")).count(), 2, "{text}");
        assert!(text.contains(&format!("\"maxLength\":{MAX_TEXT_CHARS}")), "{text}");
    }
}
