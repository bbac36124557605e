//! What Prometheus is told, and that dashboard and alerts ask for nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use corpusd::{
    metrics::{Metrics, PipelineMetrics, render},
    report::{Ending, PipelineName},
    store::Standing,
};
use serde_json::Value;

use super::{
    daemon::NIGHTLY,
    site::Reply,
    world::{NAME, Reported, World, now},
};

async fn world() -> World {
    let world = World::new().await;
    world.site.page("/", "The first of the pages, with some text on it.", &["/a", "/gone"]);
    world.site.page("/a", "The second of the pages, with another text.", &[]);
    world
}

/// The samples of a text in Prometheus' format, after a look at the format itself.
fn samples(text: &str) -> BTreeMap<String, String> {
    let (mut samples, mut family) = (BTreeMap::new(), String::new());
    let mut families = BTreeSet::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            rest.split(' ').next().unwrap().clone_into(&mut family);
            assert!(families.insert(family.clone()), "`{family}` stands there twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{family} gauge"));
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_eq!(name.split('{').next(), Some(family.as_str()), "{line}");
            assert!(samples.insert(name.to_owned(), value.to_owned()).is_none(), "{line} twice");
        }
    }
    samples
}

#[tokio::test]
async fn a_run_leaves_its_figures_in_a_file_for_node_exporter() {
    let world = world().await;
    let path = world.path("corpusd.prom");
    let arguments = ["run", "--once", "--json", "--metrics-file", path.to_str().unwrap()];
    let before = now().as_second() as f64;
    let report = world.corpusd(&arguments).await.exits(0).json();
    let told = samples(&fs::read_to_string(&path).unwrap());
    let of = |name: &str| told.get(name).unwrap_or_else(|| panic!("`{name}` is not there:\n{told:#?}"));
    assert_eq!(of(&format!("corpusd_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), "1");
    assert_eq!(of("corpusd_run_outcome{pipeline=\"docs\",outcome=\"published\"}"), "1");
    assert_eq!(of("corpusd_run_outcome{pipeline=\"docs\",outcome=\"held\"}"), "0");
    assert_eq!(of("corpusd_held{pipeline=\"docs\"}"), "0");
    assert_eq!(of("corpusd_paused{pipeline=\"docs\"}"), "0");
    assert_eq!(of("corpusd_pages{pipeline=\"docs\",state=\"fetched\"}"), "2");
    assert_eq!(of("corpusd_pages{pipeline=\"docs\",state=\"skipped\"}"), "1");
    assert_eq!(of("corpusd_documents{pipeline=\"docs\",state=\"kept\"}"), "2");
    assert_eq!(of("corpusd_publications{pipeline=\"docs\",state=\"acknowledged\"}"), "1");
    assert_eq!(
        of("corpusd_corpus_size{pipeline=\"docs\",unit=\"chars\"}"),
        &report["corpus"]["utf16"].to_string()
    );
    assert_eq!(of("corpusd_corpus_limit{pipeline=\"docs\",unit=\"chars\"}"), "10780000");
    assert_eq!(of("corpusd_http_responses{pipeline=\"docs\",class=\"2xx\"}"), "2");
    // robots.txt, sitemap.xml, /gone, and the page that certainly does not exist.
    assert_eq!(of("corpusd_http_responses{pipeline=\"docs\",class=\"4xx\"}"), "4");
    assert_eq!(report["http"]["by_class"]["2xx"], 2);
    assert_eq!(of("corpusd_stale_after_seconds{pipeline=\"docs\"}"), "1209600");
    for name in [
        "corpusd_run_timestamp_seconds",
        "corpusd_true_timestamp_seconds",
        "corpusd_publish_timestamp_seconds",
    ] {
        let at: f64 = of(&format!("{name}{{pipeline=\"docs\"}}")).parse().unwrap();
        assert!((before..before + 600.0).contains(&at), "{name} {at}");
    }
    // node_exporter is another user, and reads every *.prom of the folder.
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o044, 0o044);
    let beside: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.iter().filter(|name| name.to_string_lossy().contains("prom")).count(), 1, "{beside:?}");
}

#[tokio::test]
async fn what_is_held_shows_and_what_is_live_keeps_its_age() {
    let world = world().await;
    let path = world.path("corpusd.prom");
    world.run().await.ends(Ending::Published);
    world.site.page("/", "Nothing that stood here before is left, not even a word of it.", &["/a"]);
    world.site.page("/a", "Everything is said in other words now, so that a gate has to hold it.", &[]);
    let run = async |code: i32| {
        world.corpusd(&["run", "--once", "--metrics-file", path.to_str().unwrap()]).await.exits(code);
        samples(&fs::read_to_string(&path).unwrap())
    };
    let told = run(4).await;
    assert_eq!(told["corpusd_held{pipeline=\"docs\"}"], "1");
    assert_eq!(told["corpusd_run_outcome{pipeline=\"docs\",outcome=\"held\"}"], "1");
    let (ran, was_true) = (
        &told["corpusd_run_timestamp_seconds{pipeline=\"docs\"}"],
        &told["corpusd_true_timestamp_seconds{pipeline=\"docs\"}"],
    );
    let seconds = |at: &str| at.parse::<f64>().unwrap();
    assert!(seconds(was_true) < seconds(ran), "{was_true} {ran}");
    world.site.at("/", Reply::status(500)).at("/a", Reply::status(500));
    let later = run(4).await;
    assert_eq!(&later["corpusd_true_timestamp_seconds{pipeline=\"docs\"}"], was_true);
}

#[tokio::test]
async fn the_file_tells_of_every_pipeline_also_of_those_that_did_not_run() {
    let world = world().await;
    let path = world.path("corpusd.prom");
    let yaml = fs::read_to_string(world.write()).unwrap();
    let other = |name: &str, text: &str| fs::write(world.path("pipelines").join(name), text).unwrap();
    let nightly = format!("{yaml}{NIGHTLY}");
    other("never-ran.yaml", &nightly.replace("agent: {id: \"", "agent: {id: \"other-"));
    other("off.yaml", &yaml.replace("agent: {id: \"", "enabled: false\nagent: {id: \"off-"));
    world.corpusd(&["run", "--once", "docs", "--metrics-file", path.to_str().unwrap()]).await.exits(0);
    let told = samples(&fs::read_to_string(&path).unwrap());
    assert_eq!(told["corpusd_held{pipeline=\"never-ran\"}"], "0");
    assert!(!told.contains_key("corpusd_run_timestamp_seconds{pipeline=\"never-ran\"}"));
    assert!(told.contains_key("corpusd_run_timestamp_seconds{pipeline=\"docs\"}"));
    // Who runs it from cron has no daemon that would know.
    let next = |name: &str| told.get(&format!("corpusd_next_run_timestamp_seconds{{pipeline=\"{name}\"}}"));
    let ahead: f64 = next("never-ran").unwrap().parse::<f64>().unwrap() - now().as_second() as f64;
    assert!((0.0..=25.0 * 3600.0).contains(&ahead), "{ahead} s");
    assert_eq!(next(NAME), None, "it has no schedule");
    assert!(!told.keys().any(|name| name.contains("\"off\"")));
    assert!(!world.path("state/never-ran.sqlite3").exists(), "looking makes no state");
    let absent = world.path("absent/corpusd.prom");
    world.corpusd(&["run", "--once", "docs", "--metrics-file", absent.to_str().unwrap()]).await.exits(1);
}

/// Every name of a metric in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c| !is_name(c));
    words.filter(|word| word.starts_with("corpusd_")).map(str::to_owned).collect()
}

fn contrib(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(path)).unwrap()
}

#[tokio::test]
async fn dashboard_and_alerts_ask_for_what_is_told() {
    let world = world().await;
    let last = Some((world.run().await.ends(Ending::Published), now()));
    let publications = BTreeMap::from([("acknowledged".to_owned(), 1)]);
    let (held, paused) = (false, true);
    let standing =
        Standing { last, true_at: Some(now()), published_at: Some(now()), held, publications, fired: None };
    let pipeline = PipelineName::new("docs").unwrap();
    let stale_after = Duration::from_mins(1);
    let pipelines = vec![PipelineMetrics {
        pipeline,
        standing,
        paused,
        stale_after,
        unusable: false,
        next_run: Some(now()),
    }];
    let text = render(&Metrics { reloaded: Some(true), pipelines });
    let told: BTreeSet<String> =
        samples(&text).keys().map(|name| name.split('{').next().unwrap().to_owned()).collect();
    let dashboard = contrib("grafana/corpusd.json");
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    let ids: BTreeSet<u64> =
        parsed["panels"].as_array().unwrap().iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), parsed["panels"].as_array().unwrap().len());
    for (file, text) in [
        ("dashboard", dashboard),
        ("alerts", contrib("prometheus/alerts.yml")),
        ("alerts' test", contrib("prometheus/alerts_test.yml")),
    ] {
        let unknown: Vec<_> = names(&text).into_iter().filter(|name| !told.contains(name)).collect();
        assert!(unknown.is_empty(), "the {file} asks for {unknown:?}, which nobody tells");
    }
    // What is told and nobody looks at would be told for nothing.
    let looked_at = names(&(contrib("grafana/corpusd.json") + &contrib("prometheus/alerts.yml")));
    assert_eq!(told.difference(&looked_at).collect::<Vec<_>>(), Vec::<&String>::new());
}
