//! The newest lines of the log, in memory, for who looks at it from afar. What is never logged is
//! not here either.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Most lines that are kept.
const MOST: usize = 1000;

/// Longest line, in bytes.
const LONGEST: usize = 1000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counts up from 1.
    pub number: u64,
    /// Wall clock.
    pub at: Timestamp,
    /// How important it is.
    pub level: Level,
    /// The message and its fields.
    pub text: String,
}

static LINES: Mutex<(u64, VecDeque<Line>)> = Mutex::new((0, VecDeque::new()));

/// The newest lines, the newest first.
#[must_use]
pub fn recent() -> Vec<Line> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).1.iter().rev().cloned().collect()
}

/// Keeps what passes the filter.
#[derive(Debug)]
pub(super) struct Keep;

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let Text { message, fields } = text;
        let mut text = message + &fields;
        if let Some((end, _)) = text.char_indices().find(|(at, _)| *at >= LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        let level = *event.metadata().level();
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.0 += 1;
        let line = Line { number: lines.0, at: Timestamp::now(), level, text };
        if lines.1.len() >= MOST {
            lines.1.pop_front();
        }
        lines.1.push_back(line);
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a text does not fail.
        match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        }
        .unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn the_newest_lines_are_kept() {
        let subscriber = tracing_subscriber::registry().with(Keep);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1500 {
                tracing::info!(number, who = "ana", "kept in memory");
            }
            tracing::warn!("long {}", "ñ".repeat(5000));
        });
        let lines = recent();
        assert!(lines.len() <= MOST);
        assert_eq!(lines[1].text, "kept in memory number=1499 who=ana");
        assert_eq!((lines[0].level, lines[0].text.ends_with('…')), (Level::WARN, true));
        assert!(lines[0].number > lines[1].number);
    }
}
