//! Shopping carts that lose nothing.
//!
//! A cart follows a shopper over devices, sign-ins, dead networks and whole regions. This library
//! models it as a CRDT of per-line add-events keyed by the writers' ids: concurrent edits and the
//! merge of a guest's cart into an account's converge deterministically, a policy decides what a merge means,
//! and the result is explained line by line.
//!
//! ```
//! use holdall::{CartId, Claim, LineKey, MergePolicy, Plain, Quantity, Replica, ReplicaId};
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
//! for sentence in laptop.explain()[0].sentences(&Plain) {
//!     println!("{sentence}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | a device, a tab, a server region that writes | [`Replica`] |
//! | the state, its join and its deltas | [`cart`] |
//! | what a merge means, and rules of your own | [`policy`] |
//! | what the shopper sees, and why | [`view`](mod@view) |
//! | bytes to store and send | [`wire`] |
//! | exchange between two replicas | [`sync`] |
//! | every limit | [`limits`] |
//! | durable stores | `store` |
//! | commands of shoppers who are not trusted, and who owns which cart | `authority` |
//! | carts over HTTP | `service` |
//! | stories as TOML files, their format and their runner | `scenario` |
//! | laws, generators and models for test suites | `testkit` |
//! | reasons, and how to embed, serve, test and operate | [`manual`] |
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | the pure part: `no_std` with `alloc`, no clock, no chance, no I/O, no hash order |
//! | `std` (default) | sources of errors; run-time choice of CPU instructions in the hashes |
//! | `bincode` | `Encode` and `Decode` of bincode 2 for what has serde: [a page about it](manual::messages) |
//! | `scenario` (default) | stories as TOML files, and their runner |
//! | `testkit` (default) | laws of carts and merge rules, and generators, for test suites: [a page about it](manual::test_your_own_policy) |
//! | `store` (default) | the contract of a durable store of carts, and a store in memory |
//! | `authority` (default) | takes in commands of shoppers who are not trusted, decides, makes them durable, answers |
//! | `embedded` (default) | a durable store in a folder of this machine, for one process; brings SQLite, which is C |
//! | `postgres` | the store on PostgreSQL; needs a `tokio` runtime |
//! | `redis` | rendered views in Redis, in front of any store; needs a `tokio` runtime |
//! | `automerge` | carts in Automerge documents, both ways |
//! | `service` (default) | carts over HTTP and WebSocket: a router for axum |
//! | `cli` (default) | what the `holdall` command needs; embedders leave it out |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

// In the order in which they depend on each other: a module may use those above it.
pub mod limits;

pub mod id;

pub mod quantity;

pub mod money;

pub mod clock;

pub mod context;

pub mod cart;

pub mod policy;

pub mod view;

pub mod replica;

pub mod sync;

pub mod wire;

mod serial;

#[cfg(feature = "store")]
pub mod store;

#[cfg(feature = "authority")]
pub mod authority;

#[cfg(feature = "automerge")]
pub mod automerge;
#[cfg(feature = "service")]
pub mod service;

pub mod manual;

#[cfg(feature = "scenario")]
pub mod scenario;

#[cfg(feature = "testkit")]
pub mod testkit;

pub use cart::{
    After, Body, Bought, Cart, Claim, Delta, DeltaError, Entries, Entry, Fingerprint, Gift, Have,
    Joined, Lack, List, Loser, MergePolicy, MergeTo, OrderKey, Override, Pin, PolicyError,
    Purchase, Register, RegisterKey, RuleRef, SetTo, SkuPattern, Snapshot, Stays, Taken, VerbError,
    WrongCart,
};
pub use clock::{Clock, Time};
pub use context::{Dot, Dots, Run, SharedDots};
pub use id::{
    AttributeKey, Bundle, CartId, CouponCode, LineError, LineKey, OptionKey, OptionValue, OrderId,
    ReplicaId, RuleName, ShippingOption, Sku, Tag, Text, TextError,
};
pub use money::{Currency, Money, MoneyError};
pub use policy::{Choice, Facts, Reach, Registry, RegistryError, Rule};
pub use quantity::{Quantity, QuantityError};
pub use replica::{ActionError, Replica};
pub use view::{
    Explanation, Look, Names, Notice, OrderView, Part, Plain, Reason, Row, RowExplanation, RowRef,
    Side, Unreadable, View, ViewOptions, explain, view,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
