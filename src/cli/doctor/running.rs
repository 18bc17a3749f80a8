//! The running appliance: its own word, and whether its ports greet.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use smtp_appliance::config::{Config, Listener, ListenerTls};
use smtp_appliance::control::{self, Answer, ClientError, Request};
use smtp_appliance::health::{Status, Wakes};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::finding::{Check, Finding};

/// How long a port may take to greet.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether an appliance runs here, and what it says.
pub(super) enum Running {
    /// It does.
    Yes(Box<Status>),
    /// It does not.
    No,
    /// It does, and does not tell.
    Silent(String),
}

impl Running {
    pub(super) fn ask(config: &Config) -> Self {
        match control::ask(&config.appliance.store, &Request::Health) {
            Ok(Answer::Health { status }) => Self::Yes(status),
            Err(ClientError::NotRunning(_)) => Self::No,
            Err(error) => Self::Silent(error.to_string()),
            Ok(Answer::Failed { reason }) => Self::Silent(reason),
            Ok(
                Answer::List { .. }
                | Answer::Found { .. }
                | Answer::Show { .. }
                | Answer::Retried { .. }
                | Answer::Calling(_)
                | Answer::Tested { .. }
                | Answer::SipStatus { .. }
                | Answer::SipTested { .. }
                | Answer::Done,
            ) => Self::Silent("it answers something else".to_owned()),
        }
    }

    pub(super) const fn status(&self) -> Option<&Status> {
        match self {
            Self::Yes(status) => Some(status),
            Self::No | Self::Silent(_) => None,
        }
    }

    /// Whether devices may be opened that belong to the appliance while it runs.
    pub(super) const fn leaves_devices(&self) -> bool {
        matches!(self, Self::No)
    }

    pub(super) async fn smtp(&self, config: &Config) -> Vec<Finding> {
        let check = Check::Smtp;
        let mut found = vec![match self {
            Self::Yes(status) => match &status.wakes {
                Wakes::Yes(_) => Finding::ok(check, format!("it runs; {}", status.wakes)),
                Wakes::Hardly(_) => Finding::warning(check, status.wakes.to_string(), ""),
                // Each reason fails below, where it belongs.
                Wakes::No(_) => Finding::warning(check, status.wakes.to_string(), "see below"),
            },
            Self::No => {
                let advice = "systemctl start smtp-appliance, or: smtp-appliance run";
                Finding::failed(check, "no appliance is running", advice)
            }
            Self::Silent(why) => Finding::warning(check, why.clone(), ""),
        }];
        for listener in &config.smtp.listeners {
            found.push(match self {
                Self::No => free(listener).await,
                Self::Yes(_) | Self::Silent(_) => greets(listener).await,
            });
        }
        found
    }
}

/// Whether a port could be opened.
async fn free(listener: &Listener) -> Finding {
    let (check, address) = (Check::Smtp, listener.address);
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(check, format!("{address} is free")),
        Err(error) => {
            let kind = error.kind();
            let advice = if kind == io::ErrorKind::AddrInUse {
                "another program has this port: `ss -ltnp` names it; stop it, or set another port"
            } else if kind == io::ErrorKind::PermissionDenied {
                "ports below 1024 are for root and for the service: try it as root"
            } else {
                "compare the address with those of this machine: `ip address`"
            };
            Finding::failed(check, format!("{address} cannot be opened: {error}"), advice)
        }
    }
}

/// Whether a port of the running appliance greets.
async fn greets(listener: &Listener) -> Finding {
    let (check, address) = (Check::Smtp, here(listener.address));
    // Any free port: which one, only the appliance knows.
    if address.port() == 0 {
        return Finding::ok(check, "a port of its own choice");
    }
    let advice =
        "journalctl -u smtp-appliance tells why; `allow` under [smtp] must hold this machine";
    let greeting = async {
        let mut socket = TcpStream::connect(address).await?;
        if listener.tls == ListenerTls::Implicit {
            return Ok(String::new());
        }
        let mut greeting = [0; 256];
        let length = socket.read(&mut greeting).await?;
        let greeting = greeting.get(..length).unwrap_or_default();
        Ok::<_, io::Error>(String::from_utf8_lossy(greeting).into_owned())
    };
    match timeout(PATIENCE, greeting).await {
        Ok(Ok(greeting)) if greeting.starts_with("220") => {
            Finding::ok(check, format!("{} greets", listener.address))
        }
        Ok(Ok(greeting)) if greeting.is_empty() && listener.tls == ListenerTls::Implicit => {
            Finding::ok(check, format!("{} is open", listener.address))
        }
        Ok(Ok(greeting)) => {
            let seen = format!("{} answers {:?}", listener.address, greeting.trim());
            Finding::failed(check, seen, advice)
        }
        Ok(Err(error)) => Finding::failed(check, format!("{}: {error}", listener.address), advice),
        Err(_) => Finding::failed(check, format!("{} does not greet", listener.address), advice),
    }
}

/// The address by which this machine reaches itself.
const fn here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}
