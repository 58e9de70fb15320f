//! The panel that every step can open: the SQL as it stands, compiled here at each change, what the warehouse says of it, and rows.

use std::time::Duration;

use leptos::prelude::*;

use super::State;
use crate::domain::dataset::{DatasetConfig, Split};
use crate::domain::fault::FieldError;
use crate::domain::record::{Preview, QueryView};
use crate::domain::sql::{Request, compile};
use crate::error::Failure;
use crate::rpc;
use crate::ui::dialog::Dialog;
use crate::ui::layout::Problem;
use crate::ui::query_panel::{PartTabs, SqlBlock, Verdict};
use crate::ui::rows::RowsTable;

#[component]
pub fn SidePanel(state: State) -> impl IntoView {
    let open = RwSignal::new(false);
    let part = RwSignal::new(None::<Split>);
    let splits = Memo::new(move |_| state.draft.with(|d| d.config.split_config.splits().to_vec()));
    let config = Memo::new(move |_| state.draft.with(|d| d.config.clone()));
    // A split that is gone is not asked for.
    let asked = Memo::new(move |_| part.get().filter(|split| splits.with(|all| all.contains(split))));
    let compiled = Memo::new(move |_| {
        if !open.get() {
            return None;
        }
        let request = Request { split: asked.get(), ..Request::default() };
        let query = config.with(|config| state.catalog.with(|catalog| compile(config, catalog, &request)));
        Some(query.map(|query| query.sql))
    });
    let rows = RwSignal::new(None::<Result<Preview, Failure>>);
    let preview = Action::new(move |(): &()| {
        let asking = rpc::preview_config(state.model_id, config.get_untracked(), asked.get_untracked(), 100);
        async move { rows.set(Some(asking.await)) }
    });
    let sound = move || state.is_loaded() && state.faults.with(|faults| faults.iter().all(|f| f.path == "name"));
    view! {
        <section class="side-panel" class:side-panel-open=open aria-label="Query">
            <div class="side-panel-bar">
                <button
                    type="button"
                    class="button small"
                    aria-expanded=move || open.get().to_string()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {move || if open.get() { "Hide SQL" } else { "Show SQL" }}
                </button>
                <button
                    type="button"
                    class="button small"
                    disabled=move || !sound() || preview.pending().get()
                    on:click=move |_| {
                        preview.dispatch(());
                    }
                >
                    {move || if preview.pending().get() { "Running…" } else { "Preview rows" }}
                </button>
            </div>
            {move || match compiled.get() {
                None => ().into_any(),
                Some(Ok(sql)) => {
                    view! {
                        <PartTabs splits part />
                        <DryRun model_id=state.model_id config asked />
                        <SqlBlock sql file_name="dataset.sql" />
                    }
                        .into_any()
                }
                Some(Err(faults)) => view! { <NotYet faults /> }.into_any(),
            }}
        </section>
        {move || {
            rows.get()
                .map(|answer| {
                    let body = match answer {
                        Ok(preview) => view! { <RowsTable preview /> }.into_any(),
                        Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
                    };
                    view! {
                        <Dialog title="Rows of the dataset as it stands" on_close=Callback::new(move |()| rows.set(None)) class="modal-wide">
                            <div class="modal-body">{body}</div>
                        </Dialog>
                    }
                })
        }}
    }
}

/// What is missing before there is a query.
#[component]
fn NotYet(faults: Vec<FieldError>) -> impl IntoView {
    view! {
        <p class="note">"The SQL is here as soon as this is said:"</p>
        <ul class="note">{faults.into_iter().take(5).map(|f| view! { <li>{f.message}</li> }).collect_view()}</ul>
    }
}

/// Asks the warehouse for a dry run 600 ms after the last change.
#[component]
fn DryRun(model_id: i64, config: Memo<DatasetConfig>, asked: Memo<Option<Split>>) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<QueryView, Failure>>);
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        let (config, split) = (config.get(), asked.get());
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        answer.set(None);
        set_timeout(
            move || {
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let said = rpc::check_config(model_id, config, split).await;
                    // The panel may be closed, or the config another, when the answer comes.
                    if turn.try_get_value() == Some(mine) {
                        answer.set(Some(said));
                    }
                });
            },
            Duration::from_millis(600),
        );
    });
    move || match answer.get() {
        None => view! { <p class="verdict">"Asking the warehouse what it would read…"</p> }.into_any(),
        Some(Ok(view)) => view! { <Verdict validation=view.validation /> }.into_any(),
        Some(Err(failure)) => view! { <Problem failure=Some(failure) /> }.into_any(),
    }
}
