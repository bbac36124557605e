//! An answer: its head at hand, its body on the wire, read with caps.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use url::Url;

use super::{
    decode::{DecodeError, DecodeLimit, Decoder},
    error::{FetchError, TimedOut, classify},
    limits::{Limits, READ_TIMEOUT, is_too_slow},
    retry_after::retry_after,
    traffic::Meter,
};

/// A body larger than this waits for one of [`LARGE_AT_ONCE`] places, and keeps it for as long as it is held: so memory
/// follows the places and not the number of exchanges.
const LARGE: usize = 1024 * 1024;
pub(super) const LARGE_AT_ONCE: usize = 4;
/// Decoded over wire bytes, beyond the first MiB: pages reach 20, bombs begin at 1,000.
const MAX_RATIO: u32 = 200;

/// An answer whose body is still on the wire.
#[derive(Debug)]
pub struct Answer {
    pub(super) response: reqwest::Response,
    pub(super) large: Arc<Semaphore>,
    pub(super) meter: Meter,
    pub(super) limits: Limits,
    pub(super) latency: Duration,
    pub(super) deadline: Instant,
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

impl Answer {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Time from the request to the head of the answer, connecting included.
    pub fn latency(&self) -> Duration {
        self.latency
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
        let deadline = self.deadline;
        timeout_at(deadline, read(self)).await.map_err(|_| FetchError::TOTAL)?
    }

    /// Reads at most the first `max` bytes of the decoded body and leaves the rest: for texts of which the
    /// beginning counts, whatever their size.
    ///
    /// # Errors
    /// [`FetchError`] where the body breaks before that.
    pub async fn read_start(self, max: u64) -> Result<Vec<u8>, FetchError> {
        let Answer { mut response, meter, deadline, .. } = self;
        let mut decoder = decoder_of(&response, max)?;
        let mut start = Vec::new();
        while (start.len() as u64) < max {
            let chunk = timeout_at(deadline, next_chunk(&mut response, &meter))
                .await
                .map_err(|_| FetchError::TOTAL)??;
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

async fn read(answer: Answer) -> Result<Body, FetchError> {
    let Answer { mut response, large, meter, limits, .. } = answer;
    let begun = Instant::now();
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
    while let Some(chunk) = next_chunk(&mut response, &meter).await? {
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
        if is_too_slow(wire.len() as u64, begun.elapsed()) {
            return Err(FetchError::Timeout(TimedOut::Rate));
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
async fn next_chunk(response: &mut reqwest::Response, meter: &Meter) -> Result<Option<Bytes>, FetchError> {
    let chunk = timeout(READ_TIMEOUT, response.chunk())
        .await
        .map_err(|_| FetchError::Timeout(TimedOut::Silence))?
        .map_err(classify)?;
    meter.received(chunk.as_ref().map_or(0, Bytes::len));
    Ok(chunk)
}

fn too_large_or_corrupt(error: DecodeError) -> FetchError {
    match error {
        DecodeError::TooLarge { limit } => FetchError::TooLarge { limit },
        DecodeError::Truncated(_) => FetchError::Truncated,
        other => FetchError::Decode(other),
    }
}
