//! From text to a valid [`Config`]: every fault is found, not only the first.

mod channels;
mod people;
mod secret;
mod section;
mod smtp;
mod value;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeTable;

use super::fault::{Fault, Lines};
use super::section::{Appliance, Config, Filter, Queue};
use super::{ByteSize, Language};
use section::{MOST_FAULTS, Reader, Section};
use value::{count, duration, ignore, parsed, path, size, some_time, text};

/// Longest file, in bytes: far more than thousands of people need.
pub(super) const MAX_FILE: usize = 1024 * 1024;

/// What reading a text gave.
pub(super) struct Outcome {
    pub(super) config: Result<Config, Vec<Fault>>,
    pub(super) warnings: Vec<Fault>,
    /// Every key that was asked for.
    pub(super) known: BTreeSet<String>,
}

/// Reads the text of a configuration file.
pub(super) fn read(text: &str) -> Outcome {
    if text.len() > MAX_FILE {
        return failed(vec![too_long()]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let lines = Lines::new(text);
        let fault = |error: &toml::de::Error| {
            lines.fault(error.span().map_or(0, |span| span.start), "", error.message())
        };
        let mut faults: Vec<Fault> = errors.iter().take(MOST_FAULTS).map(fault).collect();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        return failed(faults);
    }
    let reader = Reader::new(text);
    let config = read_config(&reader, reader.root(&table));
    let (faults, warnings, known) = reader.finish();
    let config = if faults.is_empty() { config.ok_or(faults) } else { Err(faults) };
    Outcome { config, warnings, known }
}

pub(super) fn too_long() -> Fault {
    Lines::new("").fault(0, "", "the file is longer than 1 MiB")
}

fn failed(faults: Vec<Fault>) -> Outcome {
    Outcome { config: Err(faults), warnings: Vec::new(), known: BTreeSet::new() }
}

fn read_config<'a>(reader: &'a Reader<'a>, mut root: Section<'a>) -> Option<Config> {
    let appliance = read_appliance(root.section("appliance"));
    let directory = people::read(&mut root, reader);
    let smtp = smtp::read(root.section("smtp"), reader, &directory);
    let domains = smtp.domains;
    let filter = read_filter(root.section("filter"));
    let queue = read_queue(root.section("queue"));
    let mut channels = channels::read(&mut root, reader, &appliance);
    let texts = channels::read_texts(&root.section("texts"));
    root.finish();
    channels::warn(&channels, &directory, reader);
    let mut directory = directory;
    directory.domains = domains;
    channels.enabled.dedup();
    Some(Config {
        appliance,
        smtp: smtp.smtp?,
        filter,
        queue,
        channels: super::Channels { enabled: channels.enabled },
        mail: channels.mail?,
        sms: channels.sms,
        modem: channels.modem,
        texts,
        directory,
    })
}

fn read_appliance(mut section: Section<'_>) -> Appliance {
    let appliance = Appliance {
        name: section.get("name", host_name).unwrap_or_else(system_name),
        language: section.get("language", parsed).unwrap_or_else(english),
        store: section
            .get("store", path)
            .unwrap_or_else(|| PathBuf::from("/var/lib/smtp-appliance")),
    };
    section.finish();
    appliance
}

fn read_filter(mut section: Section<'_>) -> Filter {
    let filter = Filter {
        ignore: section.list("ignore", ignore).unwrap_or_default(),
        repeat_window: section.get("repeat_window", duration).unwrap_or(Duration::from_mins(30)),
        capacity: section.get("capacity", count(1..=1_000_000)).unwrap_or(1000),
        forget_after: section.get("forget_after", some_time).unwrap_or(Duration::from_hours(3)),
    };
    section.finish();
    filter
}

fn read_queue(mut section: Section<'_>) -> Queue {
    let queue = Queue {
        max_pending: section.get("max_pending", count(1..=1_000_000)).unwrap_or(10_000),
        keep_history: section
            .get("keep_history", duration)
            .unwrap_or(Duration::from_hours(30 * 24)),
        max_history: section.get("max_history", count(1..=10_000_000)).unwrap_or(100_000),
        min_free_space: section.get("min_free_space", size).unwrap_or(ByteSize::mib(16)),
    };
    section.finish();
    queue
}

fn host_name(value: &toml::de::DeValue<'_>) -> Result<String, String> {
    let name = text(value)?;
    if is_host_name(&name) {
        return Ok(name);
    }
    Err("expected a host name, such as \"alerts.example.org\"".to_owned())
}

/// RFC 1123 section 2.1.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn system_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if is_host_name(&name) { name } else { "smtp-appliance".to_owned() }
}

fn english() -> Language {
    Language::english()
}
