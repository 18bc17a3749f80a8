//! Session timers (RFC 4028): a call whose other side vanished ends even if nobody hangs up.

use std::time::{Duration, Instant};

use super::message::{Headers, Name, Refresher};

/// What is proposed, in seconds (section 4).
const PROPOSED: u32 = 1800;
/// Least that may be agreed on (section 5).
const SHORTEST: u32 = 90;
/// Most that is believed.
const LONGEST: u32 = 24 * 3600;
/// Most times the other side may ask for more.
const MAX_RAISES: u8 = 2;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The session is to be refreshed.
    Refresh,
    /// The other side did not refresh it: it is over.
    Expired,
}

/// The timer of one session.
#[derive(Debug)]
pub(crate) struct SessionTimer {
    proposed: u32,
    /// What the other side demanded at least.
    least: Option<u32>,
    raises: u8,
    interval: Option<Interval>,
}

#[derive(Debug, Clone, Copy)]
struct Interval {
    seconds: u32,
    /// We refresh; else the other side does.
    ours: bool,
    refresh_at: Instant,
    ends_at: Instant,
}

impl SessionTimer {
    pub(crate) const fn new() -> Self {
        Self { proposed: PROPOSED, least: None, raises: 0, interval: None }
    }

    /// Adds what a request of ours proposes; `refresher` once it is agreed who that is.
    pub(crate) fn propose(&self, headers: &mut Headers) {
        let seconds = self.interval.map_or(self.proposed, |interval| interval.seconds);
        let role = match self.interval {
            // Roles are seen from the request (section 7.4).
            Some(Interval { ours: true, .. }) => ";refresher=uac",
            Some(Interval { ours: false, .. }) => ";refresher=uas",
            None => "",
        };
        headers.push(Name::SessionExpires, format!("{seconds}{role}"));
        headers.push(Name::MinSe, self.least.unwrap_or(SHORTEST).to_string());
    }

    /// A 422 came. True if the request is worth sending again.
    pub(crate) fn raise(&mut self, headers: &Headers) -> bool {
        let Some(least) = headers.min_se().filter(|least| *least <= LONGEST) else { return false };
        self.raises += 1;
        self.least = Some(self.least.unwrap_or(SHORTEST).max(least));
        self.proposed = self.proposed.max(least);
        if let Some(interval) = &mut self.interval {
            interval.seconds = interval.seconds.max(least);
        }
        self.raises <= MAX_RAISES
    }

    /// A 2xx to a request of ours came.
    pub(crate) fn answered(&mut self, headers: &Headers, now: Instant) {
        self.interval = headers.session_expires().map(|agreed| {
            let ours = agreed.refresher != Some(Refresher::Uas);
            interval(agreed.seconds, ours, now)
        });
    }

    /// A request of the other side is accepted; adds what our answer says (section 9).
    pub(crate) fn asked(&mut self, request: &Headers, answer: &mut Headers, now: Instant) {
        let Some(asked) = request.session_expires() else {
            // Without the header in a re-INVITE or UPDATE there is no timer any more.
            self.interval = None;
            return;
        };
        // Who asks refreshes, unless it says otherwise.
        let ours = asked.refresher == Some(Refresher::Uas);
        let interval = interval(asked.seconds, ours, now);
        let role = if ours { "uas" } else { "uac" };
        answer.push(Name::SessionExpires, format!("{};refresher={role}", interval.seconds));
        if !ours {
            answer.push(Name::Require, "timer");
        }
        self.interval = Some(interval);
    }

    /// Least seconds that we take, if a request asks for fewer (section 9: 422).
    pub(crate) fn too_short(request: &Headers) -> Option<u32> {
        request.session_expires().filter(|asked| asked.seconds < SHORTEST).map(|_| SHORTEST)
    }

    /// A refresh failed, for now: when it is tried again.
    pub(crate) fn put_off(&mut self, until: Instant) {
        if let Some(interval) = &mut self.interval {
            interval.refresh_at = until;
        }
    }

    /// When [`Self::due`] says something.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.interval.map(|interval| {
            if interval.ours { interval.refresh_at.min(interval.ends_at) } else { interval.ends_at }
        })
    }

    pub(crate) fn due(&mut self, now: Instant) -> Option<Due> {
        let interval = self.interval.as_mut()?;
        if interval.ends_at <= now {
            self.interval = None;
            return Some(Due::Expired);
        }
        if interval.ours && interval.refresh_at <= now {
            interval.refresh_at = interval.ends_at;
            return Some(Due::Refresh);
        }
        None
    }
}

/// Half of it until a refresh, and a third, at most 32 s, before its end it is over (section 10).
fn interval(seconds: u32, ours: bool, now: Instant) -> Interval {
    let seconds = seconds.clamp(10, LONGEST);
    let whole = Duration::from_secs(u64::from(seconds));
    let margin = (whole / 3).min(Duration::from_secs(32));
    let ends_at = now + whole.saturating_sub(margin);
    Interval { seconds, ours, refresh_at: now + whole / 2, ends_at }
}
