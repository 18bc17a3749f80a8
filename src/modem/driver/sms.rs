//! What the driver is asked, and how it may fail.

use tokio::sync::oneshot;

use crate::config::PhoneNumber;
use crate::modem::at::{ModemFault, Registration, Remedy};
use crate::modem::pdu::Part;

/// A message to send.
#[derive(Debug, Clone)]
pub struct SmsRequest {
    /// Who is to get it.
    pub to: PhoneNumber,
    /// Its parts, at least one.
    pub parts: Vec<Part>,
    /// Whether the network is asked to report the delivery (TP-SRR).
    pub report: bool,
}

/// A message was not sent, or not in whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure}{}", after(.sent))]
pub struct SmsError {
    /// Why.
    pub failure: SmsFailure,
    /// References of the parts that went out before.
    pub sent: Vec<u8>,
}

fn after(sent: &[u8]) -> String {
    match sent.len() {
        0 => String::new(),
        1 => ", after 1 part was sent".to_owned(),
        count => format!(", after {count} parts were sent"),
    }
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmsFailure {
    /// The network or the modem refused it.
    #[error("{0}")]
    Rejected(ModemFault),
    /// The modem did not ask for the message.
    #[error("the modem did not answer AT+CMGS")]
    NoPrompt,
    /// The message was given to the modem, which then fell silent, restarted or vanished.
    #[error("unknown whether sent: {0}")]
    Unknown(String),
    /// The modem cannot be used.
    #[error("{0}")]
    Unavailable(String),
    /// No network.
    #[error("no network: {}", .0.as_str())]
    NotRegistered(Registration),
    /// The appliance stops.
    #[error("stopping")]
    Stopping,
}

impl SmsError {
    /// Whether the same message to the same number will fail again.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match &self.failure {
            SmsFailure::Rejected(fault) => fault.remedy == Remedy::None,
            SmsFailure::NoPrompt
            | SmsFailure::Unknown(_)
            | SmsFailure::Unavailable(_)
            | SmsFailure::NotRegistered(_)
            | SmsFailure::Stopping => false,
        }
    }
}

/// A request with the way back.
#[derive(Debug)]
pub(super) struct SmsJob {
    pub(super) request: SmsRequest,
    pub(super) answer: oneshot::Sender<Result<Vec<u8>, SmsError>>,
}
