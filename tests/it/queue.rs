//! The queue keeps what it accepted, in order, whatever happens to its disk and its files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use smtp_appliance::alert::{Alert, AlertId, Origin, understand};
use smtp_appliance::channel::{Outcome, Reach};
use smtp_appliance::config::{ByteSize, ChannelName, Config};
use smtp_appliance::intake::FilterGate;
use smtp_appliance::queue::{
    self, Attempt, Damage, Delivery, DropReason, Gate, OpenError, Progress, Queue, QueueError,
    Verdict,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::appliance::mail;
use crate::support::receiver::{config, soon};

/// An open queue with the filter as its gate.
struct Bench {
    queue: Queue,
    writer: JoinHandle<()>,
    config: watch::Sender<Arc<Config>>,
    damage: Option<Damage>,
}

fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

impl Bench {
    fn try_open(folder: &Path, change: impl FnOnce(&mut Config)) -> Result<Self, OpenError> {
        let mut settings = config(folder);
        // Else nobody could be told.
        // Whom no channel reaches is not put on the queue.
        settings.channels.enabled = vec![ChannelName::Sms];
        let people = settings.directory.people.values_mut();
        people.for_each(|person| person.phone = Some("+34600000001".parse().unwrap()));
        change(&mut settings);
        let (config, settings) = watch::channel(Arc::new(settings));
        let gate = |recent: &queue::Recent<'_>| {
            FilterGate::recall(recent, settings.clone(), now(), Timestamp::now())
        };
        let opened = queue::open(folder.join("queue"), gate, settings.clone())?;
        let damage = opened.damage.clone();
        let (queue, writer) = opened.start();
        Ok(Self { queue, writer, config, damage })
    }

    fn open(folder: &Path) -> Self {
        Self::try_open(folder, |_| {}).unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Config)) {
        self.config.send_modify(|config| change(Arc::make_mut(config)));
    }

    async fn admit(&self, subject: &str) -> Result<(AlertId, Verdict), QueueError> {
        self.admit_raw(Bytes::from(mail(subject))).await
    }

    async fn admit_raw(&self, raw: Bytes) -> Result<(AlertId, Verdict), QueueError> {
        soon(self.queue.admit(alert(&raw), raw, now())).await
    }

    async fn pass(&self, subject: &str) -> AlertId {
        let (id, verdict) = self.admit(subject).await.unwrap();
        assert_eq!(verdict, Verdict::Pass);
        id
    }

    fn pending(&self) -> Vec<u64> {
        let pending = self.queue.reader().pending(AlertId(0), usize::MAX).unwrap();
        pending.into_iter().map(|id| id.0).collect()
    }

    fn history(&self) -> Vec<u64> {
        let records = self.queue.reader().history(AlertId(u64::MAX), usize::MAX).unwrap();
        records.into_iter().map(|record| record.alert.id.0).collect()
    }

    async fn close(self) {
        soon(self.queue.ended()).await;
        self.writer.await.unwrap();
    }
}

fn alert(raw: &[u8]) -> Alert {
    let origin = Origin::default();
    let (text, events) = understand(raw, &origin);
    let people = vec!["ana".parse().unwrap()];
    let (id, received) = (AlertId::default(), Timestamp::now());
    Alert { id, received, origin, people, text, events }
}

fn told(channel: ChannelName) -> Delivery {
    let mut delivery = Delivery::new("ana".parse().unwrap(), channel);
    let detail = "1 part, reference 17".to_owned();
    let outcome = Outcome::Told { reach: Reach::HandedOver, detail, receipts: vec![17] };
    delivery.progress = Progress::Told(Reach::HandedOver);
    delivery.tries = 1;
    delivery.push(Attempt::new(Timestamp::UNIX_EPOCH, outcome));
    delivery
}

#[tokio::test]
async fn whom_no_channel_reaches_keeps_no_place_on_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    bench.change(|config| config.channels.enabled.clear());
    let (id, verdict) = bench.admit("nobody hears").await.unwrap();
    assert_eq!((verdict, bench.pending()), (Verdict::Nobody, vec![]));
    bench.change(|config| config.channels.enabled = vec![ChannelName::Sms]);
    let next = bench.pass("ana hears").await;
    bench.close().await;
    let bench = Bench::open(folder.path());
    assert_eq!((bench.pending(), bench.history()), (vec![next.0], vec![next.0, id.0]));
    assert_eq!(bench.queue.reader().raw(id).unwrap(), mail("nobody hears"));
    // Once somebody can be told, a person may have it told.
    bench.queue.reopen(id, Vec::new()).await.unwrap();
    assert_eq!(bench.pending(), [id.0, next.0]);
    bench.close().await;
}

#[tokio::test]
async fn what_is_accepted_stays_in_order_until_it_is_done_with() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::open(folder.path());
    for id in 1..=4 {
        assert_eq!(bench.pass(&format!("alarm {id}")).await, AlertId(id));
    }
    bench.queue.record(AlertId(2), vec![told(ChannelName::Sms)]).await.unwrap();
    bench.queue.finish(AlertId(2)).await.unwrap();
    bench.close().await;

    let bench = Bench::open(folder.path());
    assert_eq!(bench.damage, None);
    assert_eq!(bench.pending(), [1, 3, 4]);
    assert_eq!(bench.history(), [4, 3, 2, 1]);
    let reader = bench.queue.reader();
    assert_eq!(reader.deliveries(AlertId(2)).unwrap(), [told(ChannelName::Sms)]);
    assert_eq!(reader.raw(AlertId(3)).unwrap(), mail("alarm 3"));
    bench.queue.reopen(AlertId(2), vec![told(ChannelName::Mail)]).await.unwrap();
    assert_eq!(bench.pending(), [1, 2, 3, 4]);
    assert_eq!(bench.queue.reader().deliveries(AlertId(2)).unwrap().len(), 2);
    assert_eq!(bench.queue.reopen(AlertId(9), Vec::new()).await, Err(QueueError::Gone(AlertId(9))));
    assert_eq!(bench.pass("alarm 5").await, AlertId(5));
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_taken_in_at_a_time() {
    const MANY: usize = 500;
    let folder = TempDir::new().unwrap();
    let bench = Arc::new(Bench::open(folder.path()));
    let admits = (0..MANY).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.pass(&format!("alarm {number}")).await.0 })
    });
    let mut ids = Vec::new();
    for admit in admits.collect::<Vec<_>>() {
        ids.push(soon(admit).await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=MANY as u64).collect::<Vec<_>>());
    Arc::into_inner(bench).unwrap().close().await;
    let bench = Bench::open(folder.path());
    assert_eq!(bench.pending(), ids);
    bench.close().await;
}

#[tokio::test]
async fn a_repeat_is_a_repeat_after_a_restart_too() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::open(folder.path());
    bench.pass("disk full").await;
    bench.queue.finish(AlertId(1)).await.unwrap();
    bench.close().await;
    let bench = Bench::open(folder.path());
    let repeat = Verdict::Drop(DropReason::Repeat(AlertId(1)));
    assert_eq!(bench.admit("disk full").await, Ok((AlertId(2), repeat)));
    assert_eq!(bench.pending(), [] as [u64; 0]);
    bench.close().await;
}

#[tokio::test]
async fn a_full_queue_takes_in_again_when_something_is_done_with() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::try_open(folder.path(), |config| config.queue.max_pending = 2).unwrap();
    bench.pass("alarm 1").await;
    bench.pass("alarm 2").await;
    assert_eq!(bench.admit("alarm 3").await, Err(QueueError::Full));
    bench.queue.finish(AlertId(1)).await.unwrap();
    assert_eq!(bench.pass("alarm 3").await, AlertId(3));
    bench.close().await;
}

#[tokio::test]
async fn the_history_is_bounded_by_number_and_what_waits_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::try_open(folder.path(), |config| config.queue.max_history = 5).unwrap();
    for id in 1..=20 {
        bench.pass(&format!("alarm {id}")).await;
        if id > 2 {
            bench.queue.finish(AlertId(id)).await.unwrap();
        }
    }
    assert_eq!(bench.history(), [20, 19, 18, 2, 1]);
    assert_eq!(bench.pending(), [1, 2]);
    // A report that comes late for one that is gone leaves nothing behind.
    bench.queue.record(AlertId(5), vec![told(ChannelName::Sms)]).await.unwrap();
    assert_eq!(bench.queue.reader().deliveries(AlertId(5)).unwrap(), []);
    for id in 1..=20 {
        bench.queue.finish(AlertId(id)).await.unwrap();
    }
    bench.pass("alarm 21").await;
    assert_eq!(bench.history(), [21, 20, 19, 18, 2]);
    bench.close().await;
}

#[tokio::test]
async fn the_history_is_bounded_by_age() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::try_open(folder.path(), |config| config.queue.keep_history = Duration::ZERO)
        .unwrap();
    for id in 1..=150 {
        bench.pass(&format!("alarm {id}")).await;
        if id != 3 {
            bench.queue.finish(AlertId(id)).await.unwrap();
        }
    }
    let history = bench.history();
    assert!(history.len() < 80, "{history:?}");
    assert_eq!(history.first(), Some(&150));
    assert_eq!(bench.pending(), [3]);
    bench.close().await;
}

#[tokio::test]
async fn a_disk_without_room_is_told_and_passes() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::open(folder.path());
    let huge = ByteSize(1 << 60);
    bench.change(|config| config.queue.min_free_space = huge);
    assert!(matches!(bench.admit("alarm").await, Err(QueueError::DiskFull(_))));
    bench.change(|config| config.queue.min_free_space = ByteSize(0));
    // What was not kept is no repeat when it comes again.
    assert_eq!(bench.pass("alarm").await, AlertId(1));
    bench.close().await;
}

/// A small file system of its own; `None` where this may not be done.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
    }
}

/// A mail of this many bytes that does not pack well.
fn large(number: u32, size: u32) -> Bytes {
    let noise = (0..size).map(|n| n.wrapping_mul(0x9e37_79b1 ^ number) >> 13);
    let noise: String = noise.map(|n| char::from(b'a' + (n % 26).to_le_bytes()[0])).collect();
    Bytes::from(format!("{}{noise}\r\n", mail(&format!("alarm {number}"))))
}

fn fill_up(file: &Path) {
    let mut file = std::fs::File::create(file).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
}

#[tokio::test]
async fn a_disk_that_fails_is_told_until_something_is_kept_again() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::open(folder.path());
    let kept = bench.pass("before").await;
    assert_eq!(bench.queue.pulse().await.unwrap().failing, None);
    // An alert longer than a segment begins a new one, and where its folder was is a file now.
    let (store, moved) = (folder.path().join("queue"), folder.path().join("moved"));
    std::fs::rename(&store, &moved).unwrap();
    std::fs::write(&store, "").unwrap();
    let refused = bench.admit_raw(large(1, 9 << 20)).await;
    assert!(matches!(refused, Err(QueueError::Store(_))), "{refused:?}");
    let failing = bench.queue.pulse().await.unwrap().failing.unwrap();
    assert!(failing.starts_with("the store failed: "), "{failing}");
    // Asking alone mends nothing.
    assert_eq!(bench.queue.pulse().await.unwrap().failing, Some(failing));
    assert_eq!(bench.pending(), [kept.0]);
    std::fs::remove_file(&store).unwrap();
    std::fs::rename(&moved, &store).unwrap();
    bench.pass("after").await;
    assert_eq!(bench.queue.pulse().await.unwrap().failing, None);
    bench.close().await;
}

#[tokio::test]
async fn a_disk_that_runs_full_under_the_store_costs_nothing_accepted() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else {
        println!("not tried: this user may not mount a file system");
        return;
    };
    let bench = Bench::open(&disk.0);
    let mut kept = Vec::new();
    let refused = loop {
        let number = u32::try_from(kept.len()).unwrap();
        match bench.admit_raw(large(number, 700_000)).await {
            Ok((id, Verdict::Pass)) => kept.push(id.0),
            Ok(other) => panic!("{other:?}"),
            Err(QueueError::DiskFull(_)) => break number,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(!kept.is_empty());
    // There is still room for what was accepted, even when somebody else takes all there is.
    let ballast = disk.0.join("ballast");
    fill_up(&ballast);
    for round in 0..50 {
        let id = AlertId(kept[round % kept.len()]);
        bench.queue.record(id, vec![told(ChannelName::Sms)]).await.unwrap();
    }
    assert!(matches!(bench.admit("alarm").await, Err(QueueError::DiskFull(_))));
    assert_eq!(bench.pending(), kept);
    std::fs::remove_file(&ballast).unwrap();
    // What was not kept is no repeat when it comes again.
    let again = bench.admit_raw(large(refused, 1000)).await;
    assert!(matches!(again, Ok((_, Verdict::Pass)) | Err(QueueError::DiskFull(_))), "{again:?}");
    kept.extend(again.ok().map(|(id, _)| id.0));
    bench.close().await;

    // A start on a full disk keeps what there is.
    fill_up(&ballast);
    match Bench::try_open(&disk.0, |_| {}) {
        Ok(bench) => {
            assert_eq!(bench.damage, None);
            bench.close().await;
        }
        Err(error) => assert!(matches!(error, OpenError::Folder { .. }), "{error}"),
    }
    std::fs::remove_file(&ballast).unwrap();
    let bench = Bench::open(&disk.0);
    assert_eq!(bench.damage, None);
    assert_eq!(bench.pending(), kept);
    bench.close().await;
}

async fn fill(folder: &Path) -> Vec<u64> {
    let bench = Bench::open(folder);
    for id in 1..=40 {
        bench.pass(&format!("alarm {id}")).await;
        bench.queue.record(AlertId(id), vec![told(ChannelName::Sms)]).await.unwrap();
    }
    let pending = bench.pending();
    bench.close().await;
    pending
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Copies a closed store.
fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file, target).unwrap();
    }
}

/// What is done to a store's files, by its name, and how many of the 40 alerts stay at least.
type Damaging = (&'static str, fn(&Path), usize);

const LOG: &str = "00000001.log";

const DAMAGES: [Damaging; 10] = [
    ("the log cut in half", |queue| cut(queue, |length| length / 2), 15),
    ("the log's end cut off", |queue| cut(queue, |length| length - 1000), 38),
    ("an empty log", |queue| std::fs::write(queue.join(LOG), "").unwrap(), 0),
    ("a log of noise", |queue| std::fs::write(queue.join(LOG), noise(600_000)).unwrap(), 0),
    ("no log", |queue| std::fs::remove_file(queue.join(LOG)).unwrap(), 0),
    (
        "noise in the log",
        |queue| {
            let mut log = std::fs::read(queue.join(LOG)).unwrap();
            let middle = log.len() / 2;
            log[middle..middle + 4096].copy_from_slice(&noise(4096));
            std::fs::write(queue.join(LOG), log).unwrap();
        },
        30,
    ),
    ("noise for the lock", |queue| std::fs::write(queue.join("lock"), noise(300)).unwrap(), 40),
    ("no lock", |queue| std::fs::remove_file(queue.join("lock")).unwrap(), 40),
    ("a segment begun", |queue| std::fs::write(queue.join("unfinished"), noise(9)).unwrap(), 40),
    (
        "everything empty",
        |queue| files(queue).iter().for_each(|file| std::fs::write(file, "").unwrap()),
        0,
    ),
];

fn cut(queue: &Path, length: fn(u64) -> u64) {
    let file = std::fs::File::options().write(true).open(queue.join(LOG)).unwrap();
    file.set_len(length(file.metadata().unwrap().len())).unwrap();
}

fn noise(length: u32) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0]).collect()
}

/// Opens what is left of a store, and tries whether it can be used; how many alerts it has.
async fn use_damaged(name: &str, folder: &Path) -> usize {
    let bench = Bench::try_open(folder, |_| {}).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some(damage) = &bench.damage {
        assert!(damage.set_aside.is_dir(), "{name}");
        assert!(!damage.reason.is_empty(), "{name}");
    }
    let kept = bench.history();
    assert_eq!(bench.pending().len(), kept.len(), "{name}");
    for number in 0..3 {
        let admitted = bench.admit(&format!("new {number}")).await;
        let (id, _) = admitted.unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = bench.queue.reader().record(id);
        assert!(found.is_ok_and(|record| record.is_some()), "{name}");
        assert!(!kept.contains(&id.0), "{name}: number {id} is given twice");
    }
    bench.close().await;
    let bench = Bench::open(folder);
    assert_eq!((&bench.damage, bench.history().len()), (&None, kept.len() + 3), "{name}");
    bench.close().await;
    kept.len()
}

#[tokio::test]
async fn a_damaged_store_is_no_dead_appliance() {
    let whole = TempDir::new().unwrap();
    fill(whole.path()).await;
    for (name, damage, stay) in DAMAGES {
        let folder = TempDir::new().unwrap();
        copy(whole.path(), folder.path());
        damage(&folder.path().join("queue"));
        let kept = use_damaged(name, folder.path()).await;
        assert!(kept >= stay, "{name}: {kept} left");
    }
}

#[tokio::test]
async fn a_flipped_bit_costs_one_alert_at_most() {
    let whole = TempDir::new().unwrap();
    fill(whole.path()).await;
    let log = std::fs::read(whole.path().join("queue").join(LOG)).unwrap();
    for round in 0..30 {
        let folder = TempDir::new().unwrap();
        copy(whole.path(), folder.path());
        let mut log = log.clone();
        let place = fastrand::usize(0..log.len());
        log[place] ^= 1 << fastrand::u8(0..8);
        std::fs::write(folder.path().join("queue").join(LOG), log).unwrap();
        let name = format!("round {round}, byte {place}");
        let kept = use_damaged(&name, folder.path()).await;
        assert!(kept >= 39, "{name}: {kept} left");
    }
}

#[tokio::test]
async fn the_store_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fill(folder.path()).await;
    let path = folder.path().join("queue").join(LOG);
    let mut log = std::fs::read(&path).unwrap();
    log[8] = 99;
    let crc = crc32fast::hash(&log[..24]).to_le_bytes();
    log[24..28].copy_from_slice(&crc);
    std::fs::write(&path, &log).unwrap();
    let error = Bench::try_open(folder.path(), |_| {}).err().unwrap();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("use a newer program"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), log);
}

#[tokio::test]
async fn a_store_in_use_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let bench = Bench::open(folder.path());
    bench.pass("alarm").await;
    let error = Bench::try_open(folder.path(), |_| {}).err().unwrap();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    assert_eq!(bench.pass("alarm 2").await, AlertId(2));
    bench.close().await;
}

#[tokio::test]
async fn a_store_of_version_1_opens() {
    let folder = TempDir::new().unwrap();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/v1");
    copy(&old, folder.path());
    let bench = Bench::open(folder.path());
    assert_eq!(bench.damage, None);
    assert_eq!(bench.pending(), [1, 3]);
    assert_eq!(bench.history(), [4, 3, 2, 1]);
    let reader = bench.queue.reader();
    assert_eq!(reader.deliveries(AlertId(2)).unwrap(), [told(ChannelName::Sms)]);
    assert_eq!(reader.raw(AlertId(1)).unwrap(), mail("alarm 1"));
    assert_eq!(bench.pass("alarm 5").await, AlertId(5));
    bench.close().await;
}

/// A gate at which the writer's thread hangs until it is told otherwise.
struct Hanging(std::sync::mpsc::Receiver<()>);

impl Gate for Hanging {
    fn admit(
        &mut self,
        _alert: &mut Alert,
        _now: std::time::Instant,
        _waiting: &dyn Fn(AlertId) -> bool,
    ) -> Verdict {
        self.0.recv().unwrap();
        Verdict::Nobody
    }

    fn committed(&mut self) {}

    fn rolled_back(&mut self) {}

    fn lost(&mut self) {}
}

/// Else the service manager would go on trusting it.
#[tokio::test]
async fn a_writer_that_hangs_gives_no_sign_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let (_config, settings) = watch::channel(Arc::new(config(folder.path())));
    let (release, released) = std::sync::mpsc::sync_channel(1);
    let gate = |_: &queue::Recent<'_>| Hanging(released);
    let opened = queue::open(folder.path().join("queue"), gate, settings).unwrap();
    let (queue, writer) = opened.start();
    assert_eq!(soon(queue.pulse()).await.unwrap().waiting, 0);
    let raw = mail("Problem: Disk full");
    let mut admitted = Box::pin(queue.admit(alert(raw.as_bytes()), raw.into(), now()));
    // It is handed in, and the pulse comes behind it.
    assert!(tokio::time::timeout(Duration::ZERO, &mut admitted).await.is_err());
    let mut pulse = Box::pin(queue.pulse());
    let silent = tokio::time::timeout(Duration::from_millis(300), &mut pulse).await;
    assert!(silent.is_err(), "{silent:?}");
    release.send(()).unwrap();
    let (id, verdict) = soon(admitted).await.unwrap();
    assert_eq!(verdict, Verdict::Nobody);
    // Bad news that reached nobody is told to whoever watches.
    let stock = soon(&mut pulse).await.unwrap();
    drop(pulse);
    assert_eq!((stock.waiting, stock.unreachable), (0, Some(id)));
    soon(queue.ended()).await;
    writer.await.unwrap();
}
