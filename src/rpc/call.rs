//! How a page calls the server: JSON there and back. On the server it is Leptos' own protocol. In the browser one function asks for all calls, where
//! Leptos' own would be compiled anew for each of them.

use http::Method;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::Json;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Http, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;

/// For `#[server(protocol = Call, …)]`.
pub struct Call;

impl<I, O, C, S> Protocol<I, O, C, S, Failure> for Call
where
    I: Serialize + Send,
    O: DeserializeOwned,
    C: Client<Failure>,
    S: Server<Failure>,
    Http<Json, Json>: Protocol<I, O, C, S, Failure>,
{
    const METHOD: Method = Method::POST;

    fn run_server<F, Fut>(request: S::Request, function: F) -> impl Future<Output = Result<S::Response, Failure>> + Send
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, Failure>> + Send,
    {
        <Http<Json, Json> as Protocol<I, O, C, S, Failure>>::run_server(request, function)
    }

    #[cfg(feature = "hydrate")]
    async fn run_client(path: &str, input: I) -> Result<O, Failure> {
        let body = serde_json::to_string(&input).unwrap_or_default();
        // From text, not from bytes: what the server left in the page for the browser is read from text too, by the same code.
        serde_json::from_str(&browser::ask(path.to_owned(), body).await?).map_err(|_| Failure::outdated())
    }

    #[cfg(not(feature = "hydrate"))]
    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, Failure>> + Send {
        <Http<Json, Json> as Protocol<I, O, C, S, Failure>>::run_client(path, input)
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::pin::Pin;

    use leptos::server_fn::client::Client;
    use leptos::server_fn::client::browser::BrowserClient;
    use leptos::server_fn::request::ClientReq;
    use leptos::server_fn::request::browser::BrowserRequest;
    use leptos::server_fn::response::ClientRes;

    use crate::error::Failure;

    const JSON: &str = "application/json";

    /// Sends a text and gives the answer's, or the failure that the server told.
    pub fn ask(path: String, body: String) -> Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>> {
        Box::pin(async move {
            let request: BrowserRequest = ClientReq::<Failure>::try_new_post(&path, JSON, JSON, body)?;
            let response = <BrowserClient as Client<Failure>>::send(request).await?;
            let status = ClientRes::<Failure>::status(&response);
            let text = ClientRes::<Failure>::try_into_string(response).await?;
            match status {
                // What stands before the server may answer in its place, and not in JSON.
                400.. => Err(serde_json::from_str(&text)
                    .unwrap_or_else(|_| if status < 500 { Failure::outdated() } else { Failure::unreachable() })),
                _ => Ok(text),
            }
        })
    }
}
