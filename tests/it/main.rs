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
//! | `serial` | values in messages of an embedder's own: JSON, postcard, bincode |
//! | `regressions` | what random search found |
//! | `writing`, `settling`, `reading`, `worth`, `merging`, `sides`, `exchange` | single actions and what goes with them, lines, Sets, merges, split lines and messages; `devices` is what they begin with |
//! | `stories` | the stories, by class and folder |
//! | `guarded` | faults of others, and what proves the guard against each |
//! | `liars` | writers that lie, and erasure |
//! | `certified`, `bad_rules` | merge rules before the test kit, good ones and bad ones |
//! | `authority` | commands of shoppers who are not trusted, over a store in memory |
//! | `automerge` | carts in Automerge documents |
//! | `faults` | faults that other libraries shipped |
//! | `servers` | stores before real servers, if there are any |
//! | `embedded` | the store in a folder |
//! | `killed` | a store whose process is killed while it writes, and a disk that is full |
//! | `service` | carts over HTTP and WebSocket, over a store in memory |
//! | `stores`, `bad_stores` | durable stores before the test kit, good ones and bad ones |

#[cfg(feature = "authority")]
mod authority;
#[cfg(feature = "automerge")]
mod automerge;
mod bad_rules;
mod bad_stores;
mod certified;
mod codec;
mod devices;
mod digests;
mod dots;
mod effects;
#[cfg(feature = "embedded")]
mod embedded;
mod exchange;
mod explaining;
mod faults;
mod finding;
mod golden;
mod guarded;
mod handmade;
mod hostile;
#[cfg(feature = "embedded")]
mod killed;
mod laws;
mod liars;
mod limits;
mod lines;
mod links;
mod memory;
mod merging;
mod one_form;
mod reading;
mod regressions;
mod samples;
mod serial;
mod servers;
#[cfg(feature = "service")]
mod service;
mod sessions;
mod settling;
mod sides;
mod stores;
mod stories;
mod strata;
mod tables;
mod worth;
mod writing;
