//! An authority of our own, and what it certifies.

use std::{ops::Range, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Nobody trusts it, unless they are told to.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server shows and speaks.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The name or address that it is certified for.
    pub(crate) name: &'static str,
    /// From the first day of a year to the first of another.
    pub(crate) valid: Range<i32>,
    /// What it offers by ALPN; none: it does not know ALPN.
    pub(crate) speaks: &'static [&'static str],
}

/// This machine's own address, for as long as there are tests, with HTTP/2 where the client likes it.
pub(crate) const SOUND: Identity =
    Identity { name: "127.0.0.1", valid: 2020..2200, speaks: &["h2", "http/1.1"] };

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "An authority of the tests");
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server needs to be `identity`.
    pub(crate) fn certify(&self, identity: &Identity) -> TlsAcceptor {
        let mut params = CertificateParams::new([identity.name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(identity.valid.start, 1, 1);
        params.not_after = date_time_ymd(identity.valid.end, 1, 1);
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &self.0).unwrap().der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .unwrap();
        config.alpn_protocols = identity.speaks.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
