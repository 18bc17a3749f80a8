//! A name server of its own, for the names of exchanges (RFC 3263).

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::programs::{folder, free_sip_port, listening, program, start};

/// A running dnsmasq.
pub(crate) struct Dnsmasq {
    /// UDP and TCP.
    pub(crate) port: u16,
    _folder: TempDir,
    _process: Child,
}

impl Dnsmasq {
    /// Starts one that knows what these options say (`srv-host=…`, `naptr-record=…`, `address=…`)
    /// and nothing else.
    pub(crate) async fn start(knows: &[&str]) -> Self {
        let (folder, port) = (folder(), free_sip_port());
        let mut command = Command::new(program("dnsmasq", "dnsmasq-base"));
        command.args(["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces"]);
        command.args(["--listen-address=127.0.0.1", "--conf-file=/dev/null", "--log-facility=-"]);
        command.arg(format!("--port={port}"));
        command.arg(format!("--pid-file={}", folder.path().join("pid").display()));
        if rustix::process::geteuid().is_root() {
            command.arg("--user=root");
        }
        command.args(knows.iter().map(|what| format!("--{what}")));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut process = start(&mut command);
        listening(port, &mut process).await;
        Self { port, _folder: folder, _process: process }
    }
}
