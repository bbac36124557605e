//! What the largest corpus that a plan takes costs: assemble, judge and publish 11,000,000 characters to the sandbox.
//!
//! `cargo bench --bench size`. A site of 12,000,000 characters is crawled and published once; then the same again under
//! another headroom, so that every page answers 304 and everything after the crawl is done anew, against what is live.
//! A third run, in which nothing is done but the crawl, shows what of that was the crawl. Every run is a process of its
//! own; CPU time and peak memory are the system's own account of it. Last, near-duplicates among 10,000 documents of
//! 4,000 characters: all different, and all made from one form, which is the worst case.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use corpusd::{
    chatbase::Window,
    config::{self, Env},
    dedupe::{Bands, Index, Likeness, Said, likeness},
    document::Document,
    extract::Block,
    notify::Outbox,
    run::{self, Context, Progress, Waits},
    sandbox::{self, AGENT_ID, Clock, STANDARD_KEY},
};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

const PAGES: u64 = 3_000;
const CHARACTERS: usize = 4_000;
const DOCUMENTS: u64 = 10_000;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["site"] => site(),
        ["sandbox"] => chatbase(),
        ["run", headroom, hours, folder, site, sandbox] => {
            one_run(headroom, hours.parse()?, Path::new(folder), site, sandbox)
        }
        ["near", kind] => near(kind == "form"),
        _ => measure(),
    }
}

fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut site, site_address) = server("site")?;
    let (mut sandbox, sandbox_address) = server("sandbox")?;
    for (what, headroom, hours) in [
        ("first run: crawl, extract, assemble, judge, publish", "0%", "0"),
        ("304s, then assemble, judge and publish", "1%", "3"),
        ("304s alone", "1%", "6"),
    ] {
        let path = folder.path().to_string_lossy();
        report(what, &["run", headroom, hours, &path, &site_address, &sandbox_address])?;
    }
    for server in [&mut site, &mut sandbox] {
        server.kill()?;
        server.wait()?;
    }
    report("near-duplicates of 10,000 different documents", &["near", "different"])?;
    report("near-duplicates of 10,000 documents made from one form", &["near", "form"])
}

fn report(what: &str, args: &[&str]) -> Result<()> {
    let output = spawn(args)?.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{what} failed").into());
    }
    writeln!(std::io::stdout(), "{what}\n    {}", String::from_utf8(output.stdout)?.trim())?;
    Ok(())
}

fn spawn(args: &[&str]) -> Result<Child> {
    Ok(Command::new(std::env::current_exe()?).args(args).stdout(Stdio::piped()).spawn()?)
}

/// A server in another process, and the address that it prints first.
fn server(what: &str) -> Result<(Child, String)> {
    let mut child = spawn(&[what])?;
    let mut address = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut address)?;
    Ok((child, address.trim().to_owned()))
}

/// Later runs are hours later, so that no two publishes are close together.
fn clock(hours: i64) -> fn() -> Timestamp {
    match hours {
        0 => now,
        3 => || now() + SignedDuration::from_hours(3),
        _ => || now() + SignedDuration::from_hours(6),
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench is a main of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn one_run(headroom: &str, hours: i64, folder: &Path, site: &str, sandbox: &str) -> Result<()> {
    let file = folder.join("bench.yaml");
    let yaml = format!(
        "version: 1\nagent: {{id: {AGENT_ID}}}\nsources:\n  - site: {{start: \"http://{site}/0\", rate: unlimited}}\n\
         corpus: {{limit: 11000000 chars, headroom: {headroom}}}\n\
         publish: {{api_key: \"${{KEY}}\", base_url: \"http://{sandbox}\", max_body: 20MB}}\n"
    );
    std::fs::write(&file, yaml)?;
    let env = Env { var: &|_| Some(STANDARD_KEY.to_owned()), credentials_dir: None, allow_unset: false };
    let loaded = config::load_file(&file, &env).map_err(|faults| format!("{faults:?}"))?;
    let context = Context {
        state_dir: folder.join("state"),
        now: clock(hours),
        window: Arc::new(Window::default()),
        waits: Waits::default(),
        stop: CancellationToken::new(),
        progress: Arc::new(Progress::default()),
        dry_run: false,
        pacers: Arc::default(),
        timeout: None,
        outbox: Outbox::default(),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(3).enable_all().build()?;
    let report = runtime.block_on(run::run(&loaded.pipeline, &context))?;
    let corpus = report.corpus.as_ref().ok_or("no corpus")?;
    writeln!(
        std::io::stdout(),
        "{}: {} characters, {} documents, {} without room; {}",
        report.outcome.name(),
        corpus.characters,
        report.documents.kept,
        report.documents.dropped_for_budget,
        cost()?
    )?;
    report.error.map_or(Ok(()), |error| Err(error.into()))
}

fn near(is_form: bool) -> Result<()> {
    let document = |number: u64| {
        let url = format!("https://a.test/{number}");
        let seed = if is_form { 0 } else { number };
        let markdown = format!("{}\n\nThe rate is {number}.", text(seed));
        Document::new(&url, "Page", [Block { fingerprint: 0, markdown }].iter()).ok_or("no document")
    };
    let documents: Vec<Document> = (0..DOCUMENTS).map(document).collect::<std::result::Result<_, _>>()?;
    let before = cpu_seconds()?;
    let (mut index, mut variants) = (Index::default(), 0);
    let mut settled: Vec<Said> = Vec::new();
    for document in documents {
        let said = Said::by(document);
        let bands = Bands::of(&said).ok_or("no words")?;
        for twin in index.similar(&bands) {
            variants += u64::from(matches!(likeness(&said, &settled[twin], 0.9), Likeness::Variant(_)));
        }
        index.insert(&bands, settled.len());
        settled.push(said);
    }
    writeln!(std::io::stdout(), "{variants} pairs, {:.2} s CPU", cpu_seconds()? - before)?;
    Ok(())
}

/// CPU time and peak memory of this process so far.
fn cost() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(format!("{:.2} s CPU, {} MiB", cpu_seconds()?, peak / 1024))
}

/// User and system time of this process so far.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // The kernel's USER_HZ is 100 on every platform that Linux runs on.
    Ok(ticks / 100.0)
}

fn chatbase() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        let options = sandbox::Options { max_body: 1 << 26, ..sandbox::Options::new(Clock::Real(now)) };
        Ok(sandbox::serve(listener, options, CancellationToken::new()).await?)
    })
}

/// Serves linked pages of words that are drawn by lot.
fn site() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        // A client that goes away ends its own connection only.
        std::thread::spawn(move || answer(stream).ok());
    }
    Ok(())
}

fn answer(stream: TcpStream) -> Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    loop {
        let (mut path, mut known) = (String::new(), false);
        if lines.by_ref().take(8192).read_line(&mut path)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            lines.by_ref().take(8192).read_line(&mut header)?;
            known |= header.to_ascii_lowercase().starts_with("if-none-match");
            if header.trim().is_empty() {
                break;
            }
        }
        let number = path.split(['/', ' ']).nth(2).and_then(|name| name.parse::<u64>().ok());
        match number.filter(|number| *number < PAGES) {
            Some(_) if known => write!(out, "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n")?,
            Some(number) => {
                let page = page(number);
                write!(
                    out,
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\netag: \"1\"\r\ncontent-length: \
                     {}\r\n\r\n{page}",
                    page.len()
                )?;
            }
            None => write!(out, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?,
        }
    }
}

fn page(number: u64) -> String {
    let mut html =
        format!("<!doctype html><html lang=en><title>Page {number}</title><main><h1>Page {number}</h1>");
    for part in text(number).split("\n\n") {
        let _infallible = write!(html, "<h2>Part</h2><p>{part}</p>");
    }
    for link in 1..=8 {
        let _infallible = write!(html, "<p><a href=\"/{}\">see</a></p>", (number * 8 + link) % PAGES);
    }
    html + "</main>"
}

/// Paragraphs of words, the same for the same seed (xorshift).
fn text(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut text = String::with_capacity(CHARACTERS + 16);
    while text.len() < CHARACTERS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let letters = (0..4 + state % 5).map(|n| char::from(b'a' + ((state >> (n * 5)) % 26) as u8));
        text.extend(letters);
        text.push_str(if state.is_multiple_of(97) { ".\n\n" } else { " " });
    }
    text
}
