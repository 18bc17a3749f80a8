//! `doctor`: what works, what does not, and what to do about it.

mod finding;
mod machine;
mod modem;
mod running;
mod sound;

use std::process::ExitCode;

use smtp_appliance::channel::mail::check_relay;
use smtp_appliance::config::{ChannelName, Config, LoadError, Loaded};
use smtp_appliance::health::{Part, State, Status};

use super::{Context, session};
use finding::{Check, Finding, Grade, Waiting};
use running::Running;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance doctor
  smtp-appliance doctor --only modem,gsm,signal

It asks the running appliance what only that can know; the modem it tries itself when none runs. No
mail, no SMS and no call goes out: `send-test` and `call` are for that.
Exit codes: 0 nothing failed (warnings do not count), 1 something failed, 2 not understood.")]
pub(super) struct Args {
    /// Only these checks.
    #[arg(long, value_name = "CHECKS", value_delimiter = ',', hide_possible_values = false)]
    only: Vec<Check>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What every check has at hand.
struct Bench {
    config: Config,
    running: Running,
    waiting: Waiting,
    /// Whether the operator is to be asked for the balance, which takes its time.
    asks_balance: bool,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let wanted = |check: Check| args.only.is_empty() || args.only.contains(&check);
    let mut report = Report { json: args.json, findings: Vec::new() };
    let (config, findings) = configuration(context);
    for finding in findings
        .into_iter()
        .filter(|finding| wanted(Check::Configuration) || finding.grade == Grade::Failed)
    {
        report.take(finding, context)?;
    }
    if let Some(config) = config {
        let waiting = Waiting::new();
        waiting.say(Check::Smtp, "asking the running appliance");
        let running = Running::ask(&config);
        let bench = Bench { config, running, waiting, asks_balance: wanted(Check::Balance) };
        let checks = Check::ALL.into_iter().filter(|check| wanted(*check));
        // The modem is opened once for all that is asked of it.
        let mut modem = None;
        session::run(async |stop| {
            for check in checks {
                let found = tokio::select! {
                    found = bench.check(check, &mut modem) => found,
                    () = stop.cancelled() => anyhow::bail!("stopped"),
                };
                for finding in found {
                    bench.waiting.over();
                    report.take(finding, context)?;
                }
                bench.waiting.over();
            }
            Ok(())
        })?;
    }
    report.end(context)
}

/// What was found so far.
struct Report {
    json: bool,
    findings: Vec<Finding>,
}

impl Report {
    fn take(&mut self, finding: Finding, context: &mut Context) -> anyhow::Result<()> {
        if !self.json {
            context.out.line(&finding)?;
        }
        self.findings.push(finding);
        Ok(())
    }

    fn end(self, context: &mut Context) -> anyhow::Result<ExitCode> {
        if self.json {
            context.out.json(&self.findings)?;
        }
        let failed = self.findings.iter().any(|finding| finding.grade == Grade::Failed);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The configuration, and what is wrong with it.
fn configuration(context: &Context) -> (Option<Config>, Vec<Finding>) {
    let check = Check::Configuration;
    let file = context.config.display();
    match Config::load(&context.config) {
        Ok(Loaded { config, warnings }) if warnings.is_empty() => {
            (Some(config), vec![Finding::ok(check, format!("{file} is right"))])
        }
        Ok(Loaded { config, warnings }) => {
            let warnings = warnings.iter();
            let found = warnings.map(|warning| Finding::warning(check, warning.to_string(), ""));
            (Some(config), found.collect())
        }
        Err(LoadError::Wrong(_, faults)) => {
            let advice = format!("mend it in {file}; `smtp-appliance check-config` tries it");
            let faults = faults.iter();
            (None, faults.map(|fault| Finding::failed(check, fault.to_string(), &advice)).collect())
        }
        Err(error @ LoadError::Read(..)) => {
            let advice =
                "write one, or name another with --config; config.example.toml has every key";
            (None, vec![Finding::failed(check, error.to_string(), advice)])
        }
    }
}

impl Bench {
    async fn check(&self, check: Check, modem: &mut Option<modem::Seen>) -> Vec<Finding> {
        let one = match check {
            Check::Configuration => self.in_force(),
            Check::Smtp => {
                self.waiting.say(check, "waiting for the greeting");
                return self.running.smtp(&self.config).await;
            }
            Check::People => Some(self.people()),
            Check::Modem | Check::Gsm | Check::Signal | Check::Balance => {
                if modem.is_none() {
                    *modem = Some(modem::look(self, check).await);
                }
                modem.as_ref().and_then(|seen| seen.finding(check, &self.config))
            }
            Check::Audio => sound::audio(self).await,
            Check::Voices => return sound::voices(self),
            Check::Sip => self.sip(),
            Check::Relay => self.relay().await,
            Check::Network => machine::network(),
            Check::Clock => Some(machine::clock()),
            Check::Disk => Some(machine::disk(&self.config)),
            Check::Store => Some(machine::store(self)),
            Check::Power => machine::power(),
        };
        one.into_iter().collect()
    }

    fn status(&self) -> Option<&Status> {
        self.running.status()
    }

    /// What the running appliance says of its configuration.
    fn in_force(&self) -> Option<Finding> {
        let why = self.status()?.of(Part::Configuration).why()?;
        let advice = "until then the last good one stays in force";
        Some(Finding::failed(Check::Configuration, why, advice))
    }

    /// Whether a person would hear of an alert.
    fn people(&self) -> Finding {
        let people = &self.config.directory.people;
        if people.is_empty() {
            let advice = "smtp-appliance people add ana --phone '+34 600 000 001' --group oncall";
            return Finding::failed(Check::People, "nobody is in the configuration", advice);
        }
        let enabled = &self.config.channels.enabled;
        let unreached = people
            .values()
            .filter(|person| !enabled.iter().any(|channel| person.is_reachable_by(*channel)));
        let names: Vec<String> = unreached.map(|person| person.name.to_string()).collect();
        if names.is_empty() {
            let noun = if people.len() == 1 { "person" } else { "people" };
            return Finding::ok(
                Check::People,
                format!("{} {noun}, all within reach", people.len()),
            );
        }
        let seen = format!("no channel that is on reaches {}", names.join(", "));
        Finding::warning(
            Check::People,
            seen,
            "smtp-appliance people set NAME --phone …, or --mail …",
        )
    }

    fn sip(&self) -> Option<Finding> {
        let accounts = self.config.sip.accounts.len();
        if accounts == 0 {
            return None;
        }
        let check = Check::Sip;
        let advice =
            "compare domain, extension and password under [[sip.account]] with the exchange";
        Some(match self.status().map(|status| status.of(Part::Sip)) {
            None => {
                let advice = "smtp-appliance sip status tries them from here";
                Finding::warning(check, "only the running appliance can tell", advice)
            }
            Some(State::Ok) => Finding::ok(check, format!("{accounts} registered")),
            Some(State::Off) => Finding::warning(check, "the appliance does not use it", ""),
            Some(State::Degraded(why)) => Finding::warning(check, why, advice),
            Some(State::Down(why)) => Finding::failed(check, why, advice),
        })
    }

    async fn relay(&self) -> Option<Finding> {
        let check = Check::Relay;
        let relay = self.config.mail.relay.as_ref()?;
        if !self.config.channels.enabled.contains(&ChannelName::Mail) {
            return None;
        }
        self.waiting.say(check, &format!("connecting to {relay}"));
        Some(match check_relay(&self.config).await {
            Ok(()) => {
                let login =
                    if self.config.mail.user.is_some() { " and takes the login" } else { "" };
                Finding::ok(check, format!("{relay} answers{login}"))
            }
            Err(why) => {
                let advice = "compare relay, port, tls, user and password under [mail] with what your \
                              provider says";
                Finding::failed(check, format!("{relay}: {why}"), advice)
            }
        })
    }
}
