//! A running SMTP receiver on free ports of loopback, and a client for it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::config::{AuthPolicy, Config, Listener, ListenerTls};
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
const CONFIG: &str = r#"
[appliance]
name = "appliance.test"
language = "en"

[smtp]
domains = ["example.org", "appliance.test"]
vrfy = true
max_line = "2 KiB"
max_connections = 20_000
max_connections_per_client = 20_000
max_messages_per_minute = 1_000_000

[[smtp.listener]]
address = "127.0.0.1:0"
tls = "off"
auth = "off"

[[smtp.user]]
name = "ana"
password = "secreto"

[queue]
max_pending = 1000
max_history = 1000
min_free_space = "0 B"

[mail]
enabled = false
retry = { first = "1 s", max = "1 s", give_up = "1 s" }

[sms]
enabled = false
retry = { first = "1 s", max = "1 s", give_up = "1 s" }

[aliases]
"guardia@example.org" = ["oncall"]

[[person]]
name = "ana"
groups = ["oncall"]

[[person]]
name = "luis"
groups = ["oncall"]

[[person]]
name = "carmen"
groups = ["oncall"]
"#;

/// [`CONFIG`] with its store in this folder.
pub(crate) fn config(store: &std::path::Path) -> Config {
    let mut config = Config::parse(CONFIG).unwrap().config;
    store.clone_into(&mut config.appliance.store);
    config
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
