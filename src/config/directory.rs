//! People, groups and aliases: who is behind an address.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ChannelName, Extension, GroupName, Language, MailAddress, PersonName, PhoneNumber, VoiceName,
};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Local part of the address alerts are sent to.
    pub name: PersonName,
    /// Where the mail channel sends.
    pub mail: Option<MailAddress>,
    /// Where SMS and calls go.
    pub phone: Option<PhoneNumber>,
    /// Her extension on the company's exchange, for calls and texts by SIP; her telephone number is
    /// called through it when unset.
    pub extension: Option<Extension>,
    /// Her language; the appliance's when unset.
    pub language: Option<Language>,
    /// Voice of her calls; the one for her language when unset.
    pub voice: Option<VoiceName>,
    /// Groups she belongs to.
    pub groups: BTreeSet<GroupName>,
}

impl Person {
    /// Whether she has the address a channel needs.
    #[must_use]
    pub const fn is_reachable_by(&self, channel: ChannelName) -> bool {
        match channel {
            ChannelName::Mail => self.mail.is_some(),
            ChannelName::Sms | ChannelName::Gsm => self.phone.is_some(),
            ChannelName::Voip => self.extension.is_some() || self.phone.is_some(),
            ChannelName::SipMessage => self.extension.is_some(),
        }
    }
}

/// Everybody, by name, and who is meant by an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Everybody, by name.
    pub people: BTreeMap<PersonName, Person>,
    /// More addresses (`guardia@example.org`) or local parts (`guardia`), in lower case, for
    /// people. Groups named in the file are already resolved to their members.
    pub aliases: BTreeMap<String, BTreeSet<PersonName>>,
    /// Domains whose addresses are looked up by local part, in lower case; empty means every
    /// domain.
    pub domains: BTreeSet<String>,
}

impl Directory {
    /// The people behind the forward-path of RCPT TO (`ana@example.org`, `oncall`), or nobody if
    /// it is unknown. Compared without regard to case. Looked up in turn: an alias or a person's
    /// own mail address in full, then, if the domain is one of ours, the local part as alias,
    /// person or group. `postmaster` (RFC 5321 section 4.5.1) is everybody's unless an alias says
    /// otherwise.
    #[must_use]
    pub fn resolve(&self, address: &str) -> BTreeSet<PersonName> {
        let address = address.to_lowercase();
        if let Some(people) = self.aliases.get(&address) {
            return people.clone();
        }
        let by_mail = self.people.values().filter(|person| {
            person.mail.as_ref().is_some_and(|mail| mail.as_str().eq_ignore_ascii_case(&address))
        });
        let by_mail: BTreeSet<_> = by_mail.map(|person| person.name.clone()).collect();
        if !by_mail.is_empty() {
            return by_mail;
        }
        let (local, domain) = match address.rsplit_once('@') {
            Some((local, domain)) => (local, Some(domain)),
            None => (address.as_str(), None),
        };
        let ours =
            domain.is_none_or(|domain| self.domains.is_empty() || self.domains.contains(domain));
        if ours { self.resolve_local(local) } else { BTreeSet::new() }
    }

    /// The members of a group; empty if there is no such group.
    #[must_use]
    pub fn members(&self, group: &str) -> BTreeSet<PersonName> {
        let members = self.people.values().filter(|person| person.groups.contains(group));
        members.map(|person| person.name.clone()).collect()
    }

    /// Every group that has a member, with its members.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<GroupName, BTreeSet<PersonName>> {
        let mut groups: BTreeMap<GroupName, BTreeSet<PersonName>> = BTreeMap::new();
        for person in self.people.values() {
            for group in &person.groups {
                groups.entry(group.clone()).or_default().insert(person.name.clone());
            }
        }
        groups
    }

    fn resolve_local(&self, local: &str) -> BTreeSet<PersonName> {
        if let Some(people) = self.aliases.get(local) {
            return people.clone();
        }
        if let Some((name, _)) = self.people.get_key_value(local) {
            return BTreeSet::from([name.clone()]);
        }
        let members = self.members(local);
        if members.is_empty() && local == "postmaster" {
            return self.people.keys().cloned().collect();
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ana` and `eva`, both in `oncall`, and `leo`.
    fn directory() -> Directory {
        let mut directory = Directory::default();
        for (name, mail, groups) in [
            ("ana", Some("Ana.Maria@example.org"), &["oncall"][..]),
            ("eva", Some("eva@example.net"), &["oncall"]),
            ("leo", None, &[]),
        ] {
            let name: PersonName = name.parse().unwrap();
            let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
            let mail = mail.map(|mail| mail.parse().unwrap());
            let (phone, extension, language) = (None, None, None);
            let person = Person {
                name: name.clone(),
                mail,
                phone,
                extension,
                language,
                voice: None,
                groups,
            };
            directory.people.insert(name, person);
        }
        for (alias, names) in [
            ("guardia", &["ana"][..]),
            ("alerts@example.org", &["leo"]),
            ("eva@example.net", &["ana", "leo"]),
        ] {
            let names = names.iter().map(|name| name.parse().unwrap()).collect();
            directory.aliases.insert(alias.to_owned(), names);
        }
        directory
    }

    #[track_caller]
    fn check(directory: &Directory, cases: &[(&str, &str)]) {
        for (address, expected) in cases {
            let people = directory.resolve(address);
            let names: Vec<&str> = people.iter().map(PersonName::as_str).collect();
            assert_eq!(names.join(" "), *expected, "{address}");
        }
    }

    #[test]
    fn addresses_of_any_domain() {
        let cases = [
            // Local parts: people, groups, aliases, in any case.
            ("ana", "ana"),
            ("LEO@anywhere.example", "leo"),
            ("OnCall@anywhere.example", "ana eva"),
            ("Guardia@anywhere.example", "ana"),
            // Aliases and mail addresses in full, an alias first.
            ("ALERTS@example.org", "leo"),
            ("alerts@example.net", ""),
            ("ana.maria@EXAMPLE.ORG", "ana"),
            ("ana.maria@example.net", ""),
            ("eva@example.net", "ana leo"),
            ("eva@example.org", "eva"),
            // Nobody.
            ("", ""),
            ("@", ""),
            ("@example.org", ""),
            ("nobody@example.org", ""),
            ("ana@", "ana"),
            ("ana@b@c", ""),
            // RFC 5321 section 4.5.1.
            ("Postmaster", "ana eva leo"),
            ("postmaster@anywhere.example", "ana eva leo"),
        ];
        check(&directory(), &cases);
    }

    #[test]
    fn addresses_of_our_domains() {
        let mut directory = directory();
        directory.domains = BTreeSet::from(["alerts.example.org".to_owned()]);
        let cases = [
            ("ana@Alerts.Example.org", "ana"),
            ("oncall@alerts.example.org", "ana eva"),
            ("guardia@alerts.example.org", "ana"),
            ("postmaster@alerts.example.org", "ana eva leo"),
            ("ana", "ana"),
            ("ana@elsewhere.example", ""),
            ("guardia@elsewhere.example", ""),
            ("postmaster@elsewhere.example", ""),
            // In full they are known whatever their domain.
            ("alerts@example.org", "leo"),
            ("ana.maria@example.org", "ana"),
        ];
        check(&directory, &cases);
    }

    #[test]
    fn an_alias_takes_postmasters_mail() {
        let mut directory = directory();
        let leo = directory.aliases.get("alerts@example.org").unwrap().clone();
        directory.aliases.insert("postmaster".to_owned(), leo);
        check(&directory, &[("postmaster", "leo"), ("POSTMASTER@b.example", "leo")]);
        check(&Directory::default(), &[("postmaster", ""), ("ana", "")]);
    }
}
