//! The page that says how every part is: what is known of each, and what is not.

use smtp_appliance::health::{Part, State};

use super::web::{admin, aside};
use super::web_api::{program, value};
use crate::support::appliance::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_has_telephones_lights_and_the_machine() {
    let place = Place::set(|settings| {
        settings.web = String::from(
            "listen = \"127.0.0.1:0\"\nhttps = false\n[board]\nkind = \"simulated\"\n\
             [sip]\nlisten = \"127.0.0.1:0\"\n[[sip.account]]\ndomain = \"127.0.0.1\"\n\
             extension = \"200\"\npassword = \"hunter2\"\nproxy = \"127.0.0.1:9\"\n",
        );
    })
    .await;
    let running = place.start();
    let mut boss = admin(&running).await;
    aside(move || {
        boss.get_until("/", "200@127.0.0.1");
        boss.get_until("/status/live", "dBm");
        // The module's network, by the name it gives.
        let page = boss.get("/").must(200).says("Operator").says("Balance").says("unknown");
        let page = page.says("Temperature").says("class=\"lamp").says("Self-test");
        assert!(!page.body.contains("hunter2"));
        boss.get("/self-test").must(200).says("Run the self-test");
        boss.post("/preferences", &[("language", "es"), ("theme", "auto"), ("back", "/")]);
        boss.get("/").says("Operador").says("Luces").says("Temperatura");
    })
    .await;
    running.stop().await;
}

/// A prepaid card that runs dry is told wherever somebody looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_balance_of_the_card_is_shown() {
    let place = Place::set(|settings| {
        settings.web = String::from(
            "listen = \"127.0.0.1:0\"\nhttps = false\n\
             [modem.balance]\ncode = \"*100#\"\nwarning = 5.0\n",
        );
    })
    .await;
    place.order("ussd Saldo: 4.20 EUR <b>hoy</b>").await;
    let running = place.start();
    running.is(|status| matches!(status.of(Part::Balance), State::Degraded(_))).await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let low = "4.20 left, less than 5.00: top up the SIM card";
        boss.get_until("/status/live", low);
        boss.get("/").must(200).says("4.20 (");
        let mut program = program(&mut boss, address, &["read", "metrics"]);
        let status = value(&program.get("/api/v1/status").must(200));
        assert_eq!(status["balance"]["amount"], 4.2);
        assert_eq!(status["parts"]["balance"]["why"], low);
        program.get("/metrics").must(200).says("smtp_appliance_modem_balance 4.2\n");
    })
    .await;
    running.stop().await;
}

/// Lights are shown where there are some.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_board_there_are_no_lights() {
    let (_place, running) = super::web::with_web().await;
    let mut boss = admin(&running).await;
    aside(move || {
        let page = boss.get("/").must(200).says("Machine");
        assert!(!page.body.contains("class=\"lamp"));
    })
    .await;
    running.stop().await;
}
