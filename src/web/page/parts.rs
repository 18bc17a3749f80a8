//! The parts of the appliance, and how each is.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{badge, time};
use crate::health::{Figures, Part, State};
use crate::web::facts::{Facts, part_word};
use crate::web::words::Words;

/// All of them.
pub(super) fn all(facts: &Facts, words: &Words) -> Markup {
    let now = Timestamp::now();
    html! {
        dl.facts {
            @for (part, is) in &facts.health.parts {
                dt { (part_word(*part, words)) }
                dd {
                    (state(is, words))
                    @if *part == Part::Gsm { (signal(facts)) }
                    @if *part == Part::Disk {
                        @if let Some(bytes) = facts.free_space { ", " (time::size(bytes)) " " (words.free) }
                    }
                }
            }
        }
        dl.facts {
            dt { (words.queue) }
            dd {
                (facts.pending) " " (words.waiting) " " (words.of) " " (facts.max_pending)
                @if let Some(oldest) = facts.oldest { ". " (words.oldest_waits) " " (time::moment(oldest)) }
            }
            dt { (words.reachable) }
            dd { (facts.people) }
            @for (channel, last) in &facts.channels {
                dt { (badge::channel(*channel, words)) }
                dd {
                    @match last {
                        Some((at, outcome)) => {
                            @let (class, word, detail) = badge::outcome(outcome, words);
                            span class={ "dot " (class) } {} (word) ", " (time::moment(*at))
                            @if class != "good" { ": " (detail) }
                        },
                        None => span.quiet { (words.no_outcome) },
                    }
                }
            }
            dt { (words.clock) }
            dd { (time::moment(now)) }
            dt { (words.memory) }
            dd { @match facts.memory { Some(bytes) => (time::size(bytes)), None => "?" } }
            dt { (words.running_since) }
            dd { (time::length(facts.running)) }
            dt { (words.version) }
            dd { (env!("CARGO_PKG_VERSION")) }
        }
    }
}

/// How a part is, and why.
pub(super) fn state(state: &State, words: &Words) -> Markup {
    let (class, word) = match state {
        State::Off => ("", words.part_off),
        State::Ok => ("good", words.part_ok),
        State::Degraded(_) => ("warn", words.part_degraded),
        State::Down(_) => ("bad", words.part_down),
    };
    html! {
        span class={ "dot " (class) } {} (word)
        @if let Some(why) = state.why() { ": " (why) }
    }
}

/// The network's name, and how well it is received.
fn signal(facts: &Facts) -> Markup {
    let figures = &facts.health.figures;
    html! {
        @if let Some(operator) = &figures.operator { ", " (operator) }
        @if let Some(dbm) = figures.signal_dbm { ", " (dbm) " dBm" }
        @if let Some(bars) = figures.signal_bars { " (" (bars) "/4)" }
    }
}

/// What is known of the GSM network.
pub(super) fn gsm(figures: &Figures, words: &Words) -> Markup {
    html! {
        dl.facts {
            dt { (words.operator) } dd { (figures.operator.as_deref().unwrap_or(words.unknown)) }
            dt { (words.signal) }
            dd {
                @match figures.signal_dbm {
                    Some(dbm) => { (dbm) " dBm" @if let Some(bars) = figures.signal_bars { " (" (bars) "/4)" } },
                    None => (words.unknown),
                }
            }
            // No network is asked for it: the codes differ, and some cost money.
            dt { (words.balance) } dd { (words.unknown) }
        }
    }
}
