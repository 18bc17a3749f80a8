//! What a modem says of calls: `+CLCC` (3GPP TS 27.007 section 7.18), result codes of V.250 section
//! 6.3, and the makers' own words, as data.

use super::command::{Field, fields};

/// What a modem says of a call, of its own accord or after `ATD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallUrc {
    /// `+CLCC: …`, when it comes unasked.
    Listed(ListedCall),
    /// The called telephone rings.
    Ringing,
    /// It was answered.
    Connected,
    /// A call ended, in which way another line tells.
    Over,
    /// `NO CARRIER`
    NoCarrier,
    /// `BUSY`
    Busy,
    /// `NO ANSWER`
    NoAnswer,
    /// `NO DIALTONE`
    NoDialtone,
    /// Another call waits.
    Waiting,
    /// A key was pressed: `0` to `9`, `A` to `D`, `*` or `#`.
    Key(char),
}

/// One call of `+CLCC: <id>,<dir>,<stat>,<mode>,<mpty>[,"<number>",<type>[,"<alpha>"]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedCall {
    /// `<dir>` 0: it is ours.
    pub outgoing: bool,
    /// `<stat>`
    pub state: CallState,
}

/// State of a call, `<stat>` of `+CLCC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallState {
    /// 0: both sides can speak.
    Active,
    /// 1: put aside.
    Held,
    /// 2: the network looks for the telephone.
    Dialling,
    /// 3: it rings.
    Alerting,
    /// 4: comes in.
    Incoming,
    /// 5: comes in while there is another.
    Waiting,
    /// 6: over (SIMCom, unasked only).
    Over,
}

impl ListedCall {
    /// Reads a line of `AT+CLCC`.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let fields = fields(line.strip_prefix("+CLCC:")?);
        let number = |index: usize| fields.get(index).and_then(Field::number);
        let state = match number(2)? {
            0 => CallState::Active,
            1 => CallState::Held,
            2 => CallState::Dialling,
            3 => CallState::Alerting,
            4 => CallState::Incoming,
            5 => CallState::Waiting,
            6 => CallState::Over,
            _ => return None,
        };
        Some(Self { outgoing: number(1)? == 0, state })
    }
}

/// Whole lines about a call.
const LINES: &[(&str, CallUrc)] = &[
    ("NO CARRIER", CallUrc::NoCarrier),
    ("BUSY", CallUrc::Busy),
    ("NO ANSWER", CallUrc::NoAnswer),
    ("NO DIALTONE", CallUrc::NoDialtone),
    ("NO DIAL TONE", CallUrc::NoDialtone),
    // SIM800, SIM7600 after AT+MORING=1.
    ("MO RING", CallUrc::Ringing),
    ("MO CONNECTED", CallUrc::Connected),
    // SIM7600, A7670.
    ("VOICE CALL: BEGIN", CallUrc::Connected),
];

/// Starts of lines about a call.
const STARTS: &[(&str, CallUrc)] = &[
    ("VOICE CALL: END", CallUrc::Over),
    ("VOICE CALL:END", CallUrc::Over),
    // After AT+COLP=1: who is connected.
    ("+COLP:", CallUrc::Connected),
    ("+CCWA:", CallUrc::Waiting),
];

/// Before the key: SIM900, SIM800 and SIM7600, A7670.
const KEYS: [&str; 2] = ["+DTMF:", "+RXDTMF:"];

/// Reads a line as one about a call.
pub(super) fn call_urc(line: &str) -> Option<CallUrc> {
    if let Some((_, urc)) = LINES.iter().find(|(text, _)| *text == line) {
        return Some(*urc);
    }
    if let Some(rest) = KEYS.iter().find_map(|start| line.strip_prefix(start)) {
        return key(rest).map(CallUrc::Key);
    }
    if line.starts_with("+CLCC:") {
        return ListedCall::read(line).map(CallUrc::Listed);
    }
    STARTS.iter().find(|(start, _)| line.starts_with(start)).map(|(_, urc)| *urc)
}

/// The key in ` 4`, `"4"`, `4,80` (with how long it was pressed, in ms).
fn key(text: &str) -> Option<char> {
    let fields = fields(text);
    let mut pressed = fields.first()?.text().chars();
    let key = pressed.next()?.to_ascii_uppercase();
    let is_one = pressed.next().is_none() && fields.len() <= 2;
    (is_one && matches!(key, '0'..='9' | 'A'..='D' | '*' | '#')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_spelling() {
        let rows = [
            ("+DTMF: 4", Some('4')),
            ("+DTMF:4", Some('4')),
            ("+DTMF: \"4\"", Some('4')),
            ("+DTMF:4,80", Some('4')),
            ("+RXDTMF: 4", Some('4')),
            ("+RXDTMF:4", Some('4')),
            ("+RXDTMF: \"#\"", Some('#')),
            ("+DTMF: *", Some('*')),
            ("+DTMF: d", Some('D')),
            ("+DTMF: E", None),
            ("+DTMF: 44", None),
            ("+DTMF: ", None),
            ("+DTMF: 4+DTMF: 5", None),
        ];
        for (line, expected) in rows {
            assert_eq!(call_urc(line), expected.map(CallUrc::Key), "{line}");
        }
    }

    #[test]
    fn progress_is_read() {
        let listed = |outgoing, state| Some(CallUrc::Listed(ListedCall { outgoing, state }));
        let rows = [
            ("+CLCC: 1,0,2,0,0,\"+34600000001\",145", listed(true, CallState::Dialling)),
            (
                "+CLCC: 1,0,0,0,0,\"600000001\",129,\"Ana, the admin\"",
                listed(true, CallState::Active),
            ),
            ("+CLCC: 1,0,3,0,0", listed(true, CallState::Alerting)),
            ("+CLCC: 2,1,5,0,0,\"\",129", listed(false, CallState::Waiting)),
            ("+CLCC: 1,0,6,0,0", listed(true, CallState::Over)),
            ("+CLCC: 1,0,9,0,0", None),
            ("+CLCC:", None),
            ("VOICE CALL: BEGIN", Some(CallUrc::Connected)),
            ("VOICE CALL: END: 000012", Some(CallUrc::Over)),
            ("+COLP: \"600000001\",129", Some(CallUrc::Connected)),
            ("MO RING", Some(CallUrc::Ringing)),
            ("BUSY", Some(CallUrc::Busy)),
            ("BUSY NOW", None),
        ];
        for (line, expected) in rows {
            assert_eq!(call_urc(line), expected, "{line}");
        }
    }
}
