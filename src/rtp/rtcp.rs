//! RTCP packets (RFC 3550 section 6), on the crate *rtcp-types*.

use rtcp_types::prelude::*;
use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReceiverReportBuilder, ReportBlock, ReportBlockBuilder,
    RtcpParseError, Sdes, SdesChunk, SdesItem, SenderReport, SenderReportBuilder,
};
use thiserror::Error;

/// Octets of the canonical name that are kept.
const MAX_NAME: usize = 255;
/// Most blocks of one report: five bits count them.
const MAX_BLOCKS: usize = 31;
/// Most leavers that one compound packet names and are kept.
const MAX_LEAVERS: usize = 31;

/// What a sender says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When it was said, as NTP counts: seconds since 1900 with 32 bits of fraction.
    pub ntp: u64,
    /// The same moment as a timestamp of its sound.
    pub timestamp: u32,
    /// Packets sent, modulo 2³².
    pub packets: u32,
    /// Octets of sound in them, modulo 2³².
    pub octets: u32,
}

/// What a receiver says of one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The sender.
    pub ssrc: u32,
    /// What was lost since the last report, as a fraction of 256.
    pub fraction: u8,
    /// Packets lost since the beginning; below 0 when more came twice. 24 bits.
    pub lost: i32,
    /// Highest sequence number, with its rounds above the low 16 bits.
    pub highest: u32,
    /// In ticks of the timestamp.
    pub jitter: u32,
    /// The middle 32 bits of `ntp` in the sender's last report; 0 if there was none.
    pub last_report: u32,
    /// How long ago that report came, in units of 1/65536 s.
    pub delay: u32,
}

/// One report, of a sender or of a receiver only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Who says it.
    pub ssrc: u32,
    /// What it sent, if it is a sender.
    pub sent: Option<Sent>,
    /// What it received.
    pub blocks: Vec<Block>,
}

/// What a compound packet says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports {
    /// Its reports.
    pub reports: Vec<Report>,
    /// The first canonical name in it.
    pub name: Option<String>,
    /// Who leaves.
    pub leavers: Vec<u32>,
}

/// Why octets are no compound packet.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("no RTCP packet: {0}")]
pub struct RtcpError(#[from] RtcpParseError);

impl Reports {
    /// Reads a compound packet. Parts of other kinds are skipped.
    ///
    /// # Errors
    /// If a part is not what its header says.
    pub fn read(bytes: &[u8]) -> Result<Self, RtcpError> {
        let mut found = Self::default();
        for packet in Compound::parse(bytes)? {
            match packet? {
                Packet::Sr(report) => found.reports.push(Report {
                    ssrc: report.ssrc(),
                    sent: Some(Sent {
                        ntp: report.ntp_timestamp(),
                        timestamp: report.rtp_timestamp(),
                        packets: report.packet_count(),
                        octets: report.octet_count(),
                    }),
                    blocks: report.report_blocks().map(|block| Block::of(&block)).collect(),
                }),
                Packet::Rr(report) => found.reports.push(Report {
                    ssrc: report.ssrc(),
                    sent: None,
                    blocks: report.report_blocks().map(|block| Block::of(&block)).collect(),
                }),
                Packet::Sdes(sdes) => {
                    let mut items = sdes.chunks().flat_map(SdesChunk::items);
                    let name = items.find(|item| item.type_() == SdesItem::CNAME);
                    let text = |item: &SdesItem| String::from_utf8_lossy(item.value()).into_owned();
                    found.name = found.name.or(name.map(text));
                }
                Packet::Bye(bye) => {
                    let room = MAX_LEAVERS.saturating_sub(found.leavers.len());
                    found.leavers.extend(bye.ssrcs().take(room));
                }
                Packet::App(_)
                | Packet::TransportFeedback(_)
                | Packet::PayloadFeedback(_)
                | Packet::Xr(_)
                | Packet::Unknown(_) => {}
            }
        }
        Ok(found)
    }
}

/// Writes a report with its sender's canonical name, and that it leaves: a compound packet as RFC
/// 3550 section 6.1 wants it. Of the blocks the first 31 are written.
#[must_use]
pub fn write(report: &Report, name: &str, leaves: bool) -> Vec<u8> {
    let blocks = report.blocks.iter().take(MAX_BLOCKS).map(Block::builder);
    let ssrc = report.ssrc;
    let compound = if let Some(sent) = report.sent {
        let builder = SenderReport::builder(ssrc)
            .ntp_timestamp(sent.ntp)
            .rtp_timestamp(sent.timestamp)
            .packet_count(sent.packets)
            .octet_count(sent.octets);
        Compound::builder().add_packet(blocks.fold(builder, SenderReportBuilder::add_report_block))
    } else {
        let builder = ReceiverReport::builder(ssrc);
        let builder = blocks.fold(builder, ReceiverReportBuilder::add_report_block);
        Compound::builder().add_packet(builder)
    };
    let name: String = name.chars().take(MAX_NAME / 4).collect();
    let chunk =
        SdesChunk::builder(report.ssrc).add_item_owned(SdesItem::builder(SdesItem::CNAME, &name));
    let mut compound = compound.add_packet(Sdes::builder().add_chunk(chunk));
    if leaves {
        compound = compound.add_packet(Bye::builder().add_source(report.ssrc));
    }
    // Sizes and counts are within what the parts take.
    let mut bytes = vec![0; compound.calculate_size().unwrap_or(0)];
    let length = compound.write_into(&mut bytes).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

impl Block {
    fn of(block: &ReportBlock) -> Self {
        Self {
            ssrc: block.ssrc(),
            fraction: block.fraction_lost(),
            // 24 bits with a sign.
            lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
            highest: block.extended_sequence_number(),
            jitter: block.interarrival_jitter(),
            last_report: block.last_sender_report_timestamp(),
            delay: block.delay_since_last_sender_report_timestamp(),
        }
    }

    fn builder(&self) -> ReportBlockBuilder {
        ReportBlock::builder(self.ssrc)
            .fraction_lost(self.fraction)
            .cumulative_lost(self.lost.cast_unsigned() & 0xff_ffff)
            .extended_sequence_number(self.highest)
            .interarrival_jitter(self.jitter)
            .last_sender_report_timestamp(self.last_report)
            .delay_since_last_sender_report_timestamp(self.delay)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(lost: i32) -> Block {
        Block {
            ssrc: 0x0102_0304,
            fraction: 12,
            lost,
            highest: 0x0001_0002,
            jitter: 33,
            last_report: 0xaabb_ccdd,
            delay: 65_536,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let sent = Sent { ntp: 0x1122_3344_5566_7788, timestamp: 160, packets: 3, octets: 480 };
        for sent in [None, Some(sent)] {
            for blocks in [vec![], vec![block(5)], vec![block(-1), block(-0x80_0000)]] {
                for leaves in [false, true] {
                    let report = Report { ssrc: 7, sent, blocks: blocks.clone() };
                    let bytes = write(&report, "a name", leaves);
                    let expected = Reports {
                        reports: vec![report],
                        name: Some("a name".to_owned()),
                        leavers: if leaves { vec![7] } else { vec![] },
                    };
                    assert_eq!(Reports::read(&bytes), Ok(expected));
                    assert_eq!(bytes.len() % 4, 0);
                }
            }
        }
    }

    #[test]
    fn the_octets_are_those_of_the_standard() {
        let report = Report { ssrc: 0x0a0b_0c0d, sent: None, blocks: vec![block(-2)] };
        let expected = [
            // RR with one block, 8 words.
            0x81, 201, 0, 7, 0x0a, 0x0b, 0x0c, 0x0d, 1, 2, 3, 4, 12, 0xff, 0xff, 0xfe, 0, 1, 0, 2,
            0, 0, 0, 33, 0xaa, 0xbb, 0xcc, 0xdd, 0, 1, 0, 0, // SDES: CNAME of one letter.
            0x81, 202, 0, 2, 0x0a, 0x0b, 0x0c, 0x0d, 1, 1, b'x', 0, // BYE.
            0x81, 203, 0, 1, 0x0a, 0x0b, 0x0c, 0x0d,
        ];
        assert_eq!(write(&report, "x", true), expected);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_harm(
            bytes in proptest::collection::vec(any::<u8>(), 0..128),
        ) {
            drop(Reports::read(&bytes));
        }

        #[test]
        fn what_is_nearly_a_report_is_read_without_harm(
            changes in proptest::collection::vec((0..200_usize, any::<u8>()), 0..6),
            length in 0..200_usize,
            leaves: bool,
        ) {
            let report = Report { ssrc: 7, sent: None, blocks: vec![block(1), block(2)] };
            let mut bytes = write(&report, "somebody@somewhere", leaves);
            for (place, octet) in changes {
                let count = bytes.len();
                bytes[place % count] = octet;
            }
            bytes.truncate(length.max(8));
            if let Ok(read) = Reports::read(&bytes) {
                prop_assert!(read.leavers.len() <= MAX_LEAVERS);
            }
        }
    }
}
