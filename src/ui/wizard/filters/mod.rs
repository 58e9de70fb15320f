//! Step 4: which days, rows, products and customers, and how they are split; with charts of what
//! that leaves.

use leptos::prelude::*;

use self::asking::{Asking, AskingStatus};
use self::dates::DateRangeFields;
use self::left::Left;
use self::members::{Interactions, ProductsAndCustomers, WhoDecides};
use self::split::Split;
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
            <AskingStatus asking />
            <DateRangeFields state asking has_timestamp />
            <RowFilters state />
            <ProductsAndCustomers state asking />
            <Interactions state />
            <WhoDecides state />
            <Split state asking has_timestamp />
            <Left asking />
        </div>
    }
}
