//! Why there is no answer, or none that is taken.

use std::{error::Error as StdError, io};

use super::{
    decode::DecodeError,
    egress::Blocked,
    limits::{FIRST_BYTE_TIMEOUT, LEAST_RATE, MAX_HEADERS, READ_TIMEOUT},
    resolver::Refusal,
};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The egress guard refused the URL, the resolver's answer, or the peer.
    #[error("refused: {0}")]
    Blocked(#[from] Blocked),
    /// The name did not resolve.
    #[error("the name does not resolve")]
    Dns(#[source] Box<dyn StdError + Send + Sync>),
    /// The proxy or the certificate authorities cannot be used.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
    /// No connection: nothing was sent.
    #[error("no connection")]
    Connect(#[source] reqwest::Error),
    /// No trusted TLS session: nothing was sent.
    #[error("no trusted TLS session")]
    Tls(#[source] reqwest::Error),
    /// The exchange took too long; the request may have arrived.
    #[error("timed out: {0}")]
    Timeout(TimedOut),
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
    /// The headers are larger than what is read.
    #[error("headers larger than {MAX_HEADERS} bytes")]
    LargeHeaders,
    /// The content coding could not be undone.
    #[error("content coding: {0}")]
    Decode(#[source] DecodeError),
}

/// Which patience ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimedOut {
    /// Until the head of the answer.
    #[error("no answer within {} s", FIRST_BYTE_TIMEOUT.as_secs())]
    FirstByte,
    /// Between two parts of the body.
    #[error("silent for {} s in the body", READ_TIMEOUT.as_secs())]
    Silence,
    /// The body comes drop by drop.
    #[error("the body comes slower than {LEAST_RATE} bytes/s")]
    Rate,
    /// All in all.
    #[error("not done in time")]
    Total,
}

impl FetchError {
    /// The whole time is up.
    pub(super) const TOTAL: FetchError = FetchError::Timeout(TimedOut::Total);

    /// Whether the request certainly did not reach the server.
    pub fn is_unsent(&self) -> bool {
        matches!(
            self,
            FetchError::Blocked(_)
                | FetchError::Dns(_)
                | FetchError::Setup(_)
                | FetchError::Connect(_)
                | FetchError::Tls(_)
        )
    }
}

/// Finds the cause that decides, somewhere in reqwest's chain of sources.
pub(super) fn classify(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    let mut tls = false;
    let mut cut = false;
    while let Some(current) = cause {
        if let Some(refusal) = current.downcast_ref::<Refusal>() {
            return refusal.clone().into();
        }
        tls |= current.downcast_ref::<rustls::Error>().is_some();
        let io = current.downcast_ref::<io::Error>();
        if let Some(io) = io {
            cut |= io.kind() == io::ErrorKind::UnexpectedEof;
            if io.kind() == io::ErrorKind::TimedOut {
                return FetchError::TOTAL;
            }
        }
        // The source of an I/O error is the source of what it wraps, which itself would be missed.
        cause = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    match () {
        () if error.is_timeout() && !error.is_connect() => FetchError::TOTAL,
        () if tls && error.is_connect() => FetchError::Tls(error),
        () if error.is_connect() => FetchError::Connect(error),
        () if cut || error.is_body() || error.is_decode() => FetchError::Truncated,
        () => FetchError::Broken(error),
    }
}

impl From<Refusal> for FetchError {
    fn from(refusal: Refusal) -> FetchError {
        match refusal {
            Refusal::Blocked(blocked) => FetchError::Blocked(blocked),
            Refusal::Dns(reason) => FetchError::Dns(reason.into()),
        }
    }
}
