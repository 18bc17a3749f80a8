//! The board: lights, button, buzzer, power key of the modem, relays and dry contacts.
//!
//! What they do is decided in [`panel`], which is pure; a [`Board`] only has pins. See
//! `docs/board.md`.

mod button;
pub mod panel;
mod pattern;
mod power;
mod raspberry;
mod simulated;

pub use panel::{Act, Panel, Seen, Tick};
pub use pattern::{fault_code, is_lit};
pub use power::Wish;
pub use simulated::{Simulated, SimulatedControl};

use crate::config::{self, BoardKind};

/// What can be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// A light.
    Led(Led),
    /// The buzzer.
    Buzzer,
    /// PWRKEY of the modem; on is pressed.
    PowerKey,
    /// RESET of the modem; on is pressed.
    Reset,
    /// A relay, by its place in the configuration.
    Relay(usize),
}

/// A light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Led {
    /// Power and health.
    Health,
    /// Network.
    Network,
    /// GSM.
    Gsm,
    /// SIP.
    Sip,
    /// Alert.
    Alert,
    /// Fault.
    Fault,
}

impl Led {
    /// All lights.
    pub const ALL: [Self; 6] =
        [Self::Health, Self::Network, Self::Gsm, Self::Sip, Self::Alert, Self::Fault];
}

/// What can be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// The button.
    Button,
    /// STATUS of the modem; closed is on.
    ModemStatus,
    /// A dry contact, by its place in the configuration.
    Contact(usize),
}

/// Pins. What is not wired swallows what is set, and is open.
pub trait Board: Send {
    /// What it is, for the log.
    fn name(&self) -> String;

    /// Switches an output.
    fn set(&mut self, output: Output, on: bool);

    /// Whether an input is closed.
    fn is_closed(&self, input: Input) -> bool;
}

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The machine is no Raspberry Pi, or its pins may not be used.
    #[error("no board: {0}; lights, button and power key of the modem are not there")]
    Missing(#[from] rppal::gpio::Error),
}

/// Opens the board that is configured.
///
/// # Errors
/// [`BoardError`] if this machine has none.
pub fn open(settings: &config::Board) -> Result<Box<dyn Board>, BoardError> {
    match settings.kind {
        BoardKind::RaspberryPi => Ok(Box::new(raspberry::RaspberryPi::open(&settings.pins)?)),
        BoardKind::Simulated => Ok(Box::new(Simulated::new().0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_pins_says_so() {
        let settings = config::Board::default();
        // On a Raspberry Pi something may hang on them.
        if rppal::system::DeviceInfo::new().is_err() {
            let error = open(&settings).map(|board| board.name()).unwrap_err();
            assert!(error.to_string().starts_with("no board: "), "{error}");
        }
        let simulated = config::Board { kind: BoardKind::Simulated, ..settings };
        let mut board = open(&simulated).unwrap();
        board.set(Output::Led(Led::Health), true);
        assert!(!board.is_closed(Input::Button));
    }
}
