//! Every SMTP dialogue of the corpus, said again by its client's side to the running receiver.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use smtp_appliance::config::{AuthPolicy, ListenerTls};
use tokio::net::TcpStream;

use crate::support::receiver::{Client, Receiver, listener};

/// What a client said, in order.
#[derive(Debug)]
struct Said {
    command: String,
    /// It came in one packet with the one before.
    pipelined: bool,
    /// Number of the mail that follows, if it is in the corpus.
    mail: Option<String>,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn files(suffix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.to_str().unwrap().ends_with(suffix)).collect();
    files.sort();
    files
}

/// The mails by the number in their file name.
fn mails() -> BTreeMap<String, Vec<u8>> {
    let number = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        name.split('-').find(|part| part.bytes().all(|b| b.is_ascii_digit())).unwrap().to_owned()
    };
    files(".eml").iter().map(|path| (number(path), fs::read(path).unwrap())).collect()
}

fn said(dialogue: &str) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for line in dialogue.lines() {
        if let Some(rest) = line.strip_prefix("C ") {
            let (_time, rest) = rest.trim_start().split_once(' ').unwrap();
            let (command, note) = rest[1..].rsplit_once('\'').unwrap();
            let pipelined = note.contains("PIPELINED");
            all.push(Said { command: command.to_owned(), pipelined, mail: None });
        } else if let Some((_, file)) = line.split_once(" bytes -> ") {
            let (name, _) = file.split_once(".eml").unwrap();
            let (_, number) = name.rsplit_once('-').unwrap();
            let is_message =
                |said: &&mut Said| is(&said.command, "DATA") || is(&said.command, "BDAT");
            let last = all.iter_mut().rev().find(is_message).unwrap();
            last.mail = Some(number.to_owned());
        }
    }
    all
}

fn is(command: &str, verb: &str) -> bool {
    command.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb))
}

fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            sent.push(b'.');
        }
        sent.extend_from_slice(line);
    }
    sent
}

fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text.extend_from_slice(b"\r\n");
    }
    text
}

fn expected(command: &str) -> &'static str {
    let replies = [
        ("RCPT TO:<set@", "550 5.1.1"),
        ("RCPT TO:<escape@", "550 5.1.1"),
        ("QUIT", "221"),
        ("DATA", "354"),
        ("AUTH", "235"),
    ];
    replies.iter().find(|(start, _)| is(command, start)).map_or("250", |(_, reply)| reply)
}

/// Says it all; returns the mails that should have arrived.
async fn replay(
    client: &mut Client<TcpStream>,
    all: &[Said],
    mails: &BTreeMap<String, Vec<u8>>,
) -> Vec<Vec<u8>> {
    let stand_in = || b"Subject: not in the corpus\r\n\r\n.x\r\n".to_vec();
    let mut sent = Vec::new();
    let mut packet = Vec::new();
    let mut replies = Vec::new();
    for (place, said) in all.iter().enumerate() {
        packet.extend_from_slice(format!("{}\r\n", said.command).as_bytes());
        replies.push(expected(&said.command));
        if let Some(number) = &said.mail {
            let mail = mails.get(number).cloned().unwrap_or_else(stand_in);
            if is(&said.command, "DATA") {
                client.send(&std::mem::take(&mut packet)).await;
                hear(client, &mut replies).await;
                packet = stuffed(&mail);
                packet.extend_from_slice(b".\r\n");
                replies.push("250 2.0.0 Ok: alert");
            } else {
                packet.extend_from_slice(&mail);
            }
            sent.push(mail);
        }
        if all.get(place + 1).is_none_or(|next| !next.pipelined) {
            client.send(&std::mem::take(&mut packet)).await;
            hear(client, &mut replies).await;
        }
    }
    sent
}

async fn hear(client: &mut Client<TcpStream>, replies: &mut Vec<&str>) {
    for expected in replies.drain(..) {
        let reply = client.reply().await;
        assert!(reply.starts_with(expected), "{reply:?}, not {expected}");
    }
}

#[tokio::test]
async fn every_client_of_the_corpus_is_served() {
    let mails = mails();
    let receiver = Receiver::start(|config| {
        config.smtp.auth_without_tls = true;
        config.smtp.listeners = vec![listener(ListenerTls::Off, AuthPolicy::Optional)];
        let everybody = config.directory.resolve("oncall");
        config.directory.aliases.insert("root@srv-mon-01.example.org".to_owned(), everybody);
    });
    let mut sent = Vec::new();
    let dialogues = files(".dialog.txt");
    assert!(dialogues.len() >= 181);
    for dialogue in dialogues {
        let all = said(&fs::read_to_string(&dialogue).unwrap());
        let mut client = receiver.client().await;
        sent.extend(replay(&mut client, &all, &mails).await);
        if all.last().is_some_and(|last| is(&last.command, "QUIT")) {
            assert!(client.is_closed().await, "{}", dialogue.display());
        }
    }
    let submissions = receiver.door.submissions();
    assert_eq!(submissions.len(), sent.len());
    assert!(submissions.len() >= 180);
    for (submission, mail) in submissions.iter().zip(&sent) {
        let raw = submission.raw.escape_ascii().to_string();
        assert_eq!(raw, with_crlf(mail).escape_ascii().to_string());
        assert!(!submission.people.is_empty());
        assert!(!submission.origin.recipients.is_empty());
        assert_eq!(submission.origin.client, "127.0.0.1");
    }
}
