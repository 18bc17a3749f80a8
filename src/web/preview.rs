//! Texts that can be listened to: kept for a while under a number, so that no address holds one.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::site::Site;
use crate::audio::{Pcm, TELEPHONE_RATE, telephone, wav};
use crate::config::{Language, VoiceName};
use crate::speech::Utterance;

/// Most texts.
const MOST: usize = 32;

/// Most sentences of one that are spoken.
const MOST_SENTENCES: usize = 40;

/// Between two sentences.
const PAUSE: Duration = Duration::from_millis(250);

/// Longest wait for one sentence.
const PATIENCE: Duration = Duration::from_secs(30);

/// What can be listened to.
#[derive(Debug, Clone)]
pub(super) struct Preview {
    pub(super) sentences: Vec<String>,
    pub(super) language: Language,
    pub(super) voice: Option<VoiceName>,
}

/// The newest of them.
#[derive(Debug, Default)]
pub(super) struct Previews {
    next: u64,
    kept: VecDeque<(u64, Preview)>,
}

impl Previews {
    /// Keeps one, and says under which number.
    pub(super) fn keep(&mut self, preview: Preview) -> u64 {
        self.next += 1;
        self.kept.push_back((self.next, preview));
        if self.kept.len() > MOST {
            self.kept.pop_front();
        }
        self.next
    }

    fn get(&self, number: u64) -> Option<Preview> {
        self.kept.iter().find(|(known, _)| *known == number).map(|(_, preview)| preview.clone())
    }
}

/// Its sound, as a telephone would carry it.
pub(super) async fn sound(State(site): State<Arc<Site>>, Path(number): Path<String>) -> Response {
    let number = number.trim_end_matches(".wav").parse().ok();
    let preview = number.and_then(|number| {
        site.previews.lock().unwrap_or_else(PoisonError::into_inner).get(number)
    });
    let Some(preview) = preview else { return StatusCode::NOT_FOUND.into_response() };
    match spoken(&site, preview).await {
        Some(bytes) => ([(CONTENT_TYPE, "audio/wav")], bytes).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What it says, as a WAV file.
pub(super) async fn spoken(site: &Site, preview: Preview) -> Option<Vec<u8>> {
    let mut whole = Pcm { rate: TELEPHONE_RATE, samples: Vec::new() };
    for text in preview.sentences.into_iter().take(MOST_SENTENCES) {
        let (language, voice) = (preview.language.clone(), preview.voice.clone());
        let saying = site.parts.speaker.say_within(Utterance { text, language, voice }, PATIENCE);
        // A sentence without a sound is left out, as in a call.
        let Ok(said) = saying.await else { continue };
        let Ok(fitted) = tokio::task::spawn_blocking(move || telephone(&said)).await else {
            continue;
        };
        if !whole.samples.is_empty() {
            whole.append(&Pcm::silence(whole.rate, PAUSE));
        }
        whole.append(&fitted);
    }
    wav(&whole).ok()
}
