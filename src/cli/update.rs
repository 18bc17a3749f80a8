//! `update`: hands a signed bundle to the running appliance of the image, and waits for its end.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use axum::http::Method;
use clap::Args as ClapArgs;
use serde::Deserialize;

use super::api::Answer;
use super::{Context, api, output};

/// How often is asked whether it is installed.
const ASK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:
  smtp-appliance update smtp-appliance-0.2.0.raucb

It is used from the next start of the machine on.")]
pub(super) struct Args {
    /// The signed bundle.
    bundle: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Updated {
    state: String,
    said: Option<String>,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<()> {
    let bundle = api::from_file(&args.bundle)?;
    let Answer { status, bytes } = api::ask(context, Method::POST, "/update", bundle)?;
    if !status.is_success() {
        bail!("{}", api::fault(&bytes));
    }
    context.out.line("the bundle is there; it is being checked and installed")?;
    loop {
        let now: Updated = api::read(context, "/update")?;
        let said = output::tame(&now.said.unwrap_or_default());
        match now.state.as_str() {
            "installing" => std::thread::sleep(ASK_EVERY),
            "installed" => {
                return context
                    .out
                    .line("installed; it is used from the next start of the machine on");
            }
            _ => bail!("it was not installed: {said}"),
        }
    }
}
