//! The way of somebody who has read the first lines of the README: from the link that the demo prints
//! to "my phone rang, and I see why", by clicks. It makes the pictures of `docs/pictures` too
//! (`target/web/pictures`).

use std::path::Path;
use std::time::Duration;

use crate::support::demo::Demo;

/// It takes less than a minute on a busy machine.
const PATIENCE: Duration = Duration::from_mins(6);

/// Largest picture, in bytes.
const LARGEST: u64 = 100_000;

#[tokio::test]
async fn a_newcomer_sees_that_the_phone_rang_and_why() {
    let demo = Demo::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pictures = root.join("target/web/pictures");
    let result = demo.browse("web_newcomer.mjs", &pictures, PATIENCE).await;
    // For a person to read: a time depends on the machine.
    println!("{} clicks, {} fields, {} s", result["clicks"], result["fields"], result["seconds"]);
    let names = result["pictures"].as_array().unwrap();
    assert!(names.len() >= 6, "{result}");
    for name in names {
        let size = std::fs::metadata(pictures.join(name.as_str().unwrap())).unwrap().len();
        assert!((2_000..LARGEST).contains(&size), "{name}: {size} bytes");
    }
    demo.stop().await;
}
