"""What the trials of the image's system have in common: the card, the machine in QEMU, mails, lights."""

import random
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

from machine import Failed, Machine, Modem, pins_of_table, until, write_environment

PROJECT = Path(__file__).resolve().parent.parent.parent

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

# QEMU has no pull-up, and takes the button for held.
[board]
button = "off"

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
unacknowledged = "told"
"""

SYSTEM = """
[system]
hostname = "alerts"
timezone = "Europe/Madrid"
"""


class Trial:
    """A machine with its card and its modem; the trials are in the classes made of this one."""

    def __init__(self, parts: Path, modem_program: Path):
        self.parts = parts
        self.folder = parts / "run"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.card = self.folder / "card.img"
        self.make_card()
        self.modem = Modem(modem_program, self.folder)
        self.machine = Machine(self.folder, self.parts, self.card, self.modem)
        table = pins_of_table(PROJECT / "hardware/pins.tsv")
        self.lights_at = {name: pin for name, pin in table.items() if name.startswith("led-")}

    def note(self, name: str, how: str):
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
        subprocess.run(
            [PROJECT / "buildroot/board/rpi/genimage.sh", PROJECT / "buildroot/board/rpi/genimage.cfg",
             card, self.folder, self.folder / "tmp"],
            check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "FAT_FILES": "appliance.toml"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (self.folder / "appliance.img").rename(self.card)
        write_environment(self.card, {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3"})
        # QEMU takes cards whose size is a power of two.
        subprocess.run(["truncate", "-s", "2G", self.card], check=True)

    def start(self, locked: bool = False) -> float:
        """Gives the machine power, and waits until it takes mail and the shell answers."""
        self.machine.start(locked)
        seconds = self.machine.await_smtp(BOOT)
        self.machine.await_shell(300)
        return seconds

    # ---- settings

    def configure(self, calls: str):
        """Writes the configuration by hand, and waits until it is in force."""
        text = CONFIG.format(calls=calls, secret=SECRET).replace("\n", "\\n")
        reloads = "journalctl -b -q -u smtp-appliance -o cat | grep -c 'configuration taken up' || true"
        before = int(self.machine.ask(reloads))
        self.machine.ask(f"printf '{text}' >/run/config && cat /run/config >/etc/smtp-appliance/config.toml && "
                         "smtp-appliance check-config && systemctl reload smtp-appliance")
        until("the configuration is in force", 120, lambda: int(self.machine.ask(reloads)) > before, every=2)

    # ---- mails

    def tell(self, what: str) -> str:
        """Hands a mail in, and gives the word by which its SMS is known."""
        word = self.word(what)
        self.told = time.monotonic()
        self.machine.mail(f"Problem: {what} on {word}")
        return word

    @staticmethod
    def word(what: str) -> str:
        return f"{what.split()[0]}-{random.getrandbits(40):x}"

    def await_sms(self, word: str, seconds: float = DELIVERY) -> float:
        until(f"an SMS about {word}", seconds, lambda: self.modem.heard(word), every=0.2)
        return time.monotonic() - self.told

    def greets(self) -> bool:
        try:
            return bool(self.machine.greeting())
        except (OSError, Failed):
            return False

    # ---- lights, read through QEMU's monitor

    def lit(self, seconds: float) -> set[str]:
        """The lights that were on at some time."""
        seen, end = set(), time.monotonic() + seconds
        while time.monotonic() < end:
            levels = self.machine.pins()
            seen |= {name for name, pin in self.lights_at.items() if levels >> pin & 1}
            time.sleep(0.05)
        return seen

    def await_rest(self):
        """Waits until the lights say that all is well and nothing is being told: an SMS is heard before the
        appliance has done with it."""
        seen = []

        def ready():
            seen.append(self.lit(10))
            return {"led-health", "led-gsm"} <= seen[-1] and not {"led-alert", "led-fault"} & seen[-1]

        try:
            until("the lights of rest", 180, ready, every=0)
        except Failed as error:
            raise Failed(f"{error}; lit: {sorted(seen[-1])}; {self.doctor()}") from None

    def flashes(self, seconds: float = 20) -> int:
        """How many flashes the fault light gives between two pauses; 0 when it stays dark."""
        pin, end = self.lights_at["led-fault"], time.monotonic() + seconds
        groups, dark_since, was = [], None, False
        while (now := time.monotonic()) < end:
            on = bool(self.machine.pins() >> pin & 1)
            if on and not was:
                # The first group may have begun before anybody looked.
                if dark_since is not None and now - dark_since > 1.2:
                    groups.append(0)
                if groups:
                    groups[-1] += 1
            if not on and (was or dark_since is None):
                dark_since = now
            was = on
            time.sleep(0.03)
        # The last one may go on after it.
        counts = Counter(groups[:-1])
        return counts.most_common(1)[0][0] if counts else 0

    def await_fault(self, count: int, what: str, seconds: float = 180):
        """Waits until the fault light counts so."""
        seen = []

        def ready():
            seen.append(self.flashes())
            return seen[-1] == count

        try:
            until(f"{what}: {count} flashes of the fault light", seconds, ready, every=0)
        except Failed as error:
            raise Failed(f"{error}; seen: {seen}; {self.doctor()}") from None

    def doctor(self, only: str = "") -> str:
        """What the appliance says about itself, in one line."""
        status, said = self.machine.run(f"smtp-appliance doctor {'--only ' + only if only else ''} 2>/dev/null | cat", 120)
        return re.sub(r"\s+", " ", said).strip()
