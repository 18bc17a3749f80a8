//! `[channels]`, `[mail]`, `[sms]`, `[voip]`, `[gsm]`, `[sip-message]`, `[texts.LANGUAGE]`.

use std::ops::Range;
use std::time::Duration;

use super::modem;
use super::secret::{self, Found};
use super::section::{Reader, Section};
use super::value::{boolean, count, duration, host, number, parsed, path, some_time, text, word};
use crate::config::{
    Appliance, ChannelName, Gsm, Language, Mail, MailAddress, Modem, RelayTls, Retry, Secret, Sip,
    SipMessage, Sms, Templates, TextTemplates, Voip,
};

const TLS: &[(&str, RelayTls)] =
    &[("off", RelayTls::Off), ("starttls", RelayTls::Starttls), ("implicit", RelayTls::Implicit)];

/// What the channels' sections say.
pub(super) struct Read {
    pub(super) enabled: Vec<ChannelName>,
    /// Channels by SIP that are switched on, while there is no account.
    without_account: Vec<ChannelName>,
    pub(super) mail: Mail,
    pub(super) sms: Sms,
    pub(super) voip: Voip,
    pub(super) gsm: Gsm,
    pub(super) sip_message: SipMessage,
    pub(super) modem: Option<Modem>,
    places: Places,
}

/// Where the sections stand.
struct Places {
    channels: Range<usize>,
    mail: Range<usize>,
    sms: Range<usize>,
    voip: Range<usize>,
    gsm: Range<usize>,
    sip_message: Range<usize>,
}

pub(super) fn read<'a>(
    root: &mut Section<'a>,
    reader: &'a Reader<'a>,
    appliance: &Appliance,
    sip: &Sip,
) -> Read {
    let (channels, mail) = (root.section("channels"), root.section("mail"));
    let (sms, gsm) = (root.section("sms"), root.section("gsm"));
    let (voip, sip_message) = (root.section("voip"), root.section("sip-message"));
    let places = Places {
        channels: channels.span(),
        mail: mail.span(),
        sms: sms.span(),
        voip: voip.span(),
        gsm: gsm.span(),
        sip_message: sip_message.span(),
    };
    let order = read_order(channels, reader);
    let (mail, mail_enabled) = read_mail(mail, appliance);
    let (sms, sms_enabled) = read_sms(sms);
    let (voip, voip_enabled) = read_voip(voip);
    let (gsm, gsm_enabled) = read_gsm(gsm);
    let (sip_message, sip_message_enabled) = read_sip_message(sip_message);
    let modem = modem::read(root.section("modem"));
    let on = |channel: &ChannelName| match channel {
        ChannelName::Mail => mail_enabled,
        ChannelName::Sms => sms_enabled,
        ChannelName::Voip => voip_enabled,
        ChannelName::Gsm => gsm_enabled,
        ChannelName::SipMessage => sip_message_enabled,
    };
    // Who has no exchange is not to hear of it.
    let lacks_account = |channel: &ChannelName| channel.is_by_sip() && sip.accounts.is_empty();
    let (without_account, enabled) = order.into_iter().filter(on).partition(lacks_account);
    Read { enabled, without_account, mail, sms, voip, gsm, sip_message, modem, places }
}

/// Channels missing from `order` come last.
fn read_order<'a>(mut section: Section<'a>, reader: &'a Reader<'a>) -> Vec<ChannelName> {
    let mut order: Vec<ChannelName> = Vec::new();
    for (channel, place) in section.list_spanned("order", parsed).unwrap_or_default() {
        if order.contains(&channel) {
            reader.fault(&place, "channels.order", format!("\"{channel}\" stands twice"));
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

fn read_mail(mut section: Section<'_>, appliance: &Appliance) -> (Mail, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(true);
    let relay = section.get("relay", host);
    let login = read_login(&mut section);
    let from = section.get("from", parsed::<MailAddress>);
    if section.has("relay") && !section.has("from") {
        let message =
            "`from` is missing: the address mails are sent from, such as \"alerts@example.org\"";
        section.fault_of("relay", message);
    }
    let ca = section.get("ca", path);
    section.warn_if_missing("ca", ca.as_deref());
    let (user, password) = login.unzip();
    let mail = Mail {
        relay,
        port: section
            .get("port", |value| number(value, 1..=65_535))
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(587),
        tls: section.get("tls", word(TLS)).unwrap_or(RelayTls::Starttls),
        ca,
        user,
        password,
        from: from.unwrap_or_else(|| MailAddress::of_appliance(&appliance.name)),
        timeout: section.get("timeout", some_time).unwrap_or(Duration::from_secs(30)),
        retry: read_retry(
            section.section("retry"),
            Retry {
                first: Duration::from_secs(5),
                max: Duration::from_mins(10),
                give_up: Duration::from_hours(24),
            },
        ),
    };
    section.finish();
    (mail, enabled)
}

/// User and password, or no login.
fn read_login(section: &mut Section<'_>) -> Option<(String, Secret)> {
    let user = section.get("user", text);
    let without = "the relay is used without a login";
    let password = secret::read(section, "password", "password_file", without);
    if section.has("user") && matches!(password, Found::Absent) {
        section.fault_of("user", "`user` needs its `password` or `password_file`");
    }
    for key in ["password", "password_file"] {
        if section.has(key) && !section.has("user") {
            section.fault_of(key, format!("`{key}` needs its `user`"));
        }
    }
    user.zip(password.secret())
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

/// How calls of every kind are made again.
const CALL_RETRY: Retry = Retry {
    first: Duration::from_secs(30),
    max: Duration::from_mins(10),
    give_up: Duration::from_hours(3),
};

fn read_voip(mut section: Section<'_>) -> (Voip, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(true);
    let voip = Voip {
        lead_out: section.get("lead_out", duration).unwrap_or(Duration::from_secs(2)),
        retry: read_retry(section.section("retry"), CALL_RETRY),
    };
    section.finish();
    (voip, enabled)
}

fn read_gsm(mut section: Section<'_>) -> (Gsm, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(true);
    let gsm = Gsm { retry: read_retry(section.section("retry"), CALL_RETRY) };
    section.finish();
    (gsm, enabled)
}

fn read_sip_message(mut section: Section<'_>) -> (SipMessage, bool) {
    let enabled = section.get("enabled", boolean).unwrap_or(false);
    let default = Retry {
        first: Duration::from_secs(5),
        max: Duration::from_mins(5),
        give_up: Duration::from_hours(6),
    };
    let sip_message = SipMessage { retry: read_retry(section.section("retry"), default) };
    section.finish();
    (sip_message, enabled)
}

fn read_retry(mut section: Section<'_>, default: Retry) -> Retry {
    // One that is wrong already is not compared.
    let mut time = |key, default| match section.get(key, some_time) {
        Some(time) => (time, true),
        None => (default, !section.has(key)),
    };
    let (first, first_right) = time("first", default.first);
    let (max, max_right) = time("max", default.max);
    let (give_up, give_up_right) = time("give_up", default.give_up);
    let at_most = |less: &str, less_time: Duration, more: &str, more_time: Duration| {
        let culprit = if section.has(less) { less } else { more };
        if less_time > more_time {
            section.fault_of(
                culprit,
                format!("expected `{less}` ({less_time:?}) to be at most `{more}` ({more_time:?})"),
            );
        }
    };
    if first_right && max_right {
        at_most("first", first, "max", max);
    }
    if max_right && give_up_right {
        at_most("max", max, "give_up", give_up);
    }
    section.finish();
    Retry { first, max, give_up }
}

/// `[texts.en]`, `[texts.es-GT]`, …
pub(super) fn read_texts(section: &Section<'_>) -> Templates {
    let mut templates = Templates::default();
    for (key, span, value) in section.entries() {
        let mut texts = section.subsection(key, value);
        let read = TextTemplates { sms: texts.get("sms", parsed), call: texts.get("call", parsed) };
        texts.finish();
        match key.parse::<Language>() {
            Ok(language) => drop(templates.by_language.insert(language, read)),
            Err(error) => section.fault_at(&span, key, error.to_string()),
        }
    }
    templates
}

impl Read {
    /// What is allowed, and probably not meant.
    pub(super) fn warn(&self, reader: &Reader<'_>) {
        let enabled = |channel| self.enabled.contains(&channel);
        if self.enabled.is_empty() {
            let message = "every channel is switched off: nobody is told";
            reader.warn(&self.places.channels, "channels", message);
        }
        if enabled(ChannelName::Mail) && self.mail.relay.is_none() {
            let message =
                "no relay is set: no mail goes out; set mail.relay, or mail.enabled = false";
            reader.warn(&self.places.mail, "mail", message);
        }
        if enabled(ChannelName::Sms) && self.modem.is_none() {
            let message =
                "there is no [modem]: no SMS goes out; add one, or set sms.enabled = false";
            reader.warn(&self.places.sms, "sms", message);
        }
        // Without a section of its own, what is said of SMS is enough.
        let is_named = !self.places.gsm.is_empty();
        if is_named && enabled(ChannelName::Gsm) && self.modem.is_none() {
            let message =
                "there is no [modem]: nobody is called; add one, or set gsm.enabled = false";
            reader.warn(&self.places.gsm, "gsm", message);
        }
        let by_sip = [
            (ChannelName::Voip, &self.places.voip, "nobody is called by SIP"),
            (ChannelName::SipMessage, &self.places.sip_message, "no text goes out by SIP"),
        ];
        for (channel, place, what) in by_sip {
            if self.without_account.contains(&channel) && !place.is_empty() {
                let message = format!(
                    "there is no [[sip.account]]: {what}; add one, or set {channel}.enabled = false"
                );
                reader.warn(place, channel.as_str(), message);
            }
        }
    }
}
