//! Conversations as tables: what is heard, and what is done.

use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules {
    lead_in: Duration::from_millis(300),
    times: 2,
    key_wait: Duration::from_secs(3),
    lead_out: Duration::ZERO,
};
const LENGTHS: Lengths = Lengths { greeting: 1, message: 2, prompt: 1, thanks: 1, wrong_key: 1 };

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the start of the test's time"
)]
fn start() -> Instant {
    Instant::now()
}

/// A step in a few letters: `g0` is the greeting's first sentence.
fn brief(step: Step) -> String {
    match step {
        Step::Pause(_) => "pause".to_owned(),
        Step::Listen(_) => "listen".to_owned(),
        Step::Linger(_) => "linger".to_owned(),
        Step::HangUp => "hang-up".to_owned(),
        Step::Say(passage, index) => {
            let letter = match passage {
                Passage::Greeting => 'g',
                Passage::Message => 'm',
                Passage::Prompt => 'p',
                Passage::Thanks => 't',
                Passage::WrongKey => 'w',
            };
            format!("{letter}{index}")
        }
    }
}

/// Plays a conversation with key 4: `.` lets a step end, `_` lets two seconds pass, anything else
/// is a key. Each answer in order; a key that changes nothing is `-`.
fn play(what: &str) -> (String, Account) {
    let (mut talk, mut now) = (Conversation::new(RULES, LENGTHS, '4'), start());
    let mut steps = vec![brief(talk.begin())];
    for c in what.chars() {
        match c {
            '.' => steps.push(brief(talk.done())),
            '_' => now += Duration::from_secs(2),
            key => steps.push(talk.key(key, now).map_or_else(|| "-".to_owned(), brief)),
        }
    }
    (steps.join(" "), talk.account())
}

#[test]
fn the_far_ends_sound_ends_the_lead_in_and_nothing_else() {
    let mut talk = Conversation::new(RULES, LENGTHS, '4');
    assert_eq!(talk.heard(), Some(Step::Say(Passage::Greeting, 0)));
    assert_eq!(talk.heard(), None);
    talk.done();
    assert_eq!(talk.heard(), None);
}

#[test]
fn after_the_thanks_it_lingers_where_that_is_asked_for() {
    let rules = Rules { lead_out: Duration::from_secs(2), ..RULES };
    let mut talk = Conversation::new(rules, LENGTHS, '4');
    for _ in 0..4 {
        talk.done();
    }
    assert_eq!(talk.key('4', start()), Some(Step::Say(Passage::Thanks, 0)));
    assert_eq!(talk.done(), Step::Linger(Duration::from_secs(2)));
    assert_eq!(talk.key('4', start() + Duration::from_secs(9)), None);
    assert_eq!(talk.done(), Step::HangUp);
}

#[test]
fn what_follows_on_what() {
    let rows = [
        // Nobody presses anything: said twice, then over.
        ("..........", "pause g0 m0 m1 p0 listen m0 m1 p0 listen hang-up"),
        // The right key, at any time from the first word of the prompt on.
        ("....4..", "pause g0 m0 m1 p0 t0 hang-up hang-up"),
        (".....4", "pause g0 m0 m1 p0 listen t0"),
        ("......4", "pause g0 m0 m1 p0 listen m0 t0"),
        // Before nobody can know it: luck does not count, neither for nor against her.
        ("4_.4_..", "pause - g0 - m0 m1"),
        // Star: from the beginning, also in the middle; it costs none of the times.
        ("...*", "pause g0 m0 m1 m0"),
        ("*", "pause m0"),
        (".....*........", "pause g0 m0 m1 p0 listen m0 m1 p0 listen m0 m1 p0 listen hang-up"),
        // A wrong key is said, and she may try again: three are too many.
        (".....5..", "pause g0 m0 m1 p0 listen w0 p0 listen"),
        (".....5_4", "pause g0 m0 m1 p0 listen w0 t0"),
        (".....5_6_7_4.", "pause g0 m0 m1 p0 listen w0 w0 hang-up - hang-up"),
        (".....#", "pause g0 m0 m1 p0 listen w0"),
        // A storm counts as its first key.
        (".....0123456789", "pause g0 m0 m1 p0 listen w0 - - - - - - - - -"),
        (".....55", "pause g0 m0 m1 p0 listen w0 -"),
        // After the right key nothing undoes it.
        (".....4_5_*.", "pause g0 m0 m1 p0 listen t0 - - hang-up"),
    ];
    for (heard, expected) in rows {
        assert_eq!(play(heard).0, expected, "{heard}");
    }
}

#[test]
fn the_account_says_how_far_it_came() {
    let account = |times, sentences| Account { times, sentences, ..Account::default() };
    let rows = [
        (".", account(0, 0)),
        ("...", account(0, 1)),
        ("....", account(1, 2)),
        ("......", account(1, 0)),
        (".......", account(1, 1)),
        ("........", account(2, 2)),
        (".....5_4", Account { wrong_keys: 1, acknowledged: true, ..account(1, 2) }),
        ("...*...", Account { again: 1, ..account(1, 2) }),
    ];
    for (heard, expected) in rows {
        assert_eq!(play(heard).1, expected, "{heard}");
    }
}

#[test]
fn a_passage_without_sentences_is_passed_over() {
    let lengths = Lengths { greeting: 0, message: 0, prompt: 0, thanks: 0, wrong_key: 0 };
    let mut talk = Conversation::new(RULES, lengths, '4');
    let steps: Vec<_> = (0..3).map(|_| brief(talk.done())).collect();
    assert_eq!(steps, ["listen", "listen", "hang-up"]);
}

#[test]
fn the_next_key_is_another_one() {
    let mut seen = std::collections::BTreeSet::new();
    for chance in 0..90 {
        let last = char::from_digit(chance % 10, 10);
        let key = next_key(last, chance);
        assert!(key.is_ascii_digit() && Some(key) != last);
        seen.insert(key);
    }
    assert_eq!(seen.len(), 10);
}

proptest! {
    /// Whatever is pressed, the conversation ends, and only the right key acknowledges.
    #[test]
    fn it_ends_and_only_the_key_acknowledges(
        heard in proptest::collection::vec((0u64..3000, "[0-9*#A-D.]"), 0..200)
    ) {
        let (mut talk, mut now) = (Conversation::new(RULES, LENGTHS, '4'), start());
        let mut pressed = false;
        for (wait, what) in heard {
            now += Duration::from_millis(wait);
            match what.chars().next() {
                Some('.') | None => drop(talk.done()),
                Some(key) => {
                    talk.key(key, now);
                    pressed |= key == '4';
                }
            }
            prop_assert!(pressed || !talk.account().acknowledged);
            prop_assert!(talk.account().wrong_keys <= MOST_WRONG_KEYS);
        }
        let mut steps = 0;
        while talk.done() != Step::HangUp {
            steps += 1;
            prop_assert!(steps < 50);
        }
    }
}
