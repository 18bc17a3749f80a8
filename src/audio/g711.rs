//! G.711, the two laws of telephone sound: 8 bits a sample, finer where it is quiet.

/// A law of G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// A-law: Europe and most of the world, and calls between countries.
    A,
    /// µ-law: North America and Japan.
    Mu,
}

/// What µ-law adds before it takes the logarithm.
const MU_BIAS: i32 = 33;
/// The loudest value that µ-law, of 14 bits, knows.
const MU_LOUDEST: i32 = 8158;
/// A-law turns every second bit around, so that a silent line still has edges to keep time by.
const A_TOGGLE: u8 = 0x55;

/// One byte for each sample.
#[must_use]
pub fn encode(law: Law, samples: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(samples.len());
    encode_into(law, samples, &mut bytes);
    bytes
}

/// Adds one byte for each sample.
pub fn encode_into(law: Law, samples: &[i16], bytes: &mut Vec<u8>) {
    match law {
        Law::A => bytes.extend(samples.iter().map(|sample| encode_a(*sample))),
        Law::Mu => bytes.extend(samples.iter().map(|sample| encode_mu(*sample))),
    }
}

/// One sample for each byte.
#[must_use]
pub fn decode(law: Law, bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|byte| decode_one(law, *byte)).collect()
}

/// The sample of a byte.
#[must_use]
pub fn decode_one(law: Law, byte: u8) -> i16 {
    match law {
        Law::A => decode_a(byte),
        Law::Mu => decode_mu(byte),
    }
}

fn encode_a(sample: i16) -> u8 {
    // 13 bits; the negative half mirrors the other one (-1 as 0).
    let value = i32::from(sample) >> 3;
    let (sign, size) = if value < 0 { (0, -value - 1) } else { (0x80, value) };
    // Segment 0 and 1 have the same step; each further one doubles it.
    let segment = (size >> 5).checked_ilog2().map_or(0, |log| log + 1);
    let step = (size >> segment.max(1)) & 0x0f;
    byte(segment, step, sign) ^ A_TOGGLE
}

fn decode_a(byte: u8) -> i16 {
    let byte = byte ^ A_TOGGLE;
    let (segment, step) = (byte >> 4 & 0x07, i16::from(byte & 0x0f));
    let size = match segment {
        0 => step * 16 + 8,
        _ => (step * 16 + 264) << (segment - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

fn encode_mu(sample: i16) -> u8 {
    // 14 bits.
    let value = i32::from(sample) >> 2;
    let (sign, size) = if value < 0 { (0x80, -value) } else { (0, value) };
    let size = size.min(MU_LOUDEST) + MU_BIAS;
    let segment = (size >> 5).checked_ilog2().unwrap_or(0);
    !byte(segment, (size >> (segment + 1)) & 0x0f, sign)
}

fn decode_mu(byte: u8) -> i16 {
    let byte = !byte;
    let (segment, step) = (byte >> 4 & 0x07, i32::from(byte & 0x0f));
    let size = (((step * 2 + MU_BIAS) << segment) - MU_BIAS) * 4;
    let size = i16::try_from(size).unwrap_or(i16::MAX);
    if byte & 0x80 == 0 { size } else { -size }
}

/// Sign, three bits of segment, four bits of step.
fn byte(segment: u32, step: i32, sign: u8) -> u8 {
    let low = (segment << 4) | u32::try_from(step).unwrap_or(0);
    u8::try_from(low).unwrap_or(0x7f) | sign
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every run of samples with the same code, as Python's audioop (Sun's g711.c) makes them:
    /// law, first sample, last sample, code, decoded.
    const TABLE: &str = include_str!("../../tests/audio/g711.txt");

    #[test]
    fn all_samples_and_all_codes_are_those_of_the_reference() {
        let mut samples = 0;
        let mut codes = std::collections::BTreeSet::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let law = if cells[0] == "A" { Law::A } else { Law::Mu };
            let number = |index: usize| cells[index].parse::<i16>().unwrap();
            let code = u8::from_str_radix(cells[3], 16).unwrap();
            for sample in number(1)..=number(2) {
                assert_eq!(encode(law, &[sample]), [code], "{law:?} {sample}");
                samples += 1;
            }
            assert_eq!(decode(law, &[code]), [number(4)], "{law:?} {code:02x}");
            codes.insert((cells[0], code));
        }
        assert_eq!((samples, codes.len()), (2 * 65536, 511));
    }

    #[test]
    fn a_code_survives_being_sound() {
        for (law, positive_zero) in [(Law::A, 0xd5), (Law::Mu, 0xff)] {
            assert_eq!(encode(law, &[0]), [positive_zero]);
            for code in 0..=u8::MAX {
                let again = encode(law, &decode(law, &[code]))[0];
                // µ-law has a zero of each sign.
                assert!(again == code || (law == Law::Mu && code == 0x7f), "{law:?} {code:02x}");
            }
        }
    }
}
