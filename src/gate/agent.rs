//! The gates that look at the sources an agent has, where the target tells of them.

use super::{AtAgent, Gates, Line, line, share};
use crate::corpus::Corpus;

/// The gate of the room at the agent.
pub(super) const ROOM: &str = "limit";

pub(super) fn lines(
    published: Option<&Corpus>,
    corpus: &Corpus,
    agent: &AtAgent,
    limit: Option<u64>,
    gates: &Gates,
) -> Vec<Line> {
    let mut lines = vec![leaving(agent, gates)];
    if published.is_none() && agent.bytes > 0 {
        lines.push(shrunk(corpus, agent, gates));
    }
    lines.extend(limit.map(|limit| room(corpus, agent, limit)));
    lines
}

fn leaving(agent: &AtAgent, gates: &Gates) -> Line {
    let AtAgent { ours, leaving, .. } = *agent;
    let share = share(leaving, ours);
    let detail = format!(
        "{leaving} of {ours} sources of the agent would be deleted with what is in them, those of one page counted as one"
    );
    line("max_removed", gates.max_removed, share, share > gates.max_removed, detail)
}

/// Where nothing is known of what was published, what is there stands for it: sources can lose documents and stay.
fn shrunk(corpus: &Corpus, agent: &AtAgent, gates: &Gates) -> Line {
    let (before, after) = (agent.bytes, corpus.manifest.size.bytes);
    let share = share(before.saturating_sub(after), before);
    let detail =
        format!("{after} bytes instead of the {before} that corpusd put there before its state was lost");
    line("max_shrink", gates.max_shrink, share, share > gates.max_shrink, detail)
}

/// The limit of the plan is on the agent, whoever filled it.
pub(super) fn room(corpus: &Corpus, agent: &AtAgent, limit: u64) -> Line {
    let AtAgent { foreign, foreign_bytes, .. } = *agent;
    let size = corpus.manifest.size.bytes + foreign_bytes;
    let detail = format!(
        "{size} bytes with {foreign} sources that corpusd did not make ({foreign_bytes} bytes), fewer than {limit} wanted; \
         no approval makes room: delete some of them, or lower `corpus.limit`"
    );
    line(ROOM, limit as f64, size as f64, size >= limit, detail)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{corpus_of, fine, gates};
    use super::*;
    use crate::gate::{Facts, judge};

    #[track_caller]
    fn check(published: bool, agent: AtAgent, limit: Option<u64>, expected: &[&str]) {
        let corpus = corpus_of(&[("https://a.test/", "One", "A page that says something.")]);
        let facts = Facts { at_agent: Some((agent, limit)), ..fine() };
        let verdict = judge(published.then_some(&corpus), &corpus, &facts, &gates());
        let held: Vec<_> = verdict.holds().map(|line| line.gate.as_str()).collect();
        assert_eq!(held, expected, "{agent:?}");
    }

    #[test]
    fn sources_that_would_leave_are_counted_where_the_state_is_lost_too() {
        for published in [true, false] {
            check(published, AtAgent { ours: 10, leaving: 3, ..AtAgent::default() }, None, &[]);
            check(published, AtAgent { ours: 10, leaving: 4, ..AtAgent::default() }, None, &["max_removed"]);
        }
    }

    #[test]
    fn what_is_there_stands_for_what_was_published_where_the_state_is_lost() {
        let agent = AtAgent { ours: 10, bytes: 100_000, ..AtAgent::default() };
        check(false, agent, None, &["max_shrink"]);
        check(true, agent, None, &[]);
    }

    #[test]
    fn the_limit_is_on_the_agent_with_all_its_sources() {
        let agent = AtAgent { foreign: 1, foreign_bytes: 9_000, ..AtAgent::default() };
        check(true, agent, Some(10_000), &[]);
        check(true, agent, Some(9_010), &["limit"]);
    }
}
