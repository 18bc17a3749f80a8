//! Commands about the network (3GPP TS 27.007 section 7).

use super::modem::{Refusal, Reply, Sim900, ok, say, setting, unsolicited};
use super::request::Form;
use crate::modem::at::Registration;

const OPERATOR: &str = "Simulated Mobile";
const OPERATOR_NUMBER: &str = "21401";

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    Some(match name {
        "+CSQ" => match form {
            Form::Execute => say(format!("+CSQ: {},0", modem.signal)),
            Form::Test => say("+CSQ: (0-31,99),(0-7,99)"),
            Form::Read | Form::Set(_) => Err(Refusal::Plain),
        },
        "+CREG" | "+CGREG" => match form {
            Form::Read => {
                let state = stat(modem.registration);
                say(format!("{name}: {},{state}", modem.settings.watch_registration))
            }
            Form::Execute | Form::Test | Form::Set(_) => {
                setting(name, form, 0..=2, &mut modem.settings.watch_registration)
            }
        },
        "+COPS" => operators(modem, form),
        "+CGATT" => match form {
            Form::Read => say("+CGATT: 0"),
            Form::Test => say("+CGATT: (0,1)"),
            Form::Execute | Form::Set(_) => ok(),
        },
        _ => return None,
    })
}

fn operators(modem: &mut Sim900, form: &Form) -> Reply {
    let format = modem.settings.operator_format;
    let name = if format == 2 { OPERATOR_NUMBER } else { OPERATOR };
    match form {
        Form::Read if modem.registration.is_registered() => {
            say(format!("+COPS: 0,{format},\"{name}\""))
        }
        Form::Read => say("+COPS: 0"),
        Form::Test => {
            say(format!("+COPS: (2,\"{OPERATOR}\",\"SIM\",\"{OPERATOR_NUMBER}\"),,(0-4),(0-2)"))
        }
        Form::Set(_) => {
            if let Some(format @ 0..=2) = form.number(1) {
                modem.settings.operator_format = format;
            }
            ok()
        }
        Form::Execute => Err(Refusal::Plain),
    }
}

/// The registration changes, which is told if wanted.
pub(super) fn change(modem: &mut Sim900, registration: Registration) -> Vec<u8> {
    modem.registration = registration;
    match modem.settings.watch_registration {
        0 => Vec::new(),
        1 => unsolicited(&format!("+CREG: {}", stat(registration))),
        _ => unsolicited(&format!("+CREG: {},\"00C3\",\"0F2A\"", stat(registration))),
    }
}

const fn stat(registration: Registration) -> u8 {
    match registration {
        Registration::Idle => 0,
        Registration::Home => 1,
        Registration::Searching => 2,
        Registration::Denied => 3,
        Registration::Unknown => 4,
        Registration::Roaming => 5,
    }
}
