//! The sound of a telephone call over a network: RTP, RTCP, SRTP.

pub mod packet;
pub mod srtp;
