//! The demo, as `make run` starts it, on free ports.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::programs::{in_target, program};

/// No demo takes so long to begin.
const PATIENCE: Duration = Duration::from_mins(2);

/// One that runs until it is stopped.
pub(crate) struct Demo {
    process: Child,
    rest: JoinHandle<()>,
    /// Its SMTP port.
    pub(crate) smtp: String,
    /// Where its pages are, without a path.
    pub(crate) pages: String,
    /// With which the first user is made.
    pub(crate) token: String,
}

impl Demo {
    /// Resolves when it has said where its pages are.
    pub(crate) async fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"))
            .args(["demo", "--port", "0", "--web-port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mails = Regex::new(r"mails on 127\.0\.0\.1:(\d+)").unwrap();
        let pages = Regex::new(r"(http://[\d.:]+)/setup\?token=(\S+)").unwrap();
        let introduced = async {
            let mut smtp = String::new();
            loop {
                let line = lines.next_line().await.unwrap().expect("the demo goes on");
                if let Some(named) = mails.captures(&line) {
                    named[1].clone_into(&mut smtp);
                }
                if let Some(named) = pages.captures(&line) {
                    return (smtp, named[1].to_owned(), named[2].to_owned());
                }
            }
        };
        let (smtp, pages, token) = timeout(PATIENCE, introduced).await.unwrap();
        // What it says later must not stop it.
        let rest = tokio::spawn(async move { while lines.next_line().await.unwrap().is_some() {} });
        Self { process, rest, smtp, pages, token }
    }

    /// Has a browser go through its pages by a script of the system tests, which says as JSON what it
    /// found.
    ///
    /// # Panics
    /// If it finds faults, or takes longer than this.
    pub(crate) async fn browse(&self, script: &str, out: &Path, patience: Duration) -> Value {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system");
        let mut node = Command::new(program("node", "nodejs"));
        node.arg(tests.join(script))
            .env("PAGES", &self.pages)
            .env("TOKEN", &self.token)
            .env("SMTP", &self.smtp)
            .env("OUT", out)
            .env("MODULES", in_target("node"))
            .env("CHROMIUM", program("chromium", "chromium"))
            .kill_on_drop(true);
        let answer = timeout(patience, node.output()).await.unwrap().unwrap();
        let (text, errors) =
            (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
        let result: Value =
            serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{text}{errors}"));
        assert_eq!(result["faults"], Value::Array(Vec::new()), "{text}");
        result
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.unwrap();
        self.rest.await.unwrap();
    }
}
