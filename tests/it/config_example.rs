//! The example configuration is right, complete, and shows the true defaults.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use smtp_appliance::config::{Config, Fault, known_keys};

/// Keys that exclude one which stands in the example; its text tells of them.
const IN_PROSE: [(&str, &str); 6] = [
    ("mail.password_file", "password_file"),
    ("smtp.user.password_file", "password_file"),
    ("modem.pin_file", "pin_file"),
    ("sip.account.password_file", "password_file"),
    ("wifi.password_file", "password_file"),
    ("wireguard.private_key_file", "private_key_file"),
];

fn example() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    fs::read_to_string(file).unwrap()
}

/// With every `#key = value` and `#[section]` in force; prose has a blank after its `#`.
fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => format!("{rest}\n"),
        Some(_) | None => format!("{line}\n"),
    };
    example().lines().map(line).collect()
}

#[test]
fn it_is_right_as_it_stands_and_with_everything_in_force() {
    assert_eq!(Config::parse(&example()).map(|loaded| loaded.config.directory.people.len()), Ok(2));
    let full = Config::parse(&uncommented()).unwrap();
    // The files it names stand on no machine.
    let odd = full.warnings.iter().filter(|fault| !fault.message.contains("cannot be found"));
    assert_eq!(odd.collect::<Vec<_>>(), Vec::<&Fault>::new());
}

#[test]
fn every_key_stands_in_it() {
    let known = known_keys(&uncommented());
    let shown = keys(&uncommented());
    let prose: BTreeSet<String> = IN_PROSE.iter().map(|(key, _)| (*key).to_owned()).collect();
    for (_, word) in IN_PROSE {
        assert!(example().contains(&format!("`{word}`")), "{word} is not mentioned");
    }
    let missing: Vec<_> = known.difference(&shown).filter(|key| !prose.contains(*key)).collect();
    assert!(missing.is_empty(), "not in the example: {missing:?}");
    // Aliases have the names their owner gives them, and so have languages.
    let foreign: Vec<_> = shown
        .difference(&known)
        .filter(|key| {
            !["aliases.", "speech.voice.", "speech.lexicon."]
                .iter()
                .any(|open| key.starts_with(open))
        })
        .filter(|key| *key != "texts.en")
        .collect();
    assert!(foreign.is_empty(), "unknown to the program: {foreign:?}");
}

/// A value that is the default changes nothing when it is put in force.
#[test]
fn commented_values_are_the_defaults() {
    let default = format!("{:?}", Config::parse("").unwrap().config);
    let (mut section, mut prose, mut tried) = (String::new(), String::new(), 0);
    let mut after_prose = false;
    for line in example().lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if bare.starts_with('[') {
            bare.clone_into(&mut section);
        } else if bare.is_empty() || bare.starts_with(' ') {
            if !after_prose {
                prose.clear();
            }
            prose.push_str(bare);
            after_prose = true;
            continue;
        } else if bare != line
            && !section.starts_with("[[")
            && !section.starts_with("[modem")
            && !section.starts_with("[board")
        {
            let example = prose.contains("xamples") || after_prose && prose.contains("xample");
            if !example {
                let text = format!("{section}\n{bare}\n");
                let config = Config::parse(&text).unwrap_or_else(|faults| panic!("{faults:?}"));
                assert_eq!(format!("{:?}", config.config), default, "{text}");
                tried += 1;
            }
        }
        after_prose = false;
    }
    assert!(tried >= 30, "only {tried} values were tried");
}

fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    collect(&text.parse::<toml::Table>().unwrap(), "", &mut keys);
    keys
}

fn collect(table: &toml::Table, path: &str, keys: &mut BTreeSet<String>) {
    for (key, value) in table {
        let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if let Some(table) = value.as_table() {
            collect(table, &key, keys);
        }
        for item in value.as_array().into_iter().flatten() {
            if let Some(table) = item.as_table() {
                collect(table, &key, keys);
            }
        }
        keys.insert(key);
    }
}
