//! `api`: whatever the API can be asked, of the running appliance, without a token.

use std::io::{Read, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use axum::body::{Body, Bytes};
use axum::http::{Method, Response, StatusCode};
use clap::Args as ClapArgs;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use smtp_appliance::web::{local, operations};

use super::{Context, output, table};

/// Longest answer that is held, in bytes: a history may be longer, and is not asked for here.
const LONGEST: usize = 256 * 1024 * 1024;

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  smtp-appliance api                               what there is to ask
  smtp-appliance api get /status
  smtp-appliance api get '/alerts?state=failed&limit=5'
  smtp-appliance api post /alerts/7/acknowledge
  smtp-appliance api put /groups/night --data '{\"people\": [\"ana\"]}'
  smtp-appliance api post /intake/mail?to=ana --file mail.eml")]
pub(super) struct Args {
    /// get, post, put, patch or delete.
    #[arg(requires = "path")]
    method: Option<String>,
    /// What to ask, without /api/v1.
    path: Option<String>,
    /// The request's body.
    #[arg(long, conflicts_with = "file")]
    data: Option<String>,
    /// A file that is the request's body; - is standard input.
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(super) fn run(args: Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let (Some(method), Some(path)) = (&args.method, &args.path) else {
        let row = |one: &smtp_appliance::web::Operation| {
            let path = one.path.trim_start_matches("/api/v1").to_owned();
            vec![one.method.to_lowercase(), path, one.summary.clone()]
        };
        let rows: Vec<_> = operations().iter().map(row).collect();
        let text = table::render(&["METHOD", "PATH", "WHAT IT DOES"], &rows, output::width());
        context.out.bytes(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let method: Method = method.to_uppercase().parse().context("expected get, post, put, …")?;
    let body = match (args.data, args.file) {
        (Some(data), _) => Body::from(data),
        (None, Some(file)) if file.as_os_str() == "-" => {
            let mut read = Vec::new();
            stdin().lock().read_to_end(&mut read).context("cannot read standard input")?;
            Body::from(read)
        }
        (None, Some(file)) => from_file(&file)?,
        (None, None) => Body::empty(),
    };
    let Answer { status, bytes } = ask(context, method, path, body)?;
    if status.is_success() {
        context.out.bytes(&bytes)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            context.out.bytes(b"\n")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    bail!("{status}: {}", fault(&bytes))
}

/// A file as a body, read while it is sent.
pub(super) fn from_file(file: &std::path::Path) -> anyhow::Result<Body> {
    let unreadable = || format!("cannot read {}", file.display());
    let opened = std::fs::File::open(file).with_context(unreadable)?;
    let pieces = futures_util::stream::unfold(opened, async |mut opened| {
        let mut piece = vec![0; 64 * 1024];
        // Nothing else happens in this process meanwhile.
        match opened.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok(Bytes::from(piece)), opened))
            }
            Err(error) => Some((Err(error), opened)),
        }
    });
    Ok(Body::from_stream(pieces))
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) bytes: Bytes,
}

/// Asks, and waits for the whole answer.
pub(super) fn ask(
    context: &Context,
    method: Method,
    path: &str,
    body: Body,
) -> anyhow::Result<Answer> {
    let store = context.load()?.appliance.store;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer: Response<_> = local::ask(&store, method, path, body).await?;
        let status = answer.status();
        let bytes = axum::body::to_bytes(Body::new(answer.into_body()), LONGEST).await;
        Ok(Answer { status, bytes: bytes.context("the answer broke off, or is too long")? })
    })
}

/// What is asked for, if it is answered.
pub(super) fn get(context: &Context, path: &str) -> anyhow::Result<Bytes> {
    let Answer { status, bytes } = ask(context, Method::GET, path, Body::empty())?;
    if status.is_success() { Ok(bytes) } else { bail!("{}", fault(&bytes)) }
}

/// What is asked for, as one knows it.
pub(super) fn read<T: DeserializeOwned>(context: &Context, path: &str) -> anyhow::Result<T> {
    let bytes = get(context, path)?;
    serde_json::from_slice(&bytes).context("the running appliance is of another version")
}

/// Why not, for a person.
pub(super) fn fault(bytes: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Fault {
        error: String,
    }
    let said = serde_json::from_slice(bytes).map(|fault: Fault| fault.error);
    output::tame(&said.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned()))
}
