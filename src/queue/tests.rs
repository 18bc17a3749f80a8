//! The store against a model of it, and against what happens to its files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use super::frame;
use super::record::VERSION;
use super::store::Store;
use super::{Damage, Delivery, Fate, Progress, Read, Record};
use crate::alert::{Alert, AlertId, MailText, Origin};
use crate::config::ChannelName;

/// Short segments, so that there are many.
const SEGMENT: u64 = 3000;

fn open(folder: &TempDir) -> (Store, Option<Damage>) {
    Store::with_segments_of(&folder.path().join("queue"), SEGMENT).unwrap()
}

fn record(id: u64, length: usize) -> Record {
    let text = MailText { body: "x".repeat(length), ..MailText::default() };
    let (id, received, origin) = (AlertId(id), Timestamp::UNIX_EPOCH, Origin::default());
    let alert = Alert { id, received, origin, people: Vec::new(), text, events: Vec::new() };
    Record { version: VERSION, alert, fate: Fate::Queued }
}

fn delivery(person: u8, tries: u32) -> Delivery {
    let mut delivery = Delivery::new(format!("p{person}").parse().unwrap(), ChannelName::Sms);
    delivery.tries = tries;
    delivery.progress = if tries > 9 { Progress::Failed } else { Progress::Open };
    delivery
}

fn admit(store: &Store, id: u64, length: usize) {
    let mut batch = store.batch();
    batch.admit(&record(id, length), &vec![b'm'; length], true);
    store.commit(batch, true).unwrap();
}

fn files(folder: &TempDir, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join("queue")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    paths.sort();
    paths
}

/// The octets of a segment without the zeros at its end, which are room for frames to come.
fn frames_of(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    while bytes.pop_if(|byte| *byte == 0).is_some() {}
    bytes
}

fn copy(from: &TempDir) -> TempDir {
    let to = TempDir::new().unwrap();
    fs::create_dir(to.path().join("queue")).unwrap();
    for entry in fs::read_dir(from.path().join("queue")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.path().join("queue").join(path.file_name().unwrap())).unwrap();
    }
    to
}

fn kept(store: &Store) -> Vec<u64> {
    store.ids(AlertId(0), usize::MAX).into_iter().map(|id| id.0).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Admit { length: usize, pending: bool },
    Record { id: usize, person: u8, tries: u32 },
    Finish(usize),
    Reopen(usize),
    Forget(usize),
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..900_usize, any::<bool>()).prop_map(|(length, pending)| Step::Admit { length, pending }),
        4 => (any::<usize>(), 0..3_u8, 1..20_u32)
            .prop_map(|(id, person, tries)| Step::Record { id, person, tries }),
        2 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::Reopen),
        3 => any::<usize>().prop_map(Step::Forget),
        1 => Just(Step::Again),
    ]
}

/// What an alert is said to be.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    record: Record,
    mail: Vec<u8>,
    pending: bool,
    deliveries: BTreeMap<u8, Delivery>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    alerts: BTreeMap<u64, Known>,
    newest: u64,
}

impl Model {
    fn pick(&self, number: usize) -> Option<u64> {
        self.alerts.keys().nth(number % self.alerts.len().max(1)).copied()
    }

    /// The same change here and there.
    fn apply(&mut self, step: &Step, store: &Store) {
        let mut batch = store.batch();
        // One that is not there any more changes nothing.
        let picked = |id: &usize| self.pick(*id).unwrap_or(self.newest);
        match step {
            Step::Admit { length, pending } => {
                self.newest += 1;
                let (record, mail) = (record(self.newest, *length), vec![b'm'; *length]);
                batch.admit(&record, &mail, *pending);
                let known = Known { record, mail, pending: *pending, deliveries: BTreeMap::new() };
                self.alerts.insert(self.newest, known);
            }
            Step::Record { id, person, tries } => {
                let id = picked(id);
                batch.deliveries(AlertId(id), &[delivery(*person, *tries)]);
                let known = self.alerts.get_mut(&id);
                known.map(|known| known.deliveries.insert(*person, delivery(*person, *tries)));
            }
            Step::Finish(id) | Step::Reopen(id) => {
                let (id, pending) = (picked(id), matches!(step, Step::Reopen(_)));
                if pending {
                    batch.reopen(AlertId(id));
                } else {
                    batch.finish(AlertId(id));
                }
                self.alerts.get_mut(&id).into_iter().for_each(|known| known.pending = pending);
            }
            Step::Forget(id) => {
                let id = picked(id);
                // The store counts on the newest staying.
                if id != self.newest {
                    batch.forget(AlertId(id));
                    self.alerts.remove(&id);
                }
            }
            Step::Again => {}
        }
        store.commit(batch, !matches!(step, Step::Finish(_))).unwrap();
    }

    /// What a store says.
    fn of(store: &Store) -> Self {
        let pending = store.pending(AlertId(0), usize::MAX).unwrap();
        let history = store.history(AlertId(u64::MAX), usize::MAX).unwrap();
        assert!(history.is_sorted_by(|one, next| one.alert.id > next.alert.id));
        let alerts = history.into_iter().map(|record| {
            let id = record.alert.id;
            let deliveries = store.deliveries(id).unwrap().into_iter();
            let person = |delivery: &Delivery| delivery.person.as_str()[1..].parse().unwrap();
            let deliveries = deliveries.map(|delivery| (person(&delivery), delivery)).collect();
            let mail = store.raw(id).unwrap().to_vec();
            (id.0, Known { record, mail, pending: pending.contains(&id), deliveries })
        });
        Self { alerts: alerts.collect(), newest: store.newest().0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn it_is_what_it_was_told(steps in prop::collection::vec(step(), 1..120)) {
        let folder = TempDir::new().unwrap();
        let mut store = open(&folder).0;
        let mut model = Model::default();
        for step in steps {
            if matches!(step, Step::Again) {
                drop(store);
                let (again, damage) = open(&folder);
                assert_eq!(damage, None);
                store = again;
                assert_eq!(&model, &Model::of(&store));
            }
            model.apply(&step, &store);
        }
        assert_eq!(&model, &Model::of(&store));
        drop(store);
        assert_eq!(model, Model::of(&open(&folder).0));
    }

    #[test]
    fn a_crash_in_the_midst_of_a_write_is_before_or_after_it(
        steps in prop::collection::vec(step(), 20..100),
        place in any::<prop::sample::Index>(),
    ) {
        let folder = TempDir::new().unwrap();
        let store = open(&folder).0;
        let mut before = Model::default();
        let (last, steps) = steps.split_last().unwrap();
        for step in steps {
            before.apply(step, &store);
        }
        drop(store);
        let crashed = copy(&folder);
        let store = open(&folder).0;
        let mut after = before.clone();
        after.apply(last, &store);
        drop(store);
        let newest = files(&folder, "log").pop().unwrap();
        let written = frames_of(&newest);
        let target = crashed.path().join("queue").join(newest.file_name().unwrap());
        let least = if target.exists() { frames_of(&target).len() } else { frame::HEADER };
        let mut bytes = written[..least + place.index(written.len() - least + 1)].to_vec();
        bytes.resize(written.len() + 100, 0);
        fs::write(target, bytes).unwrap();
        let (store, damage) = open(&crashed);
        assert_eq!(damage, None);
        let found = Model::of(&store);
        assert!(found == before || found == after, "{before:?}\n{last:?}\n{found:?}");
    }
}

#[test]
fn a_last_write_cut_off_anywhere_costs_only_itself() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).0;
    admit(&store, 1, 100);
    let path = files(&folder, "log").pop().unwrap();
    let before = frames_of(&path).len();
    admit(&store, 2, 100);
    drop(store);
    let bytes = frames_of(&path);
    let name = path.file_name().unwrap();
    // Where the file grew, and where the write went to room made ready.
    let ends = (before..bytes.len()).flat_map(|end| [(end, end), (end, bytes.len() + 100)]);
    for (end, length) in ends {
        let torn = copy(&folder);
        let mut bytes = bytes[..end].to_vec();
        bytes.resize(length, 0);
        fs::write(torn.path().join("queue").join(name), bytes).unwrap();
        let (store, damage) = open(&torn);
        assert_eq!((damage, kept(&store)), (None, vec![1]), "cut at {end}");
        admit(&store, 2, 50);
        drop(store);
        let (store, damage) = open(&torn);
        assert_eq!((damage, store.raw(AlertId(2)).unwrap().len()), (None, 50), "cut at {end}");
    }
}

fn several_segments() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).0;
    (1..=20).for_each(|id| admit(&store, id, 300));
    drop(store);
    assert!(files(&folder, "log").len() >= 5);
    folder
}

#[test]
fn an_index_that_is_gone_or_wrong_is_made_again() {
    let spoil: [fn(&Path); 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| fs::write(path, [7; 300]).unwrap(),
        |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[5] ^= 1;
            fs::write(path, bytes).unwrap();
        },
    ];
    let whole = several_segments();
    for spoil in spoil {
        let folder = copy(&whole);
        for path in files(&folder, "index") {
            spoil(&path);
        }
        let (store, damage) = open(&folder);
        assert_eq!((damage, kept(&store)), (None, (1..=20).collect()));
        for (index, wanted) in files(&folder, "index").iter().zip(files(&whole, "index")) {
            assert_eq!(fs::read(index).unwrap(), fs::read(wanted).unwrap());
        }
    }
}

#[test]
fn damage_costs_what_is_damaged_and_is_told_once() {
    /// How it is told, what is done, and how many alerts that may cost.
    type Row = (&'static str, fn(&Path), usize);
    let spoil: [Row; 5] = [
        ("is missing", |path| fs::remove_file(path).unwrap(), 4),
        ("its head cannot be read", |path| fs::write(path, "").unwrap(), 4),
        ("it lost 100 bytes", |path| cut(path, 100), 1),
        ("bytes in 1 places", |path| flip(path, 100), 1),
        ("its head cannot be read", |path| flip(path, 10), 0),
    ];
    let whole = several_segments();
    for (wanted, spoil, costs) in spoil {
        let folder = copy(&whole);
        let path = &files(&folder, "log")[1];
        spoil(path);
        // Found where the bytes are looked at.
        let index = path.with_extension("index");
        if wanted.contains("places") || costs == 0 {
            fs::remove_file(index).unwrap();
        }
        let (store, damage) = open(&folder);
        let damage = damage.unwrap_or_else(|| panic!("{wanted}"));
        assert!(damage.reason.contains(wanted), "{} is not {wanted}", damage.reason);
        assert!(damage.set_aside.join("damage.txt").is_file());
        let found = kept(&store).len();
        assert!((20 - costs..=20 - costs.min(1)).contains(&found), "{wanted}: {found} left");
        admit(&store, 21, 10);
        drop(store);
        let (store, damage) = open(&folder);
        assert_eq!((damage, kept(&store).len()), (None, found + 1), "{wanted}");
    }
}

fn cut(path: &Path, bytes: u64) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

#[test]
fn room_made_ready_is_no_damage_wherever_it_is_left() {
    let folder = several_segments();
    let paths = files(&folder, "log");
    for path in [&paths[1], paths.last().unwrap()] {
        let mut bytes = frames_of(path);
        let length = bytes.len();
        bytes.resize(length + 200, 0);
        fs::write(path, bytes).unwrap();
        let (store, damage) = open(&folder);
        assert_eq!((damage, kept(&store)), (None, (1..=20).collect()));
        assert_eq!(fs::metadata(path).unwrap().len(), length as u64);
    }
}

#[test]
fn damage_in_the_newest_segment_is_no_unfinished_write() {
    let whole = TempDir::new().unwrap();
    let store = open(&whole).0;
    (1..=3).for_each(|id| admit(&store, id, 100));
    drop(store);
    flip(&files(&whole, "log")[0], 200);
    let (store, damage) = open(&whole);
    assert!(damage.unwrap().reason.contains("bytes in 1 places"));
    assert_eq!(kept(&store), [2, 3]);
}

#[test]
fn what_cannot_be_read_while_it_runs_is_found_at_the_next_start() {
    let folder = several_segments();
    let store = open(&folder).0;
    flip(&files(&folder, "log")[0], 200);
    assert!(store.record(AlertId(1)).is_err());
    assert!(store.record(AlertId(2)).unwrap().is_some());
    drop(store);
    let (store, damage) = open(&folder);
    assert!(damage.unwrap().reason.contains("00000001.log"));
    assert_eq!(store.record(AlertId(1)), Ok(None));
}

#[test]
fn cleaning_bounds_the_disk_and_keeps_what_is_kept() {
    let folder = TempDir::new().unwrap();
    let mut store = open(&folder).0;
    for id in 1..=600 {
        admit(&store, id, 200);
        let mut batch = store.batch();
        batch.deliveries(AlertId(id), &[delivery(1, u32::try_from(id).unwrap())]);
        // Some wait for long, and are tried again and again.
        for tries in 0..u32::try_from(id % 5).unwrap() {
            batch.deliveries(AlertId(42), &[delivery(2, tries)]);
        }
        if id > 8 && id % 50 != 0 {
            batch.finish(AlertId(id - 3));
            batch.forget(AlertId(id - 8));
        }
        store.commit(batch, true).unwrap();
        let used: u64 =
            files(&folder, "log").iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        let live = store.index().live();
        assert!(used <= 2 * live + 4 * SEGMENT, "{used} bytes for {live} at {id}");
        if id % 97 == 0 {
            drop(store);
            let (again, damage) = open(&folder);
            assert_eq!(damage, None);
            store = again;
        }
    }
    let wanted: Vec<u64> = (1..=600).filter(|id| (id + 8) % 50 == 0 || *id > 592).collect();
    assert_eq!(kept(&store), wanted);
    for id in kept(&store) {
        assert_eq!(store.raw(AlertId(id)).unwrap().len(), 200, "{id}");
        assert!(!store.deliveries(AlertId(id)).unwrap().is_empty(), "{id}");
    }
}

#[test]
fn an_alert_that_cannot_be_moved_is_set_aside() {
    let folder = several_segments();
    let store = open(&folder).0;
    flip(&files(&folder, "log")[0], 200);
    for id in 21..60 {
        admit(&store, id, 300);
        let mut batch = store.batch();
        batch.forget(AlertId(id - 1));
        store.commit(batch, true).unwrap();
    }
    let damage = store.take_damage().unwrap();
    assert!(damage.reason.contains("alert 1 cannot be read"), "{}", damage.reason);
    assert!(damage.set_aside.join("00000001.log").is_file());
    assert_eq!(store.record(AlertId(1)), Ok(None));
    assert!(store.record(AlertId(2)).unwrap().is_some());
}
