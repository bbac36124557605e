//! Many pipelines that are all due at once: everyone publishes, the daemon goes on answering, and memory follows the runs
//! that are under way, not the pipelines.
//!
//! `CORPUSD_FLEET` and `CORPUSD_FLEET_PAGES` set how many pipelines there are, and how many pages each of their sites has;
//! `CORPUSD_FLEET_RUNS` how many run at once. With `--nocapture` the figures are printed.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    chance::{Dice, amount},
    daemon::{NIGHTLY, Service, TOKEN, fired_days_ago, free_address, settings, write_other},
    site::{Reply, Site, html},
    world::{World, until},
};

/// The longest that a fleet may take.
const LIMIT: Duration = Duration::from_hours(1);
/// Pages that a page leads to.
const FAN: u64 = 50;
/// What a pipeline may cost the daemon while it does not run, in KiB.
const RESTING_KIB: u64 = 256;

/// A site of so many pages, as a function from path to answer.
fn script(site: &Site, number: u64, pages: u64) {
    site.script(move |path, _| {
        let page =
            if path == "/" { Some(0) } else { path.strip_prefix("/p/").and_then(|page| page.parse().ok()) };
        let Some(page) = page.filter(|page| *page < pages) else { return Reply::status(404) };
        let children = (page * FAN + 1..=(page + 1) * FAN).filter(|child| *child < pages);
        let links: Vec<String> = children.map(|child| format!("/p/{child}")).collect();
        let dice = Dice(number * pages + page);
        let text: String = (0..200).map(|word| format!("word{} ", dice.roll("word", word, 10_000))).collect();
        Reply::html(html(path, &text, &links.iter().map(String::as_str).collect::<Vec<_>>()))
    });
}

/// Asks the loop something again and again, and gives how long each answer took.
fn lags(address: SocketAddr, ended: &AtomicBool) -> Vec<Duration> {
    let mut lags = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "POST /trigger/absent HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        lags.push(asked.elapsed());
        thread::sleep(Duration::from_millis(50));
    }
    lags.sort();
    lags
}

#[tokio::test]
async fn a_fleet_that_is_due_at_once_publishes_and_the_daemon_goes_on_answering() {
    let (pipelines, pages) = (amount("CORPUSD_FLEET", 12), amount("CORPUSD_FLEET_PAGES", 8));
    let runs = amount("CORPUSD_FLEET_RUNS", 4);
    let world = World::new().await;
    let mut sites = Vec::new();
    for number in 0..pipelines {
        let site = Site::on(&format!("127.0.{}.{}:0", 1 + number / 250, 1 + number % 250));
        script(&site, number, pages);
        let name = format!("p{number}");
        write_other(&world, &name, &site.url("/"), NIGHTLY);
        fired_days_ago(&world, &name).await;
        sites.push(site);
    }
    let listen = free_address().await;
    settings(
        &world,
        &format!("max_runs: {runs}\nlisten: {listen}\nmetrics: true\ntrigger: {{token: \"${{TOKEN}}\"}}\n"),
    );
    let begun = Instant::now();
    let daemon = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    daemon.told("READY=1").await;
    let ready = begun.elapsed();
    let ended = Arc::new(AtomicBool::new(false));
    let asking = thread::spawn({
        let ended = Arc::clone(&ended);
        move || lags(listen, &ended)
    });
    until(LIMIT, "every one is published", async || {
        (0..pipelines).all(|number| world.path(&format!("out-p{number}/corpus.md")).exists())
    })
    .await;
    let took = begun.elapsed();
    ended.store(true, Ordering::Relaxed);
    let lags = asking.join().unwrap();
    let ended = daemon.stop().await;
    for number in 0..pipelines {
        let corpus = fs::read_to_string(world.path(&format!("out-p{number}/corpus.md"))).unwrap();
        let documents = corpus.lines().filter(|line| line.starts_with("## About ")).count();
        assert_eq!(documents as u64, pages, "p{number}");
    }
    let (median, most) = (lags[lags.len() / 2], lags[lags.len() - 1]);
    let peak = ended.spent.peak_kib;
    println!(
        "{pipelines} pipelines x {pages} pages, {runs} at once: ready after {ready:.1?}, all published after {took:.1?} \
         ({:.0} pages/s, {:.1?} of processor time), peak {} MiB, lag {median:.1?} at the median and {most:.1?} at most of {}",
        (pipelines * pages) as f64 / took.as_secs_f64(),
        ended.spent.cpu,
        peak / 1024,
        lags.len(),
    );
    assert!(peak < 160 * 1024 + pipelines * RESTING_KIB, "{peak} KiB");
}
