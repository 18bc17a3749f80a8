//! What is said of real and of made-up texts: `tests/script/*.txt`, a line each, as a reviewer
//! reads it aloud.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use smtp_appliance::config::Language;
use smtp_appliance::speech::script::words;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn language(tag: &str) -> Language {
    tag.parse().expect("a language")
}

fn said(text: &str, tag: &str) -> String {
    words(text, &language(tag), &BTreeMap::new()).join(" ")
}

/// The lines `input => spoken` of a table; `\n` in the input is a line feed.
fn table(name: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(tests().join("script").join(name)).expect("a table");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("##"));
    let rows = lines.map(|line| {
        let (input, spoken) = line.split_once(" => ").expect(line);
        (input.trim().replace("¶", "\n"), spoken.trim().to_owned())
    });
    rows.collect()
}

/// Compares a table with what is said, and shows every difference at once.
fn check(name: &str, say: impl Fn(&str) -> String) {
    let mut faults = String::new();
    for (input, spoken) in table(name) {
        let found = say(&input);
        if found != spoken {
            let _ = write!(faults, "\n    {input}\n  - {spoken}\n  + {found}\n");
        }
    }
    assert!(faults.is_empty(), "{name}: - is in the table, + is said:\n{faults}");
}

#[test]
fn english() {
    check("en.txt", |text| said(text, "en"));
}

#[test]
fn spanish() {
    check("es.txt", |text| said(text, "es"));
}
