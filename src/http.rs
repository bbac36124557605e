//! One guarded client for everything outgoing.
//!
//! Nothing else in the program opens a connection. The guard works in three places: the URL's host after
//! parsing ([`egress`]), the resolver's answer, and the peer that was connected to ([`client`]).
//! Redirects are never followed here: pages decide hop by hop, pushes not at all.

pub mod access;
mod answer;
pub mod charset;
pub mod client;
pub mod decode;
pub mod egress;
mod error;
mod limits;
pub mod media;
mod resolver;
pub mod retry_after;
pub mod traffic;

pub use answer::{Answer, Body};
pub use client::Client;
pub use error::{FetchError, TimedOut};
pub use limits::Limits;

/// How we name ourselves where no pipeline says otherwise.
pub const USER_AGENT: &str = concat!("corpusd/", env!("CARGO_PKG_VERSION"));
