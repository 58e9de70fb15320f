//! A dataset's card in the list.

use leptos::prelude::*;
use leptos_router::components::A;

use super::format::{count, instant, integer, short};
use crate::domain::analysis::AnalysisBrief;
use crate::domain::dataset::Status;
use crate::domain::record::DatasetSummary;

/// What a card's buttons ask for. The dialogs have addresses, so most are links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogKind {
    New,
    Edit,
    View,
    Analysis,
    Query,
    Preview,
    Clone,
    Delete,
}

impl DialogKind {
    const ALL: [Self; 8] =
        [Self::New, Self::Edit, Self::View, Self::Analysis, Self::Query, Self::Preview, Self::Clone, Self::Delete];

    /// The word in the address: `?dialog=view`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Edit => "edit",
            Self::View => "view",
            Self::Analysis => "analysis",
            Self::Query => "query",
            Self::Preview => "preview",
            Self::Clone => "clone",
            Self::Delete => "delete",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

#[component]
pub fn StatusBadge(status: Status) -> impl IntoView {
    view! {
        <span class="status" class:status-active=status == Status::Active>
            <span class="status-dot" aria-hidden="true"></span>
            {status.word()}
        </span>
    }
}

/// What the last analysis said.
#[component]
fn QualityLine(quality: AnalysisBrief, href: String) -> impl IntoView {
    let leaks = match quality.leaks {
        0 => "no leak found".to_owned(),
        n => count(n as usize, "leak"),
    };
    view! {
        <p class="card-quality">
            <A href scroll=false>
                {format!("Quality {} · {}", quality.score, quality.grade.word())}
            </A>
            <span class:bad=quality.leaks != 0>{leaks}</span>
            {quality.stale.then(|| view! { <span class="chip" title="The config was changed after the analysis">"stale"</span> })}
        </p>
    }
}

#[component]
pub fn DatasetCard(
    dataset: DatasetSummary,
    /// The address of a dialog about this dataset.
    href: Callback<(DialogKind, i64), String>,
    on_status: Callback<(i64, Status)>,
    /// It is one of those to compare.
    #[prop(into)]
    selected: Signal<bool>,
    on_select: Callback<(i64, bool)>,
) -> impl IntoView {
    let id = dataset.id;
    let name = dataset.name.clone();
    let link = |kind: DialogKind, text: &'static str| {
        let label = format!("{text} {name}");
        view! {
            <A href=href.run((kind, id)) scroll=false attr:class="button quiet" attr:aria-label=label>
                {text}
            </A>
        }
    };
    let other = if dataset.status == Status::Draft { Status::Active } else { Status::Draft };
    let status_text = if other == Status::Active { "Activate" } else { "Deactivate" };
    let size = |label: &'static str, number: Option<u64>| {
        let (text, exact) = number.map_or(("–".into(), "not counted yet".into()), |n| (short(n), integer(n)));
        view! {
            <div>
                <dt>{label}</dt>
                <dd title=exact>{text}</dd>
            </div>
        }
    };
    let tables =
        std::iter::once(dataset.primary_table.clone()).chain(dataset.secondary_tables.clone()).collect::<Vec<_>>().join(", ");
    view! {
        <li class="card">
            <div class="card-header">
                <h2 class="card-title">
                    <A href=href.run((DialogKind::View, id)) scroll=false>
                        {dataset.name.clone()}
                    </A>
                </h2>
                <StatusBadge status=dataset.status />
            </div>
            <p class="card-text">{dataset.description.clone()}</p>
            <p class="card-facts">
                <code title=tables>{dataset.primary_table.clone()}</code>
                <span>{count(dataset.table_count as usize, "table")}</span>
                <span>{count(dataset.column_count as usize, "column")}</span>
                {dataset
                    .active_version
                    .filter(|_| dataset.status == Status::Draft)
                    .map(|number| view! { <span class="chip" title="What training reads until the next activation">{format!("version {number} active")}</span> })}
                {(dataset.version_count > 0).then(|| view! { <span>{count(dataset.version_count as usize, "version")}</span> })}
            </p>
            <dl class="card-sizes">
                {size("Rows", dataset.row_count_estimate)} {size("Users", dataset.unique_users_estimate)}
                {size("Products", dataset.unique_products_estimate)}
            </dl>
            {dataset.quality.map(|quality| view! { <QualityLine quality href=href.run((DialogKind::Analysis, id)) /> })}
            <div class="card-date">
                <p>"Changed " <time datetime=dataset.updated_at.to_rfc3339()>{instant(dataset.updated_at)}</time></p>
                <label class="check">
                    <input
                        type="checkbox"
                        aria-label=format!("Compare {name}")
                        prop:checked=selected
                        on:change:target=move |e| on_select.run((id, e.target().checked()))
                    />
                    "Compare"
                </label>
            </div>
            <div class="card-actions">
                {link(DialogKind::View, "View")} {link(DialogKind::Edit, "Edit")} {link(DialogKind::Analysis, "Analyze")}
                {link(DialogKind::Query, "Query")} {link(DialogKind::Preview, "Preview")}
                <button
                    type="button"
                    class="button quiet"
                    aria-label=format!("{status_text} {name}")
                    on:click=move |_| on_status.run((id, other))
                >
                    {status_text}
                </button>
                {link(DialogKind::Clone, "Clone")} {link(DialogKind::Delete, "Delete")}
            </div>
        </li>
    }
}
