//! What `corpusd.yaml` says for all pipelines: whom each tells of its runs unless its own file says otherwise.
//!
//! It is read apart from the rest of that file, which is the daemon's alone: a run from cron has no use for a trigger's
//! token, and may not even be allowed to read it.

use std::path::PathBuf;

use super::{Diagnostic, Env, fields::Fields, inputs::Inputs, keys, notify, reader::Reader, settings};
use crate::notify::Notify;

/// What holds for every pipeline that does not say otherwise.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Where the file may be: the first that is there counts.
    places: Vec<PathBuf>,
    pub(super) notify: Notify,
}

impl Defaults {
    /// Those of the first file in `places` that there is. What is built in holds until they are read, and where there is
    /// no file.
    pub fn of(places: Vec<PathBuf>) -> Defaults {
        Defaults { places, notify: Notify::default() }
    }

    /// Reads what the file says now, all of it or, where anything is wrong, nothing; notes in `inputs` what it looked
    /// at. Gives what their author should know.
    ///
    /// # Errors
    /// Everything that is wrong with them: they stay as they were.
    pub fn read(&mut self, env: &Env<'_>, inputs: &mut Inputs) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let file = self.places.iter().find(|place| {
            // One that is not there yet would come before the one that is.
            inputs.note(place);
            place.exists()
        });
        let Some(file) = file else {
            self.notify = Notify::default();
            return Ok(Vec::new());
        };
        let (notify, warnings) = settings::read(file, env, inputs, notify)?;
        self.notify = notify;
        Ok(warnings)
    }
}

pub(super) fn notify<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Notify {
    notify::notify(reader, file, &keys::SHARED_NOTIFY, &Notify::default())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use tempfile::TempDir;

    use super::*;
    use crate::config::{
        Folder, Loaded, SETTINGS_FILE, load_dir,
        tests::{MINIMAL, env},
    };

    /// A folder with one pipeline, and the defaults that it is read with.
    struct Story {
        folder: TempDir,
        defaults: Defaults,
    }

    impl Story {
        /// `pipeline` and `shared` are the lines of `notify` in the one file and the other.
        fn new(shared: &str, pipeline: &str) -> Story {
            let folder = TempDir::new().unwrap();
            let defaults = Defaults::of(vec![folder.path().join(SETTINGS_FILE)]);
            fs::write(folder.path().join("docs.yaml"), format!("{MINIMAL}notify:\n{pipeline}")).unwrap();
            let story = Story { folder, defaults };
            story.write(shared);
            story
        }

        fn write(&self, shared: &str) {
            self.write_all(&format!("version: 1\nnotify:\n{shared}"));
        }

        fn write_all(&self, yaml: &str) {
            fs::write(self.path(SETTINGS_FILE), yaml).unwrap();
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn read(&mut self) -> Folder {
            load_dir(self.folder.path(), &mut self.defaults, &env()).unwrap()
        }

        /// What is wrong with the defaults, and whom the pipeline tells.
        fn told(&mut self) -> (String, Notify) {
            let Folder { files, defaults, .. } = self.read();
            let [Ok(Loaded { pipeline, .. })] = files.as_slice() else { panic!("{files:?}") };
            let faults: Vec<String> = defaults.err().iter().flatten().map(ToString::to_string).collect();
            let faults = faults.join("\n").replace(&format!("{}/", self.folder.path().display()), "");
            (faults, Notify::clone(&pipeline.notify))
        }
    }

    const WEBHOOK: &str = "  webhook: https://hooks.example.com/all\n";

    /// In words: the webhook's path, the first argument of each command, the times.
    fn in_words(notify: &Notify) -> String {
        let path = notify.webhook.as_ref().map(|webhook| webhook.url.expose().path().to_owned());
        let commands =
            [("before", &notify.before), ("after", &notify.after), ("failure", &notify.on_failure)];
        let commands = commands.into_iter().filter_map(|(when, command)| {
            command.as_ref().map(|command| format!("{when} {}", command.arguments.join(" ")))
        });
        let parts: Vec<String> = path.into_iter().chain(commands).collect();
        let (timeout, stale_after) = (notify.timeout.as_secs(), notify.stale_after.as_secs() / 3_600);
        format!("{}; {timeout} s, {stale_after} h", parts.join(", "))
    }

    #[test]
    fn a_key_holds_for_a_pipeline_that_does_not_set_it_itself() {
        let check = |shared: &str, pipeline: &str, expected: &str| {
            let (faults, notify) = Story::new(shared, pipeline).told();
            assert_eq!((faults.as_str(), in_words(&notify).as_str()), ("", expected), "{shared}{pipeline}");
        };
        let own = "  webhook: https://hooks.example.com/own\n";
        let commands = "  before: [a, b1]\n  after: [a, a1]\n  on_failure: [a, f1]\n";
        check("", "", "; 60 s, 336 h");
        check(WEBHOOK, "", "/all; 60 s, 336 h");
        check(WEBHOOK, own, "/own; 60 s, 336 h");
        check(WEBHOOK, "  webhook: off\n", "; 60 s, 336 h");
        check(WEBHOOK, "  webhook: \"off\"\n  timeout: 5s\n", "; 5 s, 336 h");
        check("  webhook: off\n", own, "/own; 60 s, 336 h");
        check("  timeout: 2m\n  stale_after: 2d\n", "", "; 120 s, 48 h");
        check("  timeout: 2m\n  stale_after: 2d\n", "  stale_after: 3d\n", "; 120 s, 72 h");
        check(commands, "", "before b1, after a1, failure f1; 60 s, 336 h");
        check(commands, "  before: off\n  after: [a, a2]\n", "after a2, failure f1; 60 s, 336 h");
        check(commands, "  before: off\n  after: off\n  on_failure: off\n", "; 60 s, 336 h");
        // A part of a webhook is none of another's.
        check(
            "  webhook: {url: \"https://hooks.example.com/all\", secret: \"${TOKEN}\"}\n",
            "  webhook: {url: \"https://hooks.example.com/own\"}\n",
            "/own; 60 s, 336 h",
        );
    }

    #[test]
    fn nothing_of_the_daemon_is_looked_at() {
        let mut story = Story::new("", "");
        story.write_all(&format!(
            "version: 1\nmax_runs: many\ntrigger: {{token: {{credential: token}}}}\nlisten: [a]\nnotify:\n{WEBHOOK}"
        ));
        let (faults, notify) = story.told();
        assert_eq!((faults.as_str(), notify.webhook.is_some()), ("", true));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_changes_nothing() {
        let check = |yaml: &str, expected: &str| {
            let mut story = Story::new(&format!("{WEBHOOK}  timeout: 7s\n"), "");
            let before = in_words(&story.told().1);
            story.write_all(yaml);
            let (faults, notify) = story.told();
            assert!(faults.contains(expected), "{yaml}\n{faults}");
            assert_eq!(in_words(&notify), before, "{yaml}");
        };
        check(
            "version: 1\nnotify: {ping: \"https://hc.example.com/a\"}\n",
            "corpusd.yaml:2:10: error: unknown key `ping`\n  help: `ping` is one pipeline's own: it belongs under `notify` of its file",
        );
        check("version: 1\nnotify: {status_file: a.json}\n", "`status_file` is one pipeline's own");
        check(
            "version: 1\nnotify: {timeout: 2h, webhook: off}\n",
            "corpusd.yaml:2:19: error: `timeout` must be",
        );
        check(
            "version: 1\nnotify: {webhook: \"${ABSENT}\"}\n",
            "the environment variable `ABSENT` is not set",
        );
        check(
            "version: 1\nnotify: {webhook: {url: {file: absent}}}\n",
            "cannot read the file that `file` names",
        );
        check("version: 1\nnotify: {webhook: }\n", "`webhook` has no value");
        check("version: 1\nnotify: none\n", "`notify` must be a mapping");
        check("version: 1\nnotfy: {}\n", "did you mean `notify`?");
        check("version: 2\n", "`version` must be `1`");
        check("version: 1\nnotify: {", "corpusd.yaml:");
    }

    #[test]
    fn they_are_gone_with_their_file() {
        let mut story = Story::new(WEBHOOK, "");
        assert!(story.told().1.webhook.is_some());
        story.write_all("version: 1\n");
        assert!(story.told().1.webhook.is_none());
        story.write(WEBHOOK);
        assert!(story.told().1.webhook.is_some());
        fs::remove_file(story.path(SETTINGS_FILE)).unwrap();
        let (faults, notify) = story.told();
        assert_eq!((faults.as_str(), notify.webhook.is_none()), ("", true));
    }

    #[test]
    fn a_change_of_the_file_or_of_one_that_it_names_or_one_that_comes_before_it_is_seen() {
        let mut story = Story::new("  webhook: {url: {file: url}}\n", "");
        story.defaults = Defaults::of(vec![story.path("first.conf"), story.path(SETTINGS_FILE)]);
        let mut check = |name: &str, text: Option<&str>, is_seen: bool| {
            let (inputs, path) = (story.read().inputs, story.path(name));
            let look = || inputs.again(story.folder.path()).unwrap();
            assert_eq!(look(), inputs, "before {name} changes");
            match text {
                Some(text) => fs::write(path, text).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            assert_eq!(look() != inputs, is_seen, "{name}: {text:?}");
        };
        check("url", Some("https://hooks.example.com/a"), true);
        check(SETTINGS_FILE, Some("version: 1\nnotify: {timeout: 2s}"), true);
        check("url", Some("nobody names it now"), false);
        check("first.conf", Some("version: 1"), true);
        check(SETTINGS_FILE, Some("another counts"), false);
        check("first.conf", None, true);
    }

    #[test]
    fn paths_are_those_of_the_folder_that_the_file_is_in() {
        let mut story = Story::new("", "");
        let elsewhere = TempDir::new().unwrap();
        let file = elsewhere.path().join(SETTINGS_FILE);
        fs::write(&file, "version: 1\nnotify: {after: [./tell], webhook: {url: {file: url}}}\n").unwrap();
        fs::write(elsewhere.path().join("url"), "https://hooks.example.com/a").unwrap();
        story.defaults = Defaults::of(vec![file]);
        let (faults, notify) = story.told();
        assert_eq!(faults, "");
        assert_eq!(notify.after.unwrap().program, elsewhere.path().join(Path::new("./tell")));
        assert_eq!(notify.timeout, Duration::from_mins(1));
    }
}
