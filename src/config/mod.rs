//! The configuration: one TOML file, read into types that cannot be wrong.

mod directory;
pub mod edit;
mod fault;
mod load;
mod name;
mod read;
mod section;
mod template;
mod value;

pub use directory::{Directory, Person};
pub use fault::{Fault, LoadError};
pub use load::{Loaded, known_keys};
pub use name::{ChannelName, GroupName, Language, MailAddress, NameError, PersonName, PhoneNumber};
pub use section::{
    Appliance, AuthPolicy, Channels, Config, Filter, Ignore, Listener, ListenerTls, Mail, Modem,
    ModemModel, Queue, RelayTls, Retry, Sms, Smtp, SmtpUser, Templates, TextTemplates,
};
pub use template::{Field, Template, TemplateError};
pub use value::{ByteSize, Secret};
