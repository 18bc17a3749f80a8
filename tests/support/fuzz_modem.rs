//! What must hold for what a modem says and for messages, whatever comes.

use std::time::Duration;

use smtp_appliance::modem::at::{Command, Digest, Domain, Expect, FinalResult, Item, Urc, fields};
use smtp_appliance::modem::balance;
use smtp_appliance::modem::pdu::{
    Address, Part, Reassembly, Received, Submit, Validity, decode_received, from_hex, shorten,
    split, to_hex,
};

/// What the first byte of an input chooses from.
fn commands() -> [Command; 8] {
    [
        Command::Attention,
        Command::Signal,
        Command::SendMessage(20),
        Command::ReadMessage(1),
        Command::ListMessages,
        Command::SimState,
        Command::AskRegistration(Domain::Circuit),
        Command::Operator,
    ]
}

/// What a modem says: digested alike however it is cut into pieces, and nothing is made up.
pub(crate) fn at_digest(bytes: &[u8]) {
    let Some((&how, said)) = bytes.split_first() else { return };
    let commands = commands();
    let expect = commands[usize::from(how) % commands.len()].expect();
    let whole = digested(said, said.len().max(1), &expect);
    let size = usize::from(how >> 3) + 1;
    // A line longer than any is dropped as soon as it is seen to be, which depends on the pieces.
    if said.split(|byte| matches!(byte, b'\r' | b'\n')).all(|line| line.len() < 2000) {
        assert_eq!(whole, digested(said, size, &expect), "in pieces of {size}");
    }
    for item in &whole {
        match item {
            Item::Line(line) => {
                assert!(!line.is_empty() && !line.contains(['\r', '\n']));
                assert!(fields(line).len() <= 32);
            }
            Item::Final(FinalResult::Error(fault)) => assert!(!fault.to_string().is_empty()),
            Item::Urc(Urc::Ussd(ussd)) => {
                assert!(ussd.text.chars().count() <= 182 && !ussd.text.contains(char::is_control));
                let _amount = balance::find(&ussd.text, None);
            }
            Item::Echo | Item::Urc(_) | Item::Prompt | Item::Final(FinalResult::Ok) => {}
        }
    }
}

fn digested(said: &[u8], size: usize, expect: &Expect) -> Vec<Item> {
    let mut digest = Digest::default();
    let mut items = Vec::new();
    for piece in said.chunks(size) {
        digest.push(piece);
        items.extend(std::iter::from_fn(|| digest.next(expect)));
    }
    items
}

/// Octets from the network are read without harm, and what was read can be written and read again;
/// a text cut into parts is the same text when they are put together.
pub(crate) fn pdu(bytes: &[u8]) {
    let hex = to_hex(bytes);
    assert!(from_hex(&hex).map_or(bytes.len() > 256, |octets| octets == bytes));
    let centre = Address::new("+34600000000".to_owned());
    match decode_received(bytes) {
        Ok(Received::Deliver(deliver)) => {
            let (octets, counted) = deliver.encode(&centre);
            assert!(counted < octets.len());
            let again = decode_received(&octets).expect("what was written");
            let Received::Deliver(again) = again else { panic!("{again:?}") };
            assert_eq!(again.part, deliver.part);
        }
        Ok(Received::StatusReport(report)) => {
            let (octets, _) = report.encode(&centre);
            let again = decode_received(&octets).expect("what was written");
            let Received::StatusReport(again) = again else { panic!("{again:?}") };
            assert_eq!((again.reference, again.status), (report.reference, report.status));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(submit) = Submit::decode(bytes) {
        let _text = submit.part.text();
        let (octets, _) = submit.encode();
        assert_eq!(Submit::decode(&octets).expect("what was written").part, submit.part);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        parts(text);
    }
}

fn parts(text: &str) {
    let reference = u8::try_from(text.len() % 256).unwrap_or_default();
    for most in [1, 3] {
        assert!(split(&shorten(text, most), reference).len() <= most);
    }
    let parts = split(text, reference);
    let said: String = parts.iter().map(Part::text).collect();
    let to = Address::new("+34600000001".to_owned());
    let mut reassembly = Reassembly::default();
    let mut whole = None;
    for part in parts {
        let validity = Some(Validity::at_least(Duration::from_hours(1)));
        let submit = Submit { to: to.clone(), part, report: true, validity };
        let (octets, counted) = submit.encode();
        assert!(octets.len() <= 1 + 164 && counted == octets.len() - 1);
        assert_eq!(Submit::decode(&octets).as_ref(), Ok(&submit));
        whole = reassembly.add(&to, submit.part);
    }
    assert_eq!(whole.map(|(text, _)| text), Some(said));
}
