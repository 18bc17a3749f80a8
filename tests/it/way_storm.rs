//! More alerts than anybody can read, or than may wait.

use std::time::Duration;

use smtp_appliance::alert::AlertId;
use smtp_appliance::demo::relay::{self, Fault, Step, Trouble};
use smtp_appliance::modem::simulator::Options;

use crate::support::appliance::{Place, send};

#[tokio::test]
async fn a_storm_is_few_sms() {
    let slow = Options { delay: Duration::from_millis(300), ..Options::default() };
    let place = Place::with(|_| {}, relay::Settings::default(), slow).await;
    let running = place.start();
    let mut client = running.client().await;
    for number in 0..50 {
        let reply = send(&mut client, &["ana"], &format!("Alarm {number} of many")).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    running.idle().await;
    for id in 1..=50 {
        assert!(running.is_told(AlertId(id)), "{id}: {:?}", running.progress(AlertId(id)));
    }
    let sms = place.phone.at_least(1).await;
    assert!(sms.len() < 20, "{} SMS", sms.len());
    // The mail channel has every one of them.
    place.mails.at_least(50).await;
    running.stop().await;
}

#[tokio::test]
async fn a_full_queue_is_told_and_takes_in_again() {
    let place = Place::set(|settings| settings.queue.push_str("max_pending = 3\n")).await;
    place.relay.troubles().add(Trouble::always(Step::Greeting, Fault::reply("421 busy")));
    let running = place.start();
    let mut client = running.client().await;
    for number in 0..3 {
        let reply = send(&mut client, &["ana"], &format!("Alarm {number}")).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    let reply = send(&mut client, &["ana"], "Alarm 3").await;
    assert!(reply.starts_with("452"), "{reply}");
    place.relay.troubles().heal();
    running.idle().await;
    // It is no repeat: it was not kept before.
    let reply = send(&mut client, &["ana"], "Alarm 3").await;
    assert!(reply.starts_with("250"), "{reply}");
    place.mails.at_least(4).await;
    running.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_takes_in_again() {
    let mut place = Place::new().await;
    let running = place.start();
    let mut client = running.client().await;
    place.change(|settings| settings.queue = "min_free_space = 1125899906842624\n".to_owned());
    let reload = smtp_appliance::control::Request::Reload;
    place.ask(reload.clone()).await;
    let reply = send(&mut client, &["ana"], "Alarm").await;
    assert!(reply.starts_with("452"), "{reply}");
    place.change(|settings| settings.queue = "min_free_space = 0\n".to_owned());
    place.ask(reload).await;
    let reply = send(&mut client, &["ana"], "Alarm").await;
    assert!(reply.starts_with("250"), "{reply}");
    place.mails.at_least(1).await;
    running.stop().await;
}
