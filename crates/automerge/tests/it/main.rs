//! Carts in Automerge documents.
//!
//! | module | what it holds |
//! |---|---|
//! | `mixture` | random histories, carried by Automerge and by our own exchange: one cart |
//! | `layout` | every kind of entry there and back; the text of each; what stays unsaid |
//! | `hostile` | documents by other programs, malformed, made up |

#[path = "../../../../tests/it/cases.rs"]
mod cases;
mod hostile;
mod layout;
mod mixture;
#[path = "../../../../tests/it/samples.rs"]
#[expect(dead_code, reason = "the tests of bytes use more of it")]
mod samples;
