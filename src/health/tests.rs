//! Facts, and what they mean.

use std::collections::BTreeMap;

use super::*;
use crate::alert::AlertId;
use crate::health::{
    Disk, Network, People, Pulse, Queue, Receiver, Sip, SipAccount, Speech, Telling,
};

fn well() -> Facts {
    Facts {
        channels: vec![ChannelName::Mail, ChannelName::Sms, ChannelName::Gsm],
        people: People { mail: true, phone: true, extension: false },
        configuration: None,
        under_voltage: Some(false),
        receiver: Receiver { ports: 2, open: 2 },
        pulse: Pulse::default(),
        queue: Queue { most: 10, ..Queue::default() },
        disk: Disk { free: Some(1 << 30), kept: 16 << 20, ..Disk::default() },
        clock: Timestamp::from_second(FIRST_SANE).unwrap(),
        network: Some(Network { up: vec!["eth0".to_owned()], default_route: true }),
        gsm: Some(Gsm {
            state: GsmState::Ready,
            answers: true,
            attachment: Attachment::Registered,
            signal_dbm: Some(-79),
            operator: Some("Movistar".to_owned()),
            in_call: false,
            balance: None,
        }),
        sip: None,
        relay: true,
        speech: Speech::default(),
        telling: Telling::default(),
        silenced: Vec::new(),
    }
}

fn gsm(facts: &mut Facts) -> &mut Gsm {
    facts.gsm.as_mut().unwrap()
}

fn poor() -> Balance {
    let amount = |text: &str| Some(text.parse().unwrap());
    Balance { amount: amount("1.5"), warning: amount("5"), ..Balance::default() }
}

fn sip(states: &[SipState]) -> Sip {
    let account =
        |state: &SipState| SipAccount { name: "200@pbx".to_owned(), state: state.clone() };
    Sip { accounts: states.iter().map(account).collect() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn who_is_well_wakes_somebody() {
    let status = well().assess();
    assert!(status.parts.values().all(|state| matches!(state, State::Ok | State::Off)));
    assert_eq!(status.wakes, Wakes::Yes(vec![ChannelName::Sms, ChannelName::Gsm]));
    assert_eq!(status.to_string(), "an alert would wake somebody, by sms, gsm");
    assert!(status.proven);
    assert_eq!(status.figures.signal_bars, Some(3));
    let json = serde_json::to_string(&status).unwrap();
    assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
}

type Change = fn(&mut Facts);

const ROWS: &[(Change, Part, &str)] = &[
    (|f| f.under_voltage = Some(true), Part::Power, "degraded: the power supply is too weak"),
    (
        |f| f.pulse.dispatcher = Duration::from_secs(31),
        Part::Power,
        "down: the dispatcher does not answer",
    ),
    (|f| f.configuration = Some("2 faults".into()), Part::Configuration, "degraded: 2 faults"),
    (|f| f.receiver.open = 1, Part::Receiver, "degraded: 1 of 2 ports are not open"),
    (|f| f.receiver.open = 0, Part::Receiver, "down: no port is open: no mail is accepted"),
    (
        |f| f.pulse.writer = Duration::from_secs(31),
        Part::Store,
        "down: the queue's writer does not answer",
    ),
    (
        |f| f.queue.damage = Some("00000001.log".into()),
        Part::Store,
        "degraded: something could not be read: 00000001.log",
    ),
    (
        |f| f.queue.failing = Some("the store failed: I/O error".into()),
        Part::Store,
        "down: the store failed: I/O error",
    ),
    (|f| f.queue.waiting = 10, Part::Queue, "down: full: 10 alerts wait"),
    (
        |f| (f.queue.waiting, f.queue.oldest) = (3, Some(Duration::from_mins(31))),
        Part::Queue,
        "degraded: 3 waiting, the oldest for 31 min",
    ),
    (|f| f.disk.free = Some(20 << 20), Part::Disk, "degraded: 20 MiB free"),
    (|f| f.disk.free = Some(1 << 20), Part::Disk, "down: 1 MiB free: no mail is accepted"),
    (|f| f.disk.free = None, Part::Disk, "off"),
    (
        |f| f.disk.read_only = true,
        Part::Disk,
        "down: read-only, as after I/O errors: no mail is accepted",
    ),
    (|f| f.disk.fault = Some("worn out".into()), Part::Disk, "degraded: worn out"),
    (
        |f| (f.disk.fault, f.disk.free) = (Some("worn out".into()), Some(1 << 20)),
        Part::Disk,
        "down: 1 MiB free: no mail is accepted",
    ),
    (
        |f| f.clock = at(0),
        Part::Clock,
        "degraded: it says 1970-01-01; no time server has set it yet",
    ),
    (|f| f.network = Some(Network::default()), Part::Network, "down: no cable and no Wi-Fi"),
    (
        |f| f.network.as_mut().unwrap().default_route = false,
        Part::Network,
        "degraded: no way to other networks",
    ),
    (|f| f.network = None, Part::Network, "off"),
    (|f| f.gsm = None, Part::Gsm, "off"),
    (|f| gsm(f).state = GsmState::Starting, Part::Gsm, "degraded: it is being brought up"),
    (|f| gsm(f).state = GsmState::Fault("no SIM".into()), Part::Gsm, "down: no SIM"),
    (
        |f| gsm(f).attachment = Attachment::Searching,
        Part::Gsm,
        "degraded: it looks for its network",
    ),
    (
        |f| gsm(f).attachment = Attachment::Denied,
        Part::Gsm,
        "down: the network refuses the SIM card",
    ),
    (|f| gsm(f).signal_dbm = Some(-103), Part::Gsm, "degraded: weak signal: -103 dBm"),
    (|f| gsm(f).signal_dbm = None, Part::Gsm, "ok"),
    (|f| gsm(f).balance = None, Part::Balance, "off"),
    (
        |f| gsm(f).balance = Some(poor()),
        Part::Balance,
        "degraded: 1.50 left, less than 5.00: top up the SIM card",
    ),
    (|f| f.sip = Some(sip(&[SipState::Registered])), Part::Sip, "ok"),
    (|f| f.sip = Some(sip(&[])), Part::Sip, "off"),
    (|f| f.sip = Some(sip(&[SipState::Trying])), Part::Sip, "degraded: 200@pbx: about to register"),
    (
        |f| f.sip = Some(sip(&[SipState::Registered, SipState::Failed("403".into())])),
        Part::Sip,
        "degraded: 200@pbx: 403",
    ),
    (|f| f.sip = Some(sip(&[SipState::Failed("403".into())])), Part::Sip, "down: 200@pbx: 403"),
    (|f| f.relay = false, Part::Relay, "off"),
    (
        |f| f.speech.missing = vec!["es_ES-x".into()],
        Part::Speech,
        "degraded: espeak-ng speaks in place of es_ES-x",
    ),
];

#[test]
fn each_part_says_what_is_wrong_with_it() {
    for (change, part, expected) in ROWS {
        let mut facts = well();
        change(&mut facts);
        assert_eq!(facts.assess().of(*part).to_string(), *expected, "{part:?}");
    }
}

#[test]
fn whether_it_would_wake_somebody_is_asked_of_all_parts() {
    let rows: &[(Change, &str)] = &[
        (|f| gsm(f).state = GsmState::Fault("no SIM card".into()), "hardly: gsm: no SIM card"),
        (
            |f| f.channels = vec![ChannelName::Mail],
            "hardly: no channel to a telephone is switched on",
        ),
        (|f| f.people.phone = false, "hardly: nobody has a telephone number"),
        (|f| f.gsm = None, "hardly: there is neither a modem nor a SIP account"),
        (|f| (f.gsm, f.relay) = (None, false), "no: there is neither a modem nor a SIP account"),
        // A poor card may still reach somebody.
        (|f| gsm(f).balance = Some(poor()), "yes: sms, gsm"),
        (|f| f.receiver.open = 0, "no: no SMTP port is open"),
        (|f| f.pulse.writer = Duration::from_mins(1), "no: the appliance is stuck"),
        (|f| f.disk.free = Some(0), "no: 0 MiB free: no mail is accepted"),
        (|f| f.disk.read_only = true, "no: read-only, as after I/O errors: no mail is accepted"),
        (|f| f.queue.failing = Some("I/O error".into()), "no: I/O error"),
        // Whatever else is amiss, her telephone rings.
        (|f| (f.network, f.relay) = (Some(Network::default()), false), "yes: sms, gsm"),
        (
            |f| {
                f.channels.push(ChannelName::Voip);
                f.sip = Some(sip(&[SipState::Registered]));
                gsm(f).attachment = Attachment::Searching;
            },
            "yes: voip",
        ),
    ];
    for (change, expected) in rows {
        let mut facts = well();
        change(&mut facts);
        let told = match facts.assess().wakes {
            Wakes::Yes(by) => {
                let by: Vec<_> = by.iter().map(|channel| channel.as_str()).collect();
                format!("yes: {}", by.join(", "))
            }
            Wakes::Hardly(why) => format!("hardly: {why}"),
            Wakes::No(why) => format!("no: {why}"),
        };
        assert_eq!(told, *expected);
    }
}

#[test]
fn the_last_attempts_tell_how_the_relay_is() {
    let mut facts = well();
    let mut relay = |outcome| {
        facts.telling.outcomes = BTreeMap::from([(ChannelName::Mail, outcome)]);
        let status = facts.assess();
        (status.of(Part::Relay).to_string(), status.last_failure.map(|failure| failure.why))
    };
    assert_eq!(relay(LastOutcome::Told(at(1))), ("ok".to_owned(), None));
    let refused = LastOutcome::Refused(at(2), "no such user".to_owned());
    let why = Some("no such user".to_owned());
    assert_eq!(relay(refused), ("degraded: no such user".to_owned(), why));
    let retry = LastOutcome::Retry(at(2), "no route".to_owned());
    assert_eq!(relay(retry), ("down: no route".to_owned(), Some("no route".to_owned())));
}

#[test]
fn alerts_under_way_and_alarms_are_told() {
    let mut facts = well();
    for (in_flight, open, expected) in
        [(0, 0, Alert::Quiet), (0, 2, Alert::Waiting), (1, 2, Alert::Telling)]
    {
        (facts.telling.in_flight, facts.telling.open) = (in_flight, open);
        assert_eq!(facts.assess().alert, expected);
    }
    facts.telling.unacknowledged = Some(AlertId(7));
    let waits = Alarm::Unacknowledged(AlertId(7));
    assert_eq!(facts.assess().alarms, [waits]);
    facts.telling.untold = Some(AlertId(9));
    assert_eq!(facts.assess().alarms, [Alarm::Untold(AlertId(9)), waits]);
    facts.queue.unreachable = Some(AlertId(11));
    assert_eq!(facts.assess().alarms, [Alarm::Untold(AlertId(11)), waits]);
}

#[test]
fn a_version_has_proved_itself_when_all_answer() {
    let rows: &[(Change, bool)] = &[
        (|_| (), true),
        (|f| f.gsm = None, true),
        // A roof without reception is not the program's fault.
        (|f| gsm(f).attachment = Attachment::Searching, true),
        (|f| gsm(f).state = GsmState::Fault("no SIM card".into()), true),
        (|f| gsm(f).answers = false, false),
        (|f| f.receiver.open = 0, false),
        (|f| f.pulse.dispatcher = Duration::from_secs(31), false),
    ];
    for (change, proven) in rows {
        let mut facts = well();
        change(&mut facts);
        assert_eq!(facts.assess().proven, *proven);
    }
}

#[test]
fn bars_are_those_of_a_telephone() {
    let rows = [(-51, 4), (-73, 4), (-74, 3), (-86, 2), (-97, 2), (-98, 1), (-109, 1), (-110, 0)];
    for (dbm, shown) in rows {
        assert_eq!(bars(dbm), shown, "{dbm}");
    }
}
