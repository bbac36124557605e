//! `publish`: where the corpus goes.

use std::time::Duration;

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
use crate::publish::{ChatbaseV1, Target};

const BASE_URL: &str = "https://www.chatbase.co";

/// Keys that only a Chatbase target has.
const CHATBASE_ONLY: [&str; 6] = ["api_key", "base_url", "min_interval", "max_body", "timeout", "adopt"];

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
        None => chatbase_v1(reader, &publish).map(Target::ChatbaseV1),
    };
    let is_chatbase = directory.is_none();
    // Files cost nothing to replace; a training does.
    let min_interval = if is_chatbase { min_interval } else { Duration::ZERO };
    Publish { target, is_chatbase, min_interval, keep }
}

fn directory_target<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>, to: Field<'a>) -> Option<Target> {
    for key in CHATBASE_ONLY {
        if let Some(field) = publish.field(key) {
            let help = "remove it, or publish `to: chatbase_v1`";
            reader.faults.error(field.key_at, format!("`{key}` means nothing to a directory"), help);
        }
    }
    let fields = reader.fields(to.node, &keys::TO);
    let field = reader.required(&fields, "directory", "write `to: {directory: out}`")?;
    let text = reader.text(field)?;
    if text.value.is_empty() || text.value.contains('\0') {
        reader.faults.error(field.at(), "`directory` is no path", "write `to: {directory: out}`");
        return None;
    }
    Some(Target::Directory(reader.folder.join(text.value)))
}

fn chatbase_v1<'a>(reader: &mut Reader<'a>, publish: &Fields<'a>) -> Option<ChatbaseV1> {
    if let Some((field, text)) = reader.text_of(publish, "to")
        && text.value != "chatbase_v1"
    {
        let message = format!("`to` must be `chatbase_v1` or `{{directory: PATH}}`, not {}", text.shown());
        reader.faults.error(field.at(), message, "");
    }
    let api_key = api_key(reader, publish);
    let base_url = match publish.field("base_url") {
        Some(field) => base_url(reader, field),
        None => Some(Url::parse(BASE_URL).expect("a constant URL parses")),
    };
    let Bytes(max_body) =
        reader.within(publish, "max_body", Bytes(1_000)..=Bytes(1_000_000_000), Bytes(4_500_000));
    let timeout = Period::seconds(1)..=Period::seconds(3_600);
    let Period(timeout) = reader.within(publish, "timeout", timeout, Period::seconds(120));
    let adopt = reader.flag(publish, "adopt", false);
    Some(ChatbaseV1 { base_url: base_url?, api_key: api_key?, max_body, timeout, adopt })
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
