//! The receiver: RFC 5321 with what today's clients expect.
//!
//! [`Server`] opens the ports, a task per connection carries bytes to a [`Session`], which decides
//! everything and knows neither socket nor clock; what it accepts goes to the intake's
//! [`Door`](crate::intake::Door).

mod auth;
mod clients;
mod command;
mod connection;
mod data;
mod listener;
mod memory;
mod message;
mod path;
mod reply;
mod server;
mod session;
mod tls;

pub use clients::Clients;
pub use listener::{BindError, open as open_port};
pub use memory::Memory;
pub use server::Server;
pub use session::{Context, Ending, Session, Step};
pub use tls::{TlsError, TlsSlot, load as load_certificate};
