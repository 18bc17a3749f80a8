//! `completions`, `man`: from the same definition as `--help`.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use super::output::Output;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance completions bash > /usr/share/bash-completion/completions/smtp-appliance
  smtp-appliance completions fish > ~/.config/fish/completions/smtp-appliance.fish")]
pub(super) struct CompletionsArgs {
    /// For which shell.
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs, out: &mut Output) -> anyhow::Result<()> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    out.bytes(&script)
}

/// One page: the program, then each command under a heading of its own.
pub(super) fn man(out: &mut Output) -> anyhow::Result<()> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let main = Man::new(command.clone()).section("8").manual("System administration");
    let mut page = Vec::new();
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    main.render_options_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for subcommand in command.get_subcommands() {
        render_command(subcommand, "smtp-appliance", &mut page)?;
    }
    let mut examples = Vec::new();
    main.render_extra_section(&mut examples)?;
    let examples = flatten(&String::from_utf8_lossy(&examples));
    page.extend_from_slice(examples.replacen(".PP", ".SH EXAMPLES", 1).as_bytes());
    page.extend_from_slice(b".SH FILES\n.TP\n.I /etc/smtp-appliance/config.toml\nThe configuration; its example describes every key.\n");
    out.bytes(&page)
}

/// Commands of commands follow their parent.
fn render_command(command: &Command, parent: &str, page: &mut Vec<u8>) -> anyhow::Result<()> {
    if command.is_hide_set() || command.get_name() == "help" {
        return Ok(());
    }
    let path = format!("{parent} {}", command.get_name());
    let below: Vec<&Command> = command.get_subcommands().collect();
    // What every command takes is told once, at the top.
    let everywhere = |arg: clap::Arg| match arg.get_id().as_str() {
        "config" | "help" | "version" => arg.hide(true),
        _ => arg,
    };
    let own = command.clone().mut_args(everywhere);
    let man = Man::new(own.bin_name(&path).display_name(&path));
    let mut parts = Vec::new();
    if below.is_empty() {
        man.render_synopsis_section(&mut parts)?;
        man.render_description_section(&mut parts)?;
        man.render_options_section(&mut parts)?;
        man.render_extra_section(&mut parts)?;
    } else {
        man.render_description_section(&mut parts)?;
    }
    page.extend_from_slice(format!(".SS \"{}\"\n", path.replace('-', "\\-")).as_bytes());
    page.extend_from_slice(flatten(&String::from_utf8_lossy(&parts)).as_bytes());
    below.into_iter().try_for_each(|command| render_command(command, &path, page))
}

/// Headings of a page of its own become paragraphs of one page; examples keep their lines.
fn flatten(page: &str) -> String {
    let mut flat = String::new();
    for line in page.lines() {
        flat.push_str(match line.strip_prefix(".SH ") {
            Some("EXTRA") => ".PP\n.nf",
            Some(_) => ".PP",
            None => line,
        });
        flat.push('\n');
    }
    if flat.contains("\n.nf\n") {
        flat.push_str(".fi\n");
    }
    flat
}
