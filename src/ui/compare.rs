//! Two to five datasets side by side: each in words, and what differs, by path.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::connectivity::use_connectivity;
use super::icon;
use super::layout::{Page, PageError, datasets_path};
use super::texts::{common, compare as texts, list};
use super::versions::difference_line;
use crate::domain::analysis::Part;
use crate::domain::diff::Difference;
use crate::domain::dto::{Comparison, DatasetName, Model, Overview};
use crate::domain::format::{instant, integer};
use crate::error::ApiError;
use crate::rpc;

/// Maximum number of datasets in a comparison.
const MOST: usize = 5;

/// The URL of a comparison.
pub fn compare_path(model_id: i64, ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{}compare?ids={}", datasets_path(model_id), ids.join(","))
}

/// Appears in the list as soon as a dataset is selected for comparison.
#[component]
pub fn CompareBar(model_id: i64, chosen: RwSignal<Vec<i64>>) -> impl IntoView {
    move || {
        let ids = chosen.get();
        let next = match ids.len() {
            0 => return None,
            2..=MOST => view! {
                <a href=compare_path(model_id, &ids) class="button primary">
                    {list::COMPARE}
                </a>
            }
            .into_any(),
            1 => view! { <span class="note">{list::ONE_MORE}</span> }.into_any(),
            _ => view! { <span class="note">{list::FIVE_AT_MOST}</span> }.into_any(),
        };
        Some(view! {
            <div class="compare-bar" role="region" aria-label=list::COMPARISON>
                <span>{list::chosen(ids.len())}</span>
                {next}
                <button type="button" class="button quiet" on:click=move |_| chosen.set(vec![])>
                    {list::CLEAR}
                </button>
            </div>
        })
    }
}

/// The page's data: the models of the sidebar, the names to choose from, and the comparison if
/// there are two or more datasets.
type Data = (Vec<Model>, Vec<DatasetName>, Option<Comparison>);

async fn load(model_id: i64, ids: Vec<i64>) -> Result<Data, ApiError> {
    let names = rpc::dataset_names(model_id).await?;
    let comparison = if ids.len() < 2 { None } else { Some(rpc::compare(model_id, ids).await?) };
    Ok((rpc::models().await?, names, comparison))
}

#[component]
pub fn ComparePage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let model_id = Memo::new(move |_| params.with(|p| p.get_str("id").and_then(|id| id.parse::<i64>().ok())).unwrap_or_default());
    let ids = Memo::new(move |_| query.with(|q| read_ids(q.get_str("ids").unwrap_or_default())));
    let connectivity = use_connectivity();
    let data = Resource::new_blocking(
        move || (model_id.get(), ids.get(), connectivity.reconnects()),
        |(model_id, ids, _)| load(model_id, ids),
    );
    let page = move || {
        Suspend::new(async move {
            match data.await {
                Ok((models, names, comparison)) => {
                    let (model_id, ids) = (model_id.get_untracked(), ids.get_untracked());
                    view! { <Compared models model_id names ids comparison /> }.into_any()
                }
                Err(error) => view! { <PageError error /> }.into_any(),
            }
        })
    };
    view! { <Transition>{page}</Transition> }
}

/// Ignores what is not a number; the server reports missing datasets.
fn read_ids(text: &str) -> Vec<i64> {
    text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(|id| id.parse().unwrap_or(-1)).collect()
}

/// The compared datasets, each with a button to remove it, and a field to add one by its name.
#[component]
fn Chooser(model_id: i64, names: Vec<DatasetName>, ids: Vec<i64>) -> impl IntoView {
    let unknown = RwSignal::new(false);
    let name_of = |id: i64| names.iter().find(|name| name.id == id).map(|name| name.name.clone()).unwrap_or_default();
    let chips = ids
        .iter()
        .map(|id| {
            let name = name_of(*id);
            let others: Vec<i64> = ids.iter().copied().filter(|other| other != id).collect();
            view! {
                <li class="chip chip-plain">
                    {name.clone()}
                    <a href=compare_path(model_id, &others) aria-label=texts::remove_from_comparison(&name) data-noscroll="">
                        {icon::cross()}
                    </a>
                </li>
            }
        })
        .collect_view();
    let full = ids.len() >= MOST;
    let options = names
        .iter()
        .filter(|name| !ids.contains(&name.id))
        .map(|name| view! { <option>{name.name.clone()}</option> })
        .collect_view();
    let navigate = use_navigate();
    let add = move |typed: String| {
        let typed = typed.trim().to_lowercase();
        if typed.is_empty() {
            return unknown.set(false);
        }
        match names.iter().find(|name| name.name.to_lowercase() == typed && !ids.contains(&name.id)) {
            Some(name) => {
                let all: Vec<i64> = ids.iter().copied().chain([name.id]).collect();
                let address = compare_path(model_id, &all);
                navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
            }
            None => unknown.set(true),
        }
    };
    view! {
        <div class="chooser">
            <ul class="chips" aria-label=texts::CHOSEN>
                {chips}
            </ul>
            {if full {
                view! { <p class="note">{texts::FULL}</p> }.into_any()
            } else {
                view! {
                    <label class="field">
                        <span>{texts::ADD}</span>
                        <input
                            aria-describedby="add-said"
                            type="text"
                            list="dataset-names"
                            autocomplete="off"
                            placeholder=texts::ADD_HINT
                            on:change:target=move |e| add(e.target().value())
                        />
                        <datalist id="dataset-names">{options}</datalist>
                    </label>
                    <p id="add-said" class="field-error" role="status">
                        {move || unknown.get().then_some(texts::UNKNOWN)}
                    </p>
                }.into_any()
            }}
        </div>
    }
}

/// A row: the property, and its value in each dataset.
struct Line {
    label: String,
    cells: Vec<Option<String>>,
}

impl Line {
    fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// Lists of lines with equal lines beside each other, in order of appearance.
fn aligned(lists: &[&[String]]) -> Vec<Line> {
    let mut all: Vec<&String> = vec![];
    for line in lists.iter().flat_map(|list| list.iter()) {
        if !all.contains(&line) {
            all.push(line);
        }
    }
    let cell = |list: &&[String], line: &String| list.contains(line).then(|| line.clone());
    all.into_iter()
        .map(|line| Line { label: String::new(), cells: lists.iter().map(|list| cell(list, line)).collect() })
        .collect()
}

/// Lines of the form `name: value`, aligned by name.
fn by_name(lists: &[&[String]]) -> Vec<Line> {
    let mut names: Vec<&str> = vec![];
    let name_of = |line: &'_ str| line.split_once(": ").map_or(line.len(), |(name, _)| name.len());
    for line in lists.iter().flat_map(|list| list.iter()) {
        let name = &line[..name_of(line)];
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cell = |list: &&[String], name: &str| {
        list.iter()
            .find(|line| &line[..name_of(line)] == name)
            .map(|line| line[name_of(line)..].trim_start_matches(": ").to_owned())
    };
    names
        .into_iter()
        .map(|name| Line { label: name.into(), cells: lists.iter().map(|list| cell(list, name)).collect() })
        .collect()
}

fn sections(all: &[Overview]) -> Vec<(&'static str, Vec<Line>)> {
    let one =
        |label: &str, of: &dyn Fn(&Overview) -> Option<String>| Line { label: label.into(), cells: all.iter().map(of).collect() };
    let lists = |of: fn(&Overview) -> &[String]| all.iter().map(of).collect::<Vec<_>>();
    let figure = |label: &str, of: fn(&Overview) -> Option<u64>| one(label, &|o| of(o).map(integer));
    vec![
        (
            texts::BASICS,
            vec![
                one(texts::DESCRIPTION, &|o| Some(o.summary.description.clone()).filter(|text| !text.is_empty())),
                one(texts::STATUS, &|o| Some(o.summary.status.as_str().into())),
            ],
        ),
        (texts::TABLES, aligned(&lists(|o| &o.tables))),
        (texts::COLUMNS, aligned(&lists(|o| &o.columns))),
        (texts::ROLES, by_name(&lists(|o| &o.roles))),
        (texts::FILTERS, aligned(&lists(|o| &o.filters))),
        (texts::SPLIT, vec![one("", &|o| Some(o.split.clone()))]),
        (
            texts::ANALYSIS,
            vec![
                one(texts::AS_OF, &|o| o.analysis.as_ref()?.analysis.metrics.as_of.map(|day| day.to_string())),
                figure(texts::ROWS, |o| rows_of(o, Part::Full)),
                figure(Part::Train.as_str(), |o| rows_of(o, Part::Train)),
                figure(Part::Eval.as_str(), |o| rows_of(o, Part::Eval)),
                figure(Part::Test.as_str(), |o| rows_of(o, Part::Test)),
                figure(texts::USERS, |o| o.analysis.as_ref()?.analysis.metrics.part(Part::Full)?.users),
                figure(texts::PRODUCTS, |o| o.analysis.as_ref()?.analysis.metrics.part(Part::Full)?.products),
                figure(texts::SCORE, |o| Some(o.analysis.as_ref()?.analysis.quality_metrics.score.into())),
                figure(texts::LEAKS, |o| Some(o.analysis.as_ref()?.analysis.summary().leaks.into())),
                one(texts::MADE, &|o| {
                    let stored = o.analysis.as_ref()?;
                    Some(texts::made(&instant(stored.analysis.made_at), stored.stale))
                }),
            ],
        ),
    ]
}

fn rows_of(overview: &Overview, part: Part) -> Option<u64> {
    overview.analysis.as_ref()?.analysis.metrics.part(part).map(|part| part.rows)
}

#[component]
fn Compared(
    models: Vec<Model>,
    model_id: i64,
    names: Vec<DatasetName>,
    ids: Vec<i64>,
    comparison: Option<Comparison>,
) -> impl IntoView {
    let content = match &comparison {
        Some(comparison) => texts::differences(comparison.differences.len()),
        None if ids.is_empty() => texts::CHOOSE.to_owned(),
        None => texts::CHOOSE_MORE.to_owned(),
    };
    view! {
        <Title text=texts::TITLE />
        <Page models current=Some(model_id)>
            <div class="page-head">
                <div>
                    <h1>{texts::TITLE}</h1>
                    <p class="lead" role="status">
                        {content}
                    </p>
                </div>
                <a href=datasets_path(model_id) class="button">
                    {texts::BACK}
                </a>
            </div>
            <Chooser model_id names ids />
            {comparison.map(side_by_side)}
        </Page>
    }
}

fn side_by_side(comparison: Comparison) -> AnyView {
    let only = RwSignal::new(false);
    let all = comparison.comparison;
    let width = all.len() + 1;
    let names: Vec<String> = all.iter().map(|o| o.summary.name.clone()).collect();
    let heads = names.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let body = sections(&all)
        .into_iter()
        .map(|(title, lines)| {
            let same = !lines.iter().any(Line::differs);
            let lines = lines
                .into_iter()
                .map(|line| {
                    let differs = line.differs();
                    let cells = line
                        .cells
                        .into_iter()
                        .map(|cell| match cell {
                            Some(text) => view! { <td>{text}</td> }.into_any(),
                            None => view! { <td class="null"><span class="for-readers">{common::NONE}</span>{common::DASH}</td> }
                                .into_any(),
                        })
                        .collect_view();
                    view! {
                        <tr class:differs=differs hidden=move || only.get() && !differs>
                            <th scope="row">
                                {line.label}
                                {differs.then(|| view! { <span class="for-readers">{texts::DIFFERS}</span> })}
                            </th>
                            {cells}
                        </tr>
                    }
                })
                .collect_view();
            view! {
                <tbody hidden=move || only.get() && same>
                    <tr class="section-row">
                        <th scope="rowgroup" colspan=width>
                            {title}
                        </th>
                    </tr>
                    {lines}
                </tbody>
            }
        })
        .collect_view();
    let differences = comparison.differences;
    view! {
        <label class="check compare-switch">
            <input prop:checked=move || only.get() type="checkbox" on:change:target=move |e| only.set(e.target().checked()) />
            {texts::ONLY}
        </label>
        <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label=texts::SIDE_BY_SIDE>
            <table class="compare">
                <thead>
                    <tr>
                        <th scope="col">
                            <span class="for-readers">{texts::WHAT}</span>
                        </th>
                        {heads}
                    </tr>
                </thead>
                {body}
            </table>
        </div>
        {(!differences.is_empty()).then(|| view! { <Paths names differences /> })}
    }
    .into_any()
}

/// The differences, as the API returns them.
#[component]
fn Paths(names: Vec<String>, differences: Vec<Difference>) -> impl IntoView {
    let heads = names.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view();
    let lines = differences.iter().map(difference_line).collect_view();
    view! {
        <details class="checks-rest">
            <summary>{texts::PATHS}</summary>
            <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label=texts::DIFFERENCES>
                <table class="compare">
                    <thead>
                        <tr>
                            <th scope="col">{texts::PATH}</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(texts: &[&[&str]]) -> Vec<Vec<String>> {
        texts.iter().map(|list| list.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn equal_lines_are_aligned() {
        let lists = lists(&[&["a", "b"], &["b", "c"]]);
        let lines = aligned(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let cells: Vec<Vec<Option<&str>>> = lines.iter().map(|l| l.cells.iter().map(Option::as_deref).collect()).collect();
        assert_eq!(cells, [[Some("a"), None], [Some("b"), Some("b")], [None, Some("c")]]);
        assert_eq!(lines.iter().map(Line::differs).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn named_lines_are_matched_by_their_names() {
        let lists = lists(&[&["user_id: a", "x: 1: 2"], &["user_id: b"]]);
        let lines = by_name(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!((lines[0].label.as_str(), lines[0].cells[1].as_deref()), ("user_id", Some("b")));
        assert_eq!((lines[1].cells[0].as_deref(), lines[1].cells[1].as_deref()), (Some("1: 2"), None));
    }
}
