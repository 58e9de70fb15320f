//! The state of the Datasets page, as in its URL: search, filter, page, the open dialog and its
//! part. Reload, the back button and a shared link all give the same state.

use leptos_router::params::ParamsMap;
use strum::{EnumCount, IntoStaticStr};

use super::layout::datasets_path;
use crate::domain::dataset::Status;
use crate::domain::dto::ListQuery;

/// The dialogs that have an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumCount)]
#[strum(const_into_str, serialize_all = "snake_case")]
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
    const ALL: [Self; Self::COUNT] =
        [Self::New, Self::Edit, Self::View, Self::Analysis, Self::Query, Self::Preview, Self::Clone, Self::Delete];

    /// The word in the address: `?dialog=view`.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The parts of the detail dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumCount)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Tab {
    #[default]
    Overview,
    Quality,
    Columns,
    Versions,
}

impl Tab {
    pub const ALL: [Self; Self::COUNT] = [Self::Overview, Self::Quality, Self::Columns, Self::Versions];

    const fn as_str(self) -> &'static str {
        self.into_str()
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.as_str() == word)
    }
}

/// A status from its form in the URL, and back.
pub fn parse_status(word: &str) -> Option<Status> {
    [Status::Draft, Status::Active].into_iter().find(|status| status.as_str() == word)
}

#[derive(Debug, Clone, PartialEq)]
pub struct PageState {
    pub list: ListQuery,
    pub dialog: Option<(DialogKind, Option<i64>)>,
    pub tab: Tab,
}

impl PageState {
    pub fn read(query: &ParamsMap) -> Self {
        let list = ListQuery {
            status: query.get_str("status").and_then(parse_status),
            search: query.get("search").unwrap_or_default(),
            page: query.get_str("page").and_then(|p| p.parse().ok()).unwrap_or(1).max(1),
            ..ListQuery::default()
        };
        let id = query.get_str("id").and_then(|id| id.parse().ok());
        let dialog = query.get_str("dialog").and_then(DialogKind::parse).map(|kind| (kind, id));
        Self {
            list,
            dialog: dialog.filter(|(kind, id)| *kind == DialogKind::New || id.is_some()),
            tab: query.get_str("tab").and_then(Tab::parse).unwrap_or_default(),
        }
    }

    pub fn address(&self, model_id: i64) -> String {
        let mut query = ParamsMap::new();
        if !self.list.search.is_empty() {
            query.insert("search", self.list.search.clone());
        }
        if let Some(status) = self.list.status {
            query.insert("status", status.as_str().to_owned());
        }
        if self.list.page > 1 {
            query.insert("page", self.list.page.to_string());
        }
        if let Some((kind, id)) = self.dialog {
            query.insert("dialog", kind.as_str().to_owned());
            if let Some(id) = id {
                query.insert("id", id.to_string());
            }
            if self.tab != Tab::default() {
                query.insert("tab", self.tab.as_str().to_owned());
            }
        }
        format!("{}{}", datasets_path(model_id), query.to_query_string())
    }

    /// The same list with a dialog over it.
    pub fn with(&self, kind: DialogKind, id: i64) -> Self {
        Self { list: self.list.clone(), dialog: Some((kind, Some(id))), tab: Tab::default() }
    }

    /// The list without a dialog.
    pub fn closed(&self) -> Self {
        Self { list: self.list.clone(), dialog: None, tab: Tab::default() }
    }
}

#[cfg(test)]
mod tests {
    use leptos_router::location::RequestUrl;

    use super::*;

    #[test]
    fn a_page_state_is_read_back_from_its_address() {
        let page_state = PageState {
            list: ListQuery { search: "a & b = \"c\"".into(), status: Some(Status::Active), page: 3, ..ListQuery::default() },
            dialog: Some((DialogKind::View, Some(7))),
            tab: Tab::Versions,
        };
        let address = page_state.address(1);
        let url = RequestUrl::new(&address).parse().unwrap();
        assert_eq!(PageState::read(url.search_params()), page_state);
        assert_eq!(
            page_state.closed().address(1),
            format!("/models/1/dataset/{}", &address["/models/1/dataset/".len()..address.find("&dialog").unwrap()])
        );
    }

    #[test]
    fn invalid_parameters_fall_back_to_the_first_page() {
        let params: ParamsMap = [("page", "0"), ("status", "gone"), ("dialog", "edit")]
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        let page_state = PageState::read(&params);
        assert_eq!((page_state.list, page_state.dialog), (ListQuery::default(), None));
    }
}
