//! Columns to choose from: one list grouped by table, for join keys and roles alike; and the search
//! field of a list.

use leptos::prelude::*;

use super::State;
use crate::domain::dataset::ColumnRef;
use crate::domain::name::{SourceName, TableName};
use crate::domain::schema::Column;

/// `<option>`s of the columns that pass `fits`, grouped by their table. `before` ends the list at
/// that source.
pub fn column_options(
    state: State,
    before: Option<SourceName>,
    chosen: Option<ColumnRef>,
    fits: impl Fn(&Column) -> bool,
) -> AnyView {
    let end = before.and_then(|end| state.sources().with(|all| all.iter().position(|(name, _)| name.same_as(&end))));
    grouped(state, end.unwrap_or(usize::MAX), usize::MAX, chosen, &fits)
}

/// The same of all sources but one.
pub fn other_columns(state: State, but: &SourceName, chosen: Option<ColumnRef>) -> AnyView {
    let place = state.sources().with(|all| all.iter().position(|(name, _)| name.same_as(but)));
    grouped(state, usize::MAX, place.unwrap_or(usize::MAX), chosen, &Column::is_scalar)
}

fn grouped(state: State, end: usize, but: usize, chosen: Option<ColumnRef>, fits: &dyn Fn(&Column) -> bool) -> AnyView {
    let offered = |(i, (source, table)): (usize, &(SourceName, TableName))| {
        if i == but {
            return None;
        }
        let options = state.schemas().with(|schemas| {
            let columns = schemas.get(table)?.columns.iter().filter(|column| fits(column));
            let option = |column: &Column| {
                let this = ColumnRef { table: source.clone(), column: column.name.clone() };
                let selected = chosen.as_ref() == Some(&this);
                view! {
                    <option value=option_value(&this) prop:selected=selected>
                        {format!("{this} ({})", column.column_type)}
                    </option>
                }
            };
            Some(columns.map(option).collect_view())
        })?;
        Some(view! { <optgroup label=source.to_string()>{options}</optgroup> })
    };
    state.sources().with(|sources| sources.iter().take(end).enumerate().filter_map(offered).collect_view()).into_any()
}

/// A column as the value of an `<option>`: table and column, separated by a character that no name
/// has.
fn option_value(column: &ColumnRef) -> String {
    format!("{}\u{1f}{}", column.table, column.column)
}

pub fn read_option(value: &str) -> Option<ColumnRef> {
    let (table, column) = value.split_once('\u{1f}')?;
    Some(ColumnRef { table: table.parse().ok()?, column: column.parse().ok()? })
}

/// The displayed name of a table.
pub fn shown_name(name: &SourceName, table: &TableName) -> String {
    if name.as_str() == table.table() { name.to_string() } else { format!("{} as {name}", table.table()) }
}

/// Narrows a list as one types.
#[component]
pub fn SearchField(label: &'static str, text: RwSignal<String>) -> impl IntoView {
    view! {
        <input
            aria-label=label
            type="search"
            placeholder=label
            prop:value=move || text.get()
            on:input:target=move |e| text.set(e.target().value())
        />
    }
}
