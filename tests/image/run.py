#!/usr/bin/env python3
"""Starts the image's system in QEMU and tries what must hold.

    run.py [--parts FOLDER] [--only NAME,...]

It proves the overlay, the units, the program for ARM, and the layout of the card, on a root file system of
Debian. It does not prove the firmware of the GPU (config.txt), the kernel of the Pi, or the packages of
Buildroot; and pulling the plug here loses what the guest had not written, not what a card had in its own
cache.
"""

import argparse
import os
import random
import re
import sys
import time
from array import array
from pathlib import Path

from machine import Failed, until
from misfortune import Misfortunes
from trial import BOOT, DELIVERY, PROJECT, SECRET
from update import Updates

# Plays the modem.
MODEM_PROGRAM = Path(os.environ.get("MODEM_PROGRAM", PROJECT / "target/debug/smtp-appliance"))


class Trials(Misfortunes, Updates):
    """In their order; each leaves the machine on and idle."""

    ORDER = ("first_start", "system", "mail_to_sms", "lights", "call", "killed", "rebooted", "plug_pulled",
             "no_sim", "no_network", "bad_settings", "full_disk", "updated", "worn_card", "locked_card")

    def first_start(self):
        """It grows, provisions itself, and takes mail."""
        machine = self.machine
        seconds = self.start()
        self.note("start to SMTP accepts, emulated", f"{seconds:.0f} s")
        size = int(machine.ask("findmnt -bno SIZE /data"))
        if size < 1_000_000_000:
            raise Failed(f"the data partition has {size} octets")
        self.note("data partition grew to", f"{size // 1_000_000} MB")
        machine.ask("sync")
        with open(self.card, "rb") as card:
            card.seek(4 << 20)
            fat = card.read(64 << 20)
        if SECRET.encode() in fat:
            raise Failed("the password is still on the FAT partition")
        if SECRET not in machine.ask("cat /etc/smtp-appliance/secrets/*"):
            raise Failed("the password was not kept")
        said = " ".join(machine.ask("cat /boot/firmware/appliance-says.txt").split())
        self.note("appliance.toml taken in", f"its password is kept, and gone from every block of the FAT partition; {said!r}")
        if machine.ask("hostname").strip() != "alerts":
            raise Failed("the host name is not that of appliance.toml")
        until("the modem is ready", 120, lambda: "modem ready" in machine.ask(
            "journalctl -b -q -u smtp-appliance -o cat | grep 'modem ready' || true"), every=5)
        self.note("modem found on", machine.ask("readlink -f /dev/modem").strip())

    def system(self):
        """The system around the program is as it is meant to be."""
        machine = self.machine
        until("everything has started", 600, lambda: machine.run(
            "systemctl is-system-running")[1].strip() in ("running", "degraded"), every=10)
        failed = machine.ask("systemctl --failed --no-legend --plain | cut -d' ' -f1").split()
        if failed:
            text = machine.ask("systemctl status --no-pager -n 20 " + " ".join(failed) + " || true")
            raise Failed(f"failed units: {failed}\n{text}")
        self.note("failed units", "none")
        if machine.run("touch /etc/x /usr/x 2>/dev/null")[0] == 0:
            raise Failed("the root file system can be written")
        self.note("root file system", "read-only")
        for place in ("/etc/smtp-appliance", "/var/lib/smtp-appliance", "/var/log/journal", "/root/.ssh"):
            source = machine.ask(f"findmnt -no SOURCE,FSTYPE {place}")
            if "/dev/mmcblk" not in source or "ext4" not in source:
                raise Failed(f"{place} does not persist: {source}")
        self.note("what persists", "bound from /data")
        if not machine.ask("wc -c </data/system/ssh/host_ed25519").strip().isdigit():
            raise Failed("no SSH host key")
        passwords = machine.ask("cut -d: -f2 /etc/shadow | sort -u").split()
        if any(field not in ("!", "*", "!!", "!*", "!:") and not field.startswith("!") for field in passwords):
            raise Failed(f"somebody has a password: {passwords}")
        self.note("passwords", "none; SSH key made here")
        until("its port is open in the firewall", 90, lambda: re.search(
            r"elements = \{[^}]*\b25\b", machine.ask("nft list set inet appliance tcp_ports")), every=5)
        rules = machine.ask("nft list table inet appliance")
        if "policy drop" not in rules or re.search(r"elements = \{[^}]*\b22\b", rules):
            raise Failed(f"the firewall is open: {rules}")
        self.note("firewall", "25 open, 22 shut as no key may log in")
        user = machine.ask("ps -o user= -C smtp-appliance 2>/dev/null || stat -c %U /proc/$(pidof smtp-appliance)")
        self.note("the program runs as", user.strip())
        left = until("mark-good", 900, lambda: re.search(
            r"BOOT_A_LEFT=3", machine.ask("fw_printenv BOOT_A_LEFT machine_id")), every=20)
        if not machine.ask("fw_printenv -n machine_id").strip():
            raise Failed("U-Boot would not hand the machine id on")
        self.note("mark-good", f"gave the slot its tries back ({left[0]})")
        # What is neither free nor given back when it is wanted; and how much of that the programs hold.
        self.note("memory in use", machine.ask(
            "awk '/^(MemFree|Buffers|Cached|SReclaimable):/{f+=$2} /^Shmem:/{f-=$2} /^MemTotal/{t=$2} /^MemAvailable/{a=$2} "
            "END{printf \"%d MB of %d (%d by MemAvailable)\", (t-f)/1024, t/1024, (t-a)/1024}' /proc/meminfo; "
            "cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '/^Pss:/{s+=$2}END{printf \", the programs %d MB\", s/1024}'; "
            "awk '/^Pss:/{printf \", the appliance %d MB\", $2/1024}' /proc/$(systemctl show -P MainPID smtp-appliance)/smaps_rollup"))
        self.note("size of the root", f"{(self.parts / 'rootfs.squashfs').stat().st_size // 1_000_000} MB")
        print("    slowest units, emulated:")
        for line in machine.ask("systemd-analyze blame --no-pager | head -n 8").splitlines():
            print(f"    {line}")

    def mail_to_sms(self):
        """A mail through the forwarded port becomes AT+CMGS on the UART."""
        word = self.tell("disk full")
        self.note("mail to SMS", f"{self.await_sms(word):.1f} s")

    def lights(self):
        """The LEDs, read through QEMU's monitor."""
        self.await_rest()
        self.modem.order("silence sms")
        word = self.tell("lights")
        during = self.lit(20)
        self.modem.order("silence off")
        self.await_sms(word)
        if "led-alert" not in during:
            raise Failed(f"led-alert was dark while an alert was told; lit: {sorted(during)}")
        until("led-alert is dark again", 180, lambda: "led-alert" not in self.lit(5))
        self.note("LEDs before, during and after an alert", "as they should be")

    def call(self):
        """The phone rings, and what it hears arrives in QEMU's sound card."""
        self.modem.order("person answers 2s hangs-up 60s")
        self.configure(calls="true")
        sound = self.folder / "call.wav"
        before = sound.stat().st_size
        word = self.tell("call")
        for event in ("Ringing", "Answered", "Ended("):
            until(f"the phone in the call: {event}", DELIVERY, lambda: self.modem.said(f"event={event}"))
        self.await_sms(word)
        show = f"smtp-appliance queue show $(smtp-appliance queue list --all | awk '/{word[:10]}/{{print $1; exit}}')"
        until("the call is on record", 60, lambda: "answered" in self.machine.ask(show))
        self.configure(calls="false")
        # QEMU writes the header of the file when it ends, so the samples are read without it.
        heard = sound.read_bytes()[max(before, 44):]
        samples = array("h", heard[:len(heard) // 2 * 2])
        loud = sum(abs(sample) > 500 for sample in samples[::8])
        if loud < 2000:
            raise Failed(f"the sound card heard {len(samples)} samples; of every eighth {loud} were loud")
        self.note("call", f"rang, was answered and ended; its speech arrived: {loud * 8} loud samples of {len(samples)}")

    def killed(self):
        """kill -9 in the midst of a delivery loses nothing."""
        self.modem.order("delay 20s")
        word = self.tell("killed")
        before = self.machine.ask("systemctl show -P MainPID smtp-appliance").strip()
        self.machine.ask(f"kill -9 {before}")
        self.modem.order("delay 0s")
        seconds = self.await_sms(word)
        after = self.machine.ask("systemctl show -P MainPID smtp-appliance").strip()
        if after == before:
            raise Failed("it was not killed")
        self.note("kill -9 while it delivered", f"delivered {seconds:.0f} s after the mail")

    def rebooted(self):
        """A restart in the midst of a delivery loses nothing; the machine stays itself."""
        machine = self.machine
        before = machine.ask("cat /data/system/machine-id; cksum </data/system/ssh/host_ed25519")
        self.modem.order("delay 20s")
        word = self.tell("rebooted")
        machine.ask("systemctl --no-block reboot")
        machine.began = time.monotonic()
        until("it goes down", 240, lambda: not self.greets(), every=1)
        self.modem.order("delay 0s")
        machine.await_smtp(BOOT)
        machine.await_shell(300)
        self.await_sms(word, BOOT)
        if machine.ask("cat /data/system/machine-id; cksum </data/system/ssh/host_ed25519") != before:
            raise Failed("it is another machine now")
        boots = machine.ask("journalctl --list-boots --quiet | wc -l").strip()
        self.note("restart while it delivered", f"delivered; same keys; the journal holds {boots} starts")

    def plug_pulled(self):
        """The power goes at any moment; what was accepted is told."""
        machine = self.machine
        self.modem.order("delay 5s")
        words = []
        end = time.monotonic() + random.uniform(3, 10)
        while time.monotonic() < end:
            words.append(self.tell("plug"))
        machine.power_off()
        self.modem.order("delay 0s")
        self.start()
        for word in words:
            self.await_sms(word, BOOT)
        again = sum(self.modem.heard(word) > 1 for word in words)
        self.note("plug pulled", f"{len(words)} mails accepted before, all told, {again} of them twice")

    def run(self, only: list[str]):
        broken = []
        try:
            for name in self.ORDER:
                if only and name not in only and name != "first_start":
                    continue
                trial, began = getattr(self, name), time.monotonic()
                print(f"{name}: {trial.__doc__}", flush=True)
                try:
                    trial()
                except (Failed, OSError) as error:
                    broken.append(name)
                    print(f"  FAILED: {error}", flush=True)
                    if name == "first_start":
                        break
                print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
        finally:
            self.machine.power_off()
            self.modem.stop()
        if broken:
            raise SystemExit(f"failed: {', '.join(broken)}; logs are in {self.folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=Path, default=PROJECT / "target/image-test")
    parser.add_argument("--only", default="", help="trials, with commas; the first start always goes before")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    if unknown := set(only) - set(Trials.ORDER):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}; there are {', '.join(Trials.ORDER)}")
    Trials(options.parts.resolve(), MODEM_PROGRAM).run(only)
    print("the system of the image does what it must")


if __name__ == "__main__":
    sys.exit(main())
