//! `corpusd diff PIPELINE [A] [B]`

use std::{
    env,
    io::{self, IsTerminal},
    time::Duration,
};

use clap::Args;
use serde::Serialize;
use similar::TextDiff;

use super::{Common, Exit, complain, hold, open, put, say};
use crate::{
    corpus::{Difference, Section},
    run::{self, Looked},
};

/// Two texts that take longer to compare are shown with more lines as changed than need be.
const PATIENCE: Duration = Duration::from_secs(2);

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Which pipeline
    pipeline: String,
    /// The earlier corpus: `live`, the number of a publication, or the beginning of its hash
    #[arg(default_value = "live")]
    a: String,
    /// The later one; `next` is what is held, else what would be published
    #[arg(default_value = "next")]
    b: String,
    /// Print one JSON object per document and line
    #[arg(long)]
    json: bool,
}

/// How one document differs. Field names are stable.
#[derive(Debug, Serialize)]
struct Changed<'a> {
    url: &'a str,
    change: Change,
    diff: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Added,
    Changed,
    Removed,
}

/// Prints how the documents of two corpora differ; exit 10 where they do.
pub(super) async fn diff(common: &Common, args: &DiffArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let store = match open::state(common, &pipeline)? {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let mut corpora = Vec::new();
    for name in [&args.a, &args.b] {
        match run::corpus_named(&pipeline, &store, name).await {
            Ok(Looked { corpus, held }) => {
                if let Some(held) = held {
                    complain(&hold::shown(&pipeline, &held));
                }
                corpora.push(corpus);
            }
            Err(error) => return open::explain(&pipeline, error),
        }
    }
    let [before, after] = &corpora[..] else { return Ok(Exit::Failed) };
    let difference = Difference::between(before, after);
    let look = Look::of_stdout();
    for changed in changes(&difference) {
        if args.json {
            say(&serde_json::to_string(&changed).expect("a change has string keys only"))?;
        } else {
            put(&look.of(&changed.diff))?;
        }
    }
    Ok(if difference.is_empty() { Exit::Done } else { Exit::Pending })
}

fn changes<'a>(difference: &'a Difference<'a>) -> impl Iterator<Item = Changed<'a>> {
    let changed = difference.changed.iter().map(|(before, after)| {
        let url = after.entry.url.as_str();
        Changed { url, change: Change::Changed, diff: unified(Some(before), Some(after)) }
    });
    let added = difference.added.iter().map(|after| {
        let url = after.entry.url.as_str();
        Changed { url, change: Change::Added, diff: unified(None, Some(after)) }
    });
    let removed = difference.removed.iter().map(|before| {
        let url = before.entry.url.as_str();
        Changed { url, change: Change::Removed, diff: unified(Some(before), None) }
    });
    changed.chain(added).chain(removed)
}

/// A unified diff of what two corpora have of one document.
fn unified(before: Option<&Section<'_>>, after: Option<&Section<'_>>) -> String {
    let text = |section: Option<&Section<'_>>| section.map_or("", |section| section.text).to_owned();
    let name = |section: Option<&Section<'_>>| {
        section.map_or_else(|| "/dev/null".to_owned(), |section| section.entry.url.clone())
    };
    let texts = [text(before), text(after)];
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(&texts[0], &texts[1])
        .unified_diff()
        .header(&name(before), &name(after))
        .to_string()
}

/// How a diff is shown.
#[derive(Debug, Clone, Copy)]
struct Look {
    terminal: bool,
    colour: bool,
}

impl Look {
    fn of_stdout() -> Look {
        let terminal = io::stdout().is_terminal();
        let colour = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Look { terminal, colour }
    }

    fn of(self, diff: &str) -> String {
        diff.split_inclusive('\n').map(|line| self.of_line(line)).collect()
    }

    fn of_line(self, line: &str) -> String {
        if !self.terminal {
            return line.to_owned();
        }
        // What a site says must not move the cursor of who looks at it.
        let line: String = line
            .trim_end_matches('\n')
            .chars()
            .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
            .collect();
        let colour = match line.chars().next() {
            _ if !self.colour => None,
            _ if line.starts_with("---") || line.starts_with("+++") => Some("1"),
            Some('+') => Some("32"),
            Some('-') => Some("31"),
            Some('@') => Some("36"),
            _ => None,
        };
        match colour {
            Some(colour) => format!("\x1b[{colour}m{line}\x1b[0m\n"),
            None => format!("{line}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(terminal: bool, colour: bool, diff: &str, expected: &str) {
        assert_eq!(Look { terminal, colour }.of(diff), expected);
    }

    #[test]
    fn colours_and_harmless_characters_are_for_terminals() {
        let diff = "--- a\n+++ b\n@@ -1 +1 @@\n-old\x1b[2J\n+new\n same\n";
        check(false, false, diff, diff);
        check(true, false, "-old\x1b[2J\tx\n", "-old\u{fffd}[2J\tx\n");
        check(
            true,
            true,
            diff,
            "\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-old\u{fffd}[2J\x1b[0m\n\x1b[32m+new\x1b[0m\n same\n",
        );
    }
}
