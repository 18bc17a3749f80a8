//! In which order what the name servers say is tried: RFC 3263 section 4.1, RFC 2782. Pure.

use crate::config::SipTransport;

/// A server of a domain (SRV).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

/// A service of a domain (NAPTR).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Naptr {
    pub(super) order: u16,
    pub(super) preference: u16,
    pub(super) flags: String,
    pub(super) service: String,
    pub(super) replacement: String,
}

/// What stands before a domain to ask for its servers.
pub(super) const fn service(transport: SipTransport) -> &'static str {
    match transport {
        SipTransport::Udp => "_sip._udp",
        SipTransport::Tcp => "_sip._tcp",
        SipTransport::Tls => "_sips._tcp",
    }
}

/// The best service for a transport: where to ask for its servers. The configuration chose the
/// transport, so that those of others do not count.
pub(super) fn naptr(mut records: Vec<Naptr>, transport: SipTransport) -> Option<String> {
    let wanted = match transport {
        SipTransport::Udp => "SIP+D2U",
        SipTransport::Tcp => "SIP+D2T",
        SipTransport::Tls => "SIPS+D2T",
    };
    records.retain(|record| {
        record.flags.eq_ignore_ascii_case("s")
            && record.service.eq_ignore_ascii_case(wanted)
            && !record.replacement.trim_end_matches('.').is_empty()
    });
    let best = records.into_iter().min_by_key(|record| (record.order, record.preference));
    best.map(|record| record.replacement)
}

/// Servers by priority, and among equals by chance as their weights have it. `chance` gives a
/// number below its argument. A target of `.` means that there is no such service.
pub(super) fn by_weight(mut records: Vec<Server>, chance: impl Fn(u32) -> u32) -> Vec<Server> {
    records.retain(|record| !record.target.trim_end_matches('.').is_empty());
    // Those of no weight first, so that they are drawn seldom and not never.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let equals = records.iter().take_while(|record| record.priority == priority);
        let total: u32 = equals.map(|record| u32::from(record.weight)).sum();
        let drawn = chance(total + 1);
        let mut sum = 0;
        let at = records
            .iter()
            .position(|record| {
                sum += u32::from(record.weight);
                sum >= drawn
            })
            .unwrap_or(0);
        ordered.push(records.remove(at));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(priority: u16, weight: u16, target: &str) -> Server {
        Server { priority, weight, port: 5060, target: target.to_owned() }
    }

    #[test]
    fn priority_goes_before_weight_and_weight_before_none() {
        let records = vec![
            server(20, 100, "backup"),
            server(10, 0, "never"),
            server(10, 70, "often"),
            server(10, 30, "seldom"),
            server(10, 5, "."),
        ];
        let names = |chance: fn(u32) -> u32| -> Vec<String> {
            by_weight(records.clone(), chance).into_iter().map(|it| it.target).collect()
        };
        assert_eq!(names(|_| 0), ["never", "seldom", "often", "backup"]);
        assert_eq!(names(|below| below - 1), ["often", "seldom", "never", "backup"]);
    }

    #[test]
    fn weights_are_shares() {
        let records = vec![server(1, 300, "three"), server(1, 100, "one")];
        let seed = std::cell::RefCell::new(fastrand::Rng::with_seed(1));
        let first = (0..4000).filter(|_| {
            let drawn = by_weight(records.clone(), |below| seed.borrow_mut().u32(..below));
            drawn[0].target == "three"
        });
        let share = first.count();
        assert!((2600..3000).contains(&share), "{share}");
    }

    #[test]
    fn the_service_of_the_transport_is_found() {
        let record = |order, flags: &str, service: &str, replacement: &str| Naptr {
            order,
            preference: 10,
            flags: flags.to_owned(),
            service: service.to_owned(),
            replacement: replacement.to_owned(),
        };
        let records = vec![
            record(50, "s", "SIPS+D2T", "_sips._tcp.example.org."),
            record(90, "s", "SIP+D2T", "_sip._tcp.example.org."),
            record(80, "S", "sip+d2t", "_sip._tcp.near.example.org."),
            record(10, "u", "SIP+D2U", "_sip._udp.example.org."),
        ];
        let find = |transport| naptr(records.clone(), transport);
        assert_eq!(find(SipTransport::Tcp).as_deref(), Some("_sip._tcp.near.example.org."));
        assert_eq!(find(SipTransport::Tls).as_deref(), Some("_sips._tcp.example.org."));
        assert_eq!(find(SipTransport::Udp), None);
    }
}
