//! What became of the alerts of a time: by hour and day, by host, severity and source; how long
//! until somebody was told. `figures` holds what was counted, in a memory that does not grow with the
//! history; `counting` goes through the history once and then follows it; `lengths` are medians.

mod counting;
mod figures;
mod lengths;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::lengths::Lengths;
use crate::alert::Severity;
use crate::config::ChannelName;

pub(super) use counting::{Counting, figures, follow};

/// Which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Week,
    Month,
}

impl Span {
    pub(super) const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The span of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == name)
    }

    /// The width of one bar.
    pub(super) const fn step(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Day => 1,
            Self::Week => 6,
            Self::Month => 24,
        })
    }

    /// How many bars there are; the last is the one that is not over yet.
    pub(super) const fn bars(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 28,
            Self::Month => 30,
        }
    }
}

/// The figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Statistics {
    /// Begin of each bar, and how many alerts came in it.
    pub(super) bars: Vec<(Timestamp, u64)>,
    pub(super) alerts: u64,
    pub(super) dropped: u64,
    pub(super) failed: u64,
    /// The most first.
    pub(super) hosts: Vec<(String, u64)>,
    pub(super) sources: Vec<(String, u64)>,
    pub(super) clients: Vec<(String, u64)>,
    /// The gravest first; `None`: the mail does not tell.
    pub(super) severities: Vec<(Option<Severity>, u64)>,
    pub(super) channels: Vec<(ChannelName, Reached)>,
    pub(super) people: Vec<(String, Reached)>,
}

/// How well somebody is reached, or by something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) told: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    pub(super) tries: u64,
    /// From the mail to the first telling, each.
    told_after: Lengths,
    acknowledged_after: Lengths,
}

impl Reached {
    /// The middle one.
    pub(super) fn told_median(&self) -> Option<Duration> {
        self.told_after.median()
    }

    pub(super) fn acknowledged_median(&self) -> Option<Duration> {
        self.acknowledged_after.median()
    }

    /// Told of told and failed, in percent.
    pub(super) fn success(&self) -> Option<u64> {
        (self.told * 100).checked_div(self.told + self.failed)
    }
}
