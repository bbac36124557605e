//! corpusd keeps an AI support agent's knowledge base true.
//!
//! The modules stand in the order in which data flows, and a module imports only modules above it (a test
//! keeps that, and that the pure ones stay pure). Read a run from top to bottom in [`run`].
//!
//! Names: a *page* is what came over HTTP; a *document* is the Markdown that is kept of it; a *corpus* is what
//! is sent. A *pipeline* is one YAML file for one agent. A *run* is one pass.

pub mod hash; // pure: SHA-256
pub mod outcome; // pure: how a URL ended, and errors in words
pub mod plain; // pure: text that is safe to show
mod replace; // a file, as a whole or not at all
mod blocking; // work on threads where nothing else waits
pub mod http; // one guarded client for everything outgoing
pub mod html; // pure: the parsed page, its links
pub mod schedule; // pure: cron + time zone -> next fire
pub mod crawl; // candidates -> visits, politely
pub mod markdown; // pure: nodes -> Markdown
pub mod extract; // pure: page -> article of blocks
pub mod template; // pure: blocks that repeat over the site
pub mod document; // pure: what is kept of a page
pub mod snapshot; // pure: what becomes of a known page
pub mod doubt; // pure: what a page or a site really is
pub mod dedupe; // pure: documents with the same text
pub mod corpus; // pure: documents -> what is sent, within the budget
pub mod gate; // pure: is it safe to publish?
pub mod chatbase; // the API
pub mod publish; // where a corpus goes
pub mod verify; // pure: golden questions, and whether answers will do
pub mod report; // pure: what a run did
pub mod notify; // who is told how a run ended
pub mod pipeline; // pure: one validated job
pub mod config; // YAML -> pipeline, with every fault
pub mod store; // the only SQL
pub mod run; // ONE RUN, top to bottom
pub mod metrics; // what Prometheus is told
pub mod daemon; // every pipeline on its schedule
pub mod sandbox; // a local stand-in for the API, and a sample site
pub mod cli; // one file per command
