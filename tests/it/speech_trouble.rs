//! Speech goes on, or says clearly why not: full and closed disks, broken voices, devices that are
//! not there, texts that are none.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use smtp_appliance::audio::{self, TELEPHONE_RATE};
use tempfile::TempDir;

use crate::speech::Booth;
use crate::support::voice::{JOE, joe_folder};

/// A small disk of its own at a folder, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None`, loudly, where nothing may be mounted.
    #[expect(clippy::print_stderr, reason = "a test that proves nothing says so")]
    fn mount(folder: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("NOT TRIED: only root can mount the small disk that this test needs");
        }
        mounted.then(|| Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test]
async fn on_a_full_disk_speech_goes_on() {
    let booth = Booth::new(&[]);
    let Some(_disk) = Disk::mount(&booth.cache(), "size=256k") else { return };
    let mut lengths = Vec::new();
    for number in 0..8 {
        let sound = booth.say(&format!("Alarm number {number} of the night."), "en").await.unwrap();
        lengths.push(sound.duration().as_secs_f64());
        booth.kept().await;
    }
    assert!(lengths.iter().all(|length| *length > 0.8), "{lengths:?}");
    let kept = booth.kept().await;
    assert!((1..8).contains(&kept.len()), "{kept:?}");
    // Nothing half is left.
    for file in &kept {
        assert!(file.extension().is_some_and(|extension| extension == "wav"), "{kept:?}");
    }
    // With room again it is kept again.
    for file in &kept {
        std::fs::remove_file(file).unwrap();
    }
    booth.say("Room again.", "en").await.unwrap();
    assert_eq!(booth.kept().await.len(), 1);
}

/// The program without a configuration, with a folder of voices.
fn program(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
    command.args(arguments).arg("--voices").arg(folder.join("voices"));
    command.arg("--config").arg(folder.join("none.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It stops reading when it has too much.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

#[test]
fn a_closed_folder_of_voices_is_named() {
    let folder = TempDir::new().unwrap();
    let voices = folder.path().join("voices");
    let Some(_disk) = Disk::mount(&voices, "ro") else { return };
    let joe = joe_folder();
    let output = program(folder.path(), &["voice", "install", joe.to_str().unwrap()], b"");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    let names_it = complaint.contains(voices.to_str().unwrap());
    assert!(names_it && complaint.contains("Read-only file system"), "{complaint}");
    // espeak-ng speaks meanwhile.
    let file = folder.path().join("said.wav");
    let output = program(folder.path(), &["say", "Disk full", "-o", file.to_str().unwrap()], b"");
    assert!(output.status.success() && file.is_file(), "{output:?}");
}

#[test]
fn a_broken_voice_is_complained_of_and_replaced() {
    let folder = TempDir::new().unwrap();
    let voices = folder.path().join("voices");
    std::fs::create_dir(&voices).unwrap();
    let file = |ending: &str| format!("{JOE}{ending}");
    std::fs::copy(joe_folder().join(file(".onnx.json")), voices.join(file(".onnx.json"))).unwrap();
    std::fs::write(voices.join(file(".onnx")), "no model").unwrap();
    let said = folder.path().join("said.wav");
    let output = program(folder.path(), &["say", "Disk full", "-o", said.to_str().unwrap()], b"");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}");
    assert!(complaint.contains("espeak-ng does") && complaint.contains(JOE), "{complaint}");
    assert!(audio::read(&said).unwrap().duration().as_secs_f64() > 0.5);
}

#[test]
fn a_device_that_is_not_there_is_named_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let arguments = ["say", "Disk full", "--voice", "espeak-ng", "--device", "hw:9"];
    let output = program(folder.path(), &arguments, b"");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("`hw:9`") && complaint.contains("audio devices"), "{complaint}");
}

#[test]
fn any_text_is_said_or_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("said.wav");
    let output = file.to_str().unwrap();
    let megabyte = "word ".repeat(200_000);
    let most = "word ".repeat(16 * 1024 / 5);
    for (input, language, refusal) in [
        (&b""[..], "en", Some("nothing in this text")),
        (b" \r\n\t\0\x1b\x07", "en", Some("nothing in this text")),
        ("\u{202e}\u{200f}\u{feff}".as_bytes(), "ar", Some("nothing in this text")),
        (megabyte.as_bytes(), "en", Some("longer than 16 KiB")),
        (&vec![0; 1024 * 1024], "en", Some("longer than 16 KiB")),
        (b"Disk\0 full\x07 \x1b[31mnow\x1b[0m \x08\x7f", "en", None),
        ("🔥 Fire 🔥🔥🔥 👩🏽‍🚒".as_bytes(), "en", None),
        ("\u{202e}القرص ممتلئ على الخادم 7\u{202c}".as_bytes(), "ar", None),
        ("הדיסק מלא".as_bytes(), "he", None),
        (b"Disk \xff\xfe full \xc3", "es", None),
        ("á".repeat(4000).as_bytes(), "en", Some("nothing in this text")),
        ("a\u{301} ".repeat(2000).as_bytes(), "en", None),
        (most.as_bytes(), "en", None),
    ] {
        drop(std::fs::remove_file(&file));
        let arguments = ["say", "-", "--language", language, "--voice", "espeak-ng", "-o", output];
        let said = program(folder.path(), &arguments, input);
        let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
        let shown: String = String::from_utf8_lossy(input).chars().take(40).collect();
        if let Some(refusal) = refusal {
            assert_eq!(said.status.code(), Some(1), "{shown:?}: {complaint}");
            assert!(complaint.contains(refusal), "{shown:?}: {complaint}");
            assert!(!file.exists(), "{shown:?}");
            continue;
        }
        assert_eq!(said.status.code(), Some(0), "{shown:?}: {complaint}");
        let sound = audio::read(&file).unwrap();
        assert_eq!(sound.rate, TELEPHONE_RATE);
        assert!(sound.rms() > 0.02, "{shown:?}: silence");
    }
}
