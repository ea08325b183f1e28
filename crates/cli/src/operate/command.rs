//! The commands of operators.

use std::process::ExitCode;

use clap::Subcommand;

use super::store_args::OperateError;
use super::{archive, inspect, maintain};

/// The commands of operators.
#[derive(Subcommand)]
pub(crate) enum OperateCommand {
    /// Show a cart: whose it is, what its shopper sees, and its record in numbers.
    Inspect(inspect::InspectArgs),
    /// Say why a cart shows what it shows, now or at an earlier time.
    Explain(inspect::ExplainArgs),
    /// Write all carts, or one, as lines of JSON.
    Export(archive::ExportArgs),
    /// Put carts that were exported into a store.
    Import(archive::ImportArgs),
    /// Look through a store: every cart decodes, every log comes to its state.
    Verify(maintain::VerifyArgs),
    /// Let carts expire that nobody touched for long, and drop old entries of journals.
    Sweep(maintain::SweepArgs),
    /// Erase a shopper, for good, and print a receipt.
    Erase(maintain::EraseArgs),
    /// Give a folder that was put back from a backup a new incarnation, before it is served again.
    ///
    /// The folder gets a new incarnation, the number that the ids of the server's own writers come
    /// from. Under the old one, the server would give new actions the names of actions that the
    /// backup lacks.
    Restored(maintain::RestoredArgs),
}

/// Runs the command. Status 0: all is well; 1: something is not as it should be; 2: the input
/// cannot be used.
pub(crate) fn run(command: &OperateCommand) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("holdall: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match command {
            OperateCommand::Inspect(arguments) => inspect::inspect(arguments).await,
            OperateCommand::Explain(arguments) => inspect::explain(arguments).await,
            OperateCommand::Export(arguments) => archive::export(arguments).await,
            OperateCommand::Import(arguments) => archive::import(arguments).await,
            OperateCommand::Verify(arguments) => maintain::verify(arguments).await,
            OperateCommand::Sweep(arguments) => maintain::sweep(arguments).await,
            OperateCommand::Erase(arguments) => maintain::erase(arguments).await,
            OperateCommand::Restored(arguments) => maintain::restored(arguments),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(OperateError::Input(why)) => {
            eprintln!("holdall: {why}");
            ExitCode::from(2)
        }
        Err(OperateError::Wrong(why)) => {
            eprintln!("holdall: {why}");
            ExitCode::FAILURE
        }
        Err(OperateError::Unread) => ExitCode::FAILURE,
    }
}
