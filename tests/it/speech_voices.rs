//! Voices are installed whole or not at all, from a file, a folder or a web server; and `say` works
//! without an appliance.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use smtp_appliance::audio::simulated;
use tempfile::TempDir;

use crate::support::voice::{JOE, joe_folder};

const SUM: &str = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06";

/// The program without a configuration, and a folder of voices.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
        command.args(arguments).arg("--voices").arg(self.path("voices"));
        command.arg("--config").arg(self.path("none.toml"));
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str], with: &str) {
        let output = self.run(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {complaint}");
        assert!(complaint.contains(with), "{arguments:?}: {complaint}");
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("voices")).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Serves the test voice's files over HTTP/1.1; the model ends after `cut` bytes.
fn server(cut: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut request).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let path = request.split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
            let answer = match path.strip_prefix("/moved/") {
                Some(file) => {
                    format!("HTTP/1.1 302 Found\r\nLocation: /{file}\r\nContent-Length: 0")
                }
                None => match std::fs::metadata(joe_folder().join(&path[1..])) {
                    Ok(file) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}", file.len()),
                    Err(_) => "HTTP/1.1 404 Not Found\r\nContent-Length: 0".to_owned(),
                },
            };
            write!(stream, "{answer}\r\nConnection: close\r\n\r\n").unwrap();
            if answer.contains(" 200 ") {
                let bytes = std::fs::read(joe_folder().join(&path[1..])).unwrap();
                // Who heard enough hangs up.
                drop(stream.write_all(&bytes[..bytes.len().min(cut)]));
            }
        }
    });
    format!("http://{address}")
}

#[test]
fn a_voice_comes_from_a_folder_a_file_and_a_server() {
    let bench = Bench::new();
    let folder = joe_folder();
    let said = bench.prints(&["voice", "install", folder.to_str().unwrap(), "--sha256", SUM]);
    assert_eq!(said, format!("installed {JOE} (sha256 {SUM})\n"));
    let file = folder.join(format!("{JOE}.onnx"));
    let said = bench.prints(&["voice", "install", file.to_str().unwrap(), "--name", JOE]);
    assert!(said.starts_with("replaced "), "{said}");
    let url = format!("{}/moved/{JOE}.onnx?download=true", server(usize::MAX));
    bench.prints(&["voice", "install", &url, "--name", "other", "--sha256", SUM]);
    let expected = [JOE, "other"].map(|name| [format!("{name}.onnx"), format!("{name}.onnx.json")]);
    assert_eq!(bench.files(), expected.concat());
    let list = bench.prints(&["voice", "list"]);
    assert!(list.contains(JOE) && list.contains("en-US") && list.contains("espeak-ng"), "{list}");
    assert!(bench.prints(&["voice", "list", "--json"]).contains("\"bytes\": 63201294"));
    bench.prints(&["voice", "remove", "other"]);
    assert_eq!(bench.files().len(), 2);
    bench.fails(&["voice", "remove", "other"], "there is no voice other");
}

#[test]
fn what_is_no_voice_is_not_installed() {
    let bench = Bench::new();
    let broken = bench.path("broken.onnx");
    let config = joe_folder().join(format!("{JOE}.onnx.json"));
    std::fs::copy(&config, bench.path("broken.onnx.json")).unwrap();
    std::fs::write(&broken, "no model").unwrap();
    let model = joe_folder().join(format!("{JOE}.onnx"));
    std::fs::copy(&model, bench.path("other.onnx")).unwrap();
    std::fs::write(bench.path("other.onnx.json"), "{}").unwrap();
    std::fs::copy(&model, bench.path("alone.onnx")).unwrap();
    std::fs::create_dir(bench.path("empty")).unwrap();
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let zeros = "0".repeat(64);
    let whole = server(usize::MAX);
    for (source, more, fault) in [
        (text(broken), &[][..], "broken.part.onnx"),
        (text(bench.path("other.onnx")), &[], "not the configuration of a Piper voice"),
        (text(bench.path("alone.onnx")), &[], "cannot read"),
        (text(bench.path("empty")), &[], "there is no voice"),
        (text(bench.path("gone.onnx")), &[], "cannot read"),
        (text(model.clone()), &["--sha256", &zeros], "not what was expected"),
        (text(model.clone()), &["--name", "espeak-ng"], "always there"),
        (format!("{whole}/nothing.onnx"), &[], "answered 404"),
        (format!("{}/{JOE}.onnx", server(1_000_000)), &[], "onnx: Peer disconnected"),
        ("ftp://voices.test/x.onnx".to_owned(), &[], "no address of a web server"),
        (format!("{whole}/"), &[], "does not end in NAME.onnx"),
    ] {
        bench.fails(&[&["voice", "install", &source], more].concat(), fault);
        assert_eq!(bench.files(), [""; 0], "{source}");
    }
    std::fs::remove_dir(bench.path("voices")).unwrap();
    std::fs::write(bench.path("voices"), "a file where the folder should be").unwrap();
    bench.fails(&["voice", "install", &text(model)], "cannot write");
}

#[test]
fn a_text_is_said_into_a_file_or_to_a_device() {
    let bench = Bench::new();
    bench.prints(&["voice", "install", joe_folder().to_str().unwrap()]);
    let file = bench.path("said.wav");
    let seconds = |file: &Path| smtp_appliance::audio::read(file).unwrap().duration().as_secs_f64();
    for arguments in [&["Disk full on web-01"][..], &["El disco está lleno", "--language", "es"]] {
        bench.prints(&[&["say", "-o", file.to_str().unwrap()], arguments].concat());
        assert!((1.0..5.0).contains(&seconds(&file)), "{arguments:?}: {}", seconds(&file));
    }
    let card = bench.path("card.wav");
    let device = simulated::playback(&card);
    bench.prints(&["say", "Disk full", "--voice", "espeak-ng", "--device", &device]);
    assert!(seconds(&card) > 0.5);
    bench.fails(&["say", " \t", "-o", "x.wav"], "nothing in this text");
    bench.fails(&["say", &"word ".repeat(4000), "-o", "x.wav"], "longer than 16 KiB");
    bench.fails(&["say", "a", "--voice", "nobody", "-o", "x.wav"], "there is no voice nobody");
    bench.fails(&["say", "a", "-o", "/nowhere/x.wav"], "/nowhere/x.wav");
}

#[test]
fn without_data_espeak_says_what_is_missing() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("espeak-ng-data")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
    command.args(["say", "a", "-o"]).arg(bench.path("x.wav"));
    command.arg("--config").arg(bench.path("none.toml"));
    let output = command.env("ESPEAK_DATA_PATH", bench.folder.path()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("install the package espeak-ng-data"), "{complaint}");
}
