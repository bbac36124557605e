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
}

impl Meter {
    pub(super) fn answered(&self, http2: bool) {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.http2.fetch_add(u64::from(http2), Ordering::Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn traffic(&self) -> Traffic {
        let Counts { requests, http2, connections, bytes } = &*self.counts;
        Traffic {
            requests: requests.load(Ordering::Relaxed),
            http2: http2.load(Ordering::Relaxed),
            connections: connections.load(Ordering::Relaxed),
            bytes: bytes.load(Ordering::Relaxed),
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
