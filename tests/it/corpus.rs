//! Every mail of `tests/corpus` (real captures) and `tests/corpus-made` (built from the vendors'
//! sources) is understood as its index says.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read its data must fail"
)]

use std::path::{Path, PathBuf};

use smtp_appliance::alert::{Event, Kind, MailText, Origin, Severity, understand};

/// One line of `INDEX.tsv`, the columns by name.
struct Row {
    file: String,
    /// Which event of the mail, from 1.
    event: usize,
    source: String,
    kind: String,
    severity: String,
    host: String,
    check: String,
    problem_id: String,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn rows(name: &str) -> Vec<Row> {
    let index = std::fs::read(folder(name).join("INDEX.tsv")).expect("index");
    let index = String::from_utf8_lossy(&index).into_owned();
    let mut lines = index.lines();
    let columns: Vec<&str> = lines.next().expect("a header line").split('\t').collect();
    let rows = lines.filter(|line| !line.is_empty()).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |name: &str| {
            let at = columns.iter().position(|column| *column == name);
            at.and_then(|at| cells.get(at)).copied().unwrap_or_default().to_owned()
        };
        let file = cell("file");
        let named = file.rsplitn(3, '-').last().unwrap_or_default();
        let source = Some(cell("source")).filter(|source| !source.is_empty());
        Row {
            source: source.unwrap_or_else(|| named.to_owned()),
            event: cell("event").parse().unwrap_or(1),
            file: file.clone(),
            kind: cell("kind"),
            severity: cell("severity"),
            host: cell("host"),
            check: cell("check"),
            problem_id: cell("problem_id"),
        }
    });
    rows.collect()
}

fn read(folder_name: &str, file: &str) -> (MailText, Vec<Event>) {
    let raw = std::fs::read(folder(folder_name).join(file)).expect("mail");
    understand(&raw, &Origin::default())
}

fn kind(word: &str) -> Kind {
    match word {
        "problem" | "repeat" => Kind::Problem,
        "recovery" => Kind::Recovery,
        "update" => Kind::Update,
        "ack" => Kind::Acknowledgement,
        "downtimestart" | "downtimeend" => Kind::Downtime,
        "test" => Kind::Test,
        "report" => Kind::Report,
        "discovery" | "bounce" => Kind::Other,
        other => panic!("unknown kind {other}"),
    }
}

/// The word, unless the index says that the mail does not tell.
fn told(cell: &str) -> Option<&str> {
    (!cell.starts_with('-') && !cell.contains("(not in the mail)")).then_some(cell)
}

/// Cells of the index that the mail itself does not say: file prefix, column, and what is read
/// instead.
const NOT_SAID: &[(&str, &str, Option<&str>)] = &[
    // Zabbix mails name the visible name; the technical one is in Zabbix only.
    ("zabbix-0008", "host", Some(VISIBLE_NAME)),
    ("zabbix-0009", "host", Some(VISIBLE_NAME)),
    ("zabbix-0010", "host", Some(VISIBLE_NAME)),
    ("zabbix-0043", "host", Some(VISIBLE_NAME)),
    ("zabbix-0044", "host", Some(VISIBLE_NAME)),
    ("zabbix-0045", "host", Some(VISIBLE_NAME)),
    ("zabbix-0075", "host", Some(VISIBLE_NAME)),
    ("zabbix-0076", "host", Some(VISIBLE_NAME)),
    ("zabbix-0077", "host", Some(VISIBLE_NAME)),
    // Updates have no host in the body, and this event's name has none either.
    ("zabbix-0046", "host", None),
    ("zabbix-0047", "host", None),
    ("zabbix-0048", "host", None),
    // The alert has no label `severity`.
    ("alertmanager-0068", "severity", None),
    ("alertmanager-0120", "severity", None),
    // The contact's own text has the graph's title, not the plugin's name.
    ("munin-0279", "check", Some("Espacio en disco")),
    ("munin-0280", "check", Some("Espacio en disco")),
    ("munin-0282", "check", Some("Espacio en disco")),
];

const VISIBLE_NAME: &str = "Servidor web nº 2 (Logroño)";

#[test]
fn every_real_mail_is_read_right() {
    let mut faults = Vec::new();
    let rows = rows("corpus");
    assert_eq!(rows.len(), 180);
    for row in rows.iter().filter(|row| row.kind != "client") {
        let (_, events) = read("corpus", &row.file);
        let event = &events[0];
        let mut compare = |column: &str, expected: Option<&str>, found: Option<&str>| {
            let exception = NOT_SAID
                .iter()
                .find(|(file, name, _)| row.file.starts_with(file) && *name == column);
            let expected = exception.map_or(expected, |(_, _, instead)| *instead);
            if expected != found {
                faults.push(format!("{} {column}: {expected:?} read as {found:?}", row.file));
            }
        };
        compare("source", Some(&row.source), Some(&event.source));
        compare("severity", told(&row.severity), event.severity_text.as_deref());
        compare("host", told(&row.host), event.host.as_deref());
        if row.source == "cron" {
            // The index cuts the command at 60 bytes, within a character in places.
            let ascii = |text: &str| text.chars().filter(char::is_ascii).collect::<String>();
            let check = ascii(event.check.as_deref().unwrap_or_default());
            assert!(check.starts_with(&ascii(&row.check)), "{}", row.file);
        } else {
            compare("check", told(&row.check), event.check.as_deref());
        }
        compare("problem_id", told(&row.problem_id), event.problem_id.as_deref());
        if kind(&row.kind) != event.kind {
            faults.push(format!("{} kind: {} read as {:?}", row.file, row.kind, event.kind));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_made_mail_is_read_right() {
    let mut faults = Vec::new();
    let rows = rows("corpus-made");
    for row in &rows {
        let (_, events) = read("corpus-made", &row.file);
        let expected = rows.iter().filter(|other| other.file == row.file).count();
        let Some(event) = events.get(row.event - 1).filter(|_| events.len() == expected) else {
            faults.push(format!("{}: {expected} events read as {events:#?}", row.file));
            continue;
        };
        let pairs = [
            ("source", told(&row.source), Some(event.source.as_str())),
            ("kind", told(&row.kind), Some(event.kind.as_str())),
            ("severity", told(&row.severity), event.severity_text.as_deref()),
            ("host", told(&row.host), event.host.as_deref()),
            ("check", told(&row.check), event.check.as_deref()),
            ("problem_id", told(&row.problem_id), event.problem_id.as_deref()),
        ];
        for (column, expected, found) in pairs.into_iter().filter(|(_, a, b)| a != b) {
            faults.push(format!("{} {column}: {expected:?} read as {found:?}", row.file));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn severities_are_on_the_common_scale() {
    for row in rows("corpus") {
        let (_, events) = read("corpus", &row.file);
        let expected = match events[0].severity_text.as_deref() {
            Some("Disaster" | "High" | "CRITICAL" | "critical" | "DOWN") => {
                Some(Severity::Critical)
            }
            Some("Average") => Some(Severity::Error),
            Some("Warning" | "WARNING" | "warning" | "UNKNOWN") => Some(Severity::Warning),
            Some("Not classified" | "info" | "OK" | "UP") => Some(Severity::Info),
            Some("none") | None => None,
            Some(other) if row.kind == "client" => {
                assert!(events[0].severity.is_some(), "{other}");
                continue;
            }
            Some(other) => panic!("{}: {other}", row.file),
        };
        assert_eq!(events[0].severity, expected, "{}", row.file);
    }
}

#[test]
fn one_problem_has_one_identity() {
    // Of each problem: its number at the source, and how many mails tell of it.
    for (id, mails) in
        [("27", 18), ("29", 9), ("30", 9), ("33", 9), ("34", 9), ("51", 2), ("52", 2)]
    {
        let rows = rows("corpus");
        let told: Vec<_> = rows.iter().filter(|row| row.problem_id == id).collect();
        assert!(told.len() >= mails, "{id}: {}", told.len());
        for row in told {
            let (_, events) = read("corpus", &row.file);
            let instance = "fab27a9be52764b0c0fdf39ff1f955cc";
            assert_eq!(events[0].identity, format!("zabbix:{id}@{instance}"), "{}", row.file);
        }
    }
}

#[test]
fn a_recovery_has_the_identity_of_its_problem() {
    let pairs = [
        ("corpus", "alertmanager-0031-problem.eml", "alertmanager-0063-recovery.eml"),
        ("corpus", "alertmanager-0032-problem.eml", "alertmanager-0064-recovery.eml"),
        ("corpus", "alertmanager-0068-problem.eml", "alertmanager-0120-recovery.eml"),
        ("corpus", "nagios-0145-problem.eml", "nagios-0149-recovery.eml"),
        ("corpus", "nagios-0145-problem.eml", "nagios-0146-ack.eml"),
        ("corpus", "nagios-0316-problem.eml", "nagios-0318-recovery.eml"),
        ("corpus", "icinga-0129-problem.eml", "icinga-0147-recovery.eml"),
        ("corpus", "icinga-0151-problem.eml", "icinga-0154-recovery.eml"),
        ("corpus", "monit-0166-problem.eml", "monit-0181-recovery.eml"),
        ("corpus", "monit-0166-problem.eml", "monit-0182-recovery.eml"),
        ("corpus", "apcupsd-0199-problem.eml", "apcupsd-0200-recovery.eml"),
        ("corpus", "netdata-0229-problem.eml", "netdata-0230-problem.eml"),
        ("corpus", "munin-0280-problem.eml", "munin-0282-recovery.eml"),
        ("corpus-made", "checkmk-crit.eml", "checkmk-ok.eml"),
        ("corpus-made", "apcupsd-commfailure.eml", "apcupsd-commok.eml"),
        ("corpus-made", "nut-lowbatt.eml", "nut-nolonger.eml"),
        ("corpus-made", "uptime-kuma-down.eml", "uptime-kuma-up.eml"),
        ("corpus-made", "prtg-down.eml", "prtg-up.eml"),
        ("corpus-made", "hp-oa-critical.eml", "hp-oa-normal.eml"),
    ];
    for (folder, problem, recovery) in pairs {
        let identity = |file| read(folder, file).1[0].identity.clone();
        assert_eq!(identity(problem), identity(recovery), "{problem} {recovery}");
    }
}

#[test]
fn different_problems_have_different_identities() {
    let pairs = [
        ("corpus", "apcupsd-0199-problem.eml", "apcupsd-0203-problem.eml"),
        ("corpus", "smartd-0195-problem.eml", "smartd-0196-problem.eml"),
        ("corpus", "smartd-0194-problem.eml", "smartd-0195-problem.eml"),
        ("corpus", "monit-0167-problem.eml", "monit-0168-problem.eml"),
        ("corpus", "nagios-0145-problem.eml", "nagios-0150-problem.eml"),
        ("corpus", "client-0250-client.eml", "client-0254-client.eml"),
    ];
    for (folder, one, other) in pairs {
        let identity = |file| read(folder, file).1[0].identity.clone();
        assert_ne!(identity(one), identity(other), "{one} {other}");
    }
}
