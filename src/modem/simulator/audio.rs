//! Commands about the audio path (SIM900 manual, sections 6.2 and 3.2). Pure.

use super::modem::{Done, Refusal, Reply, Sim900, ok, say, setting};
use super::request::Form;

/// Audio channels of `+CHFA`: main and auxiliary, each by hand and hands-free.
const CHANNELS: usize = 4;

/// The settings, which `ATZ` leaves alone.
#[derive(Debug)]
pub(super) struct Audio {
    channel: u32,
    /// 0 to 15, for each channel.
    microphone: [u32; CHANNELS],
    volume: u32,
    /// `<es>,<ses>,<mode>`, for each channel.
    echo: [[u32; 3]; CHANNELS],
}

impl Default for Audio {
    fn default() -> Self {
        let (by_hand, hands_free) = ([0, 0, 1], [7, 5, 1]);
        Self {
            channel: 0,
            microphone: [10, 6, 10, 6],
            volume: 60,
            echo: [by_hand, by_hand, hands_free, hands_free],
        }
    }
}

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    let audio = &mut modem.audio;
    Some(match (name, form) {
        ("+CHFA", _) => setting(name, form, 0..=4, &mut audio.channel),
        ("+CLVL", _) => setting(name, form, 0..=100, &mut audio.volume),
        ("+CMIC", Form::Test) => say("+CMIC: (0-3),(0-15)"),
        ("+CMIC", Form::Read) => {
            let gains = audio.microphone.iter().enumerate();
            let gains: Vec<_> = gains.map(|(place, gain)| format!("({place},{gain})")).collect();
            say(format!("+CMIC: {}", gains.join(",")))
        }
        ("+CMIC", Form::Set(_)) => set_microphone(audio, form),
        ("+ECHO", Form::Test) => say("+ECHO: MIC:(0-3), ES:(0-8), SES:(0-6), MODE:(0-1)"),
        ("+ECHO", Form::Read) => {
            let values = audio.echo.iter().enumerate();
            let values =
                values.map(|(place, [es, ses, mode])| format!("({place},{es},{ses},{mode})"));
            Ok(Done::Ok(vec![format!("+ECHO: {}", values.collect::<Vec<_>>().join(","))]))
        }
        ("+ECHO", Form::Set(_)) => set_echo(audio, form),
        ("+CMIC" | "+ECHO", Form::Execute) => Err(Refusal::Plain),
        _ => return None,
    })
}

fn place(form: &Form) -> Option<usize> {
    form.number(0).and_then(|channel| usize::try_from(channel).ok())
}

fn set_microphone(audio: &mut Audio, form: &Form) -> Reply {
    let gain = form.number(1).filter(|gain| *gain <= 15);
    let place = place(form).and_then(|place| audio.microphone.get_mut(place));
    let (Some(gain), Some(place)) = (gain, place) else { return Err(Refusal::Cme(50)) };
    *place = gain;
    ok()
}

fn set_echo(audio: &mut Audio, form: &Form) -> Reply {
    let place = place(form).and_then(|place| audio.echo.get_mut(place));
    let Some(place) = place else { return Err(Refusal::Cme(50)) };
    for (index, (value, most)) in place.iter_mut().zip([8, 6, 1]).enumerate() {
        match form.number(index + 1) {
            Some(new) if new <= most => *value = new,
            Some(_) => return Err(Refusal::Cme(50)),
            None if index == 0 => return Err(Refusal::Cme(50)),
            None => {}
        }
    }
    ok()
}
