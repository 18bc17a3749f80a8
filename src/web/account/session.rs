//! Who is logged in. Pure. Sessions live in memory: after a restart everybody logs in again, and
//! nothing that could be stolen lies on the disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::UserName;
use super::token::{digest, random};

/// Most sessions; the one that rested longest makes room.
const MOST: usize = 200;

/// How long a password without its second factor is good for.
const HALF_WAY: Duration = Duration::from_mins(5);

/// By which a session is known in the table: the hash of what the browser holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(String);

impl SessionKey {
    /// Of the cookie's value.
    #[must_use]
    pub fn of(cookie: &str) -> Self {
        Self(digest(cookie))
    }
}

/// One login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: UserName,
    /// As which her account stood; a later one ends the session.
    pub generation: u64,
    /// What forms must bring back.
    pub csrf: String,
    /// Whether the second factor is still missing.
    pub half_way: bool,
    begun: Instant,
    seen: Instant,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    /// Without a request.
    pub idle: Duration,
    /// In all.
    pub length: Duration,
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    table: HashMap<SessionKey, Session>,
}

impl Sessions {
    /// Begins one; the answer is the cookie's value. Nothing if the system has no random numbers.
    pub fn begin(
        &mut self,
        user: UserName,
        generation: u64,
        half_way: bool,
        now: Instant,
    ) -> Option<String> {
        let (cookie, csrf) = (random()?, random()?);
        if self.table.len() >= MOST {
            let oldest = self.table.iter().min_by_key(|(_, session)| session.seen);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.table.remove(&key);
            }
        }
        let session = Session { user, generation, csrf, half_way, begun: now, seen: now };
        self.table.insert(SessionKey::of(&cookie), session);
        Some(cookie)
    }

    /// The session of a cookie; a request makes it young again.
    pub fn touch(&mut self, key: &SessionKey, lives: Lives, now: Instant) -> Option<Session> {
        self.look(key, lives, now)?;
        let session = self.table.get_mut(key)?;
        session.seen = now;
        Some(session.clone())
    }

    /// The same, for what a page asks by itself: it goes on to age.
    pub fn look(&mut self, key: &SessionKey, lives: Lives, now: Instant) -> Option<Session> {
        let session = self.table.get(key)?;
        let length = if session.half_way { HALF_WAY } else { lives.length };
        let rested = now.saturating_duration_since(session.seen) > lives.idle;
        if rested || now.saturating_duration_since(session.begun) > length {
            self.table.remove(key);
            return None;
        }
        Some(session.clone())
    }

    /// Ends one.
    pub fn end(&mut self, key: &SessionKey) {
        self.table.remove(key);
    }

    /// Ends all of a user.
    pub fn end_all(&mut self, user: &UserName) {
        self.table.retain(|_, session| session.user != *user);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.len()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to begin with")]
mod tests {
    use super::*;

    const LIVES: Lives = Lives { idle: Duration::from_mins(10), length: Duration::from_hours(1) };

    fn ana() -> UserName {
        "ana".parse().unwrap()
    }

    #[test]
    fn a_session_ends_by_rest_and_by_age() {
        let (mut sessions, begin) = (Sessions::default(), Instant::now());
        let at = |minutes| begin + Duration::from_mins(minutes);
        let key = SessionKey::of(&sessions.begin(ana(), 0, false, begin).unwrap());
        for minutes in (5..=60).step_by(5) {
            assert!(sessions.touch(&key, LIVES, at(minutes)).is_some(), "{minutes}");
        }
        assert!(sessions.touch(&key, LIVES, at(61)).is_none());
        let key = SessionKey::of(&sessions.begin(ana(), 0, false, begin).unwrap());
        assert!(sessions.touch(&key, LIVES, at(11)).is_none());
        assert_eq!(sessions.count(), 0);
    }

    #[test]
    fn half_a_login_does_not_last() {
        let (mut sessions, begin) = (Sessions::default(), Instant::now());
        let key = SessionKey::of(&sessions.begin(ana(), 0, true, begin).unwrap());
        assert!(sessions.touch(&key, LIVES, begin + Duration::from_mins(4)).unwrap().half_way);
        assert!(sessions.touch(&key, LIVES, begin + Duration::from_mins(6)).is_none());
    }

    #[test]
    fn they_are_bounded_and_a_user_can_end_hers() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        for _ in 0..300 {
            sessions.begin(ana(), 0, false, now).unwrap();
        }
        assert_eq!(sessions.count(), MOST);
        sessions.end_all(&ana());
        assert_eq!(sessions.count(), 0);
        assert!(sessions.touch(&SessionKey::of("x"), LIVES, now).is_none());
    }
}
