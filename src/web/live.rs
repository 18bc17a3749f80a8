//! Tells open pages that something changed; they fetch what they show anew.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::guard::{Visit, Who};
use super::site::{Site, now};
use crate::alert::AlertId;
use crate::channel::call::Progress;

/// Most pages that are told.
pub(super) const MOST_STREAMS: usize = 24;

/// Shortest time between two tellings: in a storm a page need not follow each alert.
const PAUSE: Duration = Duration::from_millis(400);

/// How often a page hears that nothing changed: what only ages (clock, disk) is fetched anew, and a
/// session that is over is noticed.
const PULSE: Duration = Duration::from_secs(15);

struct Listener {
    site: Arc<Site>,
    who: Who,
    arriving: watch::Receiver<AlertId>,
    changes: broadcast::Receiver<AlertId>,
    calls: broadcast::Receiver<Progress>,
    last: Instant,
    _place: OwnedSemaphorePermit,
}

/// The stream of events (text/event-stream).
pub(super) async fn stream(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let Some(who) = visit.who else { return StatusCode::UNAUTHORIZED.into_response() };
    let Ok(place) = Arc::clone(&site.streams).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let queue = &site.parts.queue;
    let (arriving, changes) = (queue.arriving(), queue.changes());
    let calls = site.parts.desk.calls.subscribe();
    let last = Instant::now();
    let listener = Listener { site, who, arriving, changes, calls, last, _place: place };
    let events = stream::unfold(listener, next);
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

async fn next(mut listener: Listener) -> Option<(Result<Bytes, Infallible>, Listener)> {
    sleep_until(listener.last + PAUSE).await;
    let event: &'static [u8] = tokio::select! {
        () = listener.site.stop.cancelled() => return None,
        _ = listener.arriving.changed() => b"event: change\ndata: alert\n\n",
        _ = listener.changes.recv() => b"event: change\ndata: alert\n\n",
        _ = listener.calls.recv() => b"event: change\ndata: call\n\n",
        () = sleep_until(listener.last + PULSE) => b"event: change\ndata: pulse\n\n",
    };
    listener.last = Instant::now();
    // One telling stands for all that happened meanwhile.
    listener.arriving.mark_unchanged();
    listener.changes = listener.changes.resubscribe();
    listener.calls = listener.calls.resubscribe();
    let site = &listener.site;
    // An open page is no request of hers: her session goes on to age.
    let lives = site.sessions().look(&listener.who.key, site.lives(), now()).is_some();
    lives.then_some((Ok(Bytes::from_static(event)), listener))
}
