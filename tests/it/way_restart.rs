//! A restart continues where it was, and an orderly stop loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smtp_appliance::alert::AlertId;
use smtp_appliance::demo::relay::{Fault, Step, Trouble};

use crate::support::appliance::{Place, mail};

#[tokio::test]
async fn a_restart_continues_where_it_was() {
    let place = Place::new().await;
    place.relay.troubles().add(Trouble::always(Step::Mail, Fault::reply("451 later")));
    let running = place.start();
    let id = running.send("ana", "Alarm").await;
    place.phone.at_least(1).await;
    let tries = |queue: &smtp_appliance::queue::Queue| {
        let deliveries = queue.reader().deliveries(id).unwrap();
        let mail = deliveries.iter().find(|delivery| delivery.channel.as_str() == "mail");
        mail.map_or(0, |delivery| delivery.tries)
    };
    running.until(|queue| tries(queue) >= 3).await;
    running.stop().await;

    let running = place.start();
    assert!(tries(&running.queue) >= 3);
    let before = tries(&running.queue);
    running.until(|queue| tries(queue) > before).await;
    place.relay.troubles().heal();
    running.idle().await;
    assert!(running.is_told(id));
    place.mails.at_least(1).await;
    running.stop().await;

    // Nothing is left to do.
    let running = place.start();
    running.idle().await;
    running.stop().await;
    assert_eq!((place.mails.all().len(), place.phone.all().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_loses_nothing() {
    let place = Place::set(|settings| settings.sms.push_str("digest_from = 0\n")).await;
    let running = place.start();
    let kept = Arc::new(AtomicUsize::new(0));
    let sessions: Vec<_> = (0..4)
        .map(|number| {
            let (address, kept) = (running.address, Arc::clone(&kept));
            tokio::spawn(async move {
                let mut client = crate::support::appliance::greet(address).await;
                for mail_number in 0.. {
                    // The server says 421 and goes whenever it likes.
                    let text = mail(&format!("Alarm {number}-{mail_number}"));
                    let commands = ["MAIL FROM:<a@b.example>", "RCPT TO:<ana@x.example>", "DATA"];
                    let last = format!("{text}.");
                    let mut reply = String::new();
                    for command in commands.into_iter().chain([last.as_str()]) {
                        use tokio::io::AsyncWriteExt;
                        let line = format!("{command}\r\n");
                        drop(client.stream.get_mut().write_all(line.as_bytes()).await);
                        reply = client.reply().await;
                        if !reply.starts_with(['2', '3']) {
                            return;
                        }
                    }
                    assert!(reply.starts_with("250"));
                    kept.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    running.until(|_| kept.load(Ordering::Relaxed) >= 20).await;
    running.stop().await;
    for session in sessions {
        session.await.unwrap();
    }
    let kept = kept.load(Ordering::Relaxed);
    let running = place.start();
    let history = running.queue.reader().history(AlertId(u64::MAX), usize::MAX).unwrap();
    assert!(history.len() >= kept, "{} of {kept}", history.len());
    running.idle().await;
    let mails = place.mails.at_least(kept).await;
    let sms = place.phone.at_least(kept).await;
    // What was in flight was given its time, so nothing is told twice.
    assert_eq!((mails.len(), sms.len()), (history.len(), history.len()));
    running.stop().await;
}
