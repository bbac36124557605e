//! `notify`: who is told how a run ended.

use std::path::PathBuf;

use secrecy::ExposeSecret;
use url::Url;

use super::{
    fields::{Field, Fields},
    keys::{self, Section},
    quantity::Period,
    reader::{Reader, stand_in},
    secret,
    target::is_loopback,
    tree::Kind,
};
use crate::notify::{Command, Notify, PrivateUrl, Webhook};

/// Reads `notify`, whose keys are those of `section`; `default` says what is not written there.
pub(super) fn notify<'a>(
    reader: &mut Reader<'a>,
    file: &Fields<'a>,
    section: &'static Section,
    default: &Notify,
) -> Notify {
    let notify = reader.section(file, "notify", section);
    let ping = told(reader, &notify, "ping", default.ping.as_ref(), private_url);
    let webhook = told(reader, &notify, "webhook", default.webhook.as_ref(), webhook);
    let before = told(reader, &notify, "before", default.before.as_ref(), command);
    let after = told(reader, &notify, "after", default.after.as_ref(), command);
    let on_failure = told(reader, &notify, "on_failure", default.on_failure.as_ref(), command);
    let timeout = Period::seconds(1)..=Period::seconds(3_600);
    let Period(timeout) = reader.within(&notify, "timeout", timeout, Period(default.timeout));
    let status_file = told(reader, &notify, "status_file", default.status_file.as_ref(), path);
    let stale_after = Period::seconds(60)..=Period::days(3_650);
    let Period(stale_after) = reader.within(&notify, "stale_after", stale_after, Period(default.stale_after));
    Notify { ping, webhook, before, after, on_failure, timeout, status_file, stale_after }
}

/// Who is told by way of `key`: whom `read` finds there, nobody where it is `off`, or the default.
fn told<'a, T: Clone>(
    reader: &mut Reader<'a>,
    notify: &Fields<'a>,
    key: &'static str,
    default: Option<&T>,
    read: fn(&mut Reader<'a>, Field<'a>) -> Option<T>,
) -> Option<T> {
    match notify.field(key) {
        None => default.cloned(),
        // A null is not taken for it: whoever comments a value out may not mean to silence the key.
        Some(field) if field.is("off") => None,
        Some(field) => read(reader, field),
    }
}

/// A URL, or `{url, secret}`.
fn webhook<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Webhook> {
    if !matches!(field.node.kind, Kind::Map(_)) {
        return Some(Webhook { url: private_url(reader, field)?, secret: None });
    }
    let fields = reader.fields(field.node, &keys::WEBHOOK);
    let secret = fields.field("secret").and_then(|field| secret::secret(reader, field));
    let url = reader.required(&fields, "url", "write `webhook: {url: \"https://hooks.example.com/...\"}`")?;
    Some(Webhook { url: private_url(reader, url)?, secret })
}

/// A URL that is a key, but may stand in the file: whoever reads the file may tell of runs, and nothing more.
fn private_url<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<PrivateUrl> {
    let url = if matches!(field.node.kind, Kind::Map(_)) {
        let text = secret::secret(reader, field)?;
        match text.expose_secret() {
            secret::UNSET if reader.env.allow_unset => Some(stand_in()),
            text => reader.parse_web_url(field, text),
        }
    } else {
        let text = reader.text(field)?;
        reader.web_url(field, &text)
    }?;
    if is_open(&url) {
        let message =
            format!("`{}` goes unencrypted: on its way everybody can read the key in its path", field.key);
        reader.faults.warn(field.at(), message, "begin it with `https://`, if the service answers there");
    }
    Some(PrivateUrl::new(url))
}

fn is_open(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url) && *url != stand_in()
}

/// A program and its arguments.
fn command<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Command> {
    let help = format!(
        "write `{}: [/usr/local/bin/program, argument]`; for a shell line `[sh, -c, \"...\"]`",
        field.key
    );
    if matches!(field.node.kind, Kind::Scalar { .. }) && !field.node.is_null() {
        let message =
            format!("`{}` must be a list of a program and its arguments: no shell reads it", field.key);
        reader.faults.error(field.at(), message, &help);
        return None;
    }
    let mut words = Vec::new();
    for item in reader.items(field, &help) {
        let item = Field { node: reader.tree.node(*item), ..field };
        let text = reader.text(item)?;
        if text.value.contains('\0') {
            let message =
                format!("an argument of `{}` holds a zero byte, which no program can be given", field.key);
            reader.faults.error(item.at(), message, "");
            return None;
        }
        words.push(text.value);
    }
    let mut words = words.into_iter();
    match words.next() {
        Some(program) if !program.is_empty() => Some(Command::new(reader.folder, &program, words.collect())),
        Some(_) => {
            reader.faults.error(field.at(), format!("`{}` begins with an empty word", field.key), &help);
            None
        }
        None => {
            if field.is_empty_list() {
                reader.faults.error(field.at(), format!("`{}` is empty", field.key), &help);
            }
            None
        }
    }
}

fn path<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<PathBuf> {
    let text = reader.text(field)?;
    let path = reader.folder.join(&text.value);
    if text.value.contains('\0') || text.value.ends_with('/') || path.file_name().is_none() {
        let help = "write `status_file: /var/lib/corpusd/status.json`";
        reader.faults.error(field.at(), format!("`{}` is no path of a file", field.key), help);
        return None;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use tempfile::TempDir;

    use super::*;
    use crate::config::{
        Env, Loaded, load_file,
        tests::{MINIMAL, env},
    };

    fn load(lines: &str, env: &Env<'_>) -> Result<Loaded, String> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("docs.yaml");
        fs::write(&path, format!("{MINIMAL}notify:\n{lines}")).unwrap();
        load_file(&path, env).map_err(|faults| {
            let told = |fault: &crate::config::Diagnostic| {
                fault.to_string().replace(&format!("{}/", dir.path().display()), "")
            };
            faults.iter().map(told).collect::<Vec<_>>().join("\n")
        })
    }

    fn accepted(lines: &str) -> Notify {
        let loaded = load(lines, &env()).unwrap_or_else(|faults| panic!("{lines}\n{faults}"));
        Notify::clone(&loaded.pipeline.notify)
    }

    #[test]
    fn nobody_is_told_unless_somebody_is_named() {
        let notify = accepted("  timeout: 60s\n");
        assert!(notify.ping.is_none() && notify.webhook.is_none() && notify.status_file.is_none());
        assert!(notify.before.is_none() && notify.after.is_none() && notify.on_failure.is_none());
        assert_eq!(notify.stale_after, Duration::from_hours(14 * 24));
    }

    #[test]
    fn what_is_written_is_read() {
        let notify = accepted(
            "  ping: https://hc.example.com/${TOKEN}\n  webhook: {url: \"https://hooks.example.com/a\", secret: \"${TOKEN}\"}\n  \
             before: [./prepare, \"${TOKEN}\"]\n  after: [rsync, -a, /a, /b]\n  on_failure: [/bin/mail]\n  timeout: 5m\n  \
             status_file: status.json\n  stale_after: 36h\n",
        );
        assert_eq!(notify.ping.as_ref().unwrap().expose().as_str(), "https://hc.example.com/very-private");
        let webhook = notify.webhook.as_ref().unwrap();
        assert_eq!(webhook.secret.as_ref().unwrap().expose_secret(), "very-private");
        let before = notify.before.as_ref().unwrap();
        assert!(before.program.is_absolute() && before.program.ends_with("prepare"), "{:?}", before.program);
        assert_eq!(before.arguments, ["very-private"]);
        assert_eq!(notify.after.as_ref().unwrap().program, Path::new("rsync"));
        assert!(notify.status_file.as_ref().unwrap().is_absolute());
        assert_eq!((notify.timeout, notify.stale_after), (Duration::from_mins(5), Duration::from_hours(36)));
        assert!(!format!("{notify:?}").contains("very-private"), "{notify:?}");
    }

    #[test]
    fn what_is_off_is_off() {
        let off = "  ping: off\n  webhook: off\n  before: off\n  after: off\n  on_failure: off\n  status_file: off\n";
        assert_eq!(format!("{:?}", accepted(off)), format!("{:?}", Notify::default()));
    }

    #[test]
    fn a_url_may_stand_elsewhere() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("ping"), "https://hc.example.com/from-a-file\n").unwrap();
        let env = Env { credentials_dir: Some(dir.path().to_owned()), ..env() };
        let loaded =
            load("  ping: {credential: ping}\n  webhook: {url: {credential: ping}}\n", &env).unwrap();
        let notify = &loaded.pipeline.notify;
        for url in [notify.ping.as_ref(), notify.webhook.as_ref().map(|webhook| &webhook.url)] {
            assert_eq!(url.unwrap().expose().as_str(), "https://hc.example.com/from-a-file");
        }
        let unset = Env { var: &|_| None, credentials_dir: None, allow_unset: true };
        load(
            "  ping: \"${A}\"\n  webhook: {url: {credential: b}, secret: \"${C}\"}\n  after: [\"${D}\"]\n",
            &unset,
        )
        .unwrap();
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |lines: &str, expected: &str| {
            let told = load(lines, &env()).map(|_| ()).unwrap_err();
            assert!(told.contains(expected), "{lines}\n{told}");
            assert!(!told.contains("hush") && !told.contains("very-private"), "{told}");
        };
        check("  ping: hc.example.com\n", "docs.yaml:9:9: error: `ping` is no URL");
        check("  ping: ftp://hc.example.com/\n", "`ping` is no http or https URL");
        check("  ping: https://me:hush@hc.example.com/\n", "`ping` is a URL with credentials");
        check("  pong: 1\n", "did you mean `ping`?");
        check("  webhook: {secret: \"${TOKEN}\"}\n", "missing `notify.webhook.url`");
        check("  webhook: {url: \"https://a.example/\", secret: hush}\n", "`secret` is a literal");
        check(
            "  before: rm -rf /\n",
            "docs.yaml:9:11: error: `before` must be a list of a program and its arguments",
        );
        check("  before: []\n", "`before` is empty");
        check("  before: [\"\", a]\n", "`before` begins with an empty word");
        check("  before: [a, [b]]\n", "`before` must be a single value, not a list");
        check("  after: [\"a\\0b\"]\n", "holds a zero byte");
        check("  after: {a: b}\n", "`after` must be a list");
        check("  timeout: 2h\n", "`timeout` must be 1s to 1h");
        check("  status_file: out/\n", "`status_file` is no path of a file");
        check("  status_file: ..\n", "`status_file` is no path of a file");
        check("  stale_after: 1s\n", "`stale_after` must be 1m to 3650d");
    }

    #[test]
    fn a_key_that_everybody_can_read_on_its_way_is_warned_of() {
        let warnings = |url: &str| load(&format!("  ping: {url}\n"), &env()).unwrap().warnings.len();
        assert_eq!(warnings("http://hc.example.com/key"), 1);
        assert_eq!(warnings("https://hc.example.com/key"), 0);
        assert_eq!(warnings("http://127.0.0.1:8000/key"), 0);
    }
}
