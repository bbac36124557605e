//! The Chatbase API, as far as corpusd needs it.
//!
//! What a status means is decided here, once; whether to wait, ask or send again is decided by `publish` and `run`.

pub mod account;
pub mod agent;
pub mod outcome;
pub mod patience;
pub mod v1;
pub mod v2;
pub mod window;

pub use account::Account;
pub use agent::{Agent, Source, Status};
pub use outcome::{ApiError, Push, Refusal};
pub use patience::Patience;
pub use window::Window;
