//! What belongs to which transaction: RFC 3261 sections 17.1.3 and 17.2.3.

use crate::sip::message::{Headers, Method, Name, Request};

/// The transaction of ours that an answer belongs to.
pub(super) fn of_answer(headers: &Headers) -> Option<String> {
    let via = headers.top_via()?;
    let method = headers.cseq()?.method;
    Some(client(via.branch()?, &method))
}

/// A transaction of ours.
pub(super) fn client(branch: &str, method: &Method) -> String {
    format!("{} {method}", branch.to_ascii_lowercase())
}

/// The transaction of theirs that a request belongs to. An ACK belongs to its INVITE.
pub(super) fn server(request: &Request, method: &Method) -> Option<String> {
    let method = if *method == Method::Ack { &Method::Invite } else { method };
    let headers = &request.headers;
    let via = headers.top_via()?;
    let port = via.sent_by.1.unwrap_or(0);
    let host = &via.sent_by.0;
    match via.branch() {
        Some(branch) if via.has_magic_cookie() => Some(format!("{branch} {host}:{port} {method}")),
        // As RFC 2543 had it: nearly everything must be the same.
        Some(_) | None => {
            let (from, id) = (headers.get(&Name::From)?, headers.call_id()?);
            let number = headers.cseq()?.number;
            let uri = &request.uri;
            let branch = via.branch().unwrap_or("");
            Some(format!("{uri} {from} {id} {number} {host}:{port} {branch} {method}"))
        }
    }
}
