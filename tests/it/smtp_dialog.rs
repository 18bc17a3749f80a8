//! SMTP dialogues as text files, played to a session without socket or clock.
//!
//! `tests/dialog/smtp/*.txt` hold lines of these kinds:
//! - `# words`: a comment.
//! - `? setting value`: how the receiver is set up; see [`Stage::set`].
//! - `C: text`: the client sends the text and CRLF. `C[n]: text`: the text n times, then CRLF.
//! - `c: text`: the client sends just the text. In both `\r \n \t \0 \\ \xNN` are what they are in C.
//! - `S: text`: the server's next reply line.
//! - `M: sender > person person: text`: the message handed in.
//! - `T:`: TLS begins. `X:`: the server closes. `stop:`: the appliance is told to stop.
//!
//! Each is played three times: as it stands, byte by byte, and all packets in one where no `S:`
//! stands between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use smtp_appliance::config::{AuthPolicy, ByteSize, Config, Listener, ListenerTls, PersonName};
use smtp_appliance::intake::{Rejected, Submission};
use smtp_appliance::smtp::{Clients, Context, Memory, Session, Step};

use crate::support::door::RecordingDoor;
use crate::support::receiver::{config, listener};

/// A session with all it needs.
struct Stage {
    config: Config,
    listener: Listener,
    tls: bool,
    clients: Clients,
    memory: Arc<Memory>,
    now: Instant,
    door: RecordingDoor,
    session: Option<Session>,
    input: Vec<u8>,
    /// Replies not yet sent, and those sent.
    output: Vec<u8>,
    sent: Vec<u8>,
    closed: bool,
    tls_began: bool,
}

impl Stage {
    fn new() -> Self {
        Self {
            config: config(Path::new("/nowhere")),
            listener: listener(ListenerTls::Starttls, AuthPolicy::Optional),
            tls: false,
            clients: Clients::default(),
            memory: Memory::new(1 << 20),
            now: tokio::time::Instant::now().into_std(),
            door: RecordingDoor::default(),
            session: None,
            input: Vec::new(),
            output: Vec::new(),
            sent: Vec::new(),
            closed: false,
            tls_began: false,
        }
    }

    fn set(&mut self, setting: &str, value: &str) {
        let number = || value.parse::<usize>().unwrap();
        match (setting, value) {
            ("tls", "on") => self.tls = true,
            ("starttls", "off") => self.listener.tls = ListenerTls::Off,
            ("auth", "off") => self.listener.auth = AuthPolicy::Off,
            ("auth", "required") => self.listener.auth = AuthPolicy::Required,
            ("auth-without-tls", "on") => self.config.smtp.auth_without_tls = true,
            ("vrfy", "off") => self.config.smtp.vrfy = false,
            ("max-message", _) => self.config.smtp.max_message = ByteSize(number() as u64),
            ("max-line", _) => self.config.smtp.max_line = ByteSize(number() as u64),
            ("max-recipients", _) => self.config.smtp.max_recipients = number(),
            ("messages-per-minute", _) => {
                self.config.smtp.max_messages_per_minute = u32::try_from(number()).unwrap();
            }
            ("memory", _) => self.memory = Memory::new(number()),
            ("reject", "queue-full") => self.door.reject(Some(Rejected::QueueFull)),
            ("reject", "storage") => self.door.reject(Some(Rejected::Storage("broken".into()))),
            ("reject", "stopping") => self.door.reject(Some(Rejected::Stopping)),
            _ => panic!("unknown setting {setting} {value}"),
        }
    }

    fn session(&mut self) -> &mut Session {
        self.session.get_or_insert_with(|| {
            let client = "127.0.0.1".parse().unwrap();
            let listener = self.listener.clone();
            Session::new(client, listener, self.tls, &self.config, &mut self.output)
        })
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.session();
        self.input.extend_from_slice(bytes);
        self.run();
    }

    fn send(&mut self, bytes: &[u8], pace: Pace) {
        let size = if pace == Pace::Bytes { 1 } else { bytes.len() };
        for packet in bytes.chunks(size) {
            // What follows STARTTLS would be taken for a handshake, and break it.
            if !self.tls_began {
                self.feed(packet);
            }
        }
    }

    /// Nothing was said, handed in or held that the dialogue does not tell of.
    fn is_over(&self, submissions: usize) -> Result<(), String> {
        if !self.sent.is_empty() {
            return Err(format!("replied more: {}", self.sent.escape_ascii()));
        }
        if self.door.submissions().len() != submissions {
            return Err(format!("handed in more: {:?}", self.door.submissions()));
        }
        if self.closed && self.memory.used() != 0 {
            return Err(format!("{} bytes stay held", self.memory.used()));
        }
        Ok(())
    }

    fn run(&mut self) {
        while !self.closed {
            let context = Context {
                config: &self.config,
                clients: &self.clients,
                memory: &self.memory,
                tls_available: true,
                now: self.now,
            };
            let mut rest = &self.input[..];
            let session = self.session.as_mut().unwrap();
            let step = session.advance(&mut rest, &context, &mut self.output);
            let used = self.input.len() - rest.len();
            self.input.drain(..used);
            match step {
                Step::Flush => self.sent.append(&mut self.output),
                Step::Read => break,
                Step::Submit(submission) => {
                    let answer = self.door.answer(submission);
                    session.submitted(&answer, &mut self.output);
                }
                Step::StartTls => {
                    self.input.clear();
                    self.tls_began = true;
                    session.tls_started();
                }
                Step::Close { .. } => self.closed = true,
            }
        }
        self.sent.append(&mut self.output);
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.bytes();
    while let Some(byte) = chars.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match chars.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let digits = [chars.next().unwrap(), chars.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => panic!("unknown escape {other:?} in {text:?}"),
        });
    }
    bytes
}

fn describe(submission: &Submission) -> String {
    let people: Vec<_> = submission.people.iter().map(PersonName::as_str).collect();
    let raw = submission.raw.escape_ascii();
    format!("{} > {}: {raw}", submission.origin.sender, people.join(" "))
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Pace {
    Lines,
    Bytes,
    Packets,
}

/// Plays one dialogue; the text says what went wrong.
fn play(dialogue: &str, pace: Pace) -> Result<(), String> {
    let mut stage = Stage::new();
    let mut submissions = 0;
    let mut pending = Vec::new();
    for (number, line) in dialogue.lines().enumerate() {
        let wrong = |what: String| Err(format!("line {}, {pace:?}: {line}\n{what}", number + 1));
        let Some((kind, text)) = line.split_once(' ').or(Some((line, ""))) else { continue };
        match kind {
            "" | "#" => {}
            "?" => {
                let (setting, value) = text.split_once(' ').unwrap();
                stage.set(setting, value);
            }
            "c:" => pending.extend(unescape(text)),
            _ if kind.starts_with('C') => {
                let count = kind.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
                pending.extend(unescape(text).repeat(count));
                pending.extend(b"\r\n");
            }
            "S:" => {
                stage.feed(b"");
                let Some(end) = stage.sent.windows(2).position(|pair| pair == b"\r\n") else {
                    return wrong(format!("no reply but {}", stage.sent.escape_ascii()));
                };
                let reply: Vec<u8> = stage.sent.drain(..end + 2).collect();
                if reply[..end] != *text.as_bytes() {
                    return wrong(format!("replied: {}", reply[..end].escape_ascii()));
                }
            }
            "M:" => {
                let all = stage.door.submissions();
                let Some(submission) = all.get(submissions) else {
                    return wrong("nothing was handed in".into());
                };
                if describe(submission) != text {
                    return wrong(format!("handed in: {}", describe(submission)));
                }
                submissions += 1;
            }
            "T:" if !std::mem::take(&mut stage.tls_began) => return wrong("no TLS".into()),
            "X:" if !stage.closed => return wrong("not closed".into()),
            "T:" | "X:" => {}
            "stop:" => {
                stage.session().stop();
                stage.run();
            }
            _ => panic!("unknown line {line:?}"),
        }
        let next = dialogue.lines().nth(number + 1).unwrap_or_default();
        let same_packet = pace == Pace::Packets && next.to_ascii_uppercase().starts_with('C');
        if pending.is_empty() || same_packet {
            continue;
        }
        stage.send(&std::mem::take(&mut pending), pace);
    }
    stage.is_over(submissions).map_err(|failure| format!("{pace:?}: {failure}"))
}

fn dialogues() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialog/smtp");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_dialogue_goes_as_written() {
    let mut failures = Vec::new();
    for file in dialogues() {
        let dialogue = fs::read_to_string(&file).unwrap();
        for pace in [Pace::Lines, Pace::Bytes, Pace::Packets] {
            // STARTTLS drops what came in one packet with it, as it must.
            if pace == Pace::Packets && dialogue.contains("\nT:") {
                continue;
            }
            if let Err(failure) = play(&dialogue, pace) {
                failures.push(format!("{}: {failure}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What a stream of bytes leads to, cut into packets at `cuts`.
fn outcome(stream: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<String>, bool) {
    let mut stage = Stage::new();
    stage.set("max-line", "64");
    stage.set("max-message", "60");
    stage.set("max-recipients", "3");
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        stage.feed(&stream[pair[0]..pair[1]]);
    }
    let submissions = stage.door.submissions().iter().map(describe).collect();
    (stage.sent, submissions, stage.closed)
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "EHLO x\r\n",
        "HELO x\n",
        "MAIL FROM:<a@b>\r\n",
        "mail from: <a@b> size=100\r\n",
        "RCPT TO:<ana@example.org>\r\n",
        "RCPT TO:<nobody@example.org>\r\n",
        "DATA\r\n",
        "DATA\n",
        "BDAT 5\r\n",
        "BDAT 7 LAST\r\n",
        "BDAT 70\r\n",
        "BDAT 0 LAST\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "QUIT\r\n",
        "AUTH LOGIN\r\n",
        "VRFY ana\r\n",
        "text\r\n",
        "..\r\n",
        ".\r\n",
        "\r\n.\r\n",
        ".\n",
        "\n.\r\n",
        "\r",
        ".",
        "\n",
        "0123456789012345678901234567890123456789",
    ]);
    prop_oneof![
        9 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn packets_do_not_matter(
        pieces in prop::collection::vec(piece(), 0..25),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let stream = pieces.concat();
        prop_assert_eq!(outcome(&stream, &cuts), outcome(&stream, &[]));
    }

    #[test]
    fn a_good_start_and_any_packets(
        pieces in prop::collection::vec(piece(), 0..20),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let mut stream = b"MAIL FROM:<a@b>\r\nRCPT TO:<ana@example.org>\r\nDATA\r\n".to_vec();
        stream.extend(pieces.concat());
        prop_assert_eq!(outcome(&stream, &cuts), outcome(&stream, &[]));
    }
}
