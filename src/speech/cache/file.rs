//! A kept sound as a file: a WAV that any player plays, with a sum of its samples behind them.

use sha2::{Digest, Sha256};

use crate::audio::Pcm;

/// Largest file, in bytes: six minutes at 22 050 Hz.
pub(super) const MAX_FILE: u64 = 16 * 1024 * 1024;

/// `RIFF` to the first sample (RIFF WAVE with a `fmt ` chunk of 16 bytes).
const HEADER: usize = 44;
/// The chunk behind the samples, unknown to players, who skip it.
const SUM: &[u8; 4] = b"sum ";
/// Bytes of the sum.
const SUM_BYTES: usize = 16;
/// That chunk with its head.
const TRAILER: usize = 8 + SUM_BYTES;

/// The bytes of a file.
pub(super) fn encode(pcm: &Pcm) -> Vec<u8> {
    let data: Vec<u8> = pcm.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = Vec::with_capacity(HEADER + data.len() + TRAILER);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length(HEADER - 8 + data.len() + TRAILER));
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend_from_slice(&[1, 0, 1, 0]);
    file.extend_from_slice(&pcm.rate.to_le_bytes());
    file.extend_from_slice(&pcm.rate.saturating_mul(2).to_le_bytes());
    // Two bytes a frame, 16 bits a sample.
    file.extend_from_slice(&[2, 0, 16, 0]);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length(data.len()));
    let sum = sum(pcm.rate, &data);
    file.extend_from_slice(&data);
    file.extend_from_slice(SUM);
    file.extend_from_slice(&length(SUM_BYTES));
    file.extend_from_slice(&sum);
    file
}

/// The sound of a file that is whole; `None` for every other.
pub(super) fn decode(file: &[u8]) -> Option<Pcm> {
    let rate = u32::from_le_bytes(file.get(24..28)?.try_into().ok()?);
    let end = file.len().checked_sub(TRAILER)?;
    let data = file.get(HEADER..end)?;
    let samples = data.chunks_exact(2).map(|pair| match *pair {
        [low, high] => i16::from_le_bytes([low, high]),
        _ => 0,
    });
    let right = file.get(end + 8..)? == sum(rate, data) && rate > 0 && data.len() % 2 == 0;
    right.then(|| Pcm { rate, samples: samples.collect() })
}

fn sum(rate: u32, data: &[u8]) -> [u8; SUM_BYTES] {
    let digest = Sha256::new().chain_update(rate.to_le_bytes()).chain_update(data).finalize();
    let mut sum = [0; SUM_BYTES];
    sum.iter_mut().zip(digest).for_each(|(ours, byte)| *ours = byte);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read_and_every_other_is_not() {
        let pcm = Pcm { rate: 22_050, samples: vec![0, 1, -1, i16::MAX, i16::MIN] };
        let file = encode(&pcm);
        assert_eq!(decode(&file), Some(pcm.clone()));
        for end in 0..file.len() {
            assert_eq!(decode(&file[..end]), None, "{end} bytes");
        }
        for place in (24..28).chain(HEADER..HEADER + 10).chain(file.len() - SUM_BYTES..file.len()) {
            let mut file = file.clone();
            file[place] ^= 1;
            assert_eq!(decode(&file), None, "byte {place}");
        }
    }

    #[test]
    fn others_can_play_it() {
        let pcm = Pcm { rate: 16_000, samples: vec![5, -5, 7] };
        let mut reader = hound::WavReader::new(std::io::Cursor::new(encode(&pcm))).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, pcm.samples);
    }
}
