//! `channel`, `language`, `sms`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use smtp_appliance::config::edit::Edit;
use smtp_appliance::config::{ChannelName, Config, Language, Person};

use super::{Context, change, table};

#[derive(Debug, Subcommand)]
pub(super) enum Channel {
    /// Show the channels in their order.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Switch a channel on.
    Enable {
        /// Which.
        #[arg(value_parser = channel_names(|_| true))]
        channel: ChannelName,
    },
    /// Switch a channel off.
    Disable {
        /// Which.
        #[arg(value_parser = channel_names(|_| true))]
        channel: ChannelName,
    },
    /// Set which channel begins first; those not named come last.
    #[command(after_help = "Example:
  smtp-appliance channel order gsm sms mail

All enabled channels tell, side by side: the order says which begins.")]
    Order {
        /// The channels, the first one first.
        #[arg(required = true, value_parser = channel_names(|_| true))]
        channels: Vec<ChannelName>,
    },
}

/// Reads a channel's name; help and completions show those there are.
pub(super) fn channel_names(
    among: impl Fn(ChannelName) -> bool,
) -> impl TypedValueParser<Value = ChannelName> {
    let names = ChannelName::ALL.into_iter().filter(|name| among(*name));
    PossibleValuesParser::new(names.map(ChannelName::as_str))
        .try_map(|name| name.parse::<ChannelName>())
}

pub(super) fn channel(command: Channel, context: &mut Context) -> anyhow::Result<()> {
    match command {
        Channel::List { json } => list(&context.load()?, json, context),
        Channel::Enable { channel } => {
            change::make(&Edit::SwitchChannel(channel, true), &format!("{channel} is on"), context)
        }
        Channel::Disable { channel } => {
            let done = format!("{channel} is off");
            change::make(&Edit::SwitchChannel(channel, false), &done, context)
        }
        Channel::Order { channels } => {
            let names: Vec<&str> = channels.iter().map(|channel| channel.as_str()).collect();
            let done = format!("the order is {}", names.join(", "));
            change::make(&Edit::OrderChannels(channels), &done, context)
        }
    }
}

/// A channel as JSON.
#[derive(Serialize)]
struct ChannelView {
    name: ChannelName,
    enabled: bool,
    /// Whether it has what it sends through: a relay, a modem.
    equipped: bool,
    /// How many people it reaches.
    people: usize,
}

fn list(config: &Config, json: bool, context: &mut Context) -> anyhow::Result<()> {
    let enabled = &config.channels.enabled;
    let off = ChannelName::ALL.into_iter().filter(|channel| !enabled.contains(channel));
    let all = enabled.iter().copied().chain(off);
    let view = |name: ChannelName| {
        let reached = |person: &&Person| person.is_reachable_by(name);
        ChannelView {
            name,
            enabled: enabled.contains(&name),
            equipped: match name {
                ChannelName::Mail => config.mail.relay.is_some(),
                ChannelName::Sms | ChannelName::Gsm => config.modem.is_some(),
                ChannelName::Voip | ChannelName::SipMessage => !config.sip.accounts.is_empty(),
            },
            people: config.directory.people.values().filter(reached).count(),
        }
    };
    let views: Vec<ChannelView> = all.map(view).collect();
    if json {
        return context.out.json(&views);
    }
    let row = |view: &ChannelView| {
        let state = match (view.enabled, view.equipped, view.name) {
            (false, _, _) => "off",
            (true, true, _) => "on",
            (true, false, ChannelName::Mail) => "on, without a relay",
            (true, false, ChannelName::Sms | ChannelName::Gsm) => "on, without a modem",
            (true, false, ChannelName::Voip | ChannelName::SipMessage) => "on, without an account",
        };
        vec![view.name.to_string(), state.to_owned(), view.people.to_string()]
    };
    let rows: Vec<_> = views.iter().map(row).collect();
    let heading = ["CHANNEL", "STATE", "PEOPLE REACHED"];
    context.out.bytes(table::render(&heading, &rows, None).as_bytes())
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  smtp-appliance language es
  smtp-appliance language es-GT")]
pub(super) struct LanguageArgs {
    /// IETF tag: en, es, es-GT.
    tag: Language,
}

pub(super) fn language(args: LanguageArgs, context: &mut Context) -> anyhow::Result<()> {
    let done = format!("the language is {}", args.tag);
    change::make(&Edit::SetLanguage(args.tag), &done, context)
}

#[derive(Debug, Subcommand)]
pub(super) enum Sms {
    /// Send the full text of a mail in as many SMS as it takes, or only the first one.
    FullText {
        /// on: all parts; off: the first only.
        switch: Switch,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

pub(super) fn sms(command: &Sms, context: &mut Context) -> anyhow::Result<()> {
    match command {
        Sms::FullText { switch } => {
            let done = match switch {
                Switch::On => "SMS carry the full text",
                Switch::Off => "SMS carry the first part only",
            };
            change::make(&Edit::SetFullText(*switch == Switch::On), done, context)
        }
    }
}
