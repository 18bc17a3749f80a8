//! Puts a Piper voice into the folder of voices, from a file, a folder or a web server.
//!
//! The files are written beside their place, checked (the sum, the configuration, and a word is
//! spoken), and renamed, the model last: a voice is there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rten::ThreadPool;
use sha2::{Digest, Sha256};

use crate::config::VoiceName;

use super::engine::{Engine, EngineError};
use super::fetch::{self, FetchError};
use super::piper::{self, MAX_CONFIG, MAX_MODEL, Piper, VoiceError};
use super::voices::{self, ESPEAK_NG};

/// Bytes that are copied at a time.
const CHUNK: usize = 64 * 1024;

/// Most voices that are installed from one folder.
const MAX_FOUND: usize = 100;

/// The SHA-256 of a model, as its publisher tells it: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum([u8; 32]);

impl FromStr for Sum {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected the 64 hexadecimal digits of a SHA-256";
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or(wrong)?;
        let mut sum = [0; 32];
        for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(sum))
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// What is to be installed.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// An `.onnx` file, a folder with some, or the address of one; its `.onnx.json` is beside it.
    pub source: &'a str,
    /// Its name here; that of the file if it is not given.
    pub name: Option<VoiceName>,
    /// The sum its model must have.
    pub sum: Option<Sum>,
}

/// How far a model has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Its name.
    pub name: &'a VoiceName,
    /// Bytes that are here.
    pub done: u64,
    /// Bytes of the whole, when it is known.
    pub total: Option<u64>,
}

/// A voice that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub name: VoiceName,
    /// The sum of its model.
    pub sum: Sum,
    /// Another of this name was there before.
    pub replaced: bool,
}

/// Why a voice was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The source cannot be read.
    #[error("cannot read {from}: {error}")]
    Read {
        /// The file or address.
        from: String,
        /// Why.
        error: io::Error,
    },
    /// Nothing at this address.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The folder holds no `.onnx`.
    #[error("there is no voice (NAME.onnx with NAME.onnx.json) in {}", .0.display())]
    NoVoice(PathBuf),
    /// One name or sum, and several voices.
    #[error("there are {0} voices in the folder: a name or a sum can be given for one only")]
    Several(usize),
    /// The source is called otherwise.
    #[error("{0:?} does not end in NAME.onnx, with a name of letters, digits, '.', '_', '-', '+'")]
    Name(String),
    /// That name is taken.
    #[error("the name {ESPEAK_NG} is that of the voice that is always there")]
    Reserved,
    /// Larger than any voice.
    #[error("{from} is larger than {most} bytes, which no voice is")]
    TooLarge {
        /// The file or address.
        from: String,
        /// The limit.
        most: u64,
    },
    /// Not what its publisher published.
    #[error("the SHA-256 of {from} is {found}, not what was expected")]
    Sum {
        /// The file or address.
        from: String,
        /// What it is.
        found: Sum,
    },
    /// The folder of voices does not take it.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It came, and is no voice.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// It was loaded and cannot speak.
    #[error("the voice cannot speak: {0}")]
    Mute(EngineError),
}

/// Installs what is wanted into `folder`, which is made if it is not there. `progress` hears of each
/// bit that came.
///
/// # Errors
///
/// [`InstallError`]; then nothing has changed but what was installed from a folder before.
pub fn install(
    wanted: &Wanted<'_>,
    folder: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Done>, InstallError> {
    let source = wanted.source;
    if fetch::is_address(source) || !Path::new(source).is_dir() {
        return Ok(vec![install_one(source, wanted, folder, progress)?]);
    }
    let models = models(Path::new(source))?;
    if models.len() > 1 && (wanted.name.is_some() || wanted.sum.is_some()) {
        return Err(InstallError::Several(models.len()));
    }
    models.iter().map(|model| install_one(model, wanted, folder, progress)).collect()
}

/// The models in a folder.
fn models(folder: &Path) -> Result<Vec<String>, InstallError> {
    let cannot = |error| InstallError::Read { from: folder.display().to_string(), error };
    let mut models = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            models.extend(path.to_str().map(str::to_owned));
        }
    }
    models.sort();
    models.truncate(MAX_FOUND);
    if models.is_empty() { Err(InstallError::NoVoice(folder.to_owned())) } else { Ok(models) }
}

fn install_one(
    source: &str,
    wanted: &Wanted<'_>,
    folder: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Done, InstallError> {
    let (of_source, config_source) = names(source)?;
    let name = wanted.name.clone().unwrap_or(of_source);
    if name.to_string() == ESPEAK_NG {
        return Err(InstallError::Reserved);
    }
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |error| InstallError::Write { path, error }
    };
    fs::create_dir_all(folder).map_err(cannot(folder))?;
    // The beginning keeps them from being seen as a voice, the end tells rten what they are.
    let model = Aside(folder.join(format!(".{name}.part.onnx")));
    let config = Aside(folder.join(format!(".{name}.part.onnx.json")));
    copy(&config_source, &config.0, MAX_CONFIG, &mut |_, _| {})?;
    piper::read_config(&config.0)?;
    let mut told = |done, total| progress(Progress { name: &name, done, total });
    let sum = copy(source, &model.0, MAX_MODEL, &mut told)?;
    if wanted.sum.as_ref().is_some_and(|wanted| *wanted != sum) {
        return Err(InstallError::Sum { from: source.to_owned(), found: sum });
    }
    let mut voice = Piper::load(&model.0, &config.0, Arc::new(ThreadPool::with_num_threads(1)))?;
    match voice.speak("1, 2.", 100) {
        // Its language may be one whose digits espeak-ng does not say.
        Ok(_) | Err(EngineError::Nothing) => {}
        Err(error) => return Err(InstallError::Mute(error)),
    }
    let (to_model, to_config) = voices::paths(folder, &name);
    let replaced = to_model.exists();
    for (from, to) in [(&config, to_config), (&model, to_model)] {
        fs::rename(&from.0, &to).map_err(cannot(&to))?;
    }
    // The names are on disk as well; where a folder cannot be synced it cannot be helped.
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(Done { name, sum, replaced })
}

/// The name of a voice, and where its configuration is; in an address a query stays behind.
fn names(source: &str) -> Result<(VoiceName, String), InstallError> {
    let (path, query) = match source.find(['?', '#']).filter(|_| fetch::is_address(source)) {
        Some(at) => source.split_at(at),
        None => (source, ""),
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.strip_suffix(".onnx").and_then(|name| name.parse().ok());
    let name = name.ok_or_else(|| InstallError::Name(source.to_owned()))?;
    Ok((name, format!("{path}.json{query}")))
}

/// Copies a file or a download, flushed to disk; its sum.
fn copy(
    from: &str,
    to: &Path,
    most: u64,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Sum, InstallError> {
    let unread = |error| InstallError::Read { from: from.to_owned(), error };
    let unwritten = |error| InstallError::Write { path: to.to_owned(), error };
    let (mut bytes, total): (Box<dyn Read>, _) = if fetch::is_address(from) {
        let download = fetch::fetch(from, most)?;
        (download.bytes, download.total)
    } else {
        let file = File::open(from).map_err(unread)?;
        let total = file.metadata().map_err(unread)?.len();
        (Box::new(file), Some(total))
    };
    let too_large = || InstallError::TooLarge { from: from.to_owned(), most };
    if total.is_some_and(|total| total > most) {
        return Err(too_large());
    }
    let mut file = File::create(to).map_err(unwritten)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    loop {
        let count = bytes.read(&mut buffer).map_err(unread)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() {
            break;
        }
        done += count as u64;
        if done > most {
            return Err(too_large());
        }
        hash.update(chunk);
        file.write_all(chunk).map_err(unwritten)?;
        progress(done, total);
    }
    file.sync_all().map_err(unwritten)?;
    Ok(Sum(hash.finalize().into()))
}

/// A file that goes when it was not renamed.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // It was renamed, or never written.
        drop(fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_source() {
        for (source, expected) in [
            (
                "/a/en_US-joe-medium.onnx",
                Some(("en_US-joe-medium", "/a/en_US-joe-medium.onnx.json")),
            ),
            (
                "https://h.test/v/x.onnx?download=true",
                Some(("x", "https://h.test/v/x.onnx.json?download=true")),
            ),
            ("x.onnx", Some(("x", "x.onnx.json"))),
            ("what?.onnx", None),
            (".onnx", None),
            ("https://h.test/", None),
            ("https://h.test/x.onnx.json", None),
        ] {
            let named = names(source).ok();
            let named = named.as_ref().map(|(name, config)| (name.to_string(), config.as_str()));
            assert_eq!(named, expected.map(|(name, config)| (name.to_owned(), config)), "{source}");
        }
    }

    #[test]
    fn sums_are_hexadecimal() {
        let text = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06";
        assert_eq!(text.parse::<Sum>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Sum>().unwrap().to_string(), text);
        for wrong in ["", "58af", &format!("{text}0"), &"g".repeat(64)] {
            assert!(wrong.parse::<Sum>().is_err(), "{wrong:?}");
        }
    }
}
