//! One message while it comes in: decoded, and held only as long as it may be kept.

use std::sync::Arc;

use bytes::Bytes;

use super::data::Decoder;
use super::memory::{Held, Memory};

/// Smallest buffer; most alerts are about as long.
const FIRST_CAPACITY: usize = 2048;

/// Why a message is read to its end but not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Longer than one message may be.
    TooLarge,
    /// Other sessions hold all the memory there is for messages.
    NoMemory,
}

#[derive(Debug)]
pub(super) struct Message {
    decoder: Decoder,
    store: Store,
}

#[derive(Debug)]
struct Store {
    bytes: Vec<u8>,
    held: Held,
    largest: usize,
    lost: Option<Lost>,
}

impl Message {
    pub(super) fn new(decoder: Decoder, largest: usize, memory: Arc<Memory>) -> Self {
        let held = Held::nothing(memory);
        Self { decoder, store: Store { bytes: Vec::new(), held, largest, lost: None } }
    }

    /// Takes its bytes from `input`; true once the end of DATA was read.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> bool {
        let store = &mut self.store;
        self.decoder.decode(input, |piece| store.push(piece))
    }

    /// Whether it is read on but not kept.
    pub(super) fn is_lost(&self) -> bool {
        self.store.lost.is_some()
    }

    /// The text, every line of it ended by CRLF, and the memory it holds.
    pub(super) fn finish(mut self) -> Result<(Bytes, Held), Lost> {
        let mut store = self.store;
        self.decoder.finish(|piece| store.push(piece));
        if !store.bytes.is_empty() && !store.bytes.ends_with(b"\r\n") {
            store.push(b"\r\n");
        }
        match store.lost {
            Some(lost) => Err(lost),
            None => Ok((store.bytes.into(), store.held)),
        }
    }
}

impl Store {
    fn push(&mut self, piece: &[u8]) {
        if self.lost.is_some() {
            return;
        }
        let length = self.bytes.len() + piece.len();
        if length > self.largest {
            return self.lose(Lost::TooLarge);
        }
        if length > self.bytes.capacity() {
            let capacity = length.next_power_of_two().max(FIRST_CAPACITY);
            if !self.held.grow(capacity) {
                return self.lose(Lost::NoMemory);
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
    }

    fn lose(&mut self, why: Lost) {
        self.lost = Some(why);
        self.bytes = Vec::new();
        self.held.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(sent: &[u8], largest: usize, memory: &Arc<Memory>) -> Result<Bytes, Lost> {
        let mut message = Message::new(Decoder::data(true), largest, Arc::clone(memory));
        for packet in sent.chunks(1000) {
            let mut input = packet;
            message.read(&mut input);
        }
        message.finish().map(|(bytes, _)| bytes)
    }

    #[test]
    fn too_much_is_swallowed_and_nothing_stays_held() {
        let memory = Memory::new(1 << 20);
        let mut sent = b"0123456789\r\n".repeat(10_000);
        sent.extend_from_slice(b".\r\n");
        assert_eq!(receive(&sent, 120_000, &memory).unwrap().len(), 120_000);
        assert_eq!(receive(&sent, 119_999, &memory), Err(Lost::TooLarge));
        assert_eq!(memory.used(), 0);
        assert_eq!(receive(&sent, 120_000, &Memory::new(100_000)), Err(Lost::NoMemory));
    }
}
