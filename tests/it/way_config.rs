//! A change of the configuration is taken up without a restart and without dropping a mail.

use smtp_appliance::control::{Answer, Request};
use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use smtp_appliance::modem::simulator::{Options, Simulator};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::support::appliance::{Place, greet, send};
use crate::support::receiver::soon;

const EVA: &str = "[[person]]\nname = \"eva\"\nphone = \"+34600000003\"\n";

async fn reload(place: &Place) {
    assert_eq!(place.ask(Request::Reload).await, Answer::Done);
}

#[tokio::test]
async fn a_person_added_while_a_session_is_open_is_known_in_it() {
    let mut place = Place::new().await;
    let running = place.start();
    let mut client = running.client().await;
    client.must("MAIL FROM:<a@b.example>", "250").await;
    client.must("RCPT TO:<eva@example.org>", "550").await;
    client.must("RCPT TO:<ana@example.org>", "250").await;
    place.change(|settings| settings.people.push_str(EVA));
    // The file is looked at without being asked to.
    soon(async {
        loop {
            let mut other = running.client().await;
            other.must("MAIL FROM:<a@b.example>", "250").await;
            if other.say("RCPT TO:<eva@example.org>").await.starts_with("250") {
                break;
            }
        }
    })
    .await;
    client.must("RCPT TO:<eva@example.org>", "250").await;
    client.must("DATA", "354").await;
    client.must("Subject: Alarm\r\n\r\nFire\r\n.", "250").await;
    running.idle().await;
    assert!(running.is_told(running.newest()));
    let sms = place.phone.at_least(2).await;
    assert!(sms.iter().any(|sms| sms.to == "+34600000003"));
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_configuration_changes_nothing() {
    let mut place = Place::new().await;
    let running = place.start();
    place.change(|settings| settings.filter.push_str("capacity = \"many\"\n"));
    let Answer::Failed { reason } = place.ask(Request::Reload).await else { panic!("taken up") };
    assert!(reason.contains("capacity"), "{reason}");
    let id = running.send("ana", "Alarm").await;
    running.idle().await;
    assert!(running.is_told(id));
    // The whole file may be gone for a moment.
    std::fs::remove_file(place.config()).unwrap();
    assert!(matches!(place.ask(Request::Reload).await, Answer::Failed { .. }));
    running.send("ana", "Alarm 2").await;
    running.idle().await;
    place.phone.at_least(2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_port_moves_and_open_sessions_stay() {
    let mut place = Place::new().await;
    let running = place.start();
    let mut old = running.client().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.change(|settings| settings.listener = free.to_string());
    reload(&place).await;
    soon(async { while TcpStream::connect(free).await.is_err() {} }).await;
    for (client, subject) in [(&mut old, "Alarm 1"), (&mut greet(free).await, "Alarm 2")] {
        let reply = send(client, &["ana"], subject).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    running.idle().await;
    place.phone.at_least(2).await;
    running.stop().await;
}

#[tokio::test]
async fn the_modem_is_changed_while_messages_wait() {
    let mut place = Place::new().await;
    place.order("sim none").await;
    let running = place.start();
    let id = running.send("ana", "Alarm").await;
    place.mails.at_least(1).await;
    let stop = CancellationToken::new();
    let link = place.folder().join("other-modem");
    let options = Options { link: Some(link.clone()), ..Options::default() };
    let mut other = Simulator::start(options, stop.clone()).unwrap();
    place.change(|settings| settings.modem = Some(link));
    reload(&place).await;
    let sms = soon(other.phone.recv()).await.unwrap();
    assert!(sms.text.contains("Alarm"));
    running.idle().await;
    assert!(running.is_told(id));
    assert!(place.phone.all().is_empty());
    running.stop().await;
    stop.cancel();
}

#[tokio::test]
async fn what_waits_for_a_channel_follows_it_being_switched() {
    let mut place = Place::set(|settings| settings.sms.push_str("enabled = false\n")).await;
    place.relay.troubles().add(Trouble::always(Step::Greeting, Fault::Close));
    let running = place.start();
    let id = running.send("ana", "Alarm").await;
    running.until(|queue| !queue.reader().deliveries(id).unwrap().is_empty()).await;
    // The relay is dead; SMS are switched on, and tell what waits.
    place.change(|settings| settings.sms.clear());
    reload(&place).await;
    place.phone.at_least(1).await;
    // Mail is switched off: nothing is left to do.
    place.change(|settings| settings.mail.push_str("enabled = false\n"));
    reload(&place).await;
    running.idle().await;
    running.stop().await;
    assert_eq!(place.phone.all().len(), 1);
}

#[tokio::test]
async fn somebody_who_is_gone_takes_nobody_along() {
    let mut place = Place::new().await;
    place.relay.troubles().add(Trouble::always(Step::Greeting, Fault::Close));
    let running = place.start();
    let id = running.send("oncall", "Alarm").await;
    place.phone.at_least(2).await;
    place.change(|settings| {
        let people = settings.people.clone();
        let (before, luis) = people.split_once("[[person]]\nname = \"luis\"").unwrap();
        let aliases = luis.split_once("[aliases]").unwrap().1;
        settings.people = format!("{before}[aliases]{aliases}");
    });
    reload(&place).await;
    place.relay.troubles().heal();
    running.idle().await;
    let mails = place.mails.at_least(1).await;
    assert_eq!(mails[0].to, ["<ana@phone.example>"]);
    let ana = running.progress(id).into_iter().find(|(name, _)| name == "mail ana").unwrap();
    assert!(matches!(ana.1, smtp_appliance::queue::Progress::Told(_)));
    running.stop().await;
}
