//! Tabs over one panel: the arrow keys move between them, Tab leaves them.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

#[component]
pub fn Tabs(
    label: &'static str,
    names: Signal<Vec<&'static str>>,
    /// The position of the open tab.
    chosen: Signal<usize>,
    on_choose: Callback<usize>,
) -> impl IntoView {
    let list = NodeRef::<leptos::html::Div>::new();
    let focus_chosen = move || {
        let found = list.get_untracked().and_then(|list| list.query_selector("[aria-selected=true]").ok().flatten());
        if let Some(tab) = found.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only if the element no longer exists.
            let _ = tab.focus();
        }
    };
    let on_keydown = move |event: KeyboardEvent| {
        let count = names.with_untracked(Vec::len);
        let now = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" => (now + 1) % count.max(1),
            "ArrowLeft" => (now + count.max(1) - 1) % count.max(1),
            "Home" => 0,
            "End" => count.saturating_sub(1),
            _ => return,
        };
        event.prevent_default();
        on_choose.run(next);
        request_animation_frame(focus_chosen);
    };
    let tabs = move || {
        names
            .get()
            .into_iter()
            .enumerate()
            .map(|(i, name)| {
                view! {
                    <button
                        type="button"
                        role="tab"
                        class="tab"
                        aria-selected=move || (chosen.get() == i).to_string()
                        tabindex=move || if chosen.get() == i { "0" } else { "-1" }
                        on:click=move |_| on_choose.run(i)
                    >
                        {name}
                    </button>
                }
            })
            .collect_view()
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label node_ref=list on:keydown=on_keydown>
            {tabs}
        </div>
    }
}
