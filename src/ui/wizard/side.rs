//! The panel that every step can open: the SQL as it stands, compiled here after each change, what the warehouse says of it, and rows.

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
use crate::ui::problem::Problem;
use crate::ui::query_panel::{PartTabs, SqlBlock, Verdict};
use crate::ui::rows::RowsTable;
use crate::ui::texts::wizard as texts;

/// Letters that follow each other this fast are compiled together: the field answers first.
const AFTER: Duration = Duration::from_millis(40);

#[component]
pub fn SidePanel(state: State) -> impl IntoView {
    let open = RwSignal::new(false);
    let part = RwSignal::new(None::<Split>);
    let splits = Memo::new(move |_| state.draft.with(|d| d.config.split_config.splits().to_vec()));
    // Nobody reads it while the panel is closed, so that it costs nothing then.
    let config = Memo::new(move |_| state.draft.with(|d| d.config.clone()));
    // A split that is gone is not asked for.
    let asked = Memo::new(move |_| part.get().filter(|split| splits.with(|all| all.contains(split))));
    let sql = RwSignal::new(String::new());
    let faults = RwSignal::new(Vec::<FieldError>::new());
    let turn = StoredValue::new(0u32);
    let compile_now = move || {
        let request = Request { split: asked.get_untracked(), ..Request::default() };
        let query = config.with_untracked(|config| state.catalog.with_untracked(|catalog| compile(config, catalog, &request)));
        match query {
            Ok(query) => {
                faults.set(vec![]);
                if sql.with_untracked(|known| *known != query.sql) {
                    sql.set(query.sql);
                }
            }
            Err(found) => {
                sql.set(String::new());
                faults.set(found);
            }
        }
    };
    Effect::new(move |_| {
        if !open.get() {
            return;
        }
        config.track();
        state.catalog.track();
        asked.track();
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    compile_now();
                }
            },
            AFTER,
        );
    });
    let rows = RwSignal::new(None::<Result<Preview, Failure>>);
    let preview = Action::new(move |(): &()| {
        let asking = rpc::preview_config(state.model_id, config.get_untracked(), asked.get_untracked(), 100);
        async move {
            let answer = asking.await;
            if let Err(failure) = &answer {
                state.heard(failure);
            }
            rows.set(Some(answer));
        }
    });
    let sound = Memo::new(move |_| state.is_loaded() && state.faults.with(|faults| faults.iter().all(|f| f.path == "name")));
    let has_sql = Memo::new(move |_| sql.with(|sql| !sql.is_empty()));
    let body = move || {
        if !open.get() {
            ().into_any()
        } else if has_sql.get() {
            view! {
                <PartTabs splits part />
                <DryRun state config asked />
                <SqlBlock sql file_name=texts::SQL_FILE />
            }
            .into_any()
        } else {
            view! { <NotYet faults /> }.into_any()
        }
    };
    let shown_rows = move || {
        rows.get().map(|answer| {
            let body = match answer {
                Ok(preview) => view! { <RowsTable preview /> }.into_any(),
                Err(failure) => view! { <Problem failure=Some(failure) /> }.into_any(),
            };
            view! {
                <Dialog title=texts::ROWS_AS_IT_STANDS on_close=Callback::new(move |()| rows.set(None)) class="modal-wide">
                    <div class="modal-body">{body}</div>
                </Dialog>
            }
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
                    disabled=move || !sound.get() || preview.pending().get()
                    on:click=move |_| {
                        preview.dispatch(());
                    }
                >
                    {move || if preview.pending().get() { texts::RUNNING } else { texts::PREVIEW_ROWS }}
                </button>
            </div>
            {body}
        </section>
        {shown_rows}
    }
}

/// What is missing before there is a query.
#[component]
fn NotYet(faults: RwSignal<Vec<FieldError>>) -> impl IntoView {
    let lines = move || {
        let messages: Vec<String> = faults.with(|faults| faults.iter().take(5).map(|f| f.message.clone()).collect());
        messages.into_iter().map(|message| view! { <li>{message}</li> }).collect_view().into_any()
    };
    view! {
        <p class="note">{texts::NO_SQL_YET}</p>
        <ul class="note">{lines}</ul>
    }
}

/// Asks the warehouse for a dry run 600 ms after the last change; what it said before stays until then, dimmed.
#[component]
fn DryRun(state: State, config: Memo<DatasetConfig>, asked: Memo<Option<Split>>) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<QueryView, Failure>>);
    let pending = RwSignal::new(true);
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        state.again.track();
        config.track();
        asked.track();
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        pending.set(true);
        set_timeout(
            move || {
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                let asking = rpc::check_config(state.model_id, config.get_untracked(), asked.get_untracked());
                leptos::task::spawn_local(async move {
                    let said = asking.await;
                    // The panel may be closed, or the config another, when the answer comes.
                    if turn.try_get_value() == Some(mine) {
                        if let Err(failure) = &said {
                            state.heard(failure);
                        }
                        answer.set(Some(said));
                        pending.set(false);
                    }
                });
            },
            Duration::from_millis(600),
        );
    });
    let said = move || match answer.get() {
        None => view! { <p class="verdict verdict-wait">{texts::ASKING_BYTES}</p> }.into_any(),
        Some(Ok(view)) => view! { <Verdict validation=view.validation /> }.into_any(),
        Some(Err(failure)) => view! { <Problem failure=Some(failure) /> }.into_any(),
    };
    view! { <div class="dry-run" aria-busy=move || pending.get().to_string()>{said}</div> }
}
