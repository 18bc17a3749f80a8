//! Who may what: roles, sessions, the second factor, lock-out; and hostile mails that change nothing
//! of it.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use regex::Regex;
use ring::hmac;

use super::web::{admin, aside, with_web};
use super::web_api::program;
use crate::support::appliance::{greet, send_raw};
use crate::support::browser::{Browser, PASSWORD};

fn add_user(boss: &mut Browser, name: &str, role: &str) {
    boss.get("/access");
    let fields = [("name", name), ("role", role), ("password", PASSWORD), ("again", PASSWORD)];
    boss.post("/access/add", &fields).must(200).says("The user is added");
}

fn logged_in(address: SocketAddr, name: &str) -> Browser {
    let mut browser = Browser::at(address, false);
    browser.log_in(name, PASSWORD).must(200);
    browser
}

/// Pages and forms, and the least role that may.
const PLACES: &[(&str, &str, &str)] = &[
    ("GET", "/", "viewer"),
    ("GET", "/status/live", "viewer"),
    ("GET", "/alerts", "viewer"),
    ("GET", "/alerts.csv", "viewer"),
    ("GET", "/alerts.json", "viewer"),
    ("GET", "/alerts/1", "viewer"),
    ("GET", "/alerts/1/live", "viewer"),
    ("GET", "/alerts/1/mail", "viewer"),
    ("GET", "/statistics", "viewer"),
    ("GET", "/statistics.csv", "viewer"),
    ("GET", "/api", "viewer"),
    ("GET", "/account", "viewer"),
    ("GET", "/alerts/1/said/ana", "operator"),
    ("GET", "/people", "operator"),
    ("GET", "/try", "operator"),
    ("POST", "/trial/relay", "operator"),
    ("POST", "/trial/modem", "operator"),
    ("POST", "/trial/sip", "operator"),
    ("GET", "/trial/voices", "operator"),
    ("GET", "/self-test", "operator"),
    ("POST", "/update", "admin"),
    ("POST", "/backup/history", "admin"),
    ("POST", "/self-test", "operator"),
    ("GET", "/log", "operator"),
    ("GET", "/log/live", "operator"),
    ("POST", "/alerts/1/retry", "operator"),
    ("POST", "/alerts/1/ack", "operator"),
    ("POST", "/alerts/1/stop", "operator"),
    ("GET", "/people/ana", "admin"),
    ("GET", "/people/new", "admin"),
    ("POST", "/people/check", "admin"),
    ("POST", "/people/save", "admin"),
    ("POST", "/people/remove", "admin"),
    ("GET", "/settings", "admin"),
    ("GET", "/settings/file", "admin"),
    ("POST", "/settings/file", "admin"),
    ("POST", "/settings/file/check", "admin"),
    ("GET", "/settings/form/mail", "admin"),
    ("GET", "/settings/form/listener/+", "admin"),
    ("POST", "/settings/form/mail/-", "admin"),
    ("POST", "/settings/check/mail/-", "admin"),
    ("GET", "/groups/oncall", "admin"),
    ("POST", "/groups/check", "admin"),
    ("POST", "/groups/save", "admin"),
    ("POST", "/settings/channel", "admin"),
    ("POST", "/settings/language", "admin"),
    ("POST", "/settings/undo", "admin"),
    ("GET", "/access", "admin"),
    ("POST", "/access/add", "admin"),
    ("POST", "/access/remove", "admin"),
    ("POST", "/access/role", "admin"),
    ("POST", "/access/token/add", "admin"),
    ("POST", "/access/token/remove", "admin"),
    ("GET", "/audit", "admin"),
    ("GET", "/backup", "admin"),
    ("POST", "/backup/configuration", "admin"),
    ("POST", "/backup/restore", "admin"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_may_what_it_may_and_nothing_else() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    running.send("ana", "one").await;
    running.idle().await;
    aside(move || {
        let roles = ["viewer", "operator", "admin"];
        let rank = |role: &str| roles.iter().position(|known| *known == role).unwrap();
        for role in roles {
            add_user(&mut boss, role, role);
            let mut browser = logged_in(address, role);
            for (method, path, least) in PLACES {
                browser.get("/account").must(200);
                let page =
                    if *method == "GET" { browser.get(path) } else { browser.post(path, &[]) };
                let allowed = rank(role) >= rank(least);
                assert_eq!(page.status == 403, !allowed, "{role} {method} {path}: {}", page.status);
                assert!(page.status < 500, "{role} {method} {path}: {}", page.body);
            }
        }
        for (method, path, _) in PLACES {
            let mut nobody = Browser::at(address, false);
            let status = nobody.ask(method, path, "application/x-www-form-urlencoded", b"").status;
            assert!(status == 401 || status == 303, "nobody {method} {path}: {status}");
        }
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_her_role_or_her_place_loses_it_at_once() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        add_user(&mut boss, "eva", "operator");
        let mut eva = logged_in(address, "eva");
        eva.get("/log").must(200);
        boss.post("/access/role", &[("name", "eva"), ("role", "viewer")]).must(200);
        eva.get("/").says("Log in");
        let mut eva = logged_in(address, "eva");
        eva.get("/log").must(403);
        boss.post("/access/remove", &[("name", "eva")]).must(200);
        eva.get("/").says("Log in");
        boss.post("/access/remove", &[("name", "boss")]).must(409).says("last one");
        boss.get("/audit").says("user.remove").says("eva (viewer)");
    })
    .await;
    running.stop().await;
}

/// What a telephone shows (RFC 6238).
fn code(secret: &str, seconds: u64) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = secret.chars().map(|c| format!("{:05b}", letters.find(c).unwrap()));
    let bits = bits.collect::<Vec<_>>().concat();
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let four = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", four % 1_000_000)
}

#[expect(clippy::disallowed_methods, reason = "as a telephone has it")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_wanted_from_then_on_and_each_code_once() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let page = boss.get("/account").must(200).says("<svg class=\"qr\"");
        let found = Regex::new(r#"name="secret" value="([A-Z2-7]+)""#).unwrap();
        let secret = found.captures(&page.body).unwrap()[1].to_owned();
        let now = seconds();
        let wrong = [("secret", secret.as_str()), ("code", "000000"), ("now", PASSWORD)];
        boss.post("/account/totp/on", &wrong).must(400);
        let first = code(&secret, now);
        let right = [("secret", secret.as_str()), ("code", &first), ("now", PASSWORD)];
        let page = boss.post("/account/totp/on", &right).must(200).says("Log in again");
        let found = Regex::new("<code>([a-z0-9-]{19})</code>").unwrap();
        let shown: Vec<String> =
            found.captures_iter(&page.body).map(|found| found[1].to_owned()).collect();
        assert_eq!(shown.len(), 8);
        let mut again = Browser::at(address, false);
        again.log_in("boss", PASSWORD).must(200).says("Six digits");
        again.get("/alerts").says("Six digits");
        again.post("/login/code", &[("code", &first)]).must(401).says("used already");
        again.post("/login/code", &[("code", "123")]).must(401);
        // The next one is within what clocks may differ.
        let next = code(&secret, now + 30);
        again.post("/login/code", &[("code", &next)]).must(200).says("Newest alerts");
        // Without the telephone, by a code from paper; and only once.
        let mut lost = Browser::at(address, false);
        let enter = |browser: &mut Browser| browser.log_in("boss", PASSWORD).must(200);
        enter(&mut lost);
        let typed = shown[3].to_uppercase().replace('-', " ");
        lost.post("/login/code", &[("code", &typed)]).must(200).says("Newest alerts");
        lost.get("/account").says("that are left: 7");
        let mut twice = Browser::at(address, false);
        enter(&mut twice);
        twice.post("/login/code", &[("code", &shown[3])]).must(401);
        // New ones make the old ones useless.
        lost.post("/account/recovery", &[("again", "not this one")]).must(403);
        let page = lost.post("/account/recovery", &[("again", PASSWORD)]).must(200);
        assert_eq!(found.captures_iter(&page.body).count(), 8);
        twice.post("/login/code", &[("code", &shown[4])]).must(401);
        lost.get("/audit").says("recovery code");
        again.get("/account").says("The second factor is on");
        again.post("/account/totp/off", &[("now", "not this one")]).must(403);
        again.post("/account/totp/off", &[("now", PASSWORD)]).must(200);
        Browser::at(address, false).log_in("boss", PASSWORD).says("Newest alerts");
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tries_passwords_has_to_wait() {
    let (_place, running) = with_web().await;
    let boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let mut thief = Browser::at(address, false);
        for number in 0..5 {
            thief.log_in("boss", &format!("password number {number}")).must(401);
        }
        thief.log_in("boss", PASSWORD).must(429).says("Too many tries");
        // A token is too long to be guessed, and wrong ones keep nobody out who has one.
        thief.headers = vec![("authorization".to_owned(), "Bearer sa_x".to_owned())];
        (0..10).for_each(|_| drop(thief.get("/api/v1/status").must(401)));
        let mut boss = boss;
        program(&mut boss, address, &["read"]).get("/api/v1/status").must(200);
    })
    .await;
    running.stop().await;
}

/// In every field that a mail has.
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_with_scripts_everywhere_is_text_everywhere() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let mail = format!(
        "From: {HOSTILE} <{HOSTILE}@example.org>\r\nTo: {HOSTILE}\r\nSubject: PROBLEM {HOSTILE}\r\n\
         Date: {HOSTILE}\r\nMessage-ID: <{HOSTILE}>\r\nX-Mailer: {HOSTILE}\r\n\r\nHost: {HOSTILE}\r\n\
         Severity: {HOSTILE}\r\nService: {HOSTILE}\r\nProblem ID: 1{HOSTILE}\r\nState: {HOSTILE}\r\n\
         {HOSTILE}\r\n"
    );
    let mut client = greet(running.address).await;
    client.must("EHLO <script>alert(1)</script>", "").await;
    let reply = send_raw(&mut client, &["ana"], mail.as_bytes()).await;
    assert!(reply.starts_with("250"), "{reply}");
    running.idle().await;
    let id = running.newest();
    aside(move || {
        let escaped = "&lt;script&gt;";
        let mut pages = vec![
            boss.get("/"),
            boss.get("/alerts"),
            boss.get(&format!("/alerts/{id}")),
            boss.get(&format!("/alerts/{id}/live")),
            boss.get("/statistics"),
        ];
        assert!(pages.iter().take(3).all(|page| page.body.contains(escaped)));
        let query = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        pages.push(
            boss.get(&format!("/alerts?q={query}&state={query}&source={query}&host={query}")),
        );
        pages.push(boss.get(&format!("/log?q={query}&level={query}")));
        pages.push(boss.get("/try"));
        pages.push(boss.post("/try", &[("mail", &mail), ("to", HOSTILE)]));
        pages.push(boss.get("/audit"));
        pages.push(boss.get(&format!("/{query}")));
        for page in pages {
            let body = page.body.replace("<script src=\"/asset/", "");
            assert!(!body.contains("<script"), "{body}");
            assert!(!body.contains("<img") && !body.contains("onerror=alert(2)>"), "{body}");
        }
        let raw = boss.get(&format!("/alerts/{id}/mail"));
        assert_eq!(raw.headers["content-type"], "message/rfc822");
        assert!(raw.headers["content-disposition"].starts_with("attachment"));
    })
    .await;
    running.stop().await;
}
