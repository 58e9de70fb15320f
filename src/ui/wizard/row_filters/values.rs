//! Single values: parsing, formatting, and their fields.

use leptos::prelude::*;

use super::FilterAt;
use super::op::values_of;
use crate::domain::dataset::Scalar;
use crate::domain::schema::ColumnType;
use crate::ui::texts::filters as t;

pub fn scalar_text(value: &Scalar) -> String {
    match value {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}

/// A text parsed as a value of a column; `None` if it is invalid.
pub fn read_scalar(text: &str, of: ColumnType) -> Option<Scalar> {
    let trimmed = text.trim();
    match of {
        ColumnType::Int64 => trimmed.parse().ok().map(Scalar::Int),
        ColumnType::Float64 => {
            let whole = trimmed.parse().ok().map(Scalar::Int);
            whole.or_else(|| trimmed.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Float))
        }
        // As digits: a decimal number is not a binary one.
        ColumnType::Numeric | ColumnType::BigNumeric => {
            trimmed.parse::<f64>().ok().filter(|_| !trimmed.contains(['e', 'E', 'n', 'N'])).map(|_| Scalar::Text(trimmed.into()))
        }
        ColumnType::Bool => trimmed.parse().ok().map(Scalar::Bool),
        // Spaces are part of a text; the warehouse parses the other types.
        ColumnType::String
        | ColumnType::Bytes
        | ColumnType::Date
        | ColumnType::Datetime
        | ColumnType::Time
        | ColumnType::Timestamp
        | ColumnType::Struct
        | ColumnType::Json
        | ColumnType::Geography
        | ColumnType::Interval
        | ColumnType::Range => Some(Scalar::Text(text.into())),
    }
}

/// A field for one value; `field` is its position among the predicate's values.
#[component]
pub fn OneValue(at: FilterAt, of: ColumnType, field: usize, label: &'static str) -> impl IntoView {
    let value = move || {
        let values = at.filter.get().map(|filter| values_of(&filter.predicate)).unwrap_or_default();
        values.get(field).map(scalar_text).unwrap_or_default()
    };
    let bad = RwSignal::new(false);
    view! {
        <input
            type="text"
            class="filter-value"
            inputmode=if of.is_numeric() { "decimal" } else { "text" }
            aria-label=label
            aria-invalid=move || bad.get().to_string()
            prop:value=value
            on:change:target=move |e| {
                let read = read_scalar(&e.target().value(), of);
                bad.set(read.is_none());
                if let Some(value) = read {
                    at.edit_values(|values| {
                        if let Some(other) = values.get_mut(field) {
                            *other = value;
                        }
                    });
                }
            }
        />
        {move || bad.get().then(|| view! { <span class="field-error">{t::no_value(of)}</span> })}
    }
}

/// True or false.
#[component]
pub fn Truth(at: FilterAt) -> impl IntoView {
    let is = move |wanted: bool| at.filter.get().is_some_and(|filter| values_of(&filter.predicate) == [Scalar::Bool(wanted)]);
    view! {
        <select
            aria-label=t::VALUE
            class="filter-value"
            on:change:target=move |e| {
                let value = Scalar::Bool(e.target().value() == "true");
                at.edit_values(|values| *values = vec![value]);
            }
        >
            <option value="true" selected=move || is(true)>
                "true"
            </option>
            <option value="false" selected=move || is(false)>
                "false"
            </option>
        </select>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_by_the_type_of_the_column() {
        assert_eq!(read_scalar(" 12 ", ColumnType::Int64), Some(Scalar::Int(12)));
        assert_eq!(read_scalar("1.5", ColumnType::Int64), None);
        assert_eq!(read_scalar("1.5", ColumnType::Float64), Some(Scalar::Float(1.5)));
        assert_eq!(read_scalar("NaN", ColumnType::Float64), None);
        assert_eq!(read_scalar("0.10", ColumnType::Numeric), Some(Scalar::Text("0.10".into())));
        assert_eq!(read_scalar("1e5", ColumnType::Numeric), None);
        assert_eq!(read_scalar(" O'Brien ", ColumnType::String), Some(Scalar::Text(" O'Brien ".into())));
        assert_eq!(read_scalar("true", ColumnType::Bool), Some(Scalar::Bool(true)));
    }
}
