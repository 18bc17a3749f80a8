"""Updates by RAUC, in the running system: what is not ours or was changed is refused, what is ours is started."""

import os
import random
import re
import shlex
import ssl
import subprocess
import threading
import time
from functools import partial
from html import unescape
from http.cookiejar import CookieJar
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

from machine import Failed, read_environment, until
from trial import BOOT, PROJECT, Trial

# The host, as QEMU's network shows it.
HOST = "10.0.2.2"
SLOT_B = 452 << 20


PASSWORD = "correct horse battery staple"


class Page:
    """A browser that knows forms and keeps its cookie; it takes the self-signed certificate."""

    def __init__(self, port: int):
        self.address = f"https://127.0.0.1:{port}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=context))

    def ask(self, path: str, body: bytes | None, kind: str = "", seconds: float = 120) -> str:
        request = Request(self.address + path, body, {"Content-Type": kind} if kind else {})
        with self.opener.open(request, timeout=seconds) as answer:
            return answer.read().decode()

    def get(self, path: str) -> str:
        return self.ask(path, None)

    def post(self, path: str, fields: dict[str, str]) -> str:
        return self.ask(path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def upload(self, path: str, file: Path) -> str:
        csrf = re.search('name="csrf" value="([^"]+)"', self.get("/backup"))[1]
        part = "--x-part\r\nContent-Disposition: form-data; name="
        body = (f'{part}"csrf"\r\n\r\n{csrf}\r\n{part}"bundle"; filename="{file.name}"\r\n\r\n'.encode()
                + file.read_bytes() + b"\r\n--x-part--\r\n")
        return self.ask(path, body, "multipart/form-data; boundary=x-part", 3000)


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
                installed, said = self.install(server.server_port, name)
                self.refused(name, installed, said)
        finally:
            server.shutdown()
        self.forbidden()
        page = self.page()
        self.refused("theirs, by the web page", *self.upload(page, folder / "theirs.raucb"))
        installed, said = self.upload(page, folder / "good.raucb")
        if not installed:
            raise Failed(f"the web page does not install a signed bundle: {said}")
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

    def refused(self, name: str, installed: bool, said: str):
        order = self.machine.ask("fw_printenv -n BOOT_ORDER").split()
        if installed or order[0] != "A":
            raise Failed(f"the bundle {name} was installed (BOOT_ORDER {order}): {said}")
        why = " ".join(said.split("LastError: ")[-1].splitlines()[0].split())
        self.note(f"bundle, {name}", f"refused: {why[:200]}")

    def install(self, port: int, name: str) -> tuple[bool, str]:
        """By the command line, as root."""
        self.machine.ask(f"busybox wget -q -O /data/update.raucb http://{HOST}:{port}/{name}.raucb", 600)
        status, said = self.machine.run("rauc install /data/update.raucb 2>&1; status=$?; rm /data/update.raucb; "
                                        "(exit $status)", 1800)
        return status == 0, said

    def forbidden(self):
        """The appliance's user may install and nothing else, and others may not even that."""
        for user, what in (("nobody", "install /etc/hostname"), ("smtp-appliance", "status mark-bad")):
            status, said = self.machine.run(f"setpriv --reuid={user} --regid=65534 --clear-groups rauc {what} 2>&1")
            if status == 0 or "Rejected send message" not in said:
                raise Failed(f"{user} may rauc {what}: {said}")
        self.note("who may ask RAUC", "the appliance to install, root; nobody else")

    def page(self) -> Page:
        """The administration, set up with the token that stands in the store."""
        page = Page(self.machine.web_port)
        token = self.machine.ask("cat /var/lib/smtp-appliance/web/setup-token").strip()
        until("the administration's port is open", 90, lambda: page.get("/setup"), every=5)
        page.post("/setup", {"token": token, "name": "boss", "password": PASSWORD, "again": PASSWORD})
        return page

    def upload(self, page: Page, bundle: Path) -> tuple[bool, str]:
        """By the web page, as the service's user."""
        began = time.monotonic()
        page.upload("/update", bundle)
        self.note(f"{bundle.stat().st_size // 1_000_000} MB uploaded in", f"{time.monotonic() - began:.0f} s")

        def ended():
            text = page.get("/backup")
            return text if "update is installed" in text or "was not installed" in text else None

        text = until("RAUC has ended", 1800, ended, every=5)
        said = re.search("<pre[^>]*>(.*?)</pre>", text, re.S)
        return "update is installed" in text, unescape(said[1]) if said else text[-2000:]
