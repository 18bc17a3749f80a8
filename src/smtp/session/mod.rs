//! One SMTP session, without its socket and its clock: bytes go in, replies and steps come out.
//!
//! The caller feeds what it has read to [`Session::advance`], sends what stands in `out`, and does
//! the [`Step`] it is told. However the bytes are cut into packets, the replies are the same.

mod hello;
mod login;
mod lookup;
mod mail;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use memchr::memchr;

use self::mail::Transaction;
use super::auth::Exchange;
use super::clients::Clients;
use super::command::{self, Command, Fault};
use super::memory::{Held, Memory};
use super::message::Message;
use super::reply;
use crate::config::{Config, Listener};
use crate::intake::Submission;

/// Refused commands after which the connection is closed.
const MAX_ERRORS: u32 = 20;

/// Bytes of one over-long line that are skipped before the connection is closed.
const MAX_SKIPPED: usize = 64 * 1024;

/// Replies are sent when there are so many bytes of them, before more commands are read.
const FLUSH_AT: usize = 4096;

/// So many bytes of a message count as progress, as a whole command does.
const DATA_PROGRESS: usize = 1024;

/// What the session knows of the world at the moment.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The configuration as it is now; limits and people may change within a session.
    pub config: &'a Config,
    /// What this and other clients have used.
    pub clients: &'a Clients,
    /// Memory for messages.
    pub memory: &'a Arc<Memory>,
    /// Whether there is a certificate for STARTTLS.
    pub tls_available: bool,
    /// Now.
    pub now: Instant,
}

/// What is to be done next. Replies are to be sent first, but at [`Step::Submit`] they may wait for
/// the one that follows.
#[derive(Debug)]
pub enum Step {
    /// Send the replies and come back with the same input.
    Flush,
    /// Send the replies, read more, and come back with it behind what is left of the input.
    Read,
    /// Hand the message in, then call [`Session::submitted`].
    Submit(Submission),
    /// Send the reply, forget the rest of the input (what was sent before TLS is not to be
    /// believed, CVE-2011-0411), begin TLS, then call [`Session::tls_started`].
    StartTls,
    /// Send the replies and close. With `linger` the client may still be sending: reading on for a
    /// while lets it see the last reply before the connection breaks.
    Close {
        /// Whether to read on for a while.
        linger: bool,
    },
}

/// Why a session is ended from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client has been silent for too long.
    Idle,
    /// The session has lasted too long.
    TooLong,
    /// The appliance stops.
    Stopping,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    client: IpAddr,
    listener: Listener,
    tls: bool,
    helo: String,
    user: Option<String>,
    transaction: Option<Transaction>,
    state: State,
    errors: u32,
    failed_logins: u32,
    progress: u64,
    data_since_progress: usize,
    stopping: bool,
}

#[derive(Debug)]
enum State {
    /// A command comes next.
    Command,
    /// An over-long line is skipped up to its end; so many bytes already were.
    SkipLine(usize),
    /// A line of AUTH comes next.
    Login(Exchange),
    /// The lines after DATA.
    Data(Message),
    /// `left` bytes of a BDAT chunk; with `refusal` they are skipped.
    Chunk {
        left: usize,
        last: bool,
        refusal: Option<&'static str>,
    },
    /// The message is with the intake.
    Submitted {
        _held: Held,
    },
    Closed {
        linger: bool,
    },
}

impl Session {
    /// A session of `client` on `listener`, `tls` if it began with TLS. The greeting is written to
    /// `out`.
    #[must_use]
    pub fn new(
        client: IpAddr,
        listener: Listener,
        tls: bool,
        config: &Config,
        out: &mut Vec<u8>,
    ) -> Self {
        reply::pieces(out, &["220 ", &config.appliance.name, " ESMTP"]);
        Self {
            client: client.to_canonical(),
            listener,
            tls,
            helo: String::new(),
            user: None,
            transaction: None,
            state: State::Command,
            errors: 0,
            failed_logins: 0,
            progress: 0,
            data_since_progress: 0,
            stopping: false,
        }
    }

    /// Goes on with `input`, which is shortened by what was used, and writes replies to `out`.
    #[must_use]
    pub fn advance(&mut self, input: &mut &[u8], context: &Context<'_>, out: &mut Vec<u8>) -> Step {
        loop {
            if out.len() >= FLUSH_AT {
                return Step::Flush;
            }
            if self.errors >= MAX_ERRORS && matches!(self.state, State::Command) {
                self.close(reply::TOO_MANY_ERRORS, out);
            }
            if self.stopping && !self.is_in_message() {
                self.close(reply::STOPPING, out);
            }
            let step = match self.state {
                State::Command | State::Login(_) => self.read_line(input, context, out),
                State::SkipLine(skipped) => self.skip_line(skipped, input, out),
                State::Data(_) => self.read_data(input, out),
                State::Chunk { .. } => self.read_chunk(input, out),
                State::Submitted { .. } => Some(Step::Read),
                State::Closed { linger } => Some(Step::Close { linger }),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// TLS has begun: all that was said before is forgotten (RFC 3207 section 4.2).
    pub fn tls_started(&mut self) {
        self.tls = true;
        self.helo.clear();
        self.user = None;
        self.transaction = None;
    }

    /// The appliance stops: ends the session at once, or when the message in progress is done. The
    /// next [`Session::advance`] tells which.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Ends the session from our side, with a word about it.
    pub fn end(&mut self, ending: Ending, out: &mut Vec<u8>) {
        let line = match ending {
            Ending::Idle => reply::IDLE,
            Ending::TooLong => reply::SESSION_OVER,
            Ending::Stopping => reply::STOPPING,
        };
        self.close(line, out);
    }

    /// Grows with each command and each KiB of a message: a client is idle while it stays the
    /// same, however many single bytes come.
    #[must_use]
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// Whether a message is coming in.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Data(_) | State::Chunk { .. })
    }

    /// Whether the client speaks over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    fn is_in_message(&self) -> bool {
        match self.state {
            State::Data(_)
            | State::Chunk { .. }
            | State::Submitted { .. }
            | State::Closed { .. } => true,
            State::Command | State::SkipLine(_) | State::Login(_) => {
                self.transaction.as_ref().is_some_and(Transaction::has_begun)
            }
        }
    }

    fn read_line(
        &mut self,
        input: &mut &[u8],
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Step> {
        let longest = usize::try_from(context.config.smtp.max_line.0).unwrap_or(usize::MAX);
        let Some(end) = memchr(b'\n', input) else {
            if input.len() <= longest {
                return Some(Step::Read);
            }
            self.state = State::SkipLine(0);
            return None;
        };
        if end > longest {
            self.state = State::SkipLine(0);
            return None;
        }
        let (line, rest) = input.split_at(end + 1);
        *input = rest;
        self.progress += 1;
        if let State::Login(exchange) = std::mem::replace(&mut self.state, State::Command) {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.resume_login(exchange, line, context, out);
            return None;
        }
        self.command(line, context, out)
    }

    fn skip_line(&mut self, skipped: usize, input: &mut &[u8], out: &mut Vec<u8>) -> Option<Step> {
        let end = memchr(b'\n', input);
        let skipped = skipped.saturating_add(end.unwrap_or(input.len()));
        if skipped > MAX_SKIPPED {
            self.close(reply::LINE_FAR_TOO_LONG, out);
            return None;
        }
        *input = end.and_then(|end| input.get(end + 1..)).unwrap_or_default();
        if end.is_some() {
            self.state = State::Command;
            self.say(reply::LINE_TOO_LONG, out);
            None
        } else {
            self.state = State::SkipLine(skipped);
            Some(Step::Read)
        }
    }

    fn command(&mut self, line: &[u8], context: &Context<'_>, out: &mut Vec<u8>) -> Option<Step> {
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(Fault::Reply(reply)) => {
                self.say(reply, out);
                return None;
            }
            Err(Fault::Http) => {
                self.close(reply::NOT_HTTP, out);
                return None;
            }
        };
        match command {
            Command::Hello { extended, host } => self.hello(extended, &host, context, out),
            Command::Mail { sender, size } => self.mail(&sender, size, context, out),
            Command::Rcpt { recipient } => self.rcpt(&recipient, context, out),
            Command::Data => self.data(line.ends_with(b"\r\n"), context, out),
            Command::Bdat { size, last } => self.bdat(size, last, context),
            Command::Rset => {
                self.transaction = None;
                self.say(reply::RESET_OK, out);
            }
            Command::Noop => self.say(reply::NOTHING_DONE, out),
            Command::Help => self.say(reply::HELP, out),
            Command::Vrfy { name } => self.vrfy(&name, context, out),
            Command::Expn { name } => self.expn(&name, context, out),
            Command::Auth { mechanism, initial } => self.auth(mechanism, &initial, context, out),
            Command::StartTls => return self.starttls(context, out),
            Command::Quit => self.close(reply::BYE, out),
        }
        None
    }

    fn starttls(&mut self, context: &Context<'_>, out: &mut Vec<u8>) -> Option<Step> {
        if self.offers_starttls(context) {
            self.say(reply::START_TLS, out);
            return Some(Step::StartTls);
        }
        let listens = self.listener.tls == crate::config::ListenerTls::Starttls;
        let refusal = match (self.tls, listens) {
            (true, _) => reply::BAD_SEQUENCE,
            (false, true) => reply::TLS_UNAVAILABLE,
            (false, false) => reply::NOT_IMPLEMENTED,
        };
        self.say(refusal, out);
        None
    }

    /// Answers with `line`; refusals are counted and told in the log.
    fn say(&mut self, line: &'static str, out: &mut Vec<u8>) {
        reply::line(out, line);
        let client = self.client;
        match line.as_bytes() {
            [b'4', b'5', ..] => {
                // Who names too many recipients is still to deliver to the first of them.
                self.errors += u32::from(line != reply::TOO_MANY_RECIPIENTS);
                tracing::warn!(%client, reply = line, "refused for now");
            }
            [b'5', b'3' | b'5', ..] => {
                self.errors += 1;
                tracing::info!(%client, reply = line, "refused");
            }
            [b'5', ..] => {
                self.errors += 1;
                tracing::debug!(%client, reply = line, "refused");
            }
            _ => {}
        }
    }

    fn close(&mut self, line: &'static str, out: &mut Vec<u8>) {
        if !matches!(self.state, State::Closed { .. }) {
            tracing::debug!(client = %self.client, reply = line, "closing");
            reply::line(out, line);
            self.state = State::Closed { linger: line != reply::BYE };
            self.transaction = None;
        }
    }
}
