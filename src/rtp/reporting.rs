//! When we report and what we learn of reports (RFC 3550 sections 6.2 to 6.4).

use std::time::{Duration, Instant};

use super::ntp::{NtpClock, fixed, middle};
use super::rtcp::{Block, Report, Reports, Sent, write};
use super::srtp::{ReportOpener, ReportSealer};
use super::stream::{Keys, Stream};

/// Between two reports, on average. Two people in a call are far from using 5 % of its bandwidth,
/// so the least interval is the one.
const INTERVAL: Duration = Duration::from_secs(5);
/// A round trip above this (a minute, in units of 1/65536 s) was not measured but made up.
const LONGEST_TRIP: u32 = 60 << 16;

/// What the other side said of what we sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heard {
    pub(super) lost: u64,
    /// Packets that we had sent when it said so.
    pub(super) of: u64,
    pub(super) jitter: Duration,
}

/// Reports of one call, both ways.
pub(super) struct Reporting {
    clock: NtpClock,
    /// Our canonical name: at random, for each call another (RFC 7022).
    name: String,
    sealer: Option<ReportSealer>,
    opener: Option<ReportOpener>,
    keys: Option<Keys>,
    next: Option<Instant>,
    /// Packets that we had sent at our last report.
    sent: u32,
    /// The middle of the NTP time of their last report, and when it came.
    theirs: Option<(u32, Instant)>,
    heard: Option<Heard>,
    round_trip: Option<Duration>,
}

/// What is said in a report.
pub(super) struct Facts {
    pub(super) ssrc: u32,
    pub(super) sent: Option<Sent>,
    pub(super) block: Option<Block>,
    /// We leave the call.
    pub(super) leaves: bool,
}

impl Reporting {
    pub(super) fn new(clock: NtpClock, name: String) -> Self {
        Self {
            clock,
            name,
            sealer: None,
            opener: None,
            keys: None,
            next: None,
            sent: 0,
            theirs: None,
            heard: None,
            round_trip: None,
        }
    }

    /// The call begins, or its keys change. `chance` is between 0 and 1.
    pub(super) fn point(&mut self, stream: &Stream, now: Instant, chance: f64) {
        let before = std::mem::replace(&mut self.keys, stream.keys.clone());
        let (ours, theirs) = (stream.our_key(), stream.their_key());
        if before.as_ref().map(|keys| &keys.ours) != ours {
            // What was counted goes on with the next key (RFC 3711 section 3.2.1).
            let index = self.sealer.as_ref().map_or(0, ReportSealer::index);
            self.sealer = ours.and_then(|key| ReportSealer::new(key, index));
        }
        if before.as_ref().map(|keys| &keys.theirs) != theirs {
            self.opener = theirs.and_then(ReportOpener::new);
        }
        if self.next.is_none() {
            self.next = Some(now + spread(INTERVAL / 2, chance));
        }
    }

    /// When the next report is due; never, before the call begins.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next
    }

    #[cfg(test)]
    pub(super) fn hasten(&mut self, now: Instant) {
        self.next = Some(now);
    }

    /// Whether reports prove whose they are.
    pub(super) fn is_secure(&self) -> bool {
        self.keys.is_some()
    }

    pub(super) fn ntp(&self, now: Instant) -> u64 {
        self.clock.at(now)
    }

    /// The next report; `None` if the key is used up.
    pub(super) fn report(&mut self, facts: &Facts, now: Instant, chance: f64) -> Option<Vec<u8>> {
        self.next = self.next.map(|_| now + spread(INTERVAL, chance));
        let block = facts.block.map(|block| {
            let Some((last_report, came)) = self.theirs else { return block };
            let delay = middle(fixed(now.saturating_duration_since(came)));
            Block { last_report, delay, ..block }
        });
        // Who has sent nothing since the last report is no sender (section 6.4).
        let sent = facts.sent.filter(|sent| sent.packets != self.sent);
        self.sent = facts.sent.map_or(0, |sent| sent.packets);
        let report = Report { ssrc: facts.ssrc, sent, blocks: block.into_iter().collect() };
        let mut packet = write(&report, &self.name, facts.leaves);
        match &mut self.sealer {
            Some(sealer) => sealer.seal(&mut packet).ok().map(|()| packet),
            None => self.keys.is_none().then_some(packet),
        }
    }

    /// Opens a packet, if it is to be encrypted; `false` if it is not genuine.
    pub(super) fn open(&mut self, packet: &mut Vec<u8>) -> bool {
        match &mut self.opener {
            Some(opener) => opener.open(packet).is_ok(),
            None => self.keys.is_none(),
        }
    }

    /// Learns from reports about `ours`, of which `sent` packets were sent; of the times in them
    /// only where they are from `theirs`, or it is not yet known. Says whether the other side
    /// leaves.
    pub(super) fn learn(
        &mut self,
        reports: &Reports,
        ours: u32,
        theirs: Option<u32>,
        sent: u64,
        now: Instant,
    ) -> bool {
        let is_theirs = |ssrc: u32| theirs.is_none_or(|theirs| theirs == ssrc) && ssrc != ours;
        for report in reports.reports.iter().filter(|report| is_theirs(report.ssrc)) {
            if let Some(told) = report.sent {
                self.theirs = Some((middle(told.ntp), now));
            }
            for block in report.blocks.iter().filter(|block| block.ssrc == ours) {
                let lost = u64::try_from(block.lost).unwrap_or(0).min(sent);
                let jitter = Duration::from_secs(u64::from(block.jitter)) / 8000;
                self.heard = Some(Heard { lost, of: sent, jitter });
                if block.last_report != 0 {
                    self.measure(block, now);
                }
            }
        }
        reports.leavers.iter().any(|leaver| is_theirs(*leaver))
    }

    /// The round trip: now, less when our report left, less how long they held theirs back.
    fn measure(&mut self, block: &Block, now: Instant) {
        let since = middle(self.clock.at(now)).wrapping_sub(block.last_report);
        // Their clock may run a little faster than ours.
        let trip = since.saturating_sub(block.delay);
        if since < LONGEST_TRIP {
            self.round_trip = Some(Duration::from_secs(u64::from(trip)) / (1 << 16));
        }
    }

    pub(super) fn heard(&self) -> Option<Heard> {
        self.heard
    }

    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}

/// Between half and one and a half of an interval, so that reports of many calls do not fall
/// together (section 6.3.1). Without the factor of e - 3/2, which makes up for reconsidering: with
/// two members there is nothing to reconsider.
fn spread(interval: Duration, chance: f64) -> Duration {
    interval.mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::srtp::{Suite, master};
    use super::super::stream::tests::stream;
    use super::*;

    fn start() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn reporting(start: Instant) -> Reporting {
        let clock = NtpClock::new(Duration::from_millis(1_700_000_000_500), start);
        Reporting::new(clock, "name".to_owned())
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_first_report_is_soon_and_the_others_every_five_seconds() {
        let start = start();
        for (chance, first, other) in [(0.0, 1250, 2500), (0.5, 2500, 5000), (1.0, 3750, 7500)] {
            let mut reporting = reporting(start);
            assert_eq!(reporting.due(), None);
            reporting.point(&stream(), start, chance);
            assert_eq!(reporting.due(), Some(start + ms(first)));
            // A change in mid-call does not put it off.
            reporting.point(&stream(), start + ms(1), chance);
            assert_eq!(reporting.due(), Some(start + ms(first)));
            let facts = Facts { ssrc: 1, sent: None, block: None, leaves: false };
            let now = start + ms(first);
            assert!(reporting.report(&facts, now, chance).is_some());
            assert_eq!(reporting.due(), Some(now + ms(other)));
        }
    }

    #[test]
    fn only_who_sent_since_is_a_sender() {
        let mut reporting = reporting(start());
        let sent = |packets| Some(Sent { ntp: 1, timestamp: 2, packets, octets: 160 * packets });
        for (packets, expected) in [(0, false), (1, true), (1, false), (2, true)] {
            let facts = Facts { ssrc: 1, sent: sent(packets), block: None, leaves: false };
            let packet = reporting.report(&facts, start(), 0.5).unwrap();
            let read = Reports::read(&packet).unwrap();
            assert_eq!(read.reports[0].sent.is_some(), expected, "{packets}");
        }
    }

    /// Two sides, 40 ms there and 60 ms back: what they learn of each other.
    #[test]
    fn the_round_trip_and_the_loss_come_back() {
        let begin = start();
        let (mut here, mut there) = (reporting(begin), reporting(begin + ms(77)));
        let keys = Keys { ours: master(Suite::Aes32), theirs: master(Suite::Aes32) };
        let secure = Stream { keys: Some(keys), ..stream() };
        here.point(&secure, begin, 0.5);
        there.point(&secure, begin, 0.5);
        let sent = Some(Sent { ntp: here.ntp(begin), timestamp: 0, packets: 50, octets: 8000 });
        let facts = Facts { ssrc: 1, sent, block: None, leaves: false };
        let mut packet = here.report(&facts, begin, 0.5).unwrap();
        assert!(there.open(&mut packet) && !there.open(&mut packet.clone()));
        assert!(!there.learn(&Reports::read(&packet).unwrap(), 2, Some(1), 0, begin + ms(40)));

        let block = Block {
            ssrc: 1,
            fraction: 0,
            lost: 5,
            highest: 0,
            jitter: 16,
            last_report: 0,
            delay: 0,
        };
        let facts = Facts { ssrc: 2, sent: None, block: Some(block), leaves: true };
        let mut packet = there.report(&facts, begin + ms(1040), 0.5).unwrap();
        assert!(here.open(&mut packet));
        let reports = Reports::read(&packet).unwrap();
        // Of somebody else nothing is believed.
        assert!(!here.learn(&reports, 1, Some(9), 50, begin + ms(1100)));
        assert_eq!((here.round_trip(), here.heard()), (None, None));
        assert!(here.learn(&reports, 1, Some(2), 50, begin + ms(1100)));
        let trip = here.round_trip().unwrap();
        assert!(trip.abs_diff(ms(100)) < ms(1), "{trip:?}");
        assert_eq!(here.heard(), Some(Heard { lost: 5, of: 50, jitter: ms(2) }));
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let begin = start();
        let table = [
            (-3, 0, 0, 0, None),
            (9999, 0, 0, 100, None),
            // They held it back for longer than it was away.
            (0, 1, 5 << 16, 0, Some(Duration::ZERO)),
            // It was never sent.
            (0, 0x8000_0000, 0, 0, None),
        ];
        for (lost, back, delay, expected_lost, trip) in table {
            let mut reporting = reporting(begin);
            let last_report = middle(reporting.ntp(begin)).wrapping_sub(back);
            let last_report = if back == 0 { 0 } else { last_report };
            let block =
                Block { ssrc: 1, fraction: 0, lost, highest: 0, jitter: 0, last_report, delay };
            let report = Report { ssrc: 2, sent: None, blocks: vec![block] };
            let reports = Reports { reports: vec![report], ..Reports::default() };
            reporting.learn(&reports, 1, None, 100, begin);
            assert_eq!(reporting.heard().unwrap().lost, expected_lost);
            assert_eq!(reporting.round_trip(), trip);
        }
    }
}
