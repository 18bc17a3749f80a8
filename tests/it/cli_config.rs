//! Any key of the configuration by command: seen, changed, tried, and put back; the file is the same as
//! by hand and in the browser.

use std::fs;
use std::process::{Output, Stdio};

use super::cli::{Bench, program};
use super::web::{admin, aside, with_web};

/// A folder for the store: before the first start there is none, and nowhere to keep earlier files.
fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.folder.path().join("store")).unwrap();
    bench
}

/// What it says with this on its standard input.
fn fed(bench: &Bench, arguments: &[&str], input: &str) -> Output {
    let file = bench.folder.path().join("input");
    fs::write(&file, input).unwrap();
    let mut command = program(arguments);
    command.env("SMTP_APPLIANCE_CONFIG", bench.folder.path().join("config.toml"));
    command.stdin(Stdio::from(fs::File::open(file).unwrap())).output().unwrap()
}

#[test]
fn keys_are_seen_changed_and_put_back() {
    let bench = bench();
    let before = bench.file();
    assert_eq!(bench.prints(&["config", "get", "person.ana.phone"]), "+34 600 000 001\n");
    assert!(bench.fails(1, &["config", "get", "mail.port"]).contains("its default is 587"));
    assert!(bench.fails(1, &["config", "get", "mail.prot"]).contains("did you mean `mail.port`"));
    let set = ["config", "set", "mail.relay=relay.example", "mail.from=a@b.example"];
    let trial = bench.prints(&[&set[..], &["--dry-run"]].concat());
    assert!(trial.contains("+ relay = \"relay.example\"\n"), "{trial}");
    assert_eq!(bench.file(), before);

    let done = bench.prints(&set);
    assert!(done.contains("+ from = \"a@b.example\"\n") && done.contains("not running"), "{done}");
    assert!(bench.file().contains("relay = \"relay.example\"\n"), "{}", bench.file());
    assert!(bench.file().contains("# On Mondays.\n[[person]]\nname = \"ana\"\n"));
    assert_eq!(bench.prints(&set), "nothing to change: it is so already\n");
    let keys = bench.prints(&["config", "get", "mail"]);
    assert!(keys.contains("mail.relay") && keys.contains("(587)"), "{keys}");
    let json = bench.prints(&["config", "get", "mail.relay", "--json"]);
    assert!(json.contains("\"value\": \"relay.example\""), "{json}");

    bench.prints(&["config", "unset", "mail.relay", "mail.from"]);
    assert_eq!(bench.file(), before);
    // One step back from that, and from there to the first.
    bench.prints(&["config", "undo"]);
    assert!(bench.file().contains("relay.example"));
    let history = bench.prints(&["config", "history"]);
    let oldest = history.lines().last().unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(history.lines().count(), 4, "{history}");
    assert!(bench.prints(&["config", "history", &oldest]).contains("- relay"), "{history}");
    bench.prints(&["config", "undo", &oldest, "--dry-run"]);
    assert!(bench.file().contains("relay.example"));
    bench.prints(&["config", "undo", &oldest]);
    assert_eq!(bench.file(), before);
    let audit = bench.prints(&["web", "audit"]);
    assert!(audit.contains("the command line  config + relay = \"relay.example\""), "{audit}");
}

#[test]
fn a_fault_changes_nothing_and_is_told_with_its_key() {
    let bench = bench();
    let before = bench.file();
    for (arguments, said) in [
        (&["config", "set", "smtp.max_line=1"][..], "smtp.max_line: expected a size from 512"),
        (&["config", "set", "web.enabled=perhaps"], "web.enabled: expected"),
        (&["config", "set", "smtp.key=/x", "mail.port=0"], "mail.port: expected"),
        (&["config", "set", "mail.relay=x", "mail.relay=y"], "takes one value"),
        (&["config", "set", "mail.password=hunter2"], "is a secret"),
        (&["config", "unset", "person.ana.name"], "name"),
        (&["config", "unset", "person.eva"], "there is no key `person.eva`"),
        (&["config", "undo"], "no earlier file is kept"),
        (&["config", "undo", "../config.toml"], "no earlier file is kept as"),
        (&["config", "replace", "/nonexistent"], "cannot read /nonexistent"),
    ] {
        let told = bench.fails(1, arguments);
        assert!(told.contains(said) && !told.contains("hunter2"), "{arguments:?}: {told}");
        assert_eq!(bench.file(), before, "{arguments:?}");
    }
    bench.fails(2, &["config", "set"]);
    let wrong = bench.folder.path().join("wrong.toml");
    fs::write(&wrong, "[smtp]\nmax_line = 1\n").unwrap();
    let told = bench.fails(1, &["config", "replace", wrong.to_str().unwrap()]);
    assert!(told.contains("smtp.max_line: expected"), "{told}");
    fs::write(bench.folder.path().join("config.toml"), "[smtp]\nvrfi = true\n").unwrap();
    let told = bench.fails(1, &["config", "set", "mail.port=25"]);
    assert!(told.contains("line 2, column 1: smtp.vrfi"), "{told}");
}

#[test]
fn secrets_come_by_standard_input_and_are_shown_to_nobody() {
    let bench = bench();
    let relay = ["config", "set", "mail.relay=r.example", "mail.from=a@b.example", "mail.user=x"];
    let set = fed(&bench, &[&relay[..], &["mail.password"]].concat(), "hunter2\n");
    assert!(set.status.success(), "{set:?}");
    assert!(bench.file().contains("password = \"hunter2\"\n"));
    let told = [
        String::from_utf8(set.stdout).unwrap(),
        bench.prints(&["config", "show"]),
        bench.prints(&["config", "get"]),
        bench.prints(&["config", "get", "mail.password"]),
        bench.prints(&["config", "get", "mail", "--json"]),
        bench.prints(&["web", "audit"]),
    ];
    assert!(told.iter().all(|text| !text.contains("hunter2")), "{told:?}");
    assert_eq!(bench.prints(&["config", "show", "--with-secrets"]), bench.file());
    // What was shown can be put back: the mark stands for what is there.
    let masked = told[1].replace("\"r.example\"", "\"s.example\"");
    assert!(fed(&bench, &["config", "replace", "-"], &masked).status.success());
    assert!(bench.file().contains("hunter2") && bench.file().contains("s.example"));
    let two = fed(&bench, &["config", "set", "mail.password", "texts.es.sms"], "x");
    assert_eq!(two.status.code(), Some(1), "{two:?}");
    let text = fed(&bench, &["config", "set", "texts.es.sms"], "Aviso:\n{summary}\n");
    assert!(text.status.success(), "{text:?}");
    assert_eq!(bench.prints(&["config", "get", "texts.es.sms"]), "Aviso:\n{summary}\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_running_appliance_takes_a_key_up_and_shows_the_history() {
    let (place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let file = place.config();
    aside(move || {
        let run = |arguments: &[&str]| {
            let output = program(arguments).arg("--config").arg(&file).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let done = run(&["config", "set", "person.+.name=eva", "person.+.mail=eva@phone.example"]);
        assert!(done.ends_with("taken up by the running appliance\n"), "{done}");
        boss.get("/people").says("eva");
        boss.get("/settings").says("/settings/history/2");
        boss.get("/audit").says("the command line");
        // A change in the browser is undone by command.
        boss.get("/settings");
        boss.post("/settings/language", &[("language", "es-GT"), ("full_text", "1")]).must(200);
        assert_eq!(run(&["config", "get", "appliance.language"]), "es-GT\n");
        let undone = run(&["config", "undo"]);
        assert!(undone.contains("- language = \"es-GT\""), "{undone}");
        boss.get("/audit").says("es-GT");
    })
    .await;
    let id = running.send("eva", "for her").await;
    running.idle().await;
    assert!(running.queue.reader().record(id).unwrap().is_some());
    running.stop().await;
}
