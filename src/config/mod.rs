//! The configuration: one TOML file, read into types that cannot be wrong.

mod amount;
mod board;
pub mod diff;
mod directory;
pub mod edit;
mod emergency;
mod fault;
mod load;
pub mod mask;
mod name;
mod read;
mod section;
mod sip;
mod system;
mod template;
mod value;
mod web;

pub use amount::{Amount, AmountError};
pub use board::{Board, BoardKind, Pin, Pins};
pub use directory::{Directory, Person};
pub use emergency::is_emergency;
pub use fault::{Fault, LoadError};
pub use load::{Loaded, known_keys};
pub use name::{
    ChannelName, Extension, GroupName, Language, MailAddress, NameError, PersonName, PhoneNumber,
    VoiceName,
};
pub use section::{
    Appliance, Audio, AuthPolicy, Call, Channels, Config, Filter, Gsm, Ignore, Listener,
    ListenerTls, Mail, Modem, ModemAudio, ModemBalance, ModemModel, Queue, RelayTls, Retry, Sms,
    Smtp, SmtpUser, Speech, Templates, TextTemplates, Unacknowledged,
};
pub use sip::{Encryption, Sip, SipAccount, SipCodec, SipMessage, SipSilence, SipTransport, Voip};
pub use system::{Addressing, System, Wifi, Wireguard};
pub use template::{Field, Template, TemplateError};
pub use value::{ByteSize, Pattern, Secret};
pub use web::Web;
