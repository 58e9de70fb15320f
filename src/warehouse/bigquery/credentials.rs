//! The credentials that BigQuery is called with.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::error::BQError;
use gcp_bigquery_client::yup_oauth2 as oauth;
use oauth::authenticator::{ApplicationDefaultCredentialsTypes, DefaultAuthenticator};
use serde_json::Value;

use crate::warehouse::WarehouseError;

/// Queries need jobs, so reading alone is not enough.
/// <https://cloud.google.com/bigquery/docs/authorization#oauth-scopes>
const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/bigquery"];
const ENV: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// The metadata server and the token endpoint answer quickly or not at all.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(20);

/// Which credentials to use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// The same as Google's own tools: the file in `GOOGLE_APPLICATION_CREDENTIALS`, the file that
    /// `gcloud auth application-default login` wrote, or the machine's service account (Cloud Run,
    /// GKE, Compute Engine).
    #[default]
    Default,
    /// A key of a service account, or a file that gcloud wrote for a person.
    File(PathBuf),
    /// None: an emulator needs no credentials.
    Anonymous,
}

impl Credentials {
    pub(super) async fn authenticator(&self) -> Result<Arc<dyn Authenticator>, WarehouseError> {
        match self {
            Self::Anonymous => Ok(Arc::new(NoToken)),
            Self::File(file) => from_file(file).await,
            Self::Default => match default_file() {
                Some(file) => from_file(&file).await,
                None => from_metadata().await,
            },
        }
    }
}

fn default_file() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(ENV).filter(|name| !name.is_empty()) {
        return Some(named.into());
    }
    let config = match std::env::var_os("CLOUDSDK_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None if cfg!(windows) => PathBuf::from(std::env::var_os("APPDATA")?).join("gcloud"),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".config/gcloud"),
    };
    Some(config.join("application_default_credentials.json")).filter(|file| file.is_file())
}

/// The text holds no secret: only what is wrong with the file, not its content. The log has its
/// path.
fn unusable(file: &Path, what: &str) -> WarehouseError {
    tracing::error!(file = %file.display(), what, "credentials that cannot be used");
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    WarehouseError::NoPermission(format!("The credentials in {name} cannot be used: {what}"))
}

async fn from_file(file: &Path) -> Result<Arc<dyn Authenticator>, WarehouseError> {
    let bytes = tokio::fs::read(file).await.map_err(|error| {
        let what = match error.kind() {
            ErrorKind::NotFound => "the file does not exist.",
            ErrorKind::PermissionDenied => "the server has no permission to read the file.",
            _ => "the file cannot be read.",
        };
        unusable(file, what)
    })?;
    let json: Value = serde_json::from_slice(&bytes).map_err(|_| unusable(file, "the file is not JSON."))?;
    let built = match json.get("type").and_then(Value::as_str) {
        Some("service_account") => {
            let key = oauth::parse_service_account_key(&bytes).map_err(|_| unusable(file, "the key is incomplete."))?;
            oauth::ServiceAccountAuthenticator::builder(key).build().await
        }
        Some("authorized_user") => {
            let secret = serde_json::from_value(json).map_err(|_| unusable(file, "the file is incomplete."))?;
            oauth::AuthorizedUserAuthenticator::builder(secret).build().await
        }
        Some(other) => {
            return Err(unusable(
                file,
                &format!("their type is {other:?}; supported types are service_account and authorized_user."),
            ));
        }
        None => return Err(unusable(file, "the file has no type.")),
    };
    let oauth = built.map_err(|_| unusable(file, "the key cannot sign."))?;
    Ok(Arc::new(Tokens(oauth)))
}

async fn from_metadata() -> Result<Arc<dyn Authenticator>, WarehouseError> {
    let options = oauth::ApplicationDefaultCredentialsFlowOpts::default();
    let built = match oauth::ApplicationDefaultCredentialsAuthenticator::builder(options).await {
        ApplicationDefaultCredentialsTypes::InstanceMetadata(machine) => machine.build().await,
        ApplicationDefaultCredentialsTypes::ServiceAccount(account) => account.build().await,
    };
    match built {
        Ok(oauth) => Ok(Arc::new(Tokens(oauth))),
        Err(_) => Err(WarehouseError::NoPermission(NO_CREDENTIALS.into())),
    }
}

pub(super) const NO_CREDENTIALS: &str = "No token from Google: there are no credentials, or they have expired. Run `gcloud auth application-default login`, or set the path of a service account's key file in \
     GOOGLE_APPLICATION_CREDENTIALS.";

/// Google's tokens, which the library caches until they expire.
#[derive(Clone)]
struct Tokens(DefaultAuthenticator);

#[async_trait]
impl Authenticator for Tokens {
    async fn access_token(&self) -> Result<String, BQError> {
        let token = tokio::time::timeout(TOKEN_TIMEOUT, self.0.token(&SCOPES)).await.map_err(|_| BQError::NoToken)??;
        token.token().map(str::to_owned).ok_or(BQError::NoToken)
    }
}

#[derive(Clone)]
struct NoToken;

#[async_trait]
impl Authenticator for NoToken {
    async fn access_token(&self) -> Result<String, BQError> {
        Ok("anonymous".into())
    }
}
