//! Which values of a text are secrets or name files beside it, and the text without them. Pure.
//!
//! A key is a secret's if the program also knows it with `_file` behind it. Nothing has to be added
//! here for a new one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Component, Path};

use smtp_appliance::config::known_keys;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys that name files which are no secrets by themselves.
const FILES: [&str; 4] = ["smtp.certificate", "smtp.key", "mail.ca", "sip.account.ca"];

/// Longest name of a file that is made of a key and of what its table is called, in bytes.
const MAX_NAME: usize = 120;

/// Something that is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its key, with what its table is called: `sip.account.200@pbx.example.org.password`.
    pub(super) name: String,
    /// Where it stands.
    pub(super) what: What,
    /// Whether nobody else is to read it.
    is_secret: bool,
    /// What of the text is replaced.
    place: Range<usize>,
    /// By this, before the path of the file that was made of it, and a quote.
    key: String,
    /// What is said behind it, if nothing else stands on its line.
    note: String,
}

impl Taken {
    /// Where it stands in the text.
    pub(super) const fn offset(&self) -> usize {
        self.place.start
    }

    /// Whether nobody else is to read it.
    pub(super) const fn is_secret(&self) -> bool {
        self.is_secret
    }
}

/// Where something that is to be taken in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// In the text.
    Value(String),
    /// In a file of this name beside it.
    File(String),
}

/// A path that means nothing on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misplaced {
    pub(super) offset: usize,
    pub(super) key: String,
}

/// What is to be taken in of a text that is right, and which paths are wrong.
pub(super) fn find(text: &str) -> (Vec<Taken>, Vec<Misplaced>) {
    let mut finder = Finder { known: known_keys(text), taken: Vec::new(), misplaced: Vec::new() };
    if let Ok(table) = DeTable::parse(text) {
        finder.walk(table.get_ref(), "", "");
    }
    finder.taken.sort_by_key(|taken| taken.place.start);
    (finder.taken, finder.misplaced)
}

/// The text with paths in place of what was taken; `path_of` gives the one of each.
pub(super) fn replace(text: &str, taken: &[Taken], path_of: impl Fn(usize) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for (number, taken) in taken.iter().enumerate() {
        replaced.push_str(text.get(at..taken.place.start).unwrap_or_default());
        let path = path_of(number).replace('\\', "\\\\").replace('"', "\\\"");
        let _written = write!(replaced, "{}\"{path}\"", taken.key);
        at = taken.place.end;
        let rest = text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        if line.trim().is_empty() && !taken.note.is_empty() {
            let _written = write!(replaced, "  # {}", taken.note);
        }
    }
    replaced.push_str(text.get(at..).unwrap_or_default());
    replaced
}

/// The files in `folder` that a text names.
pub(super) fn referenced(text: &str, folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Ok(table) = DeTable::parse(text) {
        strings(table.get_ref(), &mut |value| {
            let name = Path::new(value).strip_prefix(folder).ok().and_then(Path::to_str);
            found.extend(name.map(ToOwned::to_owned));
        });
    }
    found
}

fn strings(table: &DeTable<'_>, take: &mut impl FnMut(&str)) {
    for value in table.values() {
        let several = value.get_ref().as_array().into_iter().flatten();
        for value in std::iter::once(value).chain(several) {
            match value.get_ref() {
                DeValue::String(text) => take(text),
                DeValue::Table(table) => strings(table, take),
                DeValue::Array(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {}
            }
        }
    }
}

struct Finder {
    known: BTreeSet<String>,
    taken: Vec<Taken>,
    misplaced: Vec<Misplaced>,
}

impl Finder {
    /// `path` is the key of the table, `name` the same with what the tables of lists are called.
    fn walk(&mut self, table: &DeTable<'_>, path: &str, name: &str) {
        for (key, value) in table {
            let key_text: &str = key.get_ref().as_ref();
            let (path, name) = (below(path, key_text), below(name, key_text));
            match value.get_ref() {
                DeValue::String(text) => self.look(key, value, (&path, &name), text),
                DeValue::Table(table) => self.walk(table, &path, &name),
                DeValue::Array(items) => {
                    for (number, item) in items.iter().enumerate() {
                        if let Some(table) = item.get_ref().as_table() {
                            let called = called(table).unwrap_or_else(|| (number + 1).to_string());
                            self.walk(table, &path, &below(&name, &called));
                        }
                    }
                }
                DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {}
            }
        }
    }

    fn look(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        (path, name): (&str, &str),
        text: &str,
    ) {
        let place = key.span().start..value.span().end;
        let last = path.rsplit('.').next().unwrap_or(path);
        let file_key = format!("{path}_file");
        if self.known.contains(&file_key) {
            let note = format!("taken in; to change it, put {last} = \"…\" in its place");
            self.taken.push(Taken {
                name: file_name(name),
                what: What::Value(text.to_owned()),
                is_secret: true,
                place,
                key: format!("{last}_file = "),
                note,
            });
            return;
        }
        let of_secret = path.strip_suffix("_file").is_some_and(|of| self.known.contains(of));
        if !of_secret && !FILES.contains(&path) || Path::new(text).is_absolute() {
            return;
        }
        let mut parts = Path::new(text).components();
        if let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) {
            self.taken.push(Taken {
                name: file_name(name.strip_suffix("_file").unwrap_or(name)),
                what: What::File(text.to_owned()),
                is_secret: of_secret || path == "smtp.key",
                place,
                key: format!("{last} = "),
                note: format!("{text} was taken in"),
            });
        } else {
            self.misplaced.push(Misplaced { offset: value.span().start, key: path.to_owned() });
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What a person would call one of several tables.
fn called(table: &DeTable<'_>) -> Option<String> {
    let text = |key: &str| table.get(key)?.get_ref().as_str();
    match (text("name"), text("extension"), text("domain")) {
        (Some(name), _, _) => Some(name.to_owned()),
        (None, Some(extension), Some(domain)) => Some(format!("{extension}@{domain}")),
        (None, Some(only), None) | (None, None, Some(only)) => Some(only.to_owned()),
        (None, None, None) => None,
    }
}

/// A name that every file system bears, and that leads nowhere else.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "@-_.".contains(c) { c } else { '_' };
    let name: String = name.trim_start_matches('.').chars().map(plain).collect();
    name.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "\
# The relay.
[mail]
relay = \"smtp.example.org\"
from = \"a@example.org\"
user = \"alerts\"
  password   =  'pa\"ss' # of the provider
ca = \"ca.pem\"

[modem]
device = \"/dev/modem\"
pin = \"1234\"
[[sip.account]]
domain = \"pbx.example.org\"
extension = \"200\"
password = \"s\"
[[smtp.user]]
name = \"../zab bix\"
password = \"\"\"
t\"\"\"
[wifi]
ssid = \"password\"
password_file = \"wifi.txt\"
";

    #[test]
    fn secrets_and_files_beside_are_found_and_replaced() {
        let (taken, misplaced) = find(TEXT);
        assert_eq!(misplaced, []);
        let found: Vec<(&str, &What)> =
            taken.iter().map(|taken| (taken.name.as_str(), &taken.what)).collect();
        let (value, file) = (|t: &str| What::Value(t.into()), |t: &str| What::File(t.into()));
        let expected = [
            ("mail.password", &value("pa\"ss")),
            ("mail.ca", &file("ca.pem")),
            ("modem.pin", &value("1234")),
            ("sip.account.200@pbx.example.org.password", &value("s")),
            ("smtp.user..._zab_bix.password", &value("t")),
            ("wifi.password", &file("wifi.txt")),
        ];
        assert_eq!(found, expected);
        let replaced = replace(TEXT, &taken, |number| format!("/x/{number}"));
        let expected = TEXT
            .replace("password   =  'pa\"ss' #", "password_file = \"/x/0\" #")
            .replace("ca = \"ca.pem\"", "ca = \"/x/1\"  # ca.pem was taken in")
            .replace(
                "pin = \"1234\"",
                "pin_file = \"/x/2\"  # taken in; to change it, put pin = \"…\" in its place",
            )
            .replace(
                "password = \"s\"",
                "password_file = \"/x/3\"  # taken in; to change it, put password = \"…\" in its place",
            )
            .replace(
                "password = \"\"\"\nt\"\"\"",
                "password_file = \"/x/4\"  # taken in; to change it, put password = \"…\" in its place",
            )
            .replace(
                "password_file = \"wifi.txt\"",
                "password_file = \"/x/5\"  # wifi.txt was taken in",
            );
        assert_eq!(replaced, expected);
        // It is stable: nothing is found in it any more.
        assert_eq!(find(&replaced), (Vec::new(), Vec::new()));
        let kept: BTreeSet<String> = ["0", "1", "2", "3", "4", "5"].map(String::from).into();
        assert_eq!(referenced(&replaced, Path::new("/x")), kept);
    }

    #[test]
    fn windows_line_ends_inline_tables_and_dotted_keys_stay() {
        let text = "mail.user = \"u\"\r\nmail.password = \"p\"\r\nmodem = { device = \"/d\", pin = \"1234\" }\r\n";
        let (taken, _) = find(text);
        let replaced = replace(text, &taken, |number| number.to_string());
        let note = "taken in; to change it, put password = \"…\" in its place";
        assert_eq!(
            replaced,
            format!(
                "mail.user = \"u\"\r\nmail.password_file = \"0\"  # {note}\r\n\
                 modem = {{ device = \"/d\", pin_file = \"1\" }}\r\n"
            )
        );
        assert!(replaced.parse::<toml::Table>().is_ok());
    }

    #[test]
    fn paths_that_lead_elsewhere_are_told() {
        for path in ["../key.pem", "a/key.pem", ".", "..", "./key.pem"] {
            let text = format!("[smtp]\ncertificate = \"/c.pem\"\nkey = \"{path}\"\n");
            let (taken, misplaced) = find(&text);
            assert_eq!(taken, [], "{path}");
            assert_eq!(misplaced.len(), 1, "{path}");
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(file_name("a/b\u{0}.c ñ"), "a_b_.c__");
        assert_eq!(file_name("../x"), "_x");
        assert_eq!(file_name(&"x".repeat(500)).len(), MAX_NAME);
    }

    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "[mail]\n",
            "[[sip.account]]\n",
            "[wifi]\n",
            "password = ",
            "pin = ",
            "ca = ",
            "user = ",
            "\"a\"",
            "'b.pem'",
            "\"\"\"\nc\"\"\"",
            " # d",
            "\r\n",
            "\n",
            "mail.",
            "modem = { pin = \"1\" }\n",
            "ñ",
            "{",
            "\"",
            "\\",
            "password_file = \"/e\"",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..20)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_it_is_the_rest_stays_and_nothing_is_found_twice(text in text()) {
            let (taken, _) = find(&text);
            let replaced = replace(&text, &taken, |number| format!("/secrets/{number}"));
            if taken.is_empty() {
                prop_assert_eq!(&replaced, &text);
            } else if text.parse::<toml::Table>().is_ok() {
                // Both keys side by side are a fault that is told before anything is replaced.
                let twice = text.contains("password_file") && text.contains("password =");
                prop_assert!(twice || replaced.parse::<toml::Table>().is_ok(), "{}", replaced);
                prop_assert!(twice || find(&replaced).0.is_empty(), "{}", replaced);
            }
        }
    }
}
