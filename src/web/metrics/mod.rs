//! `/metrics`, `/healthz` and `/readyz`, for programs that watch. The text format of Prometheus fits
//! on a page; a library for it would be larger than what it writes.

mod counters;
mod histogram;
mod text;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::sync::broadcast::error::RecvError;

use super::account::Scope;
use super::api::Caller;
use super::facts::{Facts, Grade};
use super::site::Site;
use crate::alert::AlertId;
use crate::config::Amount;
use crate::health;
use crate::queue::FLUSH_BOUNDS;

pub(super) use counters::Counters;
use histogram::Histogram;
use text::{Kind, Text};

/// Most alerts that are looked at together.
const BLOCK: usize = 256;

/// Counts what happens to alerts until the stop.
pub(super) async fn follow(site: Arc<Site>) {
    let mut changes = site.parts.queue.changes();
    loop {
        let mut news = BTreeSet::new();
        tokio::select! {
            () = site.stop.cancelled() => return,
            change = changes.recv() => match change {
                Ok(id) => drop(news.insert(id)),
                Err(RecvError::Lagged(count)) => miss(&site, count),
                Err(RecvError::Closed) => return,
            },
        }
        while news.len() < BLOCK {
            let Ok(id) = changes.try_recv() else { break };
            news.insert(id);
        }
        let site = Arc::clone(&site);
        let counting = move || news.into_iter().for_each(|id| count(&site, id));
        if tokio::task::spawn_blocking(counting).await.is_err() {
            return;
        }
    }
}

fn count(site: &Site, id: AlertId) {
    let reader = site.parts.queue.reader();
    let (Ok(Some(record)), Ok(deliveries)) = (reader.record(id), reader.deliveries(id)) else {
        return;
    };
    let mut counters = site.metrics.lock().unwrap_or_else(PoisonError::into_inner);
    counters.count(&record, &deliveries);
}

fn miss(site: &Site, count: u64) {
    site.metrics.lock().unwrap_or_else(PoisonError::into_inner).miss(count);
}

/// The metrics, for who may read them.
pub(super) async fn metrics(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !site.config().web.open_metrics {
        let (mut parts, _) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, &site).await;
        if let Err(fault) = caller.and_then(|caller| caller.may(Scope::Metrics)) {
            return fault.into_response();
        }
    }
    let Ok(facts) = Facts::gather(&site).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut text = Text::default();
    now(&site, &facts, &mut text);
    let flushes = site.parts.queue.flushes();
    let sum = flushes.total.as_secs_f64();
    Histogram::counted(&FLUSH_BOUNDS, &flushes.counts, sum).write_family(
        &mut text,
        "store_flush_seconds",
        "How long a write of the store took until it was on the disk.",
    );
    counters::arrivals(&site.parts.queue.arrivals(), &mut text);
    site.metrics.lock().unwrap_or_else(PoisonError::into_inner).write(&mut text);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, kind)], text.finish()).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "the format has floats; 2^53 bytes are enough")]
fn now(site: &Site, facts: &Facts, text: &mut Text) {
    let verdict = facts.verdict();
    let yes = |is: bool| if is { 1.0 } else { 0.0 };
    let mut gauge = |name: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            text.family(name, Kind::Gauge, help);
            text.sample(name, &[], value);
        }
    };
    gauge("up", "The appliance runs.", Some(1.0));
    let wakes = yes(matches!(verdict, Grade::Good | Grade::Fault));
    gauge("would_wake", "An alert that came now would wake somebody.", Some(wakes));
    let faults = yes(verdict != Grade::Good);
    gauge("faulty", "Something should be looked at.", Some(faults));
    gauge("queue_alerts", "Alerts that wait to be told.", Some(facts.pending as f64));
    gauge("queue_alerts_max", "How many may wait.", Some(facts.max_pending as f64));
    let age =
        facts.oldest.map_or(0.0, |at| jiff::Timestamp::now().duration_since(at).as_secs_f64());
    gauge("queue_oldest_seconds", "How long the oldest alert waits.", Some(age.max(0.0)));
    let free = facts.free_space.map(|bytes| bytes as f64);
    gauge("disk_free_bytes", "Free space on the disk of the store.", free);
    let memory = facts.memory.map(|bytes| bytes as f64);
    gauge("resident_memory_bytes", "Memory of the process.", memory);
    gauge("running_seconds", "Since the start.", Some(facts.running.as_secs_f64()));
    gauge("people", "People in the configuration.", Some(facts.people as f64));
    gauge("web_sessions", "People logged in.", Some(site.sessions().count() as f64));
    let signal = facts.health.figures.signal_dbm.map(f64::from);
    gauge("modem_signal_dbm", "Received signal strength of the modem.", signal);
    let balance = facts.health.figures.balance.as_ref().and_then(|balance| balance.amount);
    let help = "Balance of the SIM card, in the operator's currency.";
    gauge("modem_balance", help, balance.map(Amount::as_f64));
    gauge("calls_in_progress", "Calls under way.", Some(facts.calls.len() as f64));
    let help = "How each part is: 1 well, 0.5 not as it should be, 0 does not work; none when off.";
    text.family("part", Kind::Gauge, help);
    for (part, state) in &facts.health.parts {
        let value = match state {
            health::State::Off => continue,
            health::State::Ok => 1.0,
            health::State::Degraded(_) => 0.5,
            health::State::Down(_) => 0.0,
        };
        text.sample("part", &[("part", part.as_str())], value);
    }
}

/// Whether it can take alerts and tell them.
pub(super) async fn ready(State(site): State<Arc<Site>>) -> Response {
    match Facts::gather(&site).await {
        Ok(facts) if facts.verdict() != Grade::Bad => "ready\n".into_response(),
        Ok(_) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}
