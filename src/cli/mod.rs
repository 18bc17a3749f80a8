//! The command line: one file per command. Answers go to standard output, complaints to standard
//! error; the exit code is 0 if it was done, 1 if it failed, 2 if it was not understood.

mod api;
mod audio;
mod call;
mod change;
mod check_config;
mod config;
mod demo;
mod doctor;
mod explain;
mod log;
mod manual;
mod modem_simulator;
mod output;
mod people;
mod provision;
mod queue;
mod run;
mod say;
mod send_test;
mod session;
mod settings;
mod sip;
mod statistics;
mod status;
mod table;
mod update;
mod voice;
mod web;

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use smtp_appliance::config::{ByteSize, Config, Loaded};
use smtp_appliance::control::Answer;

use output::{Closed, Output};

/// Takes alert mails by SMTP and tells a person, by a call, by SMS and by mail.
///
/// Point the monitoring system's mail at this machine: each mail is understood, filtered, kept on
/// a durable queue, and told to the people it is addressed to.
#[derive(Debug, Parser)]
#[command(
    name = "smtp-appliance",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Examples:
  smtp-appliance demo                          see it at work, without any hardware
  smtp-appliance check-config                  is the configuration right?
  smtp-appliance doctor                        does everything work?
  smtp-appliance config set mail.relay=smtp.example.org
  smtp-appliance people add ana --phone '+34 600 000 001' --group oncall
  smtp-appliance send-test ana                 does she get it?
  smtp-appliance call ana 'Disk full'          her phone rings, and says it
  smtp-appliance queue list --all              what was told, what was dropped, and why

Exit codes: 0 done, 1 failed, 2 not understood."
)]
struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SMTP_APPLIANCE_CONFIG",
        default_value = "/etc/smtp-appliance/config.toml"
    )]
    config: PathBuf,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the appliance until it is stopped (what the service does).
    Run(run::Args),
    /// Say whether a configuration file is right, and everything that is wrong with it.
    CheckConfig(check_config::Args),
    /// Say whether it would wake somebody now, and how each part is.
    Status(status::Args),
    /// Show and change any key of the configuration file, and go back.
    #[command(subcommand)]
    Config(config::Command),
    /// Show and change who is told.
    #[command(subcommand)]
    People(people::Command),
    /// Show the groups and their members.
    Groups(people::GroupsArgs),
    /// Show, switch and order the ways to tell people.
    #[command(subcommand)]
    Channel(settings::Channel),
    /// Set the language of people who have none of their own.
    Language(settings::LanguageArgs),
    /// Say how much of a mail goes out by SMS.
    #[command(subcommand)]
    Sms(settings::Sms),
    /// Find the sound card that leads to the modem, and try it.
    #[command(subcommand)]
    Audio(audio::Command),
    /// See and try the telephone on the exchange.
    #[command(subcommand)]
    Sip(sip::Command),
    /// Show alerts and what became of them; try or drop them by hand.
    #[command(subcommand)]
    Queue(queue::Command),
    /// Tell one person something harmless, to see whether it arrives.
    SendTest(send_test::Args),
    /// Call somebody and say a text; she accepts it by a key.
    Call(call::Args),
    /// Say a text aloud, or write it to a sound file.
    Say(say::Args),
    /// Show, install and remove the voices that speak.
    #[command(subcommand)]
    Voice(voice::Command),
    /// Show and change who may use the administration in the browser.
    #[command(subcommand)]
    Web(web::Command),
    /// Show how many alerts came, and how well they were told.
    Statistics(statistics::Args),
    /// Show the newest lines of the running appliance's log.
    Log(log::Args),
    /// Ask the running appliance whatever its API can be asked.
    Api(api::Args),
    /// Install a signed bundle on the image.
    Update(update::Args),
    /// Show what the appliance understands of a mail, and what it would tell.
    Explain(explain::Args),
    /// Say what works, what does not, and what to do about it.
    Doctor(doctor::Args),
    /// Show the appliance at work with a simulated modem, phone and relay.
    Demo(demo::Args),
    /// Be a GSM module on a pseudo-terminal, for trials without hardware.
    ModemSimulator(modem_simulator::Args),
    /// Take in appliance.toml from the card (what the image does at its start).
    Provision(provision::Args),
    /// Print the completions of a shell.
    Completions(manual::CompletionsArgs),
    /// Print the manual page.
    #[command(after_help = "Example:
  smtp-appliance man | man -l -")]
    Man,
}

/// What every command has at hand.
struct Context {
    /// Path of the configuration file.
    config: PathBuf,
    out: Output,
}

impl Context {
    /// The configuration; what is odd about it is for `check-config` to say.
    fn load(&self) -> anyhow::Result<Config> {
        let Loaded { config, .. } = Config::load(&self.config)?;
        Ok(config)
    }

    /// The configuration, or the defaults for commands that are of use before there is one.
    fn load_or_default(&self) -> anyhow::Result<Config> {
        if self.config.exists() {
            return self.load();
        }
        let parsed = Config::parse("").map_err(|_| anyhow::anyhow!("the defaults are wrong"))?;
        Ok(parsed.config)
    }
}

/// What is to be said of an answer that is none to what was asked.
fn unexpected(answer: Answer) -> anyhow::Error {
    if let Answer::Failed { reason } = answer {
        return anyhow::Error::msg(reason);
    }
    anyhow::anyhow!("unexpected answer of the running appliance: {answer:?}")
}

/// Speech is kept in the store by its owner alone: the appliance could not replace what somebody
/// else left there.
fn keep_speech_of_the_owner(config: &mut Config) {
    let owner = std::fs::metadata(&config.appliance.store).map(|store| store.uid());
    if owner.ok() != Some(rustix::process::geteuid().as_raw()) {
        config.speech.cache = ByteSize(0);
    }
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told that nobody listens.
            drop(error.print());
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    // With two providers among the dependencies rustls asks to be told which one; the only reason
    // to fail is that it has been told.
    drop(rustls::crypto::ring::default_provider().install_default());
    let context = Context { config: cli.config, out: Output::new() };
    match dispatch(cli.command, context) {
        Ok(code) => code,
        // `smtp-appliance queue list | head` is no failure.
        Err(error) if error.is::<Closed>() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command, mut context: Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::CheckConfig(args) => return check_config::run(args, &mut context),
        Command::Status(args) => return status::run(&args, &mut context),
        Command::Api(args) => return api::run(args, &mut context),
        Command::Doctor(args) => return doctor::run(&args, &mut context),
        Command::Provision(args) => return provision::run(&args, &mut context),
        Command::Call(args) => return call::run(args, &mut context),
        Command::SendTest(args) => return send_test::run(&args, &mut context),
        Command::Sip(command) => return sip::run(command, &mut context),
        Command::Run(args) => run::run(&args, &context)?,
        Command::Config(command) => config::run(command, &mut context)?,
        Command::People(command) => people::run(command, &mut context)?,
        Command::Groups(args) => people::groups(&args, &mut context)?,
        Command::Channel(command) => settings::channel(command, &mut context)?,
        Command::Language(args) => settings::language(args, &mut context)?,
        Command::Sms(command) => settings::sms(&command, &mut context)?,
        Command::Audio(command) => audio::run(command, &mut context)?,
        Command::Queue(command) => queue::run(&command, &mut context)?,
        Command::Say(args) => say::run(args, &context)?,
        Command::Web(command) => web::run(command, &mut context)?,
        Command::Voice(command) => voice::run(&command, &mut context)?,
        Command::Statistics(args) => statistics::run(&args, &mut context)?,
        Command::Log(args) => log::run(&args, &mut context)?,
        Command::Update(args) => update::run(&args, &mut context)?,
        Command::Explain(args) => explain::run(&args, &mut context)?,
        Command::Demo(args) => demo::run(args)?,
        Command::ModemSimulator(args) => modem_simulator::run(args)?,
        Command::Completions(args) => manual::completions(&args, &mut context.out)?,
        Command::Man => manual::man(&mut context.out)?,
    }
    Ok(ExitCode::SUCCESS)
}
