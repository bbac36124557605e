//! Whether a push of which nobody knows what came of it has arrived: what the API says of the agent, held against what it
//! said before.

use std::time::Duration;

use super::Delivery;
use crate::{
    chatbase::{self, ApiError},
    corpus::Counts,
    hash::Hash,
    run::RunError,
    store::{Before, Publication, PublicationState},
};

impl Delivery<'_> {
    /// What has to be known before a push of `corpus`, to find out later whether it arrived.
    pub(super) async fn before(
        &self,
        agent: Option<&chatbase::Agent>,
        corpus: Hash,
    ) -> Result<Before, RunError> {
        let live = self.store.live(self.target.clone()).await?;
        let live = match live {
            Some(live) => self.store.manifest(live.corpus).await?.map(|manifest| manifest.size),
            None => None,
        };
        let mut unsettled = Vec::new();
        for earlier in self.store.publications(self.target.clone()).await? {
            if earlier.state.is_unsettled() && earlier.corpus != corpus {
                unsettled.extend(self.store.manifest(earlier.corpus).await?.map(|manifest| manifest.size));
            }
        }
        Ok(Before {
            last_trained_at: agent.and_then(|agent| agent.last_trained_at.clone()),
            characters: agent.and_then(|agent| agent.characters),
            live,
            unsettled,
        })
    }

    /// Asks whether a push of unknown outcome arrived, until the answer is yes or patience ends.
    ///
    /// # Errors
    /// A refusal: nobody is asked, nor sent anything, again.
    pub(super) async fn confirmed(
        &self,
        before: &Before,
        size: Counts,
        pauses: &[Duration],
    ) -> Result<bool, ApiError> {
        for pause in pauses {
            if !self.context.pause(*pause).await {
                return Ok(false);
            }
            match self.ask().await {
                Ok(Some(agent)) if arrived(before, &agent, size) => return Ok(true),
                Err(refused @ ApiError::Refused(..)) => return Err(refused),
                Ok(_) | Err(ApiError::Passing(..)) => {}
            }
        }
        Ok(false)
    }

    /// Asks once about a push that an earlier run left unsettled.
    pub(in crate::run) async fn ask_once(&mut self, publication: &Publication) -> Result<(), RunError> {
        let Some(manifest) = self.store.manifest(publication.corpus).await? else { return Ok(()) };
        if let Ok(Some(agent)) = self.ask().await
            && arrived(&publication.before, &agent, manifest.size)
        {
            tracing::info!("the push of an earlier run had arrived");
            let (state, request_id) = (PublicationState::Acknowledged, publication.request_id.clone());
            let (detail, now) = ("confirmed by asking".to_owned(), (self.context.now)());
            // This run may be about to send a corpus that was kept of an earlier one, and that nothing else refers to: what is
            // kept for nothing goes with the next push.
            self.store.settle_publication(publication.id, state, request_id, detail, None, now).await?;
        }
        Ok(())
    }
}

/// Whether what the API says of the agent shows that a push of this size arrived after `before`: it holds as many
/// characters, and neither held as many before, nor was being trained on as many, nor may have been given as many by a
/// push that nobody knows of. A training alone proves nothing where characters are told: somebody may have retrained the
/// agent on what it held.
fn arrived(before: &Before, agent: &chatbase::Agent, size: Counts) -> bool {
    let is_size = |size: Counts, count| [size.utf16, size.characters, size.bytes].contains(&count);
    match agent.characters {
        // Source by source it is seen by the next push, which writes what is missing and nothing else.
        _ if agent.sources.is_some() => false,
        Some(count) => {
            is_size(size, count)
                && before.characters != Some(count)
                && !before.live.iter().chain(&before.unsettled).any(|other| is_size(*other, count))
        }
        None => {
            before.unsettled.is_empty()
                && agent.last_trained_at.is_some()
                && agent.last_trained_at != before.last_trained_at
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(characters: u64) -> Counts {
        Counts { characters, utf16: characters, bytes: characters }
    }

    fn agent(characters: Option<u64>, trained: &str) -> chatbase::Agent {
        let last_trained_at = Some(trained.to_owned());
        chatbase::Agent { characters, last_trained_at, ..chatbase::Agent::default() }
    }

    fn before(characters: Option<u64>, live: Option<u64>) -> Before {
        let last_trained_at = Some("monday".to_owned());
        Before { last_trained_at, characters, live: live.map(size), unsettled: Vec::new() }
    }

    #[test]
    fn as_many_characters_as_were_sent_show_that_a_push_arrived() {
        assert!(arrived(&before(Some(5), Some(5)), &agent(Some(7), "tuesday"), size(7)));
        assert!(!arrived(&before(Some(5), Some(5)), &agent(Some(5), "tuesday"), size(7)));
    }

    #[test]
    fn what_held_as_many_before_or_was_in_training_shows_nothing() {
        assert!(!arrived(&before(Some(7), Some(7)), &agent(Some(7), "tuesday"), size(7)));
        assert!(!arrived(&before(Some(0), Some(7)), &agent(Some(7), "tuesday"), size(7)));
    }

    #[test]
    fn what_an_earlier_push_may_have_brought_shows_nothing_of_a_later_one() {
        let after = |unsettled, before| Before { unsettled: vec![size(unsettled)], ..before };
        assert!(!arrived(&after(7, before(Some(5), Some(5))), &agent(Some(7), "tuesday"), size(7)));
        assert!(arrived(&after(8, before(Some(5), Some(5))), &agent(Some(7), "tuesday"), size(7)));
        assert!(!arrived(&after(8, before(None, None)), &agent(None, "tuesday"), size(7)));
    }

    #[test]
    fn without_a_count_a_new_training_has_to_do() {
        assert!(arrived(&before(None, None), &agent(None, "tuesday"), size(7)));
        assert!(!arrived(&before(None, None), &agent(None, "monday"), size(7)));
    }
}
