//! Commands, exit codes, and what a user reads.

use std::{
    fs::{self, File},
    io::Write,
    process::Stdio,
    time::Duration,
};

use corpusd::sandbox::AGENT_ID;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use super::{
    program::{Ended, start},
    site::{Canary, Reply, html},
    world::{NAME, RUN_LIMIT, World},
};

/// A world with two pages.
async fn ready() -> World {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world
}

/// Runs a command on the pipeline files as they are on disk.
async fn with_files(world: &World, arguments: &[&str]) -> Ended {
    world.spawn_with(arguments, Stdio::null()).end(RUN_LIMIT).await
}

// validate

#[tokio::test]
async fn validate_tells_every_fault_with_its_place_and_a_way_out() {
    let world = World::new().await;
    let faulty = "version: 1\nagent: {id: abc}\nsources:\n  - site:\n      start: https://docs.example.com/\n      max_page: 10\n      \
                  rate: fast\ncorpus:\n  plan: huge\npublish:\n  api_key: sk-123456\n";
    fs::write(world.path("pipelines/docs.yaml"), faulty).unwrap();
    let ended = with_files(&world, &["validate", "pipelines/docs.yaml"]).await.exits(78);
    assert!(!ended.stderr.contains("sk-123456"), "a literal secret is not repeated");
    insta::assert_snapshot!(ended.stderr, @"
    pipelines/docs.yaml:6:7: error: unknown key `max_page`
      help: did you mean `max_pages`?
    pipelines/docs.yaml:7:13: error: `rate` must be a rate such as `5/s` or `30/m` (up to `10000/s`), or `unlimited`, not `fast`
    pipelines/docs.yaml:9:9: error: `plan` must be `free`, `hobby`, `standard` or `pro`, not `huge`
    pipelines/docs.yaml:11:12: error: `api_key` is a literal: a secret has no place in this file
      help: write `api_key: ${CHATBASE_API_KEY}`, `api_key: {file: PATH}` or `api_key: {credential: NAME}`
    ");
    insta::assert_snapshot!(ended.stdout, @"0 pipelines are sound, 1 is not");
    let ended = with_files(&world, &["validate", "--json"]).await.exits(78);
    for line in ended.stdout.lines() {
        let fault: Value = serde_json::from_str(line).unwrap();
        assert!(
            fault["line"].is_u64() && fault["message"].is_string() && fault["severity"] == "error",
            "{fault}"
        );
    }
}

#[tokio::test]
async fn validate_asks_nobody_and_writes_nothing() {
    let world = ready().await;
    world.corpusd(&["validate"]).await.exits(0);
    assert_eq!((world.site.requests().len(), world.chatbot.log().await.len()), (0, 0));
    assert!(!world.path("state").exists());
}

#[tokio::test]
async fn an_unset_variable_is_a_fault_unless_allowed() {
    let world = World::new().await;
    let yaml = "version: 1\nagent: {id: \"${AGENT_OF_NOBODY}\"}\nsources:\n  - site: {start: https://docs.example.com/}\n\
                publish: {api_key: \"${KEY_OF_NOBODY}\"}\n";
    fs::write(world.path("pipelines/docs.yaml"), yaml).unwrap();
    let ended = with_files(&world, &["validate"]).await.exits(78);
    assert!(
        ended.stderr.contains("AGENT_OF_NOBODY") && ended.stderr.contains("KEY_OF_NOBODY"),
        "{}",
        ended.stderr
    );
    with_files(&world, &["validate", "--allow-unset"]).await.exits(0);
}

#[tokio::test]
async fn two_files_with_one_agent_are_both_refused() {
    let world = ready().await;
    let file = world.write();
    fs::copy(&file, world.path("pipelines/again.yaml")).unwrap();
    let ended = with_files(&world, &["run", "--once"]).await.exits(78);
    assert!(ended.stderr.contains("the same agent id"), "{}", ended.stderr);
    assert_eq!(world.site.requests().len(), 0);
}

#[tokio::test]
async fn a_pipe_in_the_place_of_a_file_keeps_nobody_waiting() {
    let world = ready().await;
    let sound = fs::read_to_string(world.write()).unwrap();
    let pipe = world.path("pipelines/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("pipe", world.path("pipelines/link")).unwrap();
    for lines in [
        "notify: {webhook: {url: \"https://hooks.example.com/\", secret: {file: pipe}}}\n",
        "notify: {ping: {file: link}}\n",
    ] {
        fs::write(world.path("pipelines/docs.yaml"), format!("{sound}{lines}")).unwrap();
        let ended = with_files(&world, &["run", "--once"]).await.exits(78);
        let told = "cannot read the file that `file` names: it is a pipe or a device";
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    fs::rename(&pipe, world.path("corpusd.yaml")).unwrap();
    for command in [vec!["validate"], vec!["run"], vec!["run", "--once"]] {
        let ended = world.corpusd(&command).await.exits(78);
        assert!(
            ended.stderr.contains("corpusd.yaml: error: cannot read the file: it is a pipe"),
            "{}",
            ended.stderr
        );
    }
}

// Exit codes

#[tokio::test]
async fn done_ends_with_0() {
    let world = ready().await;
    world.corpusd(&["run", "--once"]).await.exits(0);
    world.corpusd(&["run", "--once", NAME]).await.exits(0);
}

#[tokio::test]
async fn failed_ends_with_1() {
    let world = ready().await.api("http://127.0.0.1:1");
    let ended = world.corpusd(&["run", "--once"]).await.exits(1);
    assert!(ended.stdout.contains("API"), "{}", ended.stdout);
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    let world = ready().await;
    for wrong in [
        vec!["run", NAME],
        vec!["run", "--json"],
        vec!["run", "--dry-run"],
        vec!["run", "--once", "--stop-timeout", "1s"],
        vec!["walk"],
        vec!["run", "--once", "--fast"],
        vec!["show"],
        vec!["extract"],
        vec![],
    ] {
        let ended = world.corpusd(&wrong).await.exits(2);
        assert!(ended.stderr.contains("Usage: corpusd"), "{wrong:?}: {}", ended.stderr);
    }
    assert_eq!(world.site.requests().len(), 0);
}

#[tokio::test]
async fn done_with_failed_pages_ends_with_3() {
    let world = ready().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a", "/broken"]).at("/broken", Reply::status(500));
    world.corpusd(&["run", "--once"]).await.exits(3);
    // Unchanged, but the page still fails.
    world.corpusd(&["run", "--once"]).await.exits(3);
}

#[tokio::test]
async fn held_ends_with_4() {
    let world = ready().await.gates(&["min_documents: 3"]);
    let ended = world.corpusd(&["run", "--once"]).await.exits(4);
    assert!(ended.stdout.contains("corpusd approve docs"), "{}", ended.stdout);
    world.site.at("/robots.txt", Reply::status(503));
    world.corpusd(&["run", "--once"]).await.exits(4);
}

#[tokio::test]
async fn a_faulty_file_ends_with_78_and_the_others_are_run() {
    let world = ready().await;
    world.write();
    fs::write(world.path("pipelines/faulty.yaml"), "version: 2\n").unwrap();
    let ended = with_files(&world, &["run", "--once", "--json"]).await.exits(78);
    assert_eq!((&ended.json()["pipeline"], &ended.json()["outcome"]), (&NAME.into(), &"published".into()));
    assert!(ended.stderr.contains("faulty.yaml"), "{}", ended.stderr);
    // One that is not meant is not in the way.
    with_files(&world, &["run", "--once", NAME]).await.exits(0);
    with_files(&world, &["run", "--once", "faulty"]).await.exits(78);
}

#[tokio::test]
async fn a_pipeline_that_does_not_exist_is_named() {
    let world = ready().await;
    let too_long = "a".repeat(65);
    for name in ["nope", "../../etc/x", "/etc/passwd", "", "Docs", &too_long] {
        for command in [
            vec!["run", "--once", name],
            vec!["status", name],
            vec!["show", name],
            vec!["approve", name],
            vec!["resume", name],
        ] {
            let ended = world.corpusd(&command).await;
            assert!(matches!(ended.code(), Some(1 | 2)), "{command:?}: {:?}", ended.code());
            let start: String = name.chars().take(60).collect();
            assert!(ended.stderr.contains(&start), "{command:?}: {}", ended.stderr);
        }
    }
    assert!(!world.path("state").exists(), "nothing was made");
    assert!(!world.path("etc").exists());
}

#[tokio::test]
async fn a_disabled_pipeline_does_not_run_even_by_name() {
    let world = ready().await;
    let yaml = fs::read_to_string(world.write()).unwrap();
    fs::write(
        world.path("pipelines/docs.yaml"),
        yaml.replace("version: 1\n", "version: 1\nenabled: false\n"),
    )
    .unwrap();
    with_files(&world, &["run", "--once"]).await.exits(0);
    assert_eq!(world.site.requests().len(), 0);
    with_files(&world, &["run", "--once", NAME]).await.exits(0);
    assert_eq!(world.site.requests().len(), 0);
}

// Reports

/// The names of an object's fields, sorted as they are in the design.
fn has_fields(object: &Value, names: &[&str]) {
    for name in names {
        assert!(object.get(name).is_some(), "`{name}` in {object:#}");
    }
}

#[tokio::test]
async fn the_json_report_has_every_documented_field() {
    let world = ready().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a", "/gone"]);
    let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(0);
    assert_eq!(ended.stdout.lines().count(), 1);
    let report = ended.json();
    has_fields(
        &report,
        &[
            "pipeline",
            "run",
            "outcome",
            "started_at",
            "duration_ms",
            "pages",
            "documents",
            "corpus",
            "gates",
            "publish",
            "error",
        ],
    );
    has_fields(
        &report["pages"],
        &[
            "discovered",
            "fetched",
            "not_modified",
            "new",
            "changed",
            "unchanged",
            "removed",
            "carried_forward",
            "failed",
            "skipped",
            "skipped_by",
            "truncated",
        ],
    );
    has_fields(&report["documents"], &["kept", "duplicates", "near_duplicates", "dropped_for_budget"]);
    has_fields(&report["corpus"], &["sha256", "characters", "utf16", "bytes", "limit", "unit"]);
    has_fields(&report["gates"][0], &["gate", "limit", "value", "verdict", "detail"]);
    has_fields(&report["publish"], &["target", "status", "request_id"]);
    assert_eq!(
        (&report["pipeline"], &report["outcome"], &report["run"]),
        (&NAME.into(), &"published".into(), &1.into())
    );
    assert_eq!(
        (&report["publish"]["target"], &report["publish"]["status"]),
        (&"chatbase_v1".into(), &"acknowledged".into())
    );
    assert_eq!(report["pages"]["skipped_by"]["not_found"], 1);
    assert!(report["started_at"].as_str().unwrap().ends_with('Z'));
    assert!(report["publish"]["request_id"].as_str().unwrap().starts_with("req_"));
    let published = world.published().await;
    assert_eq!(report["corpus"]["bytes"], published.len());
    assert_eq!(report["corpus"]["characters"], published.chars().count());
    assert_eq!(report["corpus"]["sha256"], world.chatbot.agent(AGENT_ID).await["pushed_sha256"]);
}

#[tokio::test]
async fn the_json_report_tells_of_the_verification() {
    let world = ready().await;
    let report = world.corpusd(&["run", "--once", "--json"]).await.exits(0).json();
    has_fields(&report["verify"], &["asked", "passed"]);
}

#[tokio::test]
async fn a_state_folder_that_cannot_be_used_is_named() {
    let world = ready().await;
    let ended = world.corpusd(&["--state", "pipelines/key", "run", "--once"]).await.exits(1);
    assert!(ended.stderr.contains("pipelines/key"), "{}", ended.stderr);
    assert_eq!((world.site.requests().len(), world.chatbot.log().await.len()), (0, 0));
}

#[tokio::test]
async fn data_goes_to_stdout_and_logs_to_stderr() {
    let world = ready().await;
    let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(0);
    assert!(ended.stderr.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", ended.stderr);
    assert!(ended.stderr.lines().count() <= 8, "about five lines a run: {}", ended.stderr);
    let quiet = world.corpusd(&["-q", "run", "--once"]).await.exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[tokio::test]
async fn status_tells_how_a_pipeline_stands() {
    let world = ready().await;
    let never = world.corpusd(&["status"]).await.exits(0);
    assert!(never.stdout.contains(NAME) && never.stdout.contains("never"), "{}", never.stdout);
    assert!(!world.path("state").exists(), "looking makes no state");
    world.corpusd(&["run", "--once"]).await.exits(0);
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(status.contains("published") && status.contains("2 documents"), "{status}");
    let status = world.corpusd(&["status", "--json", NAME]).await.exits(0).json();
    has_fields(&status, &["pipeline", "last_run", "running_since", "live", "held", "paused", "unsettled"]);
    assert_eq!(
        (&status["last_run"]["outcome"], &status["live"]["documents"]),
        (&"published".into(), &2.into())
    );
    assert_eq!(status["live"]["sha256"], world.chatbot.agent(AGENT_ID).await["pushed_sha256"]);
}

#[tokio::test]
async fn show_prints_what_was_published_and_single_documents() {
    let world = ready().await;
    let never = world.corpusd(&["show", NAME]).await.exits(1);
    assert!(never.stderr.contains("corpusd run --once docs"), "{}", never.stderr);
    world.corpusd(&["run", "--once"]).await.exits(0);
    assert_eq!(world.corpusd(&["show", NAME]).await.exits(0).stdout, world.published().await);
    let document = world.corpusd(&["show", NAME, &world.site.url("/a")]).await.exits(0).stdout;
    assert!(document.contains("Apples keep for weeks.") && !document.contains("Welcome"), "{document}");
    assert!(world.published().await.contains(&document), "it is a part of the corpus as it stands there");
    world.corpusd(&["show", NAME, &world.site.url("/never")]).await.exits(1);
}

// extract

#[tokio::test]
async fn extract_reads_files_stdin_and_urls() {
    let world = ready().await;
    let page = html("/x", "Extracted words.", &[]);
    fs::write(world.path("page.html"), &page).unwrap();
    let mut encoder = GzEncoder::new(File::create(world.path("page.html.gz")).unwrap(), Compression::fast());
    encoder.write_all(page.as_bytes()).unwrap();
    encoder.finish().unwrap();
    for page in ["page.html", "page.html.gz"] {
        let ended = world.corpusd(&["extract", page]).await.exits(0);
        assert!(ended.stdout.contains("Extracted words."), "{}", ended.stdout);
    }
    let stdin = Stdio::from(File::open(world.path("page.html")).unwrap());
    let ended = world.spawn_with(&["extract", "-"], stdin).end(RUN_LIMIT).await.exits(0);
    assert!(ended.stdout.contains("Extracted words."));
    let ended = world.corpusd(&["extract", &world.site.url("/a")]).await.exits(0);
    assert!(ended.stdout.contains("Apples keep for weeks."));
    for missing in ["missing.html", &world.site.url("/missing")] {
        let ended = world.corpusd(&["extract", missing]).await.exits(1);
        assert!(ended.stderr.contains("missing"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn extract_reads_markdown_as_markdown() {
    let world = World::new().await;
    let text = "---\ntitle: Pumps\n---\n\n# Prime it\n\n1 < 2 and `<Pump/>`\n";
    fs::write(world.path("pumps.md"), text).unwrap();
    let plain = |kind: &str| Reply::new(200, text).header("content-type", kind);
    world.site.at("/a", plain("text/markdown")).at("/b.md", plain("text/plain"));
    for page in ["pumps.md", &world.site.url("/a"), &world.site.url("/b.md")] {
        let ended = world.corpusd(&["extract", page]).await.exits(0);
        assert_eq!(ended.stdout, "# Prime it\n\n1 < 2 and `<Pump/>`\n", "{page}");
    }
    let ended = world.corpusd(&["extract", "--explain", "--remove", "h1", "pumps.md"]).await.exits(0);
    assert!(
        ended.stdout.contains("title    Pumps") && ended.stdout.contains("asked for"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn extract_explains_itself_and_tries_selectors() {
    let world = ready().await;
    let page = "<title>Pumps – Acme</title><nav><a href=/>Home</a></nav><main><h1>Pumps</h1>\
                <p>Prime the pump first.</p><div class=share-bar><a href=x>Tell a friend</a></div></main>";
    fs::write(world.path("page.html"), page).unwrap();
    let ended = world.corpusd(&["extract", "--explain", "page.html"]).await.exits(0);
    insta::assert_snapshot!(ended.stdout, @r#"
    title    Pumps
    found    by the landmark main
    content  body > main  39 of 43 bytes of text
    kept     30 bytes of Markdown in 2 blocks

    left out of the content:
          13  named share             body > main > div.share-bar  "Tell a friend"
    "#);
    let selectors = ["--content", "main > p, main h1", "--remove", "h1"];
    let ended = world.corpusd(&[&["extract", "page.html"], &selectors[..]].concat()).await.exits(0);
    assert_eq!(ended.stdout, "Prime the pump first.\n");
    let ended = world.corpusd(&["extract", "page.html", "--content", ".article"]).await.exits(0);
    assert_eq!(ended.stdout, "# Pumps\n\nPrime the pump first.\n");
    assert!(ended.stderr.contains("--content finds nothing on this page"), "{}", ended.stderr);
    let ended = world.corpusd(&["extract", "page.html", "--content", "p:first-child"]).await.exits(2);
    assert!(ended.stderr.contains("`:first-child` is not supported in a selector"), "{}", ended.stderr);
}

#[tokio::test]
async fn extract_is_not_led_inside() {
    let (world, canary) = (ready().await, Canary::new());
    world.site.at("/out", Reply::redirect(302, &canary.url("/"))).at("/on", Reply::redirect(302, "/a"));
    let ended = world.corpusd(&["extract", &world.site.url("/out")]).await.exits(1);
    assert!(ended.stderr.contains("not a public address"), "{}", ended.stderr);
    canary.assert_alive();
    world.corpusd(&["extract", &world.site.url("/on")]).await.exits(0);
}

#[tokio::test]
async fn extract_takes_lines_and_answers_each() {
    let world = World::new().await;
    fs::write(world.path("one.html"), html("/one", "The first page.", &[])).unwrap();
    let mut encoder = GzEncoder::new(File::create(world.path("two.html.gz")).unwrap(), Compression::fast());
    encoder.write_all(html("/two", "The second page.", &[]).as_bytes()).unwrap();
    encoder.finish().unwrap();
    let lines = "{\"id\":1,\"url\":\"https://a.test/one\",\"file\":\"one.html\"}\n\
                 {\"id\":\"b\",\"url\":\"https://a.test/two\",\"file\":\"two.html.gz\"}\n\n\
                 {\"id\":null,\"url\":\"https://a.test/x\",\"file\":\"missing.html\"}\n\
                 {\"id\":4,\"url\":\"no url\",\"file\":\"one.html\"}\n\
                 {\"id\":5,\"url\":\"https://a.test/one\",\"file\":\"one.html\"}\n";
    fs::write(world.path("lines"), lines).unwrap();
    let stdin = Stdio::from(File::open(world.path("lines")).unwrap());
    let ended = world.spawn_with(&["extract", "--jsonl"], stdin).end(RUN_LIMIT).await.exits(0);
    let told: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&Value> = told.iter().map(|line| &line["id"]).collect();
    assert_eq!(ids, [&Value::from(1), &"b".into(), &Value::Null, &4.into(), &5.into()]);
    for (line, text) in [(0, "The first page."), (1, "The second page."), (4, "The first page.")] {
        assert!(told[line]["markdown"].as_str().unwrap().contains(text), "{}", told[line]);
        assert!(told[line]["error"].is_null());
    }
    for (line, reason) in [(2, "missing.html"), (3, "no url")] {
        assert!(told[line]["error"].as_str().unwrap().contains(reason), "{}", told[line]);
        assert!(told[line]["markdown"].is_null());
    }
}

// The rest of the world

#[tokio::test]
async fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let world = ready().await;
    let long: String = (0..20_000).map(|number| format!("Sentence {number} of a long page. ")).collect();
    world.site.page("/a", &long, &[]);
    world.corpusd(&["run", "--once"]).await.exits(0);
    fs::write(world.path("page.html"), html("/x", &long, &[])).unwrap();
    for arguments in [
        vec!["show", NAME],
        vec!["status"],
        vec!["run", "--once"],
        vec!["run", "--once", "--json"],
        vec!["extract", "page.html"],
        vec!["--help"],
    ] {
        let stderr = world.path("stderr");
        let mut command = world.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&stderr).unwrap());
        let mut child = start(&mut command);
        drop(child.stdout.take());
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let said = fs::read_to_string(&stderr).unwrap();
        assert!(status.code().is_some() && !said.contains("panicked"), "{arguments:?}: {status}: {said}");
    }
}

#[tokio::test]
async fn the_demo_runs_to_its_end() {
    let world = World::new().await;
    let ended = world.spawn_with(&["demo"], Stdio::null()).end(RUN_LIMIT).await.exits(0);
    let (before, after) = ended.stdout.split_once("published").expect("the first run is published");
    assert!(before.contains("I am not sure"), "{before}");
    assert!(after.contains("unchanged") && after.contains("password"), "{after}");
    assert!(!ended.stdout.contains(corpusd::sandbox::STANDARD_KEY));
    assert!(!world.path("state").exists(), "the demo keeps to its own folder");
}

#[tokio::test]
async fn the_program_says_what_it_is() {
    let world = World::new().await;
    let version = world.corpusd(&["--version"]).await.exits(0).stdout;
    assert_eq!(version.trim(), concat!("corpusd ", env!("CARGO_PKG_VERSION")));
    let help = world.corpusd(&["--help"]).await.exits(0).stdout;
    for command in ["run", "validate", "status", "approve", "resume", "show", "extract", "sandbox", "demo"] {
        assert!(help.contains(&format!("\n  {command}")), "`{command}` in:\n{help}");
    }
}

#[tokio::test]
async fn a_corpus_can_go_into_a_folder() {
    let world = ready().await;
    let yaml = fs::read_to_string(world.write()).unwrap();
    let (sources, _) = yaml.split_once("publish:\n").unwrap();
    fs::write(world.path("pipelines/docs.yaml"), format!("{sources}publish: {{to: {{directory: out}}}}\n"))
        .unwrap();
    let report = with_files(&world, &["run", "--once", "--json"]).await.exits(0).json();
    assert_eq!(report["publish"]["target"], "directory");
    let text = fs::read_to_string(world.path("pipelines/out/corpus.md")).unwrap();
    assert!(text.contains("Apples keep for weeks."), "{text}");
    assert_eq!(with_files(&world, &["show", NAME]).await.exits(0).stdout, text);
    assert_eq!(world.chatbot.log().await.len(), 0);

    // A plan looks into the folder, as a run does.
    with_files(&world, &["plan", NAME]).await.exits(0);
    fs::remove_file(world.path("pipelines/out/corpus.md")).unwrap();
    let plan = with_files(&world, &["plan", NAME]).await.exits(10);
    assert!(plan.stdout.contains("is not there any more"), "{}", plan.stdout);
    with_files(&world, &["run", "--once"]).await.exits(0);
    assert_eq!(fs::read_to_string(world.path("pipelines/out/corpus.md")).unwrap(), text);

    // It is the same folder however the way to it is written.
    let report = with_files(&world, &["run", "--once", "--json", "-C", "pipelines"]).await.exits(0).json();
    assert_eq!(report["outcome"], "unchanged");
}
