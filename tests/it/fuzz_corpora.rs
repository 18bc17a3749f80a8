//! Every input the fuzz targets have found, tried again.

use std::path::Path;

use crate::support::fuzz_entry::{ENTRIES, run};

#[test]
fn every_input_found_so_far_holds() {
    for (target, _) in ENTRIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let mut count = 0;
        for file in std::fs::read_dir(&folder).expect("a corpus for each target") {
            let path = file.expect("a file").path();
            // Printed when it fails: which one it was.
            println!("{}", path.display());
            run(target, &std::fs::read(&path).expect("its bytes"));
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }
}

#[test]
fn every_target_is_known() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for (target, _) in ENTRIES {
        let line = format!("path = \"fuzz_targets/{target}.rs\"");
        assert!(manifest.contains(&line), "{target} is not in fuzz/Cargo.toml");
        let text = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs")));
        assert!(text.expect("its file").contains(&format!("run(\"{target}\",")));
    }
    let targets = std::fs::read_dir(fuzz.join("fuzz_targets")).expect("a folder").count();
    assert_eq!(targets, ENTRIES.len());
}
