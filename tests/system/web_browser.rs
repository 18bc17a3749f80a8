//! Debian's Chromium, driven by playwright-core, goes through the administration of the demo; axe-core
//! looks at each page. What it does stands in `web_browser.mjs`. Its pictures are left in
//! `target/web`; those in `docs` are made of them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::programs::{in_target, program};

/// The demo tells its sample, then the browser goes its way: about a minute on an idle machine.
const PATIENCE: Duration = Duration::from_mins(8);

#[tokio::test]
async fn a_browser_goes_through_the_administration() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"))
        .args(["demo", "--port", "0", "--web-port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let smtp = Regex::new(r"mails on 127\.0\.0\.1:(\d+)").unwrap();
    let pages = Regex::new(r"(http://[\d.:]+)/setup\?token=(\S+)").unwrap();
    let (mut port, mut found) = (String::new(), None);
    let introduced = async {
        while found.is_none() {
            let line = lines.next_line().await.unwrap().expect("the demo goes on");
            if let Some(named) = smtp.captures(&line) {
                named[1].clone_into(&mut port);
            }
            found = pages.captures(&line).map(|named| (named[1].to_owned(), named[2].to_owned()));
        }
    };
    timeout(PATIENCE, introduced).await.unwrap();
    let (address, token) = found.unwrap();
    // What the demo says later must not stop it.
    let rest = tokio::spawn(async move { while lines.next_line().await.unwrap().is_some() {} });

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new(program("node", "nodejs"));
    node.arg(root.join("tests/system/web_browser.mjs"))
        .env("PAGES", address)
        .env("TOKEN", token)
        .env("SMTP", port)
        .env("OUT", root.join("target/web"))
        .env("MODULES", in_target("node"))
        .env("CHROMIUM", program("chromium", "chromium"))
        .kill_on_drop(true);
    let answer = timeout(PATIENCE, node.output()).await.unwrap().unwrap();
    let (text, errors) =
        (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    let result: Value =
        serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{text}{errors}"));
    assert_eq!(result["faults"], Value::Array(Vec::new()), "{text}");
    assert!(result["weights"].as_object().unwrap().len() >= 15, "{text}");
    demo.kill().await.unwrap();
    rest.await.unwrap();
}
