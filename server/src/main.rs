//! The `tidegate` program: parses the command line and runs one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    tidegate::cli::main(args)
}
