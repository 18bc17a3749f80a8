//! Keeps the modem's driver in step with the configuration, and passes on what the modem reports.
//! It waits on: a change of the configuration, an event of the modem, the stop.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config};
use crate::dispatch::Receipt;
use crate::modem::pdu::DeliveryState;
use crate::modem::{Modem, ModemEvent};

/// The task that starts and stops the driver.
pub(super) struct Gsm {
    settings: watch::Receiver<Arc<Config>>,
    /// The driver of the moment, for the channels that use it.
    current: watch::Sender<Option<Modem>>,
    receipts: Option<mpsc::Sender<Receipt>>,
}

/// A driver under way.
struct Driver {
    settings: config::Modem,
    modem: Modem,
    events: mpsc::Receiver<ModemEvent>,
    stop: CancellationToken,
}

impl Gsm {
    pub(super) fn new(
        settings: watch::Receiver<Arc<Config>>,
    ) -> (watch::Receiver<Option<Modem>>, Self) {
        let (current, receiver) = watch::channel(None);
        (receiver, Self { settings, current, receipts: None })
    }

    /// Passes the network's reports on to the dispatcher.
    pub(super) fn reporting_to(mut self, receipts: mpsc::Sender<Receipt>) -> Self {
        self.receipts = Some(receipts);
        self
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut driver: Option<Driver> = None;
        loop {
            let wanted = self.settings.borrow_and_update().modem.clone();
            if driver.as_ref().map(|driver| &driver.settings) != wanted.as_ref() {
                if let Some(old) = driver.take() {
                    self.current.send_replace(None);
                    old.end().await;
                }
                driver = wanted.map(Driver::begin);
                self.current.send_replace(driver.as_ref().map(|driver| driver.modem.clone()));
            }
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.settings.changed() => if changed.is_err() {
                    stop.cancelled().await;
                    break;
                },
                Some(event) = next_event(driver.as_mut()) => self.take(event).await,
            }
        }
        if let Some(driver) = driver {
            driver.end().await;
        }
    }

    async fn take(&self, event: ModemEvent) {
        match event {
            ModemEvent::Report { reference, to, state, status } => {
                let arrived = match state {
                    DeliveryState::Delivered => Ok(()),
                    // The service centre goes on trying; another report will come.
                    DeliveryState::Trying => return,
                    DeliveryState::Failed => Err(format!("TP-Status {status:#04x}")),
                };
                let receipt = Receipt { reference, number: to, arrived };
                if let Some(receipts) = &self.receipts {
                    drop(receipts.send(receipt).await);
                }
            }
            ModemEvent::Received { from, text, .. } => {
                tracing::info!(
                    characters = text.chars().count(),
                    "SMS received; nobody reads it yet"
                );
                tracing::debug!(from, text, "SMS received");
            }
        }
    }
}

impl Driver {
    fn begin(settings: config::Modem) -> Self {
        let stop = CancellationToken::new();
        let (modem, events) = Modem::start(settings.clone(), stop.clone());
        Self { settings, modem, events, stop }
    }

    /// Ends the driver; the port is free afterwards.
    async fn end(self) {
        self.stop.cancel();
        self.modem.stopped().await;
    }
}

async fn next_event(driver: Option<&mut Driver>) -> Option<ModemEvent> {
    driver?.events.recv().await
}
