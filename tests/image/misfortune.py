"""What may go wrong around the appliance: it says so by its fault light, and keeps doing what it can."""

import smtplib

from machine import Failed, until
from trial import BOOT, DELIVERY, Trial


class Misfortunes(Trial):

    def no_sim(self):
        """Without a SIM card mail is kept, and told when there is one."""
        self.modem.order("sim none")
        self.modem.order("reboot")
        self.await_fault(6, "no SIM card")
        said = self.doctor("modem,gsm")
        if "SIM" not in said:
            raise Failed(f"the doctor does not speak of the SIM card: {said}")
        word = self.tell("no SIM")
        self.modem.order("sim ready")
        self.modem.order("reboot")
        seconds = self.await_sms(word, 900)
        self.await_fault(0, "with its SIM card again")
        self.note("no SIM card", f"6 flashes, {said!r}; told {seconds:.0f} s after the mail, once there was one")

    def no_network(self):
        """Without a network what comes from this machine is still told by the modem."""
        machine = self.machine
        link = machine.ask("ip -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/' | head -n 1").strip()
        machine.ask(f"ip link set {link} down")
        self.await_fault(5, "no network")
        said = self.doctor("network")
        word = self.word("alone")
        lines = ["HELO here", "MAIL FROM:<a@smtp.appliance>", "RCPT TO:<ana@smtp.appliance>", "DATA",
                 f"Subject: Problem: {word}\\r\\n\\r\\n.", "QUIT"]
        talk = "; ".join(f"sleep 2; printf '{line}\\r\\n'" for line in lines)
        machine.ask(f"({talk}) | nc -w 30 127.0.0.1 25 | grep '^250 .*'", 120)
        until(f"an SMS about {word}", DELIVERY, lambda: self.modem.heard(word))
        machine.ask(f"ip link set {link} up")
        machine.await_smtp(300)
        self.await_fault(0, "with a network again")
        self.note("no network", f"5 flashes, {said!r}; an alert of the machine itself was told by SMS")

    def bad_settings(self):
        """A broken appliance.toml changes nothing, and says so."""
        machine = self.machine
        machine.ask("mount -o remount,rw /boot/firmware && cp /boot/firmware/appliance.toml /run/good && "
                    "echo '[nonsense' >/boot/firmware/appliance.toml && "
                    "mount -o remount,ro /boot/firmware && cksum </etc/smtp-appliance/config.toml >/run/before")
        machine.ask("systemctl restart provision", 120)
        machine.ask("cksum </etc/smtp-appliance/config.toml | cmp - /run/before")
        said = " ".join(machine.ask("cat /boot/firmware/appliance-says.txt").split())
        wrong = "unclosed table"
        if wrong not in said:
            raise Failed(f"it does not say what is wrong: {said}")
        try:
            self.await_fault(1, "a broken appliance.toml")
            # The screen is drawn anew every half minute.
            until("the screen says so", 120, lambda: wrong in machine.ask("cat /dev/vcs1"))
            self.await_sms(self.tell("all the same"))
        finally:
            machine.ask("mount -o remount,rw /boot/firmware && cp /run/good /boot/firmware/appliance.toml && "
                        "mount -o remount,ro /boot/firmware && systemctl restart provision", 120)
        self.await_fault(0, "appliance.toml is right again")
        self.note("broken appliance.toml", f"refused; 1 flash, and the screen and the file beside it say "
                                           f"{said[:90]!r}; the last good one tells")

    def full_disk(self):
        """With a full data partition mail is put off, and taken again when there is room."""
        machine = self.machine
        machine.ask("fallocate -l $(findmnt -bno AVAIL /data) /data/fill; head -c 1G /dev/zero >>/data/fill 2>/dev/null; sync; "
                    "df /data >&2", 900)
        try:
            code = self.put_off("full")
            self.await_fault(3, "a full disk")
        finally:
            machine.ask("rm /data/fill; sync", 300)
        self.await_fault(0, "room again")
        self.await_sms(self.tell("room again"))
        self.note("full data partition", f"3 flashes; mail is put off ({code}), and taken when there is room")

    def worn_card(self):
        """After an I/O error on the data partition mail is put off; the next start mends it."""
        machine = self.machine
        device = machine.ask("basename $(findmnt -no SOURCE /data)").strip()
        # The kernel's own way to try what an error does: here it remounts read-only.
        machine.ask(f"echo 1 >/sys/fs/ext4/{device}/trigger_fs_error")
        code = self.put_off("worn")
        self.await_fault(3, "a card with I/O errors")
        said = self.doctor("disk,store")
        if "read-only" not in said.lower():
            raise Failed(f"the doctor does not say what is wrong: {said}")
        machine.power_off()
        self.start()
        self.await_sms(self.tell("mended"))
        self.await_fault(0, "mended")
        self.note("I/O error", f"3 flashes, mail is put off ({code}), {said!r}; the next start mends it")

    def locked_card(self):
        """With a card that can only be read it runs from memory, with what the card holds."""
        machine = self.machine
        machine.power_off()
        self.start(locked=True)
        said = machine.ask("journalctl -b -q -u data-prepare -u data-layout -o cat")
        if "tmpfs" not in machine.ask("findmnt -no FSTYPE /data"):
            raise Failed(f"the data partition can be written: {said}")
        self.await_sms(self.tell("locked"), BOOT)
        self.await_fault(3, "a card that cannot be written")
        until("the screen says so", 120, lambda: "WORN OUT" in machine.ask("cat /dev/vcs1"))
        self.note("card that can only be read", "3 flashes, and the screen says so; its people and its modem are "
                                                f"known, and mail is told; {said.split(chr(10))[0]!r}")
        machine.power_off()
        self.start()
        self.await_sms(self.tell("unlocked"), BOOT)
        self.await_fault(0, "a card that can be written again")

    def put_off(self, what: str) -> int:
        """Hands a mail in that must be refused for now, and says by which code."""
        try:
            self.tell(what)
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
        else:
            raise Failed("a mail was taken that cannot be kept")
        if code not in (421, 451, 452):
            raise Failed(f"a mail that cannot be kept is refused by {code}")
        return code
