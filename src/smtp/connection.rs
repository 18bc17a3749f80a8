//! One connection, one task: carries bytes between the socket and the [`Session`], and does what
//! the session says.
//!
//! The task waits on its socket, on one alarm (idle, session and stop deadlines), on the stop of
//! the appliance, and while a message is handed in on the intake. It owns one read and one write
//! buffer, small while the client is silent.

use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::server::Shared;
use super::session::{Context, Ending, Session, Step};
use crate::config::{Config, Listener, ListenerTls};
use crate::intake::Submission;

/// How long a session in the middle of a message may go on when the appliance stops.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// Longest time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time for a client to take our replies.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time for the intake to store a message; clients wait 10 minutes (RFC 5321 section
/// 4.5.3.2.6).
const SUBMIT_TIMEOUT: Duration = Duration::from_mins(5);

/// How long, and for how many bytes, a client that is being closed is read on.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 256 * 1024;

/// Room for reading commands, in bytes.
const READ_SIZE: usize = 2048;

/// Most room for reading a message.
const MAX_READ_SIZE: usize = 64 * 1024;

/// Most room the reply buffer keeps between uses.
const KEPT_OUTPUT: usize = 8192;

/// A counted connection; it is counted out when this is dropped.
pub(super) struct Slot {
    pub(super) shared: Arc<Shared>,
    pub(super) client: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.clients.disconnect(self.client);
    }
}

/// How a conversation ended.
enum End {
    StartTls,
    Closed,
}

struct Connection {
    slot: Slot,
    session: Session,
    config: watch::Receiver<Arc<Config>>,
    stop: CancellationToken,
    input: BytesMut,
    output: Vec<u8>,
    read_size: usize,
    started: Instant,
    /// When the client last got on with it, and how far it was then.
    active: Instant,
    progress: u64,
    stop_by: Option<Instant>,
}

/// Serves one client to the end.
pub(super) async fn serve(
    stream: TcpStream,
    slot: Slot,
    listener: Listener,
    stop: CancellationToken,
) {
    let client = slot.client;
    tracing::debug!(%client, "connected");
    let implicit_tls = listener.tls == ListenerTls::Implicit;
    let mut connection = Connection::new(slot, listener, stop);
    let result = if implicit_tls {
        Box::pin(connection.converse_over_tls(stream)).await
    } else {
        connection.converse_in_clear(stream).await
    };
    match result {
        Ok(()) => tracing::debug!(%client, "closed"),
        Err(error) => tracing::debug!(%client, %error, "broken off"),
    }
}

impl Connection {
    fn new(slot: Slot, listener: Listener, stop: CancellationToken) -> Self {
        let mut config = slot.shared.config.clone();
        let mut output = Vec::with_capacity(512);
        let implicit_tls = listener.tls == ListenerTls::Implicit;
        let now = Instant::now();
        let session = Session::new(
            slot.client,
            listener,
            implicit_tls,
            &config.borrow_and_update(),
            &mut output,
        );
        Self {
            slot,
            session,
            config,
            stop,
            input: BytesMut::new(),
            output,
            read_size: READ_SIZE,
            started: now,
            active: now,
            progress: 0,
            stop_by: None,
        }
    }

    async fn converse_in_clear(&mut self, mut stream: TcpStream) -> io::Result<()> {
        match self.converse(&mut stream).await? {
            End::Closed => Ok(()),
            End::StartTls => {
                self.session.tls_started();
                // Boxed, so that the many connections without TLS stay small.
                Box::pin(self.converse_over_tls(stream)).await
            }
        }
    }

    async fn converse_over_tls(&mut self, stream: TcpStream) -> io::Result<()> {
        let mut stream = self.handshake(stream).await?;
        self.converse(&mut stream).await.map(|_| ())
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let tls = self.slot.shared.tls.current();
        let tls = tls.ok_or_else(|| io::Error::other("no certificate"))?;
        let handshake = TlsAcceptor::from(tls).accept(stream);
        tokio::select! {
            () = self.stop.cancelled() => Err(io::Error::other("stopping")),
            result = timeout(HANDSHAKE_TIMEOUT, handshake) => result?,
        }
    }

    async fn converse<S>(&mut self, stream: &mut S) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut alarm = pin!(sleep_until(self.deadline()));
        let stop = self.stop.clone();
        let mut stopped = pin!(stop.cancelled());
        loop {
            match self.advance() {
                Step::Flush => self.flush(stream).await?,
                Step::Read => {
                    self.flush(stream).await?;
                    if !self.read(stream, alarm.as_mut(), stopped.as_mut()).await? {
                        return Ok(End::Closed);
                    }
                }
                Step::Submit(submission) => self.submit(submission).await,
                Step::StartTls => {
                    self.flush(stream).await?;
                    self.input.clear();
                    return Ok(End::StartTls);
                }
                Step::Close { linger } => {
                    self.flush(stream).await?;
                    // Without TLS and with nothing to come, closing the socket says it all.
                    if linger || self.session.is_tls() {
                        // The client may have gone already, as it may after QUIT.
                        timeout(WRITE_TIMEOUT, stream.shutdown()).await?.ok();
                    }
                    if linger {
                        let mut rest = stream.take(LINGER_BYTES);
                        let mut nowhere = tokio::io::sink();
                        // It was told why it is closed; whether it listens is its own affair.
                        timeout(LINGER, tokio::io::copy(&mut rest, &mut nowhere)).await.ok();
                    }
                    return Ok(End::Closed);
                }
            }
        }
    }

    fn advance(&mut self) -> Step {
        let now = Instant::now();
        let shared = &self.slot.shared;
        let config = Arc::clone(&self.config.borrow_and_update());
        let context = Context {
            config: &config,
            clients: &shared.clients,
            memory: &shared.memory,
            tls_available: shared.tls.is_ready(),
            now: now.into_std(),
        };
        let mut rest = &self.input[..];
        let step = self.session.advance(&mut rest, &context, &mut self.output);
        let used = self.input.len() - rest.len();
        self.input.advance(used);
        if self.progress != self.session.progress() {
            self.progress = self.session.progress();
            self.active = now;
        }
        step
    }

    /// When the session must have got on.
    fn deadline(&self) -> Instant {
        let config = self.config.borrow();
        let idle = later(self.active, config.smtp.idle_timeout);
        let over = later(self.started, config.smtp.session_timeout);
        self.stop_by.into_iter().fold(idle.min(over), Instant::min)
    }

    async fn flush<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        timeout(WRITE_TIMEOUT, async {
            stream.write_all(&self.output).await?;
            stream.flush().await
        })
        .await??;
        self.output.clear();
        self.output.shrink_to(KEPT_OUTPUT);
        Ok(())
    }

    /// Waits for bytes, or for what ends the session; false when the client has gone.
    async fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        mut alarm: Pin<&mut Sleep>,
        mut stopped: Pin<&mut WaitForCancellationFuture<'_>>,
    ) -> io::Result<bool> {
        self.make_room();
        loop {
            tokio::select! {
                biased;
                () = alarm.as_mut() => {
                    // The alarm is not moved with each command; it looks up when it goes off.
                    let deadline = self.deadline();
                    if deadline > Instant::now() {
                        alarm.as_mut().reset(deadline);
                        continue;
                    }
                    let ending = self.ending();
                    self.session.end(ending, &mut self.output);
                    return Ok(true);
                }
                () = stopped.as_mut(), if self.stop_by.is_none() => {
                    self.stop_by = Some(Instant::now() + GRACE);
                    alarm.as_mut().reset(self.deadline());
                    self.session.stop();
                    return Ok(true);
                }
                read = stream.read_buf(&mut self.input) => {
                    let read = read?;
                    let filled = self.input.len() == self.input.capacity();
                    if filled && self.session.is_receiving() {
                        self.read_size = (self.read_size * 2).min(MAX_READ_SIZE);
                    }
                    return Ok(read > 0);
                }
            }
        }
    }

    fn make_room(&mut self) {
        if self.input.is_empty() && self.read_size > READ_SIZE && !self.session.is_receiving() {
            self.read_size = READ_SIZE;
            self.input = BytesMut::new();
        }
        self.input.reserve(self.read_size);
    }

    fn ending(&self) -> Ending {
        let now = Instant::now();
        if self.stop_by.is_some_and(|by| by <= now) {
            Ending::Stopping
        } else if later(self.active, self.config.borrow().smtp.idle_timeout) <= now {
            Ending::Idle
        } else {
            Ending::TooLong
        }
    }

    async fn submit(&mut self, submission: Submission) {
        let client = self.slot.client;
        let (size, tls) = (submission.raw.len(), self.session.is_tls());
        let answer = timeout(SUBMIT_TIMEOUT, self.slot.shared.door.submit(submission)).await;
        let Ok(answer) = answer else {
            tracing::error!(%client, size, "the intake did not answer in time");
            return self.session.not_submitted_in_time(&mut self.output);
        };
        match &answer {
            Ok(accepted) => {
                tracing::debug!(alert_id = %accepted.id, %client, size, tls, "accepted");
            }
            Err(rejected) => tracing::warn!(%client, size, tls, reason = %rejected, "not taken"),
        }
        self.session.submitted(&answer, &mut self.output);
    }
}

/// `after` later than `start`; a timeout longer than time itself is a day.
fn later(start: Instant, after: Duration) -> Instant {
    start.checked_add(after).unwrap_or(start + Duration::from_hours(24))
}
