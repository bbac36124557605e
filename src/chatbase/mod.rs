//! The Chatbase API, as far as corpusd needs it.
//!
//! What a status means is decided here, once; whether to wait, ask or send again is decided by `run`.

pub mod v1;
pub mod window;

pub use v1::{Agent, ApiError, Client, Push, Refusal};
pub use window::Window;
