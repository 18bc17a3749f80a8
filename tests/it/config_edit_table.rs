//! Values of any table are changed in place, below what the example file says of them.

use proptest::prelude::*;
use smtp_appliance::config::Config;
use smtp_appliance::config::edit::{
    Change, Edit, EditError, Setting, TableChange, TablePath, apply, count, values,
};

const FILE: &str = "\
[mail]
# Host name of the relay.
#relay = \"smtp.example.org\"
#port = 587
enabled = true # yes

# How it tries again.
[mail.retry]
#first = \"5 s\"
max = \"20 min\"

[sip]
listen = \"0.0.0.0:5070\"
# The trunk.
[[sip.account]]
domain = \"pbx.example.org\"
extension = \"200\"
password = \"x\"

# What is said.
[texts.en]
call = \"{summary}\"
";

fn path(keys: &str, nth: Option<usize>) -> TablePath {
    TablePath { keys: keys.split('.').map(str::to_owned).collect(), nth }
}

fn text(value: &str) -> Change<Setting> {
    Change::Set(Setting::Text(value.into()))
}

fn one(key: &str, change: Change<Setting>) -> TableChange {
    (key.split('.').map(str::to_owned).collect(), change)
}

fn made(file: &str, keys: &str, nth: Option<usize>, changes: Vec<TableChange>) -> String {
    apply(file, &Edit::SetTable(path(keys, nth), changes)).unwrap().text
}

/// The lines of the new text that the old one has not, each with the line before it.
fn added(old: &str, new: &str) -> String {
    let known: Vec<&str> = old.lines().collect();
    let mut before = "";
    let mut shown = String::new();
    for line in new.lines() {
        if !known.contains(&line) {
            shown.extend([before, " / ", line, "\n"]);
        }
        before = line;
    }
    shown
}

#[test]
fn a_value_stands_below_its_example() {
    let changes = vec![
        one("port", Change::Set(Setting::Number(25))),
        one("relay", text("relay.example")),
        one("from", text("a@b.example")),
        one("enabled", Change::Set(Setting::Switch(false))),
        one("retry.first", text("7 s")),
        one("retry.max", Change::Clear),
    ];
    let new = made(FILE, "mail", None, changes);
    insta::assert_snapshot!(added(FILE, &new), @r##"
    #relay = "smtp.example.org" / relay = "relay.example"
    #port = 587 / port = 25
    port = 25 / enabled = false # yes
    enabled = false # yes / from = "a@b.example"
    #first = "5 s" / first = "7 s"
    "##);
    assert!(!new.contains("20 min"));
}

#[test]
fn tables_are_made_where_their_like_stand() {
    for (keys, nth, key, expected) in [
        ("sms", None, "max_parts", " / [sms]\n[sms] / max_parts = 3\n"),
        ("sip", None, "max_calls", "listen = \"0.0.0.0:5070\" / max_calls = 3\n"),
        ("sms.retry", None, "", " / [sms.retry]\n"),
        ("speech.lexicon.en", None, "", " / [speech.lexicon.en]\n"),
    ] {
        let key = (!key.is_empty()).then(|| one(key, Change::Set(Setting::Number(3))));
        let new = made(FILE, keys, nth, key.into_iter().collect());
        assert_eq!(added(FILE, &new), expected);
    }
    let account = || {
        vec![
            one("domain", text("b.example")),
            one("extension", text("201")),
            one("register", Change::Set(Setting::Switch(false))),
        ]
    };
    let new = made(FILE, "sip.account", Some(1), account());
    let second = "password = \"x\"\n\n[[sip.account]]\ndomain = \"b.example\"\nextension = \"201\"\n\
                  register = false\n\n# What is said.\n";
    assert!(new.contains(second), "{new}");
    let new = made(&new, "texts.es-GT", None, vec![one("sms", text("{summary}!"))]);
    assert!(new.ends_with("\"{summary}\"\n\n[texts.es-GT]\nsms = \"{summary}!\"\n"), "{new}");
    let first = made("[smtp]\n# nothing\n", "sip.account", Some(0), account());
    assert_eq!(count(&first, &path("sip.account", None).keys).unwrap(), 1);
}

#[test]
fn tables_in_line_stay_so() {
    let file = "mail = { enabled = false }\nsip.max_calls = 2\nsip.account = []\n";
    let changes = vec![one("timeout", text("3 s")), one("retry.first", text("1 s"))];
    let new = made(file, "mail", None, changes);
    assert!(new.starts_with("mail = { enabled = false , timeout = \"3 s\""), "{new}");
    let changes = vec![
        one("domain", text("b.example")),
        one("extension", text("201")),
        one("password", text("x")),
    ];
    let new = made(&new, "sip.account", Some(0), changes);
    assert_eq!(Config::parse(&new).unwrap().config.sip.accounts.len(), 1);
    let new = apply(&new, &Edit::RemoveTable(path("sip.account", Some(0)))).unwrap().text;
    assert_eq!(Config::parse(&new).unwrap().config.sip.accounts.len(), 0);
    let new = made(&new, "mail", None, vec![one("timeout", Change::Clear)]);
    assert!(!new.contains("timeout") && new.contains("retry"), "{new}");
    let new = apply(&new, &Edit::RemoveTable(path("mail", None))).unwrap().text;
    assert!(!new.contains("mail"), "{new}");
}

#[test]
fn tables_go_with_what_is_below_them() {
    let gone = |keys, nth| apply(FILE, &Edit::RemoveTable(path(keys, nth))).unwrap().text;
    let new = gone("sip.account", Some(0));
    assert!(!new.contains("The trunk") && new.contains("5070\"\n\n# What is said."), "{new}");
    let new = gone("mail", None);
    assert!(!new.contains("mail") && !new.contains("20 min"), "{new}");
    assert!(new.contains("[sip]\n"), "{new}");
    assert_eq!(gone("audio", None), FILE);
    let twice =
        format!("{FILE}\n[modem]\ndevice = \"/dev/x\"\n[filter]\n[modem.audio]\nvolume = 3\n");
    let new = apply(&twice, &Edit::RemoveTable(path("modem", None))).unwrap().text;
    assert_eq!(new, format!("{FILE}\n[filter]\n"));
}

#[test]
fn what_would_be_wrong_is_refused_with_its_key() {
    for (keys, nth, key, value, fault) in [
        ("mail", None, "port", Setting::Text("x".into()), "mail.port"),
        ("mail", None, "retry.first", Setting::Text("1 h".into()), "mail.retry.first"),
        ("texts.en", None, "sms", Setting::Text("{x}".into()), "texts.en.sms"),
        ("texts.1", None, "sms", Setting::Text("x".into()), "texts.1"),
        ("sip.account", Some(1), "domain", Setting::Text("x".into()), "sip.account"),
        ("board", None, "relays", Setting::List(vec![Setting::Number(99)]), "board.relays"),
    ] {
        let edit = Edit::SetTable(path(keys, nth), vec![one(key, Change::Set(value))]);
        let error = apply(FILE, &edit).unwrap_err();
        let smtp_appliance::config::edit::ApplyError::Edit(EditError::Refused(faults)) = error
        else {
            panic!("{error}")
        };
        assert_eq!(faults.first().unwrap().key, fault, "{faults:?}");
    }
}

#[test]
fn a_group_is_those_who_are_in_it() {
    let file =
        "[[person]]\nname = \"ana\"\ngroups = [\"night\"] # she\n\n[[person]]\nname = \"ben\"\n";
    let edit = |names: &[&str]| {
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        Edit::SetGroup("day".parse().unwrap(), names)
    };
    let new = apply(file, &edit(&["ana", "ben"])).unwrap().text;
    assert!(new.contains("groups = [\"day\", \"night\"] # she") && new.contains("[\"day\"]\n"));
    let new = apply(&new, &edit(&["ana"])).unwrap().text;
    assert_eq!(new.matches("groups").count(), 1);
    let new = apply(&new, &edit(&[])).unwrap().text;
    assert_eq!(new, file);
    assert!(matches!(
        apply(file, &edit(&["eva"])).unwrap_err(),
        smtp_appliance::config::edit::ApplyError::Edit(EditError::UnknownPerson(_))
    ));
}

proptest! {
    /// What is written is what is read, and taking it away again leaves what was before.
    #[test]
    fn any_text_comes_back(value in "\\PC{0,40}", word in "[a-z\"' .=\\[\\]]{1,12}") {
        let changes = vec![one("subject", Change::Keep), (vec![word.clone()], text(&value))];
        let edit = Edit::SetTable(path("speech.lexicon.es", None), changes);
        if let Ok(new) = apply(FILE, &edit) {
            let read = values(&new.text, &path("speech.lexicon.es", None)).unwrap().unwrap();
            prop_assert_eq!(read.get(&vec![word]), Some(&Setting::Text(value)));
            let back = apply(&new.text, &Edit::RemoveTable(path("speech.lexicon.es", None)));
            prop_assert_eq!(back.unwrap().text, FILE);
        }
    }
}
