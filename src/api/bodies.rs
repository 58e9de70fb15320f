//! Bodies with a dataset's config, whole or by its parts: described by the config's own schema,
//! since hand-written JSON is parsed more leniently than by a derived reader.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::dataset::{DatasetConfig, Split};
use crate::domain::dto::DatasetInput;

/// A body without a field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// A new dataset.
pub struct NewDataset;
/// A change of a dataset.
pub struct DatasetUpdate;
/// A config that is not saved, and the split whose SQL is requested.
pub struct UnsavedQuery;
/// A config that is not saved.
pub struct UnsavedConfig;

impl PartialSchema for NewDataset {
    fn schema() -> RefOr<Schema> {
        let body = described("A new dataset: its name, and its config as a whole or by its parts.");
        with_config(texts(body)).required("name").build().into()
    }
}

impl PartialSchema for DatasetUpdate {
    fn schema() -> RefOr<Schema> {
        let body = described(
            "Any subset of a dataset's fields. Absent fields are not changed. Send the config as a whole or by its parts; `null` clears a part.",
        );
        let revision = ObjectBuilder::new()
            .schema_type(nullable(Type::Integer))
            .description(Some("The revision that the change is based on, instead of the header `If-Match`."))
            .examples([serde_json::json!(1)]);
        with_config(texts(body.property("revision", revision))).build().into()
    }
}

impl PartialSchema for UnsavedQuery {
    fn schema() -> RefOr<Schema> {
        let split = OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(reference::<Split>());
        with_config(texts(described("A config, as a whole or by its parts, optionally with a name.")).property("split", split))
            .build()
            .into()
    }
}

impl PartialSchema for UnsavedConfig {
    fn schema() -> RefOr<Schema> {
        with_config(texts(described("A config, as a whole or by its parts, optionally with a name."))).build().into()
    }
}

fn described(text: &str) -> ObjectBuilder {
    ObjectBuilder::new().description(Some(text)).additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn nullable(kind: Type) -> utoipa::openapi::schema::SchemaType {
    [Type::Null, kind].into_iter().collect()
}

/// What is entered beside the config.
fn texts(body: ObjectBuilder) -> ObjectBuilder {
    let RefOr::T(Schema::Object(input)) = DatasetInput::schema() else { return body };
    let texts = input.properties.into_iter().filter(|(name, _)| name != "config");
    texts.fold(body, |body, (name, schema)| match schema {
        RefOr::T(Schema::Object(mut text)) => {
            text.schema_type = nullable(Type::String);
            body.property(name, text)
        }
        schema => body.property(name, schema),
    })
}

/// The whole config, and each of its parts.
fn with_config(body: ObjectBuilder) -> ObjectBuilder {
    let or_null = |schema: RefOr<Schema>| OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(schema);
    let body = body.property("config", or_null(reference::<DatasetConfig>()));
    let RefOr::T(Schema::Object(config)) = DatasetConfig::schema() else { return body };
    config.properties.into_iter().fold(body, |body, (name, schema)| match schema {
        // The primary table may be null in the config itself.
        RefOr::T(Schema::OneOf(_)) => body.property(name, schema),
        schema => body.property(name, or_null(schema)),
    })
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// Replaces the derive.
macro_rules! named {
    ($($name:ident),*) => {$(
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                DatasetConfig::schemas(schemas);
                schemas.push((DatasetConfig::name().into(), DatasetConfig::schema()));
                schemas.push((Split::name().into(), Split::schema()));
            }
        }
    )*};
}

named!(NewDataset, DatasetUpdate, UnsavedQuery, UnsavedConfig);
