//! Measures the appliance beside its neighbours on the same machine in the same run, and prints
//! ratios with the conditions: absolute times say more about the machine.
//!
//! `cargo bench --bench neighbours [-- --quick] [understand|start|intake|telling|speech|rtp|loss|web|day|postal …]`

mod answering;
mod child;
mod day;
mod intake;
mod loss;
mod neighbour;
mod report;
mod rtp;
mod speech;
mod start;
mod telling;
mod understand;
mod web;

/// The peers of the system tests.
#[path = "../../tests/support"]
#[expect(clippy::expect_used, clippy::panic, reason = "a peer that does not start ends it all")]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod support {
    pub(crate) mod authority;
    pub(crate) mod baresip;
    pub(crate) mod kamailio;
    pub(crate) mod programs;
    pub(crate) mod sip;
    pub(crate) mod sipp;
    pub(crate) mod talk;
    pub(crate) mod tshark;
}

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use intake::Amount;
use report::{Report, say};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == loss::INSIDE
    {
        return loss::run_inside(rest);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let named: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| *name == part);
    let folder = tempfile::tempdir()?;
    // Postfix' daemons have another user.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let folder = folder.path();
    let mut report = Report::default();
    let amount =
        if quick { Amount { rounds: 3, mails: 500 } } else { Amount { rounds: 7, mails: 2000 } };
    if wanted("understand") {
        understand::measure(&mut report)?;
    }
    if wanted("start") {
        start::measure(folder, amount.rounds, &mut report)?;
    }
    if wanted("intake") {
        intake::measure(folder, amount, &mut report)?;
    }
    if wanted("telling") {
        telling::measure(folder, if quick { 30 } else { 200 }, &mut report)?;
    }
    if wanted("speech") {
        speech::measure(folder, amount.rounds, &mut report)?;
    }
    if wanted("rtp") {
        rtp::measure(&rtp::Lengths::new(quick), &mut report)?;
        answering::measure(&folder.join("answering"), amount.rounds, &mut report)?;
    }
    if wanted("loss") {
        loss::measure(folder, if quick { 40 } else { 500 }, &mut report)?;
    }
    if wanted("web") {
        web::measure(&folder.join("web"), web::Lengths::new(quick), &mut report)?;
    }
    if wanted("day") {
        day::measure(folder, if quick { 10_000 } else { 100_000 }, &mut report)?;
    }
    if wanted("postal") {
        intake::by_postal(folder, Duration::from_secs(if quick { 5 } else { 30 }), &mut report)?;
    }
    let markdown = report.markdown();
    say(&format!("\n{markdown}"));
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench.md"), markdown)?;
    Ok(())
}
