//! The main job with simulated hardware: the real appliance between a relay, a modem and a sound
//! card that are only played, with the sample alert sent through its real SMTP port.

mod call;
pub mod exchange;
mod files;
pub mod relay;
mod stations;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::appliance::{Appliance, PartDied, StartError};
use crate::config::RelayTls;
use crate::modem::simulator::{self, Simulator};

use call::Telephones;
use exchange::{Exchange, Habit};
use files::{Files, Peers};
use relay::Relay;
use stations::{Seen, Stations};

/// The alert that is sent: Zabbix' problem mail of an unreachable host.
const SAMPLE: &[u8] = include_bytes!("../../samples/zabbix-problem.eml");

/// How long the sample may take until everybody is told.
const PATIENCE: Duration = Duration::from_mins(2);

/// Most messages of relay and phone that wait to be shown.
const MAILBOX: usize = 64;

/// How the demo is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// End when the person was told on every channel.
    pub once: bool,
    /// Where mails, SMS and calls are left; a temporary folder when unset.
    pub out: Option<PathBuf>,
    /// Folder of Piper voices; without any espeak-ng speaks.
    pub voices: Option<PathBuf>,
    /// SMTP port on loopback; 0 takes any free one.
    pub port: u16,
    /// Port of the pages on loopback; none without.
    pub web_port: Option<u16>,
}

/// Why the demo failed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file or the relay.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The appliance did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A part of the appliance ended.
    #[error(transparent)]
    Died(#[from] PartDied),
    /// The sample was not accepted.
    #[error("the sample alert was not accepted: {0}")]
    Send(#[from] lettre::transport::smtp::Error),
    /// The sample was accepted, and not told in time.
    #[error("the sample alert was not told on every channel within {} s", PATIENCE.as_secs())]
    NotTold,
}

/// Runs the demo until `stop`, or until the sample is told with `once`.
///
/// # Errors
/// [`DemoError`] if something does not start, or the sample is not told with `once`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), DemoError> {
    let files = Files::prepare(options.out.as_deref())?;
    let (mails_in, mails) = mpsc::channel(MAILBOX);
    let relay = Relay::start(relay::Settings {
        tls: RelayTls::Starttls,
        directory: Some(files.mail()),
        mails: Some(mails_in),
        ..relay::Settings::default()
    });
    let relay = relay.await.map_err(|error| DemoError::Io("the relay".to_owned(), error))?;
    let hardware = CancellationToken::new();
    let sim900 = simulator::Options { sms: Some(files.sms()), ..simulator::Options::default() };
    let Simulator { control: modem, phone } = Simulator::start(sim900, hardware.clone())
        .map_err(|error| DemoError::Io("the modem's terminal".to_owned(), error))?;
    let (heard_in, heard) = mpsc::channel(MAILBOX);
    let exchange = Exchange::start(Habit::Answers, heard_in).await;
    let exchange = exchange.map_err(|error| DemoError::Io("the exchange".to_owned(), error))?;
    let peers = Peers { relay: &relay, modem: modem.path(), exchange: exchange.address() };
    let voices = options.voices.as_deref();
    let config = files.write_config(&options, &peers)?;
    let appliance = Appliance::build(&config)?;
    let address = appliance.smtp_addresses().first().copied();
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], options.port)));
    let seen = Seen { mails, sms: phone, calls: appliance.calls(), heard };
    let mut stations = Stations::new(appliance.queue(), seen, files.clone());
    let pages = appliance.web_address().zip(appliance.web_setup_token());
    Stations::introduce(address, &peers, voices, pages.as_ref());
    let telephones = Telephones { modem: modem.clone(), exchange: exchange.orders() };
    let people = tokio::spawn(call::take_calls(appliance.calls(), telephones));

    let stop_appliance = stop.child_token();
    let running = tokio::spawn(appliance.run(stop_appliance.clone()));
    let told = async {
        send_sample(address).await?;
        let told = tokio::time::timeout(PATIENCE, stations.show_until_told()).await;
        told.map_err(|_| DemoError::NotTold)
    };
    let result = tokio::select! {
        result = told => result,
        () = stop.cancelled() => Ok(()),
    };
    if !options.once && result.is_ok() && !stop.is_cancelled() {
        Stations::invite(address, pages.as_ref());
        tokio::select! {
            () = stations.show() => {}
            () = stop_appliance.cancelled() => {}
        }
    }
    drop(stations);
    stop_appliance.cancel();
    let ended = running.await;
    // With them goes the modem, which the appliance would call unplugged.
    people.abort();
    drop((modem, exchange, relay));
    hardware.cancel();
    files.clean_up();
    match ended {
        Ok(ended) => result.and(ended.map_err(DemoError::from)),
        Err(error) => Err(DemoError::Io("the appliance".to_owned(), std::io::Error::other(error))),
    }
}

async fn send_sample(address: SocketAddr) -> Result<(), DemoError> {
    let transport =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .build();
    let addresses = ("zabbix@smtp.appliance".parse(), "oncall@smtp.appliance".parse());
    let (Ok(from), Ok(to)) = addresses else { return Ok(()) };
    let Ok(envelope) = Envelope::new(Some(from), vec![to]) else { return Ok(()) };
    transport.send_raw(&envelope, SAMPLE).await?;
    Ok(())
}
