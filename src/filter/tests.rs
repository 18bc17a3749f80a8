//! The filter's promises, on stepped time.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;

use super::*;
use crate::alert::{Event, Kind, MailText, Origin, Severity, understand};
use crate::config::Ignore;

const WINDOW: Duration = Duration::from_mins(30);

fn settings() -> config::Filter {
    config::Filter {
        ignore: vec![
            Ignore::Exact("Weekly report".to_owned()),
            Ignore::Pattern(Regex::new("(?i)^spam").unwrap()),
        ],
        repeat_window: WINDOW,
        capacity: 3,
        forget_after: Duration::from_hours(3),
    }
}

fn event(source: &str, kind: Kind, id: Option<&str>) -> Event {
    Event {
        source: source.to_owned(),
        kind,
        severity: None,
        severity_text: None,
        host: None,
        check: None,
        problem_id: id.map(str::to_owned),
        summary: String::new(),
        identity: format!("{source} {}", id.unwrap_or_default()),
    }
}

fn alert(id: u64, subject: &str, events: Vec<Event>) -> Alert {
    Alert {
        id: AlertId(id),
        received: Timestamp::UNIX_EPOCH,
        origin: Origin::default(),
        people: vec![ana()],
        text: MailText { subject: subject.to_owned(), ..MailText::default() },
        events,
    }
}

fn ana() -> PersonName {
    "ana".parse().unwrap()
}

fn pass() -> Verdict {
    Verdict::Pass(BTreeSet::from([ana()]))
}

fn plain(id: u64, subject: &str) -> Alert {
    alert(id, subject, vec![event("generic", Kind::Problem, None)])
}

fn zabbix(id: u64, kind: Kind, severity: Severity) -> Alert {
    let mut event = event("zabbix", kind, Some("27"));
    event.severity = Some(severity);
    alert(id, &format!("{kind:?}"), vec![event])
}

/// A filter with a clock that is moved by hand, and a set of alerts nobody was told of.
struct Bench {
    filter: Filter,
    settings: config::Filter,
    now: Instant,
    waiting: BTreeSet<AlertId>,
}

impl Bench {
    #[expect(
        clippy::disallowed_methods,
        reason = "any instant will do as the start of the test's time"
    )]
    fn new() -> Self {
        Self {
            filter: Filter::default(),
            settings: settings(),
            now: Instant::now(),
            waiting: BTreeSet::new(),
        }
    }

    fn judge(&mut self, alert: &Alert) -> Verdict {
        let verdict = self.judge_uncommitted(alert);
        self.filter.commit();
        verdict
    }

    fn judge_uncommitted(&mut self, alert: &Alert) -> Verdict {
        let waiting = &self.waiting;
        self.filter.judge(alert, self.now, &self.settings, &|id| waiting.contains(&id))
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }
}

#[test]
fn ignored_subjects_are_dropped_by_text_and_by_pattern() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.judge(&plain(1, "Weekly report")),
        Verdict::Ignored("\"Weekly report\"".into())
    );
    assert_eq!(bench.judge(&plain(2, "SPAM offer")), Verdict::Ignored("/(?i)^spam/".into()));
    assert_eq!(bench.judge(&plain(3, "Weekly report 2")), pass());
}

#[test]
fn the_same_subject_is_a_repeat_until_the_window_ends() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&plain(1, "Disk full")), pass());
    bench.wait(WINDOW.saturating_sub(Duration::from_secs(1)));
    assert_eq!(bench.judge(&plain(2, "Disk full")), Verdict::Repeat(AlertId(1)));
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.judge(&plain(3, "Disk full")), pass());
}

#[test]
fn what_never_clears_is_news_again_when_the_window_ends() {
    let mails: [(&str, &[u8]); 6] = [
        ("smartd", include_bytes!("../../tests/corpus/smartd-0195-problem.eml")),
        ("mdadm", include_bytes!("../../tests/corpus-made/mdadm-fail.eml")),
        ("cron", include_bytes!("../../tests/corpus/cron-0219-report.eml")),
        ("cron", include_bytes!("../../tests/corpus-made/cron-failed.eml")),
        ("pfsense", include_bytes!("../../tests/corpus-made/pfsense-gateway.eml")),
        ("drac", include_bytes!("../../tests/corpus-made/drac-critical.eml")),
    ];
    for (source, mail) in mails {
        let (text, events) = understand(mail, &Origin::default());
        assert_eq!(events.first().map(|event| event.source.as_str()), Some(source));
        let sent = |id| Alert { text: text.clone(), ..alert(id, "", events.clone()) };
        let mut bench = Bench::new();
        // The repeats in between do not put the end off.
        for first in [1, 4] {
            assert_eq!(bench.judge(&sent(first)), pass(), "{source}");
            for id in [first + 1, first + 2] {
                bench.wait(WINDOW / 3);
                let repeat = Verdict::Repeat(AlertId(first));
                assert_eq!(bench.judge(&sent(id)), repeat, "{source}");
            }
            bench.wait(WINDOW / 3);
        }
    }
}

#[test]
fn the_second_disk_to_fail_is_no_repeat_of_the_first() {
    let mail = include_str!("../../tests/corpus-made/mdadm-fail.eml");
    let fail = |id, disk: &str| {
        let mail = mail.replace("/dev/sdb1", disk);
        let (text, events) = understand(mail.as_bytes(), &Origin::default());
        Alert { text, ..alert(id, "", events) }
    };
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&fail(1, "/dev/sdb1")), pass());
    assert_eq!(bench.judge(&fail(2, "/dev/sdc1")), pass());
    assert_eq!(bench.judge(&fail(3, "/dev/sdb1")), Verdict::Repeat(AlertId(1)));
}

#[test]
fn while_the_first_still_waits_its_repeats_are_repeats_however_late() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&plain(1, "Disk full")), pass());
    bench.waiting.insert(AlertId(1));
    bench.wait(WINDOW * 2);
    assert_eq!(bench.judge(&plain(2, "Disk full")), Verdict::Repeat(AlertId(1)));
}

#[test]
fn news_for_another_person_is_no_repeat_for_her() {
    let mut bench = Bench::new();
    let luis: PersonName = "luis".parse().unwrap();
    assert_eq!(bench.judge(&plain(1, "Disk full")), pass());
    let mut both = plain(2, "Disk full");
    both.people.push(luis.clone());
    assert_eq!(bench.judge(&both), Verdict::Pass(BTreeSet::from([luis])));
    assert_eq!(bench.judge(&both), Verdict::Repeat(AlertId(2)));
}

#[test]
fn different_numbers_in_an_unknown_subject_are_different_news() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&plain(1, "Sensor 1 alarm")), pass());
    assert_eq!(bench.judge(&plain(2, "Sensor 2 alarm")), pass());
}

#[test]
fn a_recovery_is_news_and_makes_the_problem_news_again() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&zabbix(1, Kind::Problem, Severity::Error)), pass());
    assert_eq!(bench.judge(&zabbix(2, Kind::Recovery, Severity::Error)), pass());
    assert_eq!(
        bench.judge(&zabbix(3, Kind::Recovery, Severity::Error)),
        Verdict::Repeat(AlertId(2))
    );
    assert_eq!(bench.judge(&zabbix(4, Kind::Problem, Severity::Error)), pass());
}

#[test]
fn a_repeat_that_got_worse_is_news() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&zabbix(1, Kind::Problem, Severity::Error)), pass());
    assert_eq!(bench.judge(&zabbix(2, Kind::Problem, Severity::Critical)), pass());
    assert_eq!(
        bench.judge(&zabbix(3, Kind::Problem, Severity::Error)),
        Verdict::Repeat(AlertId(2))
    );
}

#[test]
fn a_mail_with_one_new_event_passes() {
    let mut bench = Bench::new();
    let first = event("alertmanager", Kind::Problem, Some("a"));
    let second = event("alertmanager", Kind::Problem, Some("b"));
    assert_eq!(bench.judge(&alert(1, "[FIRING:1]", vec![first.clone()])), pass());
    assert_eq!(bench.judge(&alert(2, "[FIRING:2]", vec![first.clone(), second])), pass());
    assert_eq!(bench.judge(&alert(3, "[FIRING:1]", vec![first])), Verdict::Repeat(AlertId(2)));
}

#[test]
fn comments_on_one_problem_differ_by_their_text() {
    let mut bench = Bench::new();
    let comment = |id, body: &str| {
        let mut alert = alert(id, "Updated", vec![event("zabbix", Kind::Update, Some("27"))]);
        body.clone_into(&mut alert.text.body);
        alert
    };
    assert_eq!(bench.judge(&comment(1, "I look at it")), pass());
    assert_eq!(bench.judge(&comment(2, "It was the cable")), pass());
    assert_eq!(bench.judge(&comment(3, "I look at it")), Verdict::Repeat(AlertId(1)));
}

#[test]
fn the_oldest_told_news_makes_room_and_without_one_the_filter_is_full() {
    let mut bench = Bench::new();
    for id in 1..=3 {
        assert_eq!(bench.judge(&plain(id, &format!("alarm {id}"))), pass());
    }
    bench.waiting = BTreeSet::from([AlertId(1), AlertId(2), AlertId(3)]);
    assert_eq!(bench.judge(&plain(4, "alarm 4")), Verdict::Full);
    bench.waiting.remove(&AlertId(2));
    assert_eq!(bench.judge(&plain(5, "alarm 5")), pass());
    assert_eq!(bench.judge(&plain(6, "alarm 1")), Verdict::Repeat(AlertId(1)));
}

#[test]
fn a_mail_that_found_no_room_leaves_nothing_behind() {
    let mut bench = Bench::new();
    for id in 1..=2 {
        assert_eq!(bench.judge(&plain(id, &format!("alarm {id}"))), pass());
    }
    bench.waiting = BTreeSet::from([AlertId(1), AlertId(2), AlertId(3)]);
    let events = ["a", "b"].map(|id| event("alertmanager", Kind::Problem, Some(id)));
    assert_eq!(bench.judge(&alert(3, "[FIRING:2]", events.to_vec())), Verdict::Full);
    let [first, _] = events;
    assert_eq!(bench.judge(&alert(3, "[FIRING:1]", vec![first])), pass());
}

#[test]
fn after_a_long_silence_everything_is_news() {
    let mut bench = Bench::new();
    bench.settings.repeat_window = Duration::from_hours(24);
    assert_eq!(bench.judge(&plain(1, "Disk full")), pass());
    bench.wait(bench.settings.forget_after);
    assert_eq!(bench.judge(&plain(2, "Disk full")), pass());
}

#[test]
fn what_could_not_be_kept_is_no_repeat_when_it_comes_again() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(&plain(1, "Disk full")), pass());
    bench.wait(WINDOW);
    assert_eq!(bench.judge_uncommitted(&plain(2, "Disk full")), pass());
    assert_eq!(bench.judge_uncommitted(&plain(3, "Fan stopped")), pass());
    bench.filter.roll_back();
    assert_eq!(bench.judge(&plain(4, "Disk full")), pass());
    assert_eq!(bench.judge(&plain(5, "Fan stopped")), pass());
}

#[test]
fn the_memory_survives_a_restart() {
    let mut bench = Bench::new();
    let (at, settings) = (bench.now, bench.settings.clone());
    bench.filter.recall(&plain(1, "Disk full"), at, &settings);
    bench.wait(Duration::from_mins(1));
    assert_eq!(bench.judge(&plain(2, "Disk full")), Verdict::Repeat(AlertId(1)));
}
