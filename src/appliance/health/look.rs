//! What can be seen of the machine: disk, network, clock, supply, voices. Files are read on a thread
//! of their own, as a card that is worn out may take its time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::statvfs;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::every;
use crate::config::{Config, VoiceName};
use crate::health::{Network, PROVISION_FAULT};
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
    let note = fs::read_to_string(config_file.with_file_name(PROVISION_FAULT)).ok();
    let first_line = |note: String| {
        let line = note.lines().next().unwrap_or_default();
        line.chars().take(MOST_CHARACTERS).collect()
    };
    Looked {
        free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        network: network(Path::new("/")),
        clock: Timestamp::now(),
        under_voltage: under_voltage(Path::new("/")),
        provisioning: note.map(first_line),
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

/// The interfaces and routes of the kernel below `root`.
pub(crate) fn network(root: &Path) -> Option<Network> {
    let interfaces = fs::read_dir(root.join("sys/class/net")).ok()?;
    let mut up: Vec<String> = interfaces
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let state = fs::read_to_string(entry.path().join("operstate")).ok()?;
            // A tunnel does not know; a loopback does not either, and leads nowhere.
            let is_up = state.trim() == "up" || state.trim() == "unknown" && name != "lo";
            is_up.then_some(name)
        })
        .collect();
    up.sort();
    let table = |name: &str| fs::read_to_string(root.join("proc/net").join(name));
    let ipv4 = table("route").is_ok_and(|text| has_default_route(&text));
    let ipv6 = table("ipv6_route").is_ok_and(|text| has_default_route_ipv6(&text));
    Some(Network { up, default_route: ipv4 || ipv6 })
}

/// `/proc/net/route`: interface, destination, gateway, flags, …, mask in the eighth column.
fn has_default_route(table: &str) -> bool {
    const UP: u32 = 1;
    table.lines().skip(1).any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let flags = columns.get(3).and_then(|flags| u32::from_str_radix(flags, 16).ok());
        columns.get(1) == Some(&"00000000")
            && columns.get(7) == Some(&"00000000")
            && flags.is_some_and(|flags| flags & UP != 0)
    })
}

/// `/proc/net/ipv6_route`: destination, its length, …, interface in the last column.
fn has_default_route_ipv6(table: &str) -> bool {
    table.lines().any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let everywhere = columns.first().is_some_and(|to| to.chars().all(|digit| digit == '0'));
        everywhere && columns.get(1) == Some(&"00") && columns.last() != Some(&"lo")
    })
}

/// What the firmware of a Raspberry Pi says of its supply, by the driver `raspberrypi-hwmon`.
pub(crate) fn under_voltage(root: &Path) -> Option<bool> {
    let monitors = fs::read_dir(root.join("sys/class/hwmon")).ok()?;
    let paths = monitors.filter_map(|entry| Some(entry.ok()?.path()));
    let is_pi = |path: &PathBuf| {
        fs::read_to_string(path.join("name")).is_ok_and(|name| name.trim() == "rpi_volt")
    };
    let monitor = paths.into_iter().find(is_pi)?;
    let alarm = fs::read_to_string(monitor.join("in0_lcrit_alarm")).ok()?;
    Some(alarm.trim() == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                          eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                          eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";

    #[test]
    fn the_kernels_own_tables_tell_of_the_network() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert_eq!(network(root), None);
        write(root, "sys/class/net/lo/operstate", "unknown\n");
        write(root, "sys/class/net/eth0/operstate", "down\n");
        assert_eq!(network(root), Some(Network::default()));
        write(root, "sys/class/net/eth0/operstate", "up\n");
        write(root, "sys/class/net/wg0/operstate", "unknown\n");
        let up = vec!["eth0".to_owned(), "wg0".to_owned()];
        assert_eq!(network(root), Some(Network { up: up.clone(), default_route: false }));
        write(root, "proc/net/route", ROUTES);
        assert_eq!(network(root), Some(Network { up, default_route: true }));
    }

    #[test]
    fn a_default_route_is_told_from_others() {
        assert!(has_default_route(ROUTES));
        for other in
            ["", "Iface", &ROUTES.replace("0003", "0002"), "\n\u{0}\u{0}", "a b c d e f g h"]
        {
            assert!(!has_default_route(other), "{other:?}");
        }
        let zeros = "0".repeat(32);
        let line = |length: &str, interface: &str| {
            format!("{zeros} {length} {zeros} 00 fe80 00000400 1 0 00000003 {interface}\n")
        };
        assert!(has_default_route_ipv6(&line("00", "eth0")));
        // An unreachable one that the kernel keeps on the loopback.
        assert!(!has_default_route_ipv6(&line("00", "lo")));
        assert!(!has_default_route_ipv6(&line("40", "eth0")));
    }

    #[test]
    fn the_supply_is_known_on_a_pi_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert_eq!(under_voltage(root), None);
        write(root, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
        assert_eq!(under_voltage(root), None);
        write(root, "sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        write(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(under_voltage(root), Some(false));
        write(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(under_voltage(root), Some(true));
    }
}
