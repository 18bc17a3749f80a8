//! Transactions (RFC 3261 section 17): what is sent again, what belongs together, and when nothing
//! will come any more.

mod client;
mod invite_client;
mod invite_server;
mod key;
mod layer;
mod server;

pub(crate) use client::Client;
pub(crate) use invite_client::InviteClient;
pub(crate) use invite_server::InviteServer;
pub(crate) use layer::{ClientId, Event, ServerId, Transactions};
pub(crate) use server::Server;

use std::time::Instant;

use super::message::{Request, Response};

/// What a transaction wants.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// This goes out, as part of the transaction.
    Send(Request),
    /// This begins a transaction of its own, by the same way: CANCEL.
    Begin(Request),
    /// This goes out as an answer.
    Answer(Response),
    /// The answer that just came is for who asked.
    Pass,
    /// It failed.
    Fail(Failure),
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing came back in time.
    #[error("no answer")]
    Silent,
    /// It cannot be sent, or the connection broke.
    #[error("{0}")]
    Transport(String),
}

/// The earlier of two times that may not be.
pub(crate) fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
