//! The relay's side of one connection (RFC 5321).

use std::io;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy, sink,
};

use super::fault::{Fault, Step};
use super::{RelayedMail, Shared};
use crate::config::RelayTls;

/// Longest command line, in bytes.
const MAX_LINE: u64 = 12_288;

/// Largest mail, in bytes.
const MAX_MAIL: u64 = 64 * 1024 * 1024;

/// Most recipients of a mail.
const MAX_RECIPIENTS: usize = 1000;

/// One connection, before or after TLS began.
pub(super) struct Session<'a, S> {
    stream: BufReader<S>,
    shared: &'a Shared,
    tls: bool,
    /// What is known of the mail to come.
    mail: RelayedMail,
}

/// Why a session ended.
pub(super) enum End<S> {
    /// By QUIT, by the client, or by a fault.
    Closed,
    /// TLS comes next on this stream.
    Starttls(S),
}

/// What to do after a command.
enum Next {
    /// The right answer was given.
    Go,
    /// Another answer was given: the command counts for nothing.
    Stay,
    Close,
    Starttls,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    pub(super) fn new(stream: S, shared: &'a Shared, connection: u64, tls: bool) -> Self {
        let mail = RelayedMail {
            number: 0,
            connection,
            hello: String::new(),
            tls,
            user: None,
            from: String::new(),
            to: Vec::new(),
            data: Vec::new(),
        };
        Self { stream: BufReader::new(stream), shared, tls, mail }
    }

    pub(super) async fn run(mut self, greet: bool) -> io::Result<End<S>> {
        if greet
            && let Next::Close = self.answer(Step::Greeting, "", "220 relay.demo ESMTP").await?
        {
            return Ok(End::Closed);
        }
        loop {
            let Some(line) = self.line().await? else { return Ok(End::Closed) };
            match self.command(&line).await? {
                Next::Go | Next::Stay => {}
                Next::Close => return Ok(End::Closed),
                Next::Starttls => return Ok(End::Starttls(self.stream.into_inner())),
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                argument.clone_into(&mut self.mail.hello);
                self.answer(Step::Hello, line, &self.extensions()).await
            }
            "HELO" => {
                argument.clone_into(&mut self.mail.hello);
                self.answer(Step::Hello, line, "250 relay.demo").await
            }
            "STARTTLS" if self.offers_starttls() => {
                match self.answer(Step::Starttls, line, "220 2.0.0 go ahead").await? {
                    Next::Go => Ok(Next::Starttls),
                    next @ (Next::Stay | Next::Close | Next::Starttls) => Ok(next),
                }
            }
            "AUTH" => self.login(line, argument).await,
            "MAIL" => self.mail_from(line).await,
            "RCPT" => self.rcpt_to(line).await,
            "DATA" if self.mail.to.is_empty() => self.say("503 5.5.1 no recipient").await,
            "DATA" => match self.answer(Step::Data, line, "354 end with a dot").await? {
                Next::Go => self.data().await,
                next @ (Next::Stay | Next::Close | Next::Starttls) => Ok(next),
            },
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 Ok").await
            }
            "NOOP" => self.say("250 2.0.0 Ok").await,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                Ok(Next::Close)
            }
            _ => self.say("500 5.5.2 unknown command").await,
        }
    }

    fn offers_starttls(&self) -> bool {
        self.shared.settings.tls == RelayTls::Starttls && !self.tls
    }

    fn extensions(&self) -> String {
        let settings = &self.shared.settings;
        let offers = [
            (true, "relay.demo"),
            (settings.eight_bit_mime, "8BITMIME"),
            (settings.smtputf8, "SMTPUTF8"),
            (true, "PIPELINING"),
            (self.offers_starttls(), "STARTTLS"),
            (settings.login.is_some(), "AUTH PLAIN LOGIN"),
            (true, "ENHANCEDSTATUSCODES"),
        ];
        let offered: Vec<_> = offers.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        let (last, lines) = offered.split_last().unwrap_or((&"relay.demo", &[]));
        let lines: Vec<_> = lines.iter().map(|word| format!("250-{word}\r\n")).collect();
        format!("{}250 {last}", lines.concat())
    }

    /// AUTH PLAIN (RFC 4616), with or without initial response, and AUTH LOGIN.
    async fn login(&mut self, line: &str, argument: &str) -> io::Result<Next> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let given = if mechanism.eq_ignore_ascii_case("PLAIN") {
            let response = if initial.is_empty() { self.ask("").await? } else { decode(initial) };
            let mut parts = response.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            (self.ask("Username:").await?, self.ask("Password:").await?)
        };
        if self.shared.settings.login.as_ref() != Some(&given) {
            return self.say("535 5.7.8 wrong user or password").await;
        }
        let next = self.answer(Step::Login, line, "235 2.7.0 welcome").await?;
        if let Next::Go = next {
            self.mail.user = Some(given.0);
        }
        Ok(next)
    }

    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.say(&format!("334 {}", STANDARD.encode(question))).await?;
        Ok(decode(&self.line().await?.unwrap_or_default()))
    }

    async fn mail_from(&mut self, line: &str) -> io::Result<Next> {
        let needs_login = self.shared.settings.login.is_some() && self.mail.user.is_none();
        let answer = match argument(line, "MAIL FROM:") {
            Some(_) if needs_login => "530 5.7.0 log in first",
            Some(from) => {
                self.reset();
                from.clone_into(&mut self.mail.from);
                "250 2.1.0 Ok"
            }
            None => "501 5.5.4 MAIL FROM:<address>",
        };
        let next = self.answer(Step::Mail, line, answer).await?;
        if let Next::Stay = next {
            self.reset();
        }
        Ok(next)
    }

    async fn rcpt_to(&mut self, line: &str) -> io::Result<Next> {
        let fault = self.shared.troubles.next(Step::Rcpt, line);
        let answer = match argument(line, "RCPT TO:") {
            _ if self.mail.from.is_empty() => "503 5.5.1 MAIL first",
            Some(_) if self.mail.to.len() >= MAX_RECIPIENTS => "452 4.5.3 too many recipients",
            Some(to) => {
                if !matches!(fault, Some(Fault::Reply(_))) {
                    self.mail.to.push(to.to_owned());
                }
                "250 2.1.5 Ok"
            }
            None => "501 5.5.4 RCPT TO:<address>",
        };
        self.answer_with(fault, answer).await
    }

    /// The mail's lines, up to CRLF.CRLF and nothing else.
    async fn data(&mut self) -> io::Result<Next> {
        let mut data = Vec::new();
        let mut at_line_start = true;
        loop {
            let start = data.len();
            let room = MAX_MAIL.saturating_sub(start as u64);
            if (&mut self.stream).take(room).read_until(b'\n', &mut data).await? == 0 {
                return Ok(Next::Close);
            }
            if start == 0
                && let Some(fault) = self.shared.troubles.next(Step::Content, "")
            {
                return self.answer_with(Some(fault), "").await;
            }
            let line = data.get(start..).unwrap_or_default();
            let (dot, whole) = (at_line_start && line.starts_with(b"."), line.ends_with(b"\r\n"));
            if dot && line == b".\r\n" {
                data.truncate(start);
                break;
            }
            if dot {
                data.remove(start);
            }
            at_line_start = whole;
        }
        self.keep(data).await
    }

    async fn keep(&mut self, data: Vec<u8>) -> io::Result<Next> {
        let fault = self.shared.troubles.next(Step::Dot, "");
        let mut mail = self.mail.clone();
        self.reset();
        if matches!(fault, Some(Fault::Reply(_))) {
            return self.answer_with(fault, "").await;
        }
        mail.data = data;
        mail.number = self.shared.mails.fetch_add(1, Ordering::Relaxed) + 1;
        let number = mail.number;
        if let Some(directory) = &self.shared.settings.directory {
            tokio::fs::write(directory.join(format!("{number:04}.eml")), &mail.data).await?;
        }
        if let Some(mails) = &self.shared.settings.mails {
            // Nobody listens any more: the mail is taken all the same.
            drop(mails.send(mail).await);
        }
        self.answer_with(fault, &format!("250 2.0.0 Ok: queued as {number}")).await
    }

    fn reset(&mut self) {
        self.mail.from.clear();
        self.mail.to.clear();
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await?;
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, line: &str) -> io::Result<Next> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        Ok(Next::Go)
    }

    /// The right answer, or what goes wrong at this step.
    async fn answer(&mut self, step: Step, line: &str, right: &str) -> io::Result<Next> {
        let fault = self.shared.troubles.next(step, line);
        self.answer_with(fault, right).await
    }

    async fn answer_with(&mut self, fault: Option<Fault>, right: &str) -> io::Result<Next> {
        match fault {
            None => self.say(right).await,
            Some(Fault::Reply(reply)) => {
                self.stream.write_all(&reply).await?;
                self.stream.flush().await?;
                Ok(Next::Stay)
            }
            Some(Fault::Inject(more)) => {
                let both = [right.as_bytes(), b"\r\n", &more].concat();
                self.stream.write_all(&both).await?;
                self.stream.flush().await?;
                Ok(Next::Go)
            }
            Some(Fault::Late(wait)) => {
                tokio::time::sleep(wait).await;
                self.say(right).await
            }
            Some(Fault::Silence) => {
                copy(&mut self.stream, &mut sink()).await?;
                Ok(Next::Close)
            }
            Some(Fault::Close) => Ok(Next::Close),
            Some(Fault::CloseAfter) => {
                self.say(right).await?;
                Ok(Next::Close)
            }
            Some(Fault::Flood) => loop {
                self.stream.write_all(&[b'2'; 4096]).await?;
            },
        }
    }
}

/// What follows `MAIL FROM:`, in any case and with the blanks some clients put there.
fn argument<'a>(line: &'a str, command: &str) -> Option<&'a str> {
    let (head, tail) = line.split_at_checked(command.len())?;
    let tail = head.eq_ignore_ascii_case(command).then(|| tail.trim_start())?;
    tail.starts_with('<').then_some(tail)
}

fn decode(base64: &str) -> String {
    String::from_utf8_lossy(&STANDARD.decode(base64).unwrap_or_default()).into_owned()
}
