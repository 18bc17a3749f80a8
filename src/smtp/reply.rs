//! What the client is answered: code, enhanced code (RFC 3463), text.
//!
//! A whole line each, so that a line seen in some client's log is found here as it is. EHLO, HELO
//! and the greeting carry no enhanced code (RFC 2034 section 3), nor does 354.

use crate::config::PersonName;

pub(super) const SENDER_OK: &str = "250 2.1.0 Sender ok";
pub(super) const RECIPIENT_OK: &str = "250 2.1.5 Recipient ok";
pub(super) const SEND_MESSAGE: &str = "354 End data with <CR><LF>.<CR><LF>";
pub(super) const CHUNK_OK: &str = "250 2.0.0 Chunk ok";
pub(super) const RESET_OK: &str = "250 2.0.0 Ok";
pub(super) const NOTHING_DONE: &str = "250 2.0.0 Ok";
pub(super) const BYE: &str = "221 2.0.0 Bye";
pub(super) const HELP: &str =
    "214 2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT HELP VRFY EXPN STARTTLS AUTH";
pub(super) const CANNOT_VERIFY: &str = "252 2.5.0 Cannot verify; send a message to find out";
pub(super) const IS_GROUP: &str = "252 2.1.5 Several people; EXPN names them";
pub(super) const LOGGED_IN: &str = "235 2.7.0 Authentication successful";
pub(super) const START_TLS: &str = "220 2.0.0 Ready to start TLS";

pub(super) const ASK_PLAIN: &str = "334 ";
/// `Username:`
pub(super) const ASK_LOGIN_NAME: &str = "334 VXNlcm5hbWU6";
/// `Password:`
pub(super) const ASK_LOGIN_PASSWORD: &str = "334 UGFzc3dvcmQ6";

pub(super) const STOPPING: &str = "421 4.3.2 Service is stopping, try again later";
pub(super) const IDLE: &str = "421 4.4.2 Timeout, closing the connection";
pub(super) const SESSION_OVER: &str = "421 4.4.2 Session lasted too long, closing the connection";
pub(super) const TOO_MANY_ERRORS: &str = "421 4.7.0 Too many errors, closing the connection";
pub(super) const TOO_MANY_FAILED_LOGINS: &str =
    "421 4.7.0 Too many failed logins, closing the connection";
pub(super) const LINE_FAR_TOO_LONG: &str = "421 4.7.0 Line far too long, closing the connection";
pub(super) const NOT_HTTP: &str = "421 4.7.0 This is SMTP, not HTTP";
pub(super) const TOO_MANY_CONNECTIONS: &str = "421 4.7.0 Too many connections, try again later";
pub(super) const TOO_MANY_FROM_YOU: &str =
    "421 4.7.0 Too many connections from your address, try again later";

pub(super) const TOO_MANY_MESSAGES: &str =
    "451 4.7.1 Too many messages from your address, try again later";
pub(super) const NOT_IN_TIME: &str = "451 4.3.0 Message could not be stored in time";
pub(super) const NO_ROOM: &str = "452 4.3.1 No room for messages now, try again later";
pub(super) const TOO_MANY_RECIPIENTS: &str = "452 4.5.3 Too many recipients";
pub(super) const TLS_UNAVAILABLE: &str = "454 4.7.0 TLS is not available now";
pub(super) const TRY_LOGIN_LATER: &str = "454 4.7.0 Too many failed logins, try again later";

pub(super) const UNKNOWN_COMMAND: &str = "500 5.5.1 Command not known";
pub(super) const LINE_TOO_LONG: &str = "500 5.5.2 Line too long";
pub(super) const BAD_ARGUMENTS: &str = "501 5.5.4 Syntax error in the arguments";
pub(super) const BAD_SENDER: &str = "501 5.1.7 Syntax error in the sender address";
pub(super) const BAD_RECIPIENT: &str = "501 5.1.3 Syntax error in the recipient address";
pub(super) const BAD_CREDENTIALS: &str = "501 5.5.2 Cannot decode the credentials";
pub(super) const AUTH_CANCELLED: &str = "501 5.7.0 Authentication cancelled";
pub(super) const NOT_IMPLEMENTED: &str = "502 5.5.1 Command not implemented";
pub(super) const BAD_SEQUENCE: &str = "503 5.5.1 Bad sequence of commands";
pub(super) const MAIL_FIRST: &str = "503 5.5.1 MAIL first";
pub(super) const NO_RECIPIENTS: &str = "554 5.5.1 No valid recipients";
pub(super) const UNKNOWN_MECHANISM: &str = "504 5.5.4 Mechanism not supported";
pub(super) const LOG_IN_FIRST: &str = "530 5.7.0 Log in first";
pub(super) const STARTTLS_FIRST: &str = "530 5.7.0 Begin with STARTTLS";
pub(super) const LOGIN_FAILED: &str = "535 5.7.8 Name or password is wrong";
pub(super) const LOGIN_NEEDS_TLS: &str = "538 5.7.11 Encryption required to log in";
pub(super) const UNKNOWN_RECIPIENT: &str = "550 5.1.1 Nobody here by that name";
pub(super) const TOO_LARGE: &str = "552 5.3.4 Message is too large";
pub(super) const NOT_ALLOWED: &str = "554 5.7.1 Your address may not connect";
pub(super) const UNKNOWN_PARAMETER: &str = "555 5.5.4 Parameter not supported";

/// Adds one line.
pub(super) fn line(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Adds the line made of these pieces.
pub(super) fn pieces(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Adds a reply of several lines (RFC 5321 section 4.2.1), each `250` and one of `texts`.
pub(super) fn lines<'a>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a str>) {
    let mut texts = texts.into_iter().peekable();
    while let Some(text) = texts.next() {
        let code = if texts.peek().is_some() { "250-" } else { "250 " };
        pieces(out, &[code, text]);
    }
}

/// A person as VRFY and EXPN name her: by the address alerts for her are sent to, not by her own.
pub(super) fn mailbox(person: &PersonName, host: &str) -> String {
    format!("2.1.5 <{person}@{host}>")
}
