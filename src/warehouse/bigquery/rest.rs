//! Calls of the REST API: each with a deadline, retried if that can help, and its response bounded
//! in size and time.

use std::sync::Arc;
use std::time::Duration;

use gcp_bigquery_client::auth::Authenticator;
use rand::TryRng;
use reqwest::{Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::RetryPolicy;
use crate::warehouse::WarehouseError;

/// Longest page that is read, in bytes. BigQuery's pages end at 10 MB; some values are longer as
/// JSON.
pub(super) const MAX_PAGE: usize = 64 << 20;
/// Longest response about a table, a job or a list, in bytes: 10,000 columns with long
/// descriptions.
const MAX_ANSWER: usize = 16 << 20;
/// Longest error response, in bytes.
const MAX_ERROR: usize = 1 << 20;

#[derive(Clone)]
pub(super) struct Rest {
    http: reqwest::Client,
    base: Arc<str>,
    auth: Arc<dyn Authenticator>,
    retry_policy: Arc<RetryPolicy>,
}

/// One call. Every call can be repeated: those that create something give its id.
pub(super) struct Call {
    method: Method,
    /// Below the base URL, its parts encoded.
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    /// In addition to the retry policy's own limit.
    deadline: Option<Instant>,
    /// Maximum number of bytes of the response.
    most: usize,
    /// How long the response may take beyond the retry policy, because the call asks BigQuery to
    /// wait.
    held: Duration,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: vec![],
            body: None,
            deadline: None,
            most: MAX_ANSWER,
            held: Duration::ZERO,
        }
    }

    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    pub fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    pub fn held(mut self, held: Duration) -> Self {
        self.held = held;
        self
    }
}

/// Why a call failed after its retries.
#[derive(Debug)]
pub(super) enum Refusal {
    /// BigQuery's own error.
    Api(ApiError),
    /// There is no token, so BigQuery would not know the caller.
    NoToken(String),
    /// The network, or a response that is not one of the API. For people.
    Broken(String),
}

/// <https://cloud.google.com/bigquery/docs/error-messages>
#[derive(Debug, Default)]
pub(super) struct ApiError {
    pub status: u16,
    /// `notFound`, `accessDenied`, `invalidQuery` …; empty if none was given.
    pub reason: String,
    pub message: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorObject,
}

#[derive(Deserialize)]
struct ErrorObject {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<ErrorPart>,
}

#[derive(Deserialize)]
struct ErrorPart {
    #[serde(default)]
    reason: String,
}

/// The outcome of one attempt.
enum Attempt<T> {
    Done(T),
    /// Trying again cannot help.
    Final(Refusal),
    /// A retry may help, after at least this long.
    Again(Refusal, Option<Duration>),
}

impl Rest {
    pub fn new(endpoint: &str, auth: Arc<dyn Authenticator>, retry_policy: RetryPolicy) -> Result<Self, WarehouseError> {
        let http = reqwest::Client::builder()
            // BigQuery redirects nobody. Another server that does would get the token, or use us to
            // reach internal addresses.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10).min(retry_policy.attempt))
            .user_agent(concat!("trainset/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| WarehouseError::Unreachable("The HTTP client cannot start.".into()))?;
        Ok(Self { http, base: endpoint.trim_end_matches('/').into(), auth, retry_policy: Arc::new(retry_policy) })
    }

    /// The response, parsed as `T`.
    pub async fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Refusal> {
        let last = Instant::now() + self.retry_policy.call + call.held;
        let last = call.deadline.map_or(last, |deadline| deadline.min(last));
        let mut wait = self.retry_policy.first_wait;
        let mut before = None;
        loop {
            let (refusal, at_least) = match self.attempt(call, last).await {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::Final(refusal) => return Err(refusal),
                Attempt::Again(refusal, at_least) => (refusal, at_least),
            };
            // An attempt that was cut short by the deadline has no information; the error of the
            // one before it has.
            if Instant::now() >= last {
                return Err(before.unwrap_or(refusal));
            }
            // Full jitter, so that clients that were refused together do not return together.
            let pause = at_least.unwrap_or_else(|| wait.mul_f64(fraction()));
            if Instant::now() + pause >= last {
                return Err(refusal);
            }
            tracing::debug!(path = call.path, ?pause, "BigQuery is asked again");
            tokio::time::sleep(pause).await;
            before = Some(refusal);
            wait = (wait * 2).min(self.retry_policy.longest_wait);
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, call: &Call, last: Instant) -> Attempt<T> {
        let limit = (Instant::now() + self.retry_policy.attempt + call.held).min(last);
        let broken = |text: String| Attempt::Again(Refusal::Broken(text), None);
        match tokio::time::timeout_at(limit, self.exchange(call)).await {
            Err(_) => broken("BigQuery did not respond in time.".into()),
            Ok(Err(attempt)) => attempt,
            Ok(Ok((status, retry_after, body))) if status.is_success() => match serde_json::from_slice(&body) {
                Ok(answer) => Attempt::Done(answer),
                Err(error) => {
                    tracing::debug!(path = call.path, ?retry_after, %error, "an answer that cannot be read");
                    broken("BigQuery's response cannot be read. Check its URL.".into())
                }
            },
            Ok(Ok((status, retry_after, body))) => refused(status, retry_after, &body),
        }
    }

    async fn exchange<T>(&self, call: &Call) -> Result<(StatusCode, Option<Duration>, Vec<u8>), Attempt<T>> {
        let token = self.auth.access_token().await.map_err(|error| Attempt::Final(Refusal::NoToken(token_error(&error))))?;
        let mut request = self.http.request(call.method.clone(), format!("{}/{}", self.base, call.path)).bearer_auth(token);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let broken = |error: reqwest::Error| {
            let what = if error.is_connect() { "BigQuery cannot be reached." } else { "The connection to BigQuery broke." };
            tracing::debug!(%error, "a broken exchange");
            Attempt::Again(Refusal::Broken(what.into()), None)
        };
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        let seconds = |text: &str| text.trim().parse().ok().map(Duration::from_secs);
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
        if status.is_redirection() {
            tracing::debug!(%status, path = call.path, "a redirection that is not followed");
            return Err(Attempt::Final(Refusal::Broken(
                "BigQuery's URL redirects, which is not followed. Set the correct URL.".into(),
            )));
        }
        let most = if status.is_success() { call.most } else { MAX_ERROR };
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > most {
                return Err(Attempt::Final(Refusal::Broken("BigQuery's response is too large.".into())));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, retry_after, body))
    }
}

fn refused<T>(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Attempt<T> {
    let error = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody { error }) => ApiError {
            status: status.as_u16(),
            reason: error.errors.into_iter().map(|part| part.reason).next().unwrap_or_default(),
            message: error.message,
        },
        // A proxy's page, or nothing: only the status is known.
        Err(_) => ApiError { status: status.as_u16(), ..ApiError::default() },
    };
    // <https://cloud.google.com/bigquery/docs/error-messages#errortable>
    let passes = matches!(
        error.reason.as_str(),
        "rateLimitExceeded" | "backendError" | "internalError" | "jobBackendError" | "jobInternalError"
    ) || matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504);
    match passes {
        true => Attempt::Again(Refusal::Api(error), retry_after),
        false => Attempt::Final(Refusal::Api(error)),
    }
}

/// What went wrong with the token, without the token endpoint's own text, which may quote the
/// request.
fn token_error(error: &gcp_bigquery_client::error::BQError) -> String {
    tracing::debug!(%error, "no token");
    super::credentials::NO_CREDENTIALS.into()
}

/// 0 to 1. The middle, if the system has no randomness.
fn fraction() -> f64 {
    rand::rngs::SysRng.try_next_u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
