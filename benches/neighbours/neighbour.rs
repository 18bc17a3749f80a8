//! The programs beside which we measure, and those that make the load; all from Debian.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

use crate::child::{free_address, greeted};

/// How `smtp-source` sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) sessions: u32,
    pub(crate) mails: u32,
    /// Sends mail after mail over the same connections.
    pub(crate) keep: bool,
}

impl Load {
    /// Sends it all; mails per second. An error if one mail was not taken.
    pub(crate) fn send(self, to: SocketAddr) -> Result<f64> {
        let mut source = command("smtp-source");
        source.args(["-s", &self.sessions.to_string(), "-m", &self.mails.to_string()]);
        source.args(["-l", "1024", "-M", "source.test"]);
        source.args(["-f", "monitor@appliance.test", "-t", "ana@appliance.test"]);
        if self.keep {
            source.arg("-d");
        }
        let begun = Instant::now();
        let output = source.arg(to.to_string()).output().context("smtp-source")?;
        let took = begun.elapsed();
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(f64::from(self.mails) / took.as_secs_f64())
    }
}

/// Postfix's `smtp-sink`, which takes everything and stores nothing.
pub(crate) struct Sink {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Sink {
    pub(crate) fn start() -> Result<Self> {
        let address = free_address()?;
        let mut sink = command("smtp-sink");
        if rustix::process::geteuid().is_root() {
            sink.args(["-u", "nobody"]);
        }
        let process = sink.args([&address.to_string(), "1024"]).stderr(Stdio::null()).spawn()?;
        greeted(address)?;
        Ok(Self { process, address })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A Postfix that accepts to its queue and goes no further: mails are held.
pub(crate) struct Postfix {
    folder: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Postfix {
    /// `None` for who may not start it: it wants root.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let address = free_address()?;
        for part in ["etc", "queue", "data"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let etc = folder.join("etc");
        fs::write(etc.join("main.cf"), main_cf(folder))?;
        fs::write(etc.join("master.cf"), master_cf(address))?;
        fs::write(etc.join("aliases"), "")?;
        let owned = Command::new("chown").arg("postfix").arg(folder.join("data")).status()?;
        ensure!(owned.success(), "chown");
        let postfix = Self { folder: folder.to_owned(), address };
        postfix.order("start")?;
        greeted(address)?;
        Ok(Some(postfix))
    }

    /// How many mails it has.
    pub(crate) fn held(&self) -> Result<usize> {
        let mut open = vec![self.folder.join("queue/hold")];
        let mut count = 0;
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    open.push(entry.path());
                } else {
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    fn order(&self, order: &str) -> Result<()> {
        let mut postfix = command("postfix");
        let done = postfix.arg("-c").arg(self.folder.join("etc")).arg(order);
        let done =
            done.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(done.success(), "postfix {order}");
        Ok(())
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.order("stop"));
    }
}

fn main_cf(folder: &Path) -> String {
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {0}/queue\n\
         data_directory = {0}/data\n\
         mail_owner = postfix\n\
         setgid_group = postdrop\n\
         myhostname = postfix.test\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         mynetworks = 127.0.0.0/8\n\
         mydestination = appliance.test\n\
         local_recipient_maps =\n\
         alias_maps =\n\
         alias_database =\n\
         smtpd_client_restrictions = static:HOLD\n\
         smtpd_client_connection_rate_limit = 0\n",
        folder.display()
    )
}

fn master_cf(address: SocketAddr) -> String {
    format!(
        "{address} inet n - n - 100 smtpd\n\
         pickup unix n - n 60 1 pickup\n\
         cleanup unix n - n - 0 cleanup\n\
         qmgr unix n - n 300 1 qmgr\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\n\
         rewrite unix - - n - - trivial-rewrite\n\
         bounce unix - - n - 0 bounce\n\
         defer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\n\
         verify unix - - n - 1 verify\n\
         proxymap unix - - n - - proxymap\n\
         smtp unix - - n - - smtp\n\
         showq unix n - n - - showq\n\
         error unix - - n - - error\n\
         retry unix - - n - - error\n\
         local unix - n n - - local\n\
         anvil unix - - n - 1 anvil\n"
    )
}

/// Russell Coker's `postal` against `to` for `time`; how many mails it got 250 for.
pub(crate) fn postal(folder: &Path, to: SocketAddr, time: Duration) -> Result<u64> {
    let (users, lines) = (folder.join("users"), folder.join("postal.csv"));
    fs::write(&users, "ana@appliance.test\n")?;
    let mut postal = command("postal");
    postal.args(["-m", "2", "-t", "10", "-c", "3", "-r", "60000"]);
    postal.arg(format!("[{}]{}", to.ip(), to.port())).arg(&users);
    let mut process = postal.stdout(fs::File::create(&lines)?).spawn().context("postal")?;
    std::thread::sleep(time);
    // It finishes the mails it has begun, then counts on, a line a minute, and never ends.
    let mut told = None;
    if let Some(process) = rustix::process::Pid::from_raw(i32::try_from(process.id())?) {
        rustix::process::kill_process(process, rustix::process::Signal::INT)?;
    }
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(130) {
        std::thread::sleep(Duration::from_secs(1));
        let counts = counts(&fs::read_to_string(&lines)?);
        if counts.last() == Some(&0) || begun.elapsed() > Duration::from_secs(70) {
            told = Some(counts.iter().sum());
            if !counts.is_empty() {
                break;
            }
        }
    }
    process.kill()?;
    process.wait()?;
    told.context("postal told nothing")
}

/// The second column, without the head.
fn counts(csv: &str) -> Vec<u64> {
    csv.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect()
}

/// The first line of what a program says about its version.
pub(crate) fn version(program: &str, arguments: &[&str]) -> String {
    let output = command(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or("unknown").to_owned()
}

/// Debian keeps most of them in `/usr/sbin`, which is not in everybody's path.
fn command(program: &str) -> Command {
    let path = Path::new("/usr/sbin").join(program);
    Command::new(if path.exists() { path } else { PathBuf::from(program) })
}
