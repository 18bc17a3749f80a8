//! The appliance as its users start it: a process of its own, whose memory and start are its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

/// The program itself, as optimised as this one.
const PROGRAM: &str = env!("CARGO_BIN_EXE_smtp-appliance");

/// How long anything may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running appliance.
pub(crate) struct Running {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: PathBuf,
    /// From the start of the process to its greeting.
    pub(crate) start: Duration,
}

impl Running {
    /// Starts one in `folder`; `channels` is the part of the configuration that tells of them.
    pub(crate) fn start(folder: &Path, channels: &str, max_history: usize) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let address = free_address()?;
        let config = folder.join("config.toml");
        fs::write(&config, configuration(folder, address, channels, max_history))?;
        let log = fs::File::options().append(true).create(true).open(folder.join("log"))?;
        let begun = Instant::now();
        let process = Command::new(PROGRAM)
            .args(["run", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()?;
        let folder = folder.to_owned();
        let mut running = Self { process, address, folder, start: Duration::ZERO };
        greeted(address)
            .with_context(|| fs::read_to_string(running.folder.join("log")).unwrap_or_default())?;
        running.start = begun.elapsed();
        Ok(running)
    }

    /// A line of `/proc/PID/status` in KiB: `VmRSS` now, `VmHWM` at most.
    pub(crate) fn memory(&self, what: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let words = line.with_context(|| format!("no {what}"))?;
        Ok(words.trim_matches(|c: char| !c.is_ascii_digit()).parse()?)
    }

    /// Ends it in the hardest way; what it has on disk stays.
    pub(crate) fn kill(mut self) -> Result<PathBuf> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(std::mem::take(&mut self.folder))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A port of loopback that nobody uses.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Waits until somebody at this address says 220.
pub(crate) fn greeted(address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let mut greeting = [0; 3];
            stream.set_read_timeout(Some(PATIENCE))?;
            if std::io::Read::read_exact(&mut stream, &mut greeting).is_ok() && greeting == *b"220"
            {
                return Ok(());
            }
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    bail!("nobody listens on {address}")
}

fn configuration(folder: &Path, address: SocketAddr, channels: &str, max_history: usize) -> String {
    format!(
        r#"[appliance]
name = "appliance.test"
store = "{}"

[smtp]
max_messages_per_minute = 1000000
max_connections_per_client = 1000

[[smtp.listener]]
address = "{address}"
tls = "off"
auth = "off"

[filter]
# The load generators send one subject only.
repeat_window = "0 s"

[queue]
max_pending = 1000000
max_history = {max_history}

[[person]]
name = "ana"
mail = "ana@example.org"
phone = "+34600000001"

{channels}
"#,
        folder.display()
    )
}
