//! What OWASP's ASVS 4.0 wants of level 1 and no other test tries: sessions that are over stay over,
//! nobody is led elsewhere, no path leads out, errors say nothing of the inside.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::web::{admin, aside, with_web};
use crate::support::browser::{Browser, PASSWORD};

/// Sends these bytes, and reads to the end.
fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // Who is turned away may find the connection reset.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn session(browser: &Browser) -> Option<&String> {
    browser.cookies.get("session")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_new_at_login_and_over_at_logout() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        // One that an attacker chose is not taken up (3.2.1).
        let mut victim = Browser::at(address, false);
        let chosen = "chosen-by-somebody-else";
        victim.cookies.insert("session".to_owned(), chosen.to_owned());
        victim.log_in("boss", PASSWORD).must(200).says("Newest alerts");
        assert_ne!(session(&victim).unwrap(), chosen);
        assert!(session(&victim).unwrap().len() >= 43 && session(&victim) != session(&boss));
        // A copy of the cookie is worth nothing after the logout (3.3.1).
        let mut copy = victim.clone();
        copy.get("/").says("Newest alerts");
        victim.get("/");
        victim.post("/logout", &[]).must(200);
        copy.get("/").says("Log in");
        // Another password ends the other sessions, and wants the one so far (2.1.6, 3.3.3).
        let mut other = Browser::at(address, false);
        other.log_in("boss", PASSWORD).must(200);
        boss.get("/account");
        let new = "another horse battery";
        let form = |now, new| [("now", now), ("password", new), ("again", new)];
        boss.post("/account/password", &form("not this one", new));
        other.get("/").says("Newest alerts");
        boss.post("/account/password", &form(PASSWORD, "boss"));
        boss.post("/account/password", &form(PASSWORD, "1234567890"));
        other.get("/").says("Newest alerts");
        boss.post("/account/password", &form(PASSWORD, new)).must(200);
        other.get("/").says("Log in");
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_led_elsewhere_and_no_path_leads_out() {
    let (place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    let store = place.store();
    let before = files(&store);
    aside(move || {
        // Open redirects (5.1.5).
        for (back, to) in [
            ("/alerts", "/alerts"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/x\r\nSet-Cookie: a=b", "/"),
        ] {
            let fields = [("language", "en"), ("theme", "auto"), ("back", back)];
            let fields = crate::support::browser::encode(&fields);
            let kind = "application/x-www-form-urlencoded";
            let mut nobody = Browser::at(address, false);
            let answer = nobody.ask("POST", "/preferences", kind, fields.as_bytes());
            assert_eq!(answer.headers["location"], to, "{back:?}");
        }
        // Paths that lead out, folders, what development leaves behind (4.3.2, 12.3, 14.3).
        for path in [
            "/asset/x/..%2f..%2f..%2fetc%2fpasswd",
            "/asset/",
            "/asset/x/",
            "/.git/config",
            "/.env",
            "/settings/history/..%2F..%2Faccounts.json",
            "/settings/history/%2Fetc%2Fpasswd",
            "/alerts/1%2F..%2F..",
            "/preview/..%2F1",
        ] {
            boss.get(path).must(404);
        }
        // A name of an uploaded file is no path (12.3.1), a large one is refused (12.1.1).
        let csrf = boss.csrf.clone();
        let upload = |name: &str, bytes: &str| {
            format!(
                "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\n\
                 Content-Disposition: form-data; name=\"upload\"; filename=\"{name}\"\r\n\r\n\
                 {bytes}\r\n--x--\r\n"
            )
        };
        let form = "multipart/form-data; boundary=x";
        boss.get("/backup");
        let evil = upload("../../../../tmp/evil.toml", "[appliance]\nname = \"evil\"\n# <script>");
        let answer = boss.ask("POST", "/backup/restore", form, evil.as_bytes());
        assert!(answer.status < 500 && !answer.body.contains("# <script>"), "{}", answer.body);
        let large = upload("x.eml", &"x".repeat(5 << 20));
        let status = boss.ask("POST", "/try", form, large.as_bytes()).status;
        assert!(status == 400 || status == 413, "{status}");
    })
    .await;
    // But a kept configuration and the audit log nothing came.
    let new: Vec<_> = files(&store).into_iter().filter(|file| !before.contains(file)).collect();
    let ours = |file: &&String| file.contains("web/configuration/") || file.contains("audit");
    assert!(new.iter().all(|file| ours(&file)), "{new:?}");
    running.stop().await;
}

/// All files in a folder, by their whole paths.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_of_ours_gets_a_short_answer() {
    let (_place, running) = with_web().await;
    let mut boss = admin(&running).await;
    let address = running.web.unwrap();
    aside(move || {
        // Methods (14.5.1), a wrong host (5.1.5, 14.5.2), two lengths, no version, endless headers.
        for (request, status) in [
            ("TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "4"),
            ("PUT /alerts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "4"),
            ("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "303"),
            (
                "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                "400",
            ),
            (
                "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\
                 Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
                "4",
            ),
            ("nonsense\r\n\r\n", "400"),
        ] {
            let answer = raw(address, request);
            let line = answer.lines().next().unwrap_or_default().to_owned();
            assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
            assert!(!answer.contains("evil.example"), "{answer}");
            for inside in ["src/", "panicked", "axum", "hyper", "server:"] {
                assert!(!answer.to_lowercase().contains(inside), "{answer}");
            }
        }
        let header = "x".repeat(64 * 1024);
        let long = raw(address, &format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {header}\r\n\r\n"));
        assert!(long.is_empty() || long.starts_with("HTTP/1.1 4"), "{long}");
        // Errors say nothing of the inside (7.4.1), and the API takes JSON alone (13.2.5, 5.5).
        for path in ["/alerts/99999999999999999999", "/alerts?before=x", "/statistics?span[]=x"] {
            let answer = boss.get(path);
            assert!(answer.status < 500, "{path}");
            assert!(!answer.body.contains("src/") && !answer.body.contains("panicked"), "{path}");
        }
        boss.get("/").says("Newest alerts");
    })
    .await;
    running.stop().await;
}
