//! Sound files: WAV and MP3 in, WAV out.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Cursor, Read, SeekFrom};
use std::path::Path;
use std::time::Duration;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use symphonia::core::audio::{AudioBufferRef, SampleBuffer};
use symphonia::core::codecs::{Decoder, DecoderOptions};
use symphonia::core::errors::Error as Mp3Error;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::codecs::MpaDecoder;
use symphonia::default::formats::MpaReader;

use super::Pcm;
use super::pcm::{samples_in, to_sample};

/// The longest sound that is read.
pub const LONGEST: Duration = Duration::from_mins(5);
/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;
/// The rates that are read, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 4000..=96_000;
/// Most channels that are mixed into one.
const MOST_CHANNELS: usize = 8;
/// Damaged pieces in a row after which an MP3 file is given up.
const MOST_DAMAGE: u32 = 100;

/// Why a sound file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened, read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("neither a WAV nor an MP3 file")]
    NotSound,
    /// It is damaged, or of a kind that is not read.
    #[error("a sound file that cannot be read: {0}")]
    Unreadable(String),
    /// It goes on for too long.
    #[error("longer than {} minutes", LONGEST.as_secs() / 60)]
    TooLong,
    /// There is no sound in it.
    #[error("no sound in it")]
    Empty,
}

/// Reads a WAV file (8 to 32 bits, or float) or an MP3 file; several channels become one.
///
/// # Errors
/// If it cannot be read, is no such file, is damaged, or is longer than [`LONGEST`].
pub fn read(path: &Path) -> Result<Pcm, FileError> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(FileError::NotSound);
    }
    if about.len() > LARGEST {
        return Err(FileError::TooLong);
    }
    decode_source(file)
}

/// The same for a file in memory.
///
/// # Errors
/// As [`read`].
pub fn decode(bytes: Vec<u8>) -> Result<Pcm, FileError> {
    decode_source(Cursor::new(bytes))
}

fn decode_source<S: MediaSource + 'static>(mut source: S) -> Result<Pcm, FileError> {
    let mut start = Vec::with_capacity(12);
    Read::by_ref(&mut source).take(12).read_to_end(&mut start)?;
    let tag = id3_length(&start);
    source.seek(SeekFrom::Start(tag))?;
    let pcm = match start.as_slice() {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => decode_wav(source)?,
        [b'I', b'D', b'3', ..] => decode_mp3(source)?,
        // The eleven bits that begin a frame.
        [0xff, second, ..] if second & 0xe0 == 0xe0 => decode_mp3(source)?,
        _ => return Err(FileError::NotSound),
    };
    if pcm.samples.is_empty() { Err(FileError::Empty) } else { Ok(pcm) }
}

/// Bytes of the tag before the sound of an MP3 file; pictures and texts are not for us.
fn id3_length(start: &[u8]) -> u64 {
    match *start {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] => {
            let size = [a, b, c, d].iter().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
            let footer = if flags & 0x10 == 0 { 0 } else { 10 };
            10 + size + footer
        }
        _ => 0,
    }
}

fn unreadable(reason: impl Display) -> FileError {
    FileError::Unreadable(format!("{reason}"))
}

fn check(rate: u32, channels: usize) -> Result<(), FileError> {
    if !RATES.contains(&rate) {
        return Err(unreadable(format!("{rate} Hz")));
    }
    if !(1..=MOST_CHANNELS).contains(&channels) {
        return Err(unreadable(format!("{channels} channels")));
    }
    Ok(())
}

/// Collects frames of several channels as one.
struct Mix {
    pcm: Pcm,
    limit: usize,
}

impl Mix {
    fn new(rate: u32) -> Self {
        Self { pcm: Pcm { rate, samples: Vec::new() }, limit: samples_in(rate, LONGEST) }
    }

    fn push(&mut self, frame: &[f32]) -> Result<(), FileError> {
        if self.pcm.samples.len() >= self.limit {
            return Err(FileError::TooLong);
        }
        self.pcm.samples.push(to_sample(frame.iter().sum::<f32>() / frame.len().max(1) as f32));
        Ok(())
    }
}

fn decode_wav(source: impl Read) -> Result<Pcm, FileError> {
    let wav = WavReader::new(source).map_err(unreadable)?;
    let spec = wav.spec();
    let channels = usize::from(spec.channels);
    check(spec.sample_rate, channels)?;
    let mut mix = Mix::new(spec.sample_rate);
    match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Float, 32) => frames(wav.into_samples::<f32>(), channels, &mut mix)?,
        (SampleFormat::Int, bits @ (8 | 16 | 24 | 32)) => {
            let scale = 1.0 / f64::from(1_u32 << (bits - 1));
            #[expect(clippy::cast_possible_truncation, reason = "between -1 and 1")]
            let floats = wav
                .into_samples::<i32>()
                .map(|sample| sample.map(|sample| (f64::from(sample) * scale) as f32));
            frames(floats, channels, &mut mix)?;
        }
        (_, bits) => return Err(unreadable(format!("{bits} bits a sample"))),
    }
    Ok(mix.pcm)
}

/// Mixes samples that come channel by channel. A file that ends too early gives what it has.
fn frames(
    samples: impl Iterator<Item = Result<f32, hound::Error>>,
    channels: usize,
    mix: &mut Mix,
) -> Result<(), FileError> {
    let mut frame = Vec::with_capacity(channels);
    for sample in samples.map_while(Result::ok) {
        frame.push(if sample.is_finite() { sample } else { 0.0 });
        if frame.len() == channels {
            mix.push(&frame)?;
            frame.clear();
        }
    }
    Ok(())
}

fn decode_mp3(source: impl MediaSource + 'static) -> Result<Pcm, FileError> {
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let mut file = MpaReader::try_new(stream, &FormatOptions::default()).map_err(unreadable)?;
    let parameters = &file.default_track().ok_or(FileError::Empty)?.codec_params;
    let mut decoder =
        MpaDecoder::try_new(parameters, &DecoderOptions::default()).map_err(unreadable)?;
    let mut mix: Option<Mix> = None;
    let mut damage = 0;
    while damage < MOST_DAMAGE {
        let packet = match file.next_packet() {
            Ok(packet) => packet,
            // It goes on behind the damage.
            Err(Mp3Error::DecodeError(_)) => {
                damage += 1;
                continue;
            }
            // The end; or as much as can be had of it.
            Err(_) => break,
        };
        match decoder.decode(&packet) {
            Ok(sound) => {
                damage = 0;
                push_mp3(sound, &mut mix)?;
            }
            Err(Mp3Error::DecodeError(_)) => damage += 1,
            Err(error) => return Err(unreadable(error)),
        }
    }
    mix.map(|mix| mix.pcm).ok_or(FileError::Empty)
}

fn push_mp3(sound: AudioBufferRef<'_>, mix: &mut Option<Mix>) -> Result<(), FileError> {
    let spec = *sound.spec();
    let channels = spec.channels.count();
    check(spec.rate, channels)?;
    let mix = mix.get_or_insert_with(|| Mix::new(spec.rate));
    if mix.pcm.rate != spec.rate {
        return Err(unreadable("its rate changes"));
    }
    let mut samples = SampleBuffer::<f32>::new(sound.capacity() as u64, spec);
    samples.copy_interleaved_ref(sound);
    samples.samples().chunks_exact(channels).try_for_each(|frame| mix.push(frame))
}

/// The bytes of a WAV file, 16 bits.
///
/// # Errors
/// If it is too long for a WAV file (4 GB).
pub fn wav(pcm: &Pcm) -> Result<Vec<u8>, FileError> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: pcm.rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::with_capacity(pcm.samples.len() * 2 + 44));
    let mut writer = WavWriter::new(&mut bytes, spec).map_err(unreadable)?;
    for sample in &pcm.samples {
        writer.write_sample(*sample).map_err(unreadable)?;
    }
    writer.finalize().map_err(unreadable)?;
    Ok(bytes.into_inner())
}

/// Writes a WAV file, 16 bits.
///
/// # Errors
/// If the file cannot be written.
pub fn write_wav(path: &Path, pcm: &Pcm) -> Result<(), FileError> {
    Ok(std::fs::write(path, wav(pcm)?)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tone;
    use super::*;

    /// A WAV file of a kind, with the same second of sound on every channel.
    fn made(channels: u16, bits: u16, format: SampleFormat) -> Vec<u8> {
        let spec =
            WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        for sample in tone(8000, 440.0, Duration::from_secs(1), 0.5).samples {
            for _ in 0..channels {
                match format {
                    SampleFormat::Float => writer.write_sample(f32::from(sample) / 32768.0),
                    SampleFormat::Int if bits < 16 => writer.write_sample(sample >> (16 - bits)),
                    SampleFormat::Int => writer.write_sample(i32::from(sample) << (bits - 16)),
                }
                .unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_kind_of_wav_is_the_same_sound() {
        let sound = tone(8000, 440.0, Duration::from_secs(1), 0.5);
        for channels in [1, 2, 6] {
            for (bits, format) in [
                (8, SampleFormat::Int),
                (16, SampleFormat::Int),
                (24, SampleFormat::Int),
                (32, SampleFormat::Int),
                (32, SampleFormat::Float),
            ] {
                let read = decode(made(channels, bits, format)).unwrap();
                let most = read.samples.iter().zip(&sound.samples);
                let most = most.map(|(a, b)| a.abs_diff(*b)).max();
                assert_eq!((read.rate, read.samples.len()), (8000, 8000));
                assert!(most <= Some(if bits == 8 { 256 } else { 1 }), "{bits} {most:?}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        let pcm = Pcm { rate: 22_050, samples: vec![0, 1, -1, i16::MAX, i16::MIN] };
        write_wav(&file, &pcm).unwrap();
        assert_eq!(read(&file).unwrap(), pcm);
        assert!(matches!(read(folder.path()), Err(FileError::NotSound)));
        assert!(matches!(read(&folder.path().join("b")), Err(FileError::Io(_))));
        assert!(matches!(write_wav(folder.path(), &pcm), Err(FileError::Io(_))));
        // A file that was cut off gives what it has.
        let whole = wav(&pcm).unwrap();
        assert_eq!(decode(whole[..whole.len() - 3].to_vec()).unwrap().samples, pcm.samples[..3]);
    }

    #[test]
    fn mp3_is_read() {
        let bytes = include_bytes!("../../tests/audio/tone.mp3");
        for start in [&b""[..], b"ID3\x04\0\0\0\0\0\x0aTXXX\xff\xfb\x90\0\xff\xfb"] {
            let read = decode([start, bytes].concat()).unwrap();
            let length = read.duration().as_secs_f64();
            assert_eq!(read.rate, 22_050);
            assert!((0.95..1.2).contains(&length), "{length}");
            assert!((read.rms() - 0.35).abs() < 0.05, "{}", read.rms());
        }
    }

    #[test]
    fn what_is_no_sound_is_refused_with_a_reason() {
        let empty = wav(&Pcm { rate: 8000, samples: Vec::new() }).unwrap();
        let slow = wav(&Pcm { rate: 10, samples: vec![0; 10] }).unwrap();
        let long = wav(&Pcm { rate: 4000, samples: vec![0; 4000 * 301] }).unwrap();
        for (bytes, reason) in [
            (b"".to_vec(), "neither a WAV nor an MP3 file"),
            (b"#!/bin/sh\n".to_vec(), "neither a WAV nor an MP3 file"),
            (b"RIFF\0\0\0\0WAVE".to_vec(), "cannot be read"),
            (b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec(), "cannot be read"),
            (vec![0xff; 5000], "cannot be read"),
            (empty, "no sound in it"),
            (slow, "10 Hz"),
            (long, "longer than 5 minutes"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{error} for {reason}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_or_refused(
            which in 0_usize..3,
            cut in 0_usize..3000,
            blows in prop::collection::vec((0_usize..3000, any::<u8>()), 0..8),
        ) {
            let mut bytes = match which {
                0 => made(1, 16, SampleFormat::Int),
                1 => made(2, 32, SampleFormat::Float),
                _ => include_bytes!("../../tests/audio/tone.mp3").to_vec(),
            };
            bytes.truncate(3000 - cut);
            for (place, value) in blows {
                // Most of the blows hit the heads.
                let place = if value % 2 == 0 { place % 64 } else { place };
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = value;
                }
            }
            if let Ok(pcm) = decode(bytes) {
                prop_assert!(pcm.duration() <= LONGEST + Duration::from_secs(1));
            }
        }

        #[test]
        fn garbage_is_read_or_refused(
            start in prop::sample::select(vec![&b""[..], b"RIFF\x10\0\0\0WAVEfmt ", b"\xff\xfb"]),
            bytes in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            drop(decode([start, &bytes].concat()));
        }
    }
}
