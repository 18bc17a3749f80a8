//! What was typed is what the file says, and what is wrong is said beside its field.

use super::*;
use crate::config::edit::{ApplyError, EditError, apply};
use crate::web::form::{Beside, beside, section};

const FILE: &str = "[aliases]\n\"a=b@x.example\" = [\"ana\"]\nroot = [\"ana\", \"ben\"]\n\
                    [[person]]\nname = \"ana\"\n[[person]]\nname = \"ben\"\n\
                    [mail]\nport = 25 # old\n[[smtp.user]]\nname = \"z\"\npassword = \"hunter2\"\n\
                    [texts.en]\nsms = \"a\\nb\"\n[smtp]\nallow = [\"10.0.0.0/8\", \"private\"]\n";

/// The form of a section with some fields typed over.
fn typed(slug: &str, item: &Item, over: &[(&str, &str)]) -> (Option<Edit>, Vec<Value>) {
    let section = section(slug).unwrap();
    let now = current(FILE, section, item);
    let shown = now.clone().unwrap_or_else(|| vec![Value::default(); section.fields.len()]);
    let typed: Vec<Typed> = std::iter::zip(section.fields, &shown)
        .map(|(field, value)| {
            let over = over.iter().find(|(key, _)| *key == field.key);
            let text = over.map_or(value.text.replace('\n', "\r\n"), |(_, text)| (*text).into());
            Typed { forget: text == "FORGET", text: text.replace("FORGET", "") }
        })
        .collect();
    (wanted(section, item, now.as_deref(), &typed), shown)
}

fn made(slug: &str, item: &Item, over: &[(&str, &str)]) -> Result<String, Beside> {
    let edit = typed(slug, item, over).0.unwrap();
    match apply(FILE, &edit) {
        Ok(edited) => Ok(edited.text),
        Err(ApplyError::Edit(EditError::Refused(faults))) => {
            Err(beside(section(slug).unwrap(), item, &faults))
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_is_not_touched_stays_and_secrets_are_not_shown() {
    for (slug, item) in [
        ("aliases", Item::Only),
        ("mail", Item::Only),
        ("smtp", Item::Only),
        ("smtp-user", Item::Nth(0)),
        ("texts", Item::Named("en".into())),
    ] {
        let (edit, shown) = typed(slug, &item, &[]);
        assert_eq!(edit, None, "{slug}");
        assert!(shown.iter().any(|value| value.is_set), "{slug}");
        assert!(!format!("{shown:?}").contains("hunter2"));
    }
    let words = |slug| items(FILE, section(slug).unwrap());
    assert_eq!(words("smtp-user"), [(Item::Nth(0), "z".to_owned())]);
    assert_eq!(words("texts"), [(Item::Named("en".into()), "en".to_owned())]);
}

#[test]
fn what_is_typed_is_what_the_file_says() {
    for (slug, item, over, there, gone) in [
        ("mail", Item::Only, vec![("port", "587")], "port = 587 # old", "= 25"),
        ("mail", Item::Only, vec![("port", " ")], "[mail]\n[[smtp.user]]", "port"),
        ("mail", Item::Only, vec![("enabled", "false")], "enabled = false", "'"),
        ("smtp-user", Item::Nth(0), vec![("password", " x ")], "password = \" x \"", "hunter2"),
        (
            "smtp-user",
            Item::Nth(1),
            vec![("name", "y"), ("password", "p")],
            "\"hunter2\"\n\n[[smtp.user]]\nname = \"y\"\npassword = \"p\"\n",
            "'",
        ),
        (
            "aliases",
            Item::Only,
            vec![("", "a=b@x.example = ana\nboss=ben")],
            "boss = [\"ben\"]",
            "root",
        ),
        (
            "smtp",
            Item::Only,
            vec![("allow", "\r\n10.0.0.0/8\r\n")],
            "allow = [\"10.0.0.0/8\"]",
            "private",
        ),
        (
            "board",
            Item::Only,
            vec![("relays", "16\n20"), ("buzzer", "off")],
            "relays = [16, 20]",
            "'",
        ),
        (
            "lexicon",
            Item::Named("es".into()),
            vec![("", "nginx = enyin equis")],
            "[speech.lexicon.es]\nnginx = \"enyin equis\"",
            "'",
        ),
        (
            "speech",
            Item::Only,
            vec![("voice", "en = espeak-ng"), ("cache", "1024")],
            "[speech.voice]\nen = \"espeak-ng\"",
            "\"1024\"",
        ),
        (
            "texts",
            Item::Named("en".into()),
            vec![("sms", "{summary}\r\n!")],
            "sms = \"\"\"\n{summary}\n!\"\"\"",
            "\\n",
        ),
    ] {
        let text = made(slug, &item, &over).unwrap();
        assert!(text.contains(there) && !text.contains(gone), "{slug}: {text}");
    }
}

#[test]
fn what_is_wrong_is_said_beside_its_field() {
    let at = |slug: &str, item, over: &[(&str, &str)]| {
        let wrong = made(slug, &item, over).unwrap_err();
        let fields = section(slug).unwrap().fields.iter().zip(&wrong.fields);
        let named = fields.filter(|(_, faults)| !faults.is_empty()).map(|(field, _)| field.key);
        let mut named: Vec<&str> = named.collect();
        named.extend(wrong.name.iter().map(|_| "NAME"));
        named.extend(wrong.rest.iter().map(|_| "REST"));
        named.join(" ")
    };
    for (slug, item, over, fields) in [
        ("mail", Item::Only, vec![("port", "x"), ("tls", "no")], "port tls"),
        ("mail", Item::Only, vec![("retry.first", "2 h")], "retry.first"),
        ("mail", Item::Only, vec![("relay", "x.example")], "relay"),
        ("smtp-user", Item::Nth(0), vec![("password", "FORGET")], "password"),
        ("listener", Item::Nth(0), vec![], "address"),
        ("modem", Item::Only, vec![("baud", "1")], "device baud"),
        ("sip-account", Item::Nth(0), vec![("domain", "x y")], "domain extension password"),
        ("aliases", Item::Only, vec![("", "boss")], ""),
        ("texts", Item::Named("1".into()), vec![("sms", "{x}")], "sms NAME"),
        ("filter", Item::Only, vec![("ignore", "/(/")], "ignore"),
        ("speech", Item::Only, vec![("voice", "1 = espeak-ng")], "voice"),
        ("board", Item::Only, vec![("led_gsm", "99")], "led_gsm"),
        (
            "queue",
            Item::Only,
            vec![("max_pending", "0"), ("keep_history", "1")],
            "max_pending keep_history",
        ),
    ] {
        assert_eq!(at(slug, item, &over), fields, "{slug} {over:?}");
    }
}
