//! BigQuery's errors as sentences that say what to do.

use super::BigQuery;
use super::required_filters::required;
use super::rest::{ApiError, Refusal};
use crate::warehouse::WarehouseError;

impl BigQuery {
    /// Any error.
    pub(super) fn explain(&self, refusal: Refusal) -> WarehouseError {
        let error = match refusal {
            Refusal::Broken(text) => return WarehouseError::Unreachable(text),
            Refusal::NoToken(text) => return WarehouseError::NoPermission(text),
            Refusal::Api(error) => error,
        };
        let message = self.cleaned(&error.message);
        match (error.status, error.reason.as_str()) {
            (401, _) => WarehouseError::NoPermission(
                "BigQuery does not accept the credentials. Log in again, or replace the service account's key.".into(),
            ),
            (_, "bytesBilledLimitExceeded") => WarehouseError::Resources(format!(
                "The query would read more than its limit and was not run, at no cost. Narrow its dates, or raise the limit. {message}"
            )),
            (_, "quotaExceeded" | "rateLimitExceeded") | (429, _) => {
                WarehouseError::Resources(format!("BigQuery's quota is used up. Try again later, or raise the quota. {message}"))
            }
            (_, "billingNotEnabled") => {
                WarehouseError::NoPermission(format!("The project {} has no billing account. {message}", self.project))
            }
            (403, _) if is_about_policy_tags(&message) => WarehouseError::NoPermission(format!(
                "The server's account may not read a protected column. It needs the role Fine-Grained Reader on the column's policy tag. {message}"
            )),
            (403, _) => WarehouseError::NoPermission(format!(
                "The server's account has no permission for this in BigQuery. It needs the roles BigQuery Job User on the project {} and BigQuery \
                 Data Viewer on the dataset {}. {message}",
                self.project, self.dataset
            )),
            (404, _) => WarehouseError::NoDataset(self.not_found(&message)),
            (400, _) if required(&message).is_some() => {
                let columns = required(&message).unwrap_or_default().join(" or ");
                WarehouseError::Query(format!(
                    "{} Filter by {columns}. A view that reads this table has to filter by it, or to have it as a column.",
                    message.trim_end_matches('.').to_owned() + "."
                ))
            }
            (400, "invalidQuery" | "invalid") => WarehouseError::Query(message),
            (400, _) => WarehouseError::Query(message),
            (500..=599, _) => WarehouseError::Unreachable("BigQuery reported an internal error. Try again in a moment.".into()),
            (status, _) => WarehouseError::Unreachable(format!("BigQuery returned status {status}. {message}").trim_end().into()),
        }
    }

    /// What was not found, or is elsewhere: a job in the wrong region has the same message.
    fn not_found(&self, message: &str) -> String {
        let location = self.location.as_deref().or_else(|| self.found_location.get().map(String::as_str));
        match (message.contains("in location"), location) {
            (true, Some(location)) if self.location.is_some() => {
                format!(
                    "{message} Jobs run in {location}, the location of the model. Leave the location empty to use that of the dataset."
                )
            }
            _ if message.starts_with("Not found: Project") => {
                format!("Project {} not found, or the server's account cannot access it.", self.project)
            }
            _ => format!(
                "Dataset {} not found in the project {}, or the server's account cannot access it.",
                self.dataset, self.project
            ),
        }
    }

    /// BigQuery's message on one line, with the position in the query in plain words.
    pub(super) fn cleaned(&self, message: &str) -> String {
        let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = match one_line.rsplit_once(" at [") {
            Some((what, place)) => match place.strip_suffix(']').and_then(|place| place.split_once(':')) {
                Some((line, column)) if [line, column].iter().all(|n| n.parse::<u32>().is_ok()) => {
                    format!("{what} (line {line}, column {column})")
                }
                _ => one_line,
            },
            None => one_line,
        };
        let most = 2_000;
        match text.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

/// Whether BigQuery refuses single columns, and not the table.
/// <https://cloud.google.com/bigquery/docs/column-level-security-intro>
fn is_about_policy_tags(message: &str) -> bool {
    let lower = message.to_lowercase();
    ["policy tag", "fine-grained reader", "fine grained reader"].iter().any(|words| lower.contains(words))
}

/// The requested resource does not exist.
pub(super) fn is_not_found(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Api(ApiError { status: 404, .. }))
}

/// BigQuery refused, so there is no job.
pub(super) fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Api(error) if error.status < 500)
}

/// The resource to be created exists already.
pub(super) fn is_duplicate(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Api(ApiError { status: 409, .. }))
}
