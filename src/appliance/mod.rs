//! Builds the parts from the configuration, watches over them, stops them in order.
//!
//! Nobody else knows everybody. A part that ends by itself takes the whole process down, loudly:
//! whoever started it (systemd) starts it again, and nobody believes in an appliance that is only
//! half there.

mod gsm;
mod health;
pub mod machine;
mod settings;
mod sip;
mod threads;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::alert::text;
use crate::board::Board;
use crate::channel::call::{Caller, Progress};
use crate::channel::{
    Channel, GsmChannel, MailChannel, SipMessageChannel, SmsChannel, SmsText, VoipChannel,
};
use crate::config::{Config, LoadError};
use crate::control;
use crate::dispatch::Dispatcher;
use crate::health::Status;
use crate::intake::{Door, FilterGate, Intake};
use crate::modem::Modem;
use crate::queue;
use crate::sip::Agent;
use crate::smtp;
use crate::speech::Speaker;
use crate::web;

use gsm::Gsm;
use health::{Health, Sources};
use settings::Keeper;
use sip::Sip;
use threads::Thread;

/// Most requests to read the configuration again that wait.
const RELOADS: usize = 8;

/// How long a part may take to end; longer than any of them gives what it has under way.
const PART_PATIENCE: Duration = Duration::from_secs(40);

const WRITER: &str = "the queue's writer";

/// Why the appliance cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be read or is wrong.
    #[error(transparent)]
    Config(#[from] LoadError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] queue::OpenError),
    /// A port cannot be opened.
    #[error(transparent)]
    Smtp(#[from] smtp::BindError),
    /// The control socket cannot be made.
    #[error(transparent)]
    Control(#[from] control::BindError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A part ended that should not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} ended by itself: {reason}")]
pub struct PartDied {
    part: &'static str,
    reason: String,
}

/// Nice levels the administration is behind all else: about a tenth of a processor that others want too.
const NICER: i32 = 10;

/// The appliance, built and ready to run.
pub struct Appliance {
    smtp: smtp::Server,
    web: web::Server,
    /// The alert's way in: all from a client's connection to its 250.
    way_in: Thread,
    /// All the web administration does.
    background: Thread,
    dispatcher: Dispatcher,
    control: control::Server,
    gsm: Gsm,
    sip: Sip,
    keeper: Keeper,
    health: Health,
    status: watch::Receiver<Arc<Status>>,
    writer: JoinHandle<()>,
    queue: queue::Queue,
    calls: broadcast::Sender<Progress>,
}

impl Appliance {
    /// Builds everything: reads the configuration, opens the store and the ports. Clients that
    /// connect from now on are served when it runs.
    ///
    /// # Errors
    /// [`StartError`], for a person to read.
    pub fn build(config_file: &Path) -> Result<Self, StartError> {
        let (keeper, settings) = Keeper::load(config_file)?;
        let config = Arc::clone(&settings.borrow());
        let way_in = Thread::start("intake", 0).map_err(StartError::Thread)?;
        let (queue, writer) = open_queue(&config, &settings, way_in.runtime())?;
        let (modem, gsm) = Gsm::new(settings.clone());
        let (agent, sip) = Sip::new(settings.clone());
        let speaker = Speaker::start(settings.clone(), config.appliance.store.join("speech"));
        let caller = Caller::new(settings.clone(), speaker.clone());
        let calls = caller.watchers();
        let channels = channels(&settings, caller, &modem, &agent);
        let (dispatcher, handle) = Dispatcher::new(queue.clone(), channels, settings.clone());
        let gsm = gsm.reporting_to(handle.receipts);
        let door: Arc<dyn Door> = Arc::new(Intake::new(queue.clone()));
        let smtp = {
            let _way_in = way_in.runtime().enter();
            smtp::Server::bind(settings.clone(), Arc::clone(&door))?
        };
        let silence = Arc::new(Notify::new());
        let (health, status) = Health::new(
            Sources {
                settings: settings.clone(),
                wrong: keeper.wrong(),
                ports: smtp.open_ports(),
                telling: dispatcher.telling(),
                modem,
                agent: agent.clone(),
                queue: queue.clone(),
                commands: handle.commands.clone(),
                silence: Arc::clone(&silence),
            },
            config_file,
        );
        let (reload, reloads) = mpsc::channel(RELOADS);
        let desk = Arc::new(control::Desk {
            queue: queue.clone(),
            commands: handle.commands,
            reload,
            calls: calls.clone(),
            agent,
            settings: settings.clone(),
            health: status.clone(),
            silence,
        });
        let control = control::Server::bind(&config.appliance.store, Arc::clone(&desk))?;
        let web = web::Server::bind(web::Parts {
            settings,
            config_file: config_file.to_owned(),
            queue: queue.clone(),
            desk,
            door,
            speaker,
        });
        Ok(Self {
            smtp,
            web,
            way_in,
            background: Thread::start("administration", NICER).map_err(StartError::Thread)?,
            dispatcher,
            control,
            gsm,
            sip,
            keeper: keeper.obeying(reloads),
            health,
            status,
            writer,
            queue,
            calls,
        })
    }

    /// Addresses of the SMTP ports, in the order of the configuration.
    #[must_use]
    pub fn smtp_addresses(&self) -> Vec<SocketAddr> {
        self.smtp.local_addrs()
    }

    /// Where the administration in the browser is, if it is on.
    #[must_use]
    pub fn web_address(&self) -> Option<SocketAddr> {
        self.web.local_addr()
    }

    /// The token by which its first user is made, while there is none.
    #[must_use]
    pub fn web_setup_token(&self) -> Option<String> {
        self.web.setup_token()
    }

    /// The queue, to look at what happens. Its holder must let go of it for the appliance to end.
    #[must_use]
    pub fn queue(&self) -> queue::Queue {
        self.queue.clone()
    }

    /// What happens in calls from now on.
    #[must_use]
    pub fn calls(&self) -> broadcast::Receiver<Progress> {
        self.calls.subscribe()
    }

    /// How the appliance is, now and whenever that changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// Takes this board, whatever is configured.
    #[must_use]
    pub fn on_board(mut self, board: Box<dyn Board>) -> Self {
        self.health.with_board(board);
        self
    }

    /// Runs until `stop`; then ends in order: no new mail, what is being told is told, the rest
    /// waits on disk.
    ///
    /// # Errors
    /// [`PartDied`] if a part ended before.
    pub async fn run(self, stop: CancellationToken) -> Result<(), PartDied> {
        let mut parts = Parts::default();
        // In the order in which they are stopped.
        parts.start_on(self.way_in.runtime(), "the SMTP receiver", |stop| self.smtp.run(stop));
        parts.start_on(self.background.runtime(), "the administration", |stop| self.web.run(stop));
        parts.start("the control socket", |stop| self.control.run(stop));
        parts.start("the dispatcher", |stop| self.dispatcher.run(stop));
        parts.start("the modem's keeper", |stop| self.gsm.run(stop));
        parts.start("the SIP telephone's keeper", |stop| self.sip.run(stop));
        parts.start("the watch over all", |stop| self.health.run(stop));
        parts.start("the configuration's keeper", |stop| self.keeper.run(stop));
        let died = tokio::select! {
            () = stop.cancelled() => None,
            died = parts.next_end() => Some(died),
        };
        if let Some(died) = &died {
            tracing::error!(part = died.part, reason = died.reason, "ended by itself; stopping");
        }
        health::stopping();
        parts.stop().await;
        drop(self.background);
        // When the last handle on the queue is gone, its writer writes what it has and ends.
        if timeout(PART_PATIENCE, self.queue.ended()).await.is_err() {
            let reason = "somebody holds on to it".to_owned();
            return Err(died.unwrap_or(PartDied { part: WRITER, reason }));
        }
        let ended = self.writer.await;
        match (died, ended) {
            (Some(died), _) => Err(died),
            (None, Ok(())) => Ok(()),
            (None, Err(_)) => Err(PartDied { part: WRITER, reason: "it panicked".to_owned() }),
        }
    }
}

fn open_queue(
    config: &Config,
    settings: &watch::Receiver<Arc<Config>>,
    way_in: &Handle,
) -> Result<(queue::Queue, JoinHandle<()>), StartError> {
    let (now, wall) = (tokio::time::Instant::now().into_std(), Timestamp::now());
    let opened = queue::open(
        config.appliance.store.join("queue"),
        |recent| FilterGate::recall(recent, settings.clone(), now, wall),
        settings.clone(),
    )?;
    if let Some(damage) = &opened.damage {
        damage.tell();
    }
    let _way_in = way_in.enter();
    Ok(opened.start())
}

/// All there are, in no order.
fn channels(
    settings: &watch::Receiver<Arc<Config>>,
    caller: Arc<Caller>,
    modem: &watch::Receiver<Option<Modem>>,
    agent: &watch::Receiver<Option<Agent>>,
) -> Vec<Arc<dyn Channel>> {
    let text = sms_text(settings.clone());
    vec![
        Arc::new(MailChannel::new(settings.clone())),
        Arc::new(SmsChannel::new(settings.clone(), modem.clone(), Arc::clone(&text))),
        Arc::new(VoipChannel::new(Arc::clone(&caller), agent.clone())),
        Arc::new(GsmChannel::new(caller, modem.clone())),
        Arc::new(SipMessageChannel::new(settings.clone(), agent.clone(), text)),
    ]
}

/// What an SMS says: the person's language and the templates of the moment.
fn sms_text(settings: watch::Receiver<Arc<Config>>) -> Arc<SmsText> {
    Arc::new(move |job, person| {
        let config = settings.borrow();
        let language = person.language.as_ref().unwrap_or(&config.appliance.language);
        match job.alerts.as_slice() {
            [alert] => text::sms(alert, language, &config.texts),
            alerts => text::digest(alerts, language),
        }
    })
}

/// A running task, and how to stop it.
struct Part {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// The running tasks, in the order in which they are stopped.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn start<F>(&mut self, name: &'static str, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.start_on(&Handle::current(), name, run);
    }

    fn start_on<F>(
        &mut self,
        runtime: &Handle,
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let task = runtime.spawn(run(stop.clone()));
        self.0.push(Part { name, stop, task });
    }

    /// Resolves when one of them ends, which it should not.
    async fn next_end(&mut self) -> PartDied {
        let tasks = self.0.iter_mut().map(|part| &mut part.task);
        let (ended, position, _) = select_all(tasks).await;
        let part = self.0.remove(position).name;
        let reason = match ended {
            Ok(()) => "without being told to".to_owned(),
            Err(error) => error.to_string(),
        };
        PartDied { part, reason }
    }

    /// Stops the parts one after the other, each when the one before has ended.
    async fn stop(self) {
        for Part { name, stop, mut task } in self.0 {
            stop.cancel();
            tracing::debug!(part = name, "stopping");
            match timeout(PART_PATIENCE, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(part = name, %error, "did not end well"),
                Err(_) => {
                    tracing::error!(part = name, "did not end in time and is left behind");
                    task.abort();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs until told to stop.
    async fn good(stop: CancellationToken) {
        stop.cancelled().await;
    }

    #[tokio::test]
    async fn a_part_that_panics_is_named_and_the_others_are_stopped() {
        let mut parts = Parts::default();
        parts.start("first", good);
        parts.start("second", |_| async { panic!("on purpose") });
        parts.start("third", good);
        let died = parts.next_end().await;
        assert_eq!(died.part, "second");
        assert!(died.reason.contains("panic"), "{}", died.reason);
        parts.stop().await;
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_is_named() {
        let mut parts = Parts::default();
        parts.start("first", good);
        parts.start("second", |_| async {});
        assert_eq!(
            parts.next_end().await.to_string(),
            "second ended by itself: without being told to"
        );
        parts.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_does_not_stop_holds_nobody_up() {
        let mut parts = Parts::default();
        parts.start("deaf", |_| std::future::pending());
        parts.start("good", good);
        parts.stop().await;
    }
}
