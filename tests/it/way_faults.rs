//! What fails on the way out is tried again, and holds nobody else up.

use std::fmt::Write as _;
use std::time::Duration;

use smtp_appliance::channel::Reach;
use smtp_appliance::config::RelayTls;
use smtp_appliance::control::State;
use smtp_appliance::demo::relay::{self, Fault, Step, Trouble};
use smtp_appliance::modem::simulator::Options;
use smtp_appliance::queue::Progress;

use super::way_people::zabbix;
use crate::support::appliance::{Place, Settings, send_raw};

fn quiet(settings: &mut Settings) {
    settings.sms.push_str("delivery_report = false\ndigest_from = 0\n");
}

#[tokio::test]
async fn whatever_the_relay_does_the_mail_comes_later() {
    let place = Place::set(|settings| {
        settings.order = r#"["mail"]"#.to_owned();
        settings.sms.push_str("enabled = false\n");
        settings.mail = "timeout = \"300 ms\"\n".to_owned();
    });
    let place = place.await;
    let running = place.start();
    let late = Fault::Late(Duration::from_millis(900));
    let troubles = [
        (Step::Greeting, Fault::reply("554 not now")),
        (Step::Greeting, Fault::Close),
        (Step::Hello, Fault::Silence),
        (Step::Mail, Fault::reply("451 greylisted")),
        (Step::Rcpt, Fault::reply("450 later")),
        (Step::Data, Fault::Close),
        (Step::Content, Fault::Close),
        (Step::Dot, Fault::reply("452 disk full")),
        (Step::Mail, Fault::Flood),
        (Step::Rcpt, late),
    ];
    for (number, (step, fault)) in troubles.into_iter().enumerate() {
        let name = format!("{step:?} {fault:?}");
        place.relay.troubles().add(Trouble::once(step, fault));
        let id = running.send("ana", &format!("Alarm {number}")).await;
        running.idle().await;
        assert!(running.is_told(id), "{name}: {:?}", running.progress(id));
        assert_eq!(place.mails.at_least(number + 1).await.len(), number + 1, "{name}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_relay_nobody_vouches_for_gets_nothing_until_somebody_does() {
    let tls = relay::Settings { tls: RelayTls::Starttls, ..relay::Settings::default() };
    let mut place = Place::with(
        |settings| settings.mail.push_str("tls = \"starttls\"\n"),
        tls,
        Options::default(),
    )
    .await;
    let running = place.start();
    let id = running.send("ana", "Alarm").await;
    running
        .until(|queue| {
            let tried = queue.reader().deliveries(id).unwrap();
            tried.iter().any(|delivery| delivery.channel.as_str() == "mail" && delivery.tries > 1)
        })
        .await;
    assert!(place.mails.all().is_empty());
    let ca = place.folder().join("relay.pem");
    place.change(|settings| writeln!(settings.mail, "ca = \"{}\"", ca.display()).unwrap());
    running.idle().await;
    assert!(running.is_told(id));
    assert!(place.mails.at_least(1).await[0].tls);
    running.stop().await;
}

#[tokio::test]
async fn a_dead_relay_holds_no_sms_back_and_is_given_up() {
    let place = Place::set(|settings| {
        quiet(settings);
        settings.mail_give_up = "400 ms".to_owned();
    });
    let place = place.await;
    place.relay.troubles().add(Trouble::always(Step::Greeting, Fault::Close));
    let running = place.start();
    let id = running.send("oncall", "Alarm").await;
    place.phone.at_least(2).await;
    running.idle().await;
    let failed = running.progress(id).into_iter().filter(|(_, at)| *at == Progress::Failed);
    assert_eq!(failed.map(|(name, _)| name).collect::<Vec<_>>(), ["mail ana", "mail luis"]);
    let alert = place.alerts().await.remove(0);
    assert_eq!(alert.state, State::Partly);
    let last = alert.deliveries[0].attempts.last().unwrap();
    assert!(format!("{:?}", last.outcome).contains("given up after"), "{last:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_number_that_is_refused_blocks_nobody() {
    let place = Place::set(quiet).await;
    place.order("cms 1 1").await;
    let running = place.start();
    let id = running.send("oncall", "Alarm").await;
    running.idle().await;
    let sms = place.phone.at_least(1).await;
    assert_eq!(sms.len(), 1);
    assert_eq!(sms[0].to, "+34600000002");
    let failed = running.progress(id).into_iter().find(|(_, at)| *at == Progress::Failed);
    assert_eq!(failed.unwrap().0, "sms ana");
    running.stop().await;
}

#[tokio::test]
async fn what_is_grave_overtakes_what_is_mild() {
    let slow = Options { delay: Duration::from_millis(500), ..Options::default() };
    let place = Place::with(quiet, relay::Settings::default(), slow).await;
    let running = place.start();
    let mut client = running.client().await;
    for id in 1..=6 {
        let severity = if id == 6 { "Disaster" } else { "Information" };
        send_raw(&mut client, &["ana"], zabbix("Problem", id, severity).as_bytes()).await;
    }
    let sms = place.phone.at_least(6).await;
    let place_of_grave = sms.iter().position(|sms| sms.text.contains("Trouble 6"));
    // At most the one under way goes before.
    assert!(place_of_grave.unwrap() <= 1, "{sms:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_modem_pulled_out_under_load_goes_on_where_it_was() {
    let quick = Options { delay: Duration::from_millis(20), ..Options::default() };
    let place = Place::with(quiet, relay::Settings::default(), quick).await;
    let running = place.start();
    for number in 0..10 {
        running.send("ana", &format!("Alarm {number}.")).await;
    }
    place.phone.at_least(3).await;
    place.order("unplug").await;
    for number in 10..15 {
        running.send("ana", &format!("Alarm {number}.")).await;
    }
    place.order("plug").await;
    running.idle().await;
    let all = |sms: &Vec<smtp_appliance::modem::simulator::ReceivedSms>| {
        (0..15).all(|number| sms.iter().any(|sms| sms.text.contains(&format!("Alarm {number}."))))
    };
    let sms = place.phone.until(all).await;
    assert!(sms.len() <= 16, "{}", sms.len());
    running.stop().await;
}

#[tokio::test]
async fn what_the_network_reports_later_is_recorded_after_a_restart_too() {
    let late = Options { report_delay: Duration::from_secs(3), ..Options::default() };
    let place = Place::with(|_| {}, relay::Settings::default(), late).await;
    let running = place.start();
    let id = running.send("ana", "Alarm").await;
    running.idle().await;
    let sms = |running: &crate::support::appliance::Running| {
        running.progress(id).into_iter().find(|(name, _)| name == "sms ana").unwrap().1
    };
    assert_eq!(sms(&running), Progress::Told(Reach::HandedOver));
    running.stop().await;
    let running = place.start();
    running
        .until(|queue| {
            let deliveries = queue.reader().deliveries(id).unwrap();
            deliveries.iter().any(|d| d.progress == Progress::Told(Reach::Delivered))
        })
        .await;
    assert_eq!(sms(&running), Progress::Told(Reach::Delivered));
    assert_eq!(place.phone.all().len(), 1);
    running.stop().await;
}
