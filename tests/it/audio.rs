//! What is played arrives behind ALSA, sample by sample and in the time it takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::audio::{
    self, AudioError, Direction, Pcm, Player, Recorder, TELEPHONE_RATE, simulated,
};
use smtp_appliance::config::Audio;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

fn settings(playback: String) -> Audio {
    Audio { playback, capture: "null".to_owned(), level: 100 }
}

/// A sound that is nowhere silent and nowhere like itself a little later.
fn sound(length: Duration) -> Arc<Pcm> {
    let mut pcm = Pcm::silence(TELEPHONE_RATE, length);
    let mut state = 1_u32;
    for sample in &mut pcm.samples {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = i16::try_from(state >> 20).unwrap() + 1;
    }
    Arc::new(pcm)
}

/// Where in it the other sound begins.
fn place(of: &[i16], within: &[i16]) -> Option<usize> {
    within.windows(of.len()).position(|window| window == of)
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

#[tokio::test]
async fn what_is_played_arrives_behind_alsa_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a card's 100% {file}.wav");
    let player = Player::open(&settings(simulated::playback(&file))).await.unwrap();
    let begun = Instant::now();
    let (first, second) = (sound(Duration::from_millis(250)), sound(Duration::from_millis(333)));
    player.play(Arc::clone(&first)).await.unwrap();
    player.play(Arc::clone(&second)).await.unwrap();
    in_time(player.drained()).await.unwrap();
    let heard = begun.elapsed();
    player.close().await;

    let card = audio::read(&file).unwrap();
    assert_eq!(card.rate, TELEPHONE_RATE);
    let place = place(&first.samples, &card.samples).expect("the first sound");
    assert!(card.samples[..place].iter().all(|sample| *sample == 0));
    let rest = &card.samples[place + first.samples.len()..];
    // Without a gap, and then silence.
    assert_eq!(rest[..second.samples.len()], second.samples);
    assert!(rest[second.samples.len()..].iter().all(|sample| *sample == 0));
    // `file` takes all at once; it is the player that takes its time.
    assert!(heard >= Duration::from_millis(583), "{heard:?}");
    let waited = card.duration().saturating_sub(heard);
    assert!(waited < Duration::from_secs(2), "{waited:?} more than was heard");
}

#[tokio::test]
async fn the_level_is_the_configured_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.wav");
    let config = Audio { level: 50, ..settings(simulated::playback(&file)) };
    let player = Player::open(&config).await.unwrap();
    let loud = Pcm { rate: TELEPHONE_RATE, samples: vec![i16::MAX, i16::MIN, 2, -2] };
    player.play(Arc::new(loud)).await.unwrap();
    in_time(player.drained()).await.unwrap();
    player.close().await;
    let card = audio::read(&file).unwrap();
    assert!(place(&[16_383, -16_384, 1, -1], &card.samples).is_some());
}

#[tokio::test]
async fn what_is_thrown_away_is_not_heard() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.wav");
    let player = Player::open(&settings(simulated::playback(&file))).await.unwrap();
    player.play(sound(Duration::from_mins(1))).await.unwrap();
    // No room for more until that is heard.
    let more = player.play(sound(Duration::from_secs(1)));
    assert!(timeout(Duration::from_millis(300), more).await.is_err());
    let begun = Instant::now();
    player.clear();
    in_time(player.drained()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    let after = audio::tone(TELEPHONE_RATE, 1000.0, Duration::from_millis(50), 0.5);
    player.play(Arc::new(after.clone())).await.unwrap();
    in_time(player.drained()).await.unwrap();
    player.close().await;
    let card = audio::read(&file).unwrap();
    assert!(place(&after.samples, &card.samples).is_some());
    assert!(card.duration() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_card_with_a_rate_of_its_own_gets_its_rate() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.wav");
    let pcm = format!("{{type file slave.pcm null file '{}' format wav}}", file.display());
    let only = format!("type plug slave {{pcm {pcm} rate 48000 channels 2}}");
    let card = format!("plug:{{SLAVE {{{only}}}}}");
    let player = Player::open(&settings(card)).await.unwrap();
    let tone = audio::tone(TELEPHONE_RATE, 1000.0, Duration::from_millis(300), 0.5);
    player.play(Arc::new(tone)).await.unwrap();
    in_time(player.drained()).await.unwrap();
    player.close().await;
    let card = audio::read(&file).unwrap();
    let spoken: Vec<i16> = card.samples.iter().copied().filter(|sample| *sample != 0).collect();
    assert_eq!(card.rate, 48_000);
    assert!((13_500..14_900).contains(&spoken.len()), "{}", spoken.len());
    assert!((card.peak() - 0.5).abs() < 0.02, "{}", card.peak());
}

#[tokio::test]
async fn what_the_card_hears_is_recorded() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("in.raw");
    let tone = audio::tone(TELEPHONE_RATE, 700.0, Duration::from_secs(5), 0.5);
    let bytes: Vec<u8> = tone.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(&file, bytes).unwrap();
    let config = Audio { capture: simulated::capture(&file), ..settings("null".to_owned()) };
    let recorder = Recorder::open(&config, Duration::from_millis(400)).await.unwrap();
    // As long as the ear of a player, which takes its time.
    let clock = Player::open(&config).await.unwrap();
    clock.play(sound(Duration::from_millis(600))).await.unwrap();
    in_time(clock.drained()).await.unwrap();
    let level = recorder.level();
    assert!((level.peak - 0.5).abs() < 0.01 && (level.rms - 0.353).abs() < 0.02, "{level:?}");
    let heard = in_time(recorder.stop()).await.unwrap();
    // No more than was wanted.
    assert_eq!((heard.rate, heard.duration()), (TELEPHONE_RATE, Duration::from_millis(400)));
    assert_eq!(heard.samples[..1000], tone.samples[..1000]);
}

#[tokio::test]
async fn a_device_that_is_not_there_is_named() {
    for name in ["nowhere", "hw:9", "plughw:CARD=None", "", "a\0b", "{"] {
        let player = Player::open(&settings(name.to_owned())).await;
        let error = player.expect_err(name).to_string();
        assert!(error.contains(name) || name.contains('\0'), "{error}");
    }
    let missing = Player::open(&settings("nowhere".to_owned())).await.unwrap_err();
    let expected =
        AudioError::Missing { device: "nowhere".to_owned(), direction: Direction::Playback };
    assert_eq!(missing, expected);
    let config = Audio { capture: "nowhere".to_owned(), ..settings("null".to_owned()) };
    let missing = Recorder::open(&config, PATIENCE).await.unwrap_err();
    assert!(missing.to_string().contains("`capture` under [audio]"), "{missing}");
}

/// What the program says, with an ALSA configuration of its own.
fn said(alsa: &Path, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
    let output = command.env("ALSA_CONFIG_PATH", alsa).args(arguments).output().unwrap();
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "{}: {err}", output.status);
    String::from_utf8(out.clone()).unwrap()
}

#[test]
fn the_devices_are_listed() {
    let folder = TempDir::new().unwrap();
    let alsa = folder.path().join("asound.conf");
    std::fs::write(&alsa, "pcm.null { type null }\n").unwrap();
    assert!(said(&alsa, &["audio", "devices"]).starts_with("No sound card was found."));
    let modem = "pcm.modem {\n type null\n hint { show on\n description \"The modem's lead\" }\n}";
    std::fs::write(&alsa, modem).unwrap();
    assert_eq!(
        said(&alsa, &["audio", "devices"]),
        "NAME   PLAYS  RECORDS  CARD  DESCRIPTION\nmodem  yes    yes            The modem's lead\n"
    );
}

#[test]
fn a_tone_is_played_to_set_the_level_by() {
    let folder = TempDir::new().unwrap();
    let (alsa, config) = (folder.path().join("asound.conf"), folder.path().join("config.toml"));
    let card = folder.path().join("card.wav");
    let file = format!("type file slave.pcm {{type null}} file '{}' format wav", card.display());
    std::fs::write(&alsa, format!("pcm.modem {{ {file} }}\npcm.null {{ type null }}\n")).unwrap();
    std::fs::write(&config, "[audio]\nplayback = \"modem\"\ncapture = \"null\"\n").unwrap();
    let config = config.to_str().unwrap();
    let said =
        said(&alsa, &["--config", config, "audio", "test", "--level", "40", "--seconds", "1"]);
    let shown = said.lines().next();
    assert_eq!(shown, Some("Playing on `modem` at 40 %."), "{said}");
    assert!(said.contains("1000 Hz\n  in  ·····") && said.contains("keys"), "{said}");
    let card = audio::read(&card).unwrap();
    assert!((card.peak() - 0.4).abs() < 0.01, "{}", card.peak());
    assert!(card.duration() >= Duration::from_millis(1900), "{:?}", card.duration());
}
