//! Rows of a query as a table.

use crate::ui::prelude::*;

use super::empty::Empty;
use super::texts::dialogs as texts;
use crate::domain::format::integer;
use crate::domain::record::Preview;
use crate::domain::schema::Mode;
use crate::domain::value::Value;

#[component]
pub fn RowsTable(preview: Preview) -> impl IntoView {
    if preview.rows.is_empty() {
        return view! { <Empty title=texts::NO_ROWS_TITLE advice=texts::NO_ROWS_ADVICE next=None /> };
    }
    let head = preview
        .columns
        .iter()
        .map(|column| {
            let type_label = match column.mode {
                Mode::Repeated => format!("ARRAY<{}>", column.column_type),
                _ => column.column_type.to_string(),
            };
            let role = column.ml_role.map(|role| view! { <span class="chip">{role.word()}</span> });
            view! {
                <th scope="col">
                    <span class="column-name">{column.name.clone()}</span>
                    <span class="column-type">{type_label}</span>
                    {role}
                </th>
            }
        })
        .collect_view();
    let numeric: Vec<bool> = preview.columns.iter().map(|c| c.mode != Mode::Repeated && c.column_type.is_numeric()).collect();
    let body = preview
        .rows
        .iter()
        .map(|row| {
            let cells = row
                .iter()
                .zip(&numeric)
                .map(|(value, numeric)| {
                    let null = *value == Value::Null;
                    view! { <td class:number=*numeric class:null=null>{value.to_string()}</td> }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    let said =
        if preview.limited { texts::first_rows(&integer(preview.total.into())) } else { texts::all_rows(preview.total.into()) };
    view! {
        <p class="note">{said}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts::ROWS>
            <table class="rows">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}
