//! The second look of the guard: what a name resolves to.

use std::net::{SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

use super::egress::{self, Blocked};

/// Resolves by the system, and refuses an answer with a non-public address where only public ones may be
/// reached. reqwest connects to what is returned here and asks no second time, so an answer cannot change
/// between the look and the use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver {
    pub(super) public_only: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Blocked(Blocked),
    #[error("{0}")]
    Dns(String),
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let public_only = self.public_only;
        Box::pin(async move {
            let answers = lookup(name.as_str().to_owned()).await.map_err(Refusal::Dns)?;
            let addresses: Vec<_> = answers.iter().map(SocketAddr::ip).collect();
            let check = if public_only { egress::check_answers } else { egress::check_named_answers };
            check(&addresses).map_err(Refusal::Blocked)?;
            Ok(Box::new(answers.into_iter()) as Addrs)
        })
    }
}

/// Looks at a name that a proxy is going to resolve. One that only the proxy can resolve is the proxy's to judge.
pub(super) async fn check_public(name: String) -> Result<(), Blocked> {
    match lookup(name).await {
        Ok(answers) => egress::check_answers(&answers.iter().map(SocketAddr::ip).collect::<Vec<_>>()),
        Err(_unknown_here) => Ok(()),
    }
}

/// Asks the system's resolver, which blocks, on a thread of its own: one that hangs holds up nothing else.
async fn lookup(name: String) -> Result<Vec<SocketAddr>, String> {
    let (answer, answered) = oneshot::channel();
    let ask = move || {
        let found =
            (name.as_str(), 0).to_socket_addrs().map(Iterator::collect).map_err(|error| error.to_string());
        // Nobody waits any more when the exchange timed out.
        let _gone = answer.send(found);
    };
    std::thread::Builder::new().name("resolver".to_owned()).spawn(ask).map_err(|error| error.to_string())?;
    answered.await.unwrap_or_else(|_| Err("the resolver gave no answer".to_owned()))
}
