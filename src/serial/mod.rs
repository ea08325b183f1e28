//! Serde for the values of the core, and with the feature `bincode` its `Encode` and `Decode`.
//!
//! Every value is checked when it is read, with the constructor that a program would call, and must
//! respect the [limits](crate::limits). A length in the input reserves no memory: a list grows as
//! its items arrive.
//!
//! | form | in formats for people, such as JSON | in binary formats |
//! |---|---|---|
//! | ids and hashes | text | 16 bytes |
//! | names, prices, times, lines | text, or an object with named parts | their shortest parts |
//! | views, explanations, snapshots | objects; absent parts are left out | all fields in order |
//! | `Cart`, `Delta` | their [wire](crate::wire) bytes as base64url | their wire bytes |
//! | `Message` | an object, its delta as above | its wire bytes |

mod base64;
mod bounded;
mod names;
#[cfg(feature = "bincode")]
mod native;
mod parts;
mod record;
mod states;
mod tagged;
mod views;
