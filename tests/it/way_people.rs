//! Whom an alert reaches, and how often.

use smtp_appliance::control::State;
use smtp_appliance::queue::{DropReason, Fate};

use crate::support::appliance::{Place, mail, send, send_raw};

/// A mail of Zabbix about a problem.
pub(crate) fn zabbix(state: &str, id: u32, severity: &str) -> String {
    format!(
        "From: zabbix@example.org\r\nSubject: {state}: Trouble {id}\r\n\r\n\
         Problem started at 22:39:46 on 2018.12.26\r\nProblem name: Trouble {id}\r\n\
         Host: host-{id}\r\nSeverity: {severity}\r\n\r\nOriginal problem ID: {id}\r\n"
    )
}

#[tokio::test]
async fn a_group_gets_one_mail_and_an_sms_each() {
    let place = Place::new().await;
    let running = place.start();
    let mut client = running.client().await;
    // Ana stands behind all of them, and is told once.
    let reply = send(&mut client, &["oncall", "ana", "guardia"], "Disk full").await;
    assert!(reply.starts_with("250"), "{reply}");
    running.idle().await;
    assert!(running.is_told(running.newest()));
    let mails = place.mails.at_least(1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["<ana@phone.example>", "<luis@phone.example>"]);
    assert!(String::from_utf8_lossy(&mails[0].data).contains("What happened: Disk full.\r\n"));
    let sms = place.phone.at_least(2).await;
    let mut to: Vec<_> = sms.iter().map(|sms| sms.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["+34600000001", "+34600000002"]);
    assert!(sms.iter().all(|sms| sms.text.contains("Disk full")));
    let reply = client.say("MAIL FROM:<a@b.example>").await;
    assert!(reply.starts_with("250"), "{reply}");
    client.must("RCPT TO:<nobody@example.org>", "550").await;
    running.stop().await;
}

#[tokio::test]
async fn the_same_news_for_another_person_is_news_for_her_only() {
    let place = Place::new().await;
    let running = place.start();
    running.send("ana", "Disk full").await;
    running.send("ana", "Disk full").await;
    running.send("oncall", "Disk full").await;
    running.idle().await;
    place.mails.at_least(2).await;
    let sms = place.phone.at_least(2).await;
    assert_eq!(sms.len(), 2);
    assert_eq!(sms[1].to, "+34600000002");
    let mails = place.mails.all();
    assert_eq!(mails[1].to, ["<luis@phone.example>"]);
    let history = running.queue.reader().history(smtp_appliance::alert::AlertId(9), 9).unwrap();
    assert_eq!(history[1].fate, Fate::Dropped(DropReason::Repeat(history[2].alert.id)));
    // Whoever drops it says why.
    let dropped = place.alerts().await.into_iter().find(|alert| alert.state == State::Dropped);
    assert_eq!(dropped.unwrap().reason.as_deref(), Some("repeat of alert 1"));
    running.stop().await;
}

#[tokio::test]
async fn a_recovery_is_no_repeat_of_its_problem() {
    let place = Place::new().await;
    let running = place.start();
    let mut client = running.client().await;
    for state in ["Problem", "Resolved", "Problem", "Problem"] {
        let reply = send_raw(&mut client, &["ana"], zabbix(state, 78, "High").as_bytes()).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    running.idle().await;
    let sms = place.phone.at_least(3).await;
    assert_eq!(sms.len(), 3);
    assert_eq!(sms.iter().filter(|sms| sms.text.contains("Resolved")).count(), 1);
    running.stop().await;
}

#[tokio::test]
async fn who_has_no_telephone_is_told_by_mail_alone() {
    let place = Place::set(|settings| {
        settings.people.push_str("[[person]]\nname = \"eva\"\nmail = \"eva@phone.example\"\n");
    });
    let place = place.await;
    let running = place.start();
    let id = running.send("eva", "Disk full").await;
    running.idle().await;
    assert_eq!(running.progress(id).len(), 1);
    assert!(running.is_told(id));
    assert_eq!(place.mails.at_least(1).await[0].to, ["<eva@phone.example>"]);
    running.stop().await;
}

#[tokio::test]
async fn what_a_mail_says_reaches_the_relay_as_it_was() {
    let place = Place::new().await;
    let running = place.start();
    let text = format!("{}..two dots\r\n\r\n\u{f1}and\u{fa} \u{1f525}\r\n", mail("Fire"));
    let stuffed = text.replace("\r\n..two", "\r\n...two");
    send_raw(&mut running.client().await, &["ana"], stuffed.as_bytes()).await;
    let mails = place.mails.at_least(1).await;
    let told = String::from_utf8(mails[0].data.clone()).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    assert!(told.ends_with(body), "{told:?}");
    assert!(told.contains("From: ") && told.contains("alerts@appliance.test"), "{told:?}");
    running.stop().await;
}
