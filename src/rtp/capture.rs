//! A sound card as the sound of a call, live.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::Session;
use crate::audio::{AudioError, Recorder, Resampling, TELEPHONE_RATE};

/// How often the recorder is asked: as often as it hears something new.
const TICK: Duration = Duration::from_millis(20);

/// Lets the other side hear what a recorder hears, until the session is closed. What is queued in
/// the session goes before it. Of what is heard while nobody asks, the recorder keeps as much as it
/// was opened for; a second is plenty.
///
/// # Errors
/// If the device fails.
pub async fn capture(session: &Session, recorder: &Recorder) -> Result<(), AudioError> {
    let mut resampling = Resampling::new(recorder.rate(), TELEPHONE_RATE);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !session.is_closed() {
        ticks.tick().await;
        session.feed(&resampling.push(&recorder.take()?.samples));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::audio::g711::{Law, decode, encode};
    use crate::audio::simulated;
    use crate::config::Audio;
    use crate::rtp::{Options, Silence, Stream};

    #[tokio::test]
    async fn what_a_card_hears_is_heard_at_the_other_side() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("room.raw");
        // Nowhere silent, and nowhere like itself.
        let mut state = 1_u32;
        let sound: Vec<i16> = (0..80_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                i16::try_from(state >> 20).unwrap() + 100
            })
            .collect();
        let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        std::fs::write(&file, bytes).unwrap();
        let capture_name = simulated::capture(&file);
        let config = Audio { playback: "null".to_owned(), capture: capture_name, level: 100 };
        let recorder = Recorder::open(&config, Duration::from_secs(1)).await.unwrap();

        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let record = Duration::from_secs(10);
        let options = Options { silence: Silence::Digital, record, ..Options::default() };
        let (near, _near_events) = Session::open(local, 0..=0, options).await.unwrap();
        let (far, _far_events) = Session::open(local, 0..=0, options).await.unwrap();
        let stream = |port| Stream {
            remote: SocketAddr::new(local, port),
            remote_rtcp: SocketAddr::new(local, port + 1),
            codec: Law::A,
            payload: 8,
            events: None,
            events_received: None,
            comfort_noise: None,
            packet_time: Duration::from_millis(20),
            we_send: true,
            we_receive: true,
            keys: None,
        };
        near.point(stream(far.port()));
        far.point(stream(near.port()));
        let through = decode(Law::A, &encode(Law::A, &sound));
        // Silence is coded as the sample next to it.
        let arrives = async {
            loop {
                let heard = far.heard().samples;
                let begin = heard.iter().position(|sample| sample.abs() > 50).unwrap_or(0);
                // What is gathered before it begins arrives in one piece.
                if let Some(piece) = heard.get(begin + 1..begin + 400)
                    && through.windows(piece.len()).any(|window| window == piece)
                {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            ended = capture(&near, &recorder) => panic!("{ended:?}"),
            heard = timeout(Duration::from_secs(8), arrives) => heard.unwrap(),
        }
        near.close().await;
    }
}
