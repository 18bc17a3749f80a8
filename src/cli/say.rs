//! `say`

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use smtp_appliance::audio::{self, Pcm, Player, TELEPHONE_RATE};
use smtp_appliance::config::{Config, Language, VoiceName};
use smtp_appliance::log;
use smtp_appliance::speech::voices::{ESPEAK_NG, Installed};
use smtp_appliance::speech::{EngineError, Speaker, SpeechError, Utterance, script};
use tokio::sync::{mpsc, watch};

use super::{Context, keep_speech_of_the_owner, session, voice};

/// Longest text, in bytes: about twenty minutes.
const MAX_TEXT: usize = 16 * 1024;

/// Between two sentences.
const PAUSE: Duration = Duration::from_millis(250);

/// Sentences that are made before they are played.
const AHEAD: usize = 4;

/// How long the last sounds may take to be kept.
const KEEPING: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance say 'Disk full on web-01' -o alert.wav
  smtp-appliance say 'El disco está lleno' --language es
  echo 'UPS on battery' | smtp-appliance say - --voice espeak-ng --device plughw:1,0

It is said as in a call: in words (the [speech.lexicon] counts), and with the band and the loudness
of a telephone line.")]
pub(super) struct Args {
    /// What to say; - reads standard input.
    text: String,
    /// Language of the text: en, es, es-GT; if not given, that of the voice, else the configured
    /// one.
    #[arg(long, visible_alias = "lang", value_name = "TAG")]
    language: Option<Language>,
    /// Who says it: an installed voice, or espeak-ng.
    #[arg(long, value_name = "NAME")]
    voice: Option<VoiceName>,
    /// Write a WAV file instead of playing.
    #[arg(short, long, value_name = "FILE", conflicts_with = "device")]
    output: Option<PathBuf>,
    /// ALSA device to play on, instead of the configured one.
    #[arg(long, value_name = "PCM")]
    device: Option<String>,
    #[command(flatten)]
    folder: voice::Folder,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<()> {
    log::begin_with("warn");
    let mut config = context.load_or_default()?;
    args.folder.put_into(&mut config);
    keep_speech_of_the_owner(&mut config);
    if let Some(device) = args.device {
        config.audio.playback = device;
    }
    let text = read(args.text)?;
    let language = language(args.language, args.voice.as_ref(), &config)?;
    let sentences: Vec<Utterance> = sentences(&text, &language, &config)
        .into_iter()
        .map(|text| Utterance { text, language: language.clone(), voice: args.voice.clone() })
        .collect();
    ensure!(!sentences.is_empty(), SpeechError::Engine(EngineError::Nothing));
    session::run(async move |stop| {
        let config = Arc::new(config);
        let (_settings, receiver) = watch::channel(Arc::clone(&config));
        let speaker = Speaker::start(receiver, config.appliance.store.join("speech"));
        let saying = async {
            match args.output {
                Some(file) => write(&speaker, sentences, file).await,
                None => play(&speaker, sentences, &config).await,
            }
        };
        tokio::select! {
            said = saying => said?,
            () = stop.cancelled() => return Ok(()),
        }
        speaker.finish(KEEPING).await;
        Ok(())
    })
}

fn read(text: String) -> anyhow::Result<String> {
    let text = if text == "-" {
        let mut text = Vec::new();
        let input = io::stdin().lock().take(MAX_TEXT as u64 + 1);
        { input }.read_to_end(&mut text).context("cannot read the text")?;
        String::from_utf8_lossy(&text).into_owned()
    } else {
        text
    };
    ensure!(text.len() <= MAX_TEXT, "the text is longer than {} KiB", MAX_TEXT / 1024);
    Ok(text)
}

/// The language that was wanted, else that of the voice, else the configured one. A voice that was
/// asked for and is not there is an error here: nobody waits at a telephone.
fn language(
    wanted: Option<Language>,
    voice: Option<&VoiceName>,
    config: &Config,
) -> anyhow::Result<Language> {
    let mut language = wanted;
    if let Some(name) = voice.filter(|name| name.to_string() != ESPEAK_NG) {
        let folder = &config.speech.voices;
        let installed = Installed::scan(folder)
            .with_context(|| format!("cannot read the voices in {}", folder.display()))?;
        let fault = installed.broken.into_iter().find(|broken| broken.name == *name);
        if let Some(broken) = fault {
            return Err(broken.error.into());
        }
        let found = installed.voices.iter().find(|voice| voice.name == *name);
        let found = found.with_context(|| {
            format!("there is no voice {name} in {}; see `voice list`", folder.display())
        })?;
        language = language.or_else(|| found.language());
    }
    Ok(language.unwrap_or_else(|| config.appliance.language.clone()))
}

/// The text as sentences, in words.
fn sentences(text: &str, language: &Language, config: &Config) -> Vec<String> {
    let own = script::own_words(config, language);
    script::words(text, language, &own)
}

/// Writes what a telephone would carry.
async fn write(speaker: &Speaker, sentences: Vec<Utterance>, file: PathBuf) -> anyhow::Result<()> {
    let mut whole = Pcm { rate: TELEPHONE_RATE, samples: Vec::new() };
    for sentence in sentences {
        let sound = speaker.say(sentence).await?;
        if !whole.samples.is_empty() {
            whole.append(&Pcm::silence(whole.rate, PAUSE));
        }
        whole.append(&audio::telephone(&sound));
    }
    let cannot = format!("cannot write {}", file.display());
    let writing = tokio::task::spawn_blocking(move || audio::write_wav(&file, &whole));
    writing.await?.context(cannot)
}

/// Plays each sentence while the next ones are made.
async fn play(speaker: &Speaker, sentences: Vec<Utterance>, config: &Config) -> anyhow::Result<()> {
    let player = Player::open(&config.audio).await?;
    let (sender, mut sounds) = mpsc::channel(AHEAD);
    let making = async move {
        for sentence in sentences {
            let sound = speaker.say(sentence).await?;
            if sender.send(sound).await.is_err() {
                break;
            }
        }
        Ok::<(), SpeechError>(())
    };
    let playing = async {
        while let Some(sound) = sounds.recv().await {
            let pause = Arc::new(Pcm::silence(sound.rate, PAUSE));
            player.speak(sound).await?;
            player.play(pause).await?;
        }
        player.drained().await
    };
    let (spoken, heard) = tokio::join!(making, playing);
    player.close().await;
    spoken?;
    Ok(heard?)
}
