//! Search and status filter of the list. The search starts 300 ms after the last keystroke; without
//! WASM it is a plain form.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::keys::on_key;
use super::route::{PageState, parse_status};
use super::texts::list as texts;
use crate::domain::dataset::Status;
use crate::domain::dto::ListQuery;

const QUIET: Duration = Duration::from_millis(300);

/// The text of the search field. Owned by the page, not by the field: a response that arrives
/// during typing must not remove letters.
#[derive(Clone, Copy)]
pub struct Search {
    text: RwSignal<String>,
    /// The last search that was sent: another one in the URL came from elsewhere, such as the back
    /// button.
    sent: StoredValue<String>,
    page_state: Memo<PageState>,
    go: Callback<ListQuery>,
}

impl Search {
    pub fn new(model_id: Memo<i64>, page_state: Memo<PageState>) -> Self {
        let now = page_state.get_untracked().list.search;
        let navigate = use_navigate();
        let go = Callback::new(move |list: ListQuery| {
            let list = ListQuery { page: 1, ..list };
            let address = PageState { list, ..page_state.get_untracked().closed() }.address(model_id.get_untracked());
            navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
        });
        let search = Self { text: RwSignal::new(now.clone()), sent: StoredValue::new(now), page_state, go };
        let mut send_soon = debounce(QUIET, move |()| search.send());
        Effect::new(move |_| {
            search.text.track();
            send_soon(());
        });
        Effect::new(move |_| {
            let there = page_state.with(|page_state| page_state.list.search.clone());
            if search.sent.with_value(|sent| *sent != there) {
                search.sent.set_value(there.clone());
                search.text.set(there);
            }
        });
        search
    }

    /// Searches for the text, if that is not the current search already.
    fn send(self) {
        let search = self.text.get_untracked();
        if self.sent.with_value(|sent| *sent == search) {
            return;
        }
        self.sent.set_value(search.clone());
        self.go.run(ListQuery { search, ..self.page_state.get_untracked().list });
    }

    fn filter(self, status: Option<Status>) {
        self.go.run(ListQuery { status, search: self.text.get_untracked(), ..self.page_state.get_untracked().list });
    }
}

#[component]
pub fn SearchBar(search: Search) -> impl IntoView {
    let field = NodeRef::<leptos::html::Input>::new();
    on_key(
        "/",
        Callback::new(move |()| {
            if let Some(input) = field.get_untracked() {
                // Fails only if the element no longer exists.
                let _ = input.focus();
                input.select();
            }
        }),
    );
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        search.send();
    };
    let chosen = move || search.page_state.get().list.status;
    let option = move |status: Option<Status>| {
        let (value, text) = status.map_or(("", texts::ALL_STATUSES), |status| (status.as_str(), texts::status(status)));
        view! {
            <option value=value selected=move || chosen() == status>
                {text}
            </option>
        }
    };
    view! {
        <form class="search" role="search" method="get" on:submit=submit>
            <input
                node_ref=field
                type="search"
                name="search"
                autocomplete="off"
                placeholder=texts::SEARCH_HINT
                aria-label=texts::SEARCH
                prop:value=move || search.text.get()
                value=search.text.get_untracked()
                on:input:target=move |e| search.text.set(e.target().value())
            />
            <select
                name="status"
                aria-label=texts::STATUS
                prop:value=move || chosen().map_or("", Status::as_str)
                on:change:target=move |e| search.filter(parse_status(&e.target().value()))
            >
                {option(None)}
                {option(Some(Status::Draft))}
                {option(Some(Status::Active))}
            </select>
            <noscript>
                <button type="submit" class="button">
                    {texts::SEARCH_NOW}
                </button>
            </noscript>
        </form>
    }
}
