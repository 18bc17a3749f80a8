//! What the reader says of wrong and odd configurations, to the line and the word. The cases stand
//! in `config_read/`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use smtp_appliance::config::{Config, Fault, LoadError};

/// What makes a text complete, so that nothing else is odd about it.
const PERSON: &str = r#"
[[person]]
name = "ana"
mail = "ana@example.org"
[sms]
enabled = false
"#;

/// As [`PERSON`].
const RELAY: &str = r#"
[mail]
relay = "mail"
from = "alerts@example.org"
"#;

/// Faults, else warnings, as they are printed.
fn told(text: &str) -> Vec<String> {
    let found = match Config::parse(text) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => {
            assert!(!faults.is_empty(), "wrong, and nobody says why: {text}");
            faults
        }
    };
    found.iter().map(Fault::to_string).collect()
}

/// `text`, and what it lacks.
fn complete(text: &str) -> String {
    let person = if text.contains("[[person]]") { "" } else { PERSON };
    let relay = if text.contains("[mail]") { "" } else { RELAY };
    let person = if text.contains("[sms.retry]") {
        person.replace("[sms]", "[modem]\ndevice = \"/dev/ttyS0\"").replace("enabled = false", "")
    } else {
        person.to_owned()
    };
    format!("{text}\n{relay}{person}")
}

/// Cases, each with what is told of it after `=>`, and an empty line between them.
#[track_caller]
fn check(cases: &str) {
    for case in cases.trim().split("\n\n") {
        let (expected, text): (Vec<&str>, Vec<&str>) =
            case.lines().partition(|line| line.starts_with("=> "));
        let text = text.join("\n");
        let told = told(&complete(&text));
        let told = if told.is_empty() { vec!["nothing".to_owned()] } else { told };
        let told: Vec<String> = told.iter().map(|line| format!("=> {line}")).collect();
        assert_eq!(told, expected, "{text}");
    }
}

#[test]
fn of_mail_and_channels() {
    check(include_str!("config_read/mail.txt"));
}

#[test]
fn of_secrets() {
    check(include_str!("config_read/secrets.txt"));
}

#[test]
fn of_the_receiver() {
    check(include_str!("config_read/receiver.txt"));
}

#[test]
fn of_people_and_aliases() {
    check(include_str!("config_read/people.txt"));
}

#[test]
fn of_keys_and_syntax() {
    check(include_str!("config_read/keys.txt"));
}

#[test]
fn a_secret_that_is_elsewhere_is_none() {
    let text = "
[[smtp.user]]
name = \"left out\"
password_file = \"nowhere\"
[[smtp.user]]
name = \"kept\"
password = \"p\"
[mail]
relay = \"mail\"
from = \"a@b\"
user = \"u\"
password_file = \"nowhere\"
";
    let config = Config::parse(&complete(text)).unwrap().config;
    assert_eq!((config.mail.user, config.mail.password), (None, None));
    let users: Vec<&str> = config.smtp.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(users, ["kept"]);
}

#[test]
fn files_of_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let told = |content: &str| {
        fs::write(&file, content).unwrap();
        let text = format!("[modem]\ndevice = \"/dev/x\"\npin_file = \"{}\"", file.display());
        let told = told(&complete(&text));
        told.iter().map(|line| line.replace(file.to_str().unwrap(), "FILE")).collect::<String>()
    };
    let key = "line 3, column 12: modem.pin_file:";
    assert_eq!(told("1234\r\n"), "");
    assert_eq!(told("\n"), format!("{key} FILE is empty"));
    assert_eq!(told("12 34"), format!("{key} expected a PIN of 4 to 8 digits in quotes"));
    let long = format!("{key} cannot read the secret in FILE: it is too long for a secret");
    assert_eq!(told(&"1".repeat(4097)), long);
    let no_file = told_of("/dev/zero");
    assert!(no_file.ends_with("/dev/zero: it is not a regular file"), "{no_file}");
}

fn told_of(pin_file: &str) -> String {
    told(&complete(&format!("[modem]\ndevice = \"/dev/x\"\npin_file = \"{pin_file}\""))).concat()
}

#[test]
fn only_files_that_hold_a_secret_are_to_be_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let (file, pin) = (folder.path().join("config.toml"), folder.path().join("pin"));
    fs::write(&pin, "1234\n").unwrap();
    let modem = "[modem]\ndevice = \"/dev/x\"";
    let elsewhere = format!("{modem}\npin_file = \"{}\"", pin.display());
    let inline = format!("{modem}\npin = \"1234\"");
    let user = "[[smtp.user]]\nname = \"u\"\npassword = \"p\"".to_owned();
    let warned = "the file holds a password and everybody on this machine can read it: chmod 600";
    for (text, mode, expected) in [
        (&inline, 0o644, format!("line 3, column 7: modem.pin: {warned}")),
        (&inline, 0o640, String::new()),
        (&user, 0o644, format!("line 3, column 12: smtp.user.password: {warned}")),
        (&elsewhere, 0o644, String::new()),
    ] {
        fs::write(&file, complete(text)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let warnings = Config::load(&file).unwrap().warnings;
        let warnings: Vec<String> = warnings.iter().map(Fault::to_string).collect();
        assert_eq!(warnings.join("\n"), expected, "{text} {mode:o}");
    }
}

#[test]
fn a_file_without_end_is_refused() {
    let error = Config::load("/dev/zero".as_ref()).unwrap_err();
    assert!(matches!(error, LoadError::Wrong(_, faults) if faults.len() == 1));
}

/// Bytes of a hostile file: a quarter of what a file may have, as nothing here is optimised. Who
/// reads it in quadratic time is far beyond [`TIME`] all the same.
const LENGTH: usize = 256 * 1024;

/// Longest that reading one may take.
const TIME: Duration = Duration::from_secs(10);

/// A file of `line(0)`, `line(1)`, …
fn full(start: &str, line: impl Fn(usize) -> String) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        let line = line(number);
        if text.len() + line.len() > LENGTH {
            break;
        }
        text.push_str(&line);
    }
    text
}

#[test]
fn hostile_files_are_read_quickly_and_told_of_shortly() {
    let group = full("", |n| match n {
        0..2500 => format!("[[person]]\nname=\"p{n}\"\ngroups=[\"g\"]\n"),
        2500 => "[aliases]\n".to_owned(),
        _ => format!("a{n}=[\"g\"]\n"),
    });
    let files = [
        ("unknown keys", full("", |n| format!("k{n}=1\n"))),
        ("unknown keys in one line", full("filter={", |n| format!("k{n}=1,")) + "}"),
        ("a long key", format!("{}=1\n", "k".repeat(LENGTH - 3))),
        ("wrong people", full("", |_| "[[person]]\n".to_owned())),
        ("people", full("", |n| format!("[[person]]\nname=\"p{n}\"\nmail=\"a@b\"\n"))),
        ("users", full("", |n| format!("[[smtp.user]]\nname=\"u{n}\"\npassword=\"p\"\n"))),
        ("unknown members", full("[aliases]\na=[", |n| format!("\"m{n}\",")) + "]"),
        ("aliases of a great group", group),
        ("syntax", full("", |_| "=\n".to_owned())),
        ("brackets", full("a=", |_| "[".to_owned())),
    ];
    for (name, text) in files {
        let begin = tokio::time::Instant::now();
        let told = told(&text);
        let took = begin.elapsed();
        assert!(told.len() <= 201, "{name}: {}", told.len());
        assert!(told.iter().all(|line| line.len() < 8000), "{name}");
        assert!(took < TIME, "{name}: {took:?}");
    }
}

#[test]
fn the_first_faults_are_told_and_the_others_counted() {
    let told =
        told(&full("", |n| format!("k{n}=1\n")).lines().take(1000).collect::<Vec<_>>().join("\n"));
    assert_eq!(told.len(), 201);
    assert!(told[199].starts_with("line 200, column 1: k199: unknown key"), "{}", told[199]);
    assert_eq!(told[200], "line 200, column 1: and 800 more");
}

#[test]
fn an_empty_file_is_a_configuration() {
    let config = Config::parse("").unwrap().config;
    assert_eq!(config.smtp.max_messages_per_minute, 60_000);
    assert!(config.mail.from.as_str().starts_with("smtp-appliance@"));
}
