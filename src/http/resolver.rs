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

#[derive(Debug, Clone, thiserror::Error)]
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

/// Looks at a name that a proxy is going to resolve. One that only the proxy can resolve may be a name of its own
/// network, so it passes only where the pipeline names it.
pub(super) async fn check_public(name: String) -> Result<(), Refusal> {
    let answers = lookup(name).await.map_err(Refusal::Dns)?;
    let addresses: Vec<_> = answers.iter().map(SocketAddr::ip).collect();
    egress::check_answers(&addresses).map_err(Refusal::Blocked)
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;

    async fn resolve(name: &str, public_only: bool) -> Result<Vec<IpAddr>, String> {
        let resolved = Resolver { public_only }.resolve(name.parse().unwrap()).await;
        resolved.map(|found| found.map(|address| address.ip()).collect()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused_unless_it_is_named() {
        // The one name that every machine can resolve, and resolves to itself.
        let found = resolve("localhost", false).await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
        assert!(resolve("localhost", true).await.unwrap_err().ends_with("is not a public address"));
    }

    #[tokio::test]
    async fn a_name_is_looked_at_before_a_proxy_resolves_it() {
        let refused = check_public("localhost".to_owned()).await.unwrap_err();
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        assert!(
            matches!(&refused, Refusal::Blocked(blocked) if loopback.map(Blocked::Address).contains(blocked)),
            "{refused:?}"
        );
        // The resolver takes this for an address.
        assert!(check_public("93.184.215.14".to_owned()).await.is_ok());
        // It answers this without asking anyone: no name has an empty label.
        assert!(matches!(check_public("a..test".to_owned()).await, Err(Refusal::Dns(_))));
    }
}
