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

/// What a request allocates on one thread is mostly freed on another. The system's allocator takes
/// a lock for that, and serves a third fewer adds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shopping carts that lose nothing.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Exit status: 0 all is well, 1 something came out wrong, 2 the input cannot be used."
)]
struct CliArgs {
    #[command(subcommand)]
    command: TopCommand,
}

#[derive(Subcommand)]
enum TopCommand {
    /// Serve carts over HTTP and WebSocket, with a page to try them out.
    ///
    /// Every argument may be in the environment too, under the name that is shown, and in a TOML file, without its dashes: see
    /// --config. Databases and caches need a build with the features `postgres` and `redis`. HOLDALL_LOG filters the log: `info` has a line
    /// for each request, the default is `warn`.
    Serve(Box<serve::ServeArgs>),
    /// Play shopper events over several regions with a bad network, beside the designs people use.
    ///
    /// Counts what each design of a cart loses, doubles and brings back. Reads CSV, plain, gzip or
    /// zstd; without FILE it makes a trace of the same shape. Exit status: 1 if this library's own
    /// numbers are not all 0.
    Replay(replay::ReplayArgs),
    /// Live through made-up worlds with everything going wrong, and compare all replicas.
    ///
    /// Everything is what a network, a power supply and a clock can do. Of a finding the seed, the
    /// world and, where it can be told so, a story are printed. Exit status: 1 if there was one.
    Soak(soak::SoakArgs),
    /// Tell story files: what shoppers did, and what everybody must see in the end.
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
