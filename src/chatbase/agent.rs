//! An agent and its sources, as the API tells of them.

/// An agent. Every field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// Its name, to be sent back unchanged.
    pub name: Option<String>,
    /// How many characters it was trained on.
    pub characters: Option<u64>,
    /// When it was trained last, as the API writes it.
    pub last_trained_at: Option<String>,
    /// What it is made of, corpusd's and others', where the API tells: v2 does.
    pub sources: Option<Vec<Source>>,
}

/// One source of an agent. The API does not give its content back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The id that the API gave it.
    pub id: String,
    /// `text`, `qna`, `link`, `file`, `notionPage`, or what comes after them.
    pub kind: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// In bytes, as the API counts them.
    pub size: u64,
    /// How far its training is.
    pub status: Status,
}

/// How far the training of a source is. Two generations of the API use different words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The agent answers from it as it is.
    Trained,
    /// Not yet, or from an earlier version.
    Pending,
    /// Its training failed; an earlier version, if any, stays live.
    Failed,
    /// It goes with the next training, or is gone.
    Leaving,
}

impl Status {
    /// A word that is not known is no promise.
    pub(super) fn from_name(name: &str) -> Status {
        match name {
            "trained" => Status::Trained,
            "failed" => Status::Failed,
            "toBeDeleted" | "deleted" => Status::Leaving,
            _ => Status::Pending,
        }
    }
}
