//! The bytes between lettre and the relay, TLS already under way if there is any.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Most bytes in one reply of the relay. lettre limits a line only when it has ended.
const MAX_REPLY: usize = 64 * 1024;

/// What lettre expects to read first. After STARTTLS no relay sends a second greeting
/// (RFC 3207 section 4.2), but lettre begins anew.
const GREETING: &[u8] = b"220 TLS\r\n";

/// A connection to the relay that lettre reads replies from.
#[derive(Debug)]
pub(super) struct RelayStream {
    inner: Inner,
    /// Read by lettre before anything of the relay.
    pending: &'static [u8],
    /// Bytes read since the last command was written.
    reply: usize,
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl RelayStream {
    pub(super) const fn plain(stream: TcpStream) -> Self {
        Self { inner: Inner::Plain(stream), pending: b"", reply: 0 }
    }

    /// TLS from the first byte; the relay's greeting is still to come.
    pub(super) fn implicit_tls(stream: TlsStream<TcpStream>) -> Self {
        Self { inner: Inner::Tls(Box::new(stream)), pending: b"", reply: 0 }
    }

    /// TLS after STARTTLS; the relay has greeted already.
    pub(super) fn after_starttls(stream: TlsStream<TcpStream>) -> Self {
        Self { pending: GREETING, ..Self::implicit_tls(stream) }
    }

    fn inner(&mut self) -> Pin<&mut (dyn ReadWrite + '_)> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

trait ReadWrite: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> ReadWrite for T {}

impl AsyncRead for RelayStream {
    /// Bytes that are not ASCII become `?`: lettre fails on a reply that is not UTF-8, and a 250
    /// in Latin-1 would be taken for a failure and the mail sent again and again.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.pending.is_empty() {
            let (now, later) = self.pending.split_at(self.pending.len().min(buf.remaining()));
            buf.put_slice(now);
            self.pending = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(self.inner().poll_read(cx, buf))?;
        let fresh = buf.filled_mut().get_mut(before..).unwrap_or_default();
        for byte in fresh.iter_mut().filter(|byte| !byte.is_ascii()) {
            *byte = b'?';
        }
        self.reply += fresh.len();
        if self.reply > MAX_REPLY {
            return Poll::Ready(Err(io::Error::other("the reply does not end")));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RelayStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.reply = 0;
        self.inner().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}

impl AsyncTokioStream for RelayStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.inner {
            Inner::Plain(stream) => stream.peer_addr(),
            Inner::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}
