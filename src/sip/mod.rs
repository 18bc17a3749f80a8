//! The appliance as a telephone on a company's exchange: SIP (RFC 3261), by its own small user agent.

mod account;
mod act;
mod agent;
mod auth;
mod call;
mod dialog;
pub mod digest;
mod endpoint;
mod errand;
mod flow;
pub mod message;
mod registration;
mod resolve;
pub mod sdp;
mod session_timer;
mod timing;
mod token;
mod transaction;
mod transport;

pub use agent::{Agent, Call, MessageError, Options};
pub use auth::AuthError;
pub use call::{CallEnd, CallEvent, CallRequest, Target};
pub use endpoint::{Action, Endpoint, Hop, Key, Load, ReachId};
pub use errand::ErrandEnd;
pub use flow::Flow;
pub use registration::{AccountStatus, Registration};
pub use timing::Timing;
pub use transaction::Failure;
