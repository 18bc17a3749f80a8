//! The appliance as a telephone on a company's exchange: SIP (RFC 3261), by its own small user agent.

pub mod digest;

pub mod message;

pub mod sdp;
