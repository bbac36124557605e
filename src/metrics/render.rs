//! The text format of Prometheus, version 0.0.4: families of samples, each with what it means and its type.

use std::fmt::{Display, Write};

use jiff::Timestamp;

use super::{Metrics, PipelineMetrics};
use crate::report::{Ending, RunReport};

/// The media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics as text.
pub fn render(metrics: &Metrics) -> String {
    let mut page = Page::default();
    page.family("corpusd_build_info", "The version that runs.");
    page.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    if let Some(reloaded) = metrics.reloaded {
        page.family(
            "corpusd_config_reload_success",
            "Whether the pipeline files could be read the last time.",
        );
        page.sample(&[], u8::from(reloaded));
    }
    standing(&mut page, &metrics.pipelines);
    last_run(&mut page, &metrics.pipelines);
    page.text
}

fn standing(page: &mut Page, pipelines: &[PipelineMetrics]) {
    let mut family = |name, help, value: &dyn Fn(&PipelineMetrics) -> Option<String>| {
        page.family(name, help);
        for pipeline in pipelines {
            if let Some(value) = value(pipeline) {
                page.sample(&[("pipeline", pipeline.pipeline.as_str())], value);
            }
        }
    };
    family(
        "corpusd_true_timestamp_seconds",
        "When what is live was last known to be what the sources say: published, or found unchanged.",
        &|pipeline| pipeline.standing.true_at.map(seconds),
    );
    family("corpusd_stale_after_seconds", "The age from which what is live counts as stale.", &|pipeline| {
        Some(pipeline.stale_after.as_secs().to_string())
    });
    family("corpusd_publish_timestamp_seconds", "When something was published last.", &|pipeline| {
        pipeline.standing.published_at.map(seconds)
    });
    family("corpusd_held", "Whether the gates hold a corpus.", &|pipeline| {
        Some(u8::from(pipeline.standing.held).to_string())
    });
    family("corpusd_paused", "Whether publishing is paused.", &|pipeline| {
        Some(u8::from(pipeline.paused).to_string())
    });
    family(
        "corpusd_unusable",
        "Whether the pipeline cannot run, because its state cannot be used.",
        &|pipeline| Some(u8::from(pipeline.unusable).to_string()),
    );
    family("corpusd_next_run_timestamp_seconds", "When the schedule runs it next.", &|pipeline| {
        pipeline.next_run.map(seconds)
    });
    family("corpusd_run_timestamp_seconds", "When the last run ended.", &|pipeline| {
        pipeline.standing.last.as_ref().map(|(_, ended_at)| seconds(*ended_at))
    });
    page.family("corpusd_publications", "Pushes that are on record, by how far they came.");
    for pipeline in pipelines {
        for (state, count) in &pipeline.standing.publications {
            page.sample(&[("pipeline", pipeline.pipeline.as_str()), ("state", state)], count);
        }
    }
}

/// What the report of the last run says.
fn last_run(page: &mut Page, pipelines: &[PipelineMetrics]) {
    let reports: Vec<&RunReport> =
        pipelines.iter().filter_map(|pipeline| Some(&pipeline.standing.last.as_ref()?.0)).collect();
    let mut family = |name, help, label, values: &dyn Fn(&RunReport) -> Vec<(&'static str, String)>| {
        page.family(name, help);
        for report in &reports {
            for (value_of_label, value) in values(report) {
                let labels = [("pipeline", report.pipeline.as_str()), (label, value_of_label)];
                page.sample(if label.is_empty() { &labels[..1] } else { &labels }, value);
            }
        }
    };
    let one = |value: String| vec![("", value)];
    let counts = |counts: &[(&'static str, u64)]| -> Vec<(&'static str, String)> {
        counts.iter().map(|(name, count)| (*name, count.to_string())).collect()
    };
    family(
        "corpusd_run_outcome",
        "1 for the outcome of the last run, 0 for every other.",
        "outcome",
        &|report| {
            Ending::ALL.map(|ending| (ending.name(), u8::from(report.outcome == ending).to_string())).into()
        },
    );
    family("corpusd_run_duration_seconds", "How long the last run took.", "", &|report| {
        one((report.duration_ms as f64 / 1000.0).to_string())
    });
    family("corpusd_pages", "URLs that the last run came across, by how they ended.", "state", &|report| {
        let pages = &report.pages;
        counts(&[
            ("fetched", pages.fetched),
            ("not_modified", pages.not_modified),
            ("skipped", pages.skipped),
            ("failed", pages.failed),
            ("carried_forward", pages.carried_forward),
        ])
    });
    family("corpusd_page_changes", "Pages that the last run found to differ.", "change", &|report| {
        let pages = &report.pages;
        counts(&[("new", pages.new), ("changed", pages.changed), ("removed", pages.removed)])
    });
    family("corpusd_documents", "Documents of the last run, by what became of them.", "state", &|report| {
        let documents = &report.documents;
        counts(&[
            ("kept", documents.kept),
            ("duplicate", documents.duplicates),
            ("near_duplicate", documents.near_duplicates),
            ("dropped_for_budget", documents.dropped_for_budget),
        ])
    });
    family(
        "corpusd_corpus_size",
        "Size of the corpus, in the unit of the limit it is nearest to.",
        "unit",
        &|report| {
            let size = report.corpus.as_ref().map(|corpus| match corpus.unit.as_str() {
                "bytes" => ("bytes", corpus.bytes.to_string()),
                _ => ("chars", corpus.utf16.to_string()),
            });
            size.into_iter().collect()
        },
    );
    family(
        "corpusd_corpus_limit",
        "The limit that the corpus is nearest to, less the headroom.",
        "unit",
        &|report| {
            let limit = report.corpus.as_ref().map(|corpus| match corpus.unit.as_str() {
                "bytes" => ("bytes", corpus.limit.to_string()),
                _ => ("chars", corpus.limit.to_string()),
            });
            limit.into_iter().collect()
        },
    );
    family(
        "corpusd_http_responses",
        "Answers that the crawl of the last run got, by class.",
        "class",
        &|report| counts(&report.http.by_class.named()),
    );
    family("corpusd_http_received_bytes", "Bytes of bodies that it received.", "", &|report| {
        one(report.http.bytes.to_string())
    });
    family("corpusd_golden_questions_asked", "Golden questions that the last run asked.", "", &|report| {
        one(report.verify.asked.to_string())
    });
    family("corpusd_golden_questions_passed", "Of these, how many were answered well.", "", &|report| {
        one(report.verify.passed.to_string())
    });
}

/// Seconds since the epoch.
fn seconds(at: Timestamp) -> String {
    (at.as_millisecond() as f64 / 1000.0).to_string()
}

/// The text, family by family.
#[derive(Default)]
struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    /// Begins a family of gauges.
    fn family(&mut self, name: &'static str, help: &str) {
        self.family = name;
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} gauge"));
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let pairs: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let family = self.family;
        match pairs.as_slice() {
            [] => self.line(format_args!("{family} {value}")),
            pairs => self.line(format_args!("{family}{{{}}} {value}", pairs.join(","))),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes all that is written");
    }
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped() {
        let mut page = Page::default();
        page.family("corpusd_x", "Help.");
        page.sample(&[("a", "back\\slash \"quoted\"\nline")], 1.5);
        page.sample(&[], 2);
        assert_eq!(
            page.text,
            "# HELP corpusd_x Help.\n# TYPE corpusd_x gauge\n\
             corpusd_x{a=\"back\\\\slash \\\"quoted\\\"\\nline\"} 1.5\ncorpusd_x 2\n"
        );
    }

    #[test]
    fn time_is_in_seconds() {
        assert_eq!(seconds(Timestamp::from_millisecond(1_700_000_000_123).unwrap()), "1700000000.123");
        assert_eq!(seconds(Timestamp::from_millisecond(1_700_000_000_000).unwrap()), "1700000000");
    }
}
