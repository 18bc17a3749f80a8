//! What the clients send to: three ports, and what came in by them.

use std::time::Duration;

use smtp_appliance::alert::Origin;
use smtp_appliance::config::RelayTls;
use smtp_appliance::demo::relay::{Relay, RelayedMail, Settings};
use smtp_appliance::intake::Submission;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A receiver that knows `ana@example.org`, and the user `ana` with the password `secreto`.
pub(crate) struct Receiver {
    /// Offers STARTTLS, wants no login.
    pub(crate) plain: u16,
    /// TLS from the first byte.
    pub(crate) implicit_tls: u16,
    /// Offers STARTTLS, wants a login.
    pub(crate) login: u16,
    mails: mpsc::Receiver<RelayedMail>,
    _relays: [Relay; 3],
}

/// Starts one on free ports.
pub(crate) async fn start_receiver() -> Receiver {
    let (sender, mails) = mpsc::channel(64);
    let start = async |tls, login| {
        let mails = Some(sender.clone());
        Relay::start(Settings { tls, login, mails, ..Settings::default() }).await.unwrap()
    };
    let ana = Some(("ana".to_owned(), "secreto".to_owned()));
    let relays = [
        start(RelayTls::Starttls, None).await,
        start(RelayTls::Implicit, None).await,
        start(RelayTls::Starttls, ana).await,
    ];
    let [plain, implicit_tls, login] =
        [0, 1, 2].map(|number: usize| relays[number].address().port());
    Receiver { plain, implicit_tls, login, mails, _relays: relays }
}

impl Receiver {
    /// The next mail that came in.
    pub(crate) async fn mail(&mut self) -> Submission {
        let mail = timeout(Duration::from_mins(1), self.mails.recv()).await;
        let mail = mail.expect("a mail comes in time").unwrap();
        let path =
            |argument: &str| argument.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let origin = Origin {
            client: "127.0.0.1".to_owned(),
            helo: mail.hello,
            user: mail.user,
            sender: path(&mail.from),
            recipients: mail.to.iter().map(|to| path(to)).collect(),
        };
        Submission { origin, people: Vec::new(), raw: mail.data.into() }
    }
}
