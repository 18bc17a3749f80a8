//! `[sip]` and `[[sip.account]]`: the appliance as a telephone on the company's exchange.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::{Retry, Secret};

/// `[sip]`: what all accounts have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sip {
    /// The exchanges it is a telephone of; the first one that works is used.
    pub accounts: Vec<SipAccount>,
    /// Address and port it speaks SIP from; port 0 takes any free one.
    pub listen: SocketAddr,
    /// UDP ports of the sound; two for each call.
    pub rtp_ports: RangeInclusive<u16>,
    /// Codecs that are offered, the best first.
    pub codecs: Vec<SipCodec>,
    /// What is sent where nothing is said.
    pub silence: SipSilence,
    /// Most calls at a time.
    pub max_calls: usize,
}

/// `[[sip.account]]`: an extension of an exchange, or a trunk of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipAccount {
    /// Domain of its address (AOR): `pbx.example.org` of `sip:200@pbx.example.org`. A port belongs
    /// to `registrar` or `proxy`.
    pub domain: String,
    /// User part of its address.
    pub extension: String,
    /// Who logs in, where that is not the extension.
    pub user: Option<String>,
    /// Password for digest authentication.
    pub password: Option<Secret>,
    /// Name that the called telephone shows.
    pub display_name: Option<String>,
    /// Host, and port if it is not the usual one, that requests go to; the domain's own servers
    /// (RFC 3263) when unset.
    pub proxy: Option<String>,
    /// Whether it registers. A trunk that knows us by our address needs none.
    pub register: bool,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// What SIP travels on.
    pub transport: SipTransport,
    /// PEM file of the CA that signed the exchange's certificate; the system's CAs when unset.
    pub ca: Option<PathBuf>,
    /// Whether sound is encrypted (SRTP, with keys by RFC 4568).
    pub srtp: Encryption,
}

/// What SIP travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SipTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP; the certificate is checked.
    Tls,
}

impl SipTransport {
    /// The word used in the configuration, and in a URI's `transport` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// Whether the sound of a call is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// Never.
    Off,
    /// When the other side can.
    Optional,
    /// Always; there is no call without.
    Required,
}

/// A codec of the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SipCodec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

/// What is sent where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SipSilence {
    /// A faint noise, as sound.
    Noise,
    /// Comfort noise (RFC 3389): a packet that describes the noise, now and then. A faint noise, as
    /// sound, where the other side does not know it.
    ComfortNoise,
    /// Zeros, as sound.
    Digital,
}

/// `[voip]`: the channel of calls by SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voip {
    /// Silence after the last word, before it hangs up.
    pub lead_out: Duration,
    /// How it tries again.
    pub retry: Retry,
}

/// `[sip-message]`: the channel of texts by SIP MESSAGE (RFC 3428).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SipMessage {
    /// How it tries again.
    pub retry: Retry,
}
