//! What was received already is not received again (RFC 3711 section 3.3.2).

/// How many indices below the newest are remembered; older ones are refused unseen. More than the
/// 64 that are asked for, as a call through a tunnel may be far out of order.
const WINDOW: u32 = u128::BITS;

/// The newest indices of packets that proved genuine.
#[derive(Debug, Clone, Default)]
pub(super) struct Replay {
    newest: Option<u64>,
    /// Bit n is set if the index n below the newest came.
    seen: u128,
}

impl Replay {
    /// Whether an index may still come.
    pub(super) fn allows(&self, index: u64) -> bool {
        let Some(newest) = self.newest else { return true };
        match newest.checked_sub(index).map(u32::try_from) {
            None => true,
            Some(Ok(age)) if age < WINDOW => self.seen >> age & 1 == 0,
            Some(_) => false,
        }
    }

    /// An index came, of a packet that was proved genuine.
    pub(super) fn mark(&mut self, index: u64) {
        let newest = self.newest.unwrap_or(index);
        if index >= newest {
            let ahead = u32::try_from(index - newest).unwrap_or(WINDOW);
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest = Some(index);
        } else if let Ok(age) = u32::try_from(newest - index)
            && age < WINDOW
        {
            self.seen |= 1 << age;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_once_in_whatever_order() {
        let mut replay = Replay::default();
        let table = [
            (1000, true),
            (1000, false),
            (1002, true),
            (1001, true),
            (1001, false),
            (875, true),
            (874, false),
            (1_000_000, true),
            (1002, false),
            (999_999, true),
            (999_999, false),
            (1_000_000, false),
        ];
        for (index, allowed) in table {
            assert_eq!(replay.allows(index), allowed, "{index}");
            if allowed {
                replay.mark(index);
            }
        }
    }
}
