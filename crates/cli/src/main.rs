//! The `holdall` command.
//!
//! Exit status: 0 all is well, 1 something was not as it should be (a story failed, a cart came
//! out wrong), 2 the input or the arguments cannot be used.

mod journals;
mod operate;
mod store_url;

mod retention;
mod scenario;
mod serve;
mod soak;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use holdall_replay as replay;

/// Most memory of a request is allocated on one thread and freed on another. The system's allocator
/// takes a lock for each such block, and a service with it serves a third fewer Adds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shopping carts that lose nothing.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Exit status: 0 all is well, 1 something came out wrong, 2 the input cannot be \
     used."
)]
struct CliArgs {
    #[command(subcommand)]
    command: TopCommand,
}

#[derive(Subcommand)]
enum TopCommand {
    /// Serve carts over HTTP and WebSocket, with a page to try them out.
    ///
    /// Every argument may also be in the environment, under the name that is shown, and in a TOML
    /// file, without its dashes: see --config. Databases and caches need a build with the features
    /// `postgres` and `redis`. HOLDALL_LOG filters the log: `info` has a line for each request, the
    /// default is `warn`.
    Serve(Box<serve::ServeArgs>),
    /// Play shopper events over several regions with a bad network, beside the designs people use.
    ///
    /// Counts the units that each design of a cart loses, doubles and brings back. Reads CSV, plain
    /// or packed with gzip or zstd; without FILE it makes a trace. Exit status: 1 if a number of
    /// this library is not 0.
    Replay(replay::ReplayArgs),
    /// Simulate worlds in which everything fails that can, and compare all replicas.
    ///
    /// The faults are those of networks, power supplies and clocks. A finding is printed with its
    /// seed, its world and, where a story can tell it, a story. Exit status: 1 if there was a
    /// finding.
    Soak(soak::SoakArgs),
    /// Run story files: what shoppers did, and what everybody must see in the end.
    ///
    /// One line a file, `ok NAME` or `FAILED NAME: what was seen and what was expected`, then the
    /// counts. Exit status: 1 if a story failed, 2 if a file is no valid story.
    Scenario(scenario::ScenarioArgs),
    #[command(flatten)]
    Operate(operate::OperateCommand),
}

fn main() -> ExitCode {
    let arguments = match serve::with_file(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("holdall: {why}");
            return ExitCode::from(2);
        }
    };
    match CliArgs::parse_from(arguments).command {
        TopCommand::Serve(arguments) => serve::run(&arguments),
        TopCommand::Replay(arguments) => replay::run(&arguments),
        TopCommand::Soak(arguments) => soak::run(&arguments),
        TopCommand::Scenario(arguments) => scenario::run(&arguments),
        TopCommand::Operate(command) => operate::run(&command),
    }
}
