//! What a person asks of the running appliance by its control socket.

use smtp_appliance::alert::AlertId;
use smtp_appliance::channel::Outcome;
use smtp_appliance::control::{Answer, Request, State};
use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::appliance::Place;
use crate::support::receiver::soon;

#[tokio::test]
async fn alerts_are_listed_shown_retried_and_dropped() {
    let place = Place::set(|settings| settings.order = r#"["mail"]"#.to_owned());
    let mut place = place.await;
    place.change(|settings| {
        settings.sms.push_str("enabled = false\n");
        settings.mail_give_up = "200 ms".to_owned();
    });
    place.relay.troubles().add(Trouble::always(Step::Rcpt, Fault::reply("550 unknown")));
    let running = place.start();
    let refused = running.send("ana", "Alarm").await;
    running.idle().await;
    let listed = place.ask(Request::List { all: false, limit: 10 }).await;
    assert_eq!(listed, Answer::List { alerts: Vec::new() });
    let Answer::Show { alert } = place.ask(Request::Show { id: refused }).await else { panic!() };
    assert_eq!((alert.state, alert.subject.as_str()), (State::Failed, "Alarm"));
    // What failed for good is tried anew when somebody says so.
    place.relay.troubles().heal();
    assert_eq!(place.ask(Request::Retry { id: refused }).await, Answer::Retried { deliveries: 1 });
    place.mails.at_least(1).await;
    running.idle().await;
    assert!(running.is_told(refused));
    // Then there is nothing to try, and it does not wait for ever either.
    assert_eq!(place.ask(Request::Retry { id: refused }).await, Answer::Retried { deliveries: 0 });
    running.idle().await;

    place.change(|settings| settings.mail_give_up = "1 h".to_owned());
    place.ask(Request::Reload).await;
    place.relay.troubles().add(Trouble::always(Step::Greeting, Fault::Close));
    let dropped = running.send("ana", "Alarm 2").await;
    assert_eq!(place.ask(Request::Drop { id: dropped }).await, Answer::Done);
    running.idle().await;
    for request in [Request::Drop { id: dropped }, Request::Show { id: AlertId(99) }] {
        assert!(matches!(place.ask(request).await, Answer::Failed { .. }));
    }
    let repeat = running.send("ana", "Alarm").await;
    let answer = place.ask(Request::Retry { id: repeat }).await;
    assert!(
        matches!(&answer, Answer::Failed { reason } if reason.contains("dropped")),
        "{answer:?}"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_test_message_says_how_each_channel_did() {
    let place = Place::new().await;
    place.relay.troubles().add(Trouble::once(Step::Mail, Fault::reply("451 later")));
    let running = place.start();
    let person = "ana".parse().unwrap();
    let answer = place.ask(Request::SendTest { person, channel: None }).await;
    let Answer::Tested { outcomes } = answer else { panic!("{answer:?}") };
    assert!(matches!(&outcomes[0].1, Outcome::Retry(reason) if reason.contains("451")));
    assert!(matches!(&outcomes[1].1, Outcome::Told { .. }), "{outcomes:?}");
    place.phone.at_least(1).await;
    assert!(place.alerts().await.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn nonsense_and_silence_at_the_socket_harm_nobody() {
    let place = Place::new().await;
    let running = place.start();
    let socket = smtp_appliance::control::socket_path(&place.store());
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(UnixStream::connect(&socket).await.unwrap());
    }
    for nonsense in ["\n", "{\"request\":\"explode\"}\n", "\u{0}\u{1}\n", "[[[[[[[[\n"] {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.contains("not understood"), "{answer}");
    }
    assert!(place.alerts().await.is_empty());
    running.stop().await;
}
