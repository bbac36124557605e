//! What the gates have to know of the target: how large the request would be, and what is there already.

use super::Delivery;
use crate::{
    chatbase,
    corpus::{Corpus, Unit},
    gate::{AtAgent, Facts, Foreign},
    pipeline::Source,
    publish::{Target, sources},
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
