//! The one task: what comes from sockets, from those who ask and from the clock goes into the
//! endpoint, and what it wants is done.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Options;
use super::call::CallJob;
use super::job::{Answer, Job, Order, outcome};
use crate::config;
use crate::sip::call::CallEvent;
use crate::sip::endpoint::{Action, Endpoint, Key, Load};
use crate::sip::registration::{AccountStatus, Registration};
use crate::sip::resolve::Resolver;
use crate::sip::timing::Timing;
use crate::sip::transport::{Arrival, Reached, Transports};

/// How long nothing is due when nothing is.
const LONG: Duration = Duration::from_hours(1);

pub(super) struct Task {
    endpoint: Endpoint,
    transports: Transports,
    arrivals: mpsc::Receiver<Arrival>,
    orders: mpsc::Receiver<Order>,
    timing: Timing,
    next: u64,
    calls: HashMap<Key, CallJob>,
    errands: HashMap<Key, (bool, oneshot::Sender<Answer>)>,
    /// Resolve when somebody hangs up.
    hang_ups: FuturesUnordered<BoxFuture<'static, Key>>,
    status: watch::Sender<Vec<AccountStatus>>,
    load: watch::Sender<Load>,
    local: SocketAddr,
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Task {
    pub(super) fn new(
        settings: config::Sip,
        options: Options,
        orders: mpsc::Receiver<Order>,
    ) -> io::Result<(Self, watch::Receiver<Vec<AccountStatus>>, watch::Receiver<Load>)> {
        let resolver = Resolver::new(options.name_servers);
        let (transports, arrivals) = Transports::open(&settings, resolver, options.timing.connect)?;
        let local = transports.local();
        let endpoint = Endpoint::new(settings, options.timing, secret()?, now());
        let (status, watched) = watch::channel(endpoint.status());
        let (load, loaded) = watch::channel(Load::default());
        let task = Self {
            endpoint,
            transports,
            arrivals,
            orders,
            timing: options.timing,
            next: 0,
            calls: HashMap::new(),
            errands: HashMap::new(),
            hang_ups: FuturesUnordered::new(),
            status,
            load,
            local,
        };
        Ok((task, watched, loaded))
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut look = interval(self.timing.watch_network);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.act();
        loop {
            let due = self.endpoint.deadline().map_or(Instant::now() + LONG, Instant::from_std);
            // Not biased: a flood of messages must not keep the clock waiting.
            tokio::select! {
                () = stop.cancelled() => break,
                arrival = self.arrivals.recv() => match arrival {
                    Some(arrival) => self.arrived(arrival),
                    None => break,
                },
                () = sleep_until(due) => self.endpoint.wake(now()),
                order = self.orders.recv() => match order {
                    Some(order) => self.ordered(order),
                    None => break,
                },
                Some(key) = self.hang_ups.next() => self.endpoint.hang_up(key, now()),
                _ = look.tick() => self.watch_network(),
            }
            self.act();
        }
        self.farewell().await;
    }

    /// Hangs up and unregisters, within its time.
    async fn farewell(mut self) {
        let end = Instant::now() + self.timing.farewell;
        self.endpoint.stop(now());
        self.act();
        while !self.endpoint.is_quiet() {
            let due = self.endpoint.deadline().map_or(end, Instant::from_std);
            tokio::select! {
                biased;
                () = sleep_until(end) => {
                    debug!("the exchange does not say goodbye");
                    return;
                }
                arrival = self.arrivals.recv() => match arrival {
                    Some(arrival) => self.arrived(arrival),
                    None => return,
                },
                () = sleep_until(due) => self.endpoint.wake(now()),
            }
            self.act();
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        let reached = match arrival {
            Arrival::Message(flow, message) => {
                debug!(remote = %flow.remote, ?message, "received");
                return self.endpoint.receive(flow, *message, now());
            }
            Arrival::Refuse(flow, response) => {
                return self.endpoint.refuse(flow, *response, now());
            }
            Arrival::Lost(flow, why) => {
                debug!(remote = %flow.remote, why, "a way is lost");
                self.transports.forget(&flow);
                return self.endpoint.lost(&flow, &why, now());
            }
            Arrival::Resolved(id, place, avoid, found) => {
                self.transports.resolved(id, place, &avoid, found)
            }
            Arrival::Connected(id, connection) => Some(self.transports.connected(id, connection)),
        };
        self.reached(reached);
    }

    fn reached(&mut self, reached: Reached) {
        if let Some((id, found)) = reached {
            if let Err(why) = &found {
                debug!(why, "no way");
            }
            self.endpoint.reached(id, found, now());
        }
    }

    fn ordered(&mut self, order: Order) {
        self.next += 1;
        let key = Key(self.next);
        match order {
            Order::Call(job) => {
                let hang_up = job.hang_up.clone();
                self.hang_ups.push(Box::pin(async move {
                    hang_up.cancelled().await;
                    key
                }));
                let request = job.request.clone();
                self.calls.insert(key, job);
                self.endpoint.call(key, request, now());
            }
            Order::Errand(Job::Message { to, text, answer }) => {
                self.errands.insert(key, (false, answer));
                self.endpoint.message(key, &to, text, now());
            }
            Order::Errand(Job::Ping { account, answer }) => {
                self.errands.insert(key, (true, answer));
                self.endpoint.ping(key, account, now());
            }
        }
    }

    /// Does what the endpoint wants.
    fn act(&mut self) {
        let mut changed = false;
        while let Some(action) = self.endpoint.take() {
            match action {
                Action::Send(flow, message) => self.transports.send(&flow, &message),
                Action::KeepAlive(flow) => self.transports.keep_alive(&flow),
                Action::Reach(id, hop) => {
                    let reached = self.transports.reach(id, hop);
                    self.reached(reached);
                }
                Action::Distrust(address) => self.transports.distrust(address),
                Action::Call(key, event) => {
                    let over = matches!(event, CallEvent::Ended(_));
                    if let Some(job) = self.calls.get_mut(&key) {
                        job.tell(event);
                    }
                    if over && let Some(job) = self.calls.remove(&key) {
                        // Lets the one that waits for a hang-up go.
                        job.hang_up.cancel();
                    }
                }
                Action::Errand(key, end) => {
                    if let Some((is_ping, answer)) = self.errands.remove(&key) {
                        let _gone = answer.send(outcome(end, is_ping));
                    }
                }
                Action::Status => changed = true,
            }
        }
        if changed {
            self.publish();
        }
        let load = self.endpoint.load();
        let connections = self.transports.connections();
        self.load.send_if_modified(|known| {
            let news = Load { connections, ..load };
            let modified = *known != news;
            *known = news;
            modified
        });
    }

    fn publish(&self) {
        let news = self.endpoint.status();
        for (number, (old, new)) in self.status.borrow().iter().zip(&news).enumerate() {
            tell(number + 1, &old.state, &new.state);
        }
        self.status.send_replace(news);
    }

    /// Whether our own address is another one now, as after a change of the network.
    fn watch_network(&mut self) {
        for flow in self.endpoint.flows().collect::<Vec<_>>() {
            match self.transports.local_towards(flow.remote) {
                Ok(local) if local.ip() == flow.local.ip() => {}
                Ok(_) => {
                    info!("the appliance has another address now");
                    self.endpoint.moved(Some(&flow), "the address changed", now());
                }
                Err(why) => self.endpoint.moved(Some(&flow), &why, now()),
            }
        }
    }
}

/// Logs what changed. Accounts are counted, as their addresses are private.
fn tell(number: usize, old: &Registration, new: &Registration) {
    match (old, new) {
        (Registration::Registered { .. }, Registration::Registered { .. }) => {}
        (_, Registration::Registered { .. }) => info!(account = number, "registered"),
        (Registration::Failed { why: old, .. }, Registration::Failed { why, .. }) if old == why => {
            debug!(account = number, why, "still not registered");
        }
        (_, Registration::Failed { why, .. }) => {
            warn!(account = number, why, "not registered");
        }
        (Registration::Registered { .. }, Registration::Trying | Registration::Off) => {
            info!(account = number, "registers anew");
        }
        (_, Registration::Trying | Registration::Off) => {}
    }
}

/// What nobody can guess.
fn secret() -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut secret).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(secret)
}
