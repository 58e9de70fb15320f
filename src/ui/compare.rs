//! Two to five datasets side by side: what each is in words, and what differs, by path.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::format::integer;
use super::layout::{Page, PageFailure, datasets_path};
use crate::domain::analysis::Part;
use crate::domain::diff::Difference;
use crate::domain::record::{Comparison, Model, Overview};
use crate::error::Failure;
use crate::rpc;

/// The address that compares datasets.
pub fn compare_path(model_id: i64, ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{}compare?ids={}", datasets_path(model_id), ids.join(","))
}

async fn load(model_id: i64, ids: Vec<i64>) -> Result<(Vec<Model>, Comparison), Failure> {
    Ok((rpc::models().await?, rpc::compare(model_id, ids).await?))
}

#[component]
pub fn ComparePage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let model_id = Memo::new(move |_| params.with(|p| p.get_str("id").and_then(|id| id.parse::<i64>().ok())).unwrap_or_default());
    // What is no number is no dataset: the server says so.
    let ids = Memo::new(move |_| {
        query.with(|q| {
            q.get_str("ids").unwrap_or_default().split(',').map(|id| id.trim().parse().unwrap_or(-1)).collect::<Vec<i64>>()
        })
    });
    let data = Resource::new_blocking(move || (model_id.get(), ids.get()), |(model_id, ids)| load(model_id, ids));
    let page = move || {
        Suspend::new(async move {
            match data.await {
                Ok((models, comparison)) => view! { <Compared models model_id=model_id.get_untracked() comparison /> }.into_any(),
                Err(failure) => view! { <PageFailure failure /> }.into_any(),
            }
        })
    };
    view! { <Transition>{page}</Transition> }
}

/// A row: what is compared, and what each dataset has there.
struct Line {
    label: String,
    cells: Vec<Option<String>>,
}

impl Line {
    fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// Lists of lines, the same lines beside each other, in the order in which they come up.
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

/// Lines of the form `name: value`, by their names.
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
            "Basics",
            vec![
                one("description", &|o| Some(o.summary.description.clone()).filter(|text| !text.is_empty())),
                one("status", &|o| Some(o.summary.status.word().into())),
            ],
        ),
        ("Tables and joins", aligned(&lists(|o| &o.tables))),
        ("Columns", aligned(&lists(|o| &o.columns))),
        ("Roles", by_name(&lists(|o| &o.roles))),
        ("Filters", aligned(&lists(|o| &o.filters))),
        ("Split", vec![one("", &|o| Some(o.split.clone()))]),
        (
            "Analysis",
            vec![
                one("as of", &|o| o.analysis.as_ref()?.analysis.facts.as_of.map(|day| day.to_string())),
                figure("rows", |o| rows_of(o, Part::Full)),
                figure("train", |o| rows_of(o, Part::Train)),
                figure("eval", |o| rows_of(o, Part::Eval)),
                figure("test", |o| rows_of(o, Part::Test)),
                figure("users", |o| o.analysis.as_ref()?.analysis.facts.part(Part::Full)?.users),
                figure("products", |o| o.analysis.as_ref()?.analysis.facts.part(Part::Full)?.products),
                figure("quality", |o| Some(o.analysis.as_ref()?.analysis.quality_metrics.score.into())),
                figure("leaks", |o| Some(o.analysis.as_ref()?.analysis.brief().leaks.into())),
                one("made", &|o| {
                    let kept = o.analysis.as_ref()?;
                    Some(format!("{}{}", super::format::instant(kept.analysis.made_at), if kept.stale { ", stale" } else { "" }))
                }),
            ],
        ),
    ]
}

fn rows_of(overview: &Overview, part: Part) -> Option<u64> {
    overview.analysis.as_ref()?.analysis.facts.part(part).map(|part| part.rows)
}

#[component]
fn Compared(models: Vec<Model>, model_id: i64, comparison: Comparison) -> impl IntoView {
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
                            None => view! { <td class="null"><span class="for-readers">"none"</span>"–"</td> }.into_any(),
                        })
                        .collect_view();
                    view! {
                        <tr class:differs=differs hidden=move || only.get() && !differs>
                            <th scope="row">{line.label}</th>
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
    let said = match differences.len() {
        0 => "They are the same but for what they are called.".to_owned(),
        1 => "1 difference".to_owned(),
        n => format!("{n} differences"),
    };
    view! {
        <Title text="Compare datasets" />
        <Page models current=Some(model_id)>
            <div class="page-head">
                <div>
                    <h1>"Compare datasets"</h1>
                    <p class="lead">{said}</p>
                </div>
                <A href=datasets_path(model_id) attr:class="button">"Back to the datasets"</A>
            </div>
            <label class="check compare-switch">
                <input type="checkbox" prop:checked=only on:change:target=move |e| only.set(e.target().checked()) />
                "Only differences"
            </label>
            <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label="Datasets side by side">
                <table class="compare">
                    <thead>
                        <tr>
                            <th scope="col"><span class="for-readers">"What"</span></th>
                            {heads}
                        </tr>
                    </thead>
                    {body}
                </table>
            </div>
            {(!differences.is_empty()).then(|| view! { <Paths names differences /> })}
        </Page>
    }
}

/// What differs, as the API tells it.
#[component]
fn Paths(names: Vec<String>, differences: Vec<Difference>) -> impl IntoView {
    let heads = names.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view();
    let lines = differences
        .into_iter()
        .map(|difference| {
            let cells = difference
                .values
                .into_iter()
                .map(|value| {
                    let text = value.filter(|value| !value.is_null()).map_or("–".into(), |value| match value {
                        serde_json::Value::String(text) => text,
                        other => other.to_string(),
                    });
                    view! { <td><code>{text}</code></td> }
                })
                .collect_view();
            view! { <tr><th scope="row"><code>{difference.path}</code></th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <details class="checks-rest">
            <summary>"By path"</summary>
            <div class="table-scroll compare-scroll" tabindex="0" role="region" aria-label="Differences by path">
                <table class="compare">
                    <thead>
                        <tr>
                            <th scope="col">"Path"</th>
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
    fn the_same_lines_stand_beside_each_other() {
        let lists = lists(&[&["a", "b"], &["b", "c"]]);
        let lines = aligned(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let cells: Vec<Vec<Option<&str>>> = lines.iter().map(|l| l.cells.iter().map(Option::as_deref).collect()).collect();
        assert_eq!(cells, [[Some("a"), None], [Some("b"), Some("b")], [None, Some("c")]]);
        assert_eq!(lines.iter().map(Line::differs).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn named_lines_are_told_apart_by_their_names() {
        let lists = lists(&[&["user_id: a", "x: 1: 2"], &["user_id: b"]]);
        let lines = by_name(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!((lines[0].label.as_str(), lines[0].cells[1].as_deref()), ("user_id", Some("b")));
        assert_eq!((lines[1].cells[0].as_deref(), lines[1].cells[1].as_deref()), (Some("1: 2"), None));
    }
}
