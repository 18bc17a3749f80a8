//! Every mail of `tests/corpus` (real captures) and `tests/corpus-made` (built from the vendors'
//! sources) is understood as its index says.

use std::path::{Path, PathBuf};

use smtp_appliance::alert::{Event, Kind, MailText, Origin, Severity, understand};

/// One line of `INDEX.tsv`, the columns by name.
struct Row {
    file: String,
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
        let source = file.rsplitn(3, '-').last().unwrap_or_default().to_owned();
        Row {
            source,
            file,
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
