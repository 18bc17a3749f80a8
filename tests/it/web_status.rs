//! The page that says how every part is: what is known of each, and what is not.

use super::web::{admin, aside};
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
