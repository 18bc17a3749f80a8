//! From text to a valid [`Config`]: every fault is found, not only the first.

mod board;
mod calls;
mod channels;
mod modem;
mod people;
mod secret;
mod section;
mod sip;
mod smtp;
mod system;
mod value;
mod web;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeTable;

use super::fault::{Fault, Faults, Lines};
use super::section::{Appliance, Config, Filter, Queue};
use super::{ByteSize, Language};
use section::{Reader, Section};
use value::{count, duration, host_name, ignore, is_host_name, parsed, path, size, some_time};

/// Longest file, in bytes: far more than thousands of people need.
pub(super) const MAX_FILE: usize = 1024 * 1024;

/// What reading a text gave.
pub(super) struct Outcome {
    pub(super) config: Result<Config, Vec<Fault>>,
    pub(super) warnings: Vec<Fault>,
    /// The warning due if everybody may read the file.
    pub(super) exposed: Option<Fault>,
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
        let mut faults = Faults::default();
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            faults.push(offset, "", error.message().to_owned());
        }
        return failed(faults.told(&Lines::new(text)));
    }
    let reader = Reader::new(text);
    let config = read_config(&reader, reader.root(&table));
    let found = reader.finish();
    let config = if found.faults.is_empty() { Ok(config) } else { Err(found.faults) };
    Outcome { config, warnings: found.warnings, exposed: found.exposed, known: found.known }
}

pub(super) fn too_long() -> Fault {
    Lines::new("").fault(0, "", "the file is longer than 1 MiB")
}

fn failed(faults: Vec<Fault>) -> Outcome {
    Outcome { config: Err(faults), warnings: Vec::new(), exposed: None, known: BTreeSet::new() }
}

fn read_config<'a>(reader: &'a Reader<'a>, mut root: Section<'a>) -> Config {
    let appliance = read_appliance(root.section("appliance"));
    let people::Read { mut directory, places } = people::read(&mut root, reader);
    let smtp::Read { smtp, domains } = smtp::read(root.section("smtp"), reader);
    directory.domains = domains;
    let filter = read_filter(root.section("filter"));
    let queue = read_queue(root.section("queue"));
    let sip = sip::read(root.section("sip"), reader);
    let channels = channels::read(&mut root, reader, &appliance, &sip);
    let call = calls::read_call(root.section("call"));
    let speech = calls::read_speech(root.section("speech"), &appliance.store);
    let audio = calls::read_audio(root.section("audio"));
    let web = web::read(root.section("web"));
    let board = board::read(root.section("board"), reader, &directory);
    let system = system::read(&mut root);
    let texts = channels::read_texts(&root.section("texts"));
    root.finish();
    channels.warn(reader);
    people::warn(&directory, &places, &channels.enabled, reader);
    Config {
        appliance,
        smtp,
        filter,
        queue,
        channels: super::Channels { enabled: channels.enabled },
        mail: channels.mail,
        sms: channels.sms,
        call,
        voip: channels.voip,
        gsm: channels.gsm,
        sip_message: channels.sip_message,
        sip,
        speech,
        audio,
        modem: channels.modem,
        web,
        board,
        system,
        texts,
        directory,
    }
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

fn system_name() -> String {
    usable_name(&rustix::system::uname().nodename().to_string_lossy())
}

/// The system's own name if others can make sense of it.
fn usable_name(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    if is_host_name(name) { name.to_owned() } else { "smtp-appliance".to_owned() }
}

fn english() -> Language {
    Language::english()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_name_is_used_if_it_is_one() {
        let long = "a".repeat(254);
        let names = [
            ("host", "host"),
            ("host.", "host"),
            ("alerts.example.org", "alerts.example.org"),
            ("", "smtp-appliance"),
            (".", "smtp-appliance"),
            ("host..", "smtp-appliance"),
            ("a b", "smtp-appliance"),
            ("(none)", "smtp-appliance"),
            (long.as_str(), "smtp-appliance"),
        ];
        for (system, usable) in names {
            assert_eq!(usable_name(system), usable, "{system}");
            let own = crate::config::MailAddress::of_appliance(usable);
            assert_eq!(own.as_str(), format!("smtp-appliance@{usable}"));
        }
    }
}
