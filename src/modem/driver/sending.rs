//! One message, part by part: pure.

use std::time::Duration;

use super::init::number;
use super::sms::{SmsError, SmsFailure, SmsRequest};
use super::step::{Action, Answer};
use crate::modem::at::{Command, Remedy};
use crate::modem::pdu::{Address, Submit, Validity, to_hex};

/// How often a part is sent once more after a temporary error.
const RESENDS: u8 = 2;
/// How long the service centre tries: an alert older than a day is of no use.
const VALIDITY: Duration = Duration::from_hours(24);

/// A message on its way.
#[derive(Debug)]
pub struct Sending {
    /// Hexadecimal digits, and the octets that `AT+CMGS` counts.
    parts: Vec<(String, usize)>,
    resend: Duration,
    resent: u8,
    /// The part was given to the modem, so that a missing answer does not mean it was not sent.
    given: bool,
    sent: Vec<u8>,
}

type Step = Action<Result<Vec<u8>, SmsError>>;

impl Sending {
    /// `resend`: wait before a part is sent once more.
    #[must_use]
    pub fn new(request: SmsRequest, resend: Duration) -> Self {
        let SmsRequest { to, parts, report } = request;
        let to = Address::from(&to);
        let validity = Some(Validity::at_least(VALIDITY));
        let encode = |part| {
            let (octets, counted) = Submit { to: to.clone(), part, report, validity }.encode();
            (to_hex(&octets), counted)
        };
        let parts = parts.into_iter().map(encode).collect();
        Self { parts, resend, resent: 0, given: false, sent: Vec::new() }
    }

    /// Takes the answer to the last action and tells the next one.
    pub fn next(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::Begin | Answer::Waited => self.begin_part(),
            Answer::Prompt => match self.parts.get(self.sent.len()) {
                Some((pdu, _)) => {
                    self.given = true;
                    Action::SendPdu(pdu.clone())
                }
                None => self.fail(SmsFailure::NoPrompt),
            },
            Answer::Ok(lines) if self.given => {
                // A reference that was lost on the line does not make the message unsent.
                let reference = lines.iter().find_map(|line| number(line, "+CMGS:", 0));
                let reference = reference.and_then(|reference| u8::try_from(reference).ok());
                self.sent.push(reference.unwrap_or(0));
                self.resent = 0;
                self.begin_part()
            }
            Answer::Error(fault) if fault.remedy == Remedy::Wait && self.resent < RESENDS => {
                self.resent += 1;
                Action::Wait(self.resend)
            }
            Answer::Error(fault) => self.fail(SmsFailure::Rejected(fault)),
            Answer::Timeout if self.given => {
                self.fail(SmsFailure::Unknown("the modem fell silent".into()))
            }
            Answer::Timeout | Answer::Ok(_) => self.fail(SmsFailure::NoPrompt),
            Answer::Lost(how) if self.given => self.fail(SmsFailure::Unknown(how.into())),
            Answer::Lost(how) => self.fail(SmsFailure::Unavailable(how.into())),
        }
    }

    fn begin_part(&mut self) -> Step {
        self.given = false;
        match self.parts.get(self.sent.len()) {
            Some((_, counted)) => Action::Send(Command::SendMessage(*counted)),
            None => Action::Done(Ok(std::mem::take(&mut self.sent))),
        }
    }

    fn fail(&mut self, failure: SmsFailure) -> Step {
        Action::Done(Err(SmsError { failure, sent: std::mem::take(&mut self.sent) }))
    }
}
