//! `corpusd demo`: the whole product in one command.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Common, Exit, open, run::run_one, say, summary};
use crate::{
    chatbase::{Account, Window, v1::Client},
    config::{self, Env},
    http::{self, egress::Egress},
    pipeline::Pipeline,
    report::Ending,
    sandbox::{self, Clock, Options},
};

/// The pipeline that the demo runs.
const PIPELINE: &str = include_str!("../../pipelines/examples/demo.yaml");
/// What it asks the agent, before and after.
const QUESTIONS: [&str; 2] = ["How do I reset my password?", "What are your opening hours?"];

/// What there is to read, in the folder of the source and in that of a package.
const DOCUMENTS: [(&str, &str, &str); 2] = [
    ("pipelines/examples/reference.yaml", "examples/reference.yaml", "every key, with its default"),
    ("README.md", "README.md", "a real agent in five minutes"),
];
/// Where packages have their documents.
const PACKAGED: &str = "/usr/share/doc/corpusd";

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Go on serving the stand-in and the sample site afterwards
    #[arg(long)]
    serve: bool,
}

/// Shows the product at work on this machine.
pub(super) async fn demo(common: &Common, args: &DemoArgs, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    let shutdown = CancellationToken::new();
    let (address, serving) = start_sandbox(now, shutdown.clone()).await?;
    let folder = folder()?;
    let pipeline = pipeline(&folder, address)?;
    let agent = agent(address, now)?;

    say(&format!("A sample help centre and a stand-in for the Chatbase API run on http://{address}\n"))?;
    say("The agent knows nothing yet:")?;
    ask(&agent).await?;

    say("\ncorpusd crawls the site, cleans it, and publishes the corpus:")?;
    let context = open::context(folder.join("state"), now, &Arc::default(), CancellationToken::new());
    let first = run_one(&pipeline, &context, common.quiet).await?;
    say(&summary::table(std::slice::from_ref(&first)))?;
    if first.outcome != Ending::Published {
        bail!("the demo's own run was not published: {}", first.error.unwrap_or_default());
    }

    say("\nThe agent was trained on it:")?;
    trained(&agent).await?;
    ask(&agent).await?;

    say("\nRun again, nothing has changed, so nothing is pushed and nothing retrained:")?;
    let context = open::context(folder.join("state"), now, &Arc::default(), CancellationToken::new());
    let second = run_one(&pipeline, &context, common.quiet).await?;
    say(&summary::table(std::slice::from_ref(&second)))?;
    if second.outcome != Ending::Unchanged {
        bail!("the demo's second run ended as {}", second.outcome.name());
    }

    let program = std::env::args().next().unwrap_or_else(|| "corpusd".to_owned());
    say(&format!(
        "\nWhere to look next:\n  {0}/pipelines/demo.yaml   the pipeline file\n  {program} -C {0}/pipelines --state {0}/state show demo   what the agent was given",
        folder.display()
    ))?;
    for (in_source, in_package, what) in DOCUMENTS {
        let places = [PathBuf::from(in_source), Path::new(PACKAGED).join(in_package)];
        if let Some(place) = places.iter().find(|place| place.is_file()) {
            say(&format!("  {}   {what}", place.display()))?;
        }
    }
    if args.serve {
        say(&format!("\nServing http://{address}/help/ and the API until Ctrl-C."))?;
        tokio::signal::ctrl_c().await?;
    }
    shutdown.cancel();
    serving.await??;
    Ok(Exit::Done)
}

async fn start_sandbox(
    now: fn() -> Timestamp,
    shutdown: CancellationToken,
) -> anyhow::Result<(SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listen on a port of 127.0.0.1")?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(sandbox::serve(listener, Options::new(Clock::Real(now)), shutdown))))
}

/// A fresh folder of our own in the temporary folder.
fn folder() -> anyhow::Result<PathBuf> {
    let temporary = std::env::temp_dir();
    for attempt in 0..100 {
        let folder = temporary.join(format!("corpusd-demo-{}-{attempt}", std::process::id()));
        // Making it fails where somebody else made it before, so it is certainly ours.
        if fs::create_dir(&folder).is_ok() {
            return Ok(folder);
        }
    }
    bail!("cannot make a folder in `{}`", temporary.display())
}

/// Writes the pipeline file with this run's addresses, and loads it like any other.
fn pipeline(folder: &Path, address: SocketAddr) -> anyhow::Result<Pipeline> {
    let path = folder.join("pipelines/demo.yaml");
    fs::create_dir(folder.join("pipelines"))?;
    let mut key =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join("pipelines/key"))?;
    key.write_all(sandbox::STANDARD_KEY.as_bytes())?;
    let text = PIPELINE
        .replace("http://127.0.0.1:4319", &format!("http://{address}"))
        .replace("api_key: ${CORPUSD_DEMO_KEY}", "api_key: {file: key}");
    fs::write(&path, text).with_context(|| format!("`{}`", path.display()))?;
    let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
    match config::load_file(&path, &env) {
        Ok(loaded) => Ok(loaded.pipeline),
        Err(faults) => {
            faults.iter().for_each(open::print);
            bail!("the demo's own pipeline file is wrong")
        }
    }
}

fn agent(address: SocketAddr, now: fn() -> Timestamp) -> anyhow::Result<Client> {
    let base: Url = format!("http://{address}").parse()?;
    let http = http::Client::new(Egress::new([&base]), http::USER_AGENT);
    let key = SecretString::from(sandbox::STANDARD_KEY);
    Ok(Client::new(Account::new(http, base, key, Arc::new(Window::default()), now)))
}

async fn ask(agent: &Client) -> anyhow::Result<()> {
    for question in QUESTIONS {
        let answer = agent.chat(sandbox::AGENT_ID, question).await?;
        say(&format!("  {question}\n    {}", answer.replace('\n', "\n    ")))?;
    }
    Ok(())
}

/// Waits until the stand-in has trained the agent, as Chatbase does in the background.
async fn trained(agent: &Client) -> anyhow::Result<()> {
    for _ in 0..100 {
        let known = agent.agent(sandbox::AGENT_ID).await?;
        if known.is_some_and(|agent| agent.characters.is_some_and(|characters| characters > 0)) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    bail!("the stand-in did not finish training")
}
