//! From the 250 to the channels: how soon the relay and the modem hear of an alert, and how long
//! the serial line is busy with one SMS.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use smtp_appliance::demo::relay::{self, Relay};
use smtp_appliance::modem::simulator::{Options, PhoneEvent, Simulator};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::child::Running;
use crate::intake::KEEP_ALL;
use crate::report::{Report, Value, median};
use crate::start::millis;

/// Rounds that are not counted: connections and the modem come up.
const WARM_UP: usize = 3;

/// Between two alerts: what the last one left to write is written.
const PAUSE: Duration = Duration::from_millis(50);

/// No step takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Most things seen that wait to be looked at.
const MAILBOX: usize = 1024;

/// Speed of the slow line.
const BAUD: u32 = 19_200;

/// What 19 200 baud alone need for one SMS of 160 characters in PDU mode.
const FLOOR_MS: f64 = 189.0;

pub(crate) fn measure(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        latency(&folder.join("telling"), rounds, report).await?;
        call(&folder.join("call"), rounds, report).await?;
        one_sms(&folder.join("sms"), rounds.min(20), report).await
    })
}

async fn latency(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let (mails_in, mut mails) = mpsc::channel(MAILBOX);
    let settings = relay::Settings { mails: Some(mails_in), ..relay::Settings::default() };
    let relay = Relay::start(settings).await?;
    let (relay_port, mut bytes_at_relay) = watched(relay.address()).await?;
    let Simulator { control, mut phone } = Simulator::start(Options::default(), stop)?;
    let mut orders = commands(control.listen(), "AT+CMGS");
    let channels = format!(
        "[mail]\nrelay = \"127.0.0.1\"\nport = {}\ntls = \"off\"\nfrom = \"alerts@example.org\"\n\n\
         [sms]\nfull_text = false\ndelivery_report = false\n\n\
         [gsm]\nenabled = false\n\n[modem]\ndevice = \"{}\"\n",
        relay_port.port(),
        control.path().display()
    );
    let ours = Running::start(folder, &channels, KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    let (mut to_relay, mut to_modem) = (Vec::new(), Vec::new());
    for round in 0..rounds + WARM_UP {
        while bytes_at_relay.try_recv().is_ok() || orders.try_recv().is_ok() {}
        let accepted = client.send().await?;
        let mail = timeout(PATIENCE, bytes_at_relay.recv()).await?.context("no relay")?;
        let sms = timeout(PATIENCE, orders.recv()).await?.context("no modem")?;
        timeout(PATIENCE, mails.recv()).await?.context("no mail")?;
        timeout(PATIENCE, phone.recv()).await?.context("no SMS")?;
        if round >= WARM_UP {
            // The channels may be quicker than the 250 on its way to the client.
            to_relay.push(millis(mail.saturating_duration_since(accepted)));
            to_modem.push(millis(sms.saturating_duration_since(accepted)));
        }
        sleep(PAUSE).await;
    }
    drop(guard);
    for (what, times) in [("first byte at the relay", to_relay), ("AT+CMGS", to_modem)] {
        let value = Value {
            number: median(&times),
            text: format!("{:.2} ms ({})", median(&times), crate::report::spread(&times)),
        };
        report.row(&format!("250 to {what}, median"), "at most 5 ms", &value, |v| v <= 5.0);
    }
    Ok(())
}

/// Her line is busy, so that the appliance's is free again at once.
async fn call(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let orders =
        ["connect 0s", "person busy"].map(str::parse).into_iter().collect::<Result<_, _>>();
    let options = Options { orders: orders?, ..Options::default() };
    let Simulator { control, phone: _phone } = Simulator::start(options, stop)?;
    let (mut dialled, mut calls) = (commands(control.listen(), "ATD"), control.calls());
    let channels = format!(
        "[mail]\nenabled = false\n\n[sms]\nenabled = false\n\n[gsm.retry]\nfirst = \"1 h\"\n\
         max = \"1 h\"\n\n[call]\ndigest_from = 0\n\n[audio]\nplayback = \"null\"\n\n\
         [modem]\ndevice = \"{}\"\n",
        control.path().display()
    );
    let ours = Running::start(folder, &channels, KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    let mut times = Vec::new();
    for round in 0..rounds + WARM_UP {
        let accepted = client.send_about(&format!("Alarm {round}")).await?;
        let dialled = timeout(PATIENCE, dialled.recv()).await?.context("no call")?;
        while !matches!(timeout(PATIENCE, calls.recv()).await??.event, PhoneEvent::Ended(_)) {}
        if round >= WARM_UP {
            times.push(millis(dialled.saturating_duration_since(accepted)));
        }
        sleep(PAUSE * 4).await;
    }
    drop(guard);
    let value = Value {
        number: median(&times),
        text: format!("{:.2} ms ({})", median(&times), crate::report::spread(&times)),
    };
    report.row("250 to ATD, the line being free, median", "at most 20 ms", &value, |v| v <= 20.0);
    Ok(())
}

/// SMS after SMS: the time from one to the next is all that one costs.
async fn one_sms(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let options = Options { baud: Some(BAUD), ..Options::default() };
    let Simulator { control, mut phone } = Simulator::start(options, stop)?;
    let channels = format!(
        "[mail]\nenabled = false\n\n\
         [sms]\nfull_text = false\ndelivery_report = false\ndigest_from = 0\n\n\
         [gsm]\nenabled = false\n\n\
         [modem]\ndevice = \"{}\"\nbaud = {BAUD}\n",
        control.path().display()
    );
    let ours = Running::start(folder, &channels, KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    for _ in 0..=rounds {
        client.send().await?;
    }
    let mut last = None;
    let mut times = Vec::new();
    for _ in 0..=rounds {
        let sms = timeout(PATIENCE, phone.recv()).await?.context("no SMS")?;
        let length = sms.text.chars().count();
        ensure!(sms.parts == 1 && length >= 155, "{} parts, {length} characters", sms.parts);
        let now = Instant::now();
        times.extend(last.map(|last| millis(now - last)));
        last = Some(now);
    }
    drop(guard);
    let typical = median(&times);
    let value = Value {
        number: typical / FLOOR_MS,
        text: format!("{:.2} × ({typical:.0} ms)", typical / FLOOR_MS),
    };
    let what = "one SMS of 160 characters at 19 200 baud, from one to the next";
    report.row(what, "at most 1.2 × 189 ms", &value, |ratio| ratio <= 1.2);
    Ok(())
}

/// An address that leads to `relay`; each time a client says something, its moment is told.
async fn watched(relay: SocketAddr) -> Result<(SocketAddr, mpsc::Receiver<Instant>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (seen, moments) = mpsc::channel(MAILBOX);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(relay).await else { return };
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
                    // Nobody looks between two alerts; the mailbox may be full then.
                    seen.try_send(Instant::now()).ok();
                    if to_server.write_all(buffer.get(..count).unwrap_or_default()).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    Ok((address, moments))
}

/// The moments at which the modem hears this command.
fn commands(
    mut heard: broadcast::Receiver<String>,
    command: &'static str,
) -> mpsc::Receiver<Instant> {
    let (seen, moments) = mpsc::channel(MAILBOX);
    tokio::spawn(async move {
        while let Ok(line) = heard.recv().await {
            if line.starts_with(command) {
                seen.try_send(Instant::now()).ok();
            }
        }
    });
    moments
}

/// A monitor with one connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufReader::new(stream) };
        client.hear("220").await?;
        client.say("EHLO monitor\r\n", "250").await?;
        Ok(client)
    }

    /// Sends a long alert; when it got its 250.
    async fn send(&mut self) -> Result<Instant> {
        self.send_about("Disk full").await
    }

    /// The same with another subject.
    pub(crate) async fn send_about(&mut self, subject: &str) -> Result<Instant> {
        let body = "The quick brown fox jumps over the lazy dog. ".repeat(6);
        self.send_to("ana", subject, &body).await
    }

    /// A mail to a person or a group.
    pub(crate) async fn send_to(&mut self, to: &str, subject: &str, body: &str) -> Result<Instant> {
        self.say("MAIL FROM:<monitor@appliance.test>\r\n", "250").await?;
        self.say(&format!("RCPT TO:<{to}@appliance.test>\r\n"), "250").await?;
        self.say("DATA\r\n", "354").await?;
        let mail = format!(
            "From: monitor@appliance.test\r\nTo: {to}@appliance.test\r\nSubject: {subject}\r\n\r\n\
             {body}\r\n.\r\n"
        );
        self.say(&mail, "250").await?;
        Ok(Instant::now())
    }

    async fn say(&mut self, text: &str, code: &str) -> Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.hear(code).await
    }

    /// Reads one reply, all its lines.
    async fn hear(&mut self, code: &str) -> Result<()> {
        loop {
            let mut line = String::new();
            timeout(PATIENCE, self.stream.read_line(&mut line)).await??;
            ensure!(line.starts_with(code), "{line:?} instead of {code}");
            if line.as_bytes().get(3) == Some(&b' ') {
                return Ok(());
            }
        }
    }
}
