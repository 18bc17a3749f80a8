//! What the receiver does not let be done to it.

use std::time::Duration;

use smtp_appliance::config::{AuthPolicy, ByteSize, ListenerTls};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use crate::support::receiver::{Client, Receiver, listener, soon};

/// With stepped time: the wait for a line ends by the line only.
async fn line(client: &mut Client<tokio::net::TcpStream>) -> String {
    let mut line = String::new();
    client.stream.read_line(&mut line).await.unwrap();
    line
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_dropped() {
    let receiver = Receiver::start(|_| {});
    let mut client = Client::connect(receiver.addresses[0]).await;
    let start = Instant::now();
    assert!(line(&mut client).await.starts_with("220"));
    assert_eq!(line(&mut client).await, "421 4.4.2 Timeout, closing the connection\r\n");
    assert_eq!(start.elapsed().as_secs(), 300);
    assert!(client.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn single_bytes_do_not_keep_a_session_alive() {
    let receiver = Receiver::start(|_| {});
    for text in ["NOOP", "MAIL FROM:<a@b>\r\nRCPT TO:<ana@example.org>\r\nDATA\r\n"] {
        let mut client = Client::connect(receiver.addresses[0]).await;
        assert!(line(&mut client).await.starts_with("220"));
        client.stream.write_all(text.as_bytes()).await.unwrap();
        for _ in 0..text.lines().count() - 1 {
            line(&mut client).await;
        }
        if text.ends_with('\n') {
            line(&mut client).await;
        }
        let start = Instant::now();
        let reply = loop {
            let mut byte = String::new();
            tokio::select! {
                _ = client.stream.read_line(&mut byte) => break byte,
                () = sleep(Duration::from_secs(50)) => {
                    client.stream.write_all(b"x").await.unwrap();
                }
            }
        };
        assert_eq!(reply, "421 4.4.2 Timeout, closing the connection\r\n");
        assert!(start.elapsed().as_secs() <= 301, "{:?}", start.elapsed());
    }
    assert!(receiver.door.submissions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_session_lasts_for_ever() {
    let receiver = Receiver::start(|_| {});
    let mut client = Client::connect(receiver.addresses[0]).await;
    assert!(line(&mut client).await.starts_with("220"));
    for _ in 0..17 {
        sleep(Duration::from_secs(200)).await;
        client.stream.write_all(b"NOOP\r\n").await.unwrap();
        assert!(line(&mut client).await.starts_with("250"));
    }
    let start = Instant::now();
    assert!(line(&mut client).await.starts_with("421 4.4.2 Session lasted too long"));
    assert_eq!(start.elapsed().as_secs(), 3600 - 17 * 200);
}

/// Sends `piece` until there are `total` bytes or the server does not take any more; returns how
/// many it took (what lies in the kernel's buffers included).
async fn pour(client: &mut Client<tokio::net::TcpStream>, piece: &[u8], total: usize) -> usize {
    let mut poured = 0;
    while poured < total {
        match soon(client.stream.write(piece)).await {
            Ok(count) => poured += count,
            Err(_) => break,
        }
    }
    poured
}

#[tokio::test]
async fn a_line_without_end_is_not_read_to_its_end() {
    let receiver = Receiver::start(|_| {});
    let mut client = receiver.client().await;
    let poured = pour(&mut client, &[b'x'; 16_000], 300_000_000).await;
    assert!(poured < 32 << 20, "{poured}");
    receiver.client().await.must("NOOP", "250").await;
}

#[tokio::test]
async fn a_message_without_end_is_read_but_not_kept() {
    let receiver = Receiver::start(|config| config.smtp.max_message = ByteSize::mib(1));
    let mut client = receiver.client().await;
    client.must("MAIL FROM:<a@b>", "250").await;
    client.must("RCPT TO:<ana@example.org>", "250").await;
    client.must("DATA", "354").await;
    let before = resident();
    assert!(pour(&mut client, &[b'x'; 16_000], 300_000_000).await >= 300_000_000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} KiB");
    assert_eq!(client.say("\r\n.").await, "552 5.3.4 Message is too large\r\n");
    assert!(client.mail("Subject: small\r\n").await.starts_with("250"));
}

/// KiB of memory in use by this process, other tests included.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn garbage_ends_a_session_and_nothing_else() {
    let receiver = Receiver::start(|_| {});
    let mut random = 1_u64;
    let garbage: Vec<u8> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 56) as u8
    })
    .take(1 << 20)
    .collect();
    for start in ["", "EHLO x\r\n", "MAIL FROM:<a@b>\r\nRCPT TO:<ana@example.org>\r\n"] {
        let mut client = receiver.client().await;
        client.send(start.as_bytes()).await;
        pour(&mut client, &garbage, garbage.len()).await;
        let mut replies = Vec::new();
        // The connection may also be reset with replies under way.
        soon(client.stream.read_to_end(&mut replies)).await.ok();
    }
    assert!(receiver.client().await.mail("Subject: x\r\n").await.starts_with("250"));
    assert_eq!(receiver.door.submissions().len(), 1);
}

#[tokio::test]
async fn a_thousand_clients_at_a_time() {
    let receiver = Receiver::start(|_| {});
    let mut clients = Vec::new();
    for _ in 0..1000 {
        clients.push(receiver.client().await);
    }
    for client in &mut clients {
        client.send(b"HELO x\r\n").await;
    }
    for client in &mut clients {
        assert!(client.reply().await.starts_with("250"));
    }
    for client in clients.iter_mut().step_by(50) {
        assert!(client.mail("Subject: x\r\n").await.starts_with("250"));
    }
    assert_eq!(receiver.door.submissions().len(), 20);
}

#[tokio::test]
async fn connections_are_counted() {
    let receiver = Receiver::start(|config| {
        config.smtp.max_connections = 3;
        config.smtp.max_connections_per_client = 2;
    });
    let first = receiver.client().await;
    let _second = receiver.client().await;
    let mut third = Client::connect(receiver.addresses[0]).await;
    assert!(third.reply().await.starts_with("421 4.7.0 Too many connections from your address"));
    assert!(third.is_closed().await);
    // Limits follow the configuration at once.
    receiver.change(|config| config.smtp.max_connections_per_client = 3);
    let _third = receiver.client().await;
    let mut fourth = Client::connect(receiver.addresses[0]).await;
    assert!(fourth.reply().await.starts_with("421 4.7.0 Too many connections, try"));
    drop(first);
    soon(async {
        loop {
            let mut client = Client::connect(receiver.addresses[0]).await;
            if client.reply().await.starts_with("220") {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn only_allowed_networks() {
    let receiver = Receiver::start(|config| {
        config.smtp.allow = vec!["10.0.0.0/8".parse().unwrap()];
        config.smtp.listeners.push(listener(ListenerTls::Implicit, AuthPolicy::Off));
        let mut both = listener(ListenerTls::Off, AuthPolicy::Off);
        both.address.set_ip("::".parse().unwrap());
        config.smtp.listeners.push(both);
    });
    let mut client = Client::connect(receiver.addresses[0]).await;
    assert_eq!(client.reply().await, "554 5.7.1 Your address may not connect\r\n");
    assert!(client.is_closed().await);
    assert!(Client::connect(receiver.addresses[1]).await.is_closed().await);
    // An IPv4 client is one also where it shows as ::ffff:127.0.0.1.
    let mapped = std::net::SocketAddr::from(([127, 0, 0, 1], receiver.addresses[2].port()));
    assert!(Client::connect(mapped).await.reply().await.starts_with("554"));
    receiver.change(|config| config.smtp.allow = vec!["127.0.0.1/32".parse().unwrap()]);
    let mut client = Client::connect(mapped).await;
    assert!(client.reply().await.starts_with("220"));
    client.mail("Subject: x\r\n").await;
    assert_eq!(receiver.door.submissions()[0].origin.client, "127.0.0.1");
}

#[tokio::test]
async fn passwords_cannot_be_tried_out() {
    let receiver = Receiver::start(|config| {
        config.smtp.auth_without_tls = true;
        config.smtp.listeners = vec![listener(ListenerTls::Off, AuthPolicy::Optional)];
    });
    for _ in 0..3 {
        let mut client = receiver.client().await;
        for _ in 0..3 {
            client.must("AUTH PLAIN AGFuYQB3cm9uZw==", "535").await;
        }
        assert!(client.reply().await.starts_with("421"));
    }
    let mut client = receiver.client().await;
    client.must("AUTH PLAIN AGFuYQB3cm9uZw==", "535").await;
    client.must("AUTH PLAIN AGFuYQBzZWNyZXRv", "454").await;
    client.must("MAIL FROM:<a@b>", "250").await;
}
