//! A Kamailio of its own: registrar and proxy of a small company, on ports of loopback.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::authority::Authority;
use super::programs::{folder, free_sip_port, listening, program, start};

const CONFIG: &str = include_str!("../system/sip/kamailio.cfg");

const PATIENCE: Duration = Duration::from_mins(1);

/// What differs between exchanges.
pub(crate) struct Options {
    /// Extensions with their passwords.
    pub(crate) users: Vec<(&'static str, &'static str)>,
    /// Digest by SHA-256 (RFC 8760) instead of MD5.
    pub(crate) sha256: bool,
    /// Whether challenges offer a quality of protection.
    pub(crate) qop: bool,
    /// How long a nonce is good, before it is stale.
    pub(crate) nonce_expire: Duration,
    /// A shorter registration gets 423.
    pub(crate) min_expires: Duration,
    /// A longer one is cut to this.
    pub(crate) max_expires: Duration,
    /// Whether it tells the way that calls are to take (RFC 3608).
    pub(crate) service_route: bool,
    /// Status for whom no telephone is registered.
    pub(crate) absent: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: vec![("appliance", "secret-of-200"), ("ana", "secret-of-ana")],
            sha256: false,
            qop: true,
            nonce_expire: Duration::from_mins(5),
            min_expires: Duration::from_secs(5),
            max_expires: Duration::from_hours(1),
            service_route: false,
            absent: 480,
        }
    }
}

/// A running Kamailio.
pub(crate) struct Kamailio {
    /// UDP and TCP.
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    folder: TempDir,
    process: Child,
}

impl Kamailio {
    pub(crate) async fn start(options: Options) -> Self {
        Self::start_with(options, &Authority::new("Exchange CA")).await
    }

    /// Starts one whose certificate this authority has signed.
    pub(crate) async fn start_with(options: Options, authority: &Authority) -> Self {
        let folder = folder();
        let (path, port) = (folder.path(), free_sip_port());
        let tls_port = port + 1;
        authority.write(path);
        let (certificate, key) = authority.sign(&["127.0.0.1", "localhost", "pbx.example"]);
        std::fs::write(path.join("certificate.pem"), certificate).expect("a file");
        std::fs::write(path.join("key.pem"), key).expect("a file");
        std::fs::write(path.join("kamailio.cfg"), config(path, port, &options)).expect("a file");
        let mut process = run(path);
        listening(tls_port, &mut process).await;
        Self { port, tls_port, folder, process }
    }

    /// Takes it away at once, and starts it anew with an empty log: it has forgotten all.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.process.wait().await.expect("its end");
        self.process = run(self.folder.path());
        listening(self.tls_port, &mut self.process).await;
    }

    fn kill(&self) {
        let group = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            // It may have ended by itself.
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
    }

    /// Its folder, in which tests may keep things of their own.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate of who signed its own.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// What it logged: a line for each request, challenge and registration.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Resolves when the log has as many such lines.
    ///
    /// # Panics
    /// If that takes too long.
    pub(crate) async fn logged(&self, line: &str, times: usize) {
        let wait = async {
            while self.log().matches(line).count() < times {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let logged = timeout(PATIENCE, wait).await;
        logged.unwrap_or_else(|_| panic!("not {times} times {line:?}"));
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            std::io::stderr().write_all(self.log().as_bytes()).ok();
        }
    }
}

/// Starts it with the configuration in its folder.
fn run(folder: &Path) -> Child {
    let log = std::fs::File::create(folder.join("log")).expect("a file");
    let mut command = Command::new(program("kamailio", "kamailio"));
    command.arg("-f").arg(folder.join("kamailio.cfg")).args(["-DD", "-E", "-m", "24", "-M", "4"]);
    command.arg("-P").arg(folder.join("pid")).arg("-Y").arg(folder);
    // Its workers share its group, and end with it.
    command.process_group(0).stdout(log.try_clone().expect("a file")).stderr(log);
    start(&mut command)
}

fn config(folder: &Path, port: u16, options: &Options) -> String {
    let mut users = String::new();
    for (name, password) in &options.users {
        let _ = writeln!(users, "    $sht(users=>{name}) = \"{password}\";");
    }
    let service_route = if options.service_route {
        format!("    append_to_reply(\"Service-Route: <sip:127.0.0.1:{port};lr>\\r\\n\");")
    } else {
        String::new()
    };
    let seconds = |time: Duration| time.as_secs().to_string();
    let words = [
        ("@PORT@", port.to_string()),
        ("@TLS_PORT@", (port + 1).to_string()),
        ("@DOMAIN@", "pbx.example".to_owned()),
        ("@FOLDER@", folder.display().to_string()),
        ("@USERS@", users),
        ("@ALGORITHM@", if options.sha256 { "SHA-256" } else { "" }.to_owned()),
        ("@QOP@", if options.qop { "auth" } else { "" }.to_owned()),
        ("@NONCE_EXPIRE@", seconds(options.nonce_expire)),
        ("@MIN_EXPIRES@", seconds(options.min_expires)),
        ("@MAX_EXPIRES@", seconds(options.max_expires)),
        ("@SERVICE_ROUTE@", service_route),
        ("@ABSENT@", options.absent.to_string()),
    ];
    words.iter().fold(CONFIG.to_owned(), |config, (word, value)| config.replace(word, value))
}
