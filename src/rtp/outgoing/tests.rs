//! What is sent in each packet time, as packets.

use super::super::event::KeyReader;
use super::super::packet::Packet;
use super::super::srtp::{Opener, Suite, master};
use super::super::stream::tests::stream;
use super::super::stream::{Keys, Kind};
use super::*;

const FIRST: Identity = Identity { ssrc: 0xabcd, sequence: 0xfffe, timestamp: u32::MAX - 159 };

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn outgoing(silence: Silence, stream: Stream) -> Outgoing {
    let mut outgoing = Outgoing::new(FIRST, silence);
    outgoing.point(stream);
    outgoing
}

fn sound(samples: usize) -> Arc<Pcm> {
    // Loud, so that it is no noise.
    Arc::new(Pcm { rate: TELEPHONE_RATE, samples: vec![8000; samples] })
}

/// One letter for each packet time: `s`peech, `n`oise, `e`vent, `c`omfort noise, `-` nothing;
/// capital with the marker.
fn course(outgoing: &mut Outgoing, times: usize) -> String {
    let mut packet = Vec::new();
    let mut course = String::new();
    for _ in 0..times {
        let letter = match outgoing.tick(now(), &mut packet).to {
            None => '-',
            Some(to) => {
                assert_eq!(to, stream().remote);
                let packet = Packet::read(&packet).unwrap();
                let letter = match stream().kind(packet.header.payload) {
                    Kind::Event => 'e',
                    Kind::ComfortNoise => 'c',
                    Kind::Sound(law) => {
                        let loud = g711::decode(law, packet.payload);
                        if loud.iter().any(|sample| sample.abs() > 1000) { 's' } else { 'n' }
                    }
                    Kind::Unknown => '?',
                };
                if packet.header.marker { letter.to_ascii_uppercase() } else { letter }
            }
        };
        course.push(letter);
    }
    course
}

#[test]
fn what_follows_what() {
    let held = Stream { we_send: false, ..stream() };
    let without_noise = Stream { comfort_noise: None, ..stream() };
    let without_events = Stream { events: None, ..stream() };
    let slow = Stream { packet_time: Duration::from_millis(60), ..stream() };
    // Silence, stream, sound at first, keys, course.
    let table = [
        (Silence::Noise, stream(), 0, "", "Nnnnnn"),
        (Silence::Digital, stream(), 320, "", "Ssnnnn"),
        // The third packet is half speech.
        (Silence::Noise, stream(), 400, "", "Sssnnn"),
        (Silence::Described, stream(), 0, "", "c------------------------c-----"),
        (Silence::Described, stream(), 320, "", "Ssc---"),
        (Silence::Described, without_noise, 320, "", "Ssnnnn"),
        (Silence::Noise, stream(), 320, "1", "Eeeeeeennnnssnn"),
        (Silence::Noise, stream(), 0, "12", "EeeeeeennnnEeeeeeennnnn"),
        (Silence::Described, stream(), 0, "1", "Eeeeeeec---"),
        (Silence::Noise, without_events, 320, "1", "Sssssnnnnssn"),
        (Silence::Noise, held, 320, "1", "------"),
        (Silence::Noise, slow, 480, "", "Snnnnn"),
    ];
    for (silence, stream, samples, keys, expected) in table {
        let mut outgoing = outgoing(silence, stream);
        outgoing.play(sound(samples));
        for key in keys.chars() {
            outgoing.key(key).unwrap();
        }
        let name = format!("{silence:?} {samples} {keys:?}");
        assert_eq!(course(&mut outgoing, expected.len()), expected, "{name}");
    }
}

#[test]
fn numbers_go_on_through_silence_change_and_standstill() {
    let mut outgoing = outgoing(Silence::Described, stream());
    let mut packet = Vec::new();
    let mut header = |outgoing: &mut Outgoing| {
        let tick = outgoing.tick(now(), &mut packet);
        tick.to.map(|_| Packet::read(&packet).unwrap().header)
    };
    outgoing.play(sound(160));
    let first = header(&mut outgoing).unwrap();
    assert_eq!((first.sequence, first.timestamp, first.ssrc), (0xfffe, u32::MAX - 159, 0xabcd));
    let second = header(&mut outgoing).unwrap();
    assert_eq!((second.payload, second.sequence, second.timestamp), (13, 0xffff, 0));
    assert_eq!(header(&mut outgoing), None);
    outgoing.skip(100);
    outgoing.play(sound(320));
    let third = header(&mut outgoing).unwrap();
    assert_eq!((third.sequence, third.timestamp, third.marker), (0, 102 * 160, true));
    outgoing.point(Stream { we_send: false, ..stream() });
    assert_eq!(header(&mut outgoing), None);
    assert!(!outgoing.is_silent());
    outgoing.point(Stream { codec: g711::Law::Mu, payload: 0, ..stream() });
    outgoing.rename(5);
    let fourth = header(&mut outgoing).unwrap();
    assert_eq!((fourth.sequence, fourth.timestamp, fourth.marker), (1, 104 * 160, true));
    assert_eq!((fourth.payload, fourth.ssrc), (0, 5));
    let counts = outgoing.counts();
    assert_eq!((counts.packets, counts.octets, counts.skipped), (4, 3 * 160 + 1, 100));
}

#[test]
fn who_waits_is_told_at_the_end_of_the_last_packet() {
    let mut outgoing = outgoing(Silence::Noise, stream());
    let mut packet = Vec::new();
    let mut tick = |outgoing: &mut Outgoing| {
        let news = outgoing.tick(now(), &mut packet).news;
        (news, outgoing.is_silent())
    };
    assert!(outgoing.is_silent());
    outgoing.play(sound(200));
    assert_eq!(tick(&mut outgoing), (false, false));
    assert_eq!(tick(&mut outgoing), (false, false));
    assert_eq!(tick(&mut outgoing), (true, true));
    outgoing.play(sound(2000));
    assert_eq!(tick(&mut outgoing), (false, false));
    outgoing.clear();
    assert!(outgoing.is_silent());
    assert_eq!(course(&mut outgoing, 2), "nn");
    let (first, second) = (outgoing.key('1').unwrap(), outgoing.key('2').unwrap());
    assert_eq!((first, second, outgoing.key('x')), (1, 2, None));
    let sent: Vec<u64> = (0..22)
        .map(|_| {
            outgoing.tick(now(), &mut packet);
            outgoing.counts().keys
        })
        .collect();
    assert_eq!(sent.iter().position(|keys| *keys == first), Some(7));
    assert_eq!(sent.iter().position(|keys| *keys == second), Some(18));
}

#[test]
fn keys_are_those_that_a_reader_hears() {
    let mut outgoing = outgoing(Silence::Noise, stream());
    let mut reader = KeyReader::default();
    for key in "0*#D99".chars() {
        outgoing.key(key).unwrap();
    }
    let mut packet = Vec::new();
    let mut heard = String::new();
    for _ in 0..80 {
        outgoing.tick(now(), &mut packet);
        let packet = Packet::read(&packet).unwrap();
        if packet.header.payload == 101 {
            heard.extend(reader.packet(&packet.header, packet.payload));
        }
    }
    assert_eq!(heard, "0*#D99");
    let queued = (0..99).filter(|_| outgoing.key('1').is_some()).count();
    assert_eq!(queued, MAX_KEYS);
}

#[test]
fn what_is_sealed_opens_and_the_same_key_goes_on() {
    let keys = Keys { ours: master(Suite::Aes80), theirs: master(Suite::Aes80) };
    let secure = Stream { keys: Some(keys), ..stream() };
    let mut outgoing = outgoing(Silence::Noise, secure.clone());
    let mut opener = Opener::new(&master(Suite::Aes80)).unwrap();
    let mut packet = Vec::new();
    for _ in 0..5 {
        outgoing.tick(now(), &mut packet);
        assert_eq!(packet.len(), 12 + 160 + 10);
        opener.open(&mut packet).unwrap();
        // The numbers pass their end: a new sealer would begin with the first round again.
        outgoing.point(secure.clone());
    }
}

#[test]
fn a_report_tells_the_timestamp_of_its_moment() {
    let mut outgoing = outgoing(Silence::Noise, stream());
    let start = now();
    assert_eq!(outgoing.sent(7, start), None);
    let mut packet = Vec::new();
    outgoing.tick(start, &mut packet);
    let sent = outgoing.sent(7, start + Duration::from_millis(30)).unwrap();
    let timestamp = (u32::MAX - 159).wrapping_add(240);
    assert_eq!(sent, Sent { ntp: 7, timestamp, packets: 1, octets: 160 });
}
