//! Addresses: of hosts, pages, people and network cards. Said shortly, or by their kind only.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::read::{Reader, pattern};

/// Longest host of a link that is said.
const MAX_LINK_HOST: usize = 60;

/// Whether a letter or digit follows, so that the address is none.
fn goes_on(rest: &str, used: usize) -> bool {
    rest.get(used..)
        .is_none_or(|after| after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Whether it is a machine's short name: `web-01`, `fw1`.
fn is_machine(label: &str) -> bool {
    label.contains('-') || label.contains(|c: char| c.is_ascii_digit())
}

impl Reader<'_> {
    /// `https://shop.example.org/cart?id=5`: the host, for that may be what is down.
    pub(super) fn url(&mut self, rest: &str) -> Option<usize> {
        static URL: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r#"^(?:[A-Za-z][A-Za-z0-9+.-]{1,15}://(?:[0-9A-Za-z_.:%~-]{1,64}@)?|www\.)(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]*[0-9A-Za-z])?[^\s<>"'|)\]}]*"#,
            )
        });
        let found = URL.captures(rest)?;
        let whole = found.get(0)?.as_str();
        let host = found.get(1).map_or("", |host| host.as_str()).trim_start_matches("www.");
        if host.starts_with('[') {
            self.out.say(self.reading.words.ipv6);
        } else if host.parse::<Ipv4Addr>().is_ok() {
            self.dotted(host);
        } else if host.is_empty() || host.len() > MAX_LINK_HOST || host.contains("xn--") {
            self.out.say(self.reading.words.link);
        } else {
            self.host_name(host);
        }
        Some(whole.trim_end_matches(['.', ',', ';', ':', '!', '?']).len())
    }

    /// `root@web-01`; a message id is left out.
    pub(super) fn mail_address(&mut self, rest: &str) -> Option<usize> {
        static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^<?([0-9A-Za-z_+%-][0-9A-Za-z_.+%=-]{0,99})@([0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,99}[0-9A-Za-z])?)",
            )
        });
        let found = ADDRESS.captures(rest)?;
        let (_, [local, host]) = found.extract();
        let id =
            |part: &str| is_id(part) || part.len() > 6 && part.bytes().all(|b| b.is_ascii_digit());
        if !local.split(['.', '-', '+', '=', '%']).any(id) {
            self.name_parts(local);
            self.out.say(self.reading.words.at);
            self.host_name(host);
        }
        Some(found.get(0)?.len())
    }

    /// Left out: nobody remembers one.
    pub(super) fn uuid(&mut self, rest: &str) -> Option<usize> {
        static UUID: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b\}?")
        });
        let used = UUID.find(rest)?.len();
        self.out.pause(',');
        Some(used)
    }

    /// By its kind only.
    pub(super) fn mac(&mut self, rest: &str) -> Option<usize> {
        static MAC: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})\b",
            )
        });
        let used = MAC.find(rest)?.len();
        self.out.say(self.reading.words.mac);
        Some(used)
    }

    /// By its kind only.
    pub(super) fn ipv6(&mut self, rest: &str) -> Option<usize> {
        static IPV6: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^\[?([0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%[0-9A-Za-z]{1,16})?\]?(?:/\d{1,3})?",
            )
        });
        let found = IPV6.captures(rest)?;
        let address = found.get(1)?.as_str().parse::<Ipv6Addr>().ok()?;
        let used = found.get(0)?.len();
        if address.is_unspecified() || goes_on(rest, used) || !self.begins() {
            return None;
        }
        self.out.say(self.reading.words.ipv6);
        Some(used + self.port_after(rest.get(used..)?))
    }

    /// `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1:443`.
    pub(super) fn ipv4(&mut self, rest: &str) -> Option<usize> {
        static IPV4: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^(\d{1,3}(?:\.\d{1,3}){3})(?:/(\d{1,2})\b)?"));
        let found = IPV4.captures(rest)?;
        let address = found.get(1)?.as_str();
        address.parse::<Ipv4Addr>().ok()?;
        let used = found.get(0)?.len();
        if goes_on(rest, used) || rest.get(used..)?.starts_with('.') && goes_on(rest, used + 1) {
            return None;
        }
        self.dotted(address);
        if let Some(prefix) = found.get(2) {
            self.out.say(self.reading.words.slash);
            self.out.say(prefix.as_str());
        }
        Some(used + self.port_after(rest.get(used..)?))
    }

    /// `web-01.example.org:443`, `copia.sh`.
    pub(super) fn host(&mut self, rest: &str) -> Option<usize> {
        static HOST: LazyLock<Regex> = LazyLock::new(|| {
            let label = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?";
            pattern(&format!(r"^{label}(?:\.{label}){{1,8}}"))
        });
        let found = HOST.find(rest)?.as_str();
        let last = found.rsplit('.').next()?;
        let domain = (2..=18).contains(&last.len())
            && (last.chars().all(|c| c.is_ascii_lowercase())
                || found.chars().all(|c| !c.is_ascii_lowercase())
                    && last.chars().all(char::is_alphabetic));
        if !domain || goes_on(rest, found.len()) {
            return None;
        }
        self.host_name(found);
        Some(found.len() + self.port_after(rest.get(found.len()..)?))
    }

    /// A host's name: of a machine the first label, of a site the whole, of a long one the ends.
    pub(super) fn host_name(&mut self, host: &str) {
        if let Some(said) = self.lexicon.word(host) {
            return self.out.say(said);
        }
        let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
        match labels.as_slice() {
            [first, _, .., _] if is_machine(first) => self.name_parts(first),
            [first, _, .., before, last] if labels.len() > 4 => self.labels(&[first, before, last]),
            all => self.labels(all),
        }
    }

    fn labels(&mut self, labels: &[&str]) {
        for (index, label) in labels.iter().enumerate() {
            if index > 0 {
                self.out.say(self.reading.words.dot);
            }
            self.name_parts(label);
        }
    }

    /// Says `:443` after an address; its length.
    pub(super) fn port_after(&mut self, rest: &str) -> usize {
        if rest.starts_with(':') {
            self.out.pause(',');
        }
        self.port(rest)
    }

    /// Says `:443`; its length.
    pub(super) fn port(&mut self, rest: &str) -> usize {
        static PORT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^:(\d{1,5})\b"));
        let Some(found) = PORT.captures(rest) else { return 0 };
        let (whole, [port]) = found.extract();
        self.out.say(self.reading.words.port);
        self.out.say(port);
        self.out.pause(',');
        whole.len()
    }
}

/// Whether a word is a machine's own: a hash, a random suffix, an encoded blob.
pub(super) fn is_id(word: &str) -> bool {
    let hex = word.len() >= 8
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic());
    let kinds: Vec<bool> =
        word.chars().take(64).filter(|c| c.is_alphanumeric()).map(|c| c.is_ascii_digit()).collect();
    let changes = kinds.iter().zip(kinds.iter().skip(1)).filter(|(a, b)| a != b).count();
    hex || (changes >= 4 && kinds.len() >= 5) || word.chars().nth(40).is_some()
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids() {
        let ids = ["3f2a9c1b", "7d9f8b6c5d", "x2x4z", "a1b2c3d4e5f6a7b8", "DEADBEEF01"];
        let words = ["deadbeef", "20261123", "srv01", "k8s", "md5sum", "i18n", "base64url", "x86"];
        for id in ids {
            assert!(is_id(id), "{id}");
        }
        for word in words {
            assert!(!is_id(word), "{word}");
        }
    }
}
