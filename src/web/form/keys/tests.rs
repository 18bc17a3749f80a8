//! Keys by name and by number, and what becomes of the file.

use super::*;
use crate::config::edit::apply;

const FILE: &str = "\
[[person]] # she
name = \"ana\"
phone = \"+34 600 000 001\"
groups = [\"oncall\"]
[[person]]
name = \"ben\"
mail = \"ben@example.org\"

[aliases]
root = [\"ana\", \"ben\"]
\"a.b@example.org\" = [\"ben\"]

[mail]
relay = \"relay.example\"
from = \"alerts@b.example\"
password = \"hunter2\"
user = \"x\"

[sip]
listen = \"0.0.0.0:5070\"
[[sip.account]]
domain = \"pbx.example.org\"
extension = \"200\"
password = \"x\"
[[sip.account]]
domain = \"pbx.example.org\"
extension = \"201\"
password = \"y\"

[texts.es]
sms = \"Aviso: {summary}\"

[speech.lexicon.es]
nginx = \"engine x\"
";

fn value(key: &str) -> Option<String> {
    let found = entries(FILE, key).unwrap();
    assert_eq!(found.len(), 1, "{key}: {found:?}");
    found.into_iter().next().unwrap().value
}

/// The lines that a change adds and takes away.
fn changed(edit: &Edit) -> String {
    let edited = apply(FILE, edit).unwrap();
    crate::config::diff::as_text(&crate::config::diff::diff(FILE, &edited.text))
}

fn set_to(given: &[(&str, &str)]) -> Result<String, KeyError> {
    let given = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    set(FILE, &given.collect::<Vec<_>>()).map(|edit| changed(&edit))
}

fn unset_all(keys: &[&str]) -> Result<String, KeyError> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    unset(FILE, &keys).map(|edit| changed(&edit))
}

#[test]
fn a_key_is_read_by_name_and_by_number() {
    for (key, expected) in [
        ("mail.relay", Some("relay.example")),
        ("mail.port", None),
        ("mail.password", Some("")),
        ("person.ana.phone", Some("+34 600 000 001")),
        ("person.0.phone", Some("+34 600 000 001")),
        ("person.ana.groups", Some("oncall")),
        ("sip.listen", Some("0.0.0.0:5070")),
        ("sip.account.1.extension", Some("201")),
        ("aliases.a.b@example.org", Some("ben")),
        ("aliases.root", Some("ana, ben")),
        ("texts.es.sms", Some("Aviso: {summary}")),
        ("speech.lexicon.es.nginx", Some("engine x")),
    ] {
        assert_eq!(value(key).as_deref(), expected, "{key}");
    }
    assert!(entries(FILE, "mail.password").unwrap()[0].is_secret);
    assert_eq!(entries(FILE, "mail.port").unwrap()[0].default, "587");
    assert_eq!(
        entries(FILE, "sip.account").unwrap().len(),
        2 * entries(FILE, "sip.account.0").unwrap().len()
    );
    assert_eq!(entries("", "sip.account").unwrap(), []);
    assert!(entries(FILE, "").unwrap().len() > 100);
}

#[test]
fn values_become_what_their_keys_want() {
    for (given, expected) in [
        (&[("mail.port", "25")][..], "+ port = 25"),
        (
            &[("mail.relay", "new.example")],
            "- relay = \"relay.example\"\n+ relay = \"new.example\"",
        ),
        (&[("mail.relay", "relay.example")], ""),
        (&[("mail.password", "new")], "- password = \"hunter2\"\n+ password = \"new\""),
        (&[("mail.enabled", "false")], "+ enabled = false"),
        (
            &[("smtp.domains", "a.example"), ("smtp.domains", "b.example")],
            "+ \n+ [smtp]\n+ domains = [\"a.example\", \"b.example\"]",
        ),
        (&[("person.ben.extension", "101")], "+ extension = \"101\""),
        (&[("person.1.phone", "112 2")], "+ phone = \"112 2\""),
        (&[("sip.account.1.extension", "202")], "- extension = \"201\"\n+ extension = \"202\""),
        (
            &[
                ("sip.account.+.domain", "b.example"),
                ("sip.account.+.extension", "300"),
                ("sip.account.+.register", "false"),
            ],
            "+ [[sip.account]]\n+ domain = \"b.example\"\n+ extension = \"300\"\n+ register = false\n+ ",
        ),
        (
            &[("person.+.name", "eva"), ("person.+.phone", "+34600000003")],
            "+ [[person]]\n+ name = \"eva\"\n+ phone = \"+34600000003\"\n+ ",
        ),
        (&[("aliases.root", "ana")], "- root = [\"ana\", \"ben\"]\n+ root = [\"ana\"]"),
        (&[("aliases.a.b@example.org", "")], "- \"a.b@example.org\" = [\"ben\"]"),
        (&[("texts.es.sms", "")], "- sms = \"Aviso: {summary}\""),
        (
            &[("channels.order", "sms"), ("channels.order", "mail")],
            "+ \n+ [channels]\n+ order = [\"sms\", \"mail\"]",
        ),
    ] {
        assert_eq!(set_to(given).unwrap(), expected, "{given:?}");
    }
}

#[test]
fn what_is_taken_out_goes_with_its_lines_alone() {
    for (keys, expected) in [
        (&["mail.user", "mail.password"][..], "- password = \"hunter2\"\n- user = \"x\""),
        (&["sip.account.0.password"], ""),
        (&["aliases.root"], "- root = [\"ana\", \"ben\"]"),
        (
            &["sip.account.0", "sip.account.1"],
            "- [[sip.account]]\n- domain = \"pbx.example.org\"\n- extension = \"200\"\n- password = \"x\"\n\
             - [[sip.account]]\n- domain = \"pbx.example.org\"\n- extension = \"201\"\n- password = \"y\"",
        ),
        (
            &["person.ana"],
            "- [[person]] # she\n- name = \"ana\"\n- phone = \"+34 600 000 001\"\n- groups = [\"oncall\"]\n\
             - root = [\"ana\", \"ben\"]\n+ root = [\"ben\"]",
        ),
    ] {
        if expected.is_empty() {
            // An account without a password is none; the file stays.
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            assert!(apply(FILE, &unset(FILE, &keys).unwrap()).is_err());
        } else {
            assert_eq!(unset_all(keys).unwrap(), expected, "{keys:?}");
        }
    }
}

#[test]
fn what_is_no_key_is_told() {
    for (key, expected) in [
        ("mail.relai", "there is no key `mail.relai`; did you mean `mail.relay`?"),
        ("nonsense", "there is no key `nonsense`; `smtp-appliance config get` shows all"),
        ("mail.relay.x", "there is no key `mail.relay.x`; did you mean `mail.relay`?"),
        (
            "sip.account.2.domain",
            "there is no key `sip.account.2.domain`; did you mean `sip.account.0.domain`?",
        ),
        ("mail", "`mail` is a section; name one of its keys: "),
        ("aliases", "`aliases` is a section; name one of its keys: "),
        ("person.ana", "`person.ana` is a section; name one of its keys: name, mail, phone"),
        ("", "there is no key ``"),
    ] {
        let error = set_to(&[(key, "x")]).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{key}: {error}");
    }
    let twice = set_to(&[("mail.relay", "a"), ("mail.relay", "b")]).unwrap_err();
    assert_eq!(twice, KeyError::OneValue("mail.relay".into()));
    assert!(entries(FILE, "mail.relai").is_err() && unset_all(&["mail.relai"]).is_err());
}
