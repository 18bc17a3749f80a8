//! `[modem]`, `[modem.audio]`, `[modem.balance]`.

use std::time::Duration;

use toml::de::DeValue;

use super::secret;
use super::section::Section;
use super::value::{amount, boolean, duration, number, parsed, path, pattern, word};
use crate::config::{Modem, ModemAudio, ModemBalance, ModemModel, PhoneNumber};

const MODELS: &[(&str, ModemModel)] = &[
    ("sim900", ModemModel::Sim900),
    ("sim800", ModemModel::Sim800),
    ("sim7600", ModemModel::Sim7600),
];

/// Line speeds a serial port can be set to.
const SPEEDS: [u64; 9] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400];

/// The shortest interval: each question costs the network something, some cost money.
const OFTEN: Duration = Duration::from_hours(1);

/// Most characters of an operator's code.
const MAX_CODE: usize = 40;

pub(super) fn read(mut section: Section<'_>) -> Option<Modem> {
    let device = section.require("device", path);
    let baud = section.get("baud", |value| match number(value, 1..=10_000_000) {
        Ok(baud) if SPEEDS.contains(&baud) => u32::try_from(baud).map_err(|e| e.to_string()),
        Ok(_) | Err(_) => Err("expected a line speed, such as 9600, 19200 or 115200".to_owned()),
    });
    let without = "a SIM card that asks for its PIN stays locked";
    let pin = secret::read(&mut section, "pin", "pin_file", without).secret();
    let is_pin =
        |pin: &str| (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
    if pin.as_ref().is_some_and(|pin| !is_pin(pin.reveal())) {
        let key = if section.has("pin") { "pin" } else { "pin_file" };
        section.fault_of(key, "expected a PIN of 4 to 8 digits in quotes");
    }
    let model = section.get("model", word(MODELS));
    let smsc = section.get("smsc", parsed::<PhoneNumber>);
    let audio = read_audio(section.section("audio"));
    let balance = read_balance(section.section("balance"));
    section.finish();
    device.map(|device| Modem { device, baud, pin, model, smsc, audio, balance })
}

fn read_audio(mut section: Section<'_>) -> ModemAudio {
    let mut small = |key, most| {
        section
            .get(key, |value| number(value, 0..=most))
            .and_then(|number| u8::try_from(number).ok())
    };
    let audio = ModemAudio {
        channel: small("channel", 9),
        microphone_gain: small("microphone_gain", 15),
        volume: small("volume", 100),
        echo_cancellation: section.get("echo_cancellation", boolean),
    };
    section.finish();
    audio
}

fn read_balance(mut section: Section<'_>) -> Option<ModemBalance> {
    let code = section.get("code", code);
    let interval = section.get("interval", interval);
    let warning = section.get("warning", amount);
    let pattern = section.get("pattern", pattern);
    for key in ["interval", "warning", "pattern"] {
        if section.has(key) && !section.has("code") {
            section.warn_of(key, "without the operator's `code` nobody asks for the balance");
        }
    }
    section.finish();
    let code = code.filter(|code| !code.is_empty())?;
    let interval = interval.unwrap_or(Duration::from_hours(24));
    Some(ModemBalance { code, interval, warning, pattern })
}

/// An operator's code; empty for none.
fn code(value: &DeValue<'_>) -> Result<String, String> {
    let right = |code: &&str| {
        code.len() <= MAX_CODE && code.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b))
    };
    let expected = "expected the operator's code, such as \"*100#\": digits, * and #";
    value.as_str().filter(right).map(str::to_owned).ok_or_else(|| expected.to_owned())
}

fn interval(value: &DeValue<'_>) -> Result<Duration, String> {
    let interval = duration(value)?;
    if interval < OFTEN {
        return Err("expected at least \"1 h\": each question costs the network something".into());
    }
    Ok(interval)
}
