//! What the clients send to: the whole appliance with three ports and no channel, and what it
//! keeps of what came in.

use std::time::Duration;

use smtp_appliance::alert::AlertId;
use smtp_appliance::appliance::Appliance;
use smtp_appliance::intake::Submission;
use smtp_appliance::queue::Queue;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Appliance that knows `ana@example.org`, and the user `ana` with the password `secreto`.
const CONFIG: &str = r#"
[appliance]
name = "appliance.test"
store = "STORE"

[[smtp.listener]]
address = "127.0.0.1:0"

[[smtp.listener]]
address = "127.0.0.1:0"
tls = "implicit"

[[smtp.listener]]
address = "127.0.0.1:0"
auth = "required"

[[smtp.user]]
name = "ana"
password = "secreto"

[filter]
repeat_window = "0 s"

[mail]
enabled = false

[sms]
enabled = false

[[person]]
name = "ana"
mail = "ana@example.org"
"#;

/// A running appliance.
pub(crate) struct Receiver {
    /// Offers STARTTLS, wants no login.
    pub(crate) plain: u16,
    /// TLS from the first byte.
    pub(crate) implicit_tls: u16,
    /// Offers STARTTLS, wants a login.
    pub(crate) login: u16,
    queue: Queue,
    taken: AlertId,
    _stop: DropGuard,
    _running: JoinHandle<()>,
    _folder: TempDir,
}

/// Starts one on free ports.
pub(crate) async fn start_receiver() -> Receiver {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let text = CONFIG.replace("STORE", &folder.path().display().to_string());
    tokio::fs::write(&file, text).await.unwrap();
    let appliance = Appliance::build(&file).unwrap();
    let [plain, implicit_tls, login] =
        [0, 1, 2].map(|number: usize| appliance.smtp_addresses()[number].port());
    let queue = appliance.queue();
    let stop = CancellationToken::new();
    let running = appliance.run(stop.clone());
    Receiver {
        plain,
        implicit_tls,
        login,
        queue,
        taken: AlertId(0),
        _stop: stop.drop_guard(),
        _running: tokio::spawn(async { running.await.unwrap() }),
        _folder: folder,
    }
}

impl Receiver {
    /// The next mail that was kept.
    pub(crate) async fn mail(&mut self) -> Submission {
        self.taken = AlertId(self.taken.0 + 1);
        let wait = async {
            while self.queue.reader().record(self.taken).unwrap().is_none() {
                self.queue.news().await.unwrap();
            }
        };
        timeout(Duration::from_mins(1), wait).await.expect("a mail comes in time");
        let alert = self.queue.reader().record(self.taken).unwrap().unwrap().alert;
        let raw = self.queue.reader().raw(self.taken).unwrap();
        Submission { origin: alert.origin, people: alert.people, raw }
    }
}
