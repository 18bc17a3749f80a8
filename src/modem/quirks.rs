//! What modems do otherwise than the standards or each other, as data. Each quirk has a transcript
//! under `tests/dialog/modem/`.

use crate::config::{ModemAudio, ModemModel};

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
    /// Answers `ATD` with `OK` as soon as it dials. Others may do so only when the telephone is
    /// answered; if they have no `AT+CLCC` that tells, their `OK` is the answer. Transcripts:
    /// `call-sim900.txt`, `call-ok-when-answered.txt`.
    OkWhileDialling,
    /// Tells of calls by `+CLCC` of its own accord after `AT+CLCC=1`. Transcript:
    /// `call-sim800.txt`.
    CallNews,
    /// Takes `ATH` for nothing in a voice call (`+CVHU: 1`) and hangs up by `AT+CHUP`. Transcript:
    /// `call-sim7600.txt`.
    HangUpByChup,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: [Self; 7] = [
        Self::LteRegistration,
        Self::LateSmsReady,
        Self::PinTries,
        Self::RestartByCreset,
        Self::OkWhileDialling,
        Self::CallNews,
        Self::HangUpByChup,
    ];

    /// The name of its transcript.
    #[must_use]
    pub const fn transcript(self) -> &'static str {
        match self {
            Self::LteRegistration => "lte-registration.txt",
            Self::LateSmsReady => "late-sms-ready.txt",
            Self::PinTries => "pin-tries.txt",
            Self::RestartByCreset => "restart-by-creset.txt",
            Self::OkWhileDialling => "call-sim900.txt",
            Self::CallNews => "call-sim800.txt",
            Self::HangUpByChup => "call-sim7600.txt",
        }
    }
}

/// The quirks of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    model: Option<ModemModel>,
    quirks: &'static [Quirk],
}

impl Quirks {
    /// The quirks of a family; those of an unknown modem ask for what others answer with `ERROR`.
    #[must_use]
    pub const fn of(model: Option<ModemModel>) -> Self {
        let quirks: &[Quirk] = match model {
            Some(ModemModel::Sim900) => &[Quirk::PinTries, Quirk::OkWhileDialling, Quirk::CallNews],
            Some(ModemModel::Sim800) => {
                &[Quirk::PinTries, Quirk::LateSmsReady, Quirk::OkWhileDialling, Quirk::CallNews]
            }
            Some(ModemModel::Sim7600) => &[
                Quirk::PinTries,
                Quirk::LteRegistration,
                Quirk::RestartByCreset,
                Quirk::OkWhileDialling,
                Quirk::CallNews,
                Quirk::HangUpByChup,
            ],
            None => &[Quirk::PinTries, Quirk::LteRegistration, Quirk::CallNews],
        };
        Self { model, quirks }
    }

    /// Whether the family has it.
    #[must_use]
    pub fn has(self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// The command that makes the modem start anew.
    #[must_use]
    pub fn restart(self) -> &'static str {
        if self.has(Quirk::RestartByCreset) { "AT+CRESET" } else { "AT+CFUN=1,1" }
    }

    /// The commands that hang up: the best, and the one for when that did nothing.
    #[must_use]
    pub fn hang_up(self) -> [&'static str; 2] {
        if self.has(Quirk::HangUpByChup) { ["AT+CHUP", "ATH"] } else { ["ATH", "AT+CHUP"] }
    }

    /// The commands that set the audio path, as the family spells them. What is not set in the
    /// configuration stays as the modem has it.
    #[must_use]
    pub fn audio(self, audio: &ModemAudio) -> Vec<String> {
        let ModemAudio { channel, microphone_gain, volume, echo_cancellation } = *audio;
        let lte = self.model == Some(ModemModel::Sim7600);
        let main = channel.unwrap_or(0);
        let spell = |by_lte: String, by_others: String| if lte { by_lte } else { by_others };
        let channel = channel
            .map(|channel| spell(format!("AT+CSDVC={channel}"), format!("AT+CHFA={channel}")));
        let gain = microphone_gain
            .map(|gain| spell(format!("AT+CMICGAIN={gain}"), format!("AT+CMIC={main},{gain}")));
        let volume = volume.map(|percent| {
            // LTE modules have five steps.
            let volume = if lte { (u16::from(percent) * 5).div_ceil(100) } else { percent.into() };
            format!("AT+CLVL={volume}")
        });
        let echo = echo_cancellation.map(|on| self.echo(main, on));
        [channel, gain, volume, echo].into_iter().flatten().collect()
    }

    /// The values that switch it on are the manuals' own.
    fn echo(self, channel: u8, on: bool) -> String {
        match (self.model, on) {
            (Some(ModemModel::Sim7600), _) => format!("AT+CECM={}", u8::from(on)),
            (Some(ModemModel::Sim800), _) => {
                format!("AT+ECHO={channel},96,253,16388,20488,{}", u8::from(on))
            }
            (Some(ModemModel::Sim900) | None, true) => format!("AT+ECHO={channel},7,5,1"),
            (Some(ModemModel::Sim900) | None, false) => format!("AT+ECHO={channel},0,0,0"),
        }
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
    fn audio_is_set_as_each_family_spells_it() {
        let all = ModemAudio {
            channel: Some(1),
            microphone_gain: Some(8),
            volume: Some(70),
            echo_cancellation: Some(true),
        };
        let echo_off = ModemAudio { echo_cancellation: Some(false), ..ModemAudio::default() };
        let rows: [(Option<ModemModel>, &ModemAudio, &[&str]); 6] = [
            (
                Some(ModemModel::Sim900),
                &all,
                &["AT+CHFA=1", "AT+CMIC=1,8", "AT+CLVL=70", "AT+ECHO=1,7,5,1"],
            ),
            (
                Some(ModemModel::Sim800),
                &all,
                &["AT+CHFA=1", "AT+CMIC=1,8", "AT+CLVL=70", "AT+ECHO=1,96,253,16388,20488,1"],
            ),
            (
                Some(ModemModel::Sim7600),
                &all,
                &["AT+CSDVC=1", "AT+CMICGAIN=8", "AT+CLVL=4", "AT+CECM=1"],
            ),
            (Some(ModemModel::Sim900), &echo_off, &["AT+ECHO=0,0,0,0"]),
            (Some(ModemModel::Sim7600), &echo_off, &["AT+CECM=0"]),
            (None, &ModemAudio::default(), &[]),
        ];
        for (model, audio, expected) in rows {
            assert_eq!(Quirks::of(model).audio(audio), expected, "{model:?}");
        }
    }

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
