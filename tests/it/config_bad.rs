//! A wrong configuration is refused with every fault, its line, its key and what was expected.

use std::fs;
use std::path::{Path, PathBuf};

use smtp_appliance::config::{Config, LoadError};

/// Each file of `tests/config/bad` says in its first lines which faults it has, in their order.
#[test]
fn every_fault_of_every_bad_file_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/bad");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 90, "only {} files", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let expected: Vec<&str> =
            text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect();
        let faults = match Config::load(&file) {
            Err(LoadError::Wrong(_, faults)) => faults,
            other => panic!("{}: {other:?}", file.display()),
        };
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let told = faults.len() == expected.len()
            && faults.iter().zip(&expected).all(|(fault, expected)| fault.contains(expected));
        assert!(
            told && !expected.is_empty(),
            "{}\nexpected {expected:#?}\ntold {faults:#?}",
            file.display()
        );
    }
}

fn fault(text: &str) -> String {
    let faults = Config::parse(text).unwrap_err();
    faults.first().expect("a fault").to_string()
}

#[test]
fn hostile_text_is_refused_and_does_no_harm() {
    assert!(fault(&format!("[texts]\nen = {}", "[".repeat(200_000))).contains("line 2"));
    assert!(
        fault(&format!("x = {}1{}", "{a=".repeat(100_000), "}".repeat(100_000))).contains("line 1")
    );
    let dotted = format!("{}x = 1", "a.".repeat(200_000));
    assert!(fault(&dotted).contains("line 1"));
    assert!(fault("[smtp]\nname = \"a\0b\"\n").contains("line 2"));
    assert!(fault("\0\0\0\0").contains("line 1"));
    let many = "[[person]]\nnam = 1\n".repeat(20_000);
    assert_eq!(Config::parse(&many).unwrap_err().len(), 201);
    let long = format!("[smtp]\nallow = [{}]\n", "1,".repeat(500_000));
    assert_eq!(Config::parse(&long).unwrap_err().len(), 201);
}

#[test]
fn a_file_too_long_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, "# much\n".repeat(1_500_000)).unwrap();
    let error = Config::load(&file).unwrap_err().to_string();
    assert!(error.ends_with("the file is longer than 1 MiB"), "{error}");
    let endless = Config::load(Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(endless.ends_with("the file is longer than 1 MiB"), "{endless}");
}

#[test]
fn bytes_that_are_no_text_have_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, b"[appliance]\nname = \"\xff\"\n").unwrap();
    let error = Config::load(&file).unwrap_err().to_string();
    assert!(error.ends_with("line 2, column 9: the file is not UTF-8 text"), "{error}");
}

#[test]
fn secrets_are_not_printed() {
    let text = "[mail]\nuser = \"alerts\"\npassword = \"hunter2\"\nport = 0\n";
    assert!(!format!("{:?}", Config::parse(text)).contains("hunter2"));
    let right = text.replace("port = 0", "port = 25");
    assert!(!format!("{:?}", Config::parse(&right).unwrap()).contains("hunter2"));
}
