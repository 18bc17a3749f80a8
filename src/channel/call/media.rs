//! What SIP agrees on, as RTP wants it: SIP and RTP do not know each other.

use std::net::{IpAddr, Ipv4Addr};

use crate::audio::g711::Law;
use crate::config::{Encryption, Sip};
use crate::rtp::srtp::{self, MasterKey};
use crate::rtp::{Keys, Stream};
use crate::sip::sdp::{Agreed, Codec, CryptoKey, Local, Suite};

/// Our side of the sound, which comes in at this port. The user agent fills in our address and what
/// names the session, and offers the keys to accounts that encrypt.
#[must_use]
pub fn local(rtp_port: u16, sip: &Sip) -> Local {
    Local {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        rtp_port,
        codecs: sip.codecs.iter().copied().map(Codec::from).collect(),
        comfort_noise: true,
        encryption: Encryption::Off,
        keys: keys(),
        session_id: 0,
        version: 0,
    }
}

/// A new key for each suite, the better one first; none when the system gives no random numbers, and
/// then nothing is encrypted.
#[must_use]
pub fn keys() -> Vec<CryptoKey> {
    let random = rustls::crypto::ring::default_provider().secure_random;
    let new = |(tag, suite)| {
        let mut key = [0; srtp::MASTER];
        random.fill(&mut key).ok().map(|()| CryptoKey { tag, suite, key })
    };
    [(1, Suite::Aes80), (2, Suite::Aes32)].into_iter().filter_map(new).collect()
}

/// What was agreed, as a stream.
#[must_use]
pub fn stream(agreed: &Agreed) -> Stream {
    let codec = match agreed.codec {
        Codec::Pcmu => Law::Mu,
        Codec::Pcma => Law::A,
    };
    let keys = agreed.encryption.as_ref();
    let keys = keys.map(|(ours, theirs)| Keys { ours: master(ours), theirs: master(theirs) });
    Stream {
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        codec,
        payload: agreed.payload,
        events: agreed.events,
        events_received: agreed.events_received,
        comfort_noise: agreed.comfort_noise,
        packet_time: agreed.packet_time,
        we_send: agreed.we_send,
        we_receive: agreed.we_receive,
        keys,
    }
}

fn master(key: &CryptoKey) -> MasterKey {
    let suite = match key.suite {
        Suite::Aes80 => srtp::Suite::Aes80,
        Suite::Aes32 => srtp::Suite::Aes32,
    };
    MasterKey { suite, key: key.key }
}
