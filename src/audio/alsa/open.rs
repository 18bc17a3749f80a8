//! Opening a PCM: as it is asked for, or as it can.

use std::ffi::CString;

use alsa::ValueOr;
use alsa::pcm::{Access, Format, HwParams, PCM};
use rustix::io::Errno;
use tracing::debug;

use super::{AudioError, Direction};
use crate::audio::TELEPHONE_RATE;

/// How much the device holds, in microseconds: more than is ever written ahead.
const BUFFER_US: u32 = 300_000;
/// In what pieces it takes it, in microseconds.
const PERIOD_US: u32 = 20_000;
/// Most channels that are filled; cards for studios have more.
const MOST_CHANNELS: u32 = 32;

/// An open PCM and what it takes.
pub(super) struct Stream {
    pub(super) pcm: PCM,
    pub(super) device: String,
    pub(super) rate: u32,
    pub(super) channels: usize,
}

/// Opens a PCM for 16-bit samples; mono at 8000 Hz, or what comes nearest to it.
///
/// ALSA's own messages are kept from the terminal, for this thread: the error says it.
pub(super) fn open(device: &str, direction: Direction) -> Result<Stream, AudioError> {
    let said = alsa::Output::local_error_handler().ok();
    let opened = open_pcm(device, direction);
    if let (Err(_), Some(said)) = (&opened, said) {
        debug!(device, said = %said.borrow(), "ALSA");
    }
    opened
}

fn open_pcm(device: &str, direction: Direction) -> Result<Stream, AudioError> {
    let missing = || AudioError::Missing { device: device.to_owned(), direction };
    let name = CString::new(device).map_err(|_| missing())?;
    let way = match direction {
        Direction::Playback => alsa::Direction::Playback,
        Direction::Capture => alsa::Direction::Capture,
    };
    // Without waiting: who waits for a busy device waits for as long as the other one likes.
    let opened = PCM::open(&name, way, true);
    let pcm = opened.map_err(|error| AudioError::opening(device, direction, error))?;
    // Our own conversion is better than the linear one that ALSA has without further packages.
    let set = configure(&pcm, false).or_else(|_| configure(&pcm, true));
    let (rate, channels) = set.map_err(|error| match Errno::from_raw_os_error(error.errno()) {
        Errno::INVAL => AudioError::Unsuitable(device.to_owned()),
        _ => AudioError::running(device, error),
    })?;
    if !(1..=MOST_CHANNELS).contains(&channels) || rate == 0 {
        return Err(AudioError::Unsuitable(device.to_owned()));
    }
    debug!(device, rate, channels, "sound device open");
    Ok(Stream { pcm, device: device.to_owned(), rate, channels: channels as usize })
}

/// Sets what is wanted; says the rate and the channels there are.
fn configure(pcm: &PCM, resample: bool) -> alsa::Result<(u32, u32)> {
    let params = HwParams::any(pcm)?;
    params.set_rate_resample(resample)?;
    params.set_access(Access::RWInterleaved)?;
    params.set_format(Format::s16())?;
    let channels = params.set_channels_near(1)?;
    let rate = params.set_rate_near(TELEPHONE_RATE, ValueOr::Nearest)?;
    params.set_buffer_time_near(BUFFER_US, ValueOr::Nearest)?;
    params.set_period_time_near(PERIOD_US, ValueOr::Nearest)?;
    pcm.hw_params(&params)?;
    Ok((rate, channels))
}
