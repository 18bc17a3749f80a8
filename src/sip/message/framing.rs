//! A stream of TCP or TLS → messages (RFC 3261 section 18.3) and keep-alives (RFC 5626 section
//! 3.5.1). However the stream is cut into packets, the same comes out.

use bytes::{Buf as _, BytesMut};

use super::error::{MessageError, MessageFault};
use super::read::{Head, head_end};
use super::{MAX_MESSAGE_BYTES, Message};

/// A piece of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// A message that is refused; the next one can be read.
    Refused(MessageError),
    /// An empty line between messages: the answer to a ping.
    Pong,
    /// A second one right behind it: a ping, to be answered with one empty line.
    Ping,
}

/// A message whose head has come, and its body not yet.
struct Open {
    head: Head,
    body_bytes: usize,
}

/// Cuts a stream into messages. It holds at most one message and what was pushed last.
#[derive(Default)]
pub struct StreamFramer {
    bytes: BytesMut,
    /// So many bytes hold no end of a head.
    searched: usize,
    open: Option<Open>,
    /// An empty line came just before.
    after_line: bool,
    failed: Option<MessageError>,
}

impl StreamFramer {
    /// Takes in what was read. [`next`](Self::next) is to be called until it has no more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The next piece, or `None` until more bytes come.
    ///
    /// # Errors
    /// If nobody can tell where the next message begins: no Content-Length, or a message that is
    /// too long. The connection is to be closed, after the answer in the error, if there is one.
    #[expect(clippy::should_implement_trait, reason = "it fails, and goes on after `None`")]
    pub fn next(&mut self) -> Result<Option<Frame>, MessageError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let next = self.advance();
        if let Err(error) = &next {
            self.failed = Some(error.clone());
            self.bytes = BytesMut::new();
            self.open = None;
        }
        next
    }

    fn advance(&mut self) -> Result<Option<Frame>, MessageError> {
        if self.open.is_none() {
            if let Some(frame) = self.empty_line() {
                return Ok(Some(frame));
            }
            let Some(open) = self.head()? else { return Ok(None) };
            self.open = Some(open);
        }
        let Some(Open { head, body_bytes }) = self.open.take() else { return Ok(None) };
        if self.bytes.len() < body_bytes {
            self.open = Some(Open { head, body_bytes });
            return Ok(None);
        }
        let body = self.bytes.split_to(body_bytes).freeze();
        Ok(Some(head.with_body(body).map_or_else(Frame::Refused, Frame::Message)))
    }

    /// Takes an empty line off the front.
    fn empty_line(&mut self) -> Option<Frame> {
        while self.bytes.first() == Some(&b'\r') && self.bytes.len() > 1 {
            self.bytes.advance(1);
        }
        if self.bytes.first() != Some(&b'\n') {
            return None;
        }
        self.bytes.advance(1);
        self.after_line = !self.after_line;
        Some(if self.after_line { Frame::Pong } else { Frame::Ping })
    }

    fn head(&mut self) -> Result<Option<Open>, MessageError> {
        let Some(end) = head_end(&self.bytes, self.searched) else {
            if self.bytes.len() > MAX_MESSAGE_BYTES {
                return Err(MessageFault::TooLong.into());
            }
            // The end may have come in part: a line end and a carriage return.
            self.searched = self.bytes.len().saturating_sub(2);
            return Ok(None);
        };
        self.searched = 0;
        self.after_line = false;
        if end > MAX_MESSAGE_BYTES {
            return Err(MessageFault::TooLong.into());
        }
        let head = Head::read(&self.bytes.split_to(end))?;
        let length = head.content_length().map_err(|fault| head.refuse(fault))?;
        let Some(body_bytes) = length else { return Err(head.refuse(MessageFault::NoLength)) };
        if body_bytes.saturating_add(end) > MAX_MESSAGE_BYTES {
            return Err(head.refuse(MessageFault::TooLong));
        }
        Ok(Some(Open { head, body_bytes }))
    }
}
