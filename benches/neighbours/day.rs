//! A day's traffic in accelerated time: memory must not grow, and the disk is bounded by the
//! history that is kept.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::child::Running;
use crate::intake::{NO_CHANNELS, mib};
use crate::neighbour::Load;
use crate::report::Report;

/// Alerts the history keeps, few enough that most of the day is forgotten.
const MAX_HISTORY: usize = 5000;

/// The mails come in so many lots; memory and disk are looked at after each.
const LOTS: u32 = 20;

/// Size of a segment of the store, KiB.
const SEGMENT: u64 = 8 * 1024;

/// The lots after which memory is warm.
const WARM: usize = 4;

pub(crate) fn measure(folder: &Path, mails: u32, report: &mut Report) -> Result<()> {
    let ours = Running::start(&folder.join("day"), NO_CHANNELS, MAX_HISTORY)?;
    let mut memory = Vec::new();
    let mut disk = Vec::new();
    for _ in 0..LOTS {
        Load { sessions: 10, mails: mails / LOTS, keep: true }.send(ours.address)?;
        memory.push(ours.memory("VmRSS:")?);
        disk.push(size(&ours.folder.join("queue"))? / 1024);
    }
    let warm = memory.get(WARM).copied().unwrap_or_default();
    let end = memory.last().copied().unwrap_or_default();
    let growth = mib(end.saturating_sub(warm));
    report.row(&format!("{mails} mails: growth of memory"), "under 2 MB", &growth, |v| v < 2.0);
    // One segment is being written; the oldest stays as a whole until nothing in it counts.
    let an_alert = disk.first().copied().unwrap_or_default() / u64::from(mails / LOTS).max(1);
    let bound = mib(an_alert * MAX_HISTORY as u64 + 2 * SEGMENT);
    let most = mib(disk.iter().copied().max().unwrap_or_default());
    report.row(
        &format!("the same, store with {MAX_HISTORY} alerts kept, at most"),
        &format!("their size and two segments, {}", bound.text),
        &most,
        |size| size <= bound.number,
    );
    report.note(&format!("memory after each lot, KiB: {memory:?}"));
    report.note(&format!("store after each lot, KiB: {disk:?}"));
    Ok(())
}

/// Bytes in a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A file may go while we look.
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}
