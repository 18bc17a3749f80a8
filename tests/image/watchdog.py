#!/usr/bin/env python3
"""The hardware watchdog: a kernel that stands still is started again, by the settings of the image.

    watchdog.py [--parts FOLDER]

On QEMU's `virt` machine with an i6300esb: the raspi3b machine resets as soon as its own watchdog is opened.
"""

import argparse
import subprocess
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
# The kernel panics and, told so, does not start again by itself.
HANG = "sleep 25; echo now-it-hangs >/dev/console; echo 0 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger"


def start(parts: Path, watchdog: bool, seconds: float) -> tuple[float | None, str]:
    """Seconds from the hang to the reset, if there was one; and the console."""
    log = parts / "watchdog.log"
    log.unlink(missing_ok=True)
    append = ("console=ttyAMA0 root=/dev/vda ro loglevel=4 panic=0 "
              f'systemd.run="/bin/sh -c \'{HANG}\'"')
    if not watchdog:
        append += " systemd.watchdog_sec=off"
    process = subprocess.Popen(
        ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-m", "512", "-smp", "2", "-display", "none",
         "-accel", "tcg,thread=single", "-nic", "none",
         "-kernel", parts / "Image", "-initrd", parts / "initrd.img", "-append", append,
         "-drive", f"if=none,id=root,format=raw,readonly=on,file={parts / 'rootfs.squashfs'}",
         "-device", "virtio-blk-pci,drive=root", "-device", "i6300esb", "-action", "watchdog=reset",
         "-no-reboot", "-serial", f"file:{log}", "-monitor", "none"],
        stdout=subprocess.DEVNULL, stderr=open(parts / "watchdog-qemu.log", "w"))
    end, hung = time.monotonic() + seconds, None
    try:
        while time.monotonic() < end and process.poll() is None:
            if hung is None and log.exists() and "now-it-hangs" in log.read_text(errors="replace"):
                hung = time.monotonic()
                # Without a watchdog nothing more is to be expected.
                end = min(end, hung + 120)
            time.sleep(0.2)
        reset = process.poll() is not None
    finally:
        process.kill()
        process.wait()
    text = log.read_text(errors="replace")
    if hung is None:
        said = (parts / "watchdog-qemu.log").read_text()
        raise SystemExit(f"it did not come as far as to hang:\n{text[-2000:]}\n{said}")
    return (time.monotonic() - hung if reset else None), text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=Path, default=PROJECT / "target/image-test")
    parts = parser.parse_args().parts.resolve()
    after, text = start(parts, True, 900)
    if after is None:
        raise SystemExit(f"it was not started again:\n{text[-2000:]}")
    print(f"  a kernel that hangs: started again after {after:.0f} s")
    after, _ = start(parts, False, 900)
    if after is not None:
        raise SystemExit("it was started again by something else than the watchdog")
    print("  the same without the watchdog: stays as it is")


if __name__ == "__main__":
    main()
