//! What is installed besides the program: everything that the files of `contrib/` name is there, and says what it must.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use corpusd::config::{self, Env};
use granit_parser::{Event, Parser};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn contrib(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("contrib").join(path)).unwrap()
}

/// The text of an indented block, which begins after the line that ends with `begin`.
fn block(text: &str, begin: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.ends_with(begin)).skip(1).peekable();
    let indent = lines.peek().unwrap().len() - lines.peek().unwrap().trim_start().len();
    let inside = lines.take_while(|line| line.trim().is_empty() || line.starts_with(&" ".repeat(indent)));
    inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect()
}

/// Every scalar of a stream of YAML documents by its path, such as `CronJob.spec.schedule`; a document is named by its
/// `kind`, where it has one.
fn scalars(text: &str) -> BTreeMap<String, String> {
    let (mut all, mut document) = (BTreeMap::new(), BTreeMap::<String, String>::new());
    // A collection that is open: what its next value is called, and in a list how many there were.
    let mut open: Vec<(Option<String>, Option<usize>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let ends_value = match event.unwrap().0 {
            Event::SequenceStart(..) => {
                open.push((Some("0".to_owned()), Some(0)));
                false
            }
            Event::MappingStart(..) => {
                open.push((None, None));
                false
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                true
            }
            Event::Scalar(text, ..) => {
                if let Some((name @ None, _)) = open.last_mut() {
                    *name = Some(text.into_owned());
                    false
                } else {
                    let path: Vec<&str> = open.iter().filter_map(|(name, _)| name.as_deref()).collect();
                    let before = document.insert(path.join("."), text.into_owned());
                    assert!(before.is_none(), "{path:?} is there twice");
                    true
                }
            }
            Event::DocumentEnd => {
                let kind = document.get("kind").map(|kind| format!("{kind}.")).unwrap_or_default();
                all.extend(
                    std::mem::take(&mut document)
                        .into_iter()
                        .map(|(path, text)| (kind.clone() + &path, text)),
                );
                false
            }
            Event::Alias(_) => panic!("no aliases: they hide what is meant"),
            _ => false,
        };
        if ends_value && let Some((name, count)) = open.last_mut() {
            *count = count.map(|count| count + 1);
            *name = count.map(|count| count.to_string());
        }
    }
    all
}

/// What `ENV NAME=VALUE …` of the image sets.
fn image_env(name: &str) -> String {
    let file = contrib("docker/Dockerfile");
    let settings = file.lines().filter_map(|line| line.strip_prefix("ENV ")).flat_map(str::split_whitespace);
    settings.filter_map(|setting| setting.split_once('=')).find(|(key, _)| *key == name).unwrap().1.to_owned()
}

#[test]
fn the_cron_job_runs_one_pipeline_at_a_time_as_nobody_with_its_state_on_a_volume() {
    const POD: &str = "CronJob.spec.jobTemplate.spec.template.spec";
    const CONTAINER: &str = "CronJob.spec.jobTemplate.spec.template.spec.containers.0";
    let files = scalars(&contrib("kubernetes/cronjob.yaml"));
    let at = |path: &str| files.get(path).map(String::as_str);
    // A run that fails is not tried again at once, and never two runs at a time: the volume has one writer.
    for (path, value) in [
        ("CronJob.spec.concurrencyPolicy".to_owned(), "Forbid"),
        ("CronJob.spec.jobTemplate.spec.backoffLimit".to_owned(), "0"),
        (format!("{POD}.restartPolicy"), "Never"),
        (format!("{POD}.securityContext.runAsNonRoot"), "true"),
        (format!("{POD}.securityContext.runAsUser"), "65532"),
        (format!("{CONTAINER}.args.0"), "run"),
        (format!("{CONTAINER}.args.1"), "--once"),
        (format!("{CONTAINER}.args.2"), "docs"),
        (format!("{CONTAINER}.securityContext.readOnlyRootFilesystem"), "true"),
        (format!("{CONTAINER}.securityContext.allowPrivilegeEscalation"), "false"),
        (format!("{CONTAINER}.securityContext.capabilities.drop.0"), "ALL"),
        (format!("{CONTAINER}.volumeMounts.0.name"), "config"),
        (format!("{CONTAINER}.volumeMounts.0.mountPath"), &image_env("CORPUSD_CONFIG_DIR")),
        (format!("{CONTAINER}.volumeMounts.1.name"), "state"),
        (format!("{CONTAINER}.volumeMounts.1.mountPath"), &image_env("CORPUSD_STATE")),
        (format!("{POD}.volumes.1.name"), "state"),
    ] {
        assert_eq!(at(&path), Some(value), "{path}");
    }
    assert!(files.contains_key("ConfigMap.data.docs.yaml"));
    let claimed = at(&format!("{POD}.volumes.1.persistentVolumeClaim.claimName"));
    assert_eq!(claimed, at("PersistentVolumeClaim.metadata.name"));
    // A push under way gets 60 s when it is stopped.
    let grace: u64 = at(&format!("{POD}.terminationGracePeriodSeconds")).unwrap().parse().unwrap();
    assert!(grace > 60, "{grace}");
    // Every variable that the pipeline wants is there.
    let pipeline = &files["ConfigMap.data.docs.yaml"];
    let given: Vec<&String> = files
        .iter()
        .filter(|(path, _)| path.contains(".env.") && path.rsplit('.').next() == Some("name"))
        .map(|(_, name)| name)
        .collect();
    let wanted: Vec<&str> = pipeline.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert!(
        wanted.len() == 2 && wanted.iter().all(|wanted| given.iter().any(|given| given == wanted)),
        "{wanted:?}"
    );
}

#[test]
fn compose_keeps_the_state_and_lets_a_push_end() {
    let files = scalars(&contrib("docker/compose.yaml"));
    let at = |path: &str| files.get(path).map(String::as_str);
    let folder = |name: &str| image_env(name);
    for (path, value) in [
        ("services.corpusd.read_only", "true".to_owned()),
        ("services.corpusd.cap_drop.0", "ALL".to_owned()),
        ("services.corpusd.security_opt.0", "no-new-privileges:true".to_owned()),
        ("services.corpusd.volumes.0", format!("./pipelines:{}:ro", folder("CORPUSD_CONFIG_DIR"))),
        ("services.corpusd.volumes.1", format!("state:{}", folder("CORPUSD_STATE"))),
        ("services.corpusd.secrets.0", "chatbase_api_key".to_owned()),
    ] {
        assert_eq!(at(path), Some(value.as_str()), "{path}");
    }
    let context = Path::new(ROOT).join("contrib/docker").join(at("services.corpusd.build.context").unwrap());
    assert!(context.join(at("services.corpusd.build.dockerfile").unwrap()).exists());
    let grace = at("services.corpusd.stop_grace_period").and_then(|period| period.strip_suffix('s'));
    assert!(grace.unwrap().parse::<u64>().unwrap() > 60);
}

#[test]
fn what_the_build_reads_is_sent_to_the_builder_of_the_image() {
    let listed = contrib("docker/Dockerfile.dockerignore");
    let sent: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let (mut folders, mut found) = (vec![Path::new(ROOT).join("src")], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let is_tests = path.file_name().is_some_and(|name| name == "tests.rs");
            for included in code.split("include_str!(\"").skip(1).filter(|_| !is_tests) {
                let included = folder.join(included.split('"').next().unwrap()).canonicalize().unwrap();
                let inside =
                    included.strip_prefix(Path::new(ROOT).canonicalize().unwrap()).unwrap().to_owned();
                assert!(sent.iter().any(|sent| inside.starts_with(sent)), "{}", inside.display());
                found += 1;
            }
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn both_services_live_in_one_cage() {
    let cage = |unit: &str| {
        let text = contrib(unit);
        let (_, cage) = text.split_once("\n# It needs the network").unwrap();
        cage.split("\n[").next().unwrap().trim_end().to_owned()
    };
    assert_eq!(cage("systemd/corpusd.service"), cage("systemd/corpusd@.service"));
}

#[test]
fn every_command_has_a_manual_page_that_leads_to_exit_codes_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("man");
    let made = Command::new(env!("CARGO_BIN_EXE_corpusd")).arg("man").arg(&man).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let page = |path: PathBuf| fs::read_to_string(path).unwrap();
    let main = page(man.join("corpusd.1"));
    for section in [".SH \"EXIT STATUS\"", ".SH FILES", "\\fB143\\fR", "CORPUSD_STATE"] {
        assert!(main.contains(section), "{section} in {main}");
    }
    let commands =
        main.lines().filter_map(|line| line.strip_suffix("(1)")).map(|name| name.replace('\\', ""));
    let mut found = 0;
    for command in commands {
        let text = page(man.join(format!("{command}.1")));
        assert!(text.contains(".SH \"SEE ALSO\"") && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
        found += 1;
    }
    assert!(found > 20, "{main}");
}

#[test]
fn the_help_of_a_command_has_its_own_options_first() {
    let help = Command::new(env!("CARGO_BIN_EXE_corpusd")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let at = |text: &str| help.find(text).unwrap();
    assert!(
        at("--metrics-file") < at("Global options:") && at("Global options:") < at("--config-dir"),
        "{help}"
    );
}

#[test]
fn the_pipeline_of_the_cron_job_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docs.yaml");
    fs::write(&file, block(&contrib("kubernetes/cronjob.yaml"), "docs.yaml: |")).unwrap();
    let env = Env { var: &|_| None, credentials_dir: None, allow_unset: true };
    let loaded = config::load_file(&file, &env);
    let faults = loaded.err().unwrap_or_default();
    assert!(faults.is_empty(), "{}", faults.iter().map(ToString::to_string).collect::<String>());
}

#[test]
fn the_image_is_small_runs_as_nobody_and_says_how_it_is() {
    let file = contrib("docker/Dockerfile");
    let (_, image) = file.rsplit_once("\nFROM ").unwrap();
    for needed in ["distroless", "USER 65532:65532", "HEALTHCHECK", "ENTRYPOINT [\"/usr/bin/corpusd\"]"] {
        assert!(image.contains(needed), "{needed}");
    }
    assert!(!file.contains(":latest") && !image.contains("\nRUN "), "{file}");
}

#[test]
fn what_goes_into_the_debian_package_is_in_the_repository() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (_, section) = manifest.split_once("\n[package.metadata.deb]\n").unwrap();
    let section = section.split("\n[lints").next().unwrap();
    let sources = section.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next());
    let scripts = ["debian/build", "debian/prerm", "debian/postrm"];
    for script in scripts.map(|script| Path::new(ROOT).join("contrib").join(script)) {
        assert!(
            Command::new("bash").arg("-n").arg(&script).status().unwrap().success(),
            "{}",
            script.display()
        );
    }
    let mut found = 0;
    for source in sources.filter(|source| !source.starts_with("target/")) {
        assert!(Path::new(ROOT).join(source).exists(), "{source}");
        found += 1;
    }
    assert!(found > 5, "{section}");
}
