//! What the button has done.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::channel::call::CallByHand;
use crate::channel::{Job, Outcome};
use crate::config::{ChannelName, Config};
use crate::dispatch::Command;

/// The file that asks for provisioning, in the service's runtime folder.
const REPROVISION: &str = "reprovision";

/// Calls the admin; where no channel calls, tells her by the others.
pub(super) async fn test(commands: mpsc::Sender<Command>, config: Arc<Config>) {
    let (job, channels) = match admins_test(&config) {
        Ok(test) => test,
        Err(reason) => return tracing::warn!("the button is pressed: {reason}"),
    };
    for channel in channels {
        tracing::info!(%channel, "the button is pressed: a test goes out");
        let (answer, answered) = oneshot::channel();
        let command = Command::Test(Box::new(job.clone()), channel, answer);
        if commands.send(command).await.is_err() {
            return;
        }
        let outcomes = match answered.await {
            Ok(Ok(outcomes)) => outcomes,
            Ok(Err(error)) => return tracing::warn!(%channel, %error, "the test did not go out"),
            Err(_) => return,
        };
        for outcome in outcomes {
            match outcome {
                Outcome::Told { reach, detail, .. } => {
                    tracing::info!(%channel, ?reach, detail, "the test arrived");
                }
                Outcome::Retry(reason) | Outcome::Refused(reason) | Outcome::Spared(reason) => {
                    tracing::warn!(%channel, reason, "the test did not arrive");
                }
            }
        }
    }
}

/// What is told to whom by what.
fn admins_test(config: &Config) -> Result<(Job, Vec<ChannelName>), String> {
    let board = config.board.as_ref();
    let admin = board.and_then(|board| board.admin.clone());
    let admin = admin.ok_or("nobody is called, as board.admin is not set")?;
    let text = format!("Test from {}. Nothing is wrong.", config.appliance.name);
    let call = CallByHand {
        to: admin.to_string(),
        text,
        language: None,
        voice: None,
        via: None,
        sound: None,
    };
    let job = call.job(config)?;
    let person = job.people.first();
    let reached = config.channels.enabled.iter().copied();
    let reached: Vec<ChannelName> = reached
        .filter(|channel| person.is_some_and(|person| person.is_reachable_by(*channel)))
        .collect();
    let calls = reached.iter().copied().find(|channel| channel.is_call());
    let channels = calls.map_or(reached, |call| vec![call]);
    if channels.is_empty() {
        return Err(format!("no channel reaches {admin}"));
    }
    Ok((job, channels))
}

/// Asks for provisioning: whoever watches for the file does it.
pub(super) fn reprovision(store: &Path) {
    // systemd gives a list where several are configured.
    let runtime = env::var("RUNTIME_DIRECTORY").ok();
    let first = runtime.as_deref().and_then(|list| list.split(':').next()).map(PathBuf::from);
    let file = first.unwrap_or_else(|| store.to_owned()).join(REPROVISION);
    match fs::write(&file, "") {
        Ok(()) => tracing::warn!(file = %file.display(), "the button was held: provision anew"),
        Err(error) => {
            let file = file.display();
            tracing::error!(%file, %error, "the button was held, and provisioning cannot be asked for");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: &str = "[[person]]\nname = \"ana\"\nphone = \"+34600000001\"\nmail = \"a@x.example\"\n\
                          [board]\nadmin = \"ana\"\n[modem]\ndevice = \"/dev/null\"\n";

    #[test]
    fn the_admin_is_called_or_told_otherwise() {
        let rows = [
            ("", "gsm"),
            ("[gsm]\nenabled = false\n", "mail, sms"),
            ("[gsm]\nenabled = false\n[sms]\nenabled = false\n", "mail"),
            (
                "[channels]\norder = []\n[gsm]\nenabled = false\n[sms]\nenabled = false\n[mail]\nenabled = false\n",
                "!no channel reaches ana",
            ),
        ];
        for (settings, expected) in rows {
            let config = Config::parse(&format!("{PEOPLE}{settings}")).unwrap().config;
            let told = match admins_test(&config) {
                Ok((_, channels)) => {
                    let names: Vec<_> = channels.iter().map(|channel| channel.as_str()).collect();
                    names.join(", ")
                }
                Err(reason) => format!("!{reason}"),
            };
            assert_eq!(told, expected, "{settings}");
        }
        let nobody = Config::parse("[board]\n").unwrap().config;
        assert!(admins_test(&nobody).is_err());
    }
}
