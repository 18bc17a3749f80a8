//! Bytes from a modem → what they are. Pure: bytes are pushed in, items are taken out, and only
//! what the running command expects decides between a response and an unsolicited line.

use super::error::{Failure, ModemFault};
use super::urc::{GLUED, Header, Unsolicited, Urc, unsolicited};
use super::ussd;

/// Longest line kept; a longer one is noise and is dropped. The longest real ones are PDUs of
/// about 360 characters.
const MAX_LINE_BYTES: usize = 2048;

/// What the running command is answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// What was sent, by which its echo is known.
    pub echo: String,
    /// What its information responses begin with; empty when it has none, or any text.
    pub response: &'static str,
    /// Whether it is answered by the prompt `> `.
    pub prompt: bool,
    /// Whether a line that an unsolicited one cut in two is put together again.
    pub joins: bool,
}

/// The end of a command (V.250 section 5.7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalResult {
    /// `OK`
    Ok,
    /// `ERROR`, `+CMS ERROR: …`, `+CME ERROR: …`
    Error(ModemFault),
}

/// A piece of what a modem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// What we sent, sent back.
    Echo,
    /// Said of its own accord.
    Urc(Urc),
    /// An information response, or a line nobody knows.
    Line(String),
    /// The prompt `> ` for a message.
    Prompt,
    /// The end of the command.
    Final(FinalResult),
}

/// Takes a modem's bytes apart.
#[derive(Debug, Default)]
pub struct Digest {
    bytes: Vec<u8>,
    /// The rest of a line that was too long is being skipped.
    skipping: bool,
    /// A line that may have been cut in two by an unsolicited one.
    held: Option<String>,
    /// The unsolicited line after `held` has come.
    cut: bool,
    /// The next line is the PDU that this line announced.
    header: Option<Header>,
    /// Read, not yet taken.
    ready: std::collections::VecDeque<Item>,
}

impl Digest {
    /// Takes in what was read from the port.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets everything: the port was opened anew, or a command was given up.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next item, or `None` until more bytes come. `expect` tells about the running command;
    /// the default when none runs.
    pub fn next(&mut self, expect: &Expect) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.take_prompt(expect) {
                self.release_held();
                self.ready.push_back(Item::Prompt);
                continue;
            }
            // A prompt may stand right behind a line that says nothing.
            let line = self.take_line()?;
            if !line.is_empty() {
                self.sort(line, expect);
            }
        }
    }

    /// The prompt has no end of line: it is `> ` at the start of one. Its blank is not waited for,
    /// since some modems send none.
    fn take_prompt(&mut self, expect: &Expect) -> bool {
        if !expect.prompt || self.skipping {
            return false;
        }
        let blank = |byte: &&u8| is_line_end(**byte) || **byte == b' ';
        let blanks = self.bytes.iter().take_while(blank).count();
        let found = self.bytes.get(blanks) == Some(&b'>');
        if found {
            self.bytes.drain(..=blanks);
        }
        found
    }

    /// The next line, printable and without its end; empty if it was blank or too long. Of `+CUSD`
    /// every octet counts, which may be one of the GSM alphabet.
    fn take_line(&mut self) -> Option<String> {
        let Some(first) = self.bytes.iter().position(|byte| is_line_end(*byte)) else {
            if self.bytes.len() > MAX_LINE_BYTES {
                self.bytes.clear();
                self.skipping = true;
            }
            return None;
        };
        let is_ussd = self.bytes.starts_with(ussd::START);
        let end = if is_ussd { ussd::line_end(&self.bytes, first)? } else { first };
        let raw: Vec<u8> = self.bytes.drain(..=end).collect();
        let too_long = std::mem::take(&mut self.skipping) || raw.len() > MAX_LINE_BYTES;
        if too_long {
            return Some(String::new());
        }
        if is_ussd {
            let text = String::from_utf8(raw);
            let of_octets = |raw: &[u8]| raw.iter().copied().map(char::from).collect();
            let text: String = text.unwrap_or_else(|error| of_octets(error.as_bytes()));
            return Some(text.trim_end_matches(['\r', '\n']).to_owned());
        }
        let text = String::from_utf8_lossy(&raw);
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        Some(text.trim().to_owned())
    }

    fn sort(&mut self, line: String, expect: &Expect) {
        if let Some(header) = self.header.take()
            && line.len() >= 4
            && line.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            self.unsolicited(header.with_pdu(line));
            return;
        }
        if let Some(item) = known(&line, expect) {
            self.sort_known(item);
            return;
        }
        if let Some((front, back)) = split_glued(&line, expect) {
            self.sort(front, expect);
            self.sort(back, expect);
            return;
        }
        self.sort_response(line, expect);
    }

    fn sort_known(&mut self, known: Known) {
        match known {
            Known::Header(header) => {
                self.header = Some(header);
                self.cut = self.held.is_some();
            }
            Known::Urc(urc) => self.unsolicited(urc),
            Known::Echo => self.ready.push_back(Item::Echo),
            Known::Final(result) => {
                self.release_held();
                self.ready.push_back(Item::Final(result));
            }
        }
    }

    fn unsolicited(&mut self, urc: Urc) {
        self.cut = self.held.is_some();
        self.ready.push_back(Item::Urc(urc));
    }

    /// A response is held until the next line shows that it is whole. That costs no time: a
    /// final result always follows.
    fn sort_response(&mut self, line: String, expect: &Expect) {
        let is_new = !expect.response.is_empty() && line.starts_with(expect.response);
        if self.cut && expect.joins && !is_new {
            let joined = self.held.take().unwrap_or_default() + &line;
            self.cut = false;
            match known(&joined, expect) {
                Some(item) => self.sort_known(item),
                None => self.held = Some(joined),
            }
            return;
        }
        self.release_held();
        if expect.joins {
            self.held = Some(line);
        } else {
            self.ready.push_back(Item::Line(line));
        }
    }

    fn release_held(&mut self) {
        self.cut = false;
        self.ready.extend(self.held.take().map(Item::Line));
    }
}

enum Known {
    Header(Header),
    Urc(Urc),
    Echo,
    Final(FinalResult),
}

fn known(line: &str, expect: &Expect) -> Option<Known> {
    if !expect.echo.is_empty() && line == expect.echo {
        return Some(Known::Echo);
    }
    if let Some(result) = final_result(line) {
        return Some(Known::Final(result));
    }
    Some(match unsolicited(line, expect.response)? {
        Unsolicited::Whole(urc) => Known::Urc(urc),
        Unsolicited::Header(header) => Known::Header(header),
    })
}

fn final_result(line: &str) -> Option<FinalResult> {
    if line == "OK" {
        return Some(FinalResult::Ok);
    }
    if line == "ERROR" {
        return Some(FinalResult::Error(ModemFault::plain()));
    }
    let cms = line.strip_prefix("+CMS ERROR:").map(|detail| (Failure::Cms, detail));
    let cme = line.strip_prefix("+CME ERROR:").map(|detail| (Failure::Cme, detail));
    let (failure, detail) = cms.or(cme)?;
    Some(FinalResult::Error(ModemFault::read(failure, detail)))
}

/// Divides a line to whose end an unsolicited one is glued: `+CSQ: 17,0+CMTI: "SM",3`.
fn split_glued(line: &str, expect: &Expect) -> Option<(String, String)> {
    let glued = GLUED.iter().filter(|start| expect.response != **start);
    let inside = |start: &&str| line.match_indices(*start).map(|(at, _)| at).find(|at| *at > 0);
    let at = glued.filter_map(inside).min()?;
    let (front, back) = line.split_at_checked(at)?;
    unsolicited(back, expect.response).map(|_| (front.to_owned(), back.to_owned()))
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modem::at::{CallUrc, Command, Domain, Registration, Ussd, UssdState};

    fn all(bytes: &[u8], expect: &Expect) -> Vec<Item> {
        let mut digest = Digest::default();
        digest.push(bytes);
        std::iter::from_fn(|| digest.next(expect)).filter(|item| *item != Item::Echo).collect()
    }

    fn line(text: &str) -> Item {
        Item::Line(text.to_owned())
    }

    fn ok() -> Item {
        Item::Final(FinalResult::Ok)
    }

    #[test]
    fn what_modems_say_is_told_apart() {
        let creg = |state| Item::Urc(Urc::Registration { domain: Domain::Circuit, state });
        let cms = |code| Item::Final(FinalResult::Error(ModemFault::read(Failure::Cms, code)));
        let rows: Vec<(Command, &[u8], Vec<Item>)> = vec![
            (Command::Signal, b"\r\n+CSQ: 17,0\r\n\r\nOK\r\n", vec![line("+CSQ: 17,0"), ok()]),
            (
                Command::Signal,
                b"AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\r\n",
                vec![line("+CSQ: 17,0"), ok()],
            ),
            (Command::SendMessage(23), b"AT+CMGS=23\r\r\n> ", vec![Item::Prompt]),
            (
                Command::SendMessage(23),
                b"\r\nRING\r\n\r\n> ",
                vec![Item::Urc(Urc::Ring), Item::Prompt],
            ),
            (Command::SendMessage(23), b"\r\n+CMS ERROR: 304\r\n", vec![cms("304")]),
            (Command::Attention, b"\r\n> ", vec![]),
            (
                Command::Signal,
                b"\r\n+CSQ: 17,0+CMTI: \"SM\",3\r\n\r\nOK\r\n",
                vec![Item::Urc(Urc::MessageStored(3)), line("+CSQ: 17,0"), ok()],
            ),
            (
                Command::Signal,
                b"\r\n+CSQ: 1\r\n+CMTI: \"SM\",3\r\n7,0\r\n\r\nOK\r\n",
                vec![Item::Urc(Urc::MessageStored(3)), line("+CSQ: 17,0"), ok()],
            ),
            (
                Command::Attention,
                b"\r\nO\r\n+CREG: 2\r\nK\r\n",
                vec![creg(Registration::Searching), ok()],
            ),
            (
                Command::AskRegistration(Domain::Circuit),
                b"\r\n+CREG: 5\r\n\r\n+CREG: 1,1\r\n\r\nOK\r\n",
                vec![creg(Registration::Roaming), line("+CREG: 1,1"), ok()],
            ),
            (
                Command::ReadMessage(1),
                b"\r\n+CMGR: 1,,24\r\n0791\r\n\r\nOK\r\n",
                vec![line("+CMGR: 1,,24"), line("0791"), ok()],
            ),
            (
                Command::Attention,
                b"\r\n+CDS: 25\r\n0006\r\n\r\nOK\r\n",
                vec![Item::Urc(Urc::Report("0006".into())), ok()],
            ),
            (Command::Attention, b"\r\n+CMT: ,25\r\nOK\r\n", vec![ok()]),
            (
                Command::SimState,
                b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
                vec![line("+CPIN: SIM PIN"), ok()],
            ),
            (
                Command::Attention,
                b"\r\n+CPIN: READY\r\n",
                vec![Item::Urc(Urc::Sim("READY".into()))],
            ),
            (Command::Attention, b"\xff\xfe\0\x80RDY\r\nRDY\r\n", vec![Item::Urc(Urc::Started)]),
        ];
        for (command, bytes, expected) in rows {
            let mut found = all(bytes, &command.expect());
            found.retain(|item| !matches!(item, Item::Line(text) if text.contains('\u{fffd}')));
            assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn news_of_a_call_is_told_apart_from_the_list_of_calls() {
        let key = |key| Item::Urc(Urc::Call(CallUrc::Key(key)));
        let rows: Vec<(Command, &[u8], Vec<Item>)> = vec![
            (
                Command::Attention,
                b"\r\n+DTMF: 4+DTMF: 5\r\n\r\nOK\r\n",
                vec![key('4'), key('5'), ok()],
            ),
            (
                Command::ListCalls,
                b"\r\n+CLCC: 1,0,0,0,0\r\n+DTMF: #\r\n\r\nOK\r\n",
                vec![key('#'), line("+CLCC: 1,0,0,0,0"), ok()],
            ),
            (
                Command::ListCalls,
                b"\r\nNO CARRIER\r\n\r\nOK\r\n",
                vec![Item::Urc(Urc::Call(CallUrc::NoCarrier)), ok()],
            ),
        ];
        for (command, bytes, expected) in rows {
            assert_eq!(all(bytes, &command.expect()), expected);
        }
    }

    #[test]
    fn the_text_of_a_code_may_go_over_lines() {
        let ussd = |text: &str| {
            Item::Urc(Urc::Ussd(Ussd { state: UssdState::Over, text: text.to_owned() }))
        };
        let rows: Vec<(&[u8], Vec<Item>)> = vec![
            (b"\r\n+CUSD: 0,\"a\nOK\n\rb\",15\r\n\r\nOK\r\n", vec![ussd("a OK b"), ok()]),
            // The end was lost on the way.
            (b"\r\n+CUSD: 0,\"a\r\n\r\nOK\r\n", vec![ussd("a"), ok()]),
            (b"\r\n+CUSD: 0,\"\x055 \x1be\",0\r\n", vec![ussd("é5 €")]),
            (b"\r\n+CUSD: 0,\"\xe95\",15\r\n", vec![ussd("é5")]),
            (b"\r\nO\r\n+CUSD: 0,\"a\",15\r\nK\r\n", vec![ussd("a"), ok()]),
            (
                b"\r\n+CUSD: 4\r\n\r\nOK\r\n",
                vec![
                    Item::Urc(Urc::Ussd(Ussd {
                        state: UssdState::Unsupported,
                        text: String::new(),
                    })),
                    ok(),
                ],
            ),
        ];
        for (bytes, expected) in rows {
            assert_eq!(
                all(bytes, &Command::Attention.expect()),
                expected,
                "{}",
                bytes.escape_ascii()
            );
        }
        let endless =
            [b"\r\n+CUSD: 0,\"".as_slice(), &b"a\n".repeat(400), b"\r\n\r\nOK\r\n"].concat();
        let found = all(&endless, &Command::Attention.expect());
        assert_eq!((found.first(), found.last()), (Some(&ussd("a")), Some(&ok())));
    }

    #[test]
    fn a_line_without_end_is_dropped_and_what_follows_is_read() {
        let mut digest = Digest::default();
        let expect = Command::Attention.expect();
        for _ in 0..100 {
            digest.push(&[b'x'; 1000]);
            assert_eq!(digest.next(&expect), None);
            assert!(digest.bytes.len() <= MAX_LINE_BYTES);
        }
        digest.push(b"\r\nOK\r\n");
        assert_eq!(digest.next(&expect), Some(ok()));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_digested_alike(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'+'), Just(b'>'), Just(b'"'), any::<u8>()], 0..400),
            cut in 0usize..400,
            ussd in any::<bool>(),
        ) {
            let start: &[u8] = if ussd { b"+CUSD: 0,\"" } else { b"" };
            let bytes = [start, &bytes].concat();
            let expect = Command::SendMessage(20).expect();
            let whole = all(&bytes, &expect);
            let mut digest = Digest::default();
            let (front, back) = bytes.split_at(cut.min(bytes.len()));
            let mut pieces = Vec::new();
            for piece in [front, back] {
                digest.push(piece);
                pieces.extend(std::iter::from_fn(|| digest.next(&expect)));
            }
            pieces.retain(|item| *item != Item::Echo);
            prop_assert_eq!(whole, pieces);
        }
    }
}
