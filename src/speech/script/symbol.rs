//! Signs: said by their word, heard as a pause, or not at all.

use super::read::Reader;

impl Reader<'_> {
    /// One sign, or a row of them. Takes at least one character.
    pub(super) fn symbol(&mut self, rest: &str) -> Option<usize> {
        let c = rest.chars().next()?;
        let same = rest.len() - rest.trim_start_matches(c).len();
        let run = same / c.len_utf8();
        let after = rest.get(same..)?;
        match c {
            '\n' => self.line_end(after),
            '!' if after.starts_with('=') && run == 1 => return Some(self.comparison(rest, same)),
            '.' if run > 1 => self.out.pause(','),
            '.' | '!' | '?' => self.full_stop(c, after),
            '…' | ',' | ';' | '|' | '•' | '·' | '–' | '—' | '{' | '}' | '(' | ')' => {
                if c == '(' && rest.starts_with("(s)") {
                    return Some(3);
                }
                self.out.pause(',');
            }
            '[' => {
                self.opening_bracket = self.out.at_start();
                self.out.pause(',');
            }
            ']' => {
                let opened = std::mem::take(&mut self.opening_bracket);
                self.out.pause(if opened { ':' } else { ',' });
            }
            ':' => return Some(self.colon(rest, after, same)),
            '-' => return Some(self.hyphen(rest, run)),
            '/' => self.slash(after, run),
            '<' | '>' | '=' | '≤' | '≥' | '≠' | '→' | '⇒' | '⟶' | '➜' => {
                return Some(self.comparison(rest, same));
            }
            '\\' => return Some(self.backslash(rest)),
            _ => self.word_of(c, run, after),
        }
        Some(same)
    }

    /// A line that goes on in small letters is only folded.
    fn line_end(&mut self, after: &str) {
        let next = after.trim_start_matches(' ');
        if !next.starts_with(char::is_lowercase) {
            self.out.stop('.');
        }
    }

    fn full_stop(&mut self, c: char, after: &str) {
        let inside = after.starts_with(|c: char| c.is_alphanumeric());
        if c != '.' || !inside {
            self.out.stop(c);
        } else if after.starts_with(char::is_uppercase) {
            self.out.stop('.');
        }
    }

    fn colon(&mut self, rest: &str, after: &str, same: usize) -> usize {
        if self.begins() {
            let port = self.port(rest);
            if port > 0 {
                return port;
            }
        }
        let ends = after.chars().next().is_none_or(char::is_whitespace);
        self.out.pause(if ends && same == 1 { ':' } else { ',' });
        same
    }

    fn hyphen(&mut self, rest: &str, run: usize) -> usize {
        let words = &self.reading.words;
        let after = rest.get(run..).unwrap_or_default();
        let before = self.before();
        let digit = |c: char| c.is_ascii_digit();
        let joined =
            before.is_some_and(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric);
        if after.starts_with('>') {
            self.out.say(words.becomes);
            return run + 1;
        }
        if run == 1 && joined {
            if before.is_some_and(digit) && after.starts_with(digit) {
                self.out.say(words.to);
            }
        } else if run == 1
            && after.starts_with(digit)
            && before.is_none_or(|c| c.is_whitespace() || "([{=:,<>~\"'≈≤≥".contains(c))
        {
            self.out.say(words.minus);
        } else {
            self.out.pause(',');
        }
        run
    }

    fn slash(&mut self, after: &str, run: usize) {
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        if run == 1 && blank(self.before()) && blank(after.chars().next()) {
            self.out.say(self.reading.words.slash);
        } else {
            self.out.pause(',');
        }
    }

    /// `>`, `<=`, `!=`, `->` where they compare or lead, not where they quote or enclose.
    fn comparison(&mut self, rest: &str, run: usize) -> usize {
        let words = &self.reading.words;
        let signs = [
            ("=>", words.becomes),
            ("→", words.becomes),
            ("⇒", words.becomes),
            ("⟶", words.becomes),
            ("➜", words.becomes),
            (">=", words.at_least),
            ("=<", words.at_most),
            ("<=", words.at_most),
            ("≥", words.at_least),
            ("≤", words.at_most),
            ("!=", words.is_not),
            ("<>", words.is_not),
            ("≠", words.is_not),
            ("==", words.is),
            ("=", words.is),
            (">", words.greater),
            ("<", words.less),
        ];
        let Some((sign, said)) = signs.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            return run;
        };
        let after = rest.get(sign.len()..).unwrap_or_default();
        let next = after.trim_start_matches(' ').chars().next();
        let spaced = self.before().is_none_or(char::is_whitespace);
        let number = after.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let apart = spaced && after.starts_with(' ') && !self.line_start();
        let compares = match *sign {
            ">" | "<" => number || apart,
            "=" | "==" => run < 3 && !self.line_start(),
            _ => true,
        };
        let something = next.is_some_and(|c| c.is_alphanumeric() || "-+\"'/~.".contains(c));
        if compares && something {
            self.out.say(said);
        }
        if run > 2 { run } else { sign.len() }
    }

    fn line_start(&self) -> bool {
        self.out.at_start() || self.before().is_none_or(|c| c == '\n')
    }

    /// `\n` and its like as texts of programs have them; else nothing.
    fn backslash(&mut self, rest: &str) -> usize {
        let mut chars = rest.chars().skip(1);
        let escape = chars.next().is_some_and(|c| matches!(c, 'n' | 'r' | 't' | '0'));
        if escape && !chars.next().is_some_and(char::is_lowercase) {
            self.out.pause(',');
            return 2;
        }
        1
    }

    fn word_of(&mut self, c: char, run: usize, after: &str) {
        let words = &self.reading.words;
        let number_next = after.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_digit());
        let alone = !self.before().is_some_and(char::is_alphanumeric);
        let said = match c {
            _ if c.is_whitespace() => return,
            '&' => words.and,
            '@' if after.starts_with(char::is_alphanumeric) => words.at,
            '#' | '№' if number_next && run == 1 => words.number,
            '+' if number_next && run == 1 => words.plus,
            '±' => words.plus_minus,
            '×' => words.times,
            '~' | '≈' if number_next && alone => words.about,
            _ => {
                if let Some((_, said)) = self.reading.emoji.iter().find(|(emoji, _)| *emoji == c) {
                    self.out.pause(',');
                    self.out.say(said);
                    self.out.pause(',');
                }
                return;
            }
        };
        self.out.say(said);
    }
}
