//! The installed Piper voices: two files each in one folder, `NAME.onnx` and `NAME.onnx.json`.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Language, VoiceName};

use super::piper::{self, VoiceConfig, VoiceError};

/// Most voices that are looked at; a folder with more is no folder of voices.
const MAX_VOICES: usize = 500;

/// The name in the configuration of the voice that needs no file.
pub const ESPEAK_NG: &str = "espeak-ng";

/// A voice whose files are there and whose configuration can be read.
#[derive(Debug, Clone)]
pub struct Voice {
    /// Its name: that of its files.
    pub name: VoiceName,
    /// Its `.onnx`.
    pub model: PathBuf,
    /// Its `.onnx.json`.
    pub config_path: PathBuf,
    /// What that says.
    pub config: VoiceConfig,
    /// Size of its model in bytes.
    pub bytes: u64,
}

impl Voice {
    /// Its language: what its configuration says, else the beginning of its name (`es_ES-…`), else
    /// espeak-ng's voice.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        let name = self.name.to_string();
        let of_name = || name.split('-').next()?.replace('_', "-").parse().ok();
        let of_espeak = || self.config.espeak_voice.split('-').next()?.parse().ok();
        self.config.language.clone().or_else(of_name).or_else(of_espeak)
    }

    /// What its files are now: another value when they were changed.
    pub(super) fn state(&self) -> io::Result<FileState> {
        Ok(FileState([mark(&fs::metadata(&self.model)?), mark(&fs::metadata(&self.config_path)?)]))
    }
}

/// Size and time of change of a voice's two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileState([(u64, i64, i64); 2]);

fn mark(file: &Metadata) -> (u64, i64, i64) {
    (file.len(), file.mtime(), file.mtime_nsec())
}

/// A voice that is there and cannot be used.
#[derive(Debug)]
pub struct BrokenVoice {
    /// Its name.
    pub name: VoiceName,
    /// Why.
    pub error: VoiceError,
}

/// What a folder holds, by name.
#[derive(Debug, Default)]
pub struct Installed {
    /// What can be used.
    pub voices: Vec<Arc<Voice>>,
    /// What cannot.
    pub broken: Vec<BrokenVoice>,
}

impl Installed {
    /// Looks into a folder. A folder that is not there holds no voices.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn scan(folder: &Path) -> io::Result<Self> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            entries => entries?,
        };
        let mut names: Vec<VoiceName> = Vec::new();
        for entry in entries.take(MAX_VOICES * 4) {
            // Names of voices begin with a letter or a digit, so what is being written is not seen.
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".onnx"));
            names.extend(name.and_then(|name| name.parse().ok()));
        }
        names.sort();
        names.truncate(MAX_VOICES);
        let mut installed = Self::default();
        for name in names {
            match open(folder, name.clone()) {
                Ok(voice) => installed.voices.push(Arc::new(voice)),
                Err(error) => installed.broken.push(BrokenVoice { name, error }),
            }
        }
        Ok(installed)
    }

    /// The voice with this name.
    #[must_use]
    pub fn voice(&self, name: &VoiceName) -> Option<&Arc<Voice>> {
        self.voices.iter().find(|voice| voice.name == *name)
    }
}

/// The paths of a voice's model and configuration.
pub(super) fn paths(folder: &Path, name: &VoiceName) -> (PathBuf, PathBuf) {
    (folder.join(format!("{name}.onnx")), folder.join(format!("{name}.onnx.json")))
}

fn open(folder: &Path, name: VoiceName) -> Result<Voice, VoiceError> {
    let (model, config_path) = paths(folder, &name);
    let config = piper::read_config(&config_path)?;
    let cannot = |error| VoiceError::Read { path: model.clone(), error };
    let bytes = fs::metadata(&model).map_err(cannot)?.len();
    Ok(Voice { name, model, config_path, config, bytes })
}

/// Why a voice was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// There is none.
    #[error("there is no voice {name} in {}", folder.display())]
    Missing {
        /// The name.
        name: VoiceName,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The folder does not let us.
    #[error("cannot remove {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Removes a voice, broken ones too.
///
/// # Errors
///
/// If there is none, or its files cannot be removed.
pub fn remove(folder: &Path, name: &VoiceName) -> Result<(), RemoveError> {
    let (model, config) = paths(folder, name);
    let mut found = false;
    // The model first: without it there is no voice.
    for path in [model, config] {
        match fs::remove_file(&path) {
            Ok(()) => found = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(RemoveError::File { path, error }),
        }
    }
    let missing = || RemoveError::Missing { name: name.clone(), folder: folder.to_owned() };
    if found { Ok(()) } else { Err(missing()) }
}

/// Remembers what a folder holds until the folder changes.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    folder: PathBuf,
    /// When the folder changed; `None` if it is not there.
    changed: Option<(i64, i64)>,
    installed: Arc<Installed>,
}

impl Shelf {
    /// The voices of a folder. What cannot be read is told to `complain`, once for each change.
    pub(super) fn look(&self, folder: &Path, complain: impl Fn(&str)) -> Arc<Installed> {
        let changed = fs::metadata(folder).ok().map(|folder| (folder.mtime(), folder.mtime_nsec()));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.folder == folder && known.changed == changed {
            return Arc::clone(&known.installed);
        }
        let installed = Installed::scan(folder).unwrap_or_else(|error| {
            complain(&format!("cannot read the voices in {}: {error}", folder.display()));
            Installed::default()
        });
        for broken in &installed.broken {
            complain(&format!("the voice {} cannot be used: {}", broken.name, broken.error));
        }
        let installed = Arc::new(installed);
        *known = Known { folder: folder.to_owned(), changed, installed: Arc::clone(&installed) };
        installed
    }
}
