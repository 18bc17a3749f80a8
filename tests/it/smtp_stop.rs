//! The receiver stops in order, and follows changes of its configuration.

use smtp_appliance::config::{AuthPolicy, Config, ListenerTls};
use smtp_appliance::intake::Rejected;
use smtp_appliance::smtp::{BindError, Server};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::door::RecordingDoor;
use crate::support::receiver::{Client, Receiver, config, listener, soon};

async fn begin_data(client: &mut Client<TcpStream>) {
    client.must("MAIL FROM:<a@b>", "250").await;
    client.must("RCPT TO:<ana@example.org>", "250").await;
    client.must("DATA", "354").await;
}

#[tokio::test]
async fn silent_sessions_end_at_once_and_messages_are_finished() {
    let receiver = Receiver::start(|_| {});
    let mut silent = receiver.client().await;
    let mut sending = receiver.client().await;
    begin_data(&mut sending).await;
    sending.send(b"Subject: half\r\n").await;
    let mut waiting = receiver.client().await;
    receiver.door.hold();
    begin_data(&mut waiting).await;
    waiting.send(b"Subject: whole\r\n.\r\n").await;
    receiver.door.wait_for(1).await;

    receiver.stop.cancel();
    assert!(silent.reply().await.starts_with("421 4.3.2"));
    assert!(silent.is_closed().await);
    soon(async { while TcpStream::connect(receiver.addresses[0]).await.is_ok() {} }).await;
    receiver.door.release();
    for client in [&mut waiting, &mut sending] {
        client.stream.get_ref().writable().await.unwrap();
    }
    assert!(waiting.reply().await.starts_with("250 2.0.0"));
    assert!(waiting.reply().await.starts_with("421 4.3.2"));
    assert!(sending.say(".").await.starts_with("250 2.0.0"));
    assert!(sending.reply().await.starts_with("421 4.3.2"));
    assert!(sending.is_closed().await);
    assert_eq!(receiver.door.submissions().len(), 2);
    drop((silent, sending, waiting));
    receiver.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_end_is_not_waited_for() {
    let receiver = Receiver::start(|_| {});
    let mut sending = receiver.client().await;
    begin_data(&mut sending).await;
    let start = tokio::time::Instant::now();
    receiver.stop.cancel();
    assert!(sending.reply().await.starts_with("421 4.3.2"));
    assert_eq!(start.elapsed().as_secs(), 10);
    drop(sending);
    receiver.ended().await;
}

#[tokio::test]
async fn the_queue_full_is_told_and_passes() {
    let receiver = Receiver::start(|_| {});
    let mut client = receiver.client().await;
    receiver.door.reject(Some(Rejected::QueueFull));
    assert!(client.mail("Subject: x\r\n").await.starts_with("452 4.3.1"));
    receiver.door.reject(None);
    assert!(client.mail("Subject: x\r\n").await.starts_with("250"));
}

#[tokio::test]
async fn ports_follow_the_configuration_and_sessions_stay() {
    let receiver = Receiver::start(|_| {});
    let mut old = receiver.client().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    receiver.change(|config: &mut Config| {
        config.appliance.name = "renamed.test".to_owned();
        config.smtp.listeners[0].address = free;
    });
    soon(async { while TcpStream::connect(receiver.addresses[0]).await.is_ok() {} }).await;
    soon(async { while TcpStream::connect(free).await.is_err() {} }).await;
    let mut new = Client::connect(free).await;
    assert_eq!(new.reply().await, "220 renamed.test ESMTP\r\n");
    assert!(old.mail("Subject: x\r\n").await.starts_with("250"));
    // The same address with other properties.
    receiver.change(|config| config.smtp.listeners[0].tls = ListenerTls::Starttls);
    soon(async {
        loop {
            // In between the port is closed.
            let Ok(stream) = TcpStream::connect(free).await else { continue };
            let mut client = Client::new(stream);
            if !client.reply().await.is_empty() && client.say("EHLO x").await.contains("STARTTLS") {
                break;
            }
        }
    })
    .await;
    // Nobody is left without a port because another one cannot be had.
    receiver.change(|config| {
        let mut foreign = listener(ListenerTls::Off, AuthPolicy::Off);
        foreign.address = "192.0.2.1:25".parse().unwrap();
        config.smtp.listeners.insert(0, foreign);
    });
    new.must("NOOP", "250").await;
    Client::connect(free).await.reply().await;
}

#[tokio::test]
async fn a_port_that_cannot_be_had_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let _still_taken = std::net::TcpListener::bind(taken);
    let bind = |address: std::net::SocketAddr| {
        let store = tempfile::tempdir().unwrap();
        let mut config = config(store.path());
        config.smtp.listeners[0].address = address;
        let (_sender, config) = watch::channel(Arc::new(config));
        Server::bind(config, Arc::new(RecordingDoor::default())).err()
    };
    assert!(matches!(bind(taken), Some(BindError::InUse(_))));
    let foreign = bind("192.0.2.1:25".parse().unwrap()).unwrap();
    assert_eq!(
        foreign.to_string(),
        "cannot listen on 192.0.2.1:25: this machine does not have this address"
    );
}
