//! `call`

use std::process::ExitCode;
use std::sync::Arc;

use smtp_appliance::channel::call::{CallByHand, Caller, Happening, Progress};
use smtp_appliance::channel::{Channel, GsmChannel, Outcome, Reach};
use smtp_appliance::config::{ChannelName, Config, Language, VoiceName};
use smtp_appliance::control::{self, Answer, ClientError};
use smtp_appliance::modem::Modem;
use smtp_appliance::speech::Speaker;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::output::{self, tame};
use super::send_test::describe;
use super::session;
use super::settings::channel_names;
use super::{Context, keep_speech_of_the_owner};

/// Exit code of a call that somebody or something took, and nobody accepted.
const ANSWERED: u8 = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance call ana \"The server room is too hot\"
  smtp-appliance call '+34 600 000 001' 'Hay fuego' --language es
  smtp-appliance call ana 'Disk full' --voice en_US-joe-medium

The running appliance calls; when none runs, the modem and the sound card are used from here. The
call does not go through the queue.

Exit codes: 0 accepted by the key, 3 answered but not accepted, 1 not answered or failed.")]
pub(super) struct Args {
    /// Short name of a person, or a telephone number.
    #[arg(value_name = "PERSON|NUMBER")]
    to: String,
    /// What is said.
    text: String,
    /// Language of the text, if not hers: en, es, es-GT.
    #[arg(long, visible_alias = "lang", value_name = "TAG")]
    language: Option<Language>,
    /// Who says it, if not her voice: an installed voice, or espeak-ng.
    #[arg(long, value_name = "NAME")]
    voice: Option<VoiceName>,
    /// Kind of call; if not given, the first that is switched on.
    #[arg(long, value_name = "NAME", value_parser = channel_names(ChannelName::is_call))]
    via: Option<ChannelName>,
}

pub(super) fn run(args: Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let config = context.load()?;
    let Args { to, text, language, voice, via } = args;
    let call = CallByHand { to, text, language, voice, via };
    let out = &mut context.out;
    let mut show = |progress: Progress| show(out, &progress);
    let outcome = match control::call(&config.appliance.store, call.clone(), &mut show) {
        Err(ClientError::NotRunning(_)) => call_from_here(&call, config, &mut show)?,
        Ok(Answer::Tested { outcomes }) => outcomes.into_iter().next().map(|(_, outcome)| outcome),
        Ok(Answer::Failed { reason }) => anyhow::bail!("{reason}"),
        Ok(answer) => anyhow::bail!("unexpected answer: {answer:?}"),
        Err(error) => return Err(error.into()),
    };
    let Some(outcome) = outcome else { anyhow::bail!("nothing is known of the call's end") };
    context.out.line(describe(&outcome))?;
    Ok(match outcome {
        Outcome::Told { reach: Reach::Acknowledged, .. } => ExitCode::SUCCESS,
        Outcome::Told { .. } => ExitCode::from(ANSWERED),
        Outcome::Retry(_) | Outcome::Refused(_) | Outcome::Spared(_) => ExitCode::FAILURE,
    })
}

/// A line per thing that happens; that nobody reads it does not end a call.
fn show(out: &mut output::Output, progress: &Progress) {
    // The end is told with the exit code.
    if !matches!(progress.what, Happening::Ended(_)) {
        drop(out.line(tame(&progress.what.to_string())));
    }
}

/// Calls with the modem and the sound card, when no appliance has them.
fn call_from_here(
    call: &CallByHand,
    mut config: Config,
    show: &mut impl FnMut(Progress),
) -> anyhow::Result<Option<Outcome>> {
    keep_speech_of_the_owner(&mut config);
    let job = call.job(&config).map_err(anyhow::Error::msg)?;
    call.channel(&config).map_err(anyhow::Error::msg)?;
    let Some(modem) = config.modem.clone() else {
        anyhow::bail!("no modem is configured; set modem.device");
    };
    let mut outcome = None;
    session::run(async |stop: CancellationToken| {
        let cache = config.appliance.store.join("speech");
        let (_settings, config) = watch::channel(Arc::new(config));
        let speaker = Speaker::start(config.clone(), cache);
        let end = stop.child_token();
        let (modem, _events) = Modem::start(modem, end.clone());
        let (_modem, current) = watch::channel(Some(modem.clone()));
        let caller = Caller::new(config, speaker);
        let mut happens = caller.watchers().subscribe();
        let channel = GsmChannel::new(caller, current);
        let mut telling = channel.tell(job);
        let reports = loop {
            tokio::select! {
                biased;
                happening = happens.recv() => match happening {
                    Ok(progress) => show(progress),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break (&mut telling).await,
                },
                reports = &mut telling => break reports,
                () = stop.cancelled() => break Vec::new(),
            }
        };
        outcome = reports.into_iter().next().map(|report| report.outcome);
        drop(telling);
        end.cancel();
        modem.stopped().await;
        Ok(())
    })?;
    Ok(outcome)
}
