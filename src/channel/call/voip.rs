//! Calls through the telephone exchange, by SIP and RTP.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::caller::{Caller, Calling};
use super::line::{Line, LineEnd, LineEvent, Sound};
use super::media;
use super::quality::{CallQuality, Flow};
use crate::audio::Pcm;
use crate::channel::{Channel, Job, Outcome, Report};
use crate::config::{ChannelName, Config, Extension, Person, SipSilence};
use crate::modem;
use crate::rtp::{self, Session, Silence};
use crate::sip::sdp::Agreed;
use crate::sip::{
    AccountStatus, Agent, Call, CallEnd, CallEvent, CallRequest, Registration, Target,
};

/// How long a call may take beside ringing and talking: finding the way, and ending.
const LINE_PATIENCE: Duration = Duration::from_mins(2);

/// How long a call waits for a registration that is under way.
const REGISTERING: Duration = Duration::from_secs(3);

/// The channel of calls by SIP.
pub struct VoipChannel {
    caller: Arc<Caller>,
    /// Changes when the settings do; `None` while there is no account.
    agent: watch::Receiver<Option<Agent>>,
}

impl VoipChannel {
    /// A channel that calls by whatever accounts there are, by the settings as they stand.
    #[must_use]
    pub const fn new(caller: Arc<Caller>, agent: watch::Receiver<Option<Agent>>) -> Self {
        Self { caller, agent }
    }

    async fn tell_one(&self, job: &Job, person: &Person) -> Report {
        let config = self.caller.config();
        let to = match target(person) {
            Ok(to) => to,
            Err(reason) => return Outcome::Refused(reason).into(),
        };
        let agent = self.agent.borrow().clone();
        let Some(agent) = agent else { return without_agent(&config).into() };
        let (ring_time, max_length) = (config.call.ring_time, config.call.max_length);
        let limit = LINE_PATIENCE + ring_time + max_length;
        let (channel, config) = (ChannelName::Voip, &*config);
        let dial = async {
            VoipLine::dial(&agent, to, config, Duration::ZERO).await.map_err(Outcome::Retry)
        };
        self.caller.call(Calling { channel, job, person, config, limit }, dial).await
    }
}

impl Channel for VoipChannel {
    fn name(&self) -> ChannelName {
        ChannelName::Voip
    }

    fn lanes(&self) -> usize {
        self.caller.config().sip.max_calls
    }

    fn prepare(&self, job: &Job) {
        self.caller.prepare(job);
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(job.people.len());
            for person in &job.people {
                reports.push(self.tell_one(&job, person).await);
            }
            reports
        })
    }
}

/// Waits a little for accounts that are about to register, as they are after a start. A line that is
/// known to be down is not waited for.
async fn registered(agent: &Agent) {
    let mut accounts = agent.watch();
    let settled = accounts.wait_for(|accounts| {
        let trying = |account: &AccountStatus| account.state == Registration::Trying;
        accounts.iter().any(|account| account.usable) || !accounts.iter().any(trying)
    });
    drop(tokio::time::timeout(REGISTERING, settled).await);
}

/// What to say when no user agent is there.
pub(in crate::channel) fn without_agent(config: &Config) -> Outcome {
    if config.sip.accounts.is_empty() {
        let reason = "no account of an exchange is configured; add a [[sip.account]]";
        return Outcome::Refused(reason.to_owned());
    }
    Outcome::Retry("the SIP telephone is being started".to_owned())
}

/// Whom to call; else why not, for a person to read.
pub(in crate::channel) fn target(person: &Person) -> Result<Target, String> {
    let to = match (&person.extension, &person.phone) {
        (Some(extension), _) => by_extension(extension)?,
        (None, Some(phone)) => Target::Number(phone.clone()),
        (None, None) => return Err("no extension and no telephone number".to_owned()),
    };
    allowed(to)
}

/// Who is meant by an extension, a SIP URI, or a telephone number as people write it.
pub(super) fn by_name(name: &str) -> Result<Target, String> {
    let by_extension = || {
        name.parse::<Extension>().map_err(|error| error.to_string()).and_then(|e| by_extension(&e))
    };
    let to = match name.parse() {
        Ok(number) if name.starts_with('+') => Target::Number(number),
        Ok(_) | Err(_) => by_extension()?,
    };
    allowed(to)
}

/// Emergency numbers are never dialled, whatever the exchange would make of them.
fn allowed(to: Target) -> Result<Target, String> {
    if to.is_emergency() {
        return Err(modem::CallEnd::Emergency.to_string());
    }
    Ok(to)
}

fn by_extension(extension: &Extension) -> Result<Target, String> {
    let text = extension.as_str();
    if !text.contains(':') {
        return Ok(Target::Extension(text.to_owned()));
    }
    text.parse().map(Target::Uri).map_err(|error| format!("{text}: {error}"))
}

/// A call of the user agent, and its sound.
pub(super) struct VoipLine {
    call: Call,
    media: Arc<Session>,
    events: rtp::Events,
    /// What was agreed on last.
    agreed: Option<Agreed>,
    answered: bool,
}

impl VoipLine {
    /// Opens the way for sound and calls, and keeps what is heard for as long as `record`; an error is
    /// for a person to read.
    pub(super) async fn dial(
        agent: &Agent,
        to: Target,
        config: &Config,
        record: Duration,
    ) -> Result<Self, String> {
        registered(agent).await;
        let silence = match config.sip.silence {
            SipSilence::Noise => Silence::Noise,
            SipSilence::ComfortNoise => Silence::Described,
            SipSilence::Digital => Silence::Digital,
        };
        let options = rtp::Options { silence, record, ..rtp::Options::default() };
        let ports = config.sip.rtp_ports.clone();
        let opened = Session::open(config.sip.listen.ip(), ports, options).await;
        let (media, events) = opened.map_err(|error| error.to_string())?;
        let request = CallRequest {
            to,
            media: media::local(media.port(), &config.sip),
            ring_time: config.call.ring_time,
            max_length: config.call.max_length,
        };
        let call = agent.call(request).await;
        Ok(Self { call, media: Arc::new(media), events, agreed: None, answered: false })
    }

    /// Queues sound.
    pub(super) async fn play(&self, pcm: Pcm) {
        self.media.play(Arc::new(pcm)).await;
    }

    /// What was heard of the far end, as far as it was to be kept.
    pub(super) fn heard(&self) -> Pcm {
        self.media.heard()
    }

    /// Closes the way for sound.
    pub(super) async fn close(self) {
        self.media.end().await;
    }

    fn point(&mut self, agreed: Agreed) {
        self.media.point(media::stream(&agreed));
        self.agreed = Some(agreed);
    }

    /// What an event of the call means here, if anything.
    fn signalled(&mut self, event: CallEvent) -> Option<LineEvent> {
        match event {
            CallEvent::Dialling => Some(LineEvent::Dialling),
            CallEvent::Ringing(early) => {
                if let Some(agreed) = early {
                    self.point(agreed);
                }
                Some(LineEvent::Ringing)
            }
            CallEvent::Progress(early) => {
                if let Some(agreed) = early {
                    self.point(agreed);
                }
                None
            }
            CallEvent::Answered(agreed) => {
                self.point(agreed);
                self.answered = true;
                Some(LineEvent::Answered)
            }
            CallEvent::Media(agreed) => {
                self.point(agreed);
                None
            }
            CallEvent::Key(key) => Some(LineEvent::Key(key)),
            CallEvent::Ended(end) => Some(LineEvent::Ended(line_end(&end))),
        }
    }

    /// What an event of the sound means here, if anything.
    fn sounded(&self, event: &rtp::Event) -> Option<LineEvent> {
        match event {
            rtp::Event::Key(key) => Some(LineEvent::Key(*key)),
            // Before the answer it is the exchange's own tone.
            rtp::Event::Heard => self.answered.then_some(LineEvent::Heard),
            // The call itself is ended by SIP; exchanges say BYE when they move the sound, too.
            rtp::Event::Bye | rtp::Event::Silent(_) => {
                tracing::debug!(?event, "the far end's sound");
                None
            }
        }
    }
}

impl Line for VoipLine {
    fn next(&mut self) -> BoxFuture<'_, LineEvent> {
        Box::pin(async {
            loop {
                let event = tokio::select! {
                    // The answer goes before what is heard after it.
                    biased;
                    event = self.call.next() => match event {
                        Some(event) => self.signalled(event),
                        None => Some(LineEvent::Ended(LineEnd::HungUp)),
                    },
                    Some(event) = self.events.next() => self.sounded(&event),
                };
                if let Some(event) = event {
                    return event;
                }
            }
        })
    }

    fn hang_up(&mut self) {
        self.call.hang_up();
    }

    fn sound(&self) -> BoxFuture<'static, Result<Box<dyn Sound>, String>> {
        let sound = Box::new(VoipSound(Arc::clone(&self.media)));
        Box::pin(async move { Ok(sound as Box<dyn Sound>) })
    }

    fn quality(&self) -> Option<CallQuality> {
        let agreed = self.agreed.as_ref().filter(|_| self.answered)?;
        let encryption = agreed.encryption.as_ref();
        Some(quality(
            agreed.codec.as_str(),
            encryption.map(|(ours, _)| ours.suite.as_str()),
            &self.media.quality(),
        ))
    }
}

/// The way into a call.
struct VoipSound(Arc<Session>);

impl Sound for VoipSound {
    fn play(&self, pcm: Arc<Pcm>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.0.play(pcm).await;
            Ok(())
        })
    }

    fn drained(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.0.drained().await;
            Ok(())
        })
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.0.end().await;
        })
    }
}

fn line_end(end: &CallEnd) -> LineEnd {
    match end {
        CallEnd::HungUp => LineEnd::HungUp,
        CallEnd::FarEnd => LineEnd::FarEnd,
        CallEnd::TooLong => LineEnd::TooLong,
        CallEnd::Busy
        | CallEnd::Declined
        | CallEnd::NoAnswer
        | CallEnd::NotFound
        | CallEnd::NotAcceptable(_)
        | CallEnd::Forbidden(_)
        | CallEnd::Unavailable { .. }
        | CallEnd::Refused { .. }
        | CallEnd::NotRegistered(_)
        | CallEnd::Lost(_)
        | CallEnd::Stopping => {
            let words = end.to_string();
            if end.is_final() { LineEnd::Refused(words) } else { LineEnd::Failed(words) }
        }
    }
}

fn quality(codec: &str, encryption: Option<&str>, media: &rtp::Quality) -> CallQuality {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let flow = |flow: &rtp::Flow, known: bool| Flow {
        packets: flow.packets,
        lost_permille: known.then(|| whole(flow.loss * 1000.0)),
        jitter_us: known.then(|| micros(flow.jitter)),
    };
    CallQuality {
        codec: codec.to_owned(),
        encryption: encryption.map(str::to_owned),
        sent: flow(&media.sent, media.reported),
        received: flow(&media.received, media.received.packets > 0),
        round_trip_us: media.round_trip.map(micros),
        mos_hundredths: media.mos.map(|mos| whole(mos * 100.0)),
    }
}

fn whole(number: f64) -> u16 {
    // The cast saturates, and makes 0 of what is not a number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    {
        number.round() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(extension: Option<&str>, phone: Option<&str>) -> Person {
        Person {
            name: "ana".parse().unwrap(),
            mail: None,
            phone: phone.map(|phone| phone.parse().unwrap()),
            extension: extension.map(|extension| extension.parse().unwrap()),
            language: None,
            voice: None,
            groups: std::collections::BTreeSet::new(),
        }
    }

    #[test]
    fn her_extension_is_called_else_her_number_and_never_an_emergency() {
        let number = "+34600000001";
        let called = |extension, phone| target(&person(extension, phone));
        assert_eq!(called(Some("101"), Some(number)), Ok(Target::Extension("101".to_owned())));
        assert_eq!(called(None, Some(number)), Ok(Target::Number(number.parse().unwrap())));
        let uri = "sip:ana@example.org;transport=tcp";
        assert_eq!(called(Some(uri), None), Ok(Target::Uri(uri.parse().unwrap())));
        for emergency in ["112", "sip:911@pbx.example.org"] {
            assert!(called(Some(emergency), None).unwrap_err().contains("emergency"));
        }
        assert!(called(None, Some("112")).unwrap_err().contains("emergency"));
        assert!(called(None, None).is_err());
    }

    #[test]
    fn what_nobody_reported_is_not_known() {
        let mut media = rtp::Quality::default();
        media.sent.packets = 50;
        let unknown = quality("PCMU", None, &media);
        assert_eq!((unknown.sent.lost_permille, unknown.received.jitter_us), (None, None));
        media.reported = true;
        media.sent.loss = 0.0144;
        media.mos = Some(4.366);
        let known = quality("PCMU", None, &media);
        assert_eq!((known.sent.lost_permille, known.mos_hundredths), (Some(14), Some(437)));
    }
}
