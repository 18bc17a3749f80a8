//! The walls of the house, so that nobody has to remember them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// Files and folders that decide and never act: no clock, no tokio.
const PURE: &[&str] = &[
    "src/alert",
    "src/audio/alsa/pace.rs",
    "src/audio/g711.rs",
    "src/audio/loudness.rs",
    "src/board/button.rs",
    "src/board/panel.rs",
    "src/board/pattern.rs",
    "src/board/power.rs",
    "src/channel/call/conversation.rs",
    "src/channel/mail/encoded_word.rs",
    "src/channel/mail/header.rs",
    "src/channel/mail/rewrite.rs",
    "src/dispatch/attention.rs",
    "src/dispatch/plan.rs",
    "src/dispatch/receipts.rs",
    "src/dispatch/retry.rs",
    "src/dispatch/wanted.rs",
    "src/filter",
    "src/health",
    "src/modem/at",
    "src/modem/balance",
    "src/modem/charset.rs",
    "src/modem/driver/calling",
    "src/modem/driver/enquiry.rs",
    "src/modem/driver/init.rs",
    "src/modem/driver/sending.rs",
    "src/modem/pdu",
    "src/modem/quirks.rs",
    "src/queue/batch.rs",
    "src/queue/contents.rs",
    "src/queue/frame.rs",
    "src/queue/index.rs",
    "src/rtp/allowance.rs",
    "src/rtp/clock.rs",
    "src/rtp/comfort.rs",
    "src/rtp/event.rs",
    "src/rtp/incoming.rs",
    "src/rtp/ntp.rs",
    "src/rtp/outgoing.rs",
    "src/rtp/packet.rs",
    "src/rtp/path.rs",
    "src/rtp/quality.rs",
    "src/rtp/reception.rs",
    "src/rtp/recording.rs",
    "src/rtp/reporting.rs",
    "src/rtp/rtcp.rs",
    "src/rtp/speech.rs",
    "src/rtp/srtp",
    "src/rtp/stream.rs",
    "src/rtp/tones.rs",
    "src/sip/account.rs",
    "src/sip/act.rs",
    "src/sip/auth.rs",
    "src/sip/call",
    "src/sip/dialog.rs",
    "src/sip/digest.rs",
    "src/sip/endpoint",
    "src/sip/errand.rs",
    "src/sip/flow.rs",
    "src/sip/message",
    "src/sip/registration",
    "src/sip/resolve/order.rs",
    "src/sip/sdp",
    "src/sip/session_timer.rs",
    "src/sip/timing.rs",
    "src/sip/token.rs",
    "src/sip/transaction",
    "src/sip/transport/place.rs",
    "src/smtp/auth.rs",
    "src/smtp/command.rs",
    "src/smtp/data.rs",
    "src/smtp/path.rs",
    "src/smtp/reply.rs",
    "src/smtp/session",
    "src/speech/choose.rs",
    "src/speech/script",
    "src/web/account/lockout.rs",
    "src/web/account/session.rs",
    "src/web/account/totp.rs",
    "src/web/form",
    "src/web/lights.rs",
    "src/web/statistics/figures.rs",
    "src/web/statistics/lengths.rs",
    "src/web/words",
];

/// Which module may import which, floor by floor: what stands below never looks up.
const IMPORTS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("line", &[]),
    ("log", &[]),
    ("audio", &["config"]),
    ("rtp", &["audio", "config"]),
    ("alert", &["config"]),
    ("speech", &["alert", "audio", "config"]),
    ("health", &["alert", "config"]),
    ("board", &["config", "health"]),
    ("modem", &["config", "health", "line"]),
    ("sip", &["config", "line"]),
    ("channel", &["alert", "audio", "config", "health", "modem", "rtp", "sip", "speech"]),
    ("filter", &["alert", "config"]),
    ("queue", &["alert", "channel", "config", "health"]),
    ("dispatch", &["alert", "channel", "config", "health", "queue"]),
    ("intake", &["alert", "config", "filter", "health", "queue"]),
    ("smtp", &["alert", "config", "health", "intake"]),
    ("control", &["alert", "channel", "config", "dispatch", "health", "intake", "queue", "sip"]),
    (
        "web",
        &[
            "alert", "audio", "board", "channel", "config", "control", "health", "intake", "log",
            "queue", "smtp", "speech",
        ],
    ),
    ("demo", &["alert", "appliance", "audio", "channel", "config", "modem", "queue", "rtp", "sip"]),
    ("appliance", EVERYONE),
    ("cli", EVERYONE),
    ("main", EVERYONE),
    ("lib", &[]),
];

/// Marks the modules that know everyone.
const EVERYONE: &[&str] = &["*"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file under `folder` (or `folder` itself), by its path from the root.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() && !path.ends_with("target") {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn all_files() -> Vec<(String, String)> {
    ["src", "tests", "fuzz", "benches", "build.rs"].iter().flat_map(|top| rust_files(top)).collect()
}

/// The code without comments and without its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn architecture() -> Option<String> {
    std::fs::read_to_string(root().join("ARCHITECTURE.md")).ok()
}

/// The top-level module a file under `src` belongs to.
fn module(path: &str) -> &str {
    let path = path.trim_start_matches("src/");
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = all_files();
    assert!(files.len() > 30);
    let silent = files.into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none(&silent.map(|(name, _)| format!("{name}: must open with `//! `")).collect::<Vec<_>>());
}

#[test]
fn names_tell_and_exceptions_have_a_reason() {
    let shelves = ["utils.rs", "util.rs", "common.rs", "helpers.rs", "manager.rs", "misc.rs"];
    let words = Regex::new(r"#!?\[(allow|ignore)\b").unwrap();
    let mut faults = Vec::new();
    for (name, text) in all_files() {
        if shelves.iter().any(|shelf| name.ends_with(&format!("/{shelf}"))) {
            faults.push(format!("{name}: name it after what it does"));
        }
        for (number, line) in text.lines().enumerate() {
            if words.is_match(line.trim_start()) && line.trim_start().starts_with('#') {
                faults.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&faults);
}

#[test]
fn pure_files_have_no_clock_and_no_runtime() {
    let edge = Regex::new(r"\btokio\b|Instant::now|SystemTime|Timestamp::now|Zoned::now").unwrap();
    let mut faults = Vec::new();
    for place in PURE {
        if !root().join(place).exists() {
            if architecture().is_some() {
                faults.push(format!("{place}: is gone, correct the list"));
            }
            continue;
        }
        let files = rust_files(place).into_iter().filter(|(name, _)| !name.ends_with("/tests.rs"));
        for (name, text) in files {
            let found = edge.find(&code(&text)).map(|found| found.as_str().to_owned());
            faults.extend(found.map(|word| format!("{name}: names {word}")));
        }
    }
    none(&faults);
}

/// Every module that `text` imports or names from the crate's root.
fn imported(text: &str) -> BTreeSet<String> {
    let path = Regex::new(r"\bcrate::(?:(\w+)|\{([^;]*)\})").unwrap();
    // `crate::{a::{b, c}, d}`: only what stands at the outermost level is a module.
    let nested = Regex::new(r"::\{[^{}]*\}|::\w+|\bas\s+\w+").unwrap();
    let mut found = BTreeSet::new();
    for capture in path.captures_iter(text) {
        if let Some(single) = capture.get(1) {
            found.insert(single.as_str().to_owned());
        }
        if let Some(list) = capture.get(2) {
            let mut list = list.as_str().to_owned();
            while nested.is_match(&list) {
                list = nested.replace_all(&list, "").into_owned();
            }
            let names = list.split([',', '}', '{']).map(|name| name.trim().to_owned());
            found.extend(names.filter(|name| !name.is_empty()));
        }
    }
    found
}

#[test]
fn imports_run_one_way() {
    let allowed: BTreeMap<_, _> = IMPORTS.iter().copied().collect();
    let mut faults = Vec::new();
    for (name, text) in rust_files("src") {
        let from = module(&name);
        let Some(targets) = allowed.get(from) else {
            faults.push(format!("{name}: module {from} has no floor, add it to the table"));
            continue;
        };
        for to in imported(&code(&text)) {
            let is_module = to.starts_with(|first: char| first.is_ascii_lowercase());
            let free = *targets == EVERYONE || to == from || targets.contains(&to.as_str());
            if is_module && !free {
                faults.push(format!("{name}: {from} must not know {to}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_table_of_imports_has_no_circle() {
    let floor = |name: &str| IMPORTS.iter().position(|(module, _)| *module == name);
    // What stands later may know what stands earlier; the demonstration drives the whole.
    for (module, targets) in IMPORTS.iter().filter(|(module, _)| *module != "demo") {
        for target in targets.iter().filter(|target| **target != "*") {
            assert!(floor(target) < floor(module), "{module} → {target}");
        }
    }
}

#[test]
fn import_paths_are_read_right() {
    let text = "use crate::alert::{Alert, AlertId};\nuse crate::{config::{Mail, Sms as S}, smtp};\n\
                fn f() -> crate::queue::Queue {}";
    let found: Vec<_> = imported(text).into_iter().collect();
    assert_eq!(found, ["alert", "config", "queue", "smtp"]);
}

#[test]
fn every_quirk_has_a_transcript() {
    let Ok(quirks) = std::fs::read_to_string(root().join("src/modem/quirks.rs")) else { return };
    let code = code(&quirks);
    let variants = code.split("pub enum Quirk {").nth(1).and_then(|rest| rest.split('}').next());
    let variant = Regex::new(r"(?m)^\s*([A-Z]\w*)\s*,").unwrap();
    let variants = variant.captures_iter(variants.expect("`pub enum Quirk`"));
    let mut faults = Vec::new();
    for name in variants.map(|capture| capture[1].to_owned()) {
        let named = Regex::new(&format!(r#"{name}\s*=>\s*"([^"]+)""#)).unwrap();
        match named.captures(&code).map(|capture| capture[1].to_owned()) {
            None => faults.push(format!("{name}: names no transcript")),
            Some(file) if !root().join("tests/dialog/modem").join(&file).is_file() => {
                faults.push(format!("{name}: tests/dialog/modem/{file} is missing"));
            }
            Some(_) => {}
        }
    }
    none(&faults);
}

#[test]
fn architecture_tells_who_may_know_whom() {
    let Some(text) = architecture() else { return };
    let rows = IMPORTS.iter().filter(|(name, all)| *all != EVERYONE && *name != "lib");
    let rows = rows.map(|(name, all)| match all.join(", ") {
        nobody if nobody.is_empty() => format!("| `{name}` | nobody |"),
        known => format!("| `{name}` | {known} |"),
    });
    let missing = rows.filter(|row| !text.contains(row));
    none(&missing.map(|row| format!("ARCHITECTURE.md lacks {row}")).collect::<Vec<_>>());
}

#[test]
fn architecture_names_the_modules_there_are() {
    let Some(text) = architecture() else { return };
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = Regex::new(r"(?m)^pub mod (\w+);").unwrap();
    let mut faults = Vec::new();
    for name in declared.captures_iter(&lib).map(|capture| capture[1].to_owned()) {
        let written = [format!("`{name}`"), format!("`{name}/"), format!("src/{name}")];
        if !written.iter().any(|written| text.contains(written)) {
            faults.push(format!("ARCHITECTURE.md does not tell of {name}"));
        }
    }
    let path = Regex::new(r"`((?:src|tests|fuzz)/[\w./-]+)`").unwrap();
    for named in path.captures_iter(&text).map(|capture| capture[1].to_owned()) {
        let path: PathBuf = root().join(named.trim_end_matches('/'));
        if !path.exists() {
            faults.push(format!("ARCHITECTURE.md tells of {named}, which is not there"));
        }
    }
    none(&faults);
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let inside = |folder: &str| std::fs::read_dir(root().join(folder)).into_iter().flatten();
    let entries = inside(".").chain(inside("docs")).map(|entry| entry.unwrap().path());
    let documents = entries.filter(|path| path.extension().is_some_and(|name| name == "md"));
    let mut faults = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        for target in link.captures_iter(&text).map(|capture| capture[1].to_owned()) {
            if !document.with_file_name(&target).exists() {
                faults.push(format!("{}: {target} is not there", document.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_program_has_its_pins_where_the_wiring_has_them() {
    let Ok(table) = std::fs::read_to_string(root().join("hardware/pins.tsv")) else { return };
    let pins = smtp_appliance::config::Pins::default();
    let ours = [
        ("pwrkey", pins.pwrkey),
        ("reset", pins.reset),
        ("status", pins.status),
        ("led-health", pins.led_health),
        ("led-network", pins.led_network),
        ("led-gsm", pins.led_gsm),
        ("led-sip", pins.led_sip),
        ("led-alert", pins.led_alert),
        ("led-fault", pins.led_fault),
        ("button", pins.button),
        ("buzzer", pins.buzzer),
    ];
    let example = std::fs::read_to_string(root().join("config.example.toml")).unwrap();
    let wired = |name: &str| {
        let row = table.lines().find(|line| line.split('\t').next() == Some(name));
        row.and_then(|row| row.split('\t').nth(1)?.parse::<u8>().ok())
    };
    for (name, pin) in ours {
        assert_eq!(wired(name), pin, "{name}");
    }
    for (key, names) in
        [("relays", ["relay-1", "relay-2"]), ("contacts", ["contact-1", "contact-2"])]
    {
        let [first, second] = names.map(|name| wired(name).unwrap());
        assert!(example.contains(&format!("#{key} = [{first}, {second}]\n")), "{key}");
    }
}
