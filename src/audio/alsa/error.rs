//! What can be wrong with a sound card, and what to do about it.

use rustix::io::Errno;

use super::Direction;

/// Why sound is not played or recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// There is no such device, or no card at all.
    #[error(
        "there is no sound device `{device}` that {}: `smtp-appliance audio devices` lists those \
         there are, `{}` under [audio] sets it",
        verb(*.direction), key(*.direction)
    )]
    Missing {
        /// The PCM.
        device: String,
        /// What it was to do.
        direction: Direction,
    },
    /// Somebody else has it.
    #[error("the sound device `{0}` is in use by another program: end that one")]
    Busy(String),
    /// The user may not use it.
    #[error("no permission for the sound device `{0}`: put the user into the group `audio`")]
    Denied(String),
    /// It does not take 16-bit samples in any way.
    #[error(
        "the sound device `{0}` does not take 16-bit sound: if its name begins with `hw:`, set \
         `plughw:`"
    )]
    Unsuitable(String),
    /// It went away while it was open.
    #[error("the sound device `{0}` is gone: is it unplugged?")]
    Unplugged(String),
    /// It does not go on.
    #[error("the sound device `{0}` does not go on: unplug it and plug it in again")]
    Stalled(String),
    /// ALSA failed in another way.
    #[error("the sound device `{device}` failed: {reason}")]
    Failed {
        /// The PCM.
        device: String,
        /// The call, and what it said.
        reason: String,
    },
    /// It was closed.
    #[error("the sound device is closed")]
    Closed,
}

fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Playback => "plays",
        Direction::Capture => "records",
    }
}

fn key(direction: Direction) -> &'static str {
    match direction {
        Direction::Playback => "playback",
        Direction::Capture => "capture",
    }
}

impl AudioError {
    /// What it means that a device could not be opened.
    pub(super) fn opening(device: &str, direction: Direction, error: alsa::Error) -> Self {
        let device = device.to_owned();
        match Errno::from_raw_os_error(error.errno()) {
            Errno::NOENT | Errno::NODEV | Errno::NXIO => Self::Missing { device, direction },
            Errno::BUSY | Errno::AGAIN => Self::Busy(device),
            Errno::ACCESS | Errno::PERM => Self::Denied(device),
            _ => Self::failed(device, error),
        }
    }

    /// What it means that an open device failed.
    pub(super) fn running(device: &str, error: alsa::Error) -> Self {
        let device = device.to_owned();
        match Errno::from_raw_os_error(error.errno()) {
            Errno::NODEV | Errno::NXIO | Errno::BADFD | Errno::NOENT => Self::Unplugged(device),
            _ => Self::failed(device, error),
        }
    }

    fn failed(device: String, error: alsa::Error) -> Self {
        Self::Failed { device, reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let opened = |errno: Errno| {
            let error = alsa::Error::new("snd_pcm_open", errno.raw_os_error());
            AudioError::opening("hw:7", Direction::Playback, error).to_string()
        };
        assert!(opened(Errno::NOENT).contains("`hw:7` that plays: `smtp-appliance audio devices`"));
        assert!(opened(Errno::BUSY).contains("in use by another program"));
        assert!(opened(Errno::ACCESS).contains("group `audio`"));
        assert!(opened(Errno::IO).contains("failed: "));
        let gone = alsa::Error::new("snd_pcm_writei", Errno::NODEV.raw_os_error());
        assert_eq!(AudioError::running("hw:7", gone), AudioError::Unplugged("hw:7".into()));
    }
}
