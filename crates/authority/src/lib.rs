//! A durable cart authority: it takes in commands of shoppers it does not trust, decides, makes
//! them durable, and answers. No HTTP and no SQL inside.
//!
//! - **Acknowledged means kept.** An answer is given when the store has what it says.
//! - **Once means once.** A [`Request`] has a key that its client drew: the same request again gets
//!   the answer it got, however often it comes and over whichever connection. Deltas of replicating
//!   clients need no key: dots are exact, for ever.
//! - **Nothing of one person reaches another.** A guest cart opens to a 256-bit token that is kept
//!   nowhere, an account's to whoever signed in. That a cart is not there and that it is somebody
//!   else's look the same.
//! - **What the shopper sees decides nothing here.** A command is refused for breaches of the
//!   protocol, for limits and for rates; never for stock, price or another line.
//!
//! Time is handed in with each call, in milliseconds since 1970. Several processes may stand over
//! one store: a command is decided on the cart as it was loaded and appended on the condition that
//! it still is so.
//!
//! ```
//! use std::sync::Arc;
//! use holdall_authority::{Authority, Request, AuthoritySettings};
//! use holdall_store::MemoryStore;
//! use holdall::{Action, LineKey, Quantity, RowRef};
//! # futures_lite::future::block_on(async {
//! let authority = Authority::new(Arc::new(MemoryStore::new(7)), AuthoritySettings::default());
//! let now_ms = 1_700_000_000_000;
//! let guest = authority.open_guest(now_ms).await?;
//! let row = RowRef::active(LineKey::parse("TEE", [("size", "M")])?);
//! let add = Request::new(0xfeed, Action::Add { row, quantity: Quantity::new(2)?, price: None });
//!
//! let first = authority.submit(now_ms, &guest.token.into(), guest.cart, &add).await?;
//! assert_eq!(first.snapshot.view.lines[0].quantity, 2);
//! // The response was lost, and the client sends it again.
//! let again = authority.submit(now_ms, &guest.token.into(), guest.cart, &add).await?;
//! assert_eq!((again.snapshot, again.repeated), (first.snapshot, true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod act_as;
mod admission;
mod archive;
mod authority;
mod caller;
mod cart_cache;
mod checkout;
mod claim;
mod command;
mod commit;
mod digest;
mod entropy;
mod hex;
mod history;
mod inspect;
mod journal;
mod maintenance;
mod metrics;
mod observe;
mod outcome;
mod ownership;
mod rates;
mod read;
mod record_state;
mod refusal;
mod replication;
mod settings;
mod sign_in;
mod snapshot;
mod submit;
mod view_reading;
mod watch;
mod writer_id;

pub use archive::Archived;
pub use authority::Authority;
pub use caller::{AccountId, Caller, GuestToken, Principal, TokenError};
pub use command::Request;
pub use entropy::Entropy;
pub use history::When;
pub use inspect::Inspected;
pub use journal::{Actor, Entry, Note};
pub use maintenance::Verified;
pub use outcome::{
    Accepted, Acknowledged, Admitted, CatchUp, Checkout, Lease, Opened, PlaceOrder, Receipt,
    Registered, Rejection, SignedIn, Swept,
};
pub use refusal::{Advice, Refusal};
pub use settings::{AuthoritySettings, Policies, Rate, Retention, Situation};
pub use snapshot::CartSnapshot;
pub use submit::PendingCommand;
pub use view_reading::{UncachedView, ViewReading};
pub use watch::Watch;

pub mod manual {
    //! How to embed an authority, and how to operate a store.
    #![doc = include_str!("manual.md")]
}
