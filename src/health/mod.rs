//! What is known of every part, and what that means: one [`Status`] for LEDs, web, metrics, the
//! service manager and `doctor`. It decides; who gathers the facts is `appliance`.

mod assess;
mod balance;
mod facts;
mod status;

/// Name of the note that `provision` leaves beside the configuration when it could not take in a new
/// one.
pub const PROVISION_FAULT: &str = "provision-fault.txt";

/// Beside it too: what is wrong with the card, by the word of the image's `data-layout`.
pub const CARD_FAULT: &str = "card-fault.txt";

pub use assess::{bars, is_sane};
pub use balance::Balance;
pub use facts::{
    Attachment, Disk, Facts, Gsm, GsmState, LastOutcome, Network, People, Pulse, Queue, Receiver,
    Sip, SipAccount, SipState, Speech, Telling,
};
pub use status::{Alarm, Alert, Failure, Figures, Part, State, Status, Wakes};
