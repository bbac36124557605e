//! What a private site asks for: `headers`, `auth`, `cookies`, `proxy`, `ca_file`.

use std::fs;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    fields::{Field, Fields},
    keys,
    reader::Reader,
    secret,
    tree::{Kind, Node},
};
use crate::http::access::{Access, Authorities, ProxyServer};

/// Headers that the exchange itself is made of, or that have a key of their own.
const NOT_YOURS: [&str; 19] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
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
    let mut headers = Vec::new();
    if let Some(field) = site.field("headers") {
        for (name, field) in entries(reader, field, "headers: {X-Preview: \"1\"}") {
            headers.extend(header(reader, name, field));
        }
    }
    headers
        .extend(site.field("auth").and_then(|field| auth(reader, field)).map(|value| (AUTHORIZATION, value)));
    headers
        .extend(site.field("cookies").and_then(|field| cookies(reader, field)).map(|value| (COOKIE, value)));
    Access {
        origins: start.iter().map(Url::origin).collect(),
        headers,
        proxy: site.field("proxy").and_then(|field| proxy(reader, field)),
        authorities: site.field("ca_file").and_then(|field| authorities(reader, field)).unwrap_or_default(),
    }
}

/// The keys of a mapping whose keys are the user's own.
fn entries<'a>(reader: &mut Reader<'a>, field: Field<'a>, example: &str) -> Vec<(&'a str, Field<'a>)> {
    let Kind::Map(entries) = &field.node.kind else {
        if !field.node.is_null() {
            let message = format!("`{}` must be a mapping, not {}", field.key, field.node.kind_name());
            reader.faults.error(field.at(), message, &format!("such as `{example}`"));
        }
        return Vec::new();
    };
    let mut found: Vec<(&str, Field<'a>)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.key.text.as_str();
        if found.iter().any(|(before, _)| before.eq_ignore_ascii_case(name)) {
            reader.faults.error(entry.key.at, format!("`{}` names one of its keys twice", field.key), "");
        } else {
            let node: &'a Node = reader.tree.node(entry.value);
            found.push((name, Field { key: field.key, key_at: entry.key.at, node }));
        }
    }
    found
}

fn header<'a>(reader: &mut Reader<'a>, name: &str, field: Field<'a>) -> Option<(HeaderName, SecretString)> {
    let value = value(reader, field)?;
    let fault = match HeaderName::from_bytes(name.as_bytes()) {
        Err(_) => Some("is no header name"),
        Ok(parsed) if NOT_YOURS.contains(&parsed.as_str()) => Some("cannot be set here"),
        Ok(parsed) => return Some((parsed, value)),
    };
    if let Some(what) = fault {
        let shown: String = name.chars().take(40).filter(|c| !c.is_control()).collect();
        let help = "`auth`, `cookies` and `user_agent` have keys of their own";
        reader.faults.error(field.key_at, format!("`{shown}` {what}"), help);
    }
    None
}

/// A text with its variables filled in, or what `{file: PATH}` and `{credential: NAME}` name.
fn value<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    if let Kind::Map(_) = field.node.kind {
        return secret::secret(reader, field);
    }
    let text = reader.text(field)?;
    if HeaderValue::from_str(&text.value).is_err() {
        let message = format!("a value in `{}` holds a character that no HTTP header may hold", field.key);
        reader.faults.error(field.at(), message, "");
        return None;
    }
    Some(SecretString::from(text.value))
}

fn auth<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    const HELP: &str = "write `auth: {basic: {user: …, password: ${VAR}}}` or `auth: {bearer: ${VAR}}`";
    let fields = reader.fields(field.node, &keys::AUTH);
    match (fields.field("basic"), fields.field("bearer")) {
        (Some(basic), None) => {
            let fields = reader.fields(basic.node, &keys::BASIC);
            let user = reader.required(&fields, "user", HELP)?;
            let user = reader.text(user)?;
            let password = reader.required(&fields, "password", HELP)?;
            let password = secret::secret(reader, password)?;
            if user.value.contains(':') || user.value.chars().any(char::is_control) {
                reader.faults.error(basic.at(), "`user` holds a colon or a control character", "");
                return None;
            }
            let plain = format!("{}:{}", user.value, password.expose_secret());
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

fn cookies<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    let mut line = String::new();
    for (name, field) in entries(reader, field, "cookies: {session: \"${SESSION}\"}") {
        let Some(value) = value(reader, field) else { continue };
        let is_token = HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !is_token || value.expose_secret().contains([';', ',', ' ', '"', '\\']) {
            let message = "`cookies` holds a name or a value that no cookie may have";
            reader.faults.error(field.key_at, message, "a value has no spaces, quotes, commas or semicolons");
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
        let text = reader.text(field)?;
        let url = reader.web_url(field, &text)?;
        return Some(ProxyServer { url, credentials: None });
    }
    let fields = reader.fields(field.node, &keys::PROXY);
    let url = reader.required(&fields, "url", HELP)?;
    let text = reader.text(url)?;
    let url = reader.web_url(url, &text)?;
    let credentials = match (fields.field("user"), fields.field("password")) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((reader.text(user)?.value, secret::secret(reader, password)?)),
        _ => {
            reader.faults.error(field.at(), "`proxy` needs both `user` and `password`, or none", HELP);
            return None;
        }
    };
    Some(ProxyServer { url, credentials })
}

fn authorities<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Authorities> {
    let text = reader.text(field)?;
    if text.unset {
        return None;
    }
    let read = fs::read(reader.folder.join(&text.value)).map_err(|error| error.to_string());
    match read.and_then(|pem| Authorities::from_pem(&pem).map_err(|error| error.to_string())) {
        Ok(authorities) => Some(authorities),
        Err(error) => {
            let message = format!("cannot use the file that `ca_file` names: {error}");
            reader.faults.error(field.at(), message, "a PEM file with one or more certificates");
            None
        }
    }
}
