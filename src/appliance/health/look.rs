//! What can be seen of the machine: disk, network, clock, supply, voices. Files are read on a thread
//! of their own, as a card that is worn out may take its time.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{StatVfsMountFlags, statvfs};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::every;
use crate::appliance::machine;
use crate::config::{Config, VoiceName};
use crate::health::{CARD_FAULT, Network, PROVISION_FAULT};
use crate::speech::voices::{ESPEAK_NG, Installed};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);

/// Each so many looks the voices are looked at, too.
const LOOKS_PER_VOICES: u32 = 12;

/// Longest such note that is shown, in characters.
const MOST_CHARACTERS: usize = 200;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) free: Option<u64>,
    pub(super) read_only: bool,
    pub(super) card_fault: Option<String>,
    pub(super) network: Option<Network>,
    pub(super) clock: Timestamp,
    pub(super) under_voltage: Option<bool>,
    pub(super) provisioning: Option<String>,
    pub(super) missing_voices: Vec<String>,
}

impl Default for Looked {
    fn default() -> Self {
        Self {
            free: None,
            read_only: false,
            card_fault: None,
            network: None,
            clock: Timestamp::now(),
            under_voltage: None,
            provisioning: None,
            missing_voices: Vec::new(),
        }
    }
}

pub(super) fn begin(
    helpers: &mut JoinSet<()>,
    settings: watch::Receiver<Arc<Config>>,
    config_file: Arc<Path>,
) -> watch::Receiver<Looked> {
    let (sender, looked) = watch::channel(Looked::default());
    helpers.spawn(async move {
        let mut every = every(EVERY);
        let (mut looks, mut voices) = (0_u32, Vec::new());
        loop {
            every.tick().await;
            let (config, file) = (Arc::clone(&settings.borrow()), Arc::clone(&config_file));
            let is_time = looks.is_multiple_of(LOOKS_PER_VOICES);
            let known = (!is_time).then(|| std::mem::take(&mut voices));
            let seen = tokio::task::spawn_blocking(move || look(&config, &file, known)).await;
            let Ok(seen) = seen else { return };
            voices.clone_from(&seen.missing_voices);
            sender.send_replace(seen);
            looks = looks.wrapping_add(1);
        }
    });
    looked
}

/// Looks at everything; at the voices only if nothing is known of them.
fn look(config: &Config, config_file: &Path, voices: Option<Vec<String>>) -> Looked {
    let disk = statvfs(&config.appliance.store).ok();
    let first_line = |name: &str| {
        let note = fs::read_to_string(config_file.with_file_name(name)).ok()?;
        let line = note.lines().next().unwrap_or_default();
        Some(line.chars().take(MOST_CHARACTERS).collect())
    };
    Looked {
        free: disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        read_only: disk.is_some_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY)),
        card_fault: first_line(CARD_FAULT),
        network: machine::network(),
        clock: Timestamp::now(),
        under_voltage: machine::under_voltage(),
        provisioning: first_line(PROVISION_FAULT),
        missing_voices: voices.unwrap_or_else(|| missing_voices(config)),
    }
}

/// Configured voices that are not installed, or broken.
fn missing_voices(config: &Config) -> Vec<String> {
    let of_people = config.directory.people.values().filter_map(|person| person.voice.as_ref());
    let mut wanted: Vec<&VoiceName> = config.speech.voice.values().chain(of_people).collect();
    wanted.retain(|voice| voice.to_string() != ESPEAK_NG);
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() {
        return Vec::new();
    }
    let installed = Installed::scan(&config.speech.voices);
    let installed = installed.map(|found| found.voices).unwrap_or_default();
    wanted.retain(|wanted| !installed.iter().any(|voice| voice.name == **wanted));
    wanted.into_iter().map(ToString::to_string).collect()
}
