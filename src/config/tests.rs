use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use proptest::prelude::*;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::{
    corpus::budget::Unit,
    crawl::{CrawlPlan, Rate, SitemapChoice},
    pipeline::{Agent, Source},
    publish::{ChatbaseV1, Target},
};

/// The smallest file that loads.
pub(super) const MINIMAL: &str = "\
version: 1
agent: {id: abc}
sources:
  - site:
      start: https://docs.example.com/
publish:
  api_key: ${KEY}
";

pub(super) const SECRET: &str = "hush-3f9a1c";

fn var(name: &str) -> Option<String> {
    match name {
        "KEY" => Some(SECRET.to_owned()),
        "EMPTY" => Some(String::new()),
        "NUMBER" => Some("500".to_owned()),
        "TOKEN" => Some("very-private".to_owned()),
        "CHATBASE_AGENT_ID" => Some("abc".to_owned()),
        "CHATBASE_API_KEY" | "CORPUSD_DEMO_KEY" => Some("sbx-standard".to_owned()),
        _ => None,
    }
}

pub(super) fn env() -> Env<'static> {
    Env { var: &var, credentials_dir: None, allow_unset: false }
}

fn load_bytes(bytes: &[u8], env: &Env<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("docs.yaml");
    fs::write(&path, bytes).unwrap();
    load_file(&path, env).map_err(|mut diagnostics| {
        for diagnostic in &mut diagnostics {
            diagnostic.file = PathBuf::from("docs.yaml");
        }
        diagnostics
    })
}

fn load(yaml: &str) -> Result<Loaded, Vec<Diagnostic>> {
    load_bytes(yaml.as_bytes(), &env())
}

#[track_caller]
pub(super) fn accepted(yaml: &str) -> Pipeline {
    match load(yaml) {
        Ok(loaded) => loaded.pipeline,
        Err(diagnostics) => panic!("refused:\n{}\n{yaml}", told(&diagnostics)),
    }
}

#[track_caller]
pub(super) fn refused(yaml: &str) -> String {
    match load(yaml) {
        Ok(_) => panic!("accepted:\n{yaml}"),
        Err(diagnostics) => told(&diagnostics),
    }
}

pub(super) fn told(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().flat_map(|diagnostic| [diagnostic.to_string(), "\n".to_owned()]).collect()
}

/// [`MINIMAL`] with `line` (`key: value`) put into a section.
pub(super) fn with(section: &str, line: &str) -> String {
    let line = line.trim();
    match section {
        "" => format!("{MINIMAL}{line}\n"),
        "agent" => MINIMAL.replace("agent: {id: abc}", &format!("agent:\n  id: abc\n  {line}")),
        "site" => MINIMAL.replace("start: https", &format!("{line}\n      start: https")),
        "publish" => format!("{MINIMAL}  {line}\n"),
        section => format!("{MINIMAL}{section}:\n  {line}\n"),
    }
}

pub(super) fn site(pipeline: &Pipeline) -> &CrawlPlan {
    let Source::Site(site) = &pipeline.sources[0];
    site
}

fn chatbase(pipeline: &Pipeline) -> &ChatbaseV1 {
    match &pipeline.target {
        Target::ChatbaseV1(chatbase) => chatbase,
        Target::ChatbaseV2(_) | Target::Directory(_) => panic!("not chatbase_v1"),
    }
}

#[test]
fn a_minimal_file_gets_the_stated_defaults() {
    let pipeline = accepted(MINIMAL);
    assert_eq!((pipeline.name.as_str(), pipeline.enabled, pipeline.keep), ("docs", true, 20));
    assert_eq!(pipeline.agent, Agent { id: "abc".to_owned(), name: None });
    let site = site(&pipeline);
    assert_eq!(site.start[0].as_str(), "https://docs.example.com/");
    assert_eq!((site.max_pages, site.max_depth, site.concurrency, site.retries), (10_000, 20, 8, 2));
    assert_eq!((site.rate, &site.sitemap), (Rate::PerSecond(5.0), &SitemapChoice::Auto));
    assert_eq!((site.gone_after, site.stale_for.as_secs()), (2, 14 * 86_400));
    let limits: Vec<_> = pipeline.budget.limits.iter().map(|limit| (limit.unit, limit.max)).collect();
    assert_eq!(limits, [(Unit::Chars, 11_000_000), (Unit::Bytes, 20_000_000)]);
    let chatbase = chatbase(&pipeline);
    assert_eq!(chatbase.api_key.expose_secret(), SECRET);
    assert_eq!((chatbase.base_url.as_str(), chatbase.max_body), ("https://www.chatbase.co/", 4_500_000));
    assert_eq!((chatbase.timeout.as_secs(), chatbase.adopt), (120, false));
    assert_eq!(pipeline.min_interval.as_secs(), 3600);
}

#[test]
fn an_agent_can_be_kept_by_its_sources() {
    let pipeline = accepted(&with("publish", "to: chatbase_v2"));
    let Target::ChatbaseV2(chatbase) = &pipeline.target else { panic!("not chatbase_v2") };
    assert_eq!(chatbase.api_key.expose_secret(), SECRET);
    assert_eq!((chatbase.base_url.as_str(), chatbase.timeout.as_secs()), ("https://www.chatbase.co/", 120));
    assert_eq!((chatbase.limits.max_sources, chatbase.limits.max_body), (500, 4_500_000));
    assert_eq!(pipeline.target.identity("abc"), "chatbase_v2 https://www.chatbase.co/ abc");
}

#[test]
fn every_key_takes_what_it_says() {
    let cases = [
        ("", "enabled: false"),
        ("agent", "name: Acme Support"),
        ("agent", "name: ${TOKEN}"),
        ("site", "follow: [\"/docs/**\"]"),
        ("site", "keep: /docs/**"),
        ("site", "sitemap: off"),
        ("site", "sitemap: https://docs.example.com/map.xml"),
        ("site", "max_pages: 1000000"),
        ("site", "max_pages: ${NUMBER}"),
        ("site", "max_pages: \"${NUMBER}\""),
        ("site", "max_depth: 0"),
        ("site", "rate: 30/m"),
        ("site", "rate: unlimited"),
        ("site", "retries: 0"),
        ("site", "user_agent: corpusd/2 (+https://example.com/bot)"),
        ("site", "stale_for: 90s"),
        (
            "",
            "clean: [{match: \"/blog/**\", content: \"main > .post, #x\", remove: [.related, \"a[rel~=tag]\"]}]",
        ),
        ("", "clean: [{match: \"/**\", remove: .ad}]"),
        ("corpus", "plan: free"),
        ("corpus", "limit: 11000000 chars"),
        ("corpus", "limit: 400KB"),
        ("corpus", "headroom: 0%"),
        ("corpus", "priority: [{match: \"/docs/**\", weight: -10}]"),
        ("corpus", "link_map: false"),
        ("corpus", "# all of it commented out"),
        ("gates", "max_removed: 100%"),
        ("gates", "max_growth: 1000%"),
        ("gates", "require_urls: [\"/docs/**\", \"https://docs.example.com/pricing\"]"),
        ("gates", "require_text: Acme"),
        ("gates", "forbid_text: [lorem ipsum]"),
        ("publish", "to: chatbase_v1"),
        ("publish", "to: chatbase_v2"),
        ("publish", "to: chatbase_v2\n  max_sources: 100000"),
        ("publish", "base_url: http://127.0.0.1:4319"),
        ("publish", "base_url: http://[::1]:4319/"),
        ("publish", "base_url: http://localhost"),
        ("publish", "max_body: 5MiB"),
        ("publish", "timeout: 1h"),
        ("publish", "min_interval: 0s"),
        ("publish", "min_interval: 7d"),
        ("publish", "adopt: true"),
    ];
    for (section, line) in cases {
        accepted(&with(section, line));
    }
}

#[test]
fn a_faulty_value_is_refused_at_its_place_with_a_way_out() {
    /// `expected` is a part of what the user reads.
    #[track_caller]
    fn check(section: &str, line: &str, expected: &str) {
        let told = refused(&with(section, line));
        assert!(told.contains(expected), "{line}:\n{told}");
    }
    check(
        "",
        "version: 2",
        "docs.yaml:8:1: error: duplicate key `version`\n  help: it stands in line 1 already",
    );
    check("", "enabled: yes", "docs.yaml:8:10: error: `enabled` must be `true` or `false`, not `yes`");
    check("", "enabled: True", "did you mean `true`?");
    check("", "schedul: {cron: x}", "docs.yaml:8:1: error: unknown key `schedul`");
    check("", "corpus: [a]", "`corpus` must be a mapping, not a list");
    check("", "max_page: 5", "help: did you mean `max_pages` under `sources[].site`?");
    check("agent", "nmae: x", "help: did you mean `name`?");
    check("agent", "name: \"\"", "`name` is empty");
    check("agent", "name: [a]", "`name` must be a single value, not a list");
    check("agent", "name: null", "`name` has no value");
    check("agent", "name: \"a\\tb\\u0007c\"", "control character");
    check(
        "site",
        "max_page: 5",
        "docs.yaml:5:7: error: unknown key `max_page`\n  help: did you mean `max_pages`?",
    );
    check("site", "api_key: x", "help: `api_key` belongs under `publish`");
    check("site", "robots: obey", "unknown key `robots`");
    check("site", "max_pages: 010", "docs.yaml:5:18: error: `max_pages` must be a whole number");
    check("site", "max_pages: 010", "help: it can be 1 to 1000000");
    check("site", "max_pages: 0", "`max_pages` must be 1 to 1000000, not `0`");
    check("site", "max_pages: -1", "must be a whole number");
    check("site", "max_pages: 1e3", "must be a whole number");
    check("site", "max_pages: 1000001", "not `1000001`");
    check("site", "max_pages: ${TOKEN}", "not the value of `${TOKEN}`");
    check("site", "max_pages: ${UNSET}", "the environment variable `UNSET` is not set");
    check("site", "max_pages: ${EMPTY}", "the environment variable `EMPTY` is empty");
    check("site", "max_pages: \"${}\"", "`${` begins a variable");
    check("site", "max_depth: 5000000000", "help: it can be 0 to 1000");
    check("site", "rate: 0/s", "`rate` must be a rate such as `5/s`");
    check("site", "stale_for: 14", "`stale_for` must be a duration");
    check("site", "stale_for: 0d", "must be 1s to 3650d");
    check("site", "sitemap: none", "`sitemap` must be `auto`, `off` or a URL");
    check("site", "sitemap: ftp://x/", "`sitemap` is no http or https URL");
    check("site", "user_agent: Mozilla", "`user_agent` does not name `corpusd`");
    check("site", "user_agent: \"corpusd\\r\\nX: y\"", "no HTTP header");
    check("site", "keep: [docs/**]", "docs.yaml:5:14: error: `keep` cannot use `docs/**` as a pattern");
    check(
        "corpus",
        "plan: profesional",
        "`plan` must be `free`, `hobby`, `standard` or `pro`, not `profesional`",
    );
    check("corpus", "plan: standart", "did you mean `standard`?");
    check("corpus", "limit: -1", "`limit` must be a limit above zero");
    check("corpus", "limit: 0", "`limit` must be a limit above zero");
    check("corpus", "limit: 1e30", "`limit` must be a limit above zero");
    check("corpus", "headroom: 95%", "`headroom` must be 0% to 90%, not `95%`");
    check("corpus", "headroom: 0.02", "a percentage such as `30%`");
    check("corpus", "plan: free\n  limit: 1MB", "`limit` and `plan` exclude each other");
    check("", "clean: {match: a}", "`clean` must be a list");
    check("", "clean: [{content: main}]", "missing `clean[].match`");
    check("", "clean: [{match: \"/**\"}]", "needs `content` or `remove`");
    check("", "clean: [{match: \"a\", content: main}]", "as a pattern: it must start with");
    check(
        "",
        "clean: [{match: \"/**\", content: \"p:first-child\"}]",
        "`:first-child` is not supported in a selector",
    );
    check(
        "",
        "clean: [{match: \"/**\", remove: [\".a\", \"b[\"]}]",
        "`remove` cannot use `b[` as a selector: `[` is not closed",
    );
    check("", "clean: [{match: \"/**\", remove: \"${TOKEN}(\"}]", "cannot use");
    let long = |part: &str| format!("clean: [{{match: \"/**\", content: \"{}\"}}]", part.repeat(50_000));
    check("", &long("a "), "cannot use this text as a selector: it has 100000 bytes, more than 4096");
    check(
        "",
        &format!("clean: [{{match: \"/**\", content: \"{}\"}}]", ":has(".repeat(99)),
        ":has(…` is not supported",
    );
    check(
        "site",
        "sitemap: \"https://docs.example.com/\\r\\nX: y\"",
        "a URL with a line break or a control character",
    );
    check("corpus", "priority: {match: a}", "`priority` must be a list");
    check("corpus", "priority: [{match: \"/a\"}]", "missing `corpus.priority[].weight`");
    check("corpus", "priority: [{match: \"/{a\", weight: 1}]", "as a pattern");
    check("gates", "min_documents: 0", "must be 1 to 1000000");
    check("gates", "max_shrink: 101%", "must be 0% to 100%");
    check("gates", "max_growth: 100001%", "must be 0% to 100000%");
    check("gates", "require_urls: [docs]", "`require_urls` cannot use `docs` as a pattern");
    check("gates", "forbid_text: [\" \"]", "`forbid_text` has an empty text");
    check("publish", "to: chatbase_v3", "`to` must be `chatbase_v1`, `chatbase_v2` or `{directory: PATH}`");
    check("publish", "max_sources: 5", "`max_sources` means nothing to `chatbase_v1`");
    check("publish", "to: chatbase_v2\n  adopt: true", "`adopt` means nothing to `chatbase_v2`");
    check("publish", "to: chatbase_v2\n  max_sources: 0", "must be 1 to 100000");
    check("publish", "to: chatbase_v2\n  max_body: 99KB", "must be 100KB to 1GB");
    check("publish", "base_url: http://www.chatbase.co", "would send the key unencrypted");
    check("publish", "base_url: https://www.chatbase.co/api/v1", "more than scheme, host and port");
    check("publish", "base_url: https://u:p@www.chatbase.co", "a URL with credentials");
    check("publish", "max_body: 4.5", "a size such as");
    check("publish", "timeout: 2h", "must be 1s to 1h");
    check("publish", "min_interval: 31d", "must be 0d to 30d");
    check("publish", "keep: 0", "must be 1 to 10000");
}

#[test]
fn what_is_required_is_asked_for_all_at_once() {
    assert_eq!(
        refused("corpus: {plan: pro}\n"),
        "docs.yaml:1:1: error: missing `version`\n  help: add `version: 1` as the first line\n\
         docs.yaml:1:1: error: missing `agent.id`\n  help: copy the id from the agent's settings at Chatbase\n\
         docs.yaml:1:1: error: missing `sources`\n  help: write `sources: [{site: {start: \"https://docs.example.com/\"}}]`, or one \
         `- site:` a line\n\
         docs.yaml:1:1: error: missing `publish.api_key`\n  help: write `api_key: ${CHATBASE_API_KEY}`, `api_key: {file: PATH}` or \
         `api_key: {credential: NAME}`\n"
    );
    for (written, expected) in [
        ("sources: []", "`sources` is empty"),
        ("sources:", "`sources` has no value"),
        ("sources: {site: {start: https://a.example/}}", "`sources` must be a list, not a mapping"),
        ("sources: [https://a.example/]", "`sources[]` must be a mapping, not a single value"),
        ("sources: [{}]", "missing `sources[].site`"),
        ("sources: [{sitemap: x}]", "unknown key `sitemap`"),
        ("sources: [{site: {}}]", "missing `sources[].site.start`"),
        ("sources: [{site: {start: []}}]", "`start` is empty"),
        ("sources: [{site: {start: docs.example.com}}]", "`start` is no URL (relative URL without a base)"),
        ("sources: [{site: {start: [file:///etc/passwd]}}]", "`start` is no http or https URL"),
        ("sources: [{site: {start: ftp://a.example/}}]", "`start` is no http or https URL"),
        ("sources: [{site: {start: https://me:pass@a.example/}}]", "`start` is a URL with credentials"),
    ] {
        let yaml = format!("version: 1\nagent: {{id: abc}}\npublish: {{api_key: \"${{KEY}}\"}}\n{written}\n");
        let told = refused(&yaml);
        assert!(told.contains(expected), "{written}:\n{told}");
        assert!(!told.contains("pass"), "{told}");
    }
    accepted(&MINIMAL.replace("https://docs.example.com/", "[http://10.0.0.5/, https://b.example/x]"));
}

#[test]
fn strings_stay_strings() {
    for name in
        ["no", "off", "y", "12:30:45", "1e3", "010", "0x1F", "true", "2026-01-01", "1_000", "=", "NaN"]
    {
        let pipeline = accepted(&with("agent", &format!("name: {name}")));
        assert_eq!(pipeline.agent.name.as_deref(), Some(name));
    }
    let warnings = load(&with("agent", "name: no")).unwrap().warnings;
    assert!(told(&warnings).contains("warning: `name` has 2 characters"), "{warnings:?}");
    for id in ["a\u{200b}bc", "\u{430}bc"] {
        let warnings = load(&MINIMAL.replace("abc", id)).unwrap().warnings;
        assert!(told(&warnings).contains("warning: `id` holds characters that no id"), "{warnings:?}");
    }
}

#[test]
fn merge_keys_share_settings_between_sources() {
    let yaml = "\
version: 1
agent: {id: abc}
sources:
  - site: &polite {start: https://a.example/, rate: 1/s, max_pages: 7}
  - site: {<<: *polite, start: https://b.example/}
  - site:
      <<: [{max_pages: 9}, *polite]
publish: {api_key: \"${KEY}\"}
";
    let pipeline = accepted(yaml);
    let read: Vec<_> = pipeline
        .sources
        .iter()
        .map(|Source::Site(site)| (site.start[0].as_str().to_owned(), site.rate, site.max_pages))
        .collect();
    let expected = [("https://a.example/", 7), ("https://b.example/", 7), ("https://a.example/", 9)]
        .map(|(start, max_pages)| (start.to_owned(), Rate::PerSecond(1.0), max_pages));
    assert_eq!(read, expected);
    assert!(refused(&yaml.replace("<<: *polite", "<<: 5")).contains("`<<` merges mappings only"));
    assert!(refused(&yaml.replace("<<: *polite", "<<: *polite, <<: *polite")).contains("duplicate key `<<`"));
    assert!(refused(&yaml.replace("<<: *polite", "\"<<\": *polite")).contains("unknown key"));
    let told = refused(&yaml.replace("max_pages: 7", "max_page: 7"));
    assert_eq!(told.matches("unknown key").count(), 1, "{told}");
}

#[test]
fn a_secret_is_never_a_literal() {
    for literal in [
        "sk-live-123",
        "\"sk-live-123\"",
        "x${KEY}",
        "${KEY}${KEY}",
        "${KEY:-sk-live-123}",
        "$KEY",
        "|\n    sk-live-123",
    ] {
        let told = refused(&MINIMAL.replace("${KEY}", literal));
        assert!(told.contains("a secret has no place in this file"), "{literal}:\n{told}");
        assert!(told.contains("{file: PATH}"), "{told}");
        assert!(!told.contains("sk-live"), "{told}");
    }
    let told = refused(&MINIMAL.replace("${KEY}", "{sk-live-123: 1, sk-live-123: 2}"));
    assert!(!told.contains("sk-live"), "{told}");
    assert!(refused(&MINIMAL.replace("${KEY}", "${UNSET}")).contains("`UNSET` is not set"));
    assert!(refused(&MINIMAL.replace("${KEY}", "${EMPTY}")).contains("is empty"));
    assert!(refused(&MINIMAL.replace("${KEY}", "")).contains("`api_key` has no value"));
    assert!(refused(&MINIMAL.replace("${KEY}", "[a]")).contains("must not be a list"));
    assert!(refused(&MINIMAL.replace("${KEY}", "{file: a, credential: b}")).contains("needs one of"));
    assert!(!format!("{:?}", accepted(MINIMAL)).contains(SECRET));
}

#[test]
fn a_secret_file_is_one_line() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("docs.yaml");
    let env = Env { credentials_dir: Some(dir.path().to_owned()), ..env() };
    let read = |content: &str, named: &str| {
        fs::write(dir.path().join("key"), content).unwrap();
        fs::write(&file, MINIMAL.replace("${KEY}", named)).unwrap();
        load_file(&file, &env)
    };
    for named in ["{file: key}", "{credential: key}"] {
        for content in ["abc", "abc\n", "abc\r\n"] {
            let loaded = read(content, named).unwrap();
            assert_eq!(chatbase(&loaded.pipeline).api_key.expose_secret(), "abc", "{content:?}");
        }
        for content in ["", "\n", "abc\n\n", "a\r\nb", "a\u{0}b", "a b", "ä"] {
            let told = told(&read(content, named).unwrap_err());
            assert!(told.contains("the secret that `api_key` names"), "{content:?}:\n{told}");
        }
        assert!(told(&read(&"x".repeat(20_000), named).unwrap_err()).contains("larger than"));
    }
    for named in ["{credential: ../key}", "{credential: /etc/passwd}", "{credential: ..}"] {
        assert!(told(&read("abc", named).unwrap_err()).contains("must be a plain name"), "{named}");
    }
    assert!(
        told(&read("abc", "{file: absent}").unwrap_err()).contains("cannot read the file that `file` names")
    );
    assert!(
        refused(&MINIMAL.replace("${KEY}", "{credential: key}"))
            .contains("`$CREDENTIALS_DIRECTORY` is not set")
    );
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_everyone_may_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let (file, key) = (dir.path().join("docs.yaml"), dir.path().join("key"));
    fs::write(&file, MINIMAL.replace("${KEY}", "{file: key}")).unwrap();
    fs::write(&key, "abc").unwrap();
    for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o444, 1)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(load_file(&file, &env()).unwrap().warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn a_directory_target_has_no_key() {
    let yaml = MINIMAL.replace("api_key: ${KEY}", "to: {directory: ../out}\n  keep: 3");
    let pipeline = accepted(&yaml);
    let Target::Directory(directory) = &pipeline.target else { panic!("no directory") };
    assert!(directory.ends_with("../out") && directory.is_absolute());
    assert_eq!(pipeline.min_interval.as_secs(), 0);
    for key in [
        "api_key: ${KEY}",
        "base_url: https://a.example",
        "min_interval: 1h",
        "max_body: 1MB",
        "timeout: 5s",
        "adopt: true",
    ] {
        let told = refused(&format!("{yaml}  {key}\n"));
        assert!(told.contains("means nothing to a directory"), "{told}");
    }
    accepted(&yaml.replace("../out", "/var/lib/out"));
    assert!(refused(&yaml.replace("directory", "dir")).contains("missing `publish.to.directory`"));
}

#[test]
fn an_unset_variable_passes_when_asked_to() {
    let lenient = Env { var: &|_| None, credentials_dir: None, allow_unset: true };
    let yaml = "\
version: ${V}
enabled: ${V}
agent: {id: \"${V}\", name: \"${V}\"}
sources:
  - site:
      start: [\"https://${V}/\", \"${V}\"]
      keep: [\"${V}\"]
      sitemap: ${V}
      max_pages: ${V}
      rate: ${V}
      user_agent: ${V}
      stale_for: ${V}
clean: [{match: \"${V}\", content: \"${V}\", remove: [\"${V}\"]}]
corpus: {plan: \"${V}\", headroom: \"${V}\", priority: [{match: \"${V}\", weight: \"${V}\"}]}
gates: {max_shrink: \"${V}\"}
publish: {to: \"${V}\", api_key: \"${V}\", base_url: \"${V}\", max_body: \"${V}\", timeout: \"${V}\", adopt: \"${V}\"}
";
    load_bytes(yaml.as_bytes(), &lenient).unwrap();
    assert!(load_bytes(b"version: 2\n", &lenient).is_err());
    let message = refused(yaml);
    assert_eq!(
        message.matches("the environment variable `V` is not set").count(),
        yaml.matches("${V}").count(),
        "{message}"
    );
}

#[test]
fn hostile_files_are_refused_fast_and_in_little_space() {
    let chain: String = (1..20_000).fold("a0: &a0 [x]\n".to_owned(), |yaml, level| {
        yaml + &format!("a{level}: &a{level} [*a{}]\n", level - 1)
    });
    let merges: String = (1..30).fold("a0: &a0 {k: 1}\n".to_owned(), |yaml, level| {
        yaml + &format!("a{level}: &a{level} {{<<: [*a{0}, *a{0}]}}\n", level - 1)
    });
    let cases = [
        ("alias bomb", alias_bomb(), "aliases written out"),
        ("chain of aliases", chain, "error"),
        ("merge bomb", merges, "aliases written out"),
        ("self-alias", "a: &a [*a]".to_owned(), "inside the value that it names"),
        ("self-merge", "a: &a {<<: *a}".to_owned(), "inside the value that it names"),
        ("unknown alias", "a: *b".to_owned(), "names no earlier anchor"),
        ("open brackets", "[".repeat(10_000), "nested deeper than 64 levels"),
        ("open braces", "{a: ".repeat(10_000), "nested deeper than 64 levels"),
        ("open lists", "- ".repeat(10_000), "nested deeper than 64 levels"),
        ("long file", " ".repeat((1 << 20) + 1), "larger than 1048576 bytes"),
        (
            "many keys",
            (0..40_000).fold(String::new(), |yaml, key| yaml + "k" + &key.to_string() + ": 1\n"),
            "and 39904 more faults",
        ),
        ("alternations", with("site", &format!("follow: [\"/{}\"]", "{a,".repeat(10_000))), "as a pattern"),
        (
            "priority",
            with("corpus", &format!("priority: [{{match: \"/{}\", weight: 1}}]", "{a,".repeat(300))),
            "pattern",
        ),
        (
            "many headers",
            with(
                "site",
                &(0..40_000)
                    .fold("headers:".to_owned(), |yaml, n| yaml + "\n        a" + &n.to_string() + ": x"),
            ),
            "`headers` has 40000 keys: more than 100",
        ),
        ("long key", format!("{}: 1", "k".repeat(1_000)), "unknown key\n"),
    ];
    for (name, yaml, expected) in cases {
        let begin = Instant::now();
        let told = refused(&yaml);
        let elapsed = begin.elapsed();
        assert!(told.contains(expected), "{name}:\n{told}");
        assert!(told.len() < 40_000, "{name}: {} bytes", told.len());
        // Milliseconds when optimised and alone; what is not bounded would take hours.
        assert!(elapsed.as_secs() < 10, "{name} took {elapsed:?}");
    }
}

/// Nine levels of lists, each holding the one before nine times.
fn alias_bomb() -> String {
    (0..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |yaml, level| {
        let uses = vec![format!("*a{level}"); 9].join(", ");
        yaml + &format!("a{0}: &a{0} [{uses}]\n", level + 1)
    })
}

#[test]
fn every_attack_on_record_is_answered() {
    let record = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/config_attacks.json"));
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    for case in record["cases"].as_array().unwrap() {
        // Refused, save for those marked.
        let (yaml, is_accepted) = match case["id"].as_str().unwrap() {
            "alias-bomb" => (alias_bomb(), false),
            "self-alias" => ("a: &a [*a]".to_owned(), false),
            "deep-nesting" => ("[".repeat(10_000), false),
            "huge-file" => (" ".repeat((1 << 20) + 1), false),
            "dup-key" => (with("publish", "keep: 5\n  keep: 5"), false),
            "unknown-key" => (with("publish", "kept: 5"), false),
            "merge-key" => (MINIMAL.replace("agent: {id: abc}", "agent: {<<: {name: Acme}, id: abc}"), true),
            "norway" => (with("agent", "name: no"), true),
            "octal" => (with("site", "max_pages: 010"), false),
            "sexagesimal" => (with("agent", "name: 12:30:45"), true),
            "tag" => (with("agent", "name: !!python/object x"), false),
            "binary-tag" => (with("agent", "name: !!binary aGVsbG8="), false),
            "multi-doc" => (format!("{MINIMAL}---\n{MINIMAL}"), false),
            "bom" => (format!("\u{feff}{MINIMAL}"), true),
            "tab-indent" => (MINIMAL.replace("  - site", "\t- site"), false),
            "path-abs" => (MINIMAL.replace("api_key: ${KEY}", "to: {directory: /var/lib/out}"), true),
            "secret-inline" => (MINIMAL.replace("${KEY}", "sk-123"), false),
            "url-file" => (MINIMAL.replace("https://docs.example.com/", "[file:///etc/passwd]"), false),
            "url-private" => (MINIMAL.replace("https://docs.example.com/", "[http://10.0.0.5/]"), true),
            "glob-bomb" => (with("site", &format!("follow: [\"/{}\"]", "{a,".repeat(10_000))), false),
            "limit-negative" => (with("corpus", "limit: -1"), false),
            "limit-zero" => (with("corpus", "limit: 0"), false),
            "limit-huge" => (with("corpus", "limit: 1e30"), false),
            "cron-never" => (with("schedule", "cron: \"0 0 30 2 *\""), false),
            "cron-every-second" => (with("schedule", "cron: \"* * * * * *\""), false),
            "env-missing" => (with("agent", "name: ${UNSET}"), false),
            // Several files, their names, or their bytes: in tests of their own.
            "utf16" | "path-dotdot" | "symlink" | "same-name" | "two-pipelines-one-agent" | "empty-dir"
            | "secret-world-readable" | "secret-newline" | "secret-crlf-inject"
            // Not the loader's: a reload is its caller's.
            | "reload-broken" | "reload-removed" => continue,
            other => panic!("`{other}` has no test"),
        };
        if is_accepted {
            accepted(&yaml);
        } else {
            refused(&yaml);
        }
    }
}

#[test]
fn yaml_that_is_not_ours_is_refused_at_its_place() {
    for (yaml, expected) in [
        ("a: !!python/object x\n", "docs.yaml:1:4: error: a tag (`!…`) is not allowed"),
        ("a: !!binary aGk=\n", "docs.yaml:1:4: error: a tag"),
        ("a: ! x\n", "docs.yaml:1:4: error: a tag"),
        ("version: 1\n---\nversion: 1\n", "docs.yaml:2:1: error: a second document begins here"),
        ("agent:\n\tid: x\n", "docs.yaml:2:2: error: a tab cannot indent\n  help: indent with spaces"),
        ("agent: {id: x\n", "docs.yaml:"),
        ("sources: [{site: {start: ${URL}}}]\n", "put quotes around"),
        ("? [a]\n: b\n", "a key must be text"),
        ("just text\n", "docs.yaml:1:1: error: the file must be a mapping, not a single value"),
        ("- a\n", "the file must be a mapping, not a list"),
        ("", "docs.yaml: error: the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("---\n", "the file is empty"),
        ("agent: {id: a, id: b}\n", "docs.yaml:1:16: error: duplicate key `id`"),
    ] {
        let told = refused(yaml);
        assert!(told.contains(expected), "{yaml}:\n{told}");
    }
}

#[test]
fn a_file_is_utf_8_with_or_without_a_mark() {
    let marked = [b"\xef\xbb\xbf", MINIMAL.as_bytes()].concat();
    assert!(load_bytes(&marked, &env()).is_ok());
    let windows = MINIMAL.replace('\n', "\r\n");
    accepted(&windows);
    for big_endian in [false, true] {
        let units = MINIMAL
            .encode_utf16()
            .map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
        let bare: Vec<u8> = units.flatten().collect();
        let mark: &[u8] = if big_endian { b"\xfe\xff" } else { b"\xff\xfe" };
        for bytes in [bare.clone(), [mark, &bare].concat()] {
            let told = told(&load_bytes(&bytes, &env()).unwrap_err());
            assert!(told.contains("UTF-16"), "{told}");
        }
    }
    let told = told(&load_bytes(b"version: 1\nagent: {id: \xe4}\n", &env()).unwrap_err());
    assert!(told.contains("docs.yaml:2:13: error: the file is not UTF-8"), "{told}");
}

#[test]
fn a_file_that_is_no_pipeline_is_not_read_out() {
    let told = refused("root:$6$saltsalt$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n");
    assert!(told.contains("docs.yaml:1:1: error: unknown key\n"), "{told}");
    assert!(!told.contains("root") && !told.contains("salt") && !told.contains("daemon"), "{told}");
    let told = refused("db: {password: hunter2}\n$6$salt$hash: x\ntoken: hunter2\n");
    assert!(!told.contains("hunter2") && !told.contains("salt"), "{told}");
}

#[test]
fn no_message_shows_what_a_variable_holds() {
    let sections = ["", "agent", "site", "corpus", "gates", "publish"];
    let keys: Vec<&str> = keys::SECTIONS.iter().flat_map(|section| section.keys).copied().collect();
    for (section, key) in sections.iter().flat_map(|section| keys.iter().map(move |key| (section, key))) {
        for value in [
            "${TOKEN}",
            "[\"${TOKEN}\"]",
            "{file: \"${TOKEN}\"}",
            "{directory: \"${TOKEN}\"}",
            "{url: \"${TOKEN}\", user: \"${TOKEN}:\", password: x}",
            "{basic: {user: \"${TOKEN}:\"}, bearer: \"${TOKEN}\"}",
            "{Range: \"${TOKEN}\", a: \"${TOKEN} \", b: \"${TOKEN};\"}",
        ] {
            if let Err(diagnostics) = load(&with(section, &format!("{key}: {value}"))) {
                let told = told(&diagnostics);
                assert!(!told.contains("very-private"), "{key}: {value}\n{told}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_paths_begin_at_the_link() {
    let (dir, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let target = elsewhere.path().join("data");
    fs::write(&target, MINIMAL.replace("api_key: ${KEY}", "to: {directory: out}")).unwrap();
    let link = dir.path().join("docs.yaml");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let loaded = load_file(&link, &env()).unwrap();
    assert_eq!(loaded.pipeline.name.as_str(), "docs");
    let Target::Directory(directory) = loaded.pipeline.target else { panic!("no directory") };
    assert_eq!(directory, dir.path().join("out"));
}

#[test]
fn a_file_is_named_as_a_pipeline_may_be() {
    let dir = TempDir::new().unwrap();
    for name in ["Docs.yaml", "a_b.yaml", "a b.yaml", "ä.yaml", "a.b.yaml"] {
        let path = dir.path().join(name);
        fs::write(&path, MINIMAL).unwrap();
        let told = told(&load_file(&path, &env()).unwrap_err());
        assert!(told.contains("is no pipeline name"), "{told}");
    }
    let absent = load_file(Path::new("absent.yaml"), &env()).unwrap_err();
    assert!(told(&absent).starts_with("absent.yaml: error: cannot read the file: "), "{absent:?}");
}

#[test]
fn a_folder_gives_its_pipelines_by_name() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, content: &str| fs::write(dir.path().join(name), content).unwrap();
    let names = || -> Vec<Result<String, String>> {
        let read = load_dir(dir.path(), &mut Defaults::default(), &env()).unwrap().files;
        let names = read.into_iter().map(|read| match read {
            Ok(loaded) => Ok(loaded.pipeline.name.to_string()),
            Err(diagnostics) => Err(diagnostics.last().unwrap().message.clone()),
        });
        names.collect()
    };
    assert!(names().is_empty());
    fs::create_dir(dir.path().join("examples")).unwrap();
    write("examples/c.yaml", MINIMAL);
    write("notes.txt", "x");
    write(".#a.yaml", "x");
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket.yaml")).unwrap();
    write("b.yml", &MINIMAL.replace("abc", "other"));
    write("a.yaml", MINIMAL);
    assert_eq!(names(), [Ok("a".to_owned()), Ok("b".to_owned())]);

    write("b.yml", MINIMAL);
    let same_agent =
        |other: &str| Err(format!("`{other}` has the same agent id: they would overwrite each other"));
    assert_eq!(names(), [same_agent("b.yml"), same_agent("a.yaml")]);
    // Broken in another place, it still claims its agent: its pipeline goes on running as it was.
    write("b.yml", &format!("{MINIMAL}  keep: 0\n"));
    assert_eq!(names()[0], same_agent("b.yml"));
    // A folder of files replaces nobody's training text.
    write("b.yml", &MINIMAL.replace("api_key: ${KEY}", "to: {directory: out}"));
    assert_eq!(names(), [Ok("a".to_owned()), Ok("b".to_owned())]);

    write("a.yml", &MINIMAL.replace("abc", "third"));
    let same_name = |other: &str| Err(format!("`{other}` has the same pipeline name"));
    assert_eq!(names()[..2], [same_name("a.yml"), same_name("a.yaml")]);
    assert!(load_dir(&dir.path().join("absent"), &mut Defaults::default(), &env()).is_err());
}

fn example(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/examples").join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

#[test]
fn the_reference_states_every_key_with_its_default() {
    let (path, text) = example("reference.yaml");
    let as_is = load_file(&path, &env()).unwrap();
    // `#key: value` is a default, `# text` is prose.
    let is_default = |line: &str| {
        line.trim_start()
            .strip_prefix('#')
            .is_some_and(|key| key.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let (mut uncommented, mut stated) = (String::new(), 0);
    for line in text.lines() {
        let line = if is_default(line) { line.replacen('#', "", 1) } else { line.to_owned() };
        stated += usize::from(!text.contains(&format!("\n{line}\n")));
        uncommented.extend([&line, "\n"]);
    }
    assert!(stated >= 25, "only {stated} defaults found");
    // A faulty or changed default shows as a difference; an ignored one cannot be, as unknown keys are
    // errors.
    let defaults_written = load(&uncommented).unwrap_or_else(|diagnostics| panic!("{}", told(&diagnostics)));
    let shown = |loaded: Loaded| format!("{:#?}", loaded.pipeline).replace("\"reference\"", "\"docs\"");
    assert_eq!(shown(defaults_written), shown(as_is));
    for section in keys::SECTIONS {
        for key in section.keys {
            assert!(text.contains(&format!("{key}:")), "`{}` is not explained", section.path_of(key));
        }
    }
}

#[test]
fn the_alternatives_that_the_reference_names_are_accepted() {
    let (_, text) = example("reference.yaml");
    for (default, alternative) in [
        ("  # name: Acme Support", "  name: Acme Support"),
        ("  # limit: 20MB", "  limit: 20MB"),
        ("      #follow: []", "      follow: [\"/docs/**\"]"),
        ("#clean: []", "clean: [{match: \"/blog/**\", content: article, remove: [.related]}]"),
        ("#dedupe: {near: 0.9}", "dedupe: {near: off}"),
        ("  #priority: []", "  priority: [{match: \"/docs/**\", weight: 10}]"),
        ("  #required: []", "  required: [/pricing, \"/docs/**\"]"),
        ("  #provenance: minimal", "  provenance: full"),
        ("      #headers: {}", "      headers: {X-Preview: \"1\"}"),
        ("      # auth: {bearer: ...}", "      auth: {bearer: \"${TOKEN}\"}"),
        ("      # auth: {bearer: ...}", "      auth: {basic: {user: docs, password: \"${TOKEN}\"}}"),
        ("      #cookies: {}", "      cookies: {session: \"${TOKEN}\"}"),
        ("      # proxy: http://proxy.example.com:3128", "      proxy: http://proxy.example.com:3128"),
        ("  # ping: https://hc.example.com/abc", "  ping: https://hc.example.com/abc"),
        (
            "  # webhook: https://hooks.example.com/abc",
            "  webhook: {url: \"https://hooks.example.com/\", secret: \"${TOKEN}\"}",
        ),
        ("  # webhook: https://hooks.example.com/abc", "  webhook: off"),
        ("  # before: [./prepare.sh, docs]", "  before: [./prepare.sh, docs]"),
        ("  # on_failure: [mail-the-team]", "  on_failure: [mail-the-team]"),
        ("  # after: [sync-elsewhere]", "  after: [sync-elsewhere]"),
        ("  # status_file: status.json", "  status_file: status.json"),
    ] {
        assert!(text.contains(default), "{default}");
        accepted(&text.replace(default, alternative));
    }
}

#[test]
fn the_demo_runs_against_this_machine() {
    let (path, _) = example("demo.yaml");
    let pipeline = load_file(&path, &env()).unwrap().pipeline;
    assert_eq!(pipeline.agent.id, "5QHA6VB-DIAbBhxwqxfdi");
    assert_eq!(site(&pipeline).start[0].as_str(), "http://127.0.0.1:4319/help/");
    assert_eq!(site(&pipeline).rate, Rate::Unlimited);
    assert_eq!(chatbase(&pipeline).base_url.as_str(), "http://127.0.0.1:4319/");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_the_loader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = load_bytes(&bytes, &env());
    }

    #[test]
    fn no_text_makes_the_loader_panic(text in "([ \\n\\t]|[-:?,&*!|>'\"%@`{}\\[\\]#$<]|[a-c]|key|\\PC){0,60}") {
        let _ = load(&text);
        let _ = load(&with("site", &format!("{text}: 1")));
        let _ = load(&with("site", &format!("max_pages: {text}")));
    }

    #[test]
    fn what_a_variable_holds_never_changes_the_structure(held in "[^\\p{C}]{0,40}( #|: |\\[|\\{|\\*|&|\")?[^\\p{C}]{3,9}") {
        let env = Env { var: &|name| if name == "KEY" { var(name) } else { Some(held.clone()) }, ..env() };
        prop_assume!(!held.trim().is_empty());
        for quote in ["", "\"", "'"] {
            let yaml = with("agent", &format!("name: {quote}${{HELD}}{quote}"));
            let loaded = load_bytes(yaml.as_bytes(), &env).unwrap();
            prop_assert_eq!(loaded.pipeline.agent.name.as_deref(), Some(held.as_str()));
            let plain = accepted(&with("agent", "name: other")).sources;
            prop_assert_eq!(format!("{:?}", loaded.pipeline.sources), format!("{plain:?}"));
        }
    }
}
