//! Clients that are many, slow or hostile keep nobody else's alert from being told.

use std::fmt::Write as _;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use smtp_appliance::control::State;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::appliance::{Place, greet, mail, send, send_raw};
use crate::support::receiver::{Client, soon};

/// Connections at a time.
const MANY: usize = 10_000;

/// Whether this process may have this many files open.
fn may_open(files: u64) -> bool {
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < files) {
        return false;
    }
    let raised = Rlimit { current: Some(files), maximum: limit.maximum };
    limit.current.is_none_or(|current| current >= files)
        || setrlimit(Resource::Nofile, raised).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_and_one_alert_more() {
    if !may_open(MANY as u64 + 500) {
        println!("not tried: this user may not open {MANY} files");
        return;
    }
    let place = Place::new().await;
    // In a process of its own, as the two ends count twice here.
    let child = place.start_child().await;
    let mut crowd = Vec::with_capacity(MANY);
    while crowd.len() < MANY {
        let connects = (0..100).map(|_| TcpStream::connect(child.address));
        crowd.extend(soon(futures_util::future::join_all(connects)).await.into_iter().flatten());
    }
    let reply = send(&mut greet(child.address).await, &["ana"], "One more").await;
    assert!(reply.starts_with("250"), "{reply}");
    assert!(place.phone.at_least(1).await[0].text.contains("One more"));
    // Each of them was greeted.
    let last = Client::new(crowd.pop().unwrap()).reply().await;
    assert!(last.starts_with("220"), "{last}");
    drop(crowd);
    let reply = send(&mut greet(child.address).await, &["ana"], "And another").await;
    assert!(reply.starts_with("250"), "{reply}");
    child.kill().await;
}

#[tokio::test]
async fn clients_that_drip_are_left_to_themselves_and_end() {
    let place = Place::set(|settings| settings.smtp.push_str("idle_timeout = \"2 s\"\n")).await;
    let running = place.start();
    let mut drips = Vec::new();
    for _ in 0..200 {
        let mut client = Client::connect(running.address).await;
        client.send(b"EHL").await;
        drips.push(client);
    }
    let id = running.send("ana", "Alarm").await;
    running.idle().await;
    assert!(running.is_told(id));
    for mut drip in drips {
        // A byte now and then is no progress.
        drop(drip.stream.get_mut().write_all(b"O").await);
        let mut end = drip.reply().await;
        if end.starts_with("220") {
            end = drip.reply().await;
        }
        assert!(end.starts_with("421") || end.is_empty(), "{end}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_header_of_a_megabyte_is_told() {
    let place = Place::new().await;
    let running = place.start();
    let raw = format!("X-Long: {}\r\n{}", "long ".repeat(200_000), mail("Behind a long header"));
    let reply = send_raw(&mut running.client().await, &["ana"], raw.as_bytes()).await;
    assert!(reply.starts_with("250"), "{reply}");
    running.idle().await;
    assert!(running.is_told(running.newest()));
    assert!(place.phone.at_least(1).await[0].text.contains("Behind a long header"));
    running.stop().await;
}

#[tokio::test]
async fn ten_thousand_parts_are_told() {
    let place = Place::new().await;
    let running = place.start();
    let mut raw =
        "Subject: Many parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    for number in 0..10_000 {
        write!(raw, "--b\r\nContent-Type: text/plain\r\n\r\npart {number}\r\n").unwrap();
    }
    raw.push_str("--b--\r\n");
    let reply = send_raw(&mut running.client().await, &["ana"], raw.as_bytes()).await;
    assert!(reply.starts_with("250"), "{reply}");
    running.idle().await;
    assert!(running.is_told(running.newest()));
    let sms = place.phone.at_least(1).await;
    assert!(sms[0].text.contains("Many parts"), "{}", sms[0].text);
    running.stop().await;
}

/// Most the appliance may have held at any time while 300 MB came in as one line.
const MOST_MEMORY: u64 = 64 << 20;

#[tokio::test]
async fn a_line_of_300_mb_is_refused_and_kept_nowhere() {
    let place = Place::new().await;
    let child = place.start_child().await;
    let mut client = greet(child.address).await;
    client.must("MAIL FROM:<a@b.example>", "250").await;
    client.must("RCPT TO:<ana@example.org>", "250").await;
    client.must("DATA", "354").await;
    let block = vec![b'x'; 1 << 20];
    let flood = async {
        for _ in 0..300 {
            if client.stream.get_mut().write_all(&block).await.is_err() {
                break;
            }
        }
    };
    soon(flood).await;
    // Another one is served meanwhile.
    let reply = send(&mut greet(child.address).await, &["ana"], "Alarm").await;
    assert!(reply.starts_with("250"), "{reply}");
    place.phone.at_least(1).await;
    drop(client.stream.get_mut().write_all(b"\r\n.\r\n").await);
    let reply = client.reply().await;
    assert!(reply.starts_with("552") || reply.starts_with("421") || reply.is_empty(), "{reply}");
    assert_eq!(place.alerts().await.len(), 1);
    let peak = child.peak_memory();
    assert!(peak < MOST_MEMORY, "{peak} bytes");
    child.kill().await;
}

#[tokio::test]
async fn bytes_without_sense_are_told_as_far_as_they_can_be() {
    let place = Place::set(|settings| settings.sms.push_str("digest_from = 0\n")).await;
    let running = place.start();
    let raws: [&[u8]; 7] = [
        b"\r\n",
        b"no header at all\r\n",
        b"Subject: \xff\xfe\xfd raw bytes\r\n\r\n\xff\xff\r\n",
        b"Subject: =?utf-8?B?////?=\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n",
        b"Subject: x\r\nContent-Type: text/plain; charset=martian\r\n\r\n\x80\x81\r\n",
        b"Subject: nested\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n----\r\n",
        b"\0\0\0\0\r\n: \r\n\r\n\0\r\n",
    ];
    for raw in raws {
        let reply = send_raw(&mut running.client().await, &["ana"], raw).await;
        assert!(reply.starts_with("250"), "{raw:?}: {reply}");
    }
    running.idle().await;
    let alerts = place.alerts().await;
    assert_eq!(alerts.len(), raws.len());
    let untold: Vec<_> = alerts.iter().filter(|alert| alert.state != State::Told).collect();
    assert!(untold.is_empty(), "{untold:?}");
    place.mails.at_least(raws.len()).await;
    running.stop().await;
}
