//! Sound: 16-bit mono inside, files and sound cards at the edges.

mod pcm;

pub use pcm::Pcm;
