//! Carts in Automerge documents.
//!
//! | module | what it holds |
//! |---|---|
//! | `mixture` | random histories, carried by Automerge and by our own exchange: one cart |
//! | `layout` | every kind of entry there and back; the text of each; what stays unsaid |
//! | `hostile` | documents by other programs, malformed, made up |

mod hostile;
mod layout;
mod mixture;
