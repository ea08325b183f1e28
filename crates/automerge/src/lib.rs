//! A cart in an Automerge document: edited offline by any Automerge client, joined by Automerge's
//! own sync, read by this library with all its policies and explanations.
#![doc = include_str!("LAYOUT.md")]

mod action;
mod assemble;
mod decode;
mod decode_body;
mod document;
mod encode;
mod error;
mod key;
mod names;
mod plan;
mod reading;
mod refresh;
mod registers;
mod scan;
mod waiting;
mod writing;

pub use document::CartDocument;
pub use error::{ActError, DocumentError, Refused, Skipped, Waiting};
pub use reading::Reading;

pub mod manual {
    //! Carts in Automerge documents, step by step.
    #![doc = include_str!("manual.md")]
}
