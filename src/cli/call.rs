//! `call`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use smtp_appliance::channel::call::{CallByHand, Caller, Happening, Progress, Source};
use smtp_appliance::channel::{Channel, GsmChannel, Outcome, Reach, VoipChannel};
use smtp_appliance::config::{ChannelName, Config, Language, VoiceName};
use smtp_appliance::control::{self, Answer, ClientError};
use smtp_appliance::modem::Modem;
use smtp_appliance::speech::Speaker;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::output::{self, tame};
use super::send_test::describe;
use super::settings::channel_names;
use super::{Context, keep_speech_of_the_owner};
use super::{session, sip};

/// Exit code of a call that somebody or something took, and nobody accepted.
const ANSWERED: u8 = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance call ana \"The server room is too hot\"
  smtp-appliance call '+34 600 000 001' 'Hay fuego' --language es
  smtp-appliance call ana 'Disk full' --via voip
  smtp-appliance call ana 'Disk full' --voice en_US-joe-medium
  smtp-appliance call ana --file evacuation.mp3
  smtp-appliance call ana --input 20 --via voip

The running appliance calls; when none runs, the exchange, or the modem and the sound card, are used
from here. The
call does not go through the queue.

Exit codes: 0 accepted by the key, 3 answered but not accepted, 1 not answered or failed.")]
pub(super) struct Args {
    /// Short name of a person, a telephone number, or a SIP URI.
    #[arg(value_name = "PERSON|NUMBER|URI")]
    to: String,
    /// What is said.
    #[arg(required_unless_present_any = ["file", "input"])]
    text: Option<String>,
    /// A WAV or MP3 file that is heard in place of a text.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "input"])]
    file: Option<PathBuf>,
    /// So many seconds of what the sound card hears, live, in place of a text.
    #[arg(long, value_name = "SECONDS", conflicts_with = "text")]
    input: Option<u32>,
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
    let Args { to, text, file, input, language, voice, via } = args;
    let file = file.map(std::path::absolute).transpose()?;
    let sound = file.map(Source::File).or(input.map(Source::Input));
    // The appliance looks again: it may be another user's.
    sound.as_ref().map_or(Ok(()), Source::check).map_err(anyhow::Error::msg)?;
    let text = text.unwrap_or_default();
    let call = CallByHand { to, text, language, voice, via, sound };
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
    let by_sip = call.channel(&config).map_err(anyhow::Error::msg)?.is_by_sip();
    let mut outcome = None;
    session::run(async |stop: CancellationToken| {
        let cache = config.appliance.store.join("speech");
        let (_settings, settings) = watch::channel(Arc::new(config.clone()));
        let caller = Caller::new(settings.clone(), Speaker::start(settings, cache));
        let mut happens = caller.watchers().subscribe();
        let end = stop.child_token();
        let line = if by_sip {
            by_agent(caller, &config, end.clone()).await?
        } else {
            by_modem(caller, &config, end.clone())?
        };
        let mut telling = line.channel.tell(job);
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
        line.ended.await;
        Ok(())
    })?;
    Ok(outcome)
}

/// What a call from here goes through.
struct OwnLine {
    channel: Box<dyn Channel>,
    /// Resolves when what it uses is free again.
    ended: BoxFuture<'static, ()>,
}

fn by_modem(
    caller: Arc<Caller>,
    config: &Config,
    end: CancellationToken,
) -> anyhow::Result<OwnLine> {
    let Some(settings) = config.modem.clone() else {
        anyhow::bail!("no modem is configured; set modem.device");
    };
    let (modem, events) = Modem::start(settings, end);
    let (_, current) = watch::channel(Some(modem.clone()));
    let ended = Box::pin(async move {
        modem.stopped().await;
        drop(events);
    });
    Ok(OwnLine { channel: Box::new(GsmChannel::new(caller, current)), ended })
}

async fn by_agent(
    caller: Arc<Caller>,
    config: &Config,
    end: CancellationToken,
) -> anyhow::Result<OwnLine> {
    let agent = sip::agent_from_here(config, end).await?;
    let (_, current) = watch::channel(Some(agent.clone()));
    let ended = Box::pin(async move { agent.stopped().await });
    Ok(OwnLine { channel: Box::new(VoipChannel::new(caller, current)), ended })
}
