"""Updates by RAUC, in the running system: what is not ours or was changed is refused, what is ours is started."""

import os
import random
import shlex
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from machine import Failed, read_environment, until
from trial import BOOT, PROJECT, Trial

# The host, as QEMU's network shows it.
HOST = "10.0.2.2"
SLOT_B = 452 << 20


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Updates(Trial):

    def bundles(self):
        """Makes a good bundle and bad ones, and gives their folder. What is refused need not be large: the
        line to the machine is slow."""
        folder = self.folder / "bundles"
        folder.mkdir()
        small = folder / "small"
        small.write_bytes(random.randbytes(4 << 20))
        root = self.parts / "rootfs.squashfs"
        for name, content, keys in (("good", root, self.parts / "keys"), ("ours", small, self.parts / "keys"),
                                    ("theirs", small, folder / "other-keys")):
            lines = subprocess.run([PROJECT / "tools/image/keys.sh", keys], check=True, capture_output=True, text=True,
                                   env={"PATH": os.environ["PATH"]}).stdout
            pairs = (word.split("=", 1) for word in shlex.split(lines) if "=" in word)
            subprocess.run([PROJECT / "buildroot/board/rpi/bundle.sh", content, "9.9.9", folder / f"{name}.raucb"],
                           check=True, env={"PATH": os.environ["PATH"]} | dict(pairs), capture_output=True)
        whole = (folder / "ours.raucb").read_bytes()
        middle = len(whole) // 2
        # In its middle lies the root file system, which is checked block by block as it is read.
        (folder / "tampered.raucb").write_bytes(whole[:middle] + bytes(255 - octet for octet in whole[middle:middle + 64])
                                                + whole[middle + 64:])
        # The last eight octets say how long the signature before them is.
        signature = int.from_bytes(whole[-8:], "big")
        (folder / "unsigned.raucb").write_bytes(whole[:-8 - signature])
        return folder

    def updated(self):
        """A signed bundle is installed and started; an unsigned and a tampered one are refused."""
        machine = self.machine
        folder = self.bundles()
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for name in ("unsigned", "theirs", "tampered"):
                status, said = self.install(server.server_port, name)
                order = machine.ask("fw_printenv -n BOOT_ORDER").split()
                if status == 0 or order[0] != "A":
                    raise Failed(f"the {name} bundle was installed (BOOT_ORDER {order}): {said}")
                why = " ".join(said.split("LastError: ")[-1].splitlines()[0].split())
                self.note(f"bundle, {name}", f"refused: {why[:200]}")
            status, said = self.install(server.server_port, "good")
            if status != 0:
                raise Failed(f"a signed bundle is refused: {said}")
        finally:
            server.shutdown()
        order = machine.ask("sync; fw_printenv -n BOOT_ORDER").split()
        if order != ["B", "A"]:
            raise Failed(f"the new slot does not come first: {order}")
        machine.power_off()
        root = (self.parts / "rootfs.squashfs").read_bytes()
        with open(self.card, "rb") as card:
            card.seek(SLOT_B)
            if card.read(len(root)) != root:
                raise Failed("slot B does not hold what was in the bundle")
        self.start()
        if "rauc.slot=B" not in machine.ask("cat /proc/cmdline") or "mmcblk0p3" not in machine.ask("findmnt -no SOURCE /"):
            raise Failed("it did not start from slot B")
        self.await_sms(self.tell("updated"), BOOT)
        until("mark-good", 900, lambda: "BOOT_B_LEFT=3" in machine.ask("fw_printenv BOOT_B_LEFT"), every=10)
        self.note("bundle, signed", "installed into slot B, octet by octet; started from there, and marked good")

    def install(self, port: int, name: str) -> tuple[int, str]:
        self.machine.ask(f"busybox wget -q -O /data/update.raucb http://{HOST}:{port}/{name}.raucb", 600)
        status, said = self.machine.run("rauc install /data/update.raucb 2>&1; status=$?; rm /data/update.raucb; "
                                        "(exit $status)", 1800)
        return status, said
