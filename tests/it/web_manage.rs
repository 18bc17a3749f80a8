//! The API for what the pages of admins do: the configuration file, users, tokens, log, audit,
//! statistics and speech; and that no answer holds a secret.

use serde_json::{Value, json};

use super::web::{admin, aside, with_web};
use super::web_api::{program, send, value};
use crate::support::appliance::Place;
use crate::support::browser::{Browser, PASSWORD};

/// With a secret in its file.
async fn place() -> Place {
    Place::set(|settings| {
        settings.web = String::from("listen = \"127.0.0.1:0\"\nhttps = false\n");
        settings.mail.push_str("user = \"alerts\"\npassword = \"hunter2 hunter2\"\n");
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_read_checked_put_and_put_back() {
    let place = place().await;
    let running = place.start();
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let mut tool = program(&mut boss, address, &["configure", "admin"]);
        let file = value(&tool.get("/api/v1/config").must(200));
        let (text, stamp) = (file["text"].as_str().unwrap(), file["stamp"].as_str().unwrap());
        assert!(text.contains("*** kept 1 ***") && !text.contains("hunter2"), "{text}");
        let wished = text.replace("timeout = \"5 s\"", "timeout = \"6 s\"");
        let check = |tool: &mut Browser, text: &str| {
            value(&send(tool, "POST", "/api/v1/config/check", &json!({"text": text})).must(200))
        };
        let checked = check(&mut tool, &wished);
        assert_eq!(checked["valid"], true);
        let diff = checked["diff"].as_str().unwrap();
        assert!(diff.contains("timeout = \"6 s\"") && !diff.contains("hunter2"), "{diff}");
        let wrong = check(&mut tool, &text.replace("timeout = \"5 s\"", "timeout = \"soon\""));
        assert_eq!(wrong["valid"], false);
        assert!(wrong["faults"][0].as_str().unwrap().contains("timeout"), "{wrong}");

        let put = |tool: &mut Browser, text: &str, stamp: &str| {
            send(tool, "PUT", "/api/v1/config", &json!({"text": text, "stamp": stamp}))
        };
        put(&mut tool, &wished, "another").must(409);
        put(&mut tool, "nonsense", stamp).must(422);
        put(&mut tool, &wished, stamp).must(200).says("timeout = \\\"6 s\\\"");
        let backup = tool.get("/api/v1/backup/configuration").must(200);
        let backup = backup.says("hunter2 hunter2").says("timeout = \"6 s\"");
        assert_eq!(backup.headers["content-type"], "application/toml");
        // A secret is not moved to where it is shown.
        let file = value(&tool.get("/api/v1/config"));
        let (text, stamp) = (file["text"].as_str().unwrap(), file["stamp"].as_str().unwrap());
        let stolen = text.replace("user = \"alerts\"", "user = \"*** kept 1 ***\"");
        put(&mut tool, &stolen, stamp).must(200);
        assert!(!tool.get("/api/v1/config").body.contains("hunter2"));

        let file = value(&tool.get("/api/v1/config"));
        let names: Vec<&str> =
            file["history"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names.len(), 2);
        let first = value(&tool.get(&format!("/api/v1/config/history/{}", names[1])).must(200));
        assert!(first["text"].as_str().unwrap().contains("timeout = \"5 s\""));
        assert!(!first.to_string().contains("hunter2"));
        send(&mut tool, "POST", "/api/v1/config/undo", &json!({"name": names[1]})).must(200);
        tool.get("/api/v1/config").says("timeout = \\\"5 s\\\"");
        for none in ["..%2F..%2Fconfig.toml", "none.toml", "%00"] {
            tool.get(&format!("/api/v1/config/history/{none}")).must(404);
        }
        send(&mut tool, "POST", "/api/v1/config/undo", &json!({"name": "../x"})).must(404);
        let audit = tool.get("/api/v1/audit?limit=50").must(200).says("\"backup\"").says("undo");
        assert!(!audit.body.contains("hunter2"));
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_tokens_come_and_go() {
    let place = place().await;
    let running = place.start();
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        let mut tool = program(&mut boss, address, &["admin"]);
        let put = |tool: &mut Browser, name: &str, body: Value| {
            send(tool, "PUT", &format!("/api/v1/users/{name}"), &body)
        };
        put(&mut tool, "vera", json!({"role": "viewer"})).must(404);
        put(&mut tool, "vera", json!({"role": "viewer", "password": "short"})).must(422);
        put(&mut tool, "v%20a", json!({"role": "viewer", "password": PASSWORD})).must(422);
        put(&mut tool, "vera", json!({"role": "viewer", "password": PASSWORD})).must(204);
        let mut vera = Browser::at(address, false);
        vera.log_in("vera", PASSWORD).must(200);
        vera.get("/log").must(403);
        put(&mut tool, "vera", json!({"role": "operator"})).must(204);
        vera.log_in("vera", PASSWORD);
        vera.get("/log").must(200);
        put(&mut tool, "boss", json!({"role": "viewer"})).must(409);
        let users = tool.get("/api/v1/users").must(200);
        assert!(!users.body.contains("argon2"), "{}", users.body);
        let named = json!({"name": "vera", "role": "operator", "second_factor": false});
        assert_eq!(value(&users)[1], named);
        tool.ask("DELETE", "/api/v1/users/vera", "", b"").must(204);
        tool.ask("DELETE", "/api/v1/users/vera", "", b"").must(404);
        vera.get("/log").says("Log in");

        let wish = json!({"name": "prometheus", "scopes": ["metrics"], "days": 30});
        let made = send(&mut tool, "POST", "/api/v1/tokens", &wish).must(201);
        send(&mut tool, "POST", "/api/v1/tokens", &wish).must(422);
        let token = value(&made)["token"].as_str().unwrap().to_owned();
        let mut prometheus = Browser::at(address, false);
        prometheus.headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        prometheus.get("/metrics").must(200).says("store_flush_seconds_count");
        let tokens = tool.get("/api/v1/tokens").must(200).says("prometheus");
        assert!(!tokens.body.contains(&token) && !tokens.body.contains("digest"));
        tool.ask("DELETE", "/api/v1/tokens/prometheus", "", b"").must(204);
        tool.ask("DELETE", "/api/v1/tokens/for%20admin", "", b"").must(409);
        prometheus.get("/metrics").must(401);
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_is_counted_tried_and_spoken() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    let id = running.send("ana", "Disk full on web-01").await;
    running.idle().await;
    aside(move || {
        let mut tool = program(&mut boss, address, &["read", "act"]);
        let figures = value(&tool.get("/api/v1/statistics?span=day").must(200));
        assert_eq!((&figures["alerts"], &figures["whole"]), (&json!(1), &json!(true)));
        assert_eq!(figures["bars"].as_array().unwrap().len(), 24);
        let named = |of: &str| figures[of][0]["name"].as_str().unwrap().to_owned();
        assert_eq!((named("clients"), named("people")), ("127.0.0.1".into(), "ana".into()));
        assert!(figures["channels"][0]["told_after"].is_number(), "{figures}");
        tool.get("/api/v1/statistics?span=century").must(400);
        assert_eq!(value(&tool.get("/api/v1/groups"))["oncall"], json!(["ana", "luis"]));

        let mail = "Subject: Disk full on db-2\n\nSeverity: high\n";
        let tried =
            tool.ask("POST", "/api/v1/explain?to=oncall", "message/rfc822", mail.as_bytes());
        let tried = value(&tried.must(200));
        assert_eq!(tried["people"][1]["person"], "luis");
        assert_eq!(tried["people"][1]["channels"], json!(["mail", "sms"]));
        assert!(tried["spoken"][0].as_str().unwrap().contains("Disk full"), "{tried}");

        for sound in [
            send(&mut tool, "POST", "/api/v1/speak", &json!({"text": "Disk full"})),
            tool.get(&format!("/api/v1/alerts/{id}/said/ana")),
            boss.get(&format!("/alerts/{id}/said/ana")),
        ] {
            let sound = sound.must(200);
            assert_eq!(sound.headers["content-type"], "audio/wav");
            assert!(sound.body.starts_with("RIFF") && sound.body.len() > 4000);
        }
        for (status, body) in [
            (422, json!({"text": "x", "language": "no language"})),
            (400, json!({"text": "x".repeat(2001)})),
        ] {
            send(&mut tool, "POST", "/api/v1/speak", &body).must(status);
        }
        tool.get(&format!("/api/v1/alerts/{id}/said/luis")).must(404);
        tool.get("/api/v1/log?level=debug&q=nothing+at+all&limit=3").must(200);
        tool.get("/api/v1/log?level=loud").must(400);
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_a_page_can_do_the_api_can() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    running.send("ana", "Disk full on web-01").await;
    running.idle().await;
    aside(move || {
        let mut tool = program(&mut boss, address, &["read", "act", "configure", "admin"]);
        let csv = tool.get("/api/v1/alerts.csv?q=disk").must(200);
        assert!(csv.body.starts_with("id,received,") && csv.body.lines().count() == 2);
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        tool.get("/api/v1/statistics.csv?span=day").must(200).says("host,");
        let archive = tool.get("/api/v1/backup/history").must(200);
        assert!(archive.bytes.starts_with(b"queue/") && archive.bytes.len().is_multiple_of(512));

        let members = |people: &[&str]| json!({ "people": people });
        let group = |tool: &mut Browser, name: &str, people: &[&str]| {
            send(tool, "PUT", &format!("/api/v1/groups/{name}"), &members(people))
        };
        group(&mut tool, "night", &["ana"]).must(204);
        group(&mut tool, "night", &["nobody"]).must(404);
        group(&mut tool, "n%20t", &["ana"]).must(422);
        assert_eq!(value(&tool.get("/api/v1/groups"))["night"], json!(["ana"]));
        group(&mut tool, "night", &[]).must(204);
        assert!(value(&tool.get("/api/v1/groups"))["night"].is_null());

        let relay = value(&send(&mut tool, "POST", "/api/v1/trial/relay", &json!({})).must(200));
        assert!(relay["answers"].is_boolean(), "{relay}");
        send(&mut tool, "POST", "/api/v1/trial/sip", &json!({"to": "101"}))
            .must(409)
            .says("account");
        assert!(value(&tool.get("/api/v1/voices").must(200)).is_array());
        tool.get("/api/v1/self-test").must(404);
        let update = value(&tool.get("/api/v1/update").must(200));
        assert_eq!(update["state"], "none");
        // Without an installer there is no update, and an empty bundle is none anywhere.
        let refused = if update["possible"] == true { 400 } else { 404 };
        tool.ask("POST", "/api/v1/update", "application/octet-stream", b"").must(refused);
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_keys_are_seen_and_changed() {
    let place = place().await;
    let running = place.start();
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    let file = place.config();
    aside(move || {
        let mut tool = program(&mut boss, address, &["configure", "admin"]);
        let one = value(&tool.get("/api/v1/config/keys?key=mail.timeout").must(200));
        assert_eq!(one[0]["value"], "5 s");
        let secret = tool.get("/api/v1/config/keys?key=mail").must(200).says("\"is_secret\":true");
        assert!(!secret.body.contains("hunter2"));
        tool.get("/api/v1/config/keys?key=mail.timeuot").must(404).says("did you mean");
        let patch =
            |tool: &mut Browser, body: Value| send(tool, "PATCH", "/api/v1/config/keys", &body);
        let new = json!({
            "set": {"mail.timeout": ["7 s"], "smtp.domains": ["a.example", "b.example"],
                    "mail.password": ["another one"]},
            "unset": ["aliases.guardia@example.org"],
        });
        let changed = patch(&mut tool, new).must(200).says("+ timeout = \\\"7 s\\\"");
        assert!(!changed.body.contains("another one"), "{}", changed.body);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.contains("domains = [\"a.example\", \"b.example\"]") && text.contains("another")
        );
        assert!(!text.contains("guardia"));
        let wrong = json!({"set": {"mail.timeout": ["1 s"], "mail.port": ["0"]}});
        patch(&mut tool, wrong).must(422).says("mail.port: expected");
        patch(&mut tool, json!({"set": {"mail.prot": ["1"]}})).must(422).says("did you mean");
        patch(&mut tool, json!({"unset": ["nonsense"]})).must(422);
        patch(&mut tool, json!({"set": {"mail.timeout": []}})).must(200);
        patch(&mut tool, json!({})).must(200);
        assert!(std::fs::read_to_string(&file).unwrap().contains("domains"));
        let audit = tool.get("/api/v1/audit").must(200).says("\"keys\"");
        assert!(!audit.body.contains("another one"));
    })
    .await;
    running.stop().await;
}
