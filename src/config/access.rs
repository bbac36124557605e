//! What a private site asks for: `headers`, `auth`, `cookies`, `proxy`, `ca_file`.

use std::{
    collections::{HashMap, hash_map},
    io::{self, Read},
    path::Path,
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    fields::{Field, Fields},
    file, keys,
    reader::{Reader, stand_in},
    secret,
    target::is_loopback,
    tree::Kind,
};
use crate::http::access::{Access, Authorities, ProxyServer};

/// More headers or cookies than a server takes.
const MOST: usize = 100;

/// What a whole system trusts is a tenth of it; it keeps a wrong path (a log, a device) from being read whole.
const MAX_CA_FILE: u64 = 4 * 1024 * 1024;

/// Headers that the exchange itself is made of, or that have a key of their own.
const NOT_YOURS: [&str; 22] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

pub(super) fn access<'a>(reader: &mut Reader<'a>, site: &Fields<'a>, start: &[Url]) -> Access {
    let mut headers = HeaderMap::new();
    if let Some(field) = site.field("headers") {
        for (name, field) in entries(reader, field, "headers: {X-Preview: \"1\"}", str::to_ascii_lowercase) {
            if let Some((name, value)) = header(reader, name, field) {
                add(&mut headers, name, &value);
            }
        }
    }
    if let Some(value) = site.field("auth").and_then(|field| auth(reader, field)) {
        add(&mut headers, AUTHORIZATION, &value);
    }
    if let Some(value) = site.field("cookies").and_then(|field| cookies(reader, field)) {
        add(&mut headers, COOKIE, &value);
    }
    let is_open = |url: &Url| url.scheme() == "http" && !is_loopback(url) && *url != stand_in();
    let credentials = ["auth", "cookies"].into_iter().filter_map(|key| site.field(key));
    for field in credentials.filter(|_| start.iter().any(is_open)) {
        let message = format!("`{}` goes unencrypted to a start URL", field.key);
        reader.faults.warn(field.key_at, message, "begin it with `https://`, if the site answers there");
    }
    Access {
        origins: start.iter().map(Url::origin).collect(),
        headers,
        proxy: site.field("proxy").and_then(|field| proxy(reader, field)),
        authorities: site.field("ca_file").and_then(|field| authorities(reader, field)).unwrap_or_default(),
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &SecretString) {
    let value = HeaderValue::from_str(value.expose_secret());
    let mut value = value.expect("secrets and values were looked at for what no header may hold");
    value.set_sensitive(true);
    headers.append(name, value);
}

/// The keys of a mapping whose keys are the user's own, merges done. No message shows one: it may be a secret in
/// the wrong place. `identity` tells which names are the same.
fn entries<'a>(
    reader: &mut Reader<'a>,
    field: Field<'a>,
    example: &str,
    identity: fn(&str) -> String,
) -> Vec<(&'a str, Field<'a>)> {
    let Kind::Map(own) = &field.node.kind else {
        if !field.node.is_null() {
            let message = format!("`{}` must be a mapping, not {}", field.key, field.node.kind_name());
            reader.faults.error(field.at(), message, &format!("such as `{example}`"));
        }
        return Vec::new();
    };
    let (mut found, mut lines) = (Vec::new(), HashMap::new());
    for (layer, entries) in reader.layers(own).into_iter().enumerate() {
        for entry in entries.iter().filter(|entry| !entry.key.is_merge()) {
            let name = entry.key.text.as_str();
            match lines.entry(identity(name)) {
                hash_map::Entry::Vacant(free) => {
                    free.insert(entry.key.at.line);
                    let node = reader.tree.node(entry.value);
                    found.push((name, Field { key: field.key, key_at: entry.key.at, node }));
                }
                hash_map::Entry::Occupied(first) if layer == 0 => {
                    let message = format!("`{}` has a key twice", field.key);
                    let help = format!("it stands in line {} already", first.get());
                    reader.faults.error(entry.key.at, message, &help);
                }
                hash_map::Entry::Occupied(_) => {}
            }
        }
    }
    if found.len() > MOST {
        let message = format!("`{}` has {} keys: more than {MOST}", field.key, found.len());
        reader.faults.error(field.at(), message, "");
        found.clear();
    }
    found
}

fn header<'a>(reader: &mut Reader<'a>, name: &str, field: Field<'a>) -> Option<(HeaderName, SecretString)> {
    let value = value(reader, field);
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) if NOT_YOURS.contains(&name.as_str()) => {
            let help = "`auth`, `cookies`, `proxy` and `user_agent` have keys of their own";
            reader.faults.error(field.key_at, format!("`{name}` cannot be set here"), help);
            None
        }
        Ok(name) => Some((name, value?)),
        Err(_) => {
            let message = format!("`{}` has a key that is no header name", field.key);
            let help =
                "a name has letters, digits and `-`, and its value stands behind it: `X-Preview: \"1\"`";
            reader.faults.error(field.key_at, message, help);
            None
        }
    }
}

/// A text with its variables filled in, or what `{file: PATH}` and `{credential: NAME}` name.
fn value<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    if let Kind::Map(_) = field.node.kind {
        return secret::secret(reader, field);
    }
    let text = reader.text(field)?;
    if text.unset {
        return Some(SecretString::from(secret::UNSET));
    }
    let message = if text.value.bytes().any(|b| !(b' '..=b'~').contains(&b)) {
        "holds a character that no HTTP header may hold"
    } else if text.value.trim() != text.value {
        "begins or ends with a space"
    } else {
        return Some(SecretString::from(text.value));
    };
    reader.faults.error(field.at(), format!("a value in `{}` {message}", field.key), "");
    None
}

fn auth<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    const HELP: &str = "write `auth: {basic: {user: …, password: ${VAR}}}` or `auth: {bearer: ${VAR}}`";
    let fields = reader.fields(field.node, &keys::AUTH);
    match (fields.field("basic"), fields.field("bearer")) {
        (Some(basic), None) => {
            let fields = reader.fields(basic.node, &keys::BASIC);
            let name = reader.required(&fields, "user", HELP).and_then(|field| user(reader, field));
            let password = reader.required(&fields, "password", HELP);
            let password = password.and_then(|field| secret::secret(reader, field));
            let plain = format!("{}:{}", name?, password?.expose_secret());
            Some(SecretString::from(format!("Basic {}", BASE64_STANDARD.encode(plain))))
        }
        (None, Some(bearer)) => {
            let token = secret::secret(reader, bearer)?;
            Some(SecretString::from(format!("Bearer {}", token.expose_secret())))
        }
        _ if fields.misshapen => None,
        _ => {
            reader.faults.error(field.at(), "`auth` needs one of `basic` and `bearer`", HELP);
            None
        }
    }
}

/// A name that Basic authentication can tell from the password behind it (RFC 7617 §2).
fn user<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<String> {
    let text = reader.text(field)?;
    if !text.unset && text.value.chars().any(|c| c == ':' || c.is_control()) {
        let message = format!("`{}` holds a colon or a control character", field.key);
        reader.faults.error(field.at(), message, "");
        return None;
    }
    Some(text.value)
}

fn cookies<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    let mut line = String::new();
    for (name, field) in entries(reader, field, "cookies: {session: \"${SESSION}\"}", str::to_owned) {
        let value = value(reader, field);
        // A token, as a header's name is (RFC 6265 §4.1.1).
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            let help = "a name has no spaces and none of `=;,\"/:`";
            reader.faults.error(field.key_at, "`cookies` has a name that no cookie may have", help);
            continue;
        }
        let Some(value) = value else { continue };
        if value.expose_secret().contains([';', ',', ' ', '"', '\\']) {
            let help = "a value has no spaces, quotes, commas, semicolons or backslashes";
            reader.faults.error(field.at(), "a value in `cookies` is none that a cookie may have", help);
            continue;
        }
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(name);
        line.push('=');
        line.push_str(value.expose_secret());
    }
    (!line.is_empty()).then(|| SecretString::from(line))
}

fn proxy<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<ProxyServer> {
    const HELP: &str =
        "write `proxy: http://proxy.example.com:3128`, or `proxy: {url: …, user: …, password: ${VAR}}`";
    if let Kind::Scalar { .. } = field.node.kind {
        return Some(ProxyServer { url: proxy_url(reader, field)?, credentials: None });
    }
    let fields = reader.fields(field.node, &keys::PROXY);
    let url = reader.required(&fields, "url", HELP).and_then(|field| proxy_url(reader, field));
    let credentials = match (fields.field("user"), fields.field("password")) {
        (None, None) => None,
        (Some(name), Some(password)) => {
            let (name, password) = (user(reader, name), secret::secret(reader, password));
            Some((name?, password?))
        }
        _ => {
            reader.faults.error(field.at(), "`proxy` needs both `user` and `password`, or none", HELP);
            return None;
        }
    };
    Some(ProxyServer { url: url?, credentials })
}

fn proxy_url<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Url> {
    let text = reader.text(field)?;
    let url = reader.web_url(field, &text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let message = format!("`{}` has more than scheme, host and port", field.key);
        reader.faults.error(field.at(), message, "end it after the port: `http://proxy.example.com:3128`");
        return None;
    }
    Some(url)
}

fn authorities<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Authorities> {
    let text = reader.text(field)?;
    if text.unset {
        return None;
    }
    let path = reader.folder.join(&text.value);
    reader.inputs.note(&path);
    let pem = read(&path).map_err(|error| error.to_string());
    match pem.and_then(|pem| Authorities::from_pem(&pem).map_err(|error| error.to_string())) {
        Ok(authorities) => Some(authorities),
        // The path is not shown: it may come from a variable.
        Err(error) => {
            let message = format!("cannot use the file that `ca_file` names: {error}");
            reader.faults.error(field.at(), message, "it is a PEM file with one or more certificates");
            None
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    file::open(path)?.take(MAX_CA_FILE + 1).read_to_end(&mut pem)?;
    if pem.len() as u64 > MAX_CA_FILE {
        return Err(io::Error::other(format!("larger than {MAX_CA_FILE} bytes")));
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::{
        super::{
            Env, load_file,
            tests::{SECRET, accepted, env, refused, site, told, with},
        },
        *,
    };

    fn shown(access: &Access) -> Vec<String> {
        let headers = access.headers.iter();
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    /// With these lines in the file, these headers are sent.
    #[track_caller]
    fn sends(lines: &str, expected: &[&str]) {
        let pipeline = accepted(&with("site", lines));
        assert_eq!(shown(&site(&pipeline).access), expected, "{lines}");
        let debug = format!("{pipeline:?}");
        assert!(!debug.contains("very-private") && !debug.contains(SECRET), "{debug}");
    }

    /// `expected` is a part of what the user reads; nothing secret is.
    #[track_caller]
    fn is_faulty(lines: &str, expected: &str) {
        let told = refused(&with("site", lines));
        assert!(told.contains(expected), "{lines}:\n{told}");
        for secret in ["very-private", "sk-live", SECRET] {
            assert!(!told.contains(secret), "{lines}:\n{told}");
        }
    }

    /// Reads the file with these lines, which stands in a folder with a file `kept`.
    fn beside(kept: &[u8], lines: &str) -> Result<Access, String> {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("kept"), kept).unwrap();
        let file = dir.path().join("docs.yaml");
        fs::write(&file, with("site", lines)).unwrap();
        let env = Env { credentials_dir: Some(dir.path().to_owned()), ..env() };
        match load_file(&file, &env) {
            Ok(loaded) => Ok(site(&loaded.pipeline).access.clone()),
            Err(faults) => Err(told(&faults)),
        }
    }

    #[test]
    fn what_is_sent_may_come_from_the_file_a_variable_or_elsewhere() {
        sends("headers: {}", &[]);
        sends("headers:", &[]);
        sends("cookies: {}", &[]);
        sends("headers: {X-Preview: \"1\", Accept-Language: en}", &["x-preview: 1", "accept-language: en"]);
        sends("headers: {X-Preview: yes, X-Empty: \"\"}", &["x-preview: yes", "x-empty: "]);
        sends("headers: {X-Token: \"Token ${TOKEN}\"}", &["x-token: Token very-private"]);
        sends("headers: {X-Mode: \"${UNSET:-preview}\"}", &["x-mode: preview"]);
        sends("auth: {bearer: \"${TOKEN}\"}", &["authorization: Bearer very-private"]);
        // RFC 7617 §2, with another password.
        sends(
            "auth: {basic: {user: Aladdin, password: \"${TOKEN}\"}}",
            &["authorization: Basic QWxhZGRpbjp2ZXJ5LXByaXZhdGU="],
        );
        sends("cookies: {session: \"${TOKEN}\", theme: dark}", &["cookie: session=very-private; theme=dark"]);
        sends("cookies: {a: \"1\", A: \"2\"}", &["cookie: a=1; A=2"]);
        for lines in ["{bearer: {file: kept}}", "{bearer: {credential: kept}}"] {
            let access = beside(b"abc\n", &format!("auth: {lines}")).unwrap();
            assert_eq!(shown(&access), ["authorization: Bearer abc"]);
        }
        for (lines, expected) in [
            ("headers: {X-Token: {file: kept}}", "x-token: abc"),
            ("cookies: {session: {credential: kept}}", "cookie: session=abc"),
            ("auth: {basic: {user: u, password: {file: kept}}}", "authorization: Basic dTphYmM="),
        ] {
            assert_eq!(shown(&beside(b"abc\n", lines).unwrap()), [expected], "{lines}");
        }
    }

    #[test]
    fn a_credential_is_never_a_literal() {
        const LITERAL: &str = "is a literal: a secret has no place in this file";
        is_faulty("auth: {bearer: sk-live-1}", &format!("docs.yaml:5:22: error: `bearer` {LITERAL}"));
        is_faulty(
            "auth: {bearer: sk-live-1}",
            "help: write `bearer: ${NAME_OF_A_VARIABLE}`, `bearer: {file: PATH}`",
        );
        is_faulty("auth: {bearer: \"x${TOKEN}\"}", LITERAL);
        is_faulty("auth: {bearer: \"${TOKEN:-sk-live-1}\"}", "has a default");
        is_faulty(
            "auth: {basic: {user: docs, password: sk-live-1}}",
            &format!("5:44: error: `password` {LITERAL}"),
        );
        is_faulty(
            "proxy: {url: \"http://p.example\", user: docs, password: sk-live-1}",
            &format!("`password` {LITERAL}"),
        );
        is_faulty("proxy: http://docs:sk-live-1@p.example", "`proxy` is a URL with credentials");
        is_faulty("proxy: {url: \"http://docs:sk-live-1@p.example\"}", "`url` is a URL with credentials");
    }

    #[test]
    fn headers_that_are_not_the_users_are_refused() {
        for name in NOT_YOURS {
            is_faulty(
                &format!("headers: {{X-Good: a, {}: \"${{TOKEN}}\"}}", name.to_uppercase()),
                &format!("docs.yaml:5:28: error: `{name}` cannot be set here\n  help: `auth`, `cookies`"),
            );
        }
        for name in ["\"a b\"", "\"Authorization: Bearer sk-live-1\"", "\"\"", "ä", "\"a\\r\\nb\"", "\"<<\""]
        {
            is_faulty(
                &format!("headers: {{{name}: a}}"),
                "docs.yaml:5:17: error: `headers` has a key that is no header name",
            );
        }
        is_faulty(
            "headers: {X-A: a, x-a: b}",
            "docs.yaml:5:25: error: `headers` has a key twice\n  help: it stands in line 5",
        );
        is_faulty(
            "headers: [a]",
            "docs.yaml:5:16: error: `headers` must be a mapping, not a list\n  help: such as `headers: {X-",
        );
        is_faulty("headers: \"X-A: sk-live-1\"", "`headers` must be a mapping, not a single value");
    }

    #[test]
    fn a_value_is_one_that_a_header_can_hold() {
        const FAULT: &str = "docs.yaml:5:22: error: a value in `headers`";
        is_faulty("headers: {X-A: \"a\\r\\nHost: b\"}", FAULT);
        is_faulty("headers: {X-A: \"a\\0b\"}", FAULT);
        is_faulty("headers: {X-A: \"ä\"}", FAULT);
        is_faulty("headers: {X-A: \"${TOKEN} \"}", &format!("{FAULT} begins or ends with a space"));
        is_faulty("headers: {X-A: }", "`headers` has no value");
        is_faulty("headers: {X-A: [a]}", "`headers` must be a single value, not a list");
        is_faulty("headers: {X-A: \"${UNSET}\"}", "the environment variable `UNSET` is not set");
        is_faulty(
            "headers: {X-A: {file: a, credential: b}}",
            "`headers` needs one of `file` and `credential`",
        );
        is_faulty("headers: {X-A: {sk-live-1: a}}", "unknown key\n");
        is_faulty("headers: {X-A: {file: absent}}", "cannot read the file that `file` names");
        // Both faults of one entry are told at once.
        is_faulty("headers: {Host: \"${UNSET}\"}", "`host` cannot be set here");
        is_faulty("headers: {Host: \"${UNSET}\"}", "`UNSET` is not set");
    }

    #[test]
    fn cookies_are_what_a_cookie_may_be() {
        for value in ["a;b", "a,b", "a b", "\\\"a\\\"", "a\\\\b", "${TOKEN};"] {
            is_faulty(
                &format!("cookies: {{session: \"{value}\"}}"),
                "docs.yaml:5:26: error: a value in `cookies` is none that a cookie may have\n  help: a value has no",
            );
        }
        is_faulty("cookies: {session: \"a\\tb\"}", "a value in `cookies` holds a character");
        for name in ["\"a=b\"", "\"a;b\"", "\"a b\"", "\"session=sk-live-1\"", "\"\"", "ü"] {
            is_faulty(
                &format!("cookies: {{{name}: a}}"),
                "docs.yaml:5:17: error: `cookies` has a name that no cookie may have",
            );
        }
        is_faulty("cookies: {a: b, a: c}", "`cookies` has a key twice");
        is_faulty("cookies: session=sk-live-1", "`cookies` must be a mapping, not a single value");
    }

    #[test]
    fn auth_is_one_of_two_and_complete() {
        is_faulty("auth:", "docs.yaml:5:11: error: `auth` needs one of `basic` and `bearer`\n  help: write");
        is_faulty("auth: {bearer: \"${TOKEN}\", basic: {user: a, password: \"${TOKEN}\"}}", "needs one of");
        is_faulty("auth: sk-live-1", "must be a mapping, not a single value");
        is_faulty("auth: {token: \"${TOKEN}\"}", "unknown key `token`");
        is_faulty("auth: {bearer: }", "`bearer` has no value");
        is_faulty("auth: {bearer: \"${EMPTY}\"}", "the secret that `bearer` names is empty");
        is_faulty("auth: {basic: {}}", "missing `sources[].site.auth.basic.user`");
        is_faulty("auth: {basic: {}}", "missing `sources[].site.auth.basic.password`");
        is_faulty(
            "auth: {basic: {user: \"a:b\", password: \"${TOKEN}\"}}",
            "5:28: error: `user` holds a colon",
        );
        is_faulty("auth: {basic: {user: \"${TOKEN}:\", password: \"${TOKEN}\"}}", "`user` holds a colon");
    }

    #[test]
    fn a_proxy_is_a_url_with_or_without_credentials() {
        let proxy = |lines: &str| site(&accepted(&with("site", lines))).access.proxy.clone().unwrap();
        for url in ["http://proxy.example:3128", "https://proxy.example", "http://10.0.0.3:3128/"] {
            let server = proxy(&format!("proxy: {url}"));
            assert_eq!((server.url, server.credentials.is_none()), (Url::parse(url).unwrap(), true));
            proxy(&format!("proxy: {{url: \"{url}\"}}"));
        }
        let server = proxy("proxy: {url: \"http://p.example:3128\", user: docs, password: \"${TOKEN}\"}");
        let (user, password) = server.credentials.unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("docs", "very-private"));

        is_faulty("proxy:", "docs.yaml:5:12: error: `proxy` has no value");
        is_faulty("proxy: proxy.example:3128", "`proxy` is no http or https URL");
        is_faulty("proxy: socks5://p.example:1080", "`proxy` is no http or https URL");
        is_faulty("proxy: [a]", "`sources[].site.proxy` must be a mapping, not a list");
        is_faulty(
            "proxy: http://p.example/path",
            "docs.yaml:5:14: error: `proxy` has more than scheme, host and port",
        );
        is_faulty("proxy: {user: a, password: \"${TOKEN}\"}", "missing `sources[].site.proxy.url`");
        is_faulty("proxy: {url: \"http://p.example\", user: a}", "needs both `user` and `password`, or none");
        is_faulty(
            "proxy: {url: \"http://p.example\", password: \"${TOKEN}\"}",
            "needs both `user` and `password`",
        );
        is_faulty(
            "proxy: {url: \"http://p.example\", user: \"a:b\", password: \"${TOKEN}\"}",
            "`user` holds a colon",
        );
    }

    #[test]
    fn a_ca_file_holds_certificates() {
        let made = rcgen::generate_simple_self_signed(["docs.example.com".to_owned()]).unwrap();
        let pem = made.cert.pem();
        let read = |pem: &str| beside(pem.as_bytes(), "ca_file: kept").map(|_| ());
        assert_eq!(read(&pem), Ok(()));
        assert_eq!(read(&format!("# ours\n{pem}\n{pem}{}", made.signing_key.serialize_pem())), Ok(()));
        let fails = |pem: &str, expected: &str| {
            let told = read(pem).unwrap_err();
            let place = "docs.yaml:5:16: error: cannot use the file that `ca_file` names: ";
            assert!(told.contains(&format!("{place}{expected}")), "{told}");
            assert!(told.contains("help: it is a PEM file"), "{told}");
        };
        fails("", "no certificate in it");
        fails("sk-live-1", "no certificate in it");
        fails(&made.signing_key.serialize_pem(), "no certificate in it");
        fails(&pem.replace("END", "FIN"), "not readable as PEM certificates");
        fails(
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "a certificate in it is damaged",
        );
        fails(&"x".repeat(5 << 20), "larger than 4194304 bytes");
        is_faulty("ca_file: absent.pem", "`ca_file` names: No such file or directory");
        is_faulty("ca_file: \"${TOKEN}\"", "`ca_file` names: No such file or directory");
        is_faulty("ca_file: .", "`ca_file` names: Is a directory");
        is_faulty("ca_file:", "`ca_file` has no value");
    }

    #[test]
    fn merges_bring_in_headers_and_cookies_and_what_stands_here_wins() {
        let lines = "headers: &ours {X-A: a, X-B: b}\n      cookies: {<<: [{one: near}, {one: far, two: far}], three: own}";
        sends(lines, &["x-a: a", "x-b: b", "cookie: three=own; one=near; two=far"]);
        sends("headers: {<<: {X-A: a, X-B: b}, x-b: own}", &["x-b: own", "x-a: a"]);
        is_faulty("headers: {<<: 5}", "`<<` merges mappings only");
        is_faulty("headers: {<<: {a: b}, <<: {c: d}}", "duplicate key `<<`");
        is_faulty("headers: {<<: {Host: b}}", "`host` cannot be set here");
    }

    #[test]
    fn credentials_that_go_unencrypted_are_a_warning() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("docs.yaml");
        let warnings = |start: &str| {
            let lines = "auth: {bearer: \"${TOKEN}\"}\n      cookies: {session: \"${TOKEN}\"}";
            fs::write(&file, with("site", lines).replace("https://docs.example.com/", start)).unwrap();
            told(&load_file(&file, &env()).unwrap().warnings)
        };
        for start in ["https://docs.example.com/", "http://127.0.0.1:4319/", "http://localhost/"] {
            assert_eq!(warnings(start), "", "{start}");
        }
        for start in ["http://docs.example.com/", "[https://a.example/, http://10.0.0.5/]"] {
            let told = warnings(start);
            assert!(told.contains("docs.yaml:5:7: warning: `auth` goes unencrypted"), "{start}:\n{told}");
            assert!(told.contains("docs.yaml:6:7: warning: `cookies` goes unencrypted"), "{start}:\n{told}");
        }
    }

    #[test]
    fn what_only_a_variable_knows_passes_when_asked_to() {
        let read = |file: &Path, allow_unset| {
            load_file(file, &Env { var: &|_| None, credentials_dir: None, allow_unset })
        };
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("docs.yaml");
        for lines in [
            "headers: {X-A: \"${V}\", X-B: \"a ${V}\", X-C: {file: \"${V}\"}, X-D: {credential: d}}",
            "auth: {bearer: \"${V}\"}",
            "auth: {basic: {user: \"${V}${W:-:}\", password: \"${V}\"}}",
            "cookies: {a: \"${V}\", b: \"${V}${W:-, }\"}",
            "proxy: \"${V}\"",
            "proxy: {url: \"${V}\", user: \"${V}\", password: \"${V}\"}",
            "ca_file: \"${V}\"",
        ] {
            fs::write(&file, with("site", lines)).unwrap();
            read(&file, true).unwrap_or_else(|faults| panic!("{lines}:\n{}", told(&faults)));
            let told = told(&read(&file, false).unwrap_err());
            assert!(told.contains("`V` is not set"), "{told}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_value_of_a_variable_or_a_file_makes_the_loader_panic(held in "\\PC{0,20}|[ -~\\t\\r\\n]{0,20}", name in "[!-~]{1,10}|\\PC{1,9}") {
            let env = Env { var: &|name| Some(if name == "KEY" { "key".to_owned() } else { held.clone() }), ..env() };
            let dir = TempDir::new().unwrap();
            fs::write(dir.path().join("kept"), &held).unwrap();
            let file = dir.path().join("docs.yaml");
            let name = name.replace('\'', "''");
            for value in ["\"${HELD}\"", "{file: kept}"] {
                for lines in [
                    format!("headers: {{'{name}': {value}}}"),
                    format!("cookies: {{'{name}': {value}}}"),
                    format!("auth: {{bearer: {value}}}"),
                    format!("auth: {{basic: {{user: \"${{HELD}}\", password: {value}}}}}"),
                ] {
                    fs::write(&file, with("site", &lines)).unwrap();
                    if let Ok(loaded) = load_file(&file, &env) {
                        prop_assert_eq!(site(&loaded.pipeline).access.headers.len(), 1);
                    }
                }
            }
        }
    }
}
