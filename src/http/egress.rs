//! Which URLs and addresses may be connected to (protection against server-side request forgery).
//!
//! Decides on the parsed [`url::Host`], never on a spelling: the URL parser has already folded `0x7f.1`,
//! `2130706433`, circled digits and trailing dots into one address. It resolves nothing and opens nothing:
//! the client asks [`Egress::check_url`] before it resolves a name, [`check_answers`] before it connects, and
//! [`Egress::check_redirect`] before it follows.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Ports that a public web site answers on. Any other has to be named by the configuration.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Top-level labels that no public site can have, sorted. They are refused before DNS, because a local
/// resolver may answer for them: special-use names (RFC 6761, 6762, 7686, 8375, 9476), names that ICANN keeps
/// out of the root (`corp`, `home`, `mail`, `internal`), those of RFC 6762 appendix G, and the suffixes of
/// Kubernetes and Consul. `.test` and `.example` are absent: they reach nothing unless a resolver was told so
/// on purpose.
const PRIVATE_SUFFIXES: [&str; 17] = [
    "alt",
    "arpa",
    "cluster",
    "consul",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "svc",
];

/// IPv4 networks outside the public internet: network and prefix length (IANA special-purpose registry, RFC
/// 6890).
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 15] = [
    // "This" network; on Linux 0.0.0.0 reaches loopback.
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carrier NAT (RFC 6598), and the metadata service of Alibaba.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Azure's host agent answers on an address that looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Link-local, and the metadata service of most clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocol assignments, and the metadata service of Oracle.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relay anycast of 6to4 (RFC 7526).
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// The only IPv6 space that is handed out for global unicast (RFC 4291). NAT64, unique local, link-local,
/// multicast and `SRv6` lie outside it.
const GLOBAL_UNICAST_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within [`GLOBAL_UNICAST_V6`] that are not the public internet.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    // Protocol assignments: Teredo, which embeds IPv4, benchmarking, ORCHID, anycast (RFC 2928).
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 embeds IPv4 (RFC 3056).
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // Documentation (RFC 9637).
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The origins that a connection may go to beyond the public internet.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    named: BTreeSet<(Host<String>, u16)>,
}

/// How far a permitted URL may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The user's configuration names this host and port: any address is allowed for it.
    Named,
    /// Only public addresses: what the name resolves to still has to pass [`check_answers`].
    Public,
}

/// Why a connection is refused. Never holds userinfo, path or query of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Not a web address.
    #[error("scheme `{0}` is not http or https")]
    Scheme(String),
    /// A user name or password in the URL, which hides the real host from a reader.
    #[error("the URL carries credentials")]
    Credentials,
    /// Nothing to connect to.
    #[error("the URL has no host")]
    NoHost,
    /// A port that public sites do not use and that the configuration does not name.
    #[error("port {0} is not one of 80, 443, 8080, 8443")]
    Port(u16),
    /// A single label, a special-use suffix, or a name with an empty label.
    #[error("`{0}` is not a public name")]
    Name(String),
    /// An address outside the public internet, literal or resolved.
    #[error("{0} is not a public address")]
    Address(IpAddr),
    /// The resolver answered without an address: nothing was checked, so nothing is allowed.
    #[error("the name has no address")]
    NoAddress,
    /// A redirect that gives up encryption.
    #[error("the redirect leads from https to http at `{0}`")]
    Downgrade(String),
}

impl Egress {
    /// `named` are the origins in the user's own configuration. A URL that is not a web address with a host
    /// names nothing. What pages link to is checked against the same set, so keep origins that a crawl has no
    /// business with (an API on loopback) in a set of their own.
    pub fn new<'a>(named: impl IntoIterator<Item = &'a Url>) -> Egress {
        let named = named.into_iter().filter(|url| is_web(url)).filter_map(origin).collect();
        Egress { named }
    }

    /// Decides what can be decided before DNS.
    ///
    /// # Errors
    /// The first rule that the URL breaks. Credentials are refused even on a named origin.
    pub fn check_url(&self, url: &Url) -> Result<Reach, Blocked> {
        if !is_web(url) {
            return Err(Blocked::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked::Credentials);
        }
        let origin = origin(url).ok_or(Blocked::NoHost)?;
        if self.named.contains(&origin) {
            return Ok(Reach::Named);
        }
        let (host, port) = origin;
        match host {
            Host::Ipv4(ip) => check_address(ip.into())?,
            Host::Ipv6(ip) => check_address(ip.into())?,
            Host::Domain(name) => check_name(name)?,
        }
        if !PORTS.contains(&port) {
            return Err(Blocked::Port(port));
        }
        Ok(Reach::Public)
    }

    /// Decides whether `from` may send the client on to `to`. Whether another host is in the scope of the
    /// crawl is not decided here.
    ///
    /// # Errors
    /// As [`Egress::check_url`], and [`Blocked::Downgrade`] from https to http unless `to` is named.
    pub fn check_redirect(&self, from: &Url, to: &Url) -> Result<Reach, Blocked> {
        let reach = self.check_url(to)?;
        if reach != Reach::Named && from.scheme() == "https" && to.scheme() == "http" {
            return Err(Blocked::Downgrade(to.host_str().unwrap_or_default().to_owned()));
        }
        Ok(reach)
    }
}

/// Azure's and Amazon's metadata services outside of the link-local ranges.
const AZURE_WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

/// Judges the answer for a name that the configuration names: private addresses are what it may mean, but never
/// those that only a machine itself has, where clouds serve credentials. (A literal address is its own will.)
pub fn check_named_answers(addresses: &[IpAddr]) -> Result<(), Blocked> {
    let is_metadata = |ip: &&IpAddr| match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4 == AZURE_WIRE_SERVER,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == AWS_METADATA,
    };
    match addresses.iter().find(is_metadata) {
        Some(ip) => Err(Blocked::Address(*ip)),
        None if addresses.is_empty() => Err(Blocked::NoAddress),
        None => Ok(()),
    }
}

/// Checks everything that a [`Reach::Public`] name resolved to. One address that is not public refuses the
/// whole answer: choosing a good one would let the name's owner choose when to serve the bad one.
///
/// # Errors
/// [`Blocked::Address`] with the first such address, [`Blocked::NoAddress`] for an empty answer.
pub fn check_answers(addresses: &[IpAddr]) -> Result<(), Blocked> {
    if addresses.is_empty() {
        return Err(Blocked::NoAddress);
    }
    addresses.iter().copied().try_for_each(check_address)
}

/// Whether `ip` is an address of the public internet. An IPv4-mapped address is judged as the IPv4 address
/// that the kernel would connect to.
pub fn public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !NOT_PUBLIC_V4.iter().any(|network| within_v4(ip, *network)),
        IpAddr::V6(ip) => {
            within_v6(ip, GLOBAL_UNICAST_V6) && !NOT_PUBLIC_V6.iter().any(|network| within_v6(ip, *network))
        }
    }
}

fn within_v4(ip: Ipv4Addr, (network, prefix): (Ipv4Addr, u32)) -> bool {
    (ip.to_bits() ^ network.to_bits()).leading_zeros() >= prefix
}

fn within_v6(ip: Ipv6Addr, (network, prefix): (Ipv6Addr, u32)) -> bool {
    (ip.to_bits() ^ network.to_bits()).leading_zeros() >= prefix
}

fn check_address(ip: IpAddr) -> Result<(), Blocked> {
    if public(ip) { Ok(()) } else { Err(Blocked::Address(ip)) }
}

/// `name` is lower-case and without the dot of the root.
fn check_name(name: String) -> Result<(), Blocked> {
    let well_formed = name.split('.').all(|label| !label.is_empty());
    let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
    match suffix {
        Some(suffix) if well_formed && PRIVATE_SUFFIXES.binary_search(&suffix).is_err() => Ok(()),
        _ => Err(Blocked::Name(name)),
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Host and port; `site.test.` and `site.test` are one name.
fn origin(url: &Url) -> Option<(Host<String>, u16)> {
    let host = match url.host()? {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
        Host::Ipv4(ip) => Host::Ipv4(ip),
        Host::Ipv6(ip) => Host::Ipv6(ip),
    };
    Some((host, url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const URLS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ssrf_urls.tsv"));
    const DNS: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ssrf_dns_redirect.json"));

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// The decision in a word: `named`, `public`, or the name of the rule.
    fn verdict(result: &Result<Reach, Blocked>) -> &'static str {
        match result {
            Ok(Reach::Named) => "named",
            Ok(Reach::Public) => "public",
            Err(Blocked::Scheme(_)) => "scheme",
            Err(Blocked::Credentials) => "credentials",
            Err(Blocked::NoHost) => "no host",
            Err(Blocked::Port(_)) => "port",
            Err(Blocked::Name(_)) => "name",
            Err(Blocked::Address(_)) => "address",
            Err(Blocked::NoAddress) => "no address",
            Err(Blocked::Downgrade(_)) => "downgrade",
        }
    }

    #[test]
    fn a_named_host_may_be_private_but_never_a_metadata_service() {
        for (answer, allowed) in [
            ("10.0.0.5", true),
            ("127.0.0.1", true),
            ("fd12::1", true),
            ("93.184.215.14", true),
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("fe80::1", false),
            ("168.63.129.16", false),
            ("fd00:ec2::254", false),
        ] {
            assert_eq!(check_named_answers(&[answer.parse().unwrap()]).is_ok(), allowed, "{answer}");
        }
        assert!(check_named_answers(&[]).is_err());
    }

    #[test]
    fn every_spelling_of_a_url_is_judged_by_its_host() {
        let mut rows = 0;
        for row in URLS.lines().skip(1) {
            let columns: Vec<&str> = row.split('\t').collect();
            let [id, _, json, expect, host, _] = columns[..] else { panic!("malformed row `{row}`") };
            let text: String = serde_json::from_str(json).unwrap();
            let parsed = Url::parse(&text);
            if expect == "reject-parse" {
                assert!(!parsed.is_ok_and(|url| Egress::default().check_url(&url).is_ok()), "{id} {text}");
            } else {
                let parsed = parsed.unwrap();
                let result = Egress::default().check_url(&parsed);
                assert_eq!(result.is_ok(), expect == "allow", "{id} {text}: {result:?}");
                assert_eq!(parsed.host_str().unwrap_or("None"), host, "{id} {text}");
            }
            rows += 1;
        }
        assert!(rows > 130, "{rows}");
    }

    #[test]
    fn one_bad_address_refuses_the_whole_answer() {
        let file: Value = serde_json::from_str(DNS).unwrap();
        for case in file["resolver_cases"].as_array().unwrap() {
            let texts = case["answers"].as_array().unwrap().iter().map(|answer| answer.as_str().unwrap());
            let addresses: Vec<IpAddr> = texts.clone().filter_map(|text| text.parse().ok()).collect();
            let prose = addresses.is_empty() && texts.count() > 0;
            if !prose {
                let result = check_answers(&addresses);
                assert_eq!(result.is_ok(), case["expect"] == "allow", "{}: {result:?}", case["id"]);
            }
        }
    }

    #[test]
    fn a_redirect_is_held_to_the_same_rules() {
        let from = url("https://site.test/a/b");
        let check = |to: &str, expect: &str| {
            let to = from.join(to).unwrap();
            assert_eq!(verdict(&Egress::default().check_redirect(&from, &to)), expect, "{to}");
        };
        check("http://127.0.0.1/", "address");
        check("http://169.254.169.254/", "address");
        check("//127.0.0.1/", "address");
        check("file:///etc/passwd", "scheme");
        check("data:text/html,x", "scheme");
        check("http://site.test/", "downgrade");
        check("http://elsewhere.test:8080/", "downgrade");
        check("https://www.site.test/", "public");
        check("https://elsewhere.test/", "public");
        check("../x", "public");
        check("/x%0d%0aSet-Cookie:a=b", "public");
        check("https://user@site.test/", "credentials");
        let plain = url("http://site.test/");
        assert_eq!(verdict(&Egress::default().check_redirect(&plain, &from)), "public");
        assert_eq!(verdict(&Egress::default().check_redirect(&plain, &plain)), "public");
    }

    #[test]
    fn a_redirect_may_leave_https_for_a_named_origin() {
        let egress = Egress::new([&url("http://wiki.internal:8000/")]);
        let from = url("https://wiki.internal/");
        assert_eq!(verdict(&egress.check_redirect(&from, &url("http://wiki.internal:8000/x"))), "named");
        assert_eq!(verdict(&egress.check_redirect(&from, &url("http://wiki.internal/x"))), "name");
    }

    #[test]
    fn a_named_origin_is_named_by_host_and_port_only() {
        let named =
            [url("http://127.0.0.1:4010/docs"), url("https://wiki.internal/"), url("mailto:a@b.test")];
        let egress = Egress::new(&named);
        let check =
            |text: &str, expect: &str| assert_eq!(verdict(&egress.check_url(&url(text))), expect, "{text}");
        check("http://127.0.0.1:4010/", "named");
        check("http://0x7f.1:4010/other", "named");
        check("https://wiki.internal./", "named");
        check("https://WIKI.internal:443/", "named");
        check("http://127.0.0.1:4011/", "address");
        check("http://127.0.0.2:4010/", "address");
        check("http://[::ffff:127.0.0.1]:4010/", "address");
        check("http://wiki.internal/", "name");
        check("https://a.wiki.internal/", "name");
        check("https://user:secret@wiki.internal/", "credentials");
    }

    #[test]
    fn names_of_private_networks_are_refused_before_dns() {
        let check = |name: &str, expect: &str| {
            let url = url(&format!("http://{name}/"));
            assert_eq!(verdict(&Egress::default().check_url(&url)), expect, "{name}");
        };
        for name in
            ["localhost", "localhost.", "a.b.localhost.", "printer.lan", "x.corp", "x.home", "x.localdomain"]
        {
            check(name, "name");
        }
        for name in
            ["com", "intranet", "x.home.arpa", "x.private", "site.test..", "a..test", "host.docker.internal"]
        {
            check(name, "name");
        }
        for name in [
            "site.test.",
            "localhost.site.test",
            "internal.site.test",
            "my-local.com",
            "xn--bcher-kva.example",
        ] {
            check(name, "public");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for text in [
            "http://0x7f.1/",
            "http://0177.1/",
            "http://127.0.1:80/",
            "http://0x7F000001./",
            "http://%31%32%37.1/",
            "http://１２７.0.0.1/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:0:0]/",
            "http://[::ffff:7f00:1]:80/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[2001:db8::1]/",
            "http://[2001:20::1]/",
            "http://[100::1]/",
            "http://[5f00::1]/",
            "http://0.0.0.0:443/",
            "http://192.168.65535/",
            "http://10.255.255.255/",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://203.0.113.9/",
            "http://224.0.0.1/",
            "https:\\\\127.0.0.1\\",
            "http:/127.0.0.1/",
            "http://\t127.0.0.1/",
            "http://127.0.0.1#@site.test/",
        ] {
            assert_eq!(verdict(&Egress::default().check_url(&url(text))), "address", "{text}");
        }
        for text in [
            "http://LocalHost./",
            "http://a.b.localhost/",
            "http://ⓛocalhost/",
            "http://consul/",
            "http://x.svc.cluster.local/",
            "http://ip-10-0-0-1.ec2.internal/",
            "http://router.lan/",
            "http://nas.home/",
            "http://printer.local./",
            "http://wpad.corp/",
            "http://instance-data/",
            "http://xyz.onion/",
        ] {
            assert_eq!(verdict(&Egress::default().check_url(&url(text))), "name", "{text}");
        }
        for text in [
            "gopher://site.test/",
            "ws://site.test/",
            "wss://site.test/",
            "view-source:http://site.test/",
            "tel:1",
        ] {
            assert_eq!(verdict(&Egress::default().check_url(&url(text))), "scheme", "{text}");
        }
        for text in ["http://a@site.test/", "http://:b@site.test/", "http://a:b@127.0.0.1/"] {
            assert_ne!(verdict(&Egress::default().check_url(&url(text))), "public", "{text}");
        }
        for text in [
            "http://site.test:21/",
            "http://site.test:11211/",
            "http://site.test:0/",
            "https://site.test:22/",
        ] {
            assert_eq!(verdict(&Egress::default().check_url(&url(text))), "port", "{text}");
        }
        for text in [
            "http://@site.test/",
            "https://1.0.0.1/",
            "http://[2001:4860:4860::8888]/",
            "http://[2620:fe::fe]/",
            "http://8.8.8.8.site.test/",
        ] {
            assert_eq!(verdict(&Egress::default().check_url(&url(text))), "public", "{text}");
        }
    }

    #[test]
    fn the_suffixes_are_sorted_for_the_binary_search() {
        assert!(PRIVATE_SUFFIXES.is_sorted());
    }

    #[test]
    fn both_ends_of_each_special_network_are_refused_and_their_neighbours_are_not() {
        let check = |first: &str, last: &str, before: Option<&str>, after: Option<&str>| {
            for (text, expect) in [(Some(first), false), (Some(last), false), (before, true), (after, true)] {
                if let Some(text) = text {
                    assert_eq!(public(text.parse().unwrap()), expect, "{text}");
                }
            }
        };
        check("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0"));
        check("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0"));
        check("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0"));
        check("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0"));
        check("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17"));
        check("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0"));
        check("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0"));
        check("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0"));
        check("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0"));
        check("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0"));
        check("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0"));
        check("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0"));
        check("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0"));
        check("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0"));
        check("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None);
        check("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2000::"));
        check("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000:ffff::1"), Some("2001:200::"));
        check("2001:db8::", "2001:db8:ffff::1", Some("2001:db7:ffff::1"), Some("2001:db9::"));
        check("2002::", "2002:ffff::1", Some("2001:ffff::1"), Some("2003::"));
        check("3fff::", "3fff:fff:ffff::1", Some("3ffe:ffff::1"), Some("3fff:1000::"));
        check("4000::", "ffff::1", Some("3fff:ffff::1"), None);
        check("::ffff:10.0.0.0", "::ffff:127.0.0.1", None, Some("::ffff:1.1.1.1"));
        check("::8.8.8.8", "64:ff9b::8.8.8.8", None, None);
    }

    #[test]
    fn a_refusal_shows_no_credentials() {
        let secret = url("https://user:hunter2@site.test/token");
        let refusal = Egress::default().check_url(&secret).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }
}
