//! Calls and registrations whose far ends mix up all they know, and garble some of it.

use std::path::Path;

use fastrand::Rng;

use crate::support::fuzz_entry::run;

/// How many such courses are played.
const COURSES: u64 = 1000;

#[test]
fn whatever_comes_in_whatever_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/sip_call");
    let mut lines = Vec::new();
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        lines.extend(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    for seed in 0..COURSES {
        let mut rng = Rng::with_seed(seed);
        let mut course = Vec::new();
        for _ in 0..rng.usize(5..50) {
            let mut line = rng.choice(&lines).unwrap().clone();
            while !line.is_empty() && rng.u8(..8) == 0 {
                let place = rng.usize(..line.len());
                line[place] = rng.u8(..);
            }
            course.extend(line);
            course.push(b'\n');
        }
        // Printed when it fails: which one it was.
        println!("{seed}");
        run("sip_call", &course);
    }
}
