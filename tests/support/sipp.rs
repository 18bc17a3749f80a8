//! Awkward far ends: sipp with the scenarios of `tests/system/sipp`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::programs::{folder, free_sip_port, program, start};

/// Longest that a scenario may take, seconds; then it has failed.
const LONGEST: u64 = 60;

const PATIENCE: Duration = Duration::from_secs(LONGEST + 10);

/// User and password that scenarios expect.
pub(crate) const USER: &str = "200";
pub(crate) const PASSWORD: &str = "far-secret";

/// What the words in the scenarios stand for. One may have others in it that stand further down.
const WORDS: &[(&str, &str)] = &[
    // Steps.
    (
        "[@invite]",
        r#"<recv request="INVITE" rrs="true"><action>[@keep]</action></recv>
  <Reference variables="from,to,via,cseq"/>"#,
    ),
    (
        "[@invite_known]",
        r#"<recv request="INVITE" rrs="true"><action>[@keep][@verify]</action></recv>[@proved]"#,
    ),
    ("[@register]", r#"<recv request="REGISTER"><action>[@contact_of]</action></recv>"#),
    (
        "[@register_known]",
        r#"<recv request="REGISTER"><action>[@contact_of][@verify]</action></recv>[@proved]"#,
    ),
    (
        "[@unregister]",
        r#"<recv request="REGISTER"><action>
    <ereg regexp="(expires=0|Expires: ?0)" search_in="msg" check_it="true" assign_to="off"/>
  </action></recv>
  <send><![CDATA[
    SIP/2.0 200 OK
    [@to_last]
    [@empty]
  ]]></send>
  <Reference variables="off,contact"/>"#,
    ),
    (
        "[@proved]",
        r#"
  <nop condexec="proved" condexec_inverse="true"><action>
    <error message="a wrong answer to the challenge"/>
  </action></nop>
  <Reference variables="whole,nonce"/>"#,
    ),
    (
        "[@ring]",
        "<send><![CDATA[
    SIP/2.0 180 Ringing
    [@to_invite]
    [@contact]
    [@empty]
  ]]></send>",
    ),
    (
        "[@answer]",
        r#"<send retrans="500"><![CDATA[
    SIP/2.0 200 OK
    [@to_invite]
    [@contact]
    [@sound]
  ]]></send>
  <recv request="ACK"/>"#,
    ),
    (
        "[@bye]",
        r#"<send retrans="500"><![CDATA[
    BYE [next_url] SIP/2.0
    [@request]
    CSeq: 99 BYE
    [@empty]
  ]]></send>
  <recv response="200"/>"#,
    ),
    (
        "[@hears_bye]",
        r#"<recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [@to_last]
    [@empty]
  ]]></send>"#,
    ),
    // What is kept of a request.
    (
        "[@keep]",
        r#"
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
    <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
    <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
    <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
  "#,
    ),
    (
        "[@verify]",
        r#"
    <verifyauth assign_to="proved" username="200" password="far-secret"/>
    <ereg regexp="[^o]nonce=&quot;([^&quot;]*)&quot;" search_in="msg" check_it="true"
      assign_to="whole,nonce"/>
  "#,
    ),
    (
        "[@contact_of]",
        r#"<ereg regexp="&lt;[^&gt;]*&gt;" search_in="hdr" header="Contact:" check_it="true"
      assign_to="contact"/>"#,
    ),
    // Lines of messages.
    (
        "[@to_invite]",
        "Via:[$via]
    From:[$from]
    To:[$to];tag=far[call_number]
    Call-ID: [call_id]
    CSeq:[$cseq]",
    ),
    (
        "[@to_last]",
        "[last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]",
    ),
    (
        "[@request]",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    From:[$to];tag=far[call_number]
    To:[$from]
    Call-ID: [call_id]
    Max-Forwards: 70",
    ),
    ("[@contact]", "Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>"),
    ("[@empty]", "Content-Length: 0\n"),
    (
        "[@sound]",
        "Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=far 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0 101
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16",
    ),
];

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
        let (port, media_port) = (free_sip_port(), free_media_port());
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

/// An even port, as RTP has it.
fn free_media_port() -> u16 {
    let port = free_sip_port();
    port + port % 2
}
