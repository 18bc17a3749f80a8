//! The parts of the appliance, and how each is.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{badge, self_test, time};
use crate::board::Led;
use crate::control::{SipAccountView, SipState};
use crate::health::{Balance, Figures, Part, State};
use crate::web::facts::{Facts, part_word};
use crate::web::lights::Shine;
use crate::web::words::Words;

/// All of them.
pub(super) fn all(facts: &Facts, words: &Words) -> Markup {
    html! {
        div.grid {
            section.card aria-labelledby="parts" {
                h2 #parts { (words.parts) }
                dl.facts {
                    @for (part, is) in &facts.health.parts {
                        dt { (part_word(*part, words)) } dd { (state(is, words)) }
                    }
                }
            }
            section.card aria-labelledby="channels" {
                h2 #channels { (words.channels) }
                (channels(facts, words))
            }
            section.card aria-labelledby="gsm" {
                h2 #gsm { (words.part_gsm) }
                p { (state(facts.health.of(Part::Gsm), words)) }
                (gsm(&facts.health.figures, words))
            }
            section.card aria-labelledby="sip" {
                h2 #sip { (words.part_sip) }
                @if facts.sip.is_empty() { p { (state(facts.health.of(Part::Sip), words)) } }
                @for account in &facts.sip { (sip(account, words)) }
            }
            section.card aria-labelledby="machine" {
                h2 #machine { (words.machine) }
                (machine(facts, words))
            }
            @if !facts.lights.is_empty() {
                section.card aria-labelledby="lights" {
                    h2 #lights { (words.lights) }
                    (lights(&facts.lights, words))
                }
            }
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

fn channels(facts: &Facts, words: &Words) -> Markup {
    html! {
        dl.facts {
            dt { (words.queue) }
            dd {
                (facts.pending) " " (words.waiting) " " (words.of) " " (facts.max_pending)
                @if let Some(oldest) = facts.oldest { ". " (words.oldest_waits) " " (time::moment(oldest)) }
            }
            dt { (words.reachable) } dd { (facts.people) }
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
        }
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
            dt { (words.balance) } dd { (balance(figures.balance.as_ref(), words)) }
        }
    }
}

/// Nobody asks for it unless a code is configured: some cost money.
fn balance(balance: Option<&Balance>, words: &Words) -> Markup {
    let amount = balance.and_then(|balance| balance.amount.zip(balance.at));
    html! {
        @match amount {
            Some((amount, at)) => { (amount) " (" (time::moment(at)) ")" },
            None => (words.unknown),
        }
        @if let Some(Balance { trouble: Some(trouble), text, .. }) = balance {
            div { span.dot.warn {} (trouble) }
            @if let Some(text) = text { div.quiet { (words.operator_wrote) ": " q { (text) } } }
        }
    }
}

fn sip(account: &SipAccountView, words: &Words) -> Markup {
    let (class, word) = match &account.state {
        SipState::Off if account.usable => ("good", words.sip_off),
        SipState::Off => ("bad", words.sip_off),
        SipState::Trying => ("warn", words.sip_trying),
        SipState::Registered { .. } => ("good", words.sip_registered),
        SipState::Failed { .. } => ("bad", words.sip_failed),
    };
    html! {
        h3 { (account.account) }
        dl.facts {
            dt { (words.state) }
            dd {
                span class={ "dot " (class) } {} (word)
                @if let SipState::Failed { why, .. } = &account.state { ": " (why) }
            }
            @match &account.state {
                SipState::Registered { for_s, expires_in_s } => {
                    dt { (words.registered_for) } dd { (seconds(*for_s)) }
                    dt { (words.expires_in) } dd { (seconds(*expires_in_s)) }
                },
                SipState::Failed { next_try_in_s, .. } => {
                    dt { (words.next_try_in) } dd { (seconds(*next_try_in_s)) }
                },
                SipState::Off | SipState::Trying => {},
            }
            dt { (words.transport) } dd { (account.transport) }
            @if let Some(micros) = account.round_trip_us {
                dt { (words.round_trip) } dd { (micros / 1000) "." (micros / 100 % 10) " ms" }
            }
            @if let Some(contact) = account.contact { dt { (words.seen_as) } dd { (contact) } }
            dt { (words.last_error) }
            dd { (account.last_error.as_deref().unwrap_or(words.none_known)) }
        }
    }
}

fn seconds(seconds: u64) -> String {
    time::length(std::time::Duration::from_secs(seconds))
}

fn machine(facts: &Facts, words: &Words) -> Markup {
    html! {
        dl.facts {
            dt { (words.clock) } dd { (time::moment(Timestamp::now())) }
            dt { (words.disk) }
            dd {
                @match facts.free_space {
                    Some(bytes) => { (time::size(bytes)) " " (words.free) },
                    None => (words.unknown),
                }
            }
            dt { (words.temperature) }
            dd {
                @match facts.temperature {
                    Some(degrees) => { (degrees) " °C" },
                    None => (words.unknown),
                }
            }
            dt { (words.memory) }
            dd { @match facts.memory { Some(bytes) => (time::size(bytes)), None => (words.unknown) } }
            dt { (words.running_since) } dd { (time::length(facts.running)) }
            dt { (words.version) } dd { (env!("CARGO_PKG_VERSION")) }
            dt { (words.self_test) } dd { (self_test::line(facts.self_test.as_deref(), words)) }
        }
    }
}

fn lights(lights: &[(Led, Shine)], words: &Words) -> Markup {
    html! {
        dl.facts {
            @for (led, shine) in lights {
                dt { (led_word(*led, words)) }
                dd {
                    @match shine {
                        Shine::Dark => { span.lamp {} (words.dark) },
                        Shine::Lit => { span.lamp.on {} (words.lit) },
                        Shine::Blinks(times) => {
                            span.lamp.half {} (words.blinks) " " (times) " " (words.times_in_ten_seconds)
                        },
                    }
                }
            }
        }
    }
}

const fn led_word(led: Led, words: &Words) -> &'static str {
    match led {
        Led::Health => words.led_health,
        Led::Network => words.part_network,
        Led::Gsm => words.part_gsm,
        Led::Sip => words.part_sip,
        Led::Alert => words.alert,
        Led::Fault => words.led_fault,
    }
}
