//! Why two telephones cannot agree.

/// Why there is no agreement, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Too much to read.
    #[error("the other side's description of the sound is longer than 64 KiB")]
    TooLong,
    /// No `m=audio`.
    #[error("the other side describes no sound")]
    NoSound,
    /// `m=audio 0`.
    #[error("the other side refuses the sound")]
    Refused,
    /// The port is no number.
    #[error("the other side names no port that is one")]
    Port,
    /// No `c=`, or none with an address.
    #[error("the other side does not say where its sound goes")]
    NoAddress,
    /// A name instead of an address: it is not looked up here.
    #[error("the other side takes its sound at the name {0:?}, where an address belongs")]
    HostName(String),
    /// A group or broadcast address.
    #[error("the other side wants its sound sent to {0}, which is not the address of one host")]
    NotOneHost(std::net::IpAddr),
    /// IPv6 against IPv4.
    #[error("the other side takes its sound at {0}, which cannot be reached from {1}")]
    OtherFamily(std::net::IpAddr, std::net::IpAddr),
    /// Not RTP, or RTP over something else.
    #[error("the other side wants {0:?}, which is not known here")]
    Protocol(String),
    /// DTLS-SRTP.
    #[error("the other side wants encryption by DTLS; only keys in the SDP (SDES) are known here")]
    Dtls,
    /// No codec in common.
    #[error("no codec in common: the other side has {0}")]
    NoCodec(String),
    /// Encryption is required, and not to be had.
    #[error("the other side does not encrypt the sound, and that is required here")]
    NotEncrypted,
    /// The other side requires encryption, and it is off.
    #[error("the other side wants the sound encrypted, and that is off here")]
    EncryptionOff,
    /// RTP/SAVP without a key.
    #[error("the other side wants the sound encrypted, and sends no key")]
    NoKey,
    /// No key that can be used.
    #[error("the other side's key cannot be used: {0}")]
    Key(KeyFault),
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not `tag suite inline:key`.
    #[error("its line cannot be read")]
    Line,
    /// A suite we do not know, or did not offer.
    #[error(
        "its suite is neither of AES_CM_128_HMAC_SHA1_80 and AES_CM_128_HMAC_SHA1_32 as offered"
    )]
    Suite,
    /// Not 30 bytes in Base64.
    #[error("it is not of 30 bytes")]
    Length,
    /// Several keys, told apart in the packets.
    #[error("it comes with an index of keys (MKI)")]
    Mki,
    /// A parameter that changes how packets are encrypted.
    #[error("it comes with a parameter that is not known here")]
    Parameter,
}
