//! Calls through the modem, with a sound card that leads to it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::caller::{Caller, Calling};
use super::line::{Line, LineEnd, LineEvent, Sound};
use crate::audio::{Pcm, Player};
use crate::channel::{Channel, Job, Outcome, Report};
use crate::config::{Audio, ChannelName, Person};
use crate::modem::at::Remedy;
use crate::modem::{Call, CallEnd, CallEvent, CallRequest, Modem};

/// How long a call may wait for the line, before and after: longer, and the modem has forgotten it.
const LINE_PATIENCE: Duration = Duration::from_mins(10);

/// The channel of calls through the modem.
pub struct GsmChannel {
    caller: Arc<Caller>,
    /// Changes when the modem's settings do; `None` while there is no driver.
    modem: watch::Receiver<Option<Modem>>,
}

impl GsmChannel {
    /// A channel that calls by whatever modem there is, by the settings as they stand.
    #[must_use]
    pub const fn new(caller: Arc<Caller>, modem: watch::Receiver<Option<Modem>>) -> Self {
        Self { caller, modem }
    }

    async fn tell_one(&self, job: &Job, person: &Person) -> Report {
        let config = self.caller.config();
        let Some(to) = person.phone.clone() else {
            return Outcome::Refused("no telephone number".into()).into();
        };
        let modem = self.modem.borrow().clone();
        let Some(modem) = modem else {
            let outcome = if config.modem.is_some() {
                Outcome::Retry("the modem is being started".into())
            } else {
                Outcome::Refused("no modem is configured; set modem.device".into())
            };
            return outcome.into();
        };
        let request = CallRequest {
            to,
            ring_time: config.call.ring_time,
            max_length: config.call.max_length,
        };
        let limit = LINE_PATIENCE + request.ring_time + request.max_length;
        let (channel, config) = (ChannelName::Gsm, &*config);
        let dial = async {
            let call = modem.call(request).await;
            Ok(GsmLine { call, audio: config.audio.clone() })
        };
        self.caller.call(Calling { channel, job, person, config, limit }, dial).await
    }
}

impl Channel for GsmChannel {
    fn name(&self) -> ChannelName {
        ChannelName::Gsm
    }

    fn prepare(&self, job: &Job) {
        self.caller.prepare(job);
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(job.people.len());
            // One after the other, since there is one modem.
            for person in &job.people {
                reports.push(self.tell_one(&job, person).await);
            }
            reports
        })
    }
}

/// A call of the modem, and the sound card beside it.
struct GsmLine {
    call: Call,
    audio: Audio,
}

impl Line for GsmLine {
    fn next(&mut self) -> BoxFuture<'_, LineEvent> {
        Box::pin(async {
            match self.call.next().await {
                Some(CallEvent::Dialling) => LineEvent::Dialling,
                Some(CallEvent::Ringing) => LineEvent::Ringing,
                Some(CallEvent::Answered) => LineEvent::Answered,
                Some(CallEvent::Key(key)) => LineEvent::Key(key),
                Some(CallEvent::Ended(end)) => LineEvent::Ended(line_end(&end)),
                None => LineEvent::Ended(LineEnd::HungUp),
            }
        })
    }

    fn hang_up(&mut self) {
        self.call.hang_up();
    }

    fn sound(&self) -> BoxFuture<'static, Result<Box<dyn Sound>, String>> {
        let audio = self.audio.clone();
        Box::pin(async move {
            let player = Player::open(&audio).await.map_err(|error| error.to_string())?;
            Ok(Box::new(player) as Box<dyn Sound>)
        })
    }
}

fn line_end(end: &CallEnd) -> LineEnd {
    match end {
        CallEnd::HungUp => LineEnd::HungUp,
        CallEnd::FarEnd => LineEnd::FarEnd,
        CallEnd::TooLong => LineEnd::TooLong,
        CallEnd::Emergency => LineEnd::Refused(end.to_string()),
        CallEnd::Rejected(fault) if fault.remedy == Remedy::None => {
            LineEnd::Refused(end.to_string())
        }
        CallEnd::Rejected(_)
        | CallEnd::Busy
        | CallEnd::NoAnswer
        | CallEnd::NoCarrier
        | CallEnd::NoDialtone
        | CallEnd::NotRegistered(_)
        | CallEnd::Unavailable(_)
        | CallEnd::Lost(_)
        | CallEnd::Stopping => LineEnd::Failed(end.to_string()),
    }
}

impl Sound for Player {
    fn play(&self, pcm: Arc<Pcm>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.play(pcm).await.map_err(|error| error.to_string()) })
    }

    fn drained(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.drained().await.map_err(|error| error.to_string()) })
    }

    fn clear(&self) {
        self.clear();
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let underruns = self.underruns();
            if underruns > 0 {
                tracing::warn!(underruns, "sound came too late for the device");
            }
            (*self).close().await;
        })
    }
}
