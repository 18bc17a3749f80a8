//! How well the sound of a call travelled.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known of it at the call's end. Whole numbers, since it is kept in the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallQuality {
    /// Codec, by its name in SDP: `PCMU`.
    pub codec: String,
    /// Suite of the encryption, by its name in SDP; none when the sound went in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
    /// What we sent, as far as the far end reported on it.
    pub sent: Flow,
    /// What we received.
    pub received: Flow,
    /// Time to the far end and back, in µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u64>,
    /// Mean opinion score estimated for what the far end hears (E-model, ITU-T G.107), in hundredths:
    /// 100 is bad, 450 is as good as a telephone gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mos_hundredths: Option<u16>,
}

/// One direction of the sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// RTP packets.
    pub packets: u64,
    /// Packets lost on the way, in thousandths of all; unknown when nobody reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_permille: Option<u16>,
    /// Interarrival jitter (RFC 3550 section 6.4.1), in µs; unknown when nobody reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_us: Option<u64>,
}

impl fmt::Display for CallQuality {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = self.encryption.as_deref().unwrap_or("not encrypted");
        write!(
            out,
            "{}, {encryption}; sent {}; received {}",
            self.codec, self.sent, self.received
        )?;
        if let Some(time) = self.round_trip_us {
            write!(out, "; round trip {} ms", tenths(time, 1000))?;
        }
        if let Some(mos) = self.mos_hundredths {
            write!(out, "; MOS {}", tenths(mos.into(), 100))?;
        }
        Ok(())
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} packets", self.packets)?;
        if let Some(lost) = self.lost_permille {
            write!(out, ", {} % lost", tenths(lost.into(), 10))?;
        }
        if let Some(jitter) = self.jitter_us {
            write!(out, ", jitter {} ms", tenths(jitter, 1000))?;
        }
        Ok(())
    }
}

/// A number of which `one` make a whole, with one digit behind the point.
fn tenths(number: u64, one: u64) -> String {
    let tenths = (number * 10 + one / 2) / one;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_one_line() {
        let mut quality = CallQuality { codec: "PCMU".to_owned(), ..CallQuality::default() };
        quality.sent.packets = 5;
        assert_eq!(quality.to_string(), "PCMU, not encrypted; sent 5 packets; received 0 packets");
        let sent = Flow { packets: 713, lost_permille: Some(14), jitter_us: Some(249) };
        let received = Flow { packets: 698, lost_permille: Some(0), jitter_us: Some(1960) };
        let quality = CallQuality {
            codec: "PCMA".to_owned(),
            encryption: Some("AES_CM_128_HMAC_SHA1_80".to_owned()),
            sent,
            received,
            round_trip_us: Some(41_000),
            mos_hundredths: Some(437),
        };
        assert_eq!(
            quality.to_string(),
            "PCMA, AES_CM_128_HMAC_SHA1_80; sent 713 packets, 1.4 % lost, jitter 0.2 ms; received \
             698 packets, 0.0 % lost, jitter 2.0 ms; round trip 41.0 ms; MOS 4.4"
        );
    }
}
