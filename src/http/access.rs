//! What a private site asks for before it answers, and the way there: headers that are bound to their origins, a
//! proxy, certificate authorities.

use reqwest::{
    Certificate, Proxy,
    header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue},
};
use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject},
    },
};
use secrecy::{ExposeSecret, SecretString};
use url::{Origin, Url};
use xxhash_rust::xxh3::xxh3_64;

/// How a client may present itself. The default is a stranger on a direct way.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The origins that the headers are bound to: nothing of them is sent to another one.
    pub origins: Vec<Origin>,
    /// `Authorization`, `Cookie`, and what else the site wants to see; marked as sensitive, so that no log shows them.
    pub headers: HeaderMap,
    /// The way out, where there is no direct one.
    pub proxy: Option<ProxyServer>,
    /// Authorities that are trusted besides those of the system.
    pub authorities: Authorities,
}

/// An HTTP proxy: chosen in the pipeline file, never taken from the environment.
#[derive(Debug, Clone)]
pub struct ProxyServer {
    /// http or https, without credentials.
    pub url: Url,
    /// What it is told of us, where it asks.
    pub credentials: Option<(String, SecretString)>,
}

/// Certificate authorities, read from PEM.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// A text that holds no certificates.
#[derive(Debug, thiserror::Error)]
pub enum BadAuthorities {
    /// It is damaged PEM.
    #[error("not readable as PEM certificates")]
    Unreadable(#[source] pem::Error),
    /// What it calls a certificate is none.
    #[error("a certificate in it is damaged")]
    Damaged(#[source] rustls::Error),
    /// There is none in it.
    #[error("no certificate in it")]
    None,
}

impl Authorities {
    /// Reads one or more certificates.
    ///
    /// # Errors
    /// [`BadAuthorities`] where there is none, or one that cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Authorities, BadAuthorities> {
        // The client looks at them no earlier than at its first request.
        let mut looked_at = RootCertStore::empty();
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(BadAuthorities::Unreadable)?;
            looked_at.add(certificate.clone()).map_err(BadAuthorities::Damaged)?;
            certificates.push(certificate);
        }
        if certificates.is_empty() { Err(BadAuthorities::None) } else { Ok(Authorities(certificates)) }
    }
}

impl Access {
    /// Stands for what is asked for by headers besides the URL: under other ones, a page is another representation.
    pub fn representation(&self) -> u32 {
        // A new session, or a renewed token, shows the same.
        let is_credential = |name: &HeaderName| *name == AUTHORIZATION || *name == COOKIE;
        let of = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = if is_credential(name) { b"" } else { value.as_bytes() };
            [name.as_str().as_bytes(), b": ", value].concat()
        };
        let mut headers: Vec<Vec<u8>> = self.headers.iter().map(of).collect();
        headers.sort();
        (xxh3_64(&headers.join(&b'\n')) >> 32) as u32
    }

    /// Fits a client for the way and for the authorities.
    pub(super) fn fit(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        let builder = match &self.proxy {
            // A proxy from the environment would resolve names behind the guard.
            None => builder.no_proxy(),
            Some(server) => {
                let mut proxy = Proxy::all(server.url.clone())?;
                if let Some((user, password)) = &server.credentials {
                    proxy = proxy.basic_auth(user, password.expose_secret());
                }
                builder.proxy(proxy)
            }
        };
        let authorities = self.authorities.0.iter().map(|der| Certificate::from_der(der));
        Ok(builder.tls_certs_merge(authorities.collect::<Result<Vec<_>, _>>()?))
    }
}
