//! What is sent while nothing is said: a faint noise, or a word that there is nothing (RFC 3389).

/// How loud the noise is, in dB below the overload of the line (dBov): one hears that the line is
/// alive, and nothing else.
const LEVEL: u8 = 66;
/// The greatest sample of a noise of that level: its root mean square is √3 less.
const LOUDEST: u32 = 28;

/// What the packets of a silence hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Silence {
    /// A faint noise, as sound, in every packet. Exchanges and the address translation on the way
    /// see a steady stream, and no telephone takes the line for dead.
    #[default]
    Noise,
    /// Nothing but zeros, in every packet.
    Digital,
    /// A packet that tells the level of the noise to make (RFC 3389) when the silence begins, and
    /// again now and then. As [`Self::Noise`] where the other side did not agree to it.
    Described,
}

/// A source of noise. The same seed gives the same noise.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    state: u32,
}

impl Noise {
    pub(super) fn new(seed: u32) -> Self {
        // Xorshift stays at 0 for ever.
        Self { state: seed.max(1) }
    }

    pub(super) fn sample(&mut self) -> i16 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let value = (self.state >> 8) % (2 * LOUDEST + 1);
        i16::try_from(value.cast_signed() - LOUDEST.cast_signed()).unwrap_or(0)
    }
}

/// The payload that describes our noise: its level, and no spectrum, which makes it white.
pub(super) const DESCRIPTION: [u8; 1] = [LEVEL];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Pcm;
    use crate::audio::g711::{Law, decode, encode};

    #[test]
    fn the_noise_has_its_level_before_and_after_the_codec() {
        for seed in [0, 1, 0xdead_beef] {
            let mut noise = Noise::new(seed);
            let samples: Vec<i16> = (0..80_000).map(|_| noise.sample()).collect();
            let level = |samples: Vec<i16>| 20.0 * Pcm { rate: 8000, samples }.rms().log10();
            for law in [Law::A, Law::Mu] {
                let heard = level(decode(law, &encode(law, &samples)));
                assert!((heard + f32::from(LEVEL)).abs() < 1.5, "{law:?}: {heard}");
            }
            let sent = level(samples);
            assert!((sent + f32::from(LEVEL)).abs() < 0.3, "{sent}");
        }
    }
}
