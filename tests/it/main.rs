//! What the appliance promises, a file per promise, tried on the built parts.

mod modem;
mod modem_quirks;
mod sms;
