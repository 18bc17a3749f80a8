//! A person can understand what the telephone says: a speech recogniser does.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use smtp_appliance::alert::{Alert, AlertId, Origin, understand};
use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};
use smtp_appliance::config::Config;
use smtp_appliance::speech::script;

use crate::hearing::{Ear, python};

/// Most words of a hundred that may be heard wrong.
const MOST_ERRORS: f64 = 0.20;

/// Subjects as monitors write them.
const SUBJECTS: [&str; 24] = [
    "Problem: Zabbix agent on Wordpress Server is unreachable for 5 minutes",
    "Disk full on web-01",
    "Disk space critical on database server 4",
    "UPS on battery: runtime 12 minutes left",
    "CRITICAL: Temperature of sensor 2 in the server room is 38 °C",
    "RAID array degraded on nas-02, 1 of 4 disks failed",
    "Backup job \"Nightly Backup\" failed on db-03",
    "High CPU load on mail-01: 97.5%",
    "Host DOWN: router-01",
    "PROBLEM: Ping packet loss 100% on gateway",
    "Service HTTP on web-02 is CRITICAL: Connection refused",
    "Out of memory on app-04",
    "WARNING: certificate for the web shop expires in 7 days",
    "Power supply 2 failed in rack 5",
    "Water leak detected in the basement",
    "Smoke alarm in server room 3",
    "Database replication is 300 seconds behind",
    "Too many processes on the mail server",
    "Fan 1 has stopped on switch-07",
    "Link down: interface eth0 on firewall-01",
    "RECOVERY: Host UP: router-01",
    "The main power has failed, running on generator",
    "Door of the data center is open",
    "Network printer is out of paper",
];

/// What a call says of a mail with this subject.
fn spoken(subject: &str) -> String {
    let mail = format!("Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    let (text, events) = understand(mail.as_bytes(), &Origin::default());
    let alert = Alert {
        id: AlertId::default(),
        received: Timestamp::UNIX_EPOCH,
        origin: Origin::default(),
        people: Vec::new(),
        text,
        events,
    };
    let config = Config::parse("").unwrap().config;
    script::script(&[alert], &"en".parse().unwrap(), &config, '4').message.join(" ")
}

/// Through the µ-law of one country and the A-law between countries.
fn through_g711(pcm: &Pcm) -> Pcm {
    let mut samples = pcm.samples.clone();
    for law in [g711::Law::Mu, g711::Law::A] {
        samples = g711::decode(law, &g711::encode(law, &samples));
    }
    Pcm { rate: pcm.rate, samples }
}

/// As loud as the sound, and without words.
fn noise(pcm: &Pcm) -> Pcm {
    let mut random = fastrand::Rng::with_seed(1);
    let loudness = pcm.rms() * 32_768.0;
    let samples = pcm.samples.iter().map(|_| {
        #[expect(clippy::cast_possible_truncation, reason = "far below full scale")]
        {
            ((random.f32() - 0.5) * 3.46 * loudness) as i16
        }
    });
    Pcm { rate: pcm.rate, samples: samples.collect() }
}

/// Words to insert, to leave out or to change to make one of the other.
fn errors(said: &[&str], heard: &[&str]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (line, word) in said.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in heard.iter().enumerate() {
            let changed = diagonal + usize::from(word != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[heard.len()]
}

/// What the recogniser wrote down.
struct Transcript {
    rate: f64,
    table: String,
}

impl Transcript {
    /// `lines` are those of the script: what was said, a tab, what was heard.
    fn of(lines: &[String]) -> Self {
        let (mut wrong, mut all, mut table) = (0, 0, String::new());
        for line in lines {
            let (said, heard) = line.split_once('\t').expect("two columns");
            let words = |text| str::split_whitespace(text).collect::<Vec<_>>();
            let (count, errors) = (words(said).len(), errors(&words(said), &words(heard)));
            (wrong, all) = (wrong + errors, all + count);
            let _ = writeln!(table, "{errors:2} of {count:2}  {said}\n          {heard}");
        }
        assert!(all > 0, "nothing was said");
        let [wrong, all] = [wrong, all].map(|count| f64::from(u32::try_from(count).unwrap()));
        let _ = writeln!(table, "{wrong} of {all} words, {:.3}", wrong / all);
        Self { rate: wrong / all, table }
    }
}

/// Plays the sounds, and has them written down; each as if it were the sentence beside it.
async fn transcribe(ear: &Ear, sounds: Vec<(Pcm, &str)>) -> Transcript {
    let (sounds, sentences): (Vec<Pcm>, Vec<&str>) = sounds.into_iter().unzip();
    let mut input = String::new();
    let captured = ear.through_alsa(sounds).await;
    for (index, (sound, sentence)) in captured.iter().zip(&sentences).enumerate() {
        let file = ear.file(&format!("heard-{index}.wav"));
        audio::write_wav(&file, sound).unwrap();
        let _ = writeln!(input, "{}\t{sentence}", file.display());
    }
    let lines = python("listening.py", &input).await;
    assert_eq!(lines.len(), sentences.len());
    Transcript::of(&lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_understood_through_the_whole_path() {
    let ear = Ear::new();
    let sentences = SUBJECTS.map(spoken);
    let mut sounds = Vec::new();
    for sentence in &sentences {
        let sound: Arc<Pcm> = ear.synthesise(sentence, None).await;
        sounds.push(through_g711(&audio::telephone(&sound)));
    }
    assert!(sounds.iter().all(|sound| sound.rate == TELEPHONE_RATE));
    let said = sounds.iter().cloned().zip(sentences.iter().map(String::as_str)).collect();
    let heard = transcribe(&ear, said).await;
    println!("{}", heard.table);
    assert!(heard.rate <= MOST_ERRORS, "not understood:\n{}", heard.table);

    // The recogniser does not guess: what is not said it does not hear.
    let few = sentences.iter().map(String::as_str).take(4);
    let nothing = sounds.iter().map(noise).zip(few.clone()).collect();
    let heard = transcribe(&ear, nothing).await;
    assert!(heard.rate > 2.0 * MOST_ERRORS, "heard in noise:\n{}", heard.table);
    let others = sounds.iter().skip(4).cloned().zip(few).collect();
    let heard = transcribe(&ear, others).await;
    assert!(heard.rate > 2.0 * MOST_ERRORS, "heard what others said:\n{}", heard.table);
}

#[test]
fn errors_are_counted() {
    for (said, heard, count) in [
        ("disk full on web", "disk full on web", 0),
        ("disk full on web", "disk is full on web", 1),
        ("disk full on web", "full on web", 1),
        ("disk full on web", "fan full in web", 2),
        ("disk full", "", 2),
        ("", "disk", 1),
    ] {
        let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        assert_eq!(errors(&words(said), &words(heard)), count, "{said} / {heard}");
    }
}
