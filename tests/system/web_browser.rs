//! Debian's Chromium, driven by playwright-core, goes through the administration of the demo; axe-core
//! looks at each page. What it does stands in `web_browser.mjs`. Its pictures are left in
//! `target/web`.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::demo::Demo;
use crate::support::programs::{in_target, program};

/// The demo tells its sample, then the browser goes its way: about a minute on an idle machine.
const PATIENCE: Duration = Duration::from_mins(8);

#[tokio::test]
async fn a_browser_goes_through_the_administration() {
    let demo = Demo::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new(program("node", "nodejs"));
    node.arg(root.join("tests/system/web_browser.mjs"))
        .env("PAGES", &demo.pages)
        .env("TOKEN", &demo.token)
        .env("SMTP", &demo.smtp)
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
    demo.stop().await;
}
