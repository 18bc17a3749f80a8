//! `web`: who may use the administration, changed in its file, whether the appliance runs or not.

use std::collections::BTreeSet;
use std::io::{self, BufRead};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use jiff::Timestamp;
use smtp_appliance::web::Audit;
use smtp_appliance::web::account::{
    AccountFile, ApiToken, Role, Scope, SetupToken, UserName, check_password, hash_password,
};

use super::Context;
use super::change::WHO;

/// A day.
const DAY: Duration = Duration::from_hours(24);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show and change who may log in.
    #[command(subcommand)]
    User(User),
    /// Show, make and remove the tokens of programs.
    #[command(subcommand)]
    Token(Token),
    /// Print the token by which the first user is made in the browser.
    SetupToken,
    /// Show who changed what, the newest first.
    Audit {
        /// Most entries.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Show everybody.
    List,
    /// Add somebody; the password is read from standard input.
    #[command(after_help = "Example:
  printf 'correct horse battery\\n' | smtp-appliance web user add ana --role operator")]
    Add {
        /// Name to log in with.
        name: UserName,
        /// viewer, operator or admin.
        #[arg(long, default_value = "viewer")]
        role: Role,
    },
    /// Set another password, read from standard input; her sessions end.
    Password {
        /// Who.
        name: UserName,
    },
    /// Give another role.
    Role {
        /// Who.
        name: UserName,
        /// viewer, operator or admin.
        role: Role,
    },
    /// Take a lost second factor away.
    TotpOff {
        /// Who.
        name: UserName,
    },
    /// Take somebody out.
    Remove {
        /// Who.
        name: UserName,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Show all tokens, without what opens the door.
    List,
    /// Make a token; it is printed this once.
    #[command(after_help = "Examples:
  smtp-appliance web token add alertmanager --scope intake
  smtp-appliance web token add prometheus --scope metrics --days 365")]
    Add {
        /// What uses it.
        name: String,
        /// What it is good for: intake, metrics, read, act, configure; may be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// Days until it ends; never if not given.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Remove a token.
    Remove {
        /// Its name.
        name: String,
    },
}

pub(super) fn run(command: Command, context: &mut Context) -> anyhow::Result<()> {
    let folder = context.load()?.appliance.store.join("web");
    let file = AccountFile::in_folder(&folder)?;
    let audit = Audit::in_folder(&folder);
    match command {
        Command::User(command) => user(command, &file, &audit, context),
        Command::Token(command) => token(command, &file, &audit, context),
        Command::SetupToken => {
            if !file.read()?.users.is_empty() {
                bail!("the appliance is set up already; see `smtp-appliance web user`");
            }
            let token = SetupToken::have(&folder).context("cannot make the set-up token")?;
            context.out.line(token.reveal())
        }
        Command::Audit { limit, json: true } => context.out.json(&audit.newest(limit)),
        Command::Audit { limit, json: false } => audit.newest(limit).iter().try_for_each(|entry| {
            let (at, who, from) = (entry.at, &entry.who, &entry.from);
            let detail = entry.detail.replace('\n', " | ");
            context.out.line(format_args!("{at} {who} {from} {} {detail}", entry.what))
        }),
    }
}

fn user(
    command: User,
    file: &AccountFile,
    audit: &Audit,
    context: &mut Context,
) -> anyhow::Result<()> {
    let note = |what, name: &UserName| audit.note(WHO, "", what, name.as_str());
    match command {
        User::List => {
            for (name, user) in &file.read()?.users {
                let factor = if user.totp.is_some() { ", second factor" } else { "" };
                context.out.line(format_args!("{name} {}{factor}", user.role))?;
            }
            return Ok(());
        }
        User::Add { name, role } => {
            let hash = read_password(&name)?;
            file.change(|all| all.add(name.clone(), role, hash))?;
            note("user.add", &name);
        }
        User::Password { name } => {
            let hash = read_password(&name)?;
            file.change(|all| all.set_password(&name, hash))?;
            note("password", &name);
        }
        User::Role { name, role } => {
            file.change(|all| all.set_role(&name, role))?;
            note("user.role", &name);
        }
        User::TotpOff { name } => {
            file.change(|all| all.clear_totp(&name))?;
            note("totp.off", &name);
        }
        User::Remove { name } => {
            file.change(|all| all.remove(&name))?;
            note("user.remove", &name);
        }
    }
    context.out.line("done")
}

fn token(
    command: Token,
    file: &AccountFile,
    audit: &Audit,
    context: &mut Context,
) -> anyhow::Result<()> {
    match command {
        Token::List => {
            for token in &file.read()?.tokens {
                let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
                let until = token.until.map_or_else(String::new, |at| format!(" until {at}"));
                let name = &token.name;
                context.out.line(format_args!("{name} {}{until}", scopes.join(",")))?;
            }
            Ok(())
        }
        Token::Add { name, scopes, days } => {
            let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
            let now = Timestamp::now();
            let until = days.and_then(|days| now.checked_add(DAY * days).ok());
            let made = ApiToken::make(name.clone(), scopes, now, until);
            let (token, shown) = made.context("the system has no random numbers")?;
            file.change(|all| all.add_token(token))?;
            audit.note(WHO, "", "token.add", &name);
            context.out.line(shown)
        }
        Token::Remove { name } => {
            file.change(|all| all.remove_token(&name))?;
            audit.note(WHO, "", "token.remove", &name);
            context.out.line("done")
        }
    }
}

/// One line of standard input, hashed.
fn read_password(name: &UserName) -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    check_password(password, name.as_str())?;
    Ok(hash_password(password)?)
}
