//! A list of values: chosen from the column's values, or typed.

use leptos::prelude::*;

use super::FilterAt;
use super::op::values_of;
use super::values::{read_scalar, scalar_text};
use crate::domain::dataset::Scalar;
use crate::domain::format::integer;
use crate::domain::profile::ColumnValues;
use crate::error::ApiError;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::filters as t;
use crate::ui::work::Work;

/// Values that are looked up at a time.
const LOOKED_UP: u32 = 20;

/// The most frequent values of the column, looked up by a click.
#[derive(Clone, Copy)]
struct LookUp {
    at: FilterAt,
    work: Work,
    found: RwSignal<Option<ColumnValues>>,
    error: RwSignal<Option<ApiError>>,
    /// Its price, if it is not free: shown before it runs, and agreed to by the next click.
    price: RwSignal<Option<String>>,
}

impl LookUp {
    fn new(at: FilterAt) -> Self {
        let (found, error, price) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
        Self { at, work: Work::new(), found, error, price }
    }

    /// Looks up values that contain `part`.
    fn start(self, part: String) {
        let agreed = self.price.with_untracked(Option::is_some);
        self.error.set(None);
        self.price.set(None);
        let Some((table, column)) = self.table_and_column() else { return };
        let search = Some(part).filter(|part| !part.trim().is_empty());
        self.work.start(async move {
            match look_up(self.at.state.model_id, table, column, search, agreed).await {
                Ok(LookedUp::Found(values)) => self.found.set(Some(values)),
                Ok(LookedUp::Costs(price)) => self.price.set(Some(price)),
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    fn table_and_column(self) -> Option<(String, String)> {
        let source = self.at.filter.get_untracked()?.table;
        let column = self.at.column.get_untracked()?.name.to_string();
        let table = self.at.state.draft().with_untracked(|d| {
            d.config.sources().into_iter().find(|(name, _)| name.same_as(&source)).map(|(_, table)| table.to_string())
        })?;
        Some((table, column))
    }
}

enum LookedUp {
    Found(ColumnValues),
    Costs(String),
}

async fn look_up(
    model_id: i64,
    table: String,
    column: String,
    search: Option<String>,
    agreed: bool,
) -> Result<LookedUp, ApiError> {
    if !agreed {
        let found = rpc::estimate_values(model_id, table.clone(), column.clone(), search.clone(), LOOKED_UP).await?;
        if let Some(price) = t::look_up_price(&found.estimate) {
            return Ok(LookedUp::Costs(price));
        }
    }
    rpc::column_values(model_id, table, column, search, LOOKED_UP).await.map(LookedUp::Found)
}

#[component]
pub fn ValuePicker(at: FilterAt) -> impl IntoView {
    let chosen =
        Memo::new(move |_| at.filter.with(|filter| filter.as_ref().map(|f| values_of(&f.predicate))).unwrap_or_default());
    let typed = RwSignal::new(String::new());
    let look_up = LookUp::new(at);
    let take_typed = move || {
        let text = typed.get_untracked();
        let value = read_scalar(&text, untrack(|| at.column_type()));
        if let Some(value) = value.filter(|_| !text.is_empty()) {
            add(at, value);
            typed.set(String::new());
        }
    };
    let chips = move || {
        let chip = |value: Scalar| {
            let text = scalar_text(&value);
            view! {
                <li class="chip">
                    {text.clone()}
                    <button type="button" aria-label=t::remove_value(&text) on:click=move |_| remove(at, &value)>
                        "×"
                    </button>
                </li>
            }
        };
        chosen.get().into_iter().map(chip).collect_view()
    };
    let look_up_says = move || {
        if look_up.work.running() { t::LOOKING.into() } else { look_up.price.get().unwrap_or(t::LOOK_UP.into()) }
    };
    view! {
        <div class="value-picker">
            <ul class="chips">{chips}</ul>
            <div class="value-search">
                <input
                    aria-label=t::PART_OF_VALUE_LABEL
                    type="text"
                    placeholder=t::PART_OF_VALUE
                    prop:value=move || typed.get()
                    on:input:target=move |e| {
                        typed.set(e.target().value());
                        look_up.price.set(None);
                    }
                    on:keydown=move |e| {
                        if e.key() == "Enter" {
                            e.prevent_default();
                            take_typed();
                        }
                    }
                />
                <button type="button" class="button small" disabled=move || typed.with(String::is_empty) on:click=move |_| take_typed()>
                    {t::ADD}
                </button>
                <button
                    type="button"
                    class="button small"
                    disabled=move || look_up.work.running()
                    on:click=move |_| look_up.start(typed.get_untracked())
                >
                    {look_up_says}
                </button>
            </div>
            {move || look_up.found.get().map(|found| view! { <Found at chosen found /> })}
            <Problem error=look_up.error />
        </div>
    }
}

/// The looked-up values, with checkboxes.
#[component]
fn Found(at: FilterAt, chosen: Memo<Vec<Scalar>>, found: ColumnValues) -> impl IntoView {
    let ColumnValues { values, complete } = found;
    if values.is_empty() {
        return view! { <p class="note">{t::NO_SUCH_VALUE}</p> }.into_any();
    }
    let of = untrack(|| at.column_type());
    let lines = values
        .into_iter()
        // A truncated value is not the value.
        .filter(|counted| counted.length.is_none())
        .filter_map(|counted| {
            let text = counted.value.to_string();
            let value = StoredValue::new(read_scalar(&text, of)?);
            let is_chosen = move || chosen.with(|chosen| value.with_value(|value| chosen.contains(value)));
            let toggle = move |on: bool| match on {
                true => add(at, value.get_value()),
                false => remove(at, &value.get_value()),
            };
            Some(view! {
                <li>
                    <label class="check">
                        <input prop:checked=is_chosen type="checkbox" on:change:target=move |e| toggle(e.target().checked()) />
                        <span class="top-value">{if text.is_empty() { t::EMPTY.to_owned() } else { text }}</span>
                    </label>
                    <span class="number note">{integer(counted.count)}</span>
                </li>
            })
        })
        .collect_view();
    let more = (!complete).then(|| view! { <p class="note">{t::MOST_FREQUENT}</p> });
    view! { <ul class="value-list">{lines}</ul> {more} }.into_any()
}

fn add(at: FilterAt, value: Scalar) {
    at.edit_values(|values| {
        if !values.contains(&value) {
            values.push(value);
        }
    });
}

fn remove(at: FilterAt, value: &Scalar) {
    at.edit_values(|values| values.retain(|other| other != value));
}
