//! The mail channel and its relay: what arrives, who is told, and what happens when the relay
//! fails.

use std::path::Path;
use std::time::Duration;

use smtp_appliance::channel::{Channel, Outcome, Reach};
use smtp_appliance::config::{RelayTls, Secret};
use smtp_appliance::demo::relay::{Fault, Settings, Step, Trouble};

use crate::support::ends;
use crate::support::mail::{FROM, job};
use crate::support::relay::Post;

const MAIL: &[u8] = b"From: Zabbix <zabbix@mon.example>\r\nSubject: Problem\r\n\r\nHost: srv\r\n";

fn told(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Told { reach: Reach::HandedOver, .. })
}

fn body(data: &[u8]) -> &[u8] {
    let end = data.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    &data[end + 4..]
}

#[tokio::test]
async fn the_mail_arrives_with_the_appliance_as_its_sender() {
    let mut post = Post::start(Settings::default()).await;
    let outcome = post.tell(MAIL).await;
    let Outcome::Told { reach: Reach::HandedOver, detail, receipts } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(detail, "250 2.0.0 Ok: queued as 1");
    assert!(receipts.is_empty());
    let mail = post.mail().await;
    assert_eq!(mail.hello, "smtp.appliance");
    assert_eq!(mail.from, format!("<{FROM}>"));
    assert_eq!(mail.to, ["<ana@example.org>"]);
    let text = String::from_utf8(mail.data.clone()).unwrap();
    for line in [
        &format!("From: \"Zabbix via smtp.appliance\" <{FROM}>"),
        "Reply-To: zabbix@mon.example",
        "X-Original-From: Zabbix <zabbix@mon.example>",
        "X-Smtp-Appliance-Alert: 7",
        "Subject: Problem",
    ] {
        assert!(text.split("\r\n").any(|is| is == line), "{line}\n{text}");
    }
    assert_eq!(body(&mail.data), b"Host: srv\r\n");
}

#[tokio::test]
async fn the_body_of_every_real_mail_stays_byte_for_byte() {
    let mut post = Post::start(Settings::default()).await;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        assert!(told(&post.tell(&raw).await), "{}", path.display());
        let data = post.mail().await.data;
        assert!(data.ends_with(b"\r\n"));
        let has_header = raw.windows(4).any(|four| four == b"\r\n\r\n")
            && mail_parser::MessageParser::default().parse(&raw).unwrap().headers().iter().any(
                |header| {
                    let known = ["from", "subject", "to", "date"];
                    known.contains(&header.name().to_ascii_lowercase().as_str())
                },
            );
        let sent = if has_header { body(&raw) } else { &raw };
        assert_eq!(
            String::from_utf8_lossy(body(&data)),
            String::from_utf8_lossy(sent),
            "{}",
            path.display()
        );
        assert!(body(&data) == sent, "{}", path.display());
        count += 1;
    }
    assert!(count >= 180, "{count}");
    assert_eq!(post.relay.connections(), 1);
}

#[tokio::test]
async fn dots_and_line_ends_pass_unharmed() {
    let mut post = Post::start(Settings::default()).await;
    // Header and body are written in pieces of 32 KiB: a dot may begin the next piece.
    let mut long = vec![b'x'; 32 * 1024 - 2];
    long.extend_from_slice(b"\r\n.\r\n..\r\n");
    let bodies: [&[u8]; 7] =
        [b".\r\n", b"\r\n\r\n", b"", b"..\r\n.\r\n.a\r\n", &long, b"\0\x80\xff\r\n", b"\r\n"];
    for sent in bodies {
        let raw = [b"Subject: a\r\n\r\n", sent].concat();
        assert!(told(&post.tell(&raw).await));
        assert!(body(&post.mail().await.data) == sent);
    }
    assert!(told(&post.tell(b"Subject: a\r\n\r\nno end").await));
    assert_eq!(body(&post.mail().await.data), b"no end\r\n");
}

#[tokio::test]
async fn one_mail_goes_to_all_and_a_refused_recipient_holds_up_nobody() {
    let mut post = Post::start(Settings::default()).await;
    let troubles = post.relay.troubles();
    troubles.add(Trouble::reply_about(Step::Rcpt, "bob@", "550 5.1.1 <bob@example.org> unknown"));
    troubles.add(Trouble::reply_about(Step::Rcpt, "eve@", "450 4.2.0 greylisted"));
    let people = [
        Some("ana@example.org"),
        Some("bob@example.org"),
        None,
        Some("eve@example.org"),
        Some("ana@example.org"),
    ];
    let outcomes = ends(post.channel.tell(job(MAIL, &people)).await);
    assert!(told(&outcomes[0]) && told(&outcomes[4]), "{outcomes:?}");
    let unknown = "the relay answered 550 to RCPT TO: 5.1.1 <…> unknown";
    assert_eq!(outcomes[1], Outcome::Refused(unknown.to_owned()));
    assert_eq!(outcomes[2], Outcome::Refused("no mail address".to_owned()));
    assert!(matches!(&outcomes[3], Outcome::Retry(why) if why.contains("greylisted")));
    assert_eq!(post.mail().await.to, ["<ana@example.org>"]);
    assert!(post.is_empty());

    let outcomes = ends(post.channel.tell(job(MAIL, &[Some("bob@example.org"), None])).await);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Refused(_))));
    let outcomes = ends(post.channel.tell(job(MAIL, &[None])).await);
    assert_eq!(outcomes, [Outcome::Refused("no mail address".to_owned())]);
    assert!(told(&post.tell(MAIL).await));
    assert_eq!(post.relay.connections(), 1, "a refusal does not cost the connection");
}

#[tokio::test]
async fn without_a_relay_the_refusal_says_what_to_set() {
    let post = Post::start(Settings::default()).await;
    post.set(|mail| mail.relay = None);
    let reason = "no relay set: set mail.relay in the configuration";
    assert_eq!(post.tell(MAIL).await, Outcome::Refused(reason.to_owned()));
    assert_eq!(post.relay.connections(), 0);
}

#[tokio::test]
async fn a_mail_in_a_loop_is_refused() {
    let post = Post::start(Settings::default()).await;
    let looped = [b"X-Smtp-Appliance-Alert: 1\r\n".repeat(4).as_slice(), MAIL].concat();
    let outcome = post.tell(&looped).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("loop")), "{outcome:?}");
}

#[tokio::test]
async fn refusals_are_final_only_where_they_are_about_the_mail() {
    let cases = [
        (Step::Greeting, "554 go away", false),
        (Step::Greeting, "421 busy", false),
        (Step::Hello, "550 not you", false),
        (Step::Mail, "451 later", false),
        (Step::Mail, "550 bad sender", false),
        (Step::Rcpt, "452 full", false),
        (Step::Rcpt, "421 closing", false),
        (Step::Rcpt, "550 unknown", true),
        (Step::Data, "451 later", false),
        (Step::Data, "554 no", true),
        (Step::Data, "250 what", false),
        (Step::Dot, "452 disk full", false),
        (Step::Dot, "554 spam", true),
        (Step::Dot, "gibberish", false),
        (Step::Greeting, "gibberish", false),
    ];
    let mut post = Post::start(Settings::default()).await;
    for (step, reply, is_final) in cases {
        post.relay.troubles().add(Trouble::once(step, Fault::reply(reply)));
        let outcome = post.tell(MAIL).await;
        // The connection opened for one case must not serve the next.
        post.set(|mail| mail.timeout += Duration::from_millis(1));
        let refused = matches!(outcome, Outcome::Refused(_));
        assert!(!told(&outcome) && refused == is_final, "{step:?} {reply}: {outcome:?}");
        assert!(post.is_empty());
        post.relay.troubles().heal();
    }
    assert!(told(&post.tell(MAIL).await));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_says_nothing_is_given_up_after_the_timeout() {
    let steps = [Step::Greeting, Step::Hello, Step::Mail, Step::Rcpt, Step::Data, Step::Dot];
    let post = Post::start(Settings::default()).await;
    post.set(|mail| mail.timeout = Duration::from_secs(10));
    for step in steps {
        post.relay.troubles().add(Trouble::once(step, Fault::Silence));
        let start = tokio::time::Instant::now();
        let outcome = post.tell(MAIL).await;
        let Outcome::Retry(reason) = &outcome else { panic!("{step:?}: {outcome:?}") };
        assert!(reason.contains("no answer from the relay"), "{reason}");
        assert_eq!(reason.contains("unknown whether"), step == Step::Dot, "{reason}");
        assert!(start.elapsed() < Duration::from_secs(25), "{step:?}: {:?}", start.elapsed());
        post.relay.troubles().heal();
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_relay_gets_the_time_it_needs() {
    let post = Post::start(Settings::default()).await;
    for step in [Step::Greeting, Step::Hello, Step::Mail, Step::Rcpt, Step::Data, Step::Dot] {
        // Greeting and EHLO count as one step.
        let late = Fault::Late(Duration::from_secs(4));
        post.relay.troubles().add(Trouble::once(step, late));
    }
    let outcome = post.tell(MAIL).await;
    assert!(told(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_breaks_off_is_tried_again() {
    let mut post = Post::start(Settings::default()).await;
    // More than the sockets' buffers hold, or the dot is out before the relay breaks off.
    let large = [MAIL, &vec![b'x'; 12_000_000]].concat();
    for step in
        [Step::Greeting, Step::Hello, Step::Mail, Step::Rcpt, Step::Data, Step::Content, Step::Dot]
    {
        post.relay.troubles().add(Trouble::always(step, Fault::Close));
        let outcome = post.tell(&large).await;
        let Outcome::Retry(reason) = &outcome else { panic!("{step:?}: {outcome:?}") };
        assert_eq!(reason.contains("unknown whether"), step == Step::Dot, "{step:?} {reason}");
        post.relay.troubles().heal();
        while !post.is_empty() {}
    }
}

#[tokio::test]
async fn words_that_make_no_sense_do_no_harm() {
    let mut post = Post::start(Settings::default()).await;
    for step in [Step::Greeting, Step::Mail, Step::Dot] {
        post.relay.troubles().add(Trouble::once(step, Fault::Flood));
        let outcome = post.tell(MAIL).await;
        assert!(matches!(outcome, Outcome::Retry(_)), "{step:?}: {outcome:?}");
        post.relay.troubles().heal();
    }
    while !post.is_empty() {}
    // A reply in Latin-1: the mail must not count as failed, or it is sent for ever.
    let latin = Fault::Inject(b"250 aceptado, env\xedo 5\r\n".to_vec());
    post.relay.troubles().add(Trouble::once(Step::Dot, latin));
    assert!(told(&post.tell(MAIL).await));
    let latin = Fault::Reply(b"550 buz\xf3n desconocido\r\n".to_vec());
    post.relay.troubles().add(Trouble::once(Step::Rcpt, latin));
    let outcome = post.tell(MAIL).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("buz?n")), "{outcome:?}");
}

#[tokio::test]
async fn nobody_at_the_port_is_a_reason_to_try_again() {
    let post = Post::start(Settings::default()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    post.set(|mail| mail.port = free);
    let outcome = post.tell(MAIL).await;
    assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("refused")), "{outcome:?}");
    post.set(|mail| mail.relay = Some("no.such.host.invalid".to_owned()));
    let outcome = post.tell(MAIL).await;
    assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("cannot reach")), "{outcome:?}");
}

#[tokio::test]
async fn a_kept_connection_that_died_costs_nothing() {
    let mut post = Post::start(Settings::default()).await;
    for round in 1..=4 {
        let last_words = match round % 2 {
            0 => Trouble::once(Step::Dot, Fault::CloseAfter),
            _ => Trouble::once(Step::Dot, Fault::Inject(b"421 4.4.2 idle too long\r\n".to_vec())),
        };
        post.relay.troubles().add(last_words);
        let outcome = post.tell(MAIL).await;
        assert!(told(&outcome), "{round}: {outcome:?}");
        assert_eq!(post.mail().await.connection, round);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_probed_then_dropped() {
    let mut post = Post::start(Settings::default()).await;
    let mut connections = Vec::new();
    for idle in [0, 4, 30, 61] {
        tokio::time::sleep(Duration::from_secs(idle)).await;
        assert!(told(&post.tell(MAIL).await));
        connections.push(post.mail().await.connection);
    }
    assert_eq!(connections, [1, 1, 1, 2]);
}

#[tokio::test]
async fn a_change_of_the_settings_opens_a_new_connection() {
    let mut first = Post::start(Settings::default()).await;
    let mut second = Post::start(Settings::default()).await;
    assert!(told(&first.tell(MAIL).await));
    let port = second.relay.address().port();
    first.set(|mail| mail.port = port);
    assert!(told(&first.tell(MAIL).await));
    assert_eq!((first.mail().await.number, second.mail().await.number), (1, 1));
}

#[tokio::test]
async fn many_mails_at_once_share_few_connections() {
    let mut post = Post::start(Settings::default()).await;
    let all = futures_util::future::join_all((0..40).map(|_| post.tell(MAIL))).await;
    assert!(all.iter().all(told));
    for _ in 0..40 {
        post.mail().await;
    }
    assert!(post.relay.connections() <= 4, "{}", post.relay.connections());
}

#[tokio::test]
async fn mails_go_under_tls_and_with_a_login() {
    for tls in [RelayTls::Starttls, RelayTls::Implicit] {
        let login = Some(("appliance".to_owned(), "s3cret ñ".to_owned()));
        let mut post = Post::start(Settings { tls, login, ..Settings::default() }).await;
        for _ in 0..2 {
            let outcome = post.tell(MAIL).await;
            assert!(told(&outcome), "{tls:?}: {outcome:?}");
            let mail = post.mail().await;
            assert!(mail.tls);
            assert_eq!(mail.user.as_deref(), Some("appliance"));
        }
        post.set(|mail| mail.password = Some(Secret::new("wrong".to_owned())));
        let outcome = post.tell(MAIL).await;
        assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("535")), "{outcome:?}");
        post.set(|mail| mail.user = None);
        let outcome = post.tell(MAIL).await;
        assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("530")), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_relay_that_cannot_prove_itself_gets_no_mail_and_no_password() {
    for tls in [RelayTls::Starttls, RelayTls::Implicit] {
        let settings = Settings {
            tls,
            certificate_for: vec!["other.example".to_owned()],
            ..Settings::default()
        };
        let mut post = Post::start(settings).await;
        let outcome = post.tell(MAIL).await;
        let wrong = "no secure connection with the relay";
        assert!(matches!(&outcome, Outcome::Retry(why) if why.contains(wrong)), "{outcome:?}");

        let stranger = Post::start(Settings { tls, ..Settings::default() }).await;
        let strange = stranger.relay.address().port();
        post.set(|mail| mail.port = strange);
        let outcome = post.tell(MAIL).await;
        assert!(matches!(&outcome, Outcome::Retry(why) if why.contains(wrong)), "{outcome:?}");

        for (ca, reason) in [("/nonexistent", "No such file"), ("/dev/null", "expected PEM")] {
            post.set(|mail| mail.ca = Some(ca.into()));
            let outcome = post.tell(MAIL).await;
            assert!(matches!(&outcome, Outcome::Retry(why) if why.contains(reason)), "{outcome:?}");
        }
        assert!(post.is_empty());
    }
}

#[tokio::test]
async fn what_is_promised_in_the_settings_is_not_given_up() {
    let mut post = Post::start(Settings::default()).await;
    post.set(|mail| mail.tls = RelayTls::Starttls);
    let outcome = post.tell(MAIL).await;
    assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("STARTTLS")), "{outcome:?}");
    post.set(|mail| {
        mail.tls = RelayTls::Off;
        mail.user = Some("appliance".to_owned());
    });
    let outcome = post.tell(MAIL).await;
    assert!(matches!(&outcome, Outcome::Retry(why) if why.contains("no login")), "{outcome:?}");
    assert!(post.is_empty());
}

#[tokio::test]
async fn words_injected_before_tls_are_not_heard_after_it() {
    let mut post = Post::start(Settings { tls: RelayTls::Starttls, ..Settings::default() }).await;
    let fake = b"250-evil\r\n250 AUTH PLAIN\r\n250 ok\r\n".to_vec();
    post.relay.troubles().add(Trouble::once(Step::Starttls, Fault::Inject(fake)));
    // A relay that refuses the only recipient: an answer taken from before TLS would hide it.
    post.relay.troubles().add(Trouble::once(Step::Rcpt, Fault::reply("550 unknown")));
    let outcome = post.tell(MAIL).await;
    assert!(!told(&outcome), "{outcome:?}");
    assert!(post.is_empty());
}

#[tokio::test]
async fn raw_text_goes_as_the_relay_offers_and_goes_anyway() {
    let raw = "Subject: disco crítico\r\n\r\nleído\r\n".as_bytes();
    for (eight_bit_mime, smtputf8) in [(true, true), (true, false), (false, false)] {
        let settings = Settings { eight_bit_mime, smtputf8, ..Settings::default() };
        let mut post = Post::start(settings).await;
        assert!(told(&post.tell(raw).await));
        let mail = post.mail().await;
        assert_eq!(mail.from.contains("BODY=8BITMIME"), eight_bit_mime);
        assert!(!mail.from.contains("SMTPUTF8"), "a later hop would bounce it");
        assert_eq!(body(&mail.data), "leído\r\n".as_bytes());
        let parsed = mail_parser::MessageParser::default().parse(&mail.data).unwrap();
        assert_eq!(parsed.subject(), Some("disco crítico"));

        let outcomes = ends(post.channel.tell(job(raw, &[Some("añá@example.org")])).await);
        assert_eq!(told(&outcomes[0]), smtputf8, "{outcomes:?}");
        if smtputf8 {
            let mail = post.mail().await;
            assert!(mail.from.contains("SMTPUTF8"));
            assert_eq!(mail.to, ["<añá@example.org>"]);
        }
    }
}

#[tokio::test]
async fn each_mail_becomes_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("mail");
    let settings = Settings { directory: Some(folder.clone()), ..Settings::default() };
    let mut post = Post::start(settings).await;
    for number in 1..=2 {
        assert!(told(&post.tell(MAIL).await));
        let mail = post.mail().await;
        let file = std::fs::read(folder.join(format!("000{number}.eml"))).unwrap();
        assert!(file == mail.data);
    }
}
