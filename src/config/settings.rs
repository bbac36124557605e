//! `corpusd.yaml`: what concerns the daemon and no single pipeline.
//!
//! Whoever reads the file reads the part that concerns it: which keys there are is checked for all, what they hold for
//! that part alone.

use std::{net::SocketAddr, path::Path, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::Host;

use super::{
    Diagnostic, Env, defaults,
    diagnostic::Faults,
    draft::{text, version},
    fields::Fields,
    file,
    inputs::Inputs,
    keys,
    quantity::{Period, Whole},
    reader::Reader,
    secret,
    tree::Tree,
};

/// Its name: no pipeline is called like this.
pub const FILE_NAME: &str = "corpusd.yaml";
const LISTEN: &str = "127.0.0.1:8430";
/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// The daemon's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Runs at once.
    pub max_runs: u32,
    /// How long a run under way may take after the daemon was asked to stop.
    pub stop_timeout: Duration,
    /// Where it listens, if it listens at all.
    pub listen: SocketAddr,
    /// Names that a request may call it by, besides those of this machine.
    pub hosts: Vec<String>,
    /// Whether it tells Prometheus its metrics.
    pub metrics: bool,
    /// What a trigger must show; without one nothing can be triggered.
    pub trigger: Option<SecretString>,
}

impl Settings {
    /// Whether there is anything to listen for.
    pub fn listens(&self) -> bool {
        self.metrics || self.trigger.is_some()
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_runs: 4,
            stop_timeout: Duration::from_mins(1),
            listen: LISTEN.parse().expect("a constant address parses"),
            hosts: Vec::new(),
            metrics: false,
            trigger: None,
        }
    }
}

/// Reads the settings in a `corpusd.yaml`, and what their author should know.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load_settings(path: &Path, env: &Env<'_>) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    // They are read once, when the process begins.
    read(path, env, &mut Inputs::default(), settings)
}

/// Reads all that a `corpusd.yaml` says, the daemon's settings and what holds for all pipelines, and gives what its
/// author should know.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn check_settings(path: &Path, env: &Env<'_>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let read = read(path, env, &mut Inputs::default(), |reader, file| {
        settings(reader, file);
        defaults::notify(reader, file);
    });
    read.map(|((), warnings)| warnings)
}

/// Reads a part of a `corpusd.yaml`, and notes in `inputs` the files that it names.
pub(super) fn read<T>(
    path: &Path,
    env: &Env<'_>,
    inputs: &mut Inputs,
    part: impl for<'a> FnOnce(&mut Reader<'a>, &Fields<'a>) -> T,
) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut faults = Faults::new(path.to_owned());
    let tree = text(file::open(path), &mut faults).and_then(|text| Tree::parse(&text, &mut faults));
    let read = tree.map(|tree| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut reader = Reader { tree: &tree, env, folder, faults: &mut faults, inputs };
        let file = reader.fields(tree.root(), &keys::DAEMON);
        version(&mut reader, &file);
        part(&mut reader, &file)
    });
    let has_errors = faults.has_errors();
    match read {
        Some(read) if !has_errors => Ok((read, faults.into_diagnostics())),
        _ => Err(faults.into_diagnostics()),
    }
}

fn settings<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Settings {
    let default = Settings::default();
    let Whole(max_runs) = reader.within(file, "max_runs", Whole(1)..=Whole(1_000), Whole(default.max_runs));
    let stop_timeout = Period(default.stop_timeout);
    let Period(stop_timeout) =
        reader.within(file, "stop_timeout", Period::seconds(1)..=Period::seconds(3_600), stop_timeout);
    let listen = reader.text_of(file, "listen").and_then(|(field, text)| {
        let address = text.value.parse();
        if address.is_err() {
            let message = format!("`listen` must be an address and a port, not {}", text.shown());
            reader.faults.error(field.at(), message, "such as `127.0.0.1:8430`");
        }
        address.ok()
    });
    Settings {
        max_runs,
        stop_timeout,
        listen: listen.unwrap_or(default.listen),
        hosts: hosts(reader, file),
        metrics: reader.flag(file, "metrics", default.metrics),
        trigger: trigger(reader, file),
    }
}

/// Names as requests have them behind `Host:`, without the port and without a last dot.
fn hosts<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Vec<String> {
    let named = file.field("hosts").map(|field| reader.one_or_many(field)).unwrap_or_default();
    let mut hosts = Vec::new();
    for (field, text) in named.into_iter().filter(|(_, text)| !text.unset) {
        let host =
            Host::parse(&text.value).ok().filter(|_| !text.value.contains('*')).map(|host| host.to_string());
        match host.as_deref().map(|host| host.strip_suffix('.').unwrap_or(host)) {
            Some(name) if !name.is_empty() => hosts.push(name.to_owned()),
            _ => {
                let message = format!("`hosts` has names, not {}", text.shown());
                let help = "a name stands alone, without scheme, port, path or `*`: `corpusd.internal`";
                reader.faults.error(field.at(), message, help);
            }
        }
    }
    hosts
}

fn trigger<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Option<SecretString> {
    file.field("trigger").filter(|field| !field.node.is_null())?;
    let fields = reader.section(file, "trigger", &keys::TRIGGER);
    let field = reader.required(&fields, "token", &secret::help("token"))?;
    let token = secret::secret(reader, field)?;
    if !reader.env.allow_unset && token.expose_secret().len() < SHORTEST_TOKEN {
        let message = format!("the token has fewer than {SHORTEST_TOKEN} characters: it could be guessed");
        reader.faults.error(field.at(), message, "make one with `openssl rand -hex 32`");
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{
        super::{
            Defaults,
            tests::{env, told},
        },
        *,
    };
    use crate::notify::Notify;

    fn load(yaml: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, yaml).unwrap();
        load_settings(&path, &env()).map(|(settings, _)| settings).map_err(|mut faults| {
            for fault in &mut faults {
                fault.file = PathBuf::from(FILE_NAME);
            }
            told(&faults)
        })
    }

    #[test]
    fn everything_has_a_default_and_the_trigger_is_off() {
        let settings = load("version: 1").unwrap();
        assert_eq!((settings.max_runs, settings.stop_timeout.as_secs()), (4, 60));
        assert!(
            settings.listen.ip().is_loopback() && settings.hosts.is_empty() && settings.trigger.is_none()
        );
        assert!(!settings.metrics && load("version: 1\nmetrics: true").unwrap().metrics);
    }

    #[test]
    fn every_fault_is_told_with_its_place_and_a_way_out() {
        let yaml =
            "version: 1\nmax_runs: 0\nlisten: localhost\nmax_run: 3\nsources: []\ntrigger: {token: abc}\n";
        insta::assert_snapshot!(load(yaml).unwrap_err(), @r"
        corpusd.yaml:2:11: error: `max_runs` must be 1 to 1000, not `0`
        corpusd.yaml:3:9: error: `listen` must be an address and a port, not `localhost`
          help: such as `127.0.0.1:8430`
        corpusd.yaml:4:1: error: unknown key `max_run`
          help: did you mean `max_runs`?
        corpusd.yaml:5:1: error: unknown key `sources`
          help: `sources` is one pipeline's own: it belongs at the top level of its file
        corpusd.yaml:6:18: error: `token` is a literal: a secret has no place in this file
          help: write `token: ${NAME_OF_A_VARIABLE}`, `token: {file: PATH}` or `token: {credential: NAME}`
        ");
        insta::assert_snapshot!(load("trigger: {token: \"${KEY}\"}\n").unwrap_err(), @r"
        corpusd.yaml:1:1: error: missing `version`
          help: add `version: 1` as the first line
        corpusd.yaml:1:18: error: the token has fewer than 16 characters: it could be guessed
          help: make one with `openssl rand -hex 32`
        ");
    }

    #[test]
    fn hosts_are_names_as_a_request_calls_them() {
        let hosts = |hosts: &str| load(&format!("version: 1\nhosts: {hosts}\n"));
        let names = hosts("[Corpusd.Internal., \"bücher.example\", my_host]").unwrap().hosts;
        assert_eq!(names, ["corpusd.internal", "xn--bcher-kva.example", "my_host"]);
        for never_called in
            ["corpusd.internal:8430", "http://corpusd.internal", "\"*.internal\"", "a/b", "\"a b\"", "."]
        {
            let told = hosts(&format!("[docs.internal, {never_called}]")).unwrap_err();
            assert!(told.contains("corpusd.yaml:2:24: error: `hosts` has names, not `"), "{told}");
            assert!(told.contains("without scheme, port, path"), "{told}");
        }
    }

    #[test]
    fn the_settings_are_read_without_the_defaults_of_pipelines_and_checked_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let check = |yaml: &str| {
            fs::write(&path, format!("version: 1\n{yaml}")).unwrap();
            check_settings(&path, &env()).map_err(|faults| faults.len())
        };
        assert_eq!(check("notify: {webhook: \"${ABSENT}\"}\n"), Err(1));
        assert!(load_settings(&path, &env()).is_ok());
        assert_eq!(check("max_run: 1\nlisten: here\nnotify: {timeout: 2h}\n"), Err(3));
        assert_eq!(check("notify: {webhook: \"https://hooks.example.com/a\"}\n"), Ok(Vec::new()));
        assert_eq!(check("notify: {webhook: \"http://hooks.example.com/a\"}\n").unwrap().len(), 1);
    }

    #[test]
    fn the_example_states_every_key_with_its_default() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/examples").join(FILE_NAME);
        let text = fs::read_to_string(example).unwrap();
        let uncommented: String = text
            .lines()
            .map(|line| match line.trim_start().strip_prefix('#') {
                Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    format!("{}\n", line.replacen('#', "", 1))
                }
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(format!("{:?}", load(&uncommented).unwrap()), format!("{:?}", Settings::default()));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, uncommented).unwrap();
        let mut defaults = Defaults::of(vec![path.clone()]);
        assert_eq!(defaults.read(&env(), &mut Inputs::default()), Ok(Vec::new()));
        assert_eq!(format!("{:?}", defaults.notify), format!("{:?}", Notify::default()));
        for section in keys::DAEMON_SECTIONS {
            for key in section.keys {
                assert!(text.contains(&format!("{key}:")), "`{key}` is not explained");
            }
        }
        load(&text.replace("# trigger: {token: ...}", "trigger: {token: \"${LONG}\"}")).unwrap_err();
        for key in ["webhook", "before", "on_failure", "after"] {
            let written = text.replace(&format!("  # {key}: "), &format!("  {key}: "));
            assert_ne!(written, text, "{key}");
            fs::write(&path, written).unwrap();
            assert_eq!(check_settings(&path, &env()), Ok(Vec::new()), "{key}");
        }
    }
}
