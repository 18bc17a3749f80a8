//! TCP and TLS: one connection for all, made anew when it breaks, and certificates that are checked.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{Agent, PATIENCE, ready, settings};
use crate::config::SipTransport;
use crate::sip::message::{Frame, Message, Name, Request, StreamFramer};
use crate::sip::registration::Registration;

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An exchange behind a listening socket.
struct Exchange {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// A connection of it.
struct Connection {
    wire: Box<dyn Wire>,
    framer: StreamFramer,
    pongs: usize,
}

impl Exchange {
    async fn open(tls: Option<TlsAcceptor>) -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    async fn accept(&self) -> Connection {
        let accepted = timeout(PATIENCE, self.listener.accept()).await;
        let (socket, _) = accepted.expect("nobody connects").unwrap();
        let wire: Box<dyn Wire> = match &self.tls {
            None => Box::new(socket),
            Some(tls) => Box::new(tls.accept(socket).await.unwrap()),
        };
        Connection { wire, framer: StreamFramer::default(), pongs: 0 }
    }
}

impl Connection {
    async fn take(&mut self) -> Message {
        let mut buffer = [0; 4096];
        loop {
            match self.framer.next().unwrap() {
                Some(Frame::Message(message)) => return message,
                Some(Frame::Pong) => self.pongs += 1,
                Some(Frame::Ping | Frame::Refused(_)) => {}
                None => {
                    let read = timeout(PATIENCE, self.wire.read(&mut buffer)).await;
                    let length = read.expect("nothing came").unwrap();
                    assert!(length > 0, "it was closed");
                    self.framer.push(&buffer[..length]);
                }
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.wire.write_all(bytes).await.unwrap();
        self.wire.flush().await.unwrap();
    }

    /// Takes a registration without any question.
    async fn register(&mut self) -> Request {
        let Message::Request(request) = self.take().await else { panic!("no request") };
        let mut response = request.response(200, "OK");
        response.headers.push(Name::Contact, request.headers.get(&Name::Contact).unwrap());
        self.send(&Message::Response(response).to_bytes()).await;
        request
    }
}

/// A CA of its own, and what an exchange with a certificate for `name` needs.
fn certificate(name: &str) -> (TempDir, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = params.signed_by(&key, &ca).unwrap();
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (folder, TlsAcceptor::from(Arc::new(config)))
}

/// Registers, is asked something, is pinged, and comes back after the connection broke.
async fn serves(exchange: Exchange, agent: Agent, transport: &str) {
    let mut connection = exchange.accept().await;
    let register = connection.register().await;
    let contact = register.headers.contact_uri().unwrap();
    assert_eq!(contact.transport().as_deref(), Some(transport));
    ready(&agent).await;
    assert_eq!(agent.load().connections, 1);

    // In two pieces, with a ping before and behind it.
    let options = format!(
        "\r\n\r\nOPTIONS {contact} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx\r\n\
         From: <sip:x@pbx.example>;tag=x\r\nTo: <sip:200@pbx.example>\r\nCall-ID: x\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    );
    let (first, second) = options.as_bytes().split_at(100);
    connection.send(first).await;
    tokio::task::yield_now().await;
    connection.send(second).await;
    let Message::Response(response) = connection.take().await else { panic!("no response") };
    assert_eq!(response.status, 200);
    assert!(connection.pongs >= 1);

    drop(connection);
    let mut connection = exchange.accept().await;
    connection.register().await;
    ready(&agent).await;
}

#[tokio::test]
async fn tcp_serves() {
    let exchange = Exchange::open(None).await;
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    let agent = Agent::start(settings(exchange.address(), SipTransport::Tcp), stop).unwrap();
    serves(exchange, agent, "tcp").await;
}

#[tokio::test]
async fn tls_serves_with_the_right_certificate() {
    let (folder, tls) = certificate("pbx.example");
    let exchange = Exchange::open(Some(tls)).await;
    let mut settings = settings(exchange.address(), SipTransport::Tls);
    settings.accounts[0].ca = Some(folder.path().join("ca.pem"));
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    let agent = Agent::start(settings, stop).unwrap();
    serves(exchange, agent, "tls").await;
}

#[tokio::test]
async fn wrong_certificates_are_told_at_once() {
    let (ours, _) = certificate("pbx.example");
    let (other, tls) = certificate("other.example");
    let exchange = Exchange::open(Some(tls)).await;
    let cases = [
        (ours.path().join("ca.pem"), "the certificate of pbx.example is not accepted: "),
        (other.path().join("ca.pem"), "the certificate of pbx.example is not accepted: "),
        (ours.path().join("missing.pem"), "missing.pem: No such file"),
    ];
    let address = exchange.address();
    tokio::spawn(async move {
        loop {
            let (socket, _) = exchange.listener.accept().await.unwrap();
            let tls = exchange.tls.clone().unwrap();
            tokio::spawn(async move { drop(tls.accept(socket).await) });
        }
    });
    for (ca, words) in cases {
        let mut settings = settings(address, SipTransport::Tls);
        settings.accounts[0].ca = Some(ca);
        let stop = CancellationToken::new();
        let _end = stop.clone().drop_guard();
        let agent = Agent::start(settings, stop).unwrap();
        let mut watch = agent.watch();
        let failed = watch.wait_for(|status| {
            matches!(&status[0].state, Registration::Failed { why, .. } if why.contains(words))
        });
        assert!(timeout(PATIENCE, failed).await.is_ok(), "{words} {:?}", agent.status());
    }
}
