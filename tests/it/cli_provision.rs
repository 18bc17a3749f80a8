//! `provision`: what stands on the card comes into the appliance, whatever it is and whenever the
//! power fails.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const FILE: &str = "\
# The appliance of the branch.
[[person]]
name = \"ana\"
phone = \"+34 600 000 001\"

[mail]
relay = \"smtp.example.org\"
from = \"alerts@example.org\"
user = \"alerts\"
password = \"relay secret\" # of the provider

[modem]
device = \"/dev/modem\"
pin = \"1234\"

[smtp]
certificate = \"cert.pem\"
key = \"key.pem\"

[system]
hostname = \"alerts\"
ssh_keys = [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7dy1d6nfi8pSV2yhs7R5hkDh2dVGyB3nRAKnp1PVB4 ana\"]

[network]
address = \"192.0.2.25/24\"

[wifi]
ssid = \"rack\"
password = \"wifi secret\"
";

const SECRETS: [&str; 4] = ["relay secret", "1234", "PRIVATE", "wifi secret"];

/// A card and a data partition.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["fat", "config", "system"] {
            fs::create_dir(bench.path(folder)).unwrap();
        }
        bench
    }

    fn with(file: &[u8]) -> Self {
        let bench = Self::new();
        bench.write("fat/appliance.toml", file);
        bench.write("fat/cert.pem", b"CERTIFICATE");
        bench.write("fat/key.pem", b"PRIVATE");
        bench
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        fs::write(self.path(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
        command.args(["provision", "--from"]).arg(self.path("fat/appliance.toml"));
        command.arg("--system").arg(self.path("system"));
        command.arg("--config").arg(self.path("config/config.toml")).args(more);
        command.stdin(Stdio::null()).env_remove("SMTP_APPLIANCE_CONFIG");
        command
    }

    /// What it complained of, when it ended with this code.
    fn ends(&self, code: i32, more: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(more).output().unwrap();
        let said = String::from_utf8_lossy(&stderr).into_owned();
        let printed = String::from_utf8_lossy(&stdout).into_owned();
        assert_eq!(status.code(), Some(code), "{said}{printed}");
        for secret in SECRETS {
            assert!(!said.contains(secret) && !printed.contains(secret), "{said}{printed}");
        }
        said
    }

    /// All files of a folder, by name.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn check(&self) {
        let checked = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"))
            .arg("check-config")
            .arg(self.path("config/config.toml"))
            .output()
            .unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}

#[test]
fn the_file_is_taken_in_and_its_secrets_go_from_the_card() {
    let bench = Bench::with(FILE.as_bytes());
    assert_eq!(bench.ends(0, &[]), "");
    bench.check();
    let (config, card) = (bench.read("config/config.toml"), bench.read("fat/appliance.toml"));
    assert_eq!(config, card);
    for secret in SECRETS {
        assert!(!config.contains(&format!("\"{secret}\"")), "{config}");
    }
    let folder = bench.path("config/secrets");
    let line =
        format!("password_file = \"{}/mail.password\" # of the provider\n", folder.display());
    assert!(card.contains(&line) && card.starts_with("# The appliance of the branch.\n"), "{card}");
    let kept = ["mail.password", "modem.pin", "smtp.certificate", "smtp.key", "wifi.password"];
    assert_eq!(bench.names("config/secrets"), kept);
    assert_eq!(bench.read("config/secrets/mail.password"), "relay secret");
    assert_eq!(bench.read("config/secrets/smtp.key"), "PRIVATE");
    let mode = |path: &str| fs::metadata(bench.path(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("config/config.toml"), mode("config/secrets/smtp.key")), (0o600, 0o600));
    assert_eq!(mode("config/secrets"), 0o700);
    // The key is gone from the card, the certificate is no secret.
    assert_eq!(bench.names("fat"), ["appliance-says.txt", "appliance.toml", "cert.pem"]);
    let says = bench.read("fat/appliance-says.txt");
    assert!(says.starts_with("appliance.toml was taken in.\r\n") && says.contains("modem.pin"));

    assert_eq!(bench.read("system/hostname"), "alerts\n");
    assert!(bench.read("system/ssh/authorized_keys").starts_with("ssh-ed25519 AAAA"));
    assert!(bench.read("system/network/10-wired.network").contains("Address=192.0.2.25/24\n"));
    let wifi = bench.read("system/wpa_supplicant/wpa_supplicant-wlan0.conf");
    assert!(wifi.contains("\tpsk=\"wifi secret\"\n"), "{wifi}");

    // Once is enough: what was changed in the appliance since stays.
    bench.write("config/config.toml", b"# changed by hand\n");
    assert_eq!(bench.ends(0, &[]), "");
    assert_eq!(bench.read("config/config.toml"), "# changed by hand\n");
    // The button, held.
    assert_eq!(bench.ends(0, &["--again"]), "");
    assert_eq!(bench.read("config/config.toml"), card);
    bench.check();
}

#[test]
fn a_new_password_takes_the_place_of_the_old_one_and_a_section_that_is_gone_goes() {
    let bench = Bench::with(FILE.as_bytes());
    bench.ends(0, &[]);
    let card = bench.read("fat/appliance.toml");
    let line = card.lines().find(|line| line.starts_with("password_file")).unwrap();
    let card = card.replace(line, "password = \"new secret\"");
    let card = card.split("[wifi]").next().unwrap().to_owned();
    bench.write("fat/appliance.toml", card.as_bytes());
    bench.ends(0, &[]);
    bench.check();
    let kept = ["mail.password-2", "modem.pin", "smtp.certificate", "smtp.key"];
    assert_eq!(bench.names("config/secrets"), kept);
    assert_eq!(bench.read("config/secrets/mail.password-2"), "new secret");
    assert_eq!(bench.names("system/wpa_supplicant"), Vec::<String>::new());
    // A file that says nothing of the machine leaves the machine alone.
    bench.write("fat/appliance.toml", b"[mail]\nenabled = false\n");
    bench.ends(0, &[]);
    assert_eq!(bench.read("system/hostname"), "alerts\n");
    assert_eq!(bench.names("config/secrets"), Vec::<String>::new());
}

#[test]
fn a_wrong_file_changes_nothing_and_says_what_is_wrong() {
    let bench = Bench::with(FILE.as_bytes());
    bench.ends(0, &[]);
    let good = bench.read("config/config.toml");
    let without_key = FILE.replace("key = \"key.pem\"\n", "key = \"kye.pem\"\n");
    let elsewhere = FILE.replace("key.pem", "../etc/shadow");
    let unknown = format!("{FILE}\n[telegram]\n");
    let many = "[a.b.c]\n".repeat(100_000);
    let deep = "[".repeat(200_000);
    let long = vec![b'a'; 5_000_000];
    let rows: [(&[u8], &str); 12] = [
        (b"[modem]\ndevice = 1\nbaud = 17\n", "line 2, column 10: modem.device: "),
        (unknown.as_bytes(), "telegram: unknown key"),
        (without_key.as_bytes(), "smtp.key: cannot read kye.pem beside this file"),
        (elsewhere.as_bytes(), "smtp.key: expected the name of a file beside this one"),
        (b"[system]\nhostname = \"a\\nb\"\n", "system.hostname: "),
        (b"[wifi]\nssid = \"a\"\npassword = \"abcdefgh\\n}\"\n", "wifi.password: "),
        (b"[mail\n", "line 1"),
        (b"\xff\xfe\x00", "save it as UTF-8"),
        (b"\x00\x01\x02garbage\xff", "save it as UTF-8"),
        (&long, "longer than"),
        (many.as_bytes(), ""),
        (deep.as_bytes(), ""),
    ];
    for (bytes, expected) in rows {
        bench.write("fat/appliance.toml", bytes);
        let said = bench.ends(1, &[]);
        assert!(said.contains(expected), "{expected}: {said}");
        assert_eq!(bench.read("config/config.toml"), good);
        assert_eq!(fs::read(bench.path("fat/appliance.toml")).unwrap(), bytes);
        let says = bench.read("fat/appliance-says.txt");
        assert!(says.contains("NOT taken in") && says.contains(expected), "{says}");
        assert!(!says.replace("\r\n", "").contains('\n'), "Windows would show one line: {says}");
        assert!(bench.read("config/provision-fault.txt").contains(expected));
    }
    bench.check();
    // Mended, or taken away: nothing is wrong any more.
    bench.write("fat/appliance.toml", good.as_bytes());
    bench.ends(0, &[]);
    assert!(!bench.path("config/provision-fault.txt").exists());
    bench.write("fat/appliance.toml", b"nonsense");
    bench.ends(1, &[]);
    fs::remove_file(bench.path("fat/appliance.toml")).unwrap();
    bench.ends(0, &[]);
    assert!(!bench.path("config/provision-fault.txt").exists());
    assert_eq!(bench.read("config/config.toml"), good);
}

#[test]
fn windows_may_have_written_it() {
    let text = FILE.replace('\n', "\r\n");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [[b"\xef\xbb\xbf", text.as_bytes()].concat(), utf16] {
        let bench = Bench::with(&bytes);
        fs::rename(bench.path("fat/appliance.toml"), bench.path("fat/appliance.toml.txt")).unwrap();
        bench.ends(0, &[]);
        bench.check();
        let card = bench.read("fat/appliance.toml.txt");
        assert_eq!(card.matches('\n').count(), card.matches("\r\n").count());
        assert!(!card.contains("relay secret"));
        assert_eq!(bench.ends(0, &[]), "");
    }
}

#[test]
fn a_card_that_cannot_be_written_is_cleaned_the_next_time() {
    let bench = Bench::with(FILE.as_bytes());
    // No file can take this place.
    fs::create_dir(bench.path("fat/.appliance.toml.new")).unwrap();
    let said = bench.ends(3, &[]);
    assert!(said.contains("still to be taken"), "{said}");
    bench.check();
    assert!(bench.read("fat/appliance.toml").contains("relay secret"));
    // Meanwhile the appliance is used.
    bench.write("config/config.toml", b"# changed by hand\n");
    bench.ends(3, &[]);
    fs::remove_dir(bench.path("fat/.appliance.toml.new")).unwrap();
    bench.ends(0, &[]);
    assert!(!bench.read("fat/appliance.toml").contains("relay secret"));
    assert!(!bench.path("fat/key.pem").exists());
    assert_eq!(bench.read("config/config.toml"), "# changed by hand\n");
    // The same file put there once more is meant to be taken in once more.
    bench.write("fat/appliance.toml", FILE.as_bytes());
    bench.write("fat/key.pem", b"PRIVATE");
    bench.ends(0, &[]);
    bench.check();
    assert!(bench.read("config/config.toml").contains("smtp.example.org"));
}

#[test]
fn the_power_may_fail_at_any_moment() {
    let bench = Bench::with(FILE.as_bytes());
    bench.ends(0, &[]);
    for round in 0..40 {
        let new = format!("host{round}");
        let text = FILE.replace("\"alerts\"", &format!("\"{new}\""));
        bench.write("fat/key.pem", b"PRIVATE");
        bench.write("fat/appliance.toml", text.as_bytes());
        let mut child =
            bench.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(1000 + 700 * round));
        drop(child.kill());
        child.wait().unwrap();
        // Whatever was done so far: a configuration is in force, and the card holds a whole file.
        bench.check();
        let card = bench.read("fat/appliance.toml");
        assert!(card == text || card.contains("mail.password"), "{card}");
        bench.ends(0, &[]);
        bench.check();
        assert!(bench.read("config/config.toml").contains(&format!("user = \"{new}\"")));
        assert_eq!(bench.read("system/hostname"), format!("{new}\n"));
        assert_eq!(bench.names("config/secrets").len(), 5);
        assert!(!bench.path("fat/key.pem").exists());
        assert!(!bench.read("fat/appliance.toml").contains(" secret\""));
    }
}

#[test]
fn a_data_partition_that_is_full_or_read_only_is_told() {
    let bench = Bench::with(FILE.as_bytes());
    // A file stands where the folder of the secrets is to be.
    bench.write("config/secrets", b"");
    let said = bench.ends(1, &[]);
    assert!(said.contains("cannot write"), "{said}");
    assert!(bench.read("fat/appliance.toml").contains("relay secret"), "nothing is lost");
    assert!(!bench.path("config/config.toml").exists());
}
