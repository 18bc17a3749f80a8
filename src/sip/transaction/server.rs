//! The server's side of everything but INVITE: RFC 3261 section 17.2.2.

use std::time::{Duration, Instant};

use super::Wish;
use crate::sip::message::Response;
use crate::sip::timing::Timing;

/// A request that came.
#[derive(Debug)]
pub(crate) struct Server {
    timing: Timing,
    reliable: bool,
    answer: Option<Response>,
    /// Timer J; until the answer, as long as one may take.
    until: Instant,
    over: bool,
}

impl Server {
    /// A request that came just now.
    #[must_use]
    pub(crate) fn new(now: Instant, timing: Timing, reliable: bool) -> Self {
        Self { timing, reliable, answer: None, until: now + timing.transaction(), over: false }
    }

    /// When [`Self::wake`] wants to be called.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Instant {
        self.until
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub(crate) const fn is_over(&self) -> bool {
        self.over
    }

    /// Answers it. Only the first final answer counts.
    pub(crate) fn respond(&mut self, response: Response, now: Instant) -> Vec<Wish> {
        if self.answer.as_ref().is_some_and(|answer| answer.status >= 200) {
            return Vec::new();
        }
        if response.status >= 200 {
            let wait = if self.reliable { Duration::ZERO } else { self.timing.transaction() };
            self.until = now + wait;
        }
        self.answer = Some(response.clone());
        vec![Wish::Answer(response)]
    }

    /// The request came again.
    #[must_use]
    pub(crate) fn again(&self) -> Vec<Wish> {
        self.answer.iter().cloned().map(Wish::Answer).collect()
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.over |= self.until <= now;
    }
}
