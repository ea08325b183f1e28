//! The command line of `replay`.

use clap::{Args, ValueEnum};

use super::party::TraceOrigin;

/// Arguments of a replay.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The events: event_time, event_type, product_id, price, user_id, user_session; `-` for
    /// standard input
    pub(crate) file: Option<String>,

    /// What the file is
    #[arg(long, value_enum, default_value_t = TraceFormat::Events, requires_if("online-retail", "file"))]
    pub(crate) format: TraceFormat,

    /// How many regions there are
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) regions: u32,

    /// Number that all random draws follow from; equal seeds give equal runs
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many shoppers the made-up trace has
    #[arg(
        long,
        value_name = "N",
        default_value_t = 400,
        conflicts_with = "file",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) shoppers: u32,

    /// Prints the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    /// Clicks of shoppers (REES46 and alike)
    Events,
    /// UCI Online Retail: invoices, from which cart actions are derived
    OnlineRetail,
}

impl TraceFormat {
    /// Returns the origin of the events, which decides what has to be made up.
    pub(crate) fn origin(self) -> TraceOrigin {
        match self {
            Self::Events => TraceOrigin::Clicks,
            Self::OnlineRetail => TraceOrigin::Invoices,
        }
    }
}
