//! What comes from the service centre: SMS-DELIVER and SMS-STATUS-REPORT (3GPP TS 23.040 sections
//! 9.2.2.1 and 9.2.2.3).

use jiff::Timestamp;

use super::address::Address;
use super::octets::{DecodeError, Octets};
use super::time;
use super::user_data::{Alphabet, Part};

const MTI_MASK: u8 = 0x03;
const MTI_DELIVER: u8 = 0x00;
const MTI_STATUS_REPORT: u8 = 0x02;
/// TP-MMS: no more messages wait.
const NO_MORE_MESSAGES: u8 = 0x04;
const USER_DATA_HEADER: u8 = 0x40;

/// A message, or one part of it, from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Who sent it.
    pub from: Address,
    /// When the service centre got it, if it tells.
    pub at: Option<Timestamp>,
    /// What it says.
    pub part: Part,
}

/// News about a message that was sent with a report asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// TP-MR of the message.
    pub reference: u8,
    /// To whom it was sent.
    pub to: Address,
    /// When the service centre got the message, if it tells.
    pub at: Option<Timestamp>,
    /// When the outcome came about, if it tells.
    pub done: Option<Timestamp>,
    /// TP-ST.
    pub status: u8,
}

/// What a TP-ST tells (section 9.2.3.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is on the phone.
    Delivered,
    /// Not yet, but the service centre goes on trying.
    Trying,
    /// It never will be.
    Failed,
}

/// What comes from the service centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Deliver(Deliver),
    /// A status report.
    StatusReport(StatusReport),
}

impl DeliveryState {
    /// Reads TP-ST: 0 to 31 done, 32 to 63 still trying, the rest given up.
    #[must_use]
    pub const fn from_status(status: u8) -> Self {
        match status {
            // 0x01: forwarded, but the service centre cannot confirm the delivery.
            0x00..=0x1F => Self::Delivered,
            0x20..=0x3F => Self::Trying,
            _ => Self::Failed,
        }
    }
}

/// Reads a service centre address and a message from the service centre.
///
/// # Errors
/// If the octets are no such message.
pub fn decode_received(octets: &[u8]) -> Result<Received, DecodeError> {
    let mut octets = Octets::new(octets);
    Address::decode_service_centre(&mut octets)?;
    let first = octets.one()?;
    match first & MTI_MASK {
        MTI_DELIVER => {
            let from = Address::decode(&mut octets)?;
            let _protocol = octets.one()?;
            let alphabet = Alphabet::from_dcs(octets.one()?);
            let at = time::decode(&mut octets)?;
            let part = Part::decode(&mut octets, alphabet, first & USER_DATA_HEADER != 0)?;
            Ok(Received::Deliver(Deliver { from, at, part }))
        }
        MTI_STATUS_REPORT => {
            let reference = octets.one()?;
            let to = Address::decode(&mut octets)?;
            let at = time::decode(&mut octets)?;
            let done = time::decode(&mut octets)?;
            let status = octets.one()?;
            Ok(Received::StatusReport(StatusReport { reference, to, at, done, status }))
        }
        other => Err(DecodeError::MessageType(other)),
    }
}

impl Deliver {
    /// The octets after `+CMGR:` or `+CMT:`, with the service centre's address, and how many of
    /// them the header counts.
    #[must_use]
    pub fn encode(&self, service_centre: &Address) -> (Vec<u8>, usize) {
        let header = if self.part.concatenation.is_some() { USER_DATA_HEADER } else { 0 };
        let mut tpdu = vec![MTI_DELIVER | NO_MORE_MESSAGES | header];
        tpdu.extend(self.from.encode());
        tpdu.extend([0, self.part.alphabet().dcs()]);
        tpdu.extend(time::encode(self.at.unwrap_or_default()));
        tpdu.extend(self.part.encode());
        with_service_centre(service_centre, &tpdu)
    }
}

impl StatusReport {
    /// The octets after `+CDS:`, with the service centre's address, and how many of them the
    /// header counts.
    #[must_use]
    pub fn encode(&self, service_centre: &Address) -> (Vec<u8>, usize) {
        let mut tpdu = vec![MTI_STATUS_REPORT | NO_MORE_MESSAGES, self.reference];
        tpdu.extend(self.to.encode());
        tpdu.extend(time::encode(self.at.unwrap_or_default()));
        tpdu.extend(time::encode(self.done.unwrap_or_default()));
        tpdu.push(self.status);
        with_service_centre(service_centre, &tpdu)
    }
}

fn with_service_centre(service_centre: &Address, tpdu: &[u8]) -> (Vec<u8>, usize) {
    let mut octets = service_centre.encode_service_centre();
    octets.extend(tpdu);
    (octets, tpdu.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modem::pdu::{from_hex, split};

    #[test]
    fn messages_of_real_networks_are_read() {
        let rows = [
            (
                "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
                "+31641600986",
                "How are you?",
                Some("2002-08-26T19:37:41Z"),
            ),
            // From a name, in UCS2, without a service centre address.
            (
                "0004 07D0 54747A0E 0008 62218232959500 04 00E1D83D",
                "This",
                "á\u{fffd}",
                Some("2026-12-28T23:59:59Z"),
            ),
        ];
        for (hex, from, text, at) in rows {
            let octets = from_hex(&hex.replace(' ', "")).unwrap();
            let Ok(Received::Deliver(deliver)) = decode_received(&octets) else {
                panic!("{hex}");
            };
            assert_eq!((deliver.from.as_str(), deliver.part.text().as_str()), (from, text));
            assert_eq!(deliver.at, at.map(|at| at.parse().unwrap()), "{hex}");
        }
    }

    #[test]
    fn a_status_report_is_read() {
        use DeliveryState::{Delivered, Failed, Trying};
        let report = StatusReport {
            reference: 17,
            to: Address::new("+34600000001".into()),
            at: Some("2026-11-23T10:00:00Z".parse().unwrap()),
            done: Some("2026-11-23T10:00:05Z".parse().unwrap()),
            status: 0x30,
        };
        let (octets, _) = report.encode(&Address::new("+34600000000".into()));
        assert_eq!(decode_received(&octets), Ok(Received::StatusReport(report)));
        let states = [0, 1, 0x1F, 0x20, 0x30, 0x40, 0x7F, 0xFF].map(DeliveryState::from_status);
        assert_eq!(
            states,
            [Delivered, Delivered, Delivered, Trying, Trying, Failed, Failed, Failed]
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "(?s).{0,200}", from in "\\+?[0-9]{3,20}") {
            for part in split(&text, 1) {
                let at = Some("2026-11-23T10:00:00Z".parse().unwrap());
                let deliver = Deliver { from: Address::new(from.clone()), at, part };
                let (octets, _) = deliver.encode(&Address::new("+34600000000".into()));
                prop_assert_eq!(decode_received(&octets), Ok(Received::Deliver(deliver)));
            }
        }

        #[test]
        fn any_octets_are_taken(octets in proptest::collection::vec(any::<u8>(), 0..260)) {
            if let Ok(Received::Deliver(deliver)) = decode_received(&octets) {
                let _text = deliver.part.text();
            }
        }
    }
}
