//! Whatever is said, a call is told one end.

use proptest::prelude::*;

use super::*;
use crate::config::ModemModel;
use crate::modem::at::{Digest, Expect, FinalResult, Item, ModemFault, Urc};

const SECOND: Duration = Duration::from_secs(1);

fn calling(model: Option<ModemModel>) -> Calling {
    let request = CallRequest {
        to: "+34600000001".parse().unwrap(),
        ring_time: 25 * SECOND,
        max_length: 60 * SECOND,
    };
    Calling::new(request, Quirks::of(model))
}

/// Does what is to be done now; what is told, and until when there is nothing to do.
fn act(calling: &mut Calling, now: Duration, told: &mut Vec<CallEvent>) -> Option<Duration> {
    for _ in 0..1000 {
        match calling.next(now) {
            Do::Tell(event) => told.push(event),
            Do::Send(_) | Do::Abort => {}
            Do::Wait(until) => {
                assert!(until > now, "waits for {until:?} at {now:?}");
                return Some(until);
            }
            Do::Over { .. } => return None,
        }
    }
    panic!("never waits");
}

#[derive(Debug, Clone)]
enum Happening {
    Answer(Answer),
    Urc(CallUrc),
    Ring,
    HangUp,
    Pass(Duration),
}

fn happening() -> impl Strategy<Value = Happening> {
    let states = prop_oneof![
        Just(CallState::Active),
        Just(CallState::Dialling),
        Just(CallState::Alerting),
        Just(CallState::Waiting),
        Just(CallState::Over),
    ];
    let listed = (any::<bool>(), states)
        .prop_map(|(outgoing, state)| CallUrc::Listed(ListedCall { outgoing, state }));
    let urc = prop_oneof![
        4 => listed,
        1 => Just(CallUrc::NoCarrier),
        1 => Just(CallUrc::Busy),
        1 => Just(CallUrc::Over),
        1 => Just(CallUrc::Waiting),
        2 => Just(CallUrc::Connected),
        2 => Just(CallUrc::Key('4')),
    ];
    let list = prop_oneof![Just("0"), Just("2"), Just("3"), Just("6"), Just("")];
    let list = list.prop_map(|state| {
        let line = format!("+CLCC: 1,0,{state},0,0");
        Answer::Ok(if state.is_empty() { vec![] } else { vec![line] })
    });
    let answer = prop_oneof![4 => list, 1 => Just(Answer::Error(ModemFault::plain()))];
    prop_oneof![
        6 => answer.prop_map(Happening::Answer),
        4 => urc.prop_map(Happening::Urc),
        1 => Just(Happening::Ring),
        1 => Just(Happening::HangUp),
        4 => (1u64..3000).prop_map(|ms| Happening::Pass(Duration::from_millis(ms))),
    ]
}

/// What modems say in a call, with the time before it in ms.
const SAID: [(u64, &str); 9] = [
    (20, "OK"),
    (400, "+CLCC: 1,0,3,0,0,\"+34600000001\",145"),
    (0, "RING"),
    (90, "+CLCC: 1,0,0,0,0,\"+34600000001\",145"),
    (10, "+DTMF: 4"),
    (0, "+CMTI: \"SM\",3"),
    (5, "+RXDTMF: #"),
    (0, "+CLCC: 1,0,6,0,0"),
    (0, "NO CARRIER"),
];

proptest! {
    #[test]
    fn whatever_happens_a_call_ends_once(
        happenings in proptest::collection::vec(happening(), 0..120),
        model in prop_oneof![Just(None), Just(Some(ModemModel::Sim900)), Just(Some(ModemModel::Sim7600))],
    ) {
        let (mut calling, mut told) = (calling(model), Vec::new());
        let mut now = Duration::ZERO;
        act(&mut calling, now, &mut told);
        for happening in happenings {
            match happening {
                Happening::Answer(answer) => calling.on_answer(answer, now),
                Happening::Urc(urc) => calling.on_urc(urc, now),
                Happening::Ring => calling.on_ring(),
                Happening::HangUp => calling.hang_up(CallEnd::HungUp, now),
                Happening::Pass(time) => now += time,
            }
            act(&mut calling, now, &mut told);
        }
        // Nothing more is said.
        while let Some(until) = act(&mut calling, now, &mut told) {
            now = until;
        }
        prop_assert!(now < 600 * SECOND, "{now:?}");
        let ends = told.iter().filter(|event| matches!(event, CallEvent::Ended(_))).count();
        prop_assert_eq!(ends, 1, "{:?}", told);
        prop_assert!(matches!(told.last(), Some(CallEvent::Ended(_))), "{:?}", told);
        prop_assert_eq!(told.first(), Some(&CallEvent::Dialling));
        for once in [CallEvent::Ringing, CallEvent::Answered] {
            prop_assert!(told.iter().filter(|event| **event == once).count() <= 1);
        }
    }

    #[test]
    fn bytes_in_any_pieces_make_the_same_call(cuts in proptest::collection::vec(1usize..9, 400)) {
        let (mut calling, mut told) = (calling(Some(ModemModel::Sim900)), Vec::new());
        let (mut digest, mut lines, mut now) = (Digest::default(), Vec::new(), Duration::ZERO);
        let mut cuts = cuts.into_iter();
        act(&mut calling, now, &mut told);
        for (wait, line) in SAID {
            now += Duration::from_millis(wait);
            let bytes = format!("\r\n{line}\r\n").into_bytes();
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(9).min(rest.len()));
                rest = after;
                digest.push(piece);
                while let Some(item) = digest.next(&Expect::default()) {
                    match item {
                        Item::Urc(Urc::Call(urc)) => calling.on_urc(urc, now),
                        Item::Urc(Urc::Ring) => calling.on_ring(),
                        Item::Final(FinalResult::Ok) => calling.on_answer(Answer::Ok(std::mem::take(&mut lines)), now),
                        Item::Line(line) => lines.push(line),
                        Item::Final(FinalResult::Error(_)) | Item::Urc(_) | Item::Echo | Item::Prompt => {}
                    }
                }
                act(&mut calling, now, &mut told);
            }
        }
        let words: Vec<String> = told.iter().map(ToString::to_string).collect();
        prop_assert_eq!(
            words.join(", "),
            "dialling, ringing, answered, key 4, key #, ended: the other side hung up"
        );
    }
}
