//! What is said of real and of made-up texts: `tests/script/*.txt`, a line each, for a reviewer to
//! read aloud.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use smtp_appliance::alert::{Alert, AlertId, Origin, text, understand};
use smtp_appliance::config::{Config, Language};
use smtp_appliance::speech::script::{Script, script, words};

/// Longest text that is said of any text, with the sentence that says that there is more.
const MAX_SAID: usize = 3300;
const MAX_SENTENCE: usize = 201;
/// Characters of a mail's text that stand in the table.
const MAX_KEY: usize = 160;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn language(tag: &str) -> Language {
    tag.parse().expect("a language")
}

fn said(text: &str, tag: &str) -> String {
    words(text, &language(tag), &BTreeMap::new()).join(" ")
}

fn config(text: &str) -> Config {
    let appliance = "[appliance]\nname = \"alerts-02.example.org\"\n";
    Config::parse(&format!("{appliance}{text}")).expect("a configuration").config
}

fn alert(raw: &[u8]) -> Alert {
    let (text, events) = understand(raw, &Origin::default());
    Alert {
        id: AlertId::default(),
        received: Timestamp::UNIX_EPOCH,
        origin: Origin::default(),
        people: Vec::new(),
        text,
        events,
    }
}

fn subject(subject: &str) -> Alert {
    alert(format!("Subject: {subject}\r\n\r\n").as_bytes())
}

/// The lines `input => spoken` of a table, by their input; a pilcrow is a line feed.
fn table(name: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(tests().join("script").join(name)).expect("a table");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("##"));
    let row = |line: &str| {
        let (input, spoken) = line.split_once(" =>").expect("an arrow");
        (input.trim().to_owned(), spoken.trim().to_owned())
    };
    lines.map(row).collect()
}

/// Shows every difference between a table and what is said.
fn compare(name: &str, said: &BTreeMap<String, String>) {
    let table = table(name);
    let mut faults = String::new();
    for (input, found) in said {
        let spoken = table.get(input).map_or("(not in the table)", String::as_str);
        if spoken != found {
            let _ = write!(faults, "\n    {input}\n  - {spoken}\n  + {found}\n");
        }
    }
    for input in table.keys().filter(|input| !said.contains_key(*input)) {
        let _ = write!(faults, "\n    {input}\n  - in the table, and nobody says it\n");
    }
    assert!(faults.is_empty(), "{name}: - is in the table, + is said:\n{faults}");
}

fn check(name: &str, tag: &str) {
    let inputs = table(name).into_keys();
    let said = inputs.map(|input| (input.clone(), said(&input.replace('¶', "\n"), tag)));
    compare(name, &said.collect());
}

#[test]
fn english() {
    check("en.txt", "en");
}

#[test]
fn spanish() {
    check("es.txt", "es");
    assert_eq!(said("97,5 % de 10.0.0.1", "es-GT"), said("97,5 % de 10.0.0.1", "es"));
}

#[test]
fn other_languages_keep_to_what_the_voice_knows() {
    check("neutral.txt", "de");
}

/// What is said of every mail of the corpora, by the text that it is said of.
fn mails(tag: &str) -> BTreeMap<String, String> {
    let (config, language) = (config(""), language(tag));
    let mut said = BTreeMap::new();
    for folder in ["corpus", "corpus-made"] {
        for entry in std::fs::read_dir(tests().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let alert = alert(&std::fs::read(&path).expect("a mail"));
            let key = text::call(&alert, &language, &config.texts).replace('\n', "¶");
            let key: String = key.chars().take(MAX_KEY).collect();
            let message = script(&[alert], &language, &config, '4').message.join(" ");
            said.insert(key.trim().to_owned(), message);
        }
    }
    said
}

#[test]
fn real_mails_in_english() {
    compare("mails-en.txt", &mails("en"));
}

#[test]
fn real_mails_in_spanish() {
    compare("mails-es.txt", &mails("es"));
}

#[test]
fn the_greeting_says_who_calls() {
    let table = [
        ("alerts-02.example.org", "This is alerts zero two."),
        ("smtp.appliance", "This is S M T P appliance."),
        ("pi.local", "This is pi."),
        ("mon-1", "This is mon 1."),
        ("Server-room", "This is Server room."),
        ("192.0.2.1", "This is 192 dot 0 dot 2 dot 1."),
    ];
    for (name, greeting) in table {
        let config = Config::parse(&format!("[appliance]\nname = {name:?}\n")).unwrap().config;
        let script = script(&[subject("Disk full")], &language("en"), &config, '4');
        assert_eq!(script.greeting, [greeting], "{name}");
    }
}

#[test]
fn a_whole_call() {
    let alerts = [subject("Disk full on web-01")];
    let config = config("");
    let english = Script {
        greeting: vec!["This is alerts zero two.".to_owned()],
        message: vec!["Disk full on web zero one.".to_owned()],
        prompt: vec!["Press four to accept.".to_owned(), "Press star to hear it again.".to_owned()],
        thanks: vec!["Thank you. The alert is accepted.".to_owned()],
        wrong_key: vec!["That was the wrong key.".to_owned()],
    };
    assert_eq!(script(&alerts, &language("en"), &config, '4'), english);
    let spanish = script(&alerts, &language("es-GT"), &config, '4');
    assert_eq!(spanish.greeting, ["Aquí alerts cero dos."]);
    let prompt = ["Pulse cuatro para aceptar.", "Pulse asterisco para oírla otra vez."];
    assert_eq!(spanish.prompt, prompt);
    let prompts = [
        ("de", '0', "Drücken Sie null zum Annehmen."),
        ("fr", '1', "Appuyez sur un pour accepter."),
        ("it", '3', "Premere tre per accettare."),
        ("pt-BR", '9', "Pressione nove para aceitar."),
        ("ca", '8', "Premeu vuit per acceptar."),
        ("pl", '7', "Press seven to accept."),
    ];
    for (tag, key, prompt) in prompts {
        assert_eq!(script(&alerts, &language(tag), &config, key).prompt[0], prompt);
    }
}

#[test]
fn several_alerts_in_one_call() {
    let alerts: Vec<Alert> =
        ["[RESOLVED] Disk full on web-01", "hello", "CRITICAL: db-01 is down"].map(subject).into();
    let config = config("");
    let message = script(&alerts, &language("en"), &config, '4').message;
    let expected = [
        "3 alerts.",
        "The gravest: critical: D B zero one is down.",
        "Then: resolved: Disk full on web zero one.",
        "Then: hello.",
    ];
    assert_eq!(message, expected);
    let storm = vec![subject("CRITICAL: db-01 caída"); 40];
    let message = script(&storm, &language("es"), &config, '4').message;
    assert_eq!(message.len(), 7);
    assert_eq!(message[0], "40 alertas.");
    assert_eq!(message[1], "La más grave: crítico: base de datos cero uno caída.");
    assert_eq!(message[6], "Y 35 más.");
}

#[test]
fn the_users_own_words_and_templates() {
    let text = r#"
        [texts.en]
        call = "Attention! {subject}"
        [speech.lexicon.en]
        nginx = "the web server"
        web-01 = "the shop"
        srv = "box"
        "core switch" = "the big one"
        [speech.lexicon.en-GB]
        srv = "host"
    "#;
    let config = config(text);
    let said = |tag: &str, text: &str| {
        script(&[subject(text)], &language(tag), &config, '4').message.join(" ")
    };
    let cases = [
        ("en", "CRITICAL: NGINX on web-01", "Attention! critical: the web server on the shop."),
        (
            "en",
            "CRITICAL: Core Switch lost srv-02",
            "Attention! critical: the big one lost box zero two.",
        ),
        ("en-GB", "CRITICAL: srv-02 lost", "Attention! critical: host zero two lost."),
        ("en", "CRITICAL: web-012", "Attention! critical: web zero one two."),
    ];
    for (tag, text, expected) in cases {
        assert_eq!(said(tag, text), expected, "{text}");
    }
}

#[test]
fn never_silence_and_never_too_long() {
    let config = config("");
    let message = |raw: &[u8]| script(&[alert(raw)], &language("en"), &config, '4').message;
    assert_eq!(message(b""), ["An alert without a text."]);
    assert_eq!(message("Subject: \u{1f47b}\r\n\r\n".as_bytes()), ["An alert without a text."]);
    let long = format!("\r\n{}", "The disk is full again, and so is the other. ".repeat(20_000));
    let long = message(long.as_bytes());
    let (last, said) = long.split_last().unwrap();
    assert_eq!(last, "The mail says more.");
    assert!((550..650).contains(&said.join(" ").len()), "{said:?}");
}

/// The alphabet of the corpora, of programs, and of what breaks readers.
fn text_of_pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "web-01",
        "10.0.0.1",
        "::",
        "1",
        ".",
        ",",
        ":",
        "-",
        "->",
        ">",
        "<",
        "=",
        "/",
        "\\",
        "%",
        " ",
        "\n",
        "\t",
        "[",
        "]",
        "(",
        ")",
        "<b",
        "&amp;",
        "FIRING",
        "RESOLVED:2",
        "2026-11-23",
        "T19:47",
        "Z",
        "+01:00",
        "GB",
        "ms",
        "e",
        "0x",
        "+34",
        "@",
        "example.org",
        "http://",
        "CPU",
        "s",
        "'",
        "ñ",
        "\u{301}",
        "\u{202e}",
        "\u{200b}",
        "\u{1b}[",
        "🔥",
        "م",
        "\u{fffd}",
        "_",
        "#",
        "~",
        "$",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60)
        .prop_map(|pieces| pieces.concat())
}

/// What every voice gets, whatever came in.
fn sayable(text: &str, tag: &str) -> Result<(), TestCaseError> {
    let sentences = words(text, &language(tag), &BTreeMap::new());
    let whole = sentences.join(" ");
    prop_assert!(whole.chars().count() <= MAX_SAID, "{} characters", whole.len());
    for sentence in &sentences {
        prop_assert!(sentence.chars().count() <= MAX_SENTENCE, "{sentence}");
        prop_assert!(sentence.chars().any(char::is_alphanumeric), "{sentence:?}");
        prop_assert!(sentence.ends_with(['.', '!', '?']), "{sentence:?}");
        let known = |c: char| c.is_ascii_alphanumeric() || " .,:!?'".contains(c);
        let letter = |c: char| matches!(c, '\u{c0}'..='\u{24f}');
        let odd = sentence.chars().find(|c| !known(*c) && !letter(*c));
        prop_assert_eq!(odd.filter(|_| tag != "ru"), None, "in {}", sentence);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_becomes_words(text in any::<String>(), tag in prop::sample::select(vec!["en", "es", "ru"])) {
        sayable(&text, tag)?;
    }

    #[test]
    fn any_mixture_becomes_words(text in text_of_pieces(), tag in prop::sample::select(vec!["en", "es", "ru"])) {
        sayable(&text, tag)?;
    }
}

#[test]
fn a_megabyte_of_anything_is_quick() {
    let pieces = [
        "a", "A", "1", "a.", "1.", "1,", "a-", "a:", ":", "<b ", "<!--", "/a", "a@", "1m",
        "http://", "x\u{301}", "😀", "\n", "-", "[", "0x1", "+1 ", "aA", "a1", "2026-", "Mon ",
        "م",
    ];
    for piece in pieces {
        let text = piece.repeat(1_000_000 / piece.len());
        for tag in ["en", "es", "ru"] {
            assert!(sayable(&text, tag).is_ok(), "{piece}");
        }
    }
}
