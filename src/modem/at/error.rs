//! `+CMS ERROR` (3GPP TS 27.005 section 3.2.5) and `+CME ERROR` (3GPP TS 27.007 section 9.2) by
//! name, and what helps against each.

use std::fmt;

/// What helps after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Nothing: this message to this number will fail again.
    None,
    /// Time: the network or the modem is busy.
    Wait,
    /// Bringing the modem up anew, or a person at the SIM card.
    Restart,
}

/// Which of the two tables an error is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// `+CMS ERROR`: of the message service.
    Cms,
    /// `+CME ERROR`: of the equipment.
    Cme,
    /// `ERROR` without a reason.
    Plain,
}

/// An error as a modem reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemFault {
    /// Its table.
    pub failure: Failure,
    /// Its number, if the modem gave one or its words are known.
    pub code: Option<u16>,
    /// Its name in the standard, else the modem's own words.
    pub name: String,
    /// What helps.
    pub remedy: Remedy,
}

impl ModemFault {
    /// `ERROR` without a reason.
    #[must_use]
    pub fn plain() -> Self {
        let name = "error without a reason".to_owned();
        Self { failure: Failure::Plain, code: None, name, remedy: Remedy::Wait }
    }

    /// Reads what follows `+CMS ERROR:` or `+CME ERROR:`: a number, or with `AT+CMEE=2` words.
    #[must_use]
    pub fn read(failure: Failure, detail: &str) -> Self {
        let table = match failure {
            Failure::Cms => CMS,
            Failure::Cme => CME,
            Failure::Plain => return Self::plain(),
        };
        let detail = detail.trim();
        let code = detail.parse::<u16>().ok();
        let entry = table.iter().find(|entry| match code {
            Some(code) => entry.0 == code,
            None => entry.1.eq_ignore_ascii_case(detail),
        });
        match (entry, code) {
            (Some(&(code, name, remedy)), _) => {
                Self { failure, code: Some(code), name: name.to_owned(), remedy }
            }
            (None, Some(code)) => Self {
                failure,
                code: Some(code),
                name: "reason unknown to the standard".to_owned(),
                remedy: Remedy::Wait,
            },
            (None, None) => {
                let name = detail.chars().filter(|c| !c.is_control()).take(80).collect();
                Self { failure, code: None, name, remedy: Remedy::Wait }
            }
        }
    }

    /// Whether the SIM card waits for its PIN (27.007 code 11, 27.005 code 311).
    #[must_use]
    pub fn wants_pin(&self) -> bool {
        matches!((self.failure, self.code), (Failure::Cme, Some(11)) | (Failure::Cms, Some(311)))
    }
}

impl fmt::Display for ModemFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match self.failure {
            Failure::Cms => "CMS",
            Failure::Cme => "CME",
            Failure::Plain => return out.write_str(&self.name),
        };
        match self.code {
            Some(code) => write!(out, "{} ({table} error {code})", self.name),
            None => write!(out, "{} ({table} error)", self.name),
        }
    }
}

type Entry = (u16, &'static str, Remedy);

/// 1 to 127: RP-Cause of 3GPP TS 24.011 annex E-2; 128 to 255: TP-FCS of 23.040 section 9.2.3.22;
/// 300 and up: 27.005.
const CMS: &[Entry] = &[
    (1, "unassigned (unallocated) number", Remedy::None),
    (8, "operator determined barring", Remedy::None),
    (10, "call barred", Remedy::None),
    (17, "network failure", Remedy::Wait),
    (21, "short message transfer rejected", Remedy::Wait),
    (22, "congestion", Remedy::Wait),
    (27, "destination out of service", Remedy::Wait),
    (28, "unidentified subscriber", Remedy::None),
    (29, "facility rejected", Remedy::None),
    (30, "unknown subscriber", Remedy::None),
    (38, "network out of order", Remedy::Wait),
    (41, "temporary failure", Remedy::Wait),
    (42, "congestion", Remedy::Wait),
    (47, "resources unavailable, unspecified", Remedy::Wait),
    (50, "requested facility not subscribed", Remedy::None),
    (69, "requested facility not implemented", Remedy::None),
    (81, "invalid short message transfer reference value", Remedy::Wait),
    (95, "invalid message, unspecified", Remedy::None),
    (96, "invalid mandatory information", Remedy::None),
    (97, "message type non-existent or not implemented", Remedy::None),
    (98, "message not compatible with short message protocol state", Remedy::Wait),
    (99, "information element non-existent or not implemented", Remedy::None),
    (111, "protocol error, unspecified", Remedy::Wait),
    (127, "interworking, unspecified", Remedy::Wait),
    (128, "telematic interworking not supported", Remedy::None),
    (129, "short message type 0 not supported", Remedy::None),
    (130, "cannot replace short message", Remedy::None),
    (143, "unspecified TP-PID error", Remedy::None),
    (144, "data coding scheme (alphabet) not supported", Remedy::None),
    (145, "message class not supported", Remedy::None),
    (159, "unspecified TP-DCS error", Remedy::None),
    (160, "command cannot be actioned", Remedy::Wait),
    (161, "command unsupported", Remedy::None),
    (175, "unspecified TP-Command error", Remedy::Wait),
    (176, "TPDU not supported", Remedy::None),
    (192, "SC busy", Remedy::Wait),
    (193, "no SC subscription", Remedy::None),
    (194, "SC system failure", Remedy::Wait),
    (195, "invalid SME address", Remedy::None),
    (196, "destination SME barred", Remedy::None),
    (197, "SM rejected, duplicate SM", Remedy::None),
    (198, "TP-VPF not supported", Remedy::None),
    (199, "TP-VP not supported", Remedy::None),
    (208, "(U)SIM SMS storage full", Remedy::Wait),
    (209, "no SMS storage capability in (U)SIM", Remedy::Wait),
    (210, "error in MS", Remedy::Wait),
    (211, "memory capacity exceeded", Remedy::Wait),
    (212, "(U)SIM application toolkit busy", Remedy::Wait),
    (213, "(U)SIM data download error", Remedy::Wait),
    (255, "unspecified error cause", Remedy::Wait),
    (300, "ME failure", Remedy::Restart),
    (301, "SMS service of ME reserved", Remedy::Wait),
    (302, "operation not allowed", Remedy::Wait),
    (303, "operation not supported", Remedy::None),
    (304, "invalid PDU mode parameter", Remedy::None),
    (305, "invalid text mode parameter", Remedy::None),
    (310, "(U)SIM not inserted", Remedy::Restart),
    (311, "(U)SIM PIN required", Remedy::Restart),
    (312, "PH-(U)SIM PIN required", Remedy::Restart),
    (313, "(U)SIM failure", Remedy::Restart),
    (314, "(U)SIM busy", Remedy::Wait),
    (315, "(U)SIM wrong", Remedy::Restart),
    (316, "(U)SIM PUK required", Remedy::Restart),
    (317, "(U)SIM PIN2 required", Remedy::Restart),
    (318, "(U)SIM PUK2 required", Remedy::Restart),
    (320, "memory failure", Remedy::Restart),
    (321, "invalid memory index", Remedy::None),
    (322, "memory full", Remedy::Wait),
    (330, "SMSC address unknown", Remedy::Wait),
    (331, "no network service", Remedy::Wait),
    (332, "network timeout", Remedy::Wait),
    (340, "no +CNMA acknowledgement expected", Remedy::Wait),
    (500, "unknown error", Remedy::Wait),
];

const CME: &[Entry] = &[
    (0, "phone failure", Remedy::Restart),
    (1, "no connection to phone", Remedy::Restart),
    (2, "phone-adaptor link reserved", Remedy::Wait),
    (3, "operation not allowed", Remedy::Wait),
    (4, "operation not supported", Remedy::None),
    (5, "PH-SIM PIN required", Remedy::Restart),
    (6, "PH-FSIM PIN required", Remedy::Restart),
    (7, "PH-FSIM PUK required", Remedy::Restart),
    (10, "SIM not inserted", Remedy::Restart),
    (11, "SIM PIN required", Remedy::Restart),
    (12, "SIM PUK required", Remedy::Restart),
    (13, "SIM failure", Remedy::Restart),
    (14, "SIM busy", Remedy::Wait),
    (15, "SIM wrong", Remedy::Restart),
    (16, "incorrect password", Remedy::Restart),
    (17, "SIM PIN2 required", Remedy::Restart),
    (18, "SIM PUK2 required", Remedy::Restart),
    (20, "memory full", Remedy::Wait),
    (21, "invalid index", Remedy::None),
    (22, "not found", Remedy::None),
    (23, "memory failure", Remedy::Restart),
    (24, "text string too long", Remedy::None),
    (25, "invalid characters in text string", Remedy::None),
    (26, "dial string too long", Remedy::None),
    (27, "invalid characters in dial string", Remedy::None),
    (30, "no network service", Remedy::Wait),
    (31, "network timeout", Remedy::Wait),
    (32, "network not allowed - emergency calls only", Remedy::Wait),
    (40, "network personalization PIN required", Remedy::Restart),
    (41, "network personalization PUK required", Remedy::Restart),
    (50, "incorrect parameters", Remedy::None),
    (100, "unknown", Remedy::Wait),
    (103, "illegal MS", Remedy::Restart),
    (106, "illegal ME", Remedy::Restart),
    (107, "GPRS services not allowed", Remedy::Wait),
    (111, "PLMN not allowed", Remedy::Wait),
    (112, "location area not allowed", Remedy::Wait),
    (113, "roaming not allowed in this location area", Remedy::Wait),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_read_alike() {
        let rows = [
            (Failure::Cms, " 38", Some(38), "network out of order", Remedy::Wait),
            (Failure::Cms, "1", Some(1), "unassigned (unallocated) number", Remedy::None),
            (Failure::Cms, "331", Some(331), "no network service", Remedy::Wait),
            (Failure::Cms, "No network service", Some(331), "no network service", Remedy::Wait),
            (Failure::Cme, "SIM not inserted", Some(10), "SIM not inserted", Remedy::Restart),
            (Failure::Cme, "13", Some(13), "SIM failure", Remedy::Restart),
            (Failure::Cms, "529", Some(529), "reason unknown to the standard", Remedy::Wait),
            (Failure::Cme, "moon\u{7}phase", None, "moonphase", Remedy::Wait),
            (Failure::Cms, "99999999", None, "99999999", Remedy::Wait),
        ];
        for (failure, detail, code, name, remedy) in rows {
            let expected = ModemFault { failure, code, name: name.to_owned(), remedy };
            assert_eq!(ModemFault::read(failure, detail), expected, "{detail}");
        }
        assert_eq!(
            ModemFault::read(Failure::Cms, "38").to_string(),
            "network out of order (CMS error 38)"
        );
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [CMS, CME] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
