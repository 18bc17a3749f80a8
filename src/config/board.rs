//! `[board]`: the pins of a Raspberry Pi, and what hangs on them.

use std::time::Duration;

use super::PersonName;

/// A pin by its BCM number.
pub type Pin = u8;

/// `[board]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// What the pins belong to.
    pub kind: BoardKind,
    /// Whom the button calls.
    pub admin: Option<PersonName>,
    /// How long nobody may have acknowledged a critical alert before the alarm sounds.
    pub buzzer_after: Duration,
    /// Where everything is wired.
    pub pins: Pins,
}

/// What the pins belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoardKind {
    /// A Raspberry Pi. On any other machine there is no board.
    RaspberryPi,
    /// Nothing: what the pins would do is logged.
    Simulated,
}

/// Where everything is wired; `None` where nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// LED: power and health.
    pub led_health: Option<Pin>,
    /// LED: network.
    pub led_network: Option<Pin>,
    /// LED: GSM.
    pub led_gsm: Option<Pin>,
    /// LED: SIP.
    pub led_sip: Option<Pin>,
    /// LED: alert.
    pub led_alert: Option<Pin>,
    /// LED: fault.
    pub led_fault: Option<Pin>,
    /// Buzzer.
    pub buzzer: Option<Pin>,
    /// PWRKEY of the modem.
    pub pwrkey: Option<Pin>,
    /// RESET of the modem.
    pub reset: Option<Pin>,
    /// STATUS of the modem: high when it is on.
    pub status: Option<Pin>,
    /// Button to ground.
    pub button: Option<Pin>,
    /// Relays.
    pub relays: Vec<Pin>,
    /// Dry contacts to ground.
    pub contacts: Vec<Pin>,
}

/// Those of `hardware/pins.tsv`.
impl Default for Pins {
    fn default() -> Self {
        Self {
            led_health: Some(5),
            led_network: Some(6),
            led_gsm: Some(13),
            led_sip: Some(19),
            led_alert: Some(26),
            led_fault: Some(22),
            buzzer: Some(12),
            pwrkey: Some(23),
            reset: Some(24),
            status: Some(25),
            button: Some(17),
            relays: Vec::new(),
            contacts: Vec::new(),
        }
    }
}

impl Board {
    /// How long nobody may have acknowledged a critical alert, if nothing else is said.
    pub const BUZZER_AFTER: Duration = Duration::from_mins(10);
}

impl Default for Board {
    fn default() -> Self {
        Self {
            kind: BoardKind::RaspberryPi,
            admin: None,
            buzzer_after: Self::BUZZER_AFTER,
            pins: Pins::default(),
        }
    }
}
