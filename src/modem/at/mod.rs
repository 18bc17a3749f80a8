//! The language of modems: AT commands (ITU-T V.250, 3GPP TS 27.005 and 27.007).

mod call;
mod command;
mod digest;
mod error;
mod urc;
mod ussd;

pub use call::{CallState, CallUrc, ListedCall};
pub use command::{Command, Field, fields};
pub use digest::{Digest, Expect, FinalResult, Item};
pub use error::{Failure, ModemFault, Remedy};
pub use urc::{Domain, Registration, Urc};
pub use ussd::{Ussd, UssdState};
