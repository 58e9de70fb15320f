//! An error, shown where it happened.

use leptos::prelude::*;

use super::reach::use_reach;
use crate::error::Failure;

/// An error, shown where it happened.
#[component]
pub fn Problem(#[prop(into)] failure: Signal<Option<Failure>>) -> impl IntoView {
    let reach = use_reach();
    Effect::new(move |_| failure.with(|failure| failure.iter().for_each(|failure| reach.noticed(failure))));
    move || {
        failure.get().map(|failure| {
            // The validation error of a single field is the message already.
            let listed = if failure.errors.len() > 1 { failure.errors } else { Default::default() };
            let fields = listed.into_iter().map(|(path, text)| view! { <li><code>{path}</code>" " {text}</li> }).collect_view();
            view! {
                <div class="problem" role="alert">
                    <p>{failure.message}</p>
                    <ul>{fields}</ul>
                </div>
            }
        })
    }
}
