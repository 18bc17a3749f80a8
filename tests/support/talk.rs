//! A call with sound: the agent and the session of a call, put together as the appliance does.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::audio::{Pcm, TELEPHONE_RATE};
use smtp_appliance::channel::call::media::stream;
use smtp_appliance::rtp::{Event, Events, Options, Quality, Session};
use smtp_appliance::sip::sdp::{Agreed, CryptoKey, Suite};
use smtp_appliance::sip::{Call, CallEvent, Target};
use tokio::time::{sleep, timeout};

use super::sip::{Line, PATIENCE, local, told};

/// Longest that somebody may ring.
const RING_TIME: Duration = Duration::from_secs(30);

/// A call, and its sound.
pub(crate) struct Talk {
    pub(crate) call: Call,
    pub(crate) session: Session,
    pub(crate) events: Events,
    /// What was told of the call, in the words of [`told`].
    pub(crate) course: Vec<String>,
}

impl Talk {
    /// Opens ports for the sound, and calls.
    pub(crate) async fn begin(line: &Line, to: Target) -> Self {
        let options = Options { record: Duration::from_mins(1), ..Options::default() };
        let opened = Session::open(Ipv4Addr::LOCALHOST.into(), 30_000..=31_999, options).await;
        let (session, events) = opened.expect("ports");
        let mut media = local(session.port());
        // They are offered if the account wants sound to be encrypted.
        for (tag, suite) in [(1, Suite::Aes80), (2, Suite::Aes32)] {
            let key = std::array::from_fn(|_| fastrand::u8(..));
            media.keys.push(CryptoKey { tag, suite, key });
        }
        let call = line.call_with(to, RING_TIME, media).await;
        Self { call, session, events, course: Vec::new() }
    }

    /// The next of the call, which is followed.
    pub(crate) async fn next(&mut self) -> CallEvent {
        let event = timeout(PATIENCE, self.call.next()).await.expect("an event in time");
        let event = event.unwrap_or_else(|| panic!("it is over: {:?}", self.course));
        self.course.push(told(&event));
        match &event {
            CallEvent::Answered(agreed) | CallEvent::Media(agreed) => {
                self.session.point(stream(agreed));
            }
            CallEvent::Dialling
            | CallEvent::Progress(_)
            | CallEvent::Ringing(_)
            | CallEvent::Key(_)
            | CallEvent::Ended(_) => {}
        }
        event
    }

    /// Waits until somebody answers.
    ///
    /// # Panics
    /// If nobody does.
    pub(crate) async fn answered(&mut self) -> Agreed {
        loop {
            match self.next().await {
                CallEvent::Answered(agreed) => return agreed,
                CallEvent::Ended(end) => panic!("not answered: {end}"),
                CallEvent::Dialling
                | CallEvent::Progress(_)
                | CallEvent::Ringing(_)
                | CallEvent::Media(_)
                | CallEvent::Key(_) => {}
            }
        }
    }

    /// Says this, with a little silence on both sides.
    pub(crate) async fn say(&self, sound: &Pcm) {
        let lead = Pcm::silence(TELEPHONE_RATE, Duration::from_millis(300));
        for part in [lead, sound.clone()] {
            self.session.play(Arc::new(part)).await;
        }
        timeout(PATIENCE, self.session.drained()).await.expect("said in time");
        // The telephone holds some of it back.
        sleep(Duration::from_secs(1)).await;
    }

    /// The next key that is pressed.
    pub(crate) async fn key(&mut self) -> char {
        let key = async {
            loop {
                match self.events.next().await.expect("the session is open") {
                    Event::Key(key) => return key,
                    Event::Heard | Event::Silent(_) | Event::Bye => {}
                }
            }
        };
        timeout(PATIENCE, key).await.expect("a key in time")
    }

    /// Waits until the call is over; its course from the beginning, and how well it was heard.
    pub(crate) async fn ended(mut self) -> (String, Quality) {
        while !matches!(self.next().await, CallEvent::Ended(_)) {}
        (self.course.join(", "), self.session.close().await)
    }

    /// Hangs up, and waits until the call is over.
    pub(crate) async fn hang_up(self) -> (String, Quality) {
        self.call.hang_up();
        self.ended().await
    }
}
