//! From a host's name to addresses: NAPTR, SRV, A and AAAA (RFC 3263 section 4).

mod order;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use order::{Naptr, Server};
use tracing::debug;

use super::message::Host;
use super::transport::Place;
use crate::config::SipTransport;

/// Where the system keeps its name servers.
const SYSTEM: &str = "/etc/resolv.conf";
/// Most servers of a domain that are looked up.
const MAX_SERVERS: usize = 8;
/// How long one name server may take, and how often it is asked.
const SERVER_TIME: Duration = Duration::from_secs(2);
const SERVER_TRIES: usize = 2;
/// Longest that an answer is believed: an exchange that moves is found again.
const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// Longest that it is believed that there is no answer.
const NOTHING_LIFE: Duration = Duration::from_secs(30);
/// Most answers that are kept.
const MAX_KEPT: u64 = 64;

/// Asks name servers, and keeps their answers as long as those say.
#[derive(Clone)]
pub(super) struct Resolver {
    /// Other servers than the system's.
    servers: Option<Vec<SocketAddr>>,
    current: Arc<Mutex<Option<Current>>>,
}

/// Made of the system's file as it was then.
struct Current {
    stamp: Option<SystemTime>,
    dns: TokioResolver,
}

impl Resolver {
    /// One that asks the system's name servers, or those given.
    pub(super) fn new(servers: Option<Vec<SocketAddr>>) -> Self {
        Self { servers, current: Arc::default() }
    }

    /// The addresses of a place, the best first.
    pub(super) async fn addresses(&self, place: &Place) -> Result<Vec<SocketAddr>, String> {
        let name = match place.host() {
            Host::Name(name) => name.clone(),
            Host::Ip(_) => return Ok(place.address().into_iter().collect()),
        };
        let dns = self.current()?;
        let servers = match place.port() {
            // A port that is named means this very host (section 4.2).
            Some(port) => vec![Server { priority: 0, weight: 0, port, target: name.clone() }],
            None => servers(&dns, &name, place).await,
        };
        let mut found = Vec::new();
        for server in servers.into_iter().take(MAX_SERVERS) {
            let addresses = self.hosts(&dns, &server.target).await;
            found.extend(addresses.into_iter().map(|ip| SocketAddr::new(ip, server.port)));
        }
        if found.is_empty() {
            return Err(format!("no address is known for {name}"));
        }
        debug!(%name, count = found.len(), "resolved");
        Ok(found)
    }

    async fn hosts(&self, dns: &TokioResolver, name: &str) -> Vec<IpAddr> {
        if let Ok(ip) = name.parse() {
            return vec![ip];
        }
        match dns.lookup_ip(name).await {
            Ok(found) => {
                // IPv4 first: fewer exchanges speak the other one well.
                let (old, new): (Vec<_>, Vec<_>) = found.iter().partition(IpAddr::is_ipv4);
                old.into_iter().chain(new).collect()
            }
            // What only the system's own ways know, such as mDNS.
            Err(_) if self.servers.is_none() => {
                let found = tokio::net::lookup_host((name, 0)).await;
                found.into_iter().flatten().map(|address| address.ip()).collect()
            }
            Err(_) => Vec::new(),
        }
    }

    /// The resolver as the system is configured now.
    fn current(&self) -> Result<TokioResolver, String> {
        let stamp = match &self.servers {
            Some(_) => None,
            None => std::fs::metadata(Path::new(SYSTEM)).and_then(|file| file.modified()).ok(),
        };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = current.as_ref().filter(|known| known.stamp == stamp) {
            return Ok(known.dns.clone());
        }
        let dns = self.build().map_err(|error| format!("the name servers: {error}"))?;
        *current = Some(Current { stamp, dns: dns.clone() });
        Ok(dns)
    }

    fn build(&self) -> Result<TokioResolver, hickory_resolver::net::NetError> {
        let mut builder = match &self.servers {
            None => TokioResolver::builder_tokio()?,
            Some(servers) => {
                let servers = servers.iter().map(|server| {
                    let mut udp = ConnectionConfig::udp();
                    udp.port = server.port();
                    NameServerConfig::new(server.ip(), true, vec![udp])
                });
                let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = SERVER_TIME;
        options.attempts = SERVER_TRIES;
        options.cache_size = MAX_KEPT;
        options.positive_max_ttl = Some(LONGEST_LIFE);
        options.negative_max_ttl = Some(NOTHING_LIFE);
        builder.build()
    }
}

/// The servers of a domain, in the order in which they are tried; the host itself when its domain
/// names none.
async fn servers(dns: &TokioResolver, name: &str, place: &Place) -> Vec<Server> {
    let service = match naptr(dns, name, place.transport()).await {
        Some(service) => service,
        None => format!("{}.{name}.", order::service(place.transport())),
    };
    let found = dns.srv_lookup(service).await;
    let answers = found.iter().flat_map(Lookup::answers);
    let records = answers.filter_map(|record| {
        let RData::SRV(srv) = &record.data else { return None };
        let (priority, weight, port) = (srv.priority, srv.weight, srv.port);
        Some(Server { priority, weight, port, target: srv.target.to_ascii() })
    });
    let records = records.collect();
    let records = order::by_weight(records, |below| fastrand::u32(..below.max(1)));
    if records.is_empty() {
        let port = place.usual_port();
        return vec![Server { priority: 0, weight: 0, port, target: name.to_owned() }];
    }
    records
}

/// The name under which the servers for this transport are, if the domain says so.
async fn naptr(dns: &TokioResolver, name: &str, transport: SipTransport) -> Option<String> {
    use hickory_resolver::proto::rr::RecordType;
    let found = dns.lookup(format!("{name}."), RecordType::NAPTR).await.ok()?;
    let records = found.answers().iter().filter_map(|record| {
        let RData::NAPTR(naptr) = &record.data else { return None };
        Some(Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: String::from_utf8_lossy(&naptr.flags).into_owned(),
            service: String::from_utf8_lossy(&naptr.services).into_owned(),
            replacement: naptr.replacement.to_ascii(),
        })
    });
    order::naptr(records.collect(), transport)
}
