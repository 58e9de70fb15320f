//! How a page calls the server: what it wants in JSON, the answer in borsh, a failure in JSON. Answers are of many types, and what reads JSON into them
//! would be a fifth of the browser's half. On the server it is Leptos' own protocol. In the browser one function asks for all calls, where Leptos' own
//! would be compiled anew for each of them.
//!
//! Borsh says nothing of what it holds: only pages with the very same types can read it. So each call names them, and one with others is refused.

use borsh::{BorshDeserialize, BorshSerialize};
use http::Method;
#[cfg(feature = "ssr")]
use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::client::Client;
#[cfg(feature = "ssr")]
use leptos::server_fn::codec::IntoRes;
use leptos::server_fn::codec::{Json, Post};
#[cfg(feature = "ssr")]
use leptos::server_fn::request::Req;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, Http, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;
#[cfg(feature = "ssr")]
use crate::service::cpu::{HEAVY_BYTES, compute};

/// The header in which a call says what types its page is made of. No page of another site can send
/// it, so it also tells a call from a forged one.
pub const TYPES: &str = "x-trainset-types";
/// The types of this build.
pub const OWN_TYPES: &str = env!("TRAINSET_TYPES");

/// For `#[server(protocol = Call, …)]`.
pub struct Call;

/// Leptos' protocol that `Call` is on the server.
type Plain = Http<Json, Post<Borsh>>;

/// The form of answers, see <https://borsh.io>.
pub struct Borsh;

impl ContentType for Borsh {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl FormatType for Borsh {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl<T: BorshSerialize> Encodes<T> for Borsh {
    type Error = std::io::Error;

    fn encode(answer: &T) -> Result<Bytes, Self::Error> {
        borsh::to_vec(answer).map(Bytes::from)
    }
}

impl<T: BorshDeserialize> Decodes<T> for Borsh {
    type Error = std::io::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        borsh::from_slice(&bytes)
    }
}

/// For what the server leaves in a page.
impl<T: BorshSerialize> Encoder<T> for Borsh {
    type Error = std::io::Error;
    type Encoded = Vec<u8>;

    fn encode(value: &T) -> Result<Vec<u8>, Self::Error> {
        borsh::to_vec(value)
    }
}

impl<T: BorshDeserialize> Decoder<T> for Borsh {
    type Error = std::io::Error;
    type Encoded = [u8];

    fn decode(bytes: &[u8]) -> Result<T, Self::Error> {
        borsh::from_slice(bytes)
    }
}

impl<I, O, C, S> Protocol<I, O, C, S, Failure> for Call
where
    I: Serialize + DeserializeOwned + Send + 'static,
    O: BorshSerialize + BorshDeserialize + Send,
    C: Client<Failure>,
    S: Server<Failure>,
    Plain: Protocol<I, O, C, S, Failure>,
{
    const METHOD: Method = Method::POST;

    /// As Leptos' own protocol, but that large bodies are read beside the async threads.
    #[cfg(feature = "ssr")]
    async fn run_server<F, Fut>(request: S::Request, function: F) -> Result<S::Response, Failure>
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, Failure>> + Send,
    {
        let body = request.try_into_bytes().await?;
        let read = compute(body.len() >= HEAVY_BYTES, move || serde_json::from_slice(&body)).await;
        let input = read.map_err(|error| Failure::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string())))?;
        IntoRes::<Post<Borsh>, S::Response, Failure>::into_res(function(input).await?).await
    }

    #[cfg(not(feature = "ssr"))]
    fn run_server<F, Fut>(request: S::Request, function: F) -> impl Future<Output = Result<S::Response, Failure>> + Send
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, Failure>> + Send,
    {
        <Plain as Protocol<I, O, C, S, Failure>>::run_server(request, function)
    }

    #[cfg(feature = "hydrate")]
    async fn run_client(path: &str, input: I) -> Result<O, Failure> {
        let body = serde_json::to_string(&input).unwrap_or_default();
        borsh::from_slice(&browser::ask(path.to_owned(), body).await?).map_err(|_| Failure::outdated())
    }

    #[cfg(not(feature = "hydrate"))]
    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, Failure>> + Send {
        <Plain as Protocol<I, O, C, S, Failure>>::run_client(path, input)
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::pin::Pin;

    use leptos::server_fn::Bytes;
    use leptos::server_fn::ContentType;
    use leptos::server_fn::client::Client;
    use leptos::server_fn::client::browser::BrowserClient;
    use leptos::server_fn::request::ClientReq;
    use leptos::server_fn::request::browser::BrowserRequest;
    use leptos::server_fn::response::ClientRes;

    use crate::error::Failure;

    const JSON: &str = "application/json";

    /// Sends a text and gives the answer, or the failure that the server told.
    pub fn ask(path: String, body: String) -> Pin<Box<dyn Future<Output = Result<Bytes, Failure>> + Send>> {
        Box::pin(async move {
            let request: BrowserRequest = ClientReq::<Failure>::try_new_post(&path, JSON, super::Borsh::CONTENT_TYPE, body)?;
            request.headers().set(super::TYPES, super::OWN_TYPES);
            let response = <BrowserClient as Client<Failure>>::send(request).await?;
            let status = ClientRes::<Failure>::status(&response);
            let answer = ClientRes::<Failure>::try_into_bytes(response).await?;
            match status {
                // What stands before the server may answer in its place, and not in JSON.
                400.. => Err(std::str::from_utf8(&answer)
                    .ok()
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_else(|| if status < 500 { Failure::outdated() } else { Failure::unreachable() })),
                _ => Ok(answer),
            }
        })
    }
}
