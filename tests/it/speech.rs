//! Speech is made on the device, by the voice that was wanted or by another: never silence.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::audio::Pcm;
use smtp_appliance::config::{ByteSize, Config, VoiceName};
use smtp_appliance::speech::{EngineError, Speaker, SpeechError, Utterance};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::receiver::{config, soon};
use crate::support::voice::{JOE, joe_folder};

/// A speaker with a store of its own.
pub(crate) struct Booth {
    pub(crate) speaker: Speaker,
    settings: watch::Sender<Arc<Config>>,
    folder: TempDir,
}

impl Booth {
    /// With these Piper voices installed, all of them copies of the same.
    pub(crate) fn new(voices: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = config(folder.path());
        config.speech.voices = folder.path().join("voices");
        for name in voices {
            install_joe(&config.speech.voices, name);
        }
        let (settings, receiver) = watch::channel(Arc::new(config));
        let speaker = Speaker::start(receiver, folder.path().join("speech"));
        Self { speaker, settings, folder }
    }

    fn again(self) -> Self {
        let receiver = self.settings.subscribe();
        let speaker = Speaker::start(receiver, self.cache());
        Self { speaker, ..self }
    }

    fn change(&self, change: impl FnOnce(&mut Config)) {
        self.settings.send_modify(|config| change(Arc::make_mut(config)));
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("speech")
    }

    pub(crate) async fn say(&self, text: &str, language: &str) -> Result<Arc<Pcm>, SpeechError> {
        soon(self.speaker.say(utterance(text, language))).await
    }

    /// Files of the cache, when all is written.
    pub(crate) async fn kept(&self) -> Vec<PathBuf> {
        soon(self.speaker.finish(Duration::from_secs(20))).await;
        files(&self.cache())
    }

    fn loaded(&self) -> Vec<VoiceName> {
        self.speaker.loaded().borrow().clone()
    }
}

/// Puts the voice into `folder` as `name`.
fn install_joe(folder: &Path, name: &str) {
    std::fs::create_dir_all(folder).unwrap();
    for ending in [".onnx.json", ".onnx"] {
        let from = joe_folder().join(format!("{JOE}{ending}"));
        std::fs::copy(from, folder.join(format!("{name}{ending}"))).unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn utterance(text: &str, language: &str) -> Utterance {
    Utterance { text: text.to_owned(), language: language.parse().unwrap(), voice: None }
}

const DISK: &str = "The disk of the web server is full.";

#[tokio::test]
async fn a_piper_voice_speaks_its_language_and_espeak_the_others() {
    let booth = Booth::new(&[JOE]);
    let english = booth.say(DISK, "en-GB").await.unwrap();
    assert!((1.0..5.0).contains(&english.duration().as_secs_f64()), "{:?}", english.duration());
    assert_eq!(booth.loaded(), [JOE.parse().unwrap()]);
    let loudest = english.samples.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest > Some(20_000) && loudest < Some(32_000), "{loudest:?}");
    booth.change(|config| config.speech.unload_after = Duration::from_millis(1));
    for (text, language) in [
        ("El disco del servidor está lleno.", "es-GT"),
        ("القرص ممتلئ", "ar"),
        ("Die Platte ist voll.", "de-CH"),
        ("qo'", "tlh"),
    ] {
        let sound = booth.say(text, language).await.unwrap();
        assert!(sound.duration() > Duration::from_millis(200), "{language}");
    }
    let mut loaded = booth.speaker.loaded();
    soon(loaded.wait_for(Vec::is_empty)).await.unwrap();
}

#[tokio::test]
async fn the_same_text_is_made_once_and_known_from_then_on() {
    let booth = Booth::new(&[JOE]);
    let wanted = [DISK; 4].map(|text| booth.say(text, "en"));
    let sounds = futures_util::future::join_all(wanted).await;
    let first = sounds[0].clone().unwrap();
    assert!(sounds.iter().all(|sound| Arc::ptr_eq(sound.as_ref().unwrap(), &first)));
    assert_eq!(booth.kept().await.len(), 1);
    let begun = Instant::now();
    let known = booth.say(DISK, "en").await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    assert!(Arc::ptr_eq(&known, &first));

    // Piper never says the same twice in the same way: it came from the disk.
    let booth = booth.again();
    assert_eq!(booth.say(DISK, "en").await.unwrap(), first);
    assert!(booth.loaded().is_empty());
    // Another rate is another sound.
    booth.change(|config| config.speech.rate = 70);
    let slow = booth.say(DISK, "en").await.unwrap();
    assert!(slow.samples.len() * 10 > first.samples.len() * 12);
}

#[tokio::test]
async fn what_was_prepared_is_there() {
    let booth = Booth::new(&[JOE]);
    booth.speaker.prepare(utterance(DISK, "en"));
    assert_eq!(booth.kept().await.len(), 1);
    // A flood neither blocks nor grows without limit.
    for number in 0..2000 {
        booth.speaker.prepare(utterance(&format!("Alarm number {number}"), "es"));
    }
    booth.say("Ahora.", "es").await.unwrap();
}

#[tokio::test]
async fn espeak_speaks_when_piper_is_too_slow() {
    let booth = Booth::new(&[JOE]);
    let long = "The web server does not answer. ".repeat(4);
    let spoken = booth.speaker.say_within(utterance(&long, "en"), Duration::from_millis(1));
    let stand_in = soon(spoken).await.unwrap();
    let espeak = Utterance { voice: "espeak-ng".parse().ok(), ..utterance(&long, "en") };
    assert!(Arc::ptr_eq(&stand_in, &soon(booth.speaker.say(espeak)).await.unwrap()));
    // The voice goes on, for the next time.
    let own = booth.say(&long, "en").await.unwrap();
    assert_ne!(own, stand_in);
    let patient = booth.speaker.say_within(utterance(&long, "en"), Duration::ZERO);
    assert!(Arc::ptr_eq(&soon(patient).await.unwrap(), &own));
}

/// What is done to the folder of voices.
type Fault<'a> = &'a dyn Fn(&Path);

#[tokio::test]
async fn a_missing_or_broken_voice_is_replaced() {
    let cut = |path: PathBuf, at: u64| {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(at).unwrap();
    };
    let faults: [(&str, Fault); 7] = [
        ("no folder", &|voices| std::fs::remove_dir_all(voices).unwrap()),
        ("no configuration", &|v| std::fs::remove_file(joe(v, ".onnx.json")).unwrap()),
        ("no model", &|v| std::fs::remove_file(joe(v, ".onnx")).unwrap()),
        ("half a model", &|v| cut(joe(v, ".onnx"), 30_000_000)),
        ("an empty model", &|v| cut(joe(v, ".onnx"), 0)),
        ("half a configuration", &|v| cut(joe(v, ".onnx.json"), 100)),
        ("a model that is none", &|v| std::fs::write(joe(v, ".onnx"), [b'x'; 5000]).unwrap()),
    ];
    for (fault, make) in faults {
        let booth = Booth::new(&[JOE]);
        make(&booth.folder.path().join("voices"));
        booth.change(|config| {
            config.speech.voice.insert("en".parse().unwrap(), JOE.parse().unwrap());
        });
        for _ in 0..2 {
            let sound = booth.say(DISK, "en").await;
            assert!(sound.is_ok_and(|sound| sound.samples.len() > 10_000), "{fault}");
            assert_eq!(booth.loaded(), [], "{fault}");
        }
    }
}

fn joe(voices: &Path, ending: &str) -> PathBuf {
    voices.join(format!("{JOE}{ending}"))
}

#[tokio::test]
async fn a_voice_that_comes_later_speaks() {
    let booth = Booth::new(&[]);
    let espeak = booth.say(DISK, "en").await.unwrap();
    install_joe(&booth.folder.path().join("voices"), JOE);
    let piper = booth.say(DISK, "en").await.unwrap();
    assert_ne!(espeak, piper);
    assert_eq!(booth.loaded(), [JOE.parse().unwrap()]);
}

#[tokio::test]
async fn texts_that_cannot_be_said_are_refused() {
    let booth = Booth::new(&[]);
    for text in ["", " \r\n\t", "\u{0}\u{1b}", "... --", "\u{202e}\u{200b}"] {
        let refused = booth.say(text, "en").await;
        assert_eq!(refused, Err(SpeechError::Engine(EngineError::Nothing)), "{text:?}");
    }
    let refused = booth.say(&"word ".repeat(200_000), "en").await;
    assert_eq!(refused, Err(SpeechError::TooLong(2000)));
    for text in
        ["🔥", "Disk\u{0} full\u{7} 🔥🔥🔥 \u{1b}[31m", &"x".repeat(2000), "<s>&amp;</s> [[h@loU]]"]
    {
        assert!(booth.say(text, "en").await.is_ok(), "{text:?}");
    }
}

#[tokio::test]
async fn the_cache_stays_within_its_limit_and_does_without_a_disk() {
    let booth = Booth::new(&[]);
    booth.change(|config| config.speech.cache = ByteSize(300 * 1024));
    for number in 0..20 {
        booth.say(&format!("Alarma número {number}"), "es").await.unwrap();
        booth.kept().await;
    }
    let bytes: u64 = booth.kept().await.iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!((100 * 1024..=300 * 1024).contains(&bytes), "{bytes}");

    let booth = Booth::new(&[]);
    std::fs::write(booth.cache(), "a file where the folder should be").unwrap();
    booth.say(DISK, "en").await.unwrap();
    booth.say("Another one.", "en").await.unwrap();
}
