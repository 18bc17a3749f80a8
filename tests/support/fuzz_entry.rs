//! One function per fuzz target: what it tries on any bytes, and what must hold. The targets under
//! `fuzz/` call them, and so does a plain test with every input found so far.

#[path = "fuzz_modem.rs"]
mod fuzz_modem;
#[path = "fuzz_sip.rs"]
mod fuzz_sip;
#[path = "fuzz_sip_call.rs"]
mod fuzz_sip_call;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use smtp_appliance::alert::{self, Alert, AlertId, Origin, text};
use smtp_appliance::audio;
use smtp_appliance::channel::mail::rewrite::{Facts, Loop, MAX_PASSES, rewrite};
use smtp_appliance::config::{self, Config, Language, MailAddress, Templates, TextTemplates};
use smtp_appliance::intake::{Accepted, Rejected, Submission};
use smtp_appliance::modem::pdu::{shorten, split};
use smtp_appliance::rtp::Stream;
use smtp_appliance::rtp::incoming::{Happening, Incoming};
use smtp_appliance::rtp::packet::Header;
use smtp_appliance::rtp::rtcp::{self, Reports};
use smtp_appliance::rtp::srtp::{
    MasterKey, Opener, ReportOpener, ReportSealer, Sealer, SrtpError, Suite,
};
use smtp_appliance::smtp::{Clients, Context, Memory, Session, Step};
use smtp_appliance::speech::script::words;

/// A target's name, and what it tries.
type Entry = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const ENTRIES: &[Entry] = &[
    ("at_digest", fuzz_modem::at_digest),
    ("config", config),
    ("mail_rewrite", mail_rewrite),
    ("mail_to_alert", mail_to_alert),
    ("pdu", fuzz_modem::pdu),
    ("sdp", fuzz_sip::sdp),
    ("sip", fuzz_sip::sip),
    ("rtcp", rtcp),
    ("rtp", rtp),
    ("sip_call", fuzz_sip_call::sip_call),
    ("smtp_session", smtp_session),
    ("sound", sound),
    ("spoken", spoken),
    ("srtp", srtp),
];

/// Runs a target on an input.
///
/// # Panics
/// If there is no such target, or what must hold does not.
pub(crate) fn run(target: &str, bytes: &[u8]) {
    let (_, entry) = ENTRIES.iter().find(|(name, _)| *name == target).expect("a known target");
    entry(bytes);
}

/// A receiver with limits that an input of some hundred bytes can meet.
const RECEIVER: &str = r#"
[appliance]
name = "appliance.test"
[smtp]
domains = ["example.org"]
auth_without_tls = true
vrfy = true
max_message = "64 KiB"
max_line = "512 B"
max_recipients = 3
max_messages_per_minute = 5
[[smtp.listener]]
address = "127.0.0.1:0"
[[smtp.listener]]
address = "127.0.0.1:0"
tls = "off"
auth = "off"
[[smtp.listener]]
address = "127.0.0.1:0"
auth = "required"
[[smtp.user]]
name = "ana"
password = "secreto"
[[person]]
name = "ana"
groups = ["oncall"]
[[person]]
name = "luis"
groups = ["oncall"]
"#;

/// What a client's bytes led to.
#[derive(Debug, PartialEq, Eq)]
struct Talk {
    replies: Vec<u8>,
    messages: Vec<String>,
    closed: bool,
}

/// A session: however the bytes are cut into packets, the replies and the messages are the same;
/// replies are lines of code and text; a message has people, CRLF throughout and a limited size;
/// and no memory stays held. The first byte says which port it is, how the bytes are cut and what
/// the queue answers.
fn smtp_session(bytes: &[u8]) {
    let Some((&how, stream)) = bytes.split_first() else { return };
    let config = Config::parse(RECEIVER).expect("a configuration").config;
    let whole = talk(&config, how, stream, stream.len().max(1));
    let size = usize::from(how >> 4) + 1;
    assert_eq!(whole, talk(&config, how, stream, size), "cut into packets of {size}");

    assert!(whole.replies.ends_with(b"\r\n") && whole.replies.is_ascii());
    let replies = str::from_utf8(&whole.replies).expect("ASCII");
    for line in replies.split("\r\n").filter(|line| !line.is_empty()) {
        let (code, text) = line.split_at_checked(3).expect("a code");
        assert!(code.bytes().all(|digit| digit.is_ascii_digit()), "{line:?}");
        assert!(text.starts_with([' ', '-']) && line.len() <= 510, "{line:?}");
        assert!(!text.contains(|c: char| c.is_control()), "{line:?}");
    }
}

fn talk(config: &Config, how: u8, stream: &[u8], size: usize) -> Talk {
    let (clients, memory) = (Clients::default(), Memory::new(100_000));
    let listener = &config.smtp.listeners[usize::from(how & 3).min(2)];
    let (tls, full) = (how & 4 != 0, how & 8 != 0);
    let mut talk = Talk { replies: Vec::new(), messages: Vec::new(), closed: false };
    let client = Ipv4Addr::LOCALHOST.into();
    let mut session = Session::new(client, listener.clone(), tls, config, &mut talk.replies);
    let now = tokio::time::Instant::now().into_std();
    let mut input = Vec::new();
    let mut steps = 0;
    'talk: for packet in stream.chunks(size) {
        input.extend_from_slice(packet);
        loop {
            steps += 1;
            assert!(steps <= 4 * stream.len() + 100, "it goes round in circles");
            let context =
                Context { config, clients: &clients, memory: &memory, tls_available: true, now };
            let mut rest = &input[..];
            let mut replies = Vec::new();
            let step = session.advance(&mut rest, &context, &mut replies);
            talk.replies.append(&mut replies);
            input.drain(..input.len() - rest.len());
            match step {
                Step::Flush => {}
                Step::Read => break,
                Step::Submit(submission) => {
                    check_submission(&submission, config);
                    let id = AlertId(talk.messages.len() as u64);
                    let answer = if full { Err(Rejected::QueueFull) } else { Ok(Accepted { id }) };
                    talk.messages.push(format!("{submission:?}"));
                    session.submitted(&answer, &mut talk.replies);
                }
                // A handshake would follow, and no cleartext counts any more.
                Step::StartTls => break 'talk,
                Step::Close { .. } => {
                    talk.closed = true;
                    break 'talk;
                }
            }
        }
        assert!(input.len() <= 512 + size, "{} bytes wait", input.len());
    }
    drop(session);
    assert_eq!(memory.used(), 0);
    talk
}

fn check_submission(submission: &Submission, config: &Config) {
    let Submission { people, raw, .. } = submission;
    assert!(!people.is_empty());
    assert!(people.iter().all(|name| config.directory.people.contains_key(name)));
    assert!(raw.len() as u64 <= config.smtp.max_message.0);
    assert!(raw.is_empty() || raw.ends_with(b"\r\n"));
    let text = String::from_utf8_lossy(raw).replace("\r\n", "");
    assert!(!text.contains(['\r', '\n']), "a bare CR or LF");
}

/// A mail, understood and said in every way: something comes of it, the lines are lines, the
/// length has a limit, and what the store will hold is read back as it was.
fn mail_to_alert(bytes: &[u8]) {
    let origin = Origin { sender: "zabbix@example.org".to_owned(), ..Origin::default() };
    let (mail, events) = alert::understand(bytes, &origin);
    assert!(!events.is_empty());
    let line =
        |text: &str| !text.contains(|c: char| c.is_control()) && text.chars().count() <= 1000;
    assert!(line(&mail.from) && line(&mail.subject) && line(&mail.date));
    assert!(mail.body.len() <= 64 * 1024 + 4 && !mail.body.contains('\r'));
    for event in &events {
        assert!(line(&event.summary) && line(&event.identity), "{event:?}");
        assert!(!event.source.is_empty() && !event.identity.is_empty(), "{event:?}");
    }
    let received = jiff::Timestamp::UNIX_EPOCH;
    let alert = Alert { id: AlertId(1), received, origin, people: Vec::new(), text: mail, events };
    let json = serde_json::to_vec(&alert).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Alert>(&json).expect("it can be read"), alert);

    let own = TextTemplates {
        sms: Some("{severity} {host} {check} {subject}: {summary}".parse().expect("a template")),
        call: Some("{kind} {problem_id} {body}".parse().expect("a template")),
    };
    let languages: [Language; 2] = ["en", "es-GT"].map(|tag| tag.parse().expect("a language"));
    let mut templates = Templates::default();
    templates.by_language.insert(languages[1].clone(), own);
    for language in &languages {
        let sms = text::sms(&alert, language, &templates);
        assert!(split(&shorten(&sms, 3), 0).len() <= 3);
        let _spoken = text::call(&alert, language, &templates);
        let digest = text::digest(&[alert.clone(), alert.clone()], language);
        assert_eq!(digest.lines().count(), 3, "{digest:?}");
    }
}

/// A configuration file: read, or refused with faults that stand in it.
fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count() + 1;
    let faults = match Config::parse(&text) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => {
            assert!(!faults.is_empty());
            faults
        }
    };
    for fault in faults {
        assert!((1..=lines).contains(&fault.line) && fault.column >= 1, "{fault}");
        assert!(!fault.message.is_empty(), "{fault}");
    }
    assert!(!config::known_keys(&text).contains(""));
}

/// The mail as it goes to the relay: always one `From`, ASCII in the header, CRLF throughout, the
/// body as it was.
fn mail_rewrite(bytes: &[u8]) {
    let from: MailAddress = "alerts@example.org".parse().expect("an address");
    let text = String::from_utf8_lossy(bytes);
    let facts = Facts {
        from: &from,
        name: "smtp.appliance",
        alert: AlertId(1),
        received: jiff::Timestamp::UNIX_EPOCH,
        client: &text,
        helo: &text,
        summary: &text,
    };
    let out = match rewrite(&Bytes::copy_from_slice(bytes), &facts) {
        Ok(out) => out,
        Err(Loop(passes)) => return assert!(passes > MAX_PASSES),
    };
    assert!(out.header.is_ascii());
    let header = str::from_utf8(&out.header).expect("ASCII");
    let lines = header.strip_suffix("\r\n\r\n").expect("a blank line at the end").split("\r\n");
    let mut senders = 0;
    for line in lines {
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "{line:?}");
        senders += usize::from(line.to_ascii_lowercase().starts_with("from:"));
    }
    assert_eq!(senders, 1);
    let body = String::from_utf8_lossy(&out.body).replace("\r\n", "");
    assert!(!body.contains(['\r', '\n']));
    if !bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
        assert!(bytes.ends_with(&out.body));
    }
}

/// A sound file: sound of a known rate and a length with a limit, which can be written and read
/// again, or an error in words.
fn sound(bytes: &[u8]) {
    let pcm = match audio::decode(bytes.to_vec()) {
        Ok(pcm) => pcm,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(!pcm.samples.is_empty() && pcm.duration() <= audio::LONGEST);
    let again = audio::wav(&pcm).and_then(audio::decode).expect("what was written");
    assert!((again.rate, &again.samples) == (pcm.rate, &pcm.samples));
}

/// A text as it is said: sentences with something to say, of a limited length in all, and nothing
/// that commands a voice or a terminal. The first byte chooses the language.
fn spoken(bytes: &[u8]) {
    let Some((&how, text)) = bytes.split_first() else { return };
    let languages = ["en", "es", "de", "zh"];
    let language: Language = languages[usize::from(how) % 4].parse().expect("a language");
    let sentences = words(&String::from_utf8_lossy(text), &language, &BTreeMap::new());
    let length: usize = sentences.iter().map(|sentence| sentence.chars().count()).sum();
    assert!(length <= 40_000, "{length} characters");
    for sentence in sentences {
        assert!(sentence.chars().any(char::is_alphanumeric), "{sentence:?}");
        assert!(
            !sentence.contains(|c: char| c.is_control() || "<>[]|".contains(c)),
            "{sentence:?}"
        );
    }
}

/// What the other side of a call sends: datagrams, each after an octet with its length, from where
/// it should be or, with the length's highest bit, from elsewhere. Everything that comes of them has
/// a limit. The first octet says what was agreed.
fn rtp(bytes: &[u8]) {
    const RECORDED: usize = 16_000;
    let Some((&how, mut rest)) = bytes.split_first() else { return };
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = Stream {
        remote: at(4000),
        remote_rtcp: at(4001),
        codec: audio::g711::Law::A,
        payload: 8,
        events: (how & 1 == 0).then_some(101),
        events_received: None,
        comfort_noise: Some(13),
        packet_time: Duration::from_millis(20),
        we_send: true,
        we_receive: how & 2 == 0,
        keys: None,
    };
    let mut now = tokio::time::Instant::now().into_std();
    let mut incoming = Incoming::new(Duration::from_secs(10), RECORDED);
    incoming.point(stream, now);
    let (mut datagrams, mut keys, mut others) = (0, 0, 0);
    while let Some((&length, more)) = rest.split_first() {
        let from = at(if length & 0x80 == 0 { 4000 } else { 4002 });
        let (datagram, left) = more.split_at(usize::from(length & 0x7f).min(more.len()));
        rest = left;
        datagrams += 1;
        now += Duration::from_millis(u64::from(how >> 2));
        for happening in incoming.datagram(&mut datagram.to_vec(), from, 7, now) {
            match happening {
                Happening::Key(key) => {
                    assert!("0123456789*#ABCD".contains(key));
                    keys += 1;
                }
                // Each of them once.
                Happening::Heard | Happening::Moved(_) | Happening::Collision => others += 1,
            }
        }
    }
    assert!(keys <= 16 + datagrams * u64::from(how >> 2) / 50 + 1 && others <= 3);
    let (counts, rejected) = (incoming.counts(), incoming.rejected());
    assert!(counts.received + counts.duplicates <= datagrams && counts.late <= counts.received);
    assert!(rejected.unexpected <= datagrams && rejected.refused == 0);
    assert!(counts.lost() <= counts.expected);
    assert!(incoming.recorded().samples.len() <= RECORDED);
    let _report = incoming.report();
}

/// Reports of the other side: what was read can be written, and is read again.
fn rtcp(bytes: &[u8]) {
    let reports = match Reports::read(bytes) {
        Ok(reports) => reports,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(reports.leavers.len() <= 31);
    for report in reports.reports {
        let leaves = reports.leavers.contains(&report.ssrc);
        let again = Reports::read(&rtcp::write(&report, "name", leaves)).expect("what was written");
        assert_eq!(again.reports, [report]);
        assert_eq!(again.name.as_deref(), Some("name"));
        assert_eq!(again.leavers.is_empty(), !leaves);
    }
}

/// Encrypted packets: nobody makes one without the key; what is sealed opens once, and not at all
/// when it was changed. The first two octets say how, and what is changed.
fn srtp(bytes: &[u8]) {
    let Some(([how, place], packet)) = bytes.split_first_chunk::<2>() else { return };
    let suite = if how & 1 == 0 { Suite::Aes80 } else { Suite::Aes32 };
    let key = MasterKey { suite, key: *b"thirty octets of key and salt." };
    let mut opener = Opener::new(&key).expect("a key");
    let mut report_opener = ReportOpener::new(&key).expect("a key");
    assert!(opener.open(&mut packet.to_vec()).is_err());
    assert!(report_opener.open(&mut packet.to_vec()).is_err());
    let changed = |sealed: &[u8]| {
        let mut changed = sealed.to_vec();
        let place = usize::from(*place) % changed.len();
        changed[place] ^= 1 << (how >> 5);
        changed
    };

    let mut sealed = packet.to_vec();
    let done = Sealer::new(&key).expect("a key").seal(&mut sealed);
    assert_eq!(done.is_ok(), Header::read(packet).is_ok());
    if done.is_ok() {
        assert!(opener.open(&mut changed(&sealed)).is_err());
        let mut clear = sealed.clone();
        assert_eq!(opener.open(&mut clear), Ok(()));
        assert_eq!(clear, packet);
        assert_eq!(opener.open(&mut sealed), Err(SrtpError::Replayed));
    }

    let mut sealed = packet.to_vec();
    if ReportSealer::new(&key, 0).expect("a key").seal(&mut sealed).is_ok() {
        assert!(report_opener.open(&mut changed(&sealed)).is_err());
        let mut clear = sealed.clone();
        assert_eq!(report_opener.open(&mut clear), Ok(()));
        assert_eq!(clear, packet);
        assert_eq!(report_opener.open(&mut sealed), Err(SrtpError::Replayed));
    }
}
