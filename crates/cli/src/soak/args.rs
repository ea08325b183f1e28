//! The command line of `soak`.

use clap::Args;

/// Arguments of a soak.
#[derive(Debug, Clone, Args)]
pub(crate) struct SoakArgs {
    /// Number that all random draws follow from; equal seeds give equal sequences of worlds
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How long to go on, in minutes of the wall clock
    #[arg(long, value_name = "M", default_value_t = 1.0, value_parser = minutes)]
    pub(crate) minutes: f64,

    /// Ends after as many worlds, if that is sooner
    #[arg(long, value_name = "N")]
    pub(crate) worlds: Option<u64>,

    /// Lives through this one world only, to see a finding again
    #[arg(long, value_name = "W", conflicts_with = "worlds")]
    pub(crate) world: Option<u64>,

    /// Prints the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "give a number of minutes".to_owned())?;
    if minutes > 0.0 && minutes.is_finite() {
        Ok(minutes)
    } else {
        Err("give a number of minutes above 0".into())
    }
}
