//! What the service manager hears of a service: ready when SMTP accepts, alive, stopping.

use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a word may be waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service manager with its socket, and the service.
struct Manager {
    socket: UnixDatagram,
    service: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Manager {
    fn drop(&mut self) {
        drop(self.service.kill());
    }
}

impl Manager {
    /// Starts the program as a service with a watchdog of this many microseconds.
    fn start(watchdog: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, path) = (folder.path().join("store"), folder.path().join("notify"));
        fs::create_dir(&store).unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("config.toml");
        let text = format!(
            "[appliance]\nstore = \"{}\"\n[[smtp.listener]]\naddress = \"127.0.0.1:{port}\"\n",
            store.display()
        );
        fs::write(&config, text).unwrap();
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let service = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"))
            .args(["run", "--config"])
            .arg(config)
            .env("NOTIFY_SOCKET", path)
            .env("WATCHDOG_USEC", watchdog)
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { socket, service, port, _folder: folder }
    }

    /// Waits until the service has said this; what else it said before.
    fn hears(&self, word: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| {
                panic!("{word} was never said ({error}), but {heard:?}");
            });
            let said = String::from_utf8_lossy(&buffer[..length]).trim().to_owned();
            if said == word {
                return heard;
            }
            heard.push(said);
        }
    }
}

#[test]
fn it_is_ready_when_smtp_accepts_then_alive_and_stops_in_order() {
    let mut manager = Manager::start("3000000");
    manager.hears("READY=1");
    drop(TcpStream::connect(("127.0.0.1", manager.port)).unwrap());
    let heard: Vec<String> = (0..3).flat_map(|_| manager.hears("WATCHDOG=1")).collect();
    let status = heard.iter().find(|said| said.starts_with("STATUS="));
    // Nobody is in its configuration.
    assert!(status.is_some_and(|said| said.contains("NOBODY WOULD BE TOLD")), "{heard:?}");
    let pid = rustix::process::Pid::from_child(&manager.service);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    manager.hears("STOPPING=1");
    assert!(manager.service.wait().unwrap().success());
}
