//! `corpusd extract FILE|URL` and `corpusd extract --jsonl`

use std::{
    fs,
    io::{self, BufRead, Read, Write},
    path::Path,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Exit, say};
use crate::{
    crawl::fetch::PAGE_LIMITS,
    document,
    extract::{self, Article},
    html,
    http::{Client, USER_AGENT, charset, decode::DecodeLimit, decode::Decoder, egress::Egress},
};

/// Arguments of `extract`.
#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// An HTML file (`.gz` too), `-` for stdin, or a URL
    #[arg(required_unless_present = "jsonl")]
    page: Option<String>,
    /// The URL that a file's relative links belong to
    #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
    url: Option<Url>,
    /// Read `{"id","url","file"}` lines from stdin, write `{"id","url","title","language","markdown","error"}`
    /// lines to stdout
    #[arg(long, conflicts_with = "page")]
    jsonl: bool,
}

/// A line of `--jsonl`'s input.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    url: String,
    file: String,
}

/// A line of `--jsonl`'s output.
#[derive(Debug, Serialize)]
struct Told<'a> {
    id: &'a Value,
    url: &'a str,
    title: Option<String>,
    language: Option<String>,
    markdown: Option<String>,
    error: Option<String>,
}

/// Prints a page's Markdown.
pub(super) async fn extract(args: &ExtractArgs) -> anyhow::Result<Exit> {
    let Some(page) = &args.page else { return by_lines() };
    let article = match Url::parse(page) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => fetched(&url).await?,
        _ => {
            let body = if page == "-" { stdin()? } else { file(Path::new(page))? };
            read(None, body, &base(args.url.as_ref().map_or("", Url::as_str))?)?
        }
    };
    say(&markdown(&article))?;
    Ok(Exit::Done)
}

fn by_lines() -> anyhow::Result<Exit> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.context("stdin")?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: Asked = match serde_json::from_str(&line) {
            Ok(asked) => asked,
            Err(error) => {
                let error = Some(format!("line {} of stdin: {error}", number + 1));
                let told =
                    Told { id: &Value::Null, url: "", title: None, language: None, markdown: None, error };
                write_line(&mut out, &told)?;
                continue;
            }
        };
        let article = base(&asked.url).and_then(|url| read(None, file(Path::new(&asked.file))?, &url));
        let (article, error) = match article {
            Ok(article) => (Some(article), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let told = Told {
            id: &asked.id,
            url: &asked.url,
            markdown: article.as_ref().map(markdown),
            title: article.as_ref().map(|article| article.title.clone()),
            language: article.and_then(|article| article.language),
            error,
        };
        write_line(&mut out, &told)?;
    }
    out.flush().context("stdout")?;
    Ok(Exit::Done)
}

fn write_line(out: &mut impl Write, told: &Told<'_>) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, told).context("stdout")?;
    out.write_all(b"\n").context("stdout")
}

/// What relative links belong to; without a URL they cannot lead anywhere that is real.
fn base(url: &str) -> anyhow::Result<Url> {
    let url = if url.is_empty() { "http://localhost/" } else { url };
    Url::parse(url).with_context(|| format!("url `{url}`"))
}

async fn fetched(url: &Url) -> anyhow::Result<Article> {
    // The user names the URL, so it may be private; a redirect from it may not lead to another private one.
    let client = Client::new(Egress::new([url]), USER_AGENT);
    let mut url = url.clone();
    for _ in 0..=10 {
        let answer = client.get(&url, &[], PAGE_LIMITS).await.with_context(|| format!("fetch {url}"))?;
        let status = answer.status();
        match (status, answer.header("location")) {
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                let next = url.join(location).context("the redirect's Location is no URL")?;
                client.egress().check_redirect(&url, &next).with_context(|| format!("redirect to {next}"))?;
                url = next;
            }
            (200..=299, _) => {
                let content_type = answer.header("content-type").map(str::to_owned);
                let body = answer.read().await.with_context(|| format!("read {url}"))?;
                return read(content_type.as_deref(), body.decoded.unwrap_or(body.wire), &url);
            }
            _ => bail!("{url} answered with status {status}"),
        }
    }
    bail!("more than 10 redirects")
}

fn stdin() -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    io::stdin().lock().take(PAGE_LIMITS.decoded + 1).read_to_end(&mut body).context("stdin")?;
    Ok(body)
}

fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("`{}`", path.display()))?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut body = Vec::new();
    let limit = DecodeLimit { max_bytes: PAGE_LIMITS.decoded, max_ratio: u32::MAX };
    let mut decoder = Decoder::new("gzip", limit)?;
    decoder
        .push(&bytes, &mut body)
        .and_then(|()| decoder.finish())
        .with_context(|| format!("`{}`", path.display()))?;
    Ok(body)
}

fn read(content_type: Option<&str>, body: Vec<u8>, url: &Url) -> anyhow::Result<Article> {
    if body.len() as u64 > PAGE_LIMITS.decoded {
        bail!("larger than {} bytes", PAGE_LIMITS.decoded);
    }
    let decoded = charset::decode(content_type, body).context("charset")?;
    let tree = html::parse(&decoded.text)?;
    let links = html::links(&tree, url);
    Ok(extract::extract(&tree, &links))
}

fn markdown(article: &Article) -> String {
    let blocks: Vec<&str> = article.blocks.iter().map(|block| block.markdown.as_str()).collect();
    document::normalise(&blocks.join("\n\n"))
}
