//! How a check ends: what it came to, as an exit status.

use std::process::ExitCode;

/// 0 if all is as it should be, 1 if something is not, 2 if that could not be found out. `None` asks for `usage`.
pub(crate) fn code(name: &str, usage: &str, came_to: Result<Option<bool>, String>) -> ExitCode {
    match came_to {
        Ok(Some(true)) => ExitCode::SUCCESS,
        Ok(Some(false)) => ExitCode::from(1),
        Ok(None) => {
            print!("{usage}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{name}: {why}");
            ExitCode::from(2)
        }
    }
}
