//! A connection over TCP or TLS, from its making until its end.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

use super::{Arrival, describe};
use crate::sip::flow::Flow;
use crate::sip::message::{Frame, Message, StreamFramer};

/// How much is read at a time.
const READ_BYTES: usize = 8 * 1024;
/// How long a message may take to be written.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// A connection that nobody used for so long is closed; keep-alives are a use.
const IDLE: Duration = Duration::from_mins(5);

/// Carries messages both ways until the connection or the agent ends.
pub(super) async fn carry(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    flow: Flow,
    outbox: mpsc::Receiver<Bytes>,
    arrivals: mpsc::Sender<Arrival>,
) {
    let why = exchange(stream, flow, outbox, &arrivals).await;
    debug!(remote = %flow.remote, why, "the connection ended");
    let _stopped = arrivals.send(Arrival::Lost(flow, why)).await;
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    flow: Flow,
    mut outbox: mpsc::Receiver<Bytes>,
    arrivals: &mpsc::Sender<Arrival>,
) -> String {
    let mut framer = StreamFramer::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            bytes = outbox.recv() => {
                let Some(bytes) = bytes else { return "closed".to_owned() };
                match timeout(WRITE_TIME, write(&mut stream, &bytes)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return describe(&error),
                    Err(_) => return "the other end takes nothing".to_owned(),
                }
            }
            read = timeout(IDLE, stream.read(&mut buffer)) => {
                let length = match read {
                    Ok(Ok(0)) => return "the exchange closed the connection".to_owned(),
                    Ok(Ok(length)) => length,
                    Ok(Err(error)) => return describe(&error),
                    Err(_) => return "unused for long".to_owned(),
                };
                framer.push(buffer.get(..length).unwrap_or_default());
                match deliver(&mut framer, flow, &mut stream, arrivals).await {
                    Ok(()) => {}
                    Err(why) => return why,
                }
            }
        }
    }
}

/// Hands on all messages that are complete.
async fn deliver(
    framer: &mut StreamFramer,
    flow: Flow,
    stream: &mut (impl AsyncWrite + Unpin),
    arrivals: &mpsc::Sender<Arrival>,
) -> Result<(), String> {
    loop {
        let (arrival, end) = match framer.next() {
            Ok(None) => return Ok(()),
            Ok(Some(Frame::Message(message))) => (Arrival::Message(flow, Box::new(message)), None),
            Ok(Some(Frame::Pong)) => continue,
            Ok(Some(Frame::Ping)) => {
                write(stream, b"\r\n").await.map_err(|error| describe(&error))?;
                continue;
            }
            Ok(Some(Frame::Refused(error))) => match error.answer {
                Some(answer) => (Arrival::Refuse(flow, answer), None),
                None => continue,
            },
            Err(error) => {
                let words = error.to_string();
                if let Some(answer) = error.answer {
                    let bytes = Message::Response(*answer).to_bytes();
                    let _sent = timeout(WRITE_TIME, write(stream, &bytes)).await;
                }
                return Err(words);
            }
        };
        if arrivals.send(arrival).await.is_err() {
            return Err("stopped".to_owned());
        }
        if let Some(end) = end {
            return Err(end);
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    // TLS keeps what it was given until then.
    stream.flush().await
}
