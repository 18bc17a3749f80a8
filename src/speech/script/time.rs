//! Dates and times of day.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::read::{Reader, pattern};

/// Names of the months in mails, English and Spanish, by their first three letters.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene"],
    &["feb"],
    &["mar"],
    &["apr", "abr"],
    &["may"],
    &["jun"],
    &["jul"],
    &["aug", "ago"],
    &["sep"],
    &["oct"],
    &["nov"],
    &["dec", "dic"],
];

const WEEKDAY: &str = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Lun|Mar|Mié|Jue|Vie|Sáb|Dom|lun|mar|mié|jue|vie|sáb|dom)[a-záé]{0,6}\.?,?\s+)?";
const MONTH: &str =
    r"(?P<month>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)[a-z]{0,7})\.?";
const TIME: &str = concat!(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?",
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\b\.?)?",
    r"(?:\s?(?P<zone>Z\b|UTC\b|GMT\b|CES?T\b|[+-]\d{2}:?\d{2}\b))?",
);

/// The ways to write a date, each with or without a time.
static DATES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let with_time = |date: &str| pattern(&format!(r"^{date}(?:(?:T|\s|,\s?){TIME})?"));
    [
        with_time(r"(?P<year>[12]\d{3})[-/](?P<month>\d{2})[-/](?P<day>\d{2})"),
        with_time(
            r"(?P<first>\d{1,2})(?P<by>[/.])(?P<second_of_three>\d{1,2})[/.](?P<year>[12]\d{3})",
        ),
        with_time(&format!(
            r"{WEEKDAY}(?P<day>\d{{1,2}})\s+(?:de\s+)?{MONTH}(?:,?\s+(?:de\s+)?(?P<year>[12]\d{{3}}))"
        )),
        // `Nov 23 19:47:35`, `Mon Nov 23 19:47:35 UTC 2026`, `November 23, 2026`
        pattern(&format!(
            r"^{WEEKDAY}{MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>[12]\d{{3}})\b)?(?:,?\s+{TIME}(?:\s(?P<later>[12]\d{{3}})\b)?)?"
        )),
    ]
});

fn number(found: &Captures<'_>, group: &str) -> Option<u32> {
    found.name(group)?.as_str().parse().ok()
}

fn month(found: &Captures<'_>) -> Option<u32> {
    let text = found.name("month")?.as_str();
    if let Ok(month) = text.parse() {
        return Some(month);
    }
    let lower = text.to_lowercase();
    let known = |names: &&[&str]| names.iter().any(|name| lower.starts_with(name));
    (1..).zip(MONTHS).find(|(_, names)| known(names)).map(|(month, _)| month)
}

fn ends(rest: &str, used: usize) -> bool {
    rest.get(used..)
        .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

impl Reader<'_> {
    /// A date, with its time when there is one.
    pub(super) fn date(&mut self, rest: &str) -> Option<usize> {
        if !rest.starts_with(char::is_alphanumeric) || !self.begins() {
            return None;
        }
        let found = DATES.iter().find_map(|date| date.captures(rest))?;
        let used = found.get(0)?.end();
        let year = number(&found, "year").or_else(|| number(&found, "later"));
        let (day, month) = match (number(&found, "first"), number(&found, "second_of_three")) {
            (Some(first), Some(second)) => {
                let slash = found.name("by").is_some_and(|by| by.as_str() == "/");
                let month_first = (self.reading.month_first && slash && first <= 12) || second > 12;
                if month_first { (second, first) } else { (first, second) }
            }
            _ => (number(&found, "day")?, month(&found)?),
        };
        let time = found.name("hour").is_some();
        let valid = (1..=31).contains(&day) && (1..=12).contains(&month);
        if !valid
            || !(time || year.is_some())
            || !ends(rest, used)
            || (time && !on_the_clock(&found))
        {
            return None;
        }
        self.out.say(&(self.reading.date)(day, month, year));
        if time {
            self.out.pause(',');
            self.clock(&found)?;
        }
        Some(used)
    }

    /// `14:05`, `2:05 pm`, `19:47:35 +0100`.
    pub(super) fn time(&mut self, rest: &str) -> Option<usize> {
        static ALONE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^{TIME}")));
        let found = ALONE.captures(rest)?;
        let used = found.get(0)?.end();
        let goes_on = rest.get(used..)?.starts_with(':');
        if !self.begins() || goes_on || !ends(rest, used) || !on_the_clock(&found) {
            return None;
        }
        let seconds = number(&found, "second").filter(|_| found.name("zone").is_none());
        match (seconds, self.reading.units.len()) {
            // As likely a length of time; in words both are right.
            (Some(seconds), 2..) => {
                self.count(number(&found, "hour")?, "h");
                self.count(number(&found, "minute")?, "min");
                self.count(seconds, "s");
            }
            _ => self.clock(&found)?,
        }
        Some(used)
    }

    fn clock(&mut self, found: &Captures<'_>) -> Option<()> {
        let (hour, minute) = (number(found, "hour")?, number(found, "minute")?);
        self.out.say(&(self.reading.time)(hour, minute));
        if let Some(half) = found.name("half") {
            self.spell(&format!("{}M", half.as_str().to_uppercase()));
        }
        if let Some(zone) = found.name("zone") {
            self.out.pause(',');
            self.zone(zone.as_str());
        }
        self.out.pause(',');
        Some(())
    }

    fn zone(&mut self, zone: &str) {
        let words = &self.reading.words;
        let Some(offset) = zone.strip_prefix(['+', '-']) else {
            return self.spell(if zone == "Z" { "UTC" } else { zone });
        };
        self.spell("UTC");
        let (hours, minutes) = offset.split_at(2);
        let minutes = minutes.trim_start_matches(':').trim_start_matches('0');
        let hours = hours.trim_start_matches('0');
        if !hours.is_empty() || !minutes.is_empty() {
            self.out.say(if zone.starts_with('-') { words.minus } else { words.plus });
            self.out.say(if hours.is_empty() { "0" } else { hours });
            self.out.say(minutes);
        }
    }

    fn count(&mut self, count: u32, sign: &str) {
        if count > 0 {
            self.number(&format!("{count} {sign}"));
        }
    }
}

fn on_the_clock(found: &Captures<'_>) -> bool {
    let below = |group: &str, limit: u32| number(found, group).is_none_or(|number| number < limit);
    below("hour", 24) && below("minute", 60) && below("second", 61)
}
