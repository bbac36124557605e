//! What is installed besides the program: everything that the files of `contrib/` name is there, and says what it must.

use std::{fs, path::Path};

use corpusd::config::{self, Env};

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
    let mut found = 0;
    for source in sources.filter(|source| !source.starts_with("target/")) {
        assert!(Path::new(ROOT).join(source).exists(), "{source}");
        found += 1;
    }
    assert!(found > 5, "{section}");
}
