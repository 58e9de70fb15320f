//! The query of a dataset: the whole and each split, the warehouse's verdict on each, the total
//! cost; and the TFX artefact.

use std::ops::Add;

use leptos::prelude::*;

use super::dialog::Dialog;
use super::dialogs::{load_dataset, name_of};
use super::query_panel::{SqlBlock, TextBlock, Verdict, size_and_price};
use super::tabs::Tabs;
use super::texts::{common, query as texts};
use super::work::Loader;
use crate::domain::cost::Estimate;
use crate::domain::dataset::Split;
use crate::domain::dto::{PartQuery, QueryValidation};
use crate::domain::format::{bytes, dollars};
use crate::domain::tfx::TfxArtefact;
use crate::rpc;

/// The file name that the Python snippet opens.
const TFX_FILE: &str = "trainset.tfx.json";

#[component]
pub fn QueryDialog(id: i64, on_close: Callback<()>) -> impl IntoView {
    let (dataset, _) = load_dataset(id);
    let name = name_of(dataset);
    let queries = Loader::new();
    let fetch = Callback::new(move |()| queries.load(rpc::queries(id)));
    Effect::new(move |_| fetch.run(()));
    // The full query until the splits are known.
    let splits = Signal::derive(move || {
        queries.with(|answer| match answer {
            Some(Ok(parts)) => parts.iter().filter_map(|part| part.split).collect(),
            _ => Vec::<Split>::new(),
        })
    });
    let names = Signal::derive(move || {
        let splits = splits.get();
        let words = splits.iter().map(|split| split.as_str());
        std::iter::once(texts::FULL).chain(words).chain(std::iter::once(texts::TFX)).collect::<Vec<_>>()
    });
    let chosen = RwSignal::new(0usize);
    let is_tfx = Memo::new(move |_| chosen.get() > splits.with(Vec::len));
    let title = Signal::derive(move || texts::title(&name.get()));
    let parts = move |parts: &Vec<PartQuery>| {
        let at = chosen.get();
        match parts.get(at) {
            Some(part) => part_of(part, parts, &name.get()),
            None => ().into_any(),
        }
    };
    view! {
        <Dialog title on_close class="modal-wide">
            <div class="modal-body">
                <Tabs label=texts::PARTS names chosen=chosen.into() on_choose=Callback::new(move |at| chosen.set(at)) />
                {move || {
                    if is_tfx.get() {
                        view! { <Tfx id /> }.into_any()
                    } else {
                        queries.show_with(texts::LOADING_QUERY, fetch, parts).into_any()
                    }
                }}
            </div>
        </Dialog>
    }
}

fn part_of(part: &PartQuery, all: &[PartQuery], name: &str) -> AnyView {
    let word = part.split.map_or(texts::FULL, Split::as_str);
    view! {
        <Verdict validation=part.view.validation.clone() />
        {totals(all)}
        <SqlBlock sql=part.view.query.clone() file_name=format!("{}-{word}.sql", file_stem(name)) />
    }
    .into_any()
}

/// What each part reads and costs, and all splits together: the cost of reading for one training.
fn totals(all: &[PartQuery]) -> impl IntoView {
    let splits = || all.iter().filter(|part| part.split.is_some()).map(|part| &part.view.validation);
    let Some(estimate) = splits().map(|validation| validation.estimate).reduce(Add::add) else {
        return ().into_any();
    };
    let total = QueryValidation { valid: splits().all(|v| v.valid), estimate, error: None };
    let cost = size_and_price(&estimate);
    let lines = all
        .iter()
        .map(|part| line_of(part.split.map_or(texts::FULL, Split::as_str), &part.view.validation))
        .chain(std::iter::once(line_of(texts::SPLITS_TOTAL, &total)))
        .collect_view();
    view! {
        <details class="totals">
            <summary>{texts::SPLITS_TOTAL} {(!cost.is_empty()).then_some(common::DOT)} {cost}</summary>
            <div class="table-scroll">
                <table class="rows">
                    <caption class="for-readers">{texts::TOTALS}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{texts::PART}</th>
                            <th scope="col">{texts::VERDICT}</th>
                            <th scope="col" class="number">
                                {texts::READS}
                            </th>
                            <th scope="col" class="number">
                                {texts::COSTS}
                            </th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn line_of(part: &'static str, validation: &QueryValidation) -> AnyView {
    let Estimate { bytes: size, price_usd, upper_bound } = validation.estimate;
    let most = |amount: String| if upper_bound { texts::at_most(&amount) } else { amount };
    let read = size.map_or(texts::UNKNOWN.to_owned(), |size| most(bytes(size)));
    // Without a size there is no price either.
    let price = match price_usd {
        Some(usd) => most(dollars(usd)),
        None if size.is_some() => texts::FREE.to_owned(),
        None => texts::UNKNOWN.to_owned(),
    };
    view! {
        <tr>
            <th scope="row">{part}</th>
            <td>{if validation.valid { texts::VALID } else { texts::NOT_VALID.trim_end_matches([':', ' ']) }}</td>
            <td class="number">{read}</td>
            <td class="number">{price}</td>
        </tr>
    }
    .into_any()
}

/// Created on request: it freezes a version.
#[component]
fn Tfx(id: i64) -> impl IntoView {
    let artefact = Loader::new();
    let started = RwSignal::new(false);
    let export = Callback::new(move |()| {
        started.set(true);
        artefact.load(rpc::export_tfx(id));
    });
    view! {
        <p>{texts::TFX_WHAT}</p>
        {move || {
            if started.get() {
                artefact.show(texts::TFX_EXPORTING, export, artefact_of).into_any()
            } else {
                view! {
                    <p>
                        <button type="button" class="button primary" on:click=move |_| export.run(())>
                            {texts::TFX_EXPORT}
                        </button>
                    </p>
                }.into_any()
            }
        }}
    }
}

fn artefact_of(artefact: &TfxArtefact) -> AnyView {
    // A tree of texts with text keys always has a JSON form.
    let json = serde_json::to_string_pretty(artefact).unwrap_or_default();
    view! {
        <h3>{texts::TFX_JSON}</h3>
        <TextBlock label=texts::TFX_JSON text=json file_name=TFX_FILE />
        <h3>{texts::TFX_PYTHON}</h3>
        <TextBlock label=texts::TFX_PYTHON text=artefact.snippet.clone() file_name="trainset_example_gen.py" />
    }
    .into_any()
}

/// Letters, digits and dashes of a name, for a file.
fn file_stem(name: &str) -> String {
    let stem: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    if stem.is_empty() { "dataset".into() } else { stem }
}
