//! Commands about the modem itself (V.250; 3GPP TS 27.007 sections 5, 8).

use super::modem::{Done, Refusal, Reply, Settings, Sim900, ok, say, setting, unsolicited};
use super::request::Form;

const IMEI: &str = "013226000000017";
const IMSI: &str = "214019000000017";

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    basic(modem, name, form)
        .or_else(|| identity(modem, name, form))
        .or_else(|| control(modem, name, form))
}

/// Commands of one letter.
fn basic(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    let on = form.number(0).unwrap_or(0) != 0;
    Some(match name {
        "E" => {
            modem.settings.echo = on;
            ok()
        }
        "V" => {
            modem.settings.verbose = on;
            ok()
        }
        "Z" | "&F" => {
            modem.settings = Settings::default();
            ok()
        }
        "I" => say("SIM900 R11.0"),
        "O" => Ok(Done::NoCarrier),
        "Q" | "X" | "L" | "M" | "T" | "P" | "&C" | "&D" | "&S" | "&W" | "&K" => ok(),
        _ if name.starts_with('S') && name.bytes().skip(1).all(|byte| byte.is_ascii_digit()) => {
            match form {
                Form::Read => say("000"),
                Form::Execute | Form::Set(_) => ok(),
                Form::Test => Err(Refusal::Plain),
            }
        }
        _ => return None,
    })
}

fn identity(modem: &Sim900, name: &str, form: &Form) -> Option<Reply> {
    let text = match name {
        "+CGMI" | "+GMI" => "SIMCOM_Ltd",
        "+CGMM" | "+GMM" => "SIMCOM_SIM900",
        "+CGMR" | "+GMR" => "Revision:1137B13SIM900M64_ST",
        "+CGSN" | "+GSN" => IMEI,
        "+CIMI" => IMSI,
        "+CCID" => "89340000000000000017",
        "+GCAP" => "+GCAP:+FCLASS,+CGSM",
        _ => return None,
    };
    Some(match form {
        Form::Test => ok(),
        Form::Execute => match modem.sim_refusal() {
            Some(code) if matches!(name, "+CIMI" | "+CCID") => Err(Refusal::Cme(code)),
            _ => say(text),
        },
        Form::Read | Form::Set(_) => Err(Refusal::Plain),
    })
}

fn control(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    Some(match name {
        "+CMEE" => setting(name, form, 0..=2, &mut modem.settings.errors),
        "+CPIN" => pin(modem, form),
        "+SPIC" => say(format!("+SPIC: {},3,10,10", modem.pin_tries)),
        "+CFUN" => match form {
            Form::Read => say("+CFUN: 1"),
            Form::Test => say("+CFUN: (0,1,4),(0,1)"),
            Form::Set(_) if form.number(1) == Some(1) => Ok(Done::Restart),
            Form::Set(_) => ok(),
            Form::Execute => Err(Refusal::Plain),
        },
        "+CSCS" => match form {
            Form::Read => say(format!("+CSCS: \"{}\"", modem.settings.character_set)),
            Form::Test => say("+CSCS: (\"IRA\",\"GSM\",\"UCS2\",\"HEX\")"),
            Form::Set(_) => match form.text(0) {
                Some(set @ ("IRA" | "GSM" | "UCS2" | "HEX")) => {
                    set.clone_into(&mut modem.settings.character_set);
                    ok()
                }
                _ => Err(Refusal::Cme(50)),
            },
            Form::Execute => Err(Refusal::Plain),
        },
        "+CBC" => answer(form, "+CBC: (0-2),(1-100),(voltage)", "+CBC: 0,90,4100"),
        "+CCLK" => {
            let now = modem.now.strftime("%y/%m/%d,%H:%M:%S+00");
            answer(form, "", &format!("+CCLK: \"{now}\""))
        }
        "+IPR" => {
            answer(form, "+IPR: (),(0,1200,2400,4800,9600,19200,38400,57600,115200)", "+IPR: 0")
        }
        "+CLIP" => match form {
            Form::Read => say(format!("+CLIP: {},1", u8::from(modem.settings.caller_id))),
            Form::Test => say("+CLIP: (0-1)"),
            Form::Set(_) => {
                modem.settings.caller_id = form.number(0) == Some(1);
                ok()
            }
            Form::Execute => Err(Refusal::Plain),
        },
        // The phone book is empty.
        "+CPBS" | "+CPBR" | "+CRC" | "+CVHU" | "+VTD" | "+CSSN" | "+CLTS" | "+IFC" | "+ICF"
        | "+CSCLK" => match form {
            Form::Execute | Form::Set(_) | Form::Test => ok(),
            Form::Read => say(format!("{name}: 0")),
        },
        _ => return None,
    })
}

/// A command with one answer, whose setting changes nothing.
fn answer(form: &Form, test: &str, value: &str) -> Reply {
    match form {
        Form::Test if test.is_empty() => ok(),
        Form::Test => say(test),
        Form::Execute | Form::Read => say(value),
        Form::Set(_) => ok(),
    }
}

fn pin(modem: &mut Sim900, form: &Form) -> Reply {
    if let Some(code @ (10 | 13 | 14)) = modem.sim_refusal() {
        return Err(Refusal::Cme(code));
    }
    match form {
        Form::Read => say(modem.sim_state()),
        Form::Test => ok(),
        Form::Execute => Err(Refusal::Plain),
        Form::Set(_) if modem.unlocked => Err(Refusal::Cme(3)),
        Form::Set(_) if modem.pin_tries == 0 => Err(Refusal::Cme(12)),
        Form::Set(_) if form.text(0) == modem.pin.as_deref() => {
            modem.unlocked = true;
            modem.pin_tries = 3;
            Ok(Done::Then(vec![modem.sim_state().to_owned(), "Call Ready".to_owned()]))
        }
        Form::Set(_) => {
            modem.pin_tries -= 1;
            Err(Refusal::Cme(16))
        }
    }
}

/// Noise, the same each time.
pub(super) fn garbage(count: usize) -> Vec<u8> {
    let mut noise = fastrand::Rng::with_seed(900);
    let bytes = std::iter::repeat_with(|| noise.u8(..)).take(count);
    bytes.chain(unsolicited("")).collect()
}
