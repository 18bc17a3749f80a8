//! Words that are said as the user, or the language, wants them.

use std::collections::BTreeMap;

/// The user's own words, ready to be found.
#[derive(Debug)]
pub(super) struct Lexicon<'a> {
    said: &'a BTreeMap<String, String>,
    /// The words by their first letter, the longest first.
    by_first: BTreeMap<char, Vec<&'a str>>,
}

impl<'a> Lexicon<'a> {
    /// Of words in lower case.
    pub(super) fn new(said: &'a BTreeMap<String, String>) -> Self {
        let mut by_first: BTreeMap<char, Vec<&str>> = BTreeMap::new();
        for word in said.keys() {
            let Some(first) = word.chars().next() else { continue };
            by_first.entry(first).or_default().push(word);
        }
        for words in by_first.values_mut() {
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
        Self { said, by_first }
    }

    /// What one word is said as.
    pub(super) fn word(&self, word: &str) -> Option<&'a str> {
        if self.said.is_empty() {
            return None;
        }
        self.said.get(&word.to_lowercase()).map(String::as_str)
    }

    /// The longest word or words a text begins with: their length in the text and what they are
    /// said as.
    pub(super) fn at(&self, text: &str) -> Option<(usize, &'a str)> {
        let first = text.chars().next()?.to_lowercase().next()?;
        self.by_first.get(&first)?.iter().find_map(|word| {
            let length = length_of(text, word)?;
            let whole = text.get(length..).is_some_and(|after| !goes_on(after));
            Some((length, self.said.get(*word)?.as_str())).filter(|_| whole)
        })
    }
}

/// Length of `word` (lower case) at the beginning of `text` in any case.
fn length_of(text: &str, word: &str) -> Option<usize> {
    let mut wanted = word.chars();
    let mut length = 0;
    for c in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        if !c.to_lowercase().all(|c| wanted.next() == Some(c)) {
            return None;
        }
        length += c.len_utf8();
    }
    wanted.as_str().is_empty().then_some(length)
}

/// Whether a word goes on after this point: `web` in `web2`, `web-01`, `web.example.org`.
pub(super) fn goes_on(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some('-' | '.' | '@' | '/' | '\\' | '_') => chars.next().is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Lexicon;

    #[test]
    fn whole_words_in_any_case() {
        let words =
            [("nginx", "engine x"), ("ñu", "gnu"), ("core switch", "the core"), ("core", "C")];
        let said: BTreeMap<_, _> = words.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let lexicon = Lexicon::new(&said);
        let cases = [
            ("nginx", Some((5, "engine x"))),
            ("NGINX: down", Some((5, "engine x"))),
            ("nginx.", Some((5, "engine x"))),
            ("nginx2", None),
            ("nginx-01", None),
            ("nginx.example.org", None),
            ("ngin", None),
            ("Ñu", Some((3, "gnu"))),
            ("Core Switch 1", Some((11, "the core"))),
            ("core switches", Some((4, "C"))),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(lexicon.at(text), expected, "{text}");
        }
        assert_eq!(lexicon.word("NginX"), Some("engine x"));
    }
}
