//! A call as it is held by whoever asked for it, and the agent's side of it.

use crate::line;
use crate::sip::call::{CallEvent, CallRequest};

/// A call under way. Dropping it hangs up.
pub type Call = line::Call<CallEvent>;

/// The agent's side of it.
pub(super) type CallJob = line::CallJob<CallRequest, CallEvent>;
