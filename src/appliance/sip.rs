//! Keeps the SIP user agent in step with the configuration. It waits on: a change of the
//! configuration, the next try when its port could not be opened, the agent's end, the stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config};
use crate::sip::Agent;

/// Wait before a port that could not be opened is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// The task that starts and stops the user agent.
pub(super) struct Sip {
    settings: watch::Receiver<Arc<Config>>,
    /// The agent of the moment, for the channels that use it.
    current: watch::Sender<Option<Agent>>,
}

/// An agent under way.
struct Running {
    settings: config::Sip,
    agent: Agent,
    stop: CancellationToken,
}

impl Sip {
    pub(super) fn new(
        settings: watch::Receiver<Arc<Config>>,
    ) -> (watch::Receiver<Option<Agent>>, Self) {
        let (current, receiver) = watch::channel(None);
        (receiver, Self { settings, current })
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut running: Option<Running> = None;
        loop {
            let wanted = self.settings.borrow_and_update().sip.clone();
            let wanted = (!wanted.accounts.is_empty()).then_some(wanted);
            if running.as_ref().map(|running| &running.settings) != wanted.as_ref() {
                if let Some(old) = running.take() {
                    self.current.send_replace(None);
                    old.end().await;
                }
                running = wanted.clone().and_then(Running::begin);
                self.current.send_replace(running.as_ref().map(|running| running.agent.clone()));
            }
            let failed = wanted.is_some() && running.is_none();
            let agent = running.as_ref().map(|running| running.agent.clone());
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.settings.changed() => if changed.is_err() {
                    stop.cancelled().await;
                    break;
                },
                () = tokio::time::sleep(TRY_AGAIN), if failed => {}
                // It ends by panic only; a telephone nobody drives must not look like one that waits.
                () = ended(agent) => {
                    tracing::error!("the SIP user agent ended by itself");
                    return;
                }
            }
        }
        if let Some(running) = running {
            running.end().await;
        }
    }
}

impl Running {
    fn begin(settings: config::Sip) -> Option<Self> {
        let stop = CancellationToken::new();
        match Agent::start(settings.clone(), stop.clone()) {
            Ok(agent) => Some(Self { settings, agent, stop }),
            Err(error) => {
                let listen = settings.listen;
                tracing::error!(%listen, %error, "cannot open the port of SIP; trying again");
                None
            }
        }
    }

    /// Ends the agent: it unregisters, and its port is free afterwards.
    async fn end(self) {
        self.stop.cancel();
        self.agent.stopped().await;
    }
}

async fn ended(agent: Option<Agent>) {
    match agent {
        Some(agent) => agent.stopped().await,
        None => std::future::pending().await,
    }
}
