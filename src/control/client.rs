//! The asking side, for the command line: blocking, with a time limit.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, Request, socket_path};
use crate::channel::call::{CallByHand, Progress};

/// How long an answer may take: a test message may wait for a relay and a modem.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long nothing may happen in a call: another one may have the line.
const CALL_PATIENCE: Duration = Duration::from_mins(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No appliance listens there.
    #[error("no appliance is running with the store {0}")]
    NotRunning(PathBuf),
    /// The socket may not be used by this user.
    #[error(
        "not allowed to speak with the running appliance ({0}): run this as its user or as root"
    )]
    NotAllowed(PathBuf),
    /// The conversation broke off.
    #[error("the running appliance does not answer: {0}")]
    Broken(#[from] std::io::Error),
    /// The answer makes no sense.
    #[error("the running appliance speaks another language (is it of another version?): {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Asks the appliance whose store is in `store`.
///
/// # Errors
/// [`ClientError::NotRunning`] if nobody listens; the others as they say.
pub fn ask(store: &Path, request: &Request) -> Result<Answer, ClientError> {
    let mut answers = begin(store, request, PATIENCE)?;
    next(&mut answers)
}

/// Has the appliance whose store is in `store` call somebody. `watch` hears what happens; the
/// answer is the last.
///
/// # Errors
/// As [`ask`].
pub fn call(
    store: &Path,
    call: CallByHand,
    mut watch: impl FnMut(Progress),
) -> Result<Answer, ClientError> {
    let mut answers = begin(store, &Request::Call(call), CALL_PATIENCE)?;
    loop {
        match next(&mut answers)? {
            Answer::Calling(progress) => watch(progress),
            answer @ (Answer::List { .. }
            | Answer::Found { .. }
            | Answer::Show { .. }
            | Answer::Retried { .. }
            | Answer::Tested { .. }
            | Answer::SipStatus { .. }
            | Answer::SipTested { .. }
            | Answer::Health { .. }
            | Answer::Done
            | Answer::Failed { .. }) => return Ok(answer),
        }
    }
}

fn begin(
    store: &Path,
    request: &Request,
    patience: Duration,
) -> Result<BufReader<UnixStream>, ClientError> {
    let path = socket_path(store);
    let mut stream = UnixStream::connect(&path).map_err(|error| {
        use std::io::ErrorKind;
        let kind = error.kind();
        if kind == ErrorKind::NotFound || kind == ErrorKind::ConnectionRefused {
            ClientError::NotRunning(store.to_owned())
        } else if kind == ErrorKind::PermissionDenied {
            ClientError::NotAllowed(path)
        } else {
            ClientError::Broken(error)
        }
    })?;
    stream.set_read_timeout(Some(patience))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    Ok(BufReader::new(stream))
}

fn next(answers: &mut BufReader<UnixStream>) -> Result<Answer, ClientError> {
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
