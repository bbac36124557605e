//! `corpusd sandbox --listen ADDR`

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Exit, complain};
use crate::{
    config::quantity::Bytes,
    sandbox::{self, CharUnit, Clock, Generation, Options, Wipes},
};

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4319")]
    listen: SocketAddr,
    /// The largest request body that is taken
    #[arg(long, value_name = "SIZE", default_value = "4.5MiB", value_parser = size)]
    max_body: u64,
    /// Whose character limit applies to every account
    #[arg(long, value_enum)]
    plan: Option<Plan>,
    /// Another character limit per agent
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    max_chars: Option<u64>,
    /// Another limit of the bytes of an agent's sources (API v2)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_bytes: Option<u64>,
    /// Which generation of API v2 is played: 1 trains when asked, 2 when written to
    #[arg(long, value_enum, default_value = "2")]
    generation: Played,
    /// What counts as a character
    #[arg(long, value_enum, default_value = "utf16")]
    char_unit: Unit,
    /// What a push removes besides the push before it
    #[arg(long, value_enum, default_value = "text")]
    wipes: Wiped,
    /// Refuse a push without the agent's name
    #[arg(long)]
    require_name: bool,
    /// Let the Hobby plan use the API
    #[arg(long)]
    hobby_api: bool,
    /// Let the time stand still until `POST /__sandbox/clock/advance`
    #[arg(long)]
    manual_clock: bool,
    /// Where ids are drawn from
    #[arg(long, default_value = "1")]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Plan {
    Free,
    Hobby,
    Standard,
    Pro,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Played {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    Utf16,
    Scalar,
    Bytes,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wiped {
    None,
    Text,
    All,
}

fn size(text: &str) -> Result<u64, String> {
    text.parse::<Bytes>()
        .map(|Bytes(bytes)| bytes)
        .map_err(|malformed| format!("wanted {}", malformed.expected))
}

impl SandboxArgs {
    fn options(&self, now: fn() -> Timestamp) -> Options {
        let clock = if self.manual_clock { Clock::Manual } else { Clock::Real(now) };
        let plan = self.plan.map(|plan| match plan {
            Plan::Free => 400_000,
            Plan::Hobby | Plan::Standard | Plan::Pro => 11_000_000,
        });
        Options {
            seed: self.seed,
            max_body: self.max_body,
            plan_chars: self.max_chars.or(plan),
            plan_bytes: self.max_bytes,
            generation: match self.generation {
                Played::One => Generation::One,
                Played::Two => Generation::Two,
            },
            char_unit: match self.char_unit {
                Unit::Utf16 => CharUnit::Utf16,
                Unit::Scalar => CharUnit::Scalar,
                Unit::Bytes => CharUnit::Bytes,
            },
            wipes: match self.wipes {
                Wiped::None => Wipes::Nothing,
                Wiped::Text => Wipes::Text,
                Wiped::All => Wipes::All,
            },
            require_name: self.require_name,
            hobby_api: self.hobby_api,
            ..Options::new(clock)
        }
    }
}

/// Serves until the process is told to stop.
pub(super) async fn sandbox(args: &SandboxArgs, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        bail!("the sandbox listens on loopback addresses only, not on {address}");
    }
    complain(&format!(
        "Chatbase stand-in  http://{address}  key {}  agent {}\nsample help centre http://{address}/help/\nrequest log        http://{address}/__sandbox/log",
        sandbox::STANDARD_KEY,
        sandbox::AGENT_ID,
    ));
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        // Without a signal handler the signal ends the process, which is what was asked for.
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    sandbox::serve(listener, args.options(now), shutdown).await?;
    Ok(Exit::Done)
}
