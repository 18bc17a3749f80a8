//! `doctor`: what works, what does not, and what to do about it.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use smtp_appliance::health::{Part, State, Wakes};
use tokio::process::Command;

use crate::support::appliance::Place;
use crate::support::receiver::soon;

async fn doctor(config: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-appliance"));
    command.arg("doctor").arg("--config").arg(config).args(more).stdin(Stdio::null());
    soon(command.output()).await.unwrap()
}

/// The exit code, and each finding's first line without what differs between machines.
async fn finds(config: &Path, more: &[&str]) -> (i32, String) {
    let output = doctor(config, more).await;
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

const HERE: &str = "smtp,people,modem,gsm,signal,relay,store";

#[tokio::test]
async fn it_asks_the_running_appliance_and_tries_the_relay() {
    let place = Place::set(|settings| settings.sms.push_str("delivery_report = false\n")).await;
    let running = place.start();
    running.is(|status| matches!(status.wakes, Wakes::Yes(_))).await;
    running.is(|status| status.figures.signal_dbm.is_some()).await;
    running.is(|status| status.figures.operator.is_some()).await;
    let (code, found) = finds(&place.config(), &["--only", HERE]).await;
    assert_eq!(code, 0, "{found}");
    for line in [
        "ok       smtp           it runs; an alert would wake somebody, by sms\n",
        "ok       people         2 people, all within reach\n",
        "ok       modem          it answers on ",
        "ok       gsm            registered with ",
        "ok       signal         -",
        "ok       relay          127.0.0.1 answers\n",
        "ok       store          0 alerts wait\n",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    assert_eq!(place.mails.all().len(), 0, "no mail is sent");
    // What fails is told with what to do, and by the exit code.
    place.relay.troubles().add(Trouble::always(Step::Hello, Fault::reply("554 go away")));
    place.order("sim none").await;
    running.is(|status| matches!(status.of(Part::Gsm), State::Down(_))).await;
    let (code, found) = finds(&place.config(), &["--only", HERE]).await;
    assert_eq!(code, 1, "{found}");
    for line in [
        "ok       modem          it answers on ",
        "FAILED   gsm            no SIM card in the modem\n",
        "FAILED   relay          127.0.0.1: ",
        "→ compare relay, port, tls, user and password",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    // A module that answers is enough for the image to keep its slot.
    assert_eq!(finds(&place.config(), &["--only", "smtp,modem"]).await.0, 0);
    running.stop().await;
}

#[tokio::test]
async fn it_tries_the_modem_itself_where_nothing_runs() {
    let place = Place::new().await;
    fs::create_dir_all(place.store()).unwrap();
    let (code, found) = finds(&place.config(), &["--only", HERE]).await;
    assert_eq!(code, 1, "{found}");
    for line in [
        "FAILED   smtp           no appliance is running\n",
        "ok       modem          SIMCOM_SIM900 answers on ",
        "ok       gsm            registered with ",
        "ok       store          there is none yet",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    assert!(!place.store().join("queue").exists(), "it leaves no trace");
    place.order("unplug").await;
    let (_, found) = finds(&place.config(), &["--only", "modem,gsm"]).await;
    assert!(found.starts_with("FAILED   modem "), "{found}");
    assert!(!found.contains(" gsm "), "{found}");
}

/// What the operator tells is the same, whoever asks.
#[tokio::test]
async fn it_tells_the_balance_of_the_card() {
    let balance = "[modem.balance]\ncode = \"*100#\"\nwarning = 5.0\n";
    let place = Place::set(|settings| settings.web.push_str(balance)).await;
    fs::create_dir_all(place.store()).unwrap();
    let only = ["--only", "gsm,balance"];
    let (code, found) = finds(&place.config(), &only).await;
    assert_eq!(code, 0, "{found}");
    assert!(found.contains("ok       balance        10.00\n"), "{found}");
    place.order("ussd Saldo: 4.20 EUR").await;
    let running = place.start();
    running.is(|status| matches!(status.of(Part::Balance), State::Degraded(_))).await;
    let (_, found) = finds(&place.config(), &only).await;
    let low = "warning  balance        4.20 left, less than 5.00: top up the SIM card\n";
    assert!(found.contains(low), "{found}");
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_configuration_is_the_first_thing_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let (code, found) = finds(&file, &[]).await;
    assert!(code == 1 && found.starts_with("FAILED   configuration  cannot read"), "{found}");
    fs::write(&file, "[modem]\ndevise = \"/dev/modem\"\n").unwrap();
    let output = doctor(&file, &["--json"]).await;
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let grades: Vec<_> = found.as_array().unwrap().iter().map(|it| &it["grade"]).collect();
    assert_eq!(grades, ["failed", "failed"], "{found}");
    assert!(found[0]["advice"].as_str().unwrap().starts_with("mend it in "));
    assert_eq!(doctor(&file, &["--only", "nonsense"]).await.status.code(), Some(2));
}
