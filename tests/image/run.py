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
import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import Failed, Machine, Modem, pins_of_table, program_has, until

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
# Plays the modem.
HOST_PROGRAM = Path(os.environ.get("MODEM_PROGRAM", PROJECT / "target/release/smtp-appliance"))
PROGRAM = PROJECT / "target/cross/aarch64-unknown-linux-gnu/release/smtp-appliance"

# Without hurry: four emulated cores on a busy machine.
BOOT = 900
DELIVERY = 240

SECRET = "open-sesame-7d1f"

CONFIG = """\
[[person]]
name = "ana"
phone = "+34600000001"

[modem]
device = "/dev/modem"

[audio]
playback = "plughw:0,0"

[board]

[[smtp.user]]
name = "zabbix"
password = "{secret}"

[sms]
digest_from = 0

[sms.retry]
first = "5 s"

[gsm]
enabled = {calls}

[call]
times = 1
digest_from = 0
"""

SYSTEM = """
[system]
hostname = "alerts"
timezone = "Europe/Madrid"
"""


class Trial:
    def __init__(self, parts: Path):
        self.parts = parts
        self.folder = parts / "run"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.card = self.folder / "card.img"
        self.done: list[tuple[str, str]] = []
        self.modem = None
        self.machine = None
        self.provisions = program_has(PROGRAM, "provision")

    def note(self, name: str, how: str):
        self.done.append((name, how))
        print(f"  {name}: {how}", flush=True)

    def make_card(self):
        """By the image's own genimage.cfg; as large as a card, so that the data partition can grow."""
        card = self.folder / "in"
        (card / "rpi-firmware").mkdir(parents=True)
        shutil.copy(self.parts / "rootfs.squashfs", card)
        shutil.copy(self.parts / "board.dtb", card / "bcm2710-rpi-3-b.dtb")
        for name in ("config.txt", "cmdline.txt"):
            shutil.copy(PROJECT / "buildroot/board/rpi" / name, card / "rpi-firmware")
        shutil.copy(PROJECT / "buildroot/board/rpi/README.txt", card)
        (card / "appliance.toml").write_text(CONFIG.format(calls="false", secret=SECRET) + SYSTEM)
        files = "appliance.toml" if self.provisions else ""
        subprocess.run(
            [PROJECT / "buildroot/board/rpi/genimage.sh", PROJECT / "buildroot/board/rpi/genimage.cfg",
             card, self.folder, self.folder / "tmp"],
            check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "FAT_FILES": files},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (self.folder / "appliance.img").rename(self.card)
        # Its own U-Boot would have written its environment, twice; here the kernel is started without one.
        text = self.folder / "environment"
        text.write_text("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=3\n")
        subprocess.run(["mkenvimage", "-r", "-s", "0x4000", "-o", self.folder / "environment.bin", text], check=True)
        for offset in (0x100000, 0x180000):
            subprocess.run(["dd", f"if={self.folder}/environment.bin", f"of={self.card}", "bs=512",
                            f"seek={offset // 512}", "conv=notrunc", "status=none"], check=True)
        # QEMU takes cards whose size is a power of two.
        subprocess.run(["truncate", "-s", "2G", self.card], check=True)

    # ---- the trials, in their order; each leaves the machine on and idle

    def first_start(self):
        """It grows, provisions itself, and takes mail."""
        machine = self.machine
        machine.start()
        seconds = machine.await_smtp(BOOT)
        self.note("start to SMTP accepts, emulated", f"{seconds:.0f} s")
        machine.await_shell(300)
        size = int(machine.ask("findmnt -bno SIZE /data"))
        if size < 1_000_000_000:
            raise Failed(f"the data partition has {size} octets")
        self.note("data partition grew to", f"{size // 1_000_000} MB")
        if self.provisions:
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
        else:
            self.note("provision", "NOT TRIED: the program has no such command; written by hand instead")
            self.configure(calls="false")
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
        self.note("memory in use", machine.ask(
            "awk '/MemTotal/{t=$2}/MemAvailable/{a=$2}END{printf \"%d MB of %d\", (t-a)/1024, t/1024}' /proc/meminfo"))
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
        if not self.pins_work():
            self.note("LEDs", "NOT TRIED: no pin is driven (the program has no board yet)")
            return
        gpio = pins_of_table(PROJECT / "hardware/pins.tsv")
        seen = self.lit(gpio, 10)
        for name in ("led-health", "led-gsm"):
            if name not in seen:
                raise Failed(f"{name} is dark in rest; lit: {sorted(seen)}")
        if "led-fault" in seen:
            raise Failed("led-fault is lit in rest")
        self.modem.order("silence sms")
        word = self.tell("lights")
        during = self.lit(gpio, 20)
        self.modem.order("silence off")
        self.await_sms(word)
        if "led-alert" not in during:
            raise Failed(f"led-alert was dark while an alert was told; lit: {sorted(during)}")
        until("led-alert is dark again", 60, lambda: "led-alert" not in self.lit(gpio, 3))
        self.note("LEDs before, during and after an alert", "as they should be")

    def call(self):
        """The phone rings, and what it hears arrives in QEMU's sound card."""
        machine = self.machine
        self.modem.order("person answers 2s hangs-up 25s")
        self.configure(calls="true")
        word = self.tell("call")
        until("the call was answered", 240, lambda: "answered" in machine.ask(
            "smtp-appliance queue list --all 2>/dev/null | head -n 20; journalctl -b -q -u smtp-appliance -o cat | "
            "grep -i answered | tail -n 3 || true"), every=5)
        time.sleep(30)
        self.configure(calls="false")
        self.await_sms(word)
        # QEMU writes the header of the file when it ends, so the samples are read without it.
        sound = (self.folder / "call.wav").read_bytes()[44:]
        loud = sum(abs(int.from_bytes(sound[i:i + 2], "little", signed=True)) > 500 for i in range(0, len(sound) - 1, 16))
        if loud < 2000:
            raise Failed(f"the sound card heard {len(sound)} octets, and {loud} of the samples looked at were loud")
        self.note("call", f"its sound arrived: {len(sound) // 1000} kB, {loud} loud samples of those looked at")

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
        machine.start()
        machine.await_smtp(BOOT)
        for word in words:
            self.await_sms(word, BOOT)
        machine.await_shell(300)
        again = sum(self.modem.heard(word) > 1 for word in words)
        self.note("plug pulled", f"{len(words)} mails accepted before, all told, {again} of them twice")

    def bad_settings(self):
        """A broken appliance.toml changes nothing, and says so."""
        if not self.provisions:
            self.note("broken appliance.toml", "NOT TRIED: the program has no `provision`")
            return
        machine = self.machine
        machine.ask("mount -o remount,rw /boot/firmware && echo '[nonsense' >/boot/firmware/appliance.toml && "
                    "mount -o remount,ro /boot/firmware && cksum </etc/smtp-appliance/config.toml >/run/before")
        machine.ask("systemctl restart provision", 120)
        machine.ask("cksum </etc/smtp-appliance/config.toml | cmp - /run/before")
        said = machine.ask("cat /boot/firmware/appliance-says.txt")
        self.note("broken appliance.toml", f"refused, and it says: {' '.join(said.split())[:90]}")

    def full_disk(self):
        """With a full data partition mail is put off, and taken again when there is room."""
        machine = self.machine
        machine.ask("head -c 20G /dev/zero >/data/fill 2>/dev/null; sync; df /data >&2; true", 900)
        refused = None
        try:
            self.tell("full")
        except Exception as error:
            refused = error
        machine.ask("rm /data/fill; sync", 300)
        code = getattr(refused, "smtp_code", None)
        if code not in (421, 451, 452):
            raise Failed(f"a mail on a full disk ended in {refused!r}")
        word = self.tell("room again")
        self.await_sms(word)
        self.note("full data partition", f"mail is put off ({code}), and taken when there is room")

    # ---- what they have in common

    def configure(self, calls: str):
        text = CONFIG.format(calls=calls, secret=SECRET).replace("\n", "\\n")
        self.machine.ask(f"printf '{text}' >/run/config && cat /run/config >/etc/smtp-appliance/config.toml && "
                         "smtp-appliance check-config && sync")
        time.sleep(3)

    def tell(self, what: str) -> str:
        word = f"{what.split()[0]}-{random.getrandbits(40):x}"
        self.told = time.monotonic()
        self.machine.mail(f"Problem: {what} on {word}")
        return word

    def await_sms(self, word: str, seconds: float = DELIVERY) -> float:
        until(f"an SMS about {word}", seconds, lambda: self.modem.heard(word), every=0.2)
        return time.monotonic() - self.told

    def greets(self) -> bool:
        try:
            return bool(self.machine.greeting())
        except (OSError, Failed):
            return False

    def lit(self, gpio: dict[str, int], seconds: float) -> set[str]:
        """The LEDs that were lit at some time."""
        seen, end = set(), time.monotonic() + seconds
        while time.monotonic() < end:
            levels = self.machine.pins()
            seen |= {name for name, pin in gpio.items() if name.startswith("led-") and levels >> pin & 1}
            time.sleep(0.05)
        return seen

    def pins_work(self) -> bool:
        end = time.monotonic() + 15
        leds = [pin for name, pin in pins_of_table(PROJECT / "hardware/pins.tsv").items() if name.startswith("led-")]
        while time.monotonic() < end:
            if any(self.machine.pins() >> pin & 1 for pin in leds):
                return True
            time.sleep(0.1)
        return False

    ORDER = ("first_start", "system", "mail_to_sms", "lights", "call", "killed", "rebooted", "plug_pulled",
             "full_disk", "bad_settings")

    def run(self, only: list[str]):
        self.make_card()
        self.modem = Modem(HOST_PROGRAM, self.folder)
        self.machine = Machine(self.folder, self.parts, self.card, self.modem)
        broken = []
        try:
            for name in self.ORDER:
                if only and name not in only and name != "first_start":
                    continue
                print(f"{name}: {getattr(self, name).__doc__}", flush=True)
                try:
                    getattr(self, name)()
                except (Failed, OSError) as error:
                    broken.append(name)
                    print(f"  FAILED: {error}", flush=True)
                    if name == "first_start":
                        break
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
    Trial(options.parts.resolve()).run([name for name in options.only.split(",") if name])
    print("the system of the image does what it must")


if __name__ == "__main__":
    sys.exit(main())
