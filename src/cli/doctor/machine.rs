//! The machine: network, clock, disk, store, supply.

use std::process::{Command, Stdio};

use jiff::Timestamp;
use rustix::fs::{StatVfsMountFlags, statvfs};
use smtp_appliance::appliance::machine;
use smtp_appliance::config::Config;
use smtp_appliance::health::{Part, State, is_sane};
use smtp_appliance::queue::{self, OpenError};

use super::Bench;
use super::finding::{Check, Finding};

pub(super) fn network() -> Option<Finding> {
    let check = Check::Network;
    let network = machine::network()?;
    let up = network.up.join(", ");
    Some(if network.up.is_empty() {
        let advice = "is the cable plugged in at both ends? is [wifi] right?";
        Finding::failed(check, "no cable and no Wi-Fi", advice)
    } else if network.default_route {
        Finding::ok(check, format!("{up}, with a way to other networks"))
    } else {
        let advice = "set `gateway` under [network], or look at the DHCP server";
        Finding::warning(check, format!("{up}, but no way to other networks"), advice)
    })
}

pub(super) fn clock() -> Finding {
    let check = Check::Clock;
    let now = Timestamp::now();
    let time = now.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let advice = "give it a time server: chrony or systemd-timesyncd, and UDP port 123 to the outside. \
                  Alerts are told all the same, with a wrong time in them";
    if !is_sane(now) {
        return Finding::failed(check, format!("it says {time}"), advice);
    }
    match is_synchronized() {
        Some(true) => Finding::ok(check, format!("{time}, set by a time server")),
        Some(false) => Finding::warning(check, format!("{time}, not set by a time server"), advice),
        None => {
            Finding::warning(check, format!("{time}; nobody can say whether that is right"), advice)
        }
    }
}

/// What the service manager or chrony knows.
fn is_synchronized() -> Option<bool> {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    };
    let chrony = said("chronyc", &["-n", "tracking"]).and_then(|text| chrony_says(&text));
    chrony.or_else(|| {
        let text = said("timedatectl", &["show", "--property=NTPSynchronized", "--value"])?;
        timedatectl_says(&text)
    })
}

fn chrony_says(text: &str) -> Option<bool> {
    let status = text.lines().find_map(|line| line.strip_prefix("Leap status"))?;
    Some(status.trim_start_matches([' ', ':']).trim() != "Not synchronised")
}

fn timedatectl_says(text: &str) -> Option<bool> {
    match text.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

pub(super) fn disk(config: &Config) -> Finding {
    let (check, store) = (Check::Disk, &config.appliance.store);
    let disk = match statvfs(store) {
        Ok(disk) => disk,
        Err(error) => {
            let advice = "make the folder, or set another as appliance.store";
            return Finding::failed(check, format!("{}: {error}", store.display()), advice);
        }
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let seen = format!("the disk of {} is read-only", store.display());
        return Finding::failed(
            check,
            seen,
            "after I/O errors it goes so: `dmesg`; change the card",
        );
    }
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let kept = config.queue.min_free_space.0;
    let seen = format!("{} MiB free in {}", free >> 20, store.display());
    let advice = "make room: less history under [queue], fewer voices, or a larger disk";
    if free < kept {
        Finding::failed(check, format!("{seen}: no mail is accepted"), advice)
    } else if free < kept.saturating_mul(4) {
        Finding::warning(check, seen, advice)
    } else {
        Finding::ok(check, seen)
    }
}

pub(super) fn store(bench: &Bench) -> Finding {
    let check = Check::Store;
    let fails = "does `dmesg` tell of I/O errors? then start the machine again and change the card, \
                 else systemctl restart smtp-appliance";
    let damaged = "the damaged files lie beside it; send them in with damage.txt, then remove them";
    if let Some(status) = bench.status() {
        return match status.of(Part::Store) {
            State::Ok | State::Off => {
                Finding::ok(check, format!("{} alerts wait", status.figures.waiting))
            }
            State::Degraded(why) => Finding::warning(check, why, damaged),
            State::Down(why) => Finding::failed(check, why, fails),
        };
    }
    let folder = bench.config.appliance.store.join("queue");
    // Opening would make one, of the wrong owner.
    if !folder.exists() {
        return Finding::ok(check, "there is none yet; the first start makes it");
    }
    match queue::open_offline(&folder) {
        Ok(offline) => match &offline.damage {
            None => Finding::ok(check, format!("{} can be read", folder.display())),
            Some(damage) => Finding::warning(check, damage.reason.clone(), damaged),
        },
        Err(error @ OpenError::InUse(_)) => {
            Finding::warning(check, error.to_string(), "ask as the appliance's user or as root")
        }
        Err(error) => Finding::failed(check, error.to_string(), ""),
    }
}

pub(super) fn power() -> Option<Finding> {
    let weak = machine::under_voltage()?;
    Some(if weak {
        let advice =
            "take the board's own supply, a short thick cable, and another supply for the modem";
        Finding::failed(Check::Power, "the voltage drops too low", advice)
    } else {
        Finding::ok(Check::Power, "the voltage is high enough")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_programs_know_whether_the_clock_is_set() {
        let tracking = |status: &str| format!("Stratum         : 3\nLeap status     : {status}\n");
        assert_eq!(chrony_says(&tracking("Normal")), Some(true));
        assert_eq!(chrony_says(&tracking("Not synchronised")), Some(false));
        assert_eq!(chrony_says("506 Cannot talk to daemon"), None);
        assert_eq!(timedatectl_says("yes\n"), Some(true));
        assert_eq!(timedatectl_says("no\n"), Some(false));
        assert_eq!(timedatectl_says(""), None);
    }
}
