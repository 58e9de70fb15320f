//! Columns to choose from: one list grouped by table, for join keys and roles alike; and the field that searches a list.

use leptos::prelude::*;

use super::State;
use crate::domain::dataset::ColumnRef;
use crate::domain::name::{SourceName, TableName};
use crate::domain::schema::Column;

/// `<option>`s of the columns that `fits` lets through, grouped by their table. `before` ends the list at that source.
pub fn column_options(
    state: State,
    before: Option<SourceName>,
    chosen: Option<ColumnRef>,
    fits: impl Fn(&Column) -> bool,
) -> AnyView {
    let sources = state.draft.with(|d| d.config.sources().into_iter().map(|(n, t)| (n, t.clone())).collect::<Vec<_>>());
    let offered = sources.into_iter().take_while(|(source, _)| before.as_ref().is_none_or(|end| !source.same_as(end)));
    state.schemas.with(|schemas| {
        offered
            .filter_map(|(source, table)| {
                let options = schemas
                    .get(&table)?
                    .columns
                    .iter()
                    .filter(|column| fits(column))
                    .map(|column| {
                        let this = ColumnRef { table: source.clone(), column: column.name.clone() };
                        let selected = chosen.as_ref() == Some(&this);
                        view! {
                            <option value=option_value(&this) selected=selected>
                                {format!("{this} ({})", column.column_type)}
                            </option>
                        }
                    })
                    .collect_view();
                Some(view! { <optgroup label=source.to_string()>{options}</optgroup> })
            })
            .collect_view()
            .into_any()
    })
}

/// A column as the value of an `<option>`: table and column, kept apart by a character that no name has.
fn option_value(column: &ColumnRef) -> String {
    format!("{}\u{1f}{}", column.table, column.column)
}

pub fn read_option(value: &str) -> Option<ColumnRef> {
    let (table, column) = value.split_once('\u{1f}')?;
    Some(ColumnRef { table: table.parse().ok()?, column: column.parse().ok()? })
}

/// The name that a table is shown by.
pub fn shown_name(name: &SourceName, table: &TableName) -> String {
    if name.as_str() == table.table() { name.to_string() } else { format!("{} as {name}", table.table()) }
}

/// Narrows a list as one types.
#[component]
pub fn SearchField(label: &'static str, text: RwSignal<String>) -> impl IntoView {
    view! {
        <input
            type="search"
            placeholder=label
            aria-label=label
            prop:value=text
            on:input:target=move |e| text.set(e.target().value())
        />
    }
}
