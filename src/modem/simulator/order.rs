//! What a simulator can be told, on the command line, on standard input and by tests.

use std::str::FromStr;
use std::time::Duration;

use super::call_order::CallOrder;
use super::ussd::UssdOrder;
use crate::modem::at::Registration;

/// What a simulator can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// `signal 17`: strength as `+CSQ` gives it, 0 to 31, or 99.
    Signal(u8),
    /// `network home|roaming|searching|denied|idle|unknown`
    Network(Registration),
    /// `sim ready|none|busy|failure`
    Sim(SimCard),
    /// `cms 38` (until `cms off`), `cms 38 2` (twice): messages fail so.
    Cms(Option<(u16, u32)>),
    /// `silence on|sms|off`: no answer to anything, or none to a message.
    Silence(Silence),
    /// `garbage 200`: so many bytes of noise, now.
    Garbage(usize),
    /// `cut on|off`: an unsolicited code in the middle of every response.
    Cut(bool),
    /// `delay 2s`: how long the network takes to accept a message.
    Delay(Duration),
    /// `phase2+ on|off`: whether messages that are not stored want `+CNMA`.
    Phase2Plus(bool),
    /// `reboot`: the modem starts anew, now.
    Reboot,
    /// `reboot sms`: it starts anew when it has the next message.
    RebootAtMessage,
    /// `unplug`: the device vanishes.
    Unplug,
    /// `plug`: it is back.
    Plug,
    /// What concerns calls: `ring +34600000001`, `person answers 3s`, `press 4`, …
    Call(CallOrder),
    /// What concerns the operator's codes: `ussd Balance: 10.00`, `ussd-answers ucs2`, …
    Ussd(UssdOrder),
    /// `sms +34600000001 text`: a message comes in.
    Sms {
        /// From whom.
        from: String,
        /// What it says.
        text: String,
    },
    /// `say RDY`: any unsolicited line.
    Say(String),
}

/// State of the SIM card, besides its PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SimCard {
    /// There, and asks for its PIN if it has one.
    Ready,
    /// Not there.
    None,
    /// There, but busy.
    Busy,
    /// Broken.
    Failure,
}

/// To what there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Silence {
    /// Everything is answered.
    Off,
    /// Nothing is.
    All,
    /// Messages are not.
    Messages,
}

/// A line that is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The first word is none.
    #[error(
        "expected signal, network, sim, cms, silence, garbage, cut, delay, phase2+, reboot, \
         unplug, plug, sms, say, ussd, ussd-answers, ussd-takes, ring, person, press, hang-up, cme, dialtone, late-ok, connect or \
         no-answer"
    )]
    Word,
    /// What follows it is not what it takes.
    #[error("expected {0}")]
    Expected(&'static str),
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(line: &str) -> Result<Self, OrderError> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        let on_off = |expected| match rest {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(OrderError::Expected(expected)),
        };
        match word {
            "signal" => {
                let rssi = rest.parse().ok().filter(|rssi| matches!(rssi, 0..=31 | 99));
                rssi.map(Self::Signal).ok_or(OrderError::Expected("signal 0 to 31, or 99"))
            }
            "network" => network(rest).map(Self::Network),
            "sim" => sim(rest).map(Self::Sim),
            "cms" => {
                let expected = OrderError::Expected("cms CODE, cms CODE TIMES, or cms off");
                fault(rest, expected).map(Self::Cms)
            }
            "silence" => silence(rest).map(Self::Silence),
            "garbage" => {
                let count = rest.parse().ok().filter(|count| *count <= 1_000_000);
                count.map(Self::Garbage).ok_or(OrderError::Expected("garbage BYTES"))
            }
            "cut" => on_off("cut on or off").map(Self::Cut),
            "phase2+" => on_off("phase2+ on or off").map(Self::Phase2Plus),
            "delay" => duration(rest)
                .map(Self::Delay)
                .ok_or(OrderError::Expected("delay TIME, such as 2s")),
            "reboot" => match rest {
                "" => Ok(Self::Reboot),
                "sms" => Ok(Self::RebootAtMessage),
                _ => Err(OrderError::Expected("reboot or reboot sms")),
            },
            "unplug" => Ok(Self::Unplug),
            "plug" => Ok(Self::Plug),
            "sms" => {
                let (from, text) =
                    rest.split_once(' ').ok_or(OrderError::Expected("sms NUMBER TEXT"))?;
                Ok(Self::Sms { from: from.to_owned(), text: text.to_owned() })
            }
            "say" => Ok(Self::Say(rest.to_owned())),
            "ussd" | "ussd-answers" | "ussd-takes" => UssdOrder::read(word, rest).map(Self::Ussd),
            _ => CallOrder::read(word, rest).map(Self::Call),
        }
    }
}

/// A time such as `2s` or `300ms`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()
}

fn network(text: &str) -> Result<Registration, OrderError> {
    Ok(match text {
        "home" => Registration::Home,
        "roaming" => Registration::Roaming,
        "searching" => Registration::Searching,
        "denied" => Registration::Denied,
        "idle" => Registration::Idle,
        "unknown" => Registration::Unknown,
        _ => {
            let expected = "network home, roaming, searching, denied, idle or unknown";
            return Err(OrderError::Expected(expected));
        }
    })
}

fn sim(text: &str) -> Result<SimCard, OrderError> {
    Ok(match text {
        "ready" => SimCard::Ready,
        "none" => SimCard::None,
        "busy" => SimCard::Busy,
        "failure" => SimCard::Failure,
        _ => return Err(OrderError::Expected("sim ready, none, busy or failure")),
    })
}

pub(super) fn fault(text: &str, expected: OrderError) -> Result<Option<(u16, u32)>, OrderError> {
    if text == "off" {
        return Ok(None);
    }
    let (code, times) = text.split_once(' ').unwrap_or((text, "4294967295"));
    match (code.parse(), times.parse()) {
        (Ok(code), Ok(times)) => Ok(Some((code, times))),
        _ => Err(expected),
    }
}

fn silence(text: &str) -> Result<Silence, OrderError> {
    Ok(match text {
        "on" => Silence::All,
        "sms" => Silence::Messages,
        "off" => Silence::Off,
        _ => return Err(OrderError::Expected("silence on, sms or off")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let rows = [
            ("signal 17", Ok(Order::Signal(17))),
            ("signal 50", Err(OrderError::Expected("signal 0 to 31, or 99"))),
            ("network denied", Ok(Order::Network(Registration::Denied))),
            (" sim none ", Ok(Order::Sim(SimCard::None))),
            ("cms 38 2", Ok(Order::Cms(Some((38, 2))))),
            ("cms off", Ok(Order::Cms(None))),
            ("delay 2s", Ok(Order::Delay(Duration::from_secs(2)))),
            (
                "sms +346 on my way",
                Ok(Order::Sms { from: "+346".into(), text: "on my way".into() }),
            ),
            ("reboot sms", Ok(Order::RebootAtMessage)),
            ("explode", Err(OrderError::Word)),
        ];
        for (line, expected) in rows {
            assert_eq!(line.parse(), expected, "{line}");
        }
    }
}
