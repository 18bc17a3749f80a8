//! schemathesis reads the API's description and asks the running appliance all that it allows, and
//! much that it does not: every answer must be one that is described. The seed is fixed.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use smtp_appliance::web::account::{AccountFile, ApiToken, Scope};
use tokio::process::Command;

use crate::support::appliance::Place;
use crate::support::programs::{folder, in_target, run_within};

/// It takes less than a minute on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// Requests for each operation and kind of data; the limits of each parameter are tried besides.
const EXAMPLES: &str = "6";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    let place = Place::set(|settings| {
        settings.web = String::from("listen = \"127.0.0.1:0\"\nhttps = false\n");
    })
    .await;
    let running = place.start();
    let accounts = AccountFile::in_folder(&place.store().join("web")).unwrap();
    let (token, shown) =
        ApiToken::make("schemathesis".into(), Scope::ALL.into(), Timestamp::now(), None).unwrap();
    accounts.change(|all| all.add_token(token)).unwrap();
    let address = running.web.unwrap();
    running.send("ana", "Disk full on web-01").await;
    running.idle().await;

    let results = folder();
    let report = results.path().join("report.json");
    let mut schemathesis = Command::new(in_target("venv/bin/schemathesis"));
    let folder_of_tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system");
    schemathesis
        .env("PYTHONPATH", &folder_of_tests)
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .arg("--config-file")
        .arg(folder_of_tests.join("schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{address}/api/v1/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {shown}")])
        .args(["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES])
        .args(["--seed", "1", "--generation-deterministic"])
        .args(["--checks", "all", "--no-color"])
        // How long an answer takes is for the figures, not for a test.
        .args(["--request-timeout", "300", "--max-response-time", "300"])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report)
        .current_dir(results.path());
    // It ends well only if it finds nothing.
    run_within(&mut schemathesis, b"", PATIENCE).await;
    // It was let in to the end, and asked for everything.
    assert!(accounts.read().unwrap().token(&shown, Timestamp::now()).is_some());
    let report: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let operations = &report["operations"];
    assert_eq!(report["exit_code"], json!(0));
    // All but the two that schemathesis.toml names.
    let (tested, total) = (operations["tested"].as_u64(), operations["total"].as_u64());
    assert_eq!(tested.unwrap() + 2, total.unwrap(), "{operations}");
    assert!(tested.unwrap() >= 49, "{operations}");
    assert!(report["test_cases"]["generated"].as_u64().unwrap() >= 1000, "{report}");
    running.stop().await;
}
