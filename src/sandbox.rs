//! A local stand-in for the Chatbase API (v1 and v2) with a sample help centre beside it.
//!
//! One model behind real HTTP: the demo and every integration test talk to it exactly as the program talks to
//! the vendor. It answers questions by quoting what it was trained on (an extractive index, not a language
//! model), trains in the background of a clock that tests may drive, and breaks on demand by fault rules.
//! It binds loopback only, speaks no TLS, keeps everything in memory, and must never be taken for the vendor:
//! where the vendor's behaviour is undocumented, an option chooses between the plausible readings.

mod account;
mod agent;
mod answer;
mod call;
mod chunk;
mod clock;
mod control;
mod fault;
mod front;
mod id;
mod index;
mod log;
mod rate;
mod received;
mod refusal;
mod reply;
mod site;
mod source;
mod state;
#[cfg(test)]
mod testing;
mod text;
mod training;
mod v1;
mod v2;
mod wire;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use account::{
    AGENT_ID, EXPIRED_KEY, FREE_AGENT_ID, FREE_KEY, HOBBY_AGENT_ID, HOBBY_KEY, OCCUPIED_AGENT_ID,
    STANDARD_KEY,
};
pub use clock::Clock;
pub use received::Received;
pub use source::Generation;
pub use text::CharUnit;

use state::Sandbox;

/// How long `serve` waits, after the stop signal, for clients to take what is being sent to them.
const GRACE: Duration = Duration::from_secs(1);

/// What a push removes besides the text of the push before it. The vendor does not document it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wipes {
    /// Nothing: text typed in the dashboard and files stay.
    Nothing,
    /// Text typed in the dashboard goes, files and links stay.
    Text,
    /// Every other source goes.
    All,
}

/// The body of a successful create or update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseShape {
    /// `{"chatbotId": "…"}`.
    Bare,
    /// The whole chatbot object.
    Object,
}

/// The body of `get-chatbots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatbotsShape {
    /// `{"chatbots": [ … ]}`, as documented.
    Array,
    /// `{"chatbots": {"data": [ … ], "error": null}}`, as observed.
    Wrapped,
}

/// How `chat` streams when asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamShape {
    /// Plain UTF-8 in pieces that split code points.
    Raw,
    /// Server-sent events, ended by `data: [DONE]`.
    Sse,
}

/// The unit of `X-RateLimit-Reset`; the vendor's own documents disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetUnit {
    /// Milliseconds since the Unix epoch.
    Millis,
    /// Seconds since the Unix epoch.
    Seconds,
}

/// How the stand-in behaves. Start from [`Options::new`] and change what the occasion needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where ids are drawn from: the same seed and the same requests give the same ids.
    pub seed: u64,
    /// The largest request body in bytes; above it the answer is a plain-text 413.
    pub max_body: u64,
    /// Characters per agent instead of the plan's own limit. A push must stay strictly below it.
    pub plan_chars: Option<u64>,
    /// Bytes of sources per agent (v2) instead of the plan's own limit.
    pub plan_bytes: Option<u64>,
    /// Which generation of v2 is played.
    pub generation: Generation,
    /// What a character is when limits are compared and `num_of_characters` is told.
    pub char_unit: CharUnit,
    /// Requests allowed in a sliding window, per key.
    pub rate: (u32, Duration),
    /// The unit of `X-RateLimit-Reset`.
    pub rate_reset: ResetUnit,
    /// Whether `update-chatbot-data` refuses a body without `chatbotName`.
    pub require_name: bool,
    /// What a push removes besides the previous push.
    pub wipes: Wipes,
    /// The body of a successful create or update.
    pub response: ResponseShape,
    /// The body of `get-chatbots`.
    pub chatbots_shape: ChatbotsShape,
    /// How `chat` streams.
    pub stream: StreamShape,
    /// The clock that training, the rate window and every date follow.
    pub clock: Clock,
    /// How long training takes whatever the size.
    pub train_base: Duration,
    /// How much longer training takes per 1,000,000 bytes.
    pub train_per_mb: Duration,
    /// Whether the Hobby plan may use the API; the vendor's documents disagree.
    pub hobby_api: bool,
    /// Chat credits of each account.
    pub credits: u64,
    /// Whether the sample help centre is served under `/help/`.
    pub site: bool,
    /// Who is given every request to the API that came in as a whole.
    pub received: Option<Sender<Received>>,
}

impl Options {
    /// The behaviour closest to what is documented or was observed.
    pub fn new(clock: Clock) -> Self {
        Self {
            seed: 1,
            max_body: 4_718_592,
            plan_chars: None,
            plan_bytes: None,
            generation: Generation::Two,
            char_unit: CharUnit::Utf16,
            rate: (100, Duration::from_secs(10)),
            rate_reset: ResetUnit::Millis,
            require_name: false,
            wipes: Wipes::Text,
            response: ResponseShape::Bare,
            chatbots_shape: ChatbotsShape::Wrapped,
            stream: StreamShape::Raw,
            clock,
            train_base: Duration::from_millis(800),
            train_per_mb: Duration::from_millis(400),
            hobby_api: false,
            credits: 12_000,
            site: true,
            received: None,
        }
    }
}

/// Serves until `shutdown` is cancelled. Answers still being sent then are given one second.
///
/// Errors when the listener's address cannot be read or is not a loopback address: the stand-in accepts keys
/// that are printed in the manual and lets anybody inject faults.
pub async fn serve(listener: TcpListener, options: Options, shutdown: CancellationToken) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the sandbox listens on loopback addresses only, not on {address}"),
        ));
    }
    let sandbox = Arc::new(Sandbox::new(options, address, shutdown.clone()));
    let app = Router::new()
        .nest("/__sandbox", control::routes())
        .fallback(front::exchange)
        .with_state(sandbox)
        .into_make_service_with_connect_info::<wire::Cut>();
    let stopped = shutdown.clone().cancelled_owned();
    let serving = axum::serve(wire::Loopback(listener), app).with_graceful_shutdown(stopped);
    tokio::select! {
        served = serving.into_future() => served,
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}
