//! Fields for numbers. What is visible is what is saved (G-26): a text that is no number is called so while it stands there, and gives way to the
//! number that is kept when the person goes on.

use leptos::prelude::*;

use super::super::{FieldErrors, State, draft};
use crate::ui::texts::filters as t;

/// What a field for a number is like.
#[derive(Clone, Copy)]
pub struct NumberField {
    pub label: &'static str,
    /// Where its faults are.
    pub path: &'static str,
    /// Whole numbers alone.
    pub whole: bool,
    /// There is always a number; else an empty field is none.
    pub needed: bool,
    /// Why it cannot be used, where it cannot.
    pub off: Signal<Option<&'static str>>,
}

impl NumberField {
    /// For a whole number that is always there.
    pub fn needed(label: &'static str, path: &'static str) -> Self {
        Self { label, path, whole: true, needed: true, off: Signal::stored(None) }
    }

    /// For a number that may be absent.
    pub fn optional(label: &'static str, path: &'static str, off: Signal<Option<&'static str>>) -> Self {
        Self { label, path, whole: true, needed: false, off }
    }
}

/// A number, read and changed at each keystroke.
pub fn number(state: State, field: NumberField, value: Signal<Option<f64>>, on_change: Callback<Option<f64>>) -> AnyView {
    let NumberField { label, path, whole, needed, off } = field;
    let bad = RwSignal::new(false);
    let shown = move || value.get().map(|number| number.to_string()).unwrap_or_default();
    let wrong = move || bad.get() || state.faults().with(|faults| draft::at(faults, path).next().is_some());
    // What is set can be taken away, whatever is missing.
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
    }.into_any()
}

/// The number that a text means; `None` where it means none. An empty text is no number where one is needed.
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

/// A number of a config's.
pub fn as_whole(number: Option<f64>) -> Option<u32> {
    number.map(|number| number.clamp(0.0, f64::from(u32::MAX)) as u32)
}

/// Faults of a path and below it that no field of its own shows.
pub fn other_faults(state: State, path: &'static str, own: &'static [&'static str]) -> AnyView {
    let faults = move || {
        state.faults().with(|faults| {
            let elsewhere = |fault: &str| own.iter().any(|own| draft::is_below(fault, own));
            let others = draft::at(faults, path).filter(|fault| !elsewhere(&fault.path));
            others.map(|fault| view! { <p class="field-error">{fault.message.clone()}</p> }).collect_view()
        })
    };
    view! { <div class="faults faults-always">{faults}</div> }.into_any()
}

/// A choice among a few words.
pub fn choice(
    label: &'static str,
    options: Vec<(&'static str, &'static str, Signal<Option<&'static str>>)>,
    chosen: Signal<&'static str>,
    on_change: Callback<String>,
) -> AnyView {
    let options = options
        .into_iter()
        .map(|(value, text, off)| {
            view! {
                <option
                    value=value
                    selected=move || chosen.get() == value
                    disabled=move || off.get().is_some() && chosen.get() != value
                    title=move || off.get()
                >
                    {text}
                </option>
            }
        })
        .collect_view();
    view! {
        <label class="field">
            <span>{label}</span>
            <select aria-label=label on:change:target=move |e| on_change.run(e.target().value())>
                {options}
            </select>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_number_or_is_called_none() {
        // G-26
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
}
