//! Training: a snapshot of all sources becomes what the agent answers from, after a while and all at once.

use std::sync::{Arc, OnceLock};

use super::Options;
use super::clock::millis;
use super::fault::Twist;
use super::index::Index;
use super::source::Lesson;
use super::text::{CharUnit, wide};

/// Everything an agent was trained on at one moment, with its index.
pub(super) struct Corpus {
    /// The text pushed through the API.
    pub(super) pushed: Arc<str>,
    /// That text and all other sources, as indexed.
    whole: Arc<str>,
    /// Characters of all sources, in the sandbox's unit.
    pub(super) characters: u64,
    index: OnceLock<Index>,
}

impl Corpus {
    pub(super) fn new(pushed: Arc<str>, others: &[&Arc<str>], unit: CharUnit) -> Self {
        let others: Vec<&str> = others.iter().map(AsRef::as_ref).filter(|text| !text.is_empty()).collect();
        let characters = unit.count(&pushed) + others.iter().map(|text| unit.count(text)).sum::<u64>();
        let whole = if others.is_empty() {
            Arc::clone(&pushed)
        } else {
            Arc::from([&[pushed.as_ref()], others.as_slice()].concat().join("\n\n"))
        };
        Self { pushed, whole, characters, index: OnceLock::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.whole
    }

    pub(super) fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.whole)
    }

    /// The index, built by whoever asks first: the training in the background, or else the first question.
    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(&self.whole))
    }
}

/// A snapshot on its way to being live. A newer write replaces it.
pub(super) struct Training {
    pub(super) corpus: Arc<Corpus>,
    /// When it is over, in milliseconds of the sandbox clock; never, when stalled.
    pub(super) over_at: Option<u64>,
    pub(super) fails: bool,
}

impl Training {
    pub(super) fn start(corpus: Arc<Corpus>, options: &Options, twist: Option<&Twist>, now: u64) -> Self {
        let Lesson { over_at, fails } = Lesson::start(corpus.text().len(), options, twist, now);
        Self { corpus, over_at, fails }
    }
}

impl Lesson {
    /// A training on so many bytes that begins now.
    pub(super) fn start(bytes: usize, options: &Options, twist: Option<&Twist>, now: u64) -> Self {
        let per_mb = options.train_per_mb.as_millis() * u128::from(wide(bytes)) / 1_000_000;
        let takes = millis(options.train_base).saturating_add(u64::try_from(per_mb).unwrap_or(u64::MAX));
        let stalled = matches!(twist, Some(Twist::TrainStall));
        Self {
            over_at: (!stalled).then(|| now.saturating_add(takes)),
            fails: matches!(twist, Some(Twist::TrainFail)),
        }
    }
}
