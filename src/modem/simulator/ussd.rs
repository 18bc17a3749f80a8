//! The operator who is asked by codes (3GPP TS 27.007 section 7.15), and orders about it.

use std::time::Duration;

use super::modem::{Done, Effect, Refusal, Reply, Sim900, ok, say, unsolicited};
use super::order::{OrderError, duration};
use super::request::Form;
use crate::modem::charset::encode_gsm7;
use crate::modem::pdu::to_hex;

/// What a simulator can be told about its operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UssdOrder {
    /// `ussd Balance: 10.00`: what it answers.
    Text(String),
    /// `ussd-answers ucs2`, …: in which way.
    Way(UssdWay),
    /// `ussd-takes 3s`: how long after the question.
    Delay(Duration),
}

/// In which way the operator answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UssdWay {
    /// `plain`: in the alphabet of the module, as far as that has the characters.
    Plain,
    /// `ucs2`: in UCS2.
    Ucs2,
    /// `question`: it wants to know more, and the dialogue stays open.
    Question,
    /// `nothing`: never.
    Nothing,
    /// `unsupported`: `+CUSD: 4`.
    Unsupported,
    /// `blocking`: the module says `OK` only after the answer, as the oldest standard had it.
    Blocking,
    /// `cme 30`: the module refuses to ask.
    Cme(u16),
}

/// The operator, as far as it answers codes.
#[derive(Debug)]
pub(super) struct Operator {
    text: String,
    way: UssdWay,
    delay: Duration,
    /// The number of the question that waits for its answer.
    asked: Option<u64>,
    questions: u64,
}

impl Default for Operator {
    fn default() -> Self {
        let (text, way) = ("Balance: 10.00 EUR".to_owned(), UssdWay::Plain);
        Self { text, way, delay: Duration::from_secs(1), asked: None, questions: 0 }
    }
}

impl UssdOrder {
    /// Reads an order by its first word and the rest.
    pub(super) fn read(word: &str, rest: &str) -> Result<Self, OrderError> {
        Ok(match word {
            "ussd" => Self::Text(rest.replace("\\n", "\n")),
            "ussd-takes" => {
                let expected = OrderError::Expected("ussd-takes TIME, such as 3s");
                Self::Delay(duration(rest).ok_or(expected)?)
            }
            "ussd-answers" => Self::Way(match rest {
                "plain" => UssdWay::Plain,
                "ucs2" => UssdWay::Ucs2,
                "question" => UssdWay::Question,
                "nothing" => UssdWay::Nothing,
                "unsupported" => UssdWay::Unsupported,
                "blocking" => UssdWay::Blocking,
                _ => {
                    let code = rest.strip_prefix("cme ").and_then(|code| code.parse().ok());
                    UssdWay::Cme(code.ok_or(OrderError::Expected(
                        "ussd-answers plain, ucs2, question, nothing, unsupported, blocking or cme CODE",
                    ))?)
                }
            }),
            _ => return Err(OrderError::Word),
        })
    }
}

pub(super) fn obey(modem: &mut Sim900, order: UssdOrder) {
    let operator = &mut modem.operator;
    match order {
        UssdOrder::Text(text) => operator.text = text,
        UssdOrder::Way(way) => operator.way = way,
        UssdOrder::Delay(delay) => operator.delay = delay,
    }
}

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    let is_ours = name == "+CUSD";
    is_ours.then(|| match form {
        Form::Set(_) if form.text(1).is_some() => ask(modem),
        Form::Set(_) | Form::Execute => {
            modem.operator.asked = None;
            ok()
        }
        Form::Read => say("+CUSD: 1"),
        Form::Test => say("+CUSD: (0-2)"),
    })
}

fn ask(modem: &mut Sim900) -> Reply {
    let operator = &mut modem.operator;
    if let UssdWay::Cme(code) = operator.way {
        return Err(Refusal::Cme(code));
    }
    operator.questions += 1;
    operator.asked = Some(operator.questions);
    if operator.way != UssdWay::Nothing {
        let blocks = operator.way == UssdWay::Blocking;
        modem.later.push(Effect::Network(operator.delay, operator.questions, blocks));
    }
    if modem.operator.way == UssdWay::Blocking { Ok(Done::Later) } else { ok() }
}

/// The operator has had its time for a question.
pub(super) fn answer(modem: &mut Sim900, question: u64) -> Vec<u8> {
    if modem.operator.asked != Some(question) {
        return Vec::new();
    }
    modem.operator.asked = None;
    let state = match modem.operator.way {
        UssdWay::Unsupported => return unsolicited("+CUSD: 4"),
        UssdWay::Question => 1,
        UssdWay::Plain | UssdWay::Ucs2 | UssdWay::Blocking | UssdWay::Nothing | UssdWay::Cme(_) => {
            0
        }
    };
    let (text, dcs) = written(modem);
    let mut said = format!("\r\n+CUSD: {state},\"").into_bytes();
    said.extend(text);
    said.extend(format!("\",{dcs}\r\n").bytes());
    if modem.operator.way == UssdWay::Blocking {
        said.extend(modem.result("OK", 0));
    }
    said
}

/// The text as the module gives it, and its coding scheme.
fn written(modem: &Sim900) -> (Vec<u8>, u8) {
    let text = &modem.operator.text;
    let ucs2 = || {
        let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        to_hex(&octets).into_bytes()
    };
    match (encode_gsm7(text), modem.settings.character_set.as_str()) {
        (None, _) => (ucs2(), 72),
        (Some(_), _) if modem.operator.way == UssdWay::Ucs2 => (ucs2(), 72),
        (Some(_), "UCS2") => (ucs2(), 15),
        (Some(septets), "HEX") => (to_hex(&septets).into_bytes(), 15),
        (Some(septets), _) => (septets, 15),
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::Order;
    use super::*;

    #[test]
    fn orders_are_read() {
        let rows = [
            ("ussd Saldo: 5 EUR\\nAdios", Some(UssdOrder::Text("Saldo: 5 EUR\nAdios".into()))),
            ("ussd-answers ucs2", Some(UssdOrder::Way(UssdWay::Ucs2))),
            ("ussd-answers cme 30", Some(UssdOrder::Way(UssdWay::Cme(30)))),
            ("ussd-answers never", None),
            ("ussd-takes 20ms", Some(UssdOrder::Delay(Duration::from_millis(20)))),
        ];
        for (line, expected) in rows {
            assert_eq!(line.parse().ok(), expected.map(Order::Ussd), "{line}");
        }
    }
}
