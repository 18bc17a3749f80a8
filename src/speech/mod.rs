//! Speech made on the device: what an alert says aloud, and the voices that say it.

pub mod script;
