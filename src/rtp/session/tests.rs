//! Two sessions on loopback.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::time::timeout;

use super::super::srtp::{MASTER, MasterKey, Suite};
use super::super::stream::Keys;
use super::*;
use crate::audio::g711::{Law, decode, encode};
use crate::audio::tone;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longer than anything takes.
const LONG: Duration = Duration::from_mins(1);

async fn open(options: Options) -> (Session, Events) {
    Session::open(LOCAL, 0..=0, options).await.unwrap()
}

fn towards(port: u16) -> Stream {
    Stream {
        remote: SocketAddr::new(LOCAL, port),
        remote_rtcp: SocketAddr::new(LOCAL, port + 1),
        codec: Law::Mu,
        payload: 0,
        events: Some(101),
        events_received: None,
        comfort_noise: None,
        packet_time: Duration::from_millis(20),
        we_send: true,
        we_receive: true,
        keys: None,
    }
}

fn recording() -> Options {
    Options { silence: Silence::Digital, record: Duration::from_secs(10), ..Options::default() }
}

async fn next(events: &mut Events) -> Event {
    timeout(LONG, events.next()).await.unwrap().unwrap()
}

/// Waits for something that comes about.
async fn until(mut reached: impl FnMut() -> bool) {
    let wait = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, wait).await.unwrap();
}

/// Whether a sound was heard somewhere, exactly.
fn holds(heard: &[i16], sound: &[i16]) -> bool {
    heard.windows(sound.len()).any(|window| window == sound)
}

#[tokio::test]
async fn sound_and_keys_go_both_ways_as_the_codec_leaves_them() {
    let ((near, mut near_events), (far, mut far_events)) =
        (open(recording()).await, open(recording()).await);
    near.point(towards(far.port()));
    far.point(Stream { codec: Law::A, payload: 8, ..towards(near.port()) });
    let sound = Arc::new(tone(TELEPHONE_RATE, 1000.0, Duration::from_millis(300), 0.5));
    near.play(Arc::clone(&sound)).await;
    far.play(Arc::clone(&sound)).await;
    timeout(LONG, async { tokio::join!(near.drained(), far.drained()) }).await.unwrap();
    let through = |law| decode(law, &encode(law, &sound.samples));
    until(|| holds(&far.heard().samples, &through(Law::Mu))).await;
    until(|| holds(&near.heard().samples, &through(Law::A))).await;

    let keys = async { tokio::join!(near.send_key('5'), far.send_key('#'), near.send_key('x')) };
    assert_eq!(timeout(LONG, keys).await.unwrap(), (true, true, false));
    assert_eq!(
        (next(&mut far_events).await, next(&mut far_events).await),
        (Event::Heard, Event::Key('5'))
    );
    assert_eq!(
        (next(&mut near_events).await, next(&mut near_events).await),
        (Event::Heard, Event::Key('#'))
    );
    let quality = near.close().await;
    assert_eq!(next(&mut far_events).await, Event::Bye);
    assert!(quality.sent.packets > 20 && quality.received.packets > 15, "{quality:?}");
    assert_eq!((quality.received.lost, quality.unexpected, quality.refused), (0, 0, 0));
    assert!(quality.mos.unwrap() > 4.0, "{quality:?}");
    far.close().await;
    assert_eq!(near_events.next().await, None);
}

#[tokio::test]
async fn clear_cuts_and_what_waits_for_room_goes_on() {
    let (near, _events) = open(Options::default()).await;
    let (far, _far_events) = open(recording()).await;
    near.point(towards(far.port()));
    let long = Arc::new(tone(TELEPHONE_RATE, 700.0, Duration::from_secs(30), 0.5));
    near.play(Arc::clone(&long)).await;
    assert!(timeout(Duration::from_millis(50), near.play(Arc::clone(&long))).await.is_err());
    near.clear();
    timeout(LONG, near.drained()).await.unwrap();
    // Of another rate.
    near.play(Arc::new(tone(16_000, 700.0, Duration::from_millis(100), 0.5))).await;
    timeout(LONG, near.drained()).await.unwrap();
    near.close().await;
    // What was queued before a close is not waited for.
    let (near, _events) = open(Options::default()).await;
    near.play(long).await;
    let line = Arc::clone(&near.line);
    drop(near);
    until(|| line.is_closed()).await;
    timeout(LONG, line.until(Outgoing::is_silent)).await.unwrap();
}

fn keys(suite: Suite, ours: u8, theirs: u8) -> Keys {
    let key = |octet| MasterKey { suite, key: [octet; MASTER] };
    Keys { ours: key(ours), theirs: key(theirs) }
}

#[tokio::test]
async fn encrypted_sound_is_heard_by_who_has_the_key_alone() {
    for suite in [Suite::Aes80, Suite::Aes32] {
        let (near, _near_events) = open(Options::default()).await;
        let (far, mut far_events) = open(recording()).await;
        near.point(Stream { keys: Some(keys(suite, 1, 2)), ..towards(far.port()) });
        far.point(Stream { keys: Some(keys(suite, 2, 9)), ..towards(near.port()) });
        until(|| far.quality().refused > 5).await;
        assert_eq!(far.quality().received.packets, 0);
        far.point(Stream { keys: Some(keys(suite, 2, 1)), ..towards(near.port()) });
        assert_eq!(next(&mut far_events).await, Event::Heard);
        until(|| near.quality().received.packets > 2).await;
        assert!(timeout(LONG, near.send_key('1')).await.unwrap());
        assert_eq!(next(&mut far_events).await, Event::Key('1'));
        near.close().await;
        // The goodbye is sealed, too.
        assert_eq!(next(&mut far_events).await, Event::Bye);
    }
}

/// Takes packets from a session and passes them on to another, as a network may.
struct Relay {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Relay {
    async fn new(to: u16) -> Self {
        let socket = UdpSocket::bind((LOCAL, 0)).await.unwrap();
        Self { socket, to: SocketAddr::new(LOCAL, to) }
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().unwrap().port()
    }

    /// Passes on so many packets, each so often as `copies` says.
    async fn pass(&self, packets: usize, copies: impl Fn(usize) -> usize) {
        let mut packet = [0; 1500];
        for count in 0..packets {
            let received = timeout(LONG, self.socket.recv_from(&mut packet)).await.unwrap();
            let length = received.unwrap().0;
            for _ in 0..copies(count) {
                self.socket.send_to(&packet[..length], self.to).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn replayed_and_lost_packets_are_counted_and_told() {
    let (near, _near_events) = open(Options::default()).await;
    let (far, _far_events) = open(Options::default()).await;
    let relay = Relay::new(far.port()).await;
    let to_relay = SocketAddr::new(LOCAL, relay.port());
    near.point(Stream {
        remote: to_relay,
        keys: Some(keys(Suite::Aes80, 1, 2)),
        ..towards(far.port())
    });
    // What it sent itself would show that it is not where the relay is.
    let far_keys = Some(keys(Suite::Aes80, 2, 1));
    far.point(Stream { we_send: false, keys: far_keys, ..towards(near.port()) });
    // Of ten packets one is lost, and one comes twice.
    relay
        .pass(50, |count| match count % 10 {
            4 => 0,
            7 => 2,
            _ => 1,
        })
        .await;
    until(|| far.quality().received.packets == 45).await;
    let quality = far.quality();
    assert_eq!((quality.received.lost, quality.refused, quality.duplicates), (5, 5, 0));
    assert!((quality.received.loss - 0.1).abs() < 0.01, "{quality:?}");

    // Reports say so to who sent them: the second one also how long the first was on its way.
    near.line.report_now();
    until(|| far.line.with_listening(|listening| listening.settled)).await;
    far.close().await;
    until(|| near.quality().reported).await;
    let quality = near.quality();
    assert_eq!(quality.sent.lost, 5, "{quality:?}");
    assert!(quality.sent.loss > 0.01 && quality.mos.unwrap() < 4.3, "{quality:?}");
    assert!(quality.round_trip.unwrap() < LONG, "{quality:?}");
}

#[tokio::test]
async fn the_other_side_is_followed_behind_a_translation_of_addresses() {
    let (near, mut events) = open(Options::default()).await;
    let (far, _far_events) = open(Options::default()).await;
    // It says that it is where nobody is.
    let nowhere = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    near.point(towards(nowhere.local_addr().unwrap().port()));
    far.point(towards(near.port()));
    assert_eq!(next(&mut events).await, Event::Heard);
    until(|| far.quality().received.packets > 3).await;
}

#[tokio::test]
async fn silence_is_told_while_it_should_not_be_silent() {
    let patience = Duration::from_millis(60);
    let (near, mut events) = open(Options { patience, ..Options::default() }).await;
    let nobody = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let stream = towards(nobody.local_addr().unwrap().port());
    near.point(Stream { we_receive: false, ..stream.clone() });
    assert!(timeout(patience * 3, events.next()).await.is_err());
    near.point(stream);
    assert!(matches!(next(&mut events).await, Event::Silent(time) if time >= patience));
    assert!(timeout(patience * 3, events.next()).await.is_err());
}

#[tokio::test]
async fn many_calls_at_once_lose_nothing() {
    let mut pairs = Vec::new();
    for _ in 0..25 {
        let ((near, near_events), (far, far_events)) =
            (open(Options::default()).await, open(recording()).await);
        near.point(towards(far.port()));
        far.point(towards(near.port()));
        pairs.push((near, far, near_events, far_events));
    }
    let sound = Arc::new(tone(TELEPHONE_RATE, 1000.0, Duration::from_millis(500), 0.5));
    for (near, ..) in &pairs {
        near.play(Arc::clone(&sound)).await;
    }
    let through = decode(Law::Mu, &encode(Law::Mu, &sound.samples));
    for (near, far, ..) in pairs {
        timeout(LONG, near.drained()).await.unwrap();
        until(|| holds(&far.heard().samples, &through)).await;
        let (near, far) = (near.close().await, far.close().await);
        assert_eq!((near.received.lost, far.received.lost, near.unsent), (0, 0, 0));
    }
}
