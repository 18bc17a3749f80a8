//! Standard output and standard error.

use std::env;
use std::fmt::Display;
use std::io::{self, ErrorKind, Stdout, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Whoever read our output has gone: there is nothing more to do, and nothing failed.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
pub(super) struct Closed;

/// Standard output. It is locked only while something is printed: the demo's tasks print too.
pub(super) struct Output {
    stdout: Stdout,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { stdout: io::stdout() }
    }

    /// Prints a line.
    pub(super) fn line(&mut self, line: impl Display) -> anyhow::Result<()> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// Prints a value as JSON for programs.
    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Prints bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stdout = self.stdout.lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
            Err(error) => Err(anyhow::Error::new(error).context("cannot write the output")),
            Ok(()) => Ok(()),
        }
    }
}

/// Columns of the terminal; `None` if the output is not read on one.
pub(super) fn width() -> Option<usize> {
    let stdout = rustix::stdio::stdout();
    if !rustix::termios::isatty(stdout) {
        return None;
    }
    let asked = rustix::termios::tcgetwinsize(stdout).map(|size| usize::from(size.ws_col));
    let set = || env::var("COLUMNS").ok()?.parse().ok();
    asked.ok().filter(|columns| *columns > 0).or_else(set).or(Some(80))
}

/// Says on standard error what went wrong.
pub(super) fn complain(message: &str) {
    // When even that is closed nobody can be told.
    drop(writeln!(io::stderr(), "smtp-appliance: {message}"));
}

/// A moment, in the time of this machine.
pub(super) fn time(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Text of a mail or of a peer as it may be shown on a terminal: on one line, and without
/// characters that command the terminal or turn the reading direction around.
pub(super) fn tame(text: &str) -> String {
    let tamed = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_whitespace() => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(tamed).collect()
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn what_commands_a_terminal_is_made_harmless() {
        assert_eq!(
            tame("a\u{1b}[2Jb\r\nc\u{9b}1m\u{202e}d"),
            "a\u{fffd}[2Jb  c\u{fffd}1m\u{fffd}d"
        );
        assert_eq!(tame("Ñandú 🔥"), "Ñandú 🔥");
    }
}
