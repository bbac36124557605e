//! The client: two reqwest clients behind one guard.
//!
//! Of the two, one may reach exactly the origins that the configuration names (they may be private), the
//! other reaches public addresses only. Which one a URL gets is decided from its parsed host and port, so a
//! name that is allowed on one port is still guarded on every other.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use reqwest::{
    Method, Version,
    header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use url::{Host, Url};

use super::{
    access::Access,
    answer::{Answer, LARGE_AT_ONCE},
    egress::{self, Blocked, Egress, Reach},
    error::{FetchError, classify},
    limits::{CONNECT_TIMEOUT, Limits, MAX_HEADERS, patience},
    resolver::{self, Resolver},
    traffic::{Meter, Traffic},
};

/// The content codings that [`decode`](super::decode) undoes, in the order of preference of most servers.
const CODINGS: &str = "gzip, deflate, br, zstd";

/// The guarded client; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client(Arc<Shared>);

/// What the clones of a client share.
#[derive(Debug)]
struct Shared {
    /// Made at their first use: many runs never use one of them, and what a system trusts is slow to load.
    clients: [OnceLock<reqwest::Client>; 2],
    user_agent: String,
    access: Access,
    egress: Egress,
    large: Arc<Semaphore>,
    meter: Meter,
}

impl Client {
    /// A client that sends `user_agent` and may reach, besides public addresses, what `egress` names.
    pub fn new(egress: Egress, user_agent: &str) -> Client {
        Client::with_access(egress, user_agent, Access::default())
    }

    /// The same for sites that ask for more than a name.
    pub fn with_access(egress: Egress, user_agent: &str, access: Access) -> Client {
        Client(Arc::new(Shared {
            clients: <[OnceLock<_>; 2]>::default(),
            user_agent: user_agent.to_owned(),
            access,
            egress,
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
            meter: Meter::default(),
        }))
    }

    /// What went over the wire so far.
    pub fn traffic(&self) -> Traffic {
        self.0.meter.traffic()
    }

    /// The guard, for redirects.
    pub fn egress(&self) -> &Egress {
        &self.0.egress
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

    /// Sends a request with a body of this media type, or none; any status is an answer.
    ///
    /// # Errors
    /// As [`Client::get`]; [`FetchError::is_unsent`] tells whether the server can have acted.
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Option<(&'static str, Bytes)>,
        limits: Limits,
    ) -> Result<Answer, FetchError> {
        let begun = Instant::now();
        let deadline = begun + limits.total;
        let reach = self.0.egress.check_url(url)?;
        let proxied = self.0.access.proxy.is_some();
        // The proxy is the peer then, and a named one.
        if let (true, Reach::Public, Some(Host::Domain(name))) = (proxied, reach, url.host()) {
            let looked = timeout_at(deadline, resolver::check_public(name.to_owned())).await;
            looked.map_err(|_| FetchError::TOTAL)??;
        }
        let client = self.client(reach == Reach::Public && !proxied)?;
        let mut request = client.request(method, url.clone()).header(ACCEPT_ENCODING, CODINGS);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // Bound to their origins: a redirect is a request of its own, and comes by here again.
        if self.0.access.origins.contains(&url.origin()) {
            request = request.headers(self.0.access.headers.clone());
        }
        let (patience, which) = patience(body.is_some(), limits.total);
        if let Some((media, body)) = body {
            request = request.header(CONTENT_TYPE, media).body(body);
        }
        let response = timeout_at(begun + patience, request.send())
            .await
            .map_err(|_| FetchError::Timeout(which))?
            .map_err(classify)?;
        if !proxied {
            check_peer(reach, response.remote_addr())?;
        }
        self.0.meter.answered(response.status().as_u16(), response.version() == Version::HTTP_2);
        let size: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > MAX_HEADERS {
            return Err(FetchError::LargeHeaders);
        }
        Ok(Answer {
            response,
            large: Arc::clone(&self.0.large),
            meter: self.0.meter.clone(),
            limits,
            latency: begun.elapsed(),
            deadline,
        })
    }

    fn client(&self, public_only: bool) -> Result<&reqwest::Client, FetchError> {
        let place = &self.0.clients[usize::from(public_only)];
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = self.build(Resolver { public_only }).map_err(FetchError::Setup)?;
        Ok(place.get_or_init(|| client))
    }

    fn build(&self, resolver: Resolver) -> Result<reqwest::Client, reqwest::Error> {
        // An error means that a provider is installed already, by another client of this process.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(&*self.0.user_agent)
            // A redirect could carry a body or a key to another origin, and must pass the guard first.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_max_header_list_size(u32::try_from(MAX_HEADERS).unwrap_or(u32::MAX))
            .dns_resolver(resolver)
            .connector_layer(self.0.meter.clone());
        self.0.access.fit(builder)?.build()
    }
}

/// The third look of the guard. The request is on its way by now, so nothing of the answer is read.
fn check_peer(reach: Reach, peer: Option<SocketAddr>) -> Result<(), Blocked> {
    match (reach, peer) {
        (Reach::Public, Some(peer)) => egress::check_answers(&[peer.ip()]),
        (Reach::Named, _) | (Reach::Public, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_not_public_is_refused_unless_it_was_named() {
        let check = |reach, peer: &str, expected| {
            let peer: SocketAddr = peer.parse().unwrap();
            assert_eq!(check_peer(reach, Some(peer)).is_ok(), expected, "{reach:?} {peer}");
        };
        check(Reach::Public, "93.184.215.14:443", true);
        check(Reach::Public, "127.0.0.1:80", false);
        check(Reach::Public, "[::ffff:10.0.0.1]:80", false);
        check(Reach::Public, "169.254.169.254:80", false);
        check(Reach::Named, "127.0.0.1:80", true);
        assert!(check_peer(Reach::Public, None).is_ok());
    }
}
