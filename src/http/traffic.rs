//! What went over the wire: how many requests, over how many connections.
//!
//! The ratio of the two is what keep-alive and HTTP/2 are for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use serde::{Deserialize, Serialize};
use tower_layer::Layer;
use tower_service::Service;

/// What a client has sent and received so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests that were answered.
    pub requests: u64,
    /// Of these, how many over HTTP/2.
    pub http2: u64,
    /// Connections that were opened, or tried.
    pub connections: u64,
    /// Bytes of bodies that were received, as they came.
    pub bytes: u64,
    /// The requests by the class of the status that they were answered with.
    #[serde(default)]
    pub by_class: Classes,
}

/// Answers by the class of their status (RFC 9110 §15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Classes {
    /// Successful.
    #[serde(rename = "2xx")]
    pub success: u64,
    /// Redirection, and not modified.
    #[serde(rename = "3xx")]
    pub redirection: u64,
    /// Errors of the one who asks.
    #[serde(rename = "4xx")]
    pub client_error: u64,
    /// Errors of the one who answers.
    #[serde(rename = "5xx")]
    pub server_error: u64,
}

impl Classes {
    /// The counts with the names of their classes.
    pub fn named(self) -> [(&'static str, u64); 4] {
        [
            ("2xx", self.success),
            ("3xx", self.redirection),
            ("4xx", self.client_error),
            ("5xx", self.server_error),
        ]
    }

    fn plus(self, other: Classes) -> Classes {
        Classes {
            success: self.success + other.success,
            redirection: self.redirection + other.redirection,
            client_error: self.client_error + other.client_error,
            server_error: self.server_error + other.server_error,
        }
    }
}

impl Traffic {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Traffic) -> Traffic {
        Traffic {
            requests: self.requests + other.requests,
            http2: self.http2 + other.http2,
            connections: self.connections + other.connections,
            bytes: self.bytes + other.bytes,
            by_class: self.by_class.plus(other.by_class),
        }
    }
}

/// Counts traffic; its clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    http2: AtomicU64,
    connections: AtomicU64,
    bytes: AtomicU64,
    /// By the first digit of the status, from 2.
    classes: [AtomicU64; 4],
}

impl Meter {
    pub(super) fn answered(&self, status: u16, http2: bool) {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.http2.fetch_add(u64::from(http2), Ordering::Relaxed);
        let class =
            (status / 100).checked_sub(2).and_then(|class| self.counts.classes.get(usize::from(class)));
        if let Some(class) = class {
            class.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn received(&self, bytes: usize) {
        self.counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn traffic(&self) -> Traffic {
        let Counts { requests, http2, connections, bytes, classes } = &*self.counts;
        let [success, redirection, client_error, server_error] =
            classes.each_ref().map(|count| count.load(Ordering::Relaxed));
        Traffic {
            requests: requests.load(Ordering::Relaxed),
            http2: http2.load(Ordering::Relaxed),
            connections: connections.load(Ordering::Relaxed),
            bytes: bytes.load(Ordering::Relaxed),
            by_class: Classes { success, redirection, client_error, server_error },
        }
    }
}

/// Stands around the connector, which is called once for each connection.
impl<S> Layer<S> for Meter {
    type Service = Metered<S>;

    fn layer(&self, connector: S) -> Metered<S> {
        Metered { connector, meter: self.clone() }
    }
}

/// A connector whose calls are counted.
#[derive(Debug, Clone)]
pub(super) struct Metered<S> {
    connector: S,
    meter: Meter,
}

impl<S: Service<R>, R> Service<R> for Metered<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.meter.counts.connections.fetch_add(1, Ordering::Relaxed);
        self.connector.call(request)
    }
}
