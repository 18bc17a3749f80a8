//! A call on the line of a modem that is up: the actions of [`Calling`] are carried out, and what
//! comes in besides is looked after.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::call::{CallEnd, CallEvent, CallJob};
use super::calling::{Calling, Do};
use super::line::Said;
use super::serve::{Chore, Serving};
use super::status::Fault;
use super::task::restart;
use crate::modem::at::{Expect, ModemFault, Remedy, Urc};

/// Longest wait at once, whatever the limits of the call are.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl Serving<'_> {
    /// Makes a call. `Ok` when the line is free again.
    pub(super) async fn on_call(
        &mut self,
        mut job: CallJob,
        stop: &CancellationToken,
    ) -> Result<(), Fault> {
        // A call that comes in is in the way.
        if let Some(place) = self.chores.iter().position(|chore| *chore == Chore::HangUp) {
            self.chores.remove(place);
            self.perform(Chore::HangUp).await?;
        }
        self.task.publish.send_modify(|status| status.in_call = true);
        let result = self.talk(&mut job, stop).await;
        self.task.publish.send_modify(|status| status.in_call = false);
        if let Err(fault) = &result {
            job.tell(CallEvent::Ended(CallEnd::Lost(fault.to_string())));
        }
        result
    }

    async fn talk(&mut self, job: &mut CallJob, stop: &CancellationToken) -> Result<(), Fault> {
        let begin = Instant::now();
        let mut calling = Calling::new(job.request.clone(), self.identity.quirks);
        let mut expect = Expect::default();
        let mut broken = None;
        let mut hung_up = false;
        loop {
            self.hear_call(&mut calling, begin)?;
            if !calling.is_busy() {
                expect = Expect::default();
            }
            let until = match calling.next(begin.elapsed()) {
                Do::Tell(event) => {
                    broken = broken.or_else(|| broken_by(&event));
                    job.tell(event);
                    continue;
                }
                Do::Send(command) => {
                    expect = command.expect();
                    self.line.begin(&command).await?;
                    continue;
                }
                Do::Abort => {
                    self.line.abort().await?;
                    continue;
                }
                Do::Over { stuck } => {
                    if let Some(command) = stuck {
                        self.resync(command).await?;
                    }
                    return self.mend(broken).await;
                }
                Do::Wait(until) => begin + until.min(LONGEST_WAIT),
            };
            if calling.has_leisure()
                && let Some(chore) = self.message_chore()
            {
                self.perform(chore).await?;
                continue;
            }
            tokio::select! {
                biased;
                () = job.hang_up.cancelled(), if !hung_up => {
                    hung_up = true;
                    calling.hang_up(CallEnd::HungUp, begin.elapsed());
                }
                () = stop.cancelled(), if !hung_up => {
                    hung_up = true;
                    calling.hang_up(CallEnd::Stopping, begin.elapsed());
                }
                said = self.line.said(&expect) => match said? {
                    Said::Answer(answer) => calling.on_answer(answer, begin.elapsed()),
                    Said::Urc => {}
                },
                () = sleep_until(until) => {}
            }
        }
    }

    /// What the modem has said of its own accord.
    fn hear_call(&mut self, calling: &mut Calling, begin: Instant) -> Result<(), Fault> {
        while let Some(urc) = self.line.heard() {
            if let Urc::Call(call) = urc {
                calling.on_urc(call, begin.elapsed());
            } else if urc == Urc::Ring {
                info!("modem: a call came in during a call and is refused");
                calling.on_ring();
            } else {
                self.on_urc(urc)?;
            }
        }
        Ok(())
    }

    /// What cannot wait until the call is over, which may be minutes.
    fn message_chore(&mut self) -> Option<Chore> {
        let is_message = |chore: &Chore| match chore {
            Chore::ReadMessage(_) | Chore::DeleteMessage(_) | Chore::Acknowledge => true,
            Chore::Poll
            | Chore::Operator
            | Chore::ListMessages
            | Chore::HangUp
            | Chore::LeaveNetwork => false,
        };
        let place = self.chores.iter().position(is_message)?;
        self.chores.remove(place)
    }

    /// A SIM card or modem that is broken is brought up anew.
    async fn mend(&mut self, broken: Option<ModemFault>) -> Result<(), Fault> {
        let Some(fault) = broken else { return Ok(()) };
        restart(&mut self.line, self.identity.quirks).await;
        Err(Fault::Broken(fault))
    }
}

fn broken_by(event: &CallEvent) -> Option<ModemFault> {
    let CallEvent::Ended(CallEnd::Rejected(fault)) = event else { return None };
    (fault.remedy == Remedy::Restart).then(|| fault.clone())
}
