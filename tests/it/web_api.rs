//! The API: tokens and their scopes, alerts handed in and seen, metrics.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use regex::Regex;
use serde_json::{Value, json};

use super::web::{admin, aside, with_web};
use crate::support::browser::{Browser, PASSWORD, Page};

/// A program with a token of these scopes.
pub(crate) fn program(boss: &mut Browser, address: SocketAddr, scopes: &[&str]) -> Browser {
    boss.get("/access");
    let name = format!("for {}", scopes.join(" "));
    let mut fields = vec![("token", name.as_str())];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = boss.post("/access/token/add", &fields).must(200);
    let token = Regex::new("sa_[A-Za-z0-9_-]{43}").unwrap().find(&page.body).unwrap().as_str();
    let mut program = Browser::at(address, false);
    program.headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    program
}

pub(crate) fn send(program: &mut Browser, method: &str, path: &str, body: &Value) -> Page {
    program.ask(method, path, "application/json", body.to_string().as_bytes())
}

pub(crate) fn value(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_by_http_goes_the_way_of_mail() {
    let (place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    let answer = aside(move || {
        let mut zabbix = program(&mut boss, address, &["intake", "read"]);
        let alert = json!({
            "to": ["oncall"], "subject": "Disco lleno en Ñuño 🔥", "text": "Queda 1 %\nde 8 GB",
            "state": "problem", "severity": "critical", "host": "web-01", "check": "disk",
        });
        let taken = send(&mut zabbix, "POST", "/api/v1/alerts", &alert).must(201);
        let id = value(&taken)["id"].as_u64().unwrap();
        // The same again is a repeat, as by mail.
        let again = value(&send(&mut zabbix, "POST", "/api/v1/alerts", &alert).must(201));
        let again = again["id"].as_u64().unwrap();
        let shown = value(&zabbix.get(&format!("/api/v1/alerts/{again}")).must(200));
        assert_eq!(shown["state"], "dropped");
        value(&zabbix.get(&format!("/api/v1/alerts/{id}")).must(200))
    })
    .await;
    let event = &answer["events"][0];
    assert_eq!(event["host"], "web-01");
    assert_eq!((&event["severity"], &event["kind"]), (&json!("critical"), &json!("problem")));
    assert_eq!(answer["people"], json!(["ana", "luis"]));
    let sms = place.phone.at_least(2).await;
    assert!(sms[0].text.contains("Disco lleno en Ñuño 🔥") && sms[0].text.contains("Queda 1 %"));
    running.idle().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_become_the_mails_they_would_have_sent() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let mut program = program(&mut boss, address, &["intake", "read"]);
        let hook = json!({"status": "firing", "groupLabels": {"alertname": "Down"}, "alerts": [{
            "status": "firing", "labels": {"alertname": "Down", "instance": "db-1:9100",
            "severity": "critical"}, "annotations": {"summary": "db-1 is down"}}]});
        for source in ["alertmanager", "grafana"] {
            let path = format!("/api/v1/intake/{source}?to=ana");
            let id = value(&send(&mut program, "POST", &path, &hook).must(201))["id"].clone();
            let shown = value(&program.get(&format!("/api/v1/alerts/{id}")));
            assert_eq!(shown["events"][0]["source"], *source);
            assert_eq!(shown["events"][0]["host"], "db-1:9100");
        }
        let mail = "From: a@b.example\nSubject: plain\n\nbody\n";
        program
            .ask("POST", "/api/v1/intake/mail?to=ana,luis", "message/rfc822", mail.as_bytes())
            .must(201);
        program.ask("POST", "/api/v1/intake/mail", "message/rfc822", mail.as_bytes()).must(422);
        send(&mut program, "POST", "/api/v1/intake/grafana?to=nobody", &hook).must(422);
        send(&mut program, "POST", "/api/v1/intake/grafana?to=ana", &json!({"alerts": []}))
            .must(400);
    })
    .await;
    running.idle().await;
    running.stop().await;
}

/// What can be asked: with which scope, how, where, with what.
fn calls() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let person = json!({"mail": "eva@example.org", "groups": ["oncall"]});
    let alert = json!({"to": ["ana"], "subject": "x"});
    vec![
        ("intake", "POST", "/api/v1/alerts", alert),
        ("read", "GET", "/api/v1/status", Value::Null),
        ("read", "GET", "/api/v1/alerts?limit=1", Value::Null),
        ("read", "GET", "/api/v1/alerts/1", Value::Null),
        ("read", "GET", "/api/v1/alerts/1/mail", Value::Null),
        ("read", "GET", "/api/v1/people", Value::Null),
        ("read", "GET", "/api/v1/people/ana", Value::Null),
        ("read", "GET", "/api/v1/channels", Value::Null),
        ("read", "POST", "/api/v1/explain", json!("Subject: x")),
        ("read", "GET", "/api/v1/groups", Value::Null),
        ("read", "GET", "/api/v1/statistics?span=day", Value::Null),
        ("act", "GET", "/api/v1/log", Value::Null),
        ("act", "POST", "/api/v1/speak", json!({"text": ""})),
        ("act", "GET", "/api/v1/alerts/1/said/nobody", Value::Null),
        ("configure", "GET", "/api/v1/config", Value::Null),
        ("configure", "PUT", "/api/v1/config", json!({"text": "", "stamp": ""})),
        ("configure", "POST", "/api/v1/config/check", json!({"text": ""})),
        ("configure", "GET", "/api/v1/config/history/none", Value::Null),
        ("configure", "POST", "/api/v1/config/undo", json!({"name": "none"})),
        ("admin", "GET", "/api/v1/users", Value::Null),
        ("admin", "PUT", "/api/v1/users/boss", json!({"role": "admin"})),
        ("admin", "DELETE", "/api/v1/users/nobody", Value::Null),
        ("admin", "GET", "/api/v1/tokens", Value::Null),
        ("admin", "POST", "/api/v1/tokens", json!({"name": "x", "scopes": []})),
        ("admin", "DELETE", "/api/v1/tokens/nobody", Value::Null),
        ("admin", "GET", "/api/v1/audit", Value::Null),
        ("admin", "GET", "/api/v1/backup/configuration", Value::Null),
        ("metrics", "GET", "/metrics", Value::Null),
        ("act", "POST", "/api/v1/alerts/1/retry", Value::Null),
        ("act", "POST", "/api/v1/people/nobody/test", Value::Null),
        ("configure", "PUT", "/api/v1/people/eva", person),
        ("configure", "DELETE", "/api/v1/people/eva", Value::Null),
        ("configure", "PUT", "/api/v1/channels/sms", json!({"enabled": false})),
        ("configure", "PUT", "/api/v1/channels", json!({"order": ["sms", "mail"]})),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_for_its_scopes_alone() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    running.send("ana", "one").await;
    running.idle().await;
    aside(move || {
        let calls = calls();
        let scopes = ["intake", "read", "metrics", "act", "configure", "admin"];
        for scope in scopes {
            let mut program = program(&mut boss, address, &[scope]);
            for (wanted, method, path, body) in &calls {
                let page = send(&mut program, method, path, body);
                assert_eq!(
                    page.status == 403,
                    *wanted != scope,
                    "{scope} {method} {path}: {page:?}"
                );
                assert!(page.status < 500, "{method} {path}: {page:?}");
            }
        }
        let mut nobody = Browser::at(address, false);
        for (_, method, path, body) in &calls {
            send(&mut nobody, method, path, body).must(401);
        }
        nobody.get("/api/v1/openapi.json").must(200).says("\"openapi\":\"3.1");
        nobody.get("/healthz").must(200);
        nobody.get("/readyz").must(200);
        // One of them gave the boss her role anew, which ends her sessions.
        boss.log_in("boss", PASSWORD).must(200);
        boss.get("/access");
        boss.post("/access/token/remove", &[("name", "for read")]).must(200);
        boss.get("/audit").says("token.add").says("token.remove").says("eva");
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_in_json() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let mut program = program(&mut boss, address, &["intake", "read", "act", "configure"]);
        let long = "x".repeat(5 << 20);
        for (status, method, path, body) in [
            (400, "POST", "/api/v1/alerts", json!({"to": ["ana"]})),
            (422, "POST", "/api/v1/alerts", json!({"to": ["ana"], "subject": " "})),
            (400, "POST", "/api/v1/alerts", json!({"to": ["ana"], "subject": "x", "more": 1})),
            (400, "POST", "/api/v1/alerts", json!([1])),
            (400, "POST", "/api/v1/alerts", json!({"to": [], "subject": "x"})),
            (422, "POST", "/api/v1/alerts", json!({"to": ["nobody"], "subject": "x"})),
            (413, "POST", "/api/v1/alerts", json!({"to": ["ana"], "subject": long})),
            (404, "GET", "/api/v1/alerts/99", Value::Null),
            (404, "GET", "/api/v1/alerts/x", Value::Null),
            (404, "POST", "/api/v1/alerts/99/retry", Value::Null),
            (404, "GET", "/api/v1/nothing", Value::Null),
            (405, "DELETE", "/api/v1/alerts", Value::Null),
            (404, "DELETE", "/api/v1/people/nobody", Value::Null),
            (422, "PUT", "/api/v1/people/eva", json!({"phone": "no number"})),
            (422, "PUT", "/api/v1/people/e%20v", json!({})),
            (400, "GET", "/api/v1/alerts?limit=0", Value::Null),
            (400, "GET", "/api/v1/alerts?before=x", Value::Null),
            (400, "GET", "/api/v1/alerts?state=odd", Value::Null),
            (409, "DELETE", "/api/v1/people/luis", Value::Null),
            (404, "PUT", "/api/v1/channels/fax", json!({"enabled": true})),
            (400, "PUT", "/api/v1/channels", json!({"order": ["fax"]})),
        ] {
            // One of them does work: somebody else is left for every alias.
            let page = send(&mut program, method, path, &body);
            if path.ends_with("luis") {
                assert_eq!(page.status, 204, "{page:?}");
                continue;
            }
            let page = page.must(status);
            assert!(value(&page)["error"].is_string(), "{page:?}");
        }
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_operation_is_there_and_metrics_can_be_read() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    running.send("ana", "one").await;
    running.idle().await;
    aside(move || {
        let mut program = program(&mut boss, address, &["read", "metrics"]);
        let document = value(&program.get("/api/v1/openapi.json"));
        for (path, item) in document["paths"].as_object().unwrap() {
            let path =
                path.replace("{id}", "1").replace("{name}", "ana").replace("{person}", "ana");
            for method in item.as_object().unwrap().keys() {
                let page = Browser::at(address, false).ask(&method.to_uppercase(), &path, "", b"");
                assert_eq!(page.status, 401, "{method} {path}");
            }
        }
        // The signal is asked for by and by.
        let wanted =
            ["attempts_total{channel=\"sms\",outcome=", "\nsmtp_appliance_modem_signal_dbm "];
        let metrics = loop {
            let metrics = program.get("/metrics").must(200).body;
            if wanted.iter().all(|part| metrics.contains(part)) {
                break metrics;
            }
        };
        let mut families = BTreeSet::new();
        for line in metrics.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert!(families.insert(rest.split(' ').next().unwrap().to_owned()), "{line}");
            } else if !line.starts_with('#') {
                let (_, number) = line.rsplit_once(' ').unwrap();
                assert!(number.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert!(
            metrics.contains("smtp_appliance_alerts_total{fate=\"queued\",severity=\"unknown\"} 1")
        );
        assert!(
            metrics.contains("told_seconds_bucket{channel=\"sms\",le=\"+Inf\"} 1"),
            "{metrics}"
        );
        assert!(!metrics.contains("ana@") && !metrics.contains("+34"));
        // What the examples ask for is there.
        let name = Regex::new("smtp_appliance_[a-z_]+").unwrap();
        let part = Regex::new("_(bucket|sum|count)$").unwrap();
        for example in ["prometheus-rules.yml", "grafana-dashboard.json"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(example);
            for found in name.find_iter(&std::fs::read_to_string(file).unwrap()) {
                let family = part.replace(found.as_str(), "").into_owned();
                assert!(families.contains(&family), "{example}: {family}");
            }
        }
    })
    .await;
    running.stop().await;
}
