//! The demo's files: what a user keeps (`mail/*.eml`, `sms.jsonl`, `call/*.wav`,
//! `calls.jsonl`), and what ends with it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::relay::Relay;
use super::{DemoError, Options};
use crate::audio::simulated;

/// Extension of the second person.
pub(super) const BEN: &str = "101";

/// What stands around the appliance.
pub(super) struct Peers<'a> {
    pub(super) relay: &'a Relay,
    pub(super) modem: &'a Path,
    /// Where the exchange is.
    pub(super) exchange: SocketAddr,
}

/// The folders of one run.
#[derive(Debug, Clone)]
pub(super) struct Files {
    out: PathBuf,
    /// Store and configuration: new for every run, else the sample would be a repeat.
    own: PathBuf,
    keep_out: bool,
}

impl Files {
    /// Makes the folders; what an earlier run left in `out` is removed.
    pub(super) fn prepare(out: Option<&Path>) -> Result<Self, DemoError> {
        let process = std::process::id();
        let own = std::env::temp_dir().join(format!("smtp-appliance-demo-{process}"));
        let files = Self {
            out: out.map_or_else(|| own.join("out"), Path::to_owned),
            own,
            keep_out: out.is_some(),
        };
        let prepare = || {
            fs::create_dir_all(&files.own)?;
            empty(&files.mail(), "eml")?;
            empty(&files.call(), "wav")?;
            fs::write(files.calls(), "")?;
            fs::write(files.sms(), "")
        };
        prepare().map_err(|error| DemoError::Io(files.out.display().to_string(), error))?;
        Ok(files)
    }

    /// Where the relay puts mails.
    pub(super) fn mail(&self) -> PathBuf {
        self.out.join("mail")
    }

    /// Where SMS are listed, a line of JSON each.
    pub(super) fn sms(&self) -> PathBuf {
        self.out.join("sms.jsonl")
    }

    /// Where calls are left as they were heard.
    pub(super) fn call(&self) -> PathBuf {
        self.out.join("call")
    }

    /// Where calls are listed, a line of JSON each.
    pub(super) fn calls(&self) -> PathBuf {
        self.out.join("calls.jsonl")
    }

    /// What alsa-lib makes of the sound of the newest call.
    pub(super) fn line(&self) -> PathBuf {
        self.own.join("line.wav")
    }

    /// Writes the configuration the appliance runs with, and returns its path.
    pub(super) fn write_config(
        &self,
        options: &Options,
        peers: &Peers<'_>,
    ) -> Result<PathBuf, DemoError> {
        let (port, voices) = (options.port, options.voices.as_deref());
        let ca = self.own.join("relay-ca.pem");
        let config = self.own.join("config.toml");
        let text = format!(
            r#"[appliance]
name = "smtp.appliance"
store = "{store}"

[[smtp.listener]]
address = "127.0.0.1:{port}"
tls = "starttls"

[web]
enabled = {web}
listen = "127.0.0.1:{web_port}"
https = false

[channels]
order = ["mail", "sms", "gsm", "voip"]

[mail]
relay = "localhost"
port = {relay_port}
tls = "starttls"
ca = "{ca}"
from = "alerts@smtp.appliance"

[sms]
full_text = true

[modem]
device = "{modem}"

[audio]
playback = {playback}

[sip]
listen = "127.0.0.1:0"

[[sip.account]]
domain = "exchange.example.org"
proxy = "{exchange}"
extension = "200"
password = "demo"
display_name = "Alerts"

[speech]
voices = {voices}

[[person]]
name = "ana"
mail = "ana@example.org"
phone = "+34 600 000 001"
groups = ["oncall"]

[[person]]
name = "ben"
extension = "{BEN}"
groups = ["oncall"]
"#,
            store = self.own.display(),
            web = options.web_port.is_some(),
            web_port = options.web_port.unwrap_or(0),
            relay_port = peers.relay.address().port(),
            ca = ca.display(),
            modem = peers.modem.display(),
            exchange = peers.exchange,
            playback = quoted(&simulated::playback(&self.line())),
            voices = quoted(&voices.unwrap_or(&self.own.join("voices")).display().to_string()),
        );
        let write = || {
            fs::write(&ca, peers.relay.certificate())?;
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&config);
            file?.write_all(text.as_bytes())
        };
        write().map_err(|error| DemoError::Io(config.display().to_string(), error))?;
        Ok(config)
    }

    /// Removes what ends with the demo.
    pub(super) fn clean_up(&self) {
        let gone = fs::remove_dir_all(&self.own);
        if let Err(error) = gone {
            tracing::debug!(%error, "left behind: {}", self.own.display());
        }
        if self.keep_out {
            tracing::debug!("kept: {}", self.out.display());
        }
    }
}

/// Makes a folder, and removes what an earlier run left in it.
fn empty(folder: &Path, extension: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
