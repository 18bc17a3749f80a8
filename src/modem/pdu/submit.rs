//! SMS-SUBMIT: a message on its way to the service centre (3GPP TS 23.040 section 9.2.2.2).

use std::time::Duration;

use super::address::Address;
use super::octets::{DecodeError, Octets};
use super::user_data::{Alphabet, Part};

const MTI_MASK: u8 = 0x03;
const MTI_SUBMIT: u8 = 0x01;
const VPF_MASK: u8 = 0x18;
const VPF_RELATIVE: u8 = 0x10;
const STATUS_REPORT_REQUEST: u8 = 0x20;
const USER_DATA_HEADER: u8 = 0x40;

/// How long the service centre tries (TP-VP in relative format, section 9.2.3.12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity(u8);

impl Validity {
    /// The shortest validity that is not shorter than `time`: steps of 5 minutes up to 12 hours,
    /// of 30 minutes up to a day, of a day up to 30 days, of a week up to 63 weeks.
    #[must_use]
    pub const fn at_least(time: Duration) -> Self {
        const HOUR: u64 = 60;
        const DAY: u64 = 24 * HOUR;
        let minutes = time.as_secs().div_ceil(60);
        let octet = if minutes <= 12 * HOUR {
            let steps = minutes.div_ceil(5);
            if steps == 0 { 0 } else { steps - 1 }
        } else if minutes <= DAY {
            143 + (minutes - 12 * HOUR).div_ceil(30)
        } else if minutes <= 30 * DAY {
            166 + minutes.div_ceil(DAY)
        } else {
            192 + minutes.div_ceil(7 * DAY)
        };
        #[expect(clippy::cast_possible_truncation, reason = "bounded by 255 in the comparison")]
        Self(if octet > 255 { 255 } else { octet as u8 })
    }
}

/// A message on its way to the service centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Who is to get it.
    pub to: Address,
    /// What it says.
    pub part: Part,
    /// Whether a status report is asked for (TP-SRR).
    pub report: bool,
    /// How long the service centre tries; as long as it likes when unset.
    pub validity: Option<Validity>,
}

impl Submit {
    /// The octets for `AT+CMGS`, and how many of them `AT+CMGS` counts: all but the service centre
    /// address, which is left to the SIM card.
    #[must_use]
    pub fn encode(&self) -> (Vec<u8>, usize) {
        let mut first = MTI_SUBMIT;
        if self.validity.is_some() {
            first |= VPF_RELATIVE;
        }
        if self.report {
            first |= STATUS_REPORT_REQUEST;
        }
        if self.part.concatenation.is_some() {
            first |= USER_DATA_HEADER;
        }
        // Service centre address, first octet, and TP-MR, which the modem fills in.
        let mut octets = vec![0, first, 0];
        octets.extend(self.to.encode());
        octets.extend([0, self.part.alphabet().dcs()]);
        octets.extend(self.validity.map(|validity| validity.0));
        octets.extend(self.part.encode());
        let counted = octets.len() - 1;
        (octets, counted)
    }

    /// Reads a service centre address and an SMS-SUBMIT.
    ///
    /// # Errors
    /// If the octets are no such message.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut octets = Octets::new(octets);
        Address::decode_service_centre(&mut octets)?;
        let first = octets.one()?;
        if first & MTI_MASK != MTI_SUBMIT {
            return Err(DecodeError::MessageType(first & MTI_MASK));
        }
        let _reference = octets.one()?;
        let to = Address::decode(&mut octets)?;
        let _protocol = octets.one()?;
        let alphabet = Alphabet::from_dcs(octets.one()?);
        let validity = match first & VPF_MASK {
            0 => None,
            VPF_RELATIVE => Some(Validity(octets.one()?)),
            // Enhanced and absolute formats, in seven octets.
            _ => octets.take(7).map(|_| None)?,
        };
        let part = Part::decode(&mut octets, alphabet, first & USER_DATA_HEADER != 0)?;
        Ok(Self { to, part, report: first & STATUS_REPORT_REQUEST != 0, validity })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modem::pdu::{from_hex, split, to_hex};

    #[test]
    fn a_message_is_as_phones_know_it() {
        let part = split("hellohello", 0).remove(0);
        let to = Address::new("+46708251358".into());
        let validity = Some(Validity::at_least(Duration::from_hours(96)));
        let submit = Submit { to, part, report: false, validity };
        let (octets, counted) = submit.encode();
        // The example every PDU tutorial gives.
        assert_eq!(to_hex(&octets), "0011000B916407281553F80000AA0AE8329BFD4697D9EC37");
        assert_eq!(counted, 23);
    }

    #[test]
    fn validity_is_never_shorter_than_asked() {
        let rows = [(0, 0), (5, 0), (6, 1), (720, 143), (721, 144), (1440, 167), (1441, 168)];
        for (minutes, octet) in rows {
            assert_eq!(Validity::at_least(Duration::from_mins(minutes)).0, octet, "{minutes}");
        }
        assert_eq!(Validity::at_least(Duration::from_hours(24 * 30)).0, 196);
        assert_eq!(Validity::at_least(Duration::from_hours(24 * 31)).0, 197);
        assert_eq!(Validity::at_least(Duration::MAX).0, 255);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            text in "(?s).{0,300}", to in "\\+?[0-9]{3,20}", reference: u8, report: bool, vp: Option<u8>,
        ) {
            for part in split(&text, reference) {
                let to = Address::new(to.clone());
                let submit = Submit { to, part, report, validity: vp.map(Validity) };
                let (octets, counted) = submit.encode();
                prop_assert!(octets.len() <= 1 + 164);
                prop_assert_eq!(counted, octets.len() - 1);
                let octets = from_hex(&to_hex(&octets)).unwrap();
                prop_assert_eq!(Submit::decode(&octets), Ok(submit));
            }
        }

        #[test]
        fn any_octets_are_taken(octets in proptest::collection::vec(any::<u8>(), 0..260)) {
            if let Ok(submit) = Submit::decode(&octets) {
                let _text = submit.part.text();
            }
        }
    }
}
