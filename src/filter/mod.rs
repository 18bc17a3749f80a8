//! What is dropped: ignored subjects, repeats.
