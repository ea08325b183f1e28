//! The one integration-test binary: it uses the library as an embedder does.
//!
//! | module | what it holds |
//! |---|---|
//! | `dots` | sets of dots against the obvious model |
//! | `strata` | which module may import which |
//! | `laws` | the algebra of states and exchange, on random histories |
//! | `effects` | what an action does for its author, on random histories, and coverage of those |
//! | `codec` | bytes: one form, typed errors, bounded memory |
//! | `golden` | bytes and merge outcomes that must not change |
//! | `hostile`, `memory` | bytes by somebody who means harm |
//! | `regressions` | what random search found |
//! | `noticed` | what no other test noticed when the library was broken on purpose |
//! | `liars` | writers that lie, and erasure |
//! | `certified`, `bad_rules` | merge rules before the test kit, good ones and bad ones |
//! | `faults` | faults that other libraries shipped |
//! | `embedded` | the store in a folder |
//! | `stores`, `bad_stores` | durable stores before the test kit, good ones and bad ones |

mod bad_rules;
mod bad_stores;
mod certified;
mod codec;
mod dots;
mod effects;
#[cfg(feature = "embedded")]
mod embedded;
mod faults;
mod golden;
mod hostile;
mod laws;
mod liars;
mod memory;
mod noticed;
mod regressions;
mod samples;
mod stores;
mod strata;
