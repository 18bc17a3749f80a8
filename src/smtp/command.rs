//! A line from the client becomes a command (RFC 5321 section 4.1.1), by smtp-proto.
//!
//! smtp-proto reads the RFC's grammar with its common oddities (`MAIL FROM: <a@b>`, lower case);
//! what it refuses in a path is tried again by `path`, which knows the odder devices.

use std::borrow::Cow;

use memchr::memmem;
use smtp_proto::{
    AUTH_LOGIN, AUTH_PLAIN, Error, MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, MailFrom,
    RcptTo, Request,
};

use super::path;
use super::reply;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// EHLO, or HELO.
    Hello {
        extended: bool,
        host: Cow<'a, str>,
    },
    Mail {
        sender: Cow<'a, str>,
        /// Size of the message in bytes, 0 if not told (RFC 1870).
        size: usize,
    },
    Rcpt {
        recipient: Cow<'a, str>,
    },
    Data,
    Bdat {
        size: usize,
        last: bool,
    },
    Rset,
    Noop,
    Quit,
    Help,
    Vrfy {
        name: Cow<'a, str>,
    },
    Expn {
        name: Cow<'a, str>,
    },
    StartTls,
    Auth {
        mechanism: Mechanism,
        initial: Cow<'a, str>,
    },
}

/// How a client proves who it is (RFC 4954).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Login,
    Unknown,
}

/// Why a line is no command: what the client is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Answered with this line.
    Reply(&'static str),
    /// A web client, most likely led here by a page it visits; it must not get to the lines that
    /// look like SMTP.
    Http,
}

/// Reads one line, its line end included.
pub(super) fn parse(line: &[u8]) -> Result<Command<'_>, Fault> {
    let is_path_command = is_verb(line, b"MAIL") || is_verb(line, b"RCPT");
    match Request::parse(&mut line.iter()) {
        Ok(Request::Mail { from }) if is_sure(&from.address, line) => {
            Ok(Command::Mail { size: mail_parameters(&from)?, sender: from.address })
        }
        Ok(Request::Rcpt { to }) if is_sure(&to.address, line) && !to.address.is_empty() => {
            rcpt_parameters(&to)?;
            Ok(Command::Rcpt { recipient: to.address })
        }
        Ok(Request::Mail { .. } | Request::Rcpt { .. }) => odd_path(line),
        Err(
            Error::InvalidSenderAddress
            | Error::InvalidRecipientAddress
            | Error::SyntaxError { .. }
            | Error::NeedsMoreData { .. },
        ) if is_path_command => odd_path(line),
        Ok(request) => command(request, line),
        Err(error) => Err(fault(&error, line)),
    }
}

/// Whether smtp-proto read the path right: it takes `<postmaster>` for `<>`, and any bytes for a
/// domain.
fn is_sure(address: &str, line: &[u8]) -> bool {
    if address.is_empty() {
        return memmem::find(line, b"<>").is_some();
    }
    path::is_path(address)
}

fn command<'a>(request: Request<Cow<'a, str>>, line: &[u8]) -> Result<Command<'a>, Fault> {
    Ok(match request {
        Request::Ehlo { host } => Command::Hello { extended: true, host },
        Request::Helo { host } => Command::Hello { extended: false, host },
        Request::Data => alone(Command::Data, line, b"DATA")?,
        Request::Bdat { chunk_size: size, is_last: last } => Command::Bdat { size, last },
        Request::Rset => alone(Command::Rset, line, b"RSET")?,
        Request::Noop { .. } => Command::Noop,
        Request::Quit => alone(Command::Quit, line, b"QUIT")?,
        Request::Help { .. } => Command::Help,
        Request::Vrfy { value: name } => Command::Vrfy { name },
        Request::Expn { value: name } => Command::Expn { name },
        Request::StartTls => alone(Command::StartTls, line, b"STARTTLS")?,
        Request::Auth { mechanism, initial_response: initial } => {
            let mechanism = match mechanism {
                AUTH_PLAIN => Mechanism::Plain,
                AUTH_LOGIN => Mechanism::Login,
                _ => Mechanism::Unknown,
            };
            Command::Auth { mechanism, initial }
        }
        Request::Mail { .. }
        | Request::Rcpt { .. }
        | Request::Lhlo { .. }
        | Request::Etrn { .. }
        | Request::Atrn { .. }
        | Request::Burl { .. } => return Err(Fault::Reply(reply::NOT_IMPLEMENTED)),
    })
}

/// `command` if its verb stands alone on the line, as it must.
fn alone<'a>(command: Command<'a>, line: &[u8], verb: &[u8]) -> Result<Command<'a>, Fault> {
    let alone = line.trim_ascii().eq_ignore_ascii_case(verb);
    if alone { Ok(command) } else { Err(Fault::Reply(reply::BAD_ARGUMENTS)) }
}

/// Reads MAIL and RCPT with a path that smtp-proto does not know: the path here, the parameters by
/// smtp-proto behind an empty path.
fn odd_path(line: &[u8]) -> Result<Command<'static>, Fault> {
    let line = String::from_utf8_lossy(line);
    let (verb, argument) = line.split_once(':').ok_or(Fault::Reply(reply::BAD_ARGUMENTS))?;
    let is_mail = is_verb(verb.as_bytes(), b"MAIL");
    let bad_path = if is_mail { reply::BAD_SENDER } else { reply::BAD_RECIPIENT };
    let (path, parameters) = path::split(argument).ok_or(Fault::Reply(bad_path))?;
    let plain = format!("{verb}:<>{parameters}");
    match Request::parse(&mut plain.as_bytes().iter()) {
        Ok(Request::Mail { from }) => {
            Ok(Command::Mail { sender: Cow::Owned(path.to_owned()), size: mail_parameters(&from)? })
        }
        Ok(Request::Rcpt { to }) if !path.is_empty() => {
            rcpt_parameters(&to)?;
            Ok(Command::Rcpt { recipient: Cow::Owned(path.to_owned()) })
        }
        Ok(_) => Err(Fault::Reply(bad_path)),
        Err(error) => Err(fault(&error, plain.as_bytes())),
    }
}

/// SIZE, if the rest is what EHLO offers (SIZE, BODY=7BIT, BODY=8BITMIME, SMTPUTF8) or AUTH, which
/// says nothing to us. Whoever sends more counts on what we do not do.
fn mail_parameters(from: &MailFrom<Cow<'_, str>>) -> Result<usize, Fault> {
    const OFFERED: u64 = MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_SMTPUTF8;
    let wants_more = from.flags & !OFFERED != 0
        || from.trans_id.is_some()
        || from.env_id.is_some()
        || from.solicit.is_some()
        || from.mtrk.is_some()
        || from.hold_for != 0
        || from.hold_until != 0
        || from.mt_priority != 0;
    if wants_more { Err(Fault::Reply(reply::UNKNOWN_PARAMETER)) } else { Ok(from.size) }
}

fn rcpt_parameters(to: &RcptTo<Cow<'_, str>>) -> Result<(), Fault> {
    let wants_more = to.flags != 0 || to.orcpt.is_some() || to.rrvs != 0;
    if wants_more { Err(Fault::Reply(reply::UNKNOWN_PARAMETER)) } else { Ok(()) }
}

fn fault(error: &Error, line: &[u8]) -> Fault {
    match error {
        Error::UnknownCommand if memmem::find(line, b" HTTP/1.").is_some() => Fault::Http,
        Error::UnknownCommand => Fault::Reply(reply::UNKNOWN_COMMAND),
        Error::UnsupportedParameter { .. } => Fault::Reply(reply::UNKNOWN_PARAMETER),
        Error::NeedsMoreData { .. }
        | Error::InvalidSenderAddress
        | Error::InvalidRecipientAddress
        | Error::SyntaxError { .. }
        | Error::InvalidParameter { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => Fault::Reply(reply::BAD_ARGUMENTS),
    }
}

fn is_verb(line: &[u8], verb: &[u8]) -> bool {
    line.trim_ascii_start().get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parsed = Result<Command<'static>, Fault>;

    const fn mail(sender: &'static str, size: usize) -> Command<'static> {
        Command::Mail { sender: Cow::Borrowed(sender), size }
    }

    const fn rcpt(recipient: &'static str) -> Command<'static> {
        Command::Rcpt { recipient: Cow::Borrowed(recipient) }
    }

    const fn refused(line: &'static str) -> Parsed {
        Err(Fault::Reply(line))
    }

    #[test]
    fn lines_as_clients_send_them() {
        let cases: &[(&str, Parsed)] = &[
            ("MAIL FROM:<a@b>\r\n", Ok(mail("a@b", 0))),
            (
                "MAIL FROM: <monit@srv> SIZE=12 BODY=8BITMIME SMTPUTF8\r\n",
                Ok(mail("monit@srv", 12)),
            ),
            ("mail FROM:<a@b> size=227\r\n", Ok(mail("a@b", 227))),
            ("MAIL FROM:<a@b> AUTH=<>\r\n", Ok(mail("a@b", 0))),
            ("MAIL FROM:<>\r\n", Ok(mail("", 0))),
            ("MAIL FROM:<root>\n", Ok(mail("root", 0))),
            ("MAIL FROM:<postmaster>\r\n", Ok(mail("postmaster", 0))),
            ("MAIL FROM:ups@site SIZE=3\r\n", Ok(mail("ups@site", 3))),
            ("MAIL FROM:<a@b> RET=HDRS\r\n", refused(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<a@b> BODY=BINARYMIME\r\n", refused(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<a@b> COLOUR=RED\r\n", refused(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<root> COLOUR=RED\r\n", refused(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<a@b> SIZE=many\r\n", refused(reply::BAD_ARGUMENTS)),
            ("MAIL FROM:<a@b\r\n", refused(reply::BAD_SENDER)),
            ("MAIL FROM:<a@b..c>\r\n", refused(reply::BAD_SENDER)),
            ("MAIL\r\n", refused(reply::BAD_ARGUMENTS)),
            ("RCPT TO:<ana@example.org>\r\n", Ok(rcpt("ana@example.org"))),
            ("rcpt to:<Postmaster>\r\n", Ok(rcpt("Postmaster"))),
            ("RCPT TO:<ana@[10.0.0.5]>\r\n", Ok(rcpt("ana@[10.0.0.5]"))),
            ("RCPT TO:ana\r\n", Ok(rcpt("ana"))),
            ("RCPT TO:<>\r\n", refused(reply::BAD_RECIPIENT)),
            ("RCPT TO:<ana@->>\r\n", refused(reply::BAD_ARGUMENTS)),
            ("RCPT TO:<ana@b> NOTIFY=NEVER\r\n", refused(reply::UNKNOWN_PARAMETER)),
            ("BDAT 12 LAST\r\n", Ok(Command::Bdat { size: 12, last: true })),
            ("BDAT 12\r\n", Ok(Command::Bdat { size: 12, last: false })),
            ("BDAT -1\r\n", refused(reply::BAD_ARGUMENTS)),
            ("quit\n", Ok(Command::Quit)),
            ("DATA now\r\n", refused(reply::BAD_ARGUMENTS)),
            ("ETRN x\r\n", refused(reply::NOT_IMPLEMENTED)),
            ("EHLO\r\n", refused(reply::BAD_ARGUMENTS)),
            ("\r\n", refused(reply::UNKNOWN_COMMAND)),
            ("FROBNICATE\r\n", refused(reply::UNKNOWN_COMMAND)),
            ("POST / HTTP/1.1\r\n", Err(Fault::Http)),
        ];
        for (line, expected) in cases {
            assert_eq!(&parse(line.as_bytes()), expected, "{line:?}");
        }
    }
}
