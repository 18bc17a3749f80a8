#!/usr/bin/env python3
"""The two slots and their tries: the image's own boot script in Debian's U-Boot, in QEMU.

    slots.py [--parts FOLDER]

A slot here is an ext4 file system with a kernel and an initramfs that says which slot it is and then stays,
or starts again as a system does that was never good. (The image's U-Boot reads squashfs, Debian's does not;
and keeps its environment before the first partition, where Debian's has a file on the FAT partition.) It needs no
rights: no root, no loop device, no KVM.
"""

import argparse
import re
import shutil
import subprocess
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
INIT = """\
#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
# The board starts again by its watchdog chip.
/bin/busybox insmod /bcm2835_wdt.ko
# By the kernel's log: its lines do not run into each other, and are out before it starts again.
echo "<1>SLOT $(/bin/busybox sed -n 's/.*\\(root=[^ ]*\\).*\\(rauc.slot=.\\).*/\\1 \\2/p' /proc/cmdline) {what}" >/dev/kmsg
{end}
"""
STAY = "while :; do /bin/busybox sleep 60; done"
AGAIN = "echo b >/proc/sysrq-trigger"


def quietly(*command) -> bytes:
    """Runs a program that is to succeed, and gives what it prints; what it complains of is seen when it fails."""
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run([str(word) for word in command], env=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")
    return done.stdout


class Slots:
    def __init__(self, parts: Path):
        self.parts, self.folder = parts, parts / "slots"
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "in").mkdir(parents=True)

    def slot(self, name: str, end: str | None) -> Path:
        """A slot; without a kernel when `end` is missing."""
        tree, image = self.folder / f"tree-{name}", self.folder / f"{name}.ext4"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "boot").mkdir(parents=True)
        if end is not None:
            early = self.folder / f"early-{name}"
            shutil.rmtree(early, ignore_errors=True)
            for sub in ("bin", "dev", "proc"):
                (early / sub).mkdir(parents=True)
            shutil.copy(self.parts / "busybox", early / "bin/busybox")
            (early / "bin/sh").symlink_to("busybox")
            shutil.copy(next(self.parts.glob("kernel/lib/modules/*/kernel/drivers/watchdog/bcm2835_wdt.ko")), early)
            (early / "init").write_text(INIT.format(what=name, end=end))
            (early / "init").chmod(0o755)
            subprocess.run("find . | cpio --quiet -o -H newc -R 0:0 | gzip -1", shell=True, check=True,
                           cwd=early, stdout=open(tree / "boot/initrd.img", "wb"))
            shutil.copy(self.parts / "Image", tree / "boot/Image")
        # U-Boot 2023.01 does not know what is new in ext4.
        quietly("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum,^64bit,^orphan_file", "-d", tree, image, "96M")
        return image

    def card(self, a: str | None, b: str | None) -> Path:
        inside = self.folder / "in"
        shutil.copy(self.slot("a", a), inside / "rootfs.squashfs")
        b_image = self.slot("b", b)
        quietly("mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "appliance", "-d",
                PROJECT / "buildroot/board/rpi/boot.cmd", inside / "boot.scr")
        quietly(PROJECT / "buildroot/board/rpi/genimage.sh", PROJECT / "buildroot/board/rpi/genimage.cfg",
                inside, self.folder, self.folder / "tmp")
        card = self.folder / "appliance.img"
        quietly("dd", f"if={b_image}", f"of={card}", "bs=1M", "seek=452", "conv=notrunc")
        quietly("truncate", "-s", "1G", card)
        return card

    def start(self, card: Path, until: str, seconds: float) -> str:
        """What U-Boot and the kernels say, up to a text."""
        serial = self.folder / "serial.log"
        serial.write_bytes(b"")
        process = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-accel", "tcg,thread=single",
             "-kernel", self.parts / "u-boot.bin", "-dtb", self.parts / "board.dtb",
             "-drive", f"if=sd,format=raw,file={card}", "-monitor", "none",
             # U-Boot speaks on the UART that the device tree calls its console, the second one.
             "-serial", "null", "-serial", f"file:{serial}"])
        end = time.monotonic() + seconds
        try:
            while True:
                ended = process.poll() is not None or time.monotonic() > end
                said = serial.read_text(errors="replace")
                if re.search(until, said):
                    return said
                if ended:
                    raise SystemExit(f"{until!r} did not come within {seconds:.0f} s, or QEMU ended ({process.poll()}); "
                                     f"the end of what came:\n{said[-3000:]}")
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait()

    def environment(self, card: Path) -> dict[str, str]:
        raw = quietly("mtype", "-i", f"{card}@@4M", "::uboot.env")
        pairs = raw[4:].split(b"\0\0")[0].split(b"\0")
        return dict(pair.decode(errors="replace").split("=", 1) for pair in pairs if b"=" in pair)

    def set_environment(self, card: Path, changes: dict[str, str]):
        """What RAUC does by fw_setenv."""
        file = self.folder / "uboot.env"
        raw = quietly("mtype", "-i", f"{card}@@4M", "::uboot.env")
        all_of_it = self.environment(card) | changes
        text = self.folder / "environment.txt"
        text.write_text("".join(f"{name}={value}\n" for name, value in all_of_it.items()))
        quietly("mkenvimage", "-s", str(len(raw)), "-o", file, text)
        quietly("mcopy", "-o", "-i", f"{card}@@4M", file, "::uboot.env")

    def run(self):
        def order(said: str) -> str:
            return "".join(re.findall(r"SLOT root=\S+ rauc\.slot=(.)", said))

        card = self.card(AGAIN, STAY)
        said = self.start(card, r"SLOT .* b", 1200)
        if order(said) != "AAAB":
            raise SystemExit(f"a slot that is never good: started {order(said)}, not AAAB")
        for slot, number in (("A", 2), ("B", 3)):
            if f"root=PARTUUID=534d5450-0{number} rauc.slot={slot}" not in said:
                raise SystemExit(f"slot {slot} has another root")
        left = self.environment(card)
        print(f"  a slot that is never good: {order(said)}, then A has {left['BOOT_A_LEFT']} and B {left['BOOT_B_LEFT']} tries")

        self.set_environment(card, {"BOOT_B_LEFT": "3", "BOOT_ORDER": "B A"})
        said = self.start(card, r"SLOT .* b", 900)
        if order(said) != "B":
            raise SystemExit(f"after mark-good: started {order(said)}")
        print("  after mark-good of B: B at once")

        self.set_environment(card, {"BOOT_A_LEFT": "0", "BOOT_B_LEFT": "0"})
        said = self.start(card, r"SLOT .* b", 900)
        if "all begin anew" not in said:
            raise SystemExit("without tries it does not begin anew")
        print("  no tries left in either: all begin anew, and B starts")

        card = self.card(None, STAY)
        said = self.start(card, r"SLOT .* b", 900)
        if order(said) != "B" or self.environment(card)["BOOT_A_LEFT"] != "0":
            raise SystemExit(f"a slot without a kernel: started {order(said)}")
        print("  a slot without a kernel: passed over, never tried again")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=Path, default=PROJECT / "target/image-test")
    Slots(parser.parse_args().parts.resolve()).run()
    print("the slots do what they must")


if __name__ == "__main__":
    main()
