//! Piper voices: a VITS model in an `.onnx` file, run by rten, sentence by sentence.

mod config;
mod phonemes;

use std::fs::File;
use std::io::Read;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};

use crate::audio::Pcm;

use super::engine::{Engine, EngineError};
use super::{espeak, text};
pub(super) use config::MAX_CONFIG;
pub use config::{ConfigFault, VoiceConfig};

/// Largest model, in bytes; the largest real ones ("high") have 115 MB.
pub(super) const MAX_MODEL: u64 = 512 * 1024 * 1024;

/// Between two sentences, in milliseconds; the models end a sentence with little silence.
const PAUSE_MS: u32 = 200;

/// Loudest sample of a sentence: the models' own level differs from sentence to sentence.
const PEAK: f32 = 0.9 * 32_767.0;

/// A sentence that is quieter than this was silence, in parts of full scale.
const SILENT: f32 = 0.01;

/// Why a voice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// A file that is missing, or closed to us.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The `.json` is none of a Piper voice.
    #[error("{}: {fault}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: ConfigFault,
    },
    /// A file beyond every voice.
    #[error("{}: larger than {most} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        most: u64,
    },
    /// The `.onnx` is no model, or not of a Piper voice.
    #[error("{}: {fault}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: String,
    },
}

/// Reads and checks a voice's `.onnx.json`.
pub(super) fn read_config(path: &Path) -> Result<VoiceConfig, VoiceError> {
    let cannot = |error| VoiceError::Read { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(cannot)?;
    file.take(MAX_CONFIG + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_CONFIG {
        return Err(VoiceError::TooLarge { path: path.to_owned(), most: MAX_CONFIG });
    }
    let fault = |fault| VoiceError::Config { path: path.to_owned(), fault };
    VoiceConfig::parse(&bytes).map_err(fault)
}

/// A voice in memory: 65 MB for one of medium quality, and more while it speaks.
pub struct Piper {
    config: VoiceConfig,
    model: Model,
    nodes: Nodes,
    threads: Arc<ThreadPool>,
}

/// The model's inputs and its output.
#[derive(Debug, Clone, Copy)]
struct Nodes {
    input: NodeId,
    lengths: NodeId,
    scales: NodeId,
    /// Of voices with several speakers.
    speaker: Option<NodeId>,
    output: NodeId,
}

impl Piper {
    /// Loads a voice: `model` is its `.onnx`, `config` its `.onnx.json`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or is not of a Piper voice.
    pub fn load(model: &Path, config: &Path, threads: Arc<ThreadPool>) -> Result<Self, VoiceError> {
        let config = read_config(config)?;
        let cannot = |error| VoiceError::Read { path: model.to_owned(), error };
        let fault = |fault| VoiceError::Model { path: model.to_owned(), fault };
        let size = std::fs::metadata(model).map_err(cannot)?.len();
        if size > MAX_MODEL {
            return Err(VoiceError::TooLarge { path: model.to_owned(), most: MAX_MODEL });
        }
        espeak::return_large_buffers();
        // rten promises to be memory-safe with any file, not to keep calm.
        let loaded = panic::catch_unwind(|| Model::load_file(model));
        let loaded = loaded.map_err(|_| fault("it is not an ONNX model".to_owned()))?;
        let loaded = loaded.map_err(|error| fault(error.to_string()))?;
        let nodes = nodes(&loaded).ok_or_else(|| fault("not the model of a Piper voice".into()))?;
        if config.speakers > 1 && nodes.speaker.is_none() {
            return Err(fault("it has one speaker, its configuration several".to_owned()));
        }
        Ok(Self { config, model: loaded, nodes, threads })
    }

    /// What its file says.
    #[must_use]
    pub fn config(&self) -> &VoiceConfig {
        &self.config
    }

    /// The phonemes of a sentence, with its marks.
    fn phonemes(&self, sentence: &str) -> Result<Vec<char>, EngineError> {
        let mut all = Vec::new();
        for (words, mark) in phonemes::clauses(sentence) {
            let said = espeak::phonemes(&self.config.espeak_voice, words)?;
            if !all.is_empty() {
                all.push(' ');
            }
            all.extend(phonemes::clean(&said));
            all.extend(mark);
        }
        // Without a mark the voice hangs in the air, and sometimes swallows the last sound.
        if all.last().is_some_and(|last| last.is_alphanumeric() || *last == 'ː') {
            all.push('.');
        }
        Ok(all)
    }

    /// Runs the model once.
    fn infer(&self, ids: Vec<i32>, rate: u32) -> Result<Vec<f32>, EngineError> {
        let failed = |error: &dyn std::fmt::Display| EngineError::Model(error.to_string());
        let count = ids.len();
        let length = i32::try_from(count).map_err(|error| failed(&error))?;
        let VoiceConfig { noise_scale, length_scale, noise_w, .. } = self.config;
        #[expect(clippy::cast_precision_loss, reason = "a rate is at most 200")]
        let slowness = length_scale * 100.0 / rate.max(1) as f32;
        let scales = vec![noise_scale, slowness, noise_w];
        let tensor = |shape: &[usize], data| -> Result<ValueOrView<'static>, EngineError> {
            Ok(Value::from_shape::<i32>(shape, data).map_err(|error| failed(&error))?.into())
        };
        let mut inputs = vec![
            (self.nodes.input, tensor(&[1, count], ids)?),
            (self.nodes.lengths, tensor(&[1], vec![length])?),
            (
                self.nodes.scales,
                Value::from_shape::<f32>([3], scales).map_err(|error| failed(&error))?.into(),
            ),
        ];
        if let Some(speaker) = self.nodes.speaker {
            inputs.push((speaker, tensor(&[1], vec![0])?));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let run = || self.model.run_n(inputs, [self.nodes.output], Some(options));
        let ran = panic::catch_unwind(AssertUnwindSafe(run));
        let [sound] = ran.map_err(|_| EngineError::Panicked)?.map_err(|error| failed(&error))?;
        let sound = sound.into_shape_vec::<f32, 4>().map_err(|error| failed(&error));
        Ok(sound?.1)
    }
}

impl Engine for Piper {
    fn speak(&mut self, text: &str, rate: u32) -> Result<Pcm, EngineError> {
        let sample_rate = self.config.sample_rate;
        let pause = usize::try_from(sample_rate * PAUSE_MS / 1000).unwrap_or(0);
        let mut samples: Vec<i16> = Vec::new();
        for sentence in text::sentences(text) {
            let phonemes = self.phonemes(sentence)?;
            let mut spoken = Vec::new();
            for part in phonemes::parts(&phonemes, phonemes::MAX_PHONEMES) {
                if let Some(ids) = phonemes::ids(part, &self.config.ids) {
                    spoken.append(&mut self.infer(ids, rate)?);
                }
            }
            if spoken.is_empty() {
                continue;
            }
            if !samples.is_empty() {
                samples.resize(samples.len() + pause, 0);
            }
            samples.extend(levelled(&spoken));
        }
        if samples.is_empty() {
            return Err(EngineError::Nothing);
        }
        Ok(Pcm { rate: sample_rate, samples })
    }
}

/// Samples of full scale 1 as 16 bits, the loudest at [`PEAK`].
fn levelled(sound: &[f32]) -> impl Iterator<Item = i16> {
    let loudest = sound.iter().fold(SILENT, |most, sample| most.max(sample.abs()));
    let scale = if loudest.is_finite() { PEAK / loudest } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "the loudest fits; a float saturates")]
    sound.iter().map(move |sample| (sample * scale) as i16)
}

fn nodes(model: &Model) -> Option<Nodes> {
    let node = |name: &str| model.find_node(name);
    Some(Nodes {
        input: node("input")?,
        lengths: node("input_lengths")?,
        scales: node("scales")?,
        speaker: node("sid"),
        output: node("output").or_else(|| model.output_ids().first().copied())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_comes_to_full_level_and_stays_inside() {
        let loud: Vec<i16> = levelled(&[0.5, -0.5, 0.25]).collect();
        assert_eq!(loud, [29_490, -29_490, 14_745]);
        assert_eq!(levelled(&[f32::NAN, 0.0]).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(levelled(&[f32::INFINITY, 1.0]).collect::<Vec<_>>(), [0, 0]);
        assert!(levelled(&[0.000_1]).all(|sample| sample < 300));
    }
}
