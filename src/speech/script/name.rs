//! Words and names: of hosts, services, metrics, files and interfaces.

use std::sync::LazyLock;

use regex::Regex;

use super::address::is_id;
use super::read::{Reader, pattern};

/// Bytes of the longest name that is said.
const MAX_NAME: usize = 100;
/// Parts of a path that are said; of a longer one only the last.
const MAX_PATH: usize = 3;
/// Letters of a word without a vowel that are spelled.
const MAX_SPELLED: usize = 5;

/// Said by their letters though they have a vowel. In alphabetical order.
const SPELLED: &[&str] = &[
    "ACL", "AD", "AES", "AP", "API", "APN", "ASN", "AWS", "AZ", "BIOS", "CA", "CDN", "CEST", "CET",
    "CI", "CIA", "CPU", "EBS", "EC", "EFI", "EOF", "EOL", "ERP", "ETA", "EU", "FPU", "GPU", "GUI",
    "HA", "IBM", "ICMP", "ID", "IDE", "IDP", "IDS", "IIS", "IMEI", "IMSI", "IO", "IP", "IPC",
    "IPMI", "IPS", "IRC", "IRQ", "ISDN", "ISP", "KPI", "LACP", "MTU", "NIC", "NUC", "OCSP", "OEM",
    "OID", "OOM", "OS", "OSD", "OSPF", "OTP", "OU", "OVH", "PCI", "PCIE", "PDU", "PSU", "QA",
    "QOS", "RPO", "RSA", "SLA", "SLO", "SSO", "TPU", "UAT", "UDP", "UEFI", "UI", "UID", "UPN",
    "UPS", "URI", "URL", "USB", "USV", "UTC", "UUID", "VCPU", "VIP", "VPC", "WSUS",
];

impl Reader<'_> {
    /// `/var/log`, `/usr/local/bin/copia.sh`: up to three parts, of a longer path the last one.
    pub(super) fn path(&mut self, rest: &str) -> Option<usize> {
        static PATH: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^(?:~|\.{1,2})?(?:/[\w@+][\w.@+-]*|/\.[\w@+-]+)+/?"));
        let inside = |c: char| c.is_alphanumeric() || "_-/.)]<".contains(c);
        if self.before().is_some_and(inside) {
            return None;
        }
        let found = PATH.find(rest)?.as_str().trim_end_matches(['.', '-', '/']);
        let parts: Vec<&str> =
            found.split('/').filter(|part| !part.trim_matches(['.', '~']).is_empty()).collect();
        if let Some(last) = parts.last().filter(|_| parts.len() > MAX_PATH) {
            self.file(last);
        } else {
            for part in parts {
                self.out.say(self.reading.words.slash);
                self.file(part);
            }
        }
        Some(found.len())
    }

    /// `C:`, `D:\Backup\full.vbk`.
    pub(super) fn drive(&mut self, rest: &str) -> Option<usize> {
        static DRIVE: LazyLock<Regex> =
            LazyLock::new(|| pattern(r#"^([A-Za-z]):\\([^\s"'<>|,;:]*)|^([C-Z]):(?:\s|$)"#));
        if !self.begins() {
            return None;
        }
        let found = DRIVE.captures(rest)?;
        self.out.say(self.reading.words.drive);
        self.spell(found.get(1).or_else(|| found.get(3))?.as_str());
        let path = found.get(2).map_or("", |path| path.as_str()).trim_end_matches(['\\', '.']);
        if let Some(last) = path.rsplit('\\').next().filter(|last| !last.is_empty()) {
            self.out.pause(',');
            self.file(last);
        }
        Some(found.get(0)?.as_str().trim_end_matches(['.', ' ', '\n']).len())
    }

    /// A file's name with its ending.
    fn file(&mut self, name: &str) {
        for (index, part) in name.split('.').enumerate() {
            if index > 0 {
                self.out.say(self.reading.words.dot);
            }
            self.name_parts(part);
        }
    }

    /// `Gi0/1`, `ge-0/0/1`, `1/0/24`.
    pub(super) fn interface(&mut self, rest: &str) -> Option<usize> {
        static INTERFACE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^(?:[A-Za-z]{1,20}-?\d{1,4}(?:/\d{1,4}){1,4}|\d{1,4}(?:/\d{1,4}){2,4})\b")
        });
        if !self.begins() {
            return None;
        }
        let found = INTERFACE.find(rest)?.as_str();
        for (index, part) in found.split('/').enumerate() {
            if index > 0 {
                self.out.say(self.reading.words.slash);
            }
            self.name_parts(part);
        }
        Some(found.len())
    }

    /// A word, or a name made of words and numbers.
    pub(super) fn name(&mut self, rest: &str) -> Option<usize> {
        static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\w+(?:['-]\w+|\.\d+)*"));
        let found = NAME.find(rest)?.as_str();
        let after = rest.get(found.len()..)?;
        let marked = after.starts_with([':', ',', ']', ')', '!']);
        match self.state(found, marked) {
            Some(said) => self.out.say(said),
            None => self.name_parts(found),
        }
        let machine = found.contains(|c: char| c == '-' || c.is_ascii_digit());
        Some(found.len() + if machine { self.port_after(after) } else { 0 })
    }

    /// A word of state, in capitals or before a mark: `CRIT`, `Down]`.
    fn state(&self, word: &str, marked: bool) -> Option<&'static str> {
        let mut letters = word.chars();
        let capitals = word.len() > 1 && word.chars().all(char::is_uppercase);
        let titled = marked
            && letters.next().is_some_and(char::is_uppercase)
            && letters.all(char::is_lowercase);
        if (!capitals && !titled) || self.lexicon.word(word).is_some() {
            return None;
        }
        let word = word.to_uppercase();
        self.reading.states.iter().find(|(state, _)| *state == word).map(|(_, said)| *said)
    }

    /// A name by its parts: `HighCPULoad`, `node_filesystem_avail`, `srv-db-01`.
    pub(super) fn name_parts(&mut self, name: &str) {
        if self.known(name) || name.len() > MAX_NAME {
            return;
        }
        for (index, dotted) in name.split('.').enumerate() {
            if index > 0 {
                self.out.say(self.reading.words.dot);
            }
            for part in dotted.split(['-', '_', '+', '=', '%']).filter(|part| !part.is_empty()) {
                if self.known(part) || is_id(part) {
                    continue;
                }
                for atom in atoms(part) {
                    self.atom(atom);
                }
            }
        }
    }

    /// Says a name that the user or the language has a word for.
    fn known(&mut self, name: &str) -> bool {
        let own = self.lexicon.word(name);
        let built_in = || {
            let lower = name.to_lowercase();
            self.reading.names.iter().find(|(known, _)| *known == lower).map(|(_, said)| *said)
        };
        let Some(said) = own.or_else(built_in) else { return false };
        self.out.say(said);
        true
    }

    fn atom(&mut self, atom: &str) {
        if atom.starts_with(|c: char| c.is_ascii_digit()) {
            return self.digits(atom);
        }
        if self.known(atom) {
            return;
        }
        let capitals = atom.chars().all(char::is_uppercase);
        // `VMs`
        let plural = atom
            .strip_suffix('s')
            .filter(|one| one.len() > 1 && one.chars().all(char::is_uppercase));
        match plural {
            Some(one) if is_spelled(one) => self.spell_plural(one),
            Some(_) => self.out.say(&atom.to_lowercase()),
            None if atom.chars().nth(1).is_some() && is_spelled(atom) => {
                self.spell(&atom.to_uppercase());
            }
            None if capitals && atom.chars().nth(1).is_some() => self.out.say(&atom.to_lowercase()),
            None => self.out.say(atom),
        }
    }

    /// Letters and digits one by one: spaced capitals, which every voice reads as such.
    pub(super) fn spell(&mut self, letters: &str) {
        for letter in letters.chars().filter_map(|c| c.to_uppercase().next()) {
            let said = self.reading.letters.iter().find(|(known, _)| *known == letter);
            match said {
                Some((_, said)) => self.out.say(said),
                None => self.out.say(letter.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn spell_plural(&mut self, one: &str) {
        if self.reading.month_first {
            let (head, last) = one.split_at(one.len() - 1);
            self.spell(head);
            self.out.say(&[last, "'s"].concat());
        } else {
            // Spanish letters have no plural.
            self.spell(one);
        }
    }
}

/// Whether a word is said by its letters: known as such, or short and without a vowel.
fn is_spelled(word: &str) -> bool {
    if !word.is_ascii() {
        return false;
    }
    let upper = word.to_ascii_uppercase();
    let listed = SPELLED.binary_search(&upper.as_str()).is_ok();
    // In small letters the shortest are words: `ha`, `os`, `ad`.
    let lower = word.bytes().all(|b| b.is_ascii_lowercase());
    let unclear = lower && word.len() < 3 && !matches!(word, "ip" | "io");
    let vowel = upper.contains(['A', 'E', 'I', 'O', 'U', 'Y', '\'']);
    (listed && !unclear) || (!vowel && word.len() <= MAX_SPELLED)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Upper,
    Lower,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            '0'..='9' => Self::Digit,
            c if c.is_uppercase() => Self::Upper,
            _ => Self::Lower,
        }
    }
}

/// A name cut where its writing changes: `High|CPU|Load`, `web|01`, `VMs`.
fn atoms(name: &str) -> Vec<&str> {
    let chars: Vec<(usize, Class)> =
        name.char_indices().map(|(at, c)| (at, Class::of(c))).collect();
    let mut starts = vec![0];
    for (index, pair) in chars.windows(2).enumerate() {
        let [(before_at, before), (at, class)] = pair else { continue };
        match (before, class) {
            (Class::Upper, Class::Lower) => {
                let first = index.checked_sub(1).and_then(|at| chars.get(at));
                let acronym = first.is_some_and(|(_, class)| *class == Class::Upper);
                let plural = name.get(*at..) == Some("s");
                if acronym && !plural {
                    starts.push(*before_at);
                }
            }
            (a, b) if a != b => starts.push(*at),
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| name.get(*start..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::{SPELLED, atoms};

    #[test]
    fn parts_of_names() {
        let cases = [
            ("HighCPULoad", "High CPU Load"),
            ("HTTPServer", "HTTP Server"),
            ("VMs", "VMs"),
            ("web01", "web 01"),
            ("Fail2Ban", "Fail 2 Ban"),
            ("CPU", "CPU"),
            ("iDRAC", "i DRAC"),
            ("Logroño", "Logroño"),
            ("ECONNREFUSED", "ECONNREFUSED"),
        ];
        for (name, parts) in cases {
            assert_eq!(atoms(name).join(" "), parts);
        }
    }

    #[test]
    fn spelled_words_can_be_found() {
        assert!(SPELLED.is_sorted());
    }
}
