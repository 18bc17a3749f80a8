//! Who is told, by which channel, when, and when again.
//!
//! `wanted` says who is to be told by what, `plan` what is next, `retry` knows the waits, all pure;
//! `worker` is the one task that asks the plan and lets the channels act; `attempt` is one such act;
//! `command` is what people ask of it; `attention` (pure) what somebody must notice;
//! `journal` writes down how each attempt ended before the next begins; `receipts` joins the
//! network's later reports with the attempts they speak of.

mod attempt;
mod attention;
mod command;
mod journal;
mod plan;
mod receipts;
mod retry;
mod wanted;
mod worker;

pub use command::{Command, CommandError};
pub use receipts::Receipt;
pub use worker::{Dispatcher, Handle};
