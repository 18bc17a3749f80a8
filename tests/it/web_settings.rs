//! The configuration changed in a browser: the same file, its comments kept, its secrets never shown,
//! and a way back.

use super::web::{admin, aside, with_web};
use crate::support::browser::Browser;

fn edit(boss: &mut Browser, change: impl FnOnce(&str) -> String) -> crate::support::browser::Page {
    let page = boss.get("/settings/file").must(200);
    let field = |name: &str, end: &str| {
        let rest = page.body.split(name).nth(1).unwrap();
        rest.split_once(end).unwrap().0.to_owned()
    };
    let stamp = field("name=\"stamp\" value=\"", "\"");
    let text = field("autocomplete=\"off\">\n", "</textarea>");
    let text = text
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let new = change(&text);
    boss.post("/settings/file", &[("stamp", &stamp), ("text", &new)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_changed_in_the_file_and_comments_stay() {
    let (mut place, running) = with_web().await;
    place.change(|settings| settings.people = format!("# who is told\n{}", settings.people));
    let mut boss = admin(&running).await;
    let (file, before) = (place.config(), std::fs::read_to_string(place.config()).unwrap());
    let id = running.send("oncall", "before").await;
    let boss = aside(move || {
        boss.get("/people").must(200).says("luis");
        boss.get("/people/new").must(200);
        let eva = |phone| {
            vec![("new", "1"), ("name", "eva"), ("phone", phone), ("groups", "oncall, night")]
        };
        boss.post("/people/check", &eva("none")).must(200).says("phone: expected");
        boss.post("/people/check", &eva("+34 600 000 003"))
            .must(200)
            .says("+ name = &quot;eva&quot;");
        boss.post("/people/save", &eva("none")).must(400).says("expected");
        boss.post("/people/save", &eva("+34 600 000 003")).must(200).says("Changed and taken up");
        boss.post("/people/save", &eva("+34 600 000 003")).must(409).says("already");
        boss.get("/people/ana").says("ana@phone.example");
        let ana = [("name", "ana"), ("mail", ""), ("phone", "+34600000001"), ("language", "es")];
        boss.post("/people/save", &ana).must(200);
        boss.post("/people/remove", &[("name", "luis")]).must(200);
        boss.get("/people/nobody").must(404);
        boss
    })
    .await;
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.contains("# who is told") && after.contains("eva") && !after.contains("luis"));
    assert!(!after.contains("ana@phone.example") && after.contains("language = \"es\""));
    // The change is in force: eva gets what comes now.
    let later = running.send("night", "after").await;
    assert!(later > id);
    running.idle().await;
    let mut boss = boss;
    aside(move || {
        let settings = boss.get("/settings").must(200);
        let mut kept: Vec<_> = settings
            .body
            .split("/settings/history/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        assert_eq!(kept.len(), 3, "{kept:?}");
        let oldest = kept.pop().unwrap();
        boss.get(&format!("/settings/history/{oldest}")).must(200).says("- name = &quot;eva&quot;");
        boss.get("/settings/history/..%2F..%2Fconfig.toml").must(404);
        boss.post("/settings/undo", &[("name", &oldest)]).must(200).says("Changed and taken up");
        boss.get("/audit").says("people.change").says("undo");
    })
    .await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_edited_without_its_secrets() {
    let (mut place, running) = with_web().await;
    place.change(|settings| {
        settings.mail =
            "user = \"x\"\npassword = \"hunter2\" # the relay's\ntimeout = \"5 s\"\n".into();
    });
    place.ask(smtp_appliance::control::Request::Reload).await;
    let mut boss = admin(&running).await;
    let file = place.config();
    let mut boss = aside(move || {
        let page = boss.get("/settings/file").must(200).says("kept 1");
        assert!(!page.body.contains("hunter2"));
        edit(&mut boss, |text| text.replace("[filter]", "[filter] # mine\nignore = [\"a & b\"]"))
            .must(200)
            .says("Changed and taken up");
        boss
    })
    .await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("password = \"hunter2\" # the relay's")
            && text.contains("ignore = [\"a & b\"]")
    );
    let other = file.clone();
    let mut boss = aside(move || {
        edit(&mut boss, |text| format!("{text}\n[nonsense]\n")).must(409).says("nonsense");
        boss.get("/audit").says("ignore");
        let fields = [("stamp", "old"), ("text", "")];
        boss.post("/settings/file", &fields).must(409).says("Somebody else changed");
        boss.post("/settings/file/check", &[("text", "[smtp]\nmax_line = 1\n")])
            .says("line 2, column 12");
        boss
    })
    .await;
    assert_eq!(std::fs::read_to_string(&other).unwrap(), text);
    aside(move || {
        boss.get("/settings");
        boss.post("/settings/channel", &[("channel", "sms"), ("do", "off")]).must(200);
        boss.post("/settings/channel", &[("channel", "sms"), ("do", "on")]).must(200);
        boss.post("/settings/channel", &[("channel", "sms"), ("do", "up")]).must(200);
        boss.post("/settings/channel", &[("channel", "fax"), ("do", "up")]).must(400);
        boss.post("/settings/language", &[("language", "es-GT")]).must(200);
        boss.post("/settings/language", &[("language", "1 2")]).must(400);
        boss.get("/backup").must(200);
        let backup = boss.post("/backup/configuration", &[]).must(200).says("hunter2");
        assert!(backup.headers["content-disposition"].contains(".toml"));
    })
    .await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("language = \"es-GT\"") && text.contains("full_text = false"));
    assert!(text.contains("order = [\"sms\", \"mail\"") && text.contains("hunter2"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_can_be_tried_and_heard_and_nobody_is_told() {
    let (place, running) = with_web().await;
    let mut boss = admin(&running).await;
    aside(move || {
        boss.get("/try").must(200).says("Zabbix");
        let mail = "Subject: PROBLEM: Disk full on web-01\n\nSeverity: High\n";
        let page = boss.post("/try", &[("mail", mail), ("to", "oncall")]).must(200);
        let page = page.says("web-01").says("critical").says("luis");
        let sound = page.body.split("/preview/").nth(1).unwrap().split('"').next().unwrap();
        let sound = boss.get(&format!("/preview/{sound}")).must(200);
        assert_eq!(sound.headers["content-type"], "audio/wav");
        assert!(
            sound.body.starts_with("RIFF") && sound.body.len() > 10_000,
            "{}",
            sound.body.len()
        );
        boss.get("/preview/99.wav").must(404);
        boss.post("/try", &[("mail", mail), ("to", "nobody")]).says("There is nobody");
        boss.get("/statistics?span=day").must(200).says("<svg class=\"plot\"");
        boss.get("/statistics.csv").must(200).says("figure,of,value");
        boss.get("/api").must(200).says("/api/v1/alerts/{id}/acknowledge");
        boss.get("/alerts").says("There are no alerts");
        boss.post(
            "/preferences",
            &[("language", "es"), ("theme", "dark"), ("back", "//evil.example")],
        );
        boss.get("/").says("Alertas más recientes").says("data-theme=\"dark\"").says("lang=\"es\"");
    })
    .await;
    assert!(place.phone.all().is_empty());
    running.stop().await;
}
