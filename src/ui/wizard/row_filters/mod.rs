//! Filters on columns, built from existing values.

use leptos::prelude::*;

use self::days::{DayCount, DayRange};
use self::op::{Input, edit_values, values_of};
use self::picker::ValuePicker;
use self::values::{OneValue, Truth};
use super::options::{column_options, read_option};
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnRef, NullPolicy, PredicateKind, RowFilter, Scalar};
use crate::domain::schema::{Column, ColumnType, Mode};
use crate::ui::texts::filters as t;

mod days;
mod op;
mod picker;
mod values;

/// A filter of the draft, by its position.
#[derive(Clone, Copy)]
pub struct FilterAt {
    state: State,
    place: usize,
    /// `None` once it is removed.
    filter: Memo<Option<RowFilter>>,
    /// `None` if the tables have no such column.
    column: Memo<Option<Column>>,
}

impl FilterAt {
    fn new(state: State, place: usize) -> Self {
        let filter = Memo::new(move |_| state.draft().with(|d| d.config.filters.rows.get(place).cloned()));
        let column = Memo::new(move |_| {
            let reference = filter.get()?.reference();
            state.draft().with(|draft| state.catalog().with(|catalog| catalog.column(&draft.config, &reference).cloned()))
        });
        Self { state, place, filter, column }
    }

    fn column_type(self) -> ColumnType {
        self.column.with(|column| column.as_ref().map_or(ColumnType::String, |column| column.column_type))
    }

    fn edit(self, change: impl FnOnce(&mut RowFilter)) {
        self.state.edit(|draft| {
            if let Some(filter) = draft.config.filters.rows.get_mut(self.place) {
                change(filter);
            }
        });
    }

    fn edit_values(self, change: impl FnOnce(&mut Vec<Scalar>)) {
        let column_type = untrack(|| self.column_type());
        self.edit(|filter| edit_values(&mut filter.predicate, column_type, change));
    }

    fn remove(self) {
        self.state.edit(|draft| {
            if self.place < draft.config.filters.rows.len() {
                draft.config.filters.rows.remove(self.place);
            }
        });
    }
}

#[component]
pub fn RowFilters(state: State) -> impl IntoView {
    // A filter keeps its looked-up values, as long as it keeps its position.
    let lines = Memo::new(move |_| {
        state.draft().with(|d| d.config.filters.rows.iter().map(RowFilter::reference).enumerate().collect::<Vec<_>>())
    });
    let offered = move || column_options(state, None, None, |column| column.mode != Mode::Repeated);
    let add = move |reference: ColumnRef| {
        let column = state
            .draft()
            .with_untracked(|draft| state.catalog().with_untracked(|c| c.column(&draft.config, &reference).cloned()));
        let Some(column) = column else { return };
        let predicate = PredicateKind::of_type(column.column_type)[0].predicate(column.column_type, &[]);
        let ColumnRef { table, column } = reference;
        state.edit(|draft| draft.config.filters.rows.push(RowFilter { table, column, predicate, nulls: NullPolicy::default() }));
    };
    view! {
        <fieldset class="group">
            <legend>{t::ROWS}</legend>
            <For each=move || lines.get() key=|line| line.clone() let((place, _column))>
                <Line state place />
            </For>
            <label class="field field-add">
                <span class="for-readers">{t::ADD_FILTER}</span>
                <select
                    aria-label=t::ADD_FILTER
                    on:change:target=move |e| {
                        if let Some(column) = read_option(&e.target().value()) {
                            add(column);
                        }
                        e.target().set_value("");
                    }
                >
                    <option value="">{t::ADD_FILTER_CHOOSE}</option>
                    {offered}
                </select>
            </label>
        </fieldset>
    }
}

#[component]
fn Line(state: State, place: usize) -> impl IntoView {
    let at = FilterAt::new(state, place);
    let op = Memo::new(move |_| at.filter.with(|filter| filter.as_ref().map(|filter| PredicateKind::from(&filter.predicate))));
    let name = move || at.filter.with(|filter| filter.as_ref().map(|filter| filter.reference().to_string()));
    let label = untrack(name).unwrap_or_default();
    let offered = Memo::new(move |_| {
        let mut ops =
            at.column.with(|column| column.as_ref().map(|c| PredicateKind::of_type(c.column_type).to_vec())).unwrap_or_default();
        // An operator that the API set stays choosable.
        ops.extend(op.get().filter(|op| !ops.contains(op)));
        ops
    });
    let choices = move || {
        let option = |(i, this): (usize, PredicateKind)| {
            view! { <option value=i.to_string() selected=move || op.get() == Some(this)>{this.words()}</option> }
        };
        offered.get().into_iter().enumerate().map(option).collect_view()
    };
    let choose = move |value: String| {
        let chosen = value.parse::<usize>().ok().and_then(|i| offered.with_untracked(|ops| ops.get(i).copied()));
        let Some(op) = chosen else { return };
        let column_type = untrack(|| at.column_type());
        at.edit(|filter| {
            filter.predicate = op.predicate(column_type, &values_of(&filter.predicate));
            if !op.takes_nulls() {
                filter.nulls = NullPolicy::Exclude;
            }
        });
    };
    let fields = move || {
        let of = at.column_type();
        op.get().map(|op| match op.input() {
            Input::Nothing => ().into_any(),
            Input::List => view! { <ValuePicker at /> }.into_any(),
            Input::OneValue if of == ColumnType::Bool => view! { <Truth at /> }.into_any(),
            Input::OneValue => view! { <OneValue at of field=0 label=t::VALUE /> }.into_any(),
            Input::TwoValues => view! {
                <OneValue at of field=0 label=t::AT_LEAST />
                <OneValue at of field=1 label=t::AT_MOST />
            }
            .into_any(),
            Input::DayRange => view! { <DayRange at /> }.into_any(),
            Input::DayCount => view! { <DayCount at /> }.into_any(),
        })
    };
    let takes_nulls = move || op.get().is_some_and(PredicateKind::takes_nulls);
    view! {
        <div class="row-filter">
            <div class="row-filter-head">
                <code>{name}</code>
                <select aria-label=t::how_filtered(&label) on:change:target=move |e| choose(e.target().value())>
                    {choices}
                </select>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=t::remove_filter(&label)
                    on:click=move |_| at.remove()
                >
                    "×"
                </button>
            </div>
            <div class="row-filter-values">
                {fields}
                {move || {
                    takes_nulls()
                        .then(|| {
                            view! {
                                <label class="check">
                                    <input
                                        prop:checked=move || at.filter.with(|filter| filter.as_ref().is_some_and(|filter| filter.nulls == NullPolicy::Include))
                                        type="checkbox"
                                        on:change:target=move |e| {
                                            let nulls = if e.target().checked() { NullPolicy::Include } else { NullPolicy::Exclude };
                                            at.edit(|filter| filter.nulls = nulls);
                                        }
                                    />
                                    {t::NULLS_STAY}
                                </label>
                            }
                        })
                }}
            </div>
            <div class="faults faults-always"><FieldErrors state path=format!("filters.rows[{place}]") /></div>
        </div>
    }
}
