//! The administration: set up, logged in, seen and used; and what it refuses.

use crate::support::appliance::{Place, Running};
use crate::support::browser::{Browser, PASSWORD};

/// An appliance whose pages speak HTTP on a free port.
pub(crate) async fn with_web() -> (Place, Running) {
    let place = Place::set(|settings| {
        settings.web = String::from("listen = \"127.0.0.1:0\"\nhttps = false\n");
    })
    .await;
    let running = place.start();
    (place, running)
}

/// Runs what blocks beside the tasks.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Somebody who has just set it up.
pub(crate) async fn admin(running: &Running) -> Browser {
    let (address, token) = (running.web.unwrap(), running.setup_token.clone().unwrap());
    aside(move || {
        let mut browser = Browser::at(address, false);
        browser.set_up(&token, "boss").must(200).says("boss");
        browser
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_wants_the_token_and_makes_an_admin() {
    let (place, running) = with_web().await;
    let (address, token) = (running.web.unwrap(), running.setup_token.clone().unwrap());
    let kept = std::fs::read_to_string(place.store().join("web/setup-token")).unwrap();
    assert_eq!(kept.trim(), token);
    aside(move || {
        let mut browser = Browser::at(address, false);
        browser.get("/").must(200).says("First start");
        let form = |token, again| {
            [("token", token), ("name", "boss"), ("password", PASSWORD), ("again", again)]
        };
        browser.post("/setup", &form("0000-0000-0000-0000", PASSWORD)).must(403);
        browser.post("/setup", &form(&token, "another password")).must(400).says("differ");
        browser.post("/setup", &form(&token, PASSWORD)).must(200).says("Newest alerts");
        // It is used up.
        let mut other = Browser::at(address, false);
        other.post("/setup", &form(&token, PASSWORD)).must(200).says("Log in");
        other.get("/setup").says("Log in");
        other.log_in("boss", "wrong").must(401).says("wrong");
        other.log_in("nobody", PASSWORD).must(401);
        other.log_in("boss", PASSWORD).must(200).says("Newest alerts");
        other.post("/logout", &[]).must(200).says("Log in");
        other.get("/alerts").says("Log in");
    })
    .await;
    assert!(!place.store().join("web/setup-token").exists());
    let accounts = std::fs::read_to_string(place.store().join("web/accounts.json")).unwrap();
    assert!(accounts.contains("$argon2id$") && !accounts.contains(PASSWORD));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_told_as_a_story() {
    let (_place, running) = with_web().await;
    let mut browser = admin(&running).await;
    let id = running.send("ana", "Disk full on web-01").await;
    running.idle().await;
    aside(move || {
        browser.get("/").says("Disk full on web-01");
        browser.get("/alerts").says("Disk full on web-01").says("told");
        browser.get("/alerts?q=FULL+web&state=told").says("Disk full on web-01");
        browser.get("/alerts?q=nothing").says("No alert matches");
        browser.get("/alerts?state=failed").says("No alert matches");
        let story = browser.get(&format!("/alerts/{id}")).must(200);
        let story = story.says("What happened: Disk full").says("handed over").says("It is news");
        assert!(story.body.find("It is news") < story.body.rfind("handed over"));
        browser.get(&format!("/alerts/{id}/mail")).must(200).says("Subject: Disk full on web-01");
        let csv = browser.get("/alerts.csv").must(200).says("Disk full on web-01");
        assert!(csv.headers["content-disposition"].contains("attachment"));
        browser.get("/alerts.json").says("\"subject\": \"Disk full on web-01\"");
        for nothing in ["/alerts/99", "/alerts/x", "/alerts/99/mail", "/nothing"] {
            browser.get(nothing).must(404);
        }
        browser.post(&format!("/alerts/{id}/retry"), &[]).must(409).says("nothing to retry");
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_can_be_acknowledged_and_stopped() {
    let (mut place, running) = with_web().await;
    place.change(|settings| settings.mail = "relay = \"127.0.0.1\"\nport = 9\n".to_owned());
    drop(place.ask(smtp_appliance::control::Request::Reload).await);
    let mut browser = admin(&running).await;
    let (first, second) = (running.send("ana", "one").await, running.send("ana", "two").await);
    aside(move || {
        browser.get("/").says("In progress");
        browser.post(&format!("/alerts/{first}/ack"), &[]).must(200);
        // An attempt that is on its way ends first.
        browser.get_until(&format!("/alerts/{first}"), "acknowledged by boss");
        browser.get(&format!("/alerts/{second}"));
        browser.post(&format!("/alerts/{second}/stop"), &[]).must(200);
        browser.get_until(&format!("/alerts/{second}"), "dropped by hand");
        browser.post(&format!("/alerts/{second}/stop"), &[]).must(409);
        browser.post(&format!("/alerts/{second}/explode"), &[]).must(404);
    })
    .await;
    running.idle().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_of_others_and_of_nobody_change_nothing() {
    let (_place, running) = with_web().await;
    let mut browser = admin(&running).await;
    let id = running.send("ana", "one").await;
    let address = running.web.unwrap();
    aside(move || {
        let path = format!("/alerts/{id}/retry");
        browser.get(&format!("/alerts/{id}"));
        browser.post_only(&path, &[]).must(403);
        browser.post_only(&path, &[("csrf", "x")]).must(403);
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            browser.headers = vec![(name.to_owned(), value.to_owned())];
            browser.post(&path, &[]).must(403);
        }
        Browser::at(address, false).post(&path, &[]).must(401);
        Browser::at(address, false).get("/alerts").must(200).says("Log in");
        Browser::at(address, false).ask("GET", "/live", "", b"").must(303);
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_headers_that_protect_it() {
    let (_place, running) = with_web().await;
    let mut browser = admin(&running).await;
    aside(move || {
        let style = browser.get("/").body;
        let style = style.split("href=\"").find(|part| part.starts_with("/asset/")).unwrap();
        let style = style.split('"').next().unwrap().to_owned();
        for path in ["/", "/login", "/nothing", style.as_str(), "/healthz"] {
            let headers = browser.get(path).headers;
            let policy = &headers["content-security-policy"];
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{path}"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        }
        assert_eq!(browser.get("/").headers["cache-control"], "no-store");
        assert!(browser.get(&style).headers["cache-control"].contains("immutable"));
        let page = browser.get("/").body;
        assert!(
            !page.contains(" style=") && !page.contains(" onclick=") && !page.contains("<style")
        );
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_speaks_https_and_turns_strangers_away() {
    let mut place = Place::set(|settings| {
        settings.web = "listen = \"127.0.0.1:0\"\n".to_owned();
    })
    .await;
    let running = place.start();
    let (address, token) = (running.web.unwrap(), running.setup_token.clone().unwrap());
    aside(move || {
        let mut browser = Browser::at(address, true);
        let page = browser.set_up(&token, "boss").must(200);
        assert!(page.body.contains("Log out (boss)"));
        let login = Browser::at(address, true).ask("GET", "/login", "", b"");
        assert!(!login.headers.contains_key("strict-transport-security"), "it is self-signed");
        let fields = format!("name=boss&password={}", PASSWORD.replace(' ', "+"));
        let kind = "application/x-www-form-urlencoded";
        let entered = Browser::at(address, true).ask("POST", "/login", kind, fields.as_bytes());
        let cookie = &entered.headers["set-cookie"];
        for part in ["__Host-session=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    })
    .await;
    place.change(|settings| {
        settings.web = "listen = \"127.0.0.1:0\"\nallow = [\"192.0.2.0/24\"]\n".to_owned();
    });
    drop(place.ask(smtp_appliance::control::Request::Reload).await);
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 16]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    running.stop().await;
}
