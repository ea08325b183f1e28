//! Shopping carts that lose nothing.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod limits;

pub mod cart;
pub mod clock;
pub mod context;
pub mod id;
pub mod money;
pub mod policy;
pub mod quantity;
pub mod replica;
#[cfg(feature = "scenario")]
pub mod scenario;
pub mod sync;
pub mod view;
pub mod wire;

pub use cart::*;
pub use clock::{Clock, Time};
pub use context::{Dot, Dots, Run};
pub use id::*;
pub use money::{Currency, Money, MoneyError};
pub use policy::{Choice, Facts, Reach, Registry, RegistryError, Rule};
pub use quantity::{Quantity, QuantityError};
pub use replica::{ActionError, Replica};
pub use view::{
    Explanation, Look, Names, Notice, Part, Plain, Reason, Row, RowRef, Side, Unreadable, View,
    ViewOptions, explain, view,
};
