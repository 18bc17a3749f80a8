//! Shows an alert's way, one line per station.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use mail_parser::MessageParser;
use tokio::sync::{broadcast, mpsc};

use super::call::Calls;
use super::exchange::HeardCall;
use super::files::{BEN, Files, Peers};
use super::relay::RelayedMail;
use crate::alert::{AlertId, Event};
use crate::channel::Reach;
use crate::channel::call::{Happening, Progress as CallProgress};
use crate::modem::simulator::ReceivedSms;
use crate::queue::{Fate, Progress, Queue, Record};

/// How often an alert is looked at until it is told.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// Where what happens is seen.
pub(super) struct Seen {
    /// At the relay.
    pub(super) mails: mpsc::Receiver<RelayedMail>,
    /// At the phone.
    pub(super) sms: mpsc::Receiver<ReceivedSms>,
    /// In the calls.
    pub(super) calls: broadcast::Receiver<CallProgress>,
    /// At the telephone of the exchange.
    pub(super) heard: mpsc::Receiver<HeardCall>,
}

/// What is shown of alerts, relay and phone.
pub(super) struct Stations {
    queue: Queue,
    mails: mpsc::Receiver<RelayedMail>,
    sms: mpsc::Receiver<ReceivedSms>,
    happens: broadcast::Receiver<CallProgress>,
    calls: Calls,
    files: Files,
    shown_up_to: AlertId,
    /// Alerts on the queue whose end is to be shown.
    open: Vec<AlertId>,
}

impl Stations {
    pub(super) fn new(queue: Queue, seen: Seen, files: Files) -> Self {
        let Seen { mails, sms, calls, heard } = seen;
        Self {
            queue,
            mails,
            sms,
            happens: calls,
            calls: Calls::new(files.clone(), heard),
            files,
            shown_up_to: AlertId(0),
            open: Vec::new(),
        }
    }

    /// What there is.
    pub(super) fn introduce(
        smtp: SocketAddr,
        peers: &Peers<'_>,
        voices: Option<&Path>,
        pages: Option<&(SocketAddr, String)>,
    ) {
        say(&format!("smtp-appliance listens for alert mails on {smtp}"));
        say(&format!("  modem: a simulated SIM900 on {}", peers.modem.display()));
        say(&format!("  relay: a mail relay on {}, STARTTLS", peers.relay.address()));
        say(&format!("  exchange: a SIP exchange with one telephone on {}", peers.exchange));
        let voice = voices.map_or_else(
            || "espeak-ng".to_owned(),
            |folder| format!("those of {}, else espeak-ng", folder.display()),
        );
        say(&format!("  voice: {voice}; sound: ALSA, into a file instead of a sound card"));
        say("  on call: ana, by mail to ana@example.org, by SMS and by call to +34600000001");
        say(&format!("           ben, by SIP call to extension {BEN}"));
        if let Some(pages) = pages {
            say(&format!("  administration: {}", link(pages)));
        }
        say("");
    }

    /// How to go on.
    pub(super) fn invite(smtp: SocketAddr, pages: Option<&(SocketAddr, String)>) {
        let port = smtp.port();
        say("");
        if let Some(pages) = pages {
            say("See it in a browser; the page asks for a password of your own:");
            say(&format!("  {}", link(pages)));
            say("");
        }
        say("Now send your own (Ctrl-C ends):");
        say("  make alert");
        say(&format!(
            "  swaks --server 127.0.0.1:{port} --to ana@smtp.appliance \
             --header 'Subject: Fire in the server room' --body 'Host: rack-1'"
        ));
        say("");
    }

    /// Shows what happens until the first alert is told.
    pub(super) async fn show_until_told(&mut self) {
        self.until(|stations| stations.shown_up_to > AlertId(0) && stations.open.is_empty()).await;
    }

    /// Shows what happens.
    pub(super) async fn show(&mut self) {
        self.until(|_| false).await;
    }

    async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            tokio::select! {
                Ok(newest) = self.queue.news() => self.show_new(newest),
                Some(mail) = self.mails.recv() => self.show_mail(&mail),
                Some(sms) = self.sms.recv() => Self::show_sms(&sms),
                Ok(call) = self.happens.recv() => self.show_call(&call).await,
                () = tokio::time::sleep(LOOK_EVERY), if !self.open.is_empty() => self.show_told(),
            }
        }
    }

    fn show_new(&mut self, newest: AlertId) {
        while self.shown_up_to < newest {
            self.shown_up_to = AlertId(self.shown_up_to.0 + 1);
            let id = self.shown_up_to;
            let Ok(Some(record)) = self.queue.reader().record(id) else { continue };
            self.show_record(&record);
        }
    }

    fn show_record(&mut self, record: &Record) {
        let alert = &record.alert;
        let (client, helo) = (&alert.origin.client, &alert.origin.helo);
        station("received", &format!("from {client} ({helo}): \"{}\"", alert.text.subject));
        for event in &alert.events {
            station("understood", &describe(event));
        }
        match &record.fate {
            Fate::Queued => {
                station("filtered", "it is news");
                station("kept", &format!("as alert {}, on disk before the 250", alert.id));
                self.open.push(alert.id);
            }
            Fate::Dropped(reason) => station("filtered", &format!("dropped: {reason}")),
        }
    }

    fn show_mail(&self, mail: &RelayedMail) {
        let parsed = MessageParser::default().parse_headers(&mail.data);
        let subject = parsed.as_ref().and_then(|mail| mail.subject()).unwrap_or_default();
        let file = self.files.mail().join(format!("{:04}.eml", mail.number));
        let to = mail.to.join(", ");
        station(
            "mail",
            &format!("the relay has it for {to}: \"{subject}\", in {}", file.display()),
        );
    }

    fn show_sms(sms: &ReceivedSms) {
        station("sms", &format!("the phone {} has it, {} part(s):", sms.to, sms.parts));
        for line in sms.text.lines() {
            say(&format!("              | {line}"));
        }
    }

    async fn show_call(&mut self, call: &CallProgress) {
        let by = call.channel.as_str();
        match &call.what {
            // Its key is heard in the prompt, its outcome stands with the alert.
            Happening::Begun(_) | Happening::Ended(_) => {}
            Happening::Dialling
            | Happening::Ringing
            | Happening::Answered
            | Happening::Says(_)
            | Happening::Said(_)
            | Happening::Listens
            | Happening::Key(_)
            | Happening::Acknowledged
            | Happening::HungUp(_)
            | Happening::Measured(_) => station(by, &call.what.to_string()),
        }
        match self.calls.note(call).await {
            Ok(Some(heard)) => {
                let (wav, seconds) = (heard.wav.display(), heard.length.as_secs_f64());
                station(by, &format!("what the phone heard, {seconds:.1} s: {wav}"));
            }
            Ok(None) => {}
            Err(error) => station(by, &format!("the sound cannot be kept: {error}")),
        }
    }

    fn show_told(&mut self) {
        let reader = self.queue.reader();
        self.open.retain(|id| {
            let pending = reader.pending(AlertId(id.0 - 1), 1).unwrap_or_default();
            if pending.first() == Some(id) {
                return true;
            }
            for delivery in reader.deliveries(*id).unwrap_or_default() {
                let how = match delivery.progress {
                    Progress::Told(Reach::HandedOver) => "handed over",
                    Progress::Told(Reach::Delivered) => "delivered",
                    Progress::Told(Reach::Answered) => "answered",
                    Progress::Told(Reach::Acknowledged) => "acknowledged",
                    Progress::Open => "not yet",
                    Progress::Failed => "FAILED",
                    Progress::Spared => "not needed",
                };
                let (person, channel) = (&delivery.person, delivery.channel);
                station("told", &format!("alert {id} to {person} by {channel}: {how}"));
            }
            false
        });
    }
}

fn describe(event: &Event) -> String {
    let mut words = vec![format!("{}: {:?}", event.source, event.kind).to_lowercase()];
    if let (Some(severity), Some(text)) = (event.severity, &event.severity_text) {
        words.push(format!("{} ({text})", severity.as_str()));
    }
    words.extend(event.host.iter().map(|host| format!("host {host}")));
    words.extend(event.check.iter().map(|check| format!("check {check}")));
    words.extend(event.problem_id.iter().map(|id| format!("problem {id}")));
    words.join(", ")
}

fn station(name: &str, what: &str) {
    say(&format!("  {name:<11} {what}"));
}

/// Where the first user is made.
fn link((pages, token): &(SocketAddr, String)) -> String {
    format!("http://{pages}/setup?token={token}")
}

/// A reader who went away is no reason to stop.
fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}
