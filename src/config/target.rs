//! `publish`: where the corpus goes.

use std::{path, time::Duration};

use secrecy::SecretString;
use url::{Host, Url};

use super::{
    fields::{Field, Fields},
    keys,
    quantity::{Bytes, Period, Whole},
    reader::Reader,
    secret,
    tree::Kind,
};
use crate::publish::{ChatbaseV1, ChatbaseV2, Target, sources::Limits};

const BASE_URL: &str = "https://www.chatbase.co";

/// The targets that have a name.
const NAMED: [(&str, Version); 2] = [("chatbase_v1", Version::One), ("chatbase_v2", Version::Two)];

/// Keys that a directory has no use for.
const CHATBASE_ONLY: [&str; 7] =
    ["api_key", "base_url", "min_interval", "max_body", "timeout", "adopt", "max_sources"];

/// Of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// `publish`, read.
pub(super) struct Publish {
    /// None when a fault leaves no target.
    pub(super) target: Option<Target>,
    /// Whether an agent's training text is (meant to be) replaced.
    pub(super) is_chatbase: bool,
    pub(super) min_interval: Duration,
    pub(super) keep: u32,
}

pub(super) fn publish<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Publish {
    let publish = reader.section(file, "publish", &keys::PUBLISH);
    let Whole(keep) = reader.within(&publish, "keep", Whole(1)..=Whole(10_000), Whole(20));
    let interval = Period::seconds(0)..=Period::seconds(30 * 86_400);
    let Period(min_interval) = reader.within(&publish, "min_interval", interval, Period::seconds(3_600));
    let directory = publish.field("to").filter(|to| matches!(to.node.kind, Kind::Map(_)));
    let target = match directory {
        Some(to) => directory_target(reader, &publish, to),
        None => chatbase(reader, &publish),
    };
    let is_chatbase = directory.is_none();
    // Files cost nothing to replace; a training does.
    let min_interval = if is_chatbase { min_interval } else { Duration::ZERO };
    Publish { target, is_chatbase, min_interval, keep }
}

fn directory_target<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>, to: Field<'a>) -> Option<Target> {
    for key in CHATBASE_ONLY {
        without(reader, publish, key, "a directory", "remove it, or publish `to: chatbase_v1`");
    }
    let fields = reader.fields(to.node, &keys::TO);
    let field = reader.required(&fields, "directory", "write `to: {directory: out}`")?;
    let text = reader.text(field)?;
    if text.value.is_empty() || text.value.contains('\0') {
        reader.faults.error(field.at(), "`directory` is no path", "write `to: {directory: out}`");
        return None;
    }
    // What is published there is known by it, wherever the program is started.
    match path::absolute(reader.folder.join(text.value)) {
        Ok(directory) => Some(Target::Directory(directory)),
        Err(error) => {
            let fault = format!("`directory` cannot be resolved: {error}");
            reader.faults.error(field.at(), fault, "write an absolute path");
            None
        }
    }
}

/// Refuses a key that the target has no use for.
fn without<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>, key: &'static str, target: &str, help: &str) {
    if let Some(field) = publish.field(key) {
        reader.faults.error(field.key_at, format!("`{key}` means nothing to {target}"), help);
    }
}

/// Which API a target without a folder is.
fn version<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>) -> Version {
    let Some((field, text)) = reader.text_of(publish, "to") else { return Version::One };
    let named = NAMED.iter().find(|(name, _)| *name == text.value);
    if named.is_none() && !text.unset {
        let message = format!(
            "`to` must be `chatbase_v1`, `chatbase_v2` or `{{directory: PATH}}`, not {}",
            text.shown()
        );
        reader.faults.error(field.at(), message, "");
    }
    named.map_or(Version::One, |(_, version)| *version)
}

fn chatbase<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>) -> Option<Target> {
    let version = version(reader, publish);
    let api_key = api_key(reader, publish);
    let base_url = match publish.field("base_url") {
        Some(field) => base_url(reader, field),
        None => Some(Url::parse(BASE_URL).expect("a constant URL parses")),
    };
    // A source has to have room for a heading and a paragraph.
    let least = if version == Version::Two { Bytes(100_000) } else { Bytes(1_000) };
    let Bytes(max_body) = reader.within(publish, "max_body", least..=Bytes(1_000_000_000), Bytes(4_500_000));
    let timeout = Period::seconds(1)..=Period::seconds(3_600);
    let Period(timeout) = reader.within(publish, "timeout", timeout, Period::seconds(120));
    match version {
        Version::One => {
            without(
                reader,
                publish,
                "max_sources",
                "`chatbase_v1`",
                "remove it, or publish `to: chatbase_v2`",
            );
            let adopt = reader.flag(publish, "adopt", false);
            let target = ChatbaseV1 { base_url: base_url?, api_key: api_key?, max_body, timeout, adopt };
            Some(Target::ChatbaseV1(target))
        }
        Version::Two => {
            without(
                reader,
                publish,
                "adopt",
                "`chatbase_v2`",
                "remove it: what others put there stays as it is",
            );
            let sources = Whole(1)..=Whole(100_000);
            let Whole(max_sources) = reader.within(publish, "max_sources", sources, Whole(500));
            let limits = Limits { max_sources, max_body };
            Some(Target::ChatbaseV2(ChatbaseV2 { base_url: base_url?, api_key: api_key?, timeout, limits }))
        }
    }
}

fn api_key<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>) -> Option<SecretString> {
    let field = reader.required(publish, "api_key", &secret::help("api_key"))?;
    secret::secret(reader, field)
}

/// Scheme, host and port; the key travels over it, so HTTPS unless it stays on this machine.
fn base_url<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Url> {
    let text = reader.text(field)?;
    let url = reader.web_url(field, &text)?;
    let (message, help) = if text.unset {
        return Some(url);
    } else if url.scheme() != "https" && !is_loopback(&url) {
        ("`base_url` would send the key unencrypted", "use `https://`; `http://` is for loopback addresses")
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        ("`base_url` has more than scheme, host and port", "end it after the host: `https://www.chatbase.co`")
    } else {
        return Some(url);
    };
    reader.faults.error(field.at(), message, help);
    None
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
