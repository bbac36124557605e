//! CPU of a whole first run against the floor: fetching the same URLs and parsing the same bytes once, with
//! nothing kept. And of the crawl alone (robots, pace, fetch, decode, frontier, store): a first run less the extraction
//! of the same bytes, against a bare loop that fetches the same URLs and drops the bodies.
//!
//! `cargo bench --bench floor -- http://127.0.0.1:18102/index.html` measures a site that is already served;
//! without an argument the bench serves a site of its own from another process. Every phase is a process of
//! its own, in turn, several times over; its CPU time is the system's own account of it. Figures are ratios of
//! one run of the bench: absolute times mean nothing on another machine.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use corpusd::{
    chatbase::Window,
    config::{self, Env},
    extract::{self, Asked},
    html,
    http::{Client, Limits, charset, egress::Egress},
    notify::Outbox,
    run::{self, Context, Progress, Waits},
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Pages of the bench's own site.
const PAGES: usize = 400;
/// Measurements of each phase; the median counts.
const ROUNDS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["phase", phase, start, folder] => child(phase, start, Path::new(folder)),
        ["serve"] => serve(),
        [start] => measure(start),
        _ => {
            let mut server = spawn(&["serve"])?;
            let mut address = String::new();
            BufReader::new(server.stdout.take().ok_or("no stdout")?).read_line(&mut address)?;
            let measured = measure(&format!("http://{}/0.html", address.trim()));
            server.kill()?;
            server.wait()?;
            measured
        }
    }
}

fn spawn(args: &[&str]) -> Result<Child> {
    Ok(Command::new(std::env::current_exe()?).args(args).stdout(Stdio::piped()).spawn()?)
}

/// Runs the phases in turn and prints their medians and ratios.
fn measure(start: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut figures: Vec<(&str, Vec<f64>)> =
        ["bare", "floor", "extract", "first", "again"].into_iter().map(|phase| (phase, Vec::new())).collect();
    let mut pages = 0.0;
    for _ in 0..ROUNDS {
        // `first` leaves the list of URLs and the state that the others use.
        for phase in ["first", "again", "save", "extract", "bare", "floor"] {
            let child = spawn(&["phase", phase, start, &folder.path().to_string_lossy()])?;
            let output = child.wait_with_output()?;
            if !output.status.success() {
                return Err(format!("phase {phase} failed").into());
            }
            let text = String::from_utf8(output.stdout)?;
            let mut fields = text.split_whitespace().map(str::parse::<f64>);
            let (seconds, count) = (fields.next().ok_or("no time")??, fields.next().ok_or("no count")??);
            pages = count;
            if let Some((_, seconds_of)) = figures.iter_mut().find(|(name, _)| *name == phase) {
                seconds_of.push(seconds);
            }
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{pages} pages, CPU per page, median of {ROUNDS} alternating processes:")?;
    let median = |name: &str| {
        let mut of: Vec<f64> =
            figures.iter().filter(|(n, _)| *n == name).flat_map(|(_, s)| s.clone()).collect();
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    let floor = median("floor");
    for (name, what) in [
        ("bare", "a bare loop: fetch the same URLs, drop the bodies"),
        ("floor", "the floor: fetch, and parse once"),
        ("extract", "extract the same bytes, read from files"),
        ("first", "a first run: crawl, extract, store, assemble, write"),
        ("again", "a second run, nothing changed"),
    ] {
        let seconds = median(name);
        writeln!(out, "{:8.3} ms  {:5.2} x floor  {what}", seconds * 1000.0 / pages, seconds / floor)?;
    }
    let crawl = median("first") - median("extract");
    writeln!(
        out,
        "{:8.3} ms  {:5.2} x bare   the crawl alone",
        crawl * 1000.0 / pages,
        crawl / median("bare")
    )?;
    Ok(())
}

/// One phase: does its work, then prints the CPU seconds of this process and the number of pages.
fn child(phase: &str, start: &str, folder: &Path) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(3).enable_all().build()?;
    let urls = folder.join("urls");
    let pages = match phase {
        "first" => {
            let state = folder.join("state");
            if state.exists() {
                std::fs::remove_dir_all(&state)?;
            }
            runtime.block_on(whole_run(start, folder))?
        }
        "again" => runtime.block_on(whole_run(start, folder))?,
        "bare" => runtime.block_on(bare(&std::fs::read_to_string(urls)?))?,
        "save" => runtime.block_on(fetch(&std::fs::read_to_string(urls)?, Some(folder)))?,
        "extract" => extract(&std::fs::read_to_string(urls)?, folder)?,
        _ => runtime.block_on(fetch(&std::fs::read_to_string(urls)?, None))?,
    };
    writeln!(std::io::stdout(), "{} {pages}", cpu_seconds()?)?;
    Ok(())
}

async fn whole_run(start: &str, folder: &Path) -> Result<usize> {
    let file = folder.join("bench.yaml");
    let yaml = format!(
        "version: 1\nagent: {{id: bench}}\nsources:\n  - site: {{start: \"{start}\", rate: unlimited}}\n\
         corpus: {{limit: 1GB}}\npublish: {{to: {{directory: out}}}}\n"
    );
    std::fs::write(&file, yaml)?;
    let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
    let loaded = config::load_file(&file, &env).map_err(|faults| format!("{faults:?}"))?;
    #[expect(clippy::disallowed_methods, reason = "a bench is a main of its own")]
    let now = jiff::Timestamp::now;
    let context = Context {
        state_dir: folder.join("state"),
        now,
        window: Arc::new(Window::default()),
        pacers: Arc::default(),
        timeout: None,
        waits: Waits::default(),
        dry_run: false,
        stop: CancellationToken::new(),
        progress: Arc::new(Progress::default()),
        outbox: Outbox::default(),
    };
    let report = run::run(&loaded.pipeline, &context).await?;
    let manifest = std::fs::read_to_string(folder.join("out/corpus.md"))?;
    let urls: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("Source: ")).collect();
    std::fs::write(folder.join("urls"), urls.join("\n"))?;
    Ok(usize::try_from(report.documents.kept)?)
}

/// Fetches every URL, eight at a time, by the HTTP library alone, and drops the bodies.
async fn bare(urls: &str) -> Result<usize> {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let mut waiting = urls.lines();
    let mut under_way = tokio::task::JoinSet::new();
    loop {
        while under_way.len() < 8
            && let Some(url) = waiting.next()
        {
            let request = client.get(url);
            under_way.spawn(async move {
                let mut response = request.send().await?;
                while response.chunk().await?.is_some() {}
                Ok::<(), reqwest::Error>(())
            });
        }
        let Some(done) = under_way.join_next().await else { return Ok(urls.lines().count()) };
        done??;
    }
}

/// What is made of every page that was saved: links, metadata, content, Markdown.
fn extract(urls: &str, folder: &Path) -> Result<usize> {
    for (number, url) in urls.lines().enumerate() {
        let text =
            charset::decode(Some("text/html"), std::fs::read(folder.join(format!("{number}.html")))?)?.text;
        let tree = html::parse(&text)?;
        let links = html::links(&tree, &Url::parse(url)?);
        std::hint::black_box(extract::extract(&tree, &links, &Asked::default()));
    }
    Ok(urls.lines().count())
}

/// Fetches every URL, eight at a time; saves the bodies, or parses each once.
async fn fetch(urls: &str, save: Option<&Path>) -> Result<usize> {
    let urls: Vec<Url> = urls.lines().map(Url::parse).collect::<std::result::Result<_, _>>()?;
    let client = Client::new(Egress::new(urls.first()), "corpusd-bench");
    let limits = Limits { wire: 1 << 26, decoded: 1 << 26, total: Duration::from_mins(1) };
    let mut waiting: VecDeque<(usize, Url)> = urls.iter().cloned().enumerate().collect();
    let mut under_way = tokio::task::JoinSet::new();
    while !waiting.is_empty() || !under_way.is_empty() {
        while under_way.len() < 8 {
            let Some((number, url)) = waiting.pop_front() else { break };
            let (client, save) = (client.clone(), save.map(|folder| folder.join(format!("{number}.html"))));
            under_way.spawn(async move {
                let answer = client.get(&url, &[], limits).await.map_err(|error| error.to_string())?;
                let body = answer.read().await.map_err(|error| error.to_string())?;
                let bytes = body.decoded.unwrap_or(body.wire);
                if let Some(file) = save {
                    std::fs::write(file, bytes).map_err(|error| error.to_string())?;
                } else {
                    let text =
                        charset::decode(Some("text/html"), bytes).map_err(|error| error.to_string())?.text;
                    let parsed =
                        tokio::task::spawn_blocking(move || html::parse(&text).map(|tree| tree.len())).await;
                    parsed.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
                }
                Ok::<(), String>(())
            });
        }
        if let Some(done) = under_way.join_next().await {
            done??;
        }
    }
    Ok(urls.len())
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

/// Serves a site of linked pages, each about 50 KB, on a free port that is printed first.
fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let pages: Arc<Vec<String>> = Arc::new((0..PAGES).map(page).collect());
    for stream in listener.incoming() {
        let (stream, pages) = (stream?, Arc::clone(&pages));
        // A client that goes away ends its own connection only.
        std::thread::spawn(move || answer(stream, &pages).ok());
    }
    Ok(())
}

fn answer(stream: TcpStream, pages: &[String]) -> Result<()> {
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
        let number = path.split(['/', '.']).nth(1).and_then(|name| name.parse::<usize>().ok());
        match number.and_then(|number| pages.get(number)) {
            Some(_) if known => write!(out, "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n")?,
            Some(page) => write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\netag: \"1\"\r\ncontent-length: {}\r\n\r\n{page}",
                page.len()
            )?,
            None => write!(out, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?,
        }
    }
}

fn page(number: usize) -> String {
    let mut html = format!("<!doctype html><html lang=en><title>Page {number}</title><body><nav><ul>");
    for link in 0..60 {
        let _infallible =
            write!(html, "<li><a href=\"{}.html\">Page {link}</a>", (number * 7 + link) % PAGES);
    }
    html.push_str("</ul></nav><main><h1>Page</h1>");
    for part in 0..60 {
        let _infallible = write!(
            html,
            "<h2 id=p{part}>Part {part} of {number}</h2><p>Setting <code>option_{part}</code> decides <em>how</em> the \
             thing {number} behaves; see <a href=\"{}.html#x\">the other page</a> for what follows from it, and why it \
             is so.</p><ul><li>first {part}<li>second<ul><li>nested</ul></ul><pre><code class=language-sh>run --part \
             {part}\n  --page {number}</code></pre><table><tr><th>name<th>value<tr><td>a{part}<td>{number}</table>",
            (number + part) % PAGES
        );
    }
    html.push_str("</main><footer>The same on every page.</footer>");
    html
}
