//! From facts to a status. Each part is judged by itself; the last question is asked of all.

use std::time::Duration;

use jiff::Timestamp;

use super::balance::Balance;
use super::facts::{Attachment, Facts, Gsm, GsmState, LastOutcome, SipState};
use super::status::{Alarm, Alert, Failure, Figures, Part, State, Status, Wakes};
use crate::config::ChannelName;

/// 2026-01-01: no clock is right that says it is earlier than this program.
const FIRST_SANE: i64 = 1_767_225_600;

/// A dispatcher or a writer that has not answered for this long is counted on no more.
const PATIENCE: Duration = Duration::from_secs(30);

/// An alert that waits longer than this is worth a look.
const LONG_WAIT: Duration = Duration::from_mins(30);

/// So many times what must stay free is a disk about to be full.
const NEARLY_FULL: u64 = 4;

impl Facts {
    /// What the facts mean.
    #[must_use]
    pub fn assess(&self) -> Status {
        let parts = Part::ALL.into_iter().map(|part| (part, self.part(part))).collect();
        let gsm = self.gsm.as_ref();
        let figures = Figures {
            waiting: self.queue.waiting,
            oldest_seconds: self.queue.oldest.map(|age| age.as_secs()),
            free_bytes: self.disk.free,
            signal_dbm: gsm.and_then(|gsm| gsm.signal_dbm),
            signal_bars: gsm.and_then(|gsm| gsm.signal_dbm).map(bars),
            operator: gsm.and_then(|gsm| gsm.operator.clone()),
            modem_answers: gsm.map(|gsm| gsm.answers),
            balance: gsm.and_then(|gsm| gsm.balance.clone()),
        };
        let alarms = self.alarms();
        let silenced = self.silenced.iter().filter(|alarm| alarms.contains(alarm));
        Status {
            parts,
            wakes: self.wakes(),
            alert: self.alert(),
            silenced: silenced.copied().collect(),
            alarms,
            proven: self.is_proven(),
            figures,
            last_failure: self.last_failure(),
        }
    }

    fn part(&self, part: Part) -> State {
        match part {
            Part::Power => self.power(),
            Part::Configuration => match &self.configuration {
                Some(why) => State::Degraded(why.clone()),
                None => State::Ok,
            },
            Part::Receiver => self.receiver(),
            Part::Store => self.store(),
            Part::Queue => self.queue(),
            Part::Disk => self.disk(),
            Part::Clock => self.clock(),
            Part::Network => self.network(),
            Part::Gsm => self.gsm(),
            Part::Balance => {
                let balance = self.gsm.as_ref().and_then(|gsm| gsm.balance.as_ref());
                balance.map_or(State::Off, Balance::assess)
            }
            Part::Sip => self.sip(),
            Part::Relay => self.relay(),
            Part::Speech => match self.speech.missing.as_slice() {
                [] => State::Ok,
                missing => {
                    let missing = missing.join(", ");
                    State::Degraded(format!("espeak-ng speaks in place of {missing}"))
                }
            },
        }
    }

    fn power(&self) -> State {
        if self.pulse.dispatcher > PATIENCE {
            return State::Down("the dispatcher does not answer".to_owned());
        }
        match self.under_voltage {
            Some(true) => State::Degraded("the power supply is too weak".to_owned()),
            Some(false) | None => State::Ok,
        }
    }

    fn receiver(&self) -> State {
        let (ports, open) = (self.receiver.ports, self.receiver.open);
        if open == 0 {
            return State::Down("no port is open: no mail is accepted".to_owned());
        }
        if open < ports {
            return State::Degraded(format!("{} of {ports} ports are not open", ports - open));
        }
        State::Ok
    }

    fn store(&self) -> State {
        if self.pulse.writer > PATIENCE {
            return State::Down("the queue's writer does not answer".to_owned());
        }
        if let Some(why) = &self.queue.failing {
            return State::Down(why.clone());
        }
        match &self.queue.damage {
            Some(reason) => State::Degraded(format!("something could not be read: {reason}")),
            None => State::Ok,
        }
    }

    fn queue(&self) -> State {
        let queue = &self.queue;
        if queue.most > 0 && queue.waiting >= queue.most {
            return State::Down(format!("full: {} alerts wait", queue.waiting));
        }
        match queue.oldest {
            Some(age) if age > LONG_WAIT => State::Degraded(format!(
                "{} waiting, the oldest for {} min",
                queue.waiting,
                age.as_secs() / 60
            )),
            Some(_) | None => State::Ok,
        }
    }

    fn disk(&self) -> State {
        if self.disk.read_only {
            let why = "read-only, as after I/O errors: no mail is accepted";
            return State::Down(why.to_owned());
        }
        let free = self.disk.free.unwrap_or(u64::MAX);
        let mib = free / (1 << 20);
        if free < self.disk.kept {
            return State::Down(format!("{mib} MiB free: no mail is accepted"));
        }
        if let Some(fault) = &self.disk.fault {
            return State::Degraded(fault.clone());
        }
        if self.disk.free.is_none() {
            return State::Off;
        }
        if free < self.disk.kept.saturating_mul(NEARLY_FULL) {
            return State::Degraded(format!("{mib} MiB free"));
        }
        State::Ok
    }

    fn clock(&self) -> State {
        if is_sane(self.clock) {
            return State::Ok;
        }
        let date = self.clock.strftime("%Y-%m-%d");
        State::Degraded(format!("it says {date}; no time server has set it yet"))
    }

    fn network(&self) -> State {
        let Some(network) = &self.network else { return State::Off };
        if network.up.is_empty() {
            return State::Down("no cable and no Wi-Fi".to_owned());
        }
        if !network.default_route {
            return State::Degraded("no way to other networks".to_owned());
        }
        State::Ok
    }

    fn gsm(&self) -> State {
        self.gsm.as_ref().map_or(State::Off, Gsm::assess)
    }

    fn sip(&self) -> State {
        let Some(sip) = &self.sip else { return State::Off };
        let usable = |state: &SipState| match state {
            SipState::Registered | SipState::Unregistered => true,
            SipState::Trying | SipState::Failed(_) => false,
        };
        let words = |state: &SipState| match state {
            SipState::Failed(words) => words.clone(),
            SipState::Trying => "about to register".to_owned(),
            SipState::Registered | SipState::Unregistered => String::new(),
        };
        let Some(bad) = sip.accounts.iter().find(|account| !usable(&account.state)) else {
            return if sip.accounts.is_empty() { State::Off } else { State::Ok };
        };
        let why = format!("{}: {}", bad.name, words(&bad.state));
        let some = sip.accounts.iter().any(|account| usable(&account.state));
        if some || bad.state == SipState::Trying { State::Degraded(why) } else { State::Down(why) }
    }

    fn relay(&self) -> State {
        if !self.relay || !self.channels.contains(&ChannelName::Mail) {
            return State::Off;
        }
        match self.telling.outcomes.get(&ChannelName::Mail) {
            Some(LastOutcome::Retry(_, why)) => State::Down(why.clone()),
            // One recipient may be to blame.
            Some(LastOutcome::Refused(_, why)) => State::Degraded(why.clone()),
            Some(LastOutcome::Told(_)) | None => State::Ok,
        }
    }

    fn wakes(&self) -> Wakes {
        if self.receiver.open == 0 {
            return Wakes::No("no SMTP port is open".to_owned());
        }
        if self.pulse.writer > PATIENCE || self.pulse.dispatcher > PATIENCE {
            return Wakes::No("the appliance is stuck".to_owned());
        }
        for state in [self.disk(), self.store(), self.queue()] {
            if let State::Down(why) = state {
                return Wakes::No(why);
            }
        }
        let usable = self.channels.iter().copied().filter(|channel| self.would_tell(*channel));
        let (mail, wake): (Vec<_>, Vec<_>) =
            usable.partition(|channel| *channel == ChannelName::Mail);
        if !wake.is_empty() {
            return Wakes::Yes(wake);
        }
        let why = self.why_no_telephone();
        if mail.is_empty() { Wakes::No(why) } else { Wakes::Hardly(why) }
    }

    /// Whether a channel would reach somebody now.
    fn would_tell(&self, channel: ChannelName) -> bool {
        let gsm = || {
            self.gsm.as_ref().is_some_and(|gsm| {
                gsm.state == GsmState::Ready && gsm.attachment == Attachment::Registered
            })
        };
        let sip = || !matches!(self.sip(), State::Off | State::Down(_));
        match channel {
            ChannelName::Mail => {
                self.people.mail && !matches!(self.relay(), State::Off | State::Down(_))
            }
            ChannelName::Sms | ChannelName::Gsm => self.people.phone && gsm(),
            ChannelName::Voip => (self.people.phone || self.people.extension) && sip(),
            ChannelName::SipMessage => self.people.extension && sip(),
        }
    }

    /// The first reason a person could do something about.
    fn why_no_telephone(&self) -> String {
        let by_telephone = self.channels.iter().any(|channel| *channel != ChannelName::Mail);
        if !by_telephone {
            return "no channel to a telephone is switched on".to_owned();
        }
        if !self.people.phone && !self.people.extension {
            return "nobody has a telephone number".to_owned();
        }
        let parts = [("gsm", self.gsm()), ("sip", self.sip())];
        let troubled = parts.iter().find_map(|(name, state)| Some((name, state.why()?)));
        match troubled {
            Some((name, why)) => format!("{name}: {why}"),
            None => "there is neither a modem nor a SIP account".to_owned(),
        }
    }

    fn alert(&self) -> Alert {
        match (self.telling.in_flight, self.telling.open) {
            (0, 0) => Alert::Quiet,
            (0, _) => Alert::Waiting,
            (_, _) => Alert::Telling,
        }
    }

    fn alarms(&self) -> Vec<Alarm> {
        let untold = self.telling.untold.max(self.queue.unreachable);
        let waits = self.telling.unacknowledged.map(Alarm::Unacknowledged);
        untold.map(Alarm::Untold).into_iter().chain(waits).collect()
    }

    fn is_proven(&self) -> bool {
        let answers = self.pulse.writer <= PATIENCE && self.pulse.dispatcher <= PATIENCE;
        let modem = self.gsm.as_ref().is_none_or(|gsm| gsm.answers);
        self.receiver.open > 0 && answers && modem
    }

    fn last_failure(&self) -> Option<Failure> {
        let failures = self.telling.outcomes.iter().filter_map(|(channel, outcome)| {
            let (at, why) = match outcome {
                LastOutcome::Told(_) => return None,
                LastOutcome::Retry(at, why) | LastOutcome::Refused(at, why) => (*at, why.clone()),
            };
            Some(Failure { at, channel: *channel, why })
        });
        failures.max_by_key(|failure| failure.at)
    }
}

impl Gsm {
    /// What that means.
    #[must_use]
    pub fn assess(&self) -> State {
        match (&self.state, self.attachment) {
            (GsmState::Fault(words), _) => State::Down(words.clone()),
            (GsmState::Starting, _) => State::Degraded("it is being brought up".to_owned()),
            (GsmState::Ready, Attachment::Denied) => {
                State::Down("the network refuses the SIM card".to_owned())
            }
            (GsmState::Ready, Attachment::Searching) => {
                State::Degraded("it looks for its network".to_owned())
            }
            (GsmState::Ready, Attachment::Registered) => match self.signal_dbm {
                Some(dbm) if bars(dbm) < 2 => State::Degraded(format!("weak signal: {dbm} dBm")),
                Some(_) | None => State::Ok,
            },
        }
    }
}

/// Whether a clock may be right.
#[must_use]
pub fn is_sane(now: Timestamp) -> bool {
    now.as_second() >= FIRST_SANE
}

/// Signal strength as telephones show it, 0 to 4.
#[must_use]
pub const fn bars(dbm: i16) -> u8 {
    match dbm {
        -73.. => 4,
        -85.. => 3,
        -97.. => 2,
        -109.. => 1,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
