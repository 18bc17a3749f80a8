//! The whole appliance between a relay and a modem that are played: in this process, or in a child
//! that can be killed.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::alert::AlertId;
use smtp_appliance::appliance::{Appliance, PartDied, StartError};
use smtp_appliance::board::{Simulated, SimulatedControl};
use smtp_appliance::channel::call as calls;
use smtp_appliance::control::{self, AlertView, Answer, Request};
use smtp_appliance::demo::relay::{self, Relay, RelayedMail};
use smtp_appliance::health::Status;
use smtp_appliance::modem::simulator::{Options, Order, ReceivedSms, Simulator, SimulatorControl};
use smtp_appliance::queue::{Progress, Queue};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::receiver::{Client, soon};

/// Names the configuration a child runs with.
const CHILD_CONFIG: &str = "SMTP_APPLIANCE_CHILD_CONFIG";

/// How often is looked whether something has come true that no event tells of.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Ana and Luis, both `oncall`, each with mail and telephone.
const PEOPLE: &str = r#"
[[person]]
name = "ana"
mail = "ana@phone.example"
phone = "+34600000001"
groups = ["oncall"]

[[person]]
name = "luis"
mail = "luis@phone.example"
phone = "+34600000002"
groups = ["oncall"]

[aliases]
"guardia@example.org" = ["oncall"]
"#;

/// The configuration's text, section by section; each may be added to.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) listener: String,
    pub(crate) smtp: String,
    pub(crate) filter: String,
    pub(crate) queue: String,
    /// `[web]`: off, but for those who try it.
    pub(crate) web: String,
    pub(crate) order: String,
    pub(crate) mail: String,
    pub(crate) mail_give_up: String,
    pub(crate) sms: String,
    pub(crate) sms_give_up: String,
    /// `[gsm]`: off, but for those who try it.
    pub(crate) gsm: String,
    pub(crate) call: String,
    /// ALSA PCM that plays; alsa-lib's own that swallows everything if not said.
    pub(crate) playback: String,
    /// ALSA PCM that records; one that hears silence if not said.
    pub(crate) capture: String,
    pub(crate) people: String,
    /// Whether there is a `[modem]`, and on which device if not on the simulator's.
    pub(crate) modem: Option<PathBuf>,
    /// The store's folder, if not the usual one.
    pub(crate) store: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listener: "127.0.0.1:0".to_owned(),
            smtp: "max_messages_per_minute = 1000000\nmax_connections_per_client = 20000\n\
                   max_connections = 20000\n"
                .to_owned(),
            filter: String::new(),
            queue: "min_free_space = 0\n".to_owned(),
            web: "enabled = false\n".to_owned(),
            order: r#"["mail", "sms"]"#.to_owned(),
            mail: "timeout = \"5 s\"\n".to_owned(),
            mail_give_up: "1 h".to_owned(),
            sms: "full_text = true\n".to_owned(),
            sms_give_up: "1 h".to_owned(),
            gsm: "enabled = false\n".to_owned(),
            call: String::new(),
            playback: "null".to_owned(),
            capture: "null".to_owned(),
            people: PEOPLE.to_owned(),
            modem: None,
            store: None,
        }
    }
}

/// Everything that came so far, and a way to wait for more.
pub(crate) struct Collected<T>(watch::Receiver<Vec<T>>);

impl<T: Clone + Send + Sync + 'static> Collected<T> {
    fn from(mut source: mpsc::Receiver<T>) -> Self {
        let (all, collected) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(item) = source.recv().await {
                all.send_modify(|all| all.push(item));
            }
        });
        Self(collected)
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// Resolves when what came so far is `enough`.
    pub(crate) async fn until(&self, enough: impl FnMut(&Vec<T>) -> bool) -> Vec<T> {
        let mut collected = self.0.clone();
        soon(collected.wait_for(enough)).await.unwrap().clone()
    }

    pub(crate) async fn at_least(&self, count: usize) -> Vec<T> {
        self.until(|all| all.len() >= count).await
    }
}

/// What stays while appliances come and go: the folder, the relay, the modem.
pub(crate) struct Place {
    pub(crate) settings: Settings,
    pub(crate) relay: Relay,
    pub(crate) mails: Collected<RelayedMail>,
    pub(crate) modem: SimulatorControl,
    pub(crate) phone: Collected<ReceivedSms>,
    hardware: CancellationToken,
    folder: TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hardware.cancel();
    }
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, relay::Settings::default(), Options::default()).await
    }

    pub(crate) async fn set(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(change, relay::Settings::default(), Options::default()).await
    }

    pub(crate) async fn with(
        change: impl FnOnce(&mut Settings),
        mut relay: relay::Settings,
        mut modem: Options,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, mails) = mpsc::channel(64);
        relay.mails = Some(sender);
        let relay = Relay::start(relay).await.unwrap();
        let hardware = CancellationToken::new();
        modem.link = Some(folder.path().join("modem"));
        let Simulator { control, phone } = Simulator::start(modem, hardware.clone()).unwrap();
        let mut settings = Settings::default();
        change(&mut settings);
        let (mails, phone) = (Collected::from(mails), Collected::from(phone));
        let place = Self { settings, relay, mails, modem: control, phone, hardware, folder };
        place.write();
        place
    }

    /// Changes the configuration file.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.write();
    }

    /// Writes the configuration file as the settings say.
    fn write(&self) {
        std::fs::write(self.folder.path().join("relay.pem"), self.relay.certificate()).unwrap();
        let new = self.folder.path().join("config.new");
        std::fs::write(&new, self.text()).unwrap();
        std::fs::rename(new, self.config()).unwrap();
    }

    fn text(&self) -> String {
        let settings = &self.settings;
        let device = settings.modem.clone().unwrap_or_else(|| self.modem.path().to_owned());
        let mut text = String::new();
        let store = self.store();
        writeln!(text, "[appliance]\nname = \"appliance.test\"\nstore = \"{}\"", store.display())
            .unwrap();
        writeln!(text, "[smtp]\n{}[[smtp.listener]]", settings.smtp).unwrap();
        writeln!(text, "address = {:?}\ntls = \"off\"", settings.listener).unwrap();
        writeln!(text, "[web]\n{}", settings.web).unwrap();
        writeln!(text, "[filter]\n{}[queue]\n{}", settings.filter, settings.queue).unwrap();
        writeln!(text, "[channels]\norder = {}", settings.order).unwrap();
        writeln!(text, "[mail]\nfrom = \"alerts@appliance.test\"\n{}", settings.mail).unwrap();
        if !settings.mail.contains("relay =") {
            let port = self.relay.address().port();
            writeln!(text, "relay = \"127.0.0.1\"\nport = {port}").unwrap();
        }
        if !settings.mail.contains("tls =") {
            writeln!(text, "tls = \"off\"").unwrap();
        }
        let retry = "first = \"50 ms\"\nmax = \"200 ms\"";
        writeln!(text, "[mail.retry]\n{retry}\ngive_up = {:?}", settings.mail_give_up).unwrap();
        writeln!(text, "[sms]\n{}[sms.retry]\n{retry}", settings.sms).unwrap();
        writeln!(text, "give_up = {:?}", settings.sms_give_up).unwrap();
        writeln!(text, "[gsm]\n{}[gsm.retry]\n{retry}\ngive_up = \"1 h\"", settings.gsm).unwrap();
        writeln!(text, "[call]\n{}", settings.call).unwrap();
        let (playback, capture) = (&settings.playback, &settings.capture);
        writeln!(text, "[audio]\nplayback = {playback:?}\ncapture = {capture:?}").unwrap();
        writeln!(text, "[modem]\ndevice = \"{}\"", device.display()).unwrap();
        writeln!(text, "baud = 115200\n{}", settings.people).unwrap();
        text
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.settings.store.clone().unwrap_or_else(|| self.folder.path().join("store"))
    }

    /// Tells the modem something.
    pub(crate) async fn order(&self, order: &str) {
        soon(self.modem.order(order.parse::<Order>().unwrap())).await;
    }

    /// Starts an appliance here.
    pub(crate) fn start(&self) -> Running {
        self.try_start().unwrap()
    }

    pub(crate) fn try_start(&self) -> Result<Running, StartError> {
        std::fs::create_dir_all(self.store()).unwrap();
        Ok(self.run(Appliance::build(&self.config())?))
    }

    /// Starts an appliance here that has a board.
    pub(crate) fn start_on_board(&self) -> (Running, SimulatedControl) {
        std::fs::create_dir_all(self.store()).unwrap();
        let (board, control) = Simulated::new();
        let appliance = Appliance::build(&self.config()).unwrap();
        (self.run(appliance.on_board(Box::new(board))), control)
    }

    fn run(&self, appliance: Appliance) -> Running {
        let (address, queue) = (appliance.smtp_addresses()[0], appliance.queue());
        let (web, setup_token) = (appliance.web_address(), appliance.web_setup_token());
        let (stop, calls) = (CancellationToken::new(), appliance.calls());
        let status = appliance.status();
        let ended = tokio::spawn(appliance.run(stop.clone()));
        Running {
            address,
            web,
            setup_token,
            queue,
            calls,
            status,
            store: self.store(),
            stop,
            ended,
        }
    }

    /// Starts an appliance in a process of its own.
    pub(crate) async fn start_child(&self) -> KillableChild {
        std::fs::create_dir_all(self.store()).unwrap();
        let told = address_file(&self.config());
        drop(std::fs::remove_file(&told));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "power_cut::appliance_child", "--nocapture"])
            .env(CHILD_CONFIG, self.config())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let read = || std::fs::read_to_string(&told).ok()?.parse().ok();
        let address = soon(async {
            loop {
                match read() {
                    Some(address) => break address,
                    None => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        });
        KillableChild { address: address.await, child }
    }

    /// Asks the appliance that runs here by its control socket.
    pub(crate) async fn ask(&self, request: Request) -> Answer {
        let store = self.store();
        let asked = tokio::task::spawn_blocking(move || control::ask(&store, &request));
        soon(asked).await.unwrap().unwrap()
    }

    /// All alerts the running appliance knows.
    pub(crate) async fn alerts(&self) -> Vec<AlertView> {
        let answer = self.ask(Request::List { all: true, limit: 10_000 }).await;
        let Answer::List { alerts } = answer else { panic!("{answer:?}") };
        alerts
    }
}

/// Runs an appliance as the environment says, until it is killed. Does nothing in a usual test run.
pub(crate) async fn be_a_child() {
    let Some(config) = std::env::var_os(CHILD_CONFIG) else { return };
    let config = PathBuf::from(config);
    let appliance = Appliance::build(&config).unwrap();
    let told = address_file(&config);
    let new = told.with_extension("new");
    std::fs::write(&new, appliance.smtp_addresses()[0].to_string()).unwrap();
    std::fs::rename(new, told).unwrap();
    appliance.run(CancellationToken::new()).await.unwrap();
}

fn address_file(config: &Path) -> PathBuf {
    config.with_extension("address")
}

/// An appliance in a process of its own.
pub(crate) struct KillableChild {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl KillableChild {
    /// The most memory it has held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let pid = self.child.id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }

    /// SIGKILL, as near to a power cut as a process can be brought.
    pub(crate) async fn kill(mut self) {
        soon(self.child.kill()).await.unwrap();
    }
}

/// An appliance at work in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// Where its pages are, if they are on.
    pub(crate) web: Option<SocketAddr>,
    /// By which its first user is made.
    pub(crate) setup_token: Option<String>,
    pub(crate) queue: Queue,
    /// What happens in calls.
    pub(crate) calls: broadcast::Receiver<calls::Progress>,
    /// How it is.
    pub(crate) status: watch::Receiver<Arc<Status>>,
    store: PathBuf,
    stop: CancellationToken,
    ended: JoinHandle<Result<(), PartDied>>,
}

impl Running {
    /// A client that has said EHLO.
    pub(crate) async fn client(&self) -> Client<TcpStream> {
        greet(self.address).await
    }

    /// Sends a mail and returns the number it is kept by.
    pub(crate) async fn send(&self, to: &str, subject: &str) -> AlertId {
        let reply = send(&mut self.client().await, &[to], subject).await;
        assert!(reply.starts_with("250"), "{reply:?}");
        self.newest()
    }

    pub(crate) fn newest(&self) -> AlertId {
        let newest = self.queue.reader().history(AlertId(u64::MAX), 1).unwrap();
        newest.first().map(|record| record.alert.id).unwrap_or_default()
    }

    /// Resolves when `what` holds.
    pub(crate) async fn until(&self, what: impl Fn(&Queue) -> bool) {
        soon(async {
            while !what(&self.queue) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        })
        .await;
    }

    /// Resolves when its status is so.
    pub(crate) async fn is(&self, what: impl FnMut(&Arc<Status>) -> bool) -> Arc<Status> {
        let mut status = self.status.clone();
        Arc::clone(&*soon(status.wait_for(what)).await.unwrap())
    }

    /// Resolves when nothing waits any more.
    pub(crate) async fn idle(&self) {
        self.until(|queue| queue.reader().pending(AlertId(0), 1).unwrap().is_empty()).await;
    }

    /// How the deliveries of an alert stand: `sms ana`, and where.
    pub(crate) fn progress(&self, id: AlertId) -> Vec<(String, Progress)> {
        let deliveries = self.queue.reader().deliveries(id).unwrap();
        let name = |channel, person| format!("{channel} {person}");
        deliveries.into_iter().map(|d| (name(d.channel, d.person), d.progress)).collect()
    }

    /// Whether all deliveries of an alert were told, at least one.
    pub(crate) fn is_told(&self, id: AlertId) -> bool {
        let all = self.progress(id);
        !all.is_empty() && all.iter().all(|(_, progress)| matches!(progress, Progress::Told(_)))
    }

    /// Stops in order.
    pub(crate) async fn stop(self) {
        let Self { queue, stop, ended, store, .. } = self;
        drop(queue);
        stop.cancel();
        soon(ended).await.unwrap().unwrap();
        assert!(!control::socket_path(&store).exists());
    }
}

/// A client that has said EHLO.
pub(crate) async fn greet(address: SocketAddr) -> Client<TcpStream> {
    let mut client = Client::connect(address).await;
    let greeting = client.reply().await;
    assert!(greeting.starts_with("220"), "{greeting:?}");
    client.must("EHLO zabbix.test", "250").await;
    client
}

/// A mail with this subject.
pub(crate) fn mail(subject: &str) -> String {
    format!(
        "From: zabbix@example.org\r\nTo: oncall@example.org\r\nSubject: {subject}\r\n\r\n\
         What happened: {subject}.\r\n"
    )
}

/// Sends a mail and returns the answer to its end, or to a command that was refused.
pub(crate) async fn send(client: &mut Client<TcpStream>, to: &[&str], subject: &str) -> String {
    send_raw(client, to, mail(subject).as_bytes()).await
}

pub(crate) async fn send_raw(client: &mut Client<TcpStream>, to: &[&str], raw: &[u8]) -> String {
    let mut commands = vec!["MAIL FROM:<zabbix@example.org>".to_owned()];
    commands.extend(to.iter().map(|to| format!("RCPT TO:<{to}@example.org>")));
    commands.push("DATA".to_owned());
    for command in commands {
        let reply = client.say(&command).await;
        if !reply.starts_with(['2', '3']) {
            client.say("RSET").await;
            return reply;
        }
    }
    client.send(raw).await;
    client.say(".").await
}
