//! Rows of a query as a table.

use leptos::prelude::*;

use super::empty::Empty;
use super::texts::dialogs as texts;
use crate::domain::dto::Preview;
use crate::domain::format::integer;
use crate::domain::schema::Mode;
use crate::domain::value::Value;

#[component]
pub fn RowsTable(preview: Preview) -> impl IntoView {
    if preview.rows.is_empty() {
        return view! { <Empty title=texts::NO_ROWS_TITLE advice=texts::NO_ROWS_ADVICE next=None /> }.into_any();
    }
    let head = preview
        .columns
        .iter()
        .map(|column| {
            let type_label = match column.mode {
                Mode::Repeated => format!("ARRAY<{}>", column.column_type),
                _ => column.column_type.to_string(),
            };
            let role = column.ml_role.map(|role| view! { <span class="chip">{role.as_str()}</span> });
            view! {
                <th scope="col">
                    <span class="column-name">{column.name.clone()}</span>
                    <span class="column-type">{type_label}</span>
                    {role}
                </th>
            }
        })
        .collect_view();
    // In the order of rows and columns.
    let mut cut_cells = preview.cut_cells.iter().peekable();
    let numeric: Vec<bool> = preview.columns.iter().map(|c| c.mode != Mode::Repeated && c.column_type.is_numeric()).collect();
    let body = preview
        .rows
        .iter()
        .enumerate()
        .map(|(position, row)| {
            let cells = row
                .iter()
                .zip(&numeric)
                .zip(&preview.columns)
                .map(|((value, numeric), column)| {
                    let null = *value == Value::Null;
                    let cut = cut_cells.next_if(|cut| cut.row as usize == position && cut.column == column.name);
                    let whole = cut.map(|cut| texts::whole_cell(cut.length, column.mode == Mode::Repeated));
                    view! { <td class:number=*numeric class:null=null title=whole>{value.to_string()}</td> }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    let summary =
        if preview.limited { texts::first_rows(&integer(preview.total.into())) } else { texts::all_rows(preview.total.into()) };
    let cut = (!preview.cut_cells.is_empty()).then_some(texts::CELLS_ARE_CUT);
    view! {
        <p class="note">{summary} {cut}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-label=texts::ROWS>
            <table class="rows">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}
