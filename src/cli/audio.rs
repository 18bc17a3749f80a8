//! `audio`

use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::audio::{self, AudioError, Level, Pcm, Player, Recorder, TELEPHONE_RATE};
use smtp_appliance::config::{Audio, Config};
use smtp_appliance::speech::script::{Script, script};
use smtp_appliance::speech::{Speaker, Utterance};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{Context, keep_speech_of_the_owner, output, session, table};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the sound devices that can play and record.
    Devices,
    /// Play a tone, keys and a voice, to set by ear how loud the modem gets them.
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance audio test                       a tone, keys and a voice, as configured
  smtp-appliance audio test --tone --seconds 30   time to turn a knob
  smtp-appliance audio test --device plughw:CARD=Device --level 40

Listen where the lead to the modem begins, with headphones: clear, not rough. How it arrives, a call
tells: smtp-appliance call NUMBER 'One two three'. What sounds right is written as `level` under
[audio] in the configuration.")]
pub(super) struct TestArgs {
    /// ALSA device to play on, instead of the configured one.
    #[arg(long, value_name = "PCM")]
    device: Option<String>,
    /// Level in percent of full scale, instead of the configured one.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    level: Option<u32>,
    /// Only the tone of 1000 Hz.
    #[arg(long)]
    tone: bool,
    /// How long the tone lasts.
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

pub(super) fn run(command: Command, context: &mut Context) -> anyhow::Result<()> {
    match command {
        Command::Devices => devices(context),
        Command::Test(args) => test(args, context),
    }
}

fn devices(context: &mut Context) -> anyhow::Result<()> {
    let devices = audio::devices();
    if devices.is_empty() {
        return context.out.line(
            "No sound card was found. Is it plugged in, and is the user in the group `audio`?",
        );
    }
    let yes = |can: bool| if can { "yes" } else { "" }.to_owned();
    let rows = devices.into_iter().map(|device| {
        let card = device.card.unwrap_or_default();
        vec![device.name, yes(device.plays), yes(device.records), card, device.description]
    });
    let rows: Vec<_> = rows.collect();
    let heading = ["NAME", "PLAYS", "RECORDS", "CARD", "DESCRIPTION"];
    let text = table::render(&heading, &rows, output::width());
    context.out.bytes(text.as_bytes())
}

fn test(args: TestArgs, context: &mut Context) -> anyhow::Result<()> {
    let whole = context.load()?;
    let mut config = whole.audio.clone();
    config.playback = args.device.unwrap_or(config.playback);
    config.level = args.level.unwrap_or(config.level);
    let length = Duration::from_secs(args.seconds.into());
    let mut sounds = vec![("1000 Hz", audio::tone(TELEPHONE_RATE, 1000.0, length, 1.0))];
    session::run(async |stop| {
        if !args.tone {
            sounds.push(("the keys 1 2 3", keys("123")));
            sounds.push(("the greeting of a call", greeting(whole).await?));
        }
        tokio::select! {
            played = play(&config, sounds, context) => played,
            () = stop.cancelled() => Ok(()),
        }
    })
}

/// The tones of some keys, as a telephone sends them.
fn keys(keys: &str) -> Pcm {
    let pause = Pcm::silence(TELEPHONE_RATE, Duration::from_millis(100));
    let mut sound = Pcm { rate: TELEPHONE_RATE, samples: Vec::new() };
    for key in keys.chars() {
        let tone = audio::dtmf(TELEPHONE_RATE, key, Duration::from_millis(200), 1.0);
        sound.append(&tone.unwrap_or_default());
        sound.append(&pause);
    }
    sound
}

/// How a call begins and asks for a key, in the language and voice of people who have none of
/// their own.
async fn greeting(mut config: Config) -> anyhow::Result<Pcm> {
    let language = config.appliance.language.clone();
    let Script { greeting, prompt, .. } = script(&[], &language, &config, '4');
    let cache = config.appliance.store.join("speech");
    keep_speech_of_the_owner(&mut config);
    let (_settings, settings) = watch::channel(Arc::new(config));
    let speaker = Speaker::start(settings, cache);
    let mut sound = Pcm { rate: TELEPHONE_RATE, samples: Vec::new() };
    for text in greeting.into_iter().chain(prompt) {
        let utterance = Utterance { text, language: language.clone(), voice: None };
        let said = speaker.say(utterance).await?;
        sound.append(&audio::telephone(&said));
        sound.append(&Pcm::silence(TELEPHONE_RATE, Duration::from_millis(250)));
    }
    Ok(sound)
}

async fn play(
    config: &Audio,
    sounds: Vec<(&str, Pcm)>,
    context: &mut Context,
) -> anyhow::Result<()> {
    let player = Player::open(config).await?;
    context.out.line(format!("Playing on `{}` at {} %.", config.playback, config.level))?;
    let recorder = match Recorder::open(config, Duration::ZERO).await {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            context.out.line(format!("The level of what comes in is not shown: {error}."))?;
            None
        }
    };
    for (name, sound) in sounds {
        context.out.line(format!("  {name}"))?;
        player.play(Arc::new(sound)).await?;
        watch(&player, recorder.as_ref(), context).await?;
    }
    let underruns = player.underruns();
    player.close().await;
    if underruns > 0 {
        context.out.line(format!(
            "Sound came too late for the device {underruns} times: the machine is too busy."
        ))?;
    }
    Ok(())
}

/// Shows what comes in until all was heard.
async fn watch(
    player: &Player,
    recorder: Option<&Recorder>,
    context: &mut Context,
) -> anyhow::Result<()> {
    let Some(recorder) = recorder else { return Ok(player.drained().await?) };
    let mut every = interval(Duration::from_millis(500));
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    every.tick().await;
    let mut drained: Option<Result<(), AudioError>> = None;
    while drained.is_none() {
        tokio::select! {
            done = player.drained() => drained = Some(done),
            _ = every.tick() => context.out.line(meter(recorder.level()))?,
        }
    }
    Ok(drained.unwrap_or(Ok(()))?)
}

/// A level as a bar of 60 dB and in figures.
fn meter(level: Level) -> String {
    const WIDTH: u8 = 30;
    let decibels = |value: f32| 20.0 * value.max(1e-5).log10();
    let dots = (0..WIDTH).map(|dot| {
        let limit = f32::from(dot) / f32::from(WIDTH) * 60.0 - 60.0;
        if decibels(level.peak) > limit { '█' } else { '·' }
    });
    let loud = if level.peak > 0.99 { "  too loud" } else { "" };
    format!("  in  {}  peak {:.0} dB{loud}", dots.collect::<String>(), decibels(level.peak))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_shows_how_loud_it_is() {
        for (peak, shown) in [
            (0.0, "  in  ······························  peak -100 dB"),
            (0.1, "  in  ████████████████████··········  peak -20 dB"),
            (1.0, "  in  ██████████████████████████████  peak 0 dB  too loud"),
        ] {
            assert_eq!(meter(Level { peak, rms: 0.0 }), shown);
        }
    }

    #[test]
    fn keys_have_pauses() {
        assert_eq!(keys("123").duration(), Duration::from_millis(900));
    }
}
