//! The client: two reqwest clients behind one guard, bodies read with caps.
//!
//! Of the two, one may reach exactly the origins that the configuration names (they may be private), the
//! other reaches public addresses only. Which one a URL gets is decided from its parsed host and port, so a
//! name that is allowed on one port is still guarded on every other.

use std::{error::Error as StdError, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{
        ACCEPT_ENCODING, AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName,
        HeaderValue, LOCATION, TRANSFER_ENCODING,
    },
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use url::Url;

use super::{
    decode::{DecodeError, DecodeLimit, Decoder},
    egress::{self, Blocked, Egress, Reach},
    resolver::{Refusal, Resolver},
    retry_after::retry_after,
};

/// The content codings that [`Decoder`] reads, in the order of preference of most servers.
const CODINGS: &str = "gzip, deflate, br, zstd";
/// Time to open a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence between two reads of a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A body larger than this waits for one of [`LARGE_AT_ONCE`] places, and keeps it for as long as it is held: so memory
/// follows the places and not the number of exchanges.
const LARGE: usize = 1024 * 1024;
const LARGE_AT_ONCE: usize = 4;
/// Decoded over wire bytes, beyond the first MiB: pages reach 20, bombs begin at 1,000.
const MAX_RATIO: u32 = 200;

/// The guarded client; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    named: reqwest::Client,
    public: reqwest::Client,
    egress: Arc<Egress>,
    large: Arc<Semaphore>,
}

/// What is read of an answer, at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes on the wire.
    pub wire: u64,
    /// Bytes after decoding.
    pub decoded: u64,
    /// Time for the whole exchange.
    pub total: Duration,
}

/// An answer whose body is still on the wire.
#[derive(Debug)]
pub struct Answer {
    response: reqwest::Response,
    large: Arc<Semaphore>,
    limits: Limits,
    deadline: Instant,
}

/// A body that was read to its end.
#[derive(Debug)]
pub struct Body {
    /// As it came over the wire.
    pub wire: Vec<u8>,
    /// After the one content coding was undone; `None` when that is the wire itself.
    pub decoded: Option<Vec<u8>>,
    /// Whether the end was announced (by length or chunks) rather than shown by closing the connection.
    pub delimited: bool,
    /// The place that a large body takes; given back when this is dropped.
    pub place: Option<OwnedSemaphorePermit>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The egress guard refused the URL, the resolver's answer, or the peer.
    #[error("refused: {0}")]
    Blocked(#[from] Blocked),
    /// The name did not resolve.
    #[error("the name does not resolve")]
    Dns(#[source] Box<dyn StdError + Send + Sync>),
    /// No connection: nothing was sent.
    #[error("no connection")]
    Connect(#[source] reqwest::Error),
    /// No trusted TLS session: nothing was sent.
    #[error("no trusted TLS session")]
    Tls(#[source] reqwest::Error),
    /// The exchange took too long; the request may have arrived.
    #[error("timed out")]
    Timeout,
    /// The connection broke after the request went out.
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    /// The body ended before its announced length.
    #[error("the body ended too early")]
    Truncated,
    /// The body is larger than what is read.
    #[error("body larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The content coding could not be undone.
    #[error("content coding: {0}")]
    Decode(#[source] DecodeError),
}

impl FetchError {
    /// Whether the request certainly did not reach the server.
    pub fn is_unsent(&self) -> bool {
        matches!(
            self,
            FetchError::Blocked(_) | FetchError::Dns(_) | FetchError::Connect(_) | FetchError::Tls(_)
        )
    }
}

impl Client {
    /// A client that sends `user_agent` and may reach, besides public addresses, what `egress` names.
    pub fn new(egress: Egress, user_agent: &str) -> Client {
        // An error means that a provider is installed already, by another client of this process.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        Client {
            named: Self::build(user_agent, Resolver { public_only: false }),
            public: Self::build(user_agent, Resolver { public_only: true }),
            egress: Arc::new(egress),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        }
    }

    fn build(user_agent: &str, resolver: Resolver) -> reqwest::Client {
        reqwest::Client::builder()
            .user_agent(user_agent)
            // A redirect could carry a body or a key to another origin, and must pass the guard first.
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would resolve names behind the guard.
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .dns_resolver(resolver)
            .build()
            .expect("the settings are constants and the user agent was validated")
    }

    /// The guard, for redirects.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// GETs `url` with these headers; any status is an answer. The body is read by [`Answer::read`], so that
    /// the caller can look at the headers first.
    ///
    /// # Errors
    /// [`FetchError`] where there is no answer within `limits`.
    pub async fn get(
        &self,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        limits: Limits,
    ) -> Result<Answer, FetchError> {
        self.send(Method::GET, url, headers, None, limits).await
    }

    /// POSTs a JSON body to `url`; any status is an answer.
    ///
    /// # Errors
    /// As [`Client::get`]; [`FetchError::is_unsent`] tells whether the server can have acted.
    pub async fn post_json(
        &self,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
        limits: Limits,
    ) -> Result<Answer, FetchError> {
        self.send(Method::POST, url, headers, Some(body), limits).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        json: Option<Bytes>,
        limits: Limits,
    ) -> Result<Answer, FetchError> {
        let deadline = Instant::now() + limits.total;
        let reach = self.egress.check_url(url)?;
        let client = match reach {
            Reach::Named => &self.named,
            Reach::Public => &self.public,
        };
        let mut request = client.request(method, url.clone()).header(ACCEPT_ENCODING, CODINGS);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(json) = json {
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        let response =
            timeout_at(deadline, request.send()).await.map_err(|_| FetchError::Timeout)?.map_err(classify)?;
        check_peer(reach, response.remote_addr())?;
        Ok(Answer { response, large: Arc::clone(&self.large), limits, deadline })
    }
}

impl Answer {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header as text; `None` when absent or not ASCII.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The target of a redirect from `from`, as an absolute URL without its fragment.
    pub fn location(&self, from: &Url) -> Option<Url> {
        let mut to = from.join(self.header(LOCATION)?.trim()).ok()?;
        to.set_fragment(None);
        Some(to)
    }

    /// Every value of a header that is text.
    pub fn header_values(&self, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// How long the server asks to be left alone; 429 and 503 alone say so (RFC 9110 §10.2.3, RFC 6585 §4).
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        match self.status() {
            429 | 503 => retry_after(self.header_values("retry-after"), now),
            _ => None,
        }
    }

    /// Reads the body to its end, undoing its one content coding.
    ///
    /// # Errors
    /// [`FetchError`] where the body is cut, too slow, too large or cannot be decoded.
    pub async fn read(self) -> Result<Body, FetchError> {
        let Answer { response, large, limits, deadline } = self;
        timeout_at(deadline, read(response, large, limits)).await.map_err(|_| FetchError::Timeout)?
    }

    /// Reads at most the first `max` bytes of the decoded body and leaves the rest: for texts of which the
    /// beginning counts, whatever their size.
    ///
    /// # Errors
    /// [`FetchError`] where the body breaks before that.
    pub async fn read_start(self, max: u64) -> Result<Vec<u8>, FetchError> {
        let Answer { mut response, deadline, .. } = self;
        let mut decoder = decoder_of(&response, max)?;
        let mut start = Vec::new();
        while (start.len() as u64) < max {
            let chunk =
                timeout_at(deadline, next_chunk(&mut response)).await.map_err(|_| FetchError::Timeout)??;
            let Some(chunk) = chunk else { break };
            match &mut decoder {
                None => start.extend_from_slice(&chunk),
                Some(decoder) => match decoder.push(&chunk, &mut start) {
                    Ok(()) => {}
                    Err(DecodeError::TooLarge { .. }) => break,
                    Err(error) => return Err(FetchError::Decode(error)),
                },
            }
        }
        start.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(start)
    }
}

/// The decoder that the answer's one content coding needs; `None` for identity.
fn decoder_of(response: &reqwest::Response, max_bytes: u64) -> Result<Option<Decoder>, FetchError> {
    let coding =
        response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("").trim();
    if coding.is_empty() || coding.eq_ignore_ascii_case("identity") {
        return Ok(None);
    }
    let limit = DecodeLimit { max_bytes, max_ratio: MAX_RATIO };
    Decoder::new(coding, limit).map(Some).map_err(FetchError::Decode)
}

/// The third look of the guard. The request is on its way by now, so nothing of the answer is read.
fn check_peer(reach: Reach, peer: Option<SocketAddr>) -> Result<(), Blocked> {
    match (reach, peer) {
        (Reach::Public, Some(peer)) => egress::check_answers(&[peer.ip()]),
        (Reach::Named, _) | (Reach::Public, None) => Ok(()),
    }
}

async fn read(
    mut response: reqwest::Response,
    large: Arc<Semaphore>,
    limits: Limits,
) -> Result<Body, FetchError> {
    let headers = response.headers();
    let delimited = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    let announced = response.content_length();
    let mut decoder = decoder_of(&response, limits.decoded)?;
    let most = if decoder.is_some() { limits.wire } else { limits.wire.min(limits.decoded) };
    if announced.is_some_and(|length| length > most) {
        return Err(FetchError::TooLarge { limit: most });
    }
    let mut wire = Vec::with_capacity(usize::try_from(announced.unwrap_or(0)).unwrap_or(0));
    let mut decoded = Vec::new();
    let mut place = None;
    while let Some(chunk) = next_chunk(&mut response).await? {
        if (wire.len() + chunk.len()) as u64 > most {
            return Err(FetchError::TooLarge { limit: most });
        }
        wire.extend_from_slice(&chunk);
        if let Some(decoder) = &mut decoder {
            decoder.push(&chunk, &mut decoded).map_err(too_large_or_corrupt)?;
        }
        if place.is_none() && wire.len() + decoded.len() > LARGE {
            place = Some(Arc::clone(&large).acquire_owned().await.expect("the semaphore is never closed"));
        }
    }
    // A 304 and a HEAD carry the header of a body that is not there.
    let decoded = match decoder {
        Some(decoder) if !wire.is_empty() => {
            decoder.finish().map_err(too_large_or_corrupt)?;
            Some(decoded)
        }
        _ => None,
    };
    Ok(Body { wire, decoded, delimited, place })
}

/// The next piece of a body; a silence that is too long ends it. (reqwest's own read timeout also runs while a request
/// is being sent and answered, which may take a push much longer.)
async fn next_chunk(response: &mut reqwest::Response) -> Result<Option<Bytes>, FetchError> {
    let chunk = timeout(READ_TIMEOUT, response.chunk()).await.map_err(|_| FetchError::Timeout)?;
    chunk.map_err(classify)
}

fn too_large_or_corrupt(error: DecodeError) -> FetchError {
    match error {
        DecodeError::TooLarge { limit } => FetchError::TooLarge { limit },
        DecodeError::Truncated(_) => FetchError::Truncated,
        other => FetchError::Decode(other),
    }
}

/// Finds the cause that decides, somewhere in reqwest's chain of sources.
fn classify(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    let mut tls = false;
    let mut cut = false;
    while let Some(current) = cause {
        if let Some(refusal) = current.downcast_ref::<Refusal>() {
            return match refusal {
                Refusal::Blocked(blocked) => FetchError::Blocked(blocked.clone()),
                Refusal::Dns(reason) => FetchError::Dns(reason.clone().into()),
            };
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            tls |= io.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some());
            cut |= io.kind() == io::ErrorKind::UnexpectedEof;
            if io.kind() == io::ErrorKind::TimedOut {
                return FetchError::Timeout;
            }
        }
        tls |= current.downcast_ref::<rustls::Error>().is_some();
        cause = current.source();
    }
    match () {
        () if error.is_timeout() && !error.is_connect() => FetchError::Timeout,
        () if tls && error.is_connect() => FetchError::Tls(error),
        () if error.is_connect() => FetchError::Connect(error),
        () if cut || error.is_body() || error.is_decode() => FetchError::Truncated,
        () => FetchError::Broken(error),
    }
}
