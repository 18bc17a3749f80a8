//! Every key has a field, and every field is true.

use std::collections::BTreeSet;

use super::{ALL, ELSEWHERE};
use crate::config::{Config, known_keys};
use crate::web::form::{Field, Kind, Shape};

const EXAMPLE: &str = include_str!("../../../../config.example.toml");

fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => format!("{rest}\n"),
        Some(_) | None => format!("{line}\n"),
    };
    EXAMPLE.lines().map(line).collect()
}

#[test]
fn every_key_has_a_field_and_every_field_a_key() {
    let named = |key: &str| key.replace("texts.en.", "texts.");
    let known: BTreeSet<String> = known_keys(&uncommented()).iter().map(|key| named(key)).collect();
    let mut fields = BTreeSet::new();
    for section in ALL.iter().chain(ELSEWHERE) {
        let base = section.path.join(".");
        let keys = section.fields.iter().map(|field| format!("{base}.{}", field.key));
        fields.extend(keys.map(|key| key.trim_end_matches('.').to_owned()));
        fields.extend(section.path.iter().scan(String::new(), |path, key| {
            *path = if path.is_empty() { (*key).to_owned() } else { format!("{path}.{key}") };
            Some(path.clone())
        }));
        let tables = section.fields.iter().filter_map(|field| field.key.split_once('.'));
        fields.extend(tables.map(|(table, _)| format!("{base}.{table}")));
    }
    let missing: Vec<_> = known.difference(&fields).collect();
    assert!(missing.is_empty(), "without a field: {missing:?}");
    let foreign: Vec<_> = fields.difference(&known).collect();
    assert!(foreign.is_empty(), "unknown to the program: {foreign:?}");
}

/// What the page says is in force when a field is empty, is.
#[test]
fn defaults_are_true() {
    let config = |text: &str| format!("{:?}", Config::parse(text).unwrap().config);
    let mut tried = 0;
    for section in ALL {
        let header = section.path.join(".");
        let needed = match section.slug {
            "sip-account" => "domain = \"x.example\"\nextension = \"200\"\npassword = \"x\"\n",
            "listener" => "address = \"127.0.0.1:25\"\n",
            "modem" => "device = \"/dev/null\"\n",
            _ => "",
        };
        let header = match section.shape {
            Shape::Listed => format!("[[{header}]]\n{needed}"),
            Shape::One | Shape::Optional | Shape::Named => format!("[{header}]\n{needed}"),
        };
        for field in section.fields.iter().filter(|field| !field.default.is_empty()) {
            let is_number = field.kind == Kind::Number && field.default.parse::<i64>().is_ok();
            let quoted = if is_number || field.kind == Kind::YesNo {
                field.default.to_owned()
            } else {
                format!("\"{}\"", field.default)
            };
            let with = config(&format!("{header}{} = {quoted}\n", field.key));
            assert_eq!(with, config(&header), "{}.{}", section.slug, field.key);
            tried += 1;
        }
    }
    assert!(tried > 70, "{tried}");
}

#[test]
fn words_and_fields_are_told_apart() {
    let slugs: BTreeSet<&str> = ALL.iter().map(|section| section.slug).collect();
    assert_eq!(slugs.len(), ALL.len());
    for section in ALL {
        let ids: BTreeSet<String> = section.fields.iter().map(Field::id).collect();
        assert_eq!(ids.len(), section.fields.len(), "{}", section.slug);
        for field in section.fields {
            assert!(!field.label.0.is_empty() && !field.label.1.is_empty());
            assert_eq!(field.help.0.is_empty(), field.help.1.is_empty(), "{}", field.key);
        }
    }
}
