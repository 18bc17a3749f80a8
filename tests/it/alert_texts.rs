//! What people read and hear of real mails.

use std::path::Path;

use smtp_appliance::alert::explain::explain;
use smtp_appliance::config::{Language, Templates};

/// The mails whose texts are kept for comparison, and the language of the person.
const MAILS: &[(&str, &str)] = &[
    ("corpus/zabbix-0003-problem.eml", "en"),
    ("corpus/zabbix-0007-problem.eml", "es"),
    ("corpus/zabbix-0049-recovery.eml", "es-GT"),
    ("corpus/alertmanager-0031-problem.eml", "es"),
    ("corpus/alertmanager-0064-recovery.eml", "en"),
    ("corpus/alertmanager-0068-problem.eml", "en"),
    ("corpus/nagios-0317-problem.eml", "en"),
    ("corpus/icinga-0336-problem.eml", "es"),
    ("corpus/monit-0166-problem.eml", "es"),
    ("corpus/netdata-0229-problem.eml", "en"),
    ("corpus/smartd-0195-problem.eml", "en"),
    ("corpus/munin-0278-problem.eml", "es"),
    ("corpus/logwatch-0241-report.eml", "en"),
    ("corpus/dsn-0297-bounce.eml", "en"),
    ("corpus/client-0251-client.eml", "es"),
    ("corpus/client-0253-client.eml", "en"),
    ("corpus/client-0266-client.eml", "es"),
    ("corpus-made/alertmanager-mixed.eml", "en"),
    ("corpus-made/truenas-mixed.eml", "en"),
    ("corpus-made/proxmox-ve-failed.eml", "es"),
];

#[test]
fn texts_of_real_mails() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (file, tag) in MAILS {
        let raw = std::fs::read(tests.join(file)).expect("a mail");
        let language: Language = tag.parse().expect("a language");
        let explanation = explain(&raw, &language, &Templates::default());
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".eml");
        insta::assert_snapshot!(name, explanation.to_table());
    }
}
