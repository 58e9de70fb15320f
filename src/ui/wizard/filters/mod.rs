//! Step 4: which days, rows, products and customers, and how they are split; with charts of what
//! that leaves.

use leptos::prelude::*;

use self::dates::DateRangeFields;
use self::entities::{FilterScope, Interactions, ProductsAndCustomers};
use self::impact::{Impact, ImpactStatus};
use self::left::Left;
use self::split::Split;
use super::State;
use super::row_filters::RowFilters;

mod dates;
mod entities;
mod fields;
mod impact;
mod left;
mod pareto;
mod split;
mod thresholds;
mod timeline;

#[component]
pub fn Filters(state: State) -> impl IntoView {
    let impact = Impact::start(state);
    let has_timestamp = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.timestamp.is_some()));
    view! {
        <div class="filters-step">
            <ImpactStatus impact />
            <DateRangeFields state impact has_timestamp />
            <RowFilters state />
            <ProductsAndCustomers state impact />
            <Interactions state />
            <FilterScope state />
            <Split state impact has_timestamp />
            <Left impact />
        </div>
    }
}
