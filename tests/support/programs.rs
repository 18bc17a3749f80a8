//! Real programs as peers: found or asked for, started in a folder of their own on ports of
//! loopback, and gone when the test is.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// No program here takes so long, but on a machine that stands still.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a program is.
///
/// # Panics
/// If it is not installed: a test that is skipped proves nothing.
pub(crate) fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("install {package} for {name} (make setup does it)"))
}

/// What `make setup` puts under `target/`, by its path there.
///
/// # Panics
/// If it is not there.
pub(crate) fn in_target(path: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path);
    assert!(file.exists(), "target/{path} is missing (make setup brings it)");
    file
}

/// A folder that programs may enter which give up root.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("permissions");
    folder
}

/// Ports for programs: the system gives none of them to anybody who lets it choose, and tests that
/// have the sound of calls use others.
const PORTS: std::ops::Range<u16> = 10_000..19_000;

/// So many belong together: SIP with TLS beside it, sound with its reports and with a picture's.
const BLOCK: u16 = 4;

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    free_sip_port()
}

/// A port of loopback that is free for UDP and TCP, as the next three are. It is even, and given to
/// nobody else in this process: it is free still when the program gets round to it.
///
/// # Panics
/// If there is none.
pub(crate) fn free_sip_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let blocks = (PORTS.end - PORTS.start) / BLOCK;
    // Processes at the same time begin at different places.
    let first = u16::try_from(std::process::id() * 211 % u32::from(blocks)).expect("it is small");
    let free = |port: u16| {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
    };
    let blocks = std::iter::repeat_with(|| {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed) % blocks;
        PORTS.start + (first + given) % blocks * BLOCK
    })
    .take(blocks.into());
    let mut blocks = blocks.filter(|&port| (port..port + BLOCK).all(free));
    blocks.next().expect("a free port")
}

/// Starts a program that stays; it is killed when the handle is dropped.
pub(crate) fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).kill_on_drop(true).spawn().expect("it starts")
}

/// Resolves when somebody listens on the port.
///
/// # Panics
/// If `program` ends before, or it takes too long.
pub(crate) async fn listening(port: u16, program: &mut Child) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let wait = async {
        while TcpStream::connect(address).await.is_err() {
            let ended = program.try_wait().expect("its state");
            assert!(ended.is_none(), "it ended before it listened on {port}: {ended:?}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it listens in time");
}

/// Runs a program to its end with this input.
///
/// # Panics
/// If it fails or takes too long; what it said is in the message.
pub(crate) async fn run(command: &mut Command, input: &[u8]) -> Output {
    run_within(command, input, PATIENCE).await
}

/// The same for one that may take longer, or should be quicker.
///
/// # Panics
/// As [`run`].
pub(crate) async fn run_within(command: &mut Command, input: &[u8], patience: Duration) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    let talk = async {
        // One that does not read its input closes it.
        drop(stdin.write_all(input).await);
        drop(stdin);
        child.wait_with_output().await.expect("its output")
    };
    let output = timeout(patience, talk).await.expect("it ends in time");
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&said));
    output
}
