//! People, groups and aliases: who is behind an address.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChannelName, GroupName, Language, MailAddress, PersonName, PhoneNumber};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Local part of the address alerts are sent to.
    pub name: PersonName,
    /// Where the mail channel sends.
    pub mail: Option<MailAddress>,
    /// Where SMS and calls go.
    pub phone: Option<PhoneNumber>,
    /// Extension on the company's PBX, for VoIP calls.
    pub extension: Option<String>,
    /// Her language; the appliance's when unset.
    pub language: Option<Language>,
    /// Groups she belongs to.
    pub groups: BTreeSet<GroupName>,
}

impl Person {
    /// Whether she has the address a channel needs.
    #[must_use]
    pub const fn is_reachable_by(&self, channel: ChannelName) -> bool {
        match channel {
            ChannelName::Mail => self.mail.is_some(),
            ChannelName::Sms => self.phone.is_some(),
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
        let members = self
            .people
            .values()
            .filter(|person| person.groups.iter().any(|name| name.as_str() == group));
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
        let person = self.people.keys().find(|name| name.as_str() == local);
        if let Some(name) = person {
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
    use crate::config::Config;

    const FILE: &str = "
        [smtp]
        domains = ['Example.org']
        [[person]]
        name = 'ana'
        mail = 'Ana.Lopez@corp.example'
        groups = ['oncall', 'dba']
        [[person]]
        name = 'ben'
        groups = ['oncall']
        [[person]]
        name = 'eva'
        [aliases]
        'Guardia@other.example' = ['oncall']
        root = ['dba', 'eva']
    ";

    #[test]
    fn an_address_means_people() {
        let directory = Config::parse(FILE).unwrap().config.directory;
        for (address, people) in [
            ("ana", "ana"),
            ("ANA@EXAMPLE.ORG", "ana"),
            ("ana@elsewhere.example", ""),
            ("ana.lopez@CORP.example", "ana"),
            ("ana.lopez@example.org", ""),
            ("oncall@example.org", "ana ben"),
            ("guardia@other.example", "ana ben"),
            ("guardia@example.org", ""),
            ("root@example.org", "ana eva"),
            ("root@elsewhere.example", ""),
            ("postmaster", "ana ben eva"),
            ("postmaster@elsewhere.example", ""),
            ("", ""),
            ("@", ""),
            ("nobody@example.org", ""),
        ] {
            let found = directory.resolve(address);
            let found: Vec<&str> = found.iter().map(super::PersonName::as_str).collect();
            assert_eq!(found.join(" "), people, "{address}");
        }
    }

    #[test]
    fn without_domains_every_domain_is_ours() {
        let file = FILE.replace("domains", "#");
        let directory = Config::parse(&file).unwrap().config.directory;
        assert_eq!(directory.resolve("ana@anywhere.example").len(), 1);
    }

    #[test]
    fn postmaster_may_be_somebody() {
        let file = format!("{FILE}\n        postmaster = ['ben']\n");
        let directory = Config::parse(&file).unwrap().config.directory;
        assert_eq!(directory.resolve("postmaster@example.org").len(), 1);
    }
}
