//! Step 4: which days, rows, products and customers, and how they are split; with pictures of what that leaves.

use leptos::prelude::*;

use self::asking::Asking;
use super::State;
use super::row_filters::RowFilters;

mod asking;
mod dates;
mod fields;
mod left;
mod members;
mod pareto;
mod split;
mod thresholds;
mod timeline;

#[component]
pub fn Filters(state: State) -> impl IntoView {
    let asking = Asking::start(state);
    let has_timestamp = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.timestamp.is_some()));
    view! {
        <div class="filters-step">
            {asking::status(asking)}
            {dates::date_range(state, asking, has_timestamp)}
            <RowFilters state />
            {members::products_and_customers(state, asking)}
            {members::interactions(state)}
            {members::who_decides(state)}
            {split::split(state, asking, has_timestamp)}
            {left::left(asking)}
        </div>
    }
}
