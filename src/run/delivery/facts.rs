//! What the gates have to know of the target: how large the request would be, and what is there already.

use super::Delivery;
use crate::{
    chatbase,
    corpus::{Corpus, Counts, Unit},
    gate::{AtAgent, Facts, Foreign},
    pipeline::Source,
    publish::{Target, sources},
    store::Publication,
};

impl Delivery<'_> {
    /// What the run found out. `ours` is whether what the agent holds may be of corpusd; an agent that was not asked is
    /// `None`.
    pub(in crate::run) fn facts(
        &self,
        corpus: &Corpus,
        agent: Option<&chatbase::Agent>,
        ours: bool,
    ) -> Facts {
        let name = self.name(agent);
        let (body, adopt) = match &self.pipeline.target {
            Target::ChatbaseV1(v1) => {
                let size = chatbase::v1::body_size(&self.pipeline.agent.id, name, &corpus.text);
                (Some((size, v1.max_body)), v1.adopt)
            }
            // What a source cannot hold is cut, and what others put there stays.
            Target::ChatbaseV2(_) | Target::Directory(_) => (None, true),
        };
        let foreign = match agent {
            Some(agent) if !ours && !adopt => match agent.characters {
                Some(0) => Foreign::None,
                Some(count) => Foreign::Characters(count),
                None => Foreign::Unknown,
            },
            _ => Foreign::None,
        };
        let sources = self.pipeline.sources.iter().map(Source::name).collect();
        let limit = self.pipeline.budget.limits.iter().find(|limit| limit.unit == Unit::Bytes);
        let at_agent = agent
            .and_then(|agent| agent.sources.as_deref())
            .map(|known| (sources::survey(corpus, known), limit.map(|limit| limit.max)));
        Facts { crawled: self.crawled.clone(), body, foreign, sources, required: None, at_agent }
    }

    /// Warns of a push that the API may refuse: the limit of a plan is on the agent, and what others put there counts. Where
    /// sources are told one by one, a gate knows them; elsewhere they show by what the agent holds after our own push. In which
    /// unit it counts is not documented, so what is beyond our bytes is the least that can be others'.
    pub(in crate::run) fn remark_on_room(
        &mut self,
        agent: &chatbase::Agent,
        live: &Publication,
        published: Counts,
        next: Counts,
    ) {
        // Before its training is over, it may hold anything.
        let is_ours = agent.last_trained_at.is_some() && agent.last_trained_at != live.before.last_trained_at;
        let Some(held) = agent.characters.filter(|_| is_ours && agent.sources.is_none()) else { return };
        let others = held.saturating_sub(published.bytes);
        let limit = self.pipeline.budget.limits.iter().find(|limit| limit.unit == Unit::Chars);
        let Some(limit) = limit.filter(|limit| others > 0 && next.utf16 + others >= limit.max) else {
            return;
        };
        self.report.notes.push(format!(
            "the agent holds at least {others} characters besides what was published last; with them this corpus of {} is not \
             below the limit of {}, and the API may refuse it: lower `corpus.limit`, or delete other sources of the agent",
            next.utf16, limit.max
        ));
    }

    /// Tells of texts that the agent answers from besides ours, before ours are there: they may be those of an earlier
    /// tool, or of our own former target.
    pub(in crate::run) fn remark_on_others(&mut self, facts: &Facts) {
        if let Some((AtAgent { foreign_texts: texts @ 1.., .. }, _)) = facts.at_agent {
            self.report.notes.push(format!(
                "the agent has {texts} text sources that corpusd did not make: they stay, and it answers from them too; \
                 what an earlier push left there is for you to delete"
            ));
        }
    }
}
