//! One message over HTTP: a ping, or an event for the webhook; sent again while that may help.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use super::{Event, Notice, PrivateUrl, Webhook, outbox};
use crate::{
    hash::hex,
    http::{Client, FetchError, Limits},
};

const EVENT: HeaderName = HeaderName::from_static("x-corpusd-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-corpusd-delivery");
const SIGNATURE: HeaderName = HeaderName::from_static("x-corpusd-signature");

/// Of the answer nothing but the status is read.
const LIMITS: Limits = Limits { wire: 0, decoded: 0, total: Duration::from_secs(10) };
/// The pause before the second attempt; doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// Then it is given up: an hour and a half after the first attempt.
const MOST_ATTEMPTS: u32 = 17;

/// One message.
#[derive(Debug)]
pub(super) struct Letter {
    what: &'static str,
    to: PrivateUrl,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<(&'static str, Bytes)>,
}

/// The ping that a run has begun.
pub(super) fn started(url: &PrivateUrl) -> Letter {
    ping(url.below("start"), None)
}

/// The ping that a run has ended; `None` where it was only stopped, which says neither good nor bad: if no other
/// follows, the health check misses one by itself.
pub(super) fn ended(url: &PrivateUrl, notice: &Notice) -> Option<Letter> {
    Some(if notice.is_well()? {
        ping(url.clone(), None)
    } else {
        ping(url.below("fail"), Some(("text/plain; charset=utf-8", notice.text(None).into())))
    })
}

fn ping(to: PrivateUrl, body: Option<(&'static str, Bytes)>) -> Letter {
    Letter { what: "ping", to, headers: Vec::new(), body }
}

/// An event for the webhook.
pub(super) fn event(webhook: &Webhook, event: Event, notice: &Notice) -> Letter {
    let body = notice.event(event);
    let header =
        |text: &str| HeaderValue::from_str(text).expect("a pipeline's name, numbers and words of our own");
    let mut headers = vec![(EVENT, header(event.name())), (DELIVERY, header(&notice.id(event)))];
    if let Some(secret) = &webhook.secret {
        headers.push((SIGNATURE, header(&signature(secret, body.as_bytes()))));
    }
    let body = Some(("application/json", body.into()));
    Letter { what: "webhook", to: webhook.url.clone(), headers, body }
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of the body, in lower-case hexadecimal.
fn signature(secret: &SecretString, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("a key of HMAC may have any length");
    mac.update(body);
    format!("sha256={}", hex(&mac.finalize().into_bytes()))
}

/// Why an attempt came to nothing.
struct Refusal {
    reason: String,
    /// When another one may do better, and no sooner than that.
    again: Option<Duration>,
}

impl Letter {
    /// Sends it until it arrives, or there is no hope left, or the process ends.
    pub(super) async fn deliver(self, client: &Client, now: fn() -> Timestamp, closing: &CancellationToken) {
        let mut last_word = "no answer yet".to_owned();
        let gives_up = tokio::select! {
            gives_up = self.attempts(client, now, &mut last_word) => gives_up,
            () = outbox::too_late(closing) => true,
        };
        if gives_up {
            let Letter { what, to, .. } = &self;
            tracing::warn!("the {what} to {to} is given up: {last_word}");
        }
    }

    /// Whether it is given up.
    async fn attempts(&self, client: &Client, now: fn() -> Timestamp, last_word: &mut String) -> bool {
        let Letter { what, to, .. } = self;
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=MOST_ATTEMPTS {
            let refusal = match self.attempt(client, now).await {
                Ok(status) => {
                    tracing::debug!(status, attempt, "the {what} to {to} arrived");
                    return false;
                }
                Err(refusal) => refusal,
            };
            *last_word = refusal.reason;
            let Some(asked) = refusal.again else { return true };
            tracing::debug!(attempt, "the {what} to {to} failed: {last_word}");
            tokio::time::sleep(pause.max(asked)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        true
    }

    async fn attempt(&self, client: &Client, now: fn() -> Timestamp) -> Result<u16, Refusal> {
        let url = self.to.expose();
        let method = if self.body.is_some() { Method::POST } else { Method::GET };
        let sent = client.send(method, url, &self.headers, self.body.clone(), LIMITS).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                let may_pass = !matches!(error, FetchError::Blocked(_) | FetchError::Setup(_));
                // Its causes tell the whole URL.
                return Err(Refusal { reason: error.to_string(), again: may_pass.then_some(Duration::ZERO) });
            }
        };
        let status = answer.status();
        if (200..300).contains(&status) {
            return Ok(status);
        }
        let may_pass = matches!(status, 408 | 425 | 429 | 500..=599);
        let asked = answer.retry_after(now()).unwrap_or_default().min(LONGEST_PAUSE);
        Err(Refusal { reason: format!("it answers {status}"), again: may_pass.then_some(asked) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // RFC 4231 §4.3, test case 2.
        let secret = SecretString::from("Jefe");
        assert_eq!(
            signature(&secret, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
