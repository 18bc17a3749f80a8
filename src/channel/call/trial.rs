//! A call that tries the line: how soon it is answered, how well sound travels, and whether it comes
//! back, as it does from an extension that echoes.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use super::line::{Line, LineEnd, LineEvent};
use super::quality::CallQuality;
use super::voip::{VoipLine, by_name};
use crate::audio::{Pcm, TELEPHONE_RATE};
use crate::config::Config;
use crate::sip::Agent;

/// How long it lasts from the answer on: two reports of the far end.
const LENGTH: Duration = Duration::from_secs(12);

/// How much of it is kept.
const KEPT: Duration = Duration::from_secs(10);

/// How long its end may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// An echo comes back within this time, or is none.
const LATEST_ECHO: Duration = Duration::from_secs(3);

/// Samples in a second of a telephone line.
const SECOND: u16 = 8000;

/// Likeness from which on a sound is an echo of ours, in percent. Noise and speech reach some ten.
const LIKE: f32 = 40.0;

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// From the call's begin to the ringing, in ms.
    pub rang_ms: Option<u64>,
    /// From the call's begin to the answer, in ms.
    pub answered_ms: Option<u64>,
    /// How it ended, in words.
    pub end: String,
    /// How well the sound travelled.
    pub quality: Option<CallQuality>,
    /// What came back of our sound.
    pub echo: Option<Echo>,
}

/// Our own sound, come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// After how long, in ms.
    pub after_ms: u64,
    /// How like it is to what was sent, in percent.
    pub likeness: u8,
}

/// Calls an extension, a number or a SIP URI, plays a sound and listens; an error is for a person to
/// read.
///
/// # Errors
/// If there is nothing to call by.
pub async fn try_line(agent: &Agent, to: &str, config: &Config) -> Result<Trial, String> {
    let begun = Instant::now();
    let mut line = VoipLine::dial(agent, by_name(to)?, config, KEPT).await?;
    let mut trial =
        Trial { rang_ms: None, answered_ms: None, end: String::new(), quality: None, echo: None };
    let since = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answered = loop {
        match line.next().await {
            LineEvent::Ringing => trial.rang_ms = trial.rang_ms.or_else(|| Some(since())),
            LineEvent::Answered => break true,
            LineEvent::Ended(end) => {
                trial.end = words(&end);
                break false;
            }
            LineEvent::Dialling | LineEvent::Key(_) | LineEvent::Heard => {}
        }
    };
    if answered {
        trial.answered_ms = Some(since());
        let sound = sweep();
        // What was heard before it is no echo of it.
        let before = line.heard().samples.len();
        line.play(sound.clone()).await;
        trial.end = talk(&mut line).await;
        let heard = line.heard();
        trial.quality = line.quality();
        let compared = tokio::task::spawn_blocking(move || echo(&sound, &heard, before)).await;
        trial.echo = compared.unwrap_or_default();
    }
    line.close().await;
    Ok(trial)
}

/// Stays in the call for its length; how it ended.
async fn talk(line: &mut VoipLine) -> String {
    let ended = async |line: &mut VoipLine| loop {
        if let LineEvent::Ended(end) = line.next().await {
            break words(&end);
        }
    };
    tokio::select! {
        end = ended(line) => return end,
        () = sleep(LENGTH) => {}
    }
    line.hang_up();
    timeout(PATIENCE, ended(line)).await.unwrap_or_else(|_| "hung up".to_owned())
}

fn words(end: &LineEnd) -> String {
    match end {
        LineEnd::HungUp => "hung up".to_owned(),
        LineEnd::FarEnd => "the other side hung up".to_owned(),
        LineEnd::TooLong => "the call was as long as it may be".to_owned(),
        LineEnd::Failed(reason) | LineEnd::Refused(reason) => reason.clone(),
    }
}

/// A tone that rises through the telephone's band within a second: nothing else sounds like it.
fn sweep() -> Pcm {
    let (lowest, highest) = (300.0_f32, 3000.0_f32);
    let rate = f32::from(SECOND);
    let samples = (0..SECOND).map(|place| {
        let time = f32::from(place) / rate;
        let turns = lowest * time + (highest - lowest) * time * time / 2.0;
        #[expect(clippy::cast_possible_truncation, reason = "half of full scale")]
        {
            ((std::f32::consts::TAU * turns).sin() * 16_000.0) as i16
        }
    });
    Pcm { rate: TELEPHONE_RATE, samples: samples.collect() }
}

/// Where what was heard is most like what was sent, counted from `before`, if it is like it.
fn echo(sent: &Pcm, heard: &Pcm, before: usize) -> Option<Echo> {
    let floats = |pcm: &Pcm| pcm.samples.iter().copied().map(f32::from).collect::<Vec<f32>>();
    let (sent, heard) = (floats(sent), floats(heard));
    let latest = usize::try_from(LATEST_ECHO.as_millis()).ok()? * TELEPHONE_RATE as usize / 1000;
    let energy = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
    let of_sent = energy(&sent);
    let likeness = |place: usize| {
        let part = heard.get(place..place + sent.len())?;
        let product: f32 = part.iter().zip(&sent).map(|(a, b)| a * b).sum();
        let both = (of_sent * energy(part)).sqrt();
        Some(if both > 0.0 { product.abs() / both * 100.0 } else { 0.0 })
    };
    let places = before..before + latest;
    let found = places.filter_map(|place| Some((likeness(place)?, place)));
    let (like, place) = found.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let after_ms = u64::try_from((place - before) * 1000 / TELEPHONE_RATE as usize).ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let likeness = like.round() as u8;
    (like >= LIKE).then_some(Echo { after_ms, likeness })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_found_where_it_is_and_nothing_else_is_one() {
        let sent = sweep();
        let before = 4000;
        let mut heard = Pcm { rate: TELEPHONE_RATE, samples: vec![0; before + 1600] };
        heard.samples.extend(sent.samples.iter().map(|sample| sample / 8));
        heard.samples.extend([0; 8000]);
        let found = echo(&sent, &heard, before);
        assert_eq!(found, Some(Echo { after_ms: 200, likeness: 100 }));
        let mut random = fastrand::Rng::with_seed(7);
        let noise = (0..40_000).map(|_| random.i16(..)).collect();
        assert_eq!(echo(&sent, &Pcm { rate: TELEPHONE_RATE, samples: noise }, 0), None);
        assert_eq!(echo(&sent, &Pcm::silence(TELEPHONE_RATE, LATEST_ECHO), 0), None);
        assert_eq!(echo(&sent, &Pcm::default(), 0), None);
    }
}
