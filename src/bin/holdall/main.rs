//! The `holdall` command.
//!
//! Exit status: 0 all is well, 1 something was not as it should be (a story failed, a cart came
//! out wrong), 2 the input or the arguments cannot be used.

mod operate;
mod places;
mod replay;
mod serve;
mod soak;
mod stories;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Shopping carts that lose nothing.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Exit status: 0 all is well, 1 something came out wrong, 2 the input cannot be used."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve carts over HTTP and WebSocket, with a page to try them out.
    Serve(Box<serve::ServeArgs>),
    /// Play shopper events over several regions with a bad network, beside the designs people use.
    Replay(replay::ReplayArgs),
    /// Live through made-up worlds with everything going wrong, and compare all replicas.
    Soak(soak::SoakArgs),
    /// Tell story files: what shoppers did, and what everybody must see in the end.
    Scenario(stories::Arguments),
    #[command(flatten)]
    Operate(operate::Command),
}

fn main() -> ExitCode {
    let arguments = match serve::with_file(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("holdall: {why}");
            return ExitCode::from(2);
        }
    };
    match Arguments::parse_from(arguments).command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Scenario(arguments) => stories::run(&arguments),
        Command::Operate(command) => operate::run(&command),
    }
}
