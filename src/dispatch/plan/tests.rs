//! The plan's promises, on stepped time.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const ONE: Manner = Manner { reaches_many: false, digest_from: 0, calls: &[] };
const MANY: Manner = Manner { reaches_many: true, digest_from: 0, calls: &[] };
const GRAVE: Urgency = Urgency(4);
const MILD: Urgency = Urgency(1);

fn person(name: &str) -> PersonName {
    name.parse().unwrap()
}

fn key(alert: u64, channel: ChannelName, name: &str) -> Key {
    Key { alert: AlertId(alert), channel, person: person(name) }
}

fn sms(alert: u64, name: &str) -> Key {
    key(alert, ChannelName::Sms, name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the start of the test's time"
)]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn the_gravest_goes_first_then_the_oldest() {
    let mut plan = Plan::default();
    plan.add(AlertId(1), MILD, vec![sms(1, "ana")]);
    plan.add(AlertId(2), MILD, vec![sms(2, "ana")]);
    plan.add(AlertId(3), GRAVE, vec![sms(3, "ana")]);
    let order = [(); 4].map(|()| plan.next(ChannelName::Sms, ONE));
    assert_eq!(order, [vec![sms(3, "ana")], vec![sms(1, "ana")], vec![sms(2, "ana")], vec![]]);
}

#[test]
fn a_channel_that_reaches_many_takes_all_people_of_an_alert() {
    let mut plan = Plan::default();
    let mail = |alert, name| key(alert, ChannelName::Mail, name);
    plan.add(AlertId(1), MILD, vec![mail(1, "ana"), mail(1, "luis"), sms(1, "ana")]);
    plan.add(AlertId(2), MILD, vec![mail(2, "ana")]);
    let first = plan.next(ChannelName::Mail, MANY);
    assert_eq!(first, [mail(1, "ana"), mail(1, "luis")]);
}

#[test]
fn a_failed_delivery_rests_and_blocks_nobody() {
    let (mut plan, now) = (Plan::default(), start());
    plan.add(AlertId(1), GRAVE, vec![sms(1, "ana")]);
    plan.add(AlertId(2), MILD, vec![sms(2, "luis")]);
    let due = now + Duration::from_secs(5);
    let failed = plan.next(ChannelName::Sms, ONE).remove(0);
    plan.rest(failed.clone(), due);
    assert_eq!(plan.next(ChannelName::Sms, ONE), [sms(2, "luis")]);
    assert_eq!(plan.next(ChannelName::Sms, ONE), []);
    assert_eq!(plan.next_due(), Some(due));
    assert_eq!(plan.next(ChannelName::Sms, ONE), []);
    plan.wake(due);
    assert_eq!(plan.next(ChannelName::Sms, ONE), [failed]);
}

#[test]
fn a_storm_is_told_in_one_message() {
    let mut plan = Plan::default();
    for id in 1..=12 {
        plan.add(AlertId(id), MILD, vec![sms(id, "ana")]);
    }
    plan.add(AlertId(13), MILD, vec![sms(13, "luis")]);
    let storm = Manner { digest_from: 10, ..ONE };
    assert_eq!(plan.next(ChannelName::Sms, storm).len(), 12);
    assert_eq!(plan.next(ChannelName::Sms, storm), [sms(13, "luis")]);
}

#[test]
fn an_alert_is_done_with_when_its_last_delivery_is() {
    let mut plan = Plan::default();
    plan.add(AlertId(1), MILD, vec![sms(1, "ana"), sms(1, "luis")]);
    let first = plan.next(ChannelName::Sms, ONE).remove(0);
    assert!(!plan.settle(&first));
    let second = plan.next(ChannelName::Sms, ONE).remove(0);
    assert!(plan.settle(&second));
    assert!(!plan.knows(AlertId(1)));
}

#[test]
fn an_alert_that_was_taken_out_is_not_tried() {
    let (mut plan, now) = (Plan::default(), start());
    plan.add(AlertId(1), MILD, vec![sms(1, "ana"), sms(1, "luis")]);
    let first = plan.next(ChannelName::Sms, ONE).remove(0);
    plan.remove(AlertId(1));
    plan.rest(first, now);
    plan.wake(now);
    assert_eq!(plan.next(ChannelName::Sms, ONE), []);
    assert!(plan.alerts.is_empty());
}

#[test]
fn a_hastened_delivery_does_not_wait() {
    let (mut plan, now) = (Plan::default(), start());
    plan.add(AlertId(1), MILD, vec![sms(1, "ana")]);
    let first = plan.next(ChannelName::Sms, ONE).remove(0);
    plan.rest(first.clone(), now + Duration::from_hours(1));
    assert_eq!(plan.hasten(AlertId(1)), 1);
    assert_eq!(plan.next(ChannelName::Sms, ONE), [first]);
}

#[test]
fn alerts_that_wait_follow_the_channels_and_people_of_the_moment() {
    let (mut plan, now) = (Plan::default(), start());
    let mail = key(1, ChannelName::Mail, "ana");
    plan.add(AlertId(1), MILD, vec![sms(1, "ana"), sms(1, "luis"), sms(1, "eva")]);
    let flying = plan.next(ChannelName::Sms, ONE).remove(0);
    let resting = plan.next(ChannelName::Sms, ONE).remove(0);
    plan.rest(resting, now);
    // SMS are switched off, mail on.
    plan.replan(AlertId(1), std::slice::from_ref(&mail), &BTreeSet::from([flying.clone()]));
    plan.wake(now);
    assert_eq!(plan.next(ChannelName::Sms, ONE), []);
    assert_eq!(plan.next(ChannelName::Mail, MANY), std::slice::from_ref(&mail));
    assert!(!plan.settle(&mail));
    assert!(plan.settle(&flying));
    // Nothing is left to do once nobody is to be told.
    plan.add(AlertId(2), MILD, vec![sms(2, "ana")]);
    plan.replan(AlertId(2), &[], &BTreeSet::new());
    assert!(plan.finish_if_done(AlertId(2)));
}

proptest! {
    /// Whatever fails how often: every delivery is settled exactly once, none is in flight twice.
    #[test]
    fn every_delivery_is_settled_once(
        alerts in prop::collection::vec((0_u8..5, 1_usize..4), 1..20),
        fails in prop::collection::vec(any::<bool>(), 200),
        digest_from in 0_usize..5,
    ) {
        let names = ["ana", "luis", "eva"];
        let (mut plan, mut now) = (Plan::default(), start());
        let mut all = BTreeSet::new();
        for (position, (urgency, people)) in alerts.iter().enumerate() {
            let id = position as u64 + 1;
            let keys: Vec<_> = names.iter().take(*people).map(|name| sms(id, name)).collect();
            all.extend(keys.clone());
            plan.add(AlertId(id), Urgency(*urgency), keys);
        }
        let manner = Manner { digest_from, ..ONE };
        let mut fails = fails.into_iter();
        let mut settled = BTreeSet::new();
        loop {
            plan.wake(now);
            let keys = plan.next(ChannelName::Sms, manner);
            if keys.is_empty() {
                let Some(due) = plan.next_due() else { break };
                now = due;
                continue;
            }
            for key in keys {
                prop_assert!(!settled.contains(&key));
                if fails.next().unwrap_or(false) {
                    plan.rest(key, now + Duration::from_secs(1));
                } else {
                    plan.settle(&key);
                    settled.insert(key);
                }
            }
        }
        prop_assert_eq!(settled, all);
        prop_assert!(plan.alerts.is_empty());
    }
}

#[test]
fn calls_take_turns_and_one_person_gets_one_at_a_time() {
    // The plan is told which channels are calls; here two of them are.
    let calls = &[ChannelName::Gsm, ChannelName::Sms];
    let manner = Manner { calls, ..ONE };
    let gsm = |alert, name| key(alert, ChannelName::Gsm, name);
    let (mut plan, now) = (Plan::default(), start());
    plan.add(AlertId(1), GRAVE, vec![gsm(1, "ana"), sms(1, "ana")]);
    plan.add(AlertId(2), GRAVE, vec![gsm(2, "ana"), gsm(2, "luis")]);
    // The second kind waits for the first; the first is taken once.
    assert_eq!(plan.next(ChannelName::Sms, manner), []);
    assert_eq!(plan.next(ChannelName::Gsm, manner), [gsm(1, "ana")]);
    // She is on the phone: nothing else for her, but for others.
    assert_eq!(plan.next(ChannelName::Sms, manner), []);
    assert_eq!(plan.next(ChannelName::Gsm, manner), [gsm(2, "luis")]);
    assert_eq!(plan.next(ChannelName::Gsm, manner), []);
    // It failed: the next kind has its turn at once.
    plan.rest(gsm(1, "ana"), now + Duration::from_secs(30));
    assert_eq!(plan.next(ChannelName::Sms, manner), [sms(1, "ana")]);
}

#[test]
fn what_is_spared_is_in_line_no_more() {
    let (mut plan, now) = (Plan::default(), start());
    let mail = key(1, ChannelName::Mail, "ana");
    let gsm = key(1, ChannelName::Gsm, "ana");
    plan.add(AlertId(1), GRAVE, vec![mail.clone(), sms(1, "ana"), gsm.clone(), sms(1, "luis")]);
    plan.add(AlertId(2), GRAVE, vec![sms(2, "ana")]);
    let called = Manner { calls: &[ChannelName::Gsm], ..ONE };
    assert_eq!(plan.next(ChannelName::Mail, ONE), std::slice::from_ref(&mail));
    assert_eq!(plan.next(ChannelName::Gsm, called), std::slice::from_ref(&gsm));
    plan.rest(mail.clone(), now + Duration::from_secs(5));
    assert!(!plan.settle(&gsm));
    let spared = plan.spare(AlertId(1), &person("ana"), |_| true);
    assert_eq!(spared, [sms(1, "ana"), mail]);
    plan.wake(now + Duration::from_mins(1));
    assert_eq!(plan.next(ChannelName::Mail, ONE), []);
    let left = [(); 3].map(|()| plan.next(ChannelName::Sms, ONE));
    assert_eq!(left, [vec![sms(1, "luis")], vec![sms(2, "ana")], vec![]]);
    assert!(plan.settle(&sms(1, "luis")));
}
