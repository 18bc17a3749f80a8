//! What a telephone hears of a sentence: synthesised, made fit for the line, played by ALSA and
//! captured behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use smtp_appliance::audio::{self, Pcm, Player, TELEPHONE_RATE, simulated};
use smtp_appliance::config::{Audio, Config};
use smtp_appliance::speech::{Speaker, Utterance};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::programs::{folder, in_target, run_within};
use crate::support::voice::joe_folder;

/// Most that play at a time: each takes as long as it sounds.
const SIDE_BY_SIDE: usize = 8;

/// No single step takes so long, but on a machine that stands still.
const PATIENCE: Duration = Duration::from_mins(10);

/// A speaker, and room for what is heard of it.
pub(crate) struct Ear {
    speaker: Speaker,
    pub(crate) folder: TempDir,
}

impl Ear {
    pub(crate) fn new() -> Self {
        let folder = folder();
        let mut config = Config::parse("").unwrap().config;
        config.speech.voices = joe_folder();
        let (_settings, receiver) = watch::channel(Arc::new(config));
        let speaker = Speaker::start(receiver, folder.path().join("speech"));
        Self { speaker, folder }
    }

    /// The sound of an English sentence, as the voice gives it: the Piper one, or that of a name.
    pub(crate) async fn synthesise(&self, text: &str, voice: Option<&str>) -> Arc<Pcm> {
        let voice = voice.map(|name| name.parse().unwrap());
        let utterance = Utterance { text: text.to_owned(), language: "en".parse().unwrap(), voice };
        timeout(PATIENCE, self.speaker.say(utterance)).await.expect("in time").expect("speech")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plays sounds as they are, each on a card of its own; what arrived behind ALSA, from a
    /// little before to a little after the sound.
    pub(crate) async fn through_alsa(&self, sounds: Vec<Pcm>) -> Vec<Pcm> {
        let heard = sounds.into_iter().enumerate().map(|(index, sound)| {
            let card = self.file(&format!("card-{index}.wav"));
            async move { play(sound, &card).await }
        });
        stream::iter(heard).buffered(SIDE_BY_SIDE).collect().await
    }
}

async fn play(sound: Pcm, card: &Path) -> Pcm {
    let playback = simulated::playback(card);
    let config = Audio { playback, capture: "null".to_owned(), level: 100 };
    let player = Player::open(&config).await.expect("a card");
    // Until the first word of a call there is silence.
    let lead = Pcm::silence(TELEPHONE_RATE, Duration::from_millis(300));
    for part in [lead, sound] {
        player.play(Arc::new(part)).await.expect("it plays");
    }
    timeout(PATIENCE, player.drained()).await.expect("in time").expect("it plays");
    player.close().await;
    audio::read(card).expect("what was captured")
}

/// Runs a script of this folder with a line of input for each thing it is to look at; its lines.
pub(crate) async fn python(script: &str, input: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system").join(script);
    let mut command = Command::new(in_target("venv/bin/python"));
    let output = run_within(command.arg(script), input.as_bytes(), PATIENCE).await;
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// So often is a call made until one is without a fault.
const CALLS: usize = 5;

/// Calls until one is without a fault: on a machine with too much to do the telephone, or what
/// captures, stands still now and then, and the sound has a gap that is no fault of the call.
pub(crate) async fn until_whole(call: impl AsyncFn() -> Result<(), String>) {
    let mut faults = Vec::new();
    for _ in 0..CALLS {
        match call().await {
            Ok(()) => return,
            Err(fault) => faults.push(fault),
        }
    }
    panic!("not one of {CALLS} calls was without a fault: {faults:#?}");
}

/// A fault, where something does not hold.
pub(crate) fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}
