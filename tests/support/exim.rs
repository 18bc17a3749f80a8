//! An Exim that hands every mail on to one port. Debian's package cannot be installed beside
//! Postfix, so `make setup` only unpacks it. Needs root, and the user Debian-exim that is built in.

use std::path::Path;

use rustix::fs::{Gid, Uid};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::programs::{folder, free_port, in_target, listening, run, start};

/// A running Exim.
pub(crate) struct Exim {
    pub(crate) port: u16,
    folder: TempDir,
    _daemon: Child,
}

impl Exim {
    /// Starts one that hands on to `next` on loopback.
    pub(crate) async fn start(next: u16) -> Self {
        let folder = folder();
        let (port, path) = (free_port(), folder.path());
        // It starts itself again after it gave up root, so it must stand where everybody may go.
        std::fs::copy(in_target("exim/exim4"), path.join("exim4")).expect("a copy");
        std::fs::write(path.join("exim.conf"), config(path, port, next)).expect("exim.conf");
        let (user, group) = owner().await;
        for name in ["spool", "log"] {
            std::fs::create_dir(path.join(name)).expect("a folder");
            rustix::fs::chown(path.join(name), Some(user), Some(group)).expect("root");
        }
        let mut command = Command::new(path.join("exim4"));
        command.arg("-C").arg(path.join("exim.conf")).arg("-bdf");
        // What it says there stands in its log as well.
        command.stderr(std::process::Stdio::null());
        let mut daemon = start(&mut command);
        listening(port, &mut daemon).await;
        Self { port, folder, _daemon: daemon }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log/main")).unwrap_or_default()
    }
}

/// The user Exim is built to run as.
async fn owner() -> (Uid, Gid) {
    let id = async |flag: &str| {
        let output = run(Command::new("id").args([flag, "Debian-exim"]), b"").await;
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    };
    (Uid::from_raw(id("-u").await), Gid::from_raw(id("-g").await))
}

fn config(folder: &Path, port: u16, next: u16) -> String {
    let folder = folder.display();
    format!(
        "exim_path = {folder}/exim4
primary_hostname = exim.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
pid_file_path = {folder}/exim.pid
tls_advertise_hosts =
smtputf8_advertise_hosts = *
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = anyone
begin acl
anyone:
  accept
begin routers
hop:
  driver = manualroute
  route_list = * 127.0.0.1
  transport = hop
  self = send
begin transports
hop:
  driver = smtp
  port = {next}
  allow_localhost
begin retry
* * F,1h,1s
"
    )
}
