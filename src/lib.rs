//! An appliance that takes alert mails by SMTP and tells a person.
//!
//! ```text
//! monitoring ──SMTP──▶ smtp ──▶ intake ──▶ alert ──▶ filter ──▶ queue ──▶ dispatch ──▶ channel ──▶ person
//! ```
//!
//! The modules below stand in the order of that way; `ARCHITECTURE.md` tells it in words.

pub mod config;

pub mod health;

pub mod smtp;

pub mod intake;

pub mod alert;

pub mod filter;

pub mod queue;

pub mod dispatch;

pub mod channel;

pub mod speech;

pub mod audio;

pub mod rtp;

pub mod line;

pub mod modem;

pub mod sip;

pub mod board;

pub mod control;

pub mod web;

pub mod appliance;

pub mod demo;

pub mod log;
