//! A Postfix of its own, beside any that the machine runs. Needs root, as Postfix does.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::programs::{folder, free_port, listening, program, start};

/// The services of `master.cf`: what Postfix cannot do without, none of them in a chroot.
const SERVICES: &str = "
pickup    unix  n - n 1   1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
verify    unix  - - n -   1 verify
proxymap  unix  - - n -   - proxymap
smtp      unix  - - n -   - smtp
relay     unix  - - n -   - smtp
error     unix  - - n -   - error
retry     unix  - - n -   - error
discard   unix  - - n -   - discard
virtual   unix  - n n -   - virtual
anvil     unix  - - n -   1 anvil
scache    unix  - - n -   1 scache
postlog   unix-dgram n - n - 1 postlogd
";

/// A running Postfix.
pub(crate) struct Postfix {
    pub(crate) port: u16,
    folder: TempDir,
    master: Child,
}

impl Postfix {
    /// Starts one with these lines in `main.cf`; `{folder}` in them is its folder.
    pub(crate) async fn start(settings: &str) -> Self {
        let folder = folder();
        let (port, path) = (free_port(), folder.path());
        write_config(path, port, settings);
        let mut command = Command::new(program("postfix", "postfix"));
        command.arg("-c").arg(path.join("etc")).arg("start-fg");
        let mut master = start(&mut command);
        listening(port, &mut master).await;
        Self { port, folder, master }
    }

    /// Its folder, in which tests may keep things of their own.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its `sendmail`, by which programs on the same machine send.
    pub(crate) fn sendmail(&self) -> Command {
        let mut command = Command::new(program("sendmail", "postfix"));
        command.arg("-C").arg(self.folder.path().join("etc"));
        command
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    /// The child is a script that waits for `master`, so the end of the child is not enough.
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.folder.path().join("queue/pid/master.pid"));
        let pid = pid.ok().and_then(|pid| rustix::process::Pid::from_raw(pid.trim().parse().ok()?));
        if let Some(pid) = pid {
            // It may have ended by itself.
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        }
        self.master.start_kill().ok();
        if std::thread::panicking() {
            std::io::stderr().write_all(self.log().as_bytes()).ok();
        }
    }
}

fn write_config(folder: &Path, port: u16, settings: &str) {
    let etc: PathBuf = folder.join("etc");
    for name in ["etc", "queue", "data"] {
        std::fs::create_dir(folder.join(name)).expect("a folder");
    }
    let owner = rustix::fs::stat("/var/lib/postfix").expect("Postfix' own folder").st_uid;
    std::os::unix::fs::chown(folder.join("data"), Some(owner), None).expect("root");
    let (folder, settings) =
        (folder.display(), settings.replace("{folder}", &folder.to_string_lossy()));
    let main = format!(
        "compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
biff = no
{settings}
"
    );
    let services = format!("127.0.0.1:{port} inet n - n - - smtpd{SERVICES}");
    std::fs::write(etc.join("main.cf"), main).expect("main.cf");
    std::fs::write(etc.join("master.cf"), services).expect("master.cf");
}
