//! The program `smtp-appliance`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
