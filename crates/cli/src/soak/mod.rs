//! `holdall soak`: worlds from one seed, in which everything goes wrong that can.

mod args;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use args::SoakArgs;
pub(crate) use run::run;
