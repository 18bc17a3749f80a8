//! How many bytes of messages all sessions together may hold before the queue has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that sessions share. Nobody waits for it: a message that finds none is
/// refused for now (452), because a client that waits holds a connection that others need.
#[derive(Debug)]
pub struct Memory {
    free: AtomicUsize,
    total: usize,
}

impl Memory {
    /// `total` bytes, all free.
    #[must_use]
    pub fn new(total: usize) -> Arc<Self> {
        Arc::new(Self { free: AtomicUsize::new(total), total })
    }

    /// Bytes held now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.total - self.free.load(Ordering::Relaxed)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.free.load(Ordering::Relaxed) == 0
    }

    fn take(&self, bytes: usize) -> bool {
        let enough = |free: usize| free.checked_sub(bytes);
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enough).is_ok()
    }
}

/// Bytes one message holds; they are free again when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Held {
    pub(super) fn nothing(memory: Arc<Memory>) -> Self {
        Self { memory, bytes: 0 }
    }

    /// Holds `bytes` in all from now on; false (and nothing changes) if there are not so many.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let enough = self.memory.take(bytes.saturating_sub(self.bytes));
        if enough {
            self.bytes = self.bytes.max(bytes);
        }
        enough
    }

    pub(super) fn release(&mut self) {
        self.memory.free.fetch_add(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let memory = Memory::new(10);
        let mut first = Held::nothing(Arc::clone(&memory));
        let mut second = Held::nothing(Arc::clone(&memory));
        assert!(first.grow(4) && first.grow(8));
        assert!(!second.grow(3));
        assert_eq!(memory.used(), 8);
        drop(first);
        assert!(second.grow(10));
        assert_eq!(memory.used(), 10);
        drop(second);
        assert_eq!(memory.used(), 0);
    }
}
