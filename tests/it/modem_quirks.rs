//! Dialogues with modems, played back through the driver's pure parts.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere, also in its helpers"
)]

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smtp_appliance::config::{self, Secret};
use smtp_appliance::modem::at::{Command, Digest, Expect, FinalResult, Item, Urc};
use smtp_appliance::modem::driver::{Action, Answer, Calling, Do, Identity, Init, Sending};
use smtp_appliance::modem::pdu::split;
use smtp_appliance::modem::quirks::{Quirk, Quirks};
use smtp_appliance::modem::{CallEnd, CallRequest, SmsRequest};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialog/modem")
}

/// A dialogue, line by line.
struct Dialogue {
    name: String,
    lines: VecDeque<String>,
    digest: Digest,
    /// In a call: what the command was answered so far, and until when nothing is said.
    lines_of_answer: Vec<String>,
    until: Duration,
}

fn duration(text: &str) -> Duration {
    text.parse::<jiff::SignedDuration>().unwrap().try_into().unwrap()
}

/// `<channel> <gain> <volume> <echo>`
fn audio(text: &str) -> config::ModemAudio {
    let words: Vec<&str> = text.split(' ').collect();
    config::ModemAudio {
        channel: words[0].parse().ok(),
        microphone_gain: words[1].parse().ok(),
        volume: words[2].parse().ok(),
        echo_cancellation: Some(words[3] == "on"),
    }
}

impl Dialogue {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            lines: lines.map(str::to_owned).collect(),
            digest: Digest::default(),
            lines_of_answer: Vec::new(),
            until: Duration::ZERO,
        }
    }

    /// What follows `start` on the next line, if that line begins so.
    fn take(&mut self, start: &str) -> Option<String> {
        let rest = self.lines.front()?.strip_prefix(start)?.trim().to_owned();
        self.lines.pop_front();
        Some(rest)
    }

    fn driver_says(&mut self, text: &str) {
        assert_eq!(self.take("> ").as_deref(), Some(text), "{} at {:?}", self.name, self.lines);
    }

    fn modem_answers(&mut self, expect: &Expect) -> Answer {
        let mut lines = Vec::new();
        loop {
            while let Some(item) = self.digest.next(expect) {
                match item {
                    Item::Echo | Item::Urc(_) => {}
                    Item::Line(line) => lines.push(line),
                    Item::Prompt => return Answer::Prompt,
                    Item::Final(FinalResult::Ok) => return Answer::Ok(lines),
                    Item::Final(FinalResult::Error(fault)) => return Answer::Error(fault),
                }
            }
            match self.take("< ").as_deref() {
                Some(">") => self.digest.push(b"\r\n> "),
                Some(line) => self.digest.push(format!("\r\n{line}\r\n").as_bytes()),
                None => return Answer::Timeout,
            }
        }
    }

    fn modem_gets_ready(&mut self) {
        let idle = Expect::default();
        while let Some(line) = self.take("< ") {
            self.digest.push(format!("\r\n{line}\r\n").as_bytes());
            if self.digest.next(&idle) == Some(Item::Urc(Urc::MessagesReady)) {
                return;
            }
        }
        panic!("{}: never ready for messages", self.name);
    }

    fn play<T>(&mut self, mut next: impl FnMut(Answer) -> Action<T>) -> T {
        let mut answer = Answer::Begin;
        loop {
            answer = match next(answer) {
                Action::Done(result) => return result,
                Action::Send(command) => {
                    self.driver_says(&command.text());
                    self.modem_answers(&command.expect())
                }
                Action::SendPdu(pdu) => {
                    self.driver_says(&pdu);
                    let expect =
                        Expect { echo: pdu, response: "+CMGS:", prompt: false, joins: true };
                    self.modem_answers(&expect)
                }
                Action::Wait(_) => Answer::Waited,
                Action::AwaitReady(_) => {
                    self.modem_gets_ready();
                    Answer::Waited
                }
            };
        }
    }

    /// Plays a call until the line is free, or the dialogue ends.
    fn call(&mut self, to: &str, quirks: Quirks) {
        let (ring_time, max_length) = (Duration::from_millis(24_500), Duration::from_mins(1));
        let request = CallRequest { to: to.parse().unwrap(), ring_time, max_length };
        let mut calling = Calling::new(request, quirks);
        let mut now = Duration::ZERO;
        let mut expect = Expect::default();
        let mut listed = None;
        loop {
            match calling.next(now) {
                Do::Tell(event) => self.ends(&event.to_string()),
                Do::Send(Command::ListCalls) if listed.is_some() => {
                    let line = format!("+CLCC: 1,0,{},0,0", listed.as_ref().unwrap());
                    calling.on_answer(Answer::Ok(vec![line]), now);
                }
                Do::Send(command) => {
                    self.driver_says(&command.text());
                    expect = command.expect();
                    self.lines_of_answer.clear();
                }
                Do::Abort => self.driver_says("(stop)"),
                Do::Over { stuck } => {
                    if let Some(command) = stuck {
                        self.ends(&format!("stuck: {command}"));
                    }
                    return;
                }
                Do::Wait(until) => {
                    if now < self.until {
                        now = until.min(self.until);
                        continue;
                    }
                    listed = None;
                    if let Some(line) = self.take("< ") {
                        self.digest.push(format!("\r\n{line}\r\n").as_bytes());
                        self.hear(&mut calling, &expect, now);
                    } else if let Some(time) = self.take("wait ") {
                        self.until = now + duration(&time);
                    } else if let Some(rest) = self.take("listed ") {
                        let (state, time) = rest.split_once(' ').unwrap();
                        listed = Some(state.to_owned());
                        self.until = now + duration(time);
                    } else if self.take("hang up").is_some() {
                        calling.hang_up(CallEnd::HungUp, now);
                    } else {
                        panic!("{}: the driver waits at {:?}", self.name, self.lines);
                    }
                }
            }
        }
    }

    /// Tells a call what the modem has said.
    fn hear(&mut self, calling: &mut Calling, expect: &Expect, now: Duration) {
        let idle = Expect::default();
        loop {
            let expect = if calling.is_busy() { expect } else { &idle };
            let Some(item) = self.digest.next(expect) else { return };
            match item {
                Item::Urc(Urc::Call(urc)) => calling.on_urc(urc, now),
                Item::Line(line) => self.lines_of_answer.push(line),
                Item::Final(FinalResult::Ok) => {
                    let lines = std::mem::take(&mut self.lines_of_answer);
                    calling.on_answer(Answer::Ok(lines), now);
                }
                Item::Final(FinalResult::Error(fault)) => {
                    calling.on_answer(Answer::Error(fault), now);
                }
                Item::Echo | Item::Urc(_) | Item::Prompt => {}
            }
        }
    }

    fn ends(&mut self, outcome: &str) {
        assert_eq!(self.take("= ").as_deref(), Some(outcome), "{}", self.name);
    }
}

/// Plays a dialogue to its end and tells the quirks of its modem.
fn replay(path: &Path) -> Quirks {
    let mut dialogue = Dialogue::read(path);
    let mut settings = config::Modem {
        device: PathBuf::new(),
        baud: None,
        pin: None,
        model: None,
        smsc: None,
        balance: None,
        audio: config::ModemAudio::default(),
    };
    let mut started = false;
    while let Some(setting) = dialogue.take("set ") {
        match setting.split_once(' ') {
            Some(("pin", pin)) => settings.pin = Some(Secret::new(pin.to_owned())),
            Some(("audio", values)) => settings.audio = audio(values),
            Some(("smsc", address)) => settings.smsc = Some(address.parse().unwrap()),
            _ => started = setting == "started",
        }
    }
    let mut init = Init::new(settings, started, false);
    let identity: Option<Identity> = match dialogue.play(|answer| init.next(answer)) {
        Ok(identity) => {
            dialogue.ends(&format!("ready, {}", identity.registration().as_str()));
            Some(identity)
        }
        Err(fault) => {
            dialogue.ends(&format!("fault: {fault}"));
            None
        }
    };
    let quirks = identity.map_or(init.quirks(), |identity| identity.quirks);
    loop {
        if let Some(message) = dialogue.take("send ") {
            let (to, text) = message.split_once(' ').unwrap();
            let request =
                SmsRequest { to: to.parse().unwrap(), parts: split(text, 0), report: false };
            let mut sending = Sending::new(request, Duration::from_secs(1));
            match dialogue.play(|answer| sending.next(answer)) {
                Ok(references) => {
                    let numbers: Vec<String> = references.iter().map(u8::to_string).collect();
                    dialogue.ends(&format!("sent {}", numbers.join(", ")));
                }
                Err(error) => dialogue.ends(&format!("failed: {error}")),
            }
        } else if let Some(to) = dialogue.take("call ") {
            dialogue.until = Duration::ZERO;
            dialogue.call(&to, quirks);
            // Last words of the call, heard by nobody.
            while dialogue.take("< ").is_some() {}
        } else if dialogue.take("restart").is_some() {
            let command = Command::Restart(quirks.restart());
            dialogue.driver_says(&command.text());
            assert_eq!(dialogue.modem_answers(&command.expect()), Answer::Ok(vec![]));
        } else {
            break;
        }
    }
    assert!(dialogue.lines.is_empty(), "{}: left over: {:?}", dialogue.name, dialogue.lines);
    quirks
}

#[test]
fn every_dialogue_ends_as_written() {
    let mut played = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            replay(&path);
            played += 1;
        }
    }
    assert!(played >= Quirk::ALL.len());
}

#[test]
fn every_quirk_has_a_dialogue_with_a_modem_that_has_it() {
    for quirk in Quirk::ALL {
        let path = folder().join(quirk.transcript());
        assert!(replay(&path).has(quirk), "{quirk:?} in {}", quirk.transcript());
    }
}
