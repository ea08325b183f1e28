//! Who knows what in a replay. What it means is told by the obvious model of the test kit
//! ([`holdall_testkit::model`]), which shares no code and no idea of representation with the
//! library: no version vectors, no deltas, no joins; numbered facts, and sets of their numbers.
//!
//! Actions are the facts. A device and a region know some of them; messages and parcels tell them
//! more. The one thing taken from the contract beside its meaning is when a node may take in a fact
//! at all: not before those that it covers, for a remove that overtakes its add has nothing to
//! remove.

mod conflicts;
mod delivery;
mod knowledge;
mod note_conflicts;
mod party_model;
mod recorded_action;
#[cfg(test)]
mod tests;

pub(crate) use conflicts::ConflictCounts;
pub(crate) use party_model::{CartUnits, PartyModel};
