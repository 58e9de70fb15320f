//! A small button beside a term that opens its explanation.

use leptos::prelude::*;

use super::texts::help::{READ_MORE, Term};

/// The browser's own popover: it works before the page's program has loaded, Escape closes it, and
/// the focus returns to the button.
#[component]
pub fn Help(term: &'static Term) -> impl IntoView {
    view! {
        <span class="help">
            <button type="button" class="help-button" popovertarget=term.id aria-label=term.question>
                "?"
            </button>
            <span class="help-text" id=term.id popover="">
                {term.answer}
                " "
                // In a tab of its own: a draft stays open.
                <a href=term.address target="_blank">
                    {READ_MORE}
                </a>
            </span>
        </span>
    }
}
