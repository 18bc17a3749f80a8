//! What really went over the wire: captured on loopback, and read by tshark. Needs root, as capturing
//! does.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::programs::{folder, program, run};

const PATIENCE: Duration = Duration::from_mins(1);

/// A capture that goes on.
pub(crate) struct Capture {
    folder: TempDir,
    process: Child,
}

/// One direction of a call's sound, as tshark counts it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RtpStream {
    pub(crate) from_port: u16,
    pub(crate) to_port: u16,
    /// Of its SSRC, as hexadecimal digits.
    pub(crate) ssrc: String,
    pub(crate) payload: String,
    pub(crate) packets: u64,
    pub(crate) lost: i64,
    /// Longest gap between two packets, milliseconds.
    pub(crate) max_delta_ms: f64,
    pub(crate) mean_jitter_ms: f64,
    pub(crate) max_jitter_ms: f64,
    /// tshark's mark for what it finds wrong with sequence or time.
    pub(crate) problems: bool,
}

impl Capture {
    /// Begins to capture what a filter of pcap lets through, such as `udp port 5060`.
    pub(crate) async fn start(filter: &str) -> Self {
        let folder = folder();
        let mut command = Command::new(program("dumpcap", "tshark"));
        command
            .args(["-i", "lo", "-q", "-f", filter, "-w"])
            .arg(folder.path().join("capture.pcapng"));
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("it starts");
        let said = process.stderr.take().expect("its words");
        let begun = async {
            let mut lines = BufReader::new(said).lines();
            let mut all = String::new();
            while let Some(line) = lines.next_line().await.expect("its words") {
                // It says so when the device is open.
                if line.starts_with("File: ") {
                    return lines;
                }
                all.push_str(&line);
            }
            panic!("no capture (it needs root): {all}");
        };
        let mut lines = timeout(PATIENCE, begun).await.expect("it captures in time");
        // It must never wait for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { folder, process }
    }

    /// Ends the capture; what it caught.
    pub(crate) async fn stop(mut self) -> Captured {
        // Packets reach the file some moments after they were on the wire.
        sleep(Duration::from_millis(1500)).await;
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(rustix::process::Pid::from_raw).expect("it runs");
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it runs");
        let ended = timeout(PATIENCE, self.process.wait()).await.expect("it ends in time");
        assert!(ended.expect("its end").success(), "the capture failed");
        Captured { folder: self.folder }
    }
}

/// A finished capture.
pub(crate) struct Captured {
    folder: TempDir,
}

impl Captured {
    fn file(&self) -> PathBuf {
        self.folder.path().join("capture.pcapng")
    }

    /// What tshark prints of it with these arguments.
    async fn tshark(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(program("tshark", "tshark"));
        // Nothing of the user's own settings; ports other than 5060 are SIP, too.
        command.env("HOME", self.folder.path()).args(["-n", "-r"]).arg(self.file());
        command.args(["-o", "rtp.heuristic_rtp:TRUE", "-o", "rtcp.heuristic_rtcp:TRUE"]);
        let output = run(command.args(arguments), b"").await;
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Fields of every packet that the filter lets through, with tabs between them.
    pub(crate) async fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let mut arguments = vec!["-Y", filter, "-T", "fields"];
        arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
        self.tshark(&arguments).await.lines().map(str::to_owned).collect()
    }

    /// Packets from or to these ports that tshark cannot read, or finds a fault in: their lines.
    pub(crate) async fn faults(&self, ports: &[u16]) -> Vec<String> {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        let filter = format!(
            "(udp.port in {{{ports}}} || tcp.port in {{{ports}}}) && (_ws.malformed || \
             _ws.unreassembled || _ws.expert.severity == error)"
        );
        self.fields(&filter, &["frame.number", "_ws.col.Protocol", "_ws.col.Info"]).await
    }

    /// How the sound went.
    pub(crate) async fn rtp_streams(&self) -> Vec<RtpStream> {
        let printed = self.tshark(&["-q", "-z", "rtp,streams"]).await;
        printed.lines().filter_map(rtp_stream).collect()
    }
}

/// A line of tshark's table: start, end, address, port, address, port, SSRC, payload (which may
/// have blanks), packets, lost, its share, three deltas, three jitters, and perhaps a mark.
fn rtp_stream(line: &str) -> Option<RtpStream> {
    let (line, problems) = match line.trim_end().strip_suffix('X') {
        Some(line) => (line, true),
        None => (line, false),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let ssrc = words.get(6).filter(|word| word.starts_with("0x"))?;
    let tail = words.len().checked_sub(9)?;
    let figure = |index: usize| words.get(tail + index)?.parse::<f64>().ok();
    Some(RtpStream {
        from_port: words.get(3)?.parse().ok()?,
        to_port: words.get(5)?.parse().ok()?,
        ssrc: (*ssrc).to_owned(),
        payload: words.get(7..tail)?.join(" "),
        packets: words.get(tail)?.parse().ok()?,
        lost: words.get(tail + 1)?.parse().ok()?,
        max_delta_ms: figure(5)?,
        mean_jitter_ms: figure(7)?,
        max_jitter_ms: figure(8)?,
        problems,
    })
}
