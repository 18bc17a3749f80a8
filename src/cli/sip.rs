//! `sip`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use smtp_appliance::channel::call::{Trial, try_line};
use smtp_appliance::config::Config;
use smtp_appliance::control::{self, Answer, ClientError, Request, SipAccountView, SipState};
use smtp_appliance::sip::{Agent, Registration};
use tokio_util::sync::CancellationToken;

use super::output::tame;
use super::{Context, session};

/// How long an account may take to register, when it is tried from here.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line below this estimated score is one that people complain about.
const FAIR_MOS: u16 = 360;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Say whether the accounts are registered, since when, and how far away the exchange is.
    #[command(after_help = "Examples:
  smtp-appliance sip status
  smtp-appliance sip status --json

When no appliance runs, the accounts are tried from here. Exit codes: 0 a call can be made, 1 not.")]
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Call an extension to try the line: how soon it answers, how well sound travels, and whether it
    /// comes back.
    #[command(after_help = "Examples:
  smtp-appliance sip test '*43'                    an extension that echoes (FreePBX)
  smtp-appliance sip test 101                      a telephone: pick it up and listen for the tone
  smtp-appliance sip test sip:ana@example.org

When no appliance runs, the call is made from here. Exit codes: 0 answered, and the line is good; 1 not.")]
    Test {
        /// An extension, a number or a SIP URI.
        to: String,
    },
}

pub(super) fn run(command: Command, context: &mut Context) -> anyhow::Result<ExitCode> {
    let config = context.load()?;
    if config.sip.accounts.is_empty() {
        anyhow::bail!("no account of an exchange is configured; add a [[sip.account]]");
    }
    match command {
        Command::Status { json } => {
            let accounts = status(&config)?;
            if json {
                context.out.json(&accounts)?;
            } else {
                for account in &accounts {
                    context.out.line(describe(account))?;
                }
            }
            Ok(code(accounts.iter().any(|account| account.usable)))
        }
        Command::Test { to } => {
            let trial = test(&config, &to)?;
            for line in report(&trial) {
                context.out.line(line)?;
            }
            let mos = trial.quality.as_ref().and_then(|quality| quality.mos_hundredths);
            Ok(code(trial.answered_ms.is_some() && mos.is_none_or(|mos| mos >= FAIR_MOS)))
        }
    }
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn status(config: &Config) -> anyhow::Result<Vec<SipAccountView>> {
    match control::ask(&config.appliance.store, &Request::SipStatus) {
        Ok(Answer::SipStatus { accounts }) => Ok(accounts),
        Ok(Answer::Failed { reason }) => anyhow::bail!("{reason}"),
        Ok(answer) => anyhow::bail!("unexpected answer: {answer:?}"),
        Err(ClientError::NotRunning(_)) => from_here(config, async |agent, _| {
            let now = tokio::time::Instant::now().into_std();
            Ok(agent.status().iter().map(|account| SipAccountView::of(account, now)).collect())
        }),
        Err(error) => Err(error.into()),
    }
}

fn test(config: &Config, to: &str) -> anyhow::Result<Trial> {
    match control::ask(&config.appliance.store, &Request::SipTest { to: to.to_owned() }) {
        Ok(Answer::SipTested { trial }) => Ok(trial),
        Ok(Answer::Failed { reason }) => anyhow::bail!("{reason}"),
        Ok(answer) => anyhow::bail!("unexpected answer: {answer:?}"),
        Err(ClientError::NotRunning(_)) => from_here(config, async |agent, config| {
            try_line(agent, to, config).await.map_err(anyhow::Error::msg)
        }),
        Err(error) => Err(error.into()),
    }
}

/// Does something with a user agent of our own.
fn from_here<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Agent, &Config) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut done = None;
    session::run(async |stop: CancellationToken| {
        let end = stop.child_token();
        let agent = tokio::select! {
            agent = agent_from_here(config, end.clone()) => agent?,
            () = stop.cancelled() => anyhow::bail!("stopped"),
        };
        let result = tokio::select! {
            result = work(&agent, config) => result,
            () = stop.cancelled() => Err(anyhow::anyhow!("stopped")),
        };
        end.cancel();
        agent.stopped().await;
        done = Some(result?);
        Ok(())
    })?;
    done.ok_or_else(|| anyhow::anyhow!("stopped"))
}

/// A user agent of our own, once every account knows where it stands.
pub(super) async fn agent_from_here(
    config: &Config,
    end: CancellationToken,
) -> anyhow::Result<Agent> {
    let listen = config.sip.listen;
    let agent = Agent::start(config.sip.clone(), end)
        .with_context(|| format!("cannot open the port of SIP, {listen}"))?;
    let mut accounts = agent.watch();
    let settled = accounts.wait_for(|accounts| {
        accounts.iter().all(|account| match account.state {
            Registration::Trying => false,
            Registration::Off => account.usable || account.last_error.is_some(),
            Registration::Registered { .. } | Registration::Failed { .. } => true,
        })
    });
    // Who needs longer has not registered yet, and says so.
    drop(tokio::time::timeout(PATIENCE, settled).await);
    Ok(agent)
}

fn describe(account: &SipAccountView) -> String {
    let state = match &account.state {
        SipState::Off if account.usable => "does not register, and the exchange answers".to_owned(),
        SipState::Off => "does not register".to_owned(),
        SipState::Trying => "is being registered".to_owned(),
        SipState::Registered { for_s, expires_in_s } => {
            format!("registered for {for_s} s, good for {expires_in_s} s more")
        }
        SipState::Failed { why, next_try_in_s } => {
            format!("NOT REGISTERED: {}, tried again in {next_try_in_s} s", tame(why))
        }
    };
    let mut words = vec![format!("{} ({})", tame(&account.account), account.transport), state];
    let tenths = |micros: u64| format!("round trip {}.{} ms", micros / 1000, micros / 100 % 10);
    words.extend(account.round_trip_us.map(tenths));
    words.extend(account.contact.map(|contact| format!("seen as {contact}")));
    words.extend(account.last_error.as_ref().map(|error| format!("last error: {}", tame(error))));
    words.join("; ")
}

fn report(trial: &Trial) -> Vec<String> {
    let seconds = |ms: u64| format!("{}.{:02} s", ms / 1000, ms % 1000 / 10);
    let mut lines = Vec::new();
    lines.extend(trial.rang_ms.map(|ms| format!("ringing after {}", seconds(ms))));
    lines.extend(trial.answered_ms.map(|ms| format!("answered after {}", seconds(ms))));
    lines.extend(trial.quality.as_ref().map(ToString::to_string));
    if trial.answered_ms.is_some() {
        let received = trial.quality.as_ref().is_some_and(|quality| quality.received.packets > 0);
        lines.push(match (trial.echo, received) {
            (Some(echo), _) => {
                format!("our tone came back after {} ms, {} % alike", echo.after_ms, echo.likeness)
            }
            (None, true) => "our tone did not come back: it is no echo".to_owned(),
            (None, false) => {
                "NOTHING WAS HEARD of the other side: is a firewall in the way?".to_owned()
            }
        });
    }
    lines.push(tame(&trial.end));
    lines
}
