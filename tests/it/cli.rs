//! The commands, run as a person runs them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const FILE: &str = "\
[appliance]
store = \"STORE\"

# On Mondays.
[[person]]
name = \"ana\"
phone = \"+34 600 000 001\"
groups = [\"oncall\"]

[gsm]
enabled = false

[mail]
enabled = false
";

/// A configuration of its own, and the program.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let text = FILE.replace("STORE", store.to_str().unwrap());
        fs::write(folder.path().join("config.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program(arguments)
            .env("SMTP_APPLIANCE_CONFIG", self.folder.path().join("config.toml"))
            .output()
            .unwrap()
    }

    /// What it prints when it succeeds.
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it complains of when it fails with this exit code.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.folder.path().join("config.toml")).unwrap()
    }
}

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
    command.args(arguments).stdin(Stdio::null()).env_remove("SMTP_APPLIANCE_CONFIG");
    command
}

#[test]
fn check_config_tells_every_fault_with_its_place() {
    let bench = Bench::new();
    assert!(
        bench.prints(&["check-config"]).ends_with("is right: 1 person, 1 group, channels sms\n")
    );
    let warnings = String::from_utf8(bench.run(&["check-config"]).stderr).unwrap();
    assert!(warnings.contains(": warning: "), "{warnings}");

    let bad = bench.folder.path().join("bad.toml");
    fs::write(&bad, "[smtp]\nvrfi = true\nmax_line = 1\n").unwrap();
    let output = bench.run(&["check-config", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    let bad = bad.display();
    assert_eq!(
        lines,
        format!(
            "{bad}: line 2, column 1: smtp.vrfi: unknown key; did you mean `vrfy`?\n\
             {bad}: line 3, column 12: smtp.max_line: expected a size from 512 to 4096 bytes\n"
        )
    );
    let missing = bench.fails(1, &["check-config", "/nonexistent"]);
    assert!(missing.starts_with("smtp-appliance: cannot read /nonexistent: "), "{missing}");
}

#[test]
fn people_are_added_changed_shown_and_removed() {
    let bench = Bench::new();
    let add = ["people", "add", "ben", "--phone", "112", "--group", "oncall", "--group", "dba"];
    let added = bench.prints(&add);
    assert!(added.starts_with("ben is added\nthe appliance is not running; "), "{added}");
    bench.prints(&["people", "update", "ana", "--extension", "101", "--language", "es-GT"]);
    insta::assert_snapshot!(bench.prints(&["people", "list"]), @r##"
    NAME  MAIL  PHONE         EXTENSION  LANGUAGE  GROUPS
    ana   -     +34600000001  101        es-GT     oncall
    ben   -     112           -          -         dba, oncall
    "##);
    insta::assert_snapshot!(bench.prints(&["groups"]), @r##"
    GROUP   PEOPLE
    dba     ben
    oncall  ana, ben
    "##);
    assert!(bench.prints(&["people", "list", "--json"]).contains("\"phone\": \"112\""));
    assert!(bench.prints(&["groups", "--json"]).contains("\"dba\": [\n    \"ben\"\n  ]"));
    bench.prints(&["people", "update", "ana", "--extension", "", "--language", "", "--group", ""]);
    bench.prints(&["people", "remove", "ben"]);
    assert_eq!(bench.file().replace("\ngroups = [\"oncall\"]", ""), bench.file());
    assert!(bench.file().contains("# On Mondays.\n[[person]]\nname = \"ana\"\n"));

    assert!(bench.fails(1, &["people", "remove", "ben"]).contains("there is no person named"));
    assert!(bench.fails(1, &["people", "update", "ana"]).contains("--help"));
    let wrong = bench.fails(2, &["people", "add", "eva", "--phone", "call me"]);
    assert!(wrong.contains("expected a telephone number"), "{wrong}");
}

#[test]
fn settings_are_changed_in_the_file() {
    let bench = Bench::new();
    bench.prints(&["channel", "enable", "mail"]);
    bench.prints(&["channel", "order", "sms", "mail"]);
    insta::assert_snapshot!(bench.prints(&["channel", "list"]), @r##"
    CHANNEL      STATE                PEOPLE REACHED
    sms          on, without a modem  1
    mail         on, without a relay  0
    voip         off                  1
    gsm          off                  1
    sip-message  off                  0
    "##);
    bench.prints(&["channel", "disable", "sms"]);
    bench.prints(&["language", "es"]);
    bench.prints(&["sms", "full-text", "on"]);
    assert_eq!(bench.prints(&["sms", "full-text", "on"]), "nothing to change: it is so already\n");
    for line in
        ["enabled = true", "order = [\"sms\", \"mail\"]", "language = \"es\"", "full_text = true"]
    {
        assert!(bench.file().contains(line), "{line}: {}", bench.file());
    }
    assert!(bench.fails(2, &["language", "Spanish"]).contains("expected a language tag"));
    assert!(
        bench
            .fails(2, &["channel", "enable", "pigeon"])
            .contains("[possible values: mail, sms, voip, gsm, sip-message]")
    );
}

#[test]
fn without_an_appliance_the_queue_is_read_from_the_store() {
    let bench = Bench::new();
    assert!(bench.fails(1, &["queue", "list"]).contains("has never run here"));
    fs::create_dir_all(bench.folder.path().join("store/queue")).unwrap();
    assert_eq!(bench.prints(&["queue", "list"]), "no alert waits; see --all for what was told\n");
    assert_eq!(bench.prints(&["queue", "list", "--all", "--json"]), "[]\n");
    for command in ["show", "retry", "drop"] {
        assert_eq!(
            bench.fails(1, &["queue", command, "7"]),
            "smtp-appliance: there is no alert 7\n"
        );
    }
    let test = bench.fails(1, &["send-test", "ana"]);
    assert!(test.contains("the appliance is not running"), "{test}");
}

#[test]
fn help_names_every_command_and_has_examples() {
    let bench = Bench::new();
    let help = bench.prints(&["--help"]);
    let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let commands = listed.unwrap().lines().filter_map(|line| line.split_whitespace().next());
    let commands: Vec<&str> = commands.filter(|command| *command != "help").collect();
    assert!(commands.contains(&"call") && commands.contains(&"queue"), "{help}");
    let readme = include_str!("../../README.md");
    let table: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for command in &commands {
        let in_readme = |line: &str| line.contains(&format!("`{command}"));
        assert!(table.iter().copied().any(in_readme), "the README's commands lack {command}");
        let own = bench.prints(&[*command, "--help"]);
        assert!(own.contains("Usage: smtp-appliance "), "{own}");
    }
    assert!(help.contains("Examples:\n") && help.contains("Exit codes:"));
    assert!(bench.prints(&["--version"]).starts_with("smtp-appliance "));
    bench.fails(2, &["peeple"]);
    bench.fails(2, &[]);
}

#[test]
fn completions_and_manual_come_from_the_same_definition() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.prints(&["completions", shell]).contains("check-config"), "{shell}");
    }
    let page = bench.prints(&["man"]);
    assert!(page.starts_with(".ie"), "{page}");
    for heading in [".SS \"smtp\\-appliance people add\"", ".SS \"smtp\\-appliance queue show\""] {
        assert!(page.contains(heading), "{heading}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    let mut child = program(&["man", "--config"])
        .arg(Path::new(bench.folder.path()).join("config.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_mail_is_explained_with_and_without_a_configuration() {
    let bench = Bench::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/zabbix-problem.eml");
    let told = bench.prints(&["explain", sample]);
    assert!(told.contains("source      zabbix\n"), "{told}");
    let json = bench.prints(&["explain", sample, "--json", "--config", "/nonexistent"]);
    assert!(json.contains("\"source\": \"zabbix\""), "{json}");
    let read = program(&["explain", "-", "--language", "es"])
        .stdin(fs::File::open(sample).unwrap())
        .output()
        .unwrap();
    assert!(read.status.success(), "{read:?}");
    assert!(bench.fails(1, &["explain", "/nonexistent.eml"]).contains("cannot read"));
}

#[test]
fn the_demo_tells_its_sample_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let output = program(&["demo", "--once", "--port", "0", "--out", out]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Starts it, waits until it answers, changes the file by command, and stops it in order.
#[test]
fn a_running_appliance_answers_takes_changes_up_and_stops() {
    let bench = Bench::new();
    let file = bench.folder.path().join("config.toml");
    let listener = "\n[[smtp.listener]]\naddress = \"127.0.0.1:0\"\n";
    fs::write(&file, bench.file() + listener).unwrap();
    let mut running = program(&["run", "--config", file.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(running.stderr.take().unwrap()).lines();
    let ready = log.by_ref().map(Result::unwrap).find(|line| line.contains("receiving mail"));
    assert!(ready.is_some(), "it ended without listening");

    let changed = bench.prints(&["language", "es"]);
    assert_eq!(changed, "the language is es\ntaken up by the running appliance\n");
    assert_eq!(bench.prints(&["queue", "list", "--json"]), "[]\n");
    assert!(bench.fails(1, &["queue", "show", "7"]).contains("there is no alert 7"));

    let pid = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(bench.prints(&["people", "remove", "ana"]).contains("not running"));
}
