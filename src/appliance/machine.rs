//! What the kernel tells of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::health::Network;

/// The interfaces and routes the kernel has; `None` where it does not say.
#[must_use]
pub fn network() -> Option<Network> {
    network_below(Path::new("/"))
}

fn network_below(root: &Path) -> Option<Network> {
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

/// Whether the supply of a Raspberry Pi is too weak, by the driver `raspberrypi-hwmon`; `None` on
/// other machines.
#[must_use]
pub fn under_voltage() -> Option<bool> {
    under_voltage_below(Path::new("/"))
}

fn under_voltage_below(root: &Path) -> Option<bool> {
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
        assert_eq!(network_below(root), None);
        write(root, "sys/class/net/lo/operstate", "unknown\n");
        write(root, "sys/class/net/eth0/operstate", "down\n");
        assert_eq!(network_below(root), Some(Network::default()));
        write(root, "sys/class/net/eth0/operstate", "up\n");
        write(root, "sys/class/net/wg0/operstate", "unknown\n");
        let up = vec!["eth0".to_owned(), "wg0".to_owned()];
        assert_eq!(network_below(root), Some(Network { up: up.clone(), default_route: false }));
        write(root, "proc/net/route", ROUTES);
        assert_eq!(network_below(root), Some(Network { up, default_route: true }));
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
        assert_eq!(under_voltage_below(root), None);
        write(root, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
        assert_eq!(under_voltage_below(root), None);
        write(root, "sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        write(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(under_voltage_below(root), Some(false));
        write(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(under_voltage_below(root), Some(true));
    }
}
