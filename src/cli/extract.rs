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
    extract::{self, Article, Asked as Wanted, Container, Explanation, Selector},
    html,
    http::{Client, USER_AGENT, charset, decode::DecodeLimit, decode::Decoder, egress::Egress, media::Media},
};

/// Arguments of `extract`.
#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// A file of HTML or Markdown (`.gz` too), `-` for stdin, or a URL
    #[arg(required_unless_present = "jsonl")]
    page: Option<String>,
    /// The URL that a file's relative links belong to
    #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
    url: Option<Url>,
    /// Read `{"id","url","file"}` lines from stdin, write `{"id","url","title","language","markdown","error"}`
    /// lines to stdout
    #[arg(long, conflicts_with = "page")]
    jsonl: bool,
    /// Say where the content was found and what was left out, instead of the Markdown
    #[arg(long, conflicts_with = "jsonl")]
    explain: bool,
    /// Where the content is, as `content` of the pipeline file
    #[arg(long, value_name = "SELECTOR")]
    content: Option<Selector>,
    /// What of it is no content, as `remove` of the pipeline file; may be given several times
    #[arg(long, value_name = "SELECTOR")]
    remove: Vec<Selector>,
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

/// Prints a page's Markdown, or how it came about.
pub(super) async fn extract(args: &ExtractArgs) -> anyhow::Result<Exit> {
    let wanted = Wanted { content: args.content.iter().collect(), remove: args.remove.iter().collect() };
    let Some(page) = &args.page else { return by_lines(&wanted) };
    let page = match Url::parse(page) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => fetched(&url).await?,
        _ => {
            let url = base(args.url.as_ref().map_or("", Url::as_str))?;
            let (body, name) =
                if page == "-" { (stdin()?, url.path()) } else { (file(Path::new(page))?, &**page) };
            Page::read(media_of_name(name), None, body, &url)?
        }
    };
    let (article, explanation) = page.explain(&wanted)?;
    if args.content.is_some() && article.container != Container::Asked {
        tracing::warn!("--content finds nothing on this page, which is read as if it were not given");
    }
    if args.explain {
        say(&explained(&article, &explanation))?;
    } else {
        say(&markdown(&article))?;
    }
    Ok(Exit::Done)
}

/// The explanation as a person reads it.
fn explained(article: &Article, explanation: &Explanation) -> String {
    let Explanation { roots, passed_over, removed, repeated, page_bytes } = explanation;
    let mut lines = vec![format!("title    {}", article.title)];
    if !article.breadcrumbs.is_empty() {
        lines.push(format!("below    {}", article.breadcrumbs.join(" › ")));
    }
    lines.extend(article.modified.iter().map(|day| format!("changed  {day}")));
    lines.push(format!("found    by {}", article.container));
    for (n, root) in roots.iter().enumerate() {
        let label = if n == 0 { "content" } else { "" };
        lines.push(format!("{label:8} {}  {} of {page_bytes} bytes of text", root.path, root.bytes));
    }
    if !passed_over.is_empty() {
        lines.push(format!(
            "passed   {}: found, but hold too little of the page's text",
            passed_over.join(", ")
        ));
    }
    lines.push(format!(
        "kept     {} bytes of Markdown in {} blocks",
        markdown(article).len(),
        article.blocks.len()
    ));
    if !removed.is_empty() {
        lines.push("\nleft out of the content:".to_owned());
        lines.extend(removed.iter().map(|(reason, part)| {
            format!("{:>8}  {:22}  {}  \"{}\"", part.bytes, reason.to_string(), part.path, part.sample)
        }));
    }
    if !article.flags.is_empty() {
        lines.push("\nworth a look:".to_owned());
        lines.extend(
            article.flags.iter().map(|flag| format!("          {}: \"{}\"", flag.kind, flag.excerpt)),
        );
    }
    if !repeated.is_empty() {
        lines.push("\nsaid before, or no more than a button:".to_owned());
        lines.extend(repeated.iter().map(|block| {
            let line: String = block.lines().next().unwrap_or_default().chars().take(100).collect();
            format!("          {line}")
        }));
    }
    lines.join("\n")
}

fn by_lines(wanted: &Wanted<'_>) -> anyhow::Result<Exit> {
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
        let read = || {
            let (url, body) = (base(&asked.url)?, file(Path::new(&asked.file))?);
            Page::read(media_of_name(&asked.file), None, body, &url)?.article(wanted)
        };
        let (article, error) = match read() {
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

async fn fetched(url: &Url) -> anyhow::Result<Page> {
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
                let body = body.decoded.unwrap_or(body.wire);
                let media = match Media::of(content_type.as_deref(), &body) {
                    // Repositories serve Markdown as plain text.
                    Media::Text => media_of_name(url.path()),
                    media => media,
                };
                return Page::read(media, content_type.as_deref(), body, &url);
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

/// A page, in whichever of the two forms that pages have.
enum Page {
    Html { tree: html::Tree, links: Box<html::Links> },
    Markdown { text: String, url: Url },
}

/// What a file holds, by its name.
fn media_of_name(name: &str) -> Media {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let is_markdown = Path::new(name).extension().is_some_and(|extension| {
        ["md", "mdx", "markdown"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    if is_markdown { Media::Markdown } else { Media::Html }
}

impl Page {
    fn read(media: Media, content_type: Option<&str>, body: Vec<u8>, url: &Url) -> anyhow::Result<Page> {
        if body.len() as u64 > PAGE_LIMITS.decoded {
            bail!("larger than {} bytes", PAGE_LIMITS.decoded);
        }
        let text = charset::decode(content_type, body).context("charset")?.text;
        if media == Media::Markdown {
            return Ok(Page::Markdown { text, url: url.clone() });
        }
        let tree = html::parse(&text)?;
        let links = Box::new(html::links(&tree, url));
        Ok(Page::Html { tree, links })
    }

    fn article(&self, wanted: &Wanted<'_>) -> anyhow::Result<Article> {
        match self {
            Page::Html { tree, links } => Ok(extract::extract(tree, links, wanted)),
            Page::Markdown { text, url } => Ok(extract::native(text, url, wanted)?.2),
        }
    }

    fn explain(&self, wanted: &Wanted<'_>) -> anyhow::Result<(Article, Explanation)> {
        match self {
            Page::Html { tree, links } => Ok(extract::explain(tree, links, wanted)),
            Page::Markdown { text, url } => Ok(extract::explain_native(text, url, wanted)?),
        }
    }
}

fn markdown(article: &Article) -> String {
    let blocks: Vec<&str> = article.blocks.iter().map(|block| block.markdown.as_str()).collect();
    document::normalise(&blocks.join("\n\n"))
}
