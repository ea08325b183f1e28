//! The authority over a store in memory. Where a test answers for a class of the museum, its name begins with the class.

mod admission;
mod authors;
mod commands;
mod faults;
mod guests;
mod orders;
mod storms;
mod upkeep;
mod views;
mod writers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_lite::future::block_on;
use holdall::{Action, CartId, LineKey, Quantity, RowRef};
use holdall_authority::{
    Accepted, AccountId, Authority, AuthoritySettings, Caller, CartSnapshot, Entropy, GuestToken,
    Opened, Refusal, Request, SignedIn, Situation,
};
use holdall_store::conformance::Faulty;
use holdall_store::{MemoryStore, Store, ViewCache};

const NOW_MS: u64 = 1_700_000_000_000;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Numbers that differ, and nothing more: a test's tokens need not be secret.
#[derive(Debug)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn bits(&self) -> [u8; 32] {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        *blake3::hash(&number.to_le_bytes()).as_bytes()
    }
}

/// A shop with nothing but its carts.
struct Shop {
    store: Arc<Faulty<MemoryStore>>,
    authority: Authority,
    keys: AtomicU64,
}

impl Shop {
    fn new() -> Self {
        Self::with(AuthoritySettings::default())
    }

    fn with(settings: AuthoritySettings) -> Self {
        Self::over(Arc::new(Faulty::new(MemoryStore::new(7))), settings, 0)
    }

    /// Another process over the same store.
    fn second(&self) -> Self {
        Self::over(self.store.clone(), self.authority.settings().clone(), 1 << 32)
    }

    fn over(store: Arc<Faulty<MemoryStore>>, settings: AuthoritySettings, chance: u64) -> Self {
        let carts: Arc<dyn Store> = store.clone();
        let counted = Box::new(Counted(AtomicU64::new(chance)));
        let authority = Authority::with_entropy(carts, settings, counted);
        Self { store, authority, keys: AtomicU64::new((1 << 32) + chance) }
    }

    fn with_view_cache(self, cache: Arc<dyn ViewCache>) -> Self {
        Self { authority: self.authority.with_view_cache(cache), ..self }
    }

    fn key(&self) -> u128 {
        self.keys.fetch_add(1, Ordering::Relaxed).into()
    }

    fn guest(&self) -> Opened {
        block_on(self.authority.open_guest(NOW_MS)).expect("a guest cart")
    }

    fn home(&self, account: &AccountId) -> CartId {
        block_on(self.authority.account_cart(NOW_MS, account)).expect("an account's cart")
    }

    fn submit(
        &self,
        caller: impl Into<Caller>,
        cart: CartId,
        request: &Request,
    ) -> Result<Accepted, Refusal> {
        block_on(self.authority.submit(NOW_MS, &caller.into(), cart, request))
    }

    fn add(
        &self,
        caller: impl Into<Caller>,
        cart: CartId,
        sku: &str,
        quantity: u32,
    ) -> CartSnapshot {
        let request = Request::new(self.key(), add(sku, quantity));
        self.submit(caller, cart, &request).expect("an add").snapshot
    }

    fn read(&self, caller: impl Into<Caller>, cart: CartId) -> Result<CartSnapshot, Refusal> {
        block_on(self.authority.read(&caller.into(), cart))
    }

    fn sign_in(
        &self,
        account: &AccountId,
        guest: CartId,
        token: GuestToken,
    ) -> Result<SignedIn, Refusal> {
        let situation = Situation::Browsing;
        block_on(self.authority.sign_in(NOW_MS, account, guest, token, situation))
    }
}

fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("a name")
}

fn row(sku: &str) -> RowRef {
    RowRef::active(LineKey::sku(sku).expect("a SKU"))
}

fn add(sku: &str, quantity: u32) -> Action {
    let quantity = Quantity::new(quantity).expect("a quantity");
    Action::Add { row: row(sku), quantity, price: None }
}

fn set(sku: &str, quantity: u32) -> Action {
    Action::Set { row: row(sku), quantity, price: None }
}

fn quantity(shown: &CartSnapshot, sku: &str) -> u64 {
    shown.view.quantity(&LineKey::sku(sku).expect("a SKU"))
}
