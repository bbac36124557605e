//! What runs did, as a table for people.

use std::{cmp::Reverse, collections::BTreeMap};

use comfy_table::{Table, presets};

use super::{Exit, say};
use crate::report::{Documents, Pages, RunReport, VerifyReport};

/// Documents over budget that are named; `--json` names all.
const DROPPED_SHOWN: usize = 5;

/// Prints the report of the one run that a command made.
pub(super) fn tell(report: &RunReport, json: bool) -> anyhow::Result<Exit> {
    say(&if json {
        serde_json::to_string(report).expect("a report has string keys only")
    } else {
        table(std::slice::from_ref(report))
    })?;
    Ok(Exit::of(report))
}

/// One row per report, and below the table what a person should read.
pub(super) fn table(reports: &[RunReport]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["pipeline", "run", "outcome", "pages", "documents", "corpus", "took"]);
    for report in reports {
        table.add_row([
            report.pipeline.to_string(),
            report.run.to_string(),
            report.outcome.name().to_owned(),
            pages(&report.pages),
            documents(&report.documents),
            corpus(report),
            took(report.duration_ms),
        ]);
    }
    let mut lines = vec![table.to_string()];
    for report in reports {
        lines.extend(notes(report).iter().map(|note| format!("{}: {note}", report.pipeline)));
    }
    lines.join("\n")
}

fn pages(pages: &Pages) -> String {
    let mut lines = vec![format!("{} read, {} unchanged (304)", pages.fetched, pages.not_modified)];
    let changes = [("new", pages.new), ("changed", pages.changed), ("removed", pages.removed)];
    let changes: Vec<_> = changes
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !changes.is_empty() {
        lines.push(changes.join(", "));
    }
    let trouble = [("failed", pages.failed), ("carried forward", pages.carried_forward)];
    let trouble: Vec<_> = trouble
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !trouble.is_empty() {
        lines.push(trouble.join(", "));
    }
    lines.join("\n")
}

fn documents(documents: &Documents) -> String {
    let mut lines = vec![format!("{} kept", documents.kept)];
    let rest = [
        ("same text", documents.duplicates),
        ("nearly the same", documents.near_duplicates),
        ("in part", documents.partial),
        ("over budget", documents.dropped_for_budget),
    ];
    lines.extend(rest.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")));
    lines.join("\n")
}

fn corpus(report: &RunReport) -> String {
    let Some(corpus) = &report.corpus else { return "none".to_owned() };
    let used = if corpus.unit == "bytes" { corpus.bytes } else { corpus.utf16 };
    let percent = used as f64 * 100.0 / corpus.limit.max(1) as f64;
    format!(
        "{} characters\n{percent:.1}% of {} {}",
        grouped(corpus.characters),
        grouped(corpus.limit),
        corpus.unit
    )
}

/// What does not fit into a row.
fn notes(report: &RunReport) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(report.error.clone());
    notes.extend(verification(&report.verify));
    if report.pages.truncated {
        notes.push("`max_pages` or `max_depth` left pages out".to_owned());
    }
    notes.extend(report.notes.iter().cloned());
    notes.extend(reasons(&report.pages));
    if !report.documents.dropped.is_empty() {
        let shown: Vec<_> = report.documents.dropped.iter().take(DROPPED_SHOWN).map(String::as_str).collect();
        let shown = shown.join(", ");
        notes.push(format!(
            "{} documents did not fit, first of all: {shown}",
            report.documents.dropped_for_budget
        ));
    }
    notes
}

/// What came of golden questions, where any were asked.
pub(super) fn verification(verify: &VerifyReport) -> Vec<String> {
    let VerifyReport { asked, passed, failed, unverified } = verify;
    let counted = (*asked > 0).then(|| format!("{passed} of {asked} golden questions passed"));
    let unverified =
        unverified.as_ref().map(|reason| format!("could not be verified: {reason}; the next run asks again"));
    counted.into_iter().chain(failed.iter().cloned()).chain(unverified).collect()
}

/// How many URLs ended without a document, by reason.
pub(super) fn reasons(pages: &Pages) -> Vec<String> {
    let listed = |what: &str, by: &BTreeMap<String, u64>| {
        let mut by: Vec<_> = by.iter().collect();
        by.sort_by_key(|(_, count)| Reverse(**count));
        let counts: Vec<_> =
            by.iter().map(|(reason, count)| format!("{} {reason}", grouped(**count))).collect();
        (!counts.is_empty()).then(|| format!("{what}: {}", counts.join(", ")))
    };
    [listed("left out", &pages.skipped_by), listed("failed", &pages.failed_by)]
        .into_iter()
        .flatten()
        .collect()
}

fn took(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{:.1} s", millis as f64 / 1000.0),
        10_000..600_000 => format!("{} s", millis / 1000),
        _ => format!("{} min", millis / 60_000),
    }
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (11_000_000, "11,000,000")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
