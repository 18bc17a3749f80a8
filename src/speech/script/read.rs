//! The way through a text: at each point the first reader that knows what stands there says it.

use std::sync::LazyLock;

use regex::Regex;

use super::clean::clean;
use super::language::Reading;
use super::lexicon::{Lexicon, goes_on};
use super::sentence::Speech;

/// A text on its way to words.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    pub reading: &'static Reading,
    pub lexicon: &'a Lexicon<'a>,
    pub out: Speech,
    /// Whether the bracket that is open opened the sentence: `[PROBLEM] …`.
    pub opening_bracket: bool,
}

/// The sentences of a text, about `limit` characters at most, and whether there was more.
pub(super) fn read(
    text: &str,
    reading: &'static Reading,
    lexicon: &Lexicon<'_>,
    limit: usize,
) -> (Vec<String>, bool) {
    let clean = clean(text);
    let text = without_replies(&clean);
    let mut reader = Reader {
        text,
        at: 0,
        reading,
        lexicon,
        out: Speech::new(reading.latin),
        opening_bracket: false,
    };
    while reader.out.len() < limit && reader.step(text) {}
    let rest = text.get(reader.at..).unwrap_or_default();
    let more = rest.chars().any(char::is_alphanumeric);
    (reader.out.finish(), more)
}

/// A subject without `Re: Fwd: `.
fn without_replies(text: &str) -> &str {
    static REPLY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:(?i:re|fwd?|aw|wg|rv|tr|enc)(?:\[\d{1,3}\])?:\s*)+"));
    let end = REPLY.find(text).map_or(0, |found| found.end());
    text.get(end..).unwrap_or(text)
}

#[expect(clippy::expect_used, reason = "patterns are constants, and every one is tried by a test")]
pub(super) fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("a pattern")
}

impl Reader<'_> {
    /// Each says what a text begins with and returns its length in bytes, or knows nothing of it. The
    /// more special come before the more general; the last ones take whatever is left.
    const READERS: [fn(&mut Self, &str) -> Option<usize>; 23] = [
        Self::own_word,
        Self::phrase,
        Self::marker,
        Self::markup,
        Self::url,
        Self::mail_address,
        Self::uuid,
        Self::mac,
        Self::ipv6,
        Self::date,
        Self::time,
        Self::ipv4,
        Self::phone,
        Self::hex,
        Self::duration,
        Self::version,
        Self::interface,
        Self::number,
        Self::drive,
        Self::path,
        Self::host,
        Self::name,
        Self::symbol,
    ];

    /// Reads one thing; false at the end of the text.
    fn step(&mut self, text: &str) -> bool {
        let Some(rest) = text.get(self.at..).filter(|rest| !rest.is_empty()) else { return false };
        let used = Self::READERS.iter().find_map(|read| read(self, rest));
        // A reader that took nothing would stay here for ever.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        self.at += used.unwrap_or(first).max(first);
        true
    }

    /// The character before the one that is read.
    pub(super) fn before(&self) -> Option<char> {
        self.text.get(..self.at)?.chars().next_back()
    }

    /// Whether a word may begin here: not in the middle of `web-01` or `/var/log`.
    pub(super) fn begins(&self) -> bool {
        let inside = |c: char| c.is_alphanumeric() || "-_@/.\\".contains(c);
        !self.before().is_some_and(inside)
    }

    fn own_word(&mut self, rest: &str) -> Option<usize> {
        if !self.begins() {
            return None;
        }
        let (length, said) = self.lexicon.at(rest)?;
        self.out.say(said);
        Some(length)
    }

    fn phrase(&mut self, rest: &str) -> Option<usize> {
        if !self.begins() {
            return None;
        }
        let (phrase, said) =
            self.reading.phrases.iter().find(|(phrase, _)| rest.starts_with(phrase))?;
        let goes_on = phrase.ends_with(char::is_alphanumeric)
            && rest.get(phrase.len()..).is_some_and(goes_on);
        if goes_on {
            return None;
        }
        self.out.say(said);
        Some(phrase.len())
    }

    /// Alertmanager's `[FIRING:2]`, Grafana's `[FIRING:1, RESOLVED:2]`.
    fn marker(&mut self, rest: &str) -> Option<usize> {
        static MARKER: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^\[(?:FIRING(?::(\d{1,6}))?)?(?:,\s*)?(?:RESOLVED(?::(\d{1,6}))?)?\]")
        });
        let found = MARKER.captures(rest)?;
        let whole = found.get(0)?.as_str();
        let counts = [
            ("FIRING", 1, self.reading.words.firing),
            ("RESOLVED", 2, self.reading.words.resolved),
        ];
        let both = whole.contains("FIRING") && whole.contains("RESOLVED");
        let mut any = false;
        for (word, group, [one, many]) in counts {
            if !whole.contains(word) {
                continue;
            }
            any = true;
            let count = found.get(group).map_or("1", |count| count.as_str());
            if both || count != "1" {
                self.out.say(count);
            }
            self.out.say(if count == "1" { one } else { many });
            self.out.pause(if both && word == "FIRING" { ',' } else { ':' });
        }
        any.then_some(whole.len())
    }

    /// HTML left in a text, entities, and the redirections of a shell: not said.
    fn markup(&mut self, rest: &str) -> Option<usize> {
        static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"^(?:<!--[^<>]*>|</?(?i:a|b|i|u|p|br|div|span|table|tbody|thead|tr|td|th|ul|ol",
                r"|li|h[1-6]|strong|em|font|html|body|head|pre|code|img|hr|style|title|meta|link",
                r"|center|small)\b[^<>\n]*>|&(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[0-9a-fA-F]{1,6});",
                r"|\d?>{1,2}(?:&\d|\s?/dev/null))"
            ))
        });
        if !rest.starts_with(['<', '&', '>']) && !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let found = MARKUP.find(rest)?.as_str();
        if found == "&amp;" {
            self.out.say(self.reading.words.and);
        }
        Some(found.len())
    }
}
