//! Sound cards, through ALSA. Each open device has a thread of its own, for ALSA's calls may take
//! long; nothing here blocks the runtime.

mod capture;
mod devices;
mod error;
mod open;
mod pace;
mod playback;
mod player;
mod queue;
mod recorder;

pub use devices::{Device, Direction, devices};
pub use error::AudioError;
pub use player::Player;
pub use recorder::{Level, Recorder};
