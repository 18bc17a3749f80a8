//! The appliance registers: with a real exchange by UDP, TCP and TLS, and with awkward ones.

use std::net::Ipv4Addr;
use std::time::Duration;

use smtp_appliance::config::{Secret, SipAccount, SipTransport};
use smtp_appliance::sip::{Registration, Target};
use tokio::time::{Instant, sleep, timeout};

use crate::support::authority::Authority;
use crate::support::dnsmasq::Dnsmasq;
use crate::support::kamailio::{Kamailio, Options};
use crate::support::programs::free_sip_port;
use crate::support::sip::{Line, PATIENCE, free_listen, hasty, settings, trunk};
use crate::support::sipp::Sipp;

/// The appliance's account at an exchange.
fn account(exchange: &Kamailio, transport: SipTransport) -> SipAccount {
    let port = if transport == SipTransport::Tls { exchange.tls_port } else { exchange.port };
    SipAccount {
        extension: "appliance".to_owned(),
        password: Some(Secret::new("secret-of-200".to_owned())),
        register: true,
        transport,
        ca: Some(exchange.authority()),
        ..trunk(port)
    }
}

/// The same for a registrar of sipp.
fn account_at(port: u16) -> SipAccount {
    SipAccount { register: true, ..trunk(port) }
}

fn registered(state: &Registration) -> bool {
    matches!(state, Registration::Registered { .. })
}

/// Registered for about a minute or longer, so not to be refreshed in this test.
fn registered_for_long(state: &Registration) -> bool {
    let long = Instant::now() + Duration::from_secs(30);
    matches!(state, Registration::Registered { expires, .. } if *expires > long.into_std())
}

#[tokio::test]
async fn an_exchange_takes_it_by_each_transport() {
    let exchange = Kamailio::start(Options { service_route: true, ..Options::default() }).await;
    for transport in [SipTransport::Udp, SipTransport::Tcp, SipTransport::Tls] {
        let line = Line::open(settings(vec![account(&exchange, transport)]));
        let status = line.account(registered).await;
        assert!(status.usable && status.last_error.is_none(), "{status:?}");
        line.close().await;
    }
    // And each let it go again.
    exchange.logged("registered appliance for 0 s", 3).await;
    exchange.logged("challenge 401 REGISTER of appliance", 3).await;
}

#[tokio::test]
async fn an_exchange_with_other_habits() {
    let habits = [
        Options { sha256: true, ..Options::default() },
        Options { qop: false, ..Options::default() },
        Options { min_expires: Duration::from_mins(2), ..Options::default() },
    ];
    for habit in habits {
        let exchange = Kamailio::start(habit).await;
        let line = Line::open(settings(vec![account(&exchange, SipTransport::Udp)]));
        line.account(registered_for_long).await;
        line.close().await;
        exchange.logged("registered appliance for 0 s", 1).await;
    }
}

#[tokio::test]
async fn a_registration_is_refreshed_with_a_stale_nonce() {
    let exchange = Kamailio::start(Options {
        nonce_expire: Duration::from_secs(1),
        max_expires: Duration::from_secs(6),
        ..Options::default()
    })
    .await;
    let line = Line::open(settings(vec![account(&exchange, SipTransport::Udp)]));
    let since = |state: &Registration| match state {
        Registration::Registered { since, .. } => Some(*since),
        Registration::Off | Registration::Trying | Registration::Failed { .. } => None,
    };
    let first = since(&line.account(registered).await.state);
    exchange.logged("registered appliance", 3).await;
    // Without a gap.
    assert_eq!(since(&line.account(registered).await.state), first);
    line.close().await;
}

#[tokio::test]
async fn a_certificate_of_nobody_is_refused() {
    let exchange = Kamailio::start(Options::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut account = account(&exchange, SipTransport::Tls);
    account.ca = Some(Authority::new("Somebody else").write(folder.path()));
    let line = Line::open(settings(vec![account]));
    let status = line.account(|state| matches!(state, Registration::Failed { .. })).await;
    assert!(!status.usable, "{status:?}");
    let why = status.last_error.unwrap();
    assert!(why.contains("certificate"), "{why}");
    line.close().await;
    assert!(!exchange.log().contains("request REGISTER"), "it told the exchange who it is");
}

#[tokio::test]
async fn an_exchange_is_found_by_its_domain() {
    let exchange = Kamailio::start(Options::default()).await;
    let (port, tls_port) = (exchange.port, exchange.tls_port);
    // Where nobody listens: the next one is to be tried.
    let nobody = free_sip_port();
    let names = Dnsmasq::start(&[
        "naptr-record=pbx.example,10,50,s,SIP+D2U,,_sip._udp.pbx.example",
        "naptr-record=pbx.example,20,50,s,SIP+D2T,,_sip._tcp.pbx.example",
        "naptr-record=pbx.example,30,50,s,SIPS+D2T,,_sips._tcp.pbx.example",
        &format!("srv-host=_sip._udp.pbx.example,sip.pbx.example,{port},10,60"),
        &format!("srv-host=_sip._tcp.pbx.example,sip.pbx.example,{nobody},10,60"),
        &format!("srv-host=_sip._tcp.pbx.example,sip.pbx.example,{port},20,60"),
        &format!("srv-host=_sips._tcp.pbx.example,sip.pbx.example,{tls_port},10,60"),
        "address=/sip.pbx.example/127.0.0.1",
    ])
    .await;
    for transport in [SipTransport::Udp, SipTransport::Tcp, SipTransport::Tls] {
        let mut account = account(&exchange, transport);
        account.domain = "pbx.example".to_owned();
        account.proxy = None;
        let options = smtp_appliance::sip::Options {
            name_servers: Some(vec![(Ipv4Addr::LOCALHOST, names.port).into()]),
            ..hasty()
        };
        let line = Line::open_with(settings(vec![account]), options);
        line.account(registered).await;
        line.close().await;
    }
}

#[tokio::test]
async fn an_exchange_that_was_restarted_gets_the_registration_again() {
    for transport in [SipTransport::Udp, SipTransport::Tcp] {
        let mut exchange = Kamailio::start(Options::default()).await;
        let mut account = account(&exchange, transport);
        account.expires = Duration::from_secs(6);
        let line = Line::open(settings(vec![account]));
        line.account(registered).await;
        exchange.restart().await;
        exchange.logged("registered appliance", 1).await;
        line.account(registered).await;
        line.close().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again_at_once() {
    let exchange = Kamailio::start(Options::default()).await;
    let mut account = account(&exchange, SipTransport::Tcp);
    account.password = Some(Secret::new("wrong".to_owned()));
    let line = Line::open(settings(vec![account]));
    let status = line.account(|state| matches!(state, Registration::Failed { .. })).await;
    assert!(matches!(status.state, Registration::Failed { status: Some(401), .. }), "{status:?}");
    sleep(Duration::from_secs(2)).await;
    line.close().await;
    assert_eq!(exchange.log().matches("request REGISTER").count(), 2, "{}", exchange.log());
}

#[tokio::test]
async fn the_second_exchange_is_used_while_the_first_is_down() {
    let exchange = Kamailio::start(Options::default()).await;
    let nobody = free_sip_port();
    let accounts = vec![account_at(nobody), account(&exchange, SipTransport::Udp)];
    let line = Line::open(settings(accounts));
    let mut watch = line.agent.watch();
    let both = watch.wait_for(|all| all.iter().map(|account| account.usable).eq([false, true]));
    timeout(PATIENCE, both).await.unwrap().unwrap();
    line.close().await;
}

#[tokio::test]
async fn awkward_registrars_that_take_it_at_last() {
    for scenario in [
        "register_423",
        "register_401_then_407",
        "register_stale",
        "register_shorter",
        "register_two_contacts",
        "register_path",
        "register_lost",
    ] {
        let sipp = Sipp::uas(scenario, &[]).await;
        let line = Line::open(settings(vec![account_at(sipp.port)]));
        let status = line.account(registered_for_long).await;
        assert!(status.usable, "{scenario}: {status:?}");
        line.close().await;
        sipp.finished().await;
    }
}

#[tokio::test]
async fn registrars_that_refuse() {
    let cases: [(u16, &str, &str, Duration); 3] = [
        (403, "Forbidden", "X-Nothing: to say", Duration::from_secs(20)),
        (404, "Not Found", "X-Nothing: to say", Duration::from_secs(20)),
        (503, "Out of Order", "Retry-After: 20", Duration::from_secs(15)),
    ];
    for (status, words, header, wait) in cases {
        let number = status.to_string();
        let keys = [("status", number.as_str()), ("words", words), ("header", header)];
        let sipp = Sipp::uas("register_refused", &keys).await;
        let line = Line::open(settings(vec![account_at(sipp.port)]));
        let found = line.account(|state| matches!(state, Registration::Failed { .. })).await;
        let Registration::Failed { status: told, next_try, .. } = &found.state else {
            panic!("{found:?}")
        };
        assert_eq!(*told, Some(status));
        assert!(*next_try > (Instant::now() + wait).into_std(), "{status}: {found:?}");
        line.close().await;
        sipp.finished().await;
    }
}

#[tokio::test]
async fn texts_are_taken_and_refused() {
    let sipp = Sipp::exchange("message", &[("text", "Disk full: 95 % .*AND")]).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let to = Target::Extension("ana".to_owned());
    line.agent.message(to.clone(), "Disk full: 95 % \u{2013} ÑANDÚ").await.unwrap();
    sipp.finished().await;
    line.close().await;

    let keys = [("status", "415"), ("words", "Unsupported Media Type")];
    let sipp = Sipp::exchange("message_refused", &keys).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let refused = line.agent.message(to, "Disk full").await.unwrap_err();
    assert!(refused.to_string().contains("415"), "{refused}");
    sipp.finished().await;
    line.close().await;
}

#[tokio::test]
async fn an_exchange_is_asked_whether_it_is_there() {
    let keys = [("status", "404"), ("words", "Nobody")];
    let sipp = Sipp::exchange("options", &keys).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    // A no is an answer as well.
    let round_trip = line.agent.ping(0).await.unwrap();
    assert!(round_trip < Duration::from_secs(5), "{round_trip:?}");
    sipp.finished().await;
    line.close().await;
}

#[tokio::test]
async fn what_others_ask_of_us() {
    let mut settings = settings(vec![]);
    settings.listen = free_listen();
    let port = settings.listen.port();
    let line = Line::open(settings);
    let cases = [
        ("asks", "OPTIONS", "Accept: application/sdp", "200"),
        ("asks", "NOTIFY", "Event: message-summary", "200"),
        ("asks", "SUBSCRIBE", "Event: presence", "405"),
        ("asks", "REJOICE", "X-Nothing: to say", "405"),
        ("asks", "BYE", "X-Nothing: to say", "481"),
        ("calls_us", "", "", "480"),
    ];
    for (scenario, method, header, status) in cases {
        let keys = [("method", method), ("header", header), ("status", status)];
        Sipp::uac(scenario, &keys, port).await.finished().await;
    }
    line.close().await;
}
