//! Everything that can happen in a small scope, tried.
//!
//! | module | what is exhausted |
//! |---|---|
//! | [`carts`] | the interleavings of a few replicas of one cart, over the library's own code |
//! | [`claims`] | the claim of a guest cart, with a region cut off |
//! | [`retirement`] | the retirement of a writer behind a fence, with a region cut off |

pub mod args;
pub mod carts;
pub mod claims;
pub mod report;
pub mod retirement;
pub mod run;
