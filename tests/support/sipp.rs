//! Awkward far ends: sipp with the scenarios of `tests/system/sipp`.

mod words;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::programs::{folder, free_sip_port, program, start};
use words::WORDS;

/// Longest that a scenario may take, seconds; then it has failed.
const LONGEST: u64 = 60;

const PATIENCE: Duration = Duration::from_secs(LONGEST + 10);

/// User and password that scenarios expect.
pub(crate) const USER: &str = "200";
pub(crate) const PASSWORD: &str = "far-secret";

/// A running far end.
pub(crate) struct Sipp {
    pub(crate) port: u16,
    scenario: String,
    folder: TempDir,
    process: Child,
}

impl Sipp {
    /// One that waits for a request, by UDP.
    pub(crate) async fn uas(scenario: &str, keys: &[(&str, &str)]) -> Self {
        Self::start(scenario, &scenario_of(scenario, keys), 1, None).await
    }

    /// The same where an account goes that does not register: it is asked at once whether it is
    /// there (OPTIONS), and says yes, or what the scenario says to that.
    pub(crate) async fn exchange(scenario: &str, keys: &[(&str, &str)]) -> Self {
        let text = scenario_of(scenario, keys);
        Self::start(scenario, &with_look(&text), 2, None).await
    }

    /// One that begins: it asks who listens on a port of loopback.
    pub(crate) async fn uac(scenario: &str, keys: &[(&str, &str)], port: u16) -> Self {
        Self::start(scenario, &scenario_of(scenario, keys), 1, Some(port)).await
    }

    async fn start(scenario: &str, text: &str, calls: u32, asks: Option<u16>) -> Self {
        let folder = folder();
        let (port, media_port) = (free_sip_port(), free_sip_port());
        let file = folder.path().join("scenario.xml");
        std::fs::write(&file, latin1(text)).expect("a file");
        let mut command = Command::new(program("sipp", "sip-tester"));
        command.arg("-sf").arg(&file).args(["-i", "127.0.0.1", "-nostdin"]);
        command.args(["-m", &calls.to_string(), "-p", &port.to_string()]);
        command.args(["-mp", &media_port.to_string()]);
        command.args(["-timeout", &LONGEST.to_string(), "-timeout_error"]);
        command.args(["-trace_msg", "-message_file"]).arg(folder.path().join("messages"));
        command.args(["-trace_err", "-error_file"]).arg(folder.path().join("errors"));
        if let Some(asks) = asks {
            command.arg(format!("127.0.0.1:{asks}"));
        }
        let screen = std::fs::File::create(folder.path().join("screen")).expect("a file");
        command.current_dir(folder.path()).env("TERM", "dumb");
        command.stdout(screen.try_clone().expect("a file")).stderr(screen);
        let process = start(&mut command);
        let mut this = Self { port, scenario: scenario.to_owned(), folder, process };
        if asks.is_none() {
            this.bound().await;
        }
        this
    }

    /// Resolves when it listens.
    async fn bound(&mut self) {
        let address = format!("0100007F:{:04X}", self.port);
        let wait = async {
            while !std::fs::read_to_string("/proc/net/udp").expect("a table").contains(&address) {
                let ended = self.process.try_wait().expect("its state");
                assert!(ended.is_none(), "sipp does not start: {}", self.said());
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("it listens in time");
    }

    /// Resolves when the scenario went through to its end; all messages of it.
    ///
    /// # Panics
    /// If something else came than the scenario says, or nothing.
    pub(crate) async fn finished(mut self) -> String {
        let ended = timeout(PATIENCE, self.process.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("{}: not in time", self.scenario));
        let ended = ended.expect("its end");
        assert!(ended.success(), "{} was not kept to ({ended}): {}", self.scenario, self.said());
        self.messages()
    }

    /// Every message that came and went.
    pub(crate) fn messages(&self) -> String {
        read(&self.folder.path().join("messages"))
    }

    fn said(&self) -> String {
        read(&self.folder.path().join("errors")) + &read(&self.folder.path().join("screen"))
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = format!("{}:\n{}{}", self.scenario, self.messages(), self.said());
            std::io::stderr().write_all(said.as_bytes()).ok();
        }
    }
}

/// Lossy: some far ends speak Latin-1.
fn read(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
}

/// The folder of the scenarios.
pub(crate) fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/sipp")
}

/// A scenario as sipp wants it.
fn scenario_of(name: &str, keys: &[(&str, &str)]) -> String {
    let file = scenarios().join(name).with_extension("xml");
    let text = std::fs::read_to_string(&file).expect("a scenario");
    let text = WORDS.iter().fold(text, |text, (word, meaning)| text.replace(word, meaning));
    // sipp's own way with keys (-key) takes none in the first line of a message.
    keys.iter().fold(text, |text, (key, value)| text.replace(&format!("[{key}]"), value))
}

/// With a second way through, for whoever asks whether we are there. sipp takes every Call-ID
/// through the scenario from its beginning.
fn with_look(text: &str) -> String {
    if text.contains("<recv request=\"OPTIONS\"/>") {
        return text.to_owned();
    }
    let (head, steps) = text.split_once("\">\n").expect("a scenario");
    let (steps, _) = steps.split_once("</scenario>").expect("its end");
    format!(
        r#"{head}">
  <recv request="OPTIONS" optional="true" next="look"/>
{steps}
  <nop next="end"/>
  <label id="look"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
  <label id="end"/>
  <nop/>
</scenario>
"#
    )
}

/// Puts the one byte in that is no UTF-8, which a file of ours could not have in it.
fn latin1(text: &str) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split("[@latin1]").map(str::as_bytes).collect();
    parts.join(&b"\xF1"[..])
}
