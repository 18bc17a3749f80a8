//! What packets lead to, with stepped time.

use super::super::Silence;
use super::super::outgoing::{Identity, Outgoing};
use super::super::srtp::{MASTER, MasterKey, Suite, master};
use super::super::stream::Keys;
use super::super::stream::tests::stream;
use super::*;
use crate::audio::TELEPHONE_RATE;

const OURS: u32 = 1;
const THEIRS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(10);

/// Both ends: the other side sends, we receive.
struct Line {
    now: Instant,
    far: Outgoing,
    near: Incoming,
    from: SocketAddr,
}

impl Line {
    fn new(stream: Stream) -> Self {
        let now = tokio::time::Instant::now().into_std();
        let identity = Identity { ssrc: THEIRS, sequence: 65_530, timestamp: 77 };
        let from = stream.remote;
        let mut far = Outgoing::new(identity, Silence::Noise);
        far.point(stream.clone());
        let mut near = Incoming::new(PATIENCE, 100_000);
        near.point(stream, now);
        Self { now, far, near, from }
    }

    /// The next packet of the other side.
    fn packet(&mut self) -> Vec<u8> {
        self.now += Duration::from_millis(20);
        let mut packet = Vec::new();
        assert!(self.far.tick(self.now, &mut packet).to.is_some());
        packet
    }

    fn receive(&mut self, packet: &[u8]) -> Vec<Happening> {
        let happenings = self.near.datagram(&mut packet.to_vec(), self.from, OURS, self.now);
        happenings.into_iter().collect()
    }

    /// Sends and receives so many packets.
    fn pass(&mut self, packets: usize) -> Vec<Happening> {
        (0..packets)
            .flat_map(|_| {
                let packet = self.packet();
                self.receive(&packet)
            })
            .collect()
    }
}

fn elsewhere() -> SocketAddr {
    "198.51.100.7:9999".parse().unwrap()
}

#[test]
fn sound_arrives_as_the_codec_leaves_it_in_whatever_order() {
    let mut line = Line::new(stream());
    let samples: Vec<i16> = (0..1600_i16).map(|index| (index % 97) * 300).collect();
    line.far.play(std::sync::Arc::new(Pcm { rate: TELEPHONE_RATE, samples: samples.clone() }));
    let mut packets: Vec<Vec<u8>> = (0..10).map(|_| line.packet()).collect();
    packets.swap(3, 4);
    packets.swap(7, 9);
    packets.push(packets[5].clone());
    let happenings: Vec<Happening> =
        packets.iter().flat_map(|packet| line.receive(packet)).collect();
    assert_eq!(happenings, [Happening::Heard]);
    let law = stream().codec;
    assert_eq!(line.near.recorded().samples, g711::decode(law, &g711::encode(law, &samples)));
    let counts = line.near.counts();
    assert_eq!((counts.received, counts.lost(), counts.duplicates, counts.late), (10, 0, 1, 3));
    assert_eq!(line.near.octets(), 1600);
}

#[test]
fn keys_come_as_events_or_else_as_tones_and_never_as_both() {
    let without = Stream { events: None, ..stream() };
    for stream in [stream(), without] {
        let mut line = Line::new(stream);
        for key in "19#".chars() {
            line.far.key(key).unwrap();
        }
        let keys: Vec<Happening> = line.pass(60);
        let expected =
            [Happening::Heard, Happening::Key('1'), Happening::Key('9'), Happening::Key('#')];
        assert!(expected.iter().all(|one| keys.contains(one)) && keys.len() == 4, "{keys:?}");
    }
    // Tones, though events were agreed: the events would follow.
    let mut line = Line::new(stream());
    line.far.point(Stream { events: None, ..stream() });
    line.far.key('1').unwrap();
    assert_eq!(line.pass(30), [Happening::Heard]);
}

#[test]
fn a_storm_of_keys_has_a_limit() {
    let mut line = Line::new(stream());
    let mut keys = 0;
    for sequence in 0..1000 {
        let header = Header {
            marker: true,
            payload: 101,
            sequence,
            timestamp: u32::from(sequence) * 10_000,
            ssrc: THEIRS,
        };
        let packet = [&header.octets()[..], &[1, 0, 0, 160]].concat();
        keys += line.receive(&packet).len();
    }
    assert_eq!(keys, 16);
    line.now += Duration::from_millis(100);
    let header =
        Header { marker: true, payload: 101, sequence: 1000, timestamp: 10_000_000, ssrc: THEIRS };
    let packet = [&header.octets()[..], &[1, 0, 0, 160]].concat();
    assert_eq!(line.receive(&packet), [Happening::Key('1')]);
}

#[test]
fn the_other_side_is_followed_to_where_it_is() {
    let mut line = Line::new(stream());
    line.from = elsewhere();
    assert_eq!(line.pass(3), [Happening::Moved(elsewhere()), Happening::Heard]);
    assert_eq!(line.near.remote(), Some(elsewhere()));
    // Nobody else is.
    line.from = stream().remote;
    assert_eq!(line.pass(3), []);
    assert_eq!((line.near.rejected().unexpected, line.near.counts().received), (4, 2));
    // A change that leaves the address alone leaves that, too; a new address is believed.
    line.near.point(Stream { we_send: false, ..stream() }, line.now);
    assert_eq!(line.near.remote(), Some(elsewhere()));
    line.near.point(Stream { remote: "192.0.2.9:5".parse().unwrap(), ..stream() }, line.now);
    assert_eq!(line.near.remote(), "192.0.2.9:5".parse().ok());
}

#[test]
fn a_sender_that_begins_anew_is_believed_with_its_second_packet() {
    let mut line = Line::new(stream());
    line.pass(5);
    line.far.rename(3);
    assert_eq!(line.pass(1), []);
    assert_eq!(line.near.ssrc(), Some(THEIRS));
    line.pass(4);
    assert_eq!((line.near.ssrc(), line.near.counts().received), (Some(3), 9));
    assert_eq!(line.near.counts().lost(), 0);
}

#[test]
fn who_is_called_as_we_are_is_told_once() {
    let mut line = Line::new(stream());
    line.far.rename(OURS);
    assert_eq!(line.pass(5), [Happening::Collision, Happening::Heard]);
    assert_eq!(line.near.counts().received, 5);
}

#[test]
fn packets_of_another_kind_are_counted_and_no_loss() {
    let mut line = Line::new(stream());
    line.pass(2);
    line.far.point(Stream { payload: 96, ..stream() });
    assert_eq!(line.pass(3), []);
    line.far.point(Stream { payload: 0, codec: g711::Law::Mu, ..stream() });
    line.pass(2);
    assert_eq!((line.near.counts().received, line.near.counts().lost()), (7, 0));
    assert_eq!(line.near.rejected().unexpected, 3);
    // Of another kind and from elsewhere, or nothing at all.
    line.from = elsewhere();
    for packet in [&b"SIP/2.0 200 OK"[..], b"", &[0x80; 11], &[0xff; 1500]] {
        assert_eq!(line.receive(packet), []);
    }
    assert_eq!(line.near.rejected().unexpected, 7);
}

#[test]
fn nothing_is_heard_without_the_key_or_twice_with_it() {
    let keys = |key: MasterKey| Some(Keys { ours: key.clone(), theirs: key });
    for suite in [Suite::Aes80, Suite::Aes32] {
        let secure = Stream { keys: keys(master(suite)), ..stream() };
        let mut line = Line::new(secure.clone());
        // In the clear.
        line.far.point(stream());
        assert_eq!(line.pass(3), []);
        // With another key.
        let wrong = MasterKey { suite, key: [9; MASTER] };
        line.far.point(Stream { keys: keys(wrong), ..stream() });
        assert_eq!(line.pass(3), []);
        assert_eq!((line.near.rejected().refused, line.near.counts().received), (6, 0));
        // With the right one, from elsewhere; and once more.
        line.far.point(secure);
        line.from = elsewhere();
        let packet = line.packet();
        assert_eq!(line.receive(&packet), [Happening::Moved(elsewhere()), Happening::Heard]);
        assert_eq!(line.receive(&packet), []);
        assert_eq!((line.near.rejected().refused, line.near.counts().received), (7, 1));
    }
}

#[test]
fn silence_is_told_once_each_time() {
    let mut line = Line::new(stream());
    let begin = line.now;
    assert_eq!(line.near.silent_at(), Some(begin + PATIENCE));
    assert_eq!(line.near.silence(begin + PATIENCE / 2), None);
    assert_eq!(line.near.silence(begin + PATIENCE), Some(PATIENCE));
    assert_eq!(line.near.silence(begin + PATIENCE * 2), None);
    assert_eq!(line.near.silent_at(), None);
    line.pass(1);
    assert_eq!(line.near.silent_at(), Some(line.now + PATIENCE));
    let late = line.now + PATIENCE + Duration::from_secs(1);
    assert_eq!(line.near.silence(late), Some(PATIENCE + Duration::from_secs(1)));
    // Who holds the call may be silent.
    line.near.point(Stream { we_receive: false, ..stream() }, line.now);
    assert_eq!(line.near.silent_at(), None);
    line.pass(1);
    assert_eq!(line.near.silent_at(), None);
}

#[test]
fn before_anything_was_agreed_nothing_is_believed() {
    let mut near = Incoming::new(PATIENCE, 0);
    let now = tokio::time::Instant::now().into_std();
    let happenings = near.datagram(&mut vec![0x80; 172], elsewhere(), OURS, now);
    assert_eq!(happenings, Happenings::default());
    assert_eq!((near.silent_at(), near.remote(), near.report()), (None, None, None));
}
