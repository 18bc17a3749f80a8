//! What differs between languages, as data: how things are read, and what a call itself says.

mod en;
mod es;
mod neutral;
mod talk;

use crate::config::Language;

pub(super) use talk::{Talk, talk};

/// How a text is read. A word that is left empty is not said.
#[derive(Debug)]
pub(super) struct Reading {
    /// Whether only Latin letters are said; no other are known to the voices.
    pub latin: bool,
    /// Whether `1,5` has a decimal comma and `1.234` is grouped by a point.
    pub decimal_comma: bool,
    /// Whether `11/3/2026` is the third of November.
    pub month_first: bool,
    /// Digits by their words, for names that a number would change (`web-01`).
    pub digits: [&'static str; 10],
    /// Between whole number and fraction; unset leaves decimals to the voice.
    pub point: Option<&'static str>,
    pub words: Words,
    /// What spelled letters are said as where the letter alone is no letter to the voice.
    pub letters: &'static [(char, &'static str)],
    pub date: fn(day: u32, month: u32, year: Option<u32>) -> String,
    pub time: fn(hour: u32, minute: u32) -> String,
    /// The longer sign of two with the same beginning comes first.
    pub units: &'static [Unit],
    /// What may follow a unit: `/s`.
    pub per: &'static [(&'static str, &'static str)],
    /// Words of state, in capitals or before a punctuation mark.
    pub states: &'static [(&'static str, &'static str)],
    /// Turns of alert mails, to the letter.
    pub phrases: &'static [(&'static str, &'static str)],
    /// Names and abbreviations in lower case.
    pub names: &'static [(&'static str, &'static str)],
    pub emoji: &'static [(char, &'static str)],
}

/// The words that signs are said as.
#[derive(Debug)]
pub(super) struct Words {
    pub dot: &'static str,
    pub minus: &'static str,
    pub plus: &'static str,
    pub plus_minus: &'static str,
    pub times: &'static str,
    /// `5e-3`: between the number and the power of ten.
    pub power: &'static str,
    pub and: &'static str,
    pub at: &'static str,
    pub slash: &'static str,
    pub dash: &'static str,
    pub port: &'static str,
    pub of: &'static str,
    pub to: &'static str,
    pub becomes: &'static str,
    pub is: &'static str,
    pub is_not: &'static str,
    pub less: &'static str,
    pub at_most: &'static str,
    pub greater: &'static str,
    pub at_least: &'static str,
    pub about: &'static str,
    pub number: &'static str,
    pub version: &'static str,
    pub drive: &'static str,
    pub hex: &'static str,
    pub hex_code: &'static str,
    pub long_number: &'static str,
    pub link: &'static str,
    pub mac: &'static str,
    pub ipv6: &'static str,
    /// One, and several alerts that fire or are resolved.
    pub firing: [&'static str; 2],
    pub resolved: [&'static str; 2],
}

/// A unit of measure.
#[derive(Debug)]
pub(super) struct Unit {
    pub signs: &'static [&'static str],
    /// "one hour": number and unit.
    pub one: &'static str,
    /// "hours"
    pub many: &'static str,
}

const fn unit(signs: &'static [&'static str], one: &'static str, many: &'static str) -> Unit {
    Unit { signs, one, many }
}

/// The rules of a language: those of English and Spanish, else none but the voice's own.
pub(super) fn reading(language: &Language) -> &'static Reading {
    match language.primary() {
        "en" => &en::READING,
        "es" => &es::READING,
        _ => &neutral::READING,
    }
}
