//! What modems do otherwise than the standards or each other, as data. Each quirk has a transcript
//! under `tests/dialog/modem/`.

use crate::config::ModemModel;

/// One oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quirk {
    /// Registers in LTE, where `+CREG` may go on saying 0 or 2 while `+CEREG` says 1 or 5, so both
    /// are asked and either will do. Transcript: `lte-registration.txt`.
    LteRegistration,
    /// Is ready for messages only some seconds after its SIM card is, and says `SMS Ready`;
    /// `AT+CMGS` before that fails. Waited for after a start. Transcript: `late-sms-ready.txt`.
    LateSmsReady,
    /// Tells by `AT+SPIC` how many tries of the PIN are left, so that the last one is never spent
    /// on a wrong PIN. Transcript: `pin-tries.txt`.
    PinTries,
    /// Starts anew by `AT+CRESET`; takes `AT+CFUN=1,1` for a change of function only. Transcript:
    /// `restart-by-creset.txt`.
    RestartByCreset,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: [Self; 4] =
        [Self::LteRegistration, Self::LateSmsReady, Self::PinTries, Self::RestartByCreset];

    /// The name of its transcript.
    #[must_use]
    pub const fn transcript(self) -> &'static str {
        match self {
            Self::LteRegistration => "lte-registration.txt",
            Self::LateSmsReady => "late-sms-ready.txt",
            Self::PinTries => "pin-tries.txt",
            Self::RestartByCreset => "restart-by-creset.txt",
        }
    }
}

/// The quirks of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks(&'static [Quirk]);

impl Quirks {
    /// The quirks of a family; those of an unknown modem ask for what others answer with `ERROR`.
    #[must_use]
    pub const fn of(model: Option<ModemModel>) -> Self {
        Self(match model {
            Some(ModemModel::Sim900) => &[Quirk::PinTries],
            Some(ModemModel::Sim800) => &[Quirk::PinTries, Quirk::LateSmsReady],
            Some(ModemModel::Sim7600) => {
                &[Quirk::PinTries, Quirk::LteRegistration, Quirk::RestartByCreset]
            }
            None => &[Quirk::PinTries, Quirk::LteRegistration],
        })
    }

    /// Whether the family has it.
    #[must_use]
    pub fn has(self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }

    /// The command that makes the modem start anew.
    #[must_use]
    pub fn restart(self) -> &'static str {
        if self.has(Quirk::RestartByCreset) { "AT+CRESET" } else { "AT+CFUN=1,1" }
    }
}

/// The family of a modem by its answer to `AT+CGMM`, such as `SIMCOM_SIM900`.
#[must_use]
pub fn family(model: &str) -> Option<ModemModel> {
    const FAMILIES: &[(&str, ModemModel)] = &[
        ("SIM900", ModemModel::Sim900),
        ("SIM908", ModemModel::Sim900),
        ("SIM800", ModemModel::Sim800),
        ("SIM808", ModemModel::Sim800),
        ("SIM868", ModemModel::Sim800),
        ("SIM7500", ModemModel::Sim7600),
        ("SIM7600", ModemModel::Sim7600),
        ("A7608", ModemModel::Sim7600),
        ("A7670", ModemModel::Sim7600),
        ("A7672", ModemModel::Sim7600),
    ];
    let model = model.to_ascii_uppercase();
    FAMILIES.iter().find(|(name, _)| model.contains(name)).map(|(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_their_model() {
        let rows = [
            ("SIMCOM_SIM900", Some(ModemModel::Sim900)),
            ("SIMCOM_SIM800L", Some(ModemModel::Sim800)),
            ("SIMCOM_SIM7600E-H", Some(ModemModel::Sim7600)),
            ("A7670E-FASE", Some(ModemModel::Sim7600)),
            ("EC25", None),
            ("", None),
        ];
        for (model, expected) in rows {
            assert_eq!(family(model), expected, "{model}");
        }
    }
}
