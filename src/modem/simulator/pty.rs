//! A pseudo-terminal that others open as if it were a serial port.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;

/// The modem's end.
#[derive(Debug)]
pub(super) struct Pty {
    master: AsyncFd<OwnedFd>,
    /// Kept open, so that the line does not hang up between two programs that use it.
    slave: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// Makes one, in raw mode, with a link to it.
    pub(super) fn open(link: Option<&Path>) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&path, flags, Mode::empty())?;
        let mut terminal = tcgetattr(&slave)?;
        terminal.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &terminal)?;
        rustix::fs::fcntl_setfl(&master, OFlags::NONBLOCK)?;
        if let Some(link) = link {
            remove_link(link);
            std::os::unix::fs::symlink(&path, link)?;
        }
        #[expect(
            deprecated,
            reason = "unsound only for types whose AsRawFd lies, which OwnedFd cannot; its \
                      successor is unsafe"
        )]
        let master = AsyncFd::new(master)?;
        Ok(Self { master, slave, path, link: link.map(Path::to_owned) })
    }

    /// What others open: the link if there is one.
    pub(super) fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// The speed that whoever opened it has set; `None` when it cannot be told.
    pub(super) fn baud(&self) -> Option<u32> {
        tcgetattr(&self.slave).ok().map(|terminal| terminal.input_speed())
    }

    /// Reads what is there. Cancel safe.
    pub(super) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.master.readable().await?;
            let read = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut *buffer)?));
            if let Ok(count) = read {
                return count;
            }
        }
    }

    /// Writes what fits. As on a serial line, what nobody reads in time is lost.
    pub(super) fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match rustix::io::write(self.master.get_ref(), bytes) {
                Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
                Ok(_) | Err(_) => return,
            }
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            remove_link(link);
        }
    }
}

/// Removes a link, and nothing that is not one.
fn remove_link(link: &Path) {
    let is_link = fs::symlink_metadata(link).is_ok_and(|metadata| metadata.is_symlink());
    if is_link && let Err(error) = fs::remove_file(link) {
        tracing::warn!("cannot remove {}: {error}", link.display());
    }
}
