//! From the 250 to the INVITE, and from the answer to the first word.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use smtp_appliance::audio::g711::{self, Law};
use smtp_appliance::rtp::packet::Packet;
use smtp_appliance::sip::message::{Message, Method, Name, Request};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, timeout};

use crate::child::Running;
use crate::intake::KEEP_ALL;
use crate::report::{Report, Value, median, spread};
use crate::start::millis;
use crate::telling::Client;

/// Rounds that are not counted.
const WARM_UP: usize = 2;

/// How long the telephone rings: the voice is ready then.
const RINGS: Duration = Duration::from_millis(700);

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A sample so loud is of a word, and not of the noise before it.
const LOUD: u16 = 1000;

/// Octets that are read of one.
const LONGEST_DATAGRAM: usize = 2048;

pub(crate) fn measure(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(rounds_of(folder, rounds, report))
}

async fn rounds_of(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let telephone = Telephone::open().await?;
    let ours = Running::start(folder, &channels(telephone.sip.local_addr()?), KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    telephone.request(&Method::Options).await?;
    let (mut invited, mut spoken) = (Vec::new(), Vec::new());
    for round in 0..rounds + WARM_UP {
        let accepted = client.send_about(&format!("Alarm {round}")).await?;
        let call = telephone.request(&Method::Invite).await?;
        let first_word = telephone.answer(&call).await?;
        if round >= WARM_UP {
            invited.push(millis(call.at.saturating_duration_since(accepted)));
            spoken.push(millis(first_word));
        }
        sleep(Duration::from_millis(300)).await;
    }
    for (what, times, most) in [
        ("250 to INVITE, median", invited, 20.0),
        ("answer to the first word, median", spoken, 50.0),
    ] {
        let number = median(&times);
        let text = format!("{number:.2} ms ({})", spread(&times));
        report.row(what, &format!("at most {most} ms"), &Value { number, text }, |v| v <= most);
    }
    Ok(())
}

fn channels(exchange: SocketAddr) -> String {
    format!(
        "[channels]\norder = [\"voip\"]\n\n[mail]\nenabled = false\n\n[sms]\nenabled = false\n\n\
         [gsm]\nenabled = false\n\n[voip.retry]\nfirst = \"1 h\"\nmax = \"1 h\"\n\n\
         [call]\ndigest_from = 0\nlead_in = \"0 s\"\n\n\
         [sip]\nlisten = \"127.0.0.1:0\"\n\n\
         [[sip.account]]\ndomain = \"127.0.0.1\"\nproxy = \"{exchange}\"\nextension = \"200\"\n\
         register = false\n"
    )
}

/// A request that came.
struct Asked {
    request: Request,
    from: SocketAddr,
    at: Instant,
}

/// Just enough of a telephone.
struct Telephone {
    sip: UdpSocket,
}

impl Telephone {
    async fn open() -> Result<Self> {
        Ok(Self { sip: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await? })
    }

    /// The next request of this kind; others are answered with 200.
    async fn request(&self, method: &Method) -> Result<Asked> {
        loop {
            let mut bytes = [0; LONGEST_DATAGRAM];
            let (length, from) = timeout(PATIENCE, self.sip.recv_from(&mut bytes)).await??;
            let at = Instant::now();
            let message = Message::parse(bytes.get(..length).unwrap_or_default())?;
            let Message::Request(request) = message else { continue };
            if !matches!(request.method, Method::Invite | Method::Ack) {
                let answer = Message::Response(request.response(200, "OK"));
                self.sip.send_to(&answer.to_bytes(), from).await?;
            }
            if request.method == *method {
                return Ok(Asked { request, from, at });
            }
        }
    }

    /// Rings, answers, listens for the first word, and hangs up; from the answer to the word.
    async fn answer(&self, call: &Asked) -> Result<Duration> {
        self.reply(call, 180, "Ringing", "").await?;
        sleep(RINGS).await;
        // A new one each time: nothing of the last call waits in it.
        let heard = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = heard.local_addr()?.port();
        let sound = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\n"
        );
        let answered = Instant::now();
        self.reply(call, 200, "OK", &sound).await?;
        let first_word = timeout(PATIENCE, first_word(&heard, answered)).await??;
        self.hang_up(call).await?;
        Ok(first_word)
    }

    async fn reply(&self, call: &Asked, status: u16, reason: &str, sound: &str) -> Result<()> {
        let mut response = call.request.response(status, reason);
        let to = call.request.headers.to().context("a To")?.with_tag("telephone");
        response.headers.set(Name::To, to.to_string());
        let contact = format!("<sip:ana@{}>", self.sip.local_addr()?);
        response.headers.push(Name::Contact, contact);
        if !sound.is_empty() {
            response.headers.push(Name::ContentType, "application/sdp");
            response.body = sound.to_owned().into();
        }
        self.sip.send_to(&Message::Response(response).to_bytes(), call.from).await?;
        Ok(())
    }

    async fn hang_up(&self, call: &Asked) -> Result<()> {
        let headers = &call.request.headers;
        let contact = headers.contact_uri().context("a Contact")?;
        let mut bye = Request::new(Method::Bye, contact);
        let address = self.sip.local_addr()?;
        let branch = headers.call_id().context("a Call-ID")?;
        bye.headers.push(Name::Via, format!("SIP/2.0/UDP {address};branch=z9hG4bK{branch}"));
        let us = headers.to().context("a To")?.with_tag("telephone");
        bye.headers.push(Name::From, us.to_string());
        bye.headers.push(Name::To, headers.from().context("a From")?.to_string());
        bye.headers.push(Name::CallId, branch);
        bye.headers.push(Name::CSeq, "1 BYE");
        self.sip.send_to(&Message::Request(bye).to_bytes(), call.from).await?;
        Ok(())
    }
}

/// From the answer until something is heard that is no noise.
async fn first_word(heard: &UdpSocket, answered: Instant) -> Result<Duration> {
    loop {
        let mut bytes = [0; LONGEST_DATAGRAM];
        let length = heard.recv(&mut bytes).await?;
        let waited = answered.elapsed();
        let Ok(packet) = Packet::read(bytes.get(..length).unwrap_or_default()) else {
            continue;
        };
        let samples = g711::decode(Law::Mu, packet.payload);
        if samples.iter().any(|sample| sample.unsigned_abs() > LOUD) {
            return Ok(waited);
        }
    }
}
