//! One mail to many recipients on an open connection (RFC 5321 section 3.3): a recipient the relay
//! refuses holds up nobody else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

use super::connect::step;
use super::fault::{Fault, Step, without_addresses};
use super::rewrite::Rewritten;
use crate::channel::{Outcome, Reach};
use crate::config::MailAddress;

/// Slowest line a mail is given time for, in bytes per second: GPRS on a bad day.
const SLOWEST: u64 = 2048;

/// The mail is written in pieces of this many bytes, so that no second copy of it is made.
const PIECE: usize = 32 * 1024;

/// From whom and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub from: &'a MailAddress,
    /// Each once.
    pub to: &'a [&'a MailAddress],
}

/// How a transaction ended that the connection outlived, or that reached the relay.
#[derive(Debug)]
pub(super) struct Delivery {
    /// One per recipient, in order.
    pub outcomes: Vec<Outcome>,
    /// Whether the connection is fit for another mail.
    pub reusable: bool,
}

/// Sends the mail. Each step may take `limit`.
pub(super) async fn deliver(
    connection: &mut AsyncSmtpConnection,
    envelope: Envelope<'_>,
    mail: &Rewritten,
    limit: Duration,
) -> Result<Delivery, Fault> {
    let from = Mail::new(Some(address(envelope.from)), parameters(connection, envelope, mail)?);
    step(Step::Mail, limit, connection.command(from)).await?;
    let mut verdicts = Vec::with_capacity(envelope.to.len());
    for to in envelope.to {
        verdicts.push(recipient(connection, to, limit).await?);
    }
    if verdicts.iter().all(Result::is_err) {
        let reusable = step(Step::Rcpt, limit, connection.command(Rset)).await.is_ok();
        return Ok(Delivery { outcomes: outcomes(&verdicts, &nobody()), reusable });
    }
    match step(Step::Data, limit, connection.command(Data)).await {
        // Anything but 354 would have the relay read the mail as commands.
        Ok(go) if go.has_code(354) => {}
        Ok(other) => {
            let reason = format!("expected 354, it answered {}", other.code());
            return Err(Fault::BrokenOff { step: Step::Data, reason });
        }
        Err(fault @ Fault::Reply { .. }) if !fault.connection_lost() => {
            let outcomes = outcomes(&verdicts, &fault.outcome());
            return Ok(Delivery { outcomes, reusable: false });
        }
        Err(fault) => return Err(fault),
    }
    let end = content(connection, mail, limit).await;
    let reusable = end.is_ok();
    Ok(Delivery {
        outcomes: outcomes(&verdicts, &end.unwrap_or_else(|fault| fault.outcome())),
        reusable,
    })
}

/// Names one recipient. The outer error ends the transaction, the inner is the recipient's own.
async fn recipient(
    connection: &mut AsyncSmtpConnection,
    to: &MailAddress,
    limit: Duration,
) -> Result<Result<(), Fault>, Fault> {
    if !to.as_str().is_ascii() && !offers(connection, Extension::SmtpUtfEight) {
        return Ok(Err(Fault::AddressUtf8));
    }
    match step(Step::Rcpt, limit, connection.command(Rcpt::new(address(to), vec![]))).await {
        Ok(_) => Ok(Ok(())),
        Err(fault @ Fault::Reply { .. }) if !fault.connection_lost() => Ok(Err(fault)),
        Err(fault) => Err(fault),
    }
}

/// Parameters of MAIL. A body with 8-bit text goes out even if the relay does not offer 8BITMIME:
/// today's relays pass it all the same, and an alert that is not sent helps nobody.
fn parameters(
    connection: &AsyncSmtpConnection,
    envelope: Envelope<'_>,
    mail: &Rewritten,
) -> Result<Vec<MailParameter>, Fault> {
    let mut parameters = Vec::new();
    let utf8_from = !envelope.from.as_str().is_ascii();
    let smtputf8 = offers(connection, Extension::SmtpUtfEight);
    if utf8_from && !smtputf8 {
        return Err(Fault::FromUtf8);
    }
    if utf8_from || (smtputf8 && envelope.to.iter().any(|to| !to.as_str().is_ascii())) {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !mail.body.is_ascii() && offers(connection, Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn offers(connection: &AsyncSmtpConnection, extension: Extension) -> bool {
    connection.server_info().supports_feature(extension)
}

/// Sends the mail's bytes and the final dot, and waits for the relay's word.
async fn content(
    connection: &mut AsyncSmtpConnection,
    mail: &Rewritten,
    limit: Duration,
) -> Result<Outcome, Fault> {
    // lettre writes CRLF.CRLF at the end, whatever came before.
    let (header, body) = match mail.body.strip_suffix(b"\r\n") {
        Some(body) => (mail.header.as_slice(), body),
        None if mail.body.is_empty() => {
            (mail.header.strip_suffix(b"\r\n").unwrap_or(&mail.header), b"".as_slice())
        }
        None => (mail.header.as_slice(), mail.body.as_ref()),
    };
    let written = AtomicBool::new(false);
    // lettre asks for the piece after the last when all are written: then comes the dot.
    let end = std::iter::from_fn(|| {
        written.store(true, Ordering::Relaxed);
        None
    });
    let pieces = header.chunks(PIECE).chain(body.chunks(PIECE)).chain(end);
    let size = u64::try_from(header.len() + body.len()).unwrap_or(u64::MAX);
    let limit = limit + Duration::from_secs(size / SLOWEST);
    let sent = tokio::time::timeout(limit, connection.message_iter(pieces)).await;
    let at = if written.load(Ordering::Relaxed) { Step::Dot } else { Step::Content };
    match sent {
        Ok(Ok(reply)) => {
            let text = without_addresses(&reply.message().collect::<Vec<_>>().join(" "));
            let detail = format!("{} {text}", reply.code());
            Ok(Outcome::Told { reach: Reach::HandedOver, detail, receipts: Vec::new() })
        }
        Ok(Err(error)) => Err(Fault::at(at, &error)),
        Err(_) => Err(Fault::Silent { step: at, waited: limit }),
    }
}

fn outcomes(verdicts: &[Result<(), Fault>], end: &Outcome) -> Vec<Outcome> {
    let outcome = |verdict: &Result<(), Fault>| match verdict {
        Ok(()) => end.clone(),
        Err(fault) => fault.outcome(),
    };
    verdicts.iter().map(outcome).collect()
}

/// The end of a mail the relay took for nobody; no recipient gets it.
fn nobody() -> Outcome {
    Outcome::Refused("the relay took no recipient".to_owned())
}

/// [`MailAddress`] has been checked: nothing in it can end the command.
fn address(address: &MailAddress) -> Address {
    let (local, domain) = address.as_str().rsplit_once('@').unwrap_or((address.as_str(), ""));
    Address::new_dangerous(local, domain)
}
