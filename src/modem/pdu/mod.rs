//! Short messages as octets (3GPP TS 23.040 section 9.2).

mod address;
mod octets;
mod reassembly;
mod receive;
mod split;
mod submit;
mod time;
mod user_data;

pub use address::Address;
pub use octets::{DecodeError, from_hex, to_hex};
pub use reassembly::Reassembly;
pub use receive::{Deliver, DeliveryState, Received, StatusReport, decode_received};
pub use split::{shorten, split};
pub use submit::{Submit, Validity};
pub use user_data::{Alphabet, Body, Concatenation, Part};
