//! A person's telephone: a baresip of its own, without a sound card, that writes down what it hears.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE};
use smtp_appliance::config::{Encryption, SipTransport};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::authority::Authority;
use super::kamailio::Kamailio;
use super::programs::{folder, free_port, free_sip_port, listening, program, start};

const CONFIG: &str = include_str!("../system/sip/baresip.cfg");
const MODULES: &str = "/usr/lib/baresip/modules";

/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Longest that a silent telephone stays so; then it hangs up, as its file is over.
const SILENCE: Duration = Duration::from_mins(5);

/// What a telephone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Answers at once.
    Auto,
    /// Rings until the test says.
    Manual,
    /// Rings with early media (183).
    Early,
}

/// What a telephone says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Says {
    /// It sends silence.
    Silence,
    /// It sends no packet.
    Nothing,
    /// It sends back what it hears.
    Echo,
    /// It plays a WAV file (8 kHz, mono), and hangs up at its end.
    File(PathBuf),
}

/// What differs between telephones.
pub(crate) struct Options<'a> {
    /// Extension.
    pub(crate) name: &'a str,
    /// Where it registers, and with which password; without, it is called by its address.
    pub(crate) exchange: Option<(&'a Kamailio, &'a str)>,
    pub(crate) transport: SipTransport,
    pub(crate) answer: Answer,
    pub(crate) encryption: Encryption,
    /// The best first, as baresip writes them.
    pub(crate) codecs: &'a str,
    pub(crate) says: Says,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            name: "ana",
            exchange: None,
            transport: SipTransport::Udp,
            answer: Answer::Auto,
            encryption: Encryption::Off,
            codecs: "pcmu/8000/1,pcma/8000/1",
            says: Says::Silence,
        }
    }
}

/// A running telephone.
pub(crate) struct Baresip {
    /// UDP and TCP; TLS has the next one.
    pub(crate) port: u16,
    name: String,
    transport: SipTransport,
    folder: TempDir,
    control: BufReader<TcpStream>,
    _process: Child,
}

impl Baresip {
    pub(crate) async fn start(options: Options<'_>) -> Self {
        let folder = folder();
        let (port, control_port) = (free_sip_port(), free_port());
        write_config(folder.path(), port, control_port, &options);
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let mut command = Command::new(program("baresip", "baresip-core"));
        // Every message goes to the log; its home is where it would keep more files.
        command.arg("-f").arg(folder.path()).args(["-v", "-s"]).env("HOME", folder.path());
        command.stdout(log.try_clone().expect("a file")).stderr(log);
        let mut process = start(&mut command);
        listening(control_port, &mut process).await;
        let control = TcpStream::connect((Ipv4Addr::LOCALHOST, control_port)).await;
        let control = BufReader::new(control.expect("its control port"));
        let (name, transport) = (options.name.to_owned(), options.transport);
        Self { port, name, transport, folder, control, _process: process }
    }

    /// Its address without an exchange.
    pub(crate) fn uri(&self) -> String {
        let port = if self.transport == SipTransport::Tls { self.port + 1 } else { self.port };
        let transport = self.transport.as_str();
        format!("sip:{}@127.0.0.1:{port};transport={transport}", self.name)
    }

    /// Resolves when the exchange knows it.
    pub(crate) async fn wait_registered(&self) {
        let registered = async {
            while !self.log().contains("200 OK () [") {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, registered).await.expect("registered in time");
    }

    pub(crate) async fn dial(&mut self, uri: &str) {
        self.command("dial", uri).await;
    }

    /// Answers what rings.
    pub(crate) async fn accept(&mut self) {
        self.command("accept", "").await;
    }

    /// Presses a key for a moment.
    pub(crate) async fn press(&mut self, key: char) {
        self.command("sndcode", &key.to_string()).await;
    }

    /// Ends the call, or refuses the one that rings.
    pub(crate) async fn hang_up(&mut self) {
        self.command("hangup", "").await;
    }

    pub(crate) async fn hold(&mut self) {
        self.command("hold", "").await;
    }

    pub(crate) async fn resume(&mut self) {
        self.command("resume", "").await;
    }

    /// Offers the call anew.
    pub(crate) async fn reinvite(&mut self) {
        self.command("reinvite", "").await;
    }

    /// The next event of a type, such as `CALL_ESTABLISHED`; others before it are passed over.
    ///
    /// # Panics
    /// If it does not come in time.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        let wait = async {
            loop {
                let message = self.message().await;
                if message.get("type").and_then(Value::as_str) == Some(kind) {
                    return message;
                }
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no {kind} in time"))
    }

    /// What it heard in its calls, the last words included once the call is over.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("heard")).expect("its folder");
        let mut files: Vec<_> = files
            .map(|file| file.expect("a file").path())
            .filter(|file| file.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files
    }

    /// What it heard in its one call, after that is over.
    pub(crate) fn heard(&self) -> Pcm {
        let [recording]: [PathBuf; 1] = self.recordings().try_into().expect("one call");
        audio::read(&recording).expect("a recording")
    }

    /// What it logged, each message of SIP among it.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Gives an order, and waits until it was carried out.
    async fn command(&mut self, command: &str, params: &str) {
        let text = json!({ "command": command, "params": params, "token": command }).to_string();
        let netstring = format!("{}:{text},", text.len());
        self.control.get_mut().write_all(netstring.as_bytes()).await.expect("it listens");
        let done = async {
            loop {
                let message = self.message().await;
                if message.get("token").and_then(Value::as_str) == Some(command) {
                    return message;
                }
            }
        };
        let done = timeout(PATIENCE, done).await.expect("an answer in time");
        assert_eq!(done.get("ok"), Some(&Value::Bool(true)), "{command} {params}: {done}");
    }

    /// The next message of its control port, a netstring with JSON in it.
    async fn message(&mut self) -> Value {
        let mut length = Vec::new();
        self.control.read_until(b':', &mut length).await.expect("it speaks");
        length.pop();
        let length: usize = String::from_utf8(length).expect("digits").parse().expect("a length");
        let mut text = vec![0; length + 1];
        self.control.read_exact(&mut text).await.expect("it speaks");
        assert_eq!(text.pop(), Some(b','), "a netstring");
        serde_json::from_slice(&text).expect("JSON")
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::io::stderr().write_all(self.log().as_bytes()).ok();
        }
    }
}

fn write_config(folder: &Path, port: u16, control_port: u16, options: &Options<'_>) {
    std::fs::create_dir(folder.join("heard")).expect("a folder");
    let (certificate, key) = Authority::new("Telephone CA").sign(&["127.0.0.1"]);
    std::fs::write(folder.join("telephone.pem"), certificate + &key).expect("a file");
    let source = match &options.says {
        Says::Nothing => "aubridge,nobody".to_owned(),
        Says::Echo => "aubridge,nowhere".to_owned(),
        Says::File(file) => format!("aufile,{}", file.display()),
        Says::Silence => {
            let file = folder.join("silence.wav");
            audio::write_wav(&file, &Pcm::silence(TELEPHONE_RATE, SILENCE)).expect("a file");
            format!("aufile,{}", file.display())
        }
    };
    let authority = options
        .exchange
        .map(|(exchange, _)| format!("sip_cafile              {}", exchange.authority().display()));
    let encrypts = options.encryption != Encryption::Off;
    let words = [
        ("@PORT@", port.to_string()),
        ("@CONTROL_PORT@", control_port.to_string()),
        ("@FOLDER@", folder.display().to_string()),
        ("@MODULES@", MODULES.to_owned()),
        ("@SOURCE@", source),
        ("@AUTHORITY@", authority.unwrap_or_default()),
        ("@ENCRYPTION@", if encrypts { "module srtp.so" } else { "" }.to_owned()),
    ];
    let config =
        words.iter().fold(CONFIG.to_owned(), |text, (word, value)| text.replace(word, value));
    std::fs::write(folder.join("config"), config).expect("a file");
    std::fs::write(folder.join("contacts"), "").expect("a file");
    std::fs::write(folder.join("accounts"), account(options) + "\n").expect("a file");
}

/// Its one account, as a line of the file `accounts`.
fn account(options: &Options<'_>) -> String {
    let (name, transport) = (options.name, options.transport.as_str());
    let domain = match options.exchange {
        Some((exchange, _)) if options.transport == SipTransport::Tls => {
            format!("127.0.0.1:{}", exchange.tls_port)
        }
        Some((exchange, _)) => format!("127.0.0.1:{}", exchange.port),
        None => "127.0.0.1".to_owned(),
    };
    let login = match options.exchange {
        Some((_, password)) => format!(";auth_user={name};auth_pass={password};regint=60"),
        None => ";regint=0".to_owned(),
    };
    let answer = match options.answer {
        Answer::Auto => "auto",
        Answer::Manual => "manual",
        Answer::Early => "early",
    };
    let encryption = match options.encryption {
        Encryption::Off => "",
        Encryption::Optional => ";mediaenc=srtp",
        Encryption::Required => ";mediaenc=srtp-mand",
    };
    let codecs = options.codecs;
    format!(
        "<sip:{name}@{domain};transport={transport}>{login};answermode={answer}{encryption}\
         ;audio_codecs={codecs};ptime=20;mwi=no"
    )
}
