//! The fields of the step: numbers, selects, seeds.

use leptos::prelude::*;

use super::super::{FieldErrors, State, draft};
use crate::domain::dataset::{Seed, Unit};
use crate::ui::texts::filters as t;

/// The properties of a number field.
#[derive(Clone, Copy)]
pub struct NumberField {
    pub label: &'static str,
    /// The path of its validation errors.
    pub path: &'static str,
    /// Whole numbers only.
    pub whole: bool,
    /// A number is required; otherwise an empty field is none.
    pub needed: bool,
    /// Why it is disabled, if it is.
    pub off: Signal<Option<&'static str>>,
}

impl NumberField {
    /// For a required whole number.
    pub fn needed(label: &'static str, path: &'static str) -> Self {
        Self { label, path, whole: true, needed: true, off: Signal::stored(None) }
    }

    /// For an optional number.
    pub fn optional(label: &'static str, path: &'static str, off: Signal<Option<&'static str>>) -> Self {
        Self { label, path, whole: true, needed: false, off }
    }
}

/// A number, parsed at each keystroke. What is visible is what is saved: an invalid text is marked,
/// and replaced by the last number when the field loses the focus.
#[component]
pub fn Number(state: State, field: NumberField, value: Signal<Option<f64>>, on_change: Callback<Option<f64>>) -> impl IntoView {
    let NumberField { label, path, whole, needed, off } = field;
    let bad = RwSignal::new(false);
    let shown = move || value.get().map(|number| number.to_string()).unwrap_or_default();
    let wrong = move || bad.get() || state.errors().with(|errors| draft::at(errors, path).next().is_some());
    // A set value can always be removed.
    let disabled = move || off.get().is_some() && value.get().is_none();
    view! {
        <div class="field field-number">
            <label class="field">
                <span>{label}</span>
                <input
                    inputmode=if whole { "numeric" } else { "decimal" }
                    type=if whole { "number" } else { "text" }
                    min="0"
                    step="1"
                    autocomplete="off"
                    placeholder=if needed { "" } else { t::ANY }
                    title=move || off.get()
                    disabled=disabled
                    aria-invalid=move || wrong().to_string()
                    prop:value=shown
                    on:input:target=move |e| {
                        let text = e.target().value();
                        let read = read_number(&text, whole, needed);
                        bad.set(read.is_none());
                        if let Some(number) = read {
                            on_change.run(number);
                        }
                    }
                    on:change:target=move |e| {
                        if bad.get_untracked() {
                            e.target().set_value(&value.get_untracked().map(|number| number.to_string()).unwrap_or_default());
                            bad.set(false);
                        }
                    }
                />
            </label>
            <div class="faults faults-always">
                {move || bad.get().then(|| view! { <p class="field-error">{if whole { t::NO_NUMBER } else { t::NO_AMOUNT }}</p> })}
                <FieldErrors state path />
            </div>
        </div>
    }
}

/// The number in a text; `None` if it is invalid. An empty text is invalid if a number is needed.
fn read_number(text: &str, whole: bool, needed: bool) -> Option<Option<f64>> {
    let text = text.trim();
    if text.is_empty() {
        return (!needed).then_some(None);
    }
    if whole {
        return text.parse::<u32>().ok().map(|number| Some(f64::from(number)));
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Some)
}

/// A number of a config.
pub fn as_whole(number: Option<f64>) -> Option<u32> {
    number.map(|number| number.clamp(0.0, f64::from(u32::MAX)) as u32)
}

/// Validation errors at or below a path that no field shows.
#[component]
pub fn OtherErrors(state: State, path: &'static str, #[prop(optional)] own: &'static [&'static str]) -> impl IntoView {
    let errors = move || {
        state.errors().with(|errors| {
            let elsewhere = |error: &str| own.iter().any(|own| draft::is_below(error, own));
            let others = draft::at(errors, path).filter(|error| !elsewhere(&error.path));
            others.map(|error| view! { <p class="field-error">{error.message.clone()}</p> }).collect_view()
        })
    };
    view! { <div class="faults faults-always">{errors}</div> }
}

/// An option of a [`Select`].
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    const ALL: &'static [Self];

    /// The option's value.
    fn as_str(self) -> &'static str;

    fn text(self) -> &'static str;
}

impl Choice for Unit {
    const ALL: &'static [Self] = &[Self::Row, Self::User, Self::Product];

    fn as_str(self) -> &'static str {
        self.into_str()
    }

    fn text(self) -> &'static str {
        match self {
            Self::Row => t::BY_ROW,
            Self::User => t::BY_USER,
            Self::Product => t::BY_PRODUCT,
        }
    }
}

/// A choice among a few.
#[component]
pub fn Select<T: Choice>(
    label: &'static str,
    #[prop(into)] chosen: Signal<T>,
    /// Why an option is disabled, if it is.
    #[prop(optional)]
    off: Option<Callback<T, Option<&'static str>>>,
    on_choose: Callback<T>,
) -> impl IntoView {
    let option = |choice: &'static T| {
        let choice = *choice;
        let why = move || off.and_then(|off| off.run(choice));
        let selected = move || chosen.get() == choice;
        view! {
            <option value=choice.as_str() selected=selected disabled=move || why().is_some() && !selected() title=why>
                {choice.text()}
            </option>
        }
    };
    let choose = move |word: String| {
        if let Some(choice) = T::ALL.iter().find(|choice| choice.as_str() == word) {
            on_choose.run(*choice);
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select aria-label=label on:change:target=move |e| choose(e.target().value())>
                {T::ALL.iter().map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
pub fn SeedField(label: &'static str, #[prop(into)] seed: Signal<Seed>, on_change: Callback<Seed>) -> impl IntoView {
    view! {
        <label class="field field-number">
            <span>{label}</span>
            <input
                prop:value=move || seed.get().0
                type="text"
                maxlength="100"
                autocomplete="off"
                on:input:target=move |e| on_change.run(Seed(e.target().value()))
            />
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_number_or_an_error() {
        // What is visible is what is saved.
        assert_eq!(read_number(" 12 ", true, true), Some(Some(12.0)));
        assert_eq!(read_number("", true, true), None);
        assert_eq!(read_number("", true, false), Some(None));
        assert_eq!(read_number("1.5", true, false), None);
        assert_eq!(read_number("-3", true, false), None);
        assert_eq!(read_number("-3.25", false, false), Some(Some(-3.25)));
        assert_eq!(read_number("inf", false, false), None);
        assert_eq!(read_number("many", false, false), None);
        assert_eq!(as_whole(Some(7.0)), Some(7));
    }

    #[test]
    fn every_unit_is_offered_by_its_config_value() {
        for unit in Unit::ALL {
            assert_eq!(serde_json::to_value(unit).unwrap(), unit.as_str());
        }
    }
}
