//! What it takes to understand a mail, for every mail of the corpus and for the one that
//! `smtp-source` sends.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::Result;
use smtp_appliance::alert::{Origin, understand};
use tokio::time::Instant;

use crate::report::{Report, Value, median};

/// Times each mail is understood; the quickest counts, as the others were disturbed.
const TRIES: usize = 100;

pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut times = Vec::new();
    for folder in ["corpus", "corpus-made"] {
        for entry in fs::read_dir(tests.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                times.push((micros(&fs::read(&path)?), name));
            }
        }
    }
    let value = Value::new(micros(&load()), "µs");
    report.row("understand the mail of the load", "at most 15 µs", &value, |v| v <= 15.0);
    let value = Value::new(median(&times.iter().map(|time| time.0).collect::<Vec<_>>()), "µs");
    let what = format!("understand a mail of the corpus ({}), median", times.len());
    report.row(&what, "at most 30 µs", &value, |v| v <= 30.0);
    if let Some((worst, name)) = times.iter().max_by(|one, other| one.0.total_cmp(&other.0)) {
        let what = format!("understand a mail of the corpus, worst ({name})");
        report.row(&what, "at most 1000 µs", &Value::new(*worst, "µs"), |v| v <= 1000.0);
    }
    Ok(())
}

fn micros(raw: &[u8]) -> f64 {
    let origin = Origin::default();
    let tries = (0..TRIES).map(|_| {
        let begun = Instant::now();
        black_box(understand(black_box(raw), &origin));
        begun.elapsed()
    });
    tries.min().unwrap_or_default().as_secs_f64() * 1e6
}

/// A mail as `smtp-source -l 1024` makes it: no subject, and nothing in it.
fn load() -> Vec<u8> {
    let mut mail = b"From: <monitor@appliance.test>\r\nTo: <ana@appliance.test>\r\n\
        Date: Mon, 23 Nov 2026 23:32:45 +0000 (UTC)\r\nMessage-Id: <1a2b.0001@source.test>\r\n\r\n"
        .to_vec();
    for line in 1..=13 {
        mail.extend_from_slice(format!("{}{}\r\n", line % 10, "X".repeat(77)).as_bytes());
    }
    mail
}
