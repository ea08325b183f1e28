//! The one integration-test binary: it uses the library as an embedder does.
//!
//! | module | what it holds |
//! |---|---|
//! | `dots`, `tables` | sets of dots, and entries with what they share, against the obvious model |
//! | `digests` | what a fingerprint hangs on |
//! | `limits` | where a cart is full |
//! | `strata` | which module may import which |
//! | `laws` | the algebra of states and exchange, on random histories |
//! | `effects` | what an action does for its author, on random histories, and coverage of those |
//! | `codec` | bytes: one form, typed errors, bounded memory |
//! | `golden` | bytes and merge outcomes that must not change |
//! | `hostile`, `memory` | bytes by somebody who means harm |
//! | `regressions` | what random search found |
//! | `action` | the one list of the shopper's verbs |
//! | `writing`, `settling`, `reading`, `worth`, `merging`, `sides`, `exchange` | single actions and what goes with them, lines, Sets, merges, split lines and messages; `devices` is what they begin with |
//! | `stories` | the stories, by class and folder |
//! | `guarded` | faults of others, and what proves the guard against each |
//! | `liars` | writers that lie, and erasure |
//! | `certified`, `bad_rules` | merge rules before the test kit, good ones and bad ones |
//! | `faults` | faults that other libraries shipped |

mod action;
mod bad_rules;
mod cases;
mod certified;
mod codec;
mod devices;
mod digests;
mod dots;
mod effects;
mod exchange;
mod explaining;
mod faults;
mod finding;
mod golden;
mod guarded;
mod handmade;
mod hostile;
mod house;
mod laws;
mod liars;
mod limits;
mod lines;
mod links;
mod memory;
mod merging;
mod one_form;
mod pages;
mod reading;
mod regressions;
mod samples;
mod serial;
mod sessions;
mod settling;
mod sides;
mod source_scan;
mod stories;
mod strata;
mod tables;
mod worth;
mod writing;
