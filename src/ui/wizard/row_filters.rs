//! Filters on columns, built from the values that are there.

use chrono::NaiveDate;

use leptos::prelude::*;

use super::options::{column_options, read_option};
use super::{FieldErrors, State};
use crate::domain::dataset::{ColumnRef, NullPolicy, Predicate, RowFilter, Scalar};
use crate::domain::format::integer;
use crate::domain::name::TableName;
use crate::domain::profile::{ColumnValues, ProfileEstimate};
use crate::domain::schema::{Column, ColumnType, Mode};
use crate::error::Failure;
use crate::rpc;
use crate::ui::problem::Problem;
use crate::ui::texts::filters as t;

/// Values that are looked up at a time.
const LOOKED_UP: u32 = 20;

/// What a filter can ask of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    In,
    NotIn,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Between,
    Days,
    LastDays,
    Contains,
    IsNull,
    NotNull,
}

impl Op {
    const fn words(self) -> &'static str {
        match self {
            Self::In => "is one of",
            Self::NotIn => "is none of",
            Self::Equal => "is",
            Self::NotEqual => "is not",
            Self::Less => "is less than",
            Self::LessOrEqual => "is at most",
            Self::Greater => "is more than",
            Self::GreaterOrEqual => "is at least",
            Self::Between => "is between",
            Self::Days => "is in the days",
            Self::LastDays => "is in the last days",
            Self::Contains => "contains",
            Self::IsNull => "is NULL",
            Self::NotNull => "is not NULL",
        }
    }

    /// What makes sense for a column; the first is what a new filter asks.
    fn of(column: &Column) -> &'static [Op] {
        use Op::*;
        match column.column_type {
            ColumnType::String => &[In, NotIn, Equal, NotEqual, Contains, IsNull, NotNull],
            t if t.is_numeric() => {
                &[GreaterOrEqual, Greater, LessOrEqual, Less, Between, Equal, NotEqual, In, NotIn, IsNull, NotNull]
            }
            t if t.is_temporal() => &[Days, LastDays, IsNull, NotNull],
            ColumnType::Bool => &[Equal, IsNull, NotNull],
            _ => &[NotNull, IsNull],
        }
    }

    const fn of_predicate(predicate: &Predicate) -> Self {
        match predicate {
            Predicate::In { .. } => Self::In,
            Predicate::NotIn { .. } => Self::NotIn,
            Predicate::Equal { .. } => Self::Equal,
            Predicate::NotEqual { .. } => Self::NotEqual,
            Predicate::Less { .. } => Self::Less,
            Predicate::LessOrEqual { .. } => Self::LessOrEqual,
            Predicate::Greater { .. } => Self::Greater,
            Predicate::GreaterOrEqual { .. } => Self::GreaterOrEqual,
            Predicate::Between { .. } => Self::Between,
            Predicate::DateRange { .. } => Self::Days,
            Predicate::LastDays { .. } => Self::LastDays,
            Predicate::Contains { .. } => Self::Contains,
            Predicate::IsNull => Self::IsNull,
            Predicate::NotNull => Self::NotNull,
        }
    }

    /// What is asked before anybody says more; the values that were there already stay where they fit.
    fn predicate(self, of: ColumnType, before: &[Scalar]) -> Predicate {
        let value = || before.first().cloned().unwrap_or_else(|| first_value(of));
        match self {
            Self::In => Predicate::In { values: before.to_vec() },
            Self::NotIn => Predicate::NotIn { values: before.to_vec() },
            Self::Equal => Predicate::Equal { value: value() },
            Self::NotEqual => Predicate::NotEqual { value: value() },
            Self::Less => Predicate::Less { value: value() },
            Self::LessOrEqual => Predicate::LessOrEqual { value: value() },
            Self::Greater => Predicate::Greater { value: value() },
            Self::GreaterOrEqual => Predicate::GreaterOrEqual { value: value() },
            Self::Between => Predicate::Between { min: value(), max: before.last().cloned().unwrap_or_else(|| first_value(of)) },
            Self::Days => Predicate::DateRange { start: None, end: None },
            Self::LastDays => Predicate::LastDays { days: 90 },
            Self::Contains => Predicate::Contains { text: before.first().map(scalar_text).unwrap_or_default() },
            Self::IsNull => Predicate::IsNull,
            Self::NotNull => Predicate::NotNull,
        }
    }
}

fn first_value(of: ColumnType) -> Scalar {
    match of {
        ColumnType::Bool => Scalar::Bool(true),
        t if t.is_numeric() => Scalar::Int(0),
        _ => Scalar::Text(String::new()),
    }
}

fn values_of(predicate: &Predicate) -> Vec<Scalar> {
    match predicate {
        Predicate::In { values } | Predicate::NotIn { values } => values.clone(),
        Predicate::Equal { value }
        | Predicate::NotEqual { value }
        | Predicate::Less { value }
        | Predicate::LessOrEqual { value }
        | Predicate::Greater { value }
        | Predicate::GreaterOrEqual { value } => vec![value.clone()],
        Predicate::Between { min, max } => vec![min.clone(), max.clone()],
        Predicate::Contains { text } => vec![Scalar::Text(text.clone())],
        _ => vec![],
    }
}

/// The predicate with another value at a place.
fn with_value(predicate: &mut Predicate, place: usize, new: Scalar) {
    match predicate {
        Predicate::Equal { value }
        | Predicate::NotEqual { value }
        | Predicate::Less { value }
        | Predicate::LessOrEqual { value }
        | Predicate::Greater { value }
        | Predicate::GreaterOrEqual { value } => *value = new,
        Predicate::Between { min, max } => *(if place == 0 { min } else { max }) = new,
        Predicate::Contains { text } => *text = scalar_text(&new),
        _ => {}
    }
}

fn scalar_text(value: &Scalar) -> String {
    match value {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}

/// What a text means as a value of a column; `None` where it is none.
fn read_scalar(text: &str, of: ColumnType) -> Option<Scalar> {
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
        _ => Some(Scalar::Text(text.into())),
    }
}

#[component]
pub fn RowFilters(state: State) -> impl IntoView {
    // A filter keeps what was looked up for it, as long as it stays where it is.
    let lines = Memo::new(move |_| {
        state.draft().with(|d| d.config.filters.rows.iter().map(RowFilter::reference).enumerate().collect::<Vec<_>>())
    });
    let offered = move || column_options(state, None, None, |column| column.mode != Mode::Repeated);
    let add = move |reference: ColumnRef| {
        let column = state
            .draft()
            .with_untracked(|draft| state.catalog().with_untracked(|c| c.column(&draft.config, &reference).cloned()));
        let Some(column) = column else { return };
        let predicate = Op::of(&column)[0].predicate(column.column_type, &[]);
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
    let filter = Memo::new(move |_| state.draft().with(|d| d.config.filters.rows.get(place).cloned()));
    let column = Memo::new(move |_| {
        let reference = filter.get()?.reference();
        state.draft().with(|draft| state.catalog().with(|catalog| catalog.column(&draft.config, &reference).cloned()))
    });
    let of = move || column.get().map_or(ColumnType::String, |column| column.column_type);
    let op = Memo::new(move |_| filter.get().map(|filter| Op::of_predicate(&filter.predicate)));
    let edit = move |change: Box<dyn FnOnce(&mut RowFilter)>| {
        state.edit(|draft| {
            if let Some(filter) = draft.config.filters.rows.get_mut(place) {
                change(filter);
            }
        });
    };
    let edit = Callback::new(edit);
    let name = move || filter.get().map(|filter| filter.reference().to_string()).unwrap_or_default();
    let label = name();
    let choices = move || {
        // An operation that the API set stays choosable.
        let mut ops = column.get().map(|column| Op::of(&column).to_vec()).unwrap_or_default();
        ops.extend(op.get().filter(|op| !ops.contains(op)));
        ops.into_iter()
            .enumerate()
            .map(
                |(i, this)| view! { <option value=i.to_string() selected=move || op.get() == Some(this)>{this.words()}</option> },
            )
            .collect_view()
    };
    let choose = move |value: String| {
        let chosen = column.with_untracked(|column| Some(*Op::of(column.as_ref()?).get(value.parse::<usize>().ok()?)?));
        let of = column.with_untracked(|column| column.as_ref().map_or(ColumnType::String, |c| c.column_type));
        if let Some(op) = chosen {
            edit.run(Box::new(move |filter| {
                filter.predicate = op.predicate(of, &values_of(&filter.predicate));
                if matches!(op, Op::IsNull | Op::NotNull) {
                    filter.nulls = NullPolicy::Exclude;
                }
            }));
        }
    };
    let values = move || {
        match op.get() {
        Some(Op::In | Op::NotIn) => view! { <Values state filter column edit /> }.into_any(),
        Some(Op::Between) => {
            view! { <OneValue filter edit of=of() place=0 label=t::AT_LEAST /> <OneValue filter edit of=of() place=1 label=t::AT_MOST /> }.into_any()
        }
        Some(Op::Days) => view! { <DayRange filter edit /> }.into_any(),
        Some(Op::LastDays) => view! { <Days filter edit /> }.into_any(),
        Some(Op::IsNull | Op::NotNull) | None => ().into_any(),
        Some(_) if of() == ColumnType::Bool => view! { <Truth filter edit /> }.into_any(),
        Some(_) => view! { <OneValue filter edit of=of() place=0 label=t::VALUE /> }.into_any(),
    }
    };
    let takes_nulls = move || !matches!(op.get(), Some(Op::IsNull | Op::NotNull) | None);
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
                    on:click=move |_| {
                        state.edit(|draft| {
                            if place < draft.config.filters.rows.len() {
                                draft.config.filters.rows.remove(place);
                            }
                        })
                    }
                >
                    "×"
                </button>
            </div>
            <div class="row-filter-values">
                {values}
                {move || {
                    takes_nulls()
                        .then(|| {
                            view! {
                                <label class="check">
                                    <input
                                        prop:checked=move || filter.get().is_some_and(|filter| filter.nulls == NullPolicy::Include)
                                        type="checkbox"
                                        on:change:target=move |e| {
                                            let nulls = if e.target().checked() { NullPolicy::Include } else { NullPolicy::Exclude };
                                            edit.run(Box::new(move |filter| filter.nulls = nulls));
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

type Edit = Callback<Box<dyn FnOnce(&mut RowFilter)>>;
/// A change of a list of values.
type Change = dyn FnOnce(&mut Vec<Scalar>);

#[component]
fn OneValue(filter: Memo<Option<RowFilter>>, edit: Edit, of: ColumnType, place: usize, label: &'static str) -> impl IntoView {
    let value = move || {
        let values = filter.get().map(|filter| values_of(&filter.predicate)).unwrap_or_default();
        values.get(place).map(scalar_text).unwrap_or_default()
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
                    edit.run(Box::new(move |filter| with_value(&mut filter.predicate, place, value)));
                }
            }
        />
        {move || bad.get().then(|| view! { <span class="field-error">{t::no_value(of)}</span> })}
    }
}

#[component]
fn Truth(filter: Memo<Option<RowFilter>>, edit: Edit) -> impl IntoView {
    let is = move |wanted: bool| filter.get().is_some_and(|filter| values_of(&filter.predicate) == [Scalar::Bool(wanted)]);
    view! {
        <select
            aria-label=t::VALUE
            class="filter-value"
            on:change:target=move |e| {
                let value = Scalar::Bool(e.target().value() == "true");
                edit.run(Box::new(move |filter| with_value(&mut filter.predicate, 0, value)));
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

#[component]
fn Days(filter: Memo<Option<RowFilter>>, edit: Edit) -> impl IntoView {
    let days = move || match filter.get().map(|filter| filter.predicate) {
        Some(Predicate::LastDays { days }) => days.to_string(),
        _ => String::new(),
    };
    view! {
        <input
            type="number"
            class="filter-value"
            min="1"
            aria-label=t::DAYS
            prop:value=days
            on:change:target=move |e| {
                if let Ok(days) = e.target().value().parse() {
                    edit.run(Box::new(move |filter| filter.predicate = Predicate::LastDays { days }));
                }
            }
        />
    }
}

#[component]
fn DayRange(filter: Memo<Option<RowFilter>>, edit: Edit) -> impl IntoView {
    let field = move |label: &'static str, is_start: bool| {
        let value = move || match filter.get().map(|filter| filter.predicate) {
            Some(Predicate::DateRange { start, end }) => {
                (if is_start { start } else { end }).map(|day| day.to_string()).unwrap_or_default()
            }
            _ => String::new(),
        };
        view! {
            <input
                type="date"
                class="filter-value"
                aria-label=label
                prop:value=value
                on:change:target=move |e| {
                    let day = e.target().value().parse::<NaiveDate>().ok();
                    edit.run(Box::new(move |filter| {
                        if let Predicate::DateRange { start, end } = &mut filter.predicate {
                            *(if is_start { start } else { end }) = day;
                        }
                    }));
                }
            />
        }
    };
    view! { {field(t::FIRST_DAY, true)} {field(t::LAST_DAY, false)} }
}

/// A list of values: chosen from those that the column has, or typed.
#[component]
fn Values(state: State, filter: Memo<Option<RowFilter>>, column: Memo<Option<Column>>, edit: Edit) -> impl IntoView {
    let chosen = Memo::new(move |_| filter.get().map(|filter| values_of(&filter.predicate)).unwrap_or_default());
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(None::<ColumnValues>);
    let failure = RwSignal::new(None::<Failure>);
    let of = move || column.with_untracked(|column| column.as_ref().map_or(ColumnType::String, |column| column.column_type));
    let change = move |change: Box<Change>| {
        edit.run(Box::new(move |filter: &mut RowFilter| {
            if let Predicate::In { values } | Predicate::NotIn { values } = &mut filter.predicate {
                change(values);
            }
        }));
    };
    let add = move |value: Scalar| {
        change(Box::new(move |values| {
            if !values.contains(&value) {
                values.push(value);
            }
        }));
    };
    let table = move || -> Option<TableName> {
        let name = filter.get_untracked()?.table;
        state
            .draft()
            .with_untracked(|d| d.config.sources().into_iter().find(|(n, _)| n.same_as(&name)).map(|(_, table)| table.clone()))
    };
    // What looking up costs, where that is not nothing: told before it is run, and agreed to by the next click.
    let price = RwSignal::new(None::<String>);
    let look_up = Action::new(move |agreed: &bool| {
        let agreed = *agreed;
        let search = Some(typed.get_untracked()).filter(|text| !text.trim().is_empty());
        let (table, column) = (table(), column.get_untracked());
        async move {
            failure.set(None);
            price.set(None);
            let (Some(table), Some(column)) = (table, column) else { return };
            let (table, column) = (table.to_string(), column.name.to_string());
            if !agreed {
                match rpc::estimate_values(state.model_id, table.clone(), column.clone(), search.clone(), LOOKED_UP).await {
                    Ok(ProfileEstimate { price_usd: Some(price_usd), bytes, upper_bound, .. }) => {
                        price.set(Some(t::look_up_price(bytes, price_usd, upper_bound)));
                        return;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        failure.set(Some(error));
                        return;
                    }
                }
            }
            match rpc::column_values(state.model_id, table, column, search, LOOKED_UP).await {
                Ok(values) => found.set(Some(values)),
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let take_typed = move || match read_scalar(&typed.get_untracked(), of()) {
        Some(value) if !typed.with_untracked(String::is_empty) => {
            add(value);
            typed.set(String::new());
        }
        _ => {}
    };
    let chips = move || {
        chosen
            .get()
            .into_iter()
            .map(|value| {
                let text = scalar_text(&value);
                view! {
                    <li class="chip">
                        {text.clone()}
                        <button
                            type="button"
                            aria-label=t::remove_value(&text)
                            on:click=move |_| {
                                let value = value.clone();
                                change(Box::new(move |values| values.retain(|other| *other != value)));
                            }
                        >
                            "×"
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    let offered = move || {
        let ColumnValues { values, complete } = found.get()?;
        if values.is_empty() {
            return Some(view! { <p class="note">{t::NO_SUCH_VALUE}</p> }.into_any());
        }
        let lines = values
            .into_iter()
            // The beginning of a value is not the value.
            .filter(|counted| counted.length.is_none())
            .filter_map(|counted| {
                let text = counted.value.to_string();
                let value = read_scalar(&text, of())?;
                let is_chosen = {
                    let value = value.clone();
                    move || chosen.with(|chosen| chosen.contains(&value))
                };
                let toggle = move |on: bool| match on {
                    true => add(value.clone()),
                    false => {
                        let value = value.clone();
                        change(Box::new(move |values| values.retain(|other| *other != value)));
                    }
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
        Some(view! { <ul class="value-list">{lines}</ul> {more} }.into_any())
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
                        price.set(None);
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
                    disabled=look_up.pending()
                    on:click=move |_| {
                        look_up.dispatch(price.with_untracked(Option::is_some));
                    }
                >
                    {move || if look_up.pending().get() { t::LOOKING.into() } else { price.get().unwrap_or(t::LOOK_UP.into()) }}
                </button>
            </div>
            {offered}
            <Problem failure />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_the_column_takes_them() {
        assert_eq!(read_scalar(" 12 ", ColumnType::Int64), Some(Scalar::Int(12)));
        assert_eq!(read_scalar("1.5", ColumnType::Int64), None);
        assert_eq!(read_scalar("1.5", ColumnType::Float64), Some(Scalar::Float(1.5)));
        assert_eq!(read_scalar("NaN", ColumnType::Float64), None);
        assert_eq!(read_scalar("0.10", ColumnType::Numeric), Some(Scalar::Text("0.10".into())));
        assert_eq!(read_scalar("1e5", ColumnType::Numeric), None);
        assert_eq!(read_scalar(" O'Brien ", ColumnType::String), Some(Scalar::Text(" O'Brien ".into())));
        assert_eq!(read_scalar("true", ColumnType::Bool), Some(Scalar::Bool(true)));
    }

    #[test]
    fn another_operation_keeps_the_values_that_fit() {
        let values = [Scalar::Text("a".into()), Scalar::Text("b".into())];
        assert_eq!(Op::Equal.predicate(ColumnType::String, &values), Predicate::Equal { value: values[0].clone() });
        let back = Op::In.predicate(ColumnType::String, &values_of(&Predicate::Equal { value: values[0].clone() }));
        assert_eq!(back, Predicate::In { values: vec![values[0].clone()] });
        for op in [Op::In, Op::Between, Op::Days, Op::LastDays, Op::Contains, Op::IsNull, Op::Greater] {
            assert_eq!(Op::of_predicate(&op.predicate(ColumnType::Int64, &[])), op);
        }
    }
}
