//! Every section of the configuration has a form: checked as it is typed, the difference shown before
//! it is saved, secrets never shown, the same file as by hand, and a way back.

use super::web::{admin, aside, with_web};
use crate::support::browser::{Browser, Page, filled_in};

/// Types over some fields of the form at this address.
fn type_into(boss: &mut Browser, address: &str, to: &str, over: &[(&str, &str)]) -> Page {
    let page = boss.get(address).must(200);
    let mut fields = filled_in(&page.body);
    fields.retain(|(name, _)| !over.iter().any(|(other, _)| other == name));
    let mut fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(over);
    boss.post(to, &fields)
}

fn save(boss: &mut Browser, slug: &str, item: &str, over: &[(&str, &str)]) -> Page {
    let address = format!("/settings/form/{slug}/{item}");
    let over: Vec<_> = over.iter().copied().chain([("do", "save")]).collect();
    type_into(boss, &address, &address, &over)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_section_opens_and_saves_nothing_by_itself() {
    let (place, running) = with_web().await;
    let before = std::fs::read_to_string(place.config()).unwrap();
    let mut boss = admin(&running).await;
    aside(move || {
        let settings = boss.get("/settings").must(200);
        let links: Vec<String> = settings
            .body
            .split("href=\"/settings/form/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        assert!(links.len() > 20, "{links:?}");
        for slug in &links {
            let page = boss.get(&format!("/settings/form/{slug}")).must(200);
            if page.body.contains("data-check") {
                save(&mut boss, slug, "-", &[]).must(200).says("Nothing changes");
            } else {
                boss.get(&format!("/settings/form/{slug}/+")).must(200);
                boss.get(&format!("/settings/form/{slug}/99")).must(404);
            }
        }
        boss.get("/settings/form/nonsense").must(404);
        boss.get("/settings/form/nonsense/1").must(404);
        boss.post("/settings/check/nonsense/1", &[]).says("Somebody else");
    })
    .await;
    assert_eq!(std::fs::read_to_string(place.config()).unwrap(), before);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_stands_beside_its_field_and_the_file_stays() {
    let (place, running) = with_web().await;
    let before = std::fs::read_to_string(place.config()).unwrap();
    let mut boss = admin(&running).await;
    aside(move || {
        let wrong = [("v.repeat_window", "soon"), ("v.ignore", "Test\r\n/(/")];
        let said =
            type_into(&mut boss, "/settings/form/filter", "/settings/check/filter/-", &wrong)
                .must(200);
        said.says("data-beside=\"repeat_window\">expected").says("data-beside=\"ignore\"");
        let page = save(&mut boss, "filter", "-", &wrong).must(400).says("nothing was saved");
        page.says("id=\"e-repeat_window\">expected").says("value=\"soon\"").says("/(/");
        let right = [("v.repeat_window", "5 min"), ("v.ignore", "Test\r\n/^Backup/")];
        let check =
            type_into(&mut boss, "/settings/form/filter", "/settings/check/filter/-", &right);
        check.must(200).says("+ ignore = [&quot;Test&quot;, &quot;/^Backup/&quot;]");
        // Without script, by a button.
        let shown: Vec<_> = right.into_iter().chain([("do", "check")]).collect();
        let address = "/settings/form/filter/-";
        type_into(&mut boss, address, address, &shown).must(200).says("+ repeat_window");
        // Somebody else's change is not undone by an old form.
        let old: Vec<_> = right.into_iter().chain([("do", "save"), ("stamp", "old")]).collect();
        type_into(&mut boss, address, address, &old).must(409).says("Somebody else changed");
    })
    .await;
    assert_eq!(std::fs::read_to_string(place.config()).unwrap(), before);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_added_changed_and_removed_and_secrets_stay_hidden() {
    let (place, running) = with_web().await;
    let file = place.config();
    let read = {
        let file = file.clone();
        move || std::fs::read_to_string(&file).unwrap()
    };
    let before = read();
    let mut boss = admin(&running).await;
    aside(move || {
        let new = [("v.name", "zabbix"), ("v.password", "hunter2 ")];
        save(&mut boss, "smtp-user", "+", &[("v.name", "zabbix")])
            .must(400)
            .says("e-password\">expected");
        save(&mut boss, "smtp-user", "+", &new)
            .must(200)
            .says("Changed and taken up")
            .says("zabbix");
        assert!(read().contains("[[smtp.user]]\nname = \"zabbix\"\npassword = \"hunter2 \"\n"));
        let form =
            boss.get("/settings/form/smtp-user/0").must(200).says("It is set, and is not shown");
        assert!(!form.body.contains("hunter2"));
        // An empty secret stays.
        let renamed = save(&mut boss, "smtp-user", "0", &[("v.name", "nagios")]).must(200);
        assert!(!renamed.body.contains("hunter2") && read().contains("hunter2 "));
        let told = save(&mut boss, "smtp-user", "0", &[("v.password", "other")]).must(200);
        let told = told.says("Changed and taken up").says("+ password = &quot;*** new ***&quot;");
        assert!(!told.body.contains("other"));
        assert!(read().contains("password = \"other\"") && !read().contains("hunter2"));
        save(&mut boss, "smtp-user", "0", &[("forget.password", "1")]).must(400);
        let audit = boss.get("/audit").must(200).says("settings.smtp-user");
        assert!(!audit.body.contains("hunter2") && !audit.body.contains("other"));
        let address = "/settings/form/smtp-user/0";
        type_into(&mut boss, address, address, &[("do", "remove")]).must(200);
        let without = |text: &str| text.replace("\n\n", "\n");
        assert_eq!(without(&read()), without(&before));
        let before = read();
        // A table with a chosen name.
        save(&mut boss, "texts", "+", &[("name", "1"), ("v.sms", "x")]).must(400).says("e-name");
        let text = [("name", "es"), ("v.sms", "¡{summary}!"), ("v.call", "Oiga: {summary}.")];
        save(&mut boss, "texts", "+", &text).must(200).says("Changed and taken up");
        let page = boss.get("/settings/form/texts/es").must(200).says("Templates: es");
        let sound = page.says("Oiga: ").body;
        let sound = sound.split("/preview/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        boss.get(&format!("/preview/{sound}")).must(200).says("RIFF");
        // What is typed is what is heard.
        let check = [("v.call", "Escuche: {summary}.")];
        let to = "/settings/check/texts/es";
        let said = type_into(&mut boss, "/settings/form/texts/es", to, &check).must(200);
        said.says("Escuche: ").says("<audio");
        let wrong = [("v.call", "{nothing}")];
        let said = type_into(&mut boss, "/settings/form/texts/es", to, &wrong).must(200);
        let said = said.says("data-beside=\"call\">unknown placeholder {nothing}");
        assert!(!said.body.contains("<audio"));
        // Undo by history.
        let settings = boss.get("/settings").must(200).body;
        let newest = settings.split("/settings/history/").nth(1).unwrap();
        let newest = newest.split('"').next().unwrap().to_owned();
        boss.post("/settings/undo", &[("name", &newest)]).must(200).says("Changed and taken up");
        assert_eq!(read(), before);
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_made_of_people() {
    let (place, running) = with_web().await;
    let file = place.config();
    let mut boss = admin(&running).await;
    aside(move || {
        boss.get("/people").must(200).says("/groups/oncall");
        boss.get("/groups/oncall").must(200).says("luis");
        boss.get("/groups/nobody").must(404);
        boss.get("/groups/+").must(200);
        let night = [("new", "1"), ("name", "night"), ("member", "ana"), ("member", "luis")];
        boss.post("/groups/check", &night).must(200).says("night");
        boss.post("/groups/save", &night).must(200).says("Changed and taken up");
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches("night").count(), 2, "{text}");
        boss.post("/groups/save", &[("name", "night"), ("member", "luis")]).must(200);
        assert_eq!(std::fs::read_to_string(&file).unwrap().matches("night").count(), 1);
        boss.post("/groups/save", &[("name", "night"), ("member", "eva")]).must(409).says("eva");
        boss.post("/groups/save", &[("name", "a b")]).must(400);
        boss.post("/groups/save", &[("name", "night")]).must(200);
        assert!(!std::fs::read_to_string(&file).unwrap().contains("night"));
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_can_be_tried() {
    let (place, running) = with_web().await;
    running.is(|status| status.figures.signal_dbm.is_some()).await;
    let mut boss = admin(&running).await;
    aside(move || {
        boss.get("/settings/form/mail").must(200).says("action=\"/trial/relay\"");
        boss.post("/trial/relay", &[]).must(200).says("it answers");
        boss.post("/trial/modem", &[]).must(200).says("dBm").says("unknown");
        boss.post("/trial/sip", &[("to", "101")]).must(200).says("[[sip.account]]");
        let voices = boss.get("/trial/voices").must(200).says("espeak-ng").body;
        let sound = voices.split("/preview/").nth(1).unwrap().split('"').next().unwrap();
        boss.get(&format!("/preview/{sound}")).must(200).says("RIFF");
        boss.get("/audit").says("trial.relay");
    })
    .await;
    assert!(place.phone.all().is_empty());
    running.stop().await;
}
