//! A running SMTP receiver on free ports of loopback, and a client for it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::config::{
    Appliance, AuthPolicy, ByteSize, Channels, Config, Directory, Filter, Listener, ListenerTls,
    Mail, Person, PersonName, Queue, RelayTls, Retry, Secret, Sms, Smtp, SmtpUser,
};
use smtp_appliance::smtp::Server;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::door::RecordingDoor;

/// No step of a test takes so long, but on a machine that stands still.
const PATIENCE: Duration = Duration::from_mins(1);

/// Resolves as `future` does, or fails the test.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// A port of loopback.
pub(crate) fn listener(tls: ListenerTls, auth: AuthPolicy) -> Listener {
    Listener { address: SocketAddr::from(([127, 0, 0, 1], 0)), tls, auth }
}

/// Ana, Luis, Carmen (all three `oncall`, and `guardia@example.org`), one plain port, and limits
/// that no test meets by chance.
pub(crate) fn config(store: &std::path::Path) -> Config {
    let retry = Retry {
        first: Duration::from_secs(1),
        max: Duration::from_secs(1),
        give_up: Duration::from_secs(1),
    };
    Config {
        appliance: Appliance {
            name: "appliance.test".to_owned(),
            language: "en".parse().unwrap(),
            store: store.to_owned(),
        },
        smtp: smtp(),
        filter: Filter {
            ignore: Vec::new(),
            repeat_window: Duration::from_mins(30),
            capacity: 1000,
            forget_after: Duration::from_hours(3),
        },
        queue: Queue {
            max_pending: 1000,
            keep_history: Duration::from_hours(24),
            max_history: 1000,
            min_free_space: ByteSize(0),
        },
        channels: Channels { enabled: Vec::new() },
        mail: Mail {
            relay: None,
            port: 587,
            tls: RelayTls::Off,
            ca: None,
            user: None,
            password: None,
            from: "appliance@example.org".parse().unwrap(),
            timeout: Duration::from_secs(1),
            retry,
        },
        sms: Sms { full_text: true, max_parts: 6, delivery_report: false, digest_from: 3, retry },
        directory: directory(),
        ..Config::parse("").unwrap().config
    }
}

fn smtp() -> Smtp {
    Smtp {
        listeners: vec![listener(ListenerTls::Off, AuthPolicy::Off)],
        certificate: None,
        allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        users: vec![SmtpUser {
            name: "ana".to_owned(),
            password: Secret::new("secreto".to_owned()),
        }],
        auth_without_tls: false,
        vrfy: true,
        max_message: ByteSize::mib(4),
        max_line: ByteSize::kib(2),
        max_recipients: 100,
        max_connections: 20_000,
        max_connections_per_client: 20_000,
        max_messages_per_minute: 1_000_000,
        idle_timeout: Duration::from_mins(5),
        session_timeout: Duration::from_hours(1),
    }
}

fn directory() -> Directory {
    let names = ["ana", "luis", "carmen"].map(|name| name.parse::<PersonName>().unwrap());
    let person = |name: &PersonName| Person {
        name: name.clone(),
        mail: None,
        phone: None,
        extension: None,
        language: None,
        voice: None,
        groups: BTreeSet::from(["oncall".parse().unwrap()]),
    };
    let everybody = BTreeSet::from(names.clone());
    Directory {
        people: names.iter().map(|name| (name.clone(), person(name))).collect(),
        aliases: BTreeMap::from([("guardia@example.org".to_owned(), everybody)]),
        domains: BTreeSet::from(["example.org".to_owned(), "appliance.test".to_owned()]),
    }
}

pub(crate) struct Receiver {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) door: Arc<RecordingDoor>,
    pub(crate) stop: CancellationToken,
    config: watch::Sender<Arc<Config>>,
    running: JoinHandle<()>,
    store: TempDir,
}

impl Receiver {
    /// Starts with [`config`], changed by `edit`.
    pub(crate) fn start(edit: impl FnOnce(&mut Config)) -> Self {
        let store = tempfile::tempdir().unwrap();
        let mut config = config(store.path());
        edit(&mut config);
        let (config, current) = watch::channel(Arc::new(config));
        let door = Arc::new(RecordingDoor::default());
        let server = Server::bind(current, Arc::<RecordingDoor>::clone(&door)).unwrap();
        let addresses = server.local_addrs();
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self { addresses, door, stop, config, running, store }
    }

    /// Changes the configuration of the running server.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut Config)) {
        let mut config = Config::clone(&self.config.borrow());
        edit(&mut config);
        self.config.send_replace(Arc::new(config));
    }

    /// The store folder.
    pub(crate) fn store(&self) -> &std::path::Path {
        self.store.path()
    }

    /// A client at the first port, after the greeting.
    pub(crate) async fn client(&self) -> Client<TcpStream> {
        let mut client = Client::connect(self.addresses[0]).await;
        assert_eq!(client.reply().await, "220 appliance.test ESMTP\r\n");
        client
    }

    /// Resolves when the server has come to its end.
    pub(crate) async fn ended(self) {
        soon(self.running).await.unwrap();
    }
}

/// Says and hears one line at a time.
pub(crate) struct Client<S> {
    pub(crate) stream: BufReader<S>,
}

impl Client<TcpStream> {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::new(soon(TcpStream::connect(address)).await.unwrap())
    }
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
        soon(self.stream.flush()).await.unwrap();
    }

    /// The next reply, all its lines; empty when the server has closed.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            // A reset tells as much as an end.
            soon(self.stream.read_line(&mut line)).await.unwrap_or(0);
            let more = line.as_bytes().get(3) == Some(&b'-');
            reply.push_str(&line);
            if !more {
                return reply;
            }
        }
    }

    /// Sends a command and returns the reply.
    pub(crate) async fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Sends a command whose reply must begin with `code`.
    pub(crate) async fn must(&mut self, command: &str, code: &str) {
        let reply = self.say(command).await;
        assert!(reply.starts_with(code), "{command:?}: {reply:?}, not {code}");
    }

    /// Sends a mail to Ana that consists of `text` (lines ended by CRLF, no dots at their start).
    pub(crate) async fn mail(&mut self, text: &str) -> String {
        self.must("MAIL FROM:<zabbix@example.org>", "250").await;
        self.must("RCPT TO:<ana@example.org>", "250").await;
        self.must("DATA", "354").await;
        self.send(text.as_bytes()).await;
        self.say(".").await
    }

    /// Whether nothing more comes.
    pub(crate) async fn is_closed(&mut self) -> bool {
        soon(self.stream.read_to_end(&mut Vec::new())).await.map_or(true, |read| read == 0)
    }
}
