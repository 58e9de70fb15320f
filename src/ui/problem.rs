//! An error, shown where it happened.

use leptos::prelude::*;

use super::connectivity::use_connectivity;
use crate::error::ApiError;

/// An error, shown where it happened.
#[component]
pub fn Problem(#[prop(into)] error: Signal<Option<ApiError>>) -> impl IntoView {
    let connectivity = use_connectivity();
    Effect::new(move |_| error.with(|error| error.iter().for_each(|error| connectivity.report(error))));
    move || {
        error.get().map(|error| {
            // The validation error of a single field is the message already.
            let listed = if error.errors.len() > 1 { error.errors } else { Default::default() };
            let fields = listed.into_iter().map(|(path, text)| view! { <li><code>{path}</code>" " {text}</li> }).collect_view();
            view! {
                <div class="problem" role="alert">
                    <p>{error.message}</p>
                    <ul>{fields}</ul>
                </div>
            }
        })
    }
}
