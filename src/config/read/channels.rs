//! `[channels]`, `[mail]`, `[sms]`, `[modem]`, `[texts.LANGUAGE]`.

use std::time::Duration;

use super::secret;
use super::section::{Reader, Section};
use super::value::{boolean, count, number, parsed, path, some_time, text, word};
use crate::alert::text::Template;
use crate::config::{
    Appliance, ChannelName, Directory, Language, Mail, MailAddress, Modem, ModemModel, PhoneNumber,
    RelayTls, Retry, Sms, Templates, TextTemplates,
};

const TLS: &[(&str, RelayTls)] =
    &[("off", RelayTls::Off), ("starttls", RelayTls::Starttls), ("implicit", RelayTls::Implicit)];

const MODELS: &[(&str, ModemModel)] = &[
    ("sim900", ModemModel::Sim900),
    ("sim800", ModemModel::Sim800),
    ("sim7600", ModemModel::Sim7600),
];

/// Line speeds a serial port can be set to.
const SPEEDS: [u64; 9] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400];

/// What the channels' sections say.
pub(super) struct Read {
    pub(super) enabled: Vec<ChannelName>,
    pub(super) mail: Option<Mail>,
    pub(super) sms: Sms,
    pub(super) modem: Option<Modem>,
}

pub(super) fn read<'a>(
    root: &mut Section<'a>,
    reader: &'a Reader<'a>,
    appliance: &Appliance,
) -> Read {
    let order = read_order(root.section("channels"));
    let (mail, mail_enabled) = read_mail(root.section("mail"), reader, appliance);
    let (sms, sms_enabled) = read_sms(root.section("sms"));
    let modem = read_modem(root.section("modem"), reader);
    let on = |channel: &ChannelName| match channel {
        ChannelName::Mail => mail_enabled,
        ChannelName::Sms => sms_enabled,
    };
    Read { enabled: order.into_iter().filter(on).collect(), mail, sms, modem }
}

/// Channels missing from `order` come last.
fn read_order(mut section: Section<'_>) -> Vec<ChannelName> {
    let mut order: Vec<ChannelName> = Vec::new();
    for channel in section.list("order", parsed).unwrap_or_default() {
        if order.contains(&channel) {
            section.fault_of("order", format!("\"{channel}\" stands twice"));
        } else {
            order.push(channel);
        }
    }
    section.finish();
    for channel in ChannelName::ALL {
        if !order.contains(&channel) {
            order.push(channel);
        }
    }
    order
}

fn read_mail<'a>(
    mut section: Section<'a>,
    reader: &'a Reader<'a>,
    appliance: &Appliance,
) -> (Option<Mail>, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(true);
    let relay = section.get("relay", text);
    let (user, password) = (
        section.get("user", text),
        secret::read(&mut section, reader, "password", "password_file"),
    );
    if section.has("user") != (section.has("password") || section.has("password_file")) {
        section.fault("`user` and `password` (or `password_file`) belong together");
    }
    let from = section.get("from", parsed::<MailAddress>);
    if relay.is_some() && !section.has("from") {
        section.fault(
            "`from` is missing: the address mails are sent from, such as \"alerts@example.org\"",
        );
    }
    let own = || format!("smtp-appliance@{}", appliance.name).parse().ok();
    let mail = from.or_else(own).map(|from| Mail {
        relay,
        port: section
            .get("port", |value| number(value, 1..=65_535))
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(587),
        tls: section.get("tls", word(TLS)).unwrap_or(RelayTls::Starttls),
        ca: section.get("ca", path),
        user,
        password,
        from,
        timeout: section.get("timeout", some_time).unwrap_or(Duration::from_secs(30)),
        retry: read_retry(
            section.section("retry"),
            Retry {
                first: Duration::from_secs(5),
                max: Duration::from_mins(10),
                give_up: Duration::from_hours(24),
            },
        ),
    });
    section.finish();
    (mail, enabled)
}

fn read_sms(mut section: Section<'_>) -> (Sms, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(true);
    let sms = Sms {
        full_text: section.get("full_text", boolean).unwrap_or(false),
        max_parts: section.get("max_parts", count(1..=255)).unwrap_or(10),
        delivery_report: section.get("delivery_report", boolean).unwrap_or(true),
        digest_from: section.get("digest_from", count(0..=100)).unwrap_or(10),
        retry: read_retry(
            section.section("retry"),
            Retry {
                first: Duration::from_secs(5),
                max: Duration::from_mins(5),
                give_up: Duration::from_hours(6),
            },
        ),
    };
    section.finish();
    (sms, enabled)
}

fn read_retry(mut section: Section<'_>, default: Retry) -> Retry {
    let retry = Retry {
        first: section.get("first", some_time).unwrap_or(default.first),
        max: section.get("max", some_time).unwrap_or(default.max),
        give_up: section.get("give_up", some_time).unwrap_or(default.give_up),
    };
    if retry.first > retry.max {
        section.fault("expected `first` to be at most `max`");
    }
    section.finish();
    retry
}

fn read_modem<'a>(mut section: Section<'a>, reader: &'a Reader<'a>) -> Option<Modem> {
    let exists = section.exists();
    let device = if exists { section.require("device", path) } else { section.get("device", path) };
    let baud = section.get("baud", |value| match number(value, 1..=10_000_000) {
        Ok(baud) if SPEEDS.contains(&baud) => u32::try_from(baud).map_err(|e| e.to_string()),
        Ok(_) | Err(_) => Err("expected a line speed, such as 9600, 19200 or 115200".to_owned()),
    });
    let pin = secret::read(&mut section, reader, "pin", "pin_file");
    let is_pin =
        |pin: &str| (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
    if pin.as_ref().is_some_and(|pin| !is_pin(pin.reveal())) {
        let key = if section.has("pin") { "pin" } else { "pin_file" };
        section.fault_of(key, "expected 4 to 8 digits in quotes");
    }
    let model = section.get("model", word(MODELS));
    let smsc = section.get("smsc", parsed::<PhoneNumber>);
    section.finish();
    device.map(|device| Modem { device, baud, pin, model, smsc })
}

/// `[texts.en]`, `[texts.es-GT]`, …
pub(super) fn read_texts(section: &Section<'_>) -> Templates {
    let mut templates = Templates::default();
    for (key, span, value) in section.entries() {
        let mut texts = section.subsection(key, value);
        let read =
            TextTemplates { sms: texts.get("sms", template), call: texts.get("call", template) };
        texts.finish();
        match key.parse::<Language>() {
            Ok(language) => drop(templates.by_language.insert(language, read)),
            Err(error) => section.fault_at(&span, key, error.to_string()),
        }
    }
    templates
}

fn template(value: &toml::de::DeValue<'_>) -> Result<String, String> {
    let text = text(value)?;
    Template::parse(&text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// What is allowed, and probably not meant.
pub(super) fn warn(read: &Read, directory: &Directory, reader: &Reader<'_>) {
    let nowhere = 0..0;
    let enabled = |channel| read.enabled.contains(&channel);
    if read.enabled.is_empty() {
        reader.warn(&nowhere, "channels", "every channel is switched off: nobody is told");
    }
    if enabled(ChannelName::Mail) && read.mail.as_ref().is_some_and(|mail| mail.relay.is_none()) {
        reader.warn(
            &nowhere,
            "mail",
            "no relay is set: no mail goes out; set mail.relay, or mail.enabled = false",
        );
    }
    if enabled(ChannelName::Sms) && read.modem.is_none() {
        reader.warn(
            &nowhere,
            "sms",
            "there is no [modem]: no SMS goes out; add one, or set sms.enabled = false",
        );
    }
    for person in directory.people.values() {
        let reached = read.enabled.iter().any(|channel| person.is_reachable_by(*channel));
        if !reached {
            let message = format!("no enabled channel reaches \"{}\"", person.name);
            reader.warn(&nowhere, "person", message);
        }
    }
}
