//! How well a call was heard.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reception::Counts;

/// The best rating of a narrow-band line (ITU-T G.107: all parameters at their defaults).
const BEST: f64 = 93.2;
/// Above this delay two people begin to speak into each other, in ms.
const NOTICED: f64 = 177.3;
/// What a telephone holds back against jitter: twice the jitter, and two packets.
const HELD_BACK: Duration = Duration::from_millis(40);

/// How a telephone bears loss: `Bpl` of G.711 (ITU-T G.113 appendix I).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concealment {
    /// It makes up what is missing.
    Full,
    /// It leaves a gap.
    None,
}

impl Concealment {
    const fn robustness(self) -> f64 {
        match self {
            Self::Full => 25.1,
            Self::None => 4.3,
        }
    }
}

/// One direction of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// Packets.
    pub packets: u64,
    /// Octets of sound in them, without headers.
    pub octets: u64,
    /// Packets that did not arrive; of our own, as far as the other side told.
    pub lost: u64,
    /// The part of all packets that did not arrive, 0 to 1.
    pub loss: f64,
    /// How irregularly they arrived.
    pub jitter: Duration,
}

/// How well a call was heard, and what was counted in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// What we sent. Loss and jitter are as the other side reported them, and 0 if it did not.
    pub sent: Flow,
    /// What we received.
    pub received: Flow,
    /// Whether the other side reported what it received.
    pub reported: bool,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after a later one.
    pub late: u64,
    /// Packets that nobody agreed to: of another kind or from elsewhere, or that are none.
    pub unexpected: u64,
    /// Packets whose encryption was wrong, or that were replayed.
    pub refused: u64,
    /// Packets that the system did not take.
    pub unsent: u64,
    /// Packet times that were left out, as this machine stood still for too long.
    pub skipped: u64,
    /// How far the time between two sent packets was from what it should be, on average.
    pub irregularity: Duration,
    /// How late a packet was sent at worst.
    pub latest: Duration,
    /// There and back.
    pub round_trip: Option<Duration>,
    /// Estimated mean opinion score, 1 to 4.4, of what the other side heard; of what we heard if it
    /// reported nothing. `None` if there was no sound.
    pub mos: Option<f64>,
}

impl Flow {
    /// What was received.
    pub(super) fn received(counts: &Counts, octets: u64, jitter: Duration) -> Self {
        let lost = counts.lost();
        Self { packets: counts.received, octets, lost, loss: ratio(lost, counts.expected), jitter }
    }
}

impl Quality {
    /// Estimates the opinion from all other fields.
    pub(super) fn rate(&mut self) {
        let heard = if self.reported { &self.sent } else { &self.received };
        let delay = self.round_trip.unwrap_or_default() / 2 + heard.jitter * 2 + HELD_BACK;
        self.mos = (heard.packets > 0).then(|| mos(rating(delay, heard.loss, Concealment::Full)));
    }
}

/// A part of a whole, 0 to 1.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "packets are counted in millions")]
    {
        if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
    }
}

/// The transmission rating R of G.711 (ITU-T G.107, simplified: no echo, no noise, loss at random),
/// 0 to 93.2, of the delay from mouth to ear and a loss between 0 and 1.
#[must_use]
pub fn rating(delay: Duration, loss: f64, concealment: Concealment) -> f64 {
    let delay = delay.as_secs_f64() * 1000.0;
    let impaired = 0.024 * delay + 0.11 * (delay - NOTICED).max(0.0);
    let percent = loss.clamp(0.0, 1.0) * 100.0;
    let equipment = 95.0 * percent / (percent + concealment.robustness());
    (BEST - impaired - equipment).max(0.0)
}

/// The mean opinion score of a rating, 1 to 4.5 (ITU-T G.107 annex B).
#[must_use]
pub fn mos(rating: f64) -> f64 {
    let rating = rating.clamp(0.0, 100.0);
    // Below a rating of 6.5 the curve dips under 1.
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_those_of_the_recommendation() {
        use Concealment::{Full, None};
        // Delay in ms, loss in %, and what the formulas of G.107 give.
        let table = [
            (0, 0.0, Full, 93.2, 4.41),
            (100, 0.0, Full, 90.8, 4.36),
            (177, 0.0, None, 88.95, 4.31),
            (300, 0.0, Full, 72.5, 3.71),
            (100, 1.0, Full, 87.16, 4.26),
            (100, 1.0, None, 72.88, 3.73),
            (100, 5.0, Full, 75.02, 3.83),
            (100, 5.0, None, 39.73, 2.05),
            (100, 20.0, Full, 48.67, 2.51),
            (100, 100.0, None, 0.0, 1.0),
            (9000, 0.0, Full, 0.0, 1.0),
        ];
        for (delay, loss, concealment, expected_rating, expected_mos) in table {
            let rating = rating(Duration::from_millis(delay), loss / 100.0, concealment);
            assert!((rating - expected_rating).abs() < 0.1, "{delay} {loss}: {rating}");
            let mos = mos(rating);
            assert!((mos - expected_mos).abs() < 0.02, "{delay} {loss}: {mos}");
        }
        assert!((0..=100).all(|rating| (1.0..=4.5).contains(&mos(f64::from(rating)))));
    }

    #[test]
    fn the_opinion_is_of_the_side_that_listens() {
        let bad = Flow { packets: 100, loss: 0.2, lost: 20, ..Flow::default() };
        let good = Flow { packets: 100, ..Flow::default() };
        let rated = |mut quality: Quality| {
            quality.rate();
            quality.mos.map(|mos| mos > 4.0)
        };
        let quality = Quality { sent: good, received: bad, ..Quality::default() };
        assert_eq!(rated(Quality { reported: true, ..quality }), Some(true));
        assert_eq!(rated(quality), Some(false));
        assert_eq!(rated(Quality::default()), None);
    }

    #[test]
    fn it_is_written_and_read_with_what_is_new_left_out() {
        let quality = Quality { mos: Some(4.0), refused: 3, ..Quality::default() };
        let json = serde_json::to_string(&quality).unwrap();
        assert_eq!(serde_json::from_str::<Quality>(&json).unwrap(), quality);
        assert_eq!(serde_json::from_str::<Quality>("{}").unwrap(), Quality::default());
    }
}
