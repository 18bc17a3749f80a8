//! Debian's Chromium, driven by playwright-core, goes through the administration of the demo; axe-core
//! looks at each page. What it does stands in `web_browser.mjs`. Its pictures are left in
//! `target/web`.

use std::path::Path;
use std::time::Duration;

use crate::support::demo::Demo;

/// The demo tells its sample, then the browser goes its way: about a minute on an idle machine.
const PATIENCE: Duration = Duration::from_mins(8);

#[tokio::test]
async fn a_browser_goes_through_the_administration() {
    let demo = Demo::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let result = demo.browse("web_browser.mjs", &root.join("target/web"), PATIENCE).await;
    assert!(result["weights"].as_object().unwrap().len() >= 15, "{result}");
    demo.stop().await;
}
