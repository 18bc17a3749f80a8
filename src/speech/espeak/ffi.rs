//! The C functions of libespeak-ng, behind a lock that makes them safe.
//!
//! This is the only file of the program with `unsafe` in it (so a function of the C library that
//! speech needs stands here too). The library keeps its state in global
//! variables, so there is one [`Library`] in the process and everybody takes turns at it. The
//! prototypes stand in `espeak-ng/speak_lib.h`; they are the same from 1.49 to 1.52.

#![expect(unsafe_code, reason = "libespeak-ng is a C library")]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::speech::engine::EngineError;

/// `AUDIO_OUTPUT_SYNCHRONOUS`: `espeak_Synth` returns when the callback has had all samples.
const SYNCHRONOUS: c_int = 2;
/// `espeakINITIALIZE_DONT_EXIT`: without it the library ends the process when it finds no data.
const DONT_EXIT: c_int = 0x8000;
/// `espeakCHARS_UTF8`.
const UTF8: c_uint = 1;
/// `espeakRATE`, in words a minute.
const RATE: c_int = 1;
/// `POS_CHARACTER`.
const CHARACTER: c_int = 1;
/// Bit 1 of the phoneme mode: the International Phonetic Alphabet, in UTF-8.
const IPA: c_int = 0x02;
/// `EE_OK`.
const OK: c_int = 0;

type Callback = unsafe extern "C" fn(*mut i16, c_int, *mut c_void) -> c_int;

#[link(name = "espeak-ng")]
unsafe extern "C" {
    fn espeak_Initialize(
        output: c_int,
        buffer_ms: c_int,
        path: *const c_char,
        options: c_int,
    ) -> c_int;
    fn espeak_SetSynthCallback(callback: Callback);
    fn espeak_SetVoiceByName(name: *const c_char) -> c_int;
    fn espeak_SetParameter(parameter: c_int, value: c_int, relative: c_int) -> c_int;
    fn espeak_Synth(
        text: *const c_void,
        size: usize,
        position: c_uint,
        position_type: c_int,
        end: c_uint,
        flags: c_uint,
        identifier: *mut c_uint,
        user: *mut c_void,
    ) -> c_int;
    fn espeak_TextToPhonemes(
        text: *mut *const c_void,
        text_mode: c_int,
        phoneme_mode: c_int,
    ) -> *const c_char;
}

/// Most samples of one text: four minutes.
const MAX_SAMPLES: usize = 4 * 60 * 22_050;

/// Most clauses of one text; the library says itself when it has come to the end.
const MAX_CLAUSES: usize = 1000;

/// The samples of the text that is being said.
static SOUND: Mutex<Vec<i16>> = Mutex::new(Vec::new());

static LIBRARY: Mutex<Library> = Mutex::new(Library { rate: 0, voice: None });

/// The library, while it is ours.
pub(super) struct Library {
    /// Samples a second; 0 until it was initialized.
    rate: u32,
    /// The voice that is set.
    voice: Option<String>,
}

impl Library {
    /// Waits for our turn, and readies the library at the first one.
    pub(super) fn lock() -> Result<MutexGuard<'static, Self>, EngineError> {
        // A panic under the lock leaves nothing half done: each text begins anew.
        let mut library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
        if library.rate == 0 {
            // SAFETY: the lock is held, so nobody else is inside the library; a null path means
            // the default place, and `take` lives as long as the process.
            let rate = unsafe {
                let rate = espeak_Initialize(SYNCHRONOUS, 0, ptr::null(), DONT_EXIT);
                espeak_SetSynthCallback(take);
                rate
            };
            library.rate = u32::try_from(rate).ok().filter(|rate| *rate > 0).unwrap_or(0);
        }
        if library.rate == 0 { Err(EngineError::NoData) } else { Ok(library) }
    }

    /// Samples a second of what [`Self::say`] makes.
    pub(super) fn sample_rate(&self) -> u32 {
        self.rate
    }

    /// Sets the voice with this file name (`en-us`); whether there is one.
    pub(super) fn set_voice(&mut self, name: &CStr) -> bool {
        let wanted = name.to_string_lossy();
        if self.voice.as_deref() == Some(&*wanted) {
            return true;
        }
        // SAFETY: `&mut self` exists only under the lock; the string ends in NUL and is copied.
        let set = unsafe { espeak_SetVoiceByName(name.as_ptr()) } == OK;
        // After a failure the voice before is not always whole.
        self.voice = set.then(|| wanted.into_owned());
        set
    }

    /// The samples of a text, spoken at so many words a minute.
    #[expect(clippy::unused_self, reason = "whoever has it has the lock")]
    pub(super) fn say(&mut self, text: &CStr, words: i32) -> Result<Vec<i16>, EngineError> {
        sound().clear();
        // SAFETY: `&mut self` exists only under the lock. The text ends in NUL, `size` counts it,
        // and the library reads it only during the call; null pointers mean "not wanted".
        let code = unsafe {
            espeak_SetParameter(RATE, words, 0);
            espeak_Synth(
                text.as_ptr().cast(),
                text.count_bytes() + 1,
                0,
                CHARACTER,
                0,
                UTF8,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        let samples = std::mem::take(&mut *sound());
        if code == OK { Ok(samples) } else { Err(EngineError::Espeak(code)) }
    }

    /// The phonemes of a text, clause by clause, in the International Phonetic Alphabet.
    #[expect(clippy::unused_self, reason = "whoever has it has the lock")]
    pub(super) fn phonemes(&mut self, text: &CStr) -> Vec<String> {
        let mut clauses = Vec::new();
        let mut rest: *const c_void = text.as_ptr().cast();
        let mode = UTF8.cast_signed();
        while !rest.is_null() && clauses.len() < MAX_CLAUSES {
            // SAFETY: `&mut self` exists only under the lock. `rest` points into `text`, which
            // ends in NUL, and the library moves it on or makes it null. What it returns is null
            // or a string of its own that stands until the next call; it is copied before.
            let clause = unsafe {
                let said = espeak_TextToPhonemes(&raw mut rest, mode, IPA);
                if said.is_null() { None } else { Some(CStr::from_ptr(said)) }
            };
            clauses.extend(clause.map(|clause| clause.to_string_lossy().into_owned()));
        }
        clauses
    }
}

/// The library hands over samples; 1 makes it stop.
unsafe extern "C" fn take(samples: *mut i16, count: c_int, _events: *mut c_void) -> c_int {
    let Ok(count) = usize::try_from(count) else { return 0 };
    if samples.is_null() || count == 0 {
        return 0;
    }
    // SAFETY: the library says that `count` samples stand there during this call.
    let samples = unsafe { std::slice::from_raw_parts(samples, count) };
    let mut sound = sound();
    if sound.len() + count > MAX_SAMPLES {
        return 1;
    }
    sound.extend_from_slice(samples);
    0
}

/// Has the C library give large buffers back to the system as soon as they are freed.
///
/// By itself it learns from the first large buffer that is freed to keep those to come: after a few
/// sentences of a Piper voice 260 MB would stay with the process instead of 90, and 200 instead of
/// 30 when the voice is unloaded.
#[cfg(target_env = "gnu")]
pub(in crate::speech) fn return_large_buffers() {
    /// `M_MMAP_THRESHOLD` of `malloc.h`.
    const MMAP_THRESHOLD: c_int = -3;
    /// From here on a buffer has pages of its own.
    const LARGE: c_int = 256 * 1024;
    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    // SAFETY: it may be called at any time, from any thread; it says 0 when it refuses, and then
    // all is as before.
    unsafe { mallopt(MMAP_THRESHOLD, LARGE) };
}

/// Other C libraries give them back anyway.
#[cfg(not(target_env = "gnu"))]
pub(in crate::speech) fn return_large_buffers() {}

fn sound() -> MutexGuard<'static, Vec<i16>> {
    SOUND.lock().unwrap_or_else(PoisonError::into_inner)
}
