//! Commands about messages (3GPP TS 27.005), in PDU and in text mode.

use jiff::Timestamp;

use super::modem::{Done, Outgoing, Refusal, Reply, Sim900, ok, say, unsolicited};
use super::request::Form;
use crate::modem::charset::{decode_gsm7, encode_gsm7};
use crate::modem::pdu::{
    Address, Alphabet, Body, Deliver, Part, Received, StatusReport, Submit, decode_received,
    from_hex, split, to_hex,
};

/// TP-SRR in the `<fo>` of `+CSMP`.
const STATUS_REPORT_REQUEST: u32 = 0x20;
/// Most octets of text in one message.
const MAX_TEXT_BYTES: usize = 160;

/// For what the prompt awaits a message.
#[derive(Debug)]
pub(super) struct Prompt {
    /// Sent, or only stored.
    send: bool,
    to: Destination,
}

#[derive(Debug)]
enum Destination {
    /// In PDU mode it is in the message, which has so many octets.
    InPdu(usize),
    /// In text mode it was in the command.
    Number(String),
}

/// A message on the SIM card.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// 0 unread, 1 read, 2 not sent, 3 sent.
    status: u8,
    octets: Vec<u8>,
    /// The octets without the service centre address.
    counted: usize,
}

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    setup(modem, name, form).or_else(|| traffic(modem, name, form))
}

fn setup(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    let settings = &mut modem.settings;
    Some(match (name, form) {
        ("+CMGF", Form::Read) => say(format!("+CMGF: {}", u8::from(settings.text_mode))),
        ("+CMGF", Form::Test) => say("+CMGF: (0,1)"),
        ("+CMGF", Form::Set(_) | Form::Execute) => {
            settings.text_mode = form.number(0) == Some(1);
            ok()
        }
        ("+CNMI", Form::Read) => {
            let [mode, mt, bm, ds, bfr] = settings.announce;
            say(format!("+CNMI: {mode},{mt},{bm},{ds},{bfr}"))
        }
        ("+CNMI", Form::Test) => say("+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)"),
        ("+CNMI", Form::Set(_)) if form.number(0).is_none() => Err(Refusal::Plain),
        ("+CNMI", Form::Set(_)) => {
            let limits = [2, 3, 3, 2, 1];
            for (index, (value, limit)) in settings.announce.iter_mut().zip(limits).enumerate() {
                match form.number(index) {
                    Some(new) if new <= limit => *value = new,
                    Some(_) => return Some(Err(Refusal::Cms(303))),
                    None => {}
                }
            }
            ok()
        }
        ("+CSCA", Form::Read) => say(format!("+CSCA: \"{}\",145", modem.service_centre)),
        ("+CSCA", Form::Set(_)) => {
            modem.service_centre = Address::new(form.text(0).unwrap_or("").to_owned());
            ok()
        }
        ("+CSMP", Form::Read) => {
            let [fo, vp, pid, dcs] = settings.text_parameters;
            say(format!("+CSMP: {fo},{vp},{pid},{dcs}"))
        }
        ("+CSMP", Form::Set(_)) => {
            for (index, value) in settings.text_parameters.iter_mut().enumerate() {
                *value = form.number(index).unwrap_or(*value);
            }
            ok()
        }
        ("+CSMS", Form::Read) => say(format!("+CSMS: {},1,1,1", modem.message_service)),
        ("+CSMS", Form::Test) => say("+CSMS: (0,1)"),
        ("+CSMS", Form::Set(_)) => {
            modem.message_service = form.number(0).unwrap_or(0).min(1);
            say("+CSMS: 1,1,1")
        }
        ("+CPMS", Form::Test) => say("+CPMS: (\"SM\"),(\"SM\"),(\"SM\")"),
        ("+CPMS", Form::Read) => {
            let one = format!("\"SM\",{},{}", used(modem), modem.storage.len());
            say(format!("+CPMS: {one},{one},{one}"))
        }
        ("+CPMS", Form::Set(_)) => {
            let one = format!("{},{}", used(modem), modem.storage.len());
            say(format!("+CPMS: {one},{one},{one}"))
        }
        ("+CSDH" | "+CMMS" | "+CSAS" | "+CRES" | "+CSCB" | "+CGSMS", Form::Read) => {
            say(format!("{name}: 0"))
        }
        ("+CSCA" | "+CSMP", Form::Test)
        | ("+CSDH" | "+CMMS" | "+CSAS" | "+CRES" | "+CSCB" | "+CGSMS" | "+CNMA", _) => ok(),
        _ => return None,
    })
}

fn used(modem: &Sim900) -> usize {
    modem.storage.iter().flatten().count()
}

fn traffic(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    if !matches!(name, "+CMGS" | "+CMGW" | "+CMSS" | "+CMGR" | "+CMGL" | "+CMGD" | "+CMGDA") {
        return None;
    }
    if *form == Form::Test {
        return Some(match name {
            "+CMGL" if modem.settings.text_mode => {
                say("+CMGL: (\"REC UNREAD\",\"REC READ\",\"STO UNSENT\",\"STO SENT\",\"ALL\")")
            }
            "+CMGL" => say("+CMGL: (0-4)"),
            "+CMGD" => say(format!("+CMGD: (1-{}),(0-4)", modem.storage.len())),
            _ => ok(),
        });
    }
    if let Some(code) = modem.sim_refusal() {
        // 27.005 numbers the troubles of the SIM card as 27.007 does, from 300 on.
        return Some(Err(Refusal::Cms(300 + code)));
    }
    Some(match name {
        "+CMGS" | "+CMGW" => prompt(modem, name == "+CMGS", form),
        "+CMSS" => send_stored(modem, form),
        "+CMGR" => read(modem, form),
        "+CMGL" => Ok(Done::Ok(list(modem, form))),
        _ => delete(modem, name, form),
    })
}

fn prompt(modem: &Sim900, send: bool, form: &Form) -> Reply {
    let to = if modem.settings.text_mode {
        let number = form.text(0).unwrap_or("");
        let number = match modem.settings.character_set.as_str() {
            "UCS2" => from_ucs2(number).unwrap_or_default(),
            _ => number.to_owned(),
        };
        if send && !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::Cms(305));
        }
        Destination::Number(number)
    } else {
        let octets = form.number(0).filter(|octets| (7..=164).contains(octets));
        let octets = octets.and_then(|octets| usize::try_from(octets).ok());
        Destination::InPdu(octets.ok_or(Refusal::Cms(304))?)
    };
    Ok(Done::Prompt(Prompt { send, to }))
}

/// Takes the message after the prompt.
pub(super) fn take(modem: &mut Sim900, prompt: Prompt, message: &[u8]) -> Reply {
    let submit = match prompt.to {
        Destination::InPdu(counted) => {
            let text: String = message.iter().map(|byte| char::from(*byte)).collect();
            let octets = from_hex(&text).map_err(|_| Refusal::Cms(304))?;
            let service_centre = octets.first().map_or(0, |length| usize::from(*length) + 1);
            if octets.len() != service_centre + counted {
                return Err(Refusal::Cms(304));
            }
            Submit::decode(&octets).map_err(|_| Refusal::Cms(304))?
        }
        Destination::Number(number) => text_submit(modem, number, message)?,
    };
    if prompt.send {
        return Ok(Done::Submit(Box::new(Outgoing { submit, command: "+CMGS" })));
    }
    let (octets, counted) = submit.encode();
    let index = store(modem, Stored { status: 2, octets, counted }).ok_or(Refusal::Cms(322))?;
    say(format!("+CMGW: {index}"))
}

/// A message of text mode, by the rules of 27.005 for `<data>`.
fn text_submit(modem: &Sim900, number: String, message: &[u8]) -> Result<Submit, Refusal> {
    let [fo, _, _, dcs] = modem.settings.text_parameters;
    let message = message.get(..message.len().min(4 * MAX_TEXT_BYTES)).unwrap_or(message);
    let typed: String = message.iter().map(|byte| char::from(*byte)).collect();
    let typed = typed.replace('\r', "\n");
    let alphabet = Alphabet::from_dcs(u8::try_from(dcs).unwrap_or(0));
    let text = match (alphabet, modem.settings.character_set.as_str()) {
        (Alphabet::Ucs2, _) | (_, "UCS2") => from_ucs2(&typed).ok_or(Refusal::Cms(305))?,
        (_, "HEX") => decode_gsm7(&from_hex(&typed).map_err(|_| Refusal::Cms(305))?),
        (_, "GSM") => decode_gsm7(message),
        _ => typed,
    };
    let body = match alphabet {
        Alphabet::Ucs2 => Body::Ucs2(text.encode_utf16().take(70).collect()),
        Alphabet::Gsm7 | Alphabet::Data => {
            let mut septets = encode_gsm7(&text).ok_or(Refusal::Cms(305))?;
            septets.truncate(MAX_TEXT_BYTES);
            Body::Gsm7(septets)
        }
    };
    let part = Part { body, concatenation: None };
    let report = fo & STATUS_REPORT_REQUEST != 0;
    Ok(Submit { to: Address::new(number), part, report, validity: None })
}

fn from_ucs2(hex: &str) -> Option<String> {
    let octets = from_hex(hex).ok()?;
    let (units, rest) = octets.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    rest.is_empty().then(|| String::from_utf16_lossy(&units))
}

fn store(modem: &mut Sim900, message: Stored) -> Option<usize> {
    let index = modem.storage.iter().position(Option::is_none)?;
    *modem.storage.get_mut(index)? = Some(message);
    Some(index + 1)
}

/// The place a command names, counted from 1.
fn place(form: &Form) -> Option<usize> {
    usize::try_from(form.number(0)?).ok()?.checked_sub(1)
}

fn send_stored(modem: &mut Sim900, form: &Form) -> Reply {
    let stored = place(form).and_then(|place| modem.storage.get(place)?.as_ref());
    let octets = &stored.ok_or(Refusal::Cms(321))?.octets;
    let submit = Submit::decode(octets).map_err(|_| Refusal::Cms(321))?;
    Ok(Done::Submit(Box::new(Outgoing { submit, command: "+CMSS" })))
}

fn read(modem: &mut Sim900, form: &Form) -> Reply {
    let text_mode = modem.settings.text_mode;
    let place = place(form).filter(|place| *place < modem.storage.len());
    let place = place.ok_or(Refusal::Cms(321))?;
    // An empty place reads as nothing.
    let Some(Some(message)) = modem.storage.get_mut(place) else { return ok() };
    let lines = show("+CMGR: ", message, text_mode);
    mark_read(message);
    Ok(Done::Ok(lines))
}

fn list(modem: &mut Sim900, form: &Form) -> Vec<String> {
    let text_mode = modem.settings.text_mode;
    let wanted = match form.text(0).unwrap_or("") {
        "4" | "ALL" => None,
        "1" | "REC READ" => Some(1),
        "2" | "STO UNSENT" => Some(2),
        "3" | "STO SENT" => Some(3),
        _ => Some(0),
    };
    let mut lines = Vec::new();
    for (place, message) in modem.storage.iter_mut().enumerate() {
        if let Some(message) = message
            && wanted.is_none_or(|wanted| wanted == message.status)
        {
            lines.extend(show(&format!("+CMGL: {},", place + 1), message, text_mode));
            mark_read(message);
        }
    }
    lines
}

const fn mark_read(message: &mut Stored) {
    if message.status == 0 {
        message.status = 1;
    }
}

/// The header and the message, as the mode has them.
fn show(start: &str, message: &Stored, text_mode: bool) -> Vec<String> {
    let Stored { status, octets, counted } = message;
    if !text_mode {
        return vec![format!("{start}{status},\"\",{counted}"), to_hex(octets)];
    }
    let word = ["REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"]
        .get(usize::from(*status))
        .copied()
        .unwrap_or_default();
    let (number, at, text) = match (decode_received(octets), Submit::decode(octets)) {
        (Ok(Received::Deliver(deliver)), _) => {
            (deliver.from.to_string(), time(deliver.at), deliver.part.text())
        }
        (Ok(Received::StatusReport(report)), _) => {
            return vec![format!("{start}\"{word}\",{}", report_fields(&report))];
        }
        (Err(_), Ok(submit)) => (submit.to.to_string(), String::new(), submit.part.text()),
        (Err(_), Err(_)) => Default::default(),
    };
    vec![format!("{start}\"{word}\",\"{number}\",\"\",\"{at}\""), text]
}

/// A status report in text mode: `<fo>,<mr>,<ra>,<tora>,<scts>,<dt>,<st>`.
fn report_fields(report: &StatusReport) -> String {
    let StatusReport { reference, to, at, done, status } = report;
    let (at, done) = (time(*at), time(*done));
    format!("6,{reference},\"{to}\",145,\"{at}\",\"{done}\",{status}")
}

fn time(at: Option<Timestamp>) -> String {
    at.unwrap_or_default().strftime("%y/%m/%d,%H:%M:%S+00").to_string()
}

fn delete(modem: &mut Sim900, name: &str, form: &Form) -> Reply {
    let everything = name == "+CMGDA" || form.number(1).is_some_and(|flag| flag > 0);
    if everything {
        modem.storage.fill(None);
        return ok();
    }
    let place = place(form).and_then(|place| modem.storage.get_mut(place));
    *place.ok_or(Refusal::Cms(321))? = None;
    ok()
}

/// A message comes in.
pub(super) fn receive(modem: &mut Sim900, from: String, text: &str) -> Vec<u8> {
    let reference = modem.reference;
    let from = Address::new(from);
    let mut said = Vec::new();
    for part in split(text, reference) {
        let deliver = Deliver { from: from.clone(), at: Some(modem.now), part };
        let (octets, counted) = deliver.encode(&modem.service_centre);
        let [_, mt, ..] = modem.settings.announce;
        if mt == 2 && !modem.settings.text_mode {
            said.extend(unsolicited(&format!("+CMT: \"\",{counted}\r\n{}", to_hex(&octets))));
            continue;
        }
        let index = store(modem, Stored { status: 0, octets, counted });
        if let Some(index) = index.filter(|_| mt == 1) {
            said.extend(unsolicited(&format!("+CMTI: \"SM\",{index}")));
        }
    }
    said
}

/// A status report comes in.
pub(super) fn announce_report(modem: &mut Sim900, report: &StatusReport) -> Vec<u8> {
    let (octets, counted) = report.encode(&modem.service_centre);
    let [.., ds, _] = modem.settings.announce;
    match ds {
        1 if modem.settings.text_mode => unsolicited(&format!("+CDS: {}", report_fields(report))),
        1 => unsolicited(&format!("+CDS: {counted}\r\n{}", to_hex(&octets))),
        2 => match store(modem, Stored { status: 0, octets, counted }) {
            Some(index) => unsolicited(&format!("+CDSI: \"SM\",{index}")),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}
