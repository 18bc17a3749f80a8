//! What is known of the packets of one sender: which came, which are lost, how regularly they came
//! (RFC 3550 sections 6.4.1, A.1, A.3 and A.8).

use std::time::{Duration, Instant};

use super::rtcp::Block;

/// A jump ahead by more than this is not loss: the other side began anew.
const MAX_DROPOUT: u16 = 3000;
/// What is further behind than this is not late: the other side began anew.
const MAX_MISORDER: u16 = 100;
/// Numbers of one round. Counting begins with the second one, as what was sent before the first
/// packet that came may be of the round before.
const ROUND: u64 = 0x1_0000;
/// Ticks of a telephone's timestamps in a second.
pub(super) const CLOCK: f64 = 8000.0;

/// What a packet is beside those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The first one, or the one that was to come.
    Next,
    /// So many before it are missing up to now.
    Ahead(u16),
    /// One that was missing.
    Late,
    /// It came before.
    Duplicate,
    /// Far from all others; it counts when its follower comes, too.
    Stray,
    /// The second one of a numbering that began anew.
    Restarted,
}

/// Counts of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that the numbers say were sent.
    pub expected: u64,
    /// Those that came, each once.
    pub received: u64,
    /// Those that came once more.
    pub duplicates: u64,
    /// Those that came after a later one.
    pub late: u64,
}

impl Counts {
    /// Those that never came.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// With those of another time.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            received: self.received + other.received,
            duplicates: self.duplicates + other.duplicates,
            late: self.late + other.late,
        }
    }
}

/// The packets of one sender.
#[derive(Debug)]
pub struct Reception {
    ssrc: u32,
    /// The first number, and the highest with its rounds.
    base: u64,
    highest: u64,
    /// Bit n is set if the packet n below the highest came.
    seen: u128,
    counts: Counts,
    /// Counts of numberings that are over.
    before: Counts,
    /// The number that would prove that a stray was the first of a new numbering.
    suspect: Option<u16>,
    /// Expected and received when the last report was made, duplicates among them.
    reported: (u64, u64),
    begun: Instant,
    /// Arrival less timestamp of the last packet, in ticks.
    transit: Option<(f64, u32)>,
    /// In ticks.
    jitter: f64,
}

impl Reception {
    /// Begins with a first packet.
    #[must_use]
    pub fn new(ssrc: u32, sequence: u16, now: Instant) -> Self {
        let first = ROUND + u64::from(sequence);
        Self {
            ssrc,
            base: first,
            highest: first,
            seen: 1,
            counts: Counts { expected: 1, received: 1, ..Counts::default() },
            before: Counts::default(),
            suspect: None,
            reported: (0, 0),
            begun: now,
            transit: None,
            jitter: 0.0,
        }
    }

    /// Who sends.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// A further packet came.
    pub fn packet(&mut self, sequence: u16) -> Arrival {
        let highest = self.highest.to_le_bytes();
        let ahead = sequence.wrapping_sub(u16::from_le_bytes([highest[0], highest[1]]));
        let behind = ahead.wrapping_neg();
        if ahead == 0 || behind <= MAX_MISORDER {
            let bit = 1 << behind;
            if self.seen & bit != 0 {
                self.counts.duplicates += 1;
                return Arrival::Duplicate;
            }
            self.seen |= bit;
            // What was sent before the first that came is not missing.
            if self.highest < self.base + u64::from(behind) {
                self.base = self.highest.saturating_sub(u64::from(behind));
                self.counts.expected = self.highest - self.base + 1;
            }
            self.counts.received += 1;
            self.counts.late += 1;
            return Arrival::Late;
        }
        if ahead >= MAX_DROPOUT {
            if self.suspect == Some(sequence) {
                self.restart(sequence);
                return Arrival::Restarted;
            }
            self.suspect = Some(sequence.wrapping_add(1));
            return Arrival::Stray;
        }
        self.suspect = None;
        self.highest += u64::from(ahead);
        self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
        self.counts.expected = self.highest - self.base + 1;
        self.counts.received += 1;
        if ahead == 1 { Arrival::Next } else { Arrival::Ahead(ahead - 1) }
    }

    /// The numbers begin anew; the first one of them, the stray, came too.
    fn restart(&mut self, sequence: u16) {
        let before = self.totals();
        let first = ROUND + u64::from(sequence.wrapping_sub(1));
        let counts = Counts { expected: 2, received: 2, ..Counts::default() };
        (self.base, self.highest, self.seen) = (first, first + 1, 3);
        (self.counts, self.before) = (counts, before);
        (self.suspect, self.reported, self.transit) = (None, (0, 0), None);
    }

    /// Says when a packet came that was sent as soon as its sound was there: not one of an event,
    /// whose timestamp says when the event began.
    pub fn timed(&mut self, timestamp: u32, now: Instant) {
        let arrival = now.saturating_duration_since(self.begun).as_secs_f64() * CLOCK;
        if let Some((before, stamp)) = self.transit {
            let sent = f64::from(timestamp.wrapping_sub(stamp).cast_signed());
            let difference = (arrival - before - sent).abs();
            // The sum of an hour's silence is no jitter, but a clock that was set.
            if difference < CLOCK * 60.0 {
                self.jitter += (difference - self.jitter) / 16.0;
            }
        }
        self.transit = Some((arrival, timestamp));
    }

    /// All counts up to now.
    #[must_use]
    pub fn totals(&self) -> Counts {
        self.counts.plus(&self.before)
    }

    /// How irregularly packets come, smoothed (RFC 3550 section A.8).
    #[must_use]
    pub fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.jitter / CLOCK)
    }

    /// What a report says of it; the last two fields are for who knows the other side's reports.
    pub fn report(&mut self) -> Block {
        let Counts { expected, received, duplicates, .. } = self.counts;
        // As RFC 3550 counts: what came twice makes up for what is lost.
        let came = received + duplicates;
        let (expected_now, came_now) = (expected - self.reported.0, came - self.reported.1);
        self.reported = (expected, came);
        let lost_now = expected_now.saturating_sub(came_now);
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255);
        let lost = expected.cast_signed() - came.cast_signed();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the first is bounded; of the others the low half counts, in ticks not below 0"
        )]
        Block {
            ssrc: self.ssrc,
            fraction: fraction as u8,
            lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest: (self.highest - ROUND) as u32,
            jitter: self.jitter as u32,
            last_report: 0,
            delay: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[test]
    fn what_a_packet_is_beside_the_others() {
        use Arrival::{Ahead, Duplicate, Late, Next, Restarted, Stray};
        let mut reception = Reception::new(9, 65_533, now());
        let table = [
            (65_534, Next),
            (65_534, Duplicate),
            (0, Ahead(1)),
            (65_535, Late),
            (65_535, Duplicate),
            // Before the first that came: it was sent, and came.
            (65_532, Late),
            (4, Ahead(3)),
            (1, Late),
            (1, Duplicate),
            (0, Duplicate),
            // A stray alone changes nothing.
            (30_000, Stray),
            (5, Next),
            (30_001, Stray),
            (30_003, Stray),
            (30_004, Restarted),
            (30_005, Next),
            (30_003, Duplicate),
        ];
        for (sequence, expected) in table {
            assert_eq!(reception.packet(sequence), expected, "{sequence}");
        }
        let counts = reception.totals();
        assert_eq!((counts.expected, counts.received), (10 + 3, 8 + 3));
        assert_eq!((counts.lost(), counts.duplicates, counts.late), (2, 5, 3));
    }

    #[test]
    fn reports_say_what_was_lost_since_the_last_one() {
        let mut reception = Reception::new(9, 0, now());
        for sequence in (1..100).filter(|sequence| sequence % 4 != 0) {
            reception.packet(sequence);
        }
        let block = reception.report();
        assert_eq!((block.ssrc, block.fraction, block.lost, block.highest), (9, 61, 24, 99));
        for sequence in 100..200 {
            reception.packet(sequence);
        }
        let block = reception.report();
        assert_eq!((block.fraction, block.lost, block.highest), (0, 24, 199));
        // Nothing came since.
        assert_eq!(reception.report().fraction, 0);
        // What comes twice makes a loss below nothing, which is told as such.
        for sequence in 150..200 {
            reception.packet(sequence);
        }
        assert_eq!(reception.report().lost, -26);
        assert_eq!(reception.totals().lost(), 24);
    }

    #[test]
    fn jitter_is_the_smoothed_difference_of_arrival_and_timestamp() {
        let start = now();
        let mut reception = Reception::new(9, 0, start);
        let packet = Duration::from_millis(20);
        for count in 0..1000_u32 {
            reception.timed(count.wrapping_mul(160).wrapping_sub(4000), start + packet * count);
        }
        assert_eq!(reception.jitter(), Duration::ZERO);
        // Each second packet comes 5 ms late: the difference is always 5 ms.
        for count in 1000..2000_u32 {
            let late = Duration::from_millis(u64::from(count % 2) * 5);
            let stamp = count.wrapping_mul(160).wrapping_sub(4000);
            reception.timed(stamp, start + packet * count + late);
        }
        let jitter = reception.jitter().as_secs_f64();
        assert!((jitter - 0.005).abs() < 1e-5, "{jitter}");
        assert!((39..=40).contains(&reception.report().jitter));
    }

    proptest! {
        #[test]
        fn counts_are_true_of_any_order(
            mut numbers in proptest::collection::vec(0..90_u16, 1..200),
            first: u16,
        ) {
            for number in &mut numbers {
                *number = number.wrapping_add(first);
            }
            let mut reception = Reception::new(9, numbers[0], now());
            for number in &numbers[1..] {
                reception.packet(*number);
            }
            let mut once: Vec<u16> = numbers.iter().map(|n| n.wrapping_sub(first)).collect();
            once.sort_unstable();
            once.dedup();
            let counts = reception.totals();
            prop_assert_eq!(counts.received, once.len() as u64);
            prop_assert_eq!(counts.duplicates, (numbers.len() - once.len()) as u64);
            prop_assert_eq!(counts.expected, u64::from(once[once.len() - 1] - once[0]) + 1);
        }
    }
}
