//! Requests as they came in, for tests that hold them against the contract of the API.

/// A request to the API that came in as a whole, whatever was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// As in `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// At most [`Options::max_body`](super::Options::max_body) bytes.
    pub body: Vec<u8>,
}
