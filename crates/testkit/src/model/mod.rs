//! The obvious model: every action ever with what its author had seen, folded from the first to
//! the last.
//!
//! It is the judge of what is shown, so it shares no code with `cart`, `policy` or `view`: no
//! state, no join, no delta, no rules; numbered facts in a list, and sets of their numbers. A fact
//! is over where another is known that covers it, and an action covers what its author saw of what
//! it concerns. A [`KnownFacts`] is what somebody knows, a [`Model`] all that happened to an
//! account's cart and to the guest carts that were ever merged into it.
//!
//! It is generic in what names a line, so that a judge of a million clicks can use plain numbers.
//!
//! ```
//! use holdall::CartId;
//! use holdall_testkit::model::{
//!     ActionStamp, KnownFacts, Model, ModelAction, ModelPolicy, ModelRowRef,
//! };
//!
//! let (account, guest) = (CartId::from_u128(1), CartId::from_u128(2));
//! let at = |ms, writer| ActionStamp { ms, count: 0, writer, seq: ms };
//! let add = |units| ModelAction::Add { row: ModelRowRef::active("TEE"), units, price: None };
//! let mut model = Model::default();
//! let (mut home, mut away) = (KnownFacts::default(), KnownFacts::default());
//!
//! let two = model.act(&home, account, at(1, 10), add(2));
//! home.learn(&model, two);
//! let three = model.act(&away, guest, at(2, 20), add(3));
//! away.learn(&model, three);
//! // A merge brings along what the guest cart had.
//! let merge = ModelAction::Merge { guest, claim: 1, policy: ModelPolicy::rule("max") };
//! let merge = model.act(&home, account, at(3, 30), merge);
//! home.learn(&model, merge);
//! home.learn(&model, three);
//! assert_eq!(model.units(&home, account, &"TEE"), 3);
//! ```

mod acting;
mod action;
mod fact;
mod fact_set;
mod facts;
mod known;
mod merging;
mod obvious_model;
mod part;
mod policy;
mod reading;
mod settling;
mod shown;

pub use action::{ActionStamp, ModelAction, ModelList, ModelRowRef, ModelSide};
pub use fact_set::FactId;
pub use facts::Model;
pub use known::KnownFacts;
pub use policy::ModelPolicy;
pub use shown::{ModelOrder, ModelRow, ModelView};
