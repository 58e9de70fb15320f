//! Connections: HTTP/1.1 over TCP, each within limits of time and memory, and with a limit on their
//! number.
//!
//! A client that sends nothing, sends half a request, or does not read its response holds a
//! connection and the data buffered in it. So each of these times out, and a server at its limit
//! closes the connection that has been idle longest.
//!
//! There is no HTTP/2: browsers speak it only over TLS, which a proxy before the server terminates,
//! and it would let one connection request hundreds of responses and read none of them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};
use tower::ServiceExt;

/// Maximum bytes of a request's line and headers. They hold ids, names and a search; browsers and
/// proxies send a few kB.
const MAX_HEAD: usize = 64 << 10;
/// Bytes that the system buffers of an unread response. By default Linux buffers up to 4 MB per
/// connection, and reports progress of the reader only after a third of that was read.
const SEND_BUFFER: u32 = 256 << 10;
/// Connections that the system queues until they are accepted.
const BACKLOG: u32 = 1024;
/// Bytes of a response that its reader has to take in each [`ConnectionLimits::write`]: 9 kB a
/// second, less than any real connection.
const LEAST_TAKEN: usize = 256 << 10;
/// The wait after the system had no descriptor for a connection, and before a waiting connection
/// checks again whether another has become idle.
const RETRY: Duration = Duration::from_millis(50);
/// How long an idle connection is left alone: a request may be on its way.
const IDLE_AT_LEAST: Duration = Duration::from_millis(500);
/// File descriptors for everything but connections: the database, the tables' files, spilled data.
const OTHER_DESCRIPTORS: u64 = 128;

/// The limits for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of open connections. One more closes the one that has been idle longest.
    pub connections: usize,
    /// How long a connection may take to send the head of a request, including that of the next
    /// one.
    pub head: Duration,
    /// How long the body of a request may take to arrive after its head.
    pub body: Duration,
    /// How long a response may stay unread. See [`LEAST_TAKEN`] for slow readers.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { connections: 256, head: Duration::from_secs(30), body: Duration::from_secs(30), write: Duration::from_secs(30) }
    }
}

impl ConnectionLimits {
    /// As many connections as the process has descriptors for, after reserving the others.
    pub fn for_descriptors(descriptors: u64) -> Self {
        let limits = Self::default();
        let free = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(descriptors / 4).max(1);
        Self { connections: limits.connections.min(usize::try_from(free).unwrap_or(usize::MAX)), ..limits }
    }
}

/// Listens on the first free address that `host:port` resolves to.
pub async fn bind(addr: &str) -> io::Result<TcpListener> {
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
    for addr in lookup_host(addr).await? {
        match bind_one(addr) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn bind_one(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart may listen while connections of the previous process still end. On other systems
    // the option has another meaning.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` ends; then accepts no more connections and waits for the running requests.
pub async fn serve(listener: TcpListener, site: Router, limits: ConnectionLimits, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD);
    let open = OpenConnections::new(limits.connections);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, connection) = tokio::select! {
            accepted = accept(&listener, &open, limits.body) => accepted,
            () = &mut stop => break,
        };
        // Sends small responses at once; failing to set it only delays them.
        stream.set_nodelay(true).ok();
        let (site, handle) = (site.clone(), connection.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(handle.clone());
            let answer = site.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let served = graceful.watch(http.serve_connection(TokioIo::new(ReadInTime::new(stream, limits.write)), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = served => if let Err(error) = ended { tracing::debug!(%error, "a connection ended early") },
                () = connection.0.close.notified() => tracing::debug!("an idle connection was closed for a new one"),
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The next connection; closes another one at the limit.
async fn accept(listener: &TcpListener, open: &Arc<OpenConnections>, body: Duration) -> (TcpStream, Connection) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tracing::trace!(%peer, "a connection");
                return (stream, open.add(body).await);
            }
            // It was closed before it was accepted.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            // No descriptor, or no memory.
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                open.close_longest_idle();
                sleep(RETRY).await;
            }
        }
    }
}

/// The open connections, and which of them are idle: they wait for a request, or for their response
/// to be read.
struct OpenConnections {
    free: Arc<Semaphore>,
    /// By the order in which they became idle.
    idle: Mutex<BTreeMap<u64, Idle>>,
    next: AtomicU64,
}

struct Idle {
    since: Instant,
    close: Arc<Notify>,
}

impl OpenConnections {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(most)), idle: Default::default(), next: AtomicU64::new(0) })
    }

    async fn add(self: &Arc<Self>, body: Duration) -> Connection {
        let permit = loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                break permit;
            }
            self.close_longest_idle();
            // The closed connection ends soon. If none was idle, one will be.
            if let Ok(Ok(permit)) = tokio::time::timeout(RETRY, self.free.clone().acquire_owned()).await {
                break permit;
            }
        };
        let connection =
            ConnectionState { open: self.clone(), close: Default::default(), idle_key: AtomicU64::new(0), body, _permit: permit };
        connection.becomes_idle();
        Connection(Arc::new(connection))
    }

    fn close_longest_idle(&self) {
        let mut idle = self.idle();
        if let Some(longest) = idle.first_entry()
            && longest.get().since.elapsed() >= IDLE_AT_LEAST
        {
            longest.remove().close.notify_one();
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<u64, Idle>> {
        // The value is never left partly written.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection as its requests see it: in their extensions.
#[derive(Clone)]
pub struct Connection(Arc<ConnectionState>);

struct ConnectionState {
    open: Arc<OpenConnections>,
    close: Arc<Notify>,
    /// Its key among the idle connections; out of date while it is busy.
    idle_key: AtomicU64,
    body: Duration,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// How long the body of a request may take to arrive.
    pub fn body_limit(&self) -> Duration {
        self.0.body
    }

    /// The connection is busy with a request for as long as this is held, and is not closed for
    /// another one.
    pub fn busy(&self) -> Busy {
        self.0.is_not_idle();
        Busy(self.clone())
    }
}

impl ConnectionState {
    fn becomes_idle(&self) {
        let key = self.open.next.fetch_add(1, Ordering::Relaxed);
        self.idle_key.store(key, Ordering::Relaxed);
        self.open.idle().insert(key, Idle { since: Instant::now(), close: self.close.clone() });
    }

    fn is_not_idle(&self) {
        self.open.idle().remove(&self.idle_key.load(Ordering::Relaxed));
    }
}

impl Drop for ConnectionState {
    fn drop(&mut self) {
        self.is_not_idle();
    }
}

/// A request in progress.
pub struct Busy(Connection);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.becomes_idle();
    }
}

/// A connection whose writes fail once its reader takes too little of what waits for it.
struct ReadInTime {
    stream: TcpStream,
    within: Duration,
    /// The end of the period in which at least [`LEAST_TAKEN`] has to be taken; `None` while
    /// nothing waits.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes taken in this period.
    taken: usize,
}

impl ReadInTime {
    fn new(stream: TcpStream, within: Duration) -> Self {
        Self { stream, within, deadline: None, taken: 0 }
    }

    /// Updates the deadline after a write of `offered` bytes.
    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>, offered: usize) -> Poll<io::Result<usize>> {
        let within = self.within;
        match &written {
            Poll::Ready(Ok(taken)) if *taken == offered => {
                self.deadline = None;
                self.taken = 0;
            }
            Poll::Ready(Ok(taken)) => self.taken += taken,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(within)));
                while deadline.as_mut().poll(cx).is_ready() {
                    if self.taken < LEAST_TAKEN {
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was not read in time")));
                    }
                    self.taken = 0;
                    deadline.as_mut().reset(Instant::now() + within);
                }
            }
        }
        written
    }
}

impl AsyncRead for ReadInTime {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ReadInTime {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written, bytes.len())
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, written, slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_file_descriptors_for_other_uses() {
        for (descriptors, connections) in [(1 << 20, 256), (1024, 256), (256, 128), (64, 16), (3, 1), (0, 1)] {
            assert_eq!(ConnectionLimits::for_descriptors(descriptors).connections, connections, "{descriptors}");
        }
    }
}
