//! `[board]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::de::DeValue;

use super::section::{Reader, Section};
use super::value::{parsed, time_within, word};
use crate::config::board::Pin;
use crate::config::{Board, BoardKind, Directory, Pins};

const KINDS: &[(&str, BoardKind)] =
    &[("raspberry-pi", BoardKind::RaspberryPi), ("simulated", BoardKind::Simulated)];

/// Pins of the header that belong to the modem's serial port.
const SERIAL: [Pin; 2] = [14, 15];

/// Where each pin was named first.
type Named = BTreeMap<Pin, String>;

/// `None` without the section: then no pin is touched.
pub(super) fn read<'a>(
    mut section: Section<'a>,
    reader: &'a Reader<'a>,
    directory: &Directory,
) -> Option<Board> {
    let is_there = section.is_there();
    let default = Board::default();
    let admin = section.get("admin", parsed);
    if let Some(name) = &admin
        && !directory.people.contains_key(name)
    {
        section.fault_of("admin", format!("there is no person \"{name}\""));
    }
    let board = Board {
        kind: section.get("kind", word(KINDS)).unwrap_or(default.kind),
        admin,
        buzzer_after: section
            .get("buzzer_after", time_within(Duration::from_secs(1)..=Duration::from_hours(24)))
            .unwrap_or(default.buzzer_after),
        pins: read_pins(&mut section, reader),
    };
    section.finish();
    is_there.then_some(board)
}

fn read_pins<'a>(section: &mut Section<'a>, reader: &'a Reader<'a>) -> Pins {
    let default = Pins::default();
    let mut named = Named::new();
    let mut one = |key: &'static str, default: Option<Pin>| {
        let Some((pin, place)) = section.get_spanned(key, pin_or_off) else {
            // What is not said keeps its place only as long as nobody else takes it.
            return if section.has(key) { None } else { default };
        };
        note(&mut named, pin, &place, &section.key(key), reader);
        pin
    };
    let mut pins = Pins {
        led_health: one("led_health", default.led_health),
        led_network: one("led_network", default.led_network),
        led_gsm: one("led_gsm", default.led_gsm),
        led_sip: one("led_sip", default.led_sip),
        led_alert: one("led_alert", default.led_alert),
        led_fault: one("led_fault", default.led_fault),
        buzzer: one("buzzer", default.buzzer),
        pwrkey: one("pwrkey", default.pwrkey),
        reset: one("reset", default.reset),
        status: one("status", default.status),
        button: one("button", default.button),
        relays: Vec::new(),
        contacts: Vec::new(),
    };
    let mut several = |key: &'static str| {
        let list = section.list_spanned(key, pin).unwrap_or_default();
        for (pin, place) in &list {
            note(&mut named, Some(*pin), place, &section.key(key), reader);
        }
        list.into_iter().map(|(pin, _)| pin).collect::<Vec<_>>()
    };
    (pins.relays, pins.contacts) = (several("relays"), several("contacts"));
    give_way(&mut pins, section, &named);
    pins
}

/// A pin that was named for something else is no longer that of a default.
fn give_way(pins: &mut Pins, section: &Section<'_>, named: &Named) {
    let singles = [
        ("led_health", &mut pins.led_health),
        ("led_network", &mut pins.led_network),
        ("led_gsm", &mut pins.led_gsm),
        ("led_sip", &mut pins.led_sip),
        ("led_alert", &mut pins.led_alert),
        ("led_fault", &mut pins.led_fault),
        ("buzzer", &mut pins.buzzer),
        ("pwrkey", &mut pins.pwrkey),
        ("reset", &mut pins.reset),
        ("status", &mut pins.status),
        ("button", &mut pins.button),
    ];
    for (key, pin) in singles {
        if !section.has(key) && pin.is_some_and(|pin| named.contains_key(&pin)) {
            *pin = None;
        }
    }
}

fn note<'a>(
    named: &mut Named,
    pin: Option<Pin>,
    place: &Range<usize>,
    key: &str,
    reader: &'a Reader<'a>,
) {
    let Some(pin) = pin else { return };
    if let Some(first) = named.get(&pin) {
        reader.fault(place, key, format!("pin {pin} is that of {first} already"));
    } else {
        named.insert(pin, key.to_owned());
    }
}

fn pin_or_off(value: &DeValue<'_>) -> Result<Option<Pin>, String> {
    if value.as_str() == Some("off") { Ok(None) } else { pin(value).map(Some) }
}

fn pin(value: &DeValue<'_>) -> Result<Pin, String> {
    let expected = "expected a pin by its BCM number, 2 to 27, or \"off\"";
    let number = super::value::number(value, 2..=27).map_err(|_| expected.to_owned())?;
    let pin = Pin::try_from(number).map_err(|_| expected.to_owned())?;
    if SERIAL.contains(&pin) {
        return Err(format!("pin {pin} is that of the serial port to the modem"));
    }
    Ok(pin)
}
