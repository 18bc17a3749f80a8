//! The mail transaction (RFC 5321 section 3.3): MAIL, RCPT, DATA or BDAT, and the message's way
//! out.

use std::sync::Arc;

use super::{Context, DATA_PROGRESS, Session, State, Step};
use crate::alert::Origin;
use crate::config::PersonName;
use crate::intake::{Accepted, Rejected, Submission};
use crate::smtp::data::Decoder;
use crate::smtp::message::{Lost, Message};
use crate::smtp::reply;

#[derive(Debug)]
pub(super) struct Transaction {
    sender: String,
    recipients: Vec<String>,
    people: Vec<PersonName>,
    /// What the chunks of BDAT have brought so far.
    chunks: Option<Message>,
}

impl Transaction {
    pub(super) fn has_begun(&self) -> bool {
        self.chunks.is_some()
    }
}

impl Session {
    pub(super) fn mail(
        &mut self,
        sender: &str,
        size: usize,
        context: &Context<'_>,
        out: &mut Vec<u8>,
    ) {
        let smtp = &context.config.smtp;
        if self.transaction.is_some() {
            return self.say(reply::BAD_SEQUENCE, out);
        }
        if let Some(refusal) = self.login_missing(context) {
            return self.say(refusal, out);
        }
        if u64::try_from(size).is_ok_and(|size| size > smtp.max_message.0) {
            return self.say(reply::TOO_LARGE, out);
        }
        if !context.clients.take_message(self.client, smtp, context.now) {
            return self.say(reply::TOO_MANY_MESSAGES, out);
        }
        self.transaction = Some(Transaction {
            sender: sender.to_owned(),
            recipients: Vec::new(),
            people: Vec::new(),
            chunks: None,
        });
        self.say(reply::SENDER_OK, out);
    }

    pub(super) fn rcpt(&mut self, recipient: &str, context: &Context<'_>, out: &mut Vec<u8>) {
        let config = context.config;
        let transaction = match &mut self.transaction {
            None => return self.say(reply::MAIL_FIRST, out),
            Some(transaction) if transaction.has_begun() => {
                return self.say(reply::BAD_SEQUENCE, out);
            }
            Some(transaction) => transaction,
        };
        if transaction.recipients.len() >= config.smtp.max_recipients {
            return self.say(reply::TOO_MANY_RECIPIENTS, out);
        }
        let people = config.directory.resolve(recipient);
        if people.is_empty() {
            return self.say(reply::UNKNOWN_RECIPIENT, out);
        }
        transaction.recipients.push(recipient.to_owned());
        for person in people {
            if !transaction.people.contains(&person) {
                transaction.people.push(person);
            }
        }
        self.say(reply::RECIPIENT_OK, out);
    }

    pub(super) fn data(&mut self, crlf: bool, context: &Context<'_>, out: &mut Vec<u8>) {
        if let Some(refusal) = self.message_refusal() {
            return self.say(refusal, out);
        }
        if self.transaction.as_ref().is_some_and(Transaction::has_begun) {
            return self.say(reply::BAD_SEQUENCE, out);
        }
        if context.memory.is_exhausted() {
            self.transaction = None;
            return self.say(reply::NO_ROOM, out);
        }
        self.state = State::Data(new_message(Decoder::data(crlf), context));
        self.say(reply::SEND_MESSAGE, out);
    }

    /// The bytes of a chunk follow its command without waiting, so they are read in any case.
    pub(super) fn bdat(&mut self, size: usize, last: bool, context: &Context<'_>) {
        let refusal = self.message_refusal();
        if refusal.is_none()
            && let Some(transaction) = &mut self.transaction
            && transaction.chunks.is_none()
        {
            transaction.chunks = Some(new_message(Decoder::bdat(), context));
        }
        self.state = State::Chunk { left: size, last, refusal };
    }

    pub(super) fn read_data(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Option<Step> {
        let State::Data(mut message) = std::mem::replace(&mut self.state, State::Command) else {
            return None;
        };
        let length = input.len();
        let ended = message.read(input);
        self.count_data(length - input.len());
        if ended {
            return self.hand_in(message, out);
        }
        self.state = State::Data(message);
        Some(Step::Read)
    }

    pub(super) fn read_chunk(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Option<Step> {
        let State::Chunk { left, last, refusal } = &mut self.state else {
            return None;
        };
        let (mut chunk, rest) = input.split_at((*left).min(input.len()));
        *input = rest;
        *left -= chunk.len();
        let (ended, last, refusal) = (*left == 0, *last, *refusal);
        self.count_data(chunk.len());
        let message = match (&mut self.transaction, refusal) {
            (Some(transaction), None) => transaction.chunks.as_mut(),
            (None, _) | (_, Some(_)) => None,
        };
        let failed = message.is_some_and(|message| {
            message.read(&mut chunk);
            message.is_lost()
        });
        if !ended {
            return Some(Step::Read);
        }
        self.state = State::Command;
        if let Some(refusal) = refusal {
            self.say(refusal, out);
        } else if last || failed {
            let transaction = self.transaction.as_mut();
            let message = transaction.and_then(|transaction| transaction.chunks.take())?;
            return self.hand_in(message, out);
        } else {
            self.say(reply::CHUNK_OK, out);
        }
        None
    }

    /// The intake has answered.
    pub fn submitted(&mut self, result: &Result<Accepted, Rejected>, out: &mut Vec<u8>) {
        // The memory is free from here on: the queue has its own limit.
        self.state = State::Command;
        match result {
            Ok(accepted) => {
                self.errors = 0;
                reply::pieces(out, &["250 2.0.0 Ok: alert ", &accepted.id.to_string(), " queued"]);
            }
            Err(Rejected::QueueFull | Rejected::Storage(_)) => self.say(reply::NO_ROOM, out),
            Err(Rejected::Stopping) => self.close(reply::STOPPING, out),
        }
    }

    /// The intake has not answered in time; whether it has the message nobody knows, so the client
    /// is to send it again.
    pub fn not_submitted_in_time(&mut self, out: &mut Vec<u8>) {
        self.state = State::Command;
        self.say(reply::NOT_IN_TIME, out);
    }

    /// Why no message may begin here, if so.
    fn message_refusal(&self) -> Option<&'static str> {
        match &self.transaction {
            None => Some(reply::MAIL_FIRST),
            Some(transaction) if transaction.people.is_empty() => Some(reply::NO_RECIPIENTS),
            Some(_) => None,
        }
    }

    fn hand_in(&mut self, message: Message, out: &mut Vec<u8>) -> Option<Step> {
        let transaction = self.transaction.take()?;
        match message.finish() {
            Err(Lost::TooLarge) => self.say(reply::TOO_LARGE, out),
            Err(Lost::NoMemory) => self.say(reply::NO_ROOM, out),
            Ok((raw, held)) => {
                self.state = State::Submitted { _held: held };
                let origin = Origin {
                    client: self.client.to_string(),
                    helo: self.helo.clone(),
                    user: self.user.clone(),
                    sender: transaction.sender,
                    recipients: transaction.recipients,
                };
                return Some(Step::Submit(Submission { origin, people: transaction.people, raw }));
            }
        }
        None
    }

    fn count_data(&mut self, bytes: usize) {
        self.data_since_progress += bytes;
        if self.data_since_progress >= DATA_PROGRESS {
            self.data_since_progress = 0;
            self.progress += 1;
        }
    }
}

fn new_message(decoder: Decoder, context: &Context<'_>) -> Message {
    let largest = usize::try_from(context.config.smtp.max_message.0).unwrap_or(usize::MAX);
    Message::new(decoder, largest, Arc::clone(context.memory))
}
