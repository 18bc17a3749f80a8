"""A Raspberry Pi 3 in QEMU with the appliance's card in it, a simulated modem on its UART, its SMTP port
and the administration's forwarded, and a shell to look in by."""

import contextlib
import json
import re
import signal
import smtplib
import socket
import subprocess
import threading
import time
import zlib
from email.message import EmailMessage
from pathlib import Path


class Failed(Exception):
    """What was expected did not come."""


# U-Boot's environment, as overlay/etc/fw_env.config has it: twice, before the first partition.
ENVIRONMENTS = (0x100000, 0x180000)
ENVIRONMENT_SIZE = 0x4000


def write_environment(card: Path, values: dict[str, str]):
    """As U-Boot does by `saveenv`: digest, flag, and the pairs."""
    pairs = b"".join(f"{name}={value}\0".encode() for name, value in values.items())
    pairs = pairs.ljust(ENVIRONMENT_SIZE - 5, b"\0")
    with open(card, "r+b") as file:
        for offset in ENVIRONMENTS:
            file.seek(offset)
            file.write(zlib.crc32(pairs).to_bytes(4, "little") + b"\1" + pairs)


def read_environment(card: Path) -> dict[str, str]:
    """The copy that is whole and was written last."""
    best, flag = None, -1
    with open(card, "rb") as file:
        for offset in ENVIRONMENTS:
            file.seek(offset)
            raw = file.read(ENVIRONMENT_SIZE)
            if zlib.crc32(raw[5:]) == int.from_bytes(raw[:4], "little") and raw[4] > flag:
                best, flag = raw[5:], raw[4]
    if best is None:
        raise Failed("U-Boot's environment is damaged in both places")
    pairs = best.split(b"\0\0")[0].split(b"\0")
    return dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what: str, seconds: float, ready, every: float = 0.5):
    """Asks `ready` until it says something true, and gives that back."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            if found := ready():
                return found
        except (OSError, smtplib.SMTPException, Failed) as error:
            last = error
        time.sleep(every)
    raise Failed(f"{what}: not within {seconds:.0f} s" + (f" ({last})" if last else ""))


class Modem:
    """`smtp-appliance modem-simulator` of this machine's own build."""

    def __init__(self, program: Path, folder: Path):
        self.link = folder / "modem"
        self.sms = folder / "sms.jsonl"
        self.sms.unlink(missing_ok=True)
        self.log = open(folder / "modem.log", "ab")
        self.process = subprocess.Popen(
            [program, "modem-simulator", "--link", self.link, "--sms", self.sms],
            stdin=subprocess.PIPE, stdout=self.log, stderr=self.log)
        until("the simulated modem", 20, self.link.exists)

    def order(self, text: str):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def said(self, text: str) -> bool:
        """Whether this stands in its log."""
        return text in Path(self.log.name).read_text(errors="replace")

    def messages(self) -> list[dict]:
        if not self.sms.exists():
            return []
        return [json.loads(line) for line in self.sms.read_text().splitlines()]

    def heard(self, word: str) -> int:
        return sum(word in message["text"] for message in self.messages())

    def stop(self):
        self.process.kill()
        self.process.wait()


class Machine:
    """QEMU. `start` and `power_off` may follow each other; the card keeps what was written."""

    def __init__(self, folder: Path, parts: Path, card: Path, modem: Modem):
        self.folder, self.parts, self.card, self.modem = folder, parts, card, modem
        self.smtp_port, self.web_port = free_port(), free_port()
        self.process = None
        self.shell = None

    def next_slot(self, locked: bool) -> str:
        """What U-Boot does by buildroot/board/rpi/boot.cmd, as the kernel is started without it here."""
        values = read_environment(self.card)
        for slot in values["BOOT_ORDER"].split():
            if (left := int(values[f"BOOT_{slot}_LEFT"])) > 0:
                if locked:
                    return slot
                write_environment(self.card, values | {f"BOOT_{slot}_LEFT": str(left - 1)})
                return slot
        raise Failed(f"no slot has tries left: {values}")

    def start(self, locked: bool = False):
        """Gives it power, with a card that can be written or not."""
        slot = self.next_slot(locked)
        root = {"A": 2, "B": 3}[slot]
        for name in ("console", "monitor"):
            (self.folder / name).unlink(missing_ok=True)
        append = (f"console=ttyS1,115200 quiet loglevel=3 panic=10 root=PARTUUID=534d5450-0{root} ro rauc.slot={slot} "
                  "systemd.watchdog_sec=off systemd.show_status=false systemd.getty_auto=no iomem=relaxed "
                  "systemd.machine_id=0123456789abcdef0123456789abcdef")
        if locked:
            append += " test.locked"
        command = [
            # Starting is mostly one thing after the other, and this machine has other work too.
            "qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-accel", "tcg,thread=single",
            "-kernel", self.parts / "Image", "-initrd", self.parts / "initrd.img",
            "-dtb", self.parts / "board.dtb", "-append", append,
            # What was written outlives QEMU in this machine's memory; only this machine must not crash.
            "-drive", f"if=sd,format=raw,cache=unsafe,file={self.card}",
            # The first serial line is the PL011 on GPIO 14 and 15.
            "-chardev", f"serial,id=modem,path={self.modem.link}", "-serial", "chardev:modem",
            "-chardev", f"socket,id=console,path={self.folder}/console,server=on,wait=off,"
                        f"logfile={self.folder}/console.log,logappend=on", "-serial", "chardev:console",
            "-monitor", f"unix:{self.folder}/monitor,server=on,wait=off",
            "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.smtp_port}-:25,"
                       f"hostfwd=tcp:127.0.0.1:{self.web_port}-:8443",
            "-device", "usb-net,netdev=net",
            "-audiodev", f"wav,id=sound,path={self.folder}/call.wav",
            "-device", "usb-audio,audiodev=sound",
        ]
        self.log = open(self.folder / "qemu.log", "ab")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log)
        self.began = time.monotonic()
        until("QEMU's console", 20, (self.folder / "console").exists)
        self.shell = socket.socket(socket.AF_UNIX)
        self.shell.connect(str(self.folder / "console"))
        self.said = ""
        threading.Thread(target=self.listen, args=(self.shell,), daemon=True).start()

    def listen(self, shell: socket.socket):
        """Takes from the console all the time: QEMU as a whole stands still when nobody does, after some
        hundred characters."""
        with contextlib.suppress(OSError):
            while got := shell.recv(65536):
                self.said += got.decode(errors="replace")

    def power_off(self):
        """The plug is pulled."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None
            self.shell.close()

    def greeting(self) -> str:
        with socket.create_connection(("127.0.0.1", self.smtp_port), timeout=20) as client:
            client.settimeout(20)
            line = client.recv(200).decode(errors="replace")
        if not line.startswith("220 "):
            raise Failed(f"greeted by {line!r}")
        return line

    def await_smtp(self, seconds: float) -> float:
        """Waits for SMTP, and says how long it took since the start."""

        def ready():
            if self.process.poll() is not None:
                raise SystemExit(f"QEMU ended; see {self.folder}/qemu.log")
            return self.greeting()

        until("SMTP accepts", seconds, ready, every=2)
        return time.monotonic() - self.began

    def ask(self, command: str, seconds: float = 60) -> str:
        """What a command prints in the machine; it must succeed."""
        status, text = self.run(command, seconds)
        if status != 0:
            raise Failed(f"{command}: {status}: {text[-500:]}")
        return text

    def run(self, command: str, seconds: float = 60) -> tuple[int, str]:
        mark = f"{time.monotonic_ns():x}"
        # The two halves of the mark meet only in what is printed, not in the echo of the terminal.
        line = f"stty -echo -onlcr 2>/dev/null; echo; echo '<{mark}'; {command}; printf '%s%s\\n' '{mark}:' \"$?>\"\n"
        pattern = re.compile(rf"<{mark}\r*\n(.*?){mark}:(\d+)>", re.S)
        self.said = ""
        self.shell.sendall(line.encode())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.said
            # The last one: before it may stand the echo.
            if found := pattern.search(text, max(text.rfind(f"\n<{mark}"), 0)):
                return int(found[2]), found[1].replace("\r", "")
            if self.process.poll() is not None:
                raise Failed("the machine is off")
            time.sleep(0.1)
        raise Failed(f"{command}: no answer within {seconds:.0f} s; last: {self.said[-300:]!r}")

    def await_shell(self, seconds: float):
        end = time.monotonic() + seconds
        while True:
            try:
                self.ask("true", 15)
                return
            except Failed:
                if time.monotonic() > end:
                    raise

    def pins(self) -> int:
        """The levels of GPIO 0 to 31, by the monitor."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.folder / "monitor"))
            monitor.settimeout(10)
            monitor.sendall(b"xp /1wx 0x3f200034\n")
            text = ""
            while not (found := re.search(r"0*3f200034: 0x([0-9a-f]{8})", text)):
                text += monitor.recv(4096).decode(errors="replace")
        return int(found[1], 16)

    def mail(self, subject: str, body: str = "Severity: High\n", to: str = "ana@smtp.appliance"):
        """Hands a mail in; comes back when it was accepted."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "zabbix@smtp.appliance", to, subject
        message.set_content(body)
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=60) as client:
            client.send_message(message)


def pins_of_table(table: Path) -> dict[str, int]:
    """hardware/pins.tsv: the GPIO of each name."""
    rows = (line.split("\t") for line in table.read_text().splitlines() if line and not line.startswith("#"))
    return {row[0]: int(row[1]) for row in rows}


__all__ = ["Failed", "Machine", "Modem", "pins_of_table", "read_environment", "until", "write_environment"]
