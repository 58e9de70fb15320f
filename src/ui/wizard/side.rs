//! The panel that every step can open: the current SQL, compiled here after each change, the
//! warehouse's verdict, and rows.

use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use super::State;
use crate::domain::dataset::{DatasetConfig, Split};
use crate::domain::dto::{Preview, QueryView};
use crate::domain::field_error::FieldError;
use crate::domain::sql::{Request, compile};
use crate::rpc;
use crate::ui::dialog::Dialog;
use crate::ui::problem::Problem;
use crate::ui::query_panel::{PartTabs, SqlBlock, Verdict};
use crate::ui::rows::RowsTable;
use crate::ui::texts::wizard as texts;
use crate::ui::work::Loader;

/// Keystrokes that follow each other this fast are compiled together, so that typing stays
/// responsive.
const AFTER: Duration = Duration::from_millis(40);

#[component]
pub fn SidePanel(state: State) -> impl IntoView {
    let open = RwSignal::new(false);
    let part = RwSignal::new(None::<Split>);
    let splits = Memo::new(move |_| state.draft().with(|d| d.config.split_config.splits().to_vec()));
    // Nothing reads it while the panel is closed, so that it costs nothing then.
    let config = Memo::new(move |_| state.draft().with(|d| d.config.clone()));
    // A split that was removed is not requested.
    let split_shown = Memo::new(move |_| part.get().filter(|split| splits.with(|all| all.contains(split))));
    let sql = RwSignal::new(String::new());
    let errors = RwSignal::new(Vec::<FieldError>::new());
    let mut compile_soon = debounce(AFTER, move |()| {
        let request = Request { split: split_shown.get_untracked(), ..Request::default() };
        let query = config.with_untracked(|config| state.catalog().with_untracked(|catalog| compile(config, catalog, &request)));
        match query {
            Ok(query) => {
                errors.set(vec![]);
                if sql.with_untracked(|known| *known != query.sql) {
                    sql.set(query.sql);
                }
            }
            Err(found) => {
                sql.set(String::new());
                errors.set(found);
            }
        }
    });
    Effect::new(move |_| {
        if open.get() {
            config.track();
            state.catalog().track();
            split_shown.track();
            compile_soon(());
        }
    });
    let preview = Loader::<Preview>::new();
    let fetch_preview = move |_| {
        preview.load(rpc::preview_config(state.model_id, config.get_untracked(), split_shown.get_untracked(), 100));
    };
    let sound = Memo::new(move |_| state.is_loaded() && state.errors().with(|errors| errors.iter().all(|f| f.path == "name")));
    let has_sql = Memo::new(move |_| sql.with(|sql| !sql.is_empty()));
    let body = move || {
        if !open.get() {
            ().into_any()
        } else if has_sql.get() {
            view! {
                <PartTabs splits part />
                <DryRun state config split_shown />
                <SqlBlock sql file_name=texts::SQL_FILE />
            }
            .into_any()
        } else {
            view! { <NotYet errors /> }.into_any()
        }
    };
    let shown_rows = move || {
        preview.with(|answer| {
            let body = match answer? {
                Ok(preview) => view! { <RowsTable preview=preview.clone() /> }.into_any(),
                Err(error) => view! { <Problem error=Some(error.clone()) /> }.into_any(),
            };
            Some(view! {
                <Dialog title=texts::ROWS_AS_IT_STANDS on_close=Callback::new(move |()| preview.forget()) class="modal-wide">
                    <div class="modal-body">{body}</div>
                </Dialog>
            })
        })
    };
    view! {
        <section class="side-panel" class:side-panel-open=move || open.get() aria-label=texts::QUERY>
            <div class="side-panel-bar">
                <button
                    type="button"
                    class="button small"
                    aria-expanded=move || open.get().to_string()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {move || if open.get() { texts::HIDE_SQL } else { texts::SHOW_SQL }}
                </button>
                <button
                    type="button"
                    class="button small"
                    disabled=move || !sound.get() || preview.running()
                    on:click=fetch_preview
                >
                    {move || if preview.running() { texts::RUNNING } else { texts::PREVIEW_ROWS }}
                </button>
            </div>
            {body}
        </section>
        {shown_rows}
    }
}

/// What is missing before there is a query.
#[component]
fn NotYet(errors: RwSignal<Vec<FieldError>>) -> impl IntoView {
    let lines = move || {
        let messages: Vec<String> = errors.with(|errors| errors.iter().take(5).map(|f| f.message.clone()).collect());
        messages.into_iter().map(|message| view! { <li>{message}</li> }).collect_view()
    };
    view! {
        <p class="note">{texts::NO_SQL_YET}</p>
        <ul class="note">{lines}</ul>
    }
}

/// Requests a dry run 600 ms after the last change; the previous verdict stays until then, dimmed.
#[component]
fn DryRun(state: State, config: Memo<DatasetConfig>, split_shown: Memo<Option<Split>>) -> impl IntoView {
    let answer = Loader::<QueryView>::new();
    let waiting = RwSignal::new(true);
    let mut fetch = debounce(Duration::from_millis(600), move |()| {
        waiting.set(false);
        answer.renew(rpc::check_config(state.model_id, config.get_untracked(), split_shown.get_untracked()));
    });
    Effect::new(move |_| {
        state.track_retries();
        config.track();
        split_shown.track();
        waiting.set(true);
        fetch(());
    });
    let content = move || {
        answer.with(|answer| match answer {
            None => view! { <p class="verdict verdict-wait">{texts::ESTIMATING}</p> }.into_any(),
            Some(Ok(view)) => view! { <Verdict validation=view.validation.clone() /> }.into_any(),
            Some(Err(error)) => view! { <Problem error=Some(error.clone()) /> }.into_any(),
        })
    };
    let is_busy = move || waiting.get() || answer.running();
    view! { <div class="dry-run" aria-busy=move || is_busy().to_string()>{content}</div> }
}
