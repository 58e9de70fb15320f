//! Placeholders for empty content: why it is empty, and what to do next.

use leptos::prelude::*;

use super::connectivity;
use super::layout::datasets_path;
use super::texts::list as texts;
use super::work::Loader;
use crate::domain::schema::TableInfo;
use crate::error::ApiError;
use crate::rpc;

/// A sentence, advice, and perhaps an action.
#[component]
pub fn Empty(
    title: &'static str,
    advice: &'static str,
    /// URL and label of the next action.
    #[prop(optional_no_strip)]
    next: Option<(String, &'static str)>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{advice}</p>
            {next.map(|(href, text)| view! { <a class="button primary" href=href data-noscroll="">{text}</a> })}
        </div>
    }
}

/// Why a model has no tables to choose from: title, advice, and the warehouse's own message if it
/// has one. `None` if it has tables.
pub fn no_tables(answer: &Result<Vec<TableInfo>, ApiError>) -> Option<(&'static str, &'static str, String)> {
    match answer {
        Ok(tables) if tables.is_empty() => Some((texts::NO_TABLES_TITLE, texts::NO_TABLES_ADVICE, String::new())),
        Ok(_) => None,
        Err(error) => {
            let (title, advice) = match error.code.as_str() {
                "no_dataset" => (texts::NO_WAREHOUSE_TITLE, texts::NO_WAREHOUSE_ADVICE),
                "no_permission" => (texts::NO_PERMISSION_TITLE, texts::NO_PERMISSION_ADVICE),
                _ => (texts::TABLES_UNKNOWN_TITLE, texts::TABLES_UNKNOWN_ADVICE),
            };
            Some((title, advice, error.message.clone()))
        }
    }
}

/// Below "no datasets yet": whether there are tables for one. Requested in the browser only: the
/// page does not wait for a warehouse.
#[component]
pub fn TablesThere(model_id: i64) -> impl IntoView {
    let loaded = Loader::new();
    Effect::new(move |_| loaded.load(rpc::tables(model_id)));
    move || {
        loaded.with(|answer| {
            // The banner already reports that the server is offline.
            let answer = answer.filter(|answer| !answer.as_ref().is_err_and(connectivity::is_unreachable))?;
            let (title, advice, reason) = no_tables(answer)?;
            Some(view! {
                <div class="info-box warning" role="status">
                    <h3>{title}</h3>
                    <p>{advice}</p>
                    <p class="note">{reason}</p>
                </div>
            })
        })
    }
}

/// The list is empty: because it ends before this page, because nothing matches, or because there
/// are no datasets.
#[component]
pub fn NoDatasets(model_id: i64, past_end: Option<String>, searching: bool, new_address: String) -> impl IntoView {
    if let Some(first) = past_end {
        let next = Some((first, texts::FIRST_PAGE));
        view! { <Empty title=texts::PAST_END_TITLE advice=texts::PAST_END_ADVICE next /> }.into_any()
    } else if searching {
        let next = Some((datasets_path(model_id), texts::SHOW_ALL));
        view! { <Empty title=texts::NOTHING_TITLE advice=texts::NOTHING_ADVICE next /> }.into_any()
    } else {
        view! {
            <Empty title=texts::NONE_TITLE advice=texts::NONE_ADVICE next=Some((new_address, texts::NEW)) />
            <TablesThere model_id />
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_forbidden_and_empty_have_their_own_texts() {
        // A missing dataset, a missing permission and an empty dataset need different advice.
        let failed = |code: &str| no_tables(&Err(ApiError::new(502, code, "as the warehouse says"))).map(|(title, ..)| title);
        let titles =
            [failed("no_dataset"), failed("no_permission"), no_tables(&Ok(vec![])).map(|(title, ..)| title), failed("timeout")];
        assert!(titles.iter().all(Option::is_some));
        for (i, title) in titles.iter().enumerate() {
            assert!(!titles[..i].contains(title), "{title:?}");
        }
    }
}
