//! Shopping carts that lose nothing.
//!
//! A cart follows a shopper over devices, sign-ins, dead networks and whole regions. This library
//! models it as a CRDT of per-line add-events keyed by the writers' ids: concurrent edits and the
//! merge of a guest's cart into an account's converge deterministically, a policy decides what a merge means,
//! and the result is explained line by line.
//!
//! ```
//! use holdall::view::PlainPhrasing;
//! use holdall::{CartId, Claim, LineKey, MergePolicy, Quantity, Replica, ReplicaId};
//!
//! // Ids are 128 random bits in real life.
//! let (home, guest) = (CartId::from_u128(1), CartId::from_u128(2));
//! let mut laptop = Replica::new(home, ReplicaId::from_u128(10)); // signed in
//! let mut phone = Replica::new(guest, ReplicaId::from_u128(20)); // a guest, in a tunnel
//! let tee = LineKey::parse("TEE", [("size", "M")])?;
//!
//! laptop.add(36_000_000, &tee, Quantity::new(2)?, None)?;
//! phone.add(36_060_000, &tee, Quantity::new(3)?, None)?;
//!
//! // The phone's owner signs in. An authority granted the claim; the shop's policy is "max".
//! let claim = Claim { guest, account: home, number: 1 };
//! laptop.merge(36_120_000, claim, MergePolicy::rule("max")?, phone.cart())?;
//! assert_eq!(laptop.view().quantity(&tee), 3);
//! laptop.add(36_180_000, &tee, Quantity::ONE, None)?; // a later edit comes on top
//! assert_eq!(laptop.view().quantity(&tee), 4);
//!
//! for sentence in laptop.explain()[0].sentences(&PlainPhrasing) {
//!     println!("{sentence}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The types to know first
//!
//! - [`Replica`] is a device, a tab or a server region that writes. Its methods are the shopper's
//!   verbs; each returns a [`Delta`] to send.
//! - [`Action`] is the list of the shopper's verbs, as data; [`Replica::act`] carries one out.
//! - [`Cart`] is the state. [`Cart::join`] takes a delta in, in any order and any number of times.
//! - [`View`] is what the shopper sees, as [`Row`]s; [`Explanation`] says why each row shows its
//!   number, contribution by contribution.
//! - [`MergePolicy`] decides what the merge of a guest cart means. A [`Claim`] is an authority's
//!   word on whose a guest cart is. A [`Rule`] of your own goes into a [`Registry`].
//! - [`LineKey`] identifies a line: a SKU with options, a bundle, a tag. [`RowRef`] names a row.
//! - [`CartId`], [`ReplicaId`] and [`Dot`] name carts, writers and entries.
//!
//! | for | see |
//! |---|---|
//! | the state, its entries, its join and its deltas | [`cart`] |
//! | merge rules | [`policy`] |
//! | rows, notices and explanations | [`view`](mod@view) |
//! | bytes to store and send | [`wire`] |
//! | an exchange between two replicas | [`sync`] |
//! | every limit, with its number | [`limits`] |
//! | reasons, and faults of other carts | [`manual`] |
//!
//! # The crates around it
//!
//! | crate | what it adds |
//! |---|---|
//! | `holdall-store` | the contract of a durable store; stores in memory, in a folder, on PostgreSQL; a cache in Redis |
//! | `holdall-authority` | takes commands of shoppers who are not trusted, and knows who owns which cart |
//! | `holdall-service` | carts over HTTP and WebSocket: a router for axum |
//! | `holdall-automerge` | carts in Automerge documents, both ways |
//! | `holdall-testkit` | laws, generators, models and stories for test suites |
//! | `holdall-replay` | traces of shoppers, rival designs and a judge |
//! | `holdall-cli` | the command `holdall` |
//!
//! # What is not supported
//!
//! - No prices, totals, promotions, stock or names of products. A line may note the price that the
//!   shopper saw, for display.
//! - No decrement. "One fewer" is a set to what the shopper sees, less one.
//! - No clock, no random numbers, no network and no disk: times and ids are arguments, bytes are
//!   results.
//! - No agreement. Whose a guest cart is needs a compare-and-set somewhere; this crate takes the
//!   answer as a [`Claim`].
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `std` (default) | sources of errors; run-time choice of CPU instructions in the hashes |
//! | `bincode` | `Encode` and `Decode` of bincode 2 for every type that has serde: [a page about it](manual::messages) |
//!
//! Without `std` the crate is `no_std` with `alloc`.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[macro_use]
#[doc(hidden)]
pub mod sabotage;

// In the order in which they depend on each other: a module may use those above it.
pub mod limits;

mod leb128;

pub mod id;

pub mod quantity;

pub mod money;

pub mod clock;

pub mod dots;

pub mod cart;

pub mod policy;

pub mod view;

pub mod replica;

pub mod action;

pub mod sync;

pub mod wire;

mod serial;

pub mod manual;

// The names that most programs need. All others are public in their modules.
pub use action::Action;
pub use cart::{Cart, Claim, Delta, DeltaError, Have, List, MergePolicy};
pub use clock::Time;
pub use dots::Dot;
pub use id::{CartId, LineError, LineKey, OrderId, ReplicaId, RuleName, Sku};
pub use money::{Currency, Money};
pub use policy::{Registry, Rule};
pub use quantity::Quantity;
pub use replica::{ActionError, Replica};
pub use view::{Explanation, Notice, Observer, Row, RowRef, View, ViewOptions, explain, view};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
