//! `corpusd trigger PIPELINE`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderValue},
};
use secrecy::ExposeSecret;
use url::Url;

use super::{Common, Exit, complain, open, say};
use crate::{
    http::{self, Limits, egress::Egress},
    report::PipelineName,
};

/// What is read of the answer.
const LIMITS: Limits =
    Limits { wire: 64 * 1024, decoded: 64 * 1024, total: std::time::Duration::from_secs(30) };

/// Arguments of `trigger`.
#[derive(Debug, Args)]
pub(super) struct TriggerArgs {
    /// Which pipeline
    pipeline: String,
}

/// Asks the daemon of this machine for a run.
pub(super) async fn trigger(common: &Common, args: &TriggerArgs) -> anyhow::Result<Exit> {
    let name = match PipelineName::new(&args.pipeline) {
        Ok(name) => name,
        Err(error) => {
            complain(&format!("error: {error}"));
            return Ok(Exit::Usage);
        }
    };
    let settings = match open::settings(common) {
        Ok((settings, warnings)) => {
            warnings.iter().for_each(open::print);
            settings
        }
        Err(faults) => {
            faults.iter().for_each(open::print);
            return Ok(Exit::Config);
        }
    };
    let Some(token) = settings.trigger else {
        complain("error: the trigger is off: `trigger: {token: …}` in corpusd.yaml turns it on");
        return Ok(Exit::Config);
    };
    let base: Url = format!("http://{}/", reachable(settings.listen)).parse()?;
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))?;
    authorization.set_sensitive(true);
    let client = http::Client::new(Egress::new([&base]), http::USER_AGENT);
    let url = base.join("trigger/")?.join(name.as_str())?;
    let answer = client.send(Method::POST, &url, &[(AUTHORIZATION, authorization)], None, LIMITS).await;
    let answer = answer.with_context(|| format!("the daemon cannot be reached at {}", settings.listen))?;
    let status = answer.status();
    let body = answer.read_start(LIMITS.decoded).await.unwrap_or_default();
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let reason = told["error"].as_str().unwrap_or("no reason given");
    let exit = match status {
        202 => {
            say(&format!("`{name}` is {}", told["state"].as_str().unwrap_or("queued")))?;
            return Ok(Exit::Done);
        }
        401 | 429 => Exit::Refused,
        404 => Exit::Usage,
        409 => Exit::Held,
        _ => bail!("the daemon answers with {status}: {reason}"),
    };
    complain(&format!("error: {name}: {reason}"));
    Ok(exit)
}

/// Where what listens everywhere is found on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
