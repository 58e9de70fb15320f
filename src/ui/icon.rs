//! The few icons, drawn with lines in the text's colour. Each stands beside words or in a button
//! that has a name.

use leptos::prelude::*;

/// An icon from the path of its lines, in a square of 16.
fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=path />
        </svg>
    }
}

pub fn cross() -> impl IntoView {
    icon("M4 4l8 8M12 4l-8 8")
}

pub fn plus() -> impl IntoView {
    icon("M8 3v10M3 8h10")
}

pub fn table() -> impl IntoView {
    icon("M2 3h12v10H2zM2 6.5h12M6 6.5V13M10 6.5V13")
}

pub fn copy() -> impl IntoView {
    icon("M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1")
}

pub fn bin() -> impl IntoView {
    icon("M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4")
}
