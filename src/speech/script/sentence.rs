//! Words and pauses put together: sentences a voice can make one by one.

/// Longest sentence, in characters; longer ones are cut at a comma, else between words. One
/// inference of a Piper voice needs memory in proportion.
const MAX_SENTENCE: usize = 200;
/// Longest word, in characters; what is longer is no word.
const MAX_WORD: usize = 40;

/// Sentences in the making.
#[derive(Debug)]
pub(super) struct Speech {
    sentences: Vec<String>,
    current: String,
    pause: Option<char>,
    /// Characters said in `sentences`.
    spoken: usize,
    /// Whether only Latin letters are said.
    latin: bool,
}

impl Speech {
    pub(super) const fn new(latin: bool) -> Self {
        Self { sentences: Vec::new(), current: String::new(), pause: None, spoken: 0, latin }
    }

    /// Characters said so far.
    pub(super) fn len(&self) -> usize {
        self.spoken + self.current.chars().count()
    }

    /// Whether the next word opens a sentence.
    pub(super) fn at_start(&self) -> bool {
        self.current.is_empty()
    }

    /// Adds words with the punctuation among them. Everything that is said comes through here, so
    /// that no character gets past that a voice would spell out.
    pub(super) fn say(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        let mut word = String::new();
        while let Some(c) = chars.next() {
            let last_is = |of: fn(char) -> bool| word.chars().next_back().is_some_and(of);
            let next = chars.peek().copied();
            let next_is = |of: fn(char) -> bool| next.is_some_and(of);
            let digit = |c: char| c.is_ascii_digit();
            match c {
                '.' | ',' if last_is(digit) && next_is(digit) => word.push(c),
                '\'' if last_is(char::is_alphabetic) && next_is(char::is_alphabetic) => {
                    word.push(c);
                }
                '.' | '!' | '?' => {
                    self.word(&word);
                    word.clear();
                    self.stop(c);
                }
                ',' | ':' => {
                    self.word(&word);
                    word.clear();
                    self.pause(c);
                }
                c if self.is_said(c) => word.push(c),
                _ => {
                    self.word(&word);
                    word.clear();
                }
            }
        }
        self.word(&word);
    }

    fn is_said(&self, c: char) -> bool {
        match c {
            '0'..='9' | 'a'..='z' | 'A'..='Z' => true,
            '\u{c0}'..='\u{24f}' => c.is_alphabetic(),
            // In other writings vowel signs are part of the word, and only the voice of such a
            // language can say it.
            '%' | '\u{64b}'..='\u{652}' | '\u{900}'..='\u{e7f}' => !self.latin,
            _ => !self.latin && c.is_alphabetic(),
        }
    }

    fn word(&mut self, word: &str) {
        if !word.chars().any(char::is_alphanumeric) {
            if word == "%" {
                self.push(word);
            }
            return;
        }
        if word.chars().count() <= MAX_WORD {
            self.push(word);
        }
    }

    fn push(&mut self, word: &str) {
        if !self.current.is_empty() {
            self.current.extend(self.pause);
            self.current.push(' ');
        } else if word == "%" {
            return;
        }
        self.pause = None;
        self.current.push_str(word);
    }

    /// A short silence: `,` or the longer `:`.
    pub(super) fn pause(&mut self, mark: char) {
        if !self.current.is_empty() && self.pause != Some(':') {
            self.pause = Some(mark);
        }
    }

    /// The end of a sentence.
    pub(super) fn stop(&mut self, mark: char) {
        self.pause = None;
        let mut rest = std::mem::take(&mut self.current);
        while rest.chars().count() > MAX_SENTENCE {
            let tail = rest.split_off(cut(&rest));
            self.end(&rest, '.');
            tail.trim_start_matches([',', ':', ' ']).clone_into(&mut rest);
        }
        self.end(&rest, mark);
    }

    fn end(&mut self, sentence: &str, mark: char) {
        if sentence.chars().any(char::is_alphanumeric) {
            let sentence = format!("{sentence}{mark}");
            self.spoken += sentence.chars().count();
            self.sentences.push(sentence);
        }
    }

    /// The sentences, the last one ended.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.stop('.');
        self.sentences
    }
}

/// Where to cut a sentence that is too long: before the last comma in reach that leaves a good
/// part, else before the last blank.
fn cut(sentence: &str) -> usize {
    let reach = sentence.char_indices().nth(MAX_SENTENCE - 1).map_or(sentence.len(), |(at, _)| at);
    let head = sentence.get(..reach).unwrap_or(sentence);
    let comma = head.rfind([',', ':']).filter(|at| *at > reach / 3);
    comma.or_else(|| head.rfind(' ')).unwrap_or(reach)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SENTENCE, Speech};

    #[test]
    fn words_and_pauses() {
        let mut speech = Speech::new(true);
        speech.pause(',');
        speech.say("disk full: it's 97.5, now");
        speech.pause(':');
        speech.pause(',');
        speech.say("so. 1,234 <b> привет ñu");
        speech.stop('?');
        speech.stop('!');
        assert_eq!(speech.len(), 41);
        assert_eq!(speech.finish(), ["disk full: it's 97.5, now: so.", "1,234 b ñu?"]);
    }

    #[test]
    fn long_sentences_are_cut() {
        let mut speech = Speech::new(true);
        for _ in 0..20 {
            speech.say("eleven words say nothing at all but fill the whole line,");
            speech.say(&"x".repeat(41));
        }
        for _ in 0..100 {
            speech.say("word ñandú");
        }
        let sentences = speech.finish();
        assert!(sentences.len() > 10);
        for sentence in &sentences {
            assert!((60..=MAX_SENTENCE).contains(&sentence.chars().count()), "{sentence}");
        }
        assert!(sentences[0].ends_with("the whole line."), "{}", sentences[0]);
    }
}
