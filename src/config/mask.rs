//! The configuration's text without its secrets, and back: a page never holds one.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use super::diff::{Line, diff};

/// Keys whose values are secrets.
const SECRET: [&str; 3] = ["password", "pin", "private_key"];

/// What stands for the secret of a number.
fn mark(number: usize) -> String {
    format!("\"*** kept {number} ***\"")
}

/// What stands for a secret that is not there yet.
const NEW: &str = "\"*** new ***\"";

/// The text with a mark in place of each secret. A text that is no TOML loses every line that
/// speaks of one.
#[must_use]
pub fn masked(text: &str) -> String {
    marked(text, |number, _| mark(number))
}

/// What differs between two texts; that a secret is another one is seen, and nothing of it.
#[must_use]
pub fn differing(before: &str, after: &str) -> Vec<Line> {
    let places = places(before).unwrap_or_default();
    let known: Vec<&str> = places.into_iter().filter_map(|place| before.get(place)).collect();
    let marked = marked(after, |number, secret| {
        if known.get(number - 1) == Some(&secret) {
            return mark(number);
        }
        let place = known.iter().position(|known| *known == secret);
        place.map_or_else(|| NEW.to_owned(), |place| mark(place + 1))
    });
    diff(&masked(before), &marked)
}

fn marked(text: &str, mark: impl Fn(usize, &str) -> String) -> String {
    let Some(places) = places(text) else {
        let hidden = |line: &&str| !SECRET.iter().any(|key| line.contains(key));
        return text.lines().filter(hidden).collect::<Vec<_>>().join("\n");
    };
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (number, place) in places.iter().enumerate() {
        masked.push_str(text.get(end..place.start).unwrap_or_default());
        masked.push_str(&mark(number + 1, text.get(place.clone()).unwrap_or_default()));
        end = place.end;
    }
    masked.push_str(text.get(end..).unwrap_or_default());
    masked
}

/// A text in which marks stand for the secrets of `original`, with them in their places. Only where a
/// secret may stand is a mark one: nobody moves a secret to where it is shown.
#[must_use]
pub fn unmasked(text: &str, original: &str) -> String {
    let secrets = places(original).unwrap_or_default();
    let mut unmasked = text.to_owned();
    for place in places(text).unwrap_or_default().into_iter().rev() {
        let value = text.get(place.clone()).unwrap_or_default();
        let marked = (1..).zip(&secrets).find(|(number, _)| mark(*number) == value);
        if let Some(secret) = marked.and_then(|(_, secret)| original.get(secret.clone())) {
            unmasked.replace_range(place, secret);
        }
    }
    unmasked
}

/// Where secrets stand, in the order of the text.
fn places(text: &str) -> Option<Vec<Range<usize>>> {
    let document = Document::parse(text).ok()?;
    let mut places = Vec::new();
    look(document.as_table(), &mut places);
    places.sort_by_key(|place| place.start);
    Some(places)
}

fn look(table: &dyn TableLike, places: &mut Vec<Range<usize>>) {
    for (key, item) in table.iter() {
        if SECRET.contains(&key) {
            places.extend(item.span());
            continue;
        }
        match item {
            Item::Table(table) => look(table, places),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|table| look(table, places)),
            Item::Value(value) => look_in(value, places),
            Item::None => {}
        }
    }
}

fn look_in(value: &Value, places: &mut Vec<Range<usize>>) {
    if let Some(table) = value.as_inline_table() {
        look(table, places);
    } else if let Some(array) = value.as_array() {
        array.iter().for_each(|value| look_in(value, places));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# password = "comment"
[mail]
password = "hunter2" # the relay's
user = "password"
[modem]
pin = '''0000'''
[[smtp.user]]
name = "zabbix"
password = "x\"y"
[sip]
account = [{ extension = "200", password = "in line" }]
[wireguard]
private_key = "yAnz5TF="
"#;

    #[test]
    fn secrets_are_hidden_and_come_back() {
        let masked = masked(TEXT);
        for secret in ["hunter2", "0000", "x\\\"y", "in line", "yAnz5TF"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(masked.contains("user = \"password\"") && masked.contains("# the relay's"));
        assert_eq!(unmasked(&masked, TEXT), TEXT);
        // In another order, and with a new one.
        let moved = format!("{}\n[voip]\npassword = \"new\"\n", masked.replace("kept 1", "kept 3"));
        let back = unmasked(&moved, TEXT);
        assert!(back.contains("password = \"x\\\"y\" # the relay's") && back.contains("\"new\""));
    }

    #[test]
    fn a_mark_elsewhere_gives_no_secret_away() {
        let moved = "[appliance]\nname = \"*** kept 1 ***\" # \"*** kept 1 ***\"\n";
        assert_eq!(unmasked(moved, TEXT), moved);
    }

    #[test]
    fn another_secret_is_a_difference_and_stays_one() {
        let differs = |after: &str| crate::config::diff::as_text(&differing(TEXT, after));
        assert!(differing(TEXT, TEXT).is_empty());
        let changed = differs(&TEXT.replace("hunter2", "other"));
        assert!(changed.contains("new") && !changed.contains("other"), "{changed}");
        let fewer = differs(&TEXT.replace("pin = '''0000'''\n", ""));
        assert!(fewer.contains("pin") && !fewer.contains("new"), "{fewer}");
    }

    #[test]
    fn what_is_no_toml_shows_no_secret_either() {
        assert!(!masked("[mail\npassword = \"hunter2\"\n").contains("hunter2"));
    }
}
