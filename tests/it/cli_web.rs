//! What the administration has pages for, by command: the running appliance's status, statistics, log and
//! API, the history searched, saved and restored.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use smtp_appliance::control::{AlertView, Request};
use smtp_appliance::health::Wakes;
use smtp_appliance::queue::Progress;

use super::cli::{Bench, program};
use super::web::{admin, aside, with_web};
use crate::support::appliance::Place;

fn run(config: &Path, arguments: &[&str]) -> Output {
    program(arguments).arg("--config").arg(config).output().unwrap()
}

fn prints(config: &Path, arguments: &[&str]) -> String {
    let output = run(config, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(config: &Path, arguments: &[&str]) -> String {
    let output = run(config, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_pages_show_and_do_is_done_by_command() {
    let (place, running) = with_web().await;
    let id = running.send("ana", "Disk full on web-01").await;
    running.send("oncall", "Backup failed on db-02").await;
    running.idle().await;
    running.is(|status| matches!(status.wakes, Wakes::Yes(_))).await;
    let config = place.config();
    aside(move || {
        let status = prints(&config, &["status"]);
        assert!(status.contains("PART") && status.contains("network"), "{status}");
        assert!(prints(&config, &["status", "--json"]).contains("\"wakes\""));

        let found = prints(&config, &["queue", "list", "--search", "full WEB-01"]);
        assert!(found.contains("Disk full") && !found.contains("Backup"), "{found}");
        let found = prints(&config, &["queue", "list", "--state", "told", "--csv"]);
        assert_eq!(found.lines().count(), 3, "{found}");
        assert!(found.starts_with("id,received,state,"), "{found}");
        let none = prints(&config, &["queue", "list", "--host", "nowhere", "--json"]);
        assert_eq!(none, "[]\n");
        assert_eq!(run(&config, &["queue", "list", "--state", "odd"]).status.code(), Some(2));

        let figures = prints(&config, &["statistics", "--span", "day"]);
        assert!(figures.starts_with("2 alerts in a day"), "{figures}");
        assert!(figures.contains("\nana ") && figures.contains("\nsms "), "{figures}");
        assert!(prints(&config, &["statistics", "--csv"]).starts_with("figure,of,value\r\n"));
        assert!(prints(&config, &["statistics", "--json"]).contains("\"bars\""));
        prints(&config, &["log", "--level", "debug", "--limit", "5"]);

        let operations = prints(&config, &["api"]);
        assert!(operations.contains("/alerts/{id}/acknowledge"), "{operations}");
        let shown = prints(&config, &["api", "get", &format!("/alerts/{id}")]);
        assert!(shown.contains("Disk full on web-01"), "{shown}");
        let group = ["api", "put", "/groups/night", "--data", "{\"people\": [\"ana\"]}"];
        prints(&config, &group);
        assert!(prints(&config, &["groups"]).contains("night   ana"));
        assert!(fails(&config, &["api", "get", "/alerts/999"]).contains("no such alert"));
        assert!(fails(&config, &["api", "get", "/nothing"]).contains("404"));
        assert!(fails(&config, &["api", "get", "status"]).contains("path"));
        // Without an installer there is no update, and an empty bundle is none anywhere.
        assert!(fails(&config, &["update", "/dev/null"]).contains("bundle"));
        // What was done so stands in the audit log.
        let audit = prints(&config, &["web", "audit"]);
        assert!(audit.contains("the command line  groups.change"), "{audit}");
    })
    .await;
    let config = place.config();
    running.stop().await;
    aside(move || {
        // Searching goes without it, the rest says what is wrong.
        assert!(prints(&config, &["queue", "list", "--search", "disk"]).contains("Disk full"));
        for command in [&["statistics"][..], &["log"], &["api", "get", "/status"]] {
            assert!(fails(&config, command).contains("no appliance with an administration"));
        }
        assert!(fails(&config, &["status"]).contains("no appliance is running"));
    })
    .await;
}

/// The program itself, which the self-test starts once more.
#[test]
fn the_real_program_tests_itself_when_it_is_asked() {
    let bench = Bench::new();
    let file = bench.folder.path().join("config.toml");
    let ports = "\n[[smtp.listener]]\naddress = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n";
    fs::write(&file, bench.file() + ports).unwrap();
    let mut running = program(&["run", "--config", file.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(running.stderr.take().unwrap()).lines();
    let ready = log.by_ref().map(Result::unwrap).find(|line| line.contains("administration: "));
    assert!(ready.is_some(), "it ended without an administration");
    assert!(bench.fails(1, &["api", "get", "/self-test"]).contains("no self-test yet"));
    let report = bench.prints(&["api", "post", "/self-test"]);
    assert!(report.contains("\"grade\":\"ok\""), "{report}");
    assert_eq!(bench.prints(&["api", "get", "/self-test"]), report);
    let socket = bench.folder.path().join("store/web/api.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let pid = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

/// All that is known of each alert, with each attempt.
async fn stories(place: &Place) -> Vec<AlertView> {
    let mut stories = place.alerts().await;
    stories.sort_by_key(|story| story.id);
    stories
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_from_the_page_is_restored_with_every_story() {
    let (place, running) = with_web().await;
    let mut boss = admin(&running).await;
    for subject in ["Disk full on web-01", "Backup failed on db-02"] {
        running.send("oncall", subject).await;
    }
    running.idle().await;
    // One waits still: its telling hangs when the backup is made.
    place.order("silence sms").await;
    let waiting = running.send("ana", "CRITICAL: db-03 is down").await;
    let before = stories(&place).await;
    let folder = place.folder().to_owned();
    let by_page = folder.join("page.tar");
    let (config, at) = (place.config(), by_page.clone());
    aside(move || {
        boss.get("/backup");
        let archive = boss.post("/backup/history", &[]).must(200);
        assert_eq!(archive.headers["content-type"], "application/x-tar");
        fs::write(at, &archive.bytes).unwrap();
        // The same by command, and refused while it runs.
        let tar = folder.join("command.tar");
        prints(&config, &["queue", "backup", tar.to_str().unwrap()]);
        assert_eq!(fs::read(tar).unwrap().len(), archive.bytes.len());
        let refused =
            fails(&config, &["queue", "restore", folder.join("page.tar").to_str().unwrap()]);
        assert!(refused.contains("stop it first"), "{refused}");
    })
    .await;
    running.stop().await;

    // Another machine, at which nothing happened yet.
    let other = Place::new().await;
    fs::create_dir(other.store()).unwrap();
    let restored = restore(&other, &by_page, &[]).await;
    assert!(restored.contains("3 alerts are restored; 1 that waited are not told"), "{restored}");
    let running = other.start();
    let after = stories(&other).await;
    assert_eq!(after.get(..2), before.get(..2));
    assert_eq!(after.len(), 3);
    assert!(after[0].deliveries.iter().all(|told| !told.attempts.is_empty()));
    assert!(other.mails.all().is_empty() && other.phone.all().is_empty());
    assert!(!running.queue.reader().raw(waiting).unwrap().is_empty());
    // Numbers go on from there.
    assert!(running.send("ana", "new").await > waiting);
    running.idle().await;
    let told = other.mails.all().len();
    running.stop().await;

    // Once more, over what is there, and what waited is told.
    let restored = restore(&other, &by_page, &["--tell-again"]).await;
    assert!(restored.contains("queue.before-") && restored.contains("are told when"), "{restored}");
    let running = other.start();
    running.idle().await;
    let stands = running.progress(waiting);
    assert!(stands.iter().all(|(_, at)| matches!(at, Progress::Told(_))), "{stands:?}");
    assert!(other.mails.all().len() + other.phone.all().len() > told);
    assert_eq!(stories(&other).await.len(), 3);
    running.stop().await;

    // What is no history changes nothing.
    let broken = other.folder().join("broken.tar");
    fs::write(&broken, &fs::read(&by_page).unwrap()[..700]).unwrap();
    let (config, store) = (other.config(), other.store());
    aside(move || {
        let refused = fails(&config, &["queue", "restore", broken.to_str().unwrap()]);
        assert!(refused.contains("is not restored"), "{refused}");
        let left: Vec<PathBuf> =
            fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.iter().all(|path| !path.ends_with("queue.restored")), "{left:?}");
    })
    .await;
    let running = other.start();
    assert_eq!(stories(&other).await.len(), 3);
    other.ask(Request::Health).await;
    running.stop().await;
}

async fn restore(place: &Place, archive: &Path, more: &[&str]) -> String {
    let (config, archive) = (place.config(), archive.to_owned());
    let more: Vec<String> = more.iter().map(|&word| word.to_owned()).collect();
    aside(move || {
        let mut arguments = vec!["queue", "restore", archive.to_str().unwrap()];
        arguments.extend(more.iter().map(String::as_str));
        prints(&config, &arguments)
    })
    .await
}
