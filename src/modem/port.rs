//! The serial device.

use std::io;
use std::path::{Path, PathBuf};

use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream};

/// Why a device cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}: {source}{}", .device.display(), advice(.source))]
pub struct OpenError {
    device: PathBuf,
    source: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        "; is the modem plugged in and the serial port switched on?"
    } else if kind == io::ErrorKind::PermissionDenied {
        "; may this user open it (group dialout)?"
    } else if kind == io::ErrorKind::ResourceBusy {
        "; another program uses it"
    } else {
        ""
    }
}

/// Speeds tried when none is set: what most modules come with, first.
pub(super) const TRIAL_BAUD: [u32; 6] = [115_200, 9_600, 19_200, 57_600, 38_400, 230_400];

/// Opens a device, 8N1 without flow control, for this program alone.
pub(super) fn open(device: &Path, baud: u32) -> Result<SerialStream, OpenError> {
    // Asked first, since the library hides the system's reason.
    let fails = |source| OpenError { device: device.to_owned(), source };
    std::fs::metadata(device).map_err(fails)?;
    let path = device.to_string_lossy();
    tokio_serial::new(path, baud).open_native_async().map_err(|error| {
        let source = match error.kind() {
            tokio_serial::ErrorKind::NoDevice => {
                io::Error::new(io::ErrorKind::ResourceBusy, error.description)
            }
            tokio_serial::ErrorKind::Io(kind) => io::Error::new(kind, error.description),
            tokio_serial::ErrorKind::InvalidInput | tokio_serial::ErrorKind::Unknown => {
                io::Error::other(error.description)
            }
        };
        fails(source)
    })
}

/// Changes the speed of an open device.
pub(super) fn set_baud(port: &mut SerialStream, baud: u32) -> io::Result<()> {
    port.set_baud_rate(baud).map_err(io::Error::other)
}
