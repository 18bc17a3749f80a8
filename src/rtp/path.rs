//! Where the other side really is: symmetric RTP (RFC 4961).
//!
//! The signalling says where its sound should come from. Behind a translation of addresses it
//! comes from elsewhere, and there it wants ours. Who merely guesses our port must not get it.

use std::net::SocketAddr;

use super::packet::Header;

/// Where sound comes from and goes to.
#[derive(Debug)]
pub(super) struct Path {
    remote: SocketAddr,
    /// Whether anything came from there, or it was once moved: then it stays.
    settled: bool,
    /// A packet from elsewhere; the one after it would prove a sender.
    candidate: Option<(SocketAddr, u32, u16)>,
}

/// Whose a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The other side's.
    Theirs,
    /// The other side's, which turns out to be there.
    Moved,
    /// Anybody's.
    Foreign,
}

impl Path {
    /// As the signalling says.
    pub(super) fn new(remote: SocketAddr) -> Self {
        Self { remote, settled: false, candidate: None }
    }

    /// A packet of an agreed kind came; `proven` if its signature was right.
    ///
    /// Without a signature it takes two packets in a row from one sender, before any from where
    /// they should come from, and that once.
    pub(super) fn packet(&mut self, from: SocketAddr, header: &Header, proven: bool) -> Whose {
        if from == self.remote {
            self.settled = true;
            return Whose::Theirs;
        }
        if !proven && self.settled {
            return Whose::Foreign;
        }
        let Header { ssrc, sequence, .. } = *header;
        if proven || self.candidate == Some((from, ssrc, sequence)) {
            *self = Self { remote: from, settled: true, candidate: None };
            return Whose::Moved;
        }
        self.candidate = Some((from, ssrc, sequence.wrapping_add(1)));
        Whose::Foreign
    }

    /// Where the other side is, as far as is known.
    pub(super) fn remote(&self) -> SocketAddr {
        self.remote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From which port, by whom, with which number, and whose it is.
    type Row = (u16, u32, u16, Whose);

    fn play(proven: bool, rows: &[Row]) {
        let at = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let mut path = Path::new(at(1));
        for (port, ssrc, sequence, expected) in rows {
            let (ssrc, sequence) = (*ssrc, *sequence);
            let header = Header { marker: false, payload: 0, sequence, timestamp: 0, ssrc };
            let whose = path.packet(at(*port), &header, proven);
            assert_eq!(whose, *expected, "{port} {ssrc} {sequence}");
            if whose != Whose::Foreign {
                assert_eq!(path.remote(), at(*port));
            }
        }
    }

    #[test]
    fn who_is_followed_and_who_is_not() {
        use Whose::{Foreign, Moved, Theirs};
        // Where it should be: nobody else is ever followed.
        play(
            false,
            &[(1, 7, 5, Theirs), (2, 7, 6, Foreign), (2, 7, 7, Foreign), (1, 7, 6, Theirs)],
        );
        // Elsewhere: two in a row, over the end of the numbers; then nobody else, not even there.
        play(
            false,
            &[
                (2, 7, 0xffff, Foreign),
                (2, 7, 0, Moved),
                (2, 7, 1, Theirs),
                (1, 7, 2, Foreign),
                (3, 7, 2, Foreign),
                (3, 7, 3, Foreign),
            ],
        );
        // Single packets of many guessers prove nothing.
        play(
            false,
            &[
                (2, 7, 1, Foreign),
                (3, 7, 2, Foreign),
                (2, 8, 2, Foreign),
                (2, 8, 4, Foreign),
                (1, 9, 0, Theirs),
            ],
        );
        // A signature proves it at any time.
        play(true, &[(1, 7, 1, Theirs), (2, 7, 9, Moved), (1, 7, 3, Moved)]);
    }
}
