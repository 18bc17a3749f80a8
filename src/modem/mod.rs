//! The GSM module on its serial line. It knows of messages and numbers, not of alerts.

pub mod at;
pub mod balance;
pub mod charset;
pub mod driver;
pub mod pdu;
mod port;
pub mod quirks;
pub mod simulator;

pub use driver::{
    Call, CallEnd, CallEvent, CallRequest, Modem, ModemEvent, ModemState, ModemStatus, SmsError,
    SmsFailure, SmsRequest, Timing,
};
