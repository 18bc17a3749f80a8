//! The page that says how every part is: what is known of each, and what is not.

use serde_json::json;
use smtp_appliance::board::Output;
use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use smtp_appliance::health::{Part, State};

use super::web::{admin, aside};
use super::web_api::{program, send, value};
use crate::support::appliance::Place;
use crate::support::browser::Page;

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

/// How the page says that the light of alerts shines.
fn light(page: &Page) -> &str {
    page.body.split("<dt>Alert</dt>").nth(1).unwrap().split("</dd>").next().unwrap()
}

/// The buzzer sounds, and the light blinks, until somebody takes note; a page knows it, whoever it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_shown_and_silenced_from_afar() {
    let place = Place::set(|settings| {
        settings.web = String::from(
            "listen = \"127.0.0.1:0\"\nhttps = false\n[board]\nkind = \"simulated\"\n",
        );
        settings.sms.push_str("enabled = false\n");
    })
    .await;
    place.relay.troubles().add(Trouble::always(Step::Rcpt, Fault::reply("550 unknown")));
    let (running, board) = place.start_on_board();
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    let id = running.send("ana", "Disk full").await;
    running.is(|status| status.is_alarming()).await;
    running.until(|_| board.is_on(Output::Buzzer)).await;
    let mut boss = aside(move || {
        boss.get("/");
        let mut tool = program(&mut boss, address, &["read", "act"]);
        let alarms = value(&tool.get("/api/v1/status").must(200))["alarms"].clone();
        assert_eq!(alarms[0], json!({"alert": id.0, "why": "untold", "silenced": false}));
        let page = boss.get("/").must(200).says("nobody could be told of it");
        assert!(page.body.contains("action=\"/silence\"") && light(&page).contains("comes on 33"));
        boss.post("/silence", &[]).must(200);
        boss
    })
    .await;
    let status = running.is(|status| !status.is_alarming()).await;
    assert_eq!(status.silenced, status.alarms);
    running.until(|_| !board.is_on(Output::Buzzer)).await;
    aside(move || {
        let page = boss.get("/").must(200).says("somebody has taken note");
        assert!(!page.body.contains("action=\"/silence\"") && light(&page).contains("dark"));
        boss.get("/audit").says("alarm.silence");
        let mut tool = program(&mut boss, address, &["act", "read"]);
        assert_eq!(value(&tool.get("/api/v1/status"))["alarms"][0]["silenced"], true);
        send(&mut tool, "POST", "/api/v1/silence", &json!({})).must(409).says("no alarm");
    })
    .await;
    running.stop().await;
}
