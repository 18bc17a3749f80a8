//! What a simulator can be told about calls.

use std::time::Duration;

use super::order::{OrderError, duration, fault};
use super::person::{Person, key};

/// What a simulator can be told about calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOrder {
    /// `ring +34600000001`: a call comes in, and rings until it is refused, answered or given up.
    Ring(String),
    /// `person +34600000001 answers 3s presses 4 10s`: how she reacts to calls; without a number,
    /// how everybody does who has no way of her own.
    Person(Option<String>, Person),
    /// `press 4`: the person in the call presses a key, now.
    Press(char),
    /// `hang-up`: the person in the call, or for whom it rings, ends it.
    HangUp {
        /// `hang-up silently`: the modem does not tell.
        silently: bool,
    },
    /// `cme 30` (until `cme off`), `cme 30 2` (twice): `ATD` fails so.
    Cme(Option<(u16, u32)>),
    /// `dialtone off|on`: without, `ATD` is answered by `NO DIALTONE`.
    Dialtone(bool),
    /// `late-ok on|off`: whether `ATD` is answered by `OK` only when the telephone is.
    LateOk(bool),
    /// `connect 2s`: how long the network looks for a telephone until it rings.
    Connect(Duration),
    /// `no-answer 60s`: how long the network lets it ring.
    NoAnswer(Duration),
}

impl CallOrder {
    /// Reads an order by its first word and the rest.
    pub(super) fn read(word: &str, rest: &str) -> Result<Self, OrderError> {
        let expected = |what| OrderError::Expected(what);
        let time = |what| duration(rest).ok_or(expected(what));
        let on_off = |what| match rest {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(expected(what)),
        };
        Ok(match word {
            "ring" | "ring-in" => Self::Ring(rest.to_owned()),
            "person" => {
                let is_number = |c: char| c == '+' || c.is_ascii_digit();
                match rest.split_once(' ') {
                    Some((number, rest)) if number.starts_with(is_number) => {
                        Self::Person(Some(number.to_owned()), rest.parse()?)
                    }
                    _ => Self::Person(None, rest.parse()?),
                }
            }
            "press" => Self::Press(key(rest).ok_or(expected("press with 0-9, A-D, * or #"))?),
            "hang-up" => match rest {
                "" => Self::HangUp { silently: false },
                "silently" => Self::HangUp { silently: true },
                _ => return Err(expected("hang-up or hang-up silently")),
            },
            "cme" => Self::Cme(fault(rest, expected("cme CODE, cme CODE TIMES, or cme off"))?),
            "dialtone" => Self::Dialtone(on_off("dialtone on or off")?),
            "late-ok" => Self::LateOk(on_off("late-ok on or off")?),
            "connect" => Self::Connect(time("connect TIME, such as 2s")?),
            "no-answer" => Self::NoAnswer(time("no-answer TIME, such as 60s")?),
            _ => return Err(OrderError::Word),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::Order;
    use super::*;

    #[test]
    fn orders_are_read() {
        let rows = [
            ("press #", Some(CallOrder::Press('#'))),
            ("press 44", None),
            ("hang-up", Some(CallOrder::HangUp { silently: false })),
            ("hang-up silently", Some(CallOrder::HangUp { silently: true })),
            ("cme 30 1", Some(CallOrder::Cme(Some((30, 1))))),
            ("dialtone off", Some(CallOrder::Dialtone(false))),
            ("connect 20ms", Some(CallOrder::Connect(Duration::from_millis(20)))),
            ("connect soon", None),
            (
                "person +346 busy",
                Some(CallOrder::Person(Some("+346".into()), "busy".parse().unwrap())),
            ),
            ("person never", Some(CallOrder::Person(None, "never".parse().unwrap()))),
            ("person +346", None),
        ];
        for (line, expected) in rows {
            assert_eq!(line.parse().ok(), expected.map(Order::Call), "{line}");
        }
    }
}
